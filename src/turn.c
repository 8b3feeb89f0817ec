/* turn.c - see turn.h.
 *
 * Invariants
 *  1  at most one request is with the engine: `id` is its number while state is READING or WRITING;
 *     events with any other id are stale and dropped
 *  2  `node` is NULL until the first text of a generation arrives: a generation that wrote nothing
 *     leaves no empty passage in the tree (its record is kept, with no node)
 *  3  nodes are never freed while their story is loaded, so `path` may hold pointers to them
 *  4  text shown has been given to the store in the same call: what the screen shows is never ahead
 * of the store's queue 5  `action` is carried out exactly once, when the turn becomes idle 6
 * `waiting` joins the manuscript when the turn becomes idle, before and whatever the action: what
 * was sent is never dropped
 */
#include "config.h"

#include "src/turn.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/clock.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/rng.h"
#include "src/base/str.h"
#include "src/base/utf8.h"
#include "src/chat.h"

/* A take that ends before its first word is asked for anew, this many times, when the seed is free.
 */
enum { MAX_SILENT = 4 };

enum action {
    ACT_NONE,
    ACT_AGAIN,
    ACT_CONTINUE,
    ACT_RETRY,
    ACT_UNDO,
    ACT_REDO,
    ACT_SIBLING,
    ACT_GOTO,
    ACT_KEEP,
    ACT_CALL,
};

/* The tokens the engine told for one segment of the prompt. */
struct segment_ids {
    int32_t *ids;
    size_t n, cap;
};

struct turn {
    struct story *story;
    struct store *store;
    const struct settings *settings;
    const struct turn_view *view;
    const struct engine_info *info; /* NULL: no engine */
    struct engine_session *session;

    enum turn_state state;
    uint64_t id, last_id;

    /* the generation that runs */
    struct node *from;    /* it continues this passage */
    struct node *node;    /* its passage (invariant 2) */
    store_ref generation; /* 0 until recorded */
    uint64_t seed;
    char *recorded;  /* its settings, as they were when it began */
    uint32_t stream; /* takes of this passage before it: with a fixed seed each is another */
    int64_t started_ms, first_text_ms;
    struct node **path; /* the passages of its prompt */
    size_t n_path, cap_path;
    struct chat chat; /* in a chat its segments; else passages are segments */
    bool in_chat;
    size_t n_parts;
    struct segment_ids *parts; /* of each segment, and one more for what the engine put in front */
    int n_dropped;             /* tokens cut off at the front of the prompt */
    int32_t *ids;              /* sampled so far */
    float *logprobs;
    size_t n_ids, cap_ids;
    size_t n_ids_stored; /* of them given to the store */
    size_t n_chars;

    int read_done, read_total;
    float tokens_per_s;
    int ctx_used;
    uint64_t context_from;
    bool cut_told; /* this request said where the model's view begins */
    bool has_newest;
    bool stop_asked; /* the generation was told to end */
    int n_silent;    /* takes in a row that ended before their first word */

    enum action action;
    int action_step;
    struct node *action_node;
    struct str kept; /* ACT_KEEP: the passage */
    store_ref kept_generation;
    void (*action_call)(void *);
    void *action_arg;
    struct str waiting; /* invariant 6 */
};

struct turn *turn_new(struct story *story, struct store *store, const struct settings *settings,
                      const struct turn_view *view)
{
    struct turn *t = x_calloc(1, sizeof *t);
    t->story = story;
    t->store = store;
    t->settings = settings;
    t->view = view;
    str_init(&t->waiting, 0);
    str_init(&t->kept, 0);
    return t;
}

static void parts_free(struct turn *t)
{
    for (size_t i = 0; t->parts && i <= t->n_parts; i++)
        free(t->parts[i].ids);
    free(t->parts);
    t->parts = NULL;
    chat_free(&t->chat);
}

void turn_free(struct turn *t)
{
    if (!t)
        return;
    parts_free(t);
    free(t->path);
    free(t->ids);
    free(t->logprobs);
    free(t->recorded);
    str_free(&t->waiting);
    str_free(&t->kept);
    free(t);
}

void turn_set_story(struct turn *t, struct story *story)
{
    assert(t->state == TURN_IDLE || t->state == TURN_WAITING);
    t->story = story;
    t->state = TURN_IDLE;
    t->context_from = 0;
    t->ctx_used = 0;
    t->has_newest = false;
    t->view->moved(t->view->ctx);
}

/* ---- beginning ----------------------------------------------------------------------------------
 */

static void notice_err(struct turn *t, const struct err *err)
{
    t->view->notice(t->view->ctx, TURN_ERROR, err->msg);
}

static void read_path(struct turn *t)
{
    t->n_path = story_path_length(t->story);
    if (t->n_path > t->cap_path) {
        t->cap_path = t->n_path * 2;
        t->path = x_realloc(t->path, t->cap_path * sizeof t->path[0]);
    }
    story_path(t->story, t->path, t->n_path);
}

static bool has_ids(const struct turn *t, const struct node *n)
{
    return n->ids && strcmp(n->tokenizer, t->info->tokenizer_identity) == 0;
}

/* In a chat the author's passages are questions, the model's answers. */
static int make_chat(struct turn *t, struct err *err)
{
    const struct chat_template *row;
    int rc = chat_find(t->settings->chat, t->info->tokenizer, &row, err);
    if (rc)
        return rc;
    chat_begin(&t->chat, row, t->info->tokenizer, t->settings->system);
    for (size_t i = 0; i < t->n_path; i++) {
        const struct node *n = t->path[i];
        if (n == t->story->root)
            continue;
        if (n->kind == NODE_MODEL)
            chat_add(&t->chat, CHAT_ASSISTANT, n->text, n->n_text, has_ids(t, n) ? n->ids : NULL,
                     n->n_ids);
        else
            chat_add(&t->chat, CHAT_USER, n->text, n->n_text, NULL, 0);
    }
    chat_finish(&t->chat);
    return 0;
}

/* The path of the story becomes the request's segments: tokens where they are known for this
 * tokenizer, text where not. *out is the caller's. */
static int make_segments(struct turn *t, struct engine_segment **out, struct err *err)
{
    parts_free(t);
    read_path(t);
    t->in_chat = t->settings->chat != NULL;
    int rc = t->in_chat ? make_chat(t, err) : 0;
    if (rc)
        return rc;
    t->n_parts = t->in_chat ? t->chat.n : t->n_path;
    t->parts = x_calloc(t->n_parts + 1, sizeof t->parts[0]);
    struct engine_segment *segments = x_calloc(t->n_parts + 1, sizeof segments[0]);
    *out = segments;
    for (size_t i = 0; t->in_chat && i < t->n_parts; i++)
        segments[i] = t->chat.segments[i];
    for (size_t i = 0; !t->in_chat && i < t->n_path; i++) {
        const struct node *n = t->path[i];
        if (has_ids(t, n))
            segments[i] =
                (struct engine_segment){.kind = SEGMENT_IDS, .ids = n->ids, .n_ids = n->n_ids};
        else
            segments[i] = (struct engine_segment){
                .kind = SEGMENT_TEXT, .text = n->text, .n_bytes = n->n_text};
    }
    return 0;
}

static uint32_t count_takes(const struct node *from)
{
    uint32_t n = 0;
    for (const struct node *c = from->first_child; c; c = c->next)
        n += c->kind == NODE_MODEL;
    return n;
}

/* What /set changes from here on is for the next generation. */
static void keep_settings(struct turn *t)
{
    struct settings used = {0};
    settings_copy(&used, t->settings);
    settings_in_use(&used, t->info);
    if (t->in_chat) { /* the format that was used, not how it was found */
        free(used.chat);
        used.chat = x_strdup(chat_name(t->chat.row));
    }
    free(t->recorded);
    t->recorded = settings_json(&used, t->seed);
    settings_free(&used);
}

static void begin(struct turn *t)
{
    t->has_newest = false;
    if (!t->session) {
        t->state = TURN_WAITING;
        return;
    }
    struct err err = ERR_INIT;
    struct engine_segment *segments = NULL;
    int rc = make_segments(t, &segments, &err);
    struct engine_request r = {
        .id = t->last_id + 1, .segments = segments, .n_segments = t->n_parts, .n_streams = 1};
    settings_request(t->settings, &r);
    t->seed = t->settings->seed >= 0 ? (uint64_t)t->settings->seed : rng_fresh_seed();
    r.seed = t->seed;
    r.stream = t->stream = count_takes(t->story->current) + (uint32_t)t->n_silent;
    if (rc == 0)
        rc = engine_submit(t->session, &r, &err);
    free(segments);
    if (rc != 0) {
        t->state = TURN_IDLE;
        notice_err(t, &err);
        return;
    }
    t->id = t->last_id = r.id;
    t->state = TURN_READING;
    keep_settings(t);
    t->from = t->story->current;
    t->node = NULL;
    t->generation = 0;
    t->started_ms = clock_wall_ms();
    t->first_text_ms = 0;
    t->n_dropped = 0;
    t->n_ids = t->n_ids_stored = 0;
    t->n_chars = 0;
    t->read_done = t->read_total = 0;
    t->tokens_per_s = 0;
    t->cut_told = false;
    t->stop_asked = false;
}

/* The store knows no row for the root. */
static store_ref ref_of(const struct turn *t, const struct node *n)
{
    return n == t->story->root ? 0 : n->ref;
}

/* ---- the record ---------------------------------------------------------------------------------
 */

/* Makes the generation's row, and with the first text its passage. */
static void record(struct turn *t, bool with_node)
{
    if (with_node && !t->node) {
        store_ref ref =
            store_put_node(t->store, t->story->ref, ref_of(t, t->from), NODE_MODEL, "", 0);
        t->node = story_add(t->story, t->from, ref, NODE_MODEL, "", 0);
        store_put_current(t->store, t->story->ref, ref);
    }
    if (t->generation)
        return;
    const struct engine_info *i = t->info;
    struct store_generation g = {
        .story = t->story->ref,
        .node = t->node ? t->node->ref : 0,
        .origin = "room",
        .model = {.identity = i->identity,
                  .tokenizer = i->tokenizer_identity,
                  .name = i->name,
                  .arch = i->arch,
                  .type = i->type,
                  .path = i->path,
                  .n_params = i->n_params},
        .settings = t->recorded,
        .seed = t->seed,
        .stream = t->stream,
        .started_ms = t->started_ms,
    };
    t->generation = store_put_generation(t->store, &g);
    if (t->node)
        t->node->generation = t->generation;

    /* the exact prompt, part by part; first what the engine put in front of it (a BOS) */
    struct store_prompt_part *parts = x_calloc(t->n_parts + 1, sizeof parts[0]);
    size_t n = 0;
    const struct segment_ids *front = &t->parts[t->n_parts];
    if (front->n)
        parts[n++] = (struct store_prompt_part){.text = "", .ids = front->ids, .n_ids = front->n};
    for (size_t k = 0; k < t->n_parts; k++) {
        const struct segment_ids *s = &t->parts[k];
        parts[n++] = (struct store_prompt_part){
            .text = t->in_chat ? str_cstr(&t->chat.shown[k]) : t->path[k]->text,
            .n_text = t->in_chat ? t->chat.shown[k].len : t->path[k]->n_text,
            .ids = s->ids,
            .n_ids = s->n};
    }
    store_put_prompt(t->store, t->generation, parts, n, t->n_dropped);
    free(parts);
}

static void on_prompt(struct turn *t, const struct engine_event *ev)
{
    size_t k = ev->prompt.segment < t->n_parts ? ev->prompt.segment : t->n_parts;
    struct segment_ids *s = &t->parts[k];
    if (s->n + ev->prompt.n_ids > s->cap) {
        s->cap = (s->n + ev->prompt.n_ids) * 2;
        s->ids = x_realloc(s->ids, s->cap * sizeof s->ids[0]);
    }
    if (ev->prompt.n_ids)
        memcpy(s->ids + s->n, ev->bytes, ev->prompt.n_ids * sizeof s->ids[0]);
    s->n += ev->prompt.n_ids;
    if (!ev->prompt.last || t->in_chat)
        return;
    /* the author's new passages have tokens now: they go back as these from here on */
    for (size_t i = 0; i < t->n_path; i++) {
        struct node *n = t->path[i];
        if (n->ids || n->kind == NODE_MODEL)
            continue;
        story_set_ids(n, t->parts[i].ids, t->parts[i].n, t->info->tokenizer_identity);
        store_put_node_ids(t->store, n->ref, t->parts[i].ids, t->parts[i].n,
                           t->info->tokenizer_identity);
    }
}

static void on_token(struct turn *t, const struct engine_event *ev)
{
    if (t->n_ids == t->cap_ids) {
        t->cap_ids = t->cap_ids ? t->cap_ids * 2 : 512;
        t->ids = x_realloc(t->ids, t->cap_ids * sizeof t->ids[0]);
        t->logprobs = x_realloc(t->logprobs, t->cap_ids * sizeof t->logprobs[0]);
    }
    t->ids[t->n_ids] = ev->token.id;
    t->logprobs[t->n_ids++] = ev->token.logprob;
    t->ctx_used++;
}

static void put_output(struct turn *t, const char *text, size_t n)
{
    store_put_output(t->store, t->generation, text, n, t->ids + t->n_ids_stored,
                     t->logprobs + t->n_ids_stored, t->n_ids - t->n_ids_stored);
    t->n_ids_stored = t->n_ids;
}

static void on_text(struct turn *t, const char *text, size_t n)
{
    if (t->state != TURN_WRITING) {
        t->state = TURN_WRITING;
        t->first_text_ms = clock_mono_ms();
    }
    record(t, true);
    put_output(t, text, n); /* invariant 4: first the store, then the screen */
    story_grow(t->node, text, n);
    t->n_chars += utf8_count(text, n);
    t->has_newest = true;
    t->view->grew(t->view->ctx, NODE_MODEL, text, n);
}

/* ---- ending -------------------------------------------------------------------------------------
 */

static void run_action(struct turn *t);

static void finish(struct turn *t, const struct store_done *done)
{
    record(t, false);
    if (t->n_ids > t->n_ids_stored)
        put_output(t, "", 0);
    store_put_done(t->store, t->generation, done);
    if (t->node && done->n_text_tokens > 0 && (size_t)done->n_text_tokens <= t->n_ids)
        story_set_ids(t->node, t->ids, (size_t)done->n_text_tokens, t->info->tokenizer_identity);
    t->state = TURN_IDLE;
    t->id = 0;
    t->view->ended(t->view->ctx, done->reason);
    run_action(t);
}

static void on_done(struct turn *t, const struct engine_event *ev)
{
    struct store_done d = {
        .reason = engine_done_name(ev->done.reason),
        .n_prompt = ev->done.n_prompt,
        .n_reused = ev->done.n_reused,
        .n_tokens = ev->done.n_tokens,
        .n_text_tokens = ev->done.n_text_tokens,
        .prefill_us = ev->done.prefill_us,
        .decode_us = ev->done.decode_us,
    };
    bool silent = ev->done.reason == DONE_EOS && !t->node;
    t->n_silent = silent ? t->n_silent + 1 : 0;
    if (silent && t->settings->seed < 0 && t->n_silent < MAX_SILENT && t->action == ACT_NONE &&
        !t->stop_asked)
        t->action = ACT_AGAIN;
    else if (silent)
        t->view->notice(t->view->ctx, TURN_INFO,
                        _("The model thinks the text ends here. Enter or F5 asks it again."));
    finish(t, &d);
}

static void on_error(struct turn *t, const struct engine_event *ev)
{
    char *message = x_strndup(ev->bytes, ev->n_bytes);
    struct store_done d = {
        .reason = "error", .error = message, .n_tokens = (int)t->n_ids, .n_text_tokens = -1};
    t->view->notice(t->view->ctx, TURN_ERROR, message);
    finish(t, &d);
    free(message);
}

void turn_pump(struct turn *t)
{
    struct engine_event ev;
    while (t->session && engine_next_event(t->session, &ev)) {
        if (ev.id == 0 || ev.id != t->id) { /* invariant 1 */
            if (ev.id != 0 && t->view->stray)
                t->view->stray(t->view->ctx, &ev);
            continue;
        }
        switch (ev.type) {
        case EV_PROMPT: on_prompt(t, &ev); break;
        case EV_CUT:
            t->context_from =
                t->in_chat ? chat_source(&t->chat, ev.cut.n_bytes_dropped) : ev.cut.n_bytes_dropped;
            t->cut_told = true;
            if (t->n_ids == 0)
                t->n_dropped = ev.cut.n_tokens_dropped;
            break;
        case EV_PREFILL:
            if (!t->cut_told)
                t->context_from = 0;
            t->read_done = ev.prefill.done;
            t->read_total = ev.prefill.total;
            t->ctx_used = ev.prefill.total;
            break;
        case EV_TOKEN: on_token(t, &ev); break;
        case EV_TEXT: on_text(t, ev.bytes, ev.n_bytes); break;
        case EV_STATS:
            t->tokens_per_s = ev.stats.tokens_per_s;
            t->ctx_used = ev.stats.n_ctx_used;
            break;
        case EV_DONE: on_done(t, &ev); break;
        case EV_ERROR: on_error(t, &ev); break;
        case EV_LOAD:
        case EV_READY:
        case EV_SCORE: break;
        }
    }
}

/* ---- what the person asks -----------------------------------------------------------------------
 */

static void moved(struct turn *t)
{
    t->has_newest = false;
    t->context_from = 0;
    store_put_current(t->store, t->story->ref, ref_of(t, t->story->current));
    t->view->moved(t->view->ctx);
}

static void say_if(struct turn *t, bool moved_there, const char *otherwise)
{
    if (moved_there)
        moved(t);
    else
        t->view->notice(t->view->ctx, TURN_INFO, otherwise);
}

static bool with_engine(const struct turn *t)
{
    return t->state == TURN_READING || t->state == TURN_WRITING;
}

static struct node *add_now(struct turn *t, enum node_kind kind, const char *text, size_t n)
{
    if (n == 0)
        return NULL;
    struct story *s = t->story;
    store_ref ref = store_put_node(t->store, s->ref, ref_of(t, s->current), kind, text, n);
    struct node *node = story_add(s, s->current, ref, kind, text, n);
    store_put_current(t->store, s->ref, ref);
    t->view->grew(t->view->ctx, kind, text, n);
    return node;
}

static void add_waiting(struct turn *t)
{
    struct str text = t->waiting;
    str_init(&t->waiting, 0);
    add_now(t, NODE_AUTHOR, str_cstr(&text), text.len);
    str_free(&text);
}

/* While the model writes, its passage must end first: the new one comes after it. */
void turn_add(struct turn *t, const char *text, size_t n)
{
    if (with_engine(t)) {
        str_append(&t->waiting, text, n);
        turn_stop(t);
    } else {
        add_now(t, NODE_AUTHOR, text, n);
    }
}

static void retry_now(struct turn *t)
{
    struct story *s = t->story;
    if (s->current->kind == NODE_MODEL) {
        story_undo(s);
        moved(t);
    }
    begin(t);
}

static void keep_now(struct turn *t)
{
    struct str text = t->kept;
    str_init(&t->kept, 0);
    t->has_newest = false;
    struct node *node = add_now(t, NODE_MODEL, str_cstr(&text), text.len);
    if (node)
        node->generation = t->kept_generation;
    str_free(&text);
}

static void goto_now(struct turn *t)
{
    story_goto(t->story, t->action_node);
    moved(t);
}

static void run_action(struct turn *t)
{
    enum action a = t->action;
    t->action = ACT_NONE;
    add_waiting(t);
    switch (a) {
    case ACT_NONE: break;
    case ACT_AGAIN:
    case ACT_CONTINUE: begin(t); break;
    case ACT_RETRY: retry_now(t); break;
    case ACT_UNDO:
        say_if(t, story_undo(t->story), _("Nothing to undo: this is the beginning."));
        break;
    case ACT_REDO: say_if(t, story_redo(t->story), _("Nothing to redo.")); break;
    case ACT_SIBLING:
        say_if(t, story_sibling(t->story, t->action_step), _("No other take of this passage."));
        break;
    case ACT_GOTO: goto_now(t); break;
    case ACT_KEEP: keep_now(t); break;
    case ACT_CALL: t->action_call(t->action_arg); break;
    }
}

static void act(struct turn *t, enum action a)
{
    t->action = a;
    if (t->state == TURN_WAITING)
        t->state = TURN_IDLE;
    if (t->state == TURN_IDLE)
        run_action(t);
    else
        turn_stop(t);
}

void turn_submit(struct turn *t, const char *text, size_t n)
{
    if (n == 0 && t->state != TURN_IDLE)
        return; /* it is writing already */
    str_append(&t->waiting, text, n);
    act(t, ACT_CONTINUE);
}

void turn_retry(struct turn *t)
{
    act(t, ACT_RETRY);
}

void turn_undo(struct turn *t)
{
    act(t, ACT_UNDO);
}

void turn_redo(struct turn *t)
{
    act(t, ACT_REDO);
}

void turn_sibling(struct turn *t, int step)
{
    t->action_step = step;
    act(t, ACT_SIBLING);
}

void turn_goto(struct turn *t, struct node *n)
{
    t->action_node = n;
    act(t, ACT_GOTO);
}

void turn_keep(struct turn *t, const char *text, size_t n, store_ref generation)
{
    str_clear(&t->kept);
    str_append(&t->kept, text, n);
    t->kept_generation = generation;
    act(t, ACT_KEEP);
}

void turn_when_idle(struct turn *t, void (*then)(void *arg), void *arg)
{
    t->action_call = then;
    t->action_arg = arg;
    act(t, ACT_CALL);
}

uint64_t turn_request_id(struct turn *t)
{
    return ++t->last_id;
}

void turn_stop(struct turn *t)
{
    if (t->state == TURN_WAITING)
        t->state = TURN_IDLE;
    else if (t->state != TURN_IDLE) {
        t->stop_asked = true;
        engine_cancel(t->session, t->id);
    }
}

void turn_set_engine(struct turn *t, const struct engine_info *info, struct engine_session *session)
{
    assert(t->state == TURN_IDLE || t->state == TURN_WAITING);
    t->info = info;
    t->session = session;
    t->ctx_used = 0;
    if (t->state == TURN_WAITING && session)
        begin(t);
}

void turn_end(struct turn *t)
{
    if (with_engine(t) && t->generation) {
        put_output(t, "", 0);
        const struct store_done d = {.reason = engine_done_name(DONE_CANCELLED),
                                     .n_tokens = (int)t->n_ids,
                                     .n_text_tokens = -1};
        store_put_done(t->store, t->generation, &d);
    }
    t->session = NULL;
    t->info = NULL;
    t->state = TURN_IDLE;
    t->action = ACT_NONE;
    add_waiting(t);
}

void turn_engine_failed(struct turn *t)
{
    if (t->state == TURN_WAITING)
        t->state = TURN_IDLE;
}

enum turn_state turn_state_of(const struct turn *t)
{
    return t->state;
}

void turn_get_progress(const struct turn *t, struct turn_progress *out)
{
    float chars_per_s = 0;
    if (t->state == TURN_WRITING && clock_mono_ms() > t->first_text_ms)
        chars_per_s = (float)t->n_chars * 1000 / (float)(clock_mono_ms() - t->first_text_ms);
    uint64_t newest = UINT64_MAX;
    if (t->has_newest && t->node && t->story->current == t->node)
        newest = story_text_bytes(t->story) - t->node->n_text;
    *out = (struct turn_progress){
        .state = t->state,
        .done = t->read_done,
        .total = t->read_total,
        .tokens_per_s = t->tokens_per_s,
        .chars_per_s = chars_per_s,
        .ctx_used = t->ctx_used,
        .ctx_size = t->info ? t->info->n_ctx : 0,
        .context_from = t->context_from,
        .newest_from = newest,
    };
}
