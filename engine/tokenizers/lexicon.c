/* lexicon.c - see lexicon.h. */
#include "config.h"

#include "engine/tokenizers/lexicon.h"

#include <stdlib.h>
#include <string.h>

bool lexicon_init(struct lexicon *l, const struct meta_string *texts, size_t n, const uint8_t *keep)
{
    size_t n_bytes = 0;
    for (size_t i = 0; i < n; i++)
        n_bytes += texts[i].n; /* all of them stand in memory: no overflow */
    *l = (struct lexicon){.n = n};
    l->bytes = malloc(n_bytes ? n_bytes : 1);
    l->text = calloc(n ? n : 1, sizeof *l->text);
    if (!l->bytes || !l->text || !strset_init(&l->by_text, l->text, n)) {
        lexicon_free(l);
        return false;
    }
    char *p = l->bytes;
    for (size_t i = 0; i < n; i++) {
        size_t len = texts[i].n;
        if (len > 0)
            memcpy(p, texts[i].s, len);
        l->text[i] = (struct meta_string){p, len};
        p += len;
        if (len == 0 || (keep && !keep[i]))
            continue;
        strset_add(&l->by_text, i);
        if (len > l->longest)
            l->longest = len;
    }
    return true;
}

void lexicon_free(struct lexicon *l)
{
    strset_free(&l->by_text);
    free(l->bytes);
    free(l->text);
    *l = (struct lexicon){0};
}

int32_t lexicon_find(const struct lexicon *l, const char *text, size_t n)
{
    if (n == 0 || n > l->longest)
        return -1;
    size_t id = strset_find(&l->by_text, text, n);
    return id == STRSET_NONE ? -1 : (int32_t)id;
}
