#!/bin/bash
# xuxie continue: what comes out, and what is refused.
. "${top_srcdir:-.}/tests/cli/lib.sh"

text='那一夜，雪下得很大。'
go() # OPTIONS...: continues the text without recording
{
    printf '%s' "$text" | run "$XUXIE" continue --no-store --ignore-eos "$@"
}
prompt_run() # BYTES (printf format) OPTIONS...
{
    # shellcheck disable=SC2059
    printf "$1" >"$T/prompt"
    shift
    run "$XUXIE" continue --no-store --ignore-eos "$@" "$T/prompt"
}
tokens() # in the JSON of the last run
{
    sed -n 's/.*"event":"done".*"tokens":\([0-9]*\).*/\1/p' "$T/out"
}

go --seed 7 -n 40
check "writes" test "$status" = 0 -a -s "$T/out"
check "nothing on standard error" test ! -s "$T/err"
cp "$T/out" "$T/first"
go --seed 7 -n 40
check "same seed, same text" cmp -s "$T/first" "$T/out"
go --seed 7 -n 40 --threads 1
check "at one thread too" cmp -s "$T/first" "$T/out"
go --seed 8 -n 40
check "another seed, another text" test -n "$(cmp "$T/first" "$T/out")"
go --seed 7 -n 40 --echo
check "--echo" out_is "$text$(cat "$T/first")"
printf '%s' "$text" >"$T/story.txt"
run "$XUXIE" continue --no-store --ignore-eos --seed 7 -n 40 "$T/story.txt"
check "from a file" cmp -s "$T/first" "$T/out"
check "the file is untouched" test "$(cat "$T/story.txt")" = "$text"
run "$XUXIE" continue --no-store --ignore-eos --seed 7 -n 40 - <"$T/story.txt"
check "from -" cmp -s "$T/first" "$T/out"
run "$XUXIE" continue --no-store --ignore-eos --seed 7 -n 40 <(printf '%s' "$text")
check "from a pipe with a name" cmp -s "$T/first" "$T/out"
prompt_run '\357\273\277那一夜，雪下得很大。' --seed 7 -n 40
check "a byte order mark is dropped" cmp -s "$T/first" "$T/out"
printf '%s' "$text" | "$XUXIE" continue --preset greedy -n 40 --no-store >"$T/first"
printf '%s' "$text" | run "$XUXIE" --preset greedy -n 40
check "xuxie in a pipe is xuxie continue" cmp -s "$T/first" "$T/out"

go --json --seed 7 -n 5
check "json: start first" grep -q '^{"event":"start"' <(head -n 1 "$T/out")
check "json: done last" grep -q '^{"event":"done","reason":"length"' <(tail -n 1 "$T/out")
check "json: as many tokens as asked for" test "$(tokens)" = 5
check "json: seed" grep -q '"seed":7' "$T/out"
go --json --logprobs --seed 7 -n 5
check "logprobs: ids" test "$(grep -o '"id":[0-9]*' "$T/out" | wc -l)" = 5
check "logprobs: none is positive" test "$(grep -c '"logprob":[1-9]' "$T/out")" = 0
if command -v python3 >/dev/null; then
    check "json: each line is JSON" python3 -c '
import json, sys
lines = [json.loads(l) for l in open(sys.argv[1])]
assert lines[0]["prompt_tokens"] == lines[-1]["prompt_tokens"]
assert sum(len(e["tokens"]) for e in lines if e["event"] == "text") == 5' "$T/out"
else
    skip "no python3"
fi

n_prompt=$(printf '%s' "$text" | "$XUXIE" tokenize | wc -w)
go --json --max-length $((n_prompt + 3)) --seed 1
check "--max-length counts the prompt" test "$(tokens)" = 3
go --max-length "$n_prompt"
refused 2 'max_length' "--max-length not above the prompt"
go --preset greedy -n 60
first=$(head -c 3 "$T/out")
go --preset greedy -n 60 --stop "$first"
check "--stop leaves the stop text out" test ! -s "$T/out"
go --preset greedy -n 60 --stop '\n' --stop "nowhere"
check "--stop with an escape" test "$(wc -l <"$T/out")" = 0
id=$(printf '%s' "$first" | "$XUXIE" tokenize | cut -d ' ' -f 1)
go --preset greedy --json --logprobs -n 1
id=$(grep -o '"id":[0-9]*' "$T/out" | cut -d : -f 2)
go --preset greedy --json --logprobs -n 1 --logit-bias "$id=-inf"
check "--logit-bias forbids" test "$(grep -o '"id":[0-9]*' "$T/out" | cut -d : -f 2)" != "$id"
go --samplers temp --temp 0.01 -n 3
check "--samplers" test "$status" = 0

prompt_run '' -n 3
check "an empty prompt is allowed" test "$status" = 0
run "$XUXIE" continue --no-store -n 3 - </dev/null
check "an empty prompt on -" test "$status" = 0

for i in $(seq 300); do printf '老人推开门，只见阶前立着一个孩子。\n'; done >"$T/long.txt"
run "$XUXIE" continue --no-store --seed 1 -n 5 --ignore-eos "$T/long.txt"
check "a long prompt is cut, status 0" test "$status" = 0 -a -s "$T/out"
check "... and it says so" grep -q 'left out' "$T/err"
run "$XUXIE" continue --no-store --json --seed 1 -n 5 "$T/long.txt"
check "... as an event too" grep -q '^{"event":"cut"' "$T/out"

prompt_run 'ab\377cd'
refused 1 'offset 2 is not valid UTF-8' "prompt not UTF-8"
prompt_run 'ab\000cd'
refused 1 'offset 2' "prompt with NUL"
prompt_run 'x\377' --json
check "json: an error is an event" grep -q '^{"event":"error","code":"input"' "$T/out"
run "$XUXIE" continue "$T/none.txt"
refused 1 'none.txt' "prompt missing"
run "$XUXIE" continue "$T"
refused 1 'directory' "prompt is a directory"
run "$XUXIE" continue "$T/$(printf 'a\033[31m')"
refused 1 'No such file' "name with an escape sequence"
truncate -s 65M "$T/big"
run "$XUXIE" continue "$T/big"
refused 1 '67108864 bytes' "prompt too long"
run "$XUXIE" continue <&-
refused 2 'closed' "standard input closed"
printf x | "$XUXIE" continue --no-store -n 3 >&- 2>"$T/err"
status=$?
refused 4 'standard output' "standard output closed"
printf x | "$XUXIE" continue --no-store -n 3 >/dev/full 2>"$T/err"
status=$?
refused 4 'standard output' "standard output full"
if command -v script >/dev/null; then
    script -qec "$XUXIE continue" /dev/null </dev/null >"$T/out" 2>&1
    status=$?
    check "a terminal without FILE: usage" test "$status" = 2
else
    skip "no script(1)"
fi

# recorded
printf '%s' "$text" | run "$XUXIE" continue --seed 7 -n 5
check "recorded without a word" test "$status" = 0 -a ! -s "$T/err"
check "the database is private" test "$(stat -c %a "$XDG_DATA_HOME/xuxie/xuxie.db")" = 600
check "its folder too" test "$(stat -c %a "$XDG_DATA_HOME/xuxie")" = 700
cd "$T" || exit 99
printf '%s' "$text" | run "$XUXIE" continue --db other.db --seed 7 -n 5
check "--db with a relative name" test -s "$T/other.db"
head -c 5000 /dev/urandom >"$T/garbage.db"
cp "$T/garbage.db" "$T/garbage.copy"
printf '%s' "$text" | run "$XUXIE" continue --db "$T/garbage.db" --seed 7 -n 5 --ignore-eos
check "a bad database is a warning" test "$status" = 0 -a -s "$T/out"
check "... of one line" test "$(grep -c '^xuxie: warning: ' "$T/err")" = 1
check "... and stays as it is" cmp -s "$T/garbage.db" "$T/garbage.copy"
finish
