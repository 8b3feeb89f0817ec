#!/bin/bash
# test_environment.sh - places where nothing can be kept: homes and databases that cannot be used, full
# disks. The room opens all the same, says so in a standing line, and the words are in a rescue file
# whose path is told.
. "${top_srcdir:-.}/tests/tui/tmux.sh" || exit 99

words='那一夜,雪下得很大。'

# The path of the rescue file, from what the room said when it ended.
rescue_path()
{
    grep -o '/[^ ]*rescue-[^ ]*\.txt' "$T/said" | head -n 1
}

rescued() # the words and more are in it
{
    test -f "$(rescue_path)" && grep -qF "$words" "$(rescue_path)" &&
        test "$(stat -c %s "$(rescue_path)")" -gt $((${#words} * 3)) -a "$(stat -c %a "$(rescue_path)")" = 600
}

words_follow()
{
    local text
    text=$(manuscript)
    test "${#text}" -gt $((${#words} + 20))
}

# write_and_leave DESCRIPTION: writes in the open room, stops and leaves.
write_and_leave()
{
    enter "$words"
    see "$1: the model writes" wait_for 20 words_follow
    key C-c
    wait_for 10 is_still
    manuscript >"$T/shown"
    enter /quit
    see "$1: it leaves with status 3" wait_for 10 left 3
    check "$1: it says so in one plain line" test "$(wc -l <"$T/said")" = 1
    check "$1: it tells the rescue file, which holds the words" rescued
    check "$1: to the last one on the screen" grep -qF "$(cat "$T/shown")" <(squeeze <"$(rescue_path)")
    sed 's/^/# said: /' "$T/said"
    rm -f "$(rescue_path)"
}

unsaved() # DESCRIPTION PATTERN [ARGUMENT...]: the room opens and says in a standing line that nothing is kept
{
    local what=$1 pattern=$2
    shift 2
    begin 200x24 C.UTF-8 --ignore-eos -n 1000000 "$@"
    see "$what: the room opens" wait_for 10 shows "xuxie-preview"
    see "$what: the status line warns" wait_for 5 shows "not saved"
    see "$what: a standing line tells why" wait_for 5 shows "$pattern"
    write_and_leave "$what"
}

goes_on() # FILE: there is more than the file holds
{
    test "$(manuscript)" != "$(cat "$1")"
}

# ---- homes ----
room_env=(HOME=/dev/null XDG_CONFIG_HOME= XDG_DATA_HOME= XDG_STATE_HOME=)
unsaved "home is no folder" "/dev/null"
room_env=(HOME=/proc/1 XDG_CONFIG_HOME= XDG_DATA_HOME= XDG_STATE_HOME=)
unsaved "home takes no files" "/proc/1"
room_env=()

# ---- databases ----
untouched()
{
    test "$(fingerprint)" = "$before"
}

fingerprint()
{
    if [ -f "$T/x.db" ]; then
        sha256sum <"$T/x.db"
    else
        stat -c %F "$T/x.db"
    fi
    cd "$T" && echo x.db*
}

database() # DESCRIPTION PATTERN: what lies at $T/x.db is no use
{
    before=$(fingerprint)
    unsaved "$1" "$2" --db "$T/x.db"
    check "$1: it is as it was" untouched
    rm -rf "$T"/x.db*
}

head -c 20000 /dev/urandom >"$T/x.db"
database "noise" x.db
printf 'Once upon a time there was a text file.\n' >"$T/x.db"
database "a text" x.db
printf 'Once upon a time there was a text file.\n' >"$T/x.db"
begin 80x24 C.UTF-8 --db "$T/x.db"
see "80 columns: the room opens" wait_for 10 shows "xuxie-preview"
enter "$words"
see "80 columns: the rescue file is told" wait_for 10 shows "rescue-"
key C-c
wait_for 10 is_still
enter /quit
wait_for 10 left 3
rm -f "$T/x.db" "$(rescue_path)"
{
    printf 'SQLite format 3\0'
    head -c 8000 /dev/urandom
} >"$T/x.db"
database "a header and noise" x.db
mkdir "$T/x.db"
database "a folder" x.db
mkfifo "$T/x.db"
database "a pipe" x.db
if command -v sqlite3 >/dev/null; then
    printf '雪' | "$XUXIE" continue -n 2 --db "$T/x.db" >/dev/null
    sqlite3 "$T/x.db" 'PRAGMA journal_mode=DELETE; PRAGMA user_version=9999' >/dev/null
    database "made by a newer xuxie" "schema >= 9999"
    sqlite3 "$T/x.db" 'CREATE TABLE recipes(name TEXT); PRAGMA application_id=7' >/dev/null
    database "another program's" "another program"
else
    skip "sqlite3 is missing"
fi

# Root may write what is read-only; somebody else may not.
as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
if [ "$(id -u)" != 0 ]; then
    as_nobody=()
fi
if "${as_nobody[@]}" env HOME=/nonexistent XDG_CONFIG_HOME= XDG_DATA_HOME= XDG_STATE_HOME= \
    "$XUXIE" model info >/dev/null 2>&1; then
    mkdir "$T/nobody"
    printf '雪' | "$XUXIE" continue -n 2 --db "$T/nobody/x.db" >/dev/null
    rm -f "$T"/nobody/x.db-*
    chmod 755 "$T"
    chmod 444 "$T/nobody/x.db"
    chmod 555 "$T/nobody"
    mkdir "$T/own"
    test "$(id -u)" != 0 || chown 65534 "$T/own"
    before=$(sha256sum <"$T/nobody/x.db")
    program=$XUXIE
    if [ ${#as_nobody[@]} -gt 0 ]; then
        printf '#!/bin/sh\nexec %s "%s" "$@"\n' "${as_nobody[*]}" "$program" >"$T/as-nobody"
        chmod 755 "$T/as-nobody"
        XUXIE=$T/as-nobody
    fi
    room_env=(HOME="$T/own" XDG_CONFIG_HOME= XDG_DATA_HOME= XDG_STATE_HOME=)
    unsaved "read-only" x.db --db "$T/nobody/x.db"
    room_env=()
    XUXIE=$program
    check "read-only: it is as it was" test "$(sha256sum <"$T/nobody/x.db")" = "$before"
    chmod 755 "$T/nobody"
else
    skip "an unprivileged user cannot reach the program or its model here"
fi

# ---- full disks ----
mkdir "$T/full"
if mount -t tmpfs -o size=1m,mode=700 xuxie-test "$T/full" 2>/dev/null; then
    trap 'tmux -L "$socket" kill-server 2>/dev/null; umount -l "$T/full"; rm -rf "$T"' EXIT
    begin 200x24 C.UTF-8 --ignore-eos -n 1000000 --db "$T/full/x.db"
    see "full disk: the room opens" wait_for 10 shows "xuxie-preview"
    enter "$words"
    see "full disk: it writes before" wait_for 20 words_follow
    cat /dev/zero >"$T/full/fill" 2>/dev/null
    see "full disk: the status line warns" wait_for 20 shows "not saved"
    see "full disk: a standing line tells the rescue file" wait_for 20 shows "rescue-"
    first=$(manuscript)
    sleep 0.5
    see "full disk: the model goes on" test "$first" != "$(manuscript)"
    key C-c
    wait_for 10 is_still
    manuscript >"$T/shown"
    sleep 1 # the rescue file is at most half a second behind
    file=$(find "$XDG_STATE_HOME" -name 'rescue-*.txt')
    see "full disk: the rescue file holds the words" grep -qF "$(cat "$T/shown")" <(squeeze <"$file")
    rm "$T/full/fill"
    wait_for 20 shows "takes words again"
    see "full disk: room again, and it is saved" wait_for 20 shows "● saved"
    enter /quit
    see "full disk: it leaves with status 0" wait_for 10 left 0
    begin 200x24 C.UTF-8 --db "$T/full/x.db"
    see "full disk: everything is there" wait_for 10 words_follow
    see "full disk: it can be saved as a file" story "$T/again.txt"
    check "full disk: to the last character" grep -qF "$(cat "$T/shown")" <(squeeze <"$T/again.txt")
    enter /quit
    wait_for 10 left 0
    umount "$T/full"
    trap 'tmux -L "$socket" kill-server 2>/dev/null; rm -rf "$T"' EXIT
else
    skip "a small file system cannot be mounted"
fi

program=$XUXIE
printf '#!/bin/bash\nulimit -f 128\nexec "%s" "$@"\n' "$program" >"$T/limited"
chmod 755 "$T/limited"
XUXIE=$T/limited
begin 200x24 C.UTF-8 --ignore-eos -n 1000000 --db "$T/small.db"
see "files of 128 KiB: the room opens" wait_for 10 shows "xuxie-preview"
enter "$words"
see "files of 128 KiB: it writes" wait_for 20 words_follow
see "files of 128 KiB: the status line warns" wait_for 60 shows "not saved"
write_and_leave "files of 128 KiB"
XUXIE=$program

# ---- a model that changes under the room ----
cp "$("$XUXIE" model info --json | sed -n 's/.*"path":"\([^"]*\)".*/\1/p')" "$T/model.gguf"
begin 200x24 C.UTF-8 --ignore-eos -n 1000000 --model "$T/model.gguf"
see "model cut short: the room opens" wait_for 10 shows "xuxie-preview"
enter "$words"
see "model cut short: it writes before" wait_for 20 words_follow
truncate -s 100000 "$T/model.gguf"
see "model cut short: the room says so" wait_for 20 shows "model.gguf"
wait_for 10 is_still
manuscript >"$T/shown"
story "$T/again.txt"
see "model cut short: the words are kept" grep -qF "$(cat "$T/shown")" <(squeeze <"$T/again.txt")
enter "/model preview-q8_0"
sleep 0.5
key Enter
see "model cut short: another one goes on" wait_for 20 goes_on "$T/shown"
key C-c
wait_for 10 is_still
enter /quit
see "model cut short: it leaves with status 0" wait_for 10 left 0

# ---- terminals and texts ----
# Line mode asks for the next words, below what the model wrote, and nowhere else.
asks()
{
    test "$(screen | grep -v '^ *$' | tail -n 1 | tr -d ' ')" = '>' && is_still &&
        test "$(screen | grep -c '^> *$')" = 1
}

for terminal in dumb unknown-terminal ''; do
    room_env=(TERM="$terminal")
    begin 80x24 C.UTF-8 --ignore-eos -n 20
    see "TERM=$terminal: line mode" wait_for 10 shows "line mode"
    enter "$words"
    see "TERM=$terminal: it takes words" wait_for 10 shows "$words"
    see "TERM=$terminal: it asks once" wait_for 20 asks
    key C-d
    see "TERM=$terminal: ^D leaves" wait_for 10 left 0
done
room_env=()
printf '\xc4\xc7\xd2\xbb\xd2\xb9' >"$T/gbk.txt"
begin 80x24 C.UTF-8 "$T/gbk.txt"
see "a text that is not UTF-8: refused" wait_for 10 left 1
check "a text that is not UTF-8: one plain line names it" \
    test "$(grep -c gbk.txt "$T/said")" = 1 -a "$(wc -l <"$T/said")" = 1
begin 80x24 C.UTF-8 "no such story"
see "no such story: refused" wait_for 10 left 1

# ---- descriptors ----
run timeout 10 "$XUXIE" <&-
check "standard input closed: an error" test "$status" = 1 -o "$status" = 2
check "standard input closed: one line" test "$(wc -l <"$T/err")" = 1
printf '雪' | timeout 10 "$XUXIE" continue -n 3 --no-store >&- 2>"$T/err"
status=${PIPESTATUS[1]}
check "standard output closed: status 4" test "$status" = 4
check "standard output closed: one line" test "$(wc -l <"$T/err")" = 1
printf '雪' | run timeout 10 bash -c '"$@" 2>&-' - "$XUXIE" continue -n 3 --no-store
check "standard error closed: it writes" test "$status" = 0 -a -s "$T/out"
finish
