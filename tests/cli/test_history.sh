#!/bin/bash
# xuxie history: finding, showing, comparing, marking, exporting and deleting what was generated.
. "${top_srcdir:-.}/tests/cli/lib.sh"

make_database=$(cd "${top_builddir:-.}" && pwd)/tests/tools/make_database
db=$XDG_DATA_HOME/xuxie/xuxie.db
mkdir -p "$XDG_DATA_HOME/xuxie"
mkdir "$T/here"
cd "$T/here" || exit 99
export TZ=CST-8
unset NO_COLOR VISUAL EDITOR

h() # a subcommand of history
{
    run "$XUXIE" history "$@"
}
numbers() # of the generations listed by the last run, the newest first
{
    grep -E '^ {2,}[0-9]+ ' "$T/out" | awk '{printf "%s%s", sep, $1; sep=" "}'
}
found() # NUMBERS: the last run listed these
{
    test "$status" = 0 -a "$(numbers)" = "$1"
}

h list
refused 3 'xuxie.db' "no database"

"$make_database" "$db" <<'END'
{"story":"雪夜"}
{"passage":"那一夜，雪很大。","of":1,"parent":0}
{"passage":null,"of":1,"parent":1,"kind":"model"}
{"current":2,"of":1}
{"generation":{"story":1,"passage":2,"prompt":"那一夜，雪很大。","prompt_ids":[5,6,7],"text":"老人推开门，只见阶前立着一个孩子。","ids":[10,11,12,13],"logprobs":[-0.5,-1.25,0,-3],"settings":{"temp":0.9,"top_p":0.95,"seed":7},"seed":7,"started_ms":1795413959123,"reason":"length"}}
{"generation":{"origin":"continue","prompt":"那一夜，雪很大。","prompt_ids":[5,6,7],"text":"老人推开窗，只见阶前立着两个孩子，\n手里提着灯。","ids":[10,11,14],"logprobs":[-0.5,-2,-0.1],"settings":{"temp":1.2,"top_p":0.95,"seed":8,"min_p":0.05},"seed":8,"started_ms":1795500359123}}
{"generation":{"origin":"continue","prompt":"It snowed","prompt_ids":[5],"text":"=HYPERLINK(\"http://x\") and \u001b[31mred\u202e","ids":[1,2],"logprobs":[-0.5,-2],"settings":{},"seed":9,"model":"other-9m","identity":"ffffffffffffffffffffffffffffffff","started_ms":1700000000000,"reason":"cancelled"}}
{"generation":{"origin":"run","prompt":"x","prompt_ids":[5],"text":"死在半路","ids":[1,2],"logprobs":[-0.5,-2],"settings":{},"seed":9,"started_ms":1795500459123,"reason":null}}
{"generation":{"origin":"run","prompt":"y","prompt_ids":[5],"text_bytes":[228,184,128,0,255],"ids":[1],"logprobs":[-0.5],"settings":{},"seed":9,"started_ms":1795500460123}}
END
check "a database to read" test $? = 0

# ---- list and its filters
h list
check "list: the newest first" found "5 4 3 2 1"
check "list: what it says" grep -q '^ *1   2026-11-23 14:05  room  雪夜  tiny  17 characters, length$' "$T/out"
check "list: one that has no end" grep -q '^ *4 .* run  tiny  interrupted$' "$T/out"
check "list: no escape sequences in pipes" is_plain <(tr -d '\0' <"$T/out")
filtered() # NUMBERS OPTION...
{
    local expected=$1
    shift
    h list "$@"
    check "list $*" found "$expected"
}
filtered "1" --story 雪
filtered "1" --story 1
filtered "" --story 2
filtered "3" --model other
filtered "5 4 2 1" --model tiny
filtered "5 4" --origin run
filtered "" --template 写诗
filtered "5 4 2" --since 2026-11-24
filtered "1" --since 2026-11-23 --until 2026-11-23
filtered "3" --until 2023
filtered "3" --until 2023-11
filtered "1" --since "2026-11-23 14:05" --until "2026-11-23 14:05"
filtered "3 2" --min-chars 20
filtered "1" --min-chars 5 --max-chars 20
filtered "5 4" --limit 2
filtered "2 1" --query 老人
h list --starred
check "list: none" test "$status" = 0 -a ! -s "$T/out"
check "... and it says so" grep -q '^No generation is like this.$' "$T/err"
h list --since tomorrow
refused 2 '--since: "tomorrow" is not a date' "a date that is none"
h list --ranked
refused 2 '--ranked needs words' "ranked without words"
h list --tag a --tag b
refused 2 'only one tag' "two tags"
h list extra
refused 2 'too many' "list takes no words"
h list --json
check "list --json: lines" test "$(grep -c '^{"generation":' "$T/out")" = 5
check "list --json: facts" grep -q '^{"generation":1,"started":"2026-11-23T06:05:59.123Z","origin":"room","story":1,"story_title":"雪夜","passage":2,"template":null,"model":"tiny","tokens":4,"characters":17,"reason":"length","starred":false,"has_note":false,"snippet":"老人推开门，只见阶前立着一个孩子。","matches":\[\]}$' "$T/out"

# ---- search
h search 老人
check "search: Chinese" found "2 1"
check "search: what matches is marked" grep -q '«老人»推开门' "$T/out"
h search 阶前 -- -窗
check "search: what must not occur" found "1"
h search 阶前 -窗
refused 2 'write -- before words' "search: -word without --"
h search hyperlink
check "search: a word, case aside" found "3"
h search '"立着两个"'
check "search: a phrase" found "2"
h search --ranked 孩子
check "search: ranked" test "$(wc -l <"$T/out")" = 4
h search --scan 老人
check "search: without the index" found "2 1"
h search --json 孩子
check "search --json: places of matches" grep -q '"matches":\[\[42,48\]\]' "$T/out"
h search 龙
check "search: nothing" test "$status" = 0 -a ! -s "$T/out"
h search '"'
refused 1 '' "a query that says nothing"
h search
refused 2 'something is missing' "no query"

# ---- show
h show 1
check "show: facts" grep -q '^  story      雪夜 (number 1), passage 2$' "$T/out"
check "show: speed" grep -q '^  written    4 tokens in 0.040 s, 100.0 a second$' "$T/out"
check "show: the text" test "$(tail -n 1 "$T/out")" = "老人推开门，只见阶前立着一个孩子。"
h show 1 --prompt
check "show --prompt: exactly" out_is "那一夜，雪很大。"
h show 5 --text
check "show --text: byte for byte" cmp -s <(printf '一\0\377') "$T/out"
h show 1 --settings
check "show --settings" out_is "temp = 0.9
top_p = 0.95
seed = 7
"
h show 1 --tokens
check "show --tokens: a line each" test "$(wc -l <"$T/out")" = 4
check "show --tokens: logarithm and probability" grep -Eq '^ +2 +11 +-1.250 +28.65%' "$T/out"
check "show --tokens: a tokenizer that is not here" grep -q 'numbers only' "$T/err"
h show 1 --json
check "show --json: everything" grep -q '"prompt":\[{"text":"那一夜，雪很大。","ids":\[5,6,7\]}\],"tokens_dropped":0,"text":"老人推开门，只见阶前立着一个孩子。","ids":\[10,11,12,13\],"logprobs":\[-0.5,-1.25,0.0,-3.0\]' "$T/out"
h show 5 --json
check "show --json: bytes that are not UTF-8" grep -q '"text":"一\\u0000.","text_base64":"5LiAAP8="' "$T/out"
h show 1 --json --text
refused 2 'give one of' "two kinds of showing"
h show 99
refused 1 'no generation number 99' "no such number"
for bad in 0 -1 1x 99999999999999999999 $'\033'; do
    h show -- "$bad"
    check "show $(printf %q "$bad"): no number" test "$status" = 2
    check "... told harmlessly" is_plain "$T/err"
done
head -c 20 /dev/zero | tr '\0' x | run "$XUXIE" continue --seed 1 -n 4 --ignore-eos
h show 6 --tokens
check "show --tokens: the words of a model that is here" grep -Eq '^ +1 +[0-9]+ +-[0-9.]+ +[0-9.]+% ".*"$' "$T/out"

# ---- diff
h diff 1 2
check "diff: settings" grep -q '^  temp: 0.9 → 1.2$' "$T/out"
check "diff: a setting one has" grep -q '^  min_p: - → 0.05$' "$T/out"
check "diff: equal settings are left out" test "$(grep -c top_p "$T/out")" = 0
check "diff: the text" grep -qF '老人推开[-门-]{+窗+}，只见阶前立着[-一-]{+两+}个孩子{+，' "$T/out"
check "diff: no colours in pipes" is_plain "$T/out"
h diff 1 2 --prompt
check "diff --prompt" test "$(tail -n 1 "$T/out")" = "那一夜，雪很大。"
h diff 1 1
check "diff: the same" grep -q 'same model, same settings' "$T/out"
h diff 1 2 --json
check "diff --json" grep -q '"settings":\[{"name":"temp","a":0.9,"b":1.2}.*"runs":\[{"op":"same","text":"老人推开"},{"op":"removed","text":"门"},{"op":"added","text":"窗"}' "$T/out"
h diff 1
refused 2 'something is missing' "one number"
h diff 1 99
refused 1 'no generation number 99' "diff with nothing"

# ---- star, tag, note
h star 1 3
check "star" test "$status" = 0
h list --starred
check "... is kept" found "3 1"
h star 1 99
refused 1 'no generation number 99' "star of nothing"
h star 3 --off
h list --starred
check "star --off" found "1"
h tag 1 好 开头
check "tag" test "$status" = 0
h tag 2 好
h tag 1
check "tag: of one" out_is "好
开头
"
h tag
check "tag: all" grep -Eq '^ +2  好$' "$T/out"
h tag --json
check "tag --json" grep -q '^{"tag":"好","generations":2}$' "$T/out"
h list --tag 好
check "tag: listed by it" found "2 1"
h tag 2 好 --off
h list --tag 好
check "tag --off" found "1"
h tag 1 'a b'
refused 2 'cannot be a tag' "a tag with a blank"
h tag 1 ''
refused 2 'cannot be a tag' "an empty tag"
h tag 1 $'\033[31m'
refused 2 'cannot be a tag' "a tag with ESC"
h tag 1 --off
refused 2 '--off needs' "off without tags"
h note 1 '结尾可用'
check "note" test "$status" = 0
h note 1
check "note: printed" out_is "结尾可用
"
h search 结尾
check "note: found" found "1"
printf 'from\nstdin\n\n' | run "$XUXIE" history note 2 -
h note 2
check "note: from standard input" out_is "from
stdin
"
h note 2 ''
h note 2
check "note: removed" out_is ""
printf 'a\0b' | run "$XUXIE" history note 2 -
refused 1 'NUL' "a note with NUL"
h note 2 $'\377'
refused 1 'UTF-8' "a note that is not UTF-8"
h show 1
check "marks are shown" test "$(grep -Ec '^generation 1 ★$|^  tags       好, 开头$|^  note       结尾可用$' "$T/out")" = 3

# ---- export
h export
check "export: all, as JSON lines" test "$(grep -c '^{"generation":' "$T/out")" = 6
h export --origin room -o a.jsonl
check "export: filtered, to a file" test "$(wc -l <a.jsonl)" = 1
h export 1 -o a.jsonl
refused 1 'a.jsonl is there already' "never overwrites"
h export 1 2 -o a.jsonl --force
check "export: numbers" test "$(wc -l <a.jsonl)" = 2
h export 1 --story 雪
refused 2 'either numbers or' "numbers and a filter"
h export 99
refused 1 'no generation number 99' "export of nothing"
h export 1 2 -o a.md
check "export: md" grep -q '^## 1 ★$' a.md
check "export: md, exact texts in fences" test "$(grep -c '^```text$' a.md)" = 4
h export 1 --format txt
check "export: txt" grep -q '^---- 1, 2026-11-23 14:05, room, 雪夜, tiny$' "$T/out"
h export 1 3 --format csv
check "export: csv, a formula is text" grep -qF "\"'=HYPERLINK(\"\"http://x\"\") and " "$T/out"
h export 3 --format csv --raw
check "export: csv, raw" grep -qF '"=HYPERLINK(""http://x"") and ' "$T/out"
if command -v python3 >/dev/null; then
    h export --format csv -o all.csv
    python3 - all.csv >"$T/py" 2>&1 <<'END'
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], newline="", encoding="utf-8", errors="surrogateescape")
                           if sys.version_info >= (3, 11) else
                           (l.replace("\0", "") for l in open(sys.argv[1], newline="", encoding="utf-8", errors="surrogateescape"))))
assert [r["generation"] for r in rows] == ["6", "5", "4", "3", "2", "1"], rows
assert rows[5]["text"] == "老人推开门，只见阶前立着一个孩子。"
assert rows[4]["text"].endswith("，\n手里提着灯。")
assert rows[3]["text"].startswith("'=HYPERLINK(\"http://x\")")
assert rows[5]["tags"] == "好,开头" and rows[5]["note"] == "结尾可用" and rows[5]["starred"] == "1"
END
    check "export: csv as python reads it" test $? = 0
    h export
    python3 - "$T/out" >"$T/py" 2>&1 <<'END'
import json, sys
rows = {r["generation"]: r for r in map(json.loads, open(sys.argv[1], encoding="utf-8"))}
assert rows[1]["settings"] == {"temp": 0.9, "top_p": 0.95, "seed": 7}
assert rows[1]["tags"] == ["好", "开头"] and rows[1]["model"]["name"] == "tiny"
assert rows[4]["reason"] is None and rows[4]["text"] == "死在半路"
END
    check "export: JSON as python reads it" test $? = 0
else
    skip "python3 is missing"
fi
"$XUXIE" history export 2>"$T/err" | head -c 10 >/dev/null
check "export: a reader that goes away is no failure" test "${PIPESTATUS[0]}" = 0
if [ -w /dev/full ]; then
    "$XUXIE" history export >/dev/full 2>"$T/err"
    status=$?
    refused 4 'cannot write' "export to a full disk"
fi

# ---- stats
h stats
check "stats: totals" grep -Eq '^  generations +6, 1 with a star$' "$T/out"
check "stats: by model" grep -Eq '^  other-9m +1 +36 +2 +100.0$' "$T/out"
check "stats: by month" grep -Eq '^  2023-11 +1 ' "$T/out"
h stats --model tiny --json
check "stats --json, filtered" grep -q '^{"generations":4,.*"models":\[{"name":"tiny","generations":4,' "$T/out"
h stats --reindex
check "stats --reindex" test "$status" = 0
h search 老人
check "... the index is whole" found "2 1"

# ---- replay
h replay 1 2
check "replay: a model that is not here" test "$status" = 1 -a "$(grep -c 'cannot be made again: its model' "$T/out")" = 2
check "replay: summary" grep -q '^0 identical, 0 different, 2 cannot be made again$' "$T/out"
h replay 6
check "replay: the same again" test "$status" = 0
check "... it says so" grep -q '^ *6  identical, 4 tokens$' "$T/out"
printf '那一夜，雪' | "$XUXIE" continue --seed 5 -n 8 --temp 1.3 --top-p 0.8 --ignore-eos >/dev/null 2>&1
h replay --model xuxie --limit 5 -t 1
check "replay: by what they are like" test "$status" = 0
check "... all of them" grep -q '^2 identical, 0 different, 0 cannot' "$T/out"
h replay 6 --json
check "replay --json" grep -q '^{"generation":6,"verdict":"identical","whole":true,"tokens":4,"same":4,"why":""}$' "$T/out"
if command -v sqlite3 >/dev/null; then
    sqlite3 "$db" 'UPDATE generations SET seed=seed+1 WHERE id=7'
    h replay 6 7
    check "replay: another seed, another text" test "$status" = 1
    check "... where it begins" grep -Eq '^ *7  first difference at token [1-8] of 8: ".*" \([0-9]+\) instead of ".*" \([0-9]+\)$' "$T/out"
    check "... the first is still the same" grep -q '^ *6  identical' "$T/out"
else
    skip "sqlite3 is missing"
fi
h replay
refused 2 'say which' "replay without saying which"
h replay 1 --limit 1 --starred
refused 2 'either numbers or' "replay: numbers and a filter"
h replay --origin nowhere
check "replay: none is like this" grep -q 'No generation is like this' "$T/err"
h delete 7 --yes

# ---- delete
h delete
refused 2 'say which' "delete without saying which"
h delete 1 --story 雪
refused 2 'either numbers or' "delete: numbers and a filter"
h delete 2
check "delete: not without a terminal" test "$status" = 2
check "... it says what would go" grep -q '^1 generation in all; 5 stay' "$T/out"
check "... and that nothing went" grep -q 'nothing was deleted' "$T/err"
h delete 99 --yes
refused 1 'no generation number 99' "delete of nothing"
h list
check "delete: all are still there" found "6 5 4 3 2 1"
h delete 2 2 --yes
check "delete: a number" test "$status" = 0
h list
check "... is gone" found "6 5 4 3 1"
h search 灯
check "... also from the index" found ""
h delete --origin run --yes
h list
check "delete: by what they are like" found "6 3 1"
h delete --origin room --yes
check "delete: one of a story" test "$status" = 0
run "$XUXIE" story export 1 -o -
check "... the story keeps its text" out_is "那一夜，雪很大。老人推开门，只见阶前立着一个孩子。
"
h delete --since 1d --limit 1 --yes
h list
check "delete: at most so many" found "3"
h delete --origin nowhere --yes
check "delete: none is like this" grep -q 'No generation is like this' "$T/err"
if command -v python3 >/dev/null; then
    answer() # ANSWER COMMAND...: on a terminal
    {
        run python3 - "$@" <<'END'
import os, pty, select, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
os.write(fd, sys.argv[1].encode() + b"\n")
while True:
    try:
        data = os.read(fd, 65536)
    except OSError:
        break
    if not data:
        break
    sys.stdout.buffer.write(data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
    }
    answer "" "$XUXIE" history delete 3
    check "delete: an empty answer is no" grep -q 'Nothing was deleted' "$T/out"
    answer n "$XUXIE" history delete 3
    check "delete: no" grep -q 'Nothing was deleted' "$T/out"
    h list
    check "... it is there" found "3"
    answer y "$XUXIE" history delete 3
    h list
    check "delete: yes" found ""
    printf '雪' | "$XUXIE" continue --seed 1 -n 3 >/dev/null 2>&1
    answer "" env TERM=xterm "$XUXIE" history search 雪
    check "styles on a terminal" grep -q $'\033\\[1m雪\033' "$T/out"
    answer "" env TERM=xterm NO_COLOR=1 "$XUXIE" history search 雪
    check "... not with NO_COLOR" test "$(grep -c $'\033' "$T/out")" = 0
    cat >editor <<'END'
#!/bin/sh
grep -q old "$1" && echo 'new note' >"$1"
END
    chmod +x editor
    n=$("$XUXIE" history list --json | sed 's/^{"generation":\([0-9]*\).*/\1/')
    h note "$n" 'old note'
    answer "" env EDITOR="$PWD/editor" "$XUXIE" history note "$n"
    h note "$n"
    check "note: in the editor" out_is "new note
"
    answer "" env EDITOR=/nowhere/editor "$XUXIE" history note "$n"
    check "note: an editor that is not there" grep -q 'cannot be started' "$T/out"
    answer "" env EDITOR=false "$XUXIE" history note "$n"
    h note "$n"
    check "note: an editor that fails changes nothing" out_is "new note
"
else
    skip "python3 is missing"
fi

# ---- a database that can only be read
h list --json
number=$(sed 's/^{"generation":\([0-9]*\).*/\1/' "$T/out")
if [ "$(id -u)" != 0 ]; then
    chmod 500 "$XDG_DATA_HOME/xuxie"
    chmod 400 "$db"
    h list
    check "read-only: list" test "$status" = 0
    h star "$number"
    refused 3 'reading only' "read-only: star"
    h delete "$number" --yes
    refused 3 'reading only' "read-only: delete"
    chmod 700 "$XDG_DATA_HOME/xuxie"
else
    skip "root may write everything"
fi
finish
