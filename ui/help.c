/* help.c - see help.h. Columns are made by counting cells, as key names and words may be Chinese.
 */
#include "config.h"

#include "ui/help.h"

#include "src/base/i18n.h"
#include "src/base/uwidth.h"
#include "ui/keymap.h"

enum { HELP_COLUMN = 24, ALL_KEYS = 9 };

static void pad(struct str *out, size_t line_start, size_t column)
{
    size_t used = uwidth_str(out->data + line_start, out->len - line_start);
    do
        str_putc(out, ' ');
    while (++used < column);
}

static void section(struct str *out, const char *title)
{
    str_printf(out, "%s%s\n", out->len > 0 ? "\n" : "", title);
}

static void keys_of_section(enum keymap_section s, struct str *out)
{
    const struct keymap_row *row;
    section(out, keymap_section_title(s));
    for (size_t i = 0; (row = keymap_row(i)) != NULL; i++) {
        if (row->section != s || row->keys[0] == '\0')
            continue;
        size_t start = out->len;
        str_puts(out, "  ");
        keymap_show(row->keys, ALL_KEYS, out);
        pad(out, start, HELP_COLUMN);
        str_printf(out, "%s\n", _(row->help));
    }
}

void help_text(unsigned view, const struct ui_help_row *commands, struct str *out)
{
    for (int here = 1; here >= 0; here--) {
        for (int s = 0; s < N_KEYMAP_SECTIONS; s++) {
            if (((keymap_section_views((enum keymap_section)s) & view) != 0) == (here != 0))
                keys_of_section((enum keymap_section)s, out);
        }
    }
    section(out, _("Commands, typed in the prompt"));
    for (; commands != NULL && commands->name != NULL; commands++) {
        size_t start = out->len;
        str_printf(out, "  %s%s%s", commands->name,
                   commands->args != NULL && commands->args[0] != '\0' ? " " : "",
                   commands->args != NULL ? commands->args : "");
        pad(out, start, HELP_COLUMN);
        str_printf(out, "%s\n", commands->help);
    }
    section(out, _("Prompt and mouse"));
    str_printf(out, "  %s\n",
               _("The prompt is GNU readline: your ~/.inputrc, history, search (^R), undo "
                 "and the emacs or vi keys work in it."));
    str_printf(out, "  %s\n",
               _("The wheel scrolls the pane under the pointer; a click puts the cursor "
                 "into the prompt. Hold Shift to select text with the mouse."));
    str_printf(out, "  %s\n",
               _("In vi mode ESC is a command, so keys written M- are reached by their "
                 "function keys and commands only."));
}

bool help_hint(unsigned view, size_t i, struct str *key, const char **label, bool *must)
{
    const struct keymap_row *row;
    for (size_t k = 0; (row = keymap_row(k)) != NULL; k++) {
        if (row->hint == NULL || row->keys[0] == '\0' || !(row->views & view))
            continue;
        if (i-- == 0) {
            keymap_show(row->keys, 1, key);
            *label = _(row->hint);
            *must = row->action == UI_BACK || row->action == UI_HELP;
            return true;
        }
    }
    return false;
}
