# tmux.sh - drives the room in a real second terminal implementation; sourced by the tests here.
# Each test gets a home of its own and a tmux server of its own.
# shellcheck shell=sh

command -v tmux >/dev/null 2>&1 || { echo '1..0 # SKIP tmux is missing'; exit 0; }
: "${XUXIE:=$PWD/xuxie}"
home=$(mktemp -d)
socket=xuxie-test-$$
n=0
failed=0

finish() {
  tmux -L "$socket" kill-server 2>/dev/null
  rm -rf "$home"
  [ "$failed" -eq 0 ]
}
trap finish EXIT

ok() { n=$((n + 1)); echo "ok $n - $1"; }
not_ok() {
  n=$((n + 1))
  failed=$((failed + 1))
  echo "not ok $n - $1"
  screen | sed 's/^/# |/'
}
check() { # NAME CONDITION...
  name=$1
  shift
  if "$@"; then ok "$name"; else not_ok "$name"; fi
}

# start COLUMNSxROWS LOCALE [arguments]: the room in a new server (or window of it).
start() {
  size=$1 locale=$2
  shift 2
  tmux -L "$socket" -f /dev/null new-session -d -x "${size%x*}" -y "${size#*x}" \
    env -u LC_CTYPE -u LC_MESSAGES -u LANGUAGE HOME="$home" LC_ALL="$locale" \
    XDG_DATA_HOME= XDG_CONFIG_HOME= XDG_STATE_HOME= "$XUXIE" "$@"
  tmux -L "$socket" set-option -g escape-time 20
}
type_text() { tmux -L "$socket" send-keys -l "$1"; }
key() { tmux -L "$socket" send-keys "$@"; }
screen() { tmux -L "$socket" capture-pane -p 2>/dev/null; }
shows() { screen | grep -qF -- "$1"; }
alive() { tmux -L "$socket" list-panes >/dev/null 2>&1; }

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
  tries=$(($1 * 20))
  shift
  while [ "$tries" -gt 0 ]; do
    "$@" && return 0
    sleep 0.05
    tries=$((tries - 1))
  done
  return 1
}
db() { sqlite3 "$home/.local/share/xuxie/xuxie.db" "$1"; }
