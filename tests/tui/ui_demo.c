/* ui_demo.c - a house without an engine, for the tests of the screen: what is submitted joins the
 * manuscript, and a timer streams scripted Chinese text as if a model wrote it. Commands typed in
 * the prompt make it do the rest; see `commands`. After the screen is closed it prints what it
 * knows. */
#include "config.h"

#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "src/base/log.h"
#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/utf8.h"
#include "ui/ui.h"

static const char script[] = "那一夜，雪下得很大。老人推开门，只见阶前立着一个孩子。\n"
                             "「你从哪里来？」老人问。孩子不答，只把手里的灯举高了些。\n";

static struct demo {
    struct ui *ui;
    int timer;
    size_t at; /* in the script */
    int left;  /* characters still to stream */
    int step;  /* characters at each tick of the timer */
    size_t n_submitted, n_draft, n_passage, n_last;
    uint64_t newest;
    char action[64];
    int hangup;
    struct str last, draft;
} demo;

static void arm(int ms)
{
    struct itimerspec t = {.it_value = {.tv_nsec = ms * 1000000L},
                           .it_interval = {.tv_nsec = ms * 1000000L}};
    timerfd_settime(demo.timer, 0, &t, NULL);
}

static void disarm(void)
{
    struct itimerspec t = {0};
    timerfd_settime(demo.timer, 0, &t, NULL);
}

static void show_status(void)
{
    struct ui_status s = {.story = "雪夜 · 第三章",
                          .model = "preview-9m·q8_0",
                          .ctx_used = 1842,
                          .ctx_size = 2048,
                          .activity = demo.left > 0 ? "writing" : "",
                          .saved = "● saved",
                          .sibling = 1,
                          .n_siblings = 3};
    ui_set_status(demo.ui, &s);
}

static void on_timer(void *arg)
{
    uint64_t n;
    (void)arg;
    if (read(demo.timer, &n, sizeof n) < 0)
        return;
    for (int i = 0; i < demo.step && demo.left > 0; i++, demo.left--) {
        uint32_t cp;
        size_t len = utf8_decode(script + demo.at, sizeof script - 1 - demo.at, &cp);
        ui_append(demo.ui, UI_MODEL, script + demo.at, len);
        demo.at = (demo.at + len) % (sizeof script - 1);
    }
    if (demo.left == 0) {
        disarm();
        show_status();
    }
}

static void stream(int characters, int step, int ms)
{
    demo.left = characters;
    demo.step = step;
    demo.newest = ui_length(demo.ui);
    ui_mark_newest(demo.ui, demo.newest);
    show_status();
    arm(ms);
}

static void on_choice(void *ctx, int index)
{
    char text[64];
    (void)ctx;
    snprintf(text, sizeof text, "chose %d", index);
    ui_message(demo.ui, UI_INFO, text);
}

static void on_answer(void *ctx, bool yes)
{
    (void)ctx;
    ui_message(demo.ui, UI_INFO, yes ? "answered yes" : "answered no");
}

/* ---- a view ---- */

static struct {
    size_t n, n_asked; /* rows there are; rows asked for */
    struct str line, about;
} list;

static size_t list_count(void *ctx)
{
    (void)ctx;
    return list.n;
}

static void list_row(void *ctx, size_t i, struct ui_row *out)
{
    (void)ctx;
    list.n_asked++;
    ui_printf(out->text, UI_PLAIN, "row %07zu ", i + 1);
    ui_puts(out->text, UI_MATCH, "雪夜");
    ui_puts(out->text, UI_PLAIN,
            "里，老人推开门\033[31m，只见阶前立着\n一个孩子，手里举着一盏灯。");
    ui_printf(out->side, UI_DIM, "%zu字", i % 1000);
}

static void list_page(void *ctx, size_t selected, struct ui_page *out)
{
    (void)ctx;
    static char title[64];
    snprintf(title, sizeof title, "page of %zu", selected + 1);
    out->title = title;
    out->key = selected;
    if (selected == SIZE_MAX)
        return;
    ui_printf(out->text, UI_STRONG, "Page %zu\n", selected + 1);
    for (int i = 1; i <= 50; i++) {
        ui_printf(out->text, i % 2 ? UI_BY_AUTHOR : UI_INSTRUCTION, "page line %02d ", i);
        ui_puts(out->text, UI_EXAMPLE,
                "孩子不答，只把手里的灯举高了些，雪落在灯罩上，一点声音也没有。\n");
    }
}

static const char *list_about(void *ctx)
{
    (void)ctx;
    str_clear(&list.about);
    str_printf(&list.about, "%zu rows [%s]", list.n, str_cstr(&list.line));
    return str_cstr(&list.about);
}

static const char *list_empty(void *ctx)
{
    (void)ctx;
    return "nothing is here";
}

static void list_line(void *ctx, const char *text, size_t n)
{
    (void)ctx;
    str_clear(&list.line);
    str_append(&list.line, text, n);
}

static void list_answer(void *ctx, const char *text)
{
    char said[128];
    (void)ctx;
    snprintf(said, sizeof said, "answered [%s]", text != NULL ? text : "nothing");
    ui_message(demo.ui, UI_INFO, said);
}

static void browse(size_t n);

static bool list_submit(void *ctx, const char *text, size_t n, size_t selected)
{
    char said[128];
    (void)ctx, (void)n;
    if (strcmp(text, "/close") == 0) {
        ui_browser_close(demo.ui);
    } else if (strcmp(text, "/more") == 0) {
        list.n += 100;
        ui_browser_changed(demo.ui);
    } else if (strcmp(text, "/over") == 0) {
        browse(3);
    } else if (strcmp(text, "/draft") == 0) {
        ui_prompt_set(demo.ui, "另一稿", strlen("另一稿"));
    } else {
        snprintf(said, sizeof said, "sent [%s] on %zu", text, selected + 1);
        ui_message(demo.ui, UI_INFO, said);
        return true;
    }
    return false;
}

static bool list_action(void *ctx, enum ui_action action, size_t selected)
{
    char said[64];
    (void)ctx;
    if (action == UI_NOTE) {
        ui_ask_line(demo.ui, "A note?", "旧", list_answer, NULL);
        return true;
    }
    if (action != UI_STAR)
        return false;
    snprintf(said, sizeof said, "star %zu", selected + 1);
    ui_message(demo.ui, UI_INFO, said);
    return true;
}

static void list_closed(void *ctx)
{
    (void)ctx;
    ui_message(demo.ui, UI_INFO, "view closed");
}

static void browse(size_t n)
{
    static const struct ui_browser door = {.view = UI_VIEW_HISTORY,
                                           .title = "Rows",
                                           .prompt = "Search",
                                           .hint = "Type to search.",
                                           .count = list_count,
                                           .row = list_row,
                                           .page = list_page,
                                           .about = list_about,
                                           .empty = list_empty,
                                           .on_line = list_line,
                                           .on_submit = list_submit,
                                           .on_action = list_action,
                                           .on_close = list_closed};
    list.n = n;
    ui_browse(demo.ui, &door);
}

static const struct ui_help_row commands[] = {
    {"/browse", "N", "a view of N rows"},
    {"/question", "", "a question answered in the prompt"},
    {"/crash", "", "dies of SIGSEGV"},
    {"/abort", "", "dies of SIGABRT"},
    {"/stream", "N", "streams N characters, one each 5 ms"},
    {"/flood", "N", "streams N characters, 50 each ms"},
    {"/lines", "N", "appends N numbered lines"},
    {"/pick", "", "a list"},
    {"/ask", "", "a question"},
    {"/mark", "", "the model reads from the 10th line"},
    {"/standing", "", "a standing warning"},
    {"/warn", "", "a warning"},
    {"/evil", "", "text with control characters"},
    {"/clear", "", "another story"},
    {"/stderr", "", "a library prints to stderr"},
    {"/quit", "", "leaves"},
    {NULL, NULL, NULL},
};

static void append_lines(int n)
{
    char line[64];
    for (int i = 1; i <= n; i++) {
        snprintf(line, sizeof line, "line %04d 第%d行\n", i, i);
        ui_append(demo.ui, UI_MODEL, line, strlen(line));
    }
}

static void evil(void)
{
    static const char text[] = "A\033]52;c;aGk=\aB\033[2JC\xC2\x9B"
                               "31mD\xE2\x80\xAE"
                               "E\x08\x0D\xFF\xEF\xBB\xBF"
                               "F\033]0;title\033\\G\x0E\x7F\n";
    ui_append(demo.ui, UI_MODEL, text, sizeof text - 1);
}

static bool command(const char *text)
{
    static const struct ui_candidate items[] = {
        {"first", "the first one"}, {"第二", "二"}, {"third", NULL}};
    int n = 0;
    char name[32] = "";
    if (text[0] != '/' || sscanf(text, "%31s %d", name, &n) < 1)
        return false;
    if (strcmp(name, "/crash") == 0)
        raise(SIGSEGV);
    else if (strcmp(name, "/abort") == 0)
        abort();
    else if (strcmp(name, "/stream") == 0)
        stream(n, 1, 5);
    else if (strcmp(name, "/flood") == 0)
        stream(n, 50, 1);
    else if (strcmp(name, "/lines") == 0)
        append_lines(n);
    else if (strcmp(name, "/pick") == 0)
        ui_pick(demo.ui, "Pick", items, ARRAY_LEN(items), 1, on_choice, NULL);
    else if (strcmp(name, "/ask") == 0)
        ui_ask(demo.ui, "Sure?", on_answer, NULL);
    else if (strcmp(name, "/mark") == 0)
        ui_mark_context(demo.ui, 9 * sizeof "line 0001 第1行");
    else if (strcmp(name, "/standing") == 0)
        ui_standing(demo.ui, "not saved: the disk is full");
    else if (strcmp(name, "/warn") == 0)
        ui_message(demo.ui, UI_WARNING, "a warning\033[31m");
    else if (strcmp(name, "/evil") == 0)
        evil();
    else if (strcmp(name, "/browse") == 0)
        browse((size_t)n);
    else if (strcmp(name, "/question") == 0)
        ui_ask_line(demo.ui, "What is it called?", NULL, list_answer, NULL);
    else if (strcmp(name, "/clear") == 0)
        ui_clear(demo.ui);
    else if (strcmp(name, "/stderr") == 0)
        fprintf(stderr, "SCRIBBLE\n");
    else if (strcmp(name, "/quit") == 0)
        ui_quit(demo.ui);
    else
        return false;
    return true;
}

static void on_submit(void *ctx, const char *text, size_t n)
{
    (void)ctx;
    demo.n_submitted++;
    demo.n_last = n;
    str_clear(&demo.last);
    str_append(&demo.last, text, n);
    if (command(text))
        return;
    if (n > 0 && n < 4096) {
        ui_append(demo.ui, UI_AUTHOR, text, n);
        ui_append(demo.ui, UI_AUTHOR, "\n", 1);
    }
}

static void on_action(void *ctx, enum ui_action action)
{
    (void)ctx;
    if (action == UI_QUIT) {
        ui_quit(demo.ui);
        return;
    }
    if (action == UI_COPY) {
        ui_copy(demo.ui, script, demo.at);
        return;
    }
    if (action == UI_HISTORY) {
        browse(50);
        return;
    }
    if (action == UI_STOP) {
        demo.left = 0;
        disarm();
        show_status();
    }
    snprintf(demo.action, sizeof demo.action, "action %d", (int)action);
    ui_message(demo.ui, UI_INFO, demo.action);
}

static size_t on_complete(void *ctx, const char *line, size_t cursor, size_t *start,
                          struct ui_candidate **out)
{
    size_t n = 0;
    (void)ctx;
    *start = 0;
    *out = x_calloc(ARRAY_LEN(commands), sizeof **out);
    for (size_t i = 0; commands[i].name != NULL; i++) {
        if (strncmp(commands[i].name, line, cursor) != 0)
            continue;
        (*out)[n].text = x_strdup(commands[i].name);
        (*out)[n++].help = x_strdup(commands[i].help);
    }
    return n;
}

static void on_draft(void *ctx, const char *text, size_t n)
{
    (void)ctx;
    demo.n_draft++;
    str_clear(&demo.draft);
    str_append(&demo.draft, text, n);
}

static void on_passage(void *ctx, const char *text, size_t n)
{
    (void)ctx, (void)text;
    demo.n_passage = n;
    ui_message(demo.ui, UI_INFO, "a passage was offered");
}

static void on_hangup(void *ctx, int signo)
{
    (void)ctx;
    demo.hangup = signo;
    log_info("demo: hangup %d", signo);
}

static bool is_busy(void *ctx)
{
    (void)ctx;
    return demo.left > 0;
}

/* What of a text is printed at the end. */
static int short_length(const struct str *s)
{
    return (int)utf8_floor(str_cstr(s), s->len, s->len < 30 ? s->len : 30);
}

/* As the program's main does it, before curses and readline. */
static void set_locale(void)
{
    setlocale(LC_ALL, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0) {
        setenv("LC_ALL", "C.UTF-8", 1);
        setlocale(LC_ALL, "");
    }
}

int main(int argc, char **argv)
{
    struct ui_host host = {.on_submit = on_submit,
                           .on_action = on_action,
                           .on_complete = on_complete,
                           .on_draft = on_draft,
                           .on_passage = on_passage,
                           .on_hangup = on_hangup,
                           .is_busy = is_busy};
    struct ui_options options = {.mouse = true,
                                 .app_name = "xuxie",
                                 .commands = commands,
                                 .prompt_hint = "Write on, or press Enter."};
    struct err err = ERR_INIT;
    const char *why;

    set_locale();
    if (getenv("DEMO_LOG") != NULL)
        log_open(getenv("DEMO_LOG"), LOG_DEBUG, NULL);
    if (!ui_possible(&why)) {
        bool interrupted;
        printf("line mode: %s\n", why);
        char *line = ui_read_line("> ", &host, &interrupted);
        printf("read [%s]%s\n", line != NULL ? line : "", interrupted ? " interrupted" : "");
        free(line);
        return 0;
    }
    if (ui_open(&options, &host, &demo.ui, &err) < 0) {
        fprintf(stderr, "ui_demo: %s\n", err.msg);
        return 1;
    }
    demo.timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    ui_add_source(demo.ui, demo.timer, on_timer, NULL);
    ui_editing_mode(demo.ui, argc > 1 ? argv[1] : NULL);
    show_status();
    int ended_by = ui_run(demo.ui);
    ui_close(demo.ui);
    printf("ended by %d hangup %d submitted %zu last %zu [%.*s] draft [%.*s] passage %zu\n",
           ended_by, demo.hangup, demo.n_submitted, demo.n_last, short_length(&demo.last),
           str_cstr(&demo.last), short_length(&demo.draft), str_cstr(&demo.draft), demo.n_passage);
    printf("rows asked %zu\n", list.n_asked);
    close(demo.timer);
    str_free(&demo.last);
    str_free(&demo.draft);
    str_free(&list.line);
    str_free(&list.about);
    log_close();
    return 0;
}
