#!/bin/bash
# A hundred generations as a person makes them - texts continued with every preset, with prompts that
# outgrow the context, and queries answered one after the other on the prefix they share - are the
# same when `xuxie history replay` makes them again with another number of threads.
. "${top_srcdir:-.}/tests/cli/lib.sh"

continue_text() # SEED ARGUMENTS, the text on standard input
{
    local seed=$1
    shift
    "$XUXIE" continue --seed "$seed" -n $((5 + seed * 7 % 40)) "$@" >/dev/null 2>>"$T/log" ||
        echo "continue $seed $*" >>"$T/failed"
}

: >"$T/failed"
i=0
for preset in story creative damo gpt3 qwen greedy; do
    for text in '那一夜，雪下得很大。老人推开门，' 'Once upon a time there was a small village.' '他说：“'; do
        i=$((i + 1))
        printf '%s' "$text" | continue_text $i -p $preset -t $((1 + i % 2))
    done
done
# a prompt of about 400 tokens, in contexts that it outgrows, at first or while the answer is written
for n in $(seq 30); do printf '那一夜，雪下得很大。第%d个老人推开门，走了出去。\n' "$n"; done >"$T/long"
for n_ctx in 128 192 256; do
    for preset in story creative qwen damo; do
        i=$((i + 1))
        continue_text $i -p $preset -c $n_ctx -t $((1 + i % 2)) <"$T/long"
    done
    i=$((i + 1))
    head -n 3 "$T/long" | continue_text $i -c $n_ctx -n $((n_ctx * 2)) --ignore-eos
done
check "every text was continued" test ! -s "$T/failed"

# queries: the examples before them are found in the cache
cat >"$T/adding.txt" <<'END'
xuxie template 1
name: adding
mode: few
k: 8
select: first
set: preset = story
set: max_tokens = 12

== instruction
Add the numbers.
== example format
Q: What is {{sum}}?
A: {{output}}
END
for n in $(seq 8); do
    printf '== example\n-- sum\n%d plus %d\n-- output\n%d\n' $((10 + n)) $((90 - n)) 100
done >>"$T/adding.txt"
for n in $(seq 67); do printf '{"sum": "%d plus %d"}\n' "$n" $((n * 7 % 90)); done >"$T/queries.jsonl"
run "$XUXIE" run "$T/adding.txt" --input "$T/queries.jsonl" --seed 3 -t 1 --output "$T/answers.jsonl"
check "every query was answered" test "$status" = 0 -a "$(wc -l <"$T/answers.jsonl")" = 67
check "all but the first found their examples in the cache" \
    test "$(grep -c '"reused_tokens":[1-9]' "$T/answers.jsonl")" -ge 66

run "$XUXIE" history replay --limit 200 -t 2
check "100 identical" grep -q '^100 identical, 0 different, 0 cannot be made again$' "$T/out"
check "... and the status says so" test "$status" = 0
finish
