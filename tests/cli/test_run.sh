#!/bin/bash
# xuxie run: one query, many queries, going on where it ended, and what is refused.
. "${top_srcdir:-.}/tests/cli/lib.sh"

tools=${top_builddir:-.}/tests/tools
case $tools in /*) ;; *) tools=$PWD/$tools ;; esac
bundled=$(cd "${top_srcdir:-.}" && pwd)/data/preview-q8_0.gguf
cd "$T" || exit 99

# A template with $1 examples of adding, in file $2.
make_template()
{
    cat <<'END'
xuxie template 1
name: adding
mode: few
k: fit
select: first
separator: "\n\n"
set: preset = greedy
set: max_tokens = 8

== instruction
Add the numbers.
== example format
Q: What is {{sum}}?
A: {{output}}
END
    for i in $(seq "$1"); do
        printf '== example\n-- sum\n%d plus %d\n-- output\n%d\n' $((10 + i)) $((90 - i)) 100
    done
}
make_template 60 >adding.txt
make_queries() # COUNT
{
    for i in $(seq "$1"); do printf '{"sum": "%d plus %d"}\n' "$i" $((i * 7 % 90)); done
}
field() # NAME FILE: the numbers of that name, one a line
{
    grep -o "\"$1\":-\?[0-9]*" "$2" | cut -d : -f 2
}
without_reuse() # FILE
{
    sed 's/,"reused_tokens":[0-9]*//' "$1"
}
one() # ARGUMENTS: one query, not recorded
{
    run "$XUXIE" run --no-store ./adding.txt "$@" </dev/null
}

# ---- one query ----
one --var 'sum=3 plus 4' -k 3
check "answers" test "$status" = 0 -a -s out
cp out first
one --var 'sum=3 plus 4' -k 3
check "the same again" cmp -s first out
printf '3 plus 4\n' | run "$XUXIE" run --no-store ./adding.txt -k 3
check "the one variable comes from standard input" cmp -s first out
one --var 'sum=3 plus 4' -k 3 --json
check "json: the start tells template and shots" \
    grep -q '"event":"start".*"template":"adding","k_asked":3,"k_used":3' out
check "json: done" grep -q '"event":"done"' out
check "the template's settings hold" grep -q '"max_tokens":8,.*"preset":"greedy"' out
check "it stops before what follows an answer" grep -q '"stop":\["\\n\\n"\]' out
one --var 'sum=3 plus 4' -k 3 --json -n 2 --stop '!' --temp 0.5
check "the command line wins" grep -q '"max_tokens":2,.*"stop":\["!"\],.*"temp":0.5' out
for k in --zero-shot:0 --one-shot:1 "--shots=7:7"; do
    one --var 'sum=3 plus 4' ${k%:*} --json
    check "${k%:*}" grep -q "\"k_asked\":${k#*:},\"k_used\":${k#*:}" out
done
one --var 'sum=3 plus 4' --few-shot -c 256
check "as many as fit" test "$status" = 0
check "... and it says how many" grep -Eq '^[0-9]+ examples fit\.$' err
one --var 'sum=3 plus 4' -k 50 -c 256
check "fewer than asked for" grep -Eq '^[0-9]+ of 50 examples fit\.$' err
one --var 'sum=3 plus 4' -k 50 --budget 100 --json
check "--budget" test "$(field k_used out)" -lt 5 -a "$(field prompt_tokens out | head -n 1)" -le 100

one
refused 2 'missing for sum' "no value"
one --var 'sum'
refused 2 'not NAME=VALUE' "a value without a name"
one --var 'total=3'
refused 2 'no variable total' "an unknown variable"
one --var sum=1 --var sum=2
refused 2 'given twice' "a variable twice"
printf '' | run "$XUXIE" run --no-store ./adding.txt
refused 2 'missing for sum' "nothing on standard input"
printf 'a\377' | run "$XUXIE" run --no-store ./adding.txt
refused 1 'UTF-8' "not UTF-8"
one --var sum=1 --one-shot -k 3
refused 2 'one of --shots' "two numbers of examples"
one --var sum=1 -k many
refused 2 'shots: "many"' "a number that is none"
one --var sum=1 --tag none
refused 2 'no example has the tag' "an unknown tag"
one --var sum=1 --style lm-eval
refused 2 'eval' "a style of eval"
one --var sum=1 -o x.jsonl
refused 2 'needs --input' "an output without an input"
one --var "sum=$(seq 2000 | tr '\n' ' ')"
refused 1 'tokens' "a query that does not fit"
one --var sum=1 -n 5000
refused 2 'max_tokens' "an answer that leaves no room"
run "$XUXIE" run --no-store nowhere </dev/null
refused 1 'nowhere' "no such template"
printf 'rubbish' >bad.txt
run "$XUXIE" run --no-store ./bad.txt </dev/null
refused 1 'bad.txt: line 1' "not a template"

# ---- many queries ----
make_queries 12 >q.jsonl
many() # ARGUMENTS
{
    run "$XUXIE" run --no-store ./adding.txt --input q.jsonl --preset story --seed 5 -k 8 "$@"
}
many
check "a line each" test "$status" = 0 -a "$(wc -l <out)" = 12
check "nothing on standard error" test ! -s err
check "numbered" test "$(field line out | tr '\n' ' ')" = "$(seq 12 | tr '\n' ' ')"
cp out all
many -o a.jsonl
check "into a file" test "$status" = 0 -a ! -s out
check "... the same" cmp -s all a.jsonl
check "... private" test "$(stat -c %a a.jsonl)" = 600
many -o a.jsonl
check "what is done stays done" cmp -s all a.jsonl
check "... and it says so" grep -q '12 of 12' err
head -n 5 all >b.jsonl
printf '{"line":6,"ha' >>b.jsonl
many -o b.jsonl --resume
check "goes on after the last whole line" test "$status" = 0 -a "$(wc -l <b.jsonl)" = 12
check "... with the same answers" cmp -s <(without_reuse all) <(without_reuse b.jsonl)
head -n 5 all >b.jsonl
run "$XUXIE" run --no-store ./adding.txt --input q.jsonl --preset story -k 8 -o b.jsonl
check "without --seed it is that of the file" cmp -s <(without_reuse all) <(without_reuse b.jsonl)
head -n 5 all >b.jsonl
cp b.jsonl kept
many -o b.jsonl -k 9
refused 1 'another template, model or settings' "other settings"
many -o b.jsonl --seed 6
refused 1 'another template, model or settings' "another seed"
sed '3s/plus/minus/' q.jsonl >q2.jsonl
run "$XUXIE" run --no-store ./adding.txt --input q2.jsonl --preset story --seed 5 -k 8 -o b.jsonl
refused 1 'line 3: it answers another query' "other queries"
head -n 3 q.jsonl >q2.jsonl
run "$XUXIE" run --no-store ./adding.txt --input q2.jsonl --preset story --seed 5 -k 8 -o b.jsonl
refused 1 'another query' "fewer queries"
check "a refused file stays as it is" cmp -s kept b.jsonl
printf 'my notes' >notes
cp notes kept
many -o notes
refused 1 'line 1 is no result' "a file that is not ours"
check "... stays as it is" cmp -s kept notes
many -o "$T"
refused 1 'directory|regular' "a directory"
many -o none.jsonl --resume
refused 1 'no such file' "--resume without a file"
many --style paper
check "examples may be drawn for each query" test "$status" = 0 -a "$(wc -l <out)" = 12

printf '{"sum": "1 plus 2"}\n{"sum": 3}\n{"sum"\n' >q3.jsonl
run "$XUXIE" run --no-store ./adding.txt --input q3.jsonl -o c.jsonl
refused 1 'q3.jsonl: line 3' "a bad line"
check "... and nothing was done" test ! -e c.jsonl
printf '{"sum": "1 plus 2"}\n{"total": 3}\n' >q3.jsonl
run "$XUXIE" run --no-store ./adding.txt --input q3.jsonl
refused 1 'q3.jsonl: line 2.*sum' "a line without the variable"
printf '{"total": "1 plus 2", "output": "3"}\n' >q3.jsonl
run "$XUXIE" run --no-store ./adding.txt --input q3.jsonl --map sum=total
check "--map" grep -q '"input":{"sum":"1 plus 2"}' out
printf '{"a": 1}\n' >q3.jsonl
run "$XUXIE" run --no-store ./adding.txt --input q3.jsonl --var sum=9
check "--var fills in" grep -q '"sum":"9"' out
: >q3.jsonl
run "$XUXIE" run --no-store ./adding.txt --input q3.jsonl
refused 1 'nothing in it' "no query at all"
run "$XUXIE" run --no-store ./adding.txt --input none.jsonl
refused 1 'none.jsonl' "no such file"
if test -w /dev/full; then
    many >/dev/full 2>err
    check "standard output full" test "$("$XUXIE" run --no-store ./adding.txt --input q.jsonl -k 1 \
        >/dev/full 2>/dev/null; echo $?)" = 4
else
    skip "no /dev/full"
fi

# ---- ^C keeps what is done ----
make_queries 400 >many.jsonl
set -m # children get SIGINT, which shells otherwise turn off for jobs in the background
"$XUXIE" run --no-store ./adding.txt --input many.jsonl --seed 5 -k 8 -n 40 -o part.jsonl \
    >out 2>err </dev/null &
pid=$!
wait_for 30 test -s part.jsonl
kill -s INT "$pid"
wait "$pid"
status=$?
set +m
n=$(wc -l <part.jsonl)
check "^C: status 130" test "$status" = 130
check "^C: what is done is kept" test "$n" -gt 0 -a "$n" -lt 400
check "^C: whole lines" test "$(tail -c 2 part.jsonl)" = '}'
check "^C: it says how to go on" grep -q "of 400 queries are answered in part.jsonl; the same command" err
head -n $((n + 3)) many.jsonl >fewer.jsonl
run "$XUXIE" run --no-store ./adding.txt --input fewer.jsonl --seed 5 -k 8 -n 40 -o part.jsonl
check "... and it does go on" test "$status" = 0 -a "$(wc -l <part.jsonl)" = $((n + 3))

# ---- the second query costs its own tokens ----
if test -x "$tools/random_model"; then
    "$tools/random_model" random.gguf "$bundled" 4096 1
    make_queries 5 >q5.jsonl
    run "$XUXIE" run --no-store -m "$T/random.gguf" ./adding.txt --input q5.jsonl -k 50
    check "50 examples shown" test "$(field k_used out | sort -u)" = 50
    ok=yes
    for i in 2 3 4 5; do
        line=$(sed -n "${i}p" out)
        query=$(printf '%s' "$line" | sed 's/.*"sum":"\([^"]*\)".*/\1/')
        n_query=$(printf 'Q: What is %s?\nA: ' "$query" | "$XUXIE" tokenize | wc -w)
        n_read=$(($(printf '%s' "$line" | grep -o '"prompt_tokens":[0-9]*' | cut -d : -f 2) - \
            $(printf '%s' "$line" | grep -o '"reused_tokens":[0-9]*' | cut -d : -f 2)))
        test "$n_read" -le $((n_query + 8)) || ok="$n_read tokens read for a query of $n_query"
    done
    check "a query after the first reads its own tokens only ($ok)" test "$ok" = yes
    run "$XUXIE" run --no-store -m "$T/random.gguf" ./adding.txt --input q5.jsonl -k 50 -c 600
    check "one K for all queries" test "$(field k_used out | sort -u | wc -l)" = 1
else
    skip "tests/tools/random_model is not built"
    skip "tests/tools/random_model is not built"
    skip "tests/tools/random_model is not built"
fi

# ---- recorded ----
run "$XUXIE" run couplet </dev/null
refused 1 'couplet' "library names are the templates' own"
run "$XUXIE" run 对联 --var 上联=春风 --seed 3 -k 2
check "a template of the library" test "$status" = 0 -a -s out -a ! -s err
run "$XUXIE" run 对联 --var 上联=明月 --seed 3 -k 2
if command -v python3 >/dev/null; then
    check "recorded with template, shots and a shared beginning" python3 - "$XDG_DATA_HOME/xuxie/xuxie.db" <<'END'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
rows = db.execute("SELECT g.origin, t.name, v.number, g.k_asked, g.k_used, g.reason, g.prompt "
                  "FROM generations g JOIN template_versions v ON g.template = v.id "
                  "JOIN templates t ON v.template = t.id ORDER BY g.id").fetchall()
assert len(rows) == 2, rows
for r in rows:
    assert r[:5] == ("run", "对联", 1, 2, 2) and r[5], r
def chain(p):
    parts = []
    while p:
        parts.append(p)
        p = db.execute("SELECT before FROM prompts WHERE id = ?", (p,)).fetchone()[0]
    return parts[::-1]
a, b = chain(rows[0][6]), chain(rows[1][6])
assert len(a) == len(b) == 4, (a, b)    # instruction, two examples, query
assert a[:3] == b[:3] and a[3] != b[3], (a, b)
END
else
    skip "no python3"
fi
n_before=$("$XUXIE" history stats --json 2>/dev/null)
run "$XUXIE" run 对联 --no-store --var 上联=明月 --seed 3 -k 2
check "--no-store records nothing" test "$("$XUXIE" history stats --json 2>/dev/null)" = "$n_before"
finish
