/* export_epub.h - a text as an EPUB 3 book, with the NCX that EPUB 2 readers look for.
 *
 * Chapters begin at headings (book.h). Text becomes XHTML with everything escaped; control
 * characters are left out, bytes that are not UTF-8 become U+FFFD. The same input gives the same
 * bytes.
 */
#ifndef XUXIE_SRC_EXPORT_EPUB_H
#define XUXIE_SRC_EXPORT_EPUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/err.h"
#include "src/base/zip_write.h"

struct epub {
    const char *title; /* epub_has_text() */
    const char *text;
    size_t n_text;
    uint64_t identity[2]; /* the same for the same book: it becomes a UUID */
    int64_t modified_s;   /* since 1970 */
};

/* Does anything of a title remain when control characters and blanks are taken out? */
bool epub_has_text(const char *title);

/* E_UNSUPPORTED when the archive would be too large, E_RESOURCE. What was given to the sink is of
 * no use then. */
int epub_write(const struct epub *e, zip_sink *sink, void *ctx, struct err *err);

#endif
