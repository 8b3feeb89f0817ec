/* columns.h - what a file of queries calls the variables of a template: by their names, as --map
 * says, or "input" (输入) where there is but one. */
#ifndef XUXIE_SRC_COLUMNS_H
#define XUXIE_SRC_COLUMNS_H

#include <stddef.h>

#include "src/option_table.h"
#include "src/template.h"

struct columns {
    struct column {
        char *variable;
        const char *column; /* in the option's text */
    } * map;
    size_t n_map;
    char *only; /* the one variable a query has; NULL: it has none or several */
};

/* E_USAGE: a map that is none. Borrows the map's texts. */
int columns_init(struct columns *c, const struct template *t, const struct text_list *map,
                 struct err *err);
void columns_free(struct columns *c);

/* The variable a column gives, borrowed from c or `column` itself. */
const char *columns_variable(const struct columns *c, const char *column);

#endif
