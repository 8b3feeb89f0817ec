/* teller.c - see teller.h. */
#include "config.h"

#include "src/teller.h"

#include <stdlib.h>
#include <string.h>

#include "engine/tokenizers/tokenizer.h"
#include "src/base/i18n.h"
#include "src/output.h"

static json_t *text_json(const char *text)
{
    return output_json_string(text, strlen(text));
}

static void json_start(const struct teller *t)
{
    const struct engine_info *info = runner_info(t->runner);
    json_error_t error;
    char *text = settings_json(t->settings, t->request->seed);
    json_t *settings = json_loads(text, 0, &error);
    free(text);
    json_t *event = json_pack(
        "{s:s, s:{s:o, s:o, s:o, s:o, s:o, s:i, s:o}, s:I, s:i, s:o}", //
        "event", "start", "model", "name", text_json(info->name), "path", text_json(info->path),
        "arch", text_json(info->arch), "type", json_string(info->type), "identity",
        json_string(info->identity), "n_ctx", info->n_ctx, "n_params", json_integer(info->n_params),
        "seed", (json_int_t)t->request->seed, "prompt_tokens", (int)t->recorder->n_prompt,
        "settings", settings ? settings : json_null());
    if (t->more)
        json_object_update(event, (json_t *)t->more);
    output_json(event);
    output_flush();
}

static void json_text(const struct teller *t, const char *text, size_t n)
{
    json_t *event = json_pack("{s:s, s:o}", "event", "text", "text", output_json_string(text, n));
    if (t->logprobs) {
        json_t *list = json_array();
        for (size_t i = 0; i < t->recorder->n_ids; i++) {
            size_t n_piece;
            int32_t id = t->recorder->ids[i];
            const char *piece = tokenizer_piece(runner_tokenizer(t->runner), id, true, &n_piece);
            json_array_append_new(list, json_pack("{s:i, s:f, s:o}", "id", (int)id, "logprob",
                                                  (double)t->recorder->logprobs[i], "text",
                                                  output_json_string(piece, n_piece)));
        }
        json_object_set_new(event, "tokens", list);
    }
    output_json(event);
}

static void on_cut(struct teller *t, const struct engine_event *ev)
{
    if (t->json)
        output_json(json_pack("{s:s, s:i, s:i, s:I}", "event", "cut", "tokens_dropped",
                              ev->cut.n_tokens_dropped, "tokens_kept", ev->cut.n_tokens_kept,
                              "bytes_dropped", (json_int_t)ev->cut.n_bytes_dropped));
    output_flush();
    if (t->n_cuts++ == 0)
        output_note(_("The text is longer than the model can see: its first %llu bytes (%d tokens) "
                      "are left out."),
                    (unsigned long long)ev->cut.n_bytes_dropped, ev->cut.n_tokens_dropped);
    t->n_bytes_dropped = ev->cut.n_bytes_dropped;
}

/* A long answer makes the window move on, again and again: one more line says how far. */
static void tell_last_cut(const struct teller *t)
{
    if (t->n_cuts > 1)
        output_note(
            _("While writing, the model's view moved on: at the end it did not see the first "
              "%llu bytes."),
            (unsigned long long)t->n_bytes_dropped);
}

/* The text and what was sampled since the last one. */
static void on_text(struct teller *t, const char *text, size_t n)
{
    if (t->json) {
        if (n || t->logprobs)
            json_text(t, text, n);
    } else {
        output_text(text, n, t->raw);
        t->ends_with_newline = n ? text[n - 1] == '\n' : t->ends_with_newline;
    }
    output_flush();
}

bool teller_event(struct teller *t, const struct engine_event *ev)
{
    switch (ev->type) {
    case EV_PROMPT:
        if (ev->prompt.last && t->json && !t->started) {
            t->started = true;
            json_start(t);
        }
        break;
    case EV_CUT: on_cut(t, ev); break;
    case EV_PREFILL:
        if (t->json)
            output_json(json_pack("{s:s, s:i, s:i, s:i}", "event", "prefill", "done",
                                  ev->prefill.done, "total", ev->prefill.total, "reused",
                                  ev->prefill.reused));
        output_flush();
        break;
    case EV_TEXT: on_text(t, ev->bytes, ev->n_bytes); break;
    case EV_DONE:
        if (t->recorder->n_ids) /* tokens without text: the end of the text, half a character */
            on_text(t, "", 0);
        tell_last_cut(t);
        break;
    default: break;
    }
    return output_ok();
}

void teller_end(struct teller *t, const struct engine_event *done)
{
    if (done && t->json)
        output_json(json_pack(
            "{s:s, s:s, s:i, s:i, s:i, s:f, s:f}", "event", "done", "reason",
            engine_done_name(done->done.reason), "prompt_tokens", done->done.n_prompt,
            "reused_tokens", done->done.n_reused, "tokens", done->done.n_tokens, "prefill_ms",
            (double)done->done.prefill_us / 1e3, "decode_ms", (double)done->done.decode_us / 1e3));
    if (!t->json && output_is_tty() && !t->ends_with_newline)
        output_puts("\n");
    output_flush();
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

void teller_error(const struct err *err)
{
    output_json(json_pack("{s:s, s:s, s:o}", "event", "error", "code", code_name(err->code),
                          "message", output_json_string(err->msg, strlen(err->msg))));
}
