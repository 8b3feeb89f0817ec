/* line.h - foreign text as one displayable line. */
#ifndef XUXIE_UI_LINE_H
#define XUXIE_UI_LINE_H

/* A malloc'ed copy that passed text_safe(), with blanks for newlines. NULL gives "". */
char *line_copy(const char *text);

#endif
