#!/bin/bash
# xuxie model use and remove, and the folders of model_dirs.
. "${top_srcdir:-.}/tests/cli/lib.sh"
bundled=$(cd "${top_srcdir:-.}" && pwd)/data/preview-q8_0.gguf
[ -e "$bundled" ] || bundled=$(cd "${top_builddir:-.}" && pwd)/data/preview-q8_0.gguf
models=$XDG_DATA_HOME/xuxie/models
ini=$XDG_CONFIG_HOME/xuxie/xuxie.ini
mkdir -p "$models" "$T/w"
cd "$T/w" || exit 99

# ---- use ----
run "$XUXIE" model use
check "use: the bundled one at first" grep -q '^the bundled model (.*preview-q8_0.gguf)$' "$T/out"
check "use: tells without a file being made" test ! -e "$ini"
run "$XUXIE" model use nothing-like-it
refused 1 'nothing-like-it: no such model' "use: unknown"
printf junk >broken.gguf
run "$XUXIE" model use broken.gguf
refused 1 'broken.gguf' "use: a file that is no model"
check "use: ... and nothing is written" test ! -e "$ini"

cp "$bundled" mine.gguf
run "$XUXIE" model use mine.gguf
check "use: a path" test "$status" = 0
check "use: says where" grep -q "now $T/w/mine.gguf; this stands in $ini" "$T/out"
check "use: the path is whole" grep -qx "model = $T/w/mine.gguf" "$ini"
check "use: 0600" test "$(stat -c %a "$ini")" = 600
run env -C / "$XUXIE" model use
check "use: told from another folder" grep -qx "$T/w/mine.gguf" "$T/out"
run "$XUXIE" model info --json
check "use: it is the one that is used" grep -q "\"path\":\"$T/w/mine.gguf\"" "$T/out"
run "$XUXIE" model info --json -m preview-q8_0
check "use: the command line is stronger" grep -vq mine.gguf "$T/out"

printf '# mine\r\n\r\n[story]\r\ntemp=0.5\r\n  model : old  \r\n\r\n[keys]\r\nretry = F6\r\n' >"$T/real.ini"
chmod 640 "$T/real.ini"
ln -sf "$T/real.ini" "$ini"
cp "$bundled" "$models/雪.gguf"
run "$XUXIE" model use 雪
check "use: by name" test "$status" = 0
printf '# mine\r\n\r\n[story]\r\ntemp=0.5\r\n  model : 雪\r\n\r\n[keys]\r\nretry = F6\r\n' >"$T/want.ini"
check "use: only that line changes" cmp "$T/real.ini" "$T/want.ini"
check "use: the link stays" test -L "$ini"
check "use: the mode stays" test "$(stat -c %a "$T/real.ini")" = 640
check "use: nothing is left beside it" test "$(ls "$T"/real.ini*)" = "$T/real.ini"
run "$XUXIE" model use preview-q8_0
check "use: back to the bundled one" grep -q 'model : preview-q8_0' "$T/real.ini"
chmod 500 "$T" 2>/dev/null
if ! touch "$T/probe" 2>/dev/null; then
    run "$XUXIE" model use 雪
    chmod 700 "$T"
    refused 4 'real.ini: cannot be written' "use: a folder that takes nothing"
    check "use: ... the old file is whole" grep -q 'model : preview-q8_0' "$T/real.ini"
fi
chmod 700 "$T"
rm -f "$T/probe" "$ini"
printf 'model = gone\n' >"$ini"
run "$XUXIE" model use
refused 1 'gone: no such model' "use: the default is gone"
run "$XUXIE" model use 雪
check "use: and can be chosen anew" test "$status" = 0

# ---- model_dirs ----
mkdir -p "$T/more" "$T/home/models"
cp "$bundled" "$T/more/far.gguf"
cp "$bundled" "$T/more/雪.gguf"
cp "$bundled" "$T/home/models/home.gguf"
run "$XUXIE" model list --model-dirs "$T/none:$T/more:~/models"
check "dirs: a model of another folder" grep -q '^far ' "$T/out"
check "dirs: ~" grep -q '^home ' "$T/out"
check "dirs: a name that is taken is told as a path" grep -q "^$T/more/雪.gguf " "$T/out"
printf 'model_dirs = %s:~/models\nmodel = far\n' "$T/more" >"$ini"
run "$XUXIE" model info --json
check "dirs: from the ini file" grep -q "\"path\":\"$T/more/far.gguf\"" "$T/out"
run "$XUXIE" model info --json 雪
check "dirs: the standard folder is first" grep -q "\"path\":\"$models/雪.gguf\"" "$T/out"
run "$XUXIE" model info nowhere
refused 1 "neither here nor in $models:$T/more:~/models" "dirs: told where it was looked for"
run "$XUXIE" continue --no-store --preset greedy -n 1 <<<"春"
check "dirs: continue" test "$status" = 0

# ---- remove ----
mkdir "$models/folder" "$models/folder/model"
echo '{}' >"$models/folder/config.json"
echo x >"$models/folder/model/weights"
echo precious >"$T/precious"
ln -s "$T/more" "$models/folder/elsewhere"
ln -s "$T/precious" "$models/folder/model/link"
ln -s "$T/more/far.gguf" "$models/link.gguf"
ln -s "$T/more" "$models/linked"
echo notes >"$models/notes.txt"
for i in 1 2 3; do echo x >"$models/big-0000$i-of-00003.gguf"; done
echo x >"$models/big-00001-of-00002.gguf"

run "$XUXIE" model remove 雪 </dev/null
refused 2 'without a terminal.*--yes' "remove: nobody to ask"
check "remove: ... and it is still there" test -e "$models/雪.gguf"
run "$XUXIE" model remove --yes none
refused 1 'no such model' "remove: unknown"
run "$XUXIE" model remove --yes preview-q8_0
refused 1 'belongs to xuxie' "remove: the bundled one"
for outside in .. . / "$T/w/mine.gguf" mine.gguf/ ../../precious "$models/../../../precious" "$models/folder/config.json" \
    folder/model far ./mine.gguf notes.txt ''; do
    run "$XUXIE" model remove --yes "$outside"
    refused 1 'no such model' "remove: \"$outside\" is no model there"
done
check "remove: nothing is gone" test -e "$T/precious" -a -e "$T/w/mine.gguf" -a -e "$models/notes.txt" \
    -a -e "$models/folder/config.json"

run "$XUXIE" model remove --yes link
check "remove: a link" test "$status" = 0 -a ! -L "$models/link.gguf" -a -e "$T/more/far.gguf"
check "remove: says so" grep -q 'link.gguf  (the link only' "$T/out"
run "$XUXIE" model remove --yes linked/
check "remove: a link to a folder" test "$status" = 0 -a ! -L "$models/linked" -a -e "$T/more/far.gguf"
run "$XUXIE" model remove --yes folder
check "remove: a folder" test "$status" = 0 -a ! -e "$models/folder"
check "remove: ... and not what its links lead to" test -e "$T/precious" -a -e "$T/more/far.gguf"
check "remove: every file is told" grep -q 'folder/model/weights  0.0 MB' "$T/out"
run "$XUXIE" model remove --yes "$models/big-00002-of-00003.gguf"
check "remove: all pieces, by path" test "$status" = 0 -a "$(ls "$models" | grep -c big)" = 1
check "remove: not those of another file" test -e "$models/big-00001-of-00002.gguf"
check "remove: pieces are counted" grep -q '^3 files' "$T/out"

if command -v python3 >/dev/null; then
    cat >"$T/ask.py" <<'PY'
import os, pty, sys
answer, command = sys.argv[1], sys.argv[2:]
pid, fd = pty.fork()
if pid == 0:
    os.execv(command[0], command)
seen = b""
while b"[y/N]" not in seen:
    seen += os.read(fd, 4096)
os.write(fd, answer.encode())
try:
    while True:
        more = os.read(fd, 4096)
        if not more:
            break
        seen += more
except OSError:
    pass
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PY
    printf 'model = 雪\n' >"$ini"
    run python3 "$T/ask.py" $'n\n' "$XUXIE" model remove 雪
    check "remove: asked, no" test "$status" = 0 -a -e "$models/雪.gguf"
    check "remove: told what would go" grep -q "雪.gguf  10.4 MB" "$T/out"
    check "remove: told that it is the default" grep -q 'names this as the default' "$T/out"
    check "remove: nothing was deleted" grep -q 'Nothing was deleted' "$T/out"
    run python3 "$T/ask.py" $'\n' "$XUXIE" model remove 雪
    check "remove: just Enter is no" test -e "$models/雪.gguf"
    run python3 "$T/ask.py" $'\003' "$XUXIE" model remove 雪
    check "remove: ^C" test "$status" = 130 -a -e "$models/雪.gguf"
    run python3 "$T/ask.py" $'y\n' "$XUXIE" model remove 雪
    check "remove: yes" test "$status" = 0 -a ! -e "$models/雪.gguf"
else
    skip "no python3 for a terminal"
fi
finish
