/* vocab_folder.c - a vocabulary from GPT-2's vocab.json ({"token": id, ...}) and merges.txt (a line
 * "left right" per merge, best first).
 *
 * vocab.json's nesting is counted before jansson sees it. Ids must be exactly 0 .. n-1, each once:
 * then n, which is bounded by the size of the file, is the only thing a table is sized by.
 */
#include "config.h"

#include "engine/tokenizers/vocab_source.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"

static int no_memory(const char *shown, struct err *err)
{
    return err_set(err, E_RESOURCE, _("%s: not enough memory for the vocabulary."), shown);
}

/* How deeply brackets nest outside of texts, at most; stops counting above the limit. */
static size_t json_depth(const char *s, size_t n, size_t *at)
{
    size_t depth = 0;
    size_t deepest = 0;
    bool in_text = false;
    for (size_t i = 0; i < n; i++) {
        if (in_text && s[i] == '\\')
            i++;
        else if (s[i] == '"')
            in_text = !in_text;
        else if (!in_text && (s[i] == '{' || s[i] == '['))
            depth++;
        else if (!in_text && depth > 0 && (s[i] == '}' || s[i] == ']'))
            depth--;
        if (depth > deepest) {
            deepest = depth;
            *at = i;
        }
        if (deepest > LIMIT_JSON_DEPTH)
            break;
    }
    return deepest;
}

int vocab_load_json(const char *shown, const char *text, size_t n, json_t **out, struct err *err)
{
    size_t at = 0;
    if (json_depth(text, n, &at) > LIMIT_JSON_DEPTH)
        return err_set(err, E_INPUT, _("%s: JSON at byte %zu: nested more than %u deep."), shown,
                       at, LIMIT_JSON_DEPTH);
    json_error_t e;
    json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &e);
    if (!root) {
        char why[360];
        return err_set(err, E_INPUT, _("%s: JSON at byte %d (line %d): %s."), shown, e.position,
                       e.line, err_quote(why, sizeof why, e.text, strlen(e.text)));
    }
    *out = root;
    return 0;
}

/* Puts every token at its id. */
static int place_tokens(const char *shown, json_t *root, struct meta_string *s, size_t n,
                        struct err *err)
{
    for (void *it = json_object_iter(root); it; it = json_object_iter_next(root, it)) {
        const char *text = json_object_iter_key(it);
        const json_t *value = json_object_iter_value(it);
        char quoted[360];
        err_quote(quoted, sizeof quoted, text, strlen(text));
        if (!json_is_integer(value))
            return err_set(err, E_INPUT, _("%s: token \"%s\": its id is not a whole number."),
                           shown, quoted);
        json_int_t id = json_integer_value(value);
        if (id < 0 || (unsigned long long)id >= n)
            return err_set(err, E_INPUT,
                           _("%s: token \"%s\": id %lld; with %zu tokens, ids from 0 to %zu are "
                             "allowed."),
                           shown, quoted, (long long)id, n, n - 1);
        if (s[id].s)
            return err_set(err, E_INPUT, _("%s: token \"%s\": id %lld is taken already."), shown,
                           quoted, (long long)id);
        s[id] = (struct meta_string){text, strlen(text)};
    }
    return 0;
}

static int read_vocab(const char *shown, const char *text, size_t n_bytes, struct vocab_source *src,
                      struct err *err)
{
    json_t *root;
    int rc = vocab_load_json(shown, text, n_bytes, &root, err);
    if (rc != 0)
        return rc;
    src->json = root;
    if (!json_is_object(root))
        return err_set(err, E_INPUT,
                       _("%s: JSON at byte 0: an object {\"token\": id, ...} is needed."), shown);
    size_t n = json_object_size(root);
    src->token_texts = calloc(n ? n : 1, sizeof *src->token_texts);
    src->type = malloc(n ? n : 1);
    if (!src->token_texts || !src->type)
        return no_memory(shown, err);
    memset(src->type, TOKEN_NORMAL, n);
    rc = place_tokens(shown, root, src->token_texts, n, err);
    if (rc != 0)
        return rc;
    src->tokens.s = src->token_texts;
    src->tokens.n = n;
    src->tokens.place = PLACE_ID;
    src->tokens.field = _("tokens");
    snprintf(src->tokens.shown, sizeof src->tokens.shown, "%s", shown);
    return vocab_source_index(src, err);
}

/* The next line of text[0..n) from *at on, without its end; false when there is none. */
static bool next_line(const char *text, size_t n, size_t *at, struct meta_string *line)
{
    if (*at >= n)
        return false;
    const char *begin = text + *at;
    const char *end = memchr(begin, '\n', n - *at);
    size_t len = end ? (size_t)(end - begin) : n - *at;
    *at += len + (end != NULL);
    if (len > 0 && begin[len - 1] == '\r')
        len--;
    *line = (struct meta_string){begin, len};
    return true;
}

static int read_merges(const char *shown, const char *text, size_t n_bytes,
                       struct vocab_source *src, struct err *err)
{
    static const char version[] = "#version";
    size_t n_lines = 1;
    for (size_t i = 0; i < n_bytes; i++)
        n_lines += text[i] == '\n';
    if (n_lines > LIMIT_VOCAB)
        return err_set(err, E_INPUT, _("%s: %zu lines; at most %u are allowed."), shown, n_lines,
                       LIMIT_VOCAB);
    src->merge_texts = calloc(n_lines, sizeof *src->merge_texts);
    if (!src->merge_texts)
        return no_memory(shown, err);
    struct meta_string line;
    size_t n = 0;
    for (size_t at = 0; next_line(text, n_bytes, &at, &line);) {
        bool first = line.s == text;
        if (line.n == 0 ||
            (first && line.n >= sizeof version - 1 && !memcmp(line.s, version, sizeof version - 1)))
            continue;
        src->merge_texts[n++] = line;
    }
    src->merges.s = src->merge_texts;
    src->merges.n = n;
    src->merges.place = PLACE_LINE;
    src->merges.field = _("merges");
    src->merges.base = text;
    snprintf(src->merges.shown, sizeof src->merges.shown, "%s", shown);
    return 0;
}

int vocab_source_from_texts(const char *vocab_shown, const char *vocab, size_t n_vocab,
                            const char *merges_shown, char *merges, size_t n_merges,
                            struct vocab_source *src, struct err *err)
{
    static const char end_of_text[] = "<|endoftext|>";
    vocab_source_init(src, "gpt2");
    snprintf(src->pre, sizeof src->pre, "gpt-2");
    src->merges_file = merges;
    int rc = read_vocab(vocab_shown, vocab, n_vocab, src, err);
    if (rc == 0)
        rc = read_merges(merges_shown, merges, n_merges, src, err);
    if (rc != 0) {
        vocab_source_free(src);
        return rc;
    }
    size_t id = strset_find(&src->by_text, end_of_text, sizeof end_of_text - 1);
    if (id != STRSET_NONE) {
        src->type[id] = TOKEN_CONTROL;
        src->bos = src->eos = (int32_t)id;
    }
    return 0;
}

/* The file `name` of the folder, in memory; its path for messages in shown. */
static int read_part(const char *folder, const char *name, char shown[INFILE_QUOTE_BYTES],
                     char **data, size_t *n_bytes, struct err *err)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (!path)
        return err_set(err, E_RESOURCE, _("not enough memory to open a tokenizer."));
    snprintf(path, size, "%s/%s", folder, name);
    infile_quote(shown, path);
    int rc = infile_read(path, LIMIT_VOCAB_FILE_BYTES, data, n_bytes, err);
    free(path);
    return rc;
}

int vocab_source_from_gpt2_folder(const char *path, struct vocab_source *src, struct err *err)
{
    char vocab_shown[INFILE_QUOTE_BYTES];
    char merges_shown[INFILE_QUOTE_BYTES];
    char *vocab = NULL;
    char *merges = NULL;
    size_t n_vocab;
    size_t n_merges;
    int rc = read_part(path, "vocab.json", vocab_shown, &vocab, &n_vocab, err);
    if (rc == 0)
        rc = read_part(path, "merges.txt", merges_shown, &merges, &n_merges, err);
    if (rc == 0)
        rc = vocab_source_from_texts(vocab_shown, vocab, n_vocab, merges_shown, merges, n_merges,
                                     src, err);
    free(vocab);
    return rc;
}
