# packages.sh - what building and testing need from a Debian-like system; sourced by start and check.
# shellcheck shell=sh

PACKAGES_BUILD="gcc libc6-dev make autoconf automake pkg-config gettext
  libncurses-dev libreadline-dev libsqlite3-dev libopenblas-dev libutf8proc-dev
  libunistring-dev libjansson-dev libinih-dev libxxhash-dev zlib1g-dev"
PACKAGES_TEST="libcmocka-dev libvterm-dev tmux python3 python3-jieba sqlite3 man-db"

# say ENGLISH CHINESE: one line in the person's language.
say() {
  case ${LC_ALL:-${LC_MESSAGES:-${LANG:-}}} in
    zh*) printf 'xuxie: %s\n' "$2" ;;
    *) printf 'xuxie: %s\n' "$1" ;;
  esac
}

installed() {
  # pkg-config is a virtual name of pkgconf on newer systems
  dpkg-query -W -f='${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed ||
    { [ "$1" = pkg-config ] && command -v pkg-config >/dev/null 2>&1; }
}

# packages_need LIST: installs those of LIST that are missing, after saying which.
packages_need() {
  if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-query >/dev/null 2>&1; then
    system=$( (. /etc/os-release && printf '%s' "$PRETTY_NAME") 2>/dev/null || uname -s)
    say "this script knows Debian and Ubuntu (apt) only, and this is $system. Install the counterparts of: $(echo $1); then: autoreconf -i && ./configure && make && ./xuxie" \
        "这个脚本只会用 apt(Debian、Ubuntu),而这里是 $system。请先自行安装与下列软件包相当的包:$(echo $1);然后运行:autoreconf -i && ./configure && make && ./xuxie"
    exit 1
  fi
  missing=
  for p in $1; do
    installed "$p" || missing="$missing $p"
  done
  [ -n "$missing" ] || return 0
  missing=${missing# }
  as_root=
  if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null 2>&1; then
      as_root=sudo
    else
      say "these packages are missing; as root run: apt-get install $missing" \
          "缺少下列软件包;请以 root 身份运行:apt-get install $missing"
      exit 1
    fi
  fi
  say "installing with apt: $missing" "将用 apt 安装:$missing"
  for p in $missing; do
    if ! apt-cache show "$p" >/dev/null 2>&1; then
      $as_root apt-get update -q
      break
    fi
  done
  # shellcheck disable=SC2086
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
}

# build_in DIR [configure arguments]: configures DIR when it is not, and makes it.
build_in() {
  dir=$1
  shift
  if [ ! -x configure ] || [ configure.ac -nt configure ]; then
    autoreconf -i
  fi
  mkdir -p "$dir"
  [ -f "$dir/config.status" ] || (cd "$dir" && "$top/configure" -q "$@")
  make -s -C "$dir" -j"$(nproc)"
}
