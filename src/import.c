/* import.c - see import.h. */
#include "config.h"

#include "src/import.h"

#include "src/base/limits.h"
#include "src/textfile.h"

/* CR LF and lone CR are line ends of other systems. */
static void normalise_line_ends(struct str *text)
{
    size_t to = 0;
    for (size_t from = 0; from < text->len; from++) {
        char c = text->data[from];
        if (c == '\r') {
            if (from + 1 < text->len && text->data[from + 1] == '\n')
                continue;
            c = '\n';
        }
        text->data[to++] = c;
    }
    str_truncate(text, to);
}

int import_text(const char *path, struct str *out, struct err *err)
{
    int rc = textfile_read(path, TEXTFILE_REGULAR, LIMIT_STORY_FILE_BYTES, out, err);
    if (rc == 0)
        rc = textfile_check(path, out, err);
    if (rc == 0)
        normalise_line_ends(out);
    return rc;
}
