/* test_clip.c - what is sent to the terminal's clipboard. term.c is replaced by a buffer. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/mem.h"
#include "src/base/str.h"
#include "ui/clip.h"
#include "ui/term.h"

static struct str sent;

void term_write(const void *bytes, size_t n_bytes)
{
    str_append(&sent, bytes, n_bytes);
}

bool term_flush(void)
{
    return true;
}

static void test_vectors(void **state)
{
    (void)state;
    static const struct {
        const char *text, *base64;
    } rfc4648[] = {{"f", "Zg=="},           {"fo", "Zm8="},        {"foo", "Zm9v"},
                   {"foob", "Zm9vYg=="},    {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
                   {"\xFF\xFE\xFD", "//79"}};
    for (size_t i = 0; i < ARRAY_LEN(rfc4648); i++) {
        struct str want = STR_INIT;
        str_printf(&want, "\033]52;c;%s\033\\", rfc4648[i].base64);
        str_clear(&sent);
        assert_int_equal(clip_copy(rfc4648[i].text, strlen(rfc4648[i].text), NULL), 0);
        assert_string_equal(str_cstr(&sent), str_cstr(&want));
        str_free(&want);
    }
    str_free(&sent);
}

static void test_limits(void **state)
{
    (void)state;
    enum { MOST = CLIP_MAX_BASE64_BYTES / 4 * 3 };
    struct err err = ERR_INIT;
    char *text = x_calloc(1, MOST + 1);
    assert_int_equal(clip_copy("", 0, &err), E_INPUT);
    assert_int_equal(clip_copy(text, MOST + 1, &err), E_INPUT);
    assert_int_equal(sent.len, 0);
    assert_int_equal(clip_copy(text, MOST, &err), 0);
    assert_true(sent.len - strlen("\033]52;c;\033\\") <= CLIP_MAX_BASE64_BYTES);
    free(text);
    str_free(&sent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors),
                                       cmocka_unit_test(test_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
