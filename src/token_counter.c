/* token_counter.c - see token_counter.h. A table of fixed size, a text in the place its hash says:
 * a newer one takes the place of an older. Two texts are taken for the same when their XXH3-64 and
 * their lengths are: a wrong count would cost an example, not a word of the text. */
#include "config.h"

#include "src/token_counter.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "engine/tokenizers/tokenizer.h"
#include "src/base/mem.h"

enum { N_PLACES = 4096, FIRST_IDS = 4096 };

struct place {
    uint64_t hash;
    size_t n_bytes; /* 0: free */
    int n_tokens;
    bool at_beginning;
};

struct token_counter {
    const struct tokenizer *tokenizer;
    struct place places[N_PLACES];
    int32_t *ids;
    size_t n_ids; /* there is room for */
};

struct token_counter *token_counter_new(void)
{
    return x_calloc(1, sizeof(struct token_counter));
}

void token_counter_free(struct token_counter *c)
{
    if (!c)
        return;
    free(c->ids);
    free(c);
}

void token_counter_use(struct token_counter *c, const struct tokenizer *t)
{
    if (t == c->tokenizer)
        return;
    c->tokenizer = t;
    memset(c->places, 0, sizeof c->places);
}

bool token_counter_ready(const struct token_counter *c)
{
    return c->tokenizer != NULL;
}

static int count(struct token_counter *c, const char *text, size_t n, bool at_beginning)
{
    const int flags = TOKENIZE_LITERAL | (at_beginning ? 0 : TOKENIZE_CONTINUES);
    size_t n_ids = 0;
    for (int round = 0; round < 2; round++) {
        if (tokenizer_encode(c->tokenizer, text, n, flags, c->ids, c->n_ids, &n_ids, NULL) != 0)
            return (int)n; /* no memory: more than it can be, so that nothing is promised */
        if (n_ids <= c->n_ids)
            break;
        c->ids = x_realloc(c->ids, n_ids * sizeof c->ids[0]);
        c->n_ids = n_ids;
    }
    return (int)n_ids;
}

int token_counter_count(void *ctx, const char *text, size_t n, bool at_beginning)
{
    struct token_counter *c = ctx;
    if (n == 0 || !c->tokenizer)
        return 0;
    if (!c->ids) {
        c->ids = x_calloc(FIRST_IDS, sizeof c->ids[0]);
        c->n_ids = FIRST_IDS;
    }
    uint64_t hash = XXH3_64bits(text, n);
    struct place *p = &c->places[hash % N_PLACES];
    if (p->hash != hash || p->n_bytes != n || p->at_beginning != at_beginning)
        *p = (struct place){hash, n, count(c, text, n, at_beginning), at_beginning};
    return p->n_tokens;
}
