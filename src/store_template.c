/* store_template.c - see store_template.h.
 *
 * A version is told from another by the rows of its texts: equal texts are one row, so two versions
 * are the same exactly when head and list of examples are the same numbers.
 */
#include "config.h"

#include "src/store_template.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/store_pack.h"
#include "src/store_priv.h"
#include "src/store_text.h"

/* ---- putting ---- */

struct op_template {
    struct op op;
    bool builtin;
    const char *name, *head; /* in this allocation, behind the examples' pointers */
    size_t n_examples;
    const char *examples[];
};

/* The newest version of a template. Row 0: none. */
struct newest {
    int64_t version, number, head;
    bool builtin, same_examples;
};

static int read_newest(struct sql *q, int64_t template, const struct str *examples,
                       struct newest *out)
{
    sqlite3_stmt *stmt;
    *out = (struct newest){0};
    int rc = sql_start(q, &stmt,
                       "SELECT id, number, head, builtin, examples FROM template_versions "
                       "WHERE template=?1 ORDER BY number DESC LIMIT 1",
                       "i", template);
    if (sql_next(stmt, &rc)) {
        size_t n = (size_t)sqlite3_column_bytes(stmt, 4);
        *out = (struct newest){
            .version = sqlite3_column_int64(stmt, 0),
            .number = sqlite3_column_int64(stmt, 1),
            .head = sqlite3_column_int64(stmt, 2),
            .builtin = sqlite3_column_int(stmt, 3) != 0,
            .same_examples = n == examples->len && (n == 0 || memcmp(sqlite3_column_blob(stmt, 4),
                                                                     examples->data, n) == 0),
        };
        sql_end(stmt);
    }
    return rc;
}

static int example_put(struct sql *q, const char *text, int64_t *row)
{
    int64_t body = 0;
    int rc = text_put(q, text, strlen(text), &body);
    if (rc == SQLITE_OK)
        rc = sql_int(q, row, "SELECT id FROM examples WHERE body=?1", "i", body);
    if (rc != SQLITE_OK || *row)
        return rc;
    rc = sql_run(q, "INSERT INTO examples(body) VALUES(?1)", "i", body);
    *row = sqlite3_last_insert_rowid(q->db);
    return rc;
}

/* The template of that name: the one that is shown, else the one hidden last. For one that comes
 * with the program, else the one that came under that name and was renamed. */
static int template_row(struct sql *q, const char *name, bool builtin, int64_t *row, bool *hidden)
{
    sqlite3_stmt *stmt;
    *row = 0;
    *hidden = false;
    int rc = sql_start(q, &stmt,
                       "SELECT id, hidden FROM templates WHERE name=?1 ORDER BY hidden, id DESC "
                       "LIMIT 1",
                       "s", name);
    if (sql_next(stmt, &rc)) {
        *row = sqlite3_column_int64(stmt, 0);
        *hidden = sqlite3_column_int(stmt, 1) != 0;
        sql_end(stmt);
    }
    if (rc == SQLITE_OK && *row == 0 && builtin)
        rc = sql_int(q, row,
                     "SELECT template FROM template_versions WHERE builtin=1 AND name=?1 LIMIT 1",
                     "s", name);
    return rc;
}

static int version_put(struct sql *q, int64_t template, const struct op_template *o, int64_t number,
                       int64_t head, const struct str *examples, int64_t *row)
{
    int rc =
        sql_run(q,
                "INSERT INTO template_versions(template, number, name, head, examples, "
                "builtin, created_ms) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                "iisibii", template, number, o->name, head, examples->len ? examples->data : "",
                examples->len, (int64_t)o->builtin, o->op.wall_ms);
    *row = sqlite3_last_insert_rowid(q->db);
    return rc;
}

static int put_texts(struct sql *q, const struct op_template *o, int64_t *head,
                     struct str *examples)
{
    int rc = text_put(q, o->head, strlen(o->head), head);
    for (size_t i = 0; i < o->n_examples && rc == SQLITE_OK; i++) {
        int64_t example = 0;
        rc = example_put(q, o->examples[i], &example);
        const int32_t id = (int32_t)example; /* its 32 bits; nobody has 2^32 examples */
        pack_ids(examples, &id, 1);
    }
    return rc;
}

static int apply_template(struct writer *w, const struct op *op, int64_t *row)
{
    const struct op_template *o = (const struct op_template *)op;
    struct sql *q = &w->q;
    struct str examples = STR_INIT;
    struct newest newest = {0};
    int64_t template = 0, head = 0;
    bool hidden;
    int rc = template_row(q, o->name, o->builtin, &template, &hidden);
    if (rc == SQLITE_OK && template)
        rc = read_newest(q, template, &examples, &newest);
    /* what the person removed or changed is not brought back by the program */
    if (rc != SQLITE_OK || (o->builtin && newest.version && (hidden || !newest.builtin))) {
        *row = newest.version;
        return rc;
    }
    rc = put_texts(q, o, &head, &examples);
    if (rc == SQLITE_OK && !template) {
        rc = sql_run(q, "INSERT INTO templates(name) VALUES(?1)", "s", o->name);
        template = sqlite3_last_insert_rowid(q->db);
    } else if (rc == SQLITE_OK && hidden) {
        rc = sql_run(q, "UPDATE templates SET hidden=0 WHERE id=?1", "i", template);
    }
    if (rc == SQLITE_OK)
        rc = read_newest(q, template, &examples, &newest);
    if (rc == SQLITE_OK && newest.version && newest.head == head && newest.same_examples)
        *row = newest.version;
    else if (rc == SQLITE_OK)
        rc = version_put(q, template, o, newest.number + 1, head, &examples, row);
    str_free(&examples);
    return rc;
}

store_ref store_put_template(struct store *s, const char *name, const char *head,
                             const char *const *examples, size_t n_examples, bool builtin)
{
    if (!store_takes(s))
        return store_no_row();
    size_t n = op_string_bytes(name) + op_string_bytes(head);
    for (size_t i = 0; i < n_examples; i++)
        n += sizeof examples[0] + op_string_bytes(examples[i]);
    struct op_template *o = op_new(sizeof *o + n, apply_template);
    char *at = (char *)(o->examples + n_examples);
    o->builtin = builtin;
    o->name = op_keep_string(&at, name);
    o->head = op_keep_string(&at, head);
    o->n_examples = n_examples;
    for (size_t i = 0; i < n_examples; i++)
        o->examples[i] = op_keep_string(&at, examples[i]);
    o->op.urgent = true;
    return store_enqueue(s, &o->op, true);
}

struct op_rename {
    struct op op;
    store_ref template;
    char name[];
};

/* The versions there are keep the name they were made under, and generations are found by it; so
 * the newest is made once more under the new one. */
static int renamed_version(struct sql *q, int64_t template, const char *name, int64_t now_ms)
{
    return sql_run(q,
                   "INSERT INTO template_versions(template, number, name, head, examples, builtin, "
                   "created_ms) SELECT template, number + 1, ?2, head, examples, 0, ?3 "
                   "FROM template_versions WHERE template=?1 ORDER BY number DESC LIMIT 1",
                   "isi", template, name, now_ms);
}

static int apply_rename(struct writer *w, const struct op *op, int64_t *row)
{
    const struct op_rename *o = (const struct op_rename *)op;
    int64_t template = writer_row(w, o->template), taken = 0;
    (void)row;
    int rc =
        sql_int(&w->q, &taken, "SELECT id FROM templates WHERE name=?1 AND hidden=0", "s", o->name);
    if (rc != SQLITE_OK || taken) {
        if (taken && taken != template)
            log_warn("store: a template is not renamed: its new name is another's");
        return rc;
    }
    rc = sql_run(&w->q, "UPDATE templates SET name=?2 WHERE id=?1", "is", template, o->name);
    return rc == SQLITE_OK ? renamed_version(&w->q, template, o->name, op->wall_ms) : rc;
}

void store_rename_template(struct store *s, store_ref template, const char *name)
{
    if (!store_takes(s))
        return;
    size_t n = strlen(name) + 1;
    struct op_rename *o = op_new(sizeof *o + n, apply_rename);
    o->template = template;
    memcpy(o->name, name, n);
    o->op.urgent = true;
    store_enqueue(s, &o->op, false);
}

static int apply_remove(struct writer *w, const struct op *op, int64_t *row)
{
    const struct op_rename *o = (const struct op_rename *)op;
    (void)row;
    return sql_run(&w->q, "UPDATE templates SET hidden=1 WHERE id=?1", "i",
                   writer_row(w, o->template));
}

void store_remove_template(struct store *s, store_ref template)
{
    if (!store_takes(s))
        return;
    struct op_rename *o = op_new(sizeof *o, apply_remove);
    o->template = template;
    o->op.urgent = true;
    store_enqueue(s, &o->op, false);
}

/* ---- reading ---- */

/* The value of the line "about: ..." above the first empty line of a head. */
static char *about_of(const char *head, size_t n)
{
    static const char key[] = "about: ";
    for (size_t i = 0; i < n && head[i] != '\n';) {
        const char *end = memchr(head + i, '\n', n - i);
        size_t len = end ? (size_t)(end - head) - i : n - i;
        if (len >= sizeof key - 1 && memcmp(head + i, key, sizeof key - 1) == 0)
            return x_strndup(head + i + sizeof key - 1, len - (sizeof key - 1));
        i += len + 1;
    }
    return x_strdup("");
}

int store_templates(struct store *s, struct store_template_row **out, size_t *n, struct err *err)
{
    if (!s)
        return err_set(err, E_STORE, _("there is no database to read from"));
    struct store_template_row *rows = NULL;
    size_t n_rows = 0, cap = 0;
    sqlite3_stmt *stmt;
    int rc = sql_start(
        &s->reader, &stmt,
        "SELECT t.id, t.name, v.id, v.number, v.examples, v.created_ms, v.builtin, h.body, "
        "(SELECT count(*) FROM template_versions o JOIN generations g ON g.template=o.id "
        "WHERE o.template=t.id) FROM templates t JOIN template_versions v ON v.template=t.id AND "
        "v.number=(SELECT max(number) FROM template_versions WHERE template=t.id) "
        "JOIN texts h ON h.id=v.head WHERE t.hidden=0 "
        "ORDER BY v.builtin, unicode(t.name) < 0x2E80, t.name",
        "");
    while (sql_next(stmt, &rc)) {
        if (n_rows == cap) {
            cap = cap ? cap * 2 : 16;
            rows = x_realloc(rows, cap * sizeof rows[0]);
        }
        rows[n_rows++] = (struct store_template_row){
            .template = sqlite3_column_int64(stmt, 0),
            .name = sql_column_copy(stmt, 1),
            .version = sqlite3_column_int64(stmt, 2),
            .number = sqlite3_column_int64(stmt, 3),
            .n_examples = (int64_t)pack_count(sqlite3_column_blob(stmt, 4),
                                              (size_t)sqlite3_column_bytes(stmt, 4)),
            .changed_ms = sqlite3_column_int64(stmt, 5),
            .builtin = sqlite3_column_int(stmt, 6) != 0,
            .about = about_of(sqlite3_column_blob(stmt, 7), (size_t)sqlite3_column_bytes(stmt, 7)),
            .n_generations = sqlite3_column_int64(stmt, 8),
        };
    }
    if (rc != SQLITE_OK) {
        store_templates_free(rows, n_rows);
        return store_sql_err(s, s->reader.db, rc, err);
    }
    *out = rows;
    *n = n_rows;
    return 0;
}

void store_templates_free(struct store_template_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(rows[i].name);
        free(rows[i].about);
    }
    free(rows);
}

store_ref store_find_template(struct store *s, const char *name)
{
    if (!s)
        return 0;
    store_ref exact = 0, begins = 0;
    int n_begin = 0;
    size_t n = strlen(name);
    sqlite3_stmt *stmt;
    int rc = sql_start(&s->reader, &stmt, "SELECT id, name FROM templates WHERE hidden=0", "");
    while (sql_next(stmt, &rc)) {
        const char *have = sqlite3_column_blob(stmt, 1);
        size_t n_have = (size_t)sqlite3_column_bytes(stmt, 1);
        if (n == 0 || n_have < n || memcmp(have, name, n) != 0)
            continue;
        begins = sqlite3_column_int64(stmt, 0);
        if (n_have == n)
            exact = begins;
        n_begin++;
    }
    return exact ? exact : n_begin == 1 ? begins : 0;
}

/* The examples of a version; a number that leads nowhere is passed over. */
static int read_examples(struct store *s, const void *bytes, size_t n_bytes,
                         struct store_template_text *out)
{
    int32_t *ids = NULL;
    size_t n = 0;
    int rc = SQLITE_OK;
    if (!unpack_ids(bytes, n_bytes, &ids, &n))
        return SQLITE_CORRUPT;
    out->examples = x_calloc(n, sizeof out->examples[0]);
    for (size_t i = 0; i < n && rc == SQLITE_OK; i++) {
        sqlite3_stmt *stmt;
        rc = sql_start(&s->reader, &stmt,
                       "SELECT t.body FROM examples e JOIN texts t ON t.id=e.body WHERE e.id=?1",
                       "i", (int64_t)(uint32_t)ids[i]);
        if (sql_next(stmt, &rc)) {
            out->examples[out->n_examples++] = sql_column_copy(stmt, 0);
            sql_end(stmt);
        }
    }
    free(ids);
    return rc;
}

int store_load_template_version(struct store *s, store_ref version, struct store_template_text *out,
                                struct err *err)
{
    if (!s)
        return err_set(err, E_STORE, _("there is no database to read from"));
    struct store_template_text t = {0};
    int64_t id = store_row(s, version);
    char *packed = NULL;
    size_t n_packed = 0;
    sqlite3_stmt *stmt;
    int rc =
        sql_start(&s->reader, &stmt,
                  "SELECT v.id, v.template, v.number, v.builtin, v.created_ms, t.name, h.body, "
                  "v.examples FROM template_versions v JOIN templates t ON t.id=v.template "
                  "JOIN texts h ON h.id=v.head WHERE v.id=?1",
                  "i", id);
    if (sql_next(stmt, &rc)) {
        t.version = sqlite3_column_int64(stmt, 0);
        t.template = sqlite3_column_int64(stmt, 1);
        t.number = sqlite3_column_int64(stmt, 2);
        t.builtin = sqlite3_column_int(stmt, 3) != 0;
        t.created_ms = sqlite3_column_int64(stmt, 4);
        t.name = sql_column_copy(stmt, 5);
        t.head = sql_column_copy(stmt, 6);
        packed = sql_column_copy(stmt, 7);
        n_packed = (size_t)sqlite3_column_bytes(stmt, 7);
        sql_end(stmt);
    }
    if (rc == SQLITE_OK && t.version)
        rc = read_examples(s, packed, n_packed, &t);
    free(packed);
    int ret = 0;
    if (rc != SQLITE_OK)
        ret = store_sql_err(s, s->reader.db, rc, err);
    else if (!t.version)
        ret =
            err_set(err, E_STORE, _("%s: there is no template version number %lld in the database"),
                    s->shown, (long long)id);
    if (ret == 0)
        *out = t;
    else
        store_template_text_free(&t);
    return ret;
}

int store_load_template(struct store *s, store_ref template, struct store_template_text *out,
                        struct err *err)
{
    if (!s)
        return err_set(err, E_STORE, _("there is no database to read from"));
    int64_t version = 0, id = store_row(s, template);
    int rc = sql_int(&s->reader, &version,
                     "SELECT id FROM template_versions WHERE template=?1 "
                     "ORDER BY number DESC LIMIT 1",
                     "i", id);
    if (rc != SQLITE_OK)
        return store_sql_err(s, s->reader.db, rc, err);
    if (!version)
        return err_set(err, E_STORE, _("%s: there is no template number %lld in the database"),
                       s->shown, (long long)id);
    return store_load_template_version(s, version, out, err);
}

void store_template_text_free(struct store_template_text *t)
{
    free(t->name);
    free(t->head);
    for (size_t i = 0; i < t->n_examples; i++)
        free(t->examples[i]);
    free(t->examples);
    *t = (struct store_template_text){0};
}

int store_template_versions(struct store *s, store_ref template, store_ref **out, size_t *n,
                            struct err *err)
{
    if (!s)
        return err_set(err, E_STORE, _("there is no database to read from"));
    store_ref *refs = NULL;
    size_t n_refs = 0, cap = 0;
    sqlite3_stmt *stmt;
    int rc = sql_start(&s->reader, &stmt,
                       "SELECT id FROM template_versions WHERE template=?1 ORDER BY number", "i",
                       store_row(s, template));
    while (sql_next(stmt, &rc)) {
        if (n_refs == cap) {
            cap = cap ? cap * 2 : 16;
            refs = x_realloc(refs, cap * sizeof refs[0]);
        }
        refs[n_refs++] = sqlite3_column_int64(stmt, 0);
    }
    if (rc != SQLITE_OK) {
        free(refs);
        return store_sql_err(s, s->reader.db, rc, err);
    }
    *out = refs;
    *n = n_refs;
    return 0;
}
