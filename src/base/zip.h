/* zip.h - members of a ZIP archive that lies in memory (a mapping): where they are, and the bytes
 * of those that are deflated. Format: PKWARE's APPNOTE 6.3.10, with ZIP64; one disk, no encryption,
 * methods "stored" and "deflated".
 *
 * The archive's bytes are borrowed until zip_close(). Opening checks the central directory against
 * every local header, and that members neither overlap nor leave the archive. Checksums are
 * compared when a member is read or checked, not before.
 *
 * Threads: immutable after opening, but for zip_unpack(), which counts what it has unpacked.
 */
#ifndef XUXIE_BASE_ZIP_H
#define XUXIE_BASE_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"

struct zip;

struct zip_member {
    const char *name; /* NUL-terminated, without a NUL inside; otherwise any bytes */
    size_t n_name;
    const unsigned char *data; /* packed_bytes of them, inside the archive */
    uint64_t packed_bytes;
    uint64_t n_bytes; /* unpacked */
    uint64_t offset;  /* of data in the archive, for messages */
    uint32_t crc;     /* CRC-32 of the unpacked bytes, as the archive says */
    bool stored;      /* data are the bytes themselves */
};

/* `shown` is the archive as messages name it, borrowed. E_INPUT with member, field and offset. */
int zip_open(const char *shown, const void *data, size_t n_bytes, struct zip **out,
             struct err *err);
void zip_close(struct zip *z);

size_t zip_count(const struct zip *z);
const struct zip_member *zip_at(const struct zip *z, size_t i); /* by name, in order of bytes */
const struct zip_member *zip_find(const struct zip *z, const char *name); /* NULL: none */

/* Compares the checksum of a stored member. */
int zip_check(const struct zip *z, const struct zip_member *m, struct err *err);

/* The n_bytes of a member in new memory, checksum compared, a NUL behind them; the caller frees
 * *out. Refuses more than max_bytes, and more than 4 times the archive's size + 1 MiB or
 * LIMIT_ZIP_UNPACKED_BYTES over all calls: no archive grows beyond proportion. */
int zip_unpack(struct zip *z, const struct zip_member *m, size_t max_bytes, unsigned char **out,
               struct err *err);

/* For zip_write.c: the checksum of bytes, and bytes deflated into new memory; *packed is NULL when
 * that is not shorter. E_RESOURCE. n below 4 GiB. */
uint32_t zip_crc(const void *bytes, size_t n);
int zip_deflate(const void *bytes, size_t n, unsigned char **packed, size_t *n_packed,
                struct err *err);

#endif
