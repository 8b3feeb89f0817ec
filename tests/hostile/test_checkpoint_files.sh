#!/bin/bash
# test_checkpoint_files.sh - the malformed and malicious checkpoint files of gen_torch.py and
# gen_safetensors.py, one flaw each. None may end xuxie by a signal, hold it up or make it run anything;
# what is refused is refused with status 1 and one plain line that names the flaw.
. "${top_srcdir:-.}/tests/cli/lib.sh"

if ! command -v python3 >/dev/null; then
    echo '1..0 # SKIP python3 is missing'
    exit 0
fi
for kind in torch safetensors; do
    python3 "${top_srcdir:-.}/tests/hostile/gen_$kind.py" "$T/$kind" >>"$T/made" || exit 99
done
XUXIE=$(cd "$(dirname "$XUXIE")" && pwd)/$(basename "$XUXIE")
mkdir "$T/here" && cd "$T/here" || exit 99

longest=1000 # bytes of a message

# The refusal of FILE: one plain line of sensible length with WORD in it.
is_refusal()
{
    test "$status" = 1 && test "$(wc -l <"$T/err")" = 1 && is_plain "$T/err" &&
        test "$(stat -c %s "$T/err")" -le "$longest" && { test "$1" = - || grep -qF -- "$1" "$T/err"; }
}

for kind in torch safetensors; do
    while IFS=$'\t' read -r name expected word file; do
        printf -v shown '%s: %q' "$kind" "$name"
        run timeout 5 "$XUXIE" model tensors "$T/$kind/$file"
        if [ "$expected" = ok ]; then
            check "$shown: taken" test "$status" = 0
            check "$shown: its list is plain" is_plain "$T/out"
        else
            check "$shown: refused, naming $word" is_refusal "$word"
        fi
    done <"$T/$kind/EXPECT.tsv"
done
check "nothing was run" test -z "$(ls -A "$T/here")"
sed 's/^/# /' "$T/made"
finish
