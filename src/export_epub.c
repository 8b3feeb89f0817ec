/* export_epub.c - see export_epub.h.
 *
 * The text is gone through once for the chapters, which are spans of it, and once to write them.
 * Readers of books are slow with large files, so that a chapter goes on in a second file after
 * about FILE_BYTES, at the end of a paragraph; the table of contents does not know.
 *
 *   mimetype                 first and stored, as the format wants it
 *   META-INF/container.xml
 *   EPUB/package.opf, nav.xhtml, toc.ncx, style.css, text0001.xhtml ...
 */
#include "config.h"

#include "src/export_epub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/utf8.h"
#include "src/book.h"

enum { FILE_BYTES = 200 * 1024 };

/* One XHTML file: some paragraphs of the text, at the head of a chapter maybe its heading. */
struct file {
    size_t begin, end;        /* of its lines in the text */
    bool heads;               /* a chapter begins here */
    struct book_span heading; /* n = 0: none */
};

struct maker {
    const struct epub *epub;
    const char *language;
    bool blank_separates; /* an empty line between paragraphs is the rule, not a break */
    struct file *files;
    size_t n_files, cap;
    struct zip_writer zip;
};

/* ---- XML ------------------------------------------------------------------------------------- */

/* May stand in XML 1.0, and is no control character. */
static bool is_text(uint32_t cp)
{
    return cp == '\t' || (cp >= 0x20 && cp < 0x7F) ||
           (cp > 0x9F && (cp & 0xFFFE) != 0xFFFE && !(cp >= 0xFDD0 && cp <= 0xFDEF));
}

static void put_text(struct str *out, const char *p, size_t n)
{
    while (n) {
        uint32_t cp = 0;
        size_t len = utf8_decode(p, n, &cp);
        if (!len)
            str_puts(out, UTF8_REPLACEMENT);
        else if (cp == '<')
            str_puts(out, "&lt;");
        else if (cp == '>')
            str_puts(out, "&gt;");
        else if (cp == '&')
            str_puts(out, "&amp;");
        else if (cp == '"')
            str_puts(out, "&quot;");
        else if (is_text(cp))
            str_append(out, p, len);
        p += len ? len : 1;
        n -= len ? len : 1;
    }
}

static bool has_text(struct book_span s)
{
    struct str shown = STR_INIT;
    put_text(&shown, s.p, s.n);
    bool any = book_trim((struct book_span){str_cstr(&shown), shown.len}).n > 0;
    str_free(&shown);
    return any;
}

bool epub_has_text(const char *title)
{
    return has_text((struct book_span){title, strlen(title)});
}

static void put_title(struct str *out, const struct maker *m)
{
    put_text(out, m->epub->title, strlen(m->epub->title));
}

/* ---- chapters -------------------------------------------------------------------------------- */

static bool is_blank(struct book_span line)
{
    return book_trim(line).n == 0;
}

/* Do empty lines stand between most paragraphs? Then only several of them mean a break. */
static bool find_blank_separates(const char *text, size_t n)
{
    size_t n_close = 0, n_apart = 0, n_blank = 0;
    struct book_span line;
    bool any = false;
    for (size_t at = 0; book_line(text, n, &at, &line);) {
        if (is_blank(line)) {
            n_blank++;
            continue;
        }
        n_apart += any && n_blank;
        n_close += any && !n_blank;
        n_blank = 0;
        any = true;
    }
    return n_apart > n_close;
}

static struct file *add_file(struct maker *m, size_t begin, bool heads)
{
    if (m->n_files == m->cap) {
        m->cap = m->cap ? m->cap * 2 : 16;
        m->files = x_realloc(m->files, m->cap * sizeof m->files[0]);
    }
    m->files[m->n_files] = (struct file){.begin = begin, .end = begin, .heads = heads};
    return &m->files[m->n_files++];
}

static void find_files(struct maker *m)
{
    const struct epub *e = m->epub;
    struct file *f = NULL;
    struct book_span line, title;
    for (size_t at = 0, begin = 0; book_line(e->text, e->n_text, &at, &line); begin = at) {
        if (is_blank(line) && !f)
            continue; /* nothing before the first line */
        bool heads = book_heading(line, &title);
        bool full = f && f->end > f->begin && at - f->begin > FILE_BYTES;
        if (!f || heads || full)
            f = add_file(m, begin, !f || heads);
        if (heads) {
            f->heading = title;
            f->begin = at;
        }
        f->end = at;
    }
    if (!f)
        add_file(m, 0, true);
}

/* ---- parts of the book ----------------------------------------------------------------------- */

static void begin_xhtml(const struct maker *m, struct str *out, struct book_span title)
{
    str_printf(out,
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE html>\n"
               "<html xmlns=\"http://www.w3.org/1999/xhtml\" "
               "xmlns:epub=\"http://www.idpf.org/2007/ops\" lang=\"%s\" xml:lang=\"%s\">\n<head>\n"
               "<meta charset=\"UTF-8\"/>\n<title>",
               m->language, m->language);
    put_text(out, title.p, title.n);
    str_puts(out, "</title>\n<link rel=\"stylesheet\" type=\"text/css\" href=\"style.css\"/>\n"
                  "</head>\n");
}

/* What a chapter is called: its heading, before the first one the book's title. A heading of
 * characters that are left out is no name. */
static struct book_span chapter_name(const struct maker *m, const struct file *f)
{
    return has_text(f->heading) ? f->heading
                                : (struct book_span){m->epub->title, strlen(m->epub->title)};
}

static void make_chapter(const struct maker *m, const struct file *f, struct str *out)
{
    struct book_span name = chapter_name(m, f), line;
    begin_xhtml(m, out, name);
    str_puts(out, "<body>\n<section epub:type=\"chapter\">\n");
    if (f->heads) {
        str_puts(out, "<h1>");
        put_text(out, name.p, name.n);
        str_puts(out, "</h1>\n");
    }
    size_t n_blank = 0;
    bool any = false;
    for (size_t at = f->begin; book_line(m->epub->text, f->end, &at, &line);) {
        struct book_span text = book_trim(line);
        if (text.n == 0) {
            n_blank++;
            continue;
        }
        bool apart = any && n_blank > (m->blank_separates ? 1 : 0);
        str_puts(out, apart ? "<p class=\"break\">" : "<p>");
        put_text(out, text.p, text.n);
        str_puts(out, "</p>\n");
        n_blank = 0;
        any = true;
    }
    if (!any && !f->heads)
        str_puts(out, "<p></p>\n");
    str_puts(out, "</section>\n</body>\n</html>\n");
}

static void make_nav(const struct maker *m, struct str *out)
{
    bool zh = strcmp(m->language, "zh") == 0;
    begin_xhtml(m, out, (struct book_span){m->epub->title, strlen(m->epub->title)});
    str_printf(out, "<body>\n<nav epub:type=\"toc\" id=\"toc\">\n<h1>%s</h1>\n<ol>\n",
               zh ? "目录" : "Contents"); /* in the language of the book */
    for (size_t i = 0; i < m->n_files; i++) {
        if (!m->files[i].heads)
            continue;
        struct book_span name = chapter_name(m, &m->files[i]);
        str_printf(out, "<li><a href=\"text%04zu.xhtml\">", i + 1);
        put_text(out, name.p, name.n);
        str_puts(out, "</a></li>\n");
    }
    str_puts(out, "</ol>\n</nav>\n</body>\n</html>\n");
}

static void put_uuid(const struct maker *m, struct str *out)
{
    /* version 8 (made by the program's own rule) and the variant of RFC 9562 */
    uint64_t hi = (m->epub->identity[0] & ~UINT64_C(0xF000)) | 0x8000;
    uint64_t lo = (m->epub->identity[1] & (UINT64_MAX >> 2)) | UINT64_C(1) << 63;
    str_printf(out, "urn:uuid:%08x-%04x-%04x-%04x-%012llx", (unsigned)(hi >> 32),
               (unsigned)(hi >> 16 & 0xFFFF), (unsigned)(hi & 0xFFFF), (unsigned)(lo >> 48),
               (unsigned long long)(lo & UINT64_C(0xFFFFFFFFFFFF)));
}

static void make_ncx(const struct maker *m, struct str *out)
{
    str_puts(out,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<ncx xmlns=\"http://www.daisy.org/z3986/2005/ncx/\" version=\"2005-1\">\n<head>\n"
             "<meta name=\"dtb:uid\" content=\"");
    put_uuid(m, out);
    str_puts(out, "\"/>\n<meta name=\"dtb:depth\" content=\"1\"/>\n"
                  "<meta name=\"dtb:totalPageCount\" content=\"0\"/>\n"
                  "<meta name=\"dtb:maxPageNumber\" content=\"0\"/>\n</head>\n<docTitle><text>");
    put_title(out, m);
    str_puts(out, "</text></docTitle>\n<navMap>\n");
    size_t order = 0;
    for (size_t i = 0; i < m->n_files; i++) {
        if (!m->files[i].heads)
            continue;
        struct book_span name = chapter_name(m, &m->files[i]);
        str_printf(out, "<navPoint id=\"n%zu\" playOrder=\"%zu\"><navLabel><text>", order + 1,
                   order + 1);
        put_text(out, name.p, name.n);
        str_printf(out, "</text></navLabel><content src=\"text%04zu.xhtml\"/></navPoint>\n", i + 1);
        order++;
    }
    str_puts(out, "</navMap>\n</ncx>\n");
}

static void make_package(const struct maker *m, struct str *out)
{
    char modified[32] = "1970-01-01T00:00:00Z";
    time_t t = (time_t)m->epub->modified_s;
    struct tm tm;
    if (gmtime_r(&t, &tm) && tm.tm_year >= 70 && tm.tm_year < 8100)
        strftime(modified, sizeof modified, "%Y-%m-%dT%H:%M:%SZ", &tm);
    str_printf(out,
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
               "<package xmlns=\"http://www.idpf.org/2007/opf\" version=\"3.0\" "
               "unique-identifier=\"id\" xml:lang=\"%s\">\n"
               "<metadata xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n"
               "<dc:identifier id=\"id\">",
               m->language);
    put_uuid(m, out);
    str_puts(out, "</dc:identifier>\n<dc:title>");
    put_title(out, m);
    str_printf(out,
               "</dc:title>\n<dc:language>%s</dc:language>\n"
               "<meta property=\"dcterms:modified\">%s</meta>\n</metadata>\n<manifest>\n"
               "<item id=\"nav\" href=\"nav.xhtml\" media-type=\"application/xhtml+xml\" "
               "properties=\"nav\"/>\n"
               "<item id=\"ncx\" href=\"toc.ncx\" media-type=\"application/x-dtbncx+xml\"/>\n"
               "<item id=\"css\" href=\"style.css\" media-type=\"text/css\"/>\n",
               m->language, modified);
    for (size_t i = 1; i <= m->n_files; i++)
        str_printf(out,
                   "<item id=\"t%zu\" href=\"text%04zu.xhtml\" "
                   "media-type=\"application/xhtml+xml\"/>\n",
                   i, i);
    str_puts(out, "</manifest>\n<spine toc=\"ncx\">\n");
    for (size_t i = 1; i <= m->n_files; i++)
        str_printf(out, "<itemref idref=\"t%zu\"/>\n", i);
    str_puts(out, "</spine>\n</package>\n");
}

static void make_container(const struct maker *m, struct str *out)
{
    (void)m;
    str_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                  "<container xmlns=\"urn:oasis:names:tc:opendocument:xmlns:container\" "
                  "version=\"1.0\">\n<rootfiles>\n<rootfile full-path=\"EPUB/package.opf\" "
                  "media-type=\"application/oebps-package+xml\"/>\n</rootfiles>\n</container>\n");
}

/* Chinese paragraphs begin two characters in. */
static void make_style(const struct maker *m, struct str *out)
{
    bool zh = strcmp(m->language, "zh") == 0;
    str_printf(out,
               "body { margin: 5%%; line-height: %s; }\n"
               "h1 { font-size: 1.4em; margin: 2em 0 1.5em; text-align: center; }\n"
               "p { margin: 0; text-indent: %s; text-align: justify; }\n"
               "p.break { margin-top: 1.5em; }\n",
               zh ? "1.7" : "1.5", zh ? "2em" : "1.3em");
}

/* ---- the archive ----------------------------------------------------------------------------- */

static const struct {
    const char *name;
    void (*make)(const struct maker *m, struct str *out);
} parts[] = {
    {"META-INF/container.xml", make_container},
    {"EPUB/package.opf", make_package},
    {"EPUB/nav.xhtml", make_nav},
    {"EPUB/toc.ncx", make_ncx},
    {"EPUB/style.css", make_style},
};

static int write_all(struct maker *m, struct err *err)
{
    static const char mimetype[] = "application/epub+zip";
    struct str out;
    str_init(&out, SIZE_MAX / 4);
    int rc = zip_add(&m->zip, "mimetype", mimetype, sizeof mimetype - 1, true, err);
    for (size_t i = 0; !rc && i < ARRAY_LEN(parts); i++) {
        str_clear(&out);
        parts[i].make(m, &out);
        rc = zip_add(&m->zip, parts[i].name, out.data, out.len, false, err);
    }
    for (size_t i = 0; !rc && i < m->n_files; i++) {
        char name[48];
        snprintf(name, sizeof name, "EPUB/text%04zu.xhtml", i + 1);
        str_clear(&out);
        make_chapter(m, &m->files[i], &out);
        rc = zip_add(&m->zip, name, out.data, out.len, false, err);
    }
    str_free(&out);
    return rc ? rc : zip_finish(&m->zip, err);
}

int epub_write(const struct epub *e, zip_sink *sink, void *ctx, struct err *err)
{
    struct maker m = {.epub = e,
                      .language = book_language(e->text, e->n_text),
                      .blank_separates = find_blank_separates(e->text, e->n_text)};
    find_files(&m);
    zip_writer_init(&m.zip, sink, ctx, e->modified_s);
    int rc = write_all(&m, err);
    zip_writer_free(&m.zip);
    free(m.files);
    return rc;
}
