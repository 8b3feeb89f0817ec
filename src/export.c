/* export.c - see export.h. */
#include "config.h"

#include "src/export.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <xxhash.h>

#include "src/base/clock.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/utf8.h"
#include "src/book.h"
#include "src/dates.h"
#include "src/export_epub.h"
#include "src/json_text.h"

/* ---- the manuscript -------------------------------------------------------------------------- */

/* The passages from the first one to `end`; malloc'ed. */
static const struct node **branch(const struct node *end, size_t *n)
{
    *n = 0;
    for (const struct node *at = end; at->parent; at = at->parent)
        (*n)++;
    const struct node **path = x_calloc(*n + 1, sizeof path[0]);
    size_t i = *n;
    for (const struct node *at = end; at->parent; at = at->parent)
        path[--i] = at;
    return path;
}

static void branch_text(const struct node *end, struct str *out)
{
    size_t n;
    const struct node **path = branch(end, &n);
    str_init(out, SIZE_MAX / 4); /* a manuscript is as long as it is */
    for (size_t i = 0; i < n; i++)
        str_append(out, path[i]->text, path[i]->n_text);
    free(path);
}

static const struct node *end_of(const struct export_request *r)
{
    return r->end ? r->end : r->story->current;
}

/* The title; a story without one is called by its first line. "" when that is blank. */
static void story_name(const struct story *s, const char *text, size_t n, struct str *out)
{
    struct book_span line = {s->title, strlen(s->title)};
    size_t at = 0;
    while (book_trim(line).n == 0 && book_line(text, n, &at, &line))
        ;
    line = book_trim(line);
    size_t n_name = s->title[0] || line.n <= 90 ? line.n : utf8_floor(line.p, line.n, 90);
    str_append(out, line.p, n_name);
}

/* ---- formats --------------------------------------------------------------------------------- */

/* Paragraphs begin two characters in; headings and what is indented already do not. */
static void write_indented(const struct str *text, struct outfile *out)
{
    struct book_span line, title;
    for (size_t at = 0, begin = 0; book_line(str_cstr(text), text->len, &at, &line); begin = at) {
        bool blank = book_trim(line).n == 0;
        bool has = line.n >= 3 && memcmp(line.p, "\u3000", 3) == 0;
        if (!blank && !has && !book_heading(line, &title)) {
            outfile_puts(out, "\u3000\u3000");
            while (line.n && (line.p[0] == ' ' || line.p[0] == '\t'))
                line.p++, line.n--, begin++;
        }
        outfile_write(out, str_cstr(text) + begin, at - begin);
    }
}

static int write_txt(const struct export_request *r, struct outfile *out, struct err *err)
{
    (void)err;
    struct str text;
    branch_text(end_of(r), &text);
    if (r->indent)
        write_indented(&text, out);
    else
        outfile_write(out, str_cstr(&text), text.len);
    if (text.len && text.data[text.len - 1] != '\n')
        outfile_write(out, "\n", 1);
    str_free(&text);
    return 0;
}

/* Characters that would mean something to Markdown at this place of a line. */
static bool needs_escape(char c, bool at_line_start)
{
    return strchr("\\`*_[]<&", c) || (at_line_start && strchr("#>+-=~|", c));
}

/* One line as a paragraph: nothing in it is markup, not even "1." or an indent of four spaces. */
static void render_md_line(const char *p, size_t n, struct str *out)
{
    size_t i = 0;
    for (; i < n && (p[i] == ' ' || p[i] == '\t'); i++)
        str_puts(out, p[i] == ' ' ? "&nbsp;" : "&nbsp;&nbsp;&nbsp;&nbsp;");
    size_t digits = i;
    while (digits < n && p[digits] >= '0' && p[digits] <= '9')
        digits++;
    for (size_t start = i; i < n; i++) {
        bool numbers = i == digits && digits > start && (p[i] == '.' || p[i] == ')');
        if (p[i] && (numbers || needs_escape(p[i], i == start)))
            str_putc(out, '\\');
        str_putc(out, p[i]);
    }
}

static int write_md(const struct export_request *r, struct outfile *out, struct err *err)
{
    (void)err;
    const char *title = r->story->title;
    struct str text, line;
    size_t at = 0;
    branch_text(end_of(r), &text);
    str_init(&line, SIZE_MAX / 4);
    if (title[0]) {
        str_puts(&line, "# ");
        render_md_line(title, strlen(title), &line);
        str_puts(&line, "\n\n");
    }
    outfile_write(out, str_cstr(&line), line.len);
    for (struct book_span s; book_line(str_cstr(&text), text.len, &at, &s);) {
        str_clear(&line);
        render_md_line(s.p, s.n, &line);
        if (s.n)
            str_puts(&line, "\n\n");
        outfile_write(out, str_cstr(&line), line.len);
    }
    str_free(&line);
    str_free(&text);
    return 0;
}

static void to_outfile(void *ctx, const void *bytes, size_t n)
{
    outfile_write(ctx, bytes, n);
}

/* Reproducible builds' way to say when: https://reproducible-builds.org/specs/source-date-epoch/ */
static int64_t export_seconds(void)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    char *end = NULL;
    errno = 0;
    long long s = epoch && epoch[0] >= '0' && epoch[0] <= '9' ? strtoll(epoch, &end, 10) : 0;
    return end && !*end && !errno ? s : clock_wall_ms() / 1000;
}

/* The number of a story or passage in the database. */
static int64_t number_of(const struct export_request *r, store_ref ref)
{
    int64_t row = r->store && ref ? store_row(r->store, ref) : ref;
    return row ? row : ref;
}

/* A book stays the same book while its story is written on; another branch is another book. */
static void identify(const struct export_request *r, uint64_t identity[2])
{
    const struct node *first = r->story->root->first_child;
    struct str what = STR_INIT;
    str_printf(&what, "xuxie %lld %lld\n", (long long)number_of(r, r->story->ref),
               (long long)(r->end ? number_of(r, r->end->ref) : 0));
    if (first)
        str_append(&what, first->text, first->n_text);
    XXH128_hash_t hash = XXH3_128bits(what.data, what.len);
    str_free(&what);
    identity[0] = hash.high64;
    identity[1] = hash.low64;
}

static int write_epub(const struct export_request *r, struct outfile *out, struct err *err)
{
    struct str text, title = STR_INIT;
    branch_text(end_of(r), &text);
    story_name(r->story, str_cstr(&text), text.len, &title);
    struct epub e = {.title = str_cstr(&title),
                     .text = str_cstr(&text),
                     .n_text = text.len,
                     .modified_s = export_seconds()};
    if (!epub_has_text(e.title))
        e.title = _("untitled");
    identify(r, e.identity);
    int rc = epub_write(&e, to_outfile, out, err);
    str_free(&title);
    str_free(&text);
    return rc;
}

/* ---- JSON lines ------------------------------------------------------------------------------ */

static json_t *passage_json(const struct export_request *r, const struct node *n)
{
    static const char *const kinds[] = {"root", "author", "model"};
    json_t *o = json_pack("{s:s, s:I, s:I, s:s}", "type", "passage", "passage",
                          (json_int_t)number_of(r, n->ref), "parent",
                          (json_int_t)(n->parent->parent ? number_of(r, n->parent->ref) : 0),
                          "kind", kinds[n->kind]);
    char created[DATE_TEXT];
    if (n->generation)
        json_object_set_new(o, "generation", json_integer(number_of(r, n->generation)));
    json_object_set_new(o, "created", json_string(date_iso(n->created_ms, created)));
    json_set_text(o, "text", n->text, n->n_text);
    return o;
}

/* The node after n, parents before children; NULL at the end. */
static struct node *node_after(const struct node *n)
{
    if (n->first_child)
        return n->first_child;
    while (n && !n->next)
        n = n->parent;
    return n ? n->next : NULL;
}

static void write_passages(const struct export_request *r, struct outfile *out)
{
    size_t n = 0;
    const struct node **path = r->end ? branch(r->end, &n) : NULL;
    for (size_t i = 0; i < n && outfile_ok(out); i++)
        json_write_line(passage_json(r, path[i]), out);
    free(path);
    if (r->end)
        return;
    for (const struct node *at = node_after(r->story->root); at && outfile_ok(out);
         at = node_after(at))
        json_write_line(passage_json(r, at), out);
}

static int write_jsonl(const struct export_request *r, struct outfile *out, struct err *err)
{
    (void)err;
    const struct story *s = r->story;
    int64_t current = s->current->parent ? number_of(r, s->current->ref) : 0;
    json_t *head = json_pack("{s:s, s:i, s:I, s:I}", "type", "story", "version", 1, "story",
                             (json_int_t)number_of(r, s->ref), "current", (json_int_t)current);
    json_set_text(head, "title", s->title, strlen(s->title));
    json_write_line(head, out);
    write_passages(r, out);
    return 0;
}

static const struct format {
    const char *name;
    int (*write)(const struct export_request *r, struct outfile *out, struct err *err);
} formats[N_EXPORT_FORMATS] = {
    [EXPORT_TXT] = {"txt", write_txt},
    [EXPORT_MD] = {"md", write_md},
    [EXPORT_EPUB] = {"epub", write_epub},
    [EXPORT_JSONL] = {"jsonl", write_jsonl},
};

/* ---- doors ----------------------------------------------------------------------------------- */

int export_write(const struct export_request *r, struct outfile *out, struct err *err)
{
    return formats[r->format].write(r, out, err);
}

int export_file(const struct export_request *r, const char *path, bool replace, struct err *err)
{
    struct outfile *out;
    int rc = outfile_open(path, replace, &out, err);
    if (rc)
        return rc;
    rc = export_write(r, out, err);
    if (rc) {
        outfile_abandon(out);
        return rc;
    }
    return outfile_finish(out, err);
}

const char *export_format_name(size_t i)
{
    return i < N_EXPORT_FORMATS ? formats[i].name : NULL;
}

bool export_format_find(const char *name, enum export_format *out)
{
    for (size_t i = 0; i < N_EXPORT_FORMATS; i++)
        if (strcasecmp(formats[i].name, name) == 0) {
            *out = (enum export_format)i;
            return true;
        }
    return false;
}

/* The suffix of a file name, without the dot; NULL when there is none. */
static const char *suffix_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash ? slash + 1 : path, '.');
    return dot ? dot + 1 : NULL;
}

int export_format_of(const char *path, enum export_format *out, struct err *err)
{
    const char *suffix = suffix_of(path);
    if (!suffix || export_format_find(suffix, out))
        return 0;
    return err_set(err, E_USAGE, _("%s: the name must end in .txt, .md, .epub or .jsonl"), path);
}

char *export_expand(const char *typed, enum export_format format)
{
    struct str p = STR_INIT;
    const char *home = getenv("HOME");
    if (typed[0] == '~' && typed[1] == '/' && home)
        str_printf(&p, "%s%s", home, typed + 1);
    else
        str_puts(&p, typed);
    if (!suffix_of(str_cstr(&p)))
        str_printf(&p, ".%s", formats[format].name);
    return str_take(&p);
}

char *export_default_path(const struct story *s, enum export_format format)
{
    struct str text, name = STR_INIT, path = STR_INIT;
    branch_text(s->current, &text);
    story_name(s, str_cstr(&text), text.len, &name);
    book_file_name(str_cstr(&name), _("untitled"), &path);
    str_printf(&path, ".%s", formats[format].name);
    str_free(&text);
    str_free(&name);
    return str_take(&path);
}

size_t export_leaves(const struct story *s, struct node ***out)
{
    size_t n_leaves = 0, cap = 16;
    struct node **leaves = x_malloc(cap * sizeof leaves[0]);
    for (struct node *n = node_after(s->root); n; n = node_after(n)) {
        if (n->first_child)
            continue;
        if (n_leaves == cap) {
            cap *= 2;
            leaves = x_realloc(leaves, cap * sizeof leaves[0]);
        }
        leaves[n_leaves++] = n;
    }
    *out = leaves;
    return n_leaves;
}

struct node *export_find_node(const struct story *s, struct store *store, int64_t number)
{
    const struct export_request r = {.story = s, .store = store};
    for (struct node *n = node_after(s->root); n; n = node_after(n))
        if (number_of(&r, n->ref) == number)
            return n;
    return NULL;
}
