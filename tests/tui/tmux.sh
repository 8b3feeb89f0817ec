# tmux.sh - the room in a second, independent terminal: tmux. Source it in place of tests/cli/lib.sh,
# which it builds on. Each test has a tmux server of its own.
#
# begin COLUMNSxROWS LOCALE [ARGUMENT...] opens the room, with the variables of the array room_env; its
# exit status comes to $T/left, what it says on standard error to $T/said.
# see DESCRIPTION CMD... is check, and shows the screen when CMD fails.

. "${top_srcdir:-.}/tests/cli/lib.sh" || exit 99

command -v tmux >/dev/null || { echo '1..0 # SKIP tmux is missing'; exit 0; }
socket=xuxie-test-$$
trap 'tmux -L "$socket" kill-server 2>/dev/null; rm -rf "$T"' EXIT

room_env=()

begin()
{
    local size=$1 locale=$2
    shift 2
    rm -f "$T/left"
    tmux -u -L "$socket" -f /dev/null new-session -d -x "${size%x*}" -y "${size#*x}" \
        env -u LC_CTYPE -u LC_MESSAGES -u LANG LC_ALL="$locale" INPUTRC=/dev/null "${room_env[@]}" \
        sh -c '"$@" 2>"$0/said"; echo $? >"$0/left"' "$T" "$XUXIE" "$@"
    tmux -L "$socket" set-option -g escape-time 20
}

left() # STATUS: it ended with that
{
    test -s "$T/left" && test "$(cat "$T/left")" = "$1"
}

type_text()
{
    tmux -L "$socket" send-keys -l -- "$1"
}

enter() # TEXT: types it, and Enter
{
    test -z "$1" || type_text "$1"
    key Enter
}

key()
{
    tmux -L "$socket" send-keys "$@"
}

screen()
{
    tmux -L "$socket" capture-pane -p 2>/dev/null
}

shows()
{
    screen | grep -qF -- "$1"
}

is_still()
{
    local before
    before=$(screen)
    sleep 0.25
    test "$before" = "$(screen)"
}

see()
{
    local before=$not_ok
    check "$@"
    test "$not_ok" = "$before" || screen | sed 's/^/# |/'
}

# squeeze: standard input without blanks and newlines, also the wide blank.
squeeze()
{
    tr -d ' \n\t' | sed 's/\xe3\x80\x80//g'
}

# manuscript: what stands inside the first frame, squeezed; without the row that shows where the model
# begins to read.
manuscript()
{
    screen | sed -n '/^┌/,/^└/p' | sed '1d; /^└/,$d; /^.┈/d; s/^.//; s/.$//' | squeeze
}

saved=0

# story FILE: the open story as /save-as writes it.
story()
{
    saved=$((saved + 1))
    enter "/save-as $T/saved-$saved.txt"
    wait_for 10 test -s "$T/saved-$saved.txt" && mv "$T/saved-$saved.txt" "$1"
}
