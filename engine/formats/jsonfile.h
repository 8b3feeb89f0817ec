/* jsonfile.h - a small JSON file (config.json, an index of shards) and checked access to its
 * members. Nothing in the file is believed: size and nesting are bounded before it is parsed, and
 * every value is taken by type and range, with a message that names file, key and value. */
#ifndef XUXIE_ENGINE_FORMATS_JSONFILE_H
#define XUXIE_ENGINE_FORMATS_JSONFILE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/formats/infile.h"
#include "src/base/err.h"

struct jsonfile {
    char shown[INFILE_QUOTE_BYTES]; /* the path, for messages */
    json_t *root;                   /* an object, owned */
};

/* Reads the object in FOLDER/NAME. E_INPUT when there is none, or something else. */
int jsonfile_open(const char *folder, const char *name, size_t max_bytes, struct jsonfile *out,
                  struct err *err);
void jsonfile_close(struct jsonfile *f); /* zeroed structs are fine */

/* Member `key` of an object of the file. Absent or null: *out untouched, 0. Of another type or out
 * of [min,max]: E_INPUT. A whole number will do where a decimal one is asked for. */
int jsonfile_int(const struct jsonfile *f, const json_t *object, const char *key, int64_t min,
                 int64_t max, int64_t *out, struct err *err);
int jsonfile_real(const struct jsonfile *f, const json_t *object, const char *key, double min,
                  double max, double *out, struct err *err);
int jsonfile_bool(const struct jsonfile *f, const json_t *object, const char *key, bool *out,
                  struct err *err);
/* *out borrows the text. */
int jsonfile_string(const struct jsonfile *f, const json_t *object, const char *key,
                    const char **out, struct err *err);
int jsonfile_object(const struct jsonfile *f, const json_t *object, const char *key,
                    const json_t **out, struct err *err);
/* Is the member there, and not null? */
bool jsonfile_has(const json_t *object, const char *key);

/* Sets "FILE: "KEY": VALUE; what is needed" and returns code. */
int jsonfile_refuse(const struct jsonfile *f, const char *key, const json_t *value,
                    enum err_code code, struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));

#endif
