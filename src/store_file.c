/* store_file.c - see store_file.h. */
#include "config.h"

#include "src/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/base/paths.h"
#include "src/base/str.h"
#include "src/store_schema.h"

enum { HEADER_BYTES = 100, ASIDE_MAX = 100 };

static uint32_t be32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* ---- the header ---- */

static int bad_field(const char *shown, const char *field, int at, uint32_t found,
                     const char *allowed, struct err *err)
{
    return err_set(err, E_STORE,
                   _("%s: %s at byte %d is %u; allowed is %s. The database is damaged or not a "
                     "SQLite 3 database, and is left alone"),
                   shown, field, at, (unsigned)found, allowed);
}

/* The fields SQLite itself needs. */
static int check_format(const unsigned char *h, const char *shown, struct err *err)
{
    uint32_t page = (uint32_t)h[16] << 8 | h[17];
    if (page != 1 && (page < 512 || (page & (page - 1)) != 0))
        return bad_field(shown, "page_size", 16, page, _("1 or a power of two from 512"), err);
    if (h[18] < 1 || h[18] > 2)
        return bad_field(shown, "write_version", 18, h[18], _("1 or 2"), err);
    if (h[19] < 1 || h[19] > 2)
        return bad_field(shown, "read_version", 19, h[19], _("1 or 2"), err);
    if (h[20] > 32)
        return bad_field(shown, "reserved_bytes", 20, h[20], _("0 to 32"), err);
    if (h[21] != 64 || h[22] != 32 || h[23] != 32)
        return bad_field(shown, "payload_fractions", 21, be32(h + 20) & 0xFFFFFF, "4202528", err);
    if (be32(h + 44) < 1 || be32(h + 44) > 4)
        return bad_field(shown, "schema_format", 44, be32(h + 44), _("1 to 4"), err);
    if (be32(h + 56) != 1)
        return bad_field(shown, "text_encoding", 56, be32(h + 56), _("1 (UTF-8)"), err);
    return 0;
}

/* A database cut short. What the -wal still holds may make up for it, so that is left to SQLite. */
static int check_length(const unsigned char *h, const char *path, const char *shown, uint64_t size,
                        struct err *err)
{
    uint64_t page = (uint64_t)h[16] << 8 | h[17];
    uint64_t want = (page == 1 ? 65536 : page) * be32(h + 28);
    bool size_is_valid = be32(h + 24) == be32(h + 92); /* change counter = version-valid-for */
    if (!size_is_valid || size >= want)
        return 0;
    static const char *const beside[] = {"-wal", "-journal", ""};
    for (int i = 0; i < 3; i++) {
        struct str name = STR_INIT;
        struct stat st;
        str_printf(&name, "%s%s", path, beside[i]);
        bool there = stat(str_cstr(&name), &st) == 0;
        str_free(&name);
        uint64_t enough = beside[i][0] ? 1 : want; /* it may have grown since: another xuxie */
        if (there && (uint64_t)st.st_size >= enough)
            return 0;
    }
    return err_set(err, E_STORE,
                   _("%s: the database is cut off at byte %llu of %llu; it is left alone. Put a "
                     "whole copy in its place"),
                   shown, (unsigned long long)size, (unsigned long long)want);
}

static int check_header(const unsigned char *h, size_t n, const char *path, const char *shown,
                        uint64_t size, int max_version, struct err *err)
{
    static const char magic[16] = "SQLite format 3";
    char quoted[360];
    if (n < sizeof magic || memcmp(h, magic, sizeof magic) != 0)
        return err_set(
            err, E_STORE,
            _("%s: begins with \"%s\" at byte 0: this is not a database; it is left alone"), shown,
            err_quote(quoted, sizeof quoted, h, n < 16 ? n : 16));
    if (n < HEADER_BYTES)
        return err_set(
            err, E_STORE,
            _("%s: the header of the database is cut off at byte %llu of 100; it is left "
              "alone"),
            shown, (unsigned long long)size);
    int rc = check_format(h, shown, err);
    if (rc != 0)
        return rc;
    uint32_t app = be32(h + 68), version = be32(h + 60);
    if (app != STORE_APPLICATION_ID)
        return err_set(
            err, E_STORE,
            _("%s: application_id at byte 68 is %u, not xuxie's %u: the database belongs "
              "to another program and is left alone"),
            shown, (unsigned)app, (unsigned)STORE_APPLICATION_ID);
    if (version > (uint32_t)max_version)
        return err_set(
            err, E_STORE,
            _("%s: user_version at byte 60 is %u: the database needs xuxie with schema >= "
              "%u, this one has schema %d; it is left alone"),
            shown, (unsigned)version, (unsigned)version, max_version);
    if (version == 0)
        return bad_field(shown, "user_version", 60, version, _("1 or more"), err);
    return check_length(h, path, shown, size, err);
}

/* ---- the file ---- */

static int cannot(const char *shown, struct err *err)
{
    return err_set(err, E_STORE, _("%s: cannot open the database: %s"), shown, strerror(errno));
}

/* Makes an empty file, unless somebody else was faster. */
static int create_file(const char *path, const char *shown, struct err *err)
{
    int rc = paths_make_parent(path, err);
    if (rc != 0) {
        if (err)
            err->code = E_STORE;
        return E_STORE;
    }
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return 0;
    if (fd < 0)
        return err_set(err, E_STORE, _("%s: cannot make the database: %s"), shown, strerror(errno));
    fchmod(fd, 0600); /* an odd umask may have taken away too much */
    close(fd);
    return 0;
}

static bool directory_writable(const char *path)
{
    struct str dir = STR_INIT;
    const char *slash = strrchr(path, '/');
    str_append(&dir, path, slash && slash != path ? (size_t)(slash - path) : 1);
    bool yes = faccessat(AT_FDCWD, str_cstr(&dir), W_OK | X_OK, AT_EACCESS) == 0;
    str_free(&dir);
    return yes;
}

int store_file_check(const char *path, const char *shown, bool create, int max_version,
                     struct store_file *out, struct err *err)
{
    struct store_file found = {0};
    struct stat st;
    bool was_there = stat(path, &st) == 0;
    if (!was_there) {
        if (errno != ENOENT || !create)
            return cannot(shown, err);
        int rc = create_file(path, shown, err);
        if (rc != 0)
            return rc;
    }
    /* O_NONBLOCK: a FIFO must not hold us up */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        int rc = cannot(shown, err);
        if (fd >= 0)
            close(fd);
        return rc;
    }
    unsigned char header[HEADER_BYTES];
    int rc = 0;
    if (!S_ISREG(st.st_mode)) {
        rc = err_set(err, E_STORE,
                     _("%s: this is not a regular file, so it cannot be the database"), shown);
    } else if (st.st_size == 0) {
        found.made = true;
        found.was_empty = was_there;
        if (!create)
            rc = err_set(err, E_STORE,
                         _("%s: the file is empty (0 bytes): there is no database in it"), shown);
    } else {
        ssize_t n = pread(fd, header, sizeof header, 0);
        rc = n < 0 ? cannot(shown, err)
                   : check_header(header, (size_t)n, path, shown, (uint64_t)st.st_size, max_version,
                                  err);
    }
    close(fd);
    if (rc != 0)
        return rc;
    fd = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    found.writable = fd >= 0 && directory_writable(path);
    if (fd >= 0)
        close(fd);
    *out = found;
    return 0;
}

/* ---- what lies beside it ---- */

static bool begins_with_magic(const char *name, bool wal)
{
    static const unsigned char journal_magic[8] = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};
    unsigned char b[8] = {0};
    int fd = open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return true; /* none there, or not for us to judge */
    ssize_t n = pread(fd, b, sizeof b, 0);
    close(fd);
    if (n <= 0)
        return true;
    if (wal)
        return n >= 4 && (be32(b) & ~1u) == 0x377f0682;
    /* SQLite zeroes the header of a journal that is done with */
    static const unsigned char zeros[8];
    return n == 8 && (memcmp(b, journal_magic, 8) == 0 || memcmp(b, zeros, 8) == 0);
}

void store_file_put_aside(const char *path)
{
    for (int wal = 0; wal < 2; wal++) {
        struct str name = STR_INIT, aside = STR_INIT;
        struct stat st;
        str_printf(&name, "%s%s", path, wal ? "-wal" : "-journal");
        bool odd = stat(str_cstr(&name), &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
                   !begins_with_magic(str_cstr(&name), wal);
        for (int i = 1; odd && i < ASIDE_MAX; i++) {
            str_clear(&aside);
            str_printf(&aside, "%s.aside", str_cstr(&name));
            if (i > 1)
                str_printf(&aside, "-%d", i);
            if (link(str_cstr(&name), str_cstr(&aside)) == 0) {
                unlink(str_cstr(&name));
                log_warn("store: %s is not SQLite's; kept as %s", str_cstr(&name),
                         str_cstr(&aside));
                break;
            }
            if (errno != EEXIST)
                break;
        }
        str_free(&name);
        str_free(&aside);
    }
}
