#!/bin/bash
# xuxie tokenize and detokenize: exact in both directions.
. "${top_srcdir:-.}/tests/cli/lib.sh"

round_trip() # FILE
{
    "$XUXIE" tokenize "$1" 2>"$T/err" | "$XUXIE" detokenize >"$T/out" 2>>"$T/err"
    cmp -s "$1" "$T/out"
}
printf '那一夜，雪下得很大。\n\n“Hello,  world!”\t1234 🙂\n' >"$T/plain"
check "round trip: text" round_trip "$T/plain"
printf '' >"$T/empty"
check "round trip: nothing" round_trip "$T/empty"
head -c 20000 /dev/urandom >"$T/bytes"
check "round trip: any bytes" round_trip "$T/bytes"
run "$XUXIE" tokenize "$T/empty"
check "no ids is an empty line" out_is "
"
run "$XUXIE" tokenize "$T/plain"
check "ids on one line" grep -Eqx '[0-9]+( [0-9]+)*' "$T/out"
check "no control tokens" test "$(grep -cw 8191 "$T/out")" = 0

printf '{"text":"雪夜"}\n{"text":""}\n{"text":"a\\u0000\\n"}\n' >"$T/texts"
run "$XUXIE" tokenize --jsonl "$T/texts"
check "jsonl: three lines" test "$(grep -Ecx '\{"ids":\[[0-9,]*\]\}' "$T/out")" = 3
cp "$T/out" "$T/ids"
run "$XUXIE" detokenize --jsonl "$T/ids"
check "jsonl: and back" cmp -s "$T/texts" "$T/out"
printf '{"text":"a"}\n[1]\n' | run "$XUXIE" tokenize --jsonl
refused 1 'line 2: not a JSON object' "jsonl: an array"
check "... what came before is out" test "$(wc -l <"$T/out")" = 1
printf '{"text":"a"}\n{"text":\n' | run "$XUXIE" tokenize --jsonl
refused 1 'line 2: not JSON' "jsonl: not JSON"
printf '{"words":"a"}' | run "$XUXIE" tokenize --jsonl
refused 1 'line 1: there is no "text"' "jsonl: no text"
printf '{"text":"\377"}' | run "$XUXIE" tokenize --jsonl
refused 1 'line 1: not JSON' "jsonl: not UTF-8"
{
    printf '{"text":'
    printf '[%.0s' $(seq 100000)
} | run "$XUXIE" tokenize --jsonl
refused 1 'line 1: nested deeper than 64' "jsonl: nested deep"
printf '{"ids":[1,2]}\n{"ids":[1,99999]}\n' | run "$XUXIE" detokenize --jsonl
refused 1 'line 2: entry 2 .*99999 is not a token' "jsonl: id out of range"
printf '{"ids":[1.5]}' | run "$XUXIE" detokenize --jsonl
refused 1 'entry 1 .*not a whole number' "jsonl: id not whole"
printf '{"ids":{}}' | run "$XUXIE" detokenize --jsonl
refused 1 'no "ids"' "jsonl: ids not a list"
head -c 17000000 /dev/zero | tr '\0' ' ' >"$T/wide"
run "$XUXIE" tokenize --jsonl "$T/wide"
refused 1 'line 1 is longer than 16777216' "jsonl: line too long"

printf '1, 2\n3' | run "$XUXIE" detokenize
check "commas and line ends separate ids" test "$status" = 0
printf '1 99999' | run "$XUXIE" detokenize
refused 1 'byte 2: 99999 is not a token; they go from 0 to' "id out of range"
printf -- '-1' | run "$XUXIE" detokenize
refused 1 'byte 0: -1 is not a token' "negative id"
printf '1 x' | run "$XUXIE" detokenize
refused 1 'byte 2: "x" is not a token id' "not a number"
printf '99999999999999999999' | run "$XUXIE" detokenize
refused 1 'not a token' "huge id"
printf '8191' | run "$XUXIE" detokenize
check "control tokens are silent" test ! -s "$T/out"
printf '8191' | run "$XUXIE" detokenize --special
check "--special spells them" out_is '<|endoftext|>'
run "$XUXIE" tokenize --tokenizer "$T/none"
refused 1 none "tokenizer missing"
run "$XUXIE" tokenize --tokenizer "$T" --model "$T"
refused 2 'either' "--model and --tokenizer"

shared=${XUXIE_SHARED:-${top_srcdir:-.}/../shared}/fixtures/tokens/gpt2
if [ -f "$shared/public.jsonl" ] && command -v python3 >/dev/null; then
    python3 - "$shared/public.jsonl" "$T" <<'PY'
import json, sys
with open(sys.argv[2] + "/in", "w") as t, open(sys.argv[2] + "/want", "w") as w:
    for line in open(sys.argv[1]):
        c = json.loads(line)
        t.write(json.dumps({"text": c["text"]}) + "\n")
        w.write(json.dumps({"ids": c["ids"]}, separators=(",", ":")) + "\n")
PY
    run "$XUXIE" tokenize --tokenizer "$shared" --jsonl "$T/in"
    check "GPT-2's own ids" cmp -s "$T/want" "$T/out"
else
    skip "no reference vectors"
fi
finish
