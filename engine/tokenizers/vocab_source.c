/* vocab_source.c - see vocab_source.h: what both readers share. */
#include "config.h"

#include "engine/tokenizers/vocab_source.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/log.h"

static size_t line_of(const char *base, const char *p)
{
    size_t line = 1;
    for (; base < p; base++)
        line += *base == '\n';
    return line;
}

static void name_place(const struct text_list *list, size_t i, char *out, size_t size)
{
    switch (list->place) {
    case PLACE_BYTE:
        snprintf(out, size, _("%s[%zu] at byte %llu"), list->field, i,
                 (unsigned long long)(list->s[i].s - list->base));
        break;
    case PLACE_LINE: snprintf(out, size, _("line %zu"), line_of(list->base, list->s[i].s)); break;
    case PLACE_ID: snprintf(out, size, _("token %zu"), i); break;
    }
}

int text_refuse(const struct text_list *list, size_t i, enum err_code code, struct err *err,
                const char *fmt, ...)
{
    char place[128];
    char text[440];
    name_place(list, i, place, sizeof place);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(err, code, _("%s: %s: %s"), list->shown, place, text);
}

void vocab_source_init(struct vocab_source *src, const char *kind)
{
    *src = (struct vocab_source){0};
    snprintf(src->kind, sizeof src->kind, "%s", kind);
    src->bos = src->eos = src->eot = src->eom = src->unk = -1;
    src->before = src->after = -1;
    src->bert =
        (struct bert_options){.lower_case = true, .strip_accents = true, .spaced_chinese = true};
}

int vocab_source_index(struct vocab_source *src, struct err *err)
{
    const struct text_list *tokens = &src->tokens;
    if (tokens->n == 0)
        return err_set(err, E_INPUT, _("%s: %s: the vocabulary is empty."), tokens->shown,
                       tokens->field);
    if (tokens->n > LIMIT_VOCAB)
        return err_set(err, E_INPUT, _("%s: %s: %zu tokens; at most %u are allowed."),
                       tokens->shown, tokens->field, tokens->n, LIMIT_VOCAB);
    if (!strset_init(&src->by_text, tokens->s, tokens->n))
        return err_set(err, E_RESOURCE, _("%s: not enough memory for the vocabulary."),
                       tokens->shown);
    size_t n_empty = 0;
    for (size_t i = 0; i < tokens->n; i++) {
        const struct meta_string *s = &tokens->s[i];
        if (s->n > LIMIT_TOKEN_BYTES)
            return text_refuse(tokens, i, E_INPUT, err,
                               _("a token of %zu bytes; at most %u are allowed."), s->n,
                               LIMIT_TOKEN_BYTES);
        n_empty += s->n == 0;
        if (s->n == 0)
            continue; /* stands for nothing and is never found */
        size_t before = strset_add(&src->by_text, i);
        if (before != i)
            return text_refuse(tokens, i, E_INPUT, err, _("this token has the text of token %zu."),
                               before);
    }
    if (n_empty > 0)
        log_warn("tokenizer: %zu tokens of the vocabulary are empty", n_empty);
    return 0;
}

void vocab_source_free(struct vocab_source *src)
{
    strset_free(&src->by_text);
    free(src->type);
    free(src->token_texts);
    free(src->merge_texts);
    free(src->merges_file);
    free(src->tokens_file);
    free(src->scores);
    free(src->shown_texts);
    free(src->shown_bytes);
    free(src->added_bytes);
    free(src->chat_template);
    json_decref(src->json);
    *src = (struct vocab_source){0};
}
