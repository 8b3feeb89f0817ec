/* test_window.c - engine/window.c: how much stays, where the cut lies, and that it stays there. */
#include "config.h"

#include "engine/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "src/base/mem.h"
#include "src/base/utf8.h"

/* A tokenizer for the tests: token i of a text is just its i-th piece. */
struct tokenizer {
    const char *pieces[64];
};

const char *tokenizer_piece(const struct tokenizer *t, int32_t id, bool special, size_t *n_bytes)
{
    (void)special;
    *n_bytes = strlen(t->pieces[id]);
    return t->pieces[id];
}

enum { PARAGRAPH = 0, SENTENCE = 1, HALF_A = 2, HALF_B = 3, LETTER = 4 };

static const struct tokenizer tokens = {{"好。\n", "好。", "\xE9\x82", "\xA3", "字"}};

static void test_reserve(void **state)
{
    (void)state;
    assert_int_equal(window_reserve(0, 1024), 256);
    assert_int_equal(window_reserve(100, 1024), 100);
    assert_int_equal(window_reserve(300, 1024), 256);
    assert_int_equal(window_reserve(0, 2), 1);
    assert_int_equal(window_reserve(5, 1), 1);
}

static void test_fits(void **state)
{
    (void)state;
    int32_t ids[1024] = {0};
    assert_int_equal(window_cut(&tokens, ids, 0, 0, 1, 64), 0);
    assert_int_equal(window_cut(&tokens, ids, 48, 0, 16, 64), 0);
    assert_int_not_equal(window_cut(&tokens, ids, 49, 0, 16, 64), 0);
}

/* Between a half and three quarters stay, the answer fits, and no character is cut in two. */
static void test_random_texts(void **state)
{
    (void)state;
    static int32_t ids[4096];
    srand(5);
    for (int round = 0; round < 3000; round++) {
        int n_ctx = 2 + rand() % 300;
        int reserve = window_reserve(rand() % 100, n_ctx);
        int n = n_ctx - reserve + 1 + rand() % 1000;
        bool previous_half = false;
        for (int i = 0; i < n; i++) {
            int32_t id = (int32_t)(rand() % 40);
            id = id > 2 ? LETTER : id;
            if (previous_half)
                id = HALF_B;
            previous_half = id == HALF_A;
            ids[i] = id;
        }
        int cut = window_cut(&tokens, ids, n, 0, reserve, n_ctx);
        int kept = n - cut;
        assert_in_range(kept, n_ctx / 2, n_ctx * 3 / 4);
        assert_true(kept + reserve <= n_ctx);
        if (n_ctx >= 16)
            assert_true(ids[cut] != HALF_B);
        /* No better place is nearer to half. */
        int target = n - n_ctx / 2, distance = abs(cut - target);
        for (int at = n - n_ctx * 3 / 4; at <= n - n_ctx / 2; at++) {
            if (at > 0 && ids[at - 1] == PARAGRAPH)
                assert_true(ids[cut - 1] == PARAGRAPH && abs(at - target) >= distance);
        }
    }
}

static void test_cut_stays(void **state)
{
    (void)state;
    static int32_t ids[8192];
    for (int i = 0; i < 8192; i++)
        ids[i] = i % 37 == 0 ? SENTENCE : LETTER;
    const int n_ctx = 256, reserve = 32;
    int cut = 0, n_moves = 0;
    for (int n = 1; n < 8192; n++) {
        int next = window_cut(&tokens, ids, n, cut, reserve, n_ctx);
        assert_true(next >= cut);
        assert_true(n - next + reserve <= n_ctx);
        n_moves += next != cut;
        if (next != cut)
            assert_int_equal(ids[next - 1], SENTENCE);
        cut = next;
    }
    assert_in_range(n_moves, 60, 140); /* a step of about 64 to 96 tokens each */
    /* Undo: a little keeps the cut, a lot gives the older text back. */
    assert_int_equal(window_cut(&tokens, ids, cut + n_ctx / 2, cut, reserve, n_ctx), cut);
    int back = window_cut(&tokens, ids, cut + 10, cut, reserve, n_ctx);
    assert_true(back < cut);
    assert_int_equal(window_cut(&tokens, ids, 100, 60, reserve, n_ctx), 0);
}

/* Where a cut may lie: the text up to | and after it; which of the two places is taken. */
static void test_borders(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
        bool good; /* a sentence ends there */
    } cases[] = {
        {"雪。", "他", true},     {"雪！", "他", true},     {"雪？", "他", true},
        {"雪……", "他", true},     {"雪…", "…他", false},    {"雪。", "」他", false},
        {"雪。」", "他", true},   {"雪。』", "他", true},   {"雪。”", "他", true},
        {"snow.", " He", true},   {"snow. ", "He", true},   {"3.", "14", false},
        {"snow!\"", " He", true}, {"snow.”", " He", true},  {"don’", "t", false},
        {"snow", " He", false},   {"snow,", " he", false},  {"雪，", "他", false},
        {"(snow?) ", "He", true}, {"snow. \t", "He", true}, {"e.g", ".", false},
    };
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        /* n_ctx 32: 16..24 of 40 tokens stay; the place in question keeps 22, else 16 stay. */
        struct tokenizer t = {{"字", cases[c].before, cases[c].after}};
        int32_t ids[40] = {0};
        ids[17] = 1;
        ids[18] = 2;
        int cut = window_cut(&t, ids, 40, 0, 8, 32);
        assert_int_equal(cut, cases[c].good ? 18 : 24);
    }
    /* The marks may be divided over tokens. */
    struct tokenizer t = {{"字", "雪\xE3", "\x80", "\x82", "他"}};
    int32_t ids[40] = {[16] = 1, [17] = 2, [18] = 3, [19] = 4};
    assert_int_equal(window_cut(&t, ids, 40, 0, 8, 32), 19);
}

static void test_paragraph_before_sentence(void **state)
{
    (void)state;
    int32_t ids[40];
    for (int i = 0; i < 40; i++)
        ids[i] = LETTER;
    assert_int_equal(window_cut(&tokens, ids, 40, 0, 8, 32), 24); /* no mark at all */
    ids[23] = HALF_A;
    ids[24] = HALF_B;
    assert_int_equal(window_cut(&tokens, ids, 40, 0, 8, 32), 23);
    ids[20] = SENTENCE;
    assert_int_equal(window_cut(&tokens, ids, 40, 0, 8, 32), 21);
    ids[16] = PARAGRAPH;
    assert_int_equal(window_cut(&tokens, ids, 40, 0, 8, 32), 17);
    ids[21] = PARAGRAPH;
    assert_int_equal(window_cut(&tokens, ids, 40, 0, 8, 32), 22); /* the later one: a larger step */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reserve),      cmocka_unit_test(test_fits),
        cmocka_unit_test(test_random_texts), cmocka_unit_test(test_cut_stays),
        cmocka_unit_test(test_borders),      cmocka_unit_test(test_paragraph_before_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
