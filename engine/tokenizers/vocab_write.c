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
    float *score;             /* [n], or NULL */
    size_t n;
};

static void free_lists(struct token_lists *l)
{
    free(l->text);
    free(l->type);
    free(l->pad);
    free(l->score);
}

static int make_lists(const struct vocab_source *src, size_t n_rows, struct token_lists *l,
                      struct err *err)
{
    size_t n = src->tokens.n > n_rows ? src->tokens.n : n_rows;
    *l = (struct token_lists){.text = calloc(n, sizeof l->text[0]),
                              .type = calloc(n, sizeof l->type[0]),
                              .pad = calloc(n, sizeof l->pad[0]),
                              .n = n};
    if (src->scores)
        l->score = calloc(n, sizeof l->score[0]);
    if (!l->text || !l->type || !l->pad || (src->scores && !l->score))
        return err_set(err, E_RESOURCE, _("not enough memory for a vocabulary."));
    if (src->scores)
        memcpy(l->score, src->scores, src->tokens.n * sizeof l->score[0]);
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

static void put_text(struct gguf_writer *out, const char *key, const char *text)
{
    gguf_put_string(out, key, text, strlen(text));
}

/* What GGUF has no standard word for, under keys of our own (vocab_weights.c). */
static void put_own(const struct vocab_source *src, struct gguf_writer *out)
{
    if (strcmp(src->kind, "bert") == 0) {
        put_text(out, "xuxie.tokenizer", "wordpiece");
        gguf_put_bool(out, "xuxie.tokenizer.lower_case", src->bert.lower_case);
        gguf_put_bool(out, "xuxie.tokenizer.strip_accents", src->bert.strip_accents);
        gguf_put_bool(out, "xuxie.tokenizer.split_digits", src->bert.split_digits);
    } else if (strcmp(src->kind, "hf") == 0) {
        put_text(out, "xuxie.tokenizer", src->jieba ? "jieba+bpe" : "huggingface");
        gguf_put_string(out, "tokenizer.huggingface.json", src->tokens_file, src->n_tokens_file);
    }
}

static void put(const struct vocab_source *src, const struct token_lists *l,
                const struct weights *w, struct gguf_writer *out)
{
    put_text(out, "tokenizer.ggml.model", src->kind);
    put_own(src, out);
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
    if (l->score) {
        gguf_put_f32s(out, "tokenizer.ggml.scores", l->score, l->n);
        gguf_put_bool(out, "tokenizer.ggml.add_space_prefix", src->add_space_prefix);
    }
    if (!weights_meta(w, "tokenizer.ggml.add_bos_token"))
        gguf_put_bool(out, "tokenizer.ggml.add_bos_token", src->add_bos);
    gguf_put_bool(out, "tokenizer.ggml.add_eos_token", src->add_eos);
    if (src->chat_template) /* for programs that run it */
        gguf_put_string(out, "tokenizer.chat_template", src->chat_template, src->n_chat_template);
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
