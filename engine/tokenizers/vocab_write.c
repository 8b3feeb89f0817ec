/* vocab_write.c - see vocab_write.h. */
#include "config.h"

#include "engine/tokenizers/vocab_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arch.h"
#include "engine/tokenizers/tokenizer_checkpoint.h"
#include "src/base/i18n.h"

enum { PAD_BYTES = 24 };

/* The tokens, and the rows of the embedding that stand for none. */
struct token_lists {
    struct meta_string *text; /* [n] */
    int32_t *type;            /* [n] */
    char (*pad)[PAD_BYTES];   /* [n], for the latter */
    size_t n;
};

static void free_lists(struct token_lists *l)
{
    free(l->text);
    free(l->type);
    free(l->pad);
}

static int make_lists(const struct vocab_source *src, size_t n_rows, struct token_lists *l,
                      struct err *err)
{
    size_t n = src->tokens.n > n_rows ? src->tokens.n : n_rows;
    *l = (struct token_lists){.text = calloc(n, sizeof l->text[0]),
                              .type = calloc(n, sizeof l->type[0]),
                              .pad = calloc(n, sizeof l->pad[0]),
                              .n = n};
    if (!l->text || !l->type || !l->pad)
        return err_set(err, E_RESOURCE, _("not enough memory for a vocabulary."));
    for (size_t i = 0; i < n; i++) {
        if (i < src->tokens.n) {
            l->text[i] = src->tokens.s[i];
            l->type[i] = src->type[i];
            continue;
        }
        int len = snprintf(l->pad[i], PAD_BYTES, "[PAD%zu]", i);
        l->text[i] = (struct meta_string){l->pad[i], (size_t)len};
        l->type[i] = TOKEN_UNUSED;
    }
    return 0;
}

static void put_id(const struct weights *w, struct gguf_writer *out, const char *key, int32_t id)
{
    if (id >= 0 && !weights_meta(w, key))
        gguf_put_u32(out, key, (uint32_t)id);
}

static void put(const struct vocab_source *src, const struct token_lists *l,
                const struct weights *w, struct gguf_writer *out)
{
    gguf_put_string(out, "tokenizer.ggml.model", src->kind, strlen(src->kind));
    if (src->pre[0])
        gguf_put_string(out, "tokenizer.ggml.pre", src->pre, strlen(src->pre));
    gguf_put_strings(out, "tokenizer.ggml.tokens", l->text, l->n);
    gguf_put_i32s(out, "tokenizer.ggml.token_type", l->type, l->n);
    if (src->merges.n)
        gguf_put_strings(out, "tokenizer.ggml.merges", src->merges.s, src->merges.n);
    put_id(w, out, "tokenizer.ggml.bos_token_id", src->bos);
    put_id(w, out, "tokenizer.ggml.eos_token_id", src->eos);
    put_id(w, out, "tokenizer.ggml.eot_token_id", src->eot);
    put_id(w, out, "tokenizer.ggml.eom_token_id", src->eom);
    put_id(w, out, "tokenizer.ggml.unknown_token_id", src->unk);
    gguf_put_bool(out, "tokenizer.ggml.add_bos_token", src->add_bos);
    gguf_put_bool(out, "tokenizer.ggml.add_eos_token", src->add_eos);
}

int vocab_write(const struct weights *w, struct gguf_writer *out, struct err *err)
{
    struct vocab_source src;
    struct token_lists lists = {.text = NULL};
    const struct tensor *embedding = weights_find(w, slot_gguf_name[SLOT_TOKEN_EMBD]);
    int rc = vocab_source_from_checkpoint(w, &src, err);
    if (rc != 0)
        return rc;
    rc = make_lists(&src, embedding ? (size_t)embedding->dim[1] : 0, &lists, err);
    if (rc == 0)
        put(&src, &lists, w, out);
    free_lists(&lists);
    vocab_source_free(&src);
    return rc;
}
