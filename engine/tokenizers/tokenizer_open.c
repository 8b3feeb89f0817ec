/* tokenizer_open.c - the ways to a tokenizer: what stands at a path, and which of a folder's files
 * tell most. A tokenizer.json is the whole tokenizer; vocab.json with merges.txt are GPT-2's only
 * when there is nothing else. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/tokenizers/tokenizer_checkpoint.h"
#include "engine/tokenizers/tokenizer_kind.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"

struct opening {
    char *path; /* of the file, owned */
    char *config_path, *added_path, *model_config_path;
    const struct tokenizer_options *options;
};

/* ---- tokenizer_config.json ---- */

/* The JSON file at path, an object; NULL where there is none. */
static int load_object(const char *path, json_t **out, struct err *err)
{
    char shown[INFILE_QUOTE_BYTES];
    char *text;
    size_t n;
    *out = NULL;
    if (access(path, F_OK) != 0)
        return 0;
    int rc = infile_read(path, LIMIT_VOCAB_FILE_BYTES, &text, &n, err);
    if (rc != 0)
        return rc;
    rc = vocab_load_json(infile_quote(shown, path), text, n, out, err);
    free(text);
    return rc;
}

static void take_bool(const json_t *config, const char *key, bool *out)
{
    const json_t *value = json_object_get(config, key);
    if (json_is_boolean(value))
        *out = json_is_true(value);
}

/* A token given as text, or as {"content": text}. */
static void take_token(const json_t *config, const char *key, struct vocab_source *src,
                       int32_t *out)
{
    const json_t *value = json_object_get(config, key);
    if (json_is_object(value))
        value = json_object_get(value, "content");
    if (!json_is_string(value))
        return;
    size_t id = strset_find(&src->by_text, json_string_value(value), json_string_length(value));
    if (id == STRSET_NONE)
        return;
    *out = (int32_t)id;
    src->type[id] = TOKEN_CONTROL;
}

static void apply_config(const json_t *config, struct vocab_source *src)
{
    take_token(config, "bos_token", src, &src->bos);
    take_token(config, "eos_token", src, &src->eos);
    if (strcmp(src->kind, "llama") == 0) {
        take_bool(config, "add_bos_token", &src->add_bos);
        take_bool(config, "add_eos_token", &src->add_eos);
    }
    if (strcmp(src->kind, "bert") == 0) {
        take_bool(config, "do_lower_case", &src->bert.lower_case);
        src->bert.strip_accents = src->bert.lower_case;
        take_bool(config, "strip_accents", &src->bert.strip_accents);
        take_bool(config, "tokenize_chinese_chars", &src->bert.spaced_chinese);
    }
}

/* ---- one file ---- */

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s);
    size_t m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

/* A choice that this tokenizer does not leave open is refused: it would change nothing. */
static int refuse_option(const char *shown, const char *option, const char *needed, struct err *err)
{
    return err_set(err, E_USAGE, _("%s: %s means nothing here: this is no tokenizer with %s."),
                   shown, option, needed);
}

static int apply_options(const char *path, const struct tokenizer_options *options,
                         struct vocab_source *src, struct err *err)
{
    char shown[INFILE_QUOTE_BYTES];
    infile_quote(shown, path);
    if (options->no_lower_case && strcmp(src->kind, "bert") != 0)
        return refuse_option(shown, "no_lower_case", _("a vocabulary of BERT's kind"), err);
    if (options->no_jieba && !src->jieba)
        return refuse_option(shown, "no_jieba", _("jieba"), err);
    if (options->no_lower_case)
        src->bert.lower_case = src->bert.strip_accents = false;
    if (options->no_jieba)
        src->jieba = false;
    return 0;
}

/* The source of a file of one of the three formats; config may be NULL. */
static int read_file(const struct opening *o, const json_t *config, struct vocab_source *src,
                     struct err *err)
{
    char shown[INFILE_QUOTE_BYTES];
    char *data;
    size_t n;
    int rc = infile_read(o->path, LIMIT_VOCAB_FILE_BYTES, &data, &n, err);
    if (rc != 0)
        return rc;
    infile_quote(shown, o->path);
    if (ends_with(o->path, ".json")) {
        rc = vocab_source_from_hf(shown, data, n, src, err);
        if (rc != 0) {
            free(data);
            return rc;
        }
        src->tokens_file = data;
        src->n_tokens_file = n;
        src->jieba = !config && strset_find(&src->by_text, "<sep>", 5) != STRSET_NONE;
    } else if (ends_with(o->path, ".model")) {
        rc = vocab_source_from_spm(shown, data, n, src, err);
    } else {
        rc = vocab_source_from_lines(shown, data, n, src, err);
    }
    return rc;
}

/* vocab.json and merges.txt do not say how a text is cut; what the model is called does. */
static void choose_pretok(const json_t *config, const json_t *model, struct vocab_source *src)
{
    const char *name = json_string_value(json_object_get(config, "tokenizer_class"));
    if (!name)
        name = json_string_value(json_object_get(model, "model_type"));
    if (name && (strncasecmp(name, "qwen2", 5) == 0 || strncasecmp(name, "qwen3", 5) == 0))
        snprintf(src->pre, sizeof src->pre, "qwen2");
}

static int add_tokens(const struct opening *o, const json_t *config, const json_t *model,
                      struct vocab_source *src, struct err *err)
{
    char added_shown[INFILE_QUOTE_BYTES], config_shown[INFILE_QUOTE_BYTES];
    const json_t *rows = json_object_get(model, "vocab_size");
    json_t *added;
    int rc = load_object(o->added_path, &added, err);
    if (rc == 0)
        rc = vocab_add_tokens(infile_quote(added_shown, o->added_path), added,
                              infile_quote(config_shown, o->config_path), config,
                              json_is_integer(rows) ? json_integer_value(rows) : INT64_MAX, src,
                              err);
    json_decref(added);
    return rc;
}

/* What lies beside the vocabulary: more tokens, and which are special. */
static int read_beside(const struct opening *o, const json_t *config, struct vocab_source *src,
                       struct err *err)
{
    json_t *model = NULL;
    int rc = 0;
    if (strcmp(src->kind, "gpt2") == 0 || strcmp(src->kind, "llama") == 0) {
        load_object(o->model_config_path, &model, NULL); /* a hint here: checkpoint.c reads it */
        if (!o->path)
            choose_pretok(config, model, src);
        rc = add_tokens(o, config, model, src, err);
        json_decref(model);
    }
    if (rc == 0 && config)
        apply_config(config, src);
    return rc;
}

/* o->path NULL: vocab.json and merges.txt of the folder. */
static int open_file(const struct opening *o, const char *folder, struct vocab_source *src,
                     struct err *err)
{
    json_t *config;
    int rc = load_object(o->config_path, &config, err);
    if (rc != 0)
        return rc;
    rc = o->path ? read_file(o, config, src, err) : vocab_source_from_gpt2_folder(folder, src, err);
    if (rc == 0) {
        rc = read_beside(o, config, src, err);
        if (rc == 0)
            rc = apply_options(o->path ? o->path : folder, o->options, src, err);
        if (rc != 0)
            vocab_source_free(src);
        else if (strcmp(src->kind, "hf") == 0)
            hf_make_standard(src);
    }
    json_decref(config);
    return rc;
}

/* ---- paths ---- */

/* FOLDER/name, malloc'ed; the folder is that of a file when is_file. */
static char *beside(const char *path, bool is_file, const char *name)
{
    const char *slash = strrchr(path, '/');
    const char *folder = is_file ? (slash ? path : ".") : path;
    size_t n = is_file && slash ? (size_t)(slash - path) : strlen(folder);
    size_t size = n + strlen(name) + 2;
    char *out = malloc(size);
    if (out)
        snprintf(out, size, "%.*s/%s", (int)n, folder, name);
    return out;
}

/* name NULL: the file at path itself when is_file, else vocab.json with merges.txt. */
static int open_named(const char *path, bool is_file, const char *name,
                      const struct tokenizer_options *options, struct vocab_source *src,
                      struct err *err)
{
    struct opening o = {
        .path = is_file ? strdup(path)
                : name  ? beside(path, false, name)
                        : NULL,
        .config_path = beside(path, is_file, "tokenizer_config.json"),
        .added_path = beside(path, is_file, "added_tokens.json"),
        .model_config_path = beside(path, is_file, "config.json"),
        .options = options,
    };
    int rc;
    if ((!o.path && (is_file || name)) || !o.config_path || !o.added_path || !o.model_config_path)
        rc = err_set(err, E_RESOURCE, _("not enough memory to open a tokenizer."));
    else
        rc = open_file(&o, path, src, err);
    free(o.path);
    free(o.config_path);
    free(o.added_path);
    free(o.model_config_path);
    return rc;
}

static bool has_file(const char *folder, const char *name)
{
    char *path = beside(folder, false, name);
    bool is_there = path && access(path, F_OK) == 0;
    free(path);
    return is_there;
}

static bool same_ids(const struct tokenizer *a, const struct tokenizer *b)
{
    static const char *const texts[] = {
        "",
        "a",
        " a",
        "the end",
        "  two  spaces ",
        "雪落在山上。",
        "1,234.5\n\n\tx",
        "\xF0\x9F\x98\x80<s>",
    };
    enum { MOST = 160 };
    for (size_t i = 0; i < 2 * ARRAY_LEN(texts); i++) {
        const char *text = texts[i / 2];
        int flags = TOKENIZE_LITERAL | (i % 2 ? TOKENIZE_SPECIAL : 0);
        int32_t of_a[MOST], of_b[MOST];
        size_t n_a, n_b;
        if (tokenizer_encode(a, text, strlen(text), flags, of_a, MOST, &n_a, NULL) != 0 ||
            tokenizer_encode(b, text, strlen(text), flags, of_b, MOST, &n_b, NULL) != 0 ||
            n_a != n_b || n_a > MOST || memcmp(of_a, of_b, n_a * sizeof of_a[0]) != 0)
            return false;
    }
    return tokenizer_adds_bos(a) == tokenizer_adds_bos(b);
}

static bool is_same_tokenizer(const struct vocab_source *a, const struct vocab_source *b)
{
    struct tokenizer *of_a = NULL, *of_b = NULL;
    bool same = tokenizer_from_source(a, &of_a, NULL) == 0 &&
                tokenizer_from_source(b, &of_b, NULL) == 0 && same_ids(of_a, of_b);
    tokenizer_free(of_a);
    tokenizer_free(of_b);
    return same;
}

static bool same_tokens(const struct vocab_source *a, const struct vocab_source *b)
{
    if (a->tokens.n != b->tokens.n)
        return false;
    for (size_t i = 0; i < a->tokens.n; i++)
        if (a->tokens.s[i].n != b->tokens.s[i].n ||
            memcmp(a->tokens.s[i].s, b->tokens.s[i].s, a->tokens.s[i].n) != 0)
            return false;
    return true;
}

/* Llama 2 and Mistral are published with both files, which say the same. GGUF has a word for
 * SentencePiece's form only, so that is taken, where both have the same tokens and cut and surround
 * texts alike. */
static void prefer_pieces(const char *path, const struct tokenizer_options *options,
                          struct vocab_source *src)
{
    static const char name[] = "tokenizer.model";
    struct vocab_source pieces;
    if (strcmp(src->kind, "hf") != 0 || src->jieba || !has_file(path, name) ||
        open_named(path, false, name, options, &pieces, NULL) != 0)
        return;
    bool same = same_tokens(src, &pieces) && is_same_tokenizer(src, &pieces);
    vocab_source_free(same ? src : &pieces);
    if (same)
        *src = pieces;
}

static int open_folder(const char *path, const struct tokenizer_options *options,
                       struct vocab_source *src, struct err *err)
{
    if (has_file(path, "tokenizer.json")) {
        int rc = open_named(path, false, "tokenizer.json", options, src, err);
        if (rc == 0)
            prefer_pieces(path, options, src);
        return rc;
    }
    if (has_file(path, "tokenizer.model"))
        return open_named(path, false, "tokenizer.model", options, src, err);
    if (!has_file(path, "vocab.json") && has_file(path, "vocab.txt"))
        return open_named(path, false, "vocab.txt", options, src, err);
    return open_named(path, false, NULL, options, src, err);
}

static const struct tokenizer_options no_options;

int vocab_source_from_folder(const char *path, struct vocab_source *src, struct err *err)
{
    return open_folder(path, &no_options, src, err);
}

int tokenizer_open_with(const char *path, const struct tokenizer_options *options,
                        struct tokenizer **out, struct err *err)
{
    struct stat st;
    struct vocab_source src;
    int rc;
    if (!options)
        options = &no_options;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        rc = open_folder(path, options, &src, err);
        if (rc == 0)
            vocab_chat_from_folder(path, &src);
    } else if (ends_with(path, ".json") || ends_with(path, ".model") || ends_with(path, ".txt")) {
        rc = open_named(path, true, NULL, options, &src, err);
    } else {
        struct weights *w;
        if (options->no_lower_case || options->no_jieba) {
            char shown[INFILE_QUOTE_BYTES];
            return err_set(
                err, E_USAGE,
                _("%s: a GGUF file says itself how its tokenizer works; no_lower_case and "
                  "no_jieba are for a checkpoint's own files."),
                infile_quote(shown, path));
        }
        rc = weights_open(path, &w, err);
        if (rc != 0)
            return rc;
        rc = tokenizer_from_weights(w, out, err);
        weights_close(w);
        return rc;
    }
    if (rc != 0)
        return rc;
    rc = tokenizer_from_source(&src, out, err);
    vocab_source_free(&src);
    return rc;
}

int tokenizer_open(const char *path, struct tokenizer **out, struct err *err)
{
    return tokenizer_open_with(path, NULL, out, err);
}

int tokenizer_from_weights(const struct weights *w, struct tokenizer **out, struct err *err)
{
    struct vocab_source src;
    if (weights_folder(w))
        return tokenizer_from_checkpoint(w, out, err);
    int rc = vocab_source_from_weights(w, &src, err);
    if (rc != 0)
        return rc;
    vocab_chat_from_weights(w, &src);
    rc = tokenizer_from_source(&src, out, err);
    vocab_source_free(&src);
    return rc;
}
