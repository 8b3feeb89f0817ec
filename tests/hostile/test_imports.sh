#!/bin/bash
# test_imports.sh - the bad files of gen_imports.py, one flaw each: `xuxie template import` refuses each
# with one plain line that names file and line, within seconds, and imports nothing of it.
. "${top_srcdir:-.}/tests/cli/lib.sh" || exit 99

if ! command -v python3 >/dev/null; then
    echo '1..0 # SKIP python3 is missing'
    exit 0
fi
python3 "${top_srcdir:-.}/tests/hostile/gen_imports.py" "$T/files" >"$T/made" || exit 99
cat >"$T/poem.txt" <<'TEMPLATE'
xuxie template 1
name: poem

== example format
{{题目}}
{{output}}
TEMPLATE
"$XUXIE" template import "$T/poem.txt" 2>"$T/err" || exit 99
"$XUXIE" template list >"$T/before"

longest=1100 # bytes of a message

is_refusal() # WORD NAME
{
    test "$status" = 1 && test "$(wc -l <"$T/err")" = 1 && is_plain "$T/err" &&
        test "$(stat -c %s "$T/err")" -le "$longest" && grep -qF -- "$2" "$T/err" &&
        { test "$1" = - || grep -qF -- "$1" "$T/err"; }
}

untouched()
{
    "$XUXIE" template list | cmp -s - "$T/before"
}

while IFS=$'\t' read -r name expected word; do
    file=$T/files/$name
    into=(--into poem)
    case $name in *.txt) into=() ;; esac
    run timeout 20 "$XUXIE" template import "${into[@]}" "$file"
    if [ "$expected" = 0 ]; then
        check "$name: taken" test "$status" = 0
        check "$name: $word" grep -qF -- "$word" "$T/err"
        "$XUXIE" template list >"$T/before"
    else
        check "$name: refused, naming it: $word" is_refusal "$word" "$name"
        check "$name: nothing of it is there" untouched
    fi
done <"$T/files/EXPECT.tsv"

# bad rows can be left out: 20 are told, then a number
for i in $(seq 30); do echo "row $i is no JSON"; done >"$T/rows.jsonl"
echo '{"题目": "good", "output": "row"}' >>"$T/rows.jsonl"
run "$XUXIE" template import --into poem --skip-bad "$T/rows.jsonl"
check "skip-bad: the good row" grep -q '1 example is new' "$T/err"
check "skip-bad: twenty are told" test "$(grep -c 'left out: .*rows.jsonl: line' "$T/err")" = 20
check "skip-bad: and how many more" grep -q '10 more rows were left out' "$T/err"
run "$XUXIE" template import --into poem --skip-bad "$T/files/gbk.jsonl"
check "skip-bad: no row is good" test "$status" = 1
run "$XUXIE" template import --into poem "$T/files"
refused 1 'this is a directory' "a folder"
mkfifo "$T/pipe.csv"
(printf '题目,output\npiped,x\n' >"$T/pipe.csv") &
run timeout 10 "$XUXIE" template import --into poem "$T/pipe.csv"
check "a pipe is read" test "$status" = 0
run "$XUXIE" template import --into poem "$T/missing.csv"
refused 1 'missing.csv: cannot open' "a missing file"
esc=$(printf 'x\033]0;y.csv')
printf 'a' >"$T/$esc"
run "$XUXIE" template import --into poem "$T/$esc"
refused 1 'there is no column' "a name with control characters"
sed 's/^/# /' "$T/made"
finish
