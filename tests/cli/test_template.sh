#!/bin/bash
# xuxie template: the library from the command line.
. "${top_srcdir:-.}/tests/cli/lib.sh"

same() # FILE FILE
{
    cmp -s "$1" "$2"
}

# ---- what comes with the program ----
run "$XUXIE" template list
check "list" test "$status" = 0
check "list: a built-in one" grep -Eq '^写诗 +[0-9]+ examples +built-in +.' "$T/out"
check "list: each file of data/templates" test "$(wc -l <"$T/out")" = \
    "$(ls "${top_srcdir:-.}"/data/templates/*.txt | wc -l)"
run "$XUXIE" template list --json
check "list --json" grep -q '^{"name":"写诗",.*"version":1,.*"builtin":true' "$T/out"
run "$XUXIE" template show 写诗
check "show" grep -q '题目' "$T/out"
check "show: examples" grep -q '^example 1' "$T/out"
run "$XUXIE" template show 写
check "show: by a beginning" grep -q '^name  *写诗' "$T/out"
run "$XUXIE" template show Unscramble
refused 1 'may mean several templates: Unscramble: anagrams, ' "an ambiguous beginning"
run "$XUXIE" template show 没有
refused 1 'there is no template "没有"' "an unknown name"
run "$XUXIE" template export 写诗
cp "$T/out" "$T/exported.txt"
check "export: the text form" same "$T/exported.txt" "${top_srcdir:-.}/data/templates/poem.txt"
check "export: all of them are canonical" bash -c 'for f in "$0"/data/templates/*.txt; do
    "$1" template export "$f" | cmp -s - "$f" || exit 1; done' "${top_srcdir:-.}" "$XUXIE"

# ---- preview ----
run "$XUXIE" template preview 对联 --var 上联=雪压青松松更翠 -k 2
check "preview" test "$status" = 0
check "preview: parts with tokens" grep -Eq '^── example 2 .*, [0-9]+ tokens ──$' "$T/out"
check "preview: the query" grep -qx '上联：雪压青松松更翠' "$T/out"
check "preview: K" grep -q 'examples: 2 asked for, 2 used' "$T/out"
run "$XUXIE" template preview 对联 --zero-shot
check "preview: zero-shot" bash -c '! grep -q "^── example" "$0"' "$T/out"
check "preview: no value, its name" grep -qx '上联：{{上联}}' "$T/out"
run "$XUXIE" template preview 对联 --one-shot
check "preview: one-shot" test "$(grep -c '^── example' "$T/out")" = 1
run "$XUXIE" template preview 对联 --budget 80 --json
check "preview: whole examples are dropped" grep -Eq '"k_asked":8,"k_used":[1-3],"tokens":[0-9]+,"budget":80' "$T/out"
run "$XUXIE" template preview 对联 --budget 10
refused 1 'the instruction \([0-9]+ tokens\) and the query \([0-9]+\) do not fit into the 10 tokens' \
    "preview: too small a budget"
run "$XUXIE" template preview 对联 --select random --seed 7 -k 3
cp "$T/out" "$T/draw"
run "$XUXIE" template preview 对联 --select random --seed 7 -k 3
check "preview: a seed's draw" same "$T/out" "$T/draw"
check "preview: tells the seed" grep -q '; seed 7 ──' "$T/out"
run "$XUXIE" template preview 对联 --tag 书斋
check "preview: by tag" test "$(grep -c '^── example [0-9]* #书斋' "$T/out")" = 2
run "$XUXIE" template preview 对联 --tag 没有
refused 2 'no example has the tag' "preview: an unknown tag"
run "$XUXIE" template preview 对联 --var 下联=x
refused 2 'has no variable' "preview: an unknown variable"
run "$XUXIE" template preview 对联 -k many
refused 2 'shots' "preview: no number"
run "$XUXIE" template preview 对联 -k 2 --zero-shot
refused 2 'give one of' "preview: two numbers"

# ---- adding ----
run "$XUXIE" template add 对联 --var 上联=青山 --answer 绿水 --tag 山 --tag '两 字' --note 试
check "add an example" test "$status" = 0
check "add: a new version" grep -qx '对联: version 2, with 11 examples.' "$T/err"
run "$XUXIE" template show 对联
check "add: it is there" grep -qx 'example 11 #山 #"两 字"' "$T/out"
run "$XUXIE" template show 对联 --version-number 1
check "the old version stays" grep -qx 'examples        10' "$T/out"
run "$XUXIE" template show 对联 --version-number 3
refused 1 'there is no version 3; the template has versions 1 to 2' "no such version"
run "$XUXIE" template add 对联 --var 上联=青山
refused 2 'answer' "add: no answer"
run "$XUXIE" template add 对联 --answer 绿水
refused 1 '对联: example 12: the field 上联 is missing' "add: a field is missing"
run "$XUXIE" template add 对联 --var 横批=x --answer y
refused 2 'has no variable' "add: an unknown variable"
run "$XUXIE" template add 对联 --var 上联 --answer y
refused 2 'is not NAME=VALUE' "add: no value"
run "$XUXIE" template add 对联 --var 上联=$'\xff' --answer y
refused 2 'not valid UTF-8' "add: bad UTF-8"

cat >"$T/mine.txt" <<'TEMPLATE'
xuxie template 1
name: whatever
mode: few
k: fit
select: similar
separator: "\n"

== instruction
Translate.

== example format
{{source}} = {{output}}
TEMPLATE
run "$XUXIE" template add mine --from "$T/mine.txt"
check "add --from" grep -qx 'mine: version 1, with 0 examples.' "$T/err"
run "$XUXIE" template add mine --from "$T/mine.txt"
refused 1 'there is a template "mine" already' "add: the name is taken"
run "$XUXIE" template add 'mine ' --from "$T/mine.txt"
refused 1 'cannot name a template' "add: a bad name"
run "$XUXIE" template add other </dev/null
refused 2 'say what the template is with --from' "add: nothing to begin with"
sed 's/mode: few/mode: many/' "$T/mine.txt" >"$T/bad.txt"
run "$XUXIE" template add other --from "$T/bad.txt"
refused 1 'bad.txt: line 3: mode: allowed is zero, one, few' "add: a bad file"

printf '雪夜' | run "$XUXIE" continue -n 6 --seed 1
cp "$T/out" "$T/continued"
run "$XUXIE" template add mine --from-generation 1 --tag made
check "add --from-generation" test "$status" = 0
run "$XUXIE" template export mine --format jsonl
check "... with its prompt and text" grep -Fq \
    "{\"source\": \"雪夜\", \"output\": \"$(cat "$T/continued")\", \"@tags\": [\"made\"], \"@source\": \"generation 1\"}" "$T/out"
run "$XUXIE" run 对联 --var 上联=雪压青松 -n 4
run "$XUXIE" template add 对联 --from-generation 2
run "$XUXIE" template export 对联 --format jsonl
check "... its variables found again" bash -c \
    'tail -n 1 "$0" | grep -q "^{\"上联\": \"雪压青松\", \"output\": .*generation 2"' "$T/out"
run "$XUXIE" template add mine --from-generation 99
check "add: no such generation" test "$status" != 0
run "$XUXIE" template add mine --from-generation x
refused 2 'is no number of a generation' "add: no number"

# ---- editing ----
editor() # SCRIPT: the editor runs it on its file, $1
{
    printf '#!/bin/bash\n%s\n' "$1" >"$T/editor"
    chmod +x "$T/editor"
    export VISUAL=$T/editor
}
editor 'stat -c %a "$1" >"$0.mode"; sed -i "s/^Translate\.$/Translate well./" "$1"'
run "$XUXIE" template edit mine
check "edit" grep -qx 'mine: version 3, with 1 example.' "$T/err"
check "edit: shows what changed" grep -q 'Translate{+ well+}.' "$T/out"
check "edit: the file is mine alone" grep -qx 600 "$T/editor.mode"
editor 'true'
run "$XUXIE" template edit mine
check "edit: nothing changed" grep -qx 'Nothing was changed.' "$T/err"
editor 'if grep -q "^# " "$1"; then head -n 1 "$1" >"$0.told"; sed -i "s/^k: .*/k: 3/" "$1"
    else sed -i "s/^k: .*/k: 0/" "$1"; fi'
run "$XUXIE" template edit mine
check "edit: what is wrong comes back" grep -qx '# mine: line 4: k: allowed is 1 to 131072, or fit' "$T/editor.told"
check "edit: and is put right" grep -qx 'mine: version 4, with 1 example.' "$T/err"
run "$XUXIE" template export mine
check "edit: without the sentence" bash -c 'grep -qx "k: 3" "$0" && ! grep -q "^#" "$0"' "$T/out"
editor 'grep -q "^# " "$1" || sed -i "s/^k: .*/k: none/" "$1"'
run "$XUXIE" template edit mine
refused 1 'nothing was changed, what you wrote is in /' "edit: given up"
kept=$(grep -o '/[^ ]*rescue-[^ ]*\.txt' "$T/err")
check "edit: nothing is lost" grep -qx 'k: none' "$kept"
editor 'exit 3'
run "$XUXIE" template edit mine
check "edit: the editor fails" test "$status" = 4
editor 'sed -i "s/^name: .*/name: 对联/" "$1"'
run "$XUXIE" template edit mine
refused 1 'another template of this name' "edit: the name is another's"
editor 'sed -i "s/^name: .*/name: renamed/" "$1"'
run "$XUXIE" template edit mine
check "edit: a new name" test "$status" = 0
run "$XUXIE" template list
check "... renames" bash -c 'grep -q "^renamed " "$0" && ! grep -q "^mine " "$0"' "$T/out"

# ---- in a terminal ----
at_terminal() # COMMAND...: in a terminal of its own; what it said is in $T/err
{
    script -qec "$(printf '%q ' "$@")" /dev/null >"$T/err" 2>&1
    status=$?
}
if command -v script >/dev/null; then
    editor 'true'
    at_terminal "$XUXIE" template add fresh </dev/null
    check "add: left as it was" grep -q 'Nothing was changed' "$T/err"
    editor 'sed -i "s/^about: .*//; s/^mode: .*/mode: zero/" "$1"'
    at_terminal "$XUXIE" template add fresh </dev/null
    check "add: in the editor" grep -q 'fresh: version 1, with 0 examples' "$T/err"
    echo n | at_terminal "$XUXIE" template remove fresh
    check "remove: no" grep -q 'Nothing was removed' "$T/err"
    echo y | at_terminal "$XUXIE" template remove fresh
    check "remove: yes" grep -q 'fresh is removed' "$T/err"
else
    skip "script is missing"
fi
unset VISUAL

# ---- export and import ----
run "$XUXIE" template export 对联 -o "$T/x.csv"
check "export: csv by the name" grep -q '^"上联","output","tags","note","source","off"' "$T/x.csv"
run "$XUXIE" template export 对联 -o "$T/x.csv"
refused 1 'x.csv is there already; --force replaces it' "export: not over a file"
run "$XUXIE" template export 对联 -o "$T/x.csv" --force
check "export --force" test "$status" = 0
run "$XUXIE" template export 对联 -o "$T/none/x.csv"
refused 4 'cannot be written' "export: no folder"
check "export: leaves nothing" test -z "$(ls "$T" | grep 'x.csv.')"
run "$XUXIE" template export 对联 -o "$T/x.jsonl"
run "$XUXIE" template export 对联 -o "$T/x.txt"
sed '/^== example #/,$d; s/^name: .*/name: copy/' "$T/x.txt" >"$T/empty.txt"
run "$XUXIE" template import "$T/empty.txt"
check "import a template" grep -qx 'copy: version 1, with 0 examples.' "$T/err"
for kind in csv jsonl txt; do
    run "$XUXIE" template add "copy $kind" --from "$T/empty.txt"
    run "$XUXIE" template import "$T/x.$kind" --into "copy $kind"
    check "import $kind" grep -qx '12 examples are new.' "$T/err"
    run "$XUXIE" template export "copy $kind"
    sed "s/^name: .*/name: 对联/" "$T/out" >"$T/back.txt"
    check "import $kind: exactly what was exported" same "$T/back.txt" "$T/x.txt"
    run "$XUXIE" template import "$T/x.$kind" --into "copy $kind"
    check "import $kind again: nothing new" grep -qx '12 examples were there already.' "$T/err"
done
run "$XUXIE" template import --format jsonl --into copy - <"$T/x.jsonl"
check "import from standard input" grep -qx '12 examples are new.' "$T/err"
run "$XUXIE" template import "$T/x.jsonl"
refused 2 'name it with --into' "import: examples for nothing"
run "$XUXIE" template import "$T/empty.txt" "$T/bad.txt"
refused 1 'bad.txt: line 3' "import: one of two is bad"
run "$XUXIE" template show copy
check "... nothing happened" grep -q '^version  *2,' "$T/out"
printf '{"upper": "=1+1", "lower": "@x", "title": "t"}\n{"upper": "b"}\nnonsense\n' >"$T/pairs.jsonl"
run "$XUXIE" template import "$T/pairs.jsonl" --into copy --map 上联=upper --map output=lower
refused 1 'pairs.jsonl: line 2: there is no "output"' "import: a bad line"
run "$XUXIE" template import "$T/pairs.jsonl" --into copy --map 上联=upper --map output=lower --skip-bad
check "import --skip-bad" test "$status" = 0
check "... tells the rows" test "$(grep -c '^xuxie: warning: left out: .*line [23]:' "$T/err")" = 2
check "... and the columns" grep -q 'these were not taken: title' "$T/err"
run "$XUXIE" template export copy --format csv
check "export: formulas are guarded" grep -q "^\"'=1+1\",\"'@x\"," "$T/out"
run "$XUXIE" template export copy --format csv --raw
check "export --raw: they are not" grep -q '^"=1+1","@x",' "$T/out"
run "$XUXIE" template import "$T/pairs.jsonl" --into copy --map 上联
refused 2 'is not of the form VARIABLE=COLUMN' "import: no map"

# ---- removing ----
run "$XUXIE" template remove 写诗 </dev/null
refused 2 '--yes removes' "remove: nobody to ask"
run "$XUXIE" template remove 写诗 --yes
check "remove --yes" test "$status" = 0
run "$XUXIE" template list
check "remove: it stays away" bash -c '! grep -q "^写诗" "$0"' "$T/out"
run "$XUXIE" template import "${top_srcdir:-.}/data/templates/poem.txt"
run "$XUXIE" template list
check "... until it is asked for" grep -q '^写诗 .*built-in\|^写诗 .*version' "$T/out"

# ---- files and databases ----
run "$XUXIE" template preview "$T/mine.txt" --var source=snow
check "preview of a file" grep -qx 'snow = ' "$T/out"
run "$XUXIE" template preview "$T/mine.txt" --db "$T/mine.txt/x.db"
check "... without a database" test "$status" = 0
check "... which is told" grep -q '^xuxie: warning: the templates of the database cannot be used' "$T/err"
run "$XUXIE" template preview 对联 --db "$T/mine.txt/x.db"
check "a built-in one without a database" test "$status" = 0
run "$XUXIE" template list --db "$T/mine.txt/x.db"
check "list without a database" test "$status" -ge 3
run "$XUXIE" template edit "$T/mine.txt"
refused 1 'this is a file' "edit: a file"
db=$XDG_DATA_HOME/xuxie/xuxie.db
if [ "$(id -u)" != 0 ]; then
    chmod 400 "$db"
    chmod 500 "$XDG_DATA_HOME/xuxie"
    run "$XUXIE" template add 对联 --var 上联=a --answer b
    check "a database that cannot be written" test "$status" = 3
    chmod 700 "$XDG_DATA_HOME/xuxie"
    chmod 600 "$db"
else
    skip "root may write everything"
fi
run "$XUXIE" template
refused 2 'needs one word more' "no word"
run "$XUXIE" template lsit
refused 2 'did you mean `xuxie template list`' "a mistyped word"
for word in list show add edit remove import export preview; do
    run "$XUXIE" template $word --help
    check "$word --help" grep -q "^Usage: xuxie template $word" "$T/out"
done
finish
