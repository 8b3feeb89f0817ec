/* locale_setup.h - language and character set at the start of the program, and the environment its
 * children get. */
#ifndef XUXIE_SRC_LOCALE_SETUP_H
#define XUXIE_SRC_LOCALE_SETUP_H

#include <stdbool.h>

/* Sets the locale. When its character set is not UTF-8, C.UTF-8 is forced through LC_ALL (readline
 * asks the environment again), after LANGUAGE has been set from what the person asked for, so that
 * messages stay in that language. Numbers are always written with a point. Finds the message
 * catalogues. */
void locale_setup(void);

/* Was the person's own character set UTF-8? Else drawings are better kept to ASCII. */
bool locale_was_utf8(void);

/* The environment as it was before locale_setup, for execve in a child: a NULL-ended array to be
 * freed with one free(); its strings are borrowed. */
char **locale_child_environ(void);

#endif
