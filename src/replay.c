/* replay.c - see replay.h.
 *
 * A generation that ended by itself is made with its own settings and must end the same way. One
 * that was broken off is made with as many tokens as it has: a limit of tokens changes neither
 * what is drawn nor, once the first cut is given, which part of the text the model sees, so this
 * compares the same tokens without running on to where the first one was not let go. */
#include "config.h"

#include "src/replay.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/tokenizers/tokenizer.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/interrupt.h"

/* One replay while it runs. */
struct comparison {
    const struct replay *g;
    struct replay_result *out;
    const struct tokenizer *tokenizer;
    size_t n_now;  /* tokens drawn */
    size_t n_text; /* bytes of text that came */
    bool text_differs;
};

int replay_settings(const struct replay *g, struct settings *s, struct err *err)
{
    return settings_from_json(s, g->settings, err);
}

static bool is_reason(const struct replay *g, const char *const *names, size_t n)
{
    for (size_t i = 0; g->reason && i < n; i++)
        if (strcmp(g->reason, names[i]) == 0)
            return true;
    return false;
}

/* Did it end because of what was written? */
static bool ended_by_itself(const struct replay *g)
{
    static const char *const names[] = {"eos", "length", "stop"};
    return is_reason(g, names, ARRAY_LEN(names));
}

/* Is all of its text in the record? Not when its process died. */
static bool has_all_text(const struct replay *g)
{
    static const char *const names[] = {"cancelled", "deadline"};
    return ended_by_itself(g) || is_reason(g, names, ARRAY_LEN(names));
}

__attribute__((format(printf, 3, 4))) static void
judge(struct replay_result *out, enum replay_verdict verdict, const char *why, ...)
{
    struct err sentence; /* its message is cut at a character */
    char text[sizeof out->why];
    va_list ap;
    va_start(ap, why);
    vsnprintf(text, sizeof text, why, ap);
    va_end(ap);
    err_set(&sentence, E_INPUT, "%s", text);
    memcpy(out->why, sentence.msg, sizeof out->why);
    out->verdict = verdict;
}

/* Is this the model, and the engine set up as it was? */
static bool can_be_made(const struct runner *r, const struct replay *g, const struct settings *s,
                        struct replay_result *out)
{
    const struct engine_info *info = runner_info(r);
    if (g->tokenizer && strcmp(g->tokenizer, info->tokenizer_identity) != 0)
        judge(out, REPLAY_IMPOSSIBLE,
              _("It was made with another vocabulary than this model has."));
    else if (g->model && strcmp(g->model, info->identity) != 0)
        judge(out, REPLAY_IMPOSSIBLE,
              _("It was made with another model: %s was recorded, this one is %s."), g->model,
              info->identity);
    else if (s->n_ctx > 0 && s->n_ctx != info->n_ctx)
        judge(out, REPLAY_IMPOSSIBLE,
              _("It was made with a context of %lld tokens; this one has %d (--n-ctx)."),
              (long long)s->n_ctx, info->n_ctx);
    else if (s->kv != info->kv)
        judge(out, REPLAY_IMPOSSIBLE,
              _("It was made with another number type of the key and value cache (--kv)."));
    return out->verdict != REPLAY_IMPOSSIBLE;
}

static void token_differs(struct comparison *c, int32_t then, int32_t now)
{
    struct replay_result *out = c->out;
    out->then = then;
    out->now = now;
    out->then_piece = out->now_piece = "";
    if (c->tokenizer && then >= 0 && then < tokenizer_count(c->tokenizer))
        out->then_piece = tokenizer_piece(c->tokenizer, then, true, &out->n_then_piece);
    if (c->tokenizer && now >= 0 && now < tokenizer_count(c->tokenizer))
        out->now_piece = tokenizer_piece(c->tokenizer, now, true, &out->n_now_piece);
    judge(out, REPLAY_DIFFERENT, _("Token %zu of %zu is another one."), out->n_same + 1,
          c->g->n_ids);
}

/* True while the tokens agree. */
static bool on_token(struct comparison *c, int32_t id)
{
    const struct replay *g = c->g;
    const size_t i = c->n_now++;
    if (i < g->n_ids && g->ids[i] == id) {
        c->out->n_same++;
        return true;
    }
    token_differs(c, i < g->n_ids ? g->ids[i] : -1, id);
    return false;
}

static void on_text(struct comparison *c, const char *bytes, size_t n)
{
    const struct replay *g = c->g;
    size_t left = c->n_text < g->n_text ? g->n_text - c->n_text : 0;
    if (n > left && has_all_text(g))
        c->text_differs = true;
    if (left > 0 && memcmp(g->text + c->n_text, bytes, n < left ? n : left) != 0)
        c->text_differs = true;
    c->n_text += n;
}

static bool on_event(void *arg, const struct engine_event *ev)
{
    struct comparison *c = arg;
    if (c->out->verdict != REPLAY_IDENTICAL)
        return false;
    if (ev->type == EV_TOKEN)
        return on_token(c, ev->token.id);
    if (ev->type == EV_TEXT)
        on_text(c, ev->bytes, ev->n_bytes);
    return true;
}

/* All tokens that came agree; does the rest? */
static void compare_end(struct comparison *c, const struct engine_event *done)
{
    const struct replay *g = c->g;
    struct replay_result *out = c->out;
    if (g->n_prompt > 0 && done->done.n_prompt != g->n_prompt)
        judge(out, REPLAY_DIFFERENT, _("The prompt has %d tokens, and had %d."),
              done->done.n_prompt, g->n_prompt);
    else if (c->n_now < g->n_ids)
        token_differs(c, g->ids[c->n_now], -1);
    else if (out->whole && strcmp(engine_done_name(done->done.reason), g->reason) != 0)
        judge(out, REPLAY_DIFFERENT, _("It ended by \"%s\", and had ended by \"%s\"."),
              engine_done_name(done->done.reason), g->reason);
    else if (c->text_differs || c->n_text < g->n_text)
        judge(out, REPLAY_DIFFERENT, _("The tokens are the same, but they spell another text."));
}

static int run(struct runner *r, const struct settings *s, struct comparison *c, struct err *err)
{
    const struct replay *g = c->g;
    struct engine_request q = {.n_segments = g->n_parts, .n_streams = 1};
    struct engine_segment *segments = x_calloc(g->n_parts + 1, sizeof segments[0]);
    for (size_t i = 0; i < g->n_parts; i++)
        segments[i] = (struct engine_segment){
            .kind = SEGMENT_IDS, .ids = g->parts[i].ids, .n_ids = g->parts[i].n_ids};
    settings_request(s, &q);
    q.segments = segments;
    q.seed = g->seed;
    q.stream = g->stream;
    q.first_cut = g->n_dropped;
    if (!c->out->whole)
        q.max_tokens = (int)g->n_ids;
    struct engine_event done;
    int rc = runner_generate(r, &q, on_event, c, &done, err);
    free(segments);
    if (rc == 0 && interrupt_signal())
        rc = err_set(err, E_CANCELLED, _("interrupted"));
    if (rc == 0 && c->out->verdict == REPLAY_IDENTICAL)
        compare_end(c, &done);
    return rc;
}

int replay_run(struct runner *r, const struct replay *g, struct replay_result *out, struct err *err)
{
    struct settings s = {0};
    struct err why = ERR_INIT;
    *out = (struct replay_result){
        .then = -1, .now = -1, .then_piece = "", .now_piece = "", .whole = ended_by_itself(g)};
    if (settings_from_json(&s, g->settings, &why)) {
        judge(out, REPLAY_IMPOSSIBLE, "%s", why.msg);
        return 0;
    }
    int rc = 0;
    struct comparison c = {.g = g, .out = out, .tokenizer = runner_tokenizer(r)};
    if (can_be_made(r, g, &s, out) && (g->n_ids > 0 || out->whole) && g->n_ids <= INT_MAX)
        rc = run(r, &s, &c, &why);
    settings_free(&s);
    if (rc == E_INPUT || rc == E_USAGE) { /* this prompt cannot be given to this engine */
        judge(out, REPLAY_IMPOSSIBLE, "%s", why.msg);
        return 0;
    }
    if (rc && err)
        *err = why;
    return rc;
}
