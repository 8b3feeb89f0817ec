/* closest.h - "did you mean": the known word nearest to one that was mistyped. */
#ifndef XUXIE_SRC_CLOSEST_H
#define XUXIE_SRC_CLOSEST_H

#include <stddef.h>

/* Among word_at(0), word_at(1), ... (NULL ends), the one that takes the fewest insertions,
 * deletions, replacements and swaps of neighbours of single bytes to reach; NULL when it takes more
 * than a third of the length. Hyphens and underscores are the same. */
const char *closest_word(const char *word, const char *(*word_at)(size_t i));

#endif
