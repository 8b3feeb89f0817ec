/* template_check.h - the parts of template_check(), for who knows where each stands: the reader of
 * the text form tells the line, editors the field. Messages begin with what is wrong; put the place
 * before them with err_wrap. All return 0 or E_INPUT. */
#ifndef XUXIE_SRC_TEMPLATE_CHECK_H
#define XUXIE_SRC_TEMPLATE_CHECK_H

#include "src/template.h"

int template_check_name(const char *name, struct err *err); /* of a template */
int template_check_about(const char *about, struct err *err);
int template_check_setting(const char *name, const char *value, struct err *err);
int template_check_stop(const char *stop, struct err *err);
int template_check_var(const char *name, struct err *err);
int template_check_tag(const char *tag, struct err *err);
/* A format by itself: is everything in it closed? A query's ends where the answer begins. */
int template_check_format(const char *format, bool is_query, struct err *err);
/* The head: formats, instruction and declared variables fit together. */
int template_check_formats(const struct template *t, struct err *err);

/* For checking many examples of one template: what its example format needs, found out once. */
struct template_needs {
    const char **names; /* fields that have no default; freed with this */
    size_t n_names;
    bool says_output;
};
void template_needs_init(struct template_needs *needs, const struct template *t);
void template_needs_free(struct template_needs *needs);
/* An example of the template, or to be one: its names, and that nothing is missing. */
int template_check_example(const struct template_needs *needs, const struct template_example *e,
                           struct err *err);

#endif
