/* rig.c - see rig.h. */
#include "config.h"

#include "tests/tui/rig.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/clock.h"
#include "src/base/mem.h"
#include "src/base/rng.h"

enum { MAX_WORDS = 32, MAX_ROWS = 200, WAIT = 10000 };

static const char *program(void)
{
    const char *given = getenv("XUXIE");
    return given != NULL ? given : "./xuxie";
}

int rig_patience(int ms)
{
    const char *given = getenv("XUXIE_PATIENCE");
    int factor = given != NULL ? atoi(given) : 1;
    return ms * (factor > 0 ? factor : 1);
}

int rig_random(int n)
{
    static uint64_t seed, index;
    const char *given = getenv("XUXIE_TEST_SEED");
    if (seed == 0) {
        seed = given != NULL ? strtoull(given, NULL, 10) : rng_fresh_seed();
        printf("# XUXIE_TEST_SEED=%llu\n", (unsigned long long)seed);
    }
    return (int)(rng_uniform(seed, 0, index++, 0) * n);
}

void rig_init(struct rig *r)
{
    *r = (struct rig){0};
    const char *dir = getenv("TMPDIR");
    snprintf(r->home, sizeof r->home, "%.40s/xuxie-rig-XXXXXX", dir != NULL ? dir : "/tmp");
    if (mkdtemp(r->home) == NULL)
        abort();
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

void rig_free(struct rig *r)
{
    rig_stop(r);
    nftw(r->home, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void rig_stop(struct rig *r)
{
    vth_free(r->v);
    r->v = NULL;
}

void rig_start_with(struct rig *r, int rows, int columns, const char *const *args,
                    const char *const *env, bool job)
{
    char home[96];
    const char *words[MAX_WORDS] = {program()};
    const char *variables[MAX_WORDS] = {home, "TERM=xterm-256color", "LC_ALL=C.UTF-8",
                                        "INPUTRC=/dev/null"};
    size_t n_words = 1, n_variables = 4;
    snprintf(home, sizeof home, "HOME=%s", r->home);
    while (args != NULL && *args != NULL && n_words + 1 < MAX_WORDS)
        words[n_words++] = *args++;
    while (env != NULL && *env != NULL && n_variables + 1 < MAX_WORDS)
        variables[n_variables++] = *env++;
    struct vth_options o = {.argv = (char *const *)words,
                            .env = variables,
                            .rows = rows,
                            .columns = columns,
                            .job = job,
                            .synchronized = true};
    r->v = vth_start(&o);
}

bool rig_open(struct rig *r, const char *const *more_args)
{
    const char *args[MAX_WORDS] = {"--ignore-eos", "--max-tokens", "1000000", "--seed", "3"};
    size_t n = 5;
    while (more_args != NULL && *more_args != NULL && n + 1 < MAX_WORDS)
        args[n++] = *more_args++;
    rig_start_with(r, 24, 80, args, NULL, false);
    return vth_wait_text(r->v, "xuxie-preview", rig_patience(WAIT));
}

void rig_enter(struct rig *r, const char *bytes)
{
    vth_keys(r->v, bytes);
    vth_keys(r->v, "\r");
}

bool rig_writes(struct rig *r)
{
    return vth_wait_text(r->v, "chars/s", rig_patience(WAIT));
}

bool rig_stop_writing(struct rig *r)
{
    if (vth_find(r->v, "chars/s") >= 0)
        vth_keys(r->v, "\003");
    return vth_wait_gone(r->v, "chars/s", rig_patience(WAIT));
}

int rig_quit(struct rig *r)
{
    int status;
    rig_enter(r, "/quit");
    if (!vth_wait_exit(r->v, rig_patience(WAIT), &status) || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

/* ---- what is on the screen ----------------------------------------------------------------------
 */

static bool starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

void rig_squeeze(struct str *out, const char *text, size_t n)
{
    static const char *const blanks[] = {" ", "\n", "\t", "\xC2\xA0", "\xE3\x80\x80"};
    for (size_t i = 0; i < n;) {
        size_t len = 0;
        for (size_t k = 0; k < ARRAY_LEN(blanks) && len == 0; k++) {
            if (n - i >= strlen(blanks[k]) && memcmp(text + i, blanks[k], strlen(blanks[k])) == 0)
                len = strlen(blanks[k]);
        }
        if (len == 0)
            str_putc(out, text[i++]);
        i += len;
    }
}

/* The inside of the nth frame from the top. */
static bool inside_frame(struct rig *r, int nth, struct str *out)
{
    bool in = false;
    str_clear(out);
    for (int y = 0; y < MAX_ROWS; y++) {
        const char *row = vth_row(r->v, y);
        if (starts(row, "┌") && --nth == 0) {
            in = true;
        } else if (in && starts(row, "└")) {
            return true;
        } else if (in) {
            size_t edge = strlen("│"), n = strlen(row);
            if (n < 2 * edge)
                return false;
            if (!starts(row + edge, "┈")) /* the rule where the model begins to read */
                rig_squeeze(out, row + edge, n - 2 * edge);
        }
    }
    return false;
}

bool rig_pane(struct rig *r, struct str *out)
{
    return inside_frame(r, 1, out);
}

bool rig_shows_more_than(struct rig *r, size_t n)
{
    struct str pane = STR_INIT;
    int64_t until = clock_mono_ms() + rig_patience(WAIT);
    while (rig_pane(r, &pane) && pane.len <= n && clock_mono_ms() < until)
        vth_pump(r->v, 10);
    bool ok = pane.len > n;
    str_free(&pane);
    return ok;
}

bool rig_prompt(struct rig *r, struct str *out)
{
    return inside_frame(r, 2, out);
}

/* ---- what is in the story -----------------------------------------------------------------------
 */

static bool read_whole(const char *path, struct str *out)
{
    char bytes[1 << 14];
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    str_clear(out);
    while ((n = read(fd, bytes, sizeof bytes)) > 0)
        str_append(out, bytes, (size_t)n);
    close(fd);
    return n == 0;
}

bool rig_story(struct rig *r, struct str *out)
{
    char path[96], command[128];
    snprintf(path, sizeof path, "%s/saved-%d.txt", r->home, ++r->n_saved);
    snprintf(command, sizeof command, "/save-as %s", path);
    rig_enter(r, command);
    int64_t until = clock_mono_ms() + rig_patience(WAIT);
    while (access(path, R_OK) != 0) {
        if (clock_mono_ms() > until)
            return false;
        vth_pump(r->v, 10);
    }
    vth_quiet(r->v, rig_patience(WAIT));
    return read_whole(path, out);
}

bool rig_pane_is_end_of(struct rig *r, const struct str *story)
{
    struct str pane = STR_INIT, all = STR_INIT;
    rig_squeeze(&all, str_cstr(story), story->len);
    bool ok = rig_pane(r, &pane) && pane.len > 0 && pane.len <= all.len &&
              memcmp(all.data + all.len - pane.len, pane.data, pane.len) == 0;
    if (!ok)
        fprintf(stderr, "# screen: %s\n# story ends: %s\n", str_cstr(&pane),
                str_cstr(&all) + (all.len > pane.len + 300 ? all.len - pane.len - 300 : 0));
    str_free(&pane);
    str_free(&all);
    return ok;
}
