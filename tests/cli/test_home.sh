#!/bin/bash
# Homes, folders and configurations that cannot be used; descriptors and limits that are missing.
. "${top_srcdir:-.}/tests/cli/lib.sh"

go()
{
    printf '雪' | run "$@" "$XUXIE" continue --seed 1 -n 5 --ignore-eos
}
warned() # DESCRIPTION: it wrote, and said in one line that nothing was recorded
{
    check "$1: writes" test "$status" = 0 -a -s "$T/out"
    check "$1: one warning" test "$(grep -c '^xuxie: warning: ' "$T/err")" = 1 -a "$(wc -l <"$T/err")" = 1
}
go env XDG_DATA_HOME=/dev/null/x
warned "data folder cannot be made"
go env XDG_DATA_HOME=/proc/x
warned "data folder on a file system that takes nothing"
go env -u XDG_DATA_HOME -u XDG_CONFIG_HOME -u XDG_STATE_HOME HOME=/dev/null
warned "home is not a directory"
go env XDG_DATA_HOME=relative/path
check "a relative XDG folder is ignored" test ! -e relative/path -a -s "$HOME/.local/share/xuxie/xuxie.db"
(
    umask 000
    rm -rf "$XDG_DATA_HOME/xuxie"
    printf '雪' | "$XUXIE" continue --seed 1 -n 5 >/dev/null
)
check "umask 000: database private" test "$(stat -c %a "$XDG_DATA_HOME/xuxie/xuxie.db")" = 600
go env LC_ALL=C
check "LC_ALL=C" test "$status" = 0
cp "$T/out" "$T/first"
go env LC_ALL=zh_CN.GBK
check "a locale that is not UTF-8 changes no byte" cmp -s "$T/first" "$T/out"
go env LC_ALL=de_DE.UTF-8
check "a locale with decimal commas changes nothing" cmp -s "$T/first" "$T/out"

if [ -e /dev/shm ] && mkdir "/dev/shm/xuxie-test-$$" 2>/dev/null; then
    rmdir "/dev/shm/xuxie-test-$$"
    go bash -c 'ulimit -f 8; exec "$@"' - # the database may not grow
    check "file size limit: writes" test -s "$T/out"
    check "file size limit: no signal" test "$status" -lt 126
else
    skip "no /dev/shm"
fi

ini=$XDG_CONFIG_HOME/xuxie/xuxie.ini
mkdir -p "$XDG_CONFIG_HOME/xuxie"
mkfifo "$ini"
go timeout 5
refused 1 'xuxie.ini: .*not a regular file' "ini file is a pipe"
rm "$ini"
mkdir "$ini"
go timeout 5
refused 1 'xuxie.ini: .*directory' "ini file is a directory"
rmdir "$ini"
head -c 3000 /dev/urandom >"$ini"
go timeout 5
refused 1 'xuxie.ini: ' "ini file is binary"
{
    printf 'temp = '
    head -c 500000 /dev/zero | tr '\0' 1
} >"$ini"
go timeout 5
refused 1 'line 1 is longer than 65536 bytes' "ini file with a long line"
printf 'temp = 0.5\ntemperatur = 1\n' >"$ini"
go timeout 5
check "unknown key: writes" test "$status" = 0
check "unknown key: told with its line" grep -q 'xuxie.ini: line 2: "temperatur" is not a setting' "$T/err"
yes 'nonsense = 1' | head -n 1000 >"$ini"
go timeout 5
check "at most 20 messages" test "$(wc -l <"$T/err")" -le 20
finish
