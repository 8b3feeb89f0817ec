#!/bin/bash
# Signals and closed pipes while xuxie continue writes: what was written stays, the status is right.
. "${top_srcdir:-.}/tests/cli/lib.sh"
set -m # children get SIGINT, which shells otherwise turn off for jobs in the background

has_words()
{
    test "$(stat -c %s "$T/out")" -gt 30
}

# end_with SIGNAL STATUS
end_with()
{
    : >"$T/out"
    printf '雪' | "$XUXIE" continue --ignore-eos -n 1000000 >"$T/out" 2>"$T/err" &
    local job=$!
    wait_for 20 has_words
    check "$1: it writes" has_words
    kill -s "$1" "$job"
    local begin=$SECONDS
    wait "$job"
    status=$?
    check "$1: status $2" test "$status" = "$2"
    check "$1: at once" test $((SECONDS - begin)) -le 5
    check "$1: quietly" test "$(grep -vc 'left out' "$T/err")" = 0
    check "$1: whole characters" iconv -f UTF-8 -t UTF-8 "$T/out"
}
end_with INT 130
end_with TERM 1
end_with HUP 1
if command -v sqlite3 >/dev/null; then
    n=$(sqlite3 "$XDG_DATA_HOME/xuxie/xuxie.db" \
        "SELECT count(*) FROM generations WHERE reason = 'cancelled'")
    check "all three are recorded as cancelled" test "$n" = 3
else
    skip "no sqlite3"
fi

# while it waits for its prompt
mkfifo "$T/fifo"
sleep 30 >"$T/fifo" &
writer=$!
"$XUXIE" continue --no-store "$T/fifo" >"$T/out" 2>"$T/err" &
job=$!
sleep 0.3
kill -s INT "$job"
wait "$job"
status=$?
check "SIGINT while reading: status 130" test "$status" = 130
kill "$writer"
wait "$writer" 2>/dev/null

# ignored signals stay ignored
printf '雪' >"$T/prompt"
: >"$T/out"
(
    trap '' HUP
    exec "$XUXIE" continue --no-store --seed 1 --ignore-eos -n 3000 "$T/prompt" >"$T/out" 2>"$T/err"
) &
job=$!
wait_for 20 has_words
kill -s HUP "$job"
wait "$job"
status=$?
check "nohup is respected" test "$status" = 0

# the reader goes away
set +m
printf '雪' | "$XUXIE" continue --no-store --ignore-eos -n 1000000 2>"$T/err" | head -c 30 >"$T/out"
status=${PIPESTATUS[1]}
check "closed pipe: status 0" test "$status" = 0
check "closed pipe: quietly" test "$(grep -vc 'left out' "$T/err")" = 0
printf '雪' | "$XUXIE" continue --no-store --json --ignore-eos -n 1000000 2>"$T/err" | head -n 2 >"$T/out"
status=${PIPESTATUS[1]}
check "closed pipe: --json" test "$status" = 0

# a reader that does not read, then ^C
set -m
mkfifo "$T/slow"
sleep 30 <"$T/slow" &
reader=$!
printf '雪' | "$XUXIE" continue --no-store --ignore-eos -n 1000000 >"$T/slow" 2>"$T/err" &
job=$!
sleep 1
kill -s INT "$job"
wait "$job"
status=$?
check "SIGINT while the reader sleeps" test "$status" = 130
kill "$reader"
wait "$reader" 2>/dev/null

# the model file is cut short while it is in use
model=$("$XUXIE" model info --json | sed -n 's/.*"path":"\([^"]*\)".*/\1/p')
cut_short() # DESCRIPTION COMMAND...
{
    local what=$1
    shift
    cp "$model" "$T/model.gguf"
    : >"$T/out"
    "$@" --model "$T/model.gguf" <"$T/prompt" >"$T/out" 2>"$T/err" &
    job=$!
    wait_for 20 test -s "$T/out"
    truncate -s 100000 "$T/model.gguf"
    wait "$job"
    status=$?
    refused 1 'model' "model cut short: $what"
}
cut_short continue "$XUXIE" continue --no-store --ignore-eos -n 1000000
cut_short bench "$XUXIE" bench -p 64 -r 1000
finish
