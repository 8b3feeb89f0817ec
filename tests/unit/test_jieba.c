/* test_jieba.c - jieba's words: the reference data's vectors with the dictionary of python3-jieba
 * where the build has it, and damaged dictionaries. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "engine/tokenizers/jieba.h"
#include "src/base/mem.h"
#include "tests/unit/token_vectors.h"

static bool add(void *list, const char *word, size_t n)
{
    return json_array_append_new(list, json_stringn(word, n)) == 0;
}

static const char *dictionary(void)
{
    const char *env = getenv("XUXIE_JIEBA");
    return env ? env : "data/jieba.bin";
}

static struct jieba *open_dictionary(void)
{
    struct jieba *j;
    if (access(dictionary(), R_OK) != 0) {
        fprintf(stderr, "# skipped: no %s; python3-jieba was not there\n", dictionary());
        return NULL;
    }
    jieba_set_path(dictionary());
    assert_int_equal(jieba_open(&j, NULL), 0);
    return j;
}

static void check_words(const struct jieba *j, const json_t *line, bool hmm)
{
    const json_t *text = json_object_get(line, "text");
    json_t *words = json_array();
    assert_true(jieba_cut(j, json_string_value(text), json_string_length(text), hmm, add, words));
    if (!json_equal(words, json_object_get(line, hmm ? "words" : "words_nohmm")))
        fail_msg("%s", json_string_value(text));
    json_decref(words);
}

static void test_vectors(void **state)
{
    (void)state;
    char path[4096];
    struct jieba *j = open_dictionary();
    if (!j || !shared_path(path, sizeof path, "fixtures/tokens/jieba/public.jsonl")) {
        jieba_close(j);
        skip();
    }
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t cap = 0;
    assert_non_null(f);
    while (getline(&line, &cap, f) > 0) {
        json_t *value = json_loads(line, JSON_ALLOW_NUL, NULL);
        check_words(j, value, true);
        check_words(j, value, false);
        json_decref(value);
    }
    free(line);
    fclose(f);
    jieba_close(j);
}

struct whole {
    const char *text;
    size_t at;
};

static bool is_next(void *context, const char *word, size_t n)
{
    struct whole *w = context;
    assert_ptr_equal(word, w->text + w->at);
    w->at += n;
    return n > 0;
}

/* Words put together are the text, whatever its bytes. */
static void test_nothing_is_lost(void **state)
{
    (void)state;
    static const char *const parts[] = {"雪",       "夜", "a",  "9",  ".", "%", "\r\n",   "\xFF",
                                        "\xE9\x9B", " ",  "の", "𠮷", "+", "-", "研究生", "\n"};
    struct jieba *j = open_dictionary();
    unsigned seed = 1;
    if (!j)
        skip();
    for (int round = 0; round < 2000; round++) {
        char text[256];
        size_t n = 0;
        for (int i = 0; i < 24; i++) {
            seed = seed * 1664525u + 1013904223u;
            const char *part = parts[seed >> 28];
            memcpy(text + n, part, strlen(part));
            n += strlen(part);
        }
        char *exact = exact_copy(text, n);
        struct whole w = {exact, 0};
        assert_true(jieba_cut(j, exact, n, round % 2, is_next, &w));
        assert_int_equal(w.at, n);
        free(exact);
    }
    jieba_close(j);
}

/* A dictionary of one word, 雪, and no model. */
static const unsigned char one[24 + 3 * 12] = {
    'x', 'u', 'x', 'i', 'e', 'j', 'b', '1', 2, 0, 0, 0, 0, 0, 0, 0, 5,    0,    0, 0,
    0,   0,   0,   0,   0,   0,   0,   0,   1, 0, 0, 0, 0, 0, 0, 0, 0xEA, 0x96, 0, 0,
    2,   0,   0,   0,   5,   0,   0,   0,   0, 0, 0, 0, 2, 0, 0, 0, 0,    0,    0, 0,
};

static void test_damaged(void **state)
{
    (void)state;
    char path[] = "jieba-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    jieba_set_path(path);
    for (size_t i = 0; i <= 2 * sizeof one; i++) {
        unsigned char data[sizeof one];
        memcpy(data, one, sizeof one);
        if (i < sizeof one)
            data[i] ^= 0xFF;
        FILE *f = fopen(path, "wb");
        assert_non_null(f);
        fwrite(data, 1, i < sizeof one ? sizeof one : 2 * sizeof one - i, f);
        fclose(f);
        struct jieba *j = NULL;
        struct err err = ERR_INIT;
        int rc = jieba_open(&j, &err);
        if (i == sizeof one)
            assert_int_equal(rc, 0);
        else if (i > sizeof one)
            assert_int_equal(rc, E_INPUT);
        if (rc == 0) {
            json_t *words = json_array();
            assert_true(jieba_cut(j, "雪a雪", 7, true, add, words));
            json_decref(words);
        }
        jieba_close(j);
    }
    unlink(path);
    struct jieba *j;
    struct err err = ERR_INIT;
    assert_int_equal(jieba_open(&j, &err), E_INPUT);
    assert_non_null(strstr(err.msg, "python3-jieba"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_nothing_is_lost),
        cmocka_unit_test(test_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
