#!/bin/bash
# test_views.sh - History and Templates in tmux, in three locales and three sizes: search what was
# written while it is typed, read it, go back to the draft; run a template and keep what it wrote. What
# is looked for is the same in every language.
. "${top_srcdir:-.}/tests/tui/tmux.sh" || exit 99

opening='那一夜,雪下得很大。'

is_open()
{
    screen | grep -q '^┌'
}

# The prompt pane (the last frame) holds this.
holds()
{
    screen | sed -n '/^┌/h; /^┌/!H; ${x;p}' | sed 's/^.//' | grep -qF -- "$1"
}

# Every row of a frame reaches the right border.
is_whole()
{
    ! screen | grep -E '^[│├┃]' | grep -vqE '[│┤┃]$'
}

wrote()
{
    story "$T/now" && test "$(stat -c %s "$T/now")" -gt 60
}

# Keeps the answer as soon as there is one: the view is then closed.
is_kept()
{
    key M-g
    sleep 0.4
    ! holds 一灯如豆夜沉沉
}

resizes()
{
    local size i
    for i in 1 2 3; do
        for size in 20x5 200x60 41x11 100x30 7x3 79x23 "$1"; do
            tmux -L "$socket" resize-window -x "${size%x*}" -y "${size#*x}"
            sleep 0.02
        done
    done
    wait_for 5 is_still
}

live() # SIZE LOCALE
{
    local size=$1 locale=$2 name="$1 $2"
    rm -rf "$XDG_DATA_HOME/xuxie" "$T"/*.txt
    begin "$size" "$locale" --ignore-eos -n 40 --seed 3
    see "$name: the room opens" wait_for 10 is_open
    enter "$opening"
    see "$name: the model writes" wait_for 20 wrote
    wait_for 10 is_still
    type_text '未完的草稿'
    see "$name: a draft" wait_for 5 holds 未完的草稿
    key F3
    see "$name: history has it" wait_for 5 shows 1/1
    type_text 雪下得
    sleep 0.3
    see "$name: found while it is typed" wait_for 5 shows 1/1
    see "$name: the frames are whole" is_whole
    type_text 没有的
    see "$name: what is not there is not found" wait_for 5 not shows 1/1
    key C-u
    see "$name: and is there again" wait_for 5 shows 1/1
    key Enter
    wait_for 5 is_still
    resizes "$size"
    see "$name: sizes change, frames stay whole" is_whole
    key Escape
    see "$name: the draft is back" wait_for 5 holds 未完的草稿
    sleep 0.5
    key C-c
    wait_for 5 is_still

    enter '/template 写诗'
    see "$name: the library" wait_for 10 shows 写诗
    type_text '夜雪 起句=一灯如豆夜沉沉，'
    see "$name: the query is typed" wait_for 5 holds 一灯如豆夜沉沉
    wait_for 5 is_still
    see "$name: the frames are whole there too" is_whole
    key Enter
    wait_for 5 is_still
    resizes "$size"
    see "$name: sizes change here too" is_whole
    cp "$T/now" "$T/before"
    see "$name: the answer joins the manuscript" wait_for 20 is_kept
    see "$name: the room is there again" story "$T/now"
    see "$name: behind what was there" test "$(head -c $(($(stat -c %s "$T/before") - 1)) "$T/now")" = \
        "$(head -c -1 "$T/before")" -a "$(stat -c %s "$T/now")" -gt "$(stat -c %s "$T/before")"
    key F3
    see "$name: both are in the history" wait_for 5 shows 1/2
    key F3
    wait_for 5 is_still
    enter /quit
    see "$name: /quit leaves" wait_for 10 left 0
    if command -v sqlite3 >/dev/null; then
        check "$name: the template's version is recorded" test 1 = "$(sqlite3 \
            "$XDG_DATA_HOME/xuxie/xuxie.db" \
            'SELECT count(*) FROM generations WHERE template IS NOT NULL')"
    else
        skip "sqlite3 is missing"
    fi
}

not()
{
    ! "$@"
}

live 80x24 zh_CN.UTF-8
live 40x10 C.UTF-8
live 200x60 C
finish
