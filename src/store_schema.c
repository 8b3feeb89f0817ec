/* store_schema.c - see store_schema.h.
 *
 * The idea: whatever may be large or come again is stored once and referred to by number. A text is
 * a row of `texts`, found by its hash; a text cut into tokens is a row of `spellings`; a prompt is
 * a chain of spellings that shares its beginning with every other prompt that begins alike, so the
 * prompt of the thousandth passage of a novel costs one row, not a thousand.
 *
 * A template's version is a text and a list of examples, which are texts again, for the same
 * reason.
 *
 * Order is the order of the integer keys, which the writers hand out as they commit. The columns
 * *_ms are wall clock, for showing only.
 *
 * Meant to carry 1,000,000 generations of 600 bytes in at most five times that (tests/bench
 * measures).
 */
#include "config.h"

#include "src/store_schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/i18n.h"
#include "src/base/str.h"
#include "src/store_index.h"
#include "src/store_sql.h"

static const char version_1[] =
    "CREATE TABLE texts(\n"
    "  id INTEGER PRIMARY KEY,\n"
    "  hash INTEGER NOT NULL, -- XXH3-64 of body; equal bodies are one row\n"
    "  body TEXT NOT NULL);\n"
    "CREATE INDEX texts_hash ON texts(hash);\n"

    "CREATE TABLE tokenizers(id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE);\n"

    "CREATE TABLE spellings(\n"
    "  id INTEGER PRIMARY KEY,\n"
    "  text INTEGER NOT NULL REFERENCES texts,\n"
    "  tokenizer INTEGER NOT NULL REFERENCES tokenizers,\n"
    "  ids BLOB NOT NULL); -- the tokens that spell the text, LEB128\n"
    "CREATE INDEX spellings_text ON spellings(text);\n"

    "CREATE TABLE prompts(\n"
    "  id INTEGER PRIMARY KEY,\n"
    "  hash BLOB NOT NULL UNIQUE, -- XXH3-128 over all parts up to this one\n"
    "  before INTEGER REFERENCES prompts, -- what comes before the last part\n"
    "  spelling INTEGER NOT NULL REFERENCES spellings); -- the last part\n"

    "CREATE TABLE models(\n"
    "  id INTEGER PRIMARY KEY,\n"
    "  identity TEXT NOT NULL UNIQUE,\n"
    "  tokenizer INTEGER REFERENCES tokenizers,\n"
    "  name TEXT, arch TEXT, type TEXT, path TEXT, n_params INTEGER);\n"

    "CREATE TABLE stories(\n"
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
    "  title TEXT NOT NULL,\n"
    "  current INTEGER REFERENCES nodes, -- NULL: the root\n"
    "  opened INTEGER NOT NULL, -- a sequence: the largest was opened last\n"
    "  opened_ms INTEGER NOT NULL,\n"
    "  created_ms INTEGER NOT NULL);\n"
    "CREATE INDEX stories_opened ON stories(opened);\n"

    "CREATE TABLE drafts(story INTEGER PRIMARY KEY REFERENCES stories, body TEXT NOT NULL);\n"

    "CREATE TABLE nodes(\n"
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
    "  story INTEGER NOT NULL REFERENCES stories,\n"
    "  parent INTEGER REFERENCES nodes, -- NULL: the root\n"
    "  kind INTEGER NOT NULL, -- 1 the author, 2 the model\n"
    "  text INTEGER REFERENCES texts, -- NULL: the generation is not done, see pieces\n"
    "  spelling INTEGER REFERENCES spellings,\n"
    "  generation INTEGER REFERENCES generations,\n"
    "  created_ms INTEGER NOT NULL);\n"
    "CREATE INDEX nodes_story ON nodes(story);\n"

    "CREATE TABLE generations(\n"
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
    "  story INTEGER REFERENCES stories,\n"
    "  node INTEGER REFERENCES nodes,\n"
    "  origin TEXT NOT NULL, -- room, continue, run, eval\n"
    "  model INTEGER NOT NULL REFERENCES models,\n"
    "  settings INTEGER REFERENCES texts, -- JSON without the seed\n"
    "  prompt INTEGER REFERENCES prompts,\n"
    "  n_dropped INTEGER, -- tokens cut off at the front of the prompt\n"
    "  seed INTEGER NOT NULL, -- 64 bits, negative from 2^63 on\n"
    "  stream INTEGER NOT NULL,\n"
    "  started_ms INTEGER NOT NULL,\n"
    "  text INTEGER REFERENCES texts, -- what it wrote; NULL: not done, see pieces\n"
    "  spelling INTEGER REFERENCES spellings, -- the tokens that spell text\n"
    "  tail BLOB, -- tokens sampled after them, or all when none spell it; LEB128\n"
    "  logprobs BLOB, -- of all tokens, LEB128 of 1 + 128 * -logprob; 0: unknown\n"
    "  n_prompt INTEGER, n_reused INTEGER, n_tokens INTEGER,\n"
    "  n_text_tokens INTEGER, -- NULL: the text ends inside a token\n"
    "  prefill_us INTEGER, decode_us INTEGER,\n"
    "  reason TEXT, -- eos, length, stop, ...; NULL: running, or its process died\n"
    "  error TEXT);\n"

    "CREATE TABLE pieces(\n"
    "  generation INTEGER NOT NULL REFERENCES generations,\n"
    "  seq INTEGER NOT NULL,\n"
    "  text TEXT NOT NULL, ids BLOB NOT NULL, logprobs BLOB NOT NULL,\n"
    "  PRIMARY KEY(generation, seq)) WITHOUT ROWID;\n"

    "CREATE TABLE inputs(\n"
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, -- typed again: a new id\n"
    "  text INTEGER NOT NULL UNIQUE REFERENCES texts);\n";

/* Contentless: the texts are in `texts`. One column, no positions, no sizes: of each term only the
 * generations that have it, about two bytes each; store_search.c looks at the texts themselves.
 * It is merged by us (store_index.c). Tokenizer `ascii` leaves what is not ASCII as it is, and
 * takes the terms for what they are. */
#define HISTORY_FTS                                                                                \
    "CREATE VIRTUAL TABLE history_fts USING fts5(body, content='', columnsize=0, detail=none, "    \
    "tokenize='ascii');\n"                                                                         \
    "INSERT INTO history_fts(history_fts, rank) VALUES('automerge', 0);\n"                         \
    "INSERT INTO history_fts(history_fts, rank) VALUES('crisismerge', 64);\n"

const char schema_history_fts[] = HISTORY_FTS;

static const char version_2[] =
    "CREATE TABLE templates(\n"
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
    "  name TEXT NOT NULL,\n"
    "  hidden INTEGER NOT NULL DEFAULT 0); -- 1: removed, its versions stay\n"
    "CREATE UNIQUE INDEX templates_name ON templates(name) WHERE hidden=0;\n"

    "CREATE TABLE template_versions(\n"
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
    "  template INTEGER NOT NULL REFERENCES templates,\n"
    "  number INTEGER NOT NULL, -- from 1\n"
    "  name TEXT NOT NULL, -- of the template when the version was made; what search looks at\n"
    "  head INTEGER NOT NULL REFERENCES texts,\n"
    "  examples BLOB NOT NULL, -- rows of examples, LEB128\n"
    "  builtin INTEGER NOT NULL, -- 1: it came with the program\n"
    "  created_ms INTEGER NOT NULL,\n"
    "  UNIQUE(template, number));\n"

    "CREATE TABLE examples(id INTEGER PRIMARY KEY, body INTEGER NOT NULL UNIQUE REFERENCES "
    "texts);\n"

    "CREATE TABLE tags(\n"
    "  tag TEXT NOT NULL,\n"
    "  generation INTEGER NOT NULL REFERENCES generations,\n"
    "  PRIMARY KEY(tag, generation)) WITHOUT ROWID;\n"
    "CREATE INDEX tags_generation ON tags(generation);\n"

    "ALTER TABLE generations ADD COLUMN template INTEGER REFERENCES template_versions;\n"
    "ALTER TABLE generations ADD COLUMN k_asked INTEGER;\n"
    "ALTER TABLE generations ADD COLUMN k_used INTEGER;\n"
    "ALTER TABLE generations ADD COLUMN starred INTEGER NOT NULL DEFAULT 0;\n"
    "ALTER TABLE generations ADD COLUMN note INTEGER REFERENCES texts;\n"
    "ALTER TABLE generations ADD COLUMN n_chars INTEGER; -- of text; NULL: not indexed\n"
    "ALTER TABLE generations ADD COLUMN asked INTEGER REFERENCES texts;\n"
    "UPDATE generations SET n_chars=(SELECT xuxie_chars(body) FROM texts WHERE id=text)\n"
    "  WHERE text IS NOT NULL;\n"
    /* what was new in the prompt: the text of its last part, which `prompt` leads to as well */
    "UPDATE generations SET asked=(SELECT s.text FROM prompts p JOIN spellings s\n"
    "  ON s.id=p.spelling WHERE p.id=prompt);\n"

    /* all that a list is filtered by and where the texts are, without the long rows */
    "CREATE INDEX generations_list ON generations(id, story, model, template, origin,\n"
    "  started_ms, n_chars, starred, text, asked, note);\n"

    /* who refers to a text, for deleting */
    "CREATE INDEX generations_text ON generations(text);\n"
    "CREATE INDEX generations_settings ON generations(settings);\n"
    "CREATE INDEX generations_prompt ON generations(prompt);\n"
    "CREATE INDEX generations_note ON generations(note) WHERE note IS NOT NULL;\n"
    "CREATE INDEX generations_template ON generations(template) WHERE template IS NOT NULL;\n"
    "CREATE INDEX nodes_text ON nodes(text);\n"
    "CREATE INDEX prompts_before ON prompts(before) WHERE before IS NOT NULL;\n"
    "CREATE INDEX prompts_spelling ON prompts(spelling);\n"

    "CREATE TABLE search_index(\n"
    "  id INTEGER PRIMARY KEY, -- 1\n"
    "  state INTEGER NOT NULL, -- 0 whole, 1 incomplete, 2 damaged\n"
    "  place TEXT); -- the file it was made for\n"
    "INSERT INTO search_index(id, state, place) VALUES(1, 0, xuxie_place());\n" HISTORY_FTS ";\n"
    "INSERT INTO history_fts(rowid, body) SELECT g.id, xuxie_terms(t.body, a.body)\n"
    "  FROM generations g JOIN texts t ON t.id=g.text LEFT JOIN texts a ON a.id=g.asked\n"
    "  ORDER BY g.id;\n";

static const char *const migrations[] = {version_1, version_2};

const struct schema store_schema = {migrations, sizeof migrations / sizeof migrations[0]};

static int refuse(sqlite3 *db, const char *shown, struct err *err)
{
    return err_set(err, E_STORE, _("%s: the tables of the database cannot be made ready: %s"),
                   shown, sqlite3_errmsg(db));
}

static int pragma_int(sqlite3 *db, const char *text, int *out)
{
    sqlite3_stmt *stmt;
    int rc = sqlite3_prepare_v2(db, text, -1, &stmt, NULL);
    if (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
        *out = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static int newer(const char *shown, int found, int known, struct err *err)
{
    return err_set(
        err, E_STORE,
        _("%s: user_version at byte 60 is %d: the database was made by a newer xuxie and "
          "needs one with schema >= %d; this one has schema %d"),
        shown, found, found, known);
}

/* ---- the copy kept of an older database ---- */

static int sync_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int rc = fd >= 0 ? fsync(fd) : -1;
    if (fd >= 0)
        close(fd);
    return rc;
}

static void sync_directory_of(const char *path)
{
    struct str dir = STR_INIT;
    const char *slash = strrchr(path, '/');
    str_append(&dir, path, slash && slash != path ? (size_t)(slash - path) : 1);
    sync_file(str_cstr(&dir));
    str_free(&dir);
}

/* An empty file of a name that was free, for VACUUM INTO to fill. */
static int reserve_backup(const char *path, int version, struct str *out)
{
    for (int i = 1; i < 1000; i++) {
        str_clear(out);
        str_printf(out, "%s.v%d-backup", path, version);
        if (i > 1)
            str_printf(out, "-%d", i);
        int fd = open(str_cstr(out), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd >= 0) {
            int rc = fchmod(fd, 0600);
            close(fd);
            return rc;
        }
        if (errno != EEXIST)
            return -1;
    }
    return -1;
}

static int back_up(sqlite3 *db, const char *path, int version, struct err *err)
{
    struct str copy = STR_INIT;
    int rc = 0;
    if (reserve_backup(path, version, &copy) != 0) {
        rc = err_set(err, E_STORE, _("%s: cannot make a copy before upgrading the database: %s"),
                     str_cstr(&copy), strerror(errno));
        goto out;
    }
    char *sql = sqlite3_mprintf("VACUUM INTO %Q", str_cstr(&copy));
    int sql_rc = sql ? sql_script(db, sql) : SQLITE_NOMEM;
    sqlite3_free(sql);
    if (sql_rc != SQLITE_OK || sync_file(str_cstr(&copy)) != 0) {
        rc = err_set(err, E_STORE, _("%s: cannot make a copy before upgrading the database: %s"),
                     str_cstr(&copy), sql_rc != SQLITE_OK ? sqlite3_errmsg(db) : strerror(errno));
        unlink(str_cstr(&copy));
        goto out;
    }
    sync_directory_of(path);
out:
    str_free(&copy);
    return rc;
}

/* ---- migrating ---- */

/* Runs the migrations that the database has not seen, inside a transaction of the caller. */
static int run_migrations(sqlite3 *db, const struct schema *schema, int from, const char *place)
{
    int rc = index_functions(db, place);
    for (int v = from; v < schema->version && rc == SQLITE_OK; v++)
        rc = sql_script(db, schema->migrations[v]);
    char pragmas[96];
    snprintf(pragmas, sizeof pragmas, "PRAGMA application_id=%d; PRAGMA user_version=%d",
             STORE_APPLICATION_ID, schema->version);
    if (rc == SQLITE_OK)
        rc = sql_script(db, pragmas);
    return rc;
}

int schema_migrate(sqlite3 *db, const struct schema *schema, const char *path, const char *shown,
                   struct err *err)
{
    int version = 0, backed_up = 0, app = 0, n_tables = 0;
    char place[INDEX_PLACE_BYTES];
    index_place(path, place);
    if (pragma_int(db, "PRAGMA user_version", &version) != SQLITE_OK)
        return refuse(db, shown, err);
    if (version == schema->version)
        return 0;
    if (version > 0 && version < schema->version) {
        int rc = back_up(db, path, version, err);
        if (rc != 0)
            return rc;
        backed_up = version;
    }
    /* Another process may have been here since: look again, now that nobody else can. */
    if (sql_script(db, "BEGIN EXCLUSIVE") != SQLITE_OK)
        return refuse(db, shown, err);
    int rc = 0;
    if (pragma_int(db, "PRAGMA user_version", &version) != SQLITE_OK ||
        pragma_int(db, "PRAGMA application_id", &app) != SQLITE_OK ||
        pragma_int(db, "SELECT count(*) FROM sqlite_schema", &n_tables) != SQLITE_OK)
        rc = refuse(db, shown, err);
    else if (version < 0 || version > schema->version)
        rc = newer(shown, version, schema->version, err);
    else if (version == 0 && n_tables > 0)
        rc = err_set(
            err, E_STORE,
            _("%s: application_id at byte 68 is %d, not xuxie's %d: the database belongs to "
              "another program and is left alone"),
            shown, app, STORE_APPLICATION_ID);
    else if (version != 0 && version != schema->version && version != backed_up)
        rc = err_set(err, E_BUSY, _("%s: another xuxie is upgrading the database; try again"),
                     shown);
    else if (run_migrations(db, schema, version, place) != SQLITE_OK ||
             sql_script(db, "COMMIT") != SQLITE_OK)
        rc = refuse(db, shown, err);
    if (!sqlite3_get_autocommit(db))
        sql_script(db, "ROLLBACK");
    return rc;
}

/* ---- checking ---- */

static const char objects_sql[] =
    "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT IN "
    "(SELECT name FROM pragma_table_list WHERE type='shadow') ORDER BY name";
static const char object_sql[] = "SELECT sql FROM sqlite_schema WHERE type=?1 AND name=?2";

/* Compares one object with what the database has of that name. */
static int check_object(sqlite3_stmt *model, sqlite3_stmt *have, const char *shown, sqlite3 *db,
                        struct err *err)
{
    const char *type = (const char *)sqlite3_column_text(model, 0);
    const char *name = (const char *)sqlite3_column_text(model, 1);
    const char *want = (const char *)sqlite3_column_text(model, 2);
    sqlite3_bind_text(have, 1, type, -1, SQLITE_STATIC);
    sqlite3_bind_text(have, 2, name, -1, SQLITE_STATIC);
    int rc = sqlite3_step(have);
    const char *found = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(have, 0) : NULL;
    bool same = found && want && strcmp(found, want) == 0;
    sqlite3_reset(have);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return refuse(db, shown, err);
    if (!same)
        return err_set(err, E_STORE,
                       _("%s: the %s \"%s\" is missing or is not as xuxie made it; the database is "
                         "left alone"),
                       shown, type, name);
    return 0;
}

int schema_check(sqlite3 *db, const struct schema *schema, const char *shown, struct err *err)
{
    sqlite3 *fresh = NULL;
    sqlite3_stmt *model = NULL, *have = NULL;
    int rc = 0;
    if (sqlite3_open_v2(":memory:", &fresh, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
            SQLITE_OK ||
        run_migrations(fresh, schema, 0, "") != SQLITE_OK ||
        sqlite3_prepare_v2(fresh, objects_sql, -1, &model, NULL) != SQLITE_OK) {
        rc = refuse(fresh, shown, err);
        goto out;
    }
    if (sqlite3_prepare_v2(db, object_sql, -1, &have, NULL) != SQLITE_OK) {
        rc = refuse(db, shown, err);
        goto out;
    }
    while (rc == 0 && sqlite3_step(model) == SQLITE_ROW)
        rc = check_object(model, have, shown, db, err);
out:
    sqlite3_finalize(model);
    sqlite3_finalize(have);
    sqlite3_close(fresh);
    return rc;
}
