/* vocab_lines.c - a vocabulary from BERT's vocab.txt: a token a line, its number is its id. */
#include "config.h"

#include "engine/tokenizers/vocab_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/base/utf8.h"

static int split_lines(const char *text, size_t n, struct vocab_source *src, struct err *err)
{
    struct text_list *tokens = &src->tokens;
    size_t n_lines = 0;
    for (size_t i = 0; i < n; i++)
        n_lines += text[i] == '\n';
    n_lines += n > 0 && text[n - 1] != '\n';
    if (n_lines > LIMIT_VOCAB)
        return err_set(err, E_INPUT, _("%s: %zu lines; at most %u are allowed."), tokens->shown,
                       n_lines, LIMIT_VOCAB);
    src->token_texts = calloc(n_lines ? n_lines : 1, sizeof *src->token_texts);
    src->type = malloc(n_lines ? n_lines : 1);
    if (!src->token_texts || !src->type)
        return err_set(err, E_RESOURCE, _("%s: not enough memory for the vocabulary."),
                       tokens->shown);
    memset(src->type, TOKEN_NORMAL, n_lines);
    tokens->s = src->token_texts;
    for (size_t at = 0; at < n; tokens->n++) {
        const char *end = memchr(text + at, '\n', n - at);
        size_t len = end ? (size_t)(end - text) - at : n - at;
        size_t next = at + len + (end != NULL);
        if (len > 0 && text[at + len - 1] == '\r')
            len--;
        src->token_texts[tokens->n] = (struct meta_string){text + at, len};
        if (utf8_valid_prefix(text + at, len) != len)
            return text_refuse(tokens, tokens->n, E_INPUT, err,
                               _("not UTF-8; is the file in another encoding?"));
        if (memchr(text + at, '\0', len))
            return text_refuse(tokens, tokens->n, E_INPUT, err, _("a NUL byte is in the token."));
        at = next;
    }
    return 0;
}

int vocab_source_from_lines(const char *shown, char *text, size_t n, struct vocab_source *src,
                            struct err *err)
{
    static const char *const control[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    vocab_source_init(src, "bert");
    src->tokens_file = text;
    src->tokens.place = PLACE_LINE;
    src->tokens.field = _("tokens");
    src->tokens.base = text;
    snprintf(src->tokens.shown, sizeof src->tokens.shown, "%s", shown);
    int rc = split_lines(text, n, src, err);
    if (rc == 0)
        rc = vocab_source_index(src, err);
    if (rc != 0) {
        vocab_source_free(src);
        return rc;
    }
    vocab_source_mark_bert(src);
    for (size_t i = 0; i < ARRAY_LEN(control); i++) {
        size_t id = strset_find(&src->by_text, control[i], strlen(control[i]));
        if (id != STRSET_NONE)
            src->type[id] = TOKEN_CONTROL;
    }
    return 0;
}

static int32_t id_of(const struct vocab_source *src, const char *text)
{
    size_t id = strset_find(&src->by_text, text, strlen(text));
    return id == STRSET_NONE ? -1 : (int32_t)id;
}

void vocab_source_mark_bert(struct vocab_source *src)
{
    src->unk = id_of(src, "[UNK]");
    src->before = src->bos = id_of(src, "[CLS]");
    src->after = id_of(src, "[SEP]");
}
