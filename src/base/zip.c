/* zip.c - see zip.h.
 *
 * minizip reads archives too, but neither compares names of local headers with the directory's, nor
 * sees members that overlap, nor tells a data offset that was checked; parsers that disagree on
 * these are how archives deceive. So the directory is read here, strictly, and zlib inflates.
 *
 * The layout accepted is the one writers produce, without gaps at the end:
 *
 *   local header, data, [descriptor]   one for each member, in any order, not overlapping
 *   central directory
 *   [ZIP64 end record, ZIP64 locator]
 *   end record, comment                up to the last byte
 *
 * The directory is believed over local headers, which must not contradict it: same name, flags on
 * encryption and method; sizes and checksum too unless a descriptor follows the data (bit 3).
 */
#include "config.h"

#include "src/base/zip.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"

typedef unsigned long long ull; /* what %llu takes */

enum {
    LOCAL_BYTES = 30,
    ENTRY_BYTES = 46,
    END_BYTES = 22,
    END64_BYTES = 56,
    LOCATOR_BYTES = 20,
    COMMENT_MAX = 65535,
    EXTRA_ZIP64 = 1,
    FLAG_ENCRYPTED = 1 << 0,
    FLAG_DESCRIPTOR = 1 << 3,
    FLAG_STRONG_ENCRYPTION = 1 << 6,
    FLAG_MASKED = 1 << 13,
    FLAGS_SECRET = FLAG_ENCRYPTED | FLAG_STRONG_ENCRYPTION | FLAG_MASKED,
    METHOD_STORED = 0,
    METHOD_DEFLATED = 8,
};

#define SIGNATURE_LOCAL   0x04034b50u
#define SIGNATURE_ENTRY   0x02014b50u
#define SIGNATURE_END     0x06054b50u
#define SIGNATURE_END64   0x06064b50u
#define SIGNATURE_LOCATOR 0x07064b50u
#define IN_ZIP64          UINT32_MAX /* a field whose value is in the ZIP64 one */

struct zip {
    const char *shown;
    const unsigned char *data;
    size_t n_bytes;
    struct zip_member *member; /* sorted by name */
    size_t n_members;
    uint64_t unpack_left; /* bytes zip_unpack() may still give */
};

/* The part of a directory entry that only opening needs. */
struct entry {
    struct zip_member m;
    uint64_t begin; /* of the local header */
    unsigned flags, method;
};

struct directory {
    uint64_t begin, n_bytes, n_entries;
    uint64_t end; /* where it must end */
};

static uint32_t u16(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t u32(const unsigned char *p)
{
    return u16(p) | u16(p + 2) << 16;
}

static uint64_t u64(const unsigned char *p)
{
    return u32(p) | (uint64_t)u32(p + 4) << 32;
}

__attribute__((format(printf, 4, 5))) static int refuse(const struct zip *z, struct err *err,
                                                        uint64_t at, const char *fmt, ...)
{
    char text[480];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(err, E_INPUT, _("%s: zip archive at byte %llu: %s"), z->shown, (ull)at, text);
}

__attribute__((format(printf, 4, 5))) static int refuse_member(const struct zip *z,
                                                               const struct zip_member *m,
                                                               struct err *err, const char *fmt,
                                                               ...)
{
    char text[480];
    char quoted[360];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(err, E_INPUT, _("%s: member %s at byte %llu: %s"), z->shown,
                   err_quote(quoted, sizeof quoted, m->name, m->n_name), (ull)m->offset, text);
}

static int no_memory(const struct zip *z, struct err *err)
{
    return err_set(err, E_RESOURCE, _("%s: not enough memory to read the archive."), z->shown);
}

/* ---- the end record ---- */

/* The offset of the end record: the last one whose comment ends with the archive. */
static int find_end(const struct zip *z, uint64_t *out, struct err *err)
{
    if (z->n_bytes >= END_BYTES) {
        size_t last = z->n_bytes - END_BYTES;
        size_t first = last > COMMENT_MAX ? last - COMMENT_MAX : 0;
        for (size_t at = last + 1; at-- > first;) {
            const unsigned char *p = z->data + at;
            if (u32(p) == SIGNATURE_END && u16(p + 20) == last - at) {
                *out = at;
                return 0;
            }
        }
    }
    return refuse(z, err, z->n_bytes,
                  _("the end record of the directory is missing, the file is truncated; download "
                    "it again."));
}

/* A 16 or 32-bit field of the end record and what the ZIP64 record has for it. */
static bool agree(uint64_t narrow, uint64_t in_zip64, uint64_t wide)
{
    return narrow == in_zip64 || narrow == wide;
}

/* The ZIP64 end record, when there is a locator before the end record at `end`. */
static int read_end64(const struct zip *z, uint64_t end, struct directory *d, struct err *err)
{
    const unsigned char *e = z->data + end;
    if (end < LOCATOR_BYTES || u32(e - LOCATOR_BYTES) != SIGNATURE_LOCATOR)
        return 0;
    uint64_t at = end - LOCATOR_BYTES;
    const unsigned char *l = z->data + at;
    uint64_t begin = u64(l + 8);
    if (u32(l + 4) != 0 || u32(l + 16) > 1)
        return refuse(z, err, at, _("archives of several disks are not read."));
    if (begin > at || at - begin < END64_BYTES || u32(z->data + begin) != SIGNATURE_END64)
        return refuse(z, err, at, _("there is no ZIP64 end record at byte %llu."), (ull)begin);
    const unsigned char *p = z->data + begin;
    if (u64(p + 4) != at - begin - 12)
        return refuse(z, err, begin, _("the ZIP64 end record has a wrong size."));
    if (u32(p + 16) != 0 || u32(p + 20) != 0 || u64(p + 24) != u64(p + 32))
        return refuse(z, err, begin, _("archives of several disks are not read."));
    *d = (struct directory){
        .begin = u64(p + 48), .n_bytes = u64(p + 40), .n_entries = u64(p + 32), .end = begin};
    if (!agree(u16(e + 10), UINT16_MAX, d->n_entries) ||
        !agree(u32(e + 12), IN_ZIP64, d->n_bytes) || !agree(u32(e + 16), IN_ZIP64, d->begin))
        return refuse(z, err, end, _("the end record and the ZIP64 end record contradict."));
    return 0;
}

static int find_directory(const struct zip *z, struct directory *out, struct err *err)
{
    uint64_t end = 0;
    int rc = find_end(z, &end, err);
    if (rc != 0)
        return rc;
    const unsigned char *e = z->data + end;
    struct directory d = {
        .begin = u32(e + 16), .n_bytes = u32(e + 12), .n_entries = u16(e + 10), .end = end};
    rc = read_end64(z, end, &d, err);
    if (rc != 0)
        return rc;
    if (d.end == end && (u16(e + 4) != 0 || u16(e + 6) != 0 || u16(e + 8) != u16(e + 10)))
        return refuse(z, err, end, _("archives of several disks are not read."));
    if (d.begin > d.end || d.n_bytes != d.end - d.begin)
        return refuse(z, err, end,
                      _("the directory is announced at byte %llu with %llu bytes, but ends at byte "
                        "%llu."),
                      (ull)d.begin, (ull)d.n_bytes, (ull)d.end);
    if (d.n_entries > LIMIT_ZIP_MEMBERS)
        return refuse(z, err, end, _("%llu members; at most %u are read."), (ull)d.n_entries,
                      LIMIT_ZIP_MEMBERS);
    if (d.n_entries > d.n_bytes / ENTRY_BYTES)
        return refuse(z, err, end, _("%llu members do not fit into a directory of %llu bytes."),
                      (ull)d.n_entries, (ull)d.n_bytes);
    *out = d;
    return 0;
}

/* ---- entries ---- */

/* Puts the values of the ZIP64 extra field, in its order, into those of the n fields that ask for
 * them. False when the extra fields are malformed or hold too little. */
static bool widen(const unsigned char *extra, size_t n_extra, uint64_t *const field[], int n)
{
    const unsigned char *values = NULL;
    size_t n_values = 0;
    while (n_extra >= 4) {
        size_t size = u16(extra + 2);
        if (size > n_extra - 4)
            return false;
        if (u16(extra) == EXTRA_ZIP64) {
            if (values)
                return false; /* there twice */
            values = extra + 4;
            n_values = size;
        }
        extra += 4 + size;
        n_extra -= 4 + size;
    }
    for (int i = 0; i < n; i++) {
        if (*field[i] != IN_ZIP64)
            continue;
        if (n_values < 8)
            return false;
        *field[i] = u64(values);
        values += 8;
        n_values -= 8;
    }
    return true;
}

/* Reads the entry at *at, leaves *at behind it. The name is copied, e owns it. */
static int read_entry(const struct zip *z, const struct directory *d, uint64_t *at, struct entry *e,
                      struct err *err)
{
    const unsigned char *p = z->data + *at;
    if (d->end - *at < ENTRY_BYTES || u32(p) != SIGNATURE_ENTRY)
        return refuse(z, err, *at, _("an entry of the directory is expected here."));
    size_t n_name = u16(p + 28);
    size_t n_extra = u16(p + 30);
    size_t n_all = ENTRY_BYTES + n_name + n_extra + u16(p + 32);
    if (d->end - *at < n_all)
        return refuse(z, err, *at, _("the directory's entry is longer than the directory."));
    const char *name = (const char *)p + ENTRY_BYTES;
    if (n_name == 0 || n_name > LIMIT_ZIP_NAME_BYTES || memchr(name, '\0', n_name))
        return refuse(z, err, *at, _("a name of %zu bytes; 1 to %u without NUL are allowed."),
                      n_name, LIMIT_ZIP_NAME_BYTES);
    struct zip_member *m = &e->m;
    char *copy = malloc(n_name + 1);
    if (!copy)
        return no_memory(z, err);
    memcpy(copy, name, n_name);
    copy[n_name] = '\0';
    m->name = copy;
    m->n_name = n_name;
    m->offset = *at; /* for messages, until the data are found */
    m->crc = u32(p + 16);
    m->packed_bytes = u32(p + 20);
    m->n_bytes = u32(p + 24);
    e->begin = u32(p + 42);
    e->flags = u16(p + 8);
    e->method = u16(p + 10);
    if (!widen(p + ENTRY_BYTES + n_name, n_extra,
               (uint64_t *const[]){&m->n_bytes, &m->packed_bytes, &e->begin}, 3))
        return refuse_member(z, m, err, _("the extra fields of its entry are malformed."));
    if (u16(p + 34) != 0)
        return refuse_member(z, m, err, _("archives of several disks are not read."));
    if (e->flags & FLAGS_SECRET)
        return refuse_member(z, m, err, _("it is encrypted; only archives that are not are read."));
    if (e->method != METHOD_STORED && e->method != METHOD_DEFLATED)
        return refuse_member(
            z, m, err, _("packing method %u is not read; stored and deflated are."), e->method);
    m->stored = e->method == METHOD_STORED;
    if (m->stored && m->packed_bytes != m->n_bytes)
        return refuse_member(z, m, err, _("it is stored, yet has two sizes, %llu and %llu bytes."),
                             (ull)m->packed_bytes, (ull)m->n_bytes);
    *at += n_all;
    return 0;
}

/* Do the sizes and the checksum of a local header say what the entry says? */
static bool same_sizes(const struct entry *e, const unsigned char *p, unsigned flags)
{
    uint64_t packed = u32(p + 18);
    uint64_t unpacked = u32(p + 22);
    if (packed == IN_ZIP64 || unpacked == IN_ZIP64) {
        const unsigned char *extra = p + LOCAL_BYTES + u16(p + 26);
        if (!widen(extra, u16(p + 28), (uint64_t *const[]){&unpacked, &packed}, 2))
            return false;
    }
    if ((flags & FLAG_DESCRIPTOR) && u32(p + 14) == 0 && packed == 0 && unpacked == 0)
        return true; /* they follow the data */
    return u32(p + 14) == e->m.crc && packed == e->m.packed_bytes && unpacked == e->m.n_bytes;
}

/* Compares the local header and finds the data behind it. */
static int find_data(const struct zip *z, const struct directory *d, struct entry *e,
                     struct err *err)
{
    struct zip_member *m = &e->m;
    if (e->begin > d->begin || d->begin - e->begin < LOCAL_BYTES ||
        u32(z->data + e->begin) != SIGNATURE_LOCAL)
        return refuse_member(z, m, err, _("its local header is not at byte %llu."), (ull)e->begin);
    const unsigned char *p = z->data + e->begin;
    uint64_t n_header = LOCAL_BYTES + u16(p + 26) + u16(p + 28);
    uint64_t space = d->begin - e->begin;
    if (space < n_header || space - n_header < m->packed_bytes)
        return refuse_member(z, m, err, _("its %llu bytes reach beyond the archive's data."),
                             (ull)m->packed_bytes);
    unsigned flags = u16(p + 6);
    m->offset = e->begin + n_header;
    m->data = z->data + m->offset;
    if (u16(p + 26) != m->n_name || memcmp(p + LOCAL_BYTES, m->name, m->n_name) != 0)
        return refuse_member(z, m, err, _("its local header has another name."));
    if (flags & FLAGS_SECRET)
        return refuse_member(z, m, err, _("it is encrypted; only archives that are not are read."));
    if (u16(p + 8) != e->method)
        return refuse_member(z, m, err, _("its local header has another packing method."));
    if (!same_sizes(e, p, flags))
        return refuse_member(z, m, err, _("its local header has another size or checksum."));
    return 0;
}

static int by_place(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

static int by_name(const void *a, const void *b)
{
    const struct zip_member *x = a;
    const struct zip_member *y = b;
    return strcmp(x->name, y->name);
}

static int read_entries(const struct zip *z, const struct directory *d, struct entry *entry,
                        struct err *err)
{
    uint64_t at = d->begin;
    size_t n = (size_t)d->n_entries;
    for (size_t i = 0; i < n; i++) {
        int rc = read_entry(z, d, &at, &entry[i], err);
        if (rc == 0)
            rc = find_data(z, d, &entry[i], err);
        if (rc != 0)
            return rc;
    }
    if (at != d->end)
        return refuse(z, err, at, _("the directory has more entries than the %zu announced."), n);
    qsort(entry, n, sizeof *entry, by_place);
    for (size_t i = 1; i < n; i++)
        if (entry[i].begin < entry[i - 1].m.offset + entry[i - 1].m.packed_bytes)
            return refuse_member(z, &entry[i].m, err, _("it overlaps the member before it."));
    return 0;
}

static int read_members(struct zip *z, struct err *err)
{
    struct directory d = {0};
    int rc = find_directory(z, &d, err);
    if (rc != 0)
        return rc;
    size_t n = (size_t)d.n_entries;
    struct entry *entry = calloc(n ? n : 1, sizeof *entry);
    z->member = calloc(n ? n : 1, sizeof *z->member);
    if (!entry || !z->member) {
        free(entry);
        return no_memory(z, err);
    }
    rc = read_entries(z, &d, entry, err);
    for (size_t i = 0; i < n; i++)
        z->member[i] = entry[i].m; /* also on failure: zip_close() frees the names */
    z->n_members = n;
    free(entry);
    if (rc != 0)
        return rc;
    qsort(z->member, n, sizeof *z->member, by_name);
    for (size_t i = 1; i < n; i++)
        if (strcmp(z->member[i].name, z->member[i - 1].name) == 0)
            return refuse_member(z, &z->member[i], err, _("the archive has this member twice."));
    return 0;
}

int zip_open(const char *shown, const void *data, size_t n_bytes, struct zip **out, struct err *err)
{
    struct zip *z = calloc(1, sizeof *z);
    if (!z)
        return err_set(err, E_RESOURCE, _("%s: not enough memory to read the archive."), shown);
    z->shown = shown;
    z->data = data;
    z->n_bytes = n_bytes;
    z->unpack_left = 4 * (uint64_t)n_bytes + (1u << 20);
    if (z->unpack_left > LIMIT_ZIP_UNPACKED_BYTES)
        z->unpack_left = LIMIT_ZIP_UNPACKED_BYTES;
    int rc = read_members(z, err);
    if (rc != 0) {
        zip_close(z);
        return rc;
    }
    *out = z;
    return 0;
}

void zip_close(struct zip *z)
{
    if (!z)
        return;
    for (size_t i = 0; i < z->n_members; i++)
        free((char *)z->member[i].name);
    free(z->member);
    free(z);
}

size_t zip_count(const struct zip *z)
{
    return z->n_members;
}

const struct zip_member *zip_at(const struct zip *z, size_t i)
{
    return i < z->n_members ? &z->member[i] : NULL;
}

const struct zip_member *zip_find(const struct zip *z, const char *name)
{
    struct zip_member key = {.name = name};
    return bsearch(&key, z->member, z->n_members, sizeof key, by_name);
}

/* ---- contents ---- */

static int compare_crc(const struct zip *z, const struct zip_member *m, const void *bytes,
                       struct err *err)
{
    uLong crc = crc32_z(0, bytes, (size_t)m->n_bytes);
    if (crc == m->crc)
        return 0;
    return refuse_member(z, m, err,
                         _("its checksum is %08lx, but %08lx was written; the file is damaged, "
                           "download it again."),
                         (unsigned long)crc, (unsigned long)m->crc);
}

int zip_check(const struct zip *z, const struct zip_member *m, struct err *err)
{
    return compare_crc(z, m, m->data, err);
}

/* Inflates a whole member into exactly n_bytes at out. */
static int inflate_member(const struct zip *z, const struct zip_member *m, unsigned char *out,
                          struct err *err)
{
    z_stream s = {.next_in = (unsigned char *)m->data,
                  .avail_in = (uInt)m->packed_bytes,
                  .next_out = out,
                  .avail_out = (uInt)m->n_bytes};
    if (inflateInit2(&s, -MAX_WBITS) != Z_OK) /* negative: no zlib header */
        return no_memory(z, err);
    int end = inflate(&s, Z_FINISH);
    bool whole = end == Z_STREAM_END && s.avail_in == 0 && s.avail_out == 0;
    inflateEnd(&s);
    if (end == Z_MEM_ERROR)
        return no_memory(z, err);
    if (!whole)
        return refuse_member(z, m, err,
                             _("its packed data are damaged, or do not give the %llu bytes "
                               "announced."),
                             (ull)m->n_bytes);
    return 0;
}

int zip_unpack(struct zip *z, const struct zip_member *m, size_t max_bytes, unsigned char **out,
               struct err *err)
{
    /* Deflating never makes more than a little of nothing. */
    uint64_t most = max_bytes;
    if (!m->stored && most > z->unpack_left)
        most = z->unpack_left;
    if (m->n_bytes > most)
        return refuse_member(z, m, err, _("%llu bytes unpacked; at most %llu are read."),
                             (ull)m->n_bytes, (ull)most);
    if (!m->stored && m->packed_bytes > m->n_bytes + m->n_bytes / 8 + 1024)
        return refuse_member(z, m, err, _("%llu packed bytes are too many for %llu."),
                             (ull)m->packed_bytes, (ull)m->n_bytes);
    unsigned char *bytes = malloc((size_t)m->n_bytes + 1);
    if (!bytes)
        return no_memory(z, err);
    int rc = 0;
    if (m->stored)
        memcpy(bytes, m->data, (size_t)m->n_bytes);
    else
        rc = inflate_member(z, m, bytes, err);
    if (rc == 0)
        rc = compare_crc(z, m, bytes, err);
    if (rc != 0) {
        free(bytes);
        return rc;
    }
    if (!m->stored)
        z->unpack_left -= m->n_bytes;
    bytes[m->n_bytes] = '\0';
    *out = bytes;
    return 0;
}

/* ---- the other way, for zip_write.c ---- */

uint32_t zip_crc(const void *bytes, size_t n)
{
    return (uint32_t)crc32_z(0, bytes, n);
}

int zip_deflate(const void *bytes, size_t n, unsigned char **packed, size_t *n_packed,
                struct err *err)
{
    z_stream s = {.next_in = (unsigned char *)bytes, .avail_in = (uInt)n};
    *packed = NULL;
    if (n < 2)
        return 0;
    /* room for one byte less than there is: what does not fit saves nothing */
    unsigned char *out = malloc(n - 1);
    s.next_out = out;
    s.avail_out = (uInt)(n - 1);
    if (!out || deflateInit2(&s, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8,
                             Z_DEFAULT_STRATEGY) != Z_OK) {
        free(out);
        return err_set(err, E_RESOURCE, _("There is not enough memory to pack %zu bytes."), n);
    }
    bool whole = deflate(&s, Z_FINISH) == Z_STREAM_END;
    deflateEnd(&s);
    if (whole) {
        *packed = out;
        *n_packed = (size_t)s.total_out;
    } else {
        free(out);
    }
    return 0;
}
