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
enum { WRITING = UI_VIEW_WRITING, HISTORY = UI_VIEW_HISTORY, TEMPLATES = UI_VIEW_TEMPLATES, EXAMPLES = UI_VIEW_EXAMPLES,
       VIEWS = KEYMAP_VIEWS, OVERLAYS = KEYMAP_VIEWS | KEYMAP_ANSWERING, ANYWHERE = KEYMAP_ANYWHERE };

static const struct keymap_row defaults[] = {
    {UI_NONE,           NULL,          "RET",             KEYMAP_READLINE,  WRITING,   KEYMAP_WRITING,   N_("continue"),   N_("send what is written; on an empty prompt the model goes on")},
    {UI_INTERRUPT,      "interrupt",   "C-c",             KEYMAP_ALWAYS,    WRITING,   KEYMAP_WRITING,   N_("stop"),       N_("stop the model and keep its words; else empty the prompt; else offer to leave")},
    {UI_STOP,           "stop",        "Esc",             KEYMAP_BUSY,      WRITING,   KEYMAP_WRITING,   NULL,             N_("stop the model and keep its words")},
    {UI_RETRY,          "retry",       "F5",              KEYMAP_ALWAYS,    WRITING,   KEYMAP_WRITING,   N_("retry"),      N_("write the newest passage once more, another way")},
    {UI_UNDO,           "undo",        "M-u",             KEYMAP_ALWAYS,    WRITING,   KEYMAP_WRITING,   N_("undo"),       N_("take the newest passage back")},
    {UI_REDO,           "redo",        "M-r",             KEYMAP_ALWAYS,    WRITING,   KEYMAP_WRITING,   NULL,                 N_("put back what was taken back")},
    {UI_SIBLING_PREV,   "previous",    "M-Left",          KEYMAP_ALWAYS,    WRITING,   KEYMAP_WRITING,   NULL,             N_("the take before this one")},
    {UI_SIBLING_NEXT,   "next",        "M-Right",         KEYMAP_ALWAYS,    WRITING,   KEYMAP_WRITING,   NULL,             N_("the take after this one")},
    {UI_NEWLINE,        "newline",     "M-RET, C-j",      KEYMAP_ALWAYS,    ANYWHERE,  KEYMAP_WRITING,   NULL,             N_("a new line in the prompt")},
    {UI_EDITOR,         NULL,          "C-x C-e",         KEYMAP_READLINE,  WRITING,   KEYMAP_WRITING,   NULL,             N_("write the prompt in $VISUAL or $EDITOR")},
    {UI_COPY,           "copy",        "M-w",             KEYMAP_ALWAYS,    WRITING,   KEYMAP_WRITING,   NULL,             N_("copy the newest passage to the clipboard")},
    {UI_ADD_EXAMPLE,    "add_example", "M-a",             KEYMAP_ALWAYS,    WRITING,   KEYMAP_WRITING,   NULL,             N_("make the newest passage an example of a template")},

    {UI_PAGE_UP,        "page_up",     "PageUp",          KEYMAP_ALWAYS,    WRITING,   KEYMAP_MOVING,    NULL,             N_("a page back in the manuscript")},
    {UI_PAGE_DOWN,      "page_down",   "PageDown",        KEYMAP_ALWAYS,    WRITING,   KEYMAP_MOVING,    NULL,             N_("a page on in the manuscript")},
    {UI_SCROLL_UP,      "line_up",     "S-Up, C-Up",      KEYMAP_ALWAYS,    WRITING,   KEYMAP_MOVING,    NULL,             N_("a line back in the manuscript")},
    {UI_SCROLL_DOWN,    "line_down",   "S-Down, C-Down",  KEYMAP_ALWAYS,    WRITING,   KEYMAP_MOVING,    NULL,             N_("a line on in the manuscript")},
    {UI_TOP,            "top",         "C-Home",          KEYMAP_ALWAYS,    WRITING,   KEYMAP_MOVING,    NULL,             N_("to the beginning of the manuscript")},
    {UI_BOTTOM,         "bottom",      "C-End",           KEYMAP_ALWAYS,    WRITING,   KEYMAP_MOVING,    NULL,             N_("to the end of the manuscript, and follow it")},

    {UI_NONE,           NULL,          "RET",             KEYMAP_READLINE,  HISTORY,   KEYMAP_HISTORY,   N_("read"),       N_("read what is selected; from its page, go to its place in the story")},
    {UI_GO,             "go",          "M-g",             KEYMAP_ALWAYS,    HISTORY,   KEYMAP_HISTORY,   N_("go there"),   N_("go to its place in its story")},
    {UI_SHOW,           "show",        "M-v",             KEYMAP_ALWAYS,    HISTORY,   KEYMAP_HISTORY,   N_("prompt"),     N_("show what it wrote, the exact prompt, the settings or the tokens, in turn")},
    {UI_STAR,           "star",        "M-s",             KEYMAP_ALWAYS,    HISTORY,   KEYMAP_HISTORY,   N_("star"),       N_("give it a star, or take it away")},
    {UI_REUSE,          "reuse",       "M-i",             KEYMAP_ALWAYS,    HISTORY,   KEYMAP_HISTORY,   N_("reuse"),      N_("put its prompt into the prompt pane, or open its template with the same fields")},
    {UI_TAG,            "tag",         "M-h",             KEYMAP_ALWAYS,    HISTORY,   KEYMAP_HISTORY,   NULL,             N_("give it tags, or take them away")},
    {UI_NOTE,           "note",        "M-e",             KEYMAP_ALWAYS,    HISTORY,   KEYMAP_HISTORY,   NULL,             N_("write a note on it")},
    {UI_DIFF,           "diff",        "M-m",             KEYMAP_ALWAYS,    HISTORY,   KEYMAP_HISTORY,   NULL,             N_("mark it; on another one: compare the two")},
    {UI_COPY,           "copy",        "M-w",             KEYMAP_ALWAYS,    HISTORY,   KEYMAP_HISTORY,   NULL,             N_("copy what it wrote to the clipboard")},
    {UI_EXPORT,         "export",      "M-o",             KEYMAP_ALWAYS,    HISTORY,   KEYMAP_HISTORY,   NULL,             N_("write it to a file")},
    {UI_ADD_EXAMPLE,    "add_example", "M-a",             KEYMAP_ALWAYS,    HISTORY,   KEYMAP_HISTORY,   NULL,             N_("make it an example of a template")},

    {UI_NONE,           NULL,          "RET",             KEYMAP_READLINE,  TEMPLATES, KEYMAP_TEMPLATES, N_("run"),        N_("run the template on what is in the prompt pane")},
    {UI_RETRY,          "retry",       "F5",              KEYMAP_ALWAYS,    TEMPLATES, KEYMAP_TEMPLATES, N_("retry"),      N_("run it once more, another way")},
    {UI_KEEP,           "keep",        "M-g",             KEYMAP_ALWAYS,    TEMPLATES, KEYMAP_TEMPLATES, N_("keep"),       N_("put the result into the manuscript")},
    {UI_MODE,           "mode",        "M-m",             KEYMAP_ALWAYS,    TEMPLATES, KEYMAP_TEMPLATES, N_("0/1/few"),    N_("zero-shot, one-shot, few-shot, in turn")},
    {UI_FEWER,          "fewer",       "M-Left",          KEYMAP_ALWAYS,    TEMPLATES, KEYMAP_TEMPLATES, NULL,             N_("show the model one example less")},
    {UI_MORE,           "more",        "M-Right",         KEYMAP_ALWAYS,    TEMPLATES, KEYMAP_TEMPLATES, NULL,             N_("one example more")},
    {UI_FIT,            "fit",         "M-k",             KEYMAP_ALWAYS,    TEMPLATES, KEYMAP_TEMPLATES, NULL,             N_("as many examples as fit, or a number again")},
    {UI_SELECT,         "select",      "M-s",             KEYMAP_ALWAYS,    TEMPLATES, KEYMAP_TEMPLATES, NULL,             N_("which examples: the first, at random, of a tag, the most similar, in turn")},
    {UI_EXAMPLES,       "examples",    "M-o",             KEYMAP_ALWAYS,    TEMPLATES, KEYMAP_TEMPLATES, N_("examples"),   N_("the template's examples: order, switch off, edit, remove")},
    {UI_EDIT,           "edit",        "M-e",             KEYMAP_ALWAYS,    TEMPLATES, KEYMAP_TEMPLATES, N_("edit"),       N_("edit the whole template in $VISUAL or $EDITOR")},
    {UI_SHOW,           "show",        "M-v",             KEYMAP_ALWAYS,    TEMPLATES, KEYMAP_TEMPLATES, NULL,             N_("show the prompt, the result or the template's text, in turn")},
    {UI_ADD_EXAMPLE,    "add_example", "M-a",             KEYMAP_ALWAYS,    TEMPLATES, KEYMAP_TEMPLATES, NULL,             N_("make the result an example of this template")},
    {UI_COPY,           "copy",        "M-w",             KEYMAP_ALWAYS,    TEMPLATES, KEYMAP_TEMPLATES, NULL,             N_("copy the result to the clipboard")},
    {UI_NEW,            "new",         "M-i",             KEYMAP_ALWAYS,    TEMPLATES, KEYMAP_TEMPLATES, NULL,             N_("a new template")},
    {UI_RENAME,         "rename",      "M-q",             KEYMAP_ALWAYS,    TEMPLATES, KEYMAP_TEMPLATES, NULL,             N_("give the template another name")},

    {UI_NONE,           NULL,          "RET",             KEYMAP_READLINE,  EXAMPLES,  KEYMAP_EXAMPLES,  N_("next"),       N_("the next example that holds what is in the prompt pane")},
    {UI_TOGGLE,         "toggle",      "M-o",             KEYMAP_ALWAYS,    EXAMPLES,  KEYMAP_EXAMPLES,  N_("on/off"),     N_("switch the example off, or on again")},
    {UI_MOVE_UP,        "move_up",     "M-Up",            KEYMAP_ALWAYS,    EXAMPLES,  KEYMAP_EXAMPLES,  N_("up"),         N_("move the example up")},
    {UI_MOVE_DOWN,      "move_down",   "M-Down",          KEYMAP_ALWAYS,    EXAMPLES,  KEYMAP_EXAMPLES,  N_("down"),       N_("move it down")},
    {UI_EDIT,           "edit",        "M-e",             KEYMAP_ALWAYS,    EXAMPLES,  KEYMAP_EXAMPLES,  N_("edit"),       N_("edit the example in $VISUAL or $EDITOR")},
    {UI_NEW,            "new",         "M-i",             KEYMAP_ALWAYS,    EXAMPLES,  KEYMAP_EXAMPLES,  N_("new"),        N_("a new example")},
    {UI_REMOVE,         "remove",      "M-z, M-Delete",   KEYMAP_ALWAYS,    EXAMPLES,  KEYMAP_EXAMPLES,  NULL,             N_("remove the example; the version before keeps it")},

    {UI_ROW_UP,         "row_up",      "Up",              KEYMAP_ALWAYS,    VIEWS,     KEYMAP_LISTS,     NULL,             N_("a row up in the list, a line in the page")},
    {UI_ROW_DOWN,       "row_down",    "Down",            KEYMAP_ALWAYS,    VIEWS,     KEYMAP_LISTS,     NULL,             N_("a row down")},
    {UI_FOCUS,          NULL,          "TAB",             KEYMAP_READLINE,  VIEWS,     KEYMAP_LISTS,     N_("page"),       N_("from the list to the page and back; completes a filter or a command")},
    {UI_PAGE_UP,        "page_up",     "PageUp",          KEYMAP_ALWAYS,    VIEWS,     KEYMAP_LISTS,     NULL,             N_("a screen back in the list or the page")},
    {UI_PAGE_DOWN,      "page_down",   "PageDown",        KEYMAP_ALWAYS,    VIEWS,     KEYMAP_LISTS,     NULL,             N_("a screen on")},
    {UI_SCROLL_UP,      "line_up",     "S-Up, C-Up",      KEYMAP_ALWAYS,    VIEWS,     KEYMAP_LISTS,     NULL,             N_("a line back in the page, also from the list")},
    {UI_SCROLL_DOWN,    "line_down",   "S-Down, C-Down",  KEYMAP_ALWAYS,    VIEWS,     KEYMAP_LISTS,     NULL,             N_("a line on in the page")},
    {UI_TOP,            "top",         "C-Home",          KEYMAP_ALWAYS,    VIEWS,     KEYMAP_LISTS,     NULL,             N_("to the beginning")},
    {UI_BOTTOM,         "bottom",      "C-End",           KEYMAP_ALWAYS,    VIEWS,     KEYMAP_LISTS,     NULL,             N_("to the end")},
    {UI_COMMAND,        "command",     "M-x",             KEYMAP_ALWAYS,    VIEWS,     KEYMAP_LISTS,     NULL,             N_("type a command while the line keeps what it holds")},
    {UI_INTERRUPT,      "interrupt",   "C-c",             KEYMAP_ALWAYS,    OVERLAYS,  KEYMAP_LISTS,     NULL,             N_("stop the model and keep its words; else empty the line; else go back")},
    {UI_NONE,           NULL,          "RET",             KEYMAP_READLINE,  KEYMAP_ANSWERING, KEYMAP_LISTS, N_("answer"),  N_("answer the question in the prompt pane")},
    {UI_BACK,           "back",        "Esc",             KEYMAP_ALWAYS,    OVERLAYS,  KEYMAP_LISTS,     N_("back"),       N_("back to where you came from")},

    {UI_HISTORY,        "history",     "F3",              KEYMAP_ALWAYS,    ANYWHERE,  KEYMAP_PROGRAM,   N_("history"),    N_("what was ever written: search, read, reuse; again: back")},
    {UI_TEMPLATES,      "templates",   "F4",              KEYMAP_ALWAYS,    ANYWHERE,  KEYMAP_PROGRAM,   N_("templates"),  N_("the library of prompt templates; again: back")},
    {UI_SETTINGS,       "settings",    "F9",              KEYMAP_ALWAYS,    ANYWHERE,  KEYMAP_PROGRAM,   N_("settings"),   N_("model and sampling")},
    {UI_HELP,           "help",        "F1",              KEYMAP_ALWAYS,    ANYWHERE,  KEYMAP_PROGRAM,   N_("help"),       N_("this page")},
    {UI_REDRAW,         "redraw",      "C-l",             KEYMAP_ALWAYS,    ANYWHERE,  KEYMAP_PROGRAM,   NULL,             N_("draw the screen anew")},
    {UI_SUSPEND,        "suspend",     "C-z",             KEYMAP_ALWAYS,    ANYWHERE,  KEYMAP_PROGRAM,   NULL,             N_("back to the shell; fg returns here")},
    {UI_QUIT,           "quit",        "C-d",             KEYMAP_EMPTY,     ANYWHERE,  KEYMAP_PROGRAM,   NULL,             N_("leave (on an empty prompt)")},
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

static const struct {
    const char *title;
    unsigned views;
} sections[N_KEYMAP_SECTIONS] = {
    [KEYMAP_WRITING] = {N_("Writing"), UI_VIEW_WRITING},
    [KEYMAP_MOVING] = {N_("Moving"), UI_VIEW_WRITING},
    [KEYMAP_HISTORY] = {N_("History"), UI_VIEW_HISTORY},
    [KEYMAP_TEMPLATES] = {N_("Templates"), UI_VIEW_TEMPLATES},
    [KEYMAP_EXAMPLES] = {N_("Examples of a template"), UI_VIEW_EXAMPLES},
    [KEYMAP_LISTS] = {N_("In every list with a page"), KEYMAP_VIEWS | KEYMAP_ANSWERING},
    [KEYMAP_PROGRAM] = {N_("Program"), KEYMAP_ANYWHERE},
};

const char *keymap_section_title(enum keymap_section section)
{
    return _(sections[section].title);
}

unsigned keymap_section_views(enum keymap_section section)
{
    return sections[section].views;
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
        if (!(defaults[i].views & now->view) || when == KEYMAP_READLINE ||
            (when == KEYMAP_EMPTY && !now->empty) || (when == KEYMAP_BUSY && !now->busy))
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
    bool known = false;
    for (size_t i = 0; i < N_ROWS; i++) {
        if (defaults[i].name == NULL || strcmp(defaults[i].name, name) != 0)
            continue;
        free(bound[i]);
        bound[i] = x_strdup(keys);
        known = true;
    }
    if (known)
        return 0;
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
