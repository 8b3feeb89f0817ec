/* zip_write.h - writes a ZIP archive, member after member, to whatever takes bytes.
 *
 * The archive has no gaps, no extra fields, no descriptors and one date for all: the same members
 * give the same bytes. No ZIP64: members and archive below 4 GiB, below 65535 members. One thread.
 *
 *   struct zip_writer w;
 *   zip_writer_init(&w, sink, ctx, seconds) -> zip_add ... -> zip_finish; zip_writer_free
 */
#ifndef XUXIE_BASE_ZIP_WRITE_H
#define XUXIE_BASE_ZIP_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/base/str.h"

/* Takes the next bytes of the archive; failures are its own business. */
typedef void zip_sink(void *ctx, const void *bytes, size_t n);

struct zip_writer {
    zip_sink *sink;
    void *ctx;
    uint64_t at; /* bytes of the archive so far */
    struct str directory;
    unsigned n_members;
    uint16_t date, time; /* as DOS has them */
};

/* seconds: since 1970, UTC, of all members; kept within 1980 to 2107. */
void zip_writer_init(struct zip_writer *w, zip_sink *sink, void *ctx, int64_t seconds);
/* A name in UTF-8 without a leading slash, not used before. Deflated unless `stored` is set or that
 * would save nothing. E_UNSUPPORTED past the limits, E_RESOURCE. */
int zip_add(struct zip_writer *w, const char *name, const void *bytes, size_t n, bool stored,
            struct err *err);
/* The directory, with which the archive ends. */
int zip_finish(struct zip_writer *w, struct err *err);
void zip_writer_free(struct zip_writer *w);

#endif
