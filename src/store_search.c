/* store_search.c - paged search, newest first; see store_history.h.
 *
 * The numbers of the generations are walked downwards in windows. In each the candidates come from
 * the index (with a query) or from generations_list, an index that holds all that is filtered by;
 * with a query, the texts of each candidate are then looked at, because the index only knows which
 * terms a generation has. Every call begins where the last one ended, so no statement and no
 * snapshot stay open between calls; and since a window that takes long makes the next one smaller,
 * a call ends in time, however many rows the filter passes over.
 *
 * Ranked: all hits are gathered first, as numbers with a score, then sorted. Scores are BM25 with
 * the usual k1 = 1.2, b = 0.75 (Robertson and Zaragoza 2009), the document being the output.
 */
#include "config.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/clock.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/utf8.h"
#include "src/bigram.h"
#include "src/store_history.h"
#include "src/store_priv.h"

enum {
    WINDOW_MIN = 1 << 10, /* generations */
    WINDOW_FIRST = 1 << 14,
    WINDOW_MAX = 1 << 20,
    PAGE_MAX = 4096,
    SNIPPET_BYTES = 200,
    SNIPPET_BEFORE = 60, /* of them before the first match */
};

/* A filter, made ready for binding: sets of rows as JSON lists, NULL for no condition. */
struct conditions {
    char *stories, *templates, *models;
    char *origin, *tag;
    int64_t from_ms, until_ms, starred, min_chars, max_chars;
};

/* What is gathered before it can be ranked: of each hit how often each clause occurs in it. */
struct scored {
    int64_t generation;
    double score;
    size_t n_chars;
};

struct ranking {
    bool sorted;
    struct scored *hits;
    int *counts; /* n_clauses of each hit */
    size_t n_hits, cap_hits, at;
    size_t n_clauses, n_counted;
    int64_t *n_with; /* generations with each clause, among the newest */
    int *found;      /* the counts of the generation looked at last */
    double total_chars;
};

struct history_search {
    struct store *store;
    struct conditions where;
    struct bigram_query *query; /* NULL: everything */
    bool scan;                  /* candidates from the list although there is a query */
    bool index_failed;
    int64_t first;  /* all have smaller numbers */
    int64_t before; /* candidates have smaller numbers; 0: none are left */
    int64_t window;
    struct bigram_text folded[N_FIELDS];
    struct ranking *ranking; /* NULL: newest first */
};

/* ---- filters ---- */

/* The rows of a table whose name is the text, or else that have it in it: a JSON list, "[]" when
 * there are none. statement gives id and name. */
static int matching_rows(struct sql *q, const char *statement, const char *text, char **out)
{
    struct str exact = STR_INIT, part = STR_INIT;
    size_t n = strlen(text);
    sqlite3_stmt *stmt;
    int rc = sql_start(q, &stmt, statement, "");
    while (sql_next(stmt, &rc)) {
        const char *name = sqlite3_column_blob(stmt, 1);
        size_t n_name = (size_t)sqlite3_column_bytes(stmt, 1);
        long long id = sqlite3_column_int64(stmt, 0);
        if (n_name == n && (n == 0 || memcmp(name, text, n) == 0))
            str_printf(&exact, "%s%lld", exact.len ? "," : "[", id);
        else if (n == 0 || (name && memmem(name, n_name, text, n)))
            str_printf(&part, "%s%lld", part.len ? "," : "[", id);
    }
    struct str *best = exact.len ? &exact : &part;
    str_puts(best, best->len ? "]" : "[]");
    *out = str_take(best);
    str_free(&exact);
    str_free(&part);
    return rc;
}

static int make_conditions(struct store *s, const struct history_filter *f, struct conditions *c)
{
    struct sql *q = &s->reader;
    int rc = SQLITE_OK;
    if (f->story) {
        struct str one = STR_INIT;
        str_printf(&one, "[%lld]", (long long)store_row(s, f->story));
        c->stories = str_take(&one);
    } else if (f->story_title) {
        rc = matching_rows(q, "SELECT id, title FROM stories", f->story_title, &c->stories);
    }
    if (rc == SQLITE_OK && f->template)
        rc = matching_rows(q,
                           "SELECT v.id, t.name FROM template_versions v "
                           "JOIN templates t ON t.id=v.template",
                           f->template, &c->templates);
    if (rc == SQLITE_OK && f->model)
        rc = matching_rows(q, "SELECT id, name FROM models", f->model, &c->models);
    c->origin = f->origin ? x_strdup(f->origin) : NULL;
    c->tag = f->tag ? x_strdup(f->tag) : NULL;
    c->from_ms = f->from_ms;
    c->until_ms = f->until_ms;
    c->starred = f->starred;
    c->min_chars = f->min_chars;
    c->max_chars = f->max_chars;
    return rc;
}

static void conditions_free(struct conditions *c)
{
    free(c->stories);
    free(c->templates);
    free(c->models);
    free(c->origin);
    free(c->tag);
}

/* Parameters 1 and 2 are the numbers, from and below; CONDITIONS are 3 to 12, bound by BIND. */
#define CONDITIONS                                                                                 \
    "(?3 IS NULL OR g.story IN (SELECT value FROM json_each(?3))) AND "                            \
    "(?4 IS NULL OR g.template IN (SELECT value FROM json_each(?4))) AND "                         \
    "(?5 IS NULL OR g.model IN (SELECT value FROM json_each(?5))) AND "                            \
    "(?6 IS NULL OR g.origin=?6) AND (?7 IS NULL OR g.started_ms>=?7) AND "                        \
    "(?8 IS NULL OR g.started_ms<?8) AND (?9 IS NULL OR g.starred=1) AND "                         \
    "(?10 IS NULL OR g.n_chars>=?10) AND (?11 IS NULL OR g.n_chars<=?11) AND "                     \
    "(?12 IS NULL OR EXISTS(SELECT 1 FROM tags WHERE tag=?12 AND generation=g.id)) "

#define CONDITION_FORMAT "ssssIIIIIs"
#define CONDITION_ARGS(c)                                                                          \
    (c)->stories, (c)->templates, (c)->models, (c)->origin, (c)->from_ms, (c)->until_ms,           \
        (c)->starred, (c)->min_chars, (c)->max_chars, (c)->tag

/* Candidates from `from` up to below `before`, the newest first. */
static int start_candidates(struct history_search *h, sqlite3_stmt **stmt, int64_t from)
{
    const struct conditions *c = &h->where;
    if (h->query && !h->scan)
        return sql_start(&h->store->reader, stmt,
                         "SELECT g.id FROM history_fts f CROSS JOIN generations g "
                         "INDEXED BY generations_list ON g.id=f.rowid "
                         "WHERE history_fts MATCH ?13 AND f.rowid>=?1 AND f.rowid<?2 "
                         "AND " CONDITIONS "ORDER BY f.rowid DESC",
                         "ii" CONDITION_FORMAT "s", from, h->before, CONDITION_ARGS(c),
                         bigram_query_match(h->query));
    return sql_start(&h->store->reader, stmt,
                     "SELECT g.id FROM generations g INDEXED BY generations_list "
                     "WHERE g.id>=?1 AND g.id<?2 AND " CONDITIONS "ORDER BY g.id DESC",
                     "ii" CONDITION_FORMAT, from, h->before, CONDITION_ARGS(c));
}

/* ---- beginning ---- */

static struct ranking *ranking_new(size_t n_clauses)
{
    struct ranking *r = x_calloc(1, sizeof *r);
    r->n_clauses = n_clauses;
    r->found = x_calloc(n_clauses, sizeof r->found[0]);
    r->n_with = x_calloc(n_clauses, sizeof r->n_with[0]);
    return r;
}

static void ranking_free(struct ranking *r)
{
    if (!r)
        return;
    free(r->hits);
    free(r->counts);
    free(r->n_with);
    free(r->found);
    free(r);
}

int history_search_new(struct store *s, const struct history_filter *filter,
                       struct history_search **out, struct err *err)
{
    if (!s)
        return err_set(err, E_STORE, _("there is no database to read from"));
    struct history_search *h = x_calloc(1, sizeof *h);
    enum index_state state = INDEX_WHOLE;
    bool has_query = filter->query && filter->query[0];
    int sql_rc = SQLITE_OK;
    int rc = has_query ? bigram_query_new(filter->query, &h->query, err) : 0;
    h->store = s;
    h->window = WINDOW_FIRST;
    h->scan = filter->scan;
    if (rc == 0 && h->query && !h->scan)
        sql_rc = index_get_state(&s->reader, s->writer.place, &state);
    if (rc == 0 && sql_rc == SQLITE_OK)
        rc = index_state_err(s, state, err);
    if (rc == 0 && sql_rc == SQLITE_OK)
        sql_rc = make_conditions(s, filter, &h->where);
    if (rc == 0 && sql_rc == SQLITE_OK)
        sql_rc =
            sql_int(&s->reader, &h->before, "SELECT coalesce(max(id), 0) FROM generations", "");
    if (rc == 0 && sql_rc != SQLITE_OK)
        rc = store_sql_err(s, s->reader.db, sql_rc, err);
    if (rc != 0) {
        history_search_free(h);
        return rc;
    }
    h->before += h->before > 0;
    h->first = h->before;
    if (h->query && filter->ranked)
        h->ranking = ranking_new(bigram_query_n_clauses(h->query));
    *out = h;
    return 0;
}

void history_search_free(struct history_search *h)
{
    if (!h)
        return;
    conditions_free(&h->where);
    bigram_query_free(h->query);
    for (int i = 0; i < N_FIELDS; i++)
        bigram_text_free(&h->folded[i]);
    ranking_free(h->ranking);
    free(h);
}

/* ---- a hit ---- */

/* Copies bytes [from, from + n) of a text with everything that would break the line a blank. */
static char *one_line(const char *text, size_t from, size_t n)
{
    char *line = x_strndup(text + from, n);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F)
            line[i] = ' ';
    return line;
}

/* The piece of the first field with a match in it around that match; without a query, the beginning
 * of the output. */
static void make_snippet(struct history_search *h, const struct index_fields *f,
                         struct history_hit *hit)
{
    struct bigram_mark marks[ARRAY_LEN(hit->marks)];
    size_t n_marks = 0, from = 0, field = FIELD_TEXT;
    for (size_t i = 0; h->query && i < N_FIELDS && n_marks == 0; i++) {
        n_marks = bigram_marks(h->query, &h->folded[i], marks, ARRAY_LEN(marks));
        field = n_marks ? i : field;
    }
    const char *text = f->field[field].bytes;
    size_t n_text = f->field[field].n;
    if (n_marks && marks[0].begin > SNIPPET_BEFORE)
        from = utf8_floor(text, n_text, marks[0].begin - SNIPPET_BEFORE);
    else if (!n_marks)
        from = strspn(text, " \t\r\n");
    size_t end =
        from + SNIPPET_BYTES < n_text ? utf8_floor(text, n_text, from + SNIPPET_BYTES) : n_text;
    hit->snippet = one_line(text, from, end - from);
    for (size_t i = 0; i < n_marks && marks[i].begin < end; i++) {
        size_t to = marks[i].begin + marks[i].n;
        hit->marks[hit->n_marks++] =
            (struct history_mark){marks[i].begin - from, (to < end ? to : end) - marks[i].begin};
    }
}

static int read_hit(struct history_search *h, int64_t id, const struct index_fields *f,
                    struct history_hit *hit)
{
    sqlite3_stmt *stmt;
    *hit = (struct history_hit){.generation = id};
    int rc = sql_start(
        &h->store->reader, &stmt,
        "SELECT g.story, g.node, g.started_ms, g.origin, s.title, t.name, m.name, g.starred, "
        "g.note IS NOT NULL, g.n_tokens, g.n_chars, g.reason FROM generations g "
        "LEFT JOIN stories s ON s.id=g.story LEFT JOIN template_versions v ON v.id=g.template "
        "LEFT JOIN templates t ON t.id=v.template LEFT JOIN models m ON m.id=g.model "
        "WHERE g.id=?1",
        "i", id);
    if (!sql_next(stmt, &rc))
        return rc;
    hit->story = sqlite3_column_int64(stmt, 0);
    hit->node = sqlite3_column_int64(stmt, 1);
    hit->started_ms = sqlite3_column_int64(stmt, 2);
    hit->origin = sql_column_copy(stmt, 3);
    hit->story_title = sql_column_or_null(stmt, 4);
    hit->template = sql_column_or_null(stmt, 5);
    hit->model = sql_column_or_null(stmt, 6);
    hit->starred = sqlite3_column_int(stmt, 7) != 0;
    hit->has_note = sqlite3_column_int(stmt, 8) != 0;
    hit->n_tokens = sqlite3_column_int64(stmt, 9);
    hit->n_chars = sqlite3_column_int64(stmt, 10);
    hit->reason = sql_column_or_null(stmt, 11);
    sql_end(stmt);
    make_snippet(h, f, hit);
    return rc;
}

static void hit_free(struct history_hit *hit)
{
    free(hit->origin);
    free(hit->story_title);
    free(hit->template);
    free(hit->model);
    free(hit->snippet);
    free(hit->reason);
}

void history_hits_free(struct history_hit *hits, size_t n)
{
    for (size_t i = 0; i < n; i++)
        hit_free(&hits[i]);
    free(hits);
}

/* Does the query stand in its texts? They stay folded in h. */
static bool verify(struct history_search *h, const struct index_fields *f)
{
    if (!f->found)
        return false;
    if (!h->query)
        return true;
    for (int i = 0; i < N_FIELDS; i++)
        bigram_fold(&h->folded[i], f->field[i].bytes, f->field[i].n);
    return bigram_found(h->query, h->folded, N_FIELDS, h->ranking ? h->ranking->found : NULL);
}

/* ---- walking ---- */

/* What is done with a candidate; returns an SQLite code, sets *stop to end the walk behind it. */
typedef int visit_fn(struct history_search *h, int64_t id, void *ctx, bool *stop);

/* Visits the candidates of one window, moving h->before down. Between candidates nothing looks at
 * the clock, so a window is to take an eighth of a call, a quarter at the most: of the whole call,
 * not of what is left of it, or windows would shrink until most of the time went into beginning
 * them. */
static int walk_window(struct history_search *h, int64_t call_ns, int64_t until_ns, visit_fn *visit,
                       void *ctx, bool *stop)
{
    int64_t from = h->before > h->window ? h->before - h->window : 1;
    int64_t began = clock_mono_ns();
    sqlite3_stmt *stmt;
    int rc = start_candidates(h, &stmt, from);
    bool more;
    h->index_failed = false;
    while ((more = sql_next(stmt, &rc))) {
        int64_t id = sqlite3_column_int64(stmt, 0);
        rc = visit(h, id, ctx, stop);
        if (rc == SQLITE_OK)
            h->before = id;
        if (rc != SQLITE_OK || *stop || clock_mono_ns() >= until_ns)
            break;
    }
    int64_t took = clock_mono_ns() - began;
    if (!more)
        h->index_failed = h->query && !h->scan && index_is_damage(rc);
    if (more) {
        sql_end(stmt);
    } else if (rc == SQLITE_OK) {
        h->before = from > 1 ? from : 0;
        if (took < call_ns / 8 && h->window < WINDOW_MAX)
            h->window *= 2;
    }
    if (took > call_ns / 4 && h->window > WINDOW_MIN)
        h->window /= 2;
    return rc;
}

static int walk(struct history_search *h, int64_t until_ns, visit_fn *visit, void *ctx)
{
    bool stop = false;
    int rc = SQLITE_OK;
    const int64_t call_ns = until_ns - clock_mono_ns();
    while (h->before > 0 && !stop && rc == SQLITE_OK) {
        rc = walk_window(h, call_ns, until_ns, visit, ctx, &stop);
        if (clock_mono_ns() >= until_ns)
            break;
    }
    return rc;
}

/* ---- newest first ---- */

struct page {
    struct history_hit *hits;
    size_t n, max;
};

static int visit_hit(struct history_search *h, int64_t id, void *ctx, bool *stop)
{
    struct page *page = ctx;
    struct index_fields fields;
    int rc = index_read(&h->store->reader, id, &fields);
    if (rc == SQLITE_OK && verify(h, &fields)) {
        rc = read_hit(h, id, &fields, &page->hits[page->n]);
        if (rc == SQLITE_OK)
            page->n++;
    }
    index_fields_free(&fields);
    *stop = page->n == page->max;
    return rc;
}

/* ---- ranked ---- */

static int visit_score(struct history_search *h, int64_t id, void *ctx, bool *stop)
{
    struct ranking *r = h->ranking;
    struct index_fields fields;
    (void)ctx;
    int rc = index_read(&h->store->reader, id, &fields);
    if (rc == SQLITE_OK && verify(h, &fields)) {
        if (r->n_hits == r->cap_hits) {
            r->cap_hits = r->cap_hits ? r->cap_hits * 2 : 256;
            r->hits = x_realloc(r->hits, r->cap_hits * sizeof r->hits[0]);
            r->counts = x_realloc(r->counts, r->cap_hits * r->n_clauses * sizeof r->counts[0]);
        }
        memcpy(r->counts + r->n_hits * r->n_clauses, r->found, r->n_clauses * sizeof r->found[0]);
        size_t n_chars = h->folded[FIELD_TEXT].n;
        r->total_chars += (double)n_chars;
        r->hits[r->n_hits++] = (struct scored){.generation = id, .n_chars = n_chars};
    }
    index_fields_free(&fields);
    *stop = r->n_hits > HISTORY_RANKED_MAX;
    return rc;
}

static int by_score(const void *a, const void *b)
{
    const struct scored *x = a, *y = b;
    if (x->score != y->score)
        return x->score < y->score ? 1 : -1;
    return x->generation < y->generation ? 1 : -1; /* the newer first */
}

/* How rare each clause is, for its weight: among the newest WINDOW_FIRST, which is as good as all.
 */
static int count_clauses(struct history_search *h, int64_t until_ns)
{
    struct ranking *r = h->ranking;
    int rc = SQLITE_OK;
    while (r->n_counted < r->n_clauses && rc == SQLITE_OK && clock_mono_ns() < until_ns) {
        if (!h->scan && r->n_clauses > 1)
            rc = sql_int(&h->store->reader, &r->n_with[r->n_counted],
                         "SELECT count(*) FROM history_fts WHERE history_fts MATCH ?1 "
                         "AND rowid>=?2 AND rowid<?3",
                         "sii", bigram_clause_match(h->query, r->n_counted),
                         h->first - WINDOW_FIRST, h->first);
        r->n_counted++;
    }
    h->index_failed = index_is_damage(rc);
    return rc;
}

static void sort_hits(struct ranking *r)
{
    double average = r->n_hits ? r->total_chars / (double)r->n_hits : 1;
    const double k1 = 1.2, b = 0.75, n_all = WINDOW_FIRST;
    for (size_t i = 0; i < r->n_hits; i++) {
        double norm = k1 * (1 - b + b * (double)r->hits[i].n_chars / average);
        for (size_t c = 0; c < r->n_clauses; c++) {
            double tf = r->counts[i * r->n_clauses + c], with = (double)r->n_with[c];
            double weight = log(1 + (n_all - with + 0.5) / (with + 0.5));
            r->hits[i].score += weight * tf * (k1 + 1) / (tf + norm);
        }
    }
    if (r->n_hits)
        qsort(r->hits, r->n_hits, sizeof r->hits[0], by_score);
    r->sorted = true;
}

/* Gathers and sorts as far as time allows. */
static int gather(struct history_search *h, int64_t until_ns)
{
    struct ranking *r = h->ranking;
    int rc = count_clauses(h, until_ns);
    if (rc == SQLITE_OK && r->n_counted == r->n_clauses)
        rc = walk(h, until_ns, visit_score, NULL);
    if (rc == SQLITE_OK && r->n_hits > HISTORY_RANKED_MAX) {
        ranking_free(r); /* too many: newest first then, from the beginning */
        h->ranking = NULL;
        h->before = h->first;
    } else if (rc == SQLITE_OK && h->before == 0) {
        sort_hits(r);
    }
    return rc;
}

static int page_of_sorted(struct history_search *h, struct page *page, int64_t until_ns)
{
    struct ranking *r = h->ranking;
    int rc = SQLITE_OK;
    while (rc == SQLITE_OK && r->at < r->n_hits && page->n < page->max) {
        bool stop;
        rc = visit_hit(h, r->hits[r->at].generation, page, &stop);
        if (rc == SQLITE_OK)
            r->at++;
        if (clock_mono_ns() >= until_ns)
            break;
    }
    return rc;
}

/* ---- the door ---- */

int history_search_next(struct history_search *h, size_t max_hits, int max_ms,
                        struct history_hit **hits, size_t *n, bool *done, struct err *err)
{
    assert(max_hits > 0);
    struct store *s = h->store;
    struct page page = {.max = max_hits < PAGE_MAX ? max_hits : PAGE_MAX};
    page.hits = x_calloc(page.max, sizeof page.hits[0]);
    int64_t until_ns = clock_mono_ns() + (int64_t)max_ms * 1000000;
    int rc = SQLITE_OK;
    if (h->ranking && !h->ranking->sorted)
        rc = gather(h, until_ns);
    if (rc == SQLITE_OK && h->ranking && h->ranking->sorted)
        rc = page_of_sorted(h, &page, until_ns);
    else if (rc == SQLITE_OK && !h->ranking)
        rc = walk(h, until_ns, visit_hit, &page);
    if (rc != SQLITE_OK) {
        history_hits_free(page.hits, page.n);
        if (!h->index_failed)
            return store_sql_err(s, s->reader.db, rc, err);
        index_tell_damaged(s);
        return index_state_err(s, INDEX_DAMAGED, err);
    }
    const struct ranking *r = h->ranking;
    *done = r ? r->sorted && r->at == r->n_hits : h->before == 0;
    *hits = page.hits;
    *n = page.n;
    return 0;
}

int64_t history_count(struct store *s)
{
    int64_t n = 0;
    if (s)
        sql_int(&s->reader, &n, "SELECT count(*) FROM generations", "");
    return n;
}

/* ---- figures ---- */

int history_get_stats(struct store *s, const struct history_filter *filter,
                      struct history_stats *out, struct err *err)
{
    if (!s)
        return err_set(err, E_STORE, _("there is no database to read from"));
    struct history_stats all = {0};
    struct conditions c = {0};
    sqlite3_stmt *stmt = NULL;
    const int64_t from = 1, before = INT64_MAX;
    int rc = make_conditions(s, filter ? filter : &(struct history_filter){0}, &c);
    if (rc == SQLITE_OK)
        rc = sql_start(&s->reader, &stmt,
                       "SELECT count(*), sum(n_tokens), sum(n_chars), sum(n_prompt), "
                       "sum(n_reused), sum(decode_us), sum(prefill_us), sum(starred), "
                       "min(started_ms), max(started_ms) FROM generations g "
                       "WHERE g.id>=?1 AND g.id<?2 AND " CONDITIONS,
                       "ii" CONDITION_FORMAT, from, before, CONDITION_ARGS(&c));
    int64_t *const sums[] = {
        &all.n_generations, &all.n_tokens,   &all.n_chars,   &all.n_prompt_tokens, &all.n_reused,
        &all.decode_us,     &all.prefill_us, &all.n_starred, &all.first_ms,        &all.last_ms};
    while (sql_next(stmt, &rc))
        for (size_t i = 0; i < ARRAY_LEN(sums); i++)
            *sums[i] = sqlite3_column_int64(stmt, (int)i);
    if (rc == SQLITE_OK)
        rc = sql_start(&s->reader, &stmt,
                       "SELECT (SELECT count(*) FROM stories), (SELECT count(*) FROM nodes), "
                       "(SELECT count(*) FROM templates WHERE hidden=0), "
                       "(SELECT page_count*page_size FROM pragma_page_count, pragma_page_size)",
                       "");
    int64_t *const counts[] = {&all.n_stories, &all.n_passages, &all.n_templates,
                               &all.database_bytes};
    while (rc == SQLITE_OK && sql_next(stmt, &rc))
        for (size_t i = 0; i < ARRAY_LEN(counts); i++)
            *counts[i] = sqlite3_column_int64(stmt, (int)i);
    conditions_free(&c);
    if (rc != SQLITE_OK)
        return store_sql_err(s, s->reader.db, rc, err);
    *out = all;
    return 0;
}

#define GROUPED(key, order)                                                                        \
    "SELECT " key " AS name, count(*), sum(n_tokens), sum(n_chars), sum(decode_us) "               \
    "FROM generations g WHERE g.id>=?1 AND g.id<?2 AND " CONDITIONS "GROUP BY 1 ORDER BY " order

static const char *const grouped[] = {
    [HISTORY_BY_MODEL] = GROUPED("(SELECT name FROM models WHERE id=g.model)", "2 DESC, 1"),
    [HISTORY_BY_TEMPLATE] = GROUPED("(SELECT t.name FROM template_versions v JOIN templates t "
                                    "ON t.id=v.template WHERE v.id=g.template)",
                                    "2 DESC, 1"),
    [HISTORY_BY_MONTH] =
        GROUPED("strftime('%Y-%m', g.started_ms/1000, 'unixepoch', 'localtime')", "1"),
};

int history_get_groups(struct store *s, const struct history_filter *filter,
                       enum history_group_by by, struct history_group **out, size_t *n,
                       struct err *err)
{
    if (!s)
        return err_set(err, E_STORE, _("there is no database to read from"));
    struct history_group *groups = NULL;
    struct conditions c = {0};
    size_t n_groups = 0, cap = 0;
    sqlite3_stmt *stmt = NULL;
    const int64_t from = 1, before = INT64_MAX;
    int rc = make_conditions(s, filter ? filter : &(struct history_filter){0}, &c);
    if (rc == SQLITE_OK)
        rc = sql_start(&s->reader, &stmt, grouped[by], "ii" CONDITION_FORMAT, from, before,
                       CONDITION_ARGS(&c));
    while (sql_next(stmt, &rc)) {
        if (n_groups == cap) {
            cap = cap ? cap * 2 : 16;
            groups = x_realloc(groups, cap * sizeof groups[0]);
        }
        groups[n_groups++] = (struct history_group){.name = sql_column_copy(stmt, 0),
                                                    .n_generations = sqlite3_column_int64(stmt, 1),
                                                    .n_tokens = sqlite3_column_int64(stmt, 2),
                                                    .n_chars = sqlite3_column_int64(stmt, 3),
                                                    .decode_us = sqlite3_column_int64(stmt, 4)};
    }
    conditions_free(&c);
    if (rc != SQLITE_OK) {
        history_groups_free(groups, n_groups);
        return store_sql_err(s, s->reader.db, rc, err);
    }
    *out = groups;
    *n = n_groups;
    return 0;
}

void history_groups_free(struct history_group *groups, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(groups[i].name);
    free(groups);
}
