/* test_config.c - xuxie.ini: what is taken, what is told with its line, what is refused. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/options.h"

static char folder[] = "/tmp/test_config.XXXXXX";
static char path[64];

struct told {
    struct str all;
    unsigned n;
};

static void remember(void *arg, const char *message)
{
    struct told *t = arg;
    t->n++;
    str_printf(&t->all, "%s\n", message);
}

static void write_file(const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

static int read_text(struct settings *s, struct told *t, const char *text, struct err *err)
{
    *t = (struct told){0};
    write_file(text, strlen(text));
    return settings_read_ini(s, path, remember, t, err);
}

static void assert_value(const struct settings *s, const char *name, const char *expected)
{
    struct str text = STR_INIT;
    settings_get(s, name, &text);
    assert_string_equal(str_cstr(&text), expected);
    str_free(&text);
}

static void test_values(void **state)
{
    (void)state;
    struct settings s;
    struct told t;
    struct err err = ERR_INIT;
    settings_init(&s);
    assert_int_equal(read_text(&s, &t,
                               "\xEF\xBB\xBF# comment\r\n"
                               "; another\r\n"
                               "\r\n"
                               "[sampling]\r\n"
                               "temp = 0.6\r\n"
                               "top-k=40\n"
                               "  min_p : 0.1\n"
                               "stop = 第 ;回\n"
                               "stop = \"\\n\\n\" \"完\"\n"
                               "samplers = top_p;temp\n"
                               "model = ~/模型/a.gguf",
                               &err),
                     0);
    assert_int_equal(t.n, 0);
    assert_value(&s, "temp", "0.6");
    assert_value(&s, "top_k", "40");
    assert_value(&s, "min_p", "0.1");
    assert_value(&s, "stop", "\"第 ;回\" \"\\n\\n\" \"完\"");
    assert_value(&s, "samplers", "top_p;temp");
    assert_value(&s, "model", "~/模型/a.gguf");
    settings_free(&s);
}

static void test_messages(void **state)
{
    (void)state;
    struct settings s;
    struct told t;
    struct err err = ERR_INIT;
    settings_init(&s);
    assert_int_equal(read_text(&s, &t,
                               "tempp = 1\n"
                               "temp = hot\n"
                               "\n"
                               "just words\n"
                               "[open\n"
                               "echo = on\n"
                               "= 3\n"
                               "top_k = 5\n",
                               &err),
                     0);
    assert_int_equal(t.n, 6);
    static const char *const parts[] = {
        "line 1: \"tempp\" is not a setting; did you mean temp?",
        "line 2: temp: \"hot\" is not understood",
        "line 4: neither",
        "line 5: neither",
        "line 6: \"echo\" is not a setting",
        "line 7: ",
    };
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        assert_non_null(strstr(t.all.data, parts[i]));
    assert_non_null(strstr(t.all.data, path));
    assert_value(&s, "top_k", "5"); /* the rest counts */
    str_free(&t.all);
    settings_free(&s);
}

static void test_many_messages(void **state)
{
    (void)state;
    struct settings s;
    struct told t;
    struct err err = ERR_INIT;
    struct str text = STR_INIT;
    for (int i = 0; i < 1000; i++)
        str_puts(&text, "nonsense = 1\n");
    settings_init(&s);
    assert_int_equal(read_text(&s, &t, text.data, &err), 0);
    assert_int_equal(t.n, LIMIT_CONFIG_MESSAGES);
    assert_non_null(strstr(t.all.data, "981 more lines"));
    str_free(&t.all);
    str_free(&text);
    settings_free(&s);
}

/* Under [keys] names are actions; whether there are such is asked when the room opens. */
static void test_keys(void **state)
{
    (void)state;
    struct settings s, copy = {0};
    struct told t;
    struct err err = ERR_INIT;
    settings_init(&s);
    assert_int_equal(read_text(&s, &t,
                               "temp = 0.5\n"
                               "[keys]\n"
                               "retry = F6, M-;\n"
                               "temp = 0.9\n"
                               "copy =\n"
                               "not a row\n"
                               "[story]\n"
                               "top_k = 7\n",
                               &err),
                     0);
    assert_int_equal(t.n, 1);
    assert_non_null(strstr(t.all.data, "line 6"));
    str_free(&t.all);
    assert_value(&s, "temp", "0.5");
    assert_value(&s, "top_k", "7");
    settings_copy(&copy, &s);
    settings_free(&s);
    assert_int_equal(copy.n_keys, 3);
    static const struct {
        const char *action, *keys;
    } want[] = {{"retry", "F6, M-;"}, {"temp", "0.9"}, {"copy", ""}};
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        assert_string_equal(copy.keys[i].action, want[i].action);
        assert_string_equal(copy.keys[i].keys, want[i].keys);
        assert_int_equal(copy.keys[i].line, (int)i + 3);
    }
    settings_free(&copy);
}

static void test_refused(void **state)
{
    (void)state;
    struct settings s;
    struct told t = {0};
    struct err err = ERR_INIT;
    settings_init(&s);

    struct str text = STR_INIT; /* the longest line, and one byte more */
    str_puts(&text, "model = ");
    while (text.len < LIMIT_CONFIG_LINE_BYTES)
        str_putc(&text, 'a');
    assert_int_equal(read_text(&s, &t, text.data, &err), 0);
    assert_int_equal(strlen(s.model), LIMIT_CONFIG_LINE_BYTES - 8);
    str_putc(&text, 'a');
    assert_int_equal(read_text(&s, &t, text.data, &err), E_INPUT);
    assert_non_null(strstr(err.msg, "line 1 is longer"));
    str_free(&text);

    assert_int_equal(read_text(&s, &t, "temp = 1\nmodel = \xff\n", &err), E_INPUT);
    assert_non_null(strstr(err.msg, "offset 17"));
    write_file("temp\0= 1\n", 9);
    assert_int_equal(settings_read_ini(&s, path, remember, &t, &err), E_INPUT);
    assert_non_null(strstr(err.msg, "NUL"));

    unlink(path);
    assert_int_equal(settings_read_ini(&s, path, remember, &t, &err), 0); /* none is fine */
    assert_int_equal(settings_read_ini(&s, folder, remember, &t, &err), E_INPUT);
    assert_non_null(strstr(err.msg, "directory"));
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(settings_read_ini(&s, path, remember, &t, &err), E_INPUT); /* no blocking */
    unlink(path);
    assert_int_equal(symlink("/dev/zero", path), 0);
    assert_int_equal(settings_read_ini(&s, path, remember, &t, &err), E_INPUT);
    unlink(path);
    assert_int_equal(symlink(path, path), 0);
    assert_int_equal(settings_read_ini(&s, path, remember, &t, &err), E_INPUT);
    unlink(path);
    settings_free(&s);
}

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/xuxie.ini", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_many_messages), cmocka_unit_test(test_keys),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
