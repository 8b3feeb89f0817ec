/* test_export_epub.c - src/book.c and src/export_epub.c: what is a heading, how a text becomes
 * chapters and paragraphs, and that no text makes a book that is not well-formed. */
#include "config.h"

#include "src/export_epub.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "src/base/zip.h"
#include "src/book.h"
#include "tests/unit/random_text.h"

static void test_headings(void **state)
{
    (void)state;
    static const struct {
        const char *line, *title; /* NULL: no heading */
    } cases[] = {
        {"第一章", "第一章"},
        {"　　第十二章　雪夜\r", "第十二章　雪夜"},
        {"第三章你是谁", "第三章你是谁"},
        {"第三章 你是谁？", "第三章 你是谁？"},
        {"第 3 章：灯", "第 3 章：灯"},
        {"第１２０回 甄士隐详说太虚情 贾雨村归结红楼梦",
         "第１２０回 甄士隐详说太虚情 贾雨村归结红楼梦"},
        {"第二卷", "第二卷"},
        {"第一回见到他，是在雪夜。", NULL},
        {"第一部分的内容，如下。", NULL},
        {"第章", NULL},
        {"第一", NULL},
        {"他翻到第一章", NULL},
        {"楔子", "楔子"},
        {"番外二：灯", "番外二：灯"},
        {"序列很长", NULL},
        {"尾声渐渐远了", NULL},
        {"尾声：羞杀汉庭君和相，枉把妻孥拖衾帐。", NULL},
        {"第一回 见到他，是在雪夜。", NULL},
        {"# 雪", "雪"},
        {"###### 雪", "雪"},
        {"####### 雪", NULL},
        {"#雪", NULL},
        {"# ", NULL},
        {"Chapter 3: Snow", "Chapter 3: Snow"},
        {"CHAPTER XIV", "CHAPTER XIV"},
        {"Part Two", "Part Two"},
        {"part sixteen - night", "part sixteen - night"},
        {"Book One The Lamp", "Book One The Lamp"},
        {"Part one of the roof fell.", NULL},
        {"Part of the roof fell", NULL},
        {"Chapter", NULL},
        {"Epilogue", "Epilogue"},
        {"Epilogues are dull", NULL},
        {"", NULL},
        {"　", NULL},
        {"第一章 一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一"
         "二三四五六七八九十一二三四五六七八九十",
         NULL},
        {"\xFF\xFE", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct book_span title = {NULL, 0};
        bool is = book_heading((struct book_span){cases[i].line, strlen(cases[i].line)}, &title);
        if (is != (cases[i].title != NULL))
            fail_msg("%s", cases[i].line);
        if (is) {
            assert_int_equal(title.n, strlen(cases[i].title));
            assert_memory_equal(title.p, cases[i].title, title.n);
        }
    }
}

static void test_language(void **state)
{
    (void)state;
    assert_string_equal(book_language("雪夜", 6), "zh");
    assert_string_equal(book_language("", 0), "zh");
    assert_string_equal(book_language("It snowed, 雪.", 15), "en");
    static const char mixed[] = "那一夜雪很大，他打开 Emacs 写字";
    assert_string_equal(book_language(mixed, sizeof mixed - 1), "zh");
}

static void to_str(void *ctx, const void *bytes, size_t n)
{
    str_append(ctx, bytes, n);
}

static struct zip *make_from(const char *title, const char *text, size_t n, struct str *out)
{
    struct err err = ERR_INIT;
    struct zip *z;
    const struct epub e = {.title = title,
                           .text = text,
                           .n_text = n,
                           .identity = {0x0123456789ABCDEF, 0xFEDCBA9876543210},
                           .modified_s = 1700000000};
    out->max = SIZE_MAX / 4;
    assert_int_equal(epub_write(&e, to_str, out, &err), 0);
    if (zip_open("book", out->data, out->len, &z, &err) != 0)
        fail_msg("%s", err.msg);
    return z;
}

static char *member(struct zip *z, const char *name)
{
    struct err err = ERR_INIT;
    unsigned char *bytes;
    const struct zip_member *m = zip_find(z, name);
    if (!m)
        fail_msg("%s is missing", name);
    if (zip_unpack(z, m, 64 << 20, &bytes, &err) != 0)
        fail_msg("%s", err.msg);
    return (char *)bytes;
}

static void has(struct zip *z, const char *name, const char *what)
{
    char *text = member(z, name);
    if (!strstr(text, what))
        fail_msg("%s has no %s but:\n%s", name, what, text);
    free(text);
}

static void has_not(struct zip *z, const char *name, const char *what)
{
    char *text = member(z, name);
    if (strstr(text, what))
        fail_msg("%s has %s:\n%s", name, what, text);
    free(text);
}

static void test_book(void **state)
{
    (void)state;
    struct str out = STR_INIT;
    static const char text[] =
        "\n那一夜。\n\n第一章 <雪> & \"灯\"\n　　老人\033[31m说：\x01\n「你」\xFF"
        "\n\n\n第二章\n走了。\n";
    struct zip *z = make_from("雪<夜>", text, sizeof text - 1, &out);
    /* the format's signature: at byte 30 the name, at 38 what it is */
    assert_memory_equal(out.data, "PK\3\4", 4);
    assert_memory_equal(out.data + 30, "mimetypeapplication/epub+zip", 28);
    assert_int_equal(zip_count(z), 9);
    has(z, "META-INF/container.xml", "full-path=\"EPUB/package.opf\"");
    has(z, "EPUB/package.opf", "<dc:title>雪&lt;夜&gt;</dc:title>");
    has(z, "EPUB/package.opf", "<dc:language>zh</dc:language>");
    has(z, "EPUB/package.opf", "urn:uuid:01234567-89ab-8def-bedc-ba9876543210");
    has(z, "EPUB/package.opf", "<meta property=\"dcterms:modified\">2023-11-14T22:13:20Z</meta>");
    has(z, "EPUB/package.opf", "<itemref idref=\"t3\"/>\n</spine>");
    has(z, "EPUB/nav.xhtml",
        "<ol>\n<li><a href=\"text0001.xhtml\">雪&lt;夜&gt;</a></li>\n"
        "<li><a href=\"text0002.xhtml\">第一章 &lt;雪&gt; &amp; &quot;灯&quot;</a></li>\n"
        "<li><a href=\"text0003.xhtml\">第二章</a></li>\n</ol>");
    has(z, "EPUB/toc.ncx", "playOrder=\"3\"><navLabel><text>第二章</text>");
    has(z, "EPUB/text0001.xhtml", "<h1>雪&lt;夜&gt;</h1>\n<p>那一夜。</p>\n</section>");
    has(z, "EPUB/text0002.xhtml", "</h1>\n<p>老人[31m说：</p>\n<p>「你」\uFFFD</p>\n</section>");
    has(z, "EPUB/text0003.xhtml", "<h1>第二章</h1>\n<p>走了。</p>");
    zip_close(z);
    struct str again = STR_INIT;
    z = make_from("雪<夜>", text, sizeof text - 1, &again);
    assert_int_equal(out.len, again.len);
    assert_memory_equal(out.data, again.data, out.len);
    zip_close(z);
    str_free(&out);
    str_free(&again);
}

/* An empty line is a break where paragraphs stand close, and none where they stand apart. */
static void test_breaks(void **state)
{
    (void)state;
    struct str out = STR_INIT;
    static const char close[] = "一\n二\n三\n\n四\n", apart[] = "a\n\nb\n\nc\n\n\n\nd\n";
    struct zip *z = make_from("t", close, sizeof close - 1, &out);
    has(z, "EPUB/text0001.xhtml", "<p>一</p>\n<p>二</p>\n<p>三</p>\n<p class=\"break\">四</p>");
    zip_close(z);
    str_clear(&out);
    z = make_from("t", apart, sizeof apart - 1, &out);
    has(z, "EPUB/text0001.xhtml", "<p>a</p>\n<p>b</p>\n<p>c</p>\n<p class=\"break\">d</p>");
    has(z, "EPUB/nav.xhtml", "Contents");
    zip_close(z);
    str_free(&out);
}

/* Nothing, one enormous paragraph, very many small ones. */
static void test_sizes(void **state)
{
    (void)state;
    struct str out = STR_INIT, text = STR_INIT;
    struct zip *z = make_from("空", "", 0, &out);
    has(z, "EPUB/text0001.xhtml", "<h1>空</h1>\n</section>");
    zip_close(z);
    str_clear(&out);
    struct random r = {2};
    while (text.len < 10 << 20) {
        char bytes[4];
        uint32_t cp = 0x4E00 + (uint32_t)random_below(&r, 20000);
        str_append(&text, bytes, utf8_encode(cp, bytes));
    }
    str_puts(&text, "雪");
    z = make_from("长", text.data, text.len, &out);
    assert_int_equal(zip_count(z), 7);
    has(z, "EPUB/text0001.xhtml", "雪</p>\n</section>");
    zip_close(z);
    str_clear(&out);
    str_clear(&text);
    str_puts(&text, "第一章\n");
    for (int i = 0; i < 300000; i++)
        str_puts(&text, "雪\n");
    z = make_from("多", text.data, text.len, &out);
    assert_true(zip_count(z) > 10);                 /* goes on in further files ... */
    has_not(z, "EPUB/nav.xhtml", "text0002.xhtml"); /* ... that the contents do not know */
    has(z, "EPUB/text0002.xhtml", "<section epub:type=\"chapter\">\n<p>雪</p>");
    zip_close(z);
    str_free(&out);
    str_free(&text);
}

/* Only what XML allows, and every < and & is ours. */
static void check_xml(const char *p)
{
    size_t n = strlen(p);
    assert_int_equal(utf8_valid_prefix(p, n), n);
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        size_t len = utf8_decode(p + i, n - i, &cp);
        assert_true(cp == '\n' || cp == '\t' || (cp >= 0x20 && cp != 0x7F));
        assert_true(cp < 0x80 || cp >= 0xA0);
        assert_true((cp & 0xFFFE) != 0xFFFE);
        if (cp == '&')
            assert_true(strncmp(p + i, "&lt;", 4) == 0 || strncmp(p + i, "&gt;", 4) == 0 ||
                        strncmp(p + i, "&amp;", 5) == 0 || strncmp(p + i, "&quot;", 6) == 0);
        i += len;
    }
}

static void test_hostile(void **state)
{
    (void)state;
    struct random r = {9};
    struct str out = STR_INIT, text = STR_INIT, title = STR_INIT;
    for (int i = 0; i < 300; i++) {
        str_clear(&out);
        str_clear(&text);
        str_clear(&title);
        str_puts(&title, "t");
        random_anything(&r, &title, random_below(&r, 10));
        random_anything(&r, &text, random_below(&r, 200));
        str_puts(&text, "\n# \x01\x02\n<script>&</script>]]>\n");
        struct zip *z = make_from(str_cstr(&title), text.data, text.len, &out);
        for (size_t k = 0; k < zip_count(z); k++) {
            char *xml = member(z, zip_at(z, k)->name);
            check_xml(xml);
            assert_null(strstr(xml, "<script"));
            free(xml);
        }
        zip_close(z);
    }
    str_free(&out);
    str_free(&text);
    str_free(&title);
    assert_false(epub_has_text(""));
    assert_false(epub_has_text(" \u3000\x01\n"));
    assert_true(epub_has_text("\xFF"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headings), cmocka_unit_test(test_language),
        cmocka_unit_test(test_book),     cmocka_unit_test(test_breaks),
        cmocka_unit_test(test_sizes),    cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
