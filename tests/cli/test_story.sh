#!/bin/bash
# xuxie story: the list, and exports in every format; read back by programs of others where there are
# any (python3's zipfile and json, xmllint, epubcheck).
. "${top_srcdir:-.}/tests/cli/lib.sh"

make_database=$(cd "${top_builddir:-.}" && pwd)/tests/tools/make_database
db=$XDG_DATA_HOME/xuxie/xuxie.db
mkdir -p "$XDG_DATA_HOME/xuxie"
mkdir "$T/here"
cd "$T/here" || exit 99
export TZ=CST-8

run "$XUXIE" story list
refused 3 'xuxie.db' "no database"

"$make_database" "$db" <<'END'
{"story":"雪夜"}
{"passage":"第一章 雪\n那一夜，雪很大。\n","of":1,"parent":0}
{"passage":null,"of":1,"parent":1,"kind":"model"}
{"generation":{"story":1,"passage":2,"text":"老人推开门。\n\n第二章 <灯>\n孩子 & \"灯\"。","ids":[1,2],"logprobs":[-0.5,-1]}}
{"passage":"门外什么也没有。\n","of":1,"parent":1}
{"story":"../../x"}
{"passage":"a\u001b[31mb\u0000c\u202ed","of":2,"parent":0}
{"current":4,"of":2}
{"story":""}
{"passage":null,"text_bytes":[228,184,128,255,10],"of":3,"parent":0}
{"current":5,"of":3}
{"current":2,"of":1}
END
check "a database to read" test $? = 0

# ---- list
run "$XUXIE" story list
check "list: a line each" test "$status" = 0 -a "$(wc -l <"$T/out")" = 3
check "list: opened last, first" grep -q '^ *1 .* 3 passages *40 characters  雪夜$' <(head -n 1 "$T/out")
check "list: a story without a title has its first line" grep -q '一' <(sed -n 2p "$T/out")
run "$XUXIE" story list --json
check "list: JSON lines" test "$(grep -c '^{"story":' "$T/out")" = 3
check "list: what is in them" grep -q '^{"story":1,"passages":3,"characters":40,"created":"2.*Z","opened":".*","title":"雪夜","first_line":"第一章 雪"}$' "$T/out"

# ---- txt, md
run "$XUXIE" story export 雪夜
check "txt: named after the story" out_is "雪夜.txt
"
printf '第一章 雪\n那一夜，雪很大。\n老人推开门。\n\n第二章 <灯>\n孩子 & "灯"。\n' >"$T/expected"
check "txt: the manuscript" cmp -s "$T/expected" 雪夜.txt
run "$XUXIE" story export 1
refused 1 '雪夜.txt is there already; --force replaces it' "never overwrites"
run "$XUXIE" story export 1 --force
check "but with --force" test "$status" = 0
run "$XUXIE" story export 雪 -o - --format md
check "md: to standard output" grep -qx '老人推开门。' "$T/out"
check "md: markup is text" grep -qF '第二章 \<灯>' "$T/out"
run "$XUXIE" story export 1 -o out.md
check "md: by the file's name" cmp -s <("$XUXIE" story export 1 -o - --format md) out.md
run "$XUXIE" story export 1 -o - --indent
check "txt: two blanks in" grep -qx '　　老人推开门。' "$T/out"
check "txt: not the headings" grep -qx '第一章 雪' "$T/out"
run "$XUXIE" story export 1 -o - --branch 3
check "another branch" out_is "第一章 雪
那一夜，雪很大。
门外什么也没有。
"
run "$XUXIE" story export 1 -o b.txt --all-branches
check "all branches: a file each" out_is "b-1.txt
b-2.txt
"
check "all branches: the first" cmp -s 雪夜.txt b-1.txt
check "all branches: the other" grep -qx '门外什么也没有。' b-2.txt
rm b-1.txt
run "$XUXIE" story export 1 -o b.txt --all-branches
refused 1 'b-2.txt is there already' "all branches: all or none"
check "... none" test ! -e b-1.txt
run "$XUXIE" story export 2
check "a title cannot leave the directory" out_is "x.txt
"
check "... the text is exact" cmp -s <(printf 'a\033[31mb\0c\xe2\x80\xaed\n') x.txt
run "$XUXIE" story export 3 -o -
check "bytes that are not UTF-8 are kept" cmp -s <(printf '一\xff\n') "$T/out"

# ---- jsonl
run "$XUXIE" story export 1 --format jsonl
check "jsonl: the tree" test "$(wc -l <雪夜.jsonl)" = 4
check "jsonl: parent, kind, generation" grep -q '^{"type":"passage","passage":2,"parent":1,"kind":"model","generation":1,"created":' 雪夜.jsonl
if command -v python3 >/dev/null; then
    python3 - "$XUXIE" "$T/db2" >"$T/py" 2>&1 <<'END'
import base64, json, subprocess, sys
xuxie, db = sys.argv[1:]
def text(p):
    return base64.b64decode(p["text_base64"]) if "text_base64" in p else p["text"].encode()
for n in "1", "2", "3":
    lines = subprocess.check_output([xuxie, "story", "export", n, "--format", "jsonl", "-o", "-"])
    rows = [json.loads(l) for l in lines.splitlines()]
    passages = {p["passage"]: p for p in rows[1:]}
    at, path = rows[0]["current"], b""
    while at:
        path = text(passages[at]) + path
        at = passages[at]["parent"]
    whole = subprocess.check_output([xuxie, "story", "export", n, "-o", "-"])
    assert whole == path + (b"" if path.endswith(b"\n") else b"\n"), (whole, path)
END
    check "jsonl: the texts, byte for byte" test $? = 0
else
    skip "python3 is missing"
fi

# ---- epub
export SOURCE_DATE_EPOCH=1700000000
run "$XUXIE" story export 1 --format epub
check "epub: made" test "$status" = 0 -a -s 雪夜.epub
cp 雪夜.epub one.epub
run "$XUXIE" story export 1 --format epub --force
check "epub: the same every time" cmp -s one.epub 雪夜.epub
check "epub: mimetype first and stored" test "$(head -c 58 one.epub | tail -c 28)" = "mimetypeapplication/epub+zip"
run "$XUXIE" story export 2 --format epub
run "$XUXIE" story export 3 --format epub -o three.epub
if command -v python3 >/dev/null; then
    check "epub: zipfile finds it whole" python3 -m zipfile -t one.epub
    mkdir one
    python3 -m zipfile -e one.epub one
    check "epub: dated" grep -q '"dcterms:modified">2023-11-14T22:13:20Z<' one/EPUB/package.opf
    check "epub: chapters" grep -q '<a href="text0002.xhtml">第二章 &lt;灯&gt;</a>' one/EPUB/nav.xhtml
    if command -v xmllint >/dev/null; then
        check "epub: well-formed" xmllint --noout --nonet one/EPUB/*.xhtml one/EPUB/*.opf one/EPUB/*.ncx one/META-INF/*.xml
    else
        skip "xmllint is missing"
    fi
else
    skip "python3 is missing"
fi
# Debian's epubcheck is a jar, which needs help where binfmt does not know it.
run_epubcheck()
{
    local program
    program=$(command -v epubcheck)
    if [ "$(head -c 2 "$program")" = PK ]; then
        java -jar "$program" "$1"
    else
        "$program" "$1"
    fi
}
if command -v epubcheck >/dev/null; then
    for book in one.epub x.epub three.epub; do
        run run_epubcheck "$book"
        check "epub: $book passes epubcheck" test "$status" = 0
        check "... and not even a warning" grep -q ' 0 errors / 0 warnings' "$T/out"
    done
else
    skip "epubcheck is missing"
fi

# ---- refusals
run "$XUXIE" story export 99
refused 1 'there is no story "99"' "no such number"
run "$XUXIE" story export $'\033[31m'
refused 1 'there is no story' "no such title"
run "$XUXIE" story export 1 --branch 99 -o -
refused 1 'no passage number 99' "no such passage"
run "$XUXIE" story export 1 --branch 1 --all-branches
refused 2 'either --branch or --all-branches' "two branches"
run "$XUXIE" story export 1 -o a.md --indent
refused 2 '--indent is for txt' "indent of Markdown"
run "$XUXIE" story export 1 -o a.pdf
refused 2 'must end in .txt, .md, .epub or .jsonl' "an unknown suffix"
run "$XUXIE" story export 1 -o nowhere/a.txt
refused 4 'nowhere/a.txt: cannot be written' "no such directory"
mkfifo pipe.txt
run timeout 10 "$XUXIE" story export 1 -o pipe.txt --force
refused 1 'not a regular file' "a pipe"
ln -s /dev/null link.txt
run "$XUXIE" story export 1 -o link.txt --force
check "a link is replaced, not followed" test ! -L link.txt -a -s link.txt
if [ -w /dev/full ]; then
    "$XUXIE" story export 1 -o - >/dev/full 2>"$T/err"
    status=$?
    refused 4 'cannot write' "standard output is full"
fi
mkdir small
trap 'umount "$T/here/small" 2>/dev/null; rm -rf "$T"' EXIT
if mount -t tmpfs -o size=8k tmpfs small 2>/dev/null; then
    head -c 4000 /dev/zero >small/a.txt
    {
        echo '{"story":"big"}'
        printf '{"passage":"%s","of":4,"parent":0}\n' "$(head -c 100000 /dev/zero | tr '\0' x)"
        echo '{"current":6,"of":4}'
    } | "$make_database" "$db"
    run "$XUXIE" story export big -o small/a.txt --force
    refused 4 'small/a.txt: cannot be written' "the disk is full"
    check "... the target is as it was" test "$(stat -c %s small/a.txt)" = 4000
    check "... nothing beside it" test "$(ls small)" = a.txt
    umount small
else
    skip "no small file system to fill"
fi
finish
