/* rig.h - the real program on a virtual terminal, with a home of its own that is removed at the
 * end.
 *
 * Blanks are left out wherever what the screen shows is compared with what the story holds: lines
 * are broken and filled up on the screen only.
 */
#ifndef XUXIE_TESTS_RIG_H
#define XUXIE_TESTS_RIG_H

#include <stdbool.h>
#include <stddef.h>

#include "src/base/str.h"
#include "tests/tui/vth.h"

#define RIG_OPENING "那一夜,雪下得很大。"

/* Milliseconds an answer may take; for the slow builds multiplied by $XUXIE_PATIENCE. */
int rig_patience(int ms);
/* A random number below n. The series is that of $XUXIE_TEST_SEED, else a fresh one; it is told. */
int rig_random(int n);

struct rig {
    struct vth *v; /* NULL while it does not run */
    char home[64];
    int n_saved;
};

void rig_init(struct rig *r);
/* Kills what runs, removes the home. */
void rig_free(struct rig *r);

/* Starts $XUXIE; args and env end with NULL and may be NULL; env comes after HOME, TERM, LC_ALL and
 * INPUTRC and wins. Returns at once. */
void rig_start_with(struct rig *r, int rows, int columns, const char *const *args,
                    const char *const *env, bool job);
/* The same, at 24x80 with a writing model that does not end; waits until the room is there and the
 * model loaded. False: it did not come up. */
bool rig_open(struct rig *r, const char *const *more_args);
/* Ends what runs and forgets it. */
void rig_stop(struct rig *r);

/* Types bytes and Enter. */
void rig_enter(struct rig *r, const char *bytes);
bool rig_writes(struct rig *r);       /* says so in the status line */
bool rig_stop_writing(struct rig *r); /* ^C while it writes, waits for the end */
/* Leaves by /quit; the exit status, -1 when it did not end in time. */
int rig_quit(struct rig *r);

/* The manuscript pane without frame and blanks, into out (cleared first); false: there is none. */
bool rig_pane(struct rig *r, struct str *out);
/* Waits until the manuscript pane shows more than n bytes. */
bool rig_shows_more_than(struct rig *r, size_t n);
/* What the prompt pane holds, without frame and blanks. */
bool rig_prompt(struct rig *r, struct str *out);
/* The open story as /save-as writes it. */
bool rig_story(struct rig *r, struct str *out);
/* Appends the text without blanks. */
void rig_squeeze(struct str *out, const char *text, size_t n);
/* Is all the pane shows part of the story, and its end the end of the story? */
bool rig_pane_is_end_of(struct rig *r, const struct str *story);

#endif
