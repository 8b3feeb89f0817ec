/* zip_write.c - see zip_write.h. zlib is behind zip_crc() and zip_deflate() of zip.c. */
#include "config.h"

#include "src/base/zip_write.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/zip.h"

enum {
    MADE_BY = 3 << 8 | 20, /* Unix, version 2.0 */
    NEEDED = 20,
    FLAG_UTF8 = 1 << 11,
    METHOD_STORED = 0,
    METHOD_DEFLATED = 8,
    MEMBERS_MAX = 65534,
};

#define SIGNATURE_LOCAL 0x04034b50u
#define SIGNATURE_ENTRY 0x02014b50u
#define SIGNATURE_END   0x06054b50u
#define BYTES_MAX       (UINT32_MAX - 1u)
#define FILE_MODE       0100644u /* a regular file everybody may read */

static void put16(struct str *s, unsigned v)
{
    str_putc(s, (char)(v & 0xFF));
    str_putc(s, (char)(v >> 8 & 0xFF));
}

static void put32(struct str *s, uint32_t v)
{
    put16(s, v & 0xFFFF);
    put16(s, v >> 16);
}

void zip_writer_init(struct zip_writer *w, zip_sink *sink, void *ctx, int64_t seconds)
{
    *w = (struct zip_writer){.sink = sink, .ctx = ctx, .date = 1 << 5 | 1}; /* 1980-01-01 */
    struct tm tm;
    time_t t = (time_t)seconds;
    if (!gmtime_r(&t, &tm) || tm.tm_year < 80)
        return;
    if (tm.tm_year > 207)
        tm = (struct tm){
            .tm_year = 207, .tm_mon = 11, .tm_mday = 31, .tm_hour = 23, .tm_min = 59, .tm_sec = 58};
    w->date = (uint16_t)((tm.tm_year - 80) << 9 | (tm.tm_mon + 1) << 5 | tm.tm_mday);
    w->time = (uint16_t)(tm.tm_hour << 11 | tm.tm_min << 5 | tm.tm_sec / 2);
}

static void emit(struct zip_writer *w, const void *bytes, size_t n)
{
    w->sink(w->ctx, bytes, n);
    w->at += n;
}

static bool is_ascii(const char *name)
{
    while (*name && !(*name & 0x80))
        name++;
    return !*name;
}

/* What local header and directory entry have in common, from "version needed" on. */
static void put_common(const struct zip_writer *w, struct str *s, const char *name, uint32_t crc,
                       size_t packed, size_t n, bool stored)
{
    put16(s, NEEDED);
    put16(s, is_ascii(name) ? 0 : FLAG_UTF8);
    put16(s, stored ? METHOD_STORED : METHOD_DEFLATED);
    put16(s, w->time);
    put16(s, w->date);
    put32(s, crc);
    put32(s, (uint32_t)packed);
    put32(s, (uint32_t)n);
    put16(s, (unsigned)strlen(name));
    put16(s, 0); /* extra fields */
}

static int too_large(struct err *err)
{
    return err_set(err, E_UNSUPPORTED,
                   _("the archive would be larger than 4 GiB, or have more than %d files; that is "
                     "not written"),
                   MEMBERS_MAX);
}

int zip_add(struct zip_writer *w, const char *name, const void *bytes, size_t n, bool stored,
            struct err *err)
{
    unsigned char *packed = NULL;
    size_t n_packed = n;
    if (n > BYTES_MAX || w->n_members == MEMBERS_MAX || strlen(name) > LIMIT_ZIP_NAME_BYTES)
        return too_large(err);
    if (!stored) {
        int rc = zip_deflate(bytes, n, &packed, &n_packed, err);
        if (rc)
            return rc;
        stored = !packed;
    }
    if (w->at + n_packed + LIMIT_ZIP_NAME_BYTES > BYTES_MAX) {
        free(packed);
        return too_large(err);
    }
    struct str header = STR_INIT;
    uint64_t begin = w->at;
    uint32_t crc = zip_crc(bytes, n);
    put32(&header, SIGNATURE_LOCAL);
    put_common(w, &header, name, crc, n_packed, n, stored);
    str_puts(&header, name);
    emit(w, header.data, header.len);
    emit(w, stored ? bytes : packed, n_packed);
    str_free(&header);
    free(packed);

    struct str *d = &w->directory;
    put32(d, SIGNATURE_ENTRY);
    put16(d, MADE_BY);
    put_common(w, d, name, crc, n_packed, n, stored);
    put16(d, 0); /* comment */
    put16(d, 0); /* disk */
    put16(d, 0); /* internal attributes */
    put32(d, FILE_MODE << 16);
    put32(d, (uint32_t)begin);
    str_puts(d, name);
    w->n_members++;
    return 0;
}

int zip_finish(struct zip_writer *w, struct err *err)
{
    size_t n_directory = w->directory.len;
    uint64_t begin = w->at;
    if (begin + n_directory > BYTES_MAX)
        return too_large(err);
    struct str *d = &w->directory;
    put32(d, SIGNATURE_END);
    put16(d, 0); /* disk */
    put16(d, 0);
    put16(d, w->n_members);
    put16(d, w->n_members);
    put32(d, (uint32_t)n_directory);
    put32(d, (uint32_t)begin);
    put16(d, 0); /* comment */
    emit(w, d->data, d->len);
    return 0;
}

void zip_writer_free(struct zip_writer *w)
{
    str_free(&w->directory);
}
