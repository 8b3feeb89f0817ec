/* pickle_vm.h - what pickle.c (opcodes) and pickle_globals.c (globals and calls) share. Private. */
#ifndef XUXIE_ENGINE_FORMATS_PICKLE_VM_H
#define XUXIE_ENGINE_FORMATS_PICKLE_VM_H

#include "engine/formats/pickle.h"

/* A value. */
struct node {
    uint8_t type;   /* enum pickle_type */
    uint8_t global; /* PICKLE_GLOBAL: index into the table of globals */
    uint32_t count; /* of a container's cells */
    union {
        int64_t i;
        double f;
        uint32_t index; /* of a storage or tensor */
        struct {
            uint32_t begin, n; /* bytes of the pickle */
        } span;
        struct {
            uint32_t first, last; /* cells, when count is not 0 */
        } chain;
    };
};

struct cell {
    uint32_t value;
    uint32_t next; /* 0: none */
};

struct pickle {
    const unsigned char *data;
    struct node *node;
    struct cell *cell;
    struct pickle_storage *storage;
    struct pickle_tensor *tensor;
    size_t n_nodes, cap_nodes;
    size_t n_cells, cap_cells;
    size_t n_storages, cap_storages;
    size_t n_tensors, cap_tensors;
    uint32_t root;
};

struct vm {
    const struct pickle_input *in;
    struct pickle *p;
    const unsigned char *data;
    size_t n_bytes;
    size_t pos; /* the next byte, <= n_bytes */
    size_t at;  /* the opcode being run, for messages */
    uint32_t *stack;
    size_t n_stack, cap_stack;
    uint32_t *memo;
    size_t n_memo, cap_memo;
    size_t n_remembered; /* entries of the memo that are set */
    bool stopped;
    struct err *err;
};

/* FILE: FIELD at byte N (of the opcode): what was found. */
int vm_refuse(const struct vm *vm, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Makes room in an array for one more than its n elements, of `max` (a power of two) at most. */
int vm_grow(struct vm *vm, void **array, size_t *cap, size_t n, size_t size, size_t max);
int vm_new(struct vm *vm, struct node node, uint32_t *out);
int vm_append(struct vm *vm, uint32_t container, uint32_t value);

static inline struct meta_string vm_text(const struct vm *vm, const struct node *n)
{
    return (struct meta_string){(const char *)vm->data + n->span.begin, n->span.n};
}

/* pickle_globals.c */

/* The index of an allowed global; E_UNSUPPORTED names any other. */
int vm_find_global(struct vm *vm, struct meta_string module, struct meta_string name, uint8_t *out);
/* What "calling" a global with a tuple of arguments makes. */
int vm_call(struct vm *vm, uint8_t global, uint32_t args, uint32_t *out);
/* The storage a persistent id stands for. */
int vm_storage(struct vm *vm, uint32_t id, uint32_t *out);

#endif
