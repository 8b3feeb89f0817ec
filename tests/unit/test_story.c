/* test_story.c - the story tree against a naive model (arrays of parents and texts, paths rebuilt
 * by walking), over random actions; and what redo does. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/mem.h"
#include "src/base/rng.h"
#include "src/story.h"

enum { NODES_MAX = 400, STEPS = 4000, SEEDS = 20 };

/* Node i has parent[i]; 0 is the root. left[i] is where redo leads, 0: to the newest child. */
struct model {
    int n, current;
    int parent[NODES_MAX], left[NODES_MAX];
    struct str text[NODES_MAX];
    struct node *node[NODES_MAX];
};

static uint64_t draws;

static int draw(uint64_t seed, int below)
{
    return (int)(rng_uniform(seed, 0, draws++, 0) * below);
}

static int newest_child(const struct model *m, int i)
{
    for (int c = m->n - 1; c > 0; c--)
        if (m->parent[c] == i)
            return c;
    return 0;
}

/* Entering a node makes it the way redo takes, from the root down to it. */
static void enter(struct model *m, int i)
{
    m->current = i;
    for (; i != 0; i = m->parent[i])
        m->left[m->parent[i]] = i;
}

static int sibling(const struct model *m, int i, int step)
{
    if (i == 0)
        return 0;
    for (int c = i + step; c > 0 && c < m->n; c += step)
        if (m->parent[c] == m->parent[i])
            return c;
    return 0;
}

static void check(const struct story *s, const struct model *m)
{
    assert_ptr_equal(s->current, m->node[m->current]);
    int path[NODES_MAX];
    size_t depth = 0, n_bytes = 0;
    for (int i = m->current; i != 0; i = m->parent[i]) {
        path[depth++] = i;
        n_bytes += m->text[i].len;
    }
    struct str expected = STR_INIT, text = STR_INIT;
    struct node *nodes[NODES_MAX] = {NULL};
    assert_int_equal(story_path_length(s), depth);
    assert_int_equal(story_path(s, nodes, NODES_MAX), depth);
    for (size_t i = 0; i < depth; i++) {
        assert_ptr_equal(nodes[i], m->node[path[depth - 1 - i]]);
        str_append(&expected, str_cstr(&m->text[path[depth - 1 - i]]),
                   m->text[path[depth - 1 - i]].len);
    }
    story_text(s, &text);
    assert_string_equal(str_cstr(&text), str_cstr(&expected));
    assert_int_equal(story_text_bytes(s), n_bytes);
    struct node *first[1] = {NULL};
    assert_int_equal(story_path(s, first, 1), depth > 0);
    assert_ptr_equal(first[0], nodes[0]);
    str_free(&expected);
    str_free(&text);

    int index = 1, count = 1;
    for (int i = m->current; (i = sibling(m, i, -1)) != 0;)
        index++, count++;
    for (int i = m->current; (i = sibling(m, i, 1)) != 0;)
        count++;
    int n_siblings = 0;
    assert_int_equal(story_sibling_index(s->current, &n_siblings), index);
    assert_int_equal(n_siblings, count);
}

static void step_add(struct story *s, struct model *m, uint64_t seed)
{
    char text[32];
    int parent = draw(seed, 3) ? m->current : draw(seed, m->n);
    int n = snprintf(text, sizeof text, "%d段。", m->n);
    if (draw(seed, 4) == 0)
        n = 0;
    int i = m->n++;
    m->parent[i] = parent;
    m->left[i] = 0;
    m->text[i] = (struct str)STR_INIT;
    str_append(&m->text[i], text, (size_t)n);
    m->node[i] = story_add(s, m->node[parent], -i, NODE_AUTHOR, text, (size_t)n);
    enter(m, i);
}

static void step_move(struct story *s, struct model *m, uint64_t seed)
{
    int to;
    switch (draw(seed, 4)) {
    case 0:
        assert_int_equal(story_undo(s), m->current != 0);
        if (m->current)
            m->current = m->parent[m->current];
        break;
    case 1:
        to = m->left[m->current] ? m->left[m->current] : newest_child(m, m->current);
        assert_int_equal(story_redo(s), to != 0);
        if (to)
            enter(m, to);
        break;
    case 2: {
        int step = draw(seed, 2) ? 1 : -1;
        to = sibling(m, m->current, step);
        assert_int_equal(story_sibling(s, step), to != 0);
        if (to)
            enter(m, to);
        break;
    }
    default:
        to = draw(seed, m->n);
        story_goto(s, m->node[to]);
        enter(m, to);
    }
}

static void test_random_actions(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct model m = {.n = 1};
        struct story *s = story_new(7, "雪夜");
        m.node[0] = s->root;
        m.text[0] = (struct str)STR_INIT;
        draws = 0;
        for (int step = 0; step < STEPS; step++) {
            int what = draw(seed, 10);
            if (what == 0 && m.n < NODES_MAX) {
                step_add(s, &m, seed);
            } else if (what == 1 && m.current) {
                story_grow(m.node[m.current], "又", 3);
                str_append(&m.text[m.current], "又", 3);
            } else {
                step_move(s, &m, seed);
            }
            if (step % 7 == 0 || what == 0)
                check(s, &m);
        }
        for (int i = 0; i < m.n; i++)
            str_free(&m.text[i]);
        story_free(s);
    }
}

static void test_redo(void **state)
{
    (void)state;
    struct story *s = story_new(1, "");
    struct node *a = story_add(s, s->root, 1, NODE_AUTHOR, "a", 1);
    struct node *b = story_add(s, a, 2, NODE_MODEL, "b", 1);
    assert_true(story_undo(s));
    struct node *c = story_add(s, a, 3, NODE_MODEL, "c", 1);
    assert_true(story_sibling(s, -1));
    assert_ptr_equal(s->current, b);
    assert_true(story_undo(s) && story_undo(s));
    assert_false(story_undo(s));
    assert_true(story_redo(s) && story_redo(s));
    assert_ptr_equal(s->current, b); /* the take left last, not the newest */
    assert_false(story_redo(s));

    /* attached, as when read from the database: nothing was left yet, so redo takes the newest */
    struct node *d = story_attach(b, 4, NODE_MODEL, "d", 1);
    struct node *e = story_attach(b, 5, NODE_MODEL, "e", 1);
    assert_ptr_equal(s->current, b);
    assert_true(story_redo(s));
    assert_ptr_equal(s->current, e);
    assert_ptr_equal(e->prev, d);
    assert_ptr_equal(c->parent, a);
    story_free(s);
    story_free(NULL);
}

static void test_bytes(void **state)
{
    (void)state;
    struct story *s = story_new(1, "t");
    static const char raw[] = "a\0\xFF\xE4";
    struct node *n = story_add(s, s->root, -1, NODE_MODEL, raw, sizeof raw - 1);
    assert_int_equal(n->n_text, 4);
    assert_memory_equal(n->text, raw, sizeof raw);
    for (int i = 0; i < 5000; i++)
        story_grow(n, "字", 3);
    story_grow(n, NULL, 0);
    assert_int_equal(n->n_text, 4 + 15000);
    assert_memory_equal(n->text, raw, 4);
    assert_string_equal(n->text + n->n_text - 3, "字");

    const int32_t ids[] = {5, 6, 7};
    story_set_ids(n, ids, 3, "tok");
    story_set_ids(n, n->ids, n->n_ids, "tok"); /* its own */
    assert_int_equal(n->n_ids, 3);
    assert_memory_equal(n->ids, ids, sizeof ids);
    assert_string_equal(n->tokenizer, "tok");
    story_set_ids(n, NULL, 0, NULL);
    assert_null(n->ids);
    assert_string_equal(n->tokenizer, "");
    story_free(s);
}

/* Deep and wide enough to overflow a stack that recursion would use. */
static void test_deep(void **state)
{
    (void)state;
    struct story *s = story_new(1, "");
    for (int i = 0; i < 200000; i++)
        story_add(s, s->current, -i, NODE_AUTHOR, "x", 1);
    assert_int_equal(story_text_bytes(s), 200000);
    story_goto(s, s->root);
    for (int i = 0; i < 100000; i++)
        story_attach(s->root, -i, NODE_AUTHOR, "", 0);
    story_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_actions),
        cmocka_unit_test(test_redo),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
