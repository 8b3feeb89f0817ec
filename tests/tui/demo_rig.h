/* demo_rig.h - ui_demo on a virtual terminal, and what is expected of it. The program is found
 * through $XUXIE_UI_DEMO or beside the build. A failed expectation prints the screen and fails the
 * test. */
#ifndef XUXIE_TESTS_DEMO_RIG_H
#define XUXIE_TESTS_DEMO_RIG_H

#include <stdbool.h>

#include "tests/tui/vth.h"

enum { WAIT = 10000 };

#define READY "Write on" /* the hint in an empty prompt */

extern const char *const demo_env[]; /* xterm-256color, C.UTF-8 */

char *demo_path(void);
bool demo_is_there(void);

struct vth_options demo_options(char *const *argv, const char *const *env, int rows, int columns);
struct vth *demo_start_with(const char *mode, const char *const *env, int rows, int columns);
struct vth *demo_start(int rows, int columns); /* and waits until it is up */
void demo_leave(struct vth *v);                /* ends it in whatever state it is, and frees v */

void demo_fail(struct vth *v, const char *text, const char *what);
void demo_expect(struct vth *v, const char *text);
void demo_expect_gone(struct vth *v, const char *text);
void demo_expect_row(struct vth *v, int row, const char *text);
void demo_expect_cursor(struct vth *v, int row, int column);
/* Nothing of the room is left on the terminal. */
void demo_expect_clean(struct vth *v);
void demo_expect_exit(struct vth *v, int code);

#endif
