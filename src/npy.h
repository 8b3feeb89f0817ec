/* npy.h - writes a float32 matrix as a NumPy file (format version 1.0, NEP 1), row by row. A
 * regular target is replaced only when everything is on disk; a device or pipe is written directly.
 */
#ifndef XUXIE_SRC_NPY_H
#define XUXIE_SRC_NPY_H

#include <stddef.h>

#include "src/base/err.h"

struct npy;

int npy_create(const char *path, size_t n_rows, size_t n_columns, struct npy **out,
               struct err *err);
int npy_row(struct npy *f, const float *row, struct err *err);
/* After n_rows rows: puts the file in its place. */
int npy_finish(struct npy *f, struct err *err);
/* Without npy_finish before: leaves no trace. NULL-safe. */
void npy_free(struct npy *f);

#endif
