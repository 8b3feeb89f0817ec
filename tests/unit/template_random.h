/* template_random.h - consistent templates drawn at random, with every kind of text the text form
 * must carry: line breaks at the ends, lines that look like headings, empty fields, odd tags. */
#ifndef XUXIE_TESTS_TEMPLATE_RANDOM_H
#define XUXIE_TESTS_TEMPLATE_RANDOM_H

#include <stdio.h>
#include <stdlib.h>

#include "src/template.h"
#include "tests/unit/random_text.h"

/* Text without NUL; valid UTF-8. */
static inline char *random_value(struct random *r, size_t max_pieces)
{
    static const char *const odd[] = {
        "\n",  "\n\n", "==",   "--",     "== example", "-- output", "\\",
        "\\=", "\\==", "\\--", "\\\\--", "\r",         "\r\n",      "\t",
        " ",   "\"",   "{",    "\x1b[m", "note: x",    "\x7f",      "== instruction",
    };
    struct str s = STR_INIT;
    for (size_t n = random_below(r, max_pieces + 1); n > 0; n--) {
        if (random_below(r, 2))
            str_puts(&s, odd[random_below(r, ARRAY_LEN(odd))]);
        else
            str_puts(&s, random_plain_piece(r));
        if (random_below(r, 4) == 0)
            str_putc(&s, '\n');
    }
    char *out = x_strdup(str_cstr(&s));
    str_free(&s);
    return out;
}

static inline char *random_tag(struct random *r)
{
    char *tag = random_value(r, 3);
    if (tag[0])
        return tag;
    free(tag);
    return x_strdup("#");
}

/* A line for people: no control characters, no blanks at the ends. */
static inline char *random_line(struct random *r, const char *begin)
{
    struct str s = STR_INIT;
    str_puts(&s, begin);
    for (size_t n = random_below(r, 5); n > 0; n--)
        str_puts(&s, random_plain_piece(r));
    str_puts(&s, ".");
    char *out = x_strdup(str_cstr(&s));
    str_free(&s);
    return out;
}

static const char *const random_names[] = {"题目", "上 联", "a", "C#", "note", "- x", "名字…"};

/* A format with the first n_names names in it. */
static inline char *random_format(struct random *r, size_t n_names, bool output)
{
    struct str s = STR_INIT;
    for (size_t i = 0; i < n_names; i++) {
        char *text = random_value(r, 3);
        for (char *p = text; (p = strstr(p, "{{"));) /* would begin a variable */
            *p = '[';
        str_printf(&s, "%s{{%s%s%s}}", text, random_below(r, 2) ? " " : "", random_names[i],
                   random_below(r, 2) ? " " : "");
        free(text);
        if (random_below(r, 3) == 0)
            str_puts(&s, "\\{{");
    }
    str_puts(&s, "\n答：");
    if (output)
        str_puts(&s, random_below(r, 2) ? "{{output}}" : "{{输出}}\n");
    char *out = x_strdup(str_cstr(&s));
    str_free(&s);
    return out;
}

static inline void random_example(struct random *r, size_t n_names, struct template_example *e)
{
    *e = (struct template_example){.off = random_below(r, 4) == 0,
                                   .output = random_value(r, 6),
                                   .note = random_below(r, 2) ? random_value(r, 3) : NULL,
                                   .source = random_below(r, 2) ? random_value(r, 3) : NULL};
    e->n_fields = n_names + random_below(r, ARRAY_LEN(random_names) - n_names + 1);
    e->fields = x_calloc(e->n_fields + 1, sizeof e->fields[0]);
    for (size_t i = 0; i < e->n_fields; i++)
        e->fields[i] = (struct template_field){x_strdup(random_names[i]), random_value(r, 5)};
    e->n_tags = random_below(r, 4);
    e->tags = x_calloc(e->n_tags + 1, sizeof e->tags[0]);
    for (size_t i = 0; i < e->n_tags; i++)
        e->tags[i] = random_tag(r);
}

static inline struct template *random_template(struct random *r, size_t max_examples)
{
    static const struct {
        const char *name, *value;
    } settings[] = {{"preset", "gpt3"},
                    {"temp", "0.3"},
                    {"max_tokens", "8"},
                    {"samplers", "temp;top_p"},
                    {"logit_bias", "5=-inf"}};
    char *name = random_line(r, "模板");
    struct template *t = template_new(name);
    free(name);
    if (random_below(r, 2)) {
        free(t->about);
        t->about = random_line(r, "关于");
    }
    t->mode = (enum template_mode)random_below(r, 3);
    t->k = random_below(r, 3) ? 1 + (int)random_below(r, 200) : SHOTS_FIT;
    t->select = (enum template_select)random_below(r, 4);
    if (t->select == SELECT_TAG)
        t->select_tag = random_tag(r);
    size_t n_names = random_below(r, 4);
    free(t->instruction);
    t->instruction = random_value(r, 5);
    free(t->example_format);
    t->example_format = random_format(r, n_names, true);
    if (random_below(r, 2))
        t->query_format = random_below(r, 5) ? random_format(r, n_names, false) : x_strdup("");
    free(t->separator);
    t->separator = random_value(r, 2);
    for (size_t n = random_below(r, 3); n > 0; n--) {
        t->stops = x_realloc(t->stops, (t->n_stops + 1) * sizeof t->stops[0]);
        t->stops[t->n_stops++] = random_tag(r);
    }
    t->n_settings = random_below(r, ARRAY_LEN(settings) + 1);
    t->settings = x_calloc(t->n_settings + 1, sizeof t->settings[0]);
    for (size_t i = 0; i < t->n_settings; i++)
        t->settings[i] =
            (struct template_setting){x_strdup(settings[i].name), x_strdup(settings[i].value)};
    t->n_vars = random_below(r, 4);
    t->vars = x_calloc(t->n_vars + 1, sizeof t->vars[0]);
    for (size_t i = 0; i < t->n_vars; i++)
        t->vars[i] = (struct template_var){x_strdup(random_names[i]),
                                           random_below(r, 2) ? random_value(r, 2) : NULL};
    for (size_t n = random_below(r, max_examples + 1); n > 0; n--) {
        struct template_example e;
        random_example(r, n_names, &e);
        template_add_example(t, &e);
    }
    return t;
}

#endif
