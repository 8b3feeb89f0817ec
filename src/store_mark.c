/* store_mark.c - stars, notes, tags, deleting; see store_history.h.
 *
 * Deleting. Texts, spellings and parts of prompts are shared, so what a generation leaves behind is
 * taken away piece by piece, from those that refer to those that are referred to, each only when
 * nobody else refers to it. Every column that can refer has an index (store_schema.c), so that one
 * generation among a million goes as fast as one among ten. A spelling's owner always has the
 * spelling's text as well, which saves indexes on spellings.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/store_history.h"
#include "src/store_priv.h"
#include "src/store_text.h"

/* ---- star, note, tag ---- */

struct op_mark {
    struct op op;
    store_ref generation;
    bool on;
    size_t n;
    char text[];
};

static void put_mark(struct store *s, op_apply *apply, store_ref generation, const char *text,
                     bool on)
{
    if (!store_takes(s))
        return;
    size_t n = strlen(text);
    struct op_mark *o = op_new(sizeof *o + n + 1, apply);
    o->generation = generation;
    o->on = on;
    o->n = n;
    memcpy(o->text, text, n + 1);
    o->op.urgent = true;
    store_enqueue(s, &o->op, false);
}

static int apply_star(struct writer *w, const struct op *op, int64_t *row)
{
    const struct op_mark *o = (const struct op_mark *)op;
    (void)row;
    return sql_run(&w->q, "UPDATE generations SET starred=?2 WHERE id=?1", "ii",
                   writer_row(w, o->generation), (int64_t)o->on);
}

void history_put_star(struct store *s, store_ref generation, bool on)
{
    put_mark(s, apply_star, generation, "", on);
}

static int text_sweep(struct sql *q, int64_t text);

static int apply_note(struct writer *w, const struct op *op, int64_t *row)
{
    const struct op_mark *o = (const struct op_mark *)op;
    int64_t generation = 0, old = 0, note = 0;
    (void)row;
    int rc = sql_int(&w->q, &generation, "SELECT id FROM generations WHERE id=?1", "i",
                     writer_row(w, o->generation));
    if (rc != SQLITE_OK || generation == 0)
        return rc;
    rc = sql_int(&w->q, &old, "SELECT note FROM generations WHERE id=?1", "i", generation);
    if (rc == SQLITE_OK && o->n > 0)
        rc = text_put(&w->q, o->text, o->n, &note);
    if (rc == SQLITE_OK)
        rc = sql_run(&w->q, "UPDATE generations SET note=?2 WHERE id=?1", "iI", generation, note);
    if (rc == SQLITE_OK && note && note != old)
        rc = index_add(w, generation, o->text, o->n);
    if (rc == SQLITE_OK && old && old != note)
        rc = text_sweep(&w->q, old);
    return rc;
}

void history_put_note(struct store *s, store_ref generation, const char *note)
{
    put_mark(s, apply_note, generation, note, true);
}

static int apply_tag(struct writer *w, const struct op *op, int64_t *row)
{
    const struct op_mark *o = (const struct op_mark *)op;
    int64_t generation = writer_row(w, o->generation);
    (void)row;
    if (!o->on)
        return sql_run(&w->q, "DELETE FROM tags WHERE tag=?1 AND generation=?2", "ti", o->text,
                       o->n, generation);
    return sql_run(&w->q,
                   "INSERT OR IGNORE INTO tags(tag, generation) SELECT ?1, id FROM generations "
                   "WHERE id=?2",
                   "ti", o->text, o->n, generation);
}

void history_put_tag(struct store *s, store_ref generation, const char *tag, bool on)
{
    put_mark(s, apply_tag, generation, tag, on);
}

int history_tags(struct store *s, struct history_tag **out, size_t *n, struct err *err)
{
    if (!s)
        return err_set(err, E_STORE, _("there is no database to read from"));
    struct history_tag *tags = NULL;
    size_t n_tags = 0, cap = 0;
    sqlite3_stmt *stmt;
    int rc = sql_start(&s->reader, &stmt,
                       "SELECT tag, count(*) FROM tags GROUP BY tag ORDER BY tag", "");
    while (sql_next(stmt, &rc)) {
        if (n_tags == cap) {
            cap = cap ? cap * 2 : 16;
            tags = x_realloc(tags, cap * sizeof tags[0]);
        }
        tags[n_tags++] =
            (struct history_tag){sql_column_copy(stmt, 0), sqlite3_column_int64(stmt, 1)};
    }
    if (rc != SQLITE_OK) {
        history_tags_free(tags, n_tags);
        return store_sql_err(s, s->reader.db, rc, err);
    }
    *out = tags;
    *n = n_tags;
    return 0;
}

void history_tags_free(struct history_tag *tags, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(tags[i].tag);
    free(tags);
}

/* ---- deleting: what nobody refers to any more ---- */

static int spelling_sweep(struct sql *q, int64_t spelling)
{
    return sql_run(q,
                   "DELETE FROM spellings AS s WHERE id=?1 AND "
                   "NOT EXISTS(SELECT 1 FROM prompts WHERE spelling=s.id) AND "
                   "NOT EXISTS(SELECT 1 FROM generations WHERE text=s.text AND spelling=s.id) AND "
                   "NOT EXISTS(SELECT 1 FROM nodes WHERE text=s.text AND spelling=s.id)",
                   "i", spelling);
}

static int text_sweep(struct sql *q, int64_t text)
{
    if (text == 0)
        return SQLITE_OK;
    /* spellings of it that nobody uses do not keep it */
    int64_t spelling = 0;
    int rc;
    do {
        rc = sql_int(q, &spelling,
                     "SELECT id FROM spellings WHERE text=?1 AND id>?2 ORDER BY id LIMIT 1", "ii",
                     text, spelling);
        if (rc == SQLITE_OK && spelling)
            rc = spelling_sweep(q, spelling);
    } while (rc == SQLITE_OK && spelling);
    if (rc != SQLITE_OK)
        return rc;
    return sql_run(q,
                   "DELETE FROM texts WHERE id=?1 AND "
                   "NOT EXISTS(SELECT 1 FROM spellings WHERE text=?1) AND "
                   "NOT EXISTS(SELECT 1 FROM nodes WHERE text=?1) AND "
                   "NOT EXISTS(SELECT 1 FROM generations WHERE text=?1) AND "
                   "NOT EXISTS(SELECT 1 FROM generations WHERE settings=?1) AND "
                   "NOT EXISTS(SELECT 1 FROM generations WHERE note=?1) AND "
                   "NOT EXISTS(SELECT 1 FROM inputs WHERE text=?1) AND "
                   "NOT EXISTS(SELECT 1 FROM template_versions WHERE head=?1) AND "
                   "NOT EXISTS(SELECT 1 FROM examples WHERE body=?1)",
                   "i", text);
}

/* The parts of a prompt from its last one up to the first that is needed elsewhere. */
static int prompt_sweep(struct sql *q, int64_t prompt)
{
    int rc = SQLITE_OK;
    while (prompt && rc == SQLITE_OK) {
        int64_t before = 0, text = 0;
        rc = sql_int(q, &text,
                     "SELECT s.text FROM prompts p JOIN spellings s ON s.id=p.spelling "
                     "WHERE p.id=?1",
                     "i", prompt);
        if (rc == SQLITE_OK)
            rc = sql_int(q, &before, "SELECT before FROM prompts WHERE id=?1", "i", prompt);
        if (rc == SQLITE_OK)
            rc = sql_run(q,
                         "DELETE FROM prompts WHERE id=?1 AND "
                         "NOT EXISTS(SELECT 1 FROM prompts WHERE before=?1) AND "
                         "NOT EXISTS(SELECT 1 FROM generations WHERE prompt=?1)",
                         "i", prompt);
        if (rc != SQLITE_OK || sqlite3_changes(q->db) == 0)
            return rc;
        rc = text_sweep(q, text);
        prompt = before;
    }
    return rc;
}

/* ---- deleting: a generation ---- */

struct leavings {
    int64_t node, text, settings, note, prompt;
    bool found;
};

static int read_leavings(struct sql *q, int64_t generation, struct leavings *out)
{
    sqlite3_stmt *stmt;
    *out = (struct leavings){0};
    int rc = sql_start(q, &stmt,
                       "SELECT node, text, settings, note, prompt FROM generations WHERE id=?1",
                       "i", generation);
    if (sql_next(stmt, &rc)) {
        out->node = sqlite3_column_int64(stmt, 0);
        out->text = sqlite3_column_int64(stmt, 1);
        out->settings = sqlite3_column_int64(stmt, 2);
        out->note = sqlite3_column_int64(stmt, 3);
        out->prompt = sqlite3_column_int64(stmt, 4);
        out->found = true;
        sql_end(stmt);
    }
    return rc;
}

/* The passage it wrote keeps its text, also one that is still in pieces. */
static int release_node(struct sql *q, int64_t generation, int64_t node)
{
    int64_t has_text = 0, text = 0;
    if (node == 0)
        return SQLITE_OK;
    int rc = sql_int(q, &has_text, "SELECT text IS NOT NULL FROM nodes WHERE id=?1", "i", node);
    if (rc == SQLITE_OK && !has_text) {
        struct index_fields fields;
        rc = index_read(q, generation, &fields);
        if (rc == SQLITE_OK && fields.found)
            rc = text_put(q, fields.field[FIELD_TEXT].bytes, fields.field[FIELD_TEXT].n, &text);
        index_fields_free(&fields);
        if (rc == SQLITE_OK)
            rc = sql_run(q, "UPDATE nodes SET text=?2 WHERE id=?1", "iI", node, text);
    }
    if (rc == SQLITE_OK)
        rc = sql_run(q, "UPDATE nodes SET generation=NULL WHERE id=?1 AND generation=?2", "ii",
                     node, generation);
    return rc;
}

struct op_delete {
    struct op op;
    store_ref generation;
};

static int apply_delete(struct writer *w, const struct op *op, int64_t *row)
{
    int64_t generation = writer_row(w, ((const struct op_delete *)op)->generation);
    struct sql *q = &w->q;
    struct leavings left;
    (void)row;
    int rc = read_leavings(q, generation, &left);
    if (rc != SQLITE_OK || !left.found)
        return rc;
    rc = index_drop(w, generation);
    if (rc == SQLITE_OK)
        rc = release_node(q, generation, left.node);
    if (rc == SQLITE_OK)
        rc = sql_run(q, "DELETE FROM pieces WHERE generation=?1", "i", generation);
    if (rc == SQLITE_OK)
        rc = sql_run(q, "DELETE FROM tags WHERE generation=?1", "i", generation);
    if (rc == SQLITE_OK)
        rc = sql_run(q, "DELETE FROM generations WHERE id=?1", "i", generation);
    if (rc == SQLITE_OK)
        rc = prompt_sweep(q, left.prompt);
    const int64_t texts[] = {left.text, left.settings, left.note};
    for (size_t i = 0; rc == SQLITE_OK && i < ARRAY_LEN(texts); i++)
        rc = text_sweep(q, texts[i]);
    return rc;
}

void history_delete(struct store *s, const store_ref *generations, size_t n)
{
    if (!store_takes(s))
        return;
    for (size_t i = 0; i < n; i++) { /* one operation each: the writer may take breath between */
        struct op_delete *o = op_new(sizeof *o, apply_delete);
        o->generation = generations[i];
        o->op.urgent = i == n - 1;
        store_enqueue(s, &o->op, false);
    }
}
