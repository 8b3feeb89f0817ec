# test_findings.sh - what fuzzing has found stays found: every input in findings/ (TARGET-WHAT), and what
# seeds.py makes for a target, goes through the target once more, without libFuzzer.
T=$(mktemp -d) || exit 99
trap 'rm -rf "$T"' EXIT
export TMPDIR=$T
top=${top_srcdir:-.}
n=0
for target in "$top"/tests/fuzz/fuzz_*.c; do
    target=${target##*/fuzz_}
    target=${target%.c}
    mkdir "$T/$target"
    python3 "$top/tests/fuzz/seeds.py" "$target" "$T/$target" 2>"$T/err" || sed 's/^/# /' "$T/err"
    find "$top/tests/fuzz/findings" -name "$target-*" -exec cp {} "$T/$target" \;
    n=$((n + 1))
    : >"$T/$target/empty"
    if find "$T/$target" -type f -exec "tests/fuzz/fuzz_$target" {} + >"$T/out" 2>&1; then
        echo "ok $n - $target: $(tail -n 1 "$T/out")"
    else
        echo "not ok $n - $target"
        tail -n 30 "$T/out" | sed 's/^/# /'
    fi
done
echo "1..$n"
