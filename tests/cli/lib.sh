# lib.sh - for the shell tests of the command line: source it first, call finish last.
#
# XUXIE names the program. Each test has a home of its own, English messages and a UTF-8 locale.
# run CMD... keeps standard output in $T/out, standard error in $T/err and the exit status in
# $status; the checks after it print one TAP line each.

: "${XUXIE:=${top_builddir:-.}/xuxie}"
case $XUXIE in */*) XUXIE=$(cd "$(dirname "$XUXIE")" && pwd)/$(basename "$XUXIE") ;; esac

T=$(mktemp -d) || exit 99
trap 'rm -rf "$T"' EXIT
mkdir "$T/home" "$T/config" "$T/data" "$T/state"
export HOME=$T/home XDG_CONFIG_HOME=$T/config XDG_DATA_HOME=$T/data XDG_STATE_HOME=$T/state
export LC_ALL=C.UTF-8
unset LANGUAGE

shopt -s lastpipe # "printf ... | run ..." sets $status here

count=0
not_ok=0
status=

# check DESCRIPTION CMD...: ok when CMD succeeds; else what the last run said is shown.
check()
{
    local what=$1
    shift
    count=$((count + 1))
    if "$@" >/dev/null 2>&1; then
        echo "ok $count - $what"
    else
        echo "not ok $count - $what"
        not_ok=$((not_ok + 1))
        echo "# failed: $*"
        echo "# status $status"
        head -c 400 "$T/out" 2>/dev/null | awk '{ print "# out: " $0 }' # ends the last line, too
        head -c 800 "$T/err" 2>/dev/null | awk '{ print "# err: " $0 }'
    fi
}

run()
{
    "$@" >"$T/out" 2>"$T/err"
    status=$?
}

# refused STATUS PATTERN DESCRIPTION: the last run ended with STATUS and said one line, from xuxie, that
# matches PATTERN and holds no control characters.
refused()
{
    check "$3: status $1" test "$status" = "$1"
    check "$3: one line" test "$(wc -l <"$T/err")" = 1
    check "$3: says why" grep -Eq "^xuxie: .*$2" "$T/err"
    check "$3: no control characters" is_plain "$T/err"
}

# is_plain FILE: nothing but printable characters and newlines.
is_plain()
{
    ! LC_ALL=C grep -q "$(printf '[\001-\011\013-\037\177]')" "$1"
}

out_is()
{
    printf '%s' "$1" | cmp -s - "$T/out"
}

skip()
{
    count=$((count + 1))
    echo "ok $count - # SKIP $1"
}

# wait_for SECONDS CMD...: until CMD succeeds.
wait_for()
{
    local tries=$(($1 * 50))
    shift
    until "$@"; do
        tries=$((tries - 1))
        test "$tries" -gt 0 || return 1
        sleep 0.02
    done
}

finish()
{
    echo "1..$count"
    test "$not_ok" = 0
}
