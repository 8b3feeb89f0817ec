/* store_record.c - history_load: one generation whole; see store_history.h.
 *
 * Read as it is stored: the row, the chain of its prompt from the last part to the first, its
 * tokens (those that spell the text, then the tail) or, while it is not done, its pieces. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/store_history.h"
#include "src/store_pack.h"
#include "src/store_priv.h"

/* Among the result codes of SQLite, one it does not use: what was read makes no record. */
enum { NO_RECORD = SQLITE_FORMAT };

/* What is still packed, and where the rest is. */
struct packed {
    struct str ids, logprobs;
    int64_t prompt;
    bool unfinished;
};

static int column_int_or(sqlite3_stmt *stmt, int column, int none)
{
    return sqlite3_column_type(stmt, column) == SQLITE_NULL ? none
                                                            : sqlite3_column_int(stmt, column);
}

static void append_column(struct str *out, sqlite3_stmt *stmt, int column)
{
    const void *p = sqlite3_column_blob(stmt, column);
    str_append(out, p, (size_t)sqlite3_column_bytes(stmt, column));
}

/* Long: one statement and its columns in order. */
static int read_row(struct sql *q, int64_t id, struct history_record *r, struct packed *p)
{
    sqlite3_stmt *stmt;
    int rc = sql_start(
        q, &stmt,
        "SELECT g.id, g.story, g.node, g.origin, s.title, m.name, m.identity, m.path, k.identity, "
        "m.type, j.body, g.seed, g.stream, g.n_dropped, t.body, o.ids, g.tail, g.logprobs, "
        "g.n_text_tokens, g.n_prompt, g.n_reused, g.prefill_us, g.decode_us, g.started_ms, "
        "g.reason, g.error, g.template, e.name, v.number, g.k_asked, g.k_used, g.starred, n.body, "
        "g.prompt, g.text IS NULL FROM generations g LEFT JOIN stories s ON s.id=g.story "
        "LEFT JOIN models m ON m.id=g.model LEFT JOIN tokenizers k ON k.id=m.tokenizer "
        "LEFT JOIN texts j ON j.id=g.settings LEFT JOIN texts t ON t.id=g.text "
        "LEFT JOIN spellings o ON o.id=g.spelling "
        "LEFT JOIN template_versions v ON v.id=g.template "
        "LEFT JOIN templates e ON e.id=v.template LEFT JOIN texts n ON n.id=g.note "
        "WHERE g.id=?1",
        "i", id);
    if (!sql_next(stmt, &rc))
        return rc;
    int c = 0;
    r->generation = sqlite3_column_int64(stmt, c++);
    r->story = sqlite3_column_int64(stmt, c++);
    r->node = sqlite3_column_int64(stmt, c++);
    r->origin = sql_column_copy(stmt, c++);
    r->story_title = sql_column_or_null(stmt, c++);
    r->model_name = sql_column_or_null(stmt, c++);
    r->model_identity = sql_column_copy(stmt, c++);
    r->model_path = sql_column_or_null(stmt, c++);
    r->tokenizer = sql_column_or_null(stmt, c++);
    r->model_type = sql_column_or_null(stmt, c++);
    r->settings = sql_column_or_null(stmt, c++);
    r->seed = (uint64_t)sqlite3_column_int64(stmt, c++);
    r->stream = (uint32_t)sqlite3_column_int64(stmt, c++);
    r->n_dropped = sqlite3_column_int(stmt, c++);
    r->text = sql_column_copy(stmt, c);
    r->n_text = (size_t)sqlite3_column_bytes(stmt, c++);
    append_column(&p->ids, stmt, c++);
    append_column(&p->ids, stmt, c++);
    append_column(&p->logprobs, stmt, c++);
    r->n_text_tokens = column_int_or(stmt, c++, -1);
    r->n_prompt_tokens = sqlite3_column_int64(stmt, c++);
    r->n_reused = sqlite3_column_int64(stmt, c++);
    r->prefill_us = sqlite3_column_int64(stmt, c++);
    r->decode_us = sqlite3_column_int64(stmt, c++);
    r->started_ms = sqlite3_column_int64(stmt, c++);
    r->reason = sql_column_or_null(stmt, c++);
    r->error = sql_column_or_null(stmt, c++);
    r->template_version = sqlite3_column_int64(stmt, c++);
    r->template = sql_column_or_null(stmt, c++);
    r->template_number = sqlite3_column_int64(stmt, c++);
    r->k_asked = column_int_or(stmt, c++, -2);
    r->k_used = column_int_or(stmt, c++, -2);
    r->starred = sqlite3_column_int(stmt, c++) != 0;
    r->note = sql_column_copy(stmt, c++);
    p->prompt = sqlite3_column_int64(stmt, c++);
    p->unfinished = sqlite3_column_int(stmt, c++) != 0;
    sql_end(stmt);
    return rc;
}

static int read_pieces(struct sql *q, struct history_record *r, struct packed *p)
{
    struct str text = STR_INIT;
    sqlite3_stmt *stmt;
    int rc = sql_start(q, &stmt,
                       "SELECT text, ids, logprobs FROM pieces WHERE generation=?1 ORDER BY seq",
                       "i", r->generation);
    while (sql_next(stmt, &rc)) {
        append_column(&text, stmt, 0);
        append_column(&p->ids, stmt, 1);
        append_column(&p->logprobs, stmt, 2);
    }
    if (text.len > 0) {
        free(r->text);
        r->n_text = text.len;
        r->text = str_take(&text);
    }
    str_free(&text);
    return rc;
}

/* From the last part to the first, then turned round. What comes before has the smaller number, so
 * there is no circle. */
static int read_prompt(struct sql *q, int64_t prompt, struct history_record *r)
{
    size_t cap = 0;
    int rc = SQLITE_OK;
    while (prompt && rc == SQLITE_OK) {
        struct history_part part = {0};
        sqlite3_stmt *stmt;
        rc = sql_start(q, &stmt,
                       "SELECT p.before, t.body, s.ids FROM prompts p "
                       "JOIN spellings s ON s.id=p.spelling JOIN texts t ON t.id=s.text "
                       "WHERE p.id=?1",
                       "i", prompt);
        if (!sql_next(stmt, &rc))
            return rc == SQLITE_OK ? NO_RECORD : rc;
        int64_t before = sqlite3_column_int64(stmt, 0);
        part.text = sql_column_copy(stmt, 1);
        part.n_text = (size_t)sqlite3_column_bytes(stmt, 1);
        bool sound = unpack_ids(sqlite3_column_blob(stmt, 2), (size_t)sqlite3_column_bytes(stmt, 2),
                                &part.ids, &part.n_ids);
        sql_end(stmt);
        if (r->n_prompt == cap) {
            cap = cap ? cap * 2 : 8;
            r->prompt = x_realloc(r->prompt, cap * sizeof r->prompt[0]);
        }
        r->prompt[r->n_prompt++] = part;
        rc = sound && before < prompt ? SQLITE_OK : NO_RECORD;
        prompt = before;
    }
    for (size_t i = 0; i < r->n_prompt / 2; i++) {
        struct history_part t = r->prompt[i];
        r->prompt[i] = r->prompt[r->n_prompt - 1 - i];
        r->prompt[r->n_prompt - 1 - i] = t;
    }
    return rc;
}

static int read_tags(struct sql *q, struct history_record *r)
{
    size_t cap = 0;
    sqlite3_stmt *stmt;
    int rc = sql_start(q, &stmt, "SELECT tag FROM tags WHERE generation=?1 ORDER BY tag", "i",
                       r->generation);
    while (sql_next(stmt, &rc)) {
        if (r->n_tags == cap) {
            cap = cap ? cap * 2 : 8;
            r->tags = x_realloc(r->tags, cap * sizeof r->tags[0]);
        }
        r->tags[r->n_tags++] = sql_column_copy(stmt, 0);
    }
    return rc;
}

static int read_record(struct sql *q, int64_t id, struct history_record *r)
{
    struct packed p = {.ids = STR_INIT, .logprobs = STR_INIT};
    int rc = read_row(q, id, r, &p);
    if (rc == SQLITE_OK && r->generation && p.unfinished)
        rc = read_pieces(q, r, &p);
    if (rc == SQLITE_OK && r->generation)
        rc = read_prompt(q, p.prompt, r);
    if (rc == SQLITE_OK && r->generation)
        rc = read_tags(q, r);
    if (rc == SQLITE_OK &&
        !(unpack_ids(p.ids.data, p.ids.len, &r->ids, &r->n_ids) &&
          unpack_logprobs(p.logprobs.data, p.logprobs.len, &r->logprobs, &r->n_logprobs)))
        rc = NO_RECORD;
    str_free(&p.ids);
    str_free(&p.logprobs);
    return rc;
}

int history_load(struct store *s, store_ref generation, struct history_record **out,
                 struct err *err)
{
    if (!s)
        return err_set(err, E_STORE, _("there is no database to read from"));
    int64_t id = store_row(s, generation);
    struct history_record *r = x_calloc(1, sizeof *r);
    /* one transaction: all of it of the same moment */
    int rc = sql_run(&s->reader, "BEGIN", "");
    if (rc == SQLITE_OK)
        rc = read_record(&s->reader, id, r);
    int ret = 0;
    if (rc == NO_RECORD)
        ret = err_set(err, E_STORE,
                      _("%s: the record of generation %lld is damaged: its prompt or its tokens "
                        "cannot be read"),
                      s->shown, (long long)id);
    else if (rc != SQLITE_OK)
        ret = store_sql_err(s, s->reader.db, rc, err);
    else if (!r->generation)
        ret = err_set(err, E_INPUT, _("%s: there is no generation number %lld in the database"),
                      s->shown, (long long)id);
    sql_run(&s->reader, "COMMIT", "");
    if (ret == 0)
        *out = r;
    else
        history_record_free(r);
    return ret;
}

void history_record_free(struct history_record *r)
{
    if (!r)
        return;
    char *const strings[] = {r->origin,     r->story_title, r->model_name, r->model_identity,
                             r->model_path, r->tokenizer,   r->model_type, r->settings,
                             r->text,       r->reason,      r->error,      r->template,
                             r->note};
    for (size_t i = 0; i < ARRAY_LEN(strings); i++)
        free(strings[i]);
    for (size_t i = 0; i < r->n_prompt; i++) {
        free(r->prompt[i].text);
        free(r->prompt[i].ids);
    }
    for (size_t i = 0; i < r->n_tags; i++)
        free(r->tags[i]);
    free(r->prompt);
    free(r->tags);
    free(r->ids);
    free(r->logprobs);
    free(r);
}
