/* vth.h - a virtual terminal for tests: a program on a pty, its output fed into libvterm, keys and
 * signals sent to it, the screen read back as text.
 *
 * Besides the picture every byte the program writes is read by a strict ECMA-48 tokenizer, which
 * collects the kinds of control sequences it saw and the first thing that is none.
 * Waits end when something is seen or the screen is quiet, never after a fixed sleep.
 */
#ifndef XUXIE_TESTS_VTH_H
#define XUXIE_TESTS_VTH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

struct vth;

struct vth_options {
    char *const *argv;
    const char *const *env; /* "NAME=VALUE", ended by NULL; nothing else is inherited but PATH */
    int rows, columns;
    bool job;          /* run it as a job of a tiny shell, so that it can be stopped */
    bool synchronized; /* answer that synchronized updates are supported */
    bool mute;         /* answer no query at all */
    bool wide;         /* claim that ambiguous characters take two columns */
};

struct vth *vth_start(const struct vth_options *options);
void vth_free(struct vth *v); /* kills what is left */

/* The program's process. */
pid_t vth_pid(const struct vth *v);
void vth_signal(struct vth *v, int signo);
bool vth_wait_stopped(struct vth *v, int timeout_ms);
void vth_continue(struct vth *v); /* job: fg */
/* Stops reading what the program writes, as a terminal does after C-s. */
void vth_stall(struct vth *v, bool on);
/* Closes the terminal, as a dropped connection does. */
void vth_hang_up(struct vth *v);

void vth_keys(struct vth *v, const char *bytes);
void vth_send(struct vth *v, const char *bytes, size_t n);
void vth_paste(struct vth *v, const char *text,
               size_t n); /* bracketed when the program asked for it */
void vth_mouse(struct vth *v, int button, int row, int column);
void vth_resize(struct vth *v, int rows, int columns);

/* Each pumps the terminal meanwhile. vth_quiet: nothing came for 50 ms. */
bool vth_quiet(struct vth *v, int timeout_ms);
bool vth_wait_text(struct vth *v, const char *text, int timeout_ms);
bool vth_wait_gone(struct vth *v, const char *text, int timeout_ms);
/* *status as waitpid has it. */
bool vth_wait_exit(struct vth *v, int timeout_ms, int *status);
void vth_pump(struct vth *v, int ms);

/* Row y as UTF-8 without the blanks at its end; wide characters once. Borrowed until the next call.
 */
const char *vth_row(struct vth *v, int y);
/* The whole screen, rows ended by newlines; borrowed until the next call. */
const char *vth_screen(struct vth *v);
/* First row that holds the text, -1: none. */
int vth_find(struct vth *v, const char *text);
void vth_cursor(const struct vth *v, int *row, int *column);
bool vth_alternate(const struct vth *v);
/* Attributes of the cell at (row, column): is it bold, reverse, in a colour of its own? */
bool vth_bold(struct vth *v, int row, int column);
bool vth_reverse(struct vth *v, int row, int column);
bool vth_coloured(struct vth *v, int row, int column);

void vth_termios(const struct vth *v, struct termios *out);
/* Are they what they were before the program started? */
bool vth_termios_restored(const struct vth *v);
/* A private mode (2004, 1000, ...) as the program last set it. */
bool vth_mode(const struct vth *v, int mode);

size_t vth_bytes(const struct vth *v);  /* written by the program so far */
size_t vth_frames(const struct vth *v); /* synchronized updates seen */
/* What was written, all of it: for searches in the raw stream. */
const char *vth_raw(const struct vth *v, size_t *n);
/* The kinds seen, one per line, sorted: "CSI m", "CSI ?2004h", "OSC 52", "C0 0d". */
const char *vth_kinds(struct vth *v);
/* The first thing no terminal should get; NULL: all was well. */
const char *vth_offence(const struct vth *v);

#endif
