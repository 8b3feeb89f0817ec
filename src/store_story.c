/* store_story.c - stories, nodes, drafts, inputs; see store.h.
 *
 * The root of a story has no row: parent NULL and current NULL mean it.
 *
 * A node's text is NULL while the generation that writes it is not done; it then reads as the
 * pieces of that generation. So the words of a process that was killed are there without any
 * repair.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/utf8.h"
#include "src/store_pack.h"
#include "src/store_priv.h"
#include "src/store_text.h"

enum { FIRST_LINE_BYTES = 120 };

/* ---- putting: stories ---- */

struct op_story {
    struct op op;
    store_ref story, node;
    size_t n;
    char text[]; /* n bytes and a NUL */
};

static struct op_story *story_op(op_apply *apply, store_ref story, const char *text, size_t n)
{
    struct op_story *o = op_new(sizeof *o + n + 1, apply);
    o->story = story;
    o->n = n;
    if (n)
        memcpy(o->text, text, n);
    return o;
}

static int apply_story(struct writer *w, const struct op *op, int64_t *row)
{
    const struct op_story *o = (const struct op_story *)op;
    int rc = sql_run(&w->q,
                     "INSERT INTO stories(title, opened, opened_ms, created_ms) VALUES(?1, "
                     "(SELECT coalesce(max(opened), 0) + 1 FROM stories), ?2, ?2)",
                     "ti", o->text, o->n, op->wall_ms);
    *row = sqlite3_last_insert_rowid(w->q.db);
    return rc;
}

store_ref store_put_story(struct store *s, const char *title)
{
    if (!store_takes(s))
        return store_no_row();
    struct op_story *o = story_op(apply_story, 0, title, strlen(title));
    o->op.urgent = true;
    return store_enqueue(s, &o->op, true);
}

static int apply_title(struct writer *w, const struct op *op, int64_t *row)
{
    const struct op_story *o = (const struct op_story *)op;
    (void)row;
    return sql_run(&w->q, "UPDATE stories SET title=?2 WHERE id=?1", "it", writer_row(w, o->story),
                   o->text, o->n);
}

void store_put_title(struct store *s, store_ref story, const char *title)
{
    if (!store_takes(s))
        return;
    struct op_story *o = story_op(apply_title, story, title, strlen(title));
    o->op.urgent = true;
    store_enqueue(s, &o->op, false);
}

static int apply_current(struct writer *w, const struct op *op, int64_t *row)
{
    const struct op_story *o = (const struct op_story *)op;
    int64_t last = 0, story = writer_row(w, o->story);
    (void)row;
    int rc = sql_int(&w->q, &last, "SELECT id FROM stories ORDER BY opened DESC LIMIT 1", "");
    if (rc == SQLITE_OK && last != story)
        rc = sql_run(&w->q,
                     "UPDATE stories SET opened=(SELECT max(opened) + 1 FROM stories) WHERE id=?1",
                     "i", story);
    if (rc == SQLITE_OK)
        rc = sql_run(&w->q, "UPDATE stories SET current=?2, opened_ms=?3 WHERE id=?1", "iIi", story,
                     writer_row(w, o->node), op->wall_ms);
    return rc;
}

void store_put_current(struct store *s, store_ref story, store_ref node)
{
    if (!store_takes(s))
        return;
    struct op_story *o = story_op(apply_current, story, NULL, 0);
    o->node = node;
    o->op.urgent = true;
    store_enqueue(s, &o->op, false);
}

static int apply_draft(struct writer *w, const struct op *op, int64_t *row)
{
    const struct op_story *o = (const struct op_story *)op;
    int64_t story = writer_row(w, o->story);
    (void)row;
    if (o->n == 0)
        return sql_run(&w->q, "DELETE FROM drafts WHERE story=?1", "i", story);
    return sql_run(&w->q, "INSERT OR REPLACE INTO drafts(story, body) VALUES(?1, ?2)", "it", story,
                   o->text, o->n);
}

void store_put_draft(struct store *s, store_ref story, const char *text, size_t n)
{
    if (!store_takes(s))
        return;
    struct op_story *o = story_op(apply_draft, story, text, n);
    store_enqueue(s, &o->op, false);
}

static int apply_input(struct writer *w, const struct op *op, int64_t *row)
{
    const struct op_story *o = (const struct op_story *)op;
    int64_t text = 0;
    (void)row;
    int rc = text_put(&w->q, o->text, o->n, &text);
    if (rc == SQLITE_OK)
        rc = sql_run(&w->q, "INSERT OR REPLACE INTO inputs(text) VALUES(?1)", "i", text);
    return rc;
}

void store_put_input(struct store *s, const char *text, size_t n)
{
    if (!store_takes(s))
        return;
    struct op_story *o = story_op(apply_input, 0, text, n);
    o->op.urgent = true;
    store_enqueue(s, &o->op, false);
}

/* ---- putting: nodes ---- */

struct op_node {
    struct op op;
    store_ref story, parent;
    enum node_kind kind;
    size_t n;
    char text[];
};

static int apply_node(struct writer *w, const struct op *op, int64_t *row)
{
    const struct op_node *o = (const struct op_node *)op;
    int64_t text = 0;
    int rc = SQLITE_OK;
    if (o->n > 0 || o->kind != NODE_MODEL)
        rc = text_put(&w->q, o->text, o->n, &text);
    if (rc == SQLITE_OK)
        rc = sql_run(&w->q,
                     "INSERT INTO nodes(story, parent, kind, text, created_ms) "
                     "VALUES(?1, ?2, ?3, ?4, ?5)",
                     "iIiIi", writer_row(w, o->story), writer_row(w, o->parent), (int64_t)o->kind,
                     text, op->wall_ms);
    *row = sqlite3_last_insert_rowid(w->q.db);
    return rc;
}

store_ref store_put_node(struct store *s, store_ref story, store_ref parent, enum node_kind kind,
                         const char *text, size_t n_text)
{
    if (!store_takes(s))
        return store_no_row();
    struct op_node *o = op_new(sizeof *o + n_text + 1, apply_node);
    o->story = story;
    o->parent = parent;
    o->kind = kind;
    o->n = n_text;
    if (n_text)
        memcpy(o->text, text, n_text);
    o->op.urgent = true;
    return store_enqueue(s, &o->op, true);
}

struct op_ids {
    struct op op;
    store_ref node;
    char tokenizer[33];
    size_t n_bytes;
    char ids[]; /* packed */
};

static int apply_node_ids(struct writer *w, const struct op *op, int64_t *row)
{
    const struct op_ids *o = (const struct op_ids *)op;
    int64_t node = writer_row(w, o->node), text = 0, tokenizer = 0, spelling = 0;
    (void)row;
    int rc = sql_int(&w->q, &text, "SELECT text FROM nodes WHERE id=?1", "i", node);
    if (rc != SQLITE_OK || text == 0)
        return rc;
    rc = tokenizer_put(&w->q, o->tokenizer, &tokenizer);
    if (rc == SQLITE_OK)
        rc = spelling_put(&w->q, text, tokenizer, o->ids, o->n_bytes, &spelling);
    if (rc == SQLITE_OK)
        rc = sql_run(&w->q, "UPDATE nodes SET spelling=?2 WHERE id=?1", "ii", node, spelling);
    return rc;
}

void store_put_node_ids(struct store *s, store_ref node, const int32_t *ids, size_t n_ids,
                        const char *tokenizer)
{
    if (!store_takes(s))
        return;
    struct str packed = STR_INIT;
    pack_ids(&packed, ids, n_ids);
    struct op_ids *o = op_new(sizeof *o + packed.len, apply_node_ids);
    o->node = node;
    snprintf(o->tokenizer, sizeof o->tokenizer, "%s", tokenizer);
    o->n_bytes = packed.len;
    if (packed.len)
        memcpy(o->ids, packed.data, packed.len);
    str_free(&packed);
    store_enqueue(s, &o->op, false);
}

/* ---- reading: stories ---- */

/* The beginning of a text row, up to the end of its first line, without reading the rest of it. */
static char *first_line(struct store *s, int64_t text)
{
    char line[FIRST_LINE_BYTES + 1] = "";
    sqlite3_blob *blob = NULL;
    int n = 0;
    if (text &&
        sqlite3_blob_open(s->reader.db, "main", "texts", "body", text, 0, &blob) == SQLITE_OK) {
        n = sqlite3_blob_bytes(blob);
        n = n < FIRST_LINE_BYTES ? n : FIRST_LINE_BYTES;
        if (sqlite3_blob_read(blob, line, n, 0) != SQLITE_OK)
            n = 0;
    }
    sqlite3_blob_close(blob);
    size_t len = (size_t)n - utf8_incomplete_tail(line, (size_t)n);
    line[len] = '\0';
    line[strcspn(line, "\n")] = '\0';
    return x_strdup(line);
}

int store_stories(struct store *s, struct store_story_row **out, size_t *n, struct err *err)
{
    if (!s)
        return err_set(err, E_STORE, _("there is no database to read from"));
    struct store_story_row *rows = NULL;
    size_t n_rows = 0, cap = 0;
    sqlite3_stmt *stmt;
    int rc = sql_start(
        &s->reader, &stmt,
        "SELECT id, title, created_ms, opened_ms, (SELECT count(*) FROM nodes WHERE story=s.id), "
        "(SELECT text FROM nodes WHERE story=s.id AND text IS NOT NULL ORDER BY id LIMIT 1), "
        "coalesce((SELECT created_ms FROM nodes WHERE story=s.id ORDER BY id DESC LIMIT 1), "
        "created_ms) FROM stories s ORDER BY opened DESC",
        "");
    while (sql_next(stmt, &rc)) {
        if (n_rows == cap) {
            cap = cap ? cap * 2 : 16;
            rows = x_realloc(rows, cap * sizeof rows[0]);
        }
        rows[n_rows++] = (struct store_story_row){
            .ref = sqlite3_column_int64(stmt, 0),
            .title = sql_column_copy(stmt, 1),
            .created_ms = sqlite3_column_int64(stmt, 2),
            .opened_ms = sqlite3_column_int64(stmt, 3),
            .n_nodes = sqlite3_column_int64(stmt, 4),
            .first_line = first_line(s, sqlite3_column_int64(stmt, 5)),
            .changed_ms = sqlite3_column_int64(stmt, 6),
        };
    }
    if (rc != SQLITE_OK) {
        store_stories_free(rows, n_rows);
        return store_sql_err(s, s->reader.db, rc, err);
    }
    *out = rows;
    *n = n_rows;
    return 0;
}

void store_stories_free(struct store_story_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(rows[i].title);
        free(rows[i].first_line);
    }
    free(rows);
}

store_ref store_last_story(struct store *s)
{
    int64_t id = 0;
    if (s)
        sql_int(&s->reader, &id, "SELECT id FROM stories ORDER BY opened DESC LIMIT 1", "");
    return id;
}

store_ref store_find_story(struct store *s, const char *title)
{
    if (!s)
        return 0;
    store_ref exact = 0, begins = 0;
    int n_begin = 0;
    size_t n = strlen(title);
    sqlite3_stmt *stmt;
    int rc = sql_start(&s->reader, &stmt, "SELECT id, title FROM stories ORDER BY opened DESC", "");
    while (sql_next(stmt, &rc)) {
        const char *have = sqlite3_column_blob(stmt, 1);
        size_t n_have = (size_t)sqlite3_column_bytes(stmt, 1);
        if (n == 0 || n_have < n || memcmp(have, title, n) != 0)
            continue;
        store_ref id = sqlite3_column_int64(stmt, 0);
        if (n_have == n && !exact)
            exact = id;
        begins = id;
        n_begin++;
    }
    return exact ? exact : n_begin == 1 ? begins : 0;
}

int store_inputs(struct store *s, size_t max, char ***out, size_t *n, struct err *err)
{
    if (!s)
        return err_set(err, E_STORE, _("there is no database to read from"));
    char **inputs = NULL;
    size_t n_inputs = 0, cap = 0;
    sqlite3_stmt *stmt;
    int rc = sql_start(&s->reader, &stmt,
                       "SELECT t.body FROM inputs i JOIN texts t ON t.id=i.text "
                       "ORDER BY i.id DESC LIMIT ?1",
                       "i", max < INT64_MAX ? (int64_t)max : INT64_MAX);
    while (sql_next(stmt, &rc)) {
        if (n_inputs == cap) {
            cap = cap ? cap * 2 : 64;
            inputs = x_realloc(inputs, cap * sizeof inputs[0]);
        }
        inputs[n_inputs++] = sql_column_copy(stmt, 0);
    }
    if (rc != SQLITE_OK) {
        store_inputs_free(inputs, n_inputs);
        return store_sql_err(s, s->reader.db, rc, err);
    }
    for (size_t i = 0; i < n_inputs / 2; i++) {
        char *t = inputs[i];
        inputs[i] = inputs[n_inputs - 1 - i];
        inputs[n_inputs - 1 - i] = t;
    }
    *out = inputs;
    *n = n_inputs;
    return 0;
}

void store_inputs_free(char **inputs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(inputs[i]);
    free(inputs);
}

/* ---- reading: a story whole ---- */

/* A row of nodes on its way into the tree. */
struct loading {
    int64_t id, parent, generation, created_ms;
    enum node_kind kind;
    bool unfinished; /* its text is in pieces */
    bool waiting;    /* on the way up from the node that is being placed */
    char *text;
    size_t n_text;
    int32_t *ids;
    size_t n_ids;
    char tokenizer[33];
    struct node *node; /* once placed */
};

static struct loading read_node(sqlite3_stmt *stmt)
{
    struct loading l = {
        .id = sqlite3_column_int64(stmt, 0),
        .parent = sqlite3_column_int64(stmt, 1),
        .kind = sqlite3_column_int(stmt, 2) == NODE_MODEL ? NODE_MODEL : NODE_AUTHOR,
        .created_ms = sqlite3_column_int64(stmt, 3),
        .generation = sqlite3_column_int64(stmt, 4),
        .unfinished = sqlite3_column_type(stmt, 5) == SQLITE_NULL,
        .text = sql_column_copy(stmt, 6),
        .n_text = (size_t)sqlite3_column_bytes(stmt, 6),
    };
    const char *tokenizer = (const char *)sqlite3_column_text(stmt, 8);
    const void *ids = sqlite3_column_blob(stmt, 7);
    if (tokenizer && ids &&
        unpack_ids(ids, (size_t)sqlite3_column_bytes(stmt, 7), &l.ids, &l.n_ids))
        snprintf(l.tokenizer, sizeof l.tokenizer, "%s", tokenizer);
    return l;
}

static int read_nodes(struct store *s, int64_t story, struct loading **out, size_t *n)
{
    struct loading *rows = NULL;
    size_t n_rows = 0, cap = 0;
    sqlite3_stmt *stmt;
    int rc = sql_start(&s->reader, &stmt,
                       "SELECT n.id, n.parent, n.kind, n.created_ms, n.generation, n.text, t.body, "
                       "p.ids, k.identity FROM nodes n LEFT JOIN texts t ON t.id=n.text "
                       "LEFT JOIN spellings p ON p.id=n.spelling "
                       "LEFT JOIN tokenizers k ON k.id=p.tokenizer "
                       "WHERE n.story=?1 ORDER BY n.id",
                       "i", story);
    while (sql_next(stmt, &rc)) {
        if (n_rows == cap) {
            cap = cap ? cap * 2 : 64;
            rows = x_realloc(rows, cap * sizeof rows[0]);
        }
        rows[n_rows++] = read_node(stmt);
    }
    *out = rows;
    *n = n_rows;
    return rc;
}

/* What an unfinished generation has written. */
static int read_pieces(struct store *s, struct loading *l)
{
    struct str text = STR_INIT;
    sqlite3_stmt *stmt;
    int rc =
        sql_start(&s->reader, &stmt, "SELECT text FROM pieces WHERE generation=?1 ORDER BY seq",
                  "i", l->generation);
    while (sql_next(stmt, &rc))
        str_append(&text, sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0));
    free(l->text);
    l->n_text = text.len;
    l->text = str_take(&text);
    return rc;
}

static struct loading *find_row(struct loading *rows, size_t n, int64_t id)
{
    size_t lo = 0, hi = n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (rows[mid].id < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < n && rows[lo].id == id ? &rows[lo] : NULL;
}

static void place(struct loading *l, struct node *parent)
{
    l->node = story_attach(parent, l->id, l->kind, l->text, l->n_text);
    l->node->generation = l->generation;
    l->node->created_ms = l->created_ms;
    if (l->ids)
        story_set_ids(l->node, l->ids, l->n_ids, l->tokenizer);
}

/* Puts the rows into the tree, each after its parent. In a sound database a parent has the smaller
 * id and has been placed before; in a damaged one the way up may be longer, end nowhere or in a
 * circle: the topmost node of it becomes a child of the root. */
static void build_tree(struct story *story, struct loading *rows, size_t n)
{
    struct loading **way = x_calloc(n, sizeof way[0]);
    for (size_t i = 0; i < n; i++) {
        size_t n_way = 0;
        struct loading *l = &rows[i];
        while (l && !l->node && !l->waiting) {
            l->waiting = true;
            way[n_way++] = l;
            l = l->parent ? find_row(rows, n, l->parent) : NULL;
        }
        struct node *parent = l && l->node ? l->node : story->root;
        while (n_way > 0) {
            l = way[--n_way];
            l->waiting = false;
            place(l, parent);
            parent = l->node;
        }
    }
    free(way);
}

static char *read_draft(struct store *s, int64_t story, int *rc)
{
    char *draft = NULL;
    sqlite3_stmt *stmt;
    *rc = sql_start(&s->reader, &stmt, "SELECT body FROM drafts WHERE story=?1", "i", story);
    if (sql_next(stmt, rc)) {
        draft = sql_column_copy(stmt, 0);
        sql_end(stmt);
    }
    return draft;
}

/* The title (malloc'ed; NULL when there is no such story) and the current node. */
static char *read_title(struct store *s, int64_t story, int64_t *current, int *rc)
{
    char *title = NULL;
    sqlite3_stmt *stmt;
    *rc =
        sql_start(&s->reader, &stmt, "SELECT title, current FROM stories WHERE id=?1", "i", story);
    if (sql_next(stmt, rc)) {
        title = sql_column_copy(stmt, 0);
        *current = sqlite3_column_int64(stmt, 1);
        sql_end(stmt);
    }
    return title;
}

int store_load_story(struct store *s, store_ref story, struct story **out, char **draft,
                     struct err *err)
{
    if (!s)
        return err_set(err, E_STORE, _("there is no database to read from"));
    int64_t id = store_row(s, story), current = 0;
    struct loading *rows = NULL;
    size_t n = 0;
    char *text = NULL;
    /* one transaction: title, nodes and draft of the same moment */
    int rc = sql_run(&s->reader, "BEGIN", "");
    char *title = rc == SQLITE_OK ? read_title(s, id, &current, &rc) : NULL;
    if (title)
        rc = read_nodes(s, id, &rows, &n);
    for (size_t i = 0; rc == SQLITE_OK && i < n; i++)
        if (rows[i].unfinished && rows[i].generation)
            rc = read_pieces(s, &rows[i]);
    if (title && rc == SQLITE_OK && draft)
        text = read_draft(s, id, &rc);
    int ret = 0;
    if (rc != SQLITE_OK)
        ret = store_sql_err(s, s->reader.db, rc, err);
    else if (!title)
        ret = err_set(err, E_STORE, _("%s: there is no story number %lld in the database"),
                      s->shown, (long long)id);
    sql_run(&s->reader, "COMMIT", "");
    if (ret == 0) {
        struct story *made = story_new(id, title);
        build_tree(made, rows, n);
        const struct loading *at = current ? find_row(rows, n, current) : NULL;
        story_goto(made, at ? at->node : made->root);
        *out = made;
        if (draft)
            *draft = text;
    } else {
        free(text);
    }
    for (size_t i = 0; i < n; i++) {
        free(rows[i].text);
        free(rows[i].ids);
    }
    free(rows);
    free(title);
    return ret;
}
