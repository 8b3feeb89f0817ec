/* store_text.c - see store_text.h. */
#include "config.h"

#include "src/store_text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "src/base/mem.h"

static bool column_is(sqlite3_stmt *stmt, int column, const void *bytes, size_t n)
{
    const void *p = sqlite3_column_blob(stmt, column);
    return (size_t)sqlite3_column_bytes(stmt, column) == n && (n == 0 || memcmp(p, bytes, n) == 0);
}

int text_put(struct sql *q, const char *body, size_t n, int64_t *row)
{
    int64_t hash = (int64_t)XXH3_64bits(body, n);
    sqlite3_stmt *stmt;
    int rc = sql_start(q, &stmt, "SELECT id, body FROM texts WHERE hash=?1", "i", hash);
    while (sql_next(stmt, &rc)) {
        if (column_is(stmt, 1, body, n)) {
            *row = sqlite3_column_int64(stmt, 0);
            sql_end(stmt);
            return SQLITE_OK;
        }
    }
    if (rc == SQLITE_OK)
        rc = sql_run(q, "INSERT INTO texts(hash, body) VALUES(?1, ?2)", "it", hash, n ? body : "",
                     n);
    if (rc == SQLITE_OK)
        *row = sqlite3_last_insert_rowid(q->db);
    return rc;
}

int tokenizer_put(struct sql *q, const char *identity, int64_t *row)
{
    *row = 0;
    if (!identity)
        return SQLITE_OK;
    int rc = sql_int(q, row, "SELECT id FROM tokenizers WHERE identity=?1", "s", identity);
    if (rc != SQLITE_OK || *row)
        return rc;
    rc = sql_run(q, "INSERT INTO tokenizers(identity) VALUES(?1)", "s", identity);
    if (rc == SQLITE_OK)
        *row = sqlite3_last_insert_rowid(q->db);
    return rc;
}

int spelling_put(struct sql *q, int64_t text, int64_t tokenizer, const void *ids, size_t n_bytes,
                 int64_t *row)
{
    sqlite3_stmt *stmt;
    int rc =
        sql_start(q, &stmt, "SELECT id, tokenizer, ids FROM spellings WHERE text=?1", "i", text);
    while (sql_next(stmt, &rc)) {
        if (sqlite3_column_int64(stmt, 1) == tokenizer && column_is(stmt, 2, ids, n_bytes)) {
            *row = sqlite3_column_int64(stmt, 0);
            sql_end(stmt);
            return SQLITE_OK;
        }
    }
    if (rc == SQLITE_OK)
        rc = sql_run(q, "INSERT INTO spellings(text, tokenizer, ids) VALUES(?1, ?2, ?3)", "iib",
                     text, tokenizer, n_bytes ? ids : "", n_bytes);
    if (rc == SQLITE_OK)
        *row = sqlite3_last_insert_rowid(q->db);
    return rc;
}

/* hashes[i] is over the tokenizer and parts 0..i; the same on every machine. */
static void hash_chain(int64_t tokenizer, const struct prompt_part *parts, size_t n,
                       XXH128_canonical_t *hashes)
{
    XXH128_canonical_t words[3];
    XXH128_canonicalFromHash(&words[0], (XXH128_hash_t){.low64 = (XXH64_hash_t)tokenizer});
    for (size_t i = 0; i < n; i++) {
        XXH128_canonicalFromHash(&words[1], XXH3_128bits(parts[i].text, parts[i].n_text));
        XXH128_canonicalFromHash(&words[2], XXH3_128bits(parts[i].ids, parts[i].n_ids_bytes));
        XXH128_canonicalFromHash(&hashes[i], XXH3_128bits(words, sizeof words));
        words[0] = hashes[i];
    }
}

int prompt_put(struct sql *q, int64_t tokenizer, const struct prompt_part *parts, size_t n,
               int64_t *row)
{
    XXH128_canonical_t *hashes = x_calloc(n, sizeof hashes[0]);
    hash_chain(tokenizer, parts, n, hashes);
    /* the longest beginning that is known: mostly all but the last part or two */
    int64_t before = 0;
    size_t i = n;
    int rc = SQLITE_OK;
    while (rc == SQLITE_OK && i > 0 && before == 0) {
        rc = sql_int(q, &before, "SELECT id FROM prompts WHERE hash=?1", "b", &hashes[i - 1],
                     sizeof hashes[0]);
        if (before == 0)
            i--;
    }
    for (; rc == SQLITE_OK && i < n; i++) {
        int64_t text = 0, spelling = 0;
        rc = text_put(q, parts[i].text, parts[i].n_text, &text);
        if (rc == SQLITE_OK)
            rc = spelling_put(q, text, tokenizer, parts[i].ids, parts[i].n_ids_bytes, &spelling);
        if (rc == SQLITE_OK)
            rc = sql_run(q, "INSERT INTO prompts(hash, before, spelling) VALUES(?1, ?2, ?3)", "bIi",
                         &hashes[i], sizeof hashes[0], before, spelling);
        if (rc == SQLITE_OK)
            before = sqlite3_last_insert_rowid(q->db);
    }
    free(hashes);
    if (rc == SQLITE_OK)
        *row = before;
    return rc;
}
