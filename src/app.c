/* app.c - see app.h. Screen when the terminal can show one, lines when it cannot, and when there is
 * no terminal to read from, the text on standard input is continued on standard output. */
#include "config.h"

#include "src/app.h"

#include <stdio.h>
#include <unistd.h>

#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/base/paths.h"
#include "src/base/str.h"
#include "src/cli.h"
#include "ui/ui.h"

static void open_log(void)
{
    struct str path = STR_INIT;
    struct err err = ERR_INIT;
    if (paths_user(PATHS_STATE, "xuxie.log", &path, &err) == 0 &&
        paths_make_parent(str_cstr(&path), &err) == 0)
        log_open(str_cstr(&path), LOG_INFO, &err); /* without a log the room works all the same */
    str_free(&path);
}

int room_main(struct settings *settings, const char *what)
{
    const char *why = NULL;
    if (!isatty(STDIN_FILENO))
        return cli_continue_stdin(settings, what);
    if (!isatty(STDOUT_FILENO)) {
        fputs(_("xuxie: the room needs a terminal on standard output; "
                "`xuxie continue FILE` writes to a pipe or file\n"),
              stderr);
        return err_exit_status(E_USAGE);
    }
    open_log();
    int status;
    if (ui_possible(&why)) {
        status = front_tui_run(settings, what);
    } else {
        if (why)
            fprintf(stderr, "xuxie: %s\n", why);
        status = front_line_run(settings, what);
    }
    log_close();
    return status;
}
