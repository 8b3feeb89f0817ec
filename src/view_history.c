/* view_history.c - see view_history.h.
 *
 * The list looks on in slices of a few milliseconds from the room's tick (history_list.h), so that
 * keys and frames come between; a record is loaded when its page is shown and kept while it is the
 * selected one. */
#include "config.h"

#include "src/view_history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/base/clock.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/commands.h"
#include "src/dates.h"
#include "src/history_acts.h"
#include "src/history_complete.h"
#include "src/history_list.h"
#include "src/views.h"

enum {
    SLICE_MS = 6, /* of looking, between keys and frames */
    ROWS_AT_ONCE = 2000,
    ROWS_AHEAD = 300, /* of the one that is selected */
    NEAR_TOP = 32,    /* so near to it, new generations come in by themselves */
    COMMIT_MS = 300,  /* after which what ended is in the database */
    KEY_FACETS = 8,   /* page keys of one generation */
};

struct history_view {
    struct room *room;
    struct history_list *list;
    bool open;
    struct str line; /* as typed last */
    enum history_facet facet;
    struct history_record *record; /* of the selected one; NULL: not loaded */
    store_ref marked;              /* for comparing; 0: none */
    struct history_record *marked_record;
    bool comparing;
    unsigned era;
    store_ref keep;   /* to be selected again once it is found; 0: the first */
    int64_t again_ms; /* look again then; 0: no */
    int64_t n_total;
    struct str about;
};

static void changed(struct history_view *v)
{
    if (v->open)
        v->room->front->browser_changed(v->room->front->ctx);
}

static bool is_uppermost(const struct history_view *v)
{
    return v->open && v->room->front->browser_ctx(v->room->front->ctx) == v;
}

static size_t selected(const struct history_view *v)
{
    return is_uppermost(v) ? v->room->front->browser_selected(v->room->front->ctx) : SIZE_MAX;
}

/* ---- records --------------------------------------------------------------------------------- */

static void forget_record(struct history_view *v)
{
    history_record_free(v->record);
    v->record = NULL;
}

/* The record of a row; NULL with a reason. Kept until another one is asked for. */
static struct history_record *load(struct history_view *v, size_t i, struct err *err)
{
    const struct history_hit *hit = history_list_at(v->list, i);
    if (!hit) {
        err_set(err, E_INPUT, _("Nothing is selected."));
        return NULL;
    }
    if (v->record && v->record->generation == hit->generation)
        return v->record;
    forget_record(v);
    if (history_load(v->room->store, hit->generation, &v->record, err) != 0)
        v->record = NULL;
    return v->record;
}

/* The selected one for an action; NULL, told. */
static struct history_record *chosen(struct history_view *v)
{
    struct err err = ERR_INIT;
    struct history_record *r = load(v, selected(v), &err);
    if (!r)
        room_say(v->room, TURN_WARNING, err.msg);
    return r;
}

/* ---- the list -------------------------------------------------------------------------------- */

static size_t on_count(void *ctx)
{
    struct history_view *v = ctx;
    return history_list_count(v->list);
}

/* The time of today, the day of this year, else the month. */
static void put_when(struct ui_text *out, int64_t ms)
{
    time_t then = (time_t)(ms / 1000), now = time(NULL);
    struct tm a, b;
    localtime_r(&then, &a);
    localtime_r(&now, &b);
    if (a.tm_year == b.tm_year && a.tm_yday == b.tm_yday)
        ui_printf(out, UI_DIM, "%02d:%02d", a.tm_hour, a.tm_min);
    else if (a.tm_year == b.tm_year)
        ui_printf(out, UI_DIM, "%02d-%02d", a.tm_mon + 1, a.tm_mday);
    else
        ui_printf(out, UI_DIM, "%04d-%02d", a.tm_year + 1900, a.tm_mon + 1);
}

static void put_snippet(struct ui_text *out, const struct history_hit *h)
{
    size_t at = 0;
    for (size_t i = 0; i < h->n_marks; i++) {
        ui_put(out, UI_PLAIN, h->snippet + at, h->marks[i].begin - at);
        ui_put(out, UI_MATCH, h->snippet + h->marks[i].begin, h->marks[i].n);
        at = h->marks[i].begin + h->marks[i].n;
    }
    ui_puts(out, UI_PLAIN, h->snippet + at);
}

static void on_row(void *ctx, size_t i, struct ui_row *out)
{
    struct history_view *v = ctx;
    const struct history_hit *h = history_list_at(v->list, i);
    if (!h)
        return;
    if (h->generation == v->marked)
        ui_puts(out->text, UI_ALARM, "± ");
    if (h->starred)
        ui_puts(out->text, UI_ALARM, "★ ");
    if (h->template && h->template[0])
        ui_printf(out->text, UI_EXAMPLE, "%s: ", h->template);
    if (h->snippet[0])
        put_snippet(out->text, h);
    else
        ui_puts(out->text, UI_DIM,
                h->reason && strcmp(h->reason, "error") == 0 ? _("(failed)")
                                                             : _("(nothing was written)"));
    if (h->has_note)
        ui_puts(out->side, UI_DIM, _("note "));
    ui_printf(out->side, UI_DIM, "%lld  ", (long long)h->n_chars);
    put_when(out->side, h->started_ms);
}

static const char *on_about(void *ctx)
{
    struct history_view *v = ctx;
    const struct history_query *q = history_list_query(v->list);
    const char *problem = history_list_problem(v->list);
    size_t n = history_list_count(v->list);
    struct history_query none = {.words = ""};
    str_clear(&v->about);
    if (q->words && !history_query_equal(q, &none))
        str_printf(&v->about, P_("%zu found", "%zu found", n), n);
    else
        str_printf(&v->about, P_("%lld in all", "%lld in all", v->n_total), (long long)v->n_total);
    if (!history_list_complete(v->list))
        str_puts(&v->about, "…");
    if (problem)
        str_printf(&v->about, " · %s", problem);
    return str_cstr(&v->about);
}

static const char *on_empty(void *ctx)
{
    struct history_view *v = ctx;
    if (!history_list_complete(v->list))
        return _("Looking…");
    return v->n_total > 0 ? _("Nothing is like that.") : _("Nothing has been generated yet.");
}

/* ---- the page -------------------------------------------------------------------------------- */

static void put_comparison(struct history_view *v, struct history_record *r, struct ui_page *out)
{
    static char title[160];
    char when[DATE_TEXT];
    snprintf(title, sizeof title, _("compared with %s, %s"),
             date_local(v->marked_record->started_ms, when),
             history_record_where(v->marked_record));
    out->title = title;
    history_page_compare(v->marked_record, r, out->plain, out->text);
}

static void on_page(void *ctx, size_t i, struct ui_page *out)
{
    struct history_view *v = ctx;
    static char title[160];
    struct err err = ERR_INIT;
    if (i == SIZE_MAX)
        return;
    struct history_record *r = load(v, i, &err);
    if (!r) {
        ui_puts(out->text, UI_ALARM, err.msg);
        return;
    }
    bool comparing = v->comparing && v->marked_record && v->marked != r->generation;
    out->key = (uint64_t)r->generation * KEY_FACETS +
               (comparing ? (uint64_t)N_HISTORY_FACETS : (uint64_t)v->facet);
    if (comparing) {
        put_comparison(v, r, out);
        return;
    }
    const struct engine_info *info = v->room->engine ? engine_info(v->room->engine) : NULL;
    const struct history_page page = {
        .record = r,
        .facet = v->facet,
        .words = history_list_query(v->list)->words,
        .tokenizer = v->room->engine ? engine_tokenizer(v->room->engine) : NULL,
        .tokenizer_identity = info ? info->tokenizer_identity : NULL,
    };
    snprintf(title, sizeof title, "%s · %s", history_record_where(r),
             history_facet_title(v->facet));
    out->title = title;
    history_page_put(&page, out->text, &out->reveal);
}

/* ---- the line -------------------------------------------------------------------------------- */

static void on_line(void *ctx, const char *text, size_t n)
{
    struct history_view *v = ctx;
    if (n > 0 && text[0] == '/')
        return; /* a command is being typed */
    str_clear(&v->line);
    str_append(&v->line, text, n);
    history_list_search(v->list, text, n, clock_wall_ms());
    v->keep = 0;
    v->room->front->soon(v->room->front->ctx);
    changed(v);
}

static bool on_submit(void *ctx, const char *text, size_t n, size_t i)
{
    struct history_view *v = ctx;
    struct room *r = v->room;
    (void)i;
    if (n > 0 && text[0] == '/') {
        commands_run(r, text, n);
        return false;
    }
    if (r->front->browser_pane(r->front->ctx) == UI_PANE_LIST)
        r->front->browser_focus(r->front->ctx, UI_PANE_PAGE);
    else
        view_history_action(r, UI_GO);
    return true;
}

void view_history_marked(struct room *r, const struct history_record *record)
{
    struct history_view *v = r->history;
    if (!v || !v->open)
        return;
    size_t i = history_list_find(v->list, record->generation);
    history_list_set_star(v->list, i, record->starred);
    history_list_set_note(v->list, i, record->note && record->note[0]);
    forget_record(v);
    store_flush(r->store, 1000, NULL); /* the page reads it back */
    changed(v);
}

store_ref view_history_selected(const struct room *r)
{
    const struct history_hit *hit = history_list_at(r->history->list, selected(r->history));
    return hit ? hit->generation : 0;
}

static size_t on_complete(void *ctx, const char *line, size_t cursor, size_t *start,
                          struct ui_candidate **out)
{
    struct history_view *v = ctx;
    if (cursor > 0 && line[0] == '/')
        return commands_offer(v->room, line, cursor, start, out);
    return history_complete(v->room->store, line, cursor, start, out);
}

/* ---- going elsewhere ------------------------------------------------------------------------- */

static void go(struct history_view *v)
{
    struct history_record *record = chosen(v);
    struct room *r = v->room;
    if (!record)
        return;
    if (!record->story) {
        room_say(r, TURN_INFO, _("It belongs to no story. M-i uses its prompt again."));
        return;
    }
    store_ref story = record->story, node = record->node;
    views_close_all(r);
    room_go(r, story, node);
}

static void unmark(struct history_view *v)
{
    history_record_free(v->marked_record);
    v->marked_record = NULL;
    v->marked = 0;
    v->comparing = false;
}

static void mark_or_compare(struct history_view *v)
{
    struct history_record *record = chosen(v);
    struct err err = ERR_INIT;
    if (!record)
        return;
    if (v->marked == record->generation) {
        unmark(v);
    } else if (v->marked) {
        v->comparing = true;
        v->room->front->browser_focus(v->room->front->ctx, UI_PANE_PAGE);
    } else if (history_load(v->room->store, record->generation, &v->marked_record, &err) == 0) {
        v->marked = record->generation;
        room_say(v->room, TURN_INFO, _("Marked. On another one the same key compares the two."));
    } else {
        room_say(v->room, TURN_ERROR, err.msg);
    }
    changed(v);
}

void view_history_show(struct room *r, enum history_facet facet)
{
    struct history_view *v = r->history;
    if (!v || !is_uppermost(v)) {
        room_say(r, TURN_INFO, _("/history opens what can be shown."));
        return;
    }
    v->facet = facet;
    v->comparing = false;
    r->front->browser_focus(r->front->ctx, UI_PANE_PAGE);
    changed(v);
}

static void show_next(struct history_view *v)
{
    if (v->comparing)
        v->comparing = false;
    else
        v->facet = (enum history_facet)((v->facet + 1) % N_HISTORY_FACETS);
    changed(v);
}

static bool on_action(void *ctx, enum ui_action action, size_t i)
{
    struct history_view *v = ctx;
    struct room *r = v->room;
    (void)i;
    switch (action) {
    case UI_GO: go(v); return true;
    case UI_SHOW: show_next(v); return true;
    case UI_DIFF: mark_or_compare(v); return true;
    case UI_STAR: history_acts_star(r); return true;
    case UI_TAG: history_acts_ask_tags(r); return true;
    case UI_NOTE: history_acts_ask_note(r); return true;
    case UI_REUSE: history_acts_reuse(r); return true;
    case UI_COPY: history_acts_copy(r); return true;
    case UI_EXPORT: history_acts_ask_path(r); return true;
    case UI_ADD_EXAMPLE: history_acts_example(r, NULL); return true;
    default: return false;
    }
}

bool view_history_action(struct room *r, enum ui_action action)
{
    return r->history && is_uppermost(r->history) &&
           on_action(r->history, action, selected(r->history));
}

/* ---- life ------------------------------------------------------------------------------------ */

static void on_close(void *ctx)
{
    struct history_view *v = ctx;
    v->open = false;
    forget_record(v);
    unmark(v);
    history_list_free(v->list); /* a million hits are not kept for later */
    v->list = history_list_new(v->room->store);
    v->era = 0;
}

static struct history_view *view(struct room *r)
{
    if (!r->history) {
        r->history = x_calloc(1, sizeof *r->history);
        r->history->room = r;
        r->history->list = history_list_new(r->store);
    }
    return r->history;
}

void view_history_open(struct room *r, const char *line)
{
    if (!r->store) {
        room_say(r, TURN_WARNING, _("Without the database there is no history."));
        return;
    }
    struct history_view *v = view(r);
    if (!v->open) {
        const struct ui_browser door = {.ctx = v,
                                        .view = UI_VIEW_HISTORY,
                                        .title = _("History"),
                                        .prompt = _("Search"),
                                        .hint = _("Type to search; story: tag: starred: since: and "
                                                  "chars:>200 filter."),
                                        .count = on_count,
                                        .row = on_row,
                                        .page = on_page,
                                        .about = on_about,
                                        .empty = on_empty,
                                        .on_line = on_line,
                                        .finds = true,
                                        .on_submit = on_submit,
                                        .on_action = on_action,
                                        .on_complete = on_complete,
                                        .on_close = on_close};
        v->open = true;
        v->n_total = history_count(r->store);
        history_list_search(v->list, line ? line : str_cstr(&v->line),
                            line ? strlen(line) : v->line.len, clock_wall_ms());
        r->front->browse(r->front->ctx, &door);
    }
    if (line || v->line.len)
        r->front->browser_set_line(r->front->ctx, line ? line : str_cstr(&v->line));
    r->front->soon(r->front->ctx);
}

bool view_history_is_open(const struct room *r)
{
    return r->history && r->history->open;
}

/* Rows were replaced: the one that was selected stays so, when it is among them. */
static void select_again(struct history_view *v)
{
    size_t i = v->keep ? history_list_find(v->list, v->keep) : 0;
    v->keep = 0;
    if (is_uppermost(v))
        v->room->front->browser_select(v->room->front->ctx, i != SIZE_MAX ? i : 0);
}

static void look_again(struct history_view *v, int64_t now_ms)
{
    if (v->again_ms == 0 || now_ms < v->again_ms)
        return;
    v->again_ms = 0;
    v->n_total = history_count(v->room->store);
    size_t i = selected(v);
    if (i != SIZE_MAX && i >= NEAR_TOP)
        return; /* reading far down: nothing moves */
    const struct history_hit *hit = i != SIZE_MAX ? history_list_at(v->list, i) : NULL;
    v->keep = hit && i > 0 ? hit->generation : 0;
    forget_record(v); /* it may have been the one that was being written */
    history_list_again(v->list);
    changed(v);
}

void view_history_tick(struct room *r, int64_t now_ms)
{
    struct history_view *v = r->history;
    if (!v || !v->open)
        return;
    look_again(v, now_ms);
    size_t i = selected(v);
    size_t wanted = i != SIZE_MAX && i + ROWS_AHEAD > ROWS_AT_ONCE ? i + ROWS_AHEAD : ROWS_AT_ONCE;
    if (!history_list_working(v->list, wanted))
        return;
    if (history_list_step(v->list, wanted, SLICE_MS)) {
        if (v->era != history_list_era(v->list)) {
            v->era = history_list_era(v->list);
            select_again(v);
        }
        changed(v);
    }
    if (history_list_working(v->list, wanted))
        r->front->soon(r->front->ctx);
}

void view_history_ended(struct room *r)
{
    if (view_history_is_open(r))
        r->history->again_ms = clock_mono_ms() + COMMIT_MS;
}

void view_history_free(struct room *r)
{
    struct history_view *v = r->history;
    if (!v)
        return;
    forget_record(v);
    unmark(v);
    history_list_free(v->list);
    str_free(&v->line);
    str_free(&v->about);
    free(v);
    r->history = NULL;
}
