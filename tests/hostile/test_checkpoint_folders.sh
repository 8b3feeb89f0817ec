#!/bin/bash
# test_checkpoint_folders.sh - the folders of gen_folders.py, whose config.json, index of shards or tokenizer
# has one flaw each. A few words are asked of each. None may end xuxie by a signal or hold it up; what is
# refused is refused with status 1 and one plain line that names the flaw, and nothing is written to stdout.
. "${top_srcdir:-.}/tests/cli/lib.sh"

if ! command -v python3 >/dev/null; then
    echo '1..0 # SKIP python3 is missing'
    exit 0
fi
python3 "${top_srcdir:-.}/tests/hostile/gen_folders.py" "$T/folders" >"$T/made" || exit 99

longest=1000 # bytes of a message

is_refusal()
{
    test "$status" = 1 && test "$(wc -l <"$T/err")" = 1 && is_plain "$T/err" && test ! -s "$T/out" &&
        test "$(stat -c %s "$T/err")" -le "$longest" && { test "$1" = - || grep -qF -- "$1" "$T/err"; }
}

while IFS=$'\t' read -r name expected word; do
    run timeout 5 "$XUXIE" continue --no-store -n 2 --seed 1 --model "$T/folders/$name" <<<'雪 ab aaaa'
    case $expected in
    ok) check "$name: taken" test "$status" = 0 ;;
    refuse) check "$name: refused, naming $word" is_refusal "$word" ;;
    any)
        if [ "$status" = 0 ]; then
            check "$name: taken" true
        else
            check "$name: refused" is_refusal -
        fi
        ;;
    esac
done <"$T/folders/EXPECT.tsv"
sed 's/^/# /' "$T/made"
finish
