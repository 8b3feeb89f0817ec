/* cmd_continue.c - `xuxie continue [FILE|-]`: a text in, its continuation out as it is written.
 *
 * What reaches standard output is the new text and nothing else (or one JSON object per event); all
 * else goes to standard error. The generation is also recorded in the store; a store that does not
 * work is a warning, because the text is on standard output already.
 */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/tokenizers/tokenizer.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/cli.h"
#include "src/database.h"
#include "src/interrupt.h"
#include "src/output.h"
#include "src/recorder.h"
#include "src/runner.h"
#include "src/textfile.h"

struct job {
    struct settings settings; /* with what the model recommends */
    const struct flags *flags;
    struct str prompt;
    struct runner *runner;
    struct engine_request request;

    struct recorder recorder;
    int n_cuts; /* times the window moved */
    uint64_t n_bytes_dropped;
    bool started; /* the JSON start event is out */
    bool ends_with_newline;
};

/* ---- events ---------------------------------------------------------------------------------- */

static void json_start(struct job *j)
{
    const struct engine_info *info = runner_info(j->runner);
    json_error_t error;
    char *text = settings_json(&j->settings, j->request.seed);
    json_t *settings = json_loads(text, 0, &error);
    free(text);
    output_json(json_pack(
        "{s:s, s:{s:o, s:o, s:o, s:o, s:o, s:i, s:o}, s:I, s:i, s:o}", "event", "start", "model",
        "name", output_json_string(info->name, strlen(info->name)), "path",
        output_json_string(info->path, strlen(info->path)), "arch",
        output_json_string(info->arch, strlen(info->arch)), "type", json_string(info->type),
        "identity", json_string(info->identity), "n_ctx", info->n_ctx, "n_params",
        json_integer(info->n_params), "seed", (json_int_t)j->request.seed, "prompt_tokens",
        (int)j->recorder.n_prompt, "settings", settings ? settings : json_null()));
    output_flush();
}

static void json_text(struct job *j, const char *text, size_t n)
{
    json_t *event = json_pack("{s:s, s:o}", "event", "text", "text", output_json_string(text, n));
    if (j->flags->logprobs) {
        json_t *list = json_array();
        for (size_t i = 0; i < j->recorder.n_ids; i++) {
            size_t n_piece;
            int32_t id = j->recorder.ids[i];
            const char *piece = tokenizer_piece(runner_tokenizer(j->runner), id, true, &n_piece);
            json_array_append_new(list, json_pack("{s:i, s:f, s:o}", "id", (int)id, "logprob",
                                                  (double)j->recorder.logprobs[i], "text",
                                                  output_json_string(piece, n_piece)));
        }
        json_object_set_new(event, "tokens", list);
    }
    output_json(event);
}

static void on_cut(struct job *j, const struct engine_event *ev)
{
    if (j->flags->json)
        output_json(json_pack("{s:s, s:i, s:i, s:I}", "event", "cut", "tokens_dropped",
                              ev->cut.n_tokens_dropped, "tokens_kept", ev->cut.n_tokens_kept,
                              "bytes_dropped", (json_int_t)ev->cut.n_bytes_dropped));
    output_flush();
    if (j->n_cuts++ == 0)
        output_note(_("The text is longer than the model can see: its first %llu bytes (%d tokens) "
                      "are left out."),
                    (unsigned long long)ev->cut.n_bytes_dropped, ev->cut.n_tokens_dropped);
    j->n_bytes_dropped = ev->cut.n_bytes_dropped;
}

/* A long answer makes the window move on, again and again: one more line says how far. */
static void tell_last_cut(const struct job *j)
{
    if (j->n_cuts > 1)
        output_note(
            _("While writing, the model's view moved on: at the end it did not see the first "
              "%llu bytes."),
            (unsigned long long)j->n_bytes_dropped);
}

/* The text and what was sampled since the last one. */
static void on_text(struct job *j, const char *text, size_t n)
{
    if (j->flags->json) {
        if (n || j->flags->logprobs)
            json_text(j, text, n);
    } else {
        output_text(text, n, j->flags->raw);
        j->ends_with_newline = n ? text[n - 1] == '\n' : j->ends_with_newline;
    }
    output_flush();
}

static bool on_event(void *arg, const struct engine_event *ev)
{
    struct job *j = arg;
    recorder_event(&j->recorder, ev);
    switch (ev->type) {
    case EV_PROMPT:
        if (ev->prompt.last && j->flags->json && !j->started) {
            j->started = true;
            json_start(j);
        }
        break;
    case EV_CUT: on_cut(j, ev); break;
    case EV_PREFILL:
        if (j->flags->json)
            output_json(json_pack("{s:s, s:i, s:i, s:i}", "event", "prefill", "done",
                                  ev->prefill.done, "total", ev->prefill.total, "reused",
                                  ev->prefill.reused));
        output_flush();
        break;
    case EV_TEXT: on_text(j, ev->bytes, ev->n_bytes); break;
    case EV_DONE:
        if (j->recorder.n_ids) /* tokens without text: the end of the text, half a character */
            on_text(j, "", 0);
        tell_last_cut(j);
        break;
    default: break;
    }
    return output_ok();
}

static const char *code_name(enum err_code code)
{
    switch (code) {
    case E_USAGE: return "usage";
    case E_STORE: return "store";
    case E_RESOURCE: return "resource";
    case E_REMOTE: return "remote";
    case E_CANCELLED: return "cancelled";
    case E_BUSY: return "busy";
    case E_UNSUPPORTED: return "unsupported";
    case E_IO: return "io";
    default: return "input";
    }
}

static void json_done(const struct engine_event *ev)
{
    output_json(json_pack("{s:s, s:s, s:i, s:i, s:i, s:f, s:f}", "event", "done", "reason",
                          engine_done_name(ev->done.reason), "prompt_tokens", ev->done.n_prompt,
                          "reused_tokens", ev->done.n_reused, "tokens", ev->done.n_tokens,
                          "prefill_ms", (double)ev->done.prefill_us / 1e3, "decode_ms",
                          (double)ev->done.decode_us / 1e3));
}

/* ---- the command ----------------------------------------------------------------------------- */

static int generate(struct job *j, struct err *err)
{
    struct engine_segment segment = {.kind = SEGMENT_TEXT};
    struct engine_event done;
    int rc = runner_open(&j->settings, &j->runner, err);
    if (rc)
        return rc;
    settings_hint(&j->settings, &runner_info(j->runner)->hint);
    settings_request(&j->settings, &j->request);
    segment.text = str_cstr(&j->prompt);
    segment.n_bytes = j->prompt.len;
    j->request.segments = &segment;
    j->request.n_segments = 1;
    j->request.n_streams = 1;
    recorder_init(&j->recorder, j->flags->no_store ? NULL : database_open_recording(&j->settings));
    recorder_begin(&j->recorder, &(struct recorder_origin){.origin = "continue"}, &j->settings,
                   runner_info(j->runner), &j->request);
    if (j->flags->echo && !j->flags->json)
        output_text(j->prompt.data, j->prompt.len, j->flags->raw);
    rc = runner_generate(j->runner, &j->request, on_event, j, &done, err);
    recorder_end(&j->recorder, &done, rc ? err : NULL);
    if (!rc && j->flags->json)
        json_done(&done);
    if (!j->flags->json && output_is_tty() && !j->ends_with_newline)
        output_puts("\n");
    output_flush();
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
        output_json(json_pack("{s:s, s:s, s:o}", "event", "error", "code", code_name(err.code),
                              "message", output_json_string(err.msg, strlen(err.msg))));
    int status = interrupt_status();
    if (rc && rc != E_CANCELLED)
        status = output_error(&err);
    runner_free(j.runner);
    settings_free(&j.settings);
    str_free(&j.prompt);
    recorder_free(&j.recorder);
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
