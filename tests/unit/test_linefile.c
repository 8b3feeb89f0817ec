/* test_linefile.c - lines of bounded length from files, whatever their ends (linefile.c,
 * textfile.c). */
#include "config.h"

#include "src/linefile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/base/mem.h"
#include "src/textfile.h"

static char path[] = "/tmp/test_linefile.XXXXXX";

static void write_file(const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

/* The lines joined with '|'. */
static int lines_of(const void *bytes, size_t n, size_t max, struct str *out)
{
    struct linefile f;
    struct err err = ERR_INIT;
    const char *line;
    size_t n_line;
    write_file(bytes, n);
    assert_int_equal(linefile_open(path, max, &f, &err), 0);
    int rc;
    while ((rc = linefile_next(&f, &line, &n_line, &err)) > 0) {
        str_append(out, line, n_line);
        str_putc(out, '|');
    }
    linefile_close(&f);
    return rc;
}

static void test_ends(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"", ""},      {"\n", "|"},         {"a", "a|"},
        {"a\n", "a|"}, {"a\n\nb", "a||b|"}, {"a\r\nb\n", "a\r|b|"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str out = STR_INIT;
        assert_int_equal(lines_of(cases[i].in, strlen(cases[i].in), 100, &out), 0);
        assert_string_equal(str_cstr(&out), cases[i].out);
        str_free(&out);
    }
}

static void test_long_lines(void **state)
{
    (void)state;
    struct str in = STR_INIT, out = STR_INIT;
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < 100000; i++)
            str_putc(&in, (char)('a' + k));
        str_putc(&in, '\n');
    }
    assert_int_equal(lines_of(in.data, in.len, 200000, &out), 0);
    assert_int_equal(out.len, in.len);
    for (size_t i = 0; i < in.len; i++)
        assert_int_equal(out.data[i], in.data[i] == '\n' ? '|' : in.data[i]);
    str_clear(&out);
    assert_int_equal(lines_of(in.data, in.len, 1000, &out), E_INPUT);
    str_free(&in);
    str_free(&out);
}

static void test_textfile(void **state)
{
    (void)state;
    struct str text = STR_INIT;
    struct err err = ERR_INIT;
    write_file("\xEF\xBB\xBF雪\n", 7);
    assert_int_equal(textfile_read(path, TEXTFILE_REGULAR, 7, &text, &err), 0);
    assert_int_equal(textfile_check(path, &text, &err), 0);
    assert_string_equal(text.data, "雪\n");
    str_clear(&text);
    assert_int_equal(textfile_read(path, TEXTFILE_REGULAR, 6, &text, &err), E_INPUT);
    str_clear(&text);
    write_file("ab\xE9\x9B", 4); /* cut in a character */
    assert_int_equal(textfile_read(path, 0, 100, &text, &err), 0);
    assert_int_equal(textfile_check(path, &text, &err), E_INPUT);
    assert_non_null(strstr(err.msg, "offset 2"));
    str_clear(&text);
    write_file("", 0);
    assert_int_equal(textfile_read(path, 0, 100, &text, &err), 0);
    assert_int_equal(textfile_check(path, &text, &err), 0);
    assert_int_equal(textfile_read("/nonexistent/file", 0, 100, &text, &err), E_INPUT);
    assert_int_equal(textfile_read("/tmp", 0, 100, &text, &err), E_INPUT);
    assert_int_equal(textfile_read("/dev/zero", TEXTFILE_REGULAR, 100, &text, &err), E_INPUT);
    assert_int_equal(textfile_read("/dev/zero", 0, 100, &text, &err), E_INPUT);
    str_free(&text);
}

static int setup(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_textfile),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
