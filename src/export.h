/* export.h - a story to a file: plain text, Markdown, EPUB, or all of its passages as JSON lines.
 *
 * The manuscript is the path from the root to a passage; JSON lines are the tree. Formats are rows
 * of one table in export.c.
 */
#ifndef XUXIE_SRC_EXPORT_H
#define XUXIE_SRC_EXPORT_H

#include <stdbool.h>

#include "src/base/err.h"
#include "src/outfile.h"
#include "src/store.h"
#include "src/story.h"

enum export_format { EXPORT_TXT, EXPORT_MD, EXPORT_EPUB, EXPORT_JSONL, N_EXPORT_FORMATS };

struct export_request {
    const struct story *story;
    enum export_format format;
    const struct node *end; /* the manuscript's last passage. NULL: the current one; for JSON lines,
                               then, the whole tree */
    bool indent;            /* EXPORT_TXT: two U+3000 before each paragraph that has none */
    struct store *store;    /* whose numbers the story's references are; NULL: as they are */
};

/* Text is written as it is, with a newline at its end. Markdown gets the title as a heading and an
 * empty line between paragraphs, nothing of the text is markup. EPUB: export_epub.h; its date is
 * $SOURCE_DATE_EPOCH when that is set. JSON lines: the story, then every passage after its parent,
 * with parent, kind, generation and exact text ("text_base64" beside "text" where the bytes are not
 * UTF-8). E_UNSUPPORTED, E_RESOURCE; what is wrong with the file, outfile_finish tells. */
int export_write(const struct export_request *r, struct outfile *out, struct err *err);
/* The same into a file that appears whole or not at all (outfile.h). */
int export_file(const struct export_request *r, const char *path, bool replace, struct err *err);

/* "txt", "md", "epub", "jsonl", in the order of the enum; NULL past the end. */
const char *export_format_name(size_t i);
/* By name, case aside; false when there is none of that name. */
bool export_format_find(const char *name, enum export_format *out);

/* By the suffix of a path; without one *out stays as it is. E_USAGE for any other. */
int export_format_of(const char *path, enum export_format *out, struct err *err);

/* What a person typed as a path: a leading ~ is expanded, a name without a suffix gets the
 * format's. malloc'ed. */
char *export_expand(const char *typed, enum export_format format);
/* A file name in the current directory made from what the story is called. malloc'ed. */
char *export_default_path(const struct story *s, enum export_format format);

/* Every passage without children, in the order of the tree; malloc'ed array of borrowed nodes. */
size_t export_leaves(const struct story *s, struct node ***out);
/* The passage of that number (export_request.store); NULL when the story has none. */
struct node *export_find_node(const struct story *s, struct store *store, int64_t number);

#endif
