#!/bin/bash
# xuxie eval: what a scripted engine is credited with, what a model that knows nothing gets, that the
# figures can be found again from the dump, and what is refused.
. "${top_srcdir:-.}/tests/cli/lib.sh"

top=$(cd "${top_srcdir:-.}" && pwd)
tools=${top_builddir:-.}/tests/tools
case $tools in /*) ;; *) tools=$PWD/$tools ;; esac
bundled=$top/data/preview-q8_0.gguf
recompute="$top/tests/reference/recompute_eval.py"
cd "$T" || exit 99
command -v python3 >/dev/null && have_python=yes

# PROGRAM ARGUMENTS: not recorded
evaluate()
{
    local program=$1
    shift
    run "$program" eval --no-store "$@"
}
# python EXPRESSION DESCRIPTION: is it true of `r`, the results of the JSON in out?
python()
{
    if test -z "$have_python"; then
        skip "no python3"
        return
    fi
    check "$2" python3 -c "
import json
e = [json.loads(l) for l in open('out')]
r = [x for x in e if x['event'] == 'result']
assert $1, r"
}
found_again() # DUMP DESCRIPTION: the figures in out are those of the dump
{
    if test -n "$have_python"; then
        check "$2" python3 "$recompute" "$1" out
    else
        skip "no python3"
    fi
}

evaluate "$XUXIE" --list
check "--list names the tasks" test "$(wc -l <out)" -ge 24
for task in 2d+ 5d- 2dx 1dc cl a1 a2 ri rw zh-2d+ zh-idiom zh-verse zh-antonym; do
    check "... $task" grep -q "^$task " out
done

# ---- an engine that answers as it is told ----
fake=$tools/fake_xuxie
export XUXIE_DATADIR=$top/data # the tools do not lie beside it
if test -x "$fake" -a -n "$have_python"; then
    right() # DUMP COUNT: the right answers of the first COUNT questions, else a wrong one
    {
        python3 -c '
import json, sys
items = [json.loads(l) for l in open(sys.argv[1])][1:]
print("\f".join(i["answers"][0] if k < int(sys.argv[2]) else "no" for k, i in enumerate(items)), end="")
' "$1" "$2"
    }
    for task in 3d+ 1dc cl zh-idiom zh-verse; do
        rm -f dump
        XUXIE_FAKE_TEXT=x evaluate "$fake" "$task" --items 20 --shots 4 --seeds 2 --json --dump dump
        python "r[0]['value'] == 0 and r[0]['items'] == 20 and r[0]['draws'] == 2" "$task: none right"
        answers=$(right dump 1000)
        rm -f dump
        XUXIE_FAKE_TEXT=$answers evaluate "$fake" "$task" --items 20 --shots 4 --seeds 2 --json --dump dump
        python "r[0]['value'] == 1 and r[0]['f1'] == 1 and r[0]['interval'][1] == 1" "$task: all right"
        found_again dump "$task: found again"
    done
    answers=$(right dump 10)
    rm -f dump
    XUXIE_FAKE_TEXT=$answers evaluate "$fake" zh-verse --items 20 --shots 4 --seeds 2 --json --dump dump
    python "r[0]['value'] == 0.25 and r[0]['draw_range'] == [0, 0.5]" "a half of one draw right"
    found_again dump "... found again"

    # the prompts, byte for byte
    rm -f dump
    XUXIE_FAKE_TEXT=x evaluate "$fake" 2d+ --items 5 --shots 0,2 --seeds 1 --dump dump
    check "prompts of sums" python3 - dump <<'END'
import json, re, sys
items = [json.loads(l) for l in open(sys.argv[1])][1:]
one = r"\n\nQ: What is \d{1,2} plus \d{1,2}\?\n\nA:"
for i in items:
    assert re.fullmatch("(?:%s \\d{1,3}){%d}%s" % (one, i["k_asked"], one), i["prompt"]), i
    for a, b, c in re.findall(r"(\d+) plus (\d+)\?\n\nA:( -?\d+)?", i["prompt"] + i["answers"][0]):
        assert int(a) + int(b) == int(c), i
END
    rm -f dump
    XUXIE_FAKE_TEXT=x evaluate "$fake" cl --items 5 --shots 2 --seeds 1 --dump dump
    check "prompts of letters" python3 - dump <<'END'
import json, re, sys
for i in [json.loads(l) for l in open(sys.argv[1])][1:]:
    assert re.fullmatch("Please unscramble the letters into a word, and write that word:"
                        r"(\n[a-z]+ = [a-z]+){2}\n[a-z]+ =", i["prompt"]), i
END
    rm -f dump
    XUXIE_FAKE_TEXT=x evaluate "$fake" zh-2d- --items 5 --shots 2 --seeds 1 --dump dump
    check "prompts in Chinese" python3 - dump <<'END'
import json, re, sys
one = r"问：\d+减\d+等于多少？\n答："
for i in [json.loads(l) for l in open(sys.argv[1])][1:]:
    assert re.fullmatch(r"(?:%s-?\d+\n\n){2}%s" % (one, one), i["prompt"]), i
END

    # one draw for all, and a draw for each
    draws='
import json, sys
items = [json.loads(l) for l in open(sys.argv[1])][1:]
print(len({tuple(i["examples"]) for i in items}))'
    rm -f dump
    XUXIE_FAKE_TEXT=x evaluate "$fake" 2d+ --items 8 --shots 4 --seeds 2 --dump dump
    check "one draw a seed" test "$(python3 -c "$draws" dump)" = 2
    for style in paper lm-eval; do
        rm -f dump
        XUXIE_FAKE_TEXT=x evaluate "$fake" 2d+ --items 8 --shots 4 --seeds 2 --dump dump --style $style
        check "--style=$style: a draw for each question" test "$(python3 -c "$draws" dump)" = 16
    done
    check "lm-eval's wording" grep -q '"prompt":"Question: What is [0-9]* plus [0-9]*?\\nAnswer: [0-9]*\\n\\nQuestion:' dump

    # choices, as the script likes them
    cat >choices.txt <<'END'
xuxie template 1
name: choices
mode: zero
separator: "\n"
== example format
{{q}}：{{output}}
END
    printf '{"q": "一", "choices": ["甲", "乙", "丙丙", "丁"], "answer": 0}\n' >c.jsonl
    printf '{"q": "二", "choices": ["甲", "乙", "丙丙", "丁"], "answer": "丙丙"}\n' >>c.jsonl
    XUXIE_FAKE_SCORES='甲-1.5 乙-2 丙-1 丁-3' evaluate "$fake" ./choices.txt --test c.jsonl --json
    python "r[0]['value'] == 0.5 and r[0]['per_token'] == 0.5 and r[0]['sum'] == 0.5" "choices are told apart"
    python "e[0]['metric'] == 'choice' and e[0]['answer_context'] == '：'" "the answer context is the query's last words"
    rm -f dump
    XUXIE_FAKE_SCORES='甲-1.5 乙-2 丙-1 丁-3' evaluate "$fake" ./choices.txt --test c.jsonl --dump dump
    check "per token, by sum and normalised in the dump" grep -q \
        '"text":"丙丙","tokens":2,"characters":2,"alone":-2.0,"per_token":-1.0,"normalised":0.0,"sum":-2.0,"per_character":-1.0' dump
    check "what was picked" grep -q '"correct":2,"picked":{"per_token":2,"normalised":0,"sum":0,"per_character":2}' dump

    printf '{"q": "甲", "output": "the cat sat"}\n{"q": "乙", "output": ["x", "dog"]}\n' >f.jsonl
    XUXIE_FAKE_TEXT=$(printf 'a cat\fA dog!') evaluate "$fake" ./choices.txt --test f.jsonl --metric f1 --json
    python "abs(r[0]['value'] - (2 / 3 + 1) / 2) < 1e-9 and r[0]['exact'] == 0" "F1, of the best answer"
else
    skip "tests/tools/fake_xuxie is not built, or there is no python3"
fi

# ---- a model that knows nothing ----
if test -x "$tools/random_model"; then
    "$tools/random_model" random.gguf "$bundled" 1024 7
    # which of four is right has nothing to do with what they say
    awk 'BEGIN {
        n = split("天 地 玄 黄 宇 宙 洪 荒 日 月 盈 昃 辰 宿 列 张 寒 来 暑 往 秋 收 冬 藏", c, " ")
        for (i = 1; i <= 200; i++) {
            printf "{\"q\": \"%s%s\", \"choices\": [", c[i * 5 % n + 1], c[i * 11 % n + 1]
            for (k = 0; k < 4; k++) printf "%s\"%s\"", k ? ", " : "", c[(i * 7 + k * (i % 5 + 1)) % n + 1]
            x = (x * 1103515245 + 12345) % 2147483648
            printf "], \"answer\": %d}\n", int(x / 65536) % 4
        }
    }' >chance.jsonl
    printf 'xuxie template 1\nname: chance\nmode: zero\nseparator: "\\n"\n== example format\n{{q}}：{{output}}\n' \
        >chance.txt
    evaluate "$XUXIE" ./chance.txt --test chance.jsonl -m "$T/random.gguf" --json --dump chance
    python "r[0]['items'] == 200 and all(x['interval'][0] < 0.25 < x['interval'][1] for x in r)" \
        "four choices: 25 % is in the interval"
    found_again chance "... found again"
    evaluate "$XUXIE" 2d+ -m "$T/random.gguf" --items 30 --shots 0,4 --seeds 1 --json --style lm-eval --dump greedy
    python "all(x['value'] == 0 for x in r)" "nothing right by greedy likelihood"
    found_again greedy "... found again"
else
    skip "tests/tools/random_model is not built"
fi

# ---- the bundled model ----
evaluate "$XUXIE" 2d+ --items 6 --shots 0,2 --seeds 2 --json --dump whole
check "runs" test "$status" = 0
cp out report
python "[x['k_asked'] for x in r] == [0, 2] and [x['draws'] for x in r] == [1, 2]" "no draws without examples"
found_again whole "found again"
head -n 9 whole >part
printf '{"eval":"item","sh' >>part
evaluate "$XUXIE" 2d+ --items 6 --shots 0,2 --seeds 2 --json --dump part
check "a dump is gone on with" cmp -s whole part
check "... and the figures are the same" cmp -s report out
check "... it says so" grep -q 'part: 8 of 18' err
evaluate "$XUXIE" 2d+ --items 7 --shots 0,2 --seeds 2 --dump part
refused 1 'part: line 1: it belongs to another test' "a dump of another test"
printf 'notes' >notes
evaluate "$XUXIE" 2d+ --items 2 --dump notes
refused 1 'notes: line 1 is no result' "a file that is no dump"
evaluate "$XUXIE" 2d+ --items 2 --dump a1 --shots 0
check "a table" grep -q '^0 *0 *1 ' out
evaluate "$XUXIE" 2d+ --items 4 --shots 0,1,2 --seeds 1
check "a curve" grep -q 'K  0' out
check "... of braille" grep -q '⣿' out
check "... at most 80 columns" test "$(python3 -c 'print(max(len(l.rstrip("\n")) for l in open("out")))' 2>/dev/null || echo 80)" -le 80
LC_ALL=C evaluate "$XUXIE" 2d+ --items 4 --shots 0,1,2 --seeds 1
check "... of ASCII elsewhere" grep -q '\*' out
check "... and of nothing else" test -z "$(LC_ALL=C grep -n "$(printf '[\200-\377]')" out)"
evaluate "$XUXIE" zh-antonym --metric choice --items 8 --shots 0,2 --seeds 1
check "a table of choices" grep -q 'by token.*normalised.*by sum.*by char' out
printf 'lantern\nmountain\nkettle\nbanana\n' >words
evaluate "$XUXIE" rw --word-list words --shots 1 --seeds 1 --json
python "r[0]['items'] == 2" "--word-list"

# ---- which example helps ----
cat >t.txt <<'END'
xuxie template 1
name: pairs
mode: few
k: fit
separator: "\n"
== example format
{{词}}——{{output}}
== example
-- 词
天
-- output
地
== example
-- 词
山
-- output
水
== example
-- 词
春
-- output
秋
END
evaluate "$XUXIE" ./t.txt --leave-one-out
check "leave one out" test "$status" = 0 -a "$(grep -c '^ *[123]  *[-+]' out)" = 3
check "... sorted" test "$(awk '/^ *[123]  *[-+]/ { print $2 }' out)" = "$(awk '/^ *[123]  *[-+]/ { print $2 }' out | sort -gr)"
evaluate "$XUXIE" ./t.txt --leave-one-out --json
check "... as JSON" test "$(grep -c '"event":"example"' out)" = 3
check "... each on the answers of the others" test "$(grep -c '"answers":2' out)" = 3

# ---- refused ----
evaluate "$XUXIE"
refused 2 'name a task' "nothing named"
evaluate "$XUXIE" nothing
refused 1 'nothing' "no such task"
evaluate "$XUXIE" ./t.txt
refused 2 '--test' "a template without questions"
evaluate "$XUXIE" 2d+ --shots 1,two
refused 2 'shots' "a number that is none"
evaluate "$XUXIE" 2d+ --style mine
refused 2 'style' "an unknown style"
evaluate "$XUXIE" ./t.txt --test none.jsonl
refused 1 'none.jsonl' "no such file"
printf '{"词": "天"}\n' >bad.jsonl
evaluate "$XUXIE" ./t.txt --test bad.jsonl
refused 1 'bad.jsonl: line 1: there is no answer' "a question without an answer"
printf '{"word": "天", "output": "地"}\n' >bad.jsonl
evaluate "$XUXIE" ./t.txt --test bad.jsonl
refused 1 'line 1 of the test.*词' "a question without the variable"
evaluate "$XUXIE" ./t.txt --test bad.jsonl --map 词=word --shots 2 --select first
check "--map" test "$status" = 0
evaluate "$XUXIE" 2d+ --leave-one-out --dump x
refused 2 'leave-one-out' "--leave-one-out with --dump"
evaluate "$XUXIE" rw --word-list none
refused 1 'none' "no such word list"

# ---- recorded ----
run "$XUXIE" eval 2d+ --items 3 --shots 2 --seeds 1
if test -n "$have_python"; then
    check "every answer is recorded" python3 - "$XDG_DATA_HOME/xuxie/xuxie.db" <<'END'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
assert db.execute("SELECT count(*) FROM generations WHERE origin='eval' AND reason IS NOT NULL AND k_asked=2 AND k_used=2").fetchone() == (3,)
assert db.execute("SELECT count(DISTINCT before) FROM prompts WHERE id IN (SELECT prompt FROM generations)").fetchone() == (1,)
END
else
    skip "no python3"
fi
finish
