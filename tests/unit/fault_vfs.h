/* fault_vfs.h - a layer over SQLite's own file access that fails when told to, for tests.
 * Becomes the default for every connection opened after fault_vfs_install. Syncs are counted but
 * not carried out: what is tested is what the program makes of their result. */
#ifndef XUXIE_TESTS_FAULT_VFS_H
#define XUXIE_TESTS_FAULT_VFS_H

#include <stdbool.h>

enum fault_call {
    FAULT_WRITE,
    FAULT_SYNC,
    FAULT_READ,
    FAULT_TRUNCATE,
    FAULT_LOCK,
    FAULT_SHM,
    FAULT_OPEN,
    N_FAULT_CALLS,
};

void fault_vfs_install(void);

/* The nth call of that kind from now on (1: the next) fails with `code`, and all later ones too
 * when `persistent`. */
void fault_arm(enum fault_call call, int nth, bool persistent, int code);
/* No more faults. True when one happened. */
bool fault_disarm(void);
int fault_count(enum fault_call call); /* calls since fault_arm */
const char *fault_name(enum fault_call call);

#endif
