/* hf_standard.c - a tokenizer.json that is byte-level BPE with a pre-tokenizer GGUF has a name for
 * (GPT-2, Llama 3, Qwen2) becomes what a GGUF file of that model holds: the same tokenizer, in the
 * form that other programs read too. Any part that is otherwise leaves it as it is. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/tokenizers/hf.h"
#include "src/base/limits.h"

/* The row that normalizer and pre-tokenizer together are, or NULL. */
static const struct pretok *find_row(const struct hf_steps *normalizer,
                                     const struct hf_steps *pre_tokenizer)
{
    const struct pretok *row = NULL;
    if (pre_tokenizer->n == 0)
        return NULL;
    const struct hf_step *last = &pre_tokenizer->step[pre_tokenizer->n - 1];
    if (last->type != HF_BYTE_LEVEL || last->prepend != HF_NEVER)
        return NULL;
    if (pre_tokenizer->n == 1 && last->split)
        row = pretok_find("gpt-2");
    else if (pre_tokenizer->n == 2 && !last->split && pre_tokenizer->step[0].type == HF_SPLIT)
        row = pre_tokenizer->step[0].pretok;
    bool nfc = normalizer->n == 1 && normalizer->step[0].type == HF_NFC;
    return row && (nfc || normalizer->n == 0) && nfc == row->nfc ? row : NULL;
}

static bool is_empty(const json_t *model, const char *key)
{
    const json_t *value = json_object_get(model, key);
    return !value || json_is_null(value) ||
           (json_is_string(value) && json_string_length(value) == 0);
}

static bool is_plain_bpe(const json_t *root, const struct pretok *row)
{
    const json_t *model = json_object_get(root, "model");
    const json_t *added = json_object_get(root, "added_tokens");
    const char *type = json_string_value(json_object_get(model, "type"));
    for (size_t i = 0; i < json_array_size(added); i++) {
        const json_t *item = json_array_get(added, i);
        if (json_is_true(json_object_get(item, "lstrip")) ||
            json_is_true(json_object_get(item, "rstrip")) ||
            (json_is_true(json_object_get(item, "normalized")) && row->nfc))
            return false;
    }
    return (!type || strcmp(type, "BPE") == 0) && is_empty(model, "unk_token") &&
           is_empty(model, "continuing_subword_prefix") && is_empty(model, "end_of_word_suffix") &&
           !json_is_true(json_object_get(model, "byte_fallback")) &&
           json_is_true(json_object_get(model, "ignore_merges")) == row->ignore_merges;
}

/* "left right" of either form. */
static bool put_merge(const json_t *merge, struct textbuf *out)
{
    if (json_is_string(merge)) {
        textbuf_put(out, json_string_value(merge), json_string_length(merge));
        return true;
    }
    const json_t *left = json_array_get(merge, 0);
    const json_t *right = json_array_get(merge, 1);
    if (!json_is_string(left) || !json_is_string(right) || json_array_size(merge) != 2)
        return false;
    textbuf_put(out, json_string_value(left), json_string_length(left));
    textbuf_put(out, " ", 1);
    textbuf_put(out, json_string_value(right), json_string_length(right));
    return true;
}

/* The merges as the lines of a merges.txt; false when one has no such form, or memory is out. */
static bool take_merges(const json_t *list, struct vocab_source *src)
{
    size_t n = json_array_size(list);
    struct textbuf text = {0};
    if (!json_is_array(list) || n > LIMIT_VOCAB)
        return false;
    struct meta_string *merges = calloc(n ? n : 1, sizeof *merges);
    bool ok = merges != NULL;
    for (size_t i = 0; ok && i < n; i++) {
        size_t at = text.n;
        ok = put_merge(json_array_get(list, i), &text);
        merges[i].n = text.n - at;
        textbuf_put(&text, "\n", 1);
    }
    if (!ok || text.failed) {
        free(merges);
        textbuf_free(&text);
        return false;
    }
    const char *line = text.data;
    for (size_t i = 0; i < n; i++) {
        merges[i].s = line;
        line += merges[i].n + 1;
    }
    src->merge_texts = merges;
    src->merges_file = text.data;
    src->merges.s = merges;
    src->merges.n = n;
    src->merges.place = PLACE_LINE; /* of the list */
    src->merges.field = "merges";
    src->merges.base = text.data;
    snprintf(src->merges.shown, sizeof src->merges.shown, "%s", src->tokens.shown);
    return true;
}

void hf_make_standard(struct vocab_source *src)
{
    struct hf_steps normalizer, pre_tokenizer, decoder;
    const char *shown = src->tokens.shown;
    const json_t *root = src->json;
    if (src->jieba || hf_read_normalizer(shown, root, &normalizer, NULL) != 0 ||
        hf_read_pre_tokenizer(shown, root, &pre_tokenizer, NULL) != 0 ||
        hf_read_decoder(shown, root, &decoder, NULL) != 0 || decoder.n != 1 ||
        decoder.step[0].type != HF_BYTE_LEVEL)
        return;
    const struct pretok *row = find_row(&normalizer, &pre_tokenizer);
    if (!row || !is_plain_bpe(root, row) ||
        !take_merges(json_object_get(json_object_get(root, "model"), "merges"), src))
        return;
    snprintf(src->kind, sizeof src->kind, "gpt2");
    snprintf(src->pre, sizeof src->pre, "%s", row->name);
    free(src->shown_texts);
    free(src->shown_bytes);
    src->shown_texts = NULL;
    src->shown_bytes = NULL;
}
