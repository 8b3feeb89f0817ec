/* hf_steps.c - see hf.h: reading the lists of steps. */
#include "config.h"

#include "engine/tokenizers/hf.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"

struct name {
    const char *name;
    int value;
};

static const struct name normalizers[] = {
    {"NFC", HF_NFC},
    {"NFD", HF_NFD},
    {"NFKC", HF_NFKC},
    {"NFKD", HF_NFKD},
    {"Lowercase", HF_LOWERCASE},
    {"Replace", HF_REPLACE},
    {"Strip", HF_STRIP},
    {"StripAccents", HF_STRIP_ACCENTS},
    {"Prepend", HF_PREPEND},
    {"Nmt", HF_NMT},
    {"BertNormalizer", HF_BERT_NORMALIZER},
    {"ByteLevel", HF_BYTE_LEVEL},
};

static const struct name pre_tokenizers[] = {
    {"Metaspace", HF_METASPACE},
    {"ByteLevel", HF_BYTE_LEVEL},
    {"Whitespace", HF_WHITESPACE},
    {"WhitespaceSplit", HF_WHITESPACE_SPLIT},
    {"Punctuation", HF_PUNCTUATION},
    {"Digits", HF_DIGITS},
    {"Split", HF_SPLIT},
    {"BertPreTokenizer", HF_BERT_PRE_TOKENIZER},
};

static const struct name decoders[] = {
    {"Metaspace", HF_METASPACE},
    {"ByteLevel", HF_BYTE_LEVEL},
    {"BPEDecoder", HF_BPE_DECODER},
    {"WordPiece", HF_WORDPIECE},
    {"Fuse", HF_FUSE},
    {"ByteFallback", HF_BYTE_FALLBACK},
    {"Replace", HF_REPLACE},
    {"Strip", HF_STRIP},
};

static const struct name behaviors[] = {
    {"Removed", HF_REMOVED},
    {"Isolated", HF_ISOLATED},
    {"MergedWithPrevious", HF_MERGED_WITH_PREVIOUS},
    {"MergedWithNext", HF_MERGED_WITH_NEXT},
    {"Contiguous", HF_CONTIGUOUS},
};

static const struct name schemes[] = {
    {"never", HF_NEVER},
    {"always", HF_ALWAYS},
    {"first", HF_FIRST},
};

/* A list of steps while it is read. */
struct reading {
    const char *shown;
    const char *what; /* "normalizer" */
    const struct name *names;
    size_t n_names;
    struct hf_steps *out;
};

int hf_refuse(const char *shown, const char *what, const char *name, struct err *err)
{
    char quoted[360];
    return err_set(err, E_UNSUPPORTED, _("%s: %s: \"%s\" is not supported by xuxie."), shown, what,
                   err_quote(quoted, sizeof quoted, name, strlen(name)));
}

static int find_name(const struct name *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i].name, name) == 0)
            return names[i].value;
    return -1;
}

static int malformed(const struct reading *r, const char *key, struct err *err)
{
    return err_set(err, E_INPUT, _("%s: %s: \"%s\" is missing or not what it should be."), r->shown,
                   r->what, key);
}

static bool flag(const json_t *step, const char *key, bool otherwise)
{
    const json_t *value = json_object_get(step, key);
    return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

static int text(const struct reading *r, const json_t *step, const char *key, struct hf_text *out,
                struct err *err)
{
    const json_t *value = json_object_get(step, key);
    if (!json_is_string(value) || json_string_length(value) > sizeof out->s)
        return malformed(r, key, err);
    out->n = json_string_length(value);
    memcpy(out->s, json_string_value(value), out->n);
    return 0;
}

static int choice(const struct reading *r, const json_t *step, const char *key,
                  const struct name *names, size_t n, int *out, struct err *err)
{
    const json_t *value = json_object_get(step, key);
    if (!value || json_is_null(value))
        return 0;
    int found = json_is_string(value) ? find_name(names, n, json_string_value(value)) : -1;
    if (found < 0)
        return malformed(r, key, err);
    *out = found;
    return 0;
}

/* {"String": text}, or {"Regex": text} without anything special in it; other expressions only
 * where a scanner of ours does the same. */
static int pattern(const struct reading *r, const json_t *step, struct hf_step *s, struct err *err)
{
    const json_t *value = json_object_get(step, "pattern");
    const json_t *regex = json_object_get(value, "Regex");
    if (!json_is_string(regex)) {
        int rc = text(r, value, "String", &s->from, err);
        return rc == 0 && s->from.n == 0 ? malformed(r, "String", err) : rc;
    }
    const char *expression = json_string_value(regex);
    size_t n = strlen(expression);
    if (n > 0 && n <= sizeof s->from.s && strpbrk(expression, "\\^$.|?*+()[]{}") == NULL) {
        s->from.n = n;
        memcpy(s->from.s, expression, n);
        return 0;
    }
    s->pretok = s->type == HF_SPLIT ? pretok_of_regex(expression) : NULL;
    bool all = s->invert ? s->behavior == HF_REMOVED : s->behavior == HF_ISOLATED;
    if (!s->pretok || !all)
        return hf_refuse(r->shown, _("regular expression"), expression, err);
    return 0;
}

static int read_split(const struct reading *r, const json_t *step, struct hf_step *s,
                      struct err *err)
{
    int behavior = HF_ISOLATED;
    int rc = choice(r, step, "behavior", behaviors, ARRAY_LEN(behaviors), &behavior, err);
    if (rc != 0)
        return rc;
    s->behavior = (enum hf_behavior)behavior;
    s->invert = flag(step, "invert", false);
    return s->type == HF_SPLIT ? pattern(r, step, s, err) : 0;
}

static int read_metaspace(const struct reading *r, const json_t *step, struct hf_step *s,
                          struct err *err)
{
    int scheme = flag(step, "add_prefix_space", true) ? HF_ALWAYS : HF_NEVER;
    int rc = choice(r, step, "prepend_scheme", schemes, ARRAY_LEN(schemes), &scheme, err);
    if (rc == 0)
        rc = text(r, step, "replacement", &s->from, err);
    s->prepend = (enum hf_prepend)scheme;
    s->split = flag(step, "split", true);
    return rc;
}

static int read_strip(const struct reading *r, const json_t *step, struct hf_step *s,
                      struct err *err)
{
    s->left = flag(step, "strip_left", true);
    s->right = flag(step, "strip_right", true);
    if (strcmp(r->what, "decoder") != 0)
        return 0;
    s->start = json_integer_value(json_object_get(step, "start"));
    s->stop = json_integer_value(json_object_get(step, "stop"));
    if (s->start < 0 || s->stop < 0)
        return malformed(r, "start", err);
    return text(r, step, "content", &s->from, err);
}

static void read_bert(const json_t *step, struct hf_step *s)
{
    s->cleanup = flag(step, "clean_text", true);
    s->bert.lower_case = flag(step, "lowercase", true);
    s->bert.strip_accents = flag(step, "strip_accents", s->bert.lower_case);
    s->bert.spaced_chinese = flag(step, "handle_chinese_chars", true);
}

static int read_step(const struct reading *r, const json_t *step, struct hf_step *s,
                     struct err *err)
{
    int rc = 0;
    switch (s->type) {
    case HF_REPLACE:
        rc = pattern(r, step, s, err);
        return rc == 0 ? text(r, step, "content", &s->to, err) : rc;
    case HF_STRIP: return read_strip(r, step, s, err);
    case HF_PREPEND: return text(r, step, "prepend", &s->from, err);
    case HF_BERT_NORMALIZER: read_bert(step, s); return 0;
    case HF_METASPACE: return read_metaspace(r, step, s, err);
    case HF_BYTE_LEVEL:
        s->prepend = flag(step, "add_prefix_space", true) ? HF_ALWAYS : HF_NEVER;
        s->split = flag(step, "use_regex", true);
        return 0;
    case HF_PUNCTUATION:
    case HF_SPLIT: return read_split(r, step, s, err);
    case HF_DIGITS: s->split = flag(step, "individual_digits", false); return 0;
    case HF_BPE_DECODER: return text(r, step, "suffix", &s->from, err);
    case HF_WORDPIECE:
        s->cleanup = flag(step, "cleanup", true);
        return text(r, step, "prefix", &s->from, err);
    default: return 0;
    }
}

static int add_step(const struct reading *r, const json_t *step, struct err *err)
{
    const json_t *type = json_object_get(step, "type");
    if (!json_is_string(type))
        return malformed(r, "type", err);
    int found = find_name(r->names, r->n_names, json_string_value(type));
    if (found < 0)
        return hf_refuse(r->shown, r->what, json_string_value(type), err);
    if (r->out->n == HF_MAX_STEPS)
        return err_set(err, E_UNSUPPORTED, _("%s: %s: more than %d steps."), r->shown, r->what,
                       HF_MAX_STEPS);
    struct hf_step s = {.type = (enum hf_type)found};
    int rc = read_step(r, step, &s, err);
    if (rc == 0)
        r->out->step[r->out->n++] = s;
    return rc;
}

/* All steps in order, those of Sequences in their place. list: what a Sequence calls its steps. */
static int read_steps(const struct reading *r, const json_t *root, const char *list,
                      struct err *err)
{
    struct {
        const json_t *steps;
        size_t at;
    } open[LIMIT_JSON_DEPTH];
    size_t depth = 0;
    const json_t *step = json_object_get(root, r->what);
    if (!step || json_is_null(step))
        return 0;
    for (;;) {
        const char *type = json_string_value(json_object_get(step, "type"));
        if (type && strcmp(type, "Sequence") == 0) {
            const json_t *steps = json_object_get(step, list);
            if (!json_is_array(steps) || depth == ARRAY_LEN(open))
                return malformed(r, list, err);
            open[depth].steps = steps;
            open[depth++].at = 0;
        } else {
            int rc = add_step(r, step, err);
            if (rc != 0)
                return rc;
        }
        while (depth > 0 && open[depth - 1].at == json_array_size(open[depth - 1].steps))
            depth--;
        if (depth == 0)
            return 0;
        step = json_array_get(open[depth - 1].steps, open[depth - 1].at++);
    }
}

int hf_read_normalizer(const char *shown, const json_t *root, struct hf_steps *out, struct err *err)
{
    const struct reading r = {shown, "normalizer", normalizers, ARRAY_LEN(normalizers), out};
    out->n = 0;
    return read_steps(&r, root, "normalizers", err);
}

int hf_read_pre_tokenizer(const char *shown, const json_t *root, struct hf_steps *out,
                          struct err *err)
{
    const struct reading r = {shown, "pre_tokenizer", pre_tokenizers, ARRAY_LEN(pre_tokenizers),
                              out};
    out->n = 0;
    return read_steps(&r, root, "pretokenizers", err);
}

int hf_read_decoder(const char *shown, const json_t *root, struct hf_steps *out, struct err *err)
{
    const struct reading r = {shown, "decoder", decoders, ARRAY_LEN(decoders), out};
    out->n = 0;
    int rc = read_steps(&r, root, "decoders", err);
    bool fused = false;
    for (size_t i = 0; i < out->n && rc == 0; i++) {
        const struct hf_step *s = &out->step[i];
        fused |= s->type == HF_FUSE;
        if (fused && s->type == HF_STRIP &&
            (s->from.n != 1 || s->from.s[0] != ' ' || s->start != 1 || s->stop != 0))
            rc = hf_refuse(shown, "decoder", "Strip", err);
    }
    return rc;
}

/* ---- post-processors ---- */

static int template_id(const struct reading *r, const json_t *template, const json_t *item,
                       int32_t *out, struct err *err)
{
    const char *name =
        json_string_value(json_object_get(json_object_get(item, "SpecialToken"), "id"));
    const json_t *tokens = json_object_get(template, "special_tokens");
    const json_t *ids = name ? json_object_get(json_object_get(tokens, name), "ids") : NULL;
    const json_t *id = json_array_get(ids, 0);
    if (!json_is_integer(id) || json_integer_value(id) < 0 || json_integer_value(id) > LIMIT_VOCAB)
        return malformed(r, "special_tokens", err);
    if (json_array_size(ids) != 1 || *out >= 0)
        return hf_refuse(r->shown, r->what, "TemplateProcessing", err);
    *out = (int32_t)json_integer_value(id);
    return 0;
}

static int read_template(const struct reading *r, const json_t *template, int32_t *before,
                         int32_t *after, struct err *err)
{
    const json_t *single = json_object_get(template, "single");
    bool text_seen = false;
    int rc = json_is_array(single) ? 0 : malformed(r, "single", err);
    for (size_t i = 0; rc == 0 && i < json_array_size(single); i++) {
        const json_t *item = json_array_get(single, i);
        if (json_object_get(item, "Sequence"))
            text_seen = true;
        else
            rc = template_id(r, template, item, text_seen ? after : before, err);
    }
    return rc;
}

/* ["[SEP]", 102] */
static int pair_id(const struct reading *r, const json_t *processor, const char *key, int32_t *out,
                   struct err *err)
{
    const json_t *id = json_array_get(json_object_get(processor, key), 1);
    if (!json_is_integer(id) || json_integer_value(id) < 0 || json_integer_value(id) > LIMIT_VOCAB)
        return malformed(r, key, err);
    *out = (int32_t)json_integer_value(id);
    return 0;
}

static int read_processor(const struct reading *r, const json_t *processor, int32_t *before,
                          int32_t *after, struct err *err)
{
    const char *type = json_string_value(json_object_get(processor, "type"));
    if (!type)
        return malformed(r, "type", err);
    if (strcmp(type, "ByteLevel") == 0)
        return 0;
    if (strcmp(type, "TemplateProcessing") == 0)
        return read_template(r, processor, before, after, err);
    if (strcmp(type, "BertProcessing") != 0 && strcmp(type, "RobertaProcessing") != 0)
        return hf_refuse(r->shown, r->what, type, err);
    int rc = pair_id(r, processor, "cls", before, err);
    return rc == 0 ? pair_id(r, processor, "sep", after, err) : rc;
}

int hf_read_post_processor(const char *shown, const json_t *root, int32_t *before, int32_t *after,
                           struct err *err)
{
    const struct reading r = {shown, "post_processor", NULL, 0, NULL};
    const json_t *processor = json_object_get(root, r.what);
    const char *type = json_string_value(json_object_get(processor, "type"));
    if (!processor || json_is_null(processor))
        return 0;
    if (!type || strcmp(type, "Sequence") != 0)
        return read_processor(&r, processor, before, after, err);
    const json_t *list = json_object_get(processor, "processors");
    int rc = json_is_array(list) ? 0 : malformed(&r, "processors", err);
    for (size_t i = 0; rc == 0 && i < json_array_size(list); i++)
        rc = read_processor(&r, json_array_get(list, i), before, after, err);
    return rc;
}
