/* store_history.c - generations with their exact prompt; see store.h.
 *
 * While a generation runs, its output is appended to `pieces`, so that each commit costs what is
 * new. When it is done the pieces become one text, its spelling and one record of
 * log-probabilities, and the passage it wrote gets the same text. A generation whose process died
 * keeps its pieces and has no reason: it was interrupted.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/log.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/utf8.h"
#include "src/store_pack.h"
#include "src/store_priv.h"
#include "src/store_text.h"

/* ---- a generation begins ---- */

struct op_generation {
    struct op op;
    struct store_generation g; /* its strings are in `strings` */
    char strings[];
};

/* A model is known by its identity; where it lies and what it is called may change. */
static int model_put(struct sql *q, const struct store_model *m, int64_t *row)
{
    int64_t tokenizer = 0;
    int rc = tokenizer_put(q, m->tokenizer, &tokenizer);
    if (rc == SQLITE_OK)
        rc = sql_int(q, row, "SELECT id FROM models WHERE identity=?1", "s", m->identity);
    if (rc != SQLITE_OK)
        return rc;
    if (*row)
        return sql_run(q,
                       "UPDATE models SET name=?2, path=?3 "
                       "WHERE id=?1 AND (name IS NOT ?2 OR path IS NOT ?3)",
                       "iss", *row, m->name, m->path);
    rc =
        sql_run(q,
                "INSERT INTO models(identity, tokenizer, name, arch, type, path, n_params) "
                "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                "sIssssi", m->identity, tokenizer, m->name, m->arch, m->type, m->path, m->n_params);
    *row = sqlite3_last_insert_rowid(q->db);
    return rc;
}

/* The settings as a text. The seed, which differs each time, has its own column and is taken out,
 * so that equal settings are stored once. */
static int settings_put(struct sql *q, const char *json, int64_t *row)
{
    *row = 0;
    if (!json)
        return SQLITE_OK;
    char *text = NULL;
    sqlite3_stmt *stmt;
    int rc = sql_start(q, &stmt,
                       "SELECT CASE WHEN json_valid(?1) THEN json_remove(?1, '$.seed') ELSE ?1 END",
                       "s", json);
    if (sql_next(stmt, &rc)) {
        const char *p = (const char *)sqlite3_column_text(stmt, 0);
        text = x_strdup(p ? p : "");
        sql_end(stmt);
    }
    if (rc == SQLITE_OK && text)
        rc = text_put(q, text, strlen(text), row);
    free(text);
    return rc;
}

static int apply_generation(struct writer *w, const struct op *op, int64_t *row)
{
    const struct store_generation *g = &((const struct op_generation *)op)->g;
    struct sql *q = &w->q;
    int64_t model = 0, settings = 0, node = writer_row(w, g->node);
    int64_t template = writer_row(w, g->template_version);
    int rc = model_put(q, &g->model, &model);
    if (rc == SQLITE_OK)
        rc = settings_put(q, g->settings, &settings);
    if (rc == SQLITE_OK)
        rc = sql_run(q,
                     "INSERT INTO generations(story, node, origin, model, settings, seed, stream, "
                     "started_ms, template) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                     "IIsiIiiiI", writer_row(w, g->story), node, g->origin, model, settings,
                     (int64_t)g->seed, (int64_t)g->stream, g->started_ms, template);
    *row = sqlite3_last_insert_rowid(q->db);
    if (rc == SQLITE_OK && (template || g->few_shot))
        rc = sql_run(q, "UPDATE generations SET k_asked=?2, k_used=?3 WHERE id=?1", "iii", *row,
                     (int64_t)g->k_asked, (int64_t)g->k_used);
    if (rc == SQLITE_OK && node)
        rc = sql_run(q, "UPDATE nodes SET generation=?2 WHERE id=?1", "ii", node, *row);
    return rc;
}

store_ref store_put_generation(struct store *s, const struct store_generation *g)
{
    if (!store_takes(s))
        return store_no_row();
    const struct store_model *m = &g->model;
    assert(g->origin && m->identity); /* columns that are never NULL */
    const char *const strings[] = {g->origin, g->settings, m->identity, m->tokenizer,
                                   m->name,   m->arch,     m->type,     m->path};
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(strings); i++)
        n += op_string_bytes(strings[i]);
    struct op_generation *o = op_new(sizeof *o + n, apply_generation);
    char *at = o->strings;
    o->g = *g;
    o->g.origin = op_keep_string(&at, g->origin);
    o->g.settings = op_keep_string(&at, g->settings);
    o->g.model.identity = op_keep_string(&at, m->identity);
    o->g.model.tokenizer = op_keep_string(&at, m->tokenizer);
    o->g.model.name = op_keep_string(&at, m->name);
    o->g.model.arch = op_keep_string(&at, m->arch);
    o->g.model.type = op_keep_string(&at, m->type);
    o->g.model.path = op_keep_string(&at, m->path);
    return store_enqueue(s, &o->op, true);
}

/* ---- its prompt ---- */

struct op_prompt {
    struct op op;
    store_ref generation;
    int n_dropped;
    size_t n_parts;
    struct prompt_part *parts; /* in this allocation, behind the struct; their bytes behind them */
};

static int apply_prompt(struct writer *w, const struct op *op, int64_t *row)
{
    const struct op_prompt *o = (const struct op_prompt *)op;
    int64_t generation = writer_row(w, o->generation), tokenizer = 0, prompt = 0;
    (void)row;
    int rc = sql_int(&w->q, &tokenizer,
                     "SELECT m.tokenizer FROM generations g JOIN models m ON m.id=g.model "
                     "WHERE g.id=?1",
                     "i", generation);
    if (rc == SQLITE_OK)
        rc = prompt_put(&w->q, tokenizer, o->parts, o->n_parts, &prompt);
    if (rc == SQLITE_OK)
        rc = sql_run(&w->q,
                     "UPDATE generations SET prompt=?2, n_dropped=?3, asked=(SELECT s.text FROM "
                     "prompts p JOIN spellings s ON s.id=p.spelling WHERE p.id=?2) WHERE id=?1",
                     "iIi", generation, prompt, (int64_t)o->n_dropped);
    return rc;
}

void store_put_prompt(struct store *s, store_ref generation, const struct store_prompt_part *parts,
                      size_t n_parts, int n_dropped)
{
    if (!store_takes(s))
        return;
    /* everything packed into one run of bytes first, then copied behind the operation */
    struct str bytes = STR_INIT;
    str_init(&bytes, SIZE_MAX / 4);
    size_t *ends = x_calloc(2 * n_parts, sizeof ends[0]);
    for (size_t i = 0; i < n_parts; i++) {
        str_append(&bytes, parts[i].text, parts[i].n_text);
        ends[2 * i] = bytes.len;
        pack_ids(&bytes, parts[i].ids, parts[i].n_ids);
        ends[2 * i + 1] = bytes.len;
    }
    struct op_prompt *o =
        op_new(sizeof *o + n_parts * sizeof o->parts[0] + bytes.len, apply_prompt);
    o->generation = generation;
    o->n_dropped = n_dropped;
    o->n_parts = n_parts;
    o->parts = (struct prompt_part *)(o + 1);
    char *copy = (char *)(o->parts + n_parts);
    if (bytes.len)
        memcpy(copy, bytes.data, bytes.len);
    size_t at = 0;
    for (size_t i = 0; i < n_parts; i++) {
        o->parts[i] = (struct prompt_part){.text = copy + at,
                                           .n_text = ends[2 * i] - at,
                                           .ids = copy + ends[2 * i],
                                           .n_ids_bytes = ends[2 * i + 1] - ends[2 * i]};
        at = ends[2 * i + 1];
    }
    free(ends);
    str_free(&bytes);
    store_enqueue(s, &o->op, false);
}

/* ---- what it writes ---- */

struct op_output {
    struct op op;
    store_ref generation;
    size_t n_text, n_ids_bytes, n_logprobs_bytes;
    char bytes[]; /* text, ids, log-probabilities */
};

static int apply_output(struct writer *w, const struct op *op, int64_t *row)
{
    const struct op_output *o = (const struct op_output *)op;
    int64_t generation = writer_row(w, o->generation);
    const char *ids = o->bytes + o->n_text;
    (void)row;
    return sql_run(
        &w->q,
        "INSERT INTO pieces(generation, seq, text, ids, logprobs) VALUES(?1, "
        "(SELECT coalesce(max(seq), 0) + 1 FROM pieces WHERE generation=?1), ?2, ?3, ?4)",
        "itbb", generation, o->bytes, o->n_text, ids, o->n_ids_bytes, ids + o->n_ids_bytes,
        o->n_logprobs_bytes);
}

void store_put_output(struct store *s, store_ref generation, const char *text, size_t n_text,
                      const int32_t *ids, const float *logprobs, size_t n_tokens)
{
    if (!store_takes(s))
        return;
    struct str packed = STR_INIT;
    pack_ids(&packed, ids, n_tokens);
    size_t n_ids_bytes = packed.len;
    pack_logprobs(&packed, logprobs, n_tokens);
    struct op_output *o = op_new(sizeof *o + n_text + packed.len, apply_output);
    o->generation = generation;
    o->n_text = n_text;
    o->n_ids_bytes = n_ids_bytes;
    o->n_logprobs_bytes = packed.len - n_ids_bytes;
    if (n_text)
        memcpy(o->bytes, text, n_text);
    if (packed.len)
        memcpy(o->bytes + n_text, packed.data, packed.len);
    str_free(&packed);
    store_enqueue(s, &o->op, false);
}

/* ---- it is done ---- */

struct op_done {
    struct op op;
    store_ref generation;
    struct store_done d; /* its strings are in `strings` */
    char strings[];
};

/* All of a generation's output in one. */
struct output {
    struct str text, ids, logprobs;
};

static int gather(struct sql *q, int64_t generation, struct output *out)
{
    sqlite3_stmt *stmt;
    int rc = sql_start(q, &stmt,
                       "SELECT text, ids, logprobs FROM pieces WHERE generation=?1 ORDER BY seq",
                       "i", generation);
    struct str *const to[] = {&out->text, &out->ids, &out->logprobs};
    while (sql_next(stmt, &rc))
        for (int i = 0; i < 3; i++)
            str_append(to[i], sqlite3_column_blob(stmt, i), (size_t)sqlite3_column_bytes(stmt, i));
    return rc;
}

/* The text and, when the first n_text_tokens spell it, their row; *n_spelling_bytes of the ids are
 * then stored. */
static int put_text(struct sql *q, int64_t generation, const struct output *o, int n_text_tokens,
                    int64_t *text, int64_t *spelling, size_t *n_spelling_bytes)
{
    int64_t tokenizer = 0;
    int rc = text_put(q, str_cstr(&o->text), o->text.len, text);
    size_t n = n_text_tokens > 0 ? (size_t)n_text_tokens : 0;
    if (rc != SQLITE_OK || n == 0 || n > pack_count(o->ids.data, o->ids.len))
        return rc;
    rc =
        sql_int(q, &tokenizer,
                "SELECT m.tokenizer FROM generations g JOIN models m ON m.id=g.model WHERE g.id=?1",
                "i", generation);
    size_t n_bytes = pack_offset(o->ids.data, o->ids.len, n);
    if (rc == SQLITE_OK)
        rc = spelling_put(q, *text, tokenizer, o->ids.data, n_bytes, spelling);
    if (rc == SQLITE_OK)
        *n_spelling_bytes = n_bytes;
    return rc;
}

static int finish(struct sql *q, int64_t generation, const struct store_done *d,
                  const struct output *o)
{
    int64_t text = 0, spelling = 0;
    size_t n_spelling_bytes = 0;
    int rc = put_text(q, generation, o, d->n_text_tokens, &text, &spelling, &n_spelling_bytes);
    if (rc == SQLITE_OK) {
        size_t n_tail = o->ids.len - n_spelling_bytes;
        const char *tail = n_tail ? o->ids.data + n_spelling_bytes : NULL;
        const char *logprobs = o->logprobs.len ? o->logprobs.data : NULL;
        rc = sql_run(
            q,
            "UPDATE generations SET text=?2, spelling=?3, tail=?4, logprobs=?5, reason=?6, "
            "error=?7, n_prompt=?8, n_reused=?9, n_tokens=?10, prefill_us=?11, "
            "decode_us=?12, n_chars=?13 WHERE id=?1",
            "iiIbbssiiiiii", generation, text, spelling, tail, n_tail, logprobs, o->logprobs.len,
            d->reason, d->error, (int64_t)d->n_prompt, (int64_t)d->n_reused, (int64_t)d->n_tokens,
            d->prefill_us, d->decode_us, (int64_t)utf8_count(str_cstr(&o->text), o->text.len));
    }
    if (rc == SQLITE_OK && d->n_text_tokens >= 0)
        rc = sql_run(q, "UPDATE generations SET n_text_tokens=?2 WHERE id=?1", "ii", generation,
                     (int64_t)d->n_text_tokens);
    if (rc == SQLITE_OK)
        rc = sql_run(q,
                     "UPDATE nodes SET text=?2, spelling=?3 "
                     "WHERE id=(SELECT node FROM generations WHERE id=?1) AND text IS NULL",
                     "iiI", generation, text, spelling);
    if (rc == SQLITE_OK)
        rc = sql_run(q, "DELETE FROM pieces WHERE generation=?1", "i", generation);
    return rc;
}

static int apply_done(struct writer *w, const struct op *op, int64_t *row)
{
    const struct op_done *o = (const struct op_done *)op;
    int64_t generation = writer_row(w, o->generation);
    struct output all = {STR_INIT, STR_INIT, STR_INIT};
    (void)row;
    int rc = gather(&w->q, generation, &all);
    if (rc == SQLITE_OK)
        rc = finish(&w->q, generation, &o->d, &all);
    if (rc == SQLITE_OK)
        rc = index_put(w, generation);
    str_free(&all.text);
    str_free(&all.ids);
    str_free(&all.logprobs);
    return rc;
}

void store_put_done(struct store *s, store_ref generation, const struct store_done *d)
{
    if (!store_takes(s))
        return;
    struct op_done *o =
        op_new(sizeof *o + op_string_bytes(d->reason) + op_string_bytes(d->error), apply_done);
    char *at = o->strings;
    o->generation = generation;
    o->d = *d;
    o->d.reason = op_keep_string(&at, d->reason);
    o->d.error = op_keep_string(&at, d->error);
    o->op.urgent = true;
    store_enqueue(s, &o->op, false);
}
