/* npy.c - see npy.h. The header is padded so that data begin at a multiple of 64 bytes. */
#include "config.h"

#include "src/npy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/str.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "npy.c writes float32 as it lies in memory: little endian"
#endif

struct npy {
    FILE *file;
    char *path;      /* the target, symbolic links followed */
    char *temporary; /* beside it; NULL when written directly */
    size_t n_columns;
};

static int failed(const struct npy *f, struct err *err)
{
    return err_set(err, E_IO, _("%s: cannot write: %s"), f->path, strerror(errno));
}

static int open_beside(struct npy *f, struct err *err)
{
    struct str name = STR_INIT;
    str_printf(&name, "%s.XXXXXX", f->path);
    f->temporary = str_take(&name);
    int fd = mkostemp(f->temporary, O_CLOEXEC); /* exclusive, 0600 */
    if (fd < 0) {
        free(f->temporary);
        f->temporary = NULL;
        return failed(f, err);
    }
    f->file = fdopen(fd, "wb");
    return 0;
}

static int write_header(struct npy *f, size_t n_rows, struct err *err)
{
    char text[192];
    int n = snprintf(text, sizeof text,
                     "{'descr': '<f4', 'fortran_order': False, 'shape': (%zu, %zu), }", n_rows,
                     f->n_columns);
    /* magic, version, length: 10 bytes; the text ends with a newline */
    int total = (10 + n + 1 + 63) / 64 * 64;
    int length = total - 10;
    unsigned char head[10] = {0x93,
                              'N',
                              'U',
                              'M',
                              'P',
                              'Y',
                              1,
                              0,
                              (unsigned char)(length & 0xFF),
                              (unsigned char)(length >> 8)};
    if (fwrite(head, sizeof head, 1, f->file) != 1 ||
        fprintf(f->file, "%-*s\n", length - 1, text) != length)
        return failed(f, err);
    return 0;
}

int npy_create(const char *path, size_t n_rows, size_t n_columns, struct npy **out, struct err *err)
{
    struct npy *f = x_calloc(1, sizeof *f);
    struct stat st;
    char *real = realpath(path, NULL); /* NULL when it is new */
    f->path = x_strdup(real ? real : path);
    free(real);
    f->n_columns = n_columns;
    int rc = 0;
    if (stat(f->path, &st) == 0 && !S_ISREG(st.st_mode)) {
        int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        f->file = fd < 0 ? NULL : fdopen(fd, "wb");
        if (!f->file)
            rc = failed(f, err);
    } else {
        rc = open_beside(f, err);
    }
    if (!rc)
        rc = write_header(f, n_rows, err);
    if (rc)
        npy_free(f);
    else
        *out = f;
    return rc;
}

int npy_row(struct npy *f, const float *row, struct err *err)
{
    return fwrite(row, sizeof row[0], f->n_columns, f->file) == f->n_columns ? 0 : failed(f, err);
}

static void sync_folder(const struct npy *f)
{
    const char *slash = strrchr(f->path, '/');
    char *folder = slash ? x_strndup(f->path, (size_t)(slash - f->path) + 1) : x_strdup(".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (fd < 0)
        return;
    fsync(fd); /* the file is whole already; some file systems cannot do this */
    close(fd);
}

int npy_finish(struct npy *f, struct err *err)
{
    if (fflush(f->file) != 0)
        return failed(f, err);
    if (!f->temporary)
        return 0;
    if (fsync(fileno(f->file)) != 0 || rename(f->temporary, f->path) != 0)
        return failed(f, err);
    free(f->temporary);
    f->temporary = NULL;
    sync_folder(f);
    return 0;
}

void npy_free(struct npy *f)
{
    if (!f)
        return;
    if (f->file)
        fclose(f->file);
    if (f->temporary)
        unlink(f->temporary);
    free(f->temporary);
    free(f->path);
    free(f);
}
