/* input.h - terminal bytes to events: a pure state machine (no I/O, no clock of its own).
 *
 * Every event of kind KEY or TEXT carries the original bytes, so that whatever the keymap does not
 * want goes to readline unaltered. Replies of the terminal that nobody asked for are dropped.
 * The decoder holds at most LIMIT_PASTE_PASSAGE_BYTES of an unfinished paste and 256 bytes of
 * anything else; no byte string makes it loop, overread or grow further.
 */
#ifndef XUXIE_UI_INPUT_H
#define XUXIE_UI_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum input_kind {
    INPUT_NONE = 0,
    INPUT_TEXT,  /* whole UTF-8 characters (one or more), no control among them */
    INPUT_KEY,   /* a decoded key: code + mods */
    INPUT_PASTE, /* bracketed paste: bytes between the brackets, CR LF and CR already LF, C0 and DEL
                    stripped, invalid UTF-8 as U+FFFD */
    INPUT_MOUSE,
    INPUT_REPLY, /* an answer to one of our probes */
    INPUT_PASTE_TOO_LARGE, /* more than 64 MiB: n_bytes is what was thrown away */
};

/* Codes of INPUT_KEY: a Unicode code point, or one of these. KEYCODE_BASE itself is a well-formed
 * sequence that we have no name for (readline may have). */
enum input_code {
    KEYCODE_BASE = 0x110000,
    KEYCODE_UP, KEYCODE_DOWN, KEYCODE_LEFT, KEYCODE_RIGHT, KEYCODE_HOME, KEYCODE_END,
    KEYCODE_PAGE_UP, KEYCODE_PAGE_DOWN, KEYCODE_INSERT, KEYCODE_DELETE, KEYCODE_ESCAPE,
    KEYCODE_F1, KEYCODE_F2, KEYCODE_F3, KEYCODE_F4, KEYCODE_F5, KEYCODE_F6, KEYCODE_F7, KEYCODE_F8,
    KEYCODE_F9, KEYCODE_F10, KEYCODE_F11, KEYCODE_F12, KEYCODE_BACKTAB,
};
enum input_mods { MOD_SHIFT = 1, MOD_META = 2, MOD_CTRL = 4 };

enum input_reply { REPLY_CURSOR /* a=row b=col */, REPLY_DA, REPLY_DECRQM /* a=mode b=state */ };

struct input_event {
    enum input_kind kind;
    uint32_t code;          /* KEY: control bytes are given as the letter with MOD_CTRL (C-c = 'c',
                               Enter = C-m, C-@ = '@'); DEL is 0x7F without MOD_CTRL */
    unsigned mods;
    struct {
        int button;         /* 0..2, 64 wheel up, 65 wheel down */
        int row, column;    /* 0-based */
        bool press;
    } mouse;
    struct { enum input_reply what; int a, b; } reply;
    const char *bytes;      /* borrowed until the next call */
    size_t n_bytes;
};

struct input;

struct input *input_new(void);
void input_free(struct input *in);

/* Feeds bytes; then call input_next until it returns false. */
void input_feed(struct input *in, const void *bytes, size_t n);
bool input_next(struct input *in, struct input_event *ev);

/* Is a lone ESC (or an unfinished sequence) waiting for more? Then poll with the escape delay, and on
 * its expiry call input_timeout, then input_next: it is decided as the keys typed so far. Only a
 * sequence with parameters (ESC [ 1 ;), which no hand types, goes on waiting for its end; a paste
 * that stalled (the caller decides after how long) is delivered as far as it came. */
bool input_pending(const struct input *in);
void input_timeout(struct input *in);
/* In the middle of a bracketed paste? (no timeout then) */
bool input_pasting(const struct input *in);
/* Expect a reply of this kind (a probe was sent); unexpected ones are dropped. */
void input_expect(struct input *in, enum input_reply what);

#endif
