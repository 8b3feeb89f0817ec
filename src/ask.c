/* ask.c - see ask.h. */
#include "config.h"

#include "src/ask.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/text_safe.h"
#include "src/locale_setup.h"
#include "src/output.h"
#include "src/textfile.h"
#include "ui/ui.h"

enum { ANSWER_BYTES = 256 };

bool ask_possible(void)
{
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

bool ask_yes(const char *question)
{
    char answer[ANSWER_BYTES];
    struct str s = STR_INIT;
    output_flush();
    text_safe(&s, question, strlen(question));
    str_puts(&s, " [y/N] ");
    ssize_t written = write(STDERR_FILENO, s.data, s.len);
    str_free(&s);
    long n = written > 0 ? textfile_some("-", STDIN_FILENO, answer, sizeof answer - 1, NULL) : 0;
    if (n <= 0)
        return false;
    answer[n] = '\0';
    return answer[0] == 'y' || answer[0] == 'Y' || rpmatch(answer) == 1;
}

int ask_editor(struct str *text, size_t limit, struct err *err)
{
    struct str edited = STR_INIT;
    char **environment = locale_child_environ();
    str_init(&edited, limit);
    int rc = ui_edit_plainly(str_cstr(text), text->len, ".txt", environment, &edited, err);
    if (!rc) {
        str_clear(text);
        str_append(text, str_cstr(&edited), edited.len);
    }
    str_free(&edited);
    free(environment);
    return rc;
}
