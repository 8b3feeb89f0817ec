/* input.c - see input.h.
 *
 * Bytes wait in `queue`; input_next looks at its head and either consumes one unit (a run of text,
 * a sequence, a reply) or leaves it for more bytes. Invariants:
 *  - What is consumed depends on the bytes only, never on how they were cut into feeds; the one
 *    exception is the caller's input_timeout.
 *  - After input_next returned false the queue holds less than HOLD_MAX bytes: an escape sequence
 *    longer than that is skipped, strings (OSC, DCS, ...) are skipped as they come, pastes move to
 *    `paste`.
 *  - A reply is an event only when one was expected; nothing a terminal says about itself becomes a
 *    key. That costs the shifted F3 of xterm, whose CSI 1 ; 2 R is a cursor report.
 */
#include "config.h"

#include "ui/input.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/utf8.h"

#define PASTE_END "\033[201~"

enum { ESC = 0x1B, HOLD_MAX = 256, PARAMS_MAX = 4, PARAM_VALUE_MAX = 9999999 };

enum mode { MODE_KEYS, MODE_PASTE, MODE_SKIP_STRING, MODE_SKIP_CSI };

enum step {
    STEP_MORE, /* the unit at the head is not complete */
    STEP_SKIP, /* consumed, nothing to tell */
    STEP_EVENT,
};

struct input {
    struct str queue;
    size_t head; /* first byte of queue not consumed */
    enum mode mode;
    bool decide; /* input_timeout was called for what is at the head */
    bool stale;  /* it was, and the head goes on waiting */
    struct str paste;
    uint64_t paste_thrown; /* bytes of a paste that is too large; 0 while it is not */
    bool paste_cr;         /* the last byte was CR */
    unsigned expected[REPLY_DECRQM + 1];
};

/* A control sequence: ESC [ prefix params intermediate final. */
struct csi {
    char prefix; /* one of < = > ?, or 0 */
    char intermediate;
    char final;
    int n_params;
    int params[PARAMS_MAX]; /* 0 where left out */
    size_t n_bytes;
};

struct input *input_new(void)
{
    struct input *in = x_calloc(1, sizeof *in);
    str_init(&in->queue, 0);
    str_init(&in->paste, LIMIT_PASTE_PASSAGE_BYTES);
    return in;
}

void input_free(struct input *in)
{
    if (!in)
        return;
    str_free(&in->queue);
    str_free(&in->paste);
    free(in);
}

void input_feed(struct input *in, const void *bytes, size_t n)
{
    if (n == 0)
        return;
    str_remove(&in->queue, 0, in->head);
    in->head = 0;
    str_append(&in->queue, bytes, n);
    in->decide = false;
    in->stale = false;
}

void input_expect(struct input *in, enum input_reply what)
{
    in->expected[what]++;
}

bool input_pasting(const struct input *in)
{
    return in->mode == MODE_PASTE;
}

bool input_pending(const struct input *in)
{
    if (in->mode == MODE_SKIP_STRING)
        return true;
    return in->mode == MODE_KEYS && !in->stale && in->head < in->queue.len &&
           in->queue.data[in->head] == ESC;
}

void input_timeout(struct input *in)
{
    if (in->mode == MODE_SKIP_STRING)
        in->mode = MODE_KEYS;
    in->decide = true;
}

static void set_key(struct input_event *ev, uint32_t code, unsigned mods, size_t n_bytes)
{
    ev->kind = INPUT_KEY;
    ev->code = code;
    ev->mods = mods;
    ev->n_bytes = n_bytes;
}

/* ---- control sequences ---- */

/* Modifiers of xterm: the parameter is 1 + bits (shift 1, alt 2, control 4, meta 8). */
static unsigned mods_of(int param)
{
    if (param < 2 || param > 16)
        return 0;
    unsigned bits = (unsigned)param - 1;
    unsigned mods = 0;
    if (bits & 1)
        mods |= MOD_SHIFT;
    if (bits & (2 | 8))
        mods |= MOD_META;
    if (bits & 4)
        mods |= MOD_CTRL;
    return mods;
}

/* Finals of CSI and SS3 that are keys; 0 for the others. */
static uint32_t key_of_final(char final)
{
    switch (final) {
    case 'A': return KEYCODE_UP;
    case 'B': return KEYCODE_DOWN;
    case 'C': return KEYCODE_RIGHT;
    case 'D': return KEYCODE_LEFT;
    case 'F': return KEYCODE_END;
    case 'H': return KEYCODE_HOME;
    case 'P': return KEYCODE_F1;
    case 'Q': return KEYCODE_F2;
    case 'R': return KEYCODE_F3;
    case 'S': return KEYCODE_F4;
    case 'Z': return KEYCODE_BACKTAB;
    default: return 0;
    }
}

/* CSI n ~ of xterm, vt220, rxvt and the Linux console, where F13 and up are shifted keys. */
static uint32_t key_of_number(int number, unsigned *mods)
{
    static const struct {
        int number;
        uint32_t code;
        unsigned mods;
    } keys[] = {
        {1, KEYCODE_HOME, 0},        {2, KEYCODE_INSERT, 0},      {3, KEYCODE_DELETE, 0},
        {4, KEYCODE_END, 0},         {5, KEYCODE_PAGE_UP, 0},     {6, KEYCODE_PAGE_DOWN, 0},
        {7, KEYCODE_HOME, 0},        {8, KEYCODE_END, 0},         {11, KEYCODE_F1, 0},
        {12, KEYCODE_F2, 0},         {13, KEYCODE_F3, 0},         {14, KEYCODE_F4, 0},
        {15, KEYCODE_F5, 0},         {17, KEYCODE_F6, 0},         {18, KEYCODE_F7, 0},
        {19, KEYCODE_F8, 0},         {20, KEYCODE_F9, 0},         {21, KEYCODE_F10, 0},
        {23, KEYCODE_F11, 0},        {24, KEYCODE_F12, 0},        {25, KEYCODE_F1, MOD_SHIFT},
        {26, KEYCODE_F2, MOD_SHIFT}, {28, KEYCODE_F3, MOD_SHIFT}, {29, KEYCODE_F4, MOD_SHIFT},
        {31, KEYCODE_F5, MOD_SHIFT}, {32, KEYCODE_F6, MOD_SHIFT}, {33, KEYCODE_F7, MOD_SHIFT},
        {34, KEYCODE_F8, MOD_SHIFT},
    };
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (keys[i].number == number) {
            *mods |= keys[i].mods;
            return keys[i].code;
        }
    return KEYCODE_BASE;
}

/* Reads the sequence after ESC [ at p[0..n). False: it is not complete. A sequence broken by a byte
 * that cannot stand there ends before that byte, with final 0. */
static bool csi_read(struct csi *c, const char *p, size_t n)
{
    *c = (struct csi){0};
    size_t i = 2;
    if (i < n && p[i] >= '<' && p[i] <= '?')
        c->prefix = p[i++];
    for (; i < n && p[i] >= '0' && p[i] <= '?'; i++) {
        if (c->n_params == 0)
            c->n_params = 1;
        int *param = &c->params[c->n_params - 1];
        if (p[i] >= '0' && p[i] <= '9') {
            if (*param <= PARAM_VALUE_MAX / 10)
                *param = *param * 10 + (p[i] - '0');
        } else if (c->n_params < PARAMS_MAX) {
            c->n_params++;
        }
    }
    for (; i < n && p[i] >= ' ' && p[i] <= '/'; i++)
        c->intermediate = p[i];
    c->n_bytes = i;
    if (i == n)
        return false;
    if (p[i] >= '@' && p[i] <= '~') {
        c->final = p[i];
        c->n_bytes++;
    }
    return true;
}

static enum step mouse_event(struct input_event *ev, int code, int column, int row, bool press)
{
    enum { SHIFT = 4, META = 8, CONTROL = 16, MOTION = 32 };
    if (code < 0 || column < 1 || row < 1 || (code & MOTION))
        return STEP_SKIP;
    ev->kind = INPUT_MOUSE;
    ev->mods = (code & SHIFT ? MOD_SHIFT : 0u) | (code & META ? MOD_META : 0u) |
               (code & CONTROL ? MOD_CTRL : 0u);
    ev->mouse.button = code & (3 | 64 | 128);
    ev->mouse.column = column - 1;
    ev->mouse.row = row - 1;
    ev->mouse.press = press;
    return STEP_EVENT;
}

static enum step reply_event(struct input *in, struct input_event *ev, enum input_reply what, int a,
                             int b)
{
    if (in->expected[what] == 0)
        return STEP_SKIP;
    in->expected[what]--;
    ev->kind = INPUT_REPLY;
    ev->reply.what = what;
    ev->reply.a = a;
    ev->reply.b = b;
    return STEP_EVENT;
}

/* Sequences with a private prefix or an intermediate are mice and replies, never keys. */
static enum step private_event(struct input *in, struct input_event *ev, const struct csi *c)
{
    if (c->prefix == '<' && (c->final == 'M' || c->final == 'm') && c->n_params == 3)
        return mouse_event(ev, c->params[0], c->params[1], c->params[2], c->final == 'M');
    if (c->prefix == '?' && c->final == 'c' && c->intermediate == 0)
        return reply_event(in, ev, REPLY_DA, 0, 0);
    if (c->prefix == '?' && c->final == 'y' && c->intermediate == '$' && c->n_params == 2)
        return reply_event(in, ev, REPLY_DECRQM, c->params[0], c->params[1]);
    return STEP_SKIP;
}

/* A control byte as a key. */
static void set_control(struct input_event *ev, unsigned char b, unsigned mods, size_t n_bytes)
{
    if (b == 0x7F)
        set_key(ev, 0x7F, mods, n_bytes);
    else if (b == ESC)
        set_key(ev, KEYCODE_ESCAPE, mods, n_bytes);
    else if (b >= 1 && b <= 26)
        set_key(ev, (uint32_t)('a' + b - 1), mods | MOD_CTRL, n_bytes);
    else
        set_key(ev, (uint32_t)('@' + b), mods | MOD_CTRL, n_bytes);
}

/* A key that a terminal told by its code point. */
static bool code_point_key(const struct csi *c, int code, struct input_event *ev)
{
    unsigned mods = mods_of(c->params[1]);
    if (code <= 0 || code > 0x10FFFF)
        return false;
    if (code < 0x20 || code == 0x7F)
        set_control(ev, (unsigned char)code, mods, c->n_bytes);
    else
        set_key(ev, (uint32_t)code, mods, c->n_bytes);
    return true;
}

/* The key a sequence without prefix stands for; false for reports and for what is not known. */
static bool csi_key(const struct csi *c, struct input_event *ev)
{
    unsigned mods = mods_of(c->params[1]);
    uint32_t code = key_of_final(c->final);
    switch (c->final) {
    case '~':
        if (c->params[0] == 27 && c->n_params == 3) /* xterm: CSI 27 ; mods ; code ~ */
            return code_point_key(c, c->params[2], ev);
        code = key_of_number(c->params[0], &mods);
        break;
    case 'u': return code_point_key(c, c->params[0], ev); /* kitty: CSI code ; mods u */
    case '^':                                             /* rxvt: control, control with shift */
    case '@':
        mods = c->final == '@' ? MOD_CTRL | MOD_SHIFT : MOD_CTRL;
        code = key_of_number(c->params[0], &mods);
        break;
    case 'a': /* rxvt: shifted arrows */
    case 'b':
    case 'c':
    case 'd':
        if (c->n_params == 0) {
            mods = MOD_SHIFT;
            code = key_of_final((char)(c->final - 'a' + 'A'));
        }
        break;
    case 'Z': mods |= MOD_SHIFT; break;
    case 'R':
        if (c->n_params > 0) /* a cursor report */
            return false;
        break;
    default: break;
    }
    if (code == 0)
        return false;
    set_key(ev, code, mods, c->n_bytes);
    return true;
}

static enum step csi_event(struct input *in, struct input_event *ev, const struct csi *c)
{
    if (c->final == 0)
        return STEP_SKIP;
    if (c->prefix || c->intermediate)
        return private_event(in, ev, c);
    if (c->final == '~' && (c->params[0] == 200 || c->params[0] == 201)) {
        if (c->params[0] == 200)
            in->mode = MODE_PASTE;
        return STEP_SKIP;
    }
    if (csi_key(c, ev))
        return STEP_EVENT;
    switch (c->final) {
    case 'R': return reply_event(in, ev, REPLY_CURSOR, c->params[0], c->params[1]);
    case 'M': { /* urxvt's mouse */
        int code = c->params[0] - 32;
        return mouse_event(ev, code, c->params[1], c->params[2], (code & 3) != 3);
    }
    case 'I': /* focus in and out; device, status, window and parameter reports */
    case 'O':
    case 'c':
    case 'n':
    case 't':
    case 'x': return STEP_SKIP;
    default: set_key(ev, KEYCODE_BASE, mods_of(c->params[1]), c->n_bytes); return STEP_EVENT;
    }
}

/* ESC [ ... at p[0..n), n >= 2. Sets *used. */
static enum step read_csi(struct input *in, struct input_event *ev, const char *p, size_t n,
                          size_t *used)
{
    if (n > 2 && p[2] == '[') { /* Linux console: ESC [ [ A is F1 */
        if (n == 3)
            return STEP_MORE;
        *used = 4;
        if (p[3] < 'A' || p[3] > 'E') {
            *used = 3;
            return STEP_SKIP;
        }
        set_key(ev, KEYCODE_F1 + (uint32_t)(p[3] - 'A'), 0, 4);
        return STEP_EVENT;
    }
    if (n > 2 && p[2] == 'M') { /* X10 mouse: three bytes, each 32 more than the value */
        if (n < 6)
            return STEP_MORE;
        *used = 6;
        int code = (unsigned char)p[3] - 32;
        return mouse_event(ev, code, (unsigned char)p[4] - 32, (unsigned char)p[5] - 32,
                           (code & 3) != 3);
    }
    struct csi c;
    bool complete = csi_read(&c, p, n);
    if (!complete && n < HOLD_MAX)
        return STEP_MORE;
    *used = c.n_bytes;
    if (!complete)
        in->mode = MODE_SKIP_CSI;
    if (c.n_bytes > HOLD_MAX || !complete)
        return STEP_SKIP;
    return csi_event(in, ev, &c);
}

/* ESC O ... at p[0..n), n >= 2: cursor, function and keypad keys. */
static enum step read_ss3(struct input_event *ev, const char *p, size_t n, size_t *used)
{
    static const char keypad_from[] = "jklmnopqrstuvwxyX";
    static const char keypad_to[] = "*+,-./0123456789=";
    size_t i = 2;
    unsigned mods = 0;
    if (i < n && p[i] >= '1' && p[i] <= '8')
        mods = mods_of(p[i++] - '0');
    if (i == n)
        return STEP_MORE;
    *used = i + 1;
    uint32_t code = key_of_final(p[i]);
    const char *pad = p[i] ? strchr(keypad_from, p[i]) : NULL;
    if (code) {
        set_key(ev, code, mods, *used);
    } else if (p[i] >= 'a' && p[i] <= 'd') { /* rxvt */
        set_key(ev, key_of_final((char)(p[i] - 'a' + 'A')), MOD_CTRL, *used);
    } else if (p[i] == 'M') {
        set_key(ev, 'm', MOD_CTRL | mods, *used);
    } else if (pad) {
        set_key(ev, (uint32_t)(unsigned char)keypad_to[pad - keypad_from], mods, *used);
    } else {
        *used = 2;
        set_key(ev, 'O', MOD_META, 2);
    }
    return STEP_EVENT;
}

/* ---- plain characters ---- */

static bool is_control(unsigned char b)
{
    return b < 0x20 || b == 0x7F;
}

/* Length of the text character at p, or 0; *more when it may still become one. C1 controls are no
 * text. */
static size_t text_char(const char *p, size_t n, uint32_t *cp, bool *more)
{
    *more = false;
    size_t len = utf8_decode(p, n, cp);
    if (len == 0) {
        size_t claimed = utf8_claimed_length((unsigned char)p[0]);
        *more = claimed > n && utf8_incomplete_tail(p, n) == n;
        return 0;
    }
    return *cp >= 0x80 && *cp < 0xA0 ? 0 : len;
}

static enum step read_text(struct input_event *ev, const char *p, size_t n, size_t *used)
{
    size_t i = 0;
    while (i < n && !is_control((unsigned char)p[i])) {
        uint32_t cp;
        bool more;
        size_t len = text_char(p + i, n - i, &cp, &more);
        if (len == 0) {
            if (i > 0)
                break;
            if (more)
                return STEP_MORE;
            *used = utf8_decode(p, n, &cp) ? 2 : 1; /* a C1 control, or no UTF-8 */
            return STEP_SKIP;
        }
        i += len;
    }
    *used = i;
    ev->kind = INPUT_TEXT;
    ev->n_bytes = i;
    return STEP_EVENT;
}

/* ---- ESC ---- */

static bool begins_string(char c)
{
    return c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_';
}

/* ESC and one character: the character with Meta. */
static enum step read_meta(struct input_event *ev, const char *p, size_t n, size_t *used)
{
    if (is_control((unsigned char)p[1])) {
        *used = 2;
        set_control(ev, (unsigned char)p[1], MOD_META, 2);
        return STEP_EVENT;
    }
    uint32_t cp;
    bool more;
    size_t len = text_char(p + 1, n - 1, &cp, &more);
    if (more)
        return STEP_MORE;
    *used = 1 + len;
    if (len)
        set_key(ev, cp, MOD_META, *used);
    else
        set_key(ev, KEYCODE_ESCAPE, 0, 1);
    return STEP_EVENT;
}

/* ESC ESC ...: a named key with Meta (rxvt, PuTTY, or Escape as a prefix), else Escape by itself.
 */
static enum step read_double_escape(struct input_event *ev, const char *p, size_t n, size_t *used)
{
    *used = 1;
    set_key(ev, KEYCODE_ESCAPE, 0, 1);
    if (n == 2)
        return STEP_MORE;
    if (p[2] != '[' && p[2] != 'O')
        return STEP_EVENT;
    struct input_event key = {0};
    size_t key_bytes = 0;
    if (p[2] == 'O') {
        if (read_ss3(&key, p + 1, n - 1, &key_bytes) == STEP_MORE)
            return STEP_MORE;
    } else {
        struct csi c;
        if (!csi_read(&c, p + 1, n - 1) && n < HOLD_MAX)
            return STEP_MORE;
        if (c.n_bytes < HOLD_MAX && !c.prefix && !c.intermediate && csi_key(&c, &key))
            key_bytes = c.n_bytes;
    }
    if (key.kind == INPUT_KEY && key.code > KEYCODE_BASE) {
        *used = 1 + key_bytes;
        set_key(ev, key.code, key.mods | MOD_META, *used);
    }
    return STEP_EVENT;
}

/* p[0] is ESC. */
static enum step read_escape(struct input *in, struct input_event *ev, const char *p, size_t n,
                             size_t *used)
{
    if (n == 1)
        return STEP_MORE;
    switch (p[1]) {
    case ESC: return read_double_escape(ev, p, n, used);
    case '[': return n == 2 ? STEP_MORE : read_csi(in, ev, p, n, used);
    case 'O': return n == 2 ? STEP_MORE : read_ss3(ev, p, n, used);
    default: break;
    }
    if (!begins_string(p[1]))
        return read_meta(ev, p, n, used);
    if (n == 2)
        return STEP_MORE;
    in->mode = MODE_SKIP_STRING;
    *used = 2;
    return STEP_SKIP;
}

/* The escape delay is over and the unit at p is not complete. */
static enum step decide(struct input *in, struct input_event *ev, const char *p, size_t n,
                        size_t *used)
{
    if (p[0] == ESC && (n == 1 || p[1] == ESC)) {
        *used = 1;
        set_key(ev, KEYCODE_ESCAPE, 0, 1);
        return STEP_EVENT;
    }
    if (p[0] == ESC && n == 2 && (unsigned char)p[1] < 0x80) {
        *used = 2;
        set_key(ev, (unsigned char)p[1], MOD_META, 2);
        return STEP_EVENT;
    }
    in->decide = false;
    in->stale = true;
    return STEP_MORE;
}

static enum step read_keys(struct input *in, struct input_event *ev, const char *p, size_t n,
                           size_t *used)
{
    enum step s = STEP_EVENT;
    if (p[0] == ESC) {
        s = read_escape(in, ev, p, n, used);
    } else if (is_control((unsigned char)p[0])) {
        *used = 1;
        set_control(ev, (unsigned char)p[0], 0, 1);
    } else {
        s = read_text(ev, p, n, used);
    }
    if (s == STEP_MORE && in->decide)
        s = decide(in, ev, p, n, used);
    return s;
}

/* ---- what is not keys ---- */

/* Inside a string: up to BEL or ST. A control that no string may hold gives the keyboard back. */
static enum step skip_string(struct input *in, const char *p, size_t n, size_t *used)
{
    enum { BEL = 0x07, CONTROL_C = 0x03, CAN = 0x18, SUB = 0x1A };
    size_t i = 0;
    while (i < n && p[i] != ESC && p[i] != BEL && p[i] != CONTROL_C && p[i] != CAN && p[i] != SUB)
        i++;
    *used = i;
    if (i == n)
        return STEP_SKIP;
    if (p[i] == ESC && i + 1 == n)
        return i > 0 ? STEP_SKIP : STEP_MORE;
    in->mode = MODE_KEYS;
    if (p[i] == ESC && p[i + 1] == '\\')
        *used += 2;
    else if (p[i] == BEL)
        *used += 1;
    return STEP_SKIP;
}

/* The rest of a control sequence that was too long. */
static enum step skip_csi(struct input *in, const char *p, size_t n, size_t *used)
{
    size_t i = 0;
    while (i < n && p[i] >= ' ' && p[i] <= '?')
        i++;
    *used = i;
    if (i < n) {
        in->mode = MODE_KEYS;
        *used += p[i] >= '@' && p[i] <= '~';
    }
    return STEP_SKIP;
}

static void paste_append(struct input *in, const char *p, size_t n)
{
    if (in->paste_thrown) {
        in->paste_thrown += n;
    } else if (!str_append(&in->paste, p, n)) {
        in->paste_thrown = in->paste.len + n;
        str_free(&in->paste);
    }
}

/* Replaces what is no UTF-8 in the paste. Clipboards hand it over rarely, so it costs a copy. */
static void paste_repair(struct input *in)
{
    const char *p = str_cstr(&in->paste);
    size_t n = in->paste.len;
    size_t valid = utf8_valid_prefix(p, n);
    if (valid == n)
        return;
    struct str good;
    str_init(&good, 3 * (size_t)LIMIT_PASTE_PASSAGE_BYTES);
    for (size_t i = 0; i < n; valid = utf8_valid_prefix(p + i, n - i)) {
        str_append(&good, p + i, valid);
        i += valid;
        if (i < n) {
            str_puts(&good, UTF8_REPLACEMENT);
            i++;
        }
    }
    str_free(&in->paste);
    in->paste = good;
    in->paste.max = LIMIT_PASTE_PASSAGE_BYTES;
}

static enum step paste_event(struct input *in, struct input_event *ev)
{
    in->mode = MODE_KEYS;
    in->paste_cr = false;
    in->decide = false;
    if (in->paste_thrown) {
        ev->kind = INPUT_PASTE_TOO_LARGE;
        ev->n_bytes = (size_t)in->paste_thrown;
        in->paste_thrown = 0;
        return STEP_EVENT;
    }
    paste_repair(in);
    ev->kind = INPUT_PASTE;
    ev->bytes = str_cstr(&in->paste);
    ev->n_bytes = in->paste.len;
    return STEP_EVENT;
}

static enum step read_paste(struct input *in, struct input_event *ev, const char *p, size_t n,
                            size_t *used)
{
    const size_t n_end = sizeof PASTE_END - 1;
    size_t i = 0;
    while (i < n) {
        size_t plain = i;
        while (plain < n && !is_control((unsigned char)p[plain]))
            plain++;
        if (plain > i) {
            paste_append(in, p + i, plain - i);
            in->paste_cr = false;
            i = plain;
            continue;
        }
        if (p[i] == ESC) {
            size_t have = n - i < n_end ? n - i : n_end;
            if (memcmp(p + i, PASTE_END, have) == 0) {
                bool over = have == n_end || in->decide;
                *used = over ? i + have : i;
                if (over)
                    return paste_event(in, ev);
                return i > 0 ? STEP_SKIP : STEP_MORE;
            }
        } else if (p[i] == '\t' || p[i] == '\r' || (p[i] == '\n' && !in->paste_cr)) {
            paste_append(in, p[i] == '\t' ? "\t" : "\n", 1);
        }
        in->paste_cr = p[i] == '\r';
        i++;
    }
    *used = n;
    return in->decide ? paste_event(in, ev) : STEP_SKIP;
}

bool input_next(struct input *in, struct input_event *ev)
{
    if (!input_pasting(in) && in->paste.len > 0)
        str_free(&in->paste); /* the event that borrowed it is over */
    for (;;) {
        *ev = (struct input_event){0};
        const char *p = str_cstr(&in->queue) + in->head;
        size_t n = in->queue.len - in->head;
        if (n == 0 && !(in->mode == MODE_PASTE && in->decide)) {
            in->decide = false;
            return false;
        }
        size_t used = 0;
        enum step s = STEP_SKIP;
        switch (in->mode) {
        case MODE_KEYS: s = read_keys(in, ev, p, n, &used); break;
        case MODE_PASTE: s = read_paste(in, ev, p, n, &used); break;
        case MODE_SKIP_STRING: s = skip_string(in, p, n, &used); break;
        case MODE_SKIP_CSI: s = skip_csi(in, p, n, &used); break;
        }
        if (s == STEP_MORE)
            return false;
        if (s == STEP_EVENT && !ev->bytes)
            ev->bytes = p;
        in->head += used;
        if (s == STEP_EVENT)
            return true;
    }
}
