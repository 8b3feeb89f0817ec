/* query_line.h - the variables of a template's query in one line, as a person types them, and back.
 *
 *     雪                        the first variable that is not named elsewhere in the line
 *     雪 体裁=五言              another one by its name; its value goes on to the next name
 *     体裁="a = b" 雪夜         in quotation marks where it would be taken for a name
 *
 * Pure; fields are malloc'ed arrays of owned strings, freed with query_fields_free.
 */
#ifndef XUXIE_SRC_QUERY_LINE_H
#define XUXIE_SRC_QUERY_LINE_H

#include "src/template.h"

/* What the line says. The count. A template with one variable takes the line as it is. */
size_t query_line_parse(const struct template *t, const char *line, struct template_field **out);
void query_fields_free(struct template_field *fields, size_t n);
/* A line that parses to these fields, appended. */
void query_line_print(const struct template *t, const struct template_field *fields, size_t n,
                      struct str *out);
/* The names that have neither a value among the fields nor a default: the i-th; NULL past the end.
 * Borrowed until the next call. */
const char *query_line_missing(const struct template *t, const struct template_field *fields,
                               size_t n, size_t i);
/* The fields that make this query of the template: the reverse of filling its format in. False when
 * the text is no query of it. */
bool query_line_recover(const struct template *t, const char *query, size_t n_query,
                        struct template_field **out, size_t *n);

#endif
