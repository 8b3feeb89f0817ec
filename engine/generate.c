/* generate.c - see generate.h.
 *
 * The window. While the prompt is read, g->ids holds all of its tokens; afterwards it holds the
 * window, the tokens the model sees:
 *
 *   ids:  [start token, when the model wants one] [rest of the prompt] [written so far]
 *          `start` (0 or 1)                        n_prompt_left        ...               n in all
 *
 * When the window is full its oldest part is dropped by moving the rest to the front. So n_ctx + 1
 * places suffice however much is written, and nothing grows in the token loop.
 *
 * Invariants
 *  1  between two tokens the KV cache holds a prefix of the window, and the logits of its last
 * token are those of the last forward_eval 2  a token counts as generated once its EV_TOKEN was
 * taken; its text follows at once 3  g->cut and g->cut_hash describe what was dropped of the whole
 * text (prompt and written), so a later request whose text begins with the same tokens gets the
 * same window
 */
#include "config.h"

#include "engine/generate.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/formats/infile.h"
#include "engine/window.h"
#include "src/base/clock.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"

enum {
    PROMPT_PIECE_IDS = 1024, /* ids of one EV_PROMPT at most */
    STATS_MS = 250,
    SCORES_AT_ONCE = 256, /* of one EV_SCORE at most */
};

static const uint64_t hash_of_nothing = 0xCBF29CE484222325u; /* FNV-1a, 64 bits */

/* One request while it runs. */
struct run {
    struct generator *g;
    const struct engine_request *request;
    const struct emitter *out;
    int64_t deadline_ns; /* 0: none */
    int start;           /* 1: ids[0] is a start token that is not part of the text */
    int n;               /* tokens in the window */
    int n_prompt;        /* of the whole prompt, start token included */
    int n_prompt_left;   /* of the prompt's text still in the window */
    int n_reused;
    int n_generated, limit; /* n_generated: scored, in a request that scores */
    uint64_t n_bytes_dropped;
    int64_t prefill_ns, write_began_ns, written_prefill_ns, stats_ns;
};

static bool emit(struct run *r, struct engine_event ev)
{
    ev.id = r->request->id;
    ev.stream = r->request->stream;
    return r->out->emit(r->out->ctx, &ev);
}

static bool is_damaged(const struct generator *g)
{
    return g->damaged && atomic_load(g->damaged);
}

static bool deadline_passed(const struct run *r)
{
    return r->deadline_ns != 0 && clock_mono_ns() >= r->deadline_ns;
}

static bool should_stop(void *run)
{
    struct run *r = run;
    return r->out->cancelled(r->out->ctx) || deadline_passed(r) || is_damaged(r->g);
}

/* --- the prompt ------------------------------------------------------------------------------ */

static int reserve_ids(struct generator *g, size_t n, struct err *err)
{
    if (n <= g->ids_capacity)
        return 0;
    size_t bytes;
    int32_t *ids = n <= INT_MAX && mul_size(n, sizeof *ids, &bytes) ? realloc(g->ids, bytes) : NULL;
    if (!ids)
        return err_set(err, E_RESOURCE, _("There is no memory for a prompt of %zu tokens."), n);
    g->ids = ids;
    g->ids_capacity = n;
    return 0;
}

static int reserve_segments(struct generator *g, size_t n, struct err *err)
{
    if (n <= g->segments_capacity)
        return 0;
    size_t bytes;
    int *ends = mul_size(n, sizeof *ends, &bytes) ? realloc(g->segment_ends, bytes) : NULL;
    if (!ends)
        return err_set(err, E_RESOURCE, _("There is no memory for a prompt of %zu segments."), n);
    g->segment_ends = ends;
    g->segments_capacity = n;
    return 0;
}

/* Appends the tokens of one segment at ids[at..]; *n_ids is how many. */
static int read_segment(struct run *r, const struct engine_segment *s, size_t at, size_t *n_ids,
                        struct err *err)
{
    struct generator *g = r->g;
    int rc;
    size_t n;
    if (s->kind == SEGMENT_IDS) {
        n = s->n_ids;
        rc = reserve_ids(g, at + n, err);
        if (rc == 0 && n > 0)
            memcpy(g->ids + at, s->ids, n * sizeof *s->ids);
    } else {
        const int flags = (s->special ? 0 : TOKENIZE_LITERAL) | (at > 1 ? TOKENIZE_CONTINUES : 0);
        /* Two bytes a token is a guess on the safe side for most texts; the call tells when not. */
        rc = reserve_ids(g, at + s->n_bytes / 2 + 16, err);
        if (rc == 0)
            rc = tokenizer_encode_until(g->tokenizer, s->text, s->n_bytes, flags, g->ids + at,
                                        g->ids_capacity - at, &n, should_stop, r, err);
        if (rc == 0 && n > g->ids_capacity - at) {
            rc = reserve_ids(g, at + n, err);
            if (rc == 0)
                rc = tokenizer_encode_until(g->tokenizer, s->text, s->n_bytes, flags, g->ids + at,
                                            n, &n, should_stop, r, err);
        }
    }
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < n; i++)
        if (g->ids[at + i] < 0 || g->ids[at + i] >= g->model->hp.n_vocab)
            return err_set(err, E_INPUT,
                           _("Token %zu of the prompt is %d, but the model only has the tokens 0 "
                             "to %d: the text was written with another model."),
                           at + i, (int)g->ids[at + i], g->model->hp.n_vocab - 1);
    *n_ids = n;
    return 0;
}

static bool tell_segment(struct run *r, size_t segment, const int32_t *ids, size_t n, bool last)
{
    if (n == 0 && !last)
        return true;
    size_t at = 0;
    do {
        size_t piece = n - at < PROMPT_PIECE_IDS ? n - at : PROMPT_PIECE_IDS;
        struct engine_event ev = {.type = EV_PROMPT};
        ev.prompt.segment = (uint32_t)segment;
        ev.prompt.offset = (uint32_t)at;
        ev.prompt.n_ids = (uint32_t)piece;
        ev.prompt.last = last && at + piece == n;
        ev.bytes = (const char *)(ids + at);
        ev.n_bytes = piece * sizeof *ids;
        if (should_stop(r) || !emit(r, ev))
            return false;
        at += piece;
    } while (at < n);
    return true;
}

/* Tokenises all segments to ids[1..] and tells them; *n is how many tokens they have. */
static int read_segments(struct run *r, size_t *n_text, struct err *err)
{
    struct generator *g = r->g;
    const struct engine_request *q = r->request;
    int rc = reserve_ids(g, (size_t)g->n_ctx + 1, err);
    if (rc == 0)
        rc = reserve_segments(g, q->n_segments, err);
    size_t n = 0;
    if (rc == 0 && q->n_segments == 0 && !tell_segment(r, 0, g->ids, 0, true))
        return E_CANCELLED;
    for (size_t i = 0; rc == 0 && i < q->n_segments; i++) {
        size_t n_segment = 0;
        if (should_stop(r))
            return E_CANCELLED;
        rc = read_segment(r, &q->segments[i], 1 + n, &n_segment, err);
        if (rc < 0)
            return rc;
        if (!tell_segment(r, i, g->ids + 1 + n, n_segment, i + 1 == q->n_segments))
            return E_CANCELLED;
        n += n_segment;
        g->segment_ends[i] = (int)n;
    }
    *n_text = n;
    return rc;
}

/* The whole prompt to ids, a start token before it where the model wants one. */
static int read_prompt(struct run *r, struct err *err)
{
    struct generator *g = r->g;
    size_t n;
    int rc = read_segments(r, &n, err);
    if (rc < 0)
        return rc;
    const struct tokenizer *t = g->tokenizer;
    int32_t first = -1;
    if (n == 0)
        first = tokenizer_start(t);
    else if (tokenizer_adds_bos(t) && g->ids[1] != tokenizer_bos(t))
        first = tokenizer_bos(t);
    if (n == 0 && first < 0)
        return err_set(err, E_INPUT,
                       _("This model cannot begin from nothing: write a first word."));
    r->start = first >= 0;
    if (r->start)
        g->ids[0] = first;
    else
        memmove(g->ids, g->ids + 1, n * sizeof *g->ids);
    for (size_t i = 0; i < r->request->n_segments; i++)
        g->segment_ends[i] += r->start;
    r->n = r->n_prompt = r->start + (int)n;
    r->n_prompt_left = (int)n;
    return 0;
}

/* --- the window ------------------------------------------------------------------------------ */

static uint64_t hash_ids(uint64_t h, const int32_t *ids, int n)
{
    for (int i = 0; i < n; i++)
        h = (h ^ (uint32_t)ids[i]) * 0x100000001B3u;
    return h;
}

/* What token i of the text adds to it. When older text was cut off the token before the first is
 * not known any more: then its bytes alone. */
static const char *piece_at(const struct generator *g, const int32_t *ids, int i, size_t *n_bytes)
{
    if (i == 0 && g->cut > 0)
        return tokenizer_piece(g->tokenizer, ids[0], false, n_bytes);
    return tokenizer_piece_after(g->tokenizer, i > 0 ? ids[i - 1] : -1, ids[i], false, n_bytes);
}

/* Bytes of text that the first `n` tokens after the start token stand for. The prompt's are the
 * tokens' own; what was written was shown with replaced characters. */
static uint64_t bytes_of_oldest(struct run *r, int n)
{
    const struct generator *g = r->g;
    const int32_t *ids = g->ids + r->start;
    uint64_t bytes = 0;
    size_t n_piece, n_out;
    const char *out;
    int i = 0;
    for (; i < n && i < r->n_prompt_left; i++) {
        piece_at(g, ids, i, &n_piece);
        bytes += n_piece;
    }
    stream_text_begin(g->measure, NULL, 0);
    for (; i < n; i++) {
        const char *piece = piece_at(g, ids, i, &n_piece);
        stream_text_put(g->measure, piece, n_piece, &out, &n_out);
        bytes += n_out;
    }
    return bytes;
}

/* Drops the oldest n tokens of the window and says so. */
static bool drop_oldest(struct run *r, int n)
{
    struct generator *g = r->g;
    int32_t *text = g->ids + r->start;
    r->n_bytes_dropped += bytes_of_oldest(r, n);
    g->cut_hash = hash_ids(g->cut_hash, text, n);
    g->cut += n;
    r->n -= n;
    r->n_prompt_left = r->n_prompt_left > n ? r->n_prompt_left - n : 0;
    memmove(text, text + n, (size_t)(r->n - r->start) * sizeof *text);
    struct engine_event ev = {.type = EV_CUT};
    ev.cut.n_tokens_dropped = g->cut;
    ev.cut.n_tokens_kept = r->n - r->start;
    ev.cut.n_bytes_dropped = r->n_bytes_dropped;
    return emit(r, ev);
}

/* The cut of the last request, when this text begins with the tokens that were dropped then. */
static int cut_in_force(const struct run *r)
{
    const struct generator *g = r->g;
    bool same = g->cut > 0 && g->cut <= r->n - r->start &&
                hash_ids(hash_of_nothing, g->ids + r->start, g->cut) == g->cut_hash;
    return same ? g->cut : 0;
}

/* Makes the prompt fit and decides how many tokens may be written. */
static int fit_prompt(struct run *r, struct err *err)
{
    struct generator *g = r->g;
    const struct engine_request *q = r->request;
    int n_ctx = g->n_ctx - r->start; /* for text */
    if (n_ctx < 2)
        return err_set(err, E_INPUT, _("A context of %d tokens is too small to write with."),
                       g->n_ctx);
    int wanted = q->max_tokens;
    if (q->max_length > 0) {
        if (q->max_length <= r->n_prompt)
            return err_set(err, E_USAGE,
                           _("max_length is %d, but the prompt alone has %d tokens: give a larger "
                             "max_length, or use max_tokens."),
                           q->max_length, r->n_prompt);
        int left = q->max_length - r->n_prompt;
        wanted = wanted > 0 && wanted < left ? wanted : left;
    }
    int reserve = window_reserve(wanted, n_ctx);
    int n_text = r->n - r->start;
    if (q->keep_whole && n_text + reserve > n_ctx)
        return err_set(err, E_INPUT,
                       _("The prompt has %d tokens and %d are kept for the answer: more than the "
                         "context of %d tokens, and the prompt must not be cut."),
                       r->n_prompt, reserve, g->n_ctx);
    int cut = 0;
    if (!q->keep_whole) {
        int previous = q->first_cut > 0 ? q->first_cut : cut_in_force(r);
        if (q->first_cut <= n_text)
            cut = window_cut(g->tokenizer, g->ids + r->start, n_text, previous, reserve, n_ctx);
    }
    if (q->first_cut > 0 && cut != q->first_cut)
        return err_set(err, E_INPUT,
                       _("Of the prompt's %d tokens the first %d cannot have been cut off in a "
                         "context of %d tokens with %d kept for the answer."),
                       r->n_prompt, q->first_cut, g->n_ctx, reserve);
    g->cut = 0;
    g->cut_hash = hash_of_nothing;
    if (cut > 0 && !drop_oldest(r, cut))
        return E_CANCELLED;
    int room = g->n_ctx - r->n;
    r->limit = wanted > 0 ? wanted : room;
    if ((q->keep_whole || q->max_tokens == 0) && r->limit > room)
        r->limit = room;
    return 0;
}

/* --- evaluating ------------------------------------------------------------------------------ */

static bool tell_prefill(struct run *r, int done, int total, int reused)
{
    struct engine_event ev = {.type = EV_PREFILL};
    ev.prefill.done = done;
    ev.prefill.total = total;
    ev.prefill.reused = reused;
    return emit(r, ev);
}

/* Keeps of the cache what is the same, but at most n tokens; returns how many are kept. */
static int reuse(struct run *r, int n)
{
    struct generator *g = r->g;
    int same = kvcache_common(g->kv, g->ids, n);
    kvcache_rewind(g->kv, same);
    if (r->n_generated == 0)
        r->n_reused = same;
    return same;
}

/* Brings the cache to the window and the logits to its last token. That one is always evaluated
 * anew, because only evaluating yields logits. */
static int prefill(struct run *r, struct err *err)
{
    struct generator *g = r->g;
    int64_t began_ns = clock_mono_ns();
    const int reused = reuse(r, r->n - 1);
    int done = reused;
    int rc = tell_prefill(r, done, r->n, reused) ? 0 : E_CANCELLED;
    while (rc == 0 && done < r->n) {
        int chunk = r->n - done < g->n_batch ? r->n - done : g->n_batch;
        enum forward_want want = done + chunk == r->n ? WANT_LAST : WANT_NOTHING;
        rc = forward_eval(g->forward, g->ids + done, chunk, want, should_stop, r, err);
        if (rc < 0)
            break;
        done += chunk;
        if (!tell_prefill(r, done, r->n, reused))
            rc = E_CANCELLED;
    }
    int64_t ns = clock_mono_ns() - began_ns;
    r->prefill_ns += ns;
    if (r->write_began_ns)
        r->written_prefill_ns += ns;
    return rc;
}

/* Appends the token just drawn to the window and evaluates it. */
static int take_in(struct run *r, int32_t id, struct err *err)
{
    struct generator *g = r->g;
    bool full = r->n == g->n_ctx;
    if (full) {
        int n_ctx = g->n_ctx - r->start;
        int reserve = window_reserve(r->limit - r->n_generated, n_ctx);
        int drop = window_cut(g->tokenizer, g->ids + r->start, r->n - r->start, 0, reserve, n_ctx);
        if (!drop_oldest(r, drop))
            return E_CANCELLED;
    }
    assert((size_t)r->n < g->ids_capacity);
    g->ids[r->n++] = id;
    if (full)
        return prefill(r, err);
    return forward_eval(g->forward, &id, 1, WANT_LAST, should_stop, r, err);
}

/* --- scoring --------------------------------------------------------------------------------- */

/* Is the token at this place of a scored segment? *segment, 0 at first, becomes its segment; the
 * places asked for with the same variable must grow. */
static bool is_scored(const struct run *r, size_t *segment, int place)
{
    const struct engine_request *q = r->request;
    while (*segment < q->n_segments && r->g->segment_ends[*segment] <= place)
        ++*segment;
    return place >= r->start && *segment < q->n_segments && q->segments[*segment].scored;
}

/* Scores on their way to an EV_SCORE. */
struct scores {
    size_t segment; /* of the last */
    uint32_t n;
    struct engine_score list[SCORES_AT_ONCE];
};

static bool send_scores(struct run *r, struct scores *s)
{
    struct engine_event ev = {.type = EV_SCORE};
    ev.score.n = s->n;
    ev.bytes = (const char *)s->list;
    ev.n_bytes = s->n * sizeof *s->list;
    if (s->n > 0 && !emit(r, ev))
        return false;
    r->n_generated += (int)s->n;
    s->n = 0;
    return true;
}

/* Tells the scored token at this place; logits NULL: nothing predicts it. */
static bool put_score(struct run *r, struct scores *s, int place, const float *logits)
{
    const struct generator *g = r->g;
    if (!is_scored(r, &s->segment, place))
        return true;
    const int begin = s->segment > 0 ? g->segment_ends[s->segment - 1] : r->start;
    s->list[s->n++] = (struct engine_score){
        .id = g->ids[place],
        .segment = (uint32_t)s->segment,
        .offset = (uint32_t)(place - begin),
        .logprob = logits ? sampler_logprob(g->sampler, logits, g->ids[place]) : NAN,
    };
    return s->n < SCORES_AT_ONCE || send_scores(r, s);
}

/* Evaluates ids[done..total) and tells the scores of ids[done+1..total]. Chunks end where scored
 * tokens begin or end, so that logits are computed for no others. Allocates nothing. */
static int score_from(struct run *r, int done, int total, struct scores *s, struct err *err)
{
    struct generator *g = r->g;
    const int reused = done;
    size_t segment = 0;
    while (done < total) {
        const bool scored = is_scored(r, &segment, done + 1);
        int chunk = 1;
        while (chunk < g->n_batch && done + chunk < total &&
               is_scored(r, &segment, done + chunk + 1) == scored)
            chunk++;
        int rc = forward_eval(g->forward, g->ids + done, chunk, scored ? WANT_ALL : WANT_NOTHING,
                              should_stop, r, err);
        if (rc < 0)
            return rc;
        for (int i = 0; scored && i < chunk; i++) {
            if (should_stop(r) || !put_score(r, s, done + i + 1, forward_logits(g->forward, i)))
                return E_CANCELLED;
        }
        done += chunk;
        if (!tell_prefill(r, done, total, reused) || !send_scores(r, s))
            return E_CANCELLED;
    }
    return 0;
}

/* The whole of a request that scores, once its prompt is read. A token is predicted by the logits
 * of the one before it, so that one is evaluated anew even if it is in the cache, and the last one
 * is not evaluated at all. */
static int score_prompt(struct run *r, struct err *err)
{
    struct generator *g = r->g;
    if (r->n > g->n_ctx)
        return err_set(err, E_INPUT,
                       _("The text to be scored has %d tokens, more than the context of %d tokens: "
                         "take a shorter one or a larger n_ctx."),
                       r->n, g->n_ctx);
    int64_t began_ns = clock_mono_ns();
    size_t segment = 0;
    int first = 0, last = 0; /* scored tokens that are predicted; 0: none */
    for (int i = 1; i < r->n; i++) {
        if (!is_scored(r, &segment, i))
            continue;
        first = first > 0 ? first : i;
        last = i;
    }
    const int reused = reuse(r, first > 0 ? first - 1 : 0);
    struct scores scores = {.n = 0};
    int rc = E_CANCELLED;
    if (tell_prefill(r, reused, last, reused) && put_score(r, &scores, 0, NULL) &&
        send_scores(r, &scores))
        rc = score_from(r, reused, last, &scores, err);
    r->prefill_ns = clock_mono_ns() - began_ns;
    return rc;
}

/* --- writing --------------------------------------------------------------------------------- */

static void tell_text(struct run *r, const char *bytes, size_t n)
{
    struct engine_event ev = {.type = EV_TEXT, .bytes = bytes, .n_bytes = n};
    if (n > 0)
        emit(r, ev); /* refused only when nobody is left to read it */
}

static void tell_stats(struct run *r, bool now)
{
    int64_t now_ns = clock_mono_ns();
    if (!now && now_ns - r->stats_ns < (int64_t)STATS_MS * 1000000)
        return;
    r->stats_ns = now_ns;
    int64_t writing_ns = now_ns - r->write_began_ns - r->written_prefill_ns;
    struct engine_event ev = {.type = EV_STATS};
    ev.stats.tokens_per_s = writing_ns > 0 ? (float)(r->n_generated * 1e9 / (double)writing_ns) : 0;
    ev.stats.n_ctx_used = r->n;
    ev.stats.n_ctx = r->g->n_ctx;
    emit(r, ev);
}

/* The token loop. Returns 0 with the reason, E_CANCELLED or an error. Allocates nothing. */
static int write_text(struct run *r, enum engine_done_reason *reason, struct err *err)
{
    struct generator *g = r->g;
    const struct engine_request *q = r->request;
    r->write_began_ns = r->stats_ns = clock_mono_ns();
    for (;;) {
        if (should_stop(r))
            return E_CANCELLED;
        struct engine_event ev = {.type = EV_TOKEN};
        int32_t id = sampler_draw(g->sampler, &q->sampling, forward_logits(g->forward, 0), g->ids,
                                  (size_t)r->n, q->seed, q->stream, (uint64_t)r->n_generated,
                                  &ev.token.logprob);
        if (id < 0)
            return err_set(err, E_INPUT,
                           _("The logits are not finite after token %d: the model file is "
                             "damaged."),
                           r->n);
        ev.token.id = id;
        if (!emit(r, ev))
            return E_CANCELLED;
        r->n_generated++;
        if (tokenizer_is_end(g->tokenizer, id) && !q->ignore_eos) {
            *reason = DONE_EOS;
            return 0;
        }
        size_t n_piece, n_out;
        const int32_t prev = r->n > r->start ? g->ids[r->n - 1] : -1;
        const char *out, *piece = tokenizer_piece_after(g->tokenizer, prev, id, false, &n_piece);
        bool stopped = stream_text_put(g->text, piece, n_piece, &out, &n_out);
        tell_text(r, out, n_out);
        if (stopped || r->n_generated >= r->limit) {
            *reason = stopped ? DONE_STOP : DONE_LENGTH;
            return 0;
        }
        tell_stats(r, false);
        int rc = take_in(r, id, err);
        if (rc < 0)
            return rc;
    }
}

static int generate(struct run *r, enum engine_done_reason *reason, struct err *err)
{
    int rc = fit_prompt(r, err);
    if (rc == 0)
        rc = prefill(r, err);
    if (rc == 0)
        rc = write_text(r, reason, err);
    return rc;
}

int generate_file_changed(const struct model *m, struct err *err)
{
    char shown[INFILE_QUOTE_BYTES];
    return err_set(err, E_INPUT, _("%s: the model file changed while in use; load it again."),
                   infile_quote(shown, weights_path(m->weights)));
}

/* The last words: text that was held back, then EV_DONE or EV_ERROR. */
static void finish(struct run *r, int rc, enum engine_done_reason reason, struct err *err)
{
    struct generator *g = r->g;
    if (rc < 0 || reason != DONE_STOP) {
        const char *out;
        size_t n_out;
        stream_text_end(g->text, &out, &n_out);
        tell_text(r, out, n_out);
    }
    if (r->write_began_ns)
        tell_stats(r, true);
    if (is_damaged(g))
        rc = generate_file_changed(g->model, err);
    else if (rc == E_CANCELLED) {
        rc = 0;
        reason =
            r->out->cancelled(r->out->ctx) || !deadline_passed(r) ? DONE_CANCELLED : DONE_DEADLINE;
    }
    struct engine_event ev = {.type = rc < 0 ? EV_ERROR : EV_DONE};
    if (rc < 0) {
        ev.error.code = (enum err_code)rc;
        ev.bytes = err->msg;
        ev.n_bytes = strlen(err->msg);
    } else {
        int64_t decode_ns = 0;
        if (r->write_began_ns)
            decode_ns = clock_mono_ns() - r->write_began_ns - r->written_prefill_ns;
        ev.done.reason = reason;
        ev.done.n_prompt = r->n_prompt;
        ev.done.n_reused = r->n_reused;
        ev.done.n_tokens = r->n_generated;
        ev.done.n_text_tokens = stream_text_tokens(g->text);
        ev.done.prefill_us = r->prefill_ns / 1000;
        ev.done.decode_us = decode_ns / 1000;
    }
    emit(r, ev);
}

void generate_run(struct generator *g, const struct engine_request *request,
                  const struct emitter *out)
{
    struct err err = ERR_INIT;
    struct run r = {.g = g, .request = request, .out = out};
    if (request->deadline_ms > 0 && request->deadline_ms < INT64_MAX / 2000000)
        r.deadline_ns = clock_mono_ns() + request->deadline_ms * 1000000;
    enum engine_done_reason reason = DONE_SCORED;
    stream_text_begin(g->text, request->stops, request->n_stops);
    int rc = read_prompt(&r, &err);
    if (rc == 0 && request->score)
        rc = score_prompt(&r, &err);
    else if (rc == 0)
        rc = generate(&r, &reason, &err);
    finish(&r, rc, reason, &err);
}
