/* chat.c - see chat.h.
 *
 * A row spells turns in pieces: special tokens, text, and the place of what was said. Text pieces
 * and what was said are collected and become one segment when a token or known ids come, because a
 * tokenizer may join what stands side by side: "user\n" and a text beginning with a line break.
 *
 * The pieces are those of the templates the models were published with; tests compare the tokens
 * with those of transformers' apply_chat_template.
 */
#include "config.h"

#include "src/chat.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/tokenizers/unicode.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"

enum piece_kind { PIECE_END, PIECE_TOKEN, PIECE_BOS, PIECE_EOS, PIECE_TEXT, PIECE_SAID };

struct piece {
    enum piece_kind kind;
    const char *text;
};

enum { MAX_PIECES = 8 };

struct chat_template {
    const char *name;
    const char *tokens[4]; /* special tokens the vocabulary must have */
    const char *marks[3];  /* all of them stand in the template of a model's file */
    bool by_marks;         /* tokens alone do not tell: other formats have them too */
    bool trims;            /* blanks at both ends of a turn are no part of it */
    bool system_in_turn;   /* the system's text is the head of the first user's turn */
    bool alternates;       /* an assistant's turn follows a user's, always */
    struct piece begin[MAX_PIECES];
    struct piece system[MAX_PIECES], user[MAX_PIECES], assistant[MAX_PIECES];
    struct piece answer[MAX_PIECES]; /* the beginning of the assistant's turn */
};

#define TOKEN(s)                                                                                   \
    {                                                                                              \
        PIECE_TOKEN, s                                                                             \
    }
#define TEXT(s)                                                                                    \
    {                                                                                              \
        PIECE_TEXT, s                                                                              \
    }
#define SAID                                                                                       \
    {                                                                                              \
        PIECE_SAID, NULL                                                                           \
    }
#define BOS                                                                                        \
    {                                                                                              \
        PIECE_BOS, NULL                                                                            \
    }
#define EOS                                                                                        \
    {                                                                                              \
        PIECE_EOS, NULL                                                                            \
    }
#define CHATML(role)                                                                               \
    {                                                                                              \
        TOKEN("<|im_start|>"), TEXT(role "\n"), SAID, TOKEN("<|im_end|>"), TEXT("\n")              \
    }
#define LLAMA3(role)                                                                               \
    {                                                                                              \
        TOKEN("<|start_header_id|>"), TEXT(role), TOKEN("<|end_header_id|>"), TEXT("\n\n"), SAID,  \
            TOKEN("<|eot_id|>")                                                                    \
    }

/* clang-format off */
static const struct chat_template rows[] = {
    {.name = "chatml", .tokens = {"<|im_start|>", "<|im_end|>"}, .marks = {"<|im_start|>"},
     .system = CHATML("system"), .user = CHATML("user"), .assistant = CHATML("assistant"),
     .answer = {TOKEN("<|im_start|>"), TEXT("assistant\n")}},
    {.name = "llama3", .tokens = {"<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"},
     .marks = {"<|start_header_id|>"}, .trims = true, .begin = {BOS},
     .system = LLAMA3("system"), .user = LLAMA3("user"), .assistant = LLAMA3("assistant"),
     .answer = {TOKEN("<|start_header_id|>"), TEXT("assistant"), TOKEN("<|end_header_id|>"),
                TEXT("\n\n")}},
    {.name = "llama2", .tokens = {"<s>", "</s>"}, .marks = {"[INST]", "<<SYS>>"}, .by_marks = true,
     .trims = true, .system_in_turn = true, .alternates = true,
     .system = {TEXT("<<SYS>>\n"), SAID, TEXT("\n<</SYS>>\n\n")},
     /* the blank at the head is the one SentencePiece puts there; behind a token it must be given */
     .user = {BOS, TEXT(" [INST] "), SAID, TEXT(" [/INST]")},
     .assistant = {TEXT(" "), SAID, TEXT(" "), EOS}},
};
/* clang-format on */

const char *const chat_names[] = {"off", "on", "chatml", "llama3", "llama2", NULL};

/* ---- choosing -------------------------------------------------------------------------------- */

const char *chat_name(const struct chat_template *row)
{
    return row->name;
}

static bool has_tokens(const struct chat_template *row, const struct tokenizer *t,
                       const char **missing)
{
    for (size_t i = 0; i < ARRAY_LEN(row->tokens) && row->tokens[i]; i++) {
        if (tokenizer_special(t, row->tokens[i]) < 0) {
            *missing = row->tokens[i];
            return false;
        }
    }
    return true;
}

/* Do the row's marks stand in the template of the model's file? Compared, never read. */
static bool is_marked(const struct chat_template *row, const struct tokenizer *t)
{
    size_t n;
    const char *text = tokenizer_chat_template(t, &n);
    for (size_t i = 0; i < ARRAY_LEN(row->marks) && row->marks[i]; i++)
        if (!text || !memmem(text, n, row->marks[i], strlen(row->marks[i])))
            return false;
    return true;
}

int chat_find(const char *name, const struct tokenizer *t, const struct chat_template **out,
              struct err *err)
{
    const bool any = strcmp(name, "on") == 0;
    const char *missing = NULL;
    /* First those the model's own template speaks for. */
    for (int pass = 0; t && pass < 2; pass++) {
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
            const struct chat_template *row = &rows[i];
            bool asked = !any && strcmp(row->name, name) == 0;
            if ((any ? (pass == 0 ? is_marked(row, t) : !row->by_marks) : asked) &&
                has_tokens(row, t, &missing)) {
                *out = row;
                return 0;
            }
        }
    }
    if (!any && missing)
        return err_set(
            err, E_UNSUPPORTED,
            _("chat: this model's vocabulary has no token %s, which %s needs: it was not made "
              "for such chats"),
            missing, name);
    return err_set(
        err, E_UNSUPPORTED,
        _("chat: this model has the special tokens of no chat format xuxie knows (chatml, "
          "llama3, llama2): it continues texts; leave chat off"));
}

/* ---- segments -------------------------------------------------------------------------------- */

static struct engine_segment *new_segment(struct chat *c, enum engine_segment_kind kind,
                                          const char *text, size_t n)
{
    if (c->n == c->capacity) {
        c->capacity = c->capacity ? c->capacity * 2 : 16;
        c->segments = x_realloc(c->segments, c->capacity * sizeof c->segments[0]);
        c->shown = x_realloc(c->shown, c->capacity * sizeof c->shown[0]);
    }
    struct engine_segment *s = &c->segments[c->n];
    c->shown[c->n] = (struct str)STR_INIT;
    str_append(&c->shown[c->n], text, n);
    *s = (struct engine_segment){.kind = kind};
    if (kind == SEGMENT_TEXT) {
        s->text = str_cstr(&c->shown[c->n]);
        s->n_bytes = n;
    }
    c->n++;
    c->n_prompt += n;
    return s;
}

static void flush(struct chat *c)
{
    if (c->pending.len)
        new_segment(c, SEGMENT_TEXT, c->pending.data, c->pending.len);
    str_clear(&c->pending);
}

static void put_token(struct chat *c, int32_t id)
{
    flush(c);
    size_t i = 0;
    while (i < c->n_tokens && *c->tokens[i] != id)
        i++;
    if (i == c->n_tokens) {
        assert(i < ARRAY_LEN(c->tokens)); /* there are fewer in all rows together */
        c->tokens[c->n_tokens++] = x_memdup(&id, sizeof id);
    }
    struct engine_segment *s = new_segment(c, SEGMENT_IDS, "", 0);
    s->ids = c->tokens[i];
    s->n_ids = 1;
}

/* n bytes of the prompt from here on are those of the passages from `at` on. */
static void put_span(struct chat *c, uint64_t at, size_t n)
{
    c->spans = x_realloc(c->spans, (c->n_spans + 1) * sizeof c->spans[0]);
    c->spans[c->n_spans++] = (struct chat_span){at, c->n_prompt + c->pending.len, n};
}

/* ---- turns ----------------------------------------------------------------------------------- */

static bool is_break(const char *s)
{
    return *s == '\n' || *s == '\r';
}

/* Takes line breaks, or all blanks, off both ends of *text; returns how much went at its head. */
static size_t trim(const char **text, size_t *n, bool all)
{
    size_t head = 0, end = *n;
    while (head < end) {
        uint32_t cp;
        size_t len = unicode_next(*text + head, end - head, &cp);
        if (!(all ? unicode_is_python_space(cp) : is_break(*text + head)))
            break;
        head += len;
    }
    for (size_t at = head, kept = head; at < *n;) { /* the last that is no blank */
        uint32_t cp;
        size_t len = unicode_next(*text + at, *n - at, &cp);
        bool blank = all ? unicode_is_python_space(cp) : is_break(*text + at);
        at += len;
        kept = blank ? kept : at;
        end = kept;
    }
    *text += head;
    *n = head < end ? end - head : 0;
    return head;
}

/* The pieces up to what is said, or all; `said` may be NULL. */
static void put_pieces(struct chat *c, const struct piece *p, const char *said, size_t n)
{
    for (size_t i = 0; i < MAX_PIECES && p[i].kind != PIECE_END; i++) {
        switch (p[i].kind) {
        case PIECE_TOKEN: put_token(c, tokenizer_special(c->tokenizer, p[i].text)); break;
        case PIECE_BOS:
            if (tokenizer_bos(c->tokenizer) >= 0)
                put_token(c, tokenizer_bos(c->tokenizer));
            break;
        case PIECE_EOS:
            if (tokenizer_eos(c->tokenizer) >= 0)
                put_token(c, tokenizer_eos(c->tokenizer));
            break;
        case PIECE_TEXT: str_puts(&c->pending, p[i].text); break;
        case PIECE_SAID: str_append(&c->pending, said, n); break;
        case PIECE_END: break;
        }
    }
}

/* The pieces of a turn before or behind what is said. */
static const struct piece *half(const struct piece *p, bool behind, struct piece out[MAX_PIECES])
{
    size_t i = 0, n = 0;
    while (p[i].kind != PIECE_SAID)
        i++;
    memset(out, 0, MAX_PIECES * sizeof out[0]);
    for (size_t k = behind ? i + 1 : 0; behind ? p[k].kind != PIECE_END : k < i; k++)
        out[n++] = p[k];
    return out;
}

void chat_begin(struct chat *c, const struct chat_template *row, const struct tokenizer *t,
                const char *system)
{
    *c = (struct chat){.row = row, .tokenizer = t};
    put_pieces(c, row->begin, NULL, 0);
    if (!system || !system[0])
        return;
    c->system = x_strdup(system);
    if (row->system_in_turn)
        return;
    const char *text = system;
    size_t n = strlen(system);
    trim(&text, &n, row->trims);
    put_pieces(c, row->system, text, n);
}

static void put_user(struct chat *c, const char *text, size_t n, uint64_t at)
{
    struct piece pieces[MAX_PIECES];
    struct str whole = STR_INIT;
    at += trim(&text, &n, false);
    size_t before = 0;
    if (c->system && c->row->system_in_turn) {
        struct str all = c->pending; /* put_pieces() writes there */
        c->pending = (struct str)STR_INIT;
        put_pieces(c, c->row->system, c->system, strlen(c->system));
        whole = c->pending;
        c->pending = all;
        before = whole.len;
    }
    free(c->system);
    c->system = NULL;
    str_append(&whole, text, n);
    const char *said = str_cstr(&whole);
    size_t n_said = whole.len, head = c->row->trims ? trim(&said, &n_said, true) : 0;
    put_pieces(c, half(c->row->user, false, pieces), NULL, 0);
    /* of what is put the author's part begins behind the system's */
    const size_t skip = head > before ? head - before : 0, lead = before > head ? before - head : 0;
    str_append(&c->pending, said, lead < n_said ? lead : n_said);
    if (n_said > lead) {
        put_span(c, at + skip, n_said - lead);
        str_append(&c->pending, said + lead, n_said - lead);
    }
    put_pieces(c, half(c->row->user, true, pieces), NULL, 0);
    str_free(&whole);
}

static void end_user(struct chat *c)
{
    put_user(c, str_cstr(&c->turn), c->turn.len, c->turn_at);
    str_clear(&c->turn);
}

/* What ends an answer that is given as text is trimmed as its head was. */
static void trim_end_of_answer(struct chat *c)
{
    struct chat_span *last = &c->spans[c->n_spans - 1];
    if (last->prompt < c->n_prompt)
        return; /* it went in as tokens */
    const size_t from = (size_t)(last->prompt - c->n_prompt);
    const char *text = str_cstr(&c->pending) + from;
    size_t n = c->pending.len - from, head = trim(&text, &n, c->row->trims);
    last->n = n ? head + n : 0;
    str_truncate(&c->pending, from + last->n);
}

static void end_answer(struct chat *c)
{
    struct piece pieces[MAX_PIECES];
    trim_end_of_answer(c);
    put_pieces(c, half(c->row->assistant, true, pieces), NULL, 0);
    c->in_answer = false;
}

static void add_answer(struct chat *c, const char *text, size_t n, const int32_t *ids, size_t n_ids)
{
    struct piece pieces[MAX_PIECES];
    const bool first = !c->in_answer;
    uint64_t at = c->n_source;
    if (first && (c->role == CHAT_USER && c->started))
        end_user(c);
    else if (first && c->row->alternates)
        put_user(c, "", 0, 0);
    c->in_answer = true;
    if (ids) { /* as they were written: right behind the beginning of an answer */
        if (first)
            put_pieces(c, c->row->answer, NULL, 0);
        flush(c);
        put_span(c, at, n);
        struct engine_segment *s = new_segment(c, SEGMENT_IDS, text, n);
        s->ids = ids;
        s->n_ids = n_ids;
        return;
    }
    if (first) {
        put_pieces(c, half(c->row->assistant, false, pieces), NULL, 0);
        at += trim(&text, &n, c->row->trims);
    }
    put_span(c, at, n);
    str_append(&c->pending, text, n);
}

void chat_add(struct chat *c, enum chat_role role, const char *text, size_t n, const int32_t *ids,
              size_t n_ids)
{
    if (role == CHAT_USER) {
        if (c->in_answer)
            end_answer(c);
        if (c->turn.len == 0)
            c->turn_at = c->n_source;
        str_append(&c->turn, text, n);
    } else {
        add_answer(c, text, n, ids, n_ids);
    }
    c->role = role;
    c->started = true;
    c->n_source += n;
}

void chat_finish(struct chat *c)
{
    if (!c->in_answer) {
        if (c->started || c->row->alternates)
            end_user(c);
        put_pieces(c, c->row->answer, NULL, 0);
    }
    flush(c);
}

void chat_free(struct chat *c)
{
    for (size_t i = 0; i < c->n; i++)
        str_free(&c->shown[i]);
    for (size_t i = 0; i < c->n_tokens; i++)
        free(c->tokens[i]);
    free(c->segments);
    free(c->shown);
    free(c->spans);
    free(c->system);
    str_free(&c->pending);
    str_free(&c->turn);
    *c = (struct chat){0};
}

uint64_t chat_source(const struct chat *c, uint64_t n_bytes)
{
    for (size_t i = 0; i < c->n_spans; i++) {
        const struct chat_span *s = &c->spans[i];
        if (n_bytes < s->prompt + s->n)
            return n_bytes > s->prompt ? s->at + (n_bytes - s->prompt) : s->at;
    }
    return c->n_source + (n_bytes > c->n_prompt ? n_bytes - c->n_prompt : 0);
}
