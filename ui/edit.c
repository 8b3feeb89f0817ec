/* edit.c - see edit.h. Why it is so:
 *
 * - Readline pulls its input from a queue and is called while the queue is not empty. Fed byte by
 *   byte, it would ask for the rest of a character inside a command (vi's r) and get the same byte.
 * - Its own bracketed paste handler is off: it blocks reading for the terminator.
 * - ^C: rl_callback_sigcleanup() comes before the line is emptied; in the other order a search
 * match comes back. Then readline accepts the empty line, by a keymap of our own, and we drop it:
 * only its own end of a line puts edited history entries and their undo lists in order
 *   (rl_free_line_state() leaves the saved line with a freed one).
 * - It moves by code points; a person moves by grapheme clusters, so whatever keys are bound to its
 *   character commands get ours instead, after inputrc was read.
 * - A line that is accepted is kept until readline is done with it: it empties the line after its
 *   handler returns, whatever the handler put there.
 */
#include "config.h"

#include "ui/edit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/utf8.h"
#include "src/base/uwidth.h"
#include "ui/complete.h"
#include "ui/sig.h"
#include "ui/ui.h"

enum { CLUSTER_WINDOW_BYTES = 512 };

#define STATES_NOT_PLAIN                                                                           \
    (RL_STATE_ISEARCH | RL_STATE_NSEARCH | RL_STATE_NUMERICARG | RL_STATE_VIMOTION |               \
     RL_STATE_MULTIKEY | RL_STATE_METANEXT | RL_STATE_CHARSEARCH | RL_STATE_MOREINPUT)

static struct {
    struct str queue; /* bytes readline has not read */
    size_t n_read;
    char **submitted;
    size_t n_submitted;
    bool requested[N_EDIT_REQUESTS];
    bool end_of_input; /* line mode: ^D on an empty line */
    bool named;        /* our commands are known to readline */
    bool cancelling;   /* the line that is accepted is to be dropped */
    Keymap accept_map, map_before;
    FILE *nowhere;
} edit;

/* ---- grapheme clusters ------------------------------------------------------------------------
 */

/* The start of the cluster that ends at (or holds) byte `at` of the line. */
static size_t cluster_before(size_t at)
{
    size_t from = at > CLUSTER_WINDOW_BYTES ? at - CLUSTER_WINDOW_BYTES : 0;
    from = utf8_floor(rl_line_buffer, (size_t)rl_end, from);
    size_t start = from;
    while (from < at) {
        int columns;
        start = from;
        from += uwidth_cluster(rl_line_buffer + from, (size_t)rl_end - from, &columns);
    }
    return start;
}

static size_t cluster_after(size_t at)
{
    size_t n = (size_t)rl_end;
    int columns;
    return at < n ? at + uwidth_cluster(rl_line_buffer + at, n - at, &columns) : n;
}

/* count clusters from the cursor, to the left when negative. */
static size_t clusters_away(int count)
{
    size_t at = (size_t)rl_point;
    for (; count > 0 && at < (size_t)rl_end; count--)
        at = cluster_after(at);
    for (; count < 0 && at > 0; count++)
        at = cluster_before(at);
    return at;
}

/* vi's command mode never stands behind the last character. */
static void keep_on_character(void)
{
    if (rl_get_keymap() == vi_movement_keymap && rl_end > 0 && rl_point >= rl_end)
        rl_point = (int)cluster_before((size_t)rl_end);
}

static int on_forward(int count, int key)
{
    (void)key;
    rl_point = (int)clusters_away(count);
    keep_on_character();
    return 0;
}

static int on_backward(int count, int key)
{
    return on_forward(-count, key);
}

static int delete_clusters(int count, bool keep)
{
    size_t to = clusters_away(count);
    int begin = count < 0 ? (int)to : rl_point, end = count < 0 ? rl_point : (int)to;
    if (keep)
        rl_kill_text(begin, end);
    else
        rl_delete_text(begin, end);
    rl_point = begin;
    keep_on_character();
    return 0;
}

static int on_delete(int count, int key)
{
    (void)key;
    return delete_clusters(count, rl_explicit_arg != 0);
}

static int on_rubout(int count, int key)
{
    return on_delete(-count, key);
}

static int on_vi_delete(int count, int key)
{
    (void)key;
    return delete_clusters(count, true);
}

static int on_vi_rubout(int count, int key)
{
    (void)key;
    return delete_clusters(-count, true);
}

/* ---- our commands -----------------------------------------------------------------------------
 */

static int on_complete(int count, int key)
{
    (void)count, (void)key;
    edit.requested[EDIT_COMPLETE] = true;
    return 0;
}

static int on_external(int count, int key)
{
    (void)count, (void)key;
    edit.requested[EDIT_EXTERNAL] = true;
    return 0;
}

/* The search that reads its string first (M-p, M-n, vi's / and ?) corrupts undo lists in
 * readline 8.2 when it follows a walk through the history; the incremental one does the same for a
 * person. */
static int on_vi_search(int count, int key)
{
    return key == '?' ? rl_forward_search_history(count, key)
                      : rl_reverse_search_history(count, key);
}

static int on_newline(int count, int key)
{
    (void)key;
    for (; count > 0; count--)
        rl_insert_text("\n");
    return 0;
}

/* Gives every key that runs `from` the command `to`. */
static void exchange(rl_command_func_t *from, rl_command_func_t *to)
{
    Keymap maps[] = {emacs_standard_keymap, vi_insertion_keymap, vi_movement_keymap};
    for (size_t m = 0; m < ARRAY_LEN(maps); m++) {
        char **keys = rl_invoking_keyseqs_in_map(from, maps[m]);
        for (size_t i = 0; keys != NULL && keys[i] != NULL; i++) {
            rl_bind_keyseq_in_map(keys[i], to, maps[m]);
            free(keys[i]);
        }
        free(keys);
    }
}

/* With a redisplay of our own readline does not ask termcap, so keys beyond the arrows are told
 * here, in the forms xterm, rxvt and the Linux console send them; inputrc goes before. */
static void bind_usual_keys(void)
{
    static const struct {
        const char *keys;
        rl_command_func_t *command;
    } usual[] = {
        {"\\e[3~", rl_delete},      {"\\e[1~", rl_beg_of_line},     {"\\e[7~", rl_beg_of_line},
        {"\\e[4~", rl_end_of_line}, {"\\e[8~", rl_end_of_line},     {"\\e[1;5C", rl_forward_word},
        {"\\eOc", rl_forward_word}, {"\\e[1;5D", rl_backward_word}, {"\\eOd", rl_backward_word},
    };
    Keymap maps[] = {emacs_standard_keymap, vi_insertion_keymap, vi_movement_keymap};
    for (size_t m = 0; m < ARRAY_LEN(maps); m++) {
        for (size_t i = 0; i < ARRAY_LEN(usual); i++)
            rl_bind_keyseq_if_unbound_in_map(usual[i].keys, usual[i].command, maps[m]);
    }
}

static void bind_commands(const char *external_keys)
{
    static const struct {
        rl_command_func_t *from, *to;
    } exchanged[] = {
        {rl_forward_char, on_forward},
        {rl_backward_char, on_backward},
        {rl_delete, on_delete},
        {rl_rubout, on_rubout},
        {rl_vi_delete, on_vi_delete},
        {rl_vi_rubout, on_vi_rubout},
        {rl_complete, on_complete},
        {rl_menu_complete, on_complete},
        {rl_possible_completions, on_complete},
        {rl_vi_search, on_vi_search},
        {rl_noninc_reverse_search, rl_reverse_search_history},
        {rl_noninc_forward_search, rl_forward_search_history},
    };
    Keymap maps[] = {emacs_standard_keymap, vi_insertion_keymap};

    bind_usual_keys();
    for (size_t i = 0; i < ARRAY_LEN(exchanged); i++)
        exchange(exchanged[i].from, exchanged[i].to);
    for (size_t m = 0; m < ARRAY_LEN(maps); m++) {
        rl_bind_keyseq_in_map("\\C-j", on_newline, maps[m]);
        rl_bind_keyseq_in_map("\\C-i", on_complete, maps[m]);
        rl_bind_keyseq_in_map(external_keys, on_external, maps[m]);
    }
    rl_bind_keyseq_in_map("\\e\\C-m", on_newline, emacs_standard_keymap);
    rl_bind_keyseq_in_map("\\e\\C-j", on_newline, emacs_standard_keymap);
    rl_bind_keyseq_if_unbound_in_map("v", on_external, vi_movement_keymap);
}

/* ---- the callback interface -------------------------------------------------------------------
 */

static int pop_byte(FILE *stream)
{
    (void)stream;
    if (edit.n_read == edit.queue.len)
        return EOF;
    return (unsigned char)edit.queue.data[edit.n_read++];
}

static int queue_has_bytes(void)
{
    return edit.n_read < edit.queue.len;
}

static void redisplay_later(void)
{
}

static void on_line(char *line)
{
    if (line == NULL) {
        edit.end_of_input = true;
        return;
    }
    if (edit.cancelling) {
        free(line);
        return;
    }
    edit.submitted = x_realloc(edit.submitted, (edit.n_submitted + 1) * sizeof *edit.submitted);
    edit.submitted[edit.n_submitted++] = line;
}

char *edit_take_submitted(void)
{
    if (edit.n_submitted == 0)
        return NULL;
    char *line = edit.submitted[0];
    edit.n_submitted--;
    memmove(edit.submitted, edit.submitted + 1, edit.n_submitted * sizeof *edit.submitted);
    return line;
}

bool edit_take_request(enum edit_request request)
{
    bool was = edit.requested[request];
    edit.requested[request] = false;
    return was;
}

static void begin(const char *app_name, const char *external_keys)
{
    rl_readline_name = app_name;
    rl_catch_sigwinch = 0;
    rl_change_environment = 0; /* else LINES and COLUMNS freeze the size of the screen */
    if (!edit.named) {
        rl_add_defun("xuxie-complete", on_complete, -1);
        rl_add_defun("xuxie-edit-externally", on_external, -1);
        rl_add_defun("xuxie-newline", on_newline, -1);
        edit.named = true;
    }
    rl_initialize(); /* reads inputrc */
    rl_variable_bind("bell-style", "none");
    bind_commands(external_keys);
    using_history();
}

int edit_open(const char *app_name, const char *external_keys, struct err *err)
{
    edit.nowhere = fopen("/dev/null", "we");
    if (edit.nowhere == NULL)
        return err_set(err, E_IO, _("/dev/null cannot be opened: %s."), strerror(errno));
    rl_outstream = edit.nowhere;
    rl_catch_signals = 0;
    rl_prep_term_function = NULL;
    rl_deprep_term_function = NULL;
    rl_redisplay_function = redisplay_later;
    rl_getc_function = pop_byte;
    rl_input_available_hook = queue_has_bytes;
    begin(app_name, external_keys);
    rl_variable_bind("enable-bracketed-paste", "off");
    rl_callback_handler_install("", on_line);
    return 0;
}

void edit_close(void)
{
    if (edit.nowhere == NULL)
        return;
    rl_callback_handler_remove();
    rl_outstream = stdout;
    rl_prep_term_function = rl_prep_terminal;
    rl_deprep_term_function = rl_deprep_terminal;
    rl_redisplay_function = rl_redisplay;
    rl_getc_function = rl_getc;
    rl_input_available_hook = NULL;
    fclose(edit.nowhere);
    edit.nowhere = NULL;
    for (char *line; (line = edit_take_submitted()) != NULL;)
        free(line);
    free(edit.submitted);
    edit.submitted = NULL;
    str_free(&edit.queue);
    edit.n_read = 0;
}

void edit_resize(int rows, int columns)
{
    rl_set_screen_size(rows, columns);
}

static void read_queue(void)
{
    while (queue_has_bytes())
        rl_callback_read_char();
    str_clear(&edit.queue);
    edit.n_read = 0;
}

/* Runs for any key while edit.accept_map is readline's keymap. */
static int on_accept(int count, int key)
{
    (void)count;
    rl_set_keymap(edit.map_before);
    return rl_newline(1, key);
}

/* Ends the line, whatever RET is bound to. */
static void accept_line(void)
{
    if (edit.accept_map == NULL) {
        edit.accept_map = rl_make_bare_keymap();
        rl_bind_key_in_map('x', on_accept, edit.accept_map);
    }
    edit.map_before = rl_get_keymap();
    rl_set_keymap(edit.accept_map);
    str_putc(&edit.queue, 'x');
    read_queue();
}

void edit_feed(const char *bytes, size_t n_bytes)
{
    str_append(&edit.queue, bytes, n_bytes);
    read_queue();
    if (rl_done) /* RET after an argument: readline would notice only at the next key */
        accept_line();
}

static enum edit_mode current_mode(void)
{
    if (rl_editing_mode != 0)
        return EDIT_EMACS;
    return rl_get_keymap() == vi_movement_keymap ? EDIT_VI_COMMAND : EDIT_VI_INSERT;
}

void edit_get(struct edit_state *out)
{
    out->prompt = rl_display_prompt != NULL ? rl_display_prompt : "";
    out->line = rl_line_buffer;
    out->n_bytes = (size_t)rl_end;
    out->point = (size_t)(rl_point < rl_end ? rl_point : rl_end);
    out->mode = current_mode();
    out->plain = !RL_ISSTATE(STATES_NOT_PLAIN);
}

/* ---- changes from outside ---------------------------------------------------------------------
 */

/* Text as readline can hold it. */
static void clean(struct str *out, const char *text, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes;) {
        uint32_t cp;
        size_t n = utf8_valid_prefix(text + i, n_bytes - i);
        const char *nul = n > 0 ? memchr(text + i, '\0', n) : NULL;
        if (nul != NULL)
            n = (size_t)(nul - (text + i));
        str_append(out, text + i, n);
        i += n;
        if (i == n_bytes)
            break;
        if (utf8_decode(text + i, n_bytes - i, &cp) == 0)
            str_puts(out, UTF8_REPLACEMENT);
        i++;
    }
}

/* Ends a search, an argument or a half key sequence; the line is then what the person sees. */
static void settle(void)
{
    bool argument = RL_ISSTATE(RL_STATE_NUMERICARG);
    if (!RL_ISSTATE(STATES_NOT_PLAIN))
        return;
    rl_callback_sigcleanup();
    if (argument) {
        rl_restore_prompt();
        rl_clear_message();
        rl_discard_argument();
    }
}

void edit_replace(size_t begin, size_t end, const char *text, size_t n_bytes)
{
    struct str s = STR_INIT;
    clean(&s, text, n_bytes);
    settle();
    if (end > (size_t)rl_end)
        end = (size_t)rl_end;
    if (begin > end)
        begin = end;
    rl_begin_undo_group();
    rl_delete_text((int)begin, (int)end);
    rl_point = (int)begin;
    rl_insert_text(str_cstr(&s));
    rl_end_undo_group();
    str_free(&s);
}

void edit_insert(const char *text, size_t n_bytes)
{
    settle();
    edit_replace((size_t)rl_point, (size_t)rl_point, text, n_bytes);
}

void edit_set(const char *text, size_t n_bytes)
{
    settle();
    edit_replace(0, (size_t)rl_end, text, n_bytes);
}

void edit_set_point(size_t byte)
{
    rl_point = byte < (size_t)rl_end ? (int)byte : rl_end;
    keep_on_character();
}

void edit_cancel(void)
{
    settle();
    if (rl_end > 0)
        rl_kill_text(0, rl_end);
    edit.cancelling = true;
    accept_line();
    edit.cancelling = false;
}

static void drop_line(void)
{
    settle();
    if (rl_end > 0)
        rl_delete_text(0, rl_end);
    edit.cancelling = true;
    accept_line();
    edit.cancelling = false;
}

void edit_put_aside(struct edit_aside *out)
{
    settle();
    *out = (struct edit_aside){.text = x_strndup(rl_line_buffer, (size_t)rl_end),
                               .n_bytes = (size_t)rl_end,
                               .point = (size_t)rl_point};
    drop_line();
}

void edit_bring_back(const struct edit_aside *aside)
{
    drop_line();
    edit_set(aside->text, aside->n_bytes);
    rl_free_undo_list();
    edit_set_point(aside->point);
}

void edit_aside_set(struct edit_aside *aside, const char *text, size_t n_bytes)
{
    struct str s = STR_INIT;
    clean(&s, text, n_bytes);
    free(aside->text);
    aside->n_bytes = aside->point = s.len;
    aside->text = s.len > 0 ? str_take(&s) : x_strdup("");
    str_free(&s);
}

void edit_aside_free(struct edit_aside *aside)
{
    free(aside->text);
    *aside = (struct edit_aside){0};
}

void edit_history_add(const char *text)
{
    HIST_ENTRY *newest = history_length > 0 ? history_get(history_base + history_length - 1) : NULL;
    if (text[0] == '\0' || (newest != NULL && strcmp(newest->line, text) == 0))
        return;
    bool at_the_end = where_history() == history_length; /* not walking through it just now */
    add_history(text);
    if (at_the_end)
        using_history();
}

void edit_set_mode(const char *name)
{
    rl_variable_bind("editing-mode", name);
}

/* ---- line mode --------------------------------------------------------------------------------
 */

/* The candidates under the line; what they share is put in. */
static void complete_in_line(const struct ui_host *host)
{
    struct completion c;
    if (host == NULL || !complete_ask(host, rl_line_buffer, (size_t)rl_end, (size_t)rl_point, &c))
        return;
    edit_replace(c.begin, c.end, c.common, strlen(c.common));
    if (c.n_items > 1) {
        rl_crlf();
        for (size_t i = 0; i < c.n_items; i++)
            fprintf(rl_outstream, "%s%s", c.items[i].text, i + 1 < c.n_items ? "  " : "\n");
        rl_on_new_line();
    }
    rl_redisplay();
    complete_free(&c);
}

/* Without a handler readline is done; with one it prints its prompt again, where the answer goes.
 */
static void on_only_line(char *line)
{
    rl_callback_handler_remove();
    on_line(line);
}

enum line_end { LINE_GOES_ON, LINE_INTERRUPTED, LINE_ENDED };

/* *signo gets a signal that is not ours to handle. */
static enum line_end line_signals(int *signo)
{
    static const int ends[] = {SIGHUP, SIGTERM, SIGQUIT};
    sig_clear();
    if (sig_take(SIGINT)) {
        rl_callback_sigcleanup();
        rl_crlf();
        return LINE_INTERRUPTED;
    }
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        if (sig_take(ends[i])) {
            *signo = ends[i];
            return LINE_ENDED;
        }
    }
    if (sig_take(SIGTSTP)) {
        rl_deprep_terminal();
        sig_stop_job();
        rl_prep_terminal(1);
        rl_forced_update_display();
    }
    if (sig_take(SIGWINCH))
        rl_resize_terminal();
    return LINE_GOES_ON;
}

static char *read_line_loop(const struct ui_host *host, bool *interrupted, int *signo)
{
    char *line = NULL;
    enum line_end end = LINE_GOES_ON;
    while (line == NULL && !edit.end_of_input && end == LINE_GOES_ON) {
        struct pollfd p[] = {{.fd = sig_fd(), .events = POLLIN},
                             {.fd = fileno(rl_instream), .events = POLLIN}};
        if (poll(p, ARRAY_LEN(p), -1) < 0 && errno != EINTR)
            break;
        if (p[0].revents != 0)
            end = line_signals(signo);
        else if (p[1].revents != 0)
            rl_callback_read_char();
        if (edit_take_request(EDIT_COMPLETE))
            complete_in_line(host);
        line = edit_take_submitted();
    }
    *interrupted = end == LINE_INTERRUPTED;
    return line;
}

/* An Enter that was typed before a line was asked for comes as a line feed. */
static void accept_line_feeds(void)
{
    rl_bind_keyseq_in_map("\\C-j", rl_newline, emacs_standard_keymap);
    rl_bind_keyseq_in_map("\\C-j", rl_newline, vi_insertion_keymap);
}

char *ui_read_line(const char *prompt, const struct ui_host *host, bool *interrupted)
{
    return ui_read_line_from(prompt, NULL, host, interrupted);
}

char *ui_read_line_from(const char *prompt, const char *initial, const struct ui_host *host,
                        bool *interrupted)
{
    bool was_interrupted = false;
    int signo = 0;
    char *line = NULL;

    if (sig_open(NULL) == 0) {
        edit.end_of_input = false;
        rl_catch_signals = 0;
        begin("xuxie", "\\C-x\\C-e");
        accept_line_feeds();
        rl_callback_handler_install(prompt, on_only_line);
        if (initial != NULL) {
            edit_set(initial, strlen(initial));
            rl_redisplay();
        }
        line = read_line_loop(host, &was_interrupted, &signo);
        rl_callback_handler_remove();
        sig_close();
    }
    if (interrupted != NULL)
        *interrupted = was_interrupted;
    if (line != NULL)
        edit_history_add(line);
    if (signo != 0)
        raise(signo); /* now the caller's handler, or the default, sees it */
    return line;
}
