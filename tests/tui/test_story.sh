#!/bin/sh
# test_story.sh - the story a stranger lives through, in tmux, in three locales and three sizes.
. "${top_srcdir:-.}/tests/tui/tmux.sh"
echo 1..39

opening='那一夜,雪下得很大。'
written() { [ "$(screen | tr -d '\n │|▌' | sed "s/.*$opening//" | head -c 60 | wc -c)" -ge 30 ]; }
idle() { ! shows '字/秒' && ! shows 'chars/s' && ! shows '%'; }
manuscript() { screen | sed -n '2,/^[└+]/p' | tr -d '\n │|▌└┘─┌┐+-' ; }
gone() { ! alive; }

for setup in '80x24 zh_CN.UTF-8' '40x10 C.UTF-8' '200x60 C'; do
  size=${setup% *} locale=${setup#* }
  rm -rf "$home/.local"
  start "$size" "$locale" --seed 7 -n 60
  check "$setup: the room opens" wait_for 5 shows 'xuxie-preview'
  type_text "$opening"
  check "$setup: what is typed is on the screen" wait_for 2 shows "$opening"
  key Enter
  check "$setup: the model writes within a second" wait_for 1 written
  wait_for 20 idle
  one=$(manuscript)
  key F5
  sleep 0.3
  wait_for 20 idle
  two=$(manuscript)
  check "$setup: retry gives a take and keeps the opening" shows "$(printf %.15s "$opening")"
  check "$setup: both takes are in the tree" \
    wait_for 3 test "$(db "select count(*) from generations")" = 2
  key M-u
  sleep 0.3
  check "$setup: undo leaves the opening alone" test "$(printf %s "$(manuscript)" | wc -c)" -lt "$(printf %s "$two" | wc -c)"
  key M-r
  sleep 0.3
  check "$setup: redo brings the take back" test "$(manuscript)" = "$two"
  key Enter
  check "$setup: Enter on an empty prompt goes on" wait_for 5 test "$(db "select count(*) from generations")" -ge 2
  key C-c
  sleep 0.3
  wait_for 5 idle
  before=$(db "select count(*) from nodes")
  type_text '/quit'
  key Enter
  check "$setup: /quit leaves" wait_for 5 gone
  check "$setup: the database is whole" test "$(db 'pragma integrity_check')" = ok
  check "$setup: it holds what was there" test "$(db 'select count(*) from nodes')" -ge "$before"
  start "$size" "$locale"
  check "$setup: the story is there when the room opens again" wait_for 5 shows "$(printf %.15s "$opening")"
  key C-c
  key C-c
  key y
  check "$setup: ^C ^C leaves" wait_for 5 gone
done
[ "$one" ] || exit 1
