/* store_index.h - the index that finds words in what was generated: table history_fts, FTS5 without
 * a copy of the text, fed with the terms of bigram.h. For the files of the store.
 *
 * Its rows have the numbers of the generations. What is indexed of one are its fields, below. It
 * holds at least their terms, perhaps more (a note that was changed), so that a hit is a candidate
 * to be looked at: adding is all a change costs.
 *
 * The index is never needed for saving. It is used only when table search_index says that it is
 * whole and that it was made for this file: an index made elsewhere may have been made to do harm
 * (RELIABILITY A.4), so it is neither read nor written until it is built anew - at open where there
 * are few generations, else by history_reindex. "This file" is when
 * the file came into being, as the file system tells (to the nanosecond; where it does not, the
 * inode number): O(1), stays as long as the file does, is not copied with it, and cannot be known
 * to whoever prepared a file.
 *
 * When FTS5 finds damage in it, the transaction is done again without it, and search_index says so
 * from then on; everything else is recorded as before.
 */
#ifndef XUXIE_SRC_STORE_INDEX_H
#define XUXIE_SRC_STORE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/store_sql.h"

struct store;
struct writer;

/* Of the prompt's last part only so much of its end is indexed. */
enum { INDEX_PROMPT_BYTES = 64 << 10 };

enum index_state {
    INDEX_WHOLE = 0,
    INDEX_INCOMPLETE = 1, /* something was recorded without it, or it is being built */
    INDEX_DAMAGED = 2,
    INDEX_FOREIGN = 3, /* never stored: it was made for another file */
};

enum { INDEX_PLACE_BYTES = 48 };
/* What tells this file from its copies. */
void index_place(const char *path, char out[INDEX_PLACE_BYTES]);

/* Gives a connection the functions that migrations call: xuxie_terms(output, prompt),
 * xuxie_chars(text), xuxie_place(). */
int index_functions(sqlite3 *db, const char *place);

/* What is searched of a generation, each "" when there is none. */
enum index_field { FIELD_TEXT, FIELD_PROMPT, FIELD_NOTE, FIELD_TEMPLATE, N_FIELDS };
struct index_fields {
    struct {
        char *bytes;
        size_t n;
    } field[N_FIELDS];
    bool found; /* there is such a generation */
};
/* Result codes of SQLite. Free them in any case. */
int index_read(struct sql *q, int64_t generation, struct index_fields *out);
void index_fields_free(struct index_fields *f);

/* --- for apply functions --- */

/* Adds all fields of a generation. Damage is no failure: it is noted in the writer. */
int index_put(struct writer *w, int64_t generation);
/* Adds some text to what a generation is found by. */
int index_add(struct writer *w, int64_t generation, const char *text, size_t n);
/* Takes a generation out, while its fields can still be read. */
int index_drop(struct writer *w, int64_t generation);
/* Ends what a transaction does with the index: what is wrong with it is said now, not at COMMIT; and
 * it is tidied up by as much as was added, so that it never has to be for long. */
int index_flush(struct writer *w);
/* Notes in the database that it is damaged. */
int index_put_damaged(struct writer *w);

/* --- for readers --- */

int index_get_state(struct sql *q, const char *place, enum index_state *out);
/* The sentence for a state that is not INDEX_WHOLE: E_STORE. */
int index_state_err(const struct store *s, enum index_state state, struct err *err);
/* A reader has met damage in it: from now on nobody uses it. */
void index_tell_damaged(struct store *s);
/* Could a result code of a statement on the index come from damage in it? */
bool index_is_damage(int rc);

/* --- for store_open --- */

/* Builds an index anew that was made for another file, or was never finished, where that takes less
 * than a second (INDEX_ADOPT_ROWS): who restores a backup need not know. Before the writer's thread
 * begins. */
enum { INDEX_ADOPT_ROWS = 2000 };
void index_adopt(struct store *s);
/* Indexes what generations wrote whose process died. When the thread is there. */
void index_catch_up(struct store *s);

#endif
