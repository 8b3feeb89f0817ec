/* memory.h - how much memory this machine, and the limits set to this process, leave to a model. */
#ifndef XUXIE_ENGINE_MEMORY_H
#define XUXIE_ENGINE_MEMORY_H

#include <stddef.h>

/* Bytes; SIZE_MAX where nothing is known. */
struct memory_room {
    size_t ram; /* what the kernel thinks it can give, within the control group's limit */
    size_t
        address; /* what the limit of the address space leaves: mappings that exist are taken off */
};

void memory_room(struct memory_room *out);

#endif
