/* cmd_continue.c - `xuxie continue [FILE|-]`: a text in, its continuation out as it is written.
 *
 * What reaches standard output is the new text and nothing else (or one JSON object per event); all
 * else goes to standard error. The generation is also recorded in the store; a store that does not
 * work is a warning, because the text is on standard output already. With --chat the text is a
 * question, and what comes out the model's answer.
 */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"
#include "src/chat.h"
#include "src/cli.h"
#include "src/database.h"
#include "src/interrupt.h"
#include "src/output.h"
#include "src/recorder.h"
#include "src/runner.h"
#include "src/teller.h"
#include "src/textfile.h"

struct job {
    struct settings settings; /* with what the model recommends */
    const struct flags *flags;
    struct str prompt;
    struct runner *runner;
    struct engine_request request;

    struct engine_segment segment; /* the text, when it is no chat */
    struct chat chat;
    struct recorder recorder;
    struct teller teller;
};

static bool on_event(void *arg, const struct engine_event *ev)
{
    struct job *j = arg;
    struct engine_event told = *ev;
    recorder_event(&j->recorder, ev);
    if (ev->type == EV_CUT && j->settings.chat) /* of the text, not of the format around it */
        told.cut.n_bytes_dropped = chat_source(&j->chat, ev->cut.n_bytes_dropped);
    return teller_event(&j->teller, &told);
}

/* The text as it is; or, in a chat, as a question with the beginning of its answer. */
static int make_prompt(struct job *j, struct err *err)
{
    const struct chat_template *row;
    if (!j->settings.chat) {
        j->segment = (struct engine_segment){.kind = SEGMENT_TEXT,
                                             .text = str_cstr(&j->prompt),
                                             .n_bytes = j->prompt.len,
                                             .special = j->flags->parse_special};
        j->request.segments = &j->segment;
        j->request.n_segments = 1;
        return 0;
    }
    const struct tokenizer *t = runner_tokenizer(j->runner);
    int rc = chat_find(j->settings.chat, t, &row, err);
    if (rc)
        return rc;
    free(j->settings.chat); /* what is recorded: the format that was used */
    j->settings.chat = x_strdup(chat_name(row));
    chat_begin(&j->chat, row, t, j->settings.system);
    chat_add(&j->chat, CHAT_USER, str_cstr(&j->prompt), j->prompt.len, NULL, 0);
    chat_finish(&j->chat);
    j->request.segments = j->chat.segments;
    j->request.n_segments = j->chat.n;
    return 0;
}

static int generate(struct job *j, struct err *err)
{
    struct engine_event done;
    int rc = runner_open(&j->settings, &j->runner, err);
    if (rc)
        return rc;
    settings_hint(&j->settings, &runner_info(j->runner)->hint);
    settings_in_use(&j->settings, runner_info(j->runner));
    settings_request(&j->settings, &j->request);
    j->request.n_streams = 1;
    rc = make_prompt(j, err);
    if (rc)
        return rc;
    recorder_init(&j->recorder, j->flags->no_store ? NULL : database_open_recording(&j->settings));
    recorder_begin(&j->recorder, &(struct recorder_origin){.origin = "continue"}, &j->settings,
                   runner_info(j->runner), &j->request);
    j->teller = (struct teller){.runner = j->runner,
                                .settings = &j->settings,
                                .request = &j->request,
                                .recorder = &j->recorder,
                                .json = j->flags->json,
                                .raw = j->flags->raw,
                                .logprobs = j->flags->logprobs};
    if (j->flags->echo && !j->flags->json)
        output_text(j->prompt.data, j->prompt.len, j->flags->raw);
    rc = runner_generate(j->runner, &j->request, on_event, j, &done, err);
    recorder_end(&j->recorder, &done, rc ? err : NULL);
    teller_end(&j->teller, rc ? NULL : &done);
    database_close_recording(j->recorder.store);
    return rc;
}

static int run(const struct settings *settings, const struct flags *flags, const char *path)
{
    struct job j = {.flags = flags};
    struct err err = ERR_INIT;
    settings_copy(&j.settings, settings);
    int rc = textfile_read(path, 0, LIMIT_STORY_FILE_BYTES, &j.prompt, &err);
    if (!rc)
        rc = textfile_check(path, &j.prompt, &err);
    if (!rc)
        rc = generate(&j, &err);
    if (rc && rc != E_CANCELLED && flags->json)
        teller_error(&err);
    int status = interrupt_status();
    if (rc && rc != E_CANCELLED)
        status = output_error(&err);
    runner_free(j.runner);
    settings_free(&j.settings);
    str_free(&j.prompt);
    recorder_free(&j.recorder);
    chat_free(&j.chat);
    return status;
}

/* Standard input was closed: main put a descriptor there that cannot be read. */
static bool stdin_unusable(void)
{
    int mode = fcntl(STDIN_FILENO, F_GETFL);
    return mode < 0 || (mode & O_ACCMODE) == O_WRONLY;
}

static int run_continue(struct cli *cli)
{
    const char *path = cli->n_args ? cli->args[0] : "-";
    bool from_stdin = strcmp(path, "-") == 0;
    if (from_stdin && stdin_unusable())
        return cli_usage(cli->command, _("standard input is closed; name a file to continue"));
    if (!cli->n_args && isatty(STDIN_FILENO))
        return cli_usage(cli->command, _("name a file to continue, or give a text on standard "
                                         "input (`-` reads it from the terminal)"));
    if (cli->flags.logprobs && !cli->flags.json)
        return cli_usage(cli->command, _("--logprobs needs --json"));
    if (cli->settings.origin[option_find("system")] == ORIGIN_CLI && !cli->settings.chat)
        return cli_usage(cli->command, _("--system needs --chat"));
    if (cli->flags.parse_special && cli->settings.chat)
        return cli_usage(cli->command, _("--parse-special means nothing with --chat"));
    return run(&cli->settings, &cli->flags, path);
}

int cli_continue_stdin(struct settings *settings, const char *what)
{
    struct flags flags;
    struct err err = ERR_INIT;
    if (!what && stdin_unusable())
        return cli_usage(&command_room, _("standard input is closed; the room needs a terminal"));
    if (interrupt_install(&err) != 0)
        return output_error(&err);
    flags_init(&flags);
    int status = run(settings, &flags, what ? what : "-");
    flags_free(&flags);
    return status;
}

const struct subcommand command_continue = {
    .name = "continue",
    .arguments = N_("[FILE|-]"),
    .help = N_("Continue a text: the new words go to standard output"),
    .about =
        N_("Reads FILE, or standard input, as UTF-8 and writes on from its end. The generation is "
           "also recorded in the database. With --json every event is a line: start, prefill, "
           "text, cut, done, error."),
    .bit = CMD_CONTINUE,
    .max_args = 1,
    .run = run_continue,
};
