/* columns.c - see columns.h. */
#include "config.h"

#include "src/columns.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"

int columns_init(struct columns *c, const struct template *t, const struct text_list *map,
                 struct err *err)
{
    const char **names;
    const size_t n_names = template_query_vars(t, &names);
    *c = (struct columns){.map = x_calloc(map->n + 1, sizeof c->map[0]),
                          .only = n_names == 1 ? x_strdup(names[0]) : NULL};
    free(names);
    for (size_t i = 0; i < map->n; i++) {
        const char *text = map->items[i], *equals = strchr(text, '=');
        if (!equals || equals == text || !equals[1]) {
            char quoted[360];
            columns_free(c);
            return err_set(err, E_USAGE, _("map: \"%s\" is not of the form VARIABLE=COLUMN"),
                           err_quote(quoted, sizeof quoted, text, strlen(text)));
        }
        c->map[c->n_map++] = (struct column){x_strndup(text, (size_t)(equals - text)), equals + 1};
    }
    return 0;
}

void columns_free(struct columns *c)
{
    for (size_t i = 0; i < c->n_map; i++)
        free(c->map[i].variable);
    free(c->map);
    free(c->only);
    *c = (struct columns){0};
}

const char *columns_variable(const struct columns *c, const char *column)
{
    for (size_t i = 0; i < c->n_map; i++)
        if (strcmp(c->map[i].column, column) == 0)
            return c->map[i].variable;
    if (c->only && (strcmp(column, "input") == 0 || strcmp(column, "输入") == 0))
        return c->only;
    return column;
}
