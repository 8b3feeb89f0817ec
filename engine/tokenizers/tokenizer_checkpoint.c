/* tokenizer_checkpoint.c - see tokenizer_checkpoint.h. */
#include "config.h"

#include "engine/tokenizers/tokenizer_checkpoint.h"

#include "engine/tokenizers/tokenizer_kind.h"

/* Ids beyond the tokens belong to rows of the embedding that stand for nothing. */
static int overrule(const struct weights *w, const char *key, struct vocab_source *src, int32_t *id,
                    struct err *err)
{
    int64_t v = *id;
    int rc = weights_meta_int(w, key, 0, INT32_MAX, &v, err);
    if (rc != 0 || v < 0 || (size_t)v >= src->tokens.n || v == *id)
        return rc;
    *id = (int32_t)v;
    if (src->type[v] == TOKEN_NORMAL)
        src->type[v] = TOKEN_CONTROL;
    return 0;
}

int vocab_source_from_checkpoint(const struct weights *w, struct vocab_source *src, struct err *err)
{
    int rc = vocab_source_from_folder(weights_folder(w), src, err);
    if (rc != 0)
        return rc;
    rc = overrule(w, "tokenizer.ggml.bos_token_id", src, &src->bos, err);
    if (rc == 0)
        rc = overrule(w, "tokenizer.ggml.eos_token_id", src, &src->eos, err);
    if (rc == 0)
        rc = overrule(w, "tokenizer.ggml.eot_token_id", src, &src->eot, err);
    if (rc == 0)
        rc = overrule(w, "tokenizer.ggml.eom_token_id", src, &src->eom, err);
    if (rc == 0)
        rc = weights_meta_bool(w, "tokenizer.ggml.add_bos_token", &src->add_bos, err);
    vocab_chat_from_folder(weights_folder(w), src);
    if (rc != 0)
        vocab_source_free(src);
    return rc;
}

int tokenizer_from_checkpoint(const struct weights *w, struct tokenizer **out, struct err *err)
{
    struct vocab_source src;
    int rc = vocab_source_from_checkpoint(w, &src, err);
    if (rc != 0)
        return rc;
    rc = tokenizer_from_source(&src, out, err);
    vocab_source_free(&src);
    return rc;
}
