/* browser_paint.h - a view over the manuscript, row by row. */
#ifndef XUXIE_UI_BROWSER_PAINT_H
#define XUXIE_UI_BROWSER_PAINT_H

#include "ui/browser.h"

/* Draws it into the rows of the frame it was laid out in (browser_resize). */
void browser_paint(struct browser *b);

#endif
