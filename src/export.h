/* export.h - the manuscript to a file: plain text or Markdown, by the file's suffix. */
#ifndef XUXIE_SRC_EXPORT_H
#define XUXIE_SRC_EXPORT_H

#include <stdbool.h>

#include "src/base/err.h"
#include "src/story.h"

/* Expands a leading ~ and checks the suffix (.txt, .md; none means .txt). malloc'ed; NULL with
 * E_USAGE for another suffix. */
char *export_path(const char *typed, struct err *err);
bool export_exists(const char *path);

/* Writes the path to the current node: to a temporary file beside the target, which it replaces
 * whole or not at all. Text files get the bytes as they are and a newline at the end; Markdown gets
 * the title as a heading and an empty line between paragraphs. */
int export_story(const struct story *s, const char *path, struct err *err);

#endif
