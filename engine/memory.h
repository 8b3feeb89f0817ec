/* memory.h - how much memory this machine, and the limits set to this process, leave to a model. */
#ifndef XUXIE_ENGINE_MEMORY_H
#define XUXIE_ENGINE_MEMORY_H

#include <stddef.h>

/* Bytes; SIZE_MAX where nothing is known. What is in use already is taken off. */
struct memory_room {
    size_t ram;     /* what the kernel thinks it can give, within the control group's limit */
    size_t address; /* what the limit of the address space leaves (RLIMIT_AS) */
    size_t data;    /* what the limit of memory that is written to leaves (RLIMIT_DATA) */
};

void memory_room(struct memory_room *out);

#endif
