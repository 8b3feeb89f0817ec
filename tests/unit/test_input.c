/* Tests of ui/input.c. Events are written down as words ("C-M-Left", "text:雪", "paste:...") and
 * compared; the properties are: the same events however the bytes are cut, the bytes of keys and
 * text are those that came, no control byte in text, nothing held beyond the bound. */
#include "config.h"

#include "ui/input.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/limits.h"
#include "tests/unit/random_text.h"

static void describe_key(const struct input_event *ev, struct str *out)
{
    static const char *const names[] = {
        "unknown", "Up",  "Down", "Left", "Right", "Home", "End",    "PageUp", "PageDown",
        "Insert",  "Del", "Esc",  "F1",   "F2",    "F3",   "F4",     "F5",     "F6",
        "F7",      "F8",  "F9",   "F10",  "F11",   "F12",  "BackTab"};
    str_printf(out, "%s%s%s", ev->mods & MOD_CTRL ? "C-" : "", ev->mods & MOD_META ? "M-" : "",
               ev->mods & MOD_SHIFT ? "S-" : "");
    char bytes[4];
    if (ev->code >= KEYCODE_BASE)
        str_puts(out, names[ev->code - KEYCODE_BASE]);
    else if (ev->code == 0x7F)
        str_puts(out, "DEL");
    else
        str_append(out, bytes, utf8_encode(ev->code, bytes));
}

static void describe(const struct input_event *ev, struct str *out)
{
    static const char *const replies[] = {"cursor", "da", "decrqm"};
    if (out->len > 0)
        str_putc(out, ' ');
    switch (ev->kind) {
    case INPUT_TEXT:
        str_puts(out, "text:");
        str_append(out, ev->bytes, ev->n_bytes);
        break;
    case INPUT_KEY: describe_key(ev, out); break;
    case INPUT_PASTE:
        str_puts(out, "paste:");
        str_append(out, ev->bytes, ev->n_bytes);
        break;
    case INPUT_MOUSE:
        str_printf(out, "mouse:%d@%d,%d%s", ev->mouse.button, ev->mouse.row, ev->mouse.column,
                   ev->mouse.press ? "" : "-up");
        break;
    case INPUT_REPLY:
        str_printf(out, "%s:%d,%d", replies[ev->reply.what], ev->reply.a, ev->reply.b);
        break;
    case INPUT_PASTE_TOO_LARGE: str_printf(out, "too-large:%zu", ev->n_bytes); break;
    case INPUT_NONE: fail();
    }
}

static void drain(struct input *in, struct str *out)
{
    struct input_event ev;
    while (input_next(in, &ev))
        describe(&ev, out);
}

static const char *decoded(const char *bytes, size_t n, struct str *out)
{
    struct input *in = input_new();
    str_clear(out);
    input_feed(in, bytes, n);
    drain(in, out);
    while (input_pending(in)) {
        input_timeout(in);
        drain(in, out);
    }
    input_free(in);
    return str_cstr(out);
}

static const struct {
    const char *bytes, *events;
} cases[] = {
    {"", ""},
    {"a雪z", "text:a雪z"},
    {"a\rb", "text:a C-m text:b"},
    {"\x01\x03\x09\x1A\x1C\x1F\x7F", "C-a C-c C-i C-z C-\\ C-_ DEL"},
    {"\033", "Esc"},
    {"\033\033", "Esc Esc"},
    {"\033a\033雪\033\r\033\x7F\033\x01", "M-a M-雪 C-M-m M-DEL C-M-a"},
    {"\033[", "M-["},
    {"\033O", "M-O"},
    {"\033]", "M-]"},
    {"\033_", "M-_"},
    {"\033P", "M-P"},
    {"\033Ox", "8"},
    {"\033Ol\033OM", ", C-m"},
    {"\033O!", "M-O text:!"},
    /* cursor keys: normal, application, with modifiers, rxvt, PuTTY's Meta */
    {"\033[A\033[B\033[C\033[D\033[H\033[F", "Up Down Right Left Home End"},
    {"\033OA\033OB\033OC\033OD\033OH\033OF", "Up Down Right Left Home End"},
    {"\033[1;2A\033[1;3D\033[1;5C\033[1;8B", "S-Up M-Left C-Right C-M-S-Down"},
    {"\033[a\033Od", "S-Up C-Left"},
    {"\033\033[D\033\033OC\033\033[5~", "M-Left M-Right M-PageUp"},
    {"\033\033[1;5D", "C-M-Left"},
    {"\033\033x", "Esc M-x"},
    {"\033[Z", "S-BackTab"},
    /* editing and function keys: xterm, vt220, Linux console, rxvt */
    {"\033[1~\033[2~\033[3~\033[4~\033[5~\033[6~", "Home Insert Del End PageUp PageDown"},
    {"\033[7~\033[8~\033[3;5~\033[3^\033[3@", "Home End C-Del C-Del C-S-Del"},
    {"\033OP\033OQ\033OR\033OS", "F1 F2 F3 F4"},
    {"\033[[A\033[[B\033[[C\033[[D\033[[E", "F1 F2 F3 F4 F5"},
    {"\033[11~\033[12~\033[13~\033[14~\033[15~", "F1 F2 F3 F4 F5"},
    {"\033[17~\033[18~\033[19~\033[20~\033[21~", "F6 F7 F8 F9 F10"},
    {"\033[23~\033[24~\033[25~\033[34~", "F11 F12 S-F1 S-F8"},
    {"\033[1;2P\033[1;5S\033O2P\033[R", "S-F1 C-F4 S-F1 F3"},
    {"\033[15;2~\033[24;5~", "S-F5 C-F12"},
    {"\033[99;5u\033[13;2u\033[27;5;105~\033[128512u", "C-c C-S-m C-i 😀"},
    {"\033[27u\033[99999999u", "Esc unknown"},
    {"\033[9~\033[5h", "unknown unknown"},
    /* mouse */
    {"\033[<0;5;3M\033[<0;5;3m", "mouse:0@2,4 mouse:0@2,4-up"},
    {"\033[<64;1;1M\033[<65;300;200M", "mouse:64@0,0 mouse:65@199,299"},
    {"\033[<20;5;3M", "mouse:0@2,4"},
    {"\033[<35;5;3M\033[<0;0;3M\033[<0;3M", ""},
    {"\033[M !!\033[M`\xFF\xC2", "mouse:0@0,0 mouse:64@161,222"},
    {"\033[96;5;3M", "mouse:64@2,4"},
    /* replies that nobody asked for, reports, strings: nothing of them is a key */
    {"a\033[12;40Rb\033[?1;2cc\033[?2026;2$yd", "text:a text:b text:c text:d"},
    {"\033[0n\033[8;24;80t\033[I\033[O\033[>41;354;0c\033[2;1;1x", ""},
    {"\033]11;rgb:0000/0000/0000\033\\x", "text:x"},
    {"\033]52;c;cm0gLXJmCg==\x07x", "text:x"},
    {"\033P>|xterm(370)\033\\x\033_Gi=1;OK\033\\y\033^pm\033\\z\033Xsos\033\\.",
     "text:x text:y text:z text:."},
    {"\033]0;title\rrm -rf\r\x07x", "text:x"},
    {"\033]0;a\x18x", "C-x text:x"},
    {"\033]0;a\x03", "C-c"},
    {"\033]0;a\033[A", "Up"},
    {"\033[12\x01", "C-a"},
    {"\033[1;\033[A", "Up"},
    /* what is not UTF-8, and C1 controls, are dropped */
    {"a\xFF"
     "b\xC0\x80"
     "c\x9B"
     "31md",
     "text:a text:b text:c text:31md"},
    {"a\xC2\x9B"
     "31m",
     "text:a text:31m"},
    {"\033\xC2\x9B"
     "b",
     "Esc text:b"},
    {"\033\xFF", "Esc"},
    /* paste */
    {"\033[200~雪\033[201~x", "paste:雪 text:x"},
    {"\033[200~\033[201~", "paste:"},
    {"\033[200~a\r\nb\rc\nd\r\r\n\te\033[201~", "paste:a\nb\nc\nd\n\n\te"},
    {"\033[200~a\x01\x07\x7F\033[31mb\033[201~", "paste:a[31mb"},
    {"\033[200~a\033[201~\033[201~b\r", "paste:a text:b C-m"}, /* the end inside the paste */
    {"\033[200~a\033\033[201~", "paste:a"},
    {"\033[200~\xFFok\xE9\033[201~", "paste:\uFFFDok\uFFFD"},
    {"\033[200~\033[200~a\033[201~", "paste:[200~a"},
};

static void test_table(void **state)
{
    (void)state;
    struct str out = STR_INIT;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(decoded(cases[i].bytes, strlen(cases[i].bytes), &out), cases[i].events);
    assert_string_equal(decoded("\0\033\0", 3, &out), "C-@ C-M-@");
    str_free(&out);
}

static void test_mouse_modifiers(void **state)
{
    (void)state;
    struct input *in = input_new();
    struct input_event ev;
    input_feed(in, "\033[<20;5;3M", 10);
    assert_true(input_next(in, &ev));
    assert_int_equal(ev.kind, INPUT_MOUSE);
    assert_int_equal(ev.mods, MOD_SHIFT | MOD_CTRL);
    input_free(in);
}

/* The bytes of a key are exactly the sequence, for readline to read. */
static void test_original_bytes(void **state)
{
    (void)state;
    static const char *const sequences[] = {"\033[1;5D", "\033\033[D", "\033[9~", "\033O5C",
                                            "\033雪",    "\x01",       "\033[[A", "雪夜"};
    struct input *in = input_new();
    struct input_event ev;
    for (size_t i = 0; i < ARRAY_LEN(sequences); i++) {
        size_t n = strlen(sequences[i]);
        input_feed(in, sequences[i], n);
        assert_true(input_next(in, &ev));
        assert_int_equal(ev.n_bytes, n);
        assert_memory_equal(ev.bytes, sequences[i], n);
        assert_false(input_next(in, &ev));
    }
    input_free(in);
}

static void test_replies(void **state)
{
    (void)state;
    struct input *in = input_new();
    struct str out = STR_INIT;
    input_expect(in, REPLY_CURSOR);
    input_expect(in, REPLY_DA);
    input_expect(in, REPLY_DECRQM);
    const char *bytes = "\033[1;3R\033[?65;1;9c\033[?2026;2$y\033[1;3R\033[?1c\033[?2026;2$y";
    input_feed(in, bytes, strlen(bytes));
    drain(in, &out);
    assert_string_equal(str_cstr(&out), "cursor:1,3 da:0,0 decrqm:2026,2");
    str_free(&out);
    input_free(in);
}

static void test_escape_delay(void **state)
{
    (void)state;
    struct input *in = input_new();
    struct str out = STR_INIT;
    assert_false(input_pending(in));
    input_feed(in, "\033", 1);
    drain(in, &out);
    assert_string_equal(str_cstr(&out), "");
    assert_true(input_pending(in));
    input_feed(in, "[", 1); /* it was the beginning of a key */
    drain(in, &out);
    assert_true(input_pending(in));
    input_feed(in, "A", 1);
    drain(in, &out);
    assert_string_equal(str_cstr(&out), "Up");
    assert_false(input_pending(in));

    str_clear(&out);
    input_feed(in, "\033", 1);
    drain(in, &out);
    input_timeout(in);
    drain(in, &out);
    input_feed(in, "[A", 2); /* too late: these are letters */
    drain(in, &out);
    assert_string_equal(str_cstr(&out), "Esc text:[A");

    str_clear(&out);
    input_feed(in, "\033[1;", 4); /* no hand types this: it goes on waiting, without a timer */
    drain(in, &out);
    assert_true(input_pending(in));
    input_timeout(in);
    drain(in, &out);
    assert_false(input_pending(in));
    input_feed(in, "5C", 2);
    drain(in, &out);
    assert_string_equal(str_cstr(&out), "C-Right");

    str_clear(&out);
    input_feed(in, "\xE9\x9B", 2); /* half a character waits too */
    drain(in, &out);
    assert_false(input_pending(in));
    input_timeout(in);
    drain(in, &out);
    input_feed(in, "\xAA", 1);
    drain(in, &out);
    assert_string_equal(str_cstr(&out), "text:雪");

    str_clear(&out);
    input_feed(in, "\033]0;half a string", 17);
    drain(in, &out);
    assert_true(input_pending(in));
    input_timeout(in);
    input_feed(in, "x", 1);
    drain(in, &out);
    assert_string_equal(str_cstr(&out), "text:x");
    str_free(&out);
    input_free(in);
}

static void test_paste_in_pieces(void **state)
{
    (void)state;
    struct input *in = input_new();
    struct str out = STR_INIT;
    const char *bytes = "\033[200~a\r\n\033[20雪\r\033[201~z";
    for (const char *p = bytes; *p; p++) {
        input_feed(in, p, 1);
        drain(in, &out);
        bool inside = p >= bytes + 5 && p < bytes + strlen(bytes) - 2;
        assert_int_equal(input_pasting(in), inside);
        assert_true(!inside || !input_pending(in));
    }
    assert_string_equal(str_cstr(&out), "paste:a\n[20雪\n text:z");

    str_clear(&out);
    input_feed(in, "\033[200~stalled\033[20", 17);
    drain(in, &out);
    input_timeout(in); /* the caller gave up waiting for the end */
    drain(in, &out);
    assert_false(input_pasting(in));
    input_feed(in, "\r", 1);
    drain(in, &out);
    assert_string_equal(str_cstr(&out), "paste:stalled C-m");
    str_free(&out);
    input_free(in);
}

static void test_large_paste(void **state)
{
    (void)state;
    struct input *in = input_new();
    struct input_event ev;
    struct str chunk = STR_INIT;
    while (chunk.len < (size_t)1 << 20)
        str_puts(&chunk, "雪");
    size_t n_chunks = LIMIT_PASTE_PASSAGE_BYTES / chunk.len;
    for (size_t extra = 0; extra < 2; extra++) {
        input_feed(in, "\033[200~", 6);
        for (size_t i = 0; i < n_chunks + extra; i++) {
            assert_false(input_next(in, &ev));
            input_feed(in, chunk.data, chunk.len);
        }
        input_feed(in, "\033[201~", 6);
        assert_true(input_next(in, &ev));
        assert_int_equal(ev.kind, extra ? INPUT_PASTE_TOO_LARGE : INPUT_PASTE);
        assert_int_equal(ev.n_bytes, (n_chunks + extra) * chunk.len);
        assert_false(input_next(in, &ev));
    }
    str_free(&chunk);
    input_free(in);
}

/* ---- properties ---- */

/* Bytes that look like a terminal gone mad. */
static void random_input(struct random *r, struct str *out)
{
    static const char *const pieces[] = {
        "\033",  "\033[", "\033O", "\033]", "\033P",    "\033\\",    "\033[200~", "\033[201~",
        "\033[", "\033[", "1",     ";",     "5",        "<0;1;2",    "M",         "m",
        "?",     "$y",    "A",     "~",     "R",        "c",         "u",         "[",
        "\r\n",  "\x07",  "雪",    "\xE9",  "\xC2\x9B", "\033[1;5D", "\033[M",    "\033[3~",
    };
    for (size_t n = random_below(r, 20); n > 0; n--) {
        if (random_below(r, 4) == 0)
            random_anything(r, out, 1);
        else
            str_puts(out, pieces[random_below(r, ARRAY_LEN(pieces))]);
    }
    if (random_below(r, 10) == 0)
        for (size_t n = random_below(r, 600); n > 0; n--)
            str_putc(out, "0123456789;"[random_below(r, 11)]);
}

/* Writes the events down byte by byte of text, so that runs of text compare equal however cut. */
static void drain_flat(struct input *in, struct str *out)
{
    struct input_event ev;
    while (input_next(in, &ev)) {
        if (ev.kind != INPUT_TEXT) {
            describe(&ev, out);
            continue;
        }
        assert_int_equal(utf8_valid_prefix(ev.bytes, ev.n_bytes), ev.n_bytes);
        for (size_t i = 0; i < ev.n_bytes; i++) {
            unsigned char b = (unsigned char)ev.bytes[i];
            assert_true(b >= 0x20 && b != 0x7F);
            str_printf(out, " %02X", b);
        }
    }
}

static void test_independent_of_cuts(void **state)
{
    (void)state;
    struct random r = {10};
    for (int round = 0; round < 20000; round++) {
        struct str bytes = STR_INIT, whole = STR_INIT, cut = STR_INIT;
        random_input(&r, &bytes);
        struct input *a = input_new(), *b = input_new();
        input_feed(a, str_cstr(&bytes), bytes.len);
        drain_flat(a, &whole);
        for (size_t i = 0; i < bytes.len;) {
            size_t n = 1 + random_below(&r, random_below(&r, 2) ? 1 : bytes.len - i);
            input_feed(b, bytes.data + i, n);
            drain_flat(b, &cut);
            i += n;
        }
        if (strcmp(str_cstr(&whole), str_cstr(&cut)) != 0) {
            for (size_t i = 0; i < bytes.len; i++)
                print_error("%02X ", (unsigned char)bytes.data[i]);
            fail_msg("whole: %s\ncut: %s", str_cstr(&whole), str_cstr(&cut));
        }
        assert_int_equal(input_pending(a), input_pending(b));
        assert_int_equal(input_pasting(a), input_pasting(b));
        input_free(a);
        input_free(b);
        str_free(&bytes);
        str_free(&whole);
        str_free(&cut);
    }
}

/* With timeouts anywhere: every decision ends, and a key typed afterwards comes through once the
 * paste or the string it fell into is over. */
static void test_always_recovers(void **state)
{
    (void)state;
    struct random r = {11};
    for (int round = 0; round < 5000; round++) {
        struct str bytes = STR_INIT, out = STR_INIT;
        struct input *in = input_new();
        for (int i = 0; i < 5; i++) {
            str_clear(&bytes);
            random_input(&r, &bytes);
            input_feed(in, str_cstr(&bytes), bytes.len);
            drain(in, &out);
            input_timeout(in);
            drain(in, &out);
            assert_false(input_pending(in));
            assert_false(input_pasting(in));
        }
        str_clear(&out);
        input_feed(in, "\x03\x03\x03\x03", 4); /* at most three are the tail of an X10 mouse */
        drain(in, &out);
        assert_non_null(strstr(str_cstr(&out), "C-c"));
        input_free(in);
        str_free(&bytes);
        str_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),           cmocka_unit_test(test_mouse_modifiers),
        cmocka_unit_test(test_original_bytes),  cmocka_unit_test(test_replies),
        cmocka_unit_test(test_escape_delay),    cmocka_unit_test(test_paste_in_pieces),
        cmocka_unit_test(test_large_paste),     cmocka_unit_test(test_independent_of_cuts),
        cmocka_unit_test(test_always_recovers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
