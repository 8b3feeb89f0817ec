/* fuzz_bigram.c - a query and a text, whatever they are: the expression for FTS5 holds nothing but
 * quoted terms and AND; where the query is found in the text, all its terms are among the text's
 * (so the index hides nothing) and there are marks, in order, inside the text. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/bigram.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void require(int condition)
{
    if (!condition)
        abort();
}

/* Walks an expression; every term must be among the terms when those are given. */
static void check_match(const char *match, const struct str *terms)
{
    for (bool first = true; *match; first = false) {
        if (!first) {
            require(strncmp(match, " AND ", 5) == 0);
            match += 5;
        }
        require(*match++ == '"');
        const char *end = strchr(match, '"');
        require(end && end > match);
        if (terms) {
            struct str term = STR_INIT;
            str_printf(&term, " %.*s ", (int)(end - match), match);
            require(strstr(str_cstr(terms), str_cstr(&term)) != NULL);
            str_free(&term);
        }
        match = end + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    const uint8_t *nul = n_bytes ? memchr(data, 0, n_bytes) : NULL;
    if (!nul)
        return 0;
    const char *query = (const char *)data, *text = (const char *)nul + 1;
    size_t n_text = n_bytes - (size_t)(nul + 1 - data);
    struct bigram_query *q = NULL;
    struct bigram_text folded = {0};
    struct str terms = STR_INIT;
    bigram_fold(&folded, text, n_text);
    bigram_terms(&terms, text, n_text);
    str_putc(&terms, ' ');
    if (bigram_query_new(query, &q, NULL) == 0) {
        struct bigram_mark marks[8];
        bool found = bigram_found(q, &folded, 1, NULL);
        size_t n = bigram_marks(q, &folded, marks, 8), at = 0;
        check_match(bigram_query_match(q), found ? &terms : NULL);
        require(!found || n > 0);
        for (size_t i = 0; i < n; i++) {
            require(marks[i].n > 0 && marks[i].begin >= at &&
                    marks[i].n <= n_text - marks[i].begin);
            at = marks[i].begin + marks[i].n;
        }
    }
    bigram_query_free(q);
    bigram_text_free(&folded);
    str_free(&terms);
    return 0;
}
