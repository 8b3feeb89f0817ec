/* display.c - see display.h. */
#include "config.h"

#include "engine/tokenizers/display.h"

#include <string.h>

#include "engine/tokenizers/unicode.h"
#include "src/base/mem.h"

/* ---- pieces ---- */

static void replace(struct textbuf *b, const char *from, const char *to)
{
    size_t n_from = strlen(from);
    size_t n_to = strlen(to); /* never longer */
    size_t n = 0;
    for (size_t at = 0; at < b->n;) {
        if (b->n - at >= n_from && !memcmp(b->data + at, from, n_from)) {
            memcpy(b->data + n, to, n_to);
            n += n_to;
            at += n_from;
        } else {
            b->data[n++] = b->data[at++];
        }
    }
    b->n = n;
}

/* The white space at the beginning and end of text[*from..*to). */
static void trim(const char *text, size_t *from, size_t *to)
{
    uint32_t cp;
    while (*from < *to) {
        size_t len = unicode_next(text + *from, *to - *from, &cp);
        if (!unicode_is_python_space(cp))
            break;
        *from += len;
    }
    size_t end = *from;
    for (size_t at = *from; at < *to;) {
        at += unicode_next(text + at, *to - at, &cp);
        if (!unicode_is_python_space(cp))
            end = at;
    }
    *to = end;
}

static void trim_all(struct textbuf *b)
{
    size_t from = 0;
    size_t to = b->n;
    trim(b->data, &from, &to);
    if (from > 0)
        memmove(b->data, b->data + from, to - from);
    b->n = to - from;
}

/* ---- BERT ---- */

static void join_bert(const struct textbuf *tokens, struct textbuf *out)
{
    static const char *const cleanup[][2] = {
        {" .", "."},     {" ?", "?"},   {" !", "!"},   {" ,", ","},     {" ' ", "'"},
        {" n't", "n't"}, {" 'm", "'m"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"},
    };
    for (size_t at = 0; at < tokens->n;) {
        size_t n = strlen(tokens->data + at);
        if (at > 0)
            textbuf_put(out, " ", 1);
        textbuf_put(out, tokens->data + at, n);
        at += n + 1;
    }
    replace(out, " ##", "");
    trim_all(out);
    for (size_t i = 0; i < ARRAY_LEN(cleanup); i++)
        replace(out, cleanup[i][0], cleanup[i][1]);
}

void display_bert(const struct textbuf *tokens, struct textbuf *out)
{
    struct textbuf text = {0};
    join_bert(tokens, &text);
    textbuf_put(out, text.data, text.n);
    out->failed |= text.failed;
    textbuf_free(&text);
}

/* ---- ModelScope ---- */

static bool is_chinese_punctuation(uint32_t cp)
{
    static const char marks[] =
        "＂＃＄％＆＇（）＊＋，－／：；＜＝＞＠［＼］＾＿｀｛｜｝～｟｠｢｣､"
        "\u3000、〃〈〉《》「」『』【】〔〕〖〗〘〙〚〛〜〝〞〟〰〾〿–—‘’‛“”„‟…‧﹏"
        "﹑﹔·！？｡。";
    for (size_t at = 0; at < sizeof marks - 1;) {
        uint32_t mark;
        at += unicode_next(marks + at, sizeof marks - 1 - at, &mark);
        if (mark == cp)
            return true;
    }
    return false;
}

bool display_is_chinese(const char *word, size_t n)
{
    for (size_t at = 0; at < n;) {
        uint32_t cp;
        at += unicode_next(word + at, n - at, &cp);
        if (cp < 0x80 ? !unicode_is_punctuation(cp)
                      : !unicode_is_cjk(cp) && !is_chinese_punctuation(cp))
            return false;
    }
    return true;
}

void display_modelscope(const struct textbuf *tokens, struct textbuf *out)
{
    struct textbuf text = {0};
    struct textbuf joined = {0};
    join_bert(tokens, &text);
    bool was_chinese = true;
    for (size_t at = 0; at < text.n || at == 0;) {
        const char *space = text.n > at ? memchr(text.data + at, ' ', text.n - at) : NULL;
        size_t n = space ? (size_t)(space - text.data) - at : text.n - at;
        bool chinese = display_is_chinese(text.data + at, n);
        if (at > 0 && !(chinese && was_chinese))
            textbuf_put(&joined, " ", 1);
        textbuf_put(&joined, text.data + at, n);
        was_chinese = chinese;
        at += n + 1;
    }
    trim_all(&joined);
    textbuf_put(out, joined.data, joined.n);
    out->failed |= text.failed || joined.failed;
    textbuf_free(&text);
    textbuf_free(&joined);
}

/* ---- GPT2-Chinese ---- */

/* Only a to z? The empty word too. */
static bool is_english(const char *word)
{
    return word[strspn(word, "abcdefghijklmnopqrstuvwxyz")] == '\0';
}

void display_gpt2_chinese(const struct textbuf *tokens, struct textbuf *out)
{
    struct textbuf text = {0};
    for (size_t at = 0; at < tokens->n;) {
        const char *token = tokens->data + at;
        size_t n = strlen(token);
        at += n + 1;
        if (!strcmp(token, "[MASK]"))
            continue;
        if (!strcmp(token, "[CLS]"))
            textbuf_put(&text, "\n\n", 2);
        else if (!strcmp(token, "[SEP]"))
            textbuf_put(&text, "\n", 1);
        else
            textbuf_put(&text, token, n);
        if (at < tokens->n && is_english(token) && is_english(tokens->data + at))
            textbuf_put(&text, " ", 1);
    }
    replace(&text, "##", "");
    trim_all(&text);
    textbuf_put(out, text.data, text.n);
    out->failed |= text.failed;
    textbuf_free(&text);
}
