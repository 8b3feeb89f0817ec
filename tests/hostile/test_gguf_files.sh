#!/bin/bash
# test_gguf_files.sh - the malformed model files of gen_gguf.py, one flaw each. None may end xuxie by a
# signal or hold it up; what is refused is refused with status 1 and one plain line that names the flaw.
# (Truncated, empty and missing files, folders and pipes: tests/cli/test_model.sh.)
. "${top_srcdir:-.}/tests/cli/lib.sh" || exit 99

if ! command -v python3 >/dev/null; then
    echo '1..0 # SKIP python3 is missing'
    exit 0
fi
python3 "${top_srcdir:-.}/tests/hostile/gen_gguf.py" "$T/files" >"$T/made" || exit 99

longest=1000 # bytes of a message

# The refusal of FILE: one plain line of sensible length with WORD in it.
is_refusal()
{
    test "$status" = 1 && test "$(wc -l <"$T/err")" = 1 && is_plain "$T/err" &&
        test "$(stat -c %s "$T/err")" -le "$longest" && { test "$1" = - || grep -qF -- "$1" "$T/err"; }
}

while IFS=$'\t' read -r name expected word level; do
    file=$T/files/$name.gguf
    printf -v shown %q "$name"
    if [ "$level" = run ]; then
        printf '雪' | run timeout 5 "$XUXIE" continue --no-store -n 4 --model "$file"
    else
        run timeout 5 "$XUXIE" model info "$file"
    fi
    if [ "$expected" = ok ]; then
        check "$shown: taken" test "$status" = 0 -a ! -s "$T/err"
        check "$shown: its report is plain" is_plain "$T/out"
        printf '雪' | run timeout 5 "$XUXIE" continue --no-store -n 4 --model "$file"
        check "$shown: no signal, no hang" test "$status" -lt 124
    else
        check "$shown: refused, naming $word" is_refusal "$word"
    fi
done <"$T/files/EXPECT.tsv"
sed 's/^/# /' "$T/made"
finish
