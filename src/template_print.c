/* template_print.c - writes the text form of a template (the grammar is in template_text.c).
 *
 * Canonical: keys in one order, those at their default that say nothing left out, JSON notation
 * only where it is needed, an empty line before every heading of a section. A text that ends in an
 * empty line is followed by one more, which the reader takes away.
 */
#include "config.h"

#include <string.h>

#include "src/template_text.h"

/* ---- values ---------------------------------------------------------------------------------- */

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7F;
}

static void print_json(const char *s, struct str *out)
{
    static const struct {
        char c;
        const char *escape;
    } escapes[] = {{'\n', "\\n"}, {'\r', "\\r"}, {'\t', "\\t"}, {'"', "\\\""}, {'\\', "\\\\"}};
    str_putc(out, '"');
    for (; *s; s++) {
        size_t i = 0;
        while (i < sizeof escapes / sizeof escapes[0] && escapes[i].c != *s)
            i++;
        if (i < sizeof escapes / sizeof escapes[0])
            str_puts(out, escapes[i].escape);
        else if (is_control(*s))
            str_printf(out, "\\u%04x", (unsigned char)*s);
        else
            str_putc(out, *s);
    }
    str_putc(out, '"');
}

/* Would the reader take it for something else without quotes? */
static bool needs_quotes(const char *s)
{
    size_t n = strlen(s);
    if (n == 0 || s[0] == '"' || s[0] == ' ' || s[n - 1] == ' ')
        return true;
    for (; *s; s++)
        if (is_control(*s))
            return true;
    return false;
}

static void print_value(const char *s, struct str *out)
{
    if (needs_quotes(s))
        print_json(s, out);
    else
        str_puts(out, s);
}

static void print_key(const char *key, const char *value, struct str *out)
{
    str_printf(out, "%s: ", key);
    print_value(value, out);
    str_putc(out, '\n');
}

static void print_tag(const char *tag, struct str *out)
{
    str_putc(out, '#');
    if (needs_quotes(tag) || strpbrk(tag, " \"\\"))
        print_json(tag, out);
    else
        str_puts(out, tag);
}

/* ---- texts ----------------------------------------------------------------------------------- */

static bool looks_like_heading(const char *line)
{
    line += strspn(line, "\\");
    return strncmp(line, "==", 2) == 0 || strncmp(line, "--", 2) == 0;
}

/* The lines of a text. Does its last one need an empty line behind it? */
static bool print_text(const char *text, struct str *out)
{
    if (!text[0])
        return false;
    for (const char *line = text;; line++) {
        size_t n = strcspn(line, "\n");
        if (looks_like_heading(line))
            str_putc(out, '\\');
        str_append(out, line, n);
        str_putc(out, '\n');
        line += n;
        if (!*line)
            return n == 0;
    }
}

static bool print_section(const char *heading, const char *text, struct str *out)
{
    str_printf(out, "\n== %s\n", heading);
    return print_text(text, out);
}

/* ---- the parts ------------------------------------------------------------------------------- */

static void print_keys(const struct template *t, struct str *out)
{
    static const char *const modes[] = {
        [TEMPLATE_ZERO] = "zero", [TEMPLATE_ONE] = "one", [TEMPLATE_FEW] = "few"};
    static const char *const selects[] = {[SELECT_FIRST] = "first",
                                          [SELECT_RANDOM] = "random",
                                          [SELECT_TAG] = "tag ",
                                          [SELECT_SIMILAR] = "similar"};
    str_puts(out, "xuxie template 1\n");
    print_key("name", t->name, out);
    if (t->about[0])
        print_key("about", t->about, out);
    print_key("mode", modes[t->mode], out);
    if (t->k == SHOTS_FIT)
        print_key("k", "fit", out);
    else
        str_printf(out, "k: %d\n", t->k);
    str_printf(out, "select: %s", selects[t->select]);
    if (t->select == SELECT_TAG)
        print_value(t->select_tag, out);
    str_puts(out, "\nseparator: ");
    print_json(t->separator, out);
    str_putc(out, '\n');
    for (size_t i = 0; i < t->n_stops; i++) {
        str_puts(out, "stop: ");
        print_json(t->stops[i], out);
        str_putc(out, '\n');
    }
    for (size_t i = 0; i < t->n_settings; i++) {
        str_printf(out, "set: %s = ", t->settings[i].name);
        print_value(t->settings[i].value, out);
        str_putc(out, '\n');
    }
    for (size_t i = 0; i < t->n_vars; i++) {
        str_printf(out, "var: %s%s", t->vars[i].name, t->vars[i].def ? " = " : "");
        if (t->vars[i].def)
            print_value(t->vars[i].def, out);
        str_putc(out, '\n');
    }
}

static bool print_head(const struct template *t, struct str *out)
{
    print_keys(t, out);
    print_section("instruction", t->instruction, out);
    bool open = print_section("example format", t->example_format, out);
    if (t->query_format)
        open = print_section("query format", t->query_format, out);
    return open;
}

static bool print_example(const struct template_example *e, struct str *out)
{
    bool open = false;
    str_puts(out, e->n_tags ? "== example " : "== example");
    template_print_tags(e, out);
    str_puts(out, e->off ? " off\n" : "\n");
    if (e->note[0])
        print_key("note", e->note, out);
    if (e->source[0])
        print_key("source", e->source, out);
    for (size_t i = 0; i <= e->n_fields; i++) {
        str_printf(out, "%s-- %s\n", open ? "\n" : "",
                   i < e->n_fields ? e->fields[i].name : "output");
        open = print_text(i < e->n_fields ? e->fields[i].value : e->output, out);
    }
    return open;
}

void template_print_tags(const struct template_example *e, struct str *out)
{
    for (size_t i = 0; i < e->n_tags; i++) {
        if (i)
            str_putc(out, ' ');
        print_tag(e->tags[i], out);
    }
}

void template_print_head(const struct template *t, struct str *out)
{
    if (print_head(t, out))
        str_putc(out, '\n');
}

void template_print_example(const struct template_example *e, struct str *out)
{
    if (print_example(e, out))
        str_putc(out, '\n');
}

void template_print(const struct template *t, struct str *out)
{
    bool open = print_head(t, out);
    for (size_t i = 0; i < t->n_examples; i++) {
        str_putc(out, '\n');
        open = print_example(&t->examples[i], out);
    }
    if (open)
        str_putc(out, '\n');
}
