#!/bin/bash
# test_story.sh - the story a stranger lives through, in tmux, in three locales and three sizes: write,
# let the model go on, stop, retry, undo, redo, leave, and find it again to the last character.
. "${top_srcdir:-.}/tests/tui/tmux.sh" || exit 99

opening='那一夜,雪下得很大。'

now_ms()
{
    echo $((${EPOCHREALTIME/[.,]/} / 1000))
}

is_open()
{
    screen | grep -q '^┌' && shows "${1:-┌}"
}

# The model's words stand behind the text given.
goes_on()
{
    local text
    text=$(manuscript)
    test "${#text}" -gt $((${#1} + 5))
}

stop()
{
    key C-c
    wait_for 10 is_still
}

begins_with() # FILE FILE: the second begins with the first (but for the newline at the end)
{
    test "$(head -c $(($(stat -c %s "$1") - 1)) "$2")" = "$(head -c -1 "$1")"
}

longer() # FILE FILE
{
    test "$(stat -c %s "$1")" -gt "$(stat -c %s "$2")"
}

# What the screen shows is the end of what was saved.
screen_is_end_of()
{
    local all shown
    all=$(squeeze <"$1")
    shown=$(manuscript)
    test -n "$shown" -a "$all" != "${all%"$shown"}"
}

# story_is FILE [OTHER...]: the open story is the same as FILE.
story_is()
{
    story "$T/now" && cmp -s "$T/now" "$1"
}

database()
{
    sqlite3 "$XDG_DATA_HOME/xuxie/xuxie.db" "$1"
}

is_book() # FILE: an EPUB's signature
{
    test -s "$1" && test "$(head -c 58 "$1" | tail -c 28)" = "mimetypeapplication/epub+zip"
}

has_lines() # FILE NUMBER
{
    test -s "$1" && test "$(wc -l <"$1")" = "$2"
}

# The path of the last story, put together in SQL alone.
path_sql="WITH RECURSIVE
    up(id, parent, body, depth) AS (
      SELECT n.id, n.parent, t.body, 0 FROM nodes n LEFT JOIN texts t ON t.id = n.text
        WHERE n.id = (SELECT current FROM stories ORDER BY opened DESC LIMIT 1)
      UNION ALL
      SELECT n.id, n.parent, t.body, depth + 1 FROM up JOIN nodes n ON n.id = up.parent
        LEFT JOIN texts t ON t.id = n.text)
  SELECT group_concat(body, '') FROM (SELECT body FROM up ORDER BY depth DESC)"

same_in_database()
{
    test "$(database "$path_sql")" = "$(cat "$1")" # but for newlines at the end
}

live() # SIZE LOCALE
{
    local size=$1 locale=$2 name="$1 $2" t0
    rm -rf "$XDG_DATA_HOME/xuxie" "$T"/*.txt
    begin "$size" "$locale" --ignore-eos -n 1000000
    see "$name: the room opens" wait_for 10 is_open
    type_text "$opening"
    see "$name: what is typed is on the screen" wait_for 5 shows "$opening"
    t0=$(now_ms)
    key Enter
    see "$name: the model writes" wait_for 20 goes_on "$opening"
    echo "# $name: words after $(($(now_ms) - t0)) ms"
    see "$name: within a second" test $(($(now_ms) - t0)) -le $((1000 * ${XUXIE_PATIENCE:-1}))
    stop
    see "$name: ^C keeps what was written" story "$T/one.txt"
    see "$name: the opening is its beginning" test "$(head -c ${#opening_bytes} "$T/one.txt")" = "$opening"
    see "$name: the screen shows its end" screen_is_end_of "$T/one.txt"

    key Enter
    sleep 0.5
    stop
    see "$name: Enter goes on" story "$T/two.txt"
    see "$name: behind what was there" begins_with "$T/one.txt" "$T/two.txt"
    see "$name: with new words" longer "$T/two.txt" "$T/one.txt"

    key F5
    sleep 0.5
    stop
    see "$name: retry gives a take" story "$T/three.txt"
    see "$name: of the same passage" begins_with "$T/one.txt" "$T/three.txt"
    see "$name: and another one" test -n "$(cmp "$T/two.txt" "$T/three.txt")"
    key M-u
    see "$name: undo takes it back" story_is "$T/one.txt"
    key M-r
    see "$name: redo brings it back" story_is "$T/three.txt"
    key M-Left
    see "$name: the take before is there" story_is "$T/two.txt"
    key M-Right
    see "$name: and this one" story_is "$T/three.txt"
    see "$name: the screen shows its end" screen_is_end_of "$T/three.txt"

    enter /quit
    see "$name: /quit leaves" wait_for 10 left 0
    if command -v sqlite3 >/dev/null; then
        check "$name: the database is whole" test "$(database 'PRAGMA integrity_check')" = ok
        check "$name: it holds the story" same_in_database "$T/three.txt"
        check "$name: and all three takes" test "$(database 'SELECT count(*) FROM generations')" = 3
    else
        skip "sqlite3 is missing"
    fi

    begin "$size" "$locale"
    see "$name: it opens again" wait_for 10 goes_on ""
    see "$name: with the story, to the last character" story_is "$T/three.txt"
    see "$name: the screen shows its end" screen_is_end_of "$T/three.txt"
    rm -f "$T"/book.* "$T/all.jsonl"
    enter "/export epub $T/book"
    see "$name: /export makes a book" wait_for 10 is_book "$T/book.epub"
    enter "/export txt $T/book"
    see "$name: /export writes the text" wait_for 10 cmp -s "$T/three.txt" "$T/book.txt"
    enter "/export jsonl $T/all"
    see "$name: /export writes every passage" wait_for 10 has_lines "$T/all.jsonl" 5
    echo mine >"$T/book.txt"
    enter "/export txt $T/book"
    sleep 0.3
    key n
    see "$name: /export asks before it replaces" test "$(cat "$T/book.txt")" = mine
    key C-c
    wait_for 5 is_still
    key C-c
    see "$name: ^C ^C leaves" wait_for 10 left 0
}

LC_ALL=C printf -v opening_bytes '%*s' "$(printf %s "$opening" | wc -c)" ''
live 80x24 zh_CN.UTF-8
live 40x10 C.UTF-8
live 200x60 C
finish
