/* fuzz_wrap.c - the first byte is the width, the rest a paragraph (made displayable first). The
 * rows together are the paragraph, none is wider than the pane unless it is one cluster, and a
 * paragraph that grows has the rows of one that was there at once. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/str.h"
#include "src/base/text_safe.h"
#include "src/base/utf8.h"
#include "src/base/uwidth.h"
#include "ui/wrap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void require(int condition)
{
    if (!condition)
        abort();
}

static void check_row(const char *s, size_t n, int width)
{
    while (n > 0 && s[n - 1] == ' ')
        n--;
    int columns;
    if (n > 0 && uwidth_str(s, n) > (size_t)width)
        require(uwidth_cluster(s, n, &columns) == n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    if (n_bytes == 0)
        return 0;
    int width = 1 + data[0] % 100;
    struct str text = STR_INIT;
    for (size_t i = 1, n; i < n_bytes; i += n + 1) { /* line by line, without the newlines */
        const uint8_t *newline = memchr(data + i, '\n', n_bytes - i);
        n = newline ? (size_t)(newline - (data + i)) : n_bytes - i;
        text_safe(&text, data + i, n);
    }
    const char *s = str_cstr(&text);
    struct wrap whole, grown;
    wrap_init(&whole);
    wrap_init(&grown);
    wrap_paragraph(&whole, s, text.len, width);
    size_t at = 0;
    for (size_t i = 0; i < whole.n_rows; i++) {
        size_t end = whole.rows[i].end;
        require(whole.rows[i].begin == at && (end > at || text.len == 0) && end <= text.len);
        check_row(s + at, end - at, width);
        at = end;
    }
    require(at == text.len);

    wrap_paragraph(&grown, s, utf8_floor(s, text.len, text.len / 3), width);
    wrap_extend(&grown, s, utf8_floor(s, text.len, text.len / 3 * 2), width);
    wrap_extend(&grown, s, text.len, width);
    require(grown.n_rows == whole.n_rows);
    require(memcmp(grown.rows, whole.rows, whole.n_rows * sizeof *whole.rows) == 0);
    wrap_free(&whole);
    wrap_free(&grown);
    str_free(&text);
    return 0;
}
