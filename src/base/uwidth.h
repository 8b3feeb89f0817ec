/* uwidth.h - the one authority on how many columns a character takes.
 *
 * Unicode 15 through utf8proc, plus the choice for East Asian Ambiguous characters (probed or set).
 * The program also defines wcwidth() and wcswidth() with it (uwidth_interpose.c), so that ncurses
 * and readline use the same numbers.
 *
 * Threads: uwidth_set_ambiguous before the others start, or on the UI thread only.
 */
#ifndef XUXIE_BASE_UWIDTH_H
#define XUXIE_BASE_UWIDTH_H

#include <stddef.h>
#include <stdint.h>

/* Columns of ambiguous characters such as “ ” … — (1 or 2; 1 at start). */
void uwidth_set_ambiguous(int columns);
int uwidth_ambiguous(void);

/* Columns of one code point: 0 (combining, format), 1 or 2; -1 for control characters. */
int uwidth_cp(uint32_t cp);

/* Columns of a valid UTF-8 string; control characters count as 0. */
size_t uwidth_str(const char *s, size_t n_bytes);

/* Length in bytes of the grapheme cluster (UAX #29) at s, at least 1 when n_bytes > 0, and its
 * width in columns as it is drawn (base + at most 4 combining marks; ZWJ and variation selectors
 * take no column). A cluster ends at the latest before it passes 32 code points or 16 columns, so
 * that nothing written can make one that fits no screen. */
size_t uwidth_cluster(const char *s, size_t n_bytes, int *columns);

#endif
