/* fuzz_text_safe.c - whatever comes, what is shown is valid UTF-8 of plain characters (and
 * joiners), no longer than four times the input, and is shown as itself the second time. The input
 * cut in two at a character border is shown the same. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/str.h"
#include "src/base/text_safe.h"
#include "src/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void require(int condition)
{
    if (!condition)
        abort();
}

static bool same(const struct str *a, const struct str *b)
{
    return a->len == b->len && memcmp(str_cstr(a), str_cstr(b), a->len) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct str shown = STR_INIT, again = STR_INIT, halves = STR_INIT;
    text_safe(&shown, data, n_bytes);
    require(shown.len <= 4 * n_bytes);
    for (size_t i = 0; i < shown.len;) {
        uint32_t cp;
        size_t len = utf8_decode(shown.data + i, shown.len - i, &cp);
        require(len > 0);
        require(text_safe_is_plain(cp) || cp == 0x200C || cp == 0x200D);
        i += len;
    }
    require(text_is_safe(str_cstr(&shown), shown.len));
    text_safe(&again, str_cstr(&shown), shown.len);
    require(same(&shown, &again));
    bool unchanged = shown.len == n_bytes && (n_bytes == 0 || !memcmp(shown.data, data, n_bytes));
    require(text_is_safe(data, n_bytes) == unchanged);

    size_t half = n_bytes / 2;
    half -= utf8_incomplete_tail(data, half);
    text_safe(&halves, data, half);
    text_safe(&halves, data + half, n_bytes - half);
    require(same(&shown, &halves));
    str_free(&shown);
    str_free(&again);
    str_free(&halves);
    return 0;
}
