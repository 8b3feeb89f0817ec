/* keymap.c - see keymap.h. Rows are few and keys are typed by people: a lookup parses the key names
 * of the table each time rather than keeping a second copy that could differ from what is shown. */
#include "config.h"

#include "ui/keymap.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/utf8.h"

/* clang-format off */
static const struct keymap_row defaults[] = {
    {UI_NONE,         NULL,        "RET",              KEYMAP_READLINE, KEYMAP_WRITING, N_("continue"), N_("send what is written; on an empty prompt the model goes on")},
    {UI_INTERRUPT,    "interrupt", "C-c",              KEYMAP_ALWAYS,   KEYMAP_WRITING, N_("stop"),     N_("stop the model and keep its words; else empty the prompt; else offer to leave")},
    {UI_STOP,         "stop",      "Esc",              KEYMAP_BUSY,     KEYMAP_WRITING, NULL,           N_("stop the model and keep its words")},
    {UI_RETRY,        "retry",     "F5",               KEYMAP_ALWAYS,   KEYMAP_WRITING, N_("retry"),    N_("write the newest passage once more, another way")},
    {UI_UNDO,         "undo",      "M-u",              KEYMAP_ALWAYS,   KEYMAP_WRITING, N_("undo"),     N_("take the newest passage back")},
    {UI_REDO,         "redo",      "M-r",              KEYMAP_ALWAYS,   KEYMAP_WRITING, N_("redo"),     N_("put back what was taken back")},
    {UI_SIBLING_PREV, "previous",  "M-Left",           KEYMAP_ALWAYS,   KEYMAP_WRITING, NULL,           N_("the take before this one")},
    {UI_SIBLING_NEXT, "next",      "M-Right",          KEYMAP_ALWAYS,   KEYMAP_WRITING, NULL,           N_("the take after this one")},
    {UI_NEWLINE,      "newline",   "M-RET, C-j",       KEYMAP_ALWAYS,   KEYMAP_WRITING, NULL,           N_("a new line in the prompt")},
    {UI_EDITOR,       NULL,        "C-x C-e",          KEYMAP_READLINE, KEYMAP_WRITING, NULL,           N_("write the prompt in $VISUAL or $EDITOR")},
    {UI_COPY,         "copy",      "M-w",              KEYMAP_ALWAYS,   KEYMAP_WRITING, NULL,           N_("copy the newest passage to the clipboard")},
    {UI_PAGE_UP,      "page_up",   "PageUp",           KEYMAP_ALWAYS,   KEYMAP_MOVING,  NULL,           N_("a page back in the manuscript")},
    {UI_PAGE_DOWN,    "page_down", "PageDown",         KEYMAP_ALWAYS,   KEYMAP_MOVING,  NULL,           N_("a page on in the manuscript")},
    {UI_SCROLL_UP,    "line_up",   "S-Up, C-Up",       KEYMAP_ALWAYS,   KEYMAP_MOVING,  NULL,           N_("a line back in the manuscript")},
    {UI_SCROLL_DOWN,  "line_down", "S-Down, C-Down",   KEYMAP_ALWAYS,   KEYMAP_MOVING,  NULL,           N_("a line on in the manuscript")},
    {UI_TOP,          "top",       "C-Home",           KEYMAP_ALWAYS,   KEYMAP_MOVING,  NULL,           N_("to the beginning of the manuscript")},
    {UI_BOTTOM,       "bottom",    "C-End",            KEYMAP_ALWAYS,   KEYMAP_MOVING,  NULL,           N_("to the end of the manuscript, and follow it")},
    {UI_SETTINGS,     "settings",  "F9",               KEYMAP_ALWAYS,   KEYMAP_PROGRAM, N_("settings"), N_("model and sampling")},
    {UI_HELP,         "help",      "F1",               KEYMAP_ALWAYS,   KEYMAP_PROGRAM, N_("help"),     N_("this page")},
    {UI_REDRAW,       "redraw",    "C-l",              KEYMAP_ALWAYS,   KEYMAP_PROGRAM, NULL,           N_("draw the screen anew")},
    {UI_SUSPEND,      "suspend",   "C-z",              KEYMAP_ALWAYS,   KEYMAP_PROGRAM, NULL,           N_("back to the shell; fg returns here")},
    {UI_QUIT,         "quit",      "C-d",              KEYMAP_EMPTY,    KEYMAP_PROGRAM, NULL,           N_("leave (on an empty prompt)")},
};
/* clang-format on */

enum { N_ROWS = ARRAY_LEN(defaults) };

static char *bound[N_ROWS]; /* NULL: the default keys */

static const struct {
    const char *name;
    uint32_t code;
    unsigned mods;
} named_keys[] = {
    {"RET", 'm', MOD_CTRL},
    {"TAB", 'i', MOD_CTRL},
    {"SPC", ' ', 0},
    {"Esc", KEYCODE_ESCAPE, 0},
    {"Up", KEYCODE_UP, 0},
    {"Down", KEYCODE_DOWN, 0},
    {"Left", KEYCODE_LEFT, 0},
    {"Right", KEYCODE_RIGHT, 0},
    {"Home", KEYCODE_HOME, 0},
    {"End", KEYCODE_END, 0},
    {"PageUp", KEYCODE_PAGE_UP, 0},
    {"PageDown", KEYCODE_PAGE_DOWN, 0},
    {"Insert", KEYCODE_INSERT, 0},
    {"Delete", KEYCODE_DELETE, 0},
    {"BackTab", KEYCODE_BACKTAB, 0},
    {"F1", KEYCODE_F1, 0},
    {"F2", KEYCODE_F2, 0},
    {"F3", KEYCODE_F3, 0},
    {"F4", KEYCODE_F4, 0},
    {"F5", KEYCODE_F5, 0},
    {"F6", KEYCODE_F6, 0},
    {"F7", KEYCODE_F7, 0},
    {"F8", KEYCODE_F8, 0},
    {"F9", KEYCODE_F9, 0},
    {"F10", KEYCODE_F10, 0},
    {"F11", KEYCODE_F11, 0},
    {"F12", KEYCODE_F12, 0},
};

/* One key name of n bytes. */
static bool parse_key(const char *s, size_t n, uint32_t *code, unsigned *mods)
{
    static const struct {
        char letter;
        unsigned mod;
    } prefixes[] = {{'C', MOD_CTRL}, {'M', MOD_META}, {'S', MOD_SHIFT}};
    unsigned m = 0;

    for (size_t p = 0; p < ARRAY_LEN(prefixes) && n > 2 && s[1] == '-';) {
        if (s[0] == prefixes[p].letter) {
            m |= prefixes[p].mod;
            s += 2;
            n -= 2;
            p = 0;
        } else {
            p++;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(named_keys); i++) {
        if (strlen(named_keys[i].name) == n && memcmp(named_keys[i].name, s, n) == 0) {
            *code = named_keys[i].code;
            *mods = named_keys[i].mods | m;
            return true;
        }
    }
    uint32_t cp;
    if (n == 0 || utf8_decode(s, n, &cp) != n)
        return false;
    *code = cp;
    *mods = m;
    return true;
}

/* The next alternative of a list "A, B": its bytes, or false at the end. */
static bool next_key(const char **list, const char **key, size_t *n)
{
    if (**list == '\0')
        return false;
    const char *end = strstr(*list, ", ");
    *key = *list;
    *n = end != NULL ? (size_t)(end - *list) : strlen(*list);
    *list += *n + (end != NULL ? 2 : 0);
    return true;
}

static const char *keys_of(size_t i)
{
    return bound[i] != NULL ? bound[i] : defaults[i].keys;
}

const struct keymap_row *keymap_row(size_t i)
{
    static struct keymap_row row;
    if (i >= N_ROWS)
        return NULL;
    row = defaults[i];
    row.keys = keys_of(i);
    return &row;
}

const char *keymap_section_title(enum keymap_section section)
{
    static const char *const titles[] = {
        [KEYMAP_WRITING] = N_("Writing"),
        [KEYMAP_MOVING] = N_("Moving"),
        [KEYMAP_PROGRAM] = N_("Program"),
    };
    return _(titles[section]);
}

bool keymap_chord(const struct input_event *ev, uint32_t *code, unsigned *mods)
{
    *code = 0;
    *mods = 0;
    if (ev->kind == INPUT_KEY) {
        *code = ev->code;
        *mods = ev->mods;
        return true;
    }
    return ev->kind == INPUT_TEXT && utf8_decode(ev->bytes, ev->n_bytes, code) == ev->n_bytes;
}

static bool row_has_key(size_t i, uint32_t code, unsigned mods)
{
    const char *list = keys_of(i), *key;
    size_t n;
    while (next_key(&list, &key, &n)) {
        uint32_t c;
        unsigned m;
        if (parse_key(key, n, &c, &m) && c == code && m == mods)
            return true;
    }
    return false;
}

/* ESC and one character, as opposed to a key that sends CSI or SS3. */
static bool is_escape_letter(const struct input_event *ev)
{
    return ev->n_bytes >= 2 && ev->bytes[0] == '\033' && ev->bytes[1] != '[' && ev->bytes[1] != 'O';
}

enum ui_action keymap_lookup(const struct input_event *ev, const struct keymap_now *now)
{
    uint32_t code;
    unsigned mods;
    if (!keymap_chord(ev, &code, &mods) || (now->vi && is_escape_letter(ev)))
        return UI_NONE;
    for (size_t i = 0; i < N_ROWS; i++) {
        enum keymap_when when = defaults[i].when;
        if (when == KEYMAP_READLINE || (when == KEYMAP_EMPTY && !now->empty) ||
            (when == KEYMAP_BUSY && !now->busy))
            continue;
        if (row_has_key(i, code, mods))
            return defaults[i].action;
    }
    return UI_NONE;
}

int keymap_bind(const char *name, const char *keys, struct err *err)
{
    char quoted[360];
    const char *list = keys, *key;
    size_t n;

    while (next_key(&list, &key, &n)) {
        uint32_t code;
        unsigned mods;
        if (!parse_key(key, n, &code, &mods))
            return err_set(err, E_USAGE,
                           _("%s is not the name of a key; keys are written F5, PageUp, C-c, M-u."),
                           err_quote(quoted, sizeof quoted, key, n));
    }
    for (size_t i = 0; i < N_ROWS; i++) {
        if (defaults[i].name == NULL || strcmp(defaults[i].name, name) != 0)
            continue;
        free(bound[i]);
        bound[i] = x_strdup(keys);
        return 0;
    }
    return err_set(err, E_USAGE, _("No action that keys can be bound to is called %s."),
                   err_quote(quoted, sizeof quoted, name, strlen(name)));
}

void keymap_reset(void)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        free(bound[i]);
        bound[i] = NULL;
    }
}

void keymap_show(const char *keys, size_t n, struct str *out)
{
    const char *list = keys, *key;
    size_t bytes;
    for (size_t i = 0; i < n && next_key(&list, &key, &bytes); i++) {
        if (i > 0)
            str_puts(out, ", ");
        if (bytes == 3 && memcmp(key, "RET", 3) == 0)
            str_puts(out, _("Enter"));
        else if (bytes == 3 && key[0] == 'C' && key[1] == '-')
            str_printf(out, "^%c", key[2] >= 'a' && key[2] <= 'z' ? key[2] - 'a' + 'A' : key[2]);
        else
            str_append(out, key, bytes);
    }
}
