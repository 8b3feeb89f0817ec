/* pickle.c - see pickle.h. A stack machine: a table of opcodes, each a function.
 *
 * All state is in arrays that grow: values (16 bytes), cells that chain values into containers, the
 * stack, the memo, storages and tensors. An opcode makes at most one value and puts at most what it
 * takes from the stack into a container, so memory is proportional to the bytes read, and
 * LIMIT_PICKLE_NODES bounds it further. There is no recursion, as nothing is ever walked.
 *
 * What may be named by GLOBAL stands in pickle_globals.c, together with what calling it makes.
 */
#include "config.h"

#include "engine/formats/pickle.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/formats/pickle_vm.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"

typedef unsigned long long ull; /* what %llu takes */

#define MARK  UINT32_MAX /* on the stack, in place of a value */
#define UNSET UINT32_MAX /* in the memo */

enum { PROTOCOL_MAX = 5, ARRAY_MIN = 64 };

struct opcode {
    const char *name;
    int (*run)(struct vm *vm, int arg); /* NULL: known and refused */
    int arg;
};

static const struct opcode opcodes[256];

/* ---- messages, bytes and memory ---- */

int vm_refuse(const struct vm *vm, enum err_code code, const char *fmt, ...)
{
    char text[560];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(vm->err, code, _("%s: %s at byte %llu: %s"), vm->in->shown, vm->in->field,
                   (ull)(vm->in->offset + vm->at), text);
}

static int refuse_underflow(const struct vm *vm)
{
    return vm_refuse(vm, E_INPUT, _("the opcode %s finds too little on the stack."),
                     opcodes[vm->data[vm->at]].name);
}

static int refuse_operand(const struct vm *vm)
{
    return vm_refuse(vm, E_INPUT, _("the opcode %s finds a value of the wrong type on the stack."),
                     opcodes[vm->data[vm->at]].name);
}

static int need(const struct vm *vm, uint64_t n)
{
    if (n <= vm->n_bytes - vm->pos)
        return 0;
    return vm_refuse(vm, E_INPUT,
                     _("the opcode %s needs %llu bytes, but %zu are left; the file is truncated."),
                     opcodes[vm->data[vm->at]].name, (ull)n, vm->n_bytes - vm->pos);
}

static int read_number(struct vm *vm, int n_bytes, uint64_t *out)
{
    int rc = need(vm, (uint64_t)n_bytes);
    if (rc != 0)
        return rc;
    uint64_t v = 0;
    for (int i = n_bytes - 1; i >= 0; i--)
        v = v << 8 | vm->data[vm->pos + (size_t)i];
    vm->pos += (size_t)n_bytes;
    *out = v;
    return 0;
}

int vm_grow(struct vm *vm, void **array, size_t *cap, size_t n, size_t size, size_t max)
{
    if (n < *cap)
        return 0;
    if (n >= max)
        return vm_refuse(vm, E_INPUT, _("more than %zu values; no checkpoint needs so many."), max);
    size_t new_cap = *cap ? *cap * 2 : ARRAY_MIN;
    void *p = realloc(*array, new_cap * size);
    if (!p)
        return vm_refuse(vm, E_RESOURCE, _("there is not enough memory to read on."));
    *array = p;
    *cap = new_cap;
    return 0;
}

/* ---- values and the stack ---- */

int vm_new(struct vm *vm, struct node node, uint32_t *out)
{
    struct pickle *p = vm->p;
    int rc =
        vm_grow(vm, (void **)&p->node, &p->cap_nodes, p->n_nodes, sizeof node, LIMIT_PICKLE_NODES);
    if (rc != 0)
        return rc;
    p->node[p->n_nodes] = node;
    *out = (uint32_t)p->n_nodes++;
    return 0;
}

static int push(struct vm *vm, uint32_t value)
{
    int rc = vm_grow(vm, (void **)&vm->stack, &vm->cap_stack, vm->n_stack, sizeof *vm->stack,
                     LIMIT_PICKLE_NODES);
    if (rc == 0)
        vm->stack[vm->n_stack++] = value;
    return rc;
}

static int push_new(struct vm *vm, struct node node)
{
    uint32_t value;
    int rc = vm_new(vm, node, &value);
    return rc != 0 ? rc : push(vm, value);
}

/* Are the upper n entries of the stack values? */
static int need_values(const struct vm *vm, size_t n)
{
    if (vm->n_stack < n)
        return refuse_underflow(vm);
    for (size_t i = 1; i <= n; i++)
        if (vm->stack[vm->n_stack - i] == MARK)
            return refuse_underflow(vm);
    return 0;
}

static struct node *top(const struct vm *vm, size_t below)
{
    return &vm->p->node[vm->stack[vm->n_stack - 1 - below]];
}

/* The entry of the uppermost MARK. Linear, but all that is passed over is then taken away. */
static int find_mark(const struct vm *vm, size_t *out)
{
    for (size_t i = vm->n_stack; i > 0; i--)
        if (vm->stack[i - 1] == MARK) {
            *out = i - 1;
            return 0;
        }
    return vm_refuse(vm, E_INPUT, _("the opcode %s finds no MARK on the stack."),
                     opcodes[vm->data[vm->at]].name);
}

int vm_append(struct vm *vm, uint32_t container, uint32_t value)
{
    struct pickle *p = vm->p;
    int rc = vm_grow(vm, (void **)&p->cell, &p->cap_cells, p->n_cells, sizeof *p->cell,
                     2 * LIMIT_PICKLE_NODES);
    if (rc != 0)
        return rc;
    uint32_t c = (uint32_t)p->n_cells++;
    struct node *n = &p->node[container];
    p->cell[c] = (struct cell){.value = value, .next = 0};
    if (n->count == 0)
        n->chain.first = c;
    else
        p->cell[n->chain.last].next = c;
    n->chain.last = c;
    n->count++;
    return 0;
}

/* Moves the entries of the stack from `first` on into a container. */
static int append_from(struct vm *vm, uint32_t container, size_t first)
{
    for (size_t i = first; i < vm->n_stack; i++) {
        int rc = vm_append(vm, container, vm->stack[i]);
        if (rc != 0)
            return rc;
    }
    vm->n_stack = first;
    return 0;
}

/* ---- opcodes: constants ---- */

static int op_push(struct vm *vm, int type)
{
    return push_new(vm, (struct node){.type = (uint8_t)type});
}

static int op_bool(struct vm *vm, int value)
{
    return push_new(vm, (struct node){.type = PICKLE_BOOL, .i = value});
}

static int64_t sign_extended(uint64_t bits, int n_bytes)
{
    if (n_bytes == 0)
        return 0;
    uint64_t sign = UINT64_C(1) << (8 * n_bytes - 1);
    return (int64_t)((bits ^ sign) - sign);
}

/* BININT1, BININT2 are unsigned, BININT (4 bytes) is signed. */
static int op_int(struct vm *vm, int n_bytes)
{
    uint64_t bits;
    int rc = read_number(vm, n_bytes, &bits);
    if (rc != 0)
        return rc;
    int64_t i = n_bytes == 4 ? sign_extended(bits, 4) : (int64_t)bits;
    return push_new(vm, (struct node){.type = PICKLE_INT, .i = i});
}

/* LONG1, LONG4: a length of n_bytes, then a signed integer of that many bytes. */
static int op_long(struct vm *vm, int n_bytes)
{
    uint64_t n;
    int rc = read_number(vm, n_bytes, &n);
    if (rc == 0 && n_bytes == 4 && n > INT32_MAX)
        rc = vm_refuse(vm, E_INPUT, _("the opcode LONG4 has a negative length."));
    if (rc == 0)
        rc = need(vm, n);
    if (rc != 0)
        return rc;
    struct node node = {.type = PICKLE_LONG, .span = {(uint32_t)vm->pos, (uint32_t)n}};
    if (n > 8) {
        vm->pos += (size_t)n;
    } else {
        uint64_t bits = 0;
        read_number(vm, (int)n, &bits); /* they are there */
        node = (struct node){.type = PICKLE_INT, .i = sign_extended(bits, (int)n)};
    }
    return push_new(vm, node);
}

static int op_float(struct vm *vm, int arg)
{
    uint64_t bits;
    (void)arg;
    int rc = read_number(vm, 8, &bits);
    if (rc != 0)
        return rc;
    bits = __builtin_bswap64(bits); /* the one big-endian number of a pickle */
    struct node node = {.type = PICKLE_FLOAT};
    memcpy(&node.f, &bits, sizeof bits);
    return push_new(vm, node);
}

/* Lengths of 1, 4 or 8 bytes before bytes; `arg` is that, negative for text. */
static int op_bytes(struct vm *vm, int arg)
{
    uint64_t n;
    int rc = read_number(vm, arg < 0 ? -arg : arg, &n);
    if (rc == 0)
        rc = need(vm, n);
    if (rc != 0)
        return rc;
    struct node node = {.type = arg < 0 ? PICKLE_TEXT : PICKLE_BYTES,
                        .span = {(uint32_t)vm->pos, (uint32_t)n}};
    vm->pos += (size_t)n;
    return push_new(vm, node);
}

/* ---- opcodes: the stack and the memo ---- */

static int op_proto(struct vm *vm, int arg)
{
    uint64_t version;
    (void)arg;
    int rc = read_number(vm, 1, &version);
    if (rc == 0 && version > PROTOCOL_MAX)
        rc = vm_refuse(vm, E_UNSUPPORTED, _("pickle protocol %llu; 2 to %d are read."),
                       (ull)version, PROTOCOL_MAX);
    return rc;
}

static int op_frame(struct vm *vm, int arg)
{
    uint64_t n;
    (void)arg;
    int rc = read_number(vm, 8, &n);
    return rc != 0 ? rc : need(vm, n);
}

static int op_stop(struct vm *vm, int arg)
{
    (void)arg;
    int rc = need_values(vm, 1);
    if (rc != 0)
        return rc;
    vm->p->root = vm->stack[vm->n_stack - 1];
    vm->stopped = true;
    return 0;
}

static int op_mark(struct vm *vm, int arg)
{
    (void)arg;
    return push(vm, MARK);
}

static int op_pop(struct vm *vm, int arg)
{
    (void)arg;
    if (vm->n_stack == 0)
        return refuse_underflow(vm);
    vm->n_stack--;
    return 0;
}

static int op_pop_mark(struct vm *vm, int arg)
{
    (void)arg;
    return find_mark(vm, &vm->n_stack);
}

static int op_dup(struct vm *vm, int arg)
{
    (void)arg;
    int rc = need_values(vm, 1);
    return rc != 0 ? rc : push(vm, vm->stack[vm->n_stack - 1]);
}

static int remember(struct vm *vm, uint64_t i)
{
    int rc = need_values(vm, 1);
    if (rc != 0)
        return rc;
    if (i >= LIMIT_PICKLE_MEMO)
        return vm_refuse(vm, E_INPUT, _("memo entry %llu; %u are allowed."), (ull)i,
                         LIMIT_PICKLE_MEMO);
    while (vm->n_memo <= i) {
        rc = vm_grow(vm, (void **)&vm->memo, &vm->cap_memo, vm->n_memo, sizeof *vm->memo,
                     LIMIT_PICKLE_MEMO);
        if (rc != 0)
            return rc;
        vm->memo[vm->n_memo++] = UNSET;
    }
    if (vm->memo[i] == UNSET)
        vm->n_remembered++;
    vm->memo[i] = vm->stack[vm->n_stack - 1];
    return 0;
}

static int op_put(struct vm *vm, int n_bytes)
{
    uint64_t i;
    int rc = read_number(vm, n_bytes, &i);
    return rc != 0 ? rc : remember(vm, i);
}

/* The next entry is as many as there are: what Python's len(memo) says. */
static int op_memoize(struct vm *vm, int arg)
{
    (void)arg;
    return remember(vm, vm->n_remembered);
}

static int op_get(struct vm *vm, int n_bytes)
{
    uint64_t i;
    int rc = read_number(vm, n_bytes, &i);
    if (rc == 0 && (i >= vm->n_memo || vm->memo[i] == UNSET))
        rc = vm_refuse(vm, E_INPUT, _("memo entry %llu was never set."), (ull)i);
    return rc != 0 ? rc : push(vm, vm->memo[i]);
}

/* ---- opcodes: containers ---- */

/* The upper n values as a tuple. */
static int op_tuple_of(struct vm *vm, int n)
{
    uint32_t tuple = 0;
    int rc = need_values(vm, (size_t)n);
    if (rc == 0)
        rc = vm_new(vm, (struct node){.type = PICKLE_TUPLE}, &tuple);
    if (rc == 0)
        rc = append_from(vm, tuple, vm->n_stack - (size_t)n);
    return rc != 0 ? rc : push(vm, tuple);
}

/* All above the MARK as a container of that type. */
static int op_collect(struct vm *vm, int type)
{
    uint32_t container = 0;
    size_t mark = 0;
    int rc = find_mark(vm, &mark);
    if (rc == 0)
        rc = vm_new(vm, (struct node){.type = (uint8_t)type}, &container);
    if (rc == 0)
        rc = append_from(vm, container, mark + 1);
    if (rc != 0)
        return rc;
    vm->stack[mark] = container;
    return 0;
}

/* Puts the values from `first` on into the container below them, which must be of the type; what
 * goes into an opaque value is dropped. `below` entries lie between the two. */
static int fill(struct vm *vm, int type, size_t first, size_t below)
{
    if (first < below + 1 || vm->stack[first - below - 1] == MARK)
        return refuse_underflow(vm);
    uint32_t container = vm->stack[first - below - 1];
    int found = vm->p->node[container].type;
    if (found != type && found != PICKLE_OPAQUE)
        return refuse_operand(vm);
    if (type == PICKLE_DICT && (vm->n_stack - first) % 2 != 0)
        return vm_refuse(vm, E_INPUT, _("a key without a value."));
    if (found != PICKLE_OPAQUE) {
        int rc = append_from(vm, container, first);
        if (rc != 0)
            return rc;
    }
    vm->n_stack = first - below;
    return 0;
}

/* APPEND, SETITEM: 1 or 2 values. */
static int op_put_in(struct vm *vm, int type)
{
    size_t n = type == PICKLE_DICT ? 2 : 1;
    int rc = need_values(vm, n);
    return rc != 0 ? rc : fill(vm, type, vm->n_stack - n, 0);
}

/* APPENDS, SETITEMS, ADDITEMS: all above the MARK. */
static int op_put_all_in(struct vm *vm, int type)
{
    size_t mark;
    int rc = find_mark(vm, &mark);
    return rc != 0 ? rc : fill(vm, type, mark + 1, 1);
}

/* ---- opcodes: globals and calls ---- */

/* A line of GLOBAL. */
static int read_line(struct vm *vm, struct meta_string *out)
{
    const unsigned char *begin = vm->data + vm->pos;
    const unsigned char *end = memchr(begin, '\n', vm->n_bytes - vm->pos);
    if (!end)
        return vm_refuse(
            vm, E_INPUT,
            _("the name after the opcode GLOBAL does not end; the file is truncated."));
    *out = (struct meta_string){(const char *)begin, (size_t)(end - begin)};
    vm->pos += out->n + 1;
    return 0;
}

static int push_global(struct vm *vm, struct meta_string module, struct meta_string name)
{
    struct node node = {.type = PICKLE_GLOBAL};
    int rc = vm_find_global(vm, module, name, &node.global);
    return rc != 0 ? rc : push_new(vm, node);
}

static int op_global(struct vm *vm, int arg)
{
    struct meta_string module, name;
    (void)arg;
    int rc = read_line(vm, &module);
    if (rc == 0)
        rc = read_line(vm, &name);
    return rc != 0 ? rc : push_global(vm, module, name);
}

static int op_stack_global(struct vm *vm, int arg)
{
    (void)arg;
    int rc = need_values(vm, 2);
    if (rc != 0)
        return rc;
    if (top(vm, 0)->type != PICKLE_TEXT || top(vm, 1)->type != PICKLE_TEXT)
        return refuse_operand(vm);
    struct meta_string module = vm_text(vm, top(vm, 1));
    struct meta_string name = vm_text(vm, top(vm, 0));
    vm->n_stack -= 2;
    return push_global(vm, module, name);
}

/* REDUCE and NEWOBJ: a callable and the tuple of its arguments. */
static int op_call(struct vm *vm, int arg)
{
    (void)arg;
    int rc = need_values(vm, 2);
    if (rc != 0)
        return rc;
    uint32_t args = vm->stack[vm->n_stack - 1];
    if (top(vm, 0)->type != PICKLE_TUPLE || top(vm, 1)->type != PICKLE_GLOBAL)
        return refuse_operand(vm);
    uint32_t made;
    rc = vm_call(vm, top(vm, 1)->global, args, &made);
    if (rc != 0)
        return rc;
    vm->n_stack -= 2;
    return push(vm, made);
}

/* Attributes of a dictionary (_metadata) or an opaque value: dropped. */
static int op_build(struct vm *vm, int arg)
{
    (void)arg;
    int rc = need_values(vm, 2);
    if (rc != 0)
        return rc;
    int type = top(vm, 1)->type;
    if (type != PICKLE_DICT && type != PICKLE_OPAQUE)
        return refuse_operand(vm);
    vm->n_stack--;
    return 0;
}

static int op_persistent_id(struct vm *vm, int arg)
{
    (void)arg;
    int rc = need_values(vm, 1);
    if (rc != 0)
        return rc;
    uint32_t storage;
    rc = vm_storage(vm, vm->stack[vm->n_stack - 1], &storage);
    if (rc != 0)
        return rc;
    vm->stack[vm->n_stack - 1] = storage;
    return 0;
}

/* clang-format off */
static const struct opcode opcodes[256] = {
    [0x80] = {"PROTO", op_proto, 0},
    [0x95] = {"FRAME", op_frame, 0},
    ['.'] = {"STOP", op_stop, 0},
    ['('] = {"MARK", op_mark, 0},
    ['0'] = {"POP", op_pop, 0},
    ['1'] = {"POP_MARK", op_pop_mark, 0},
    ['2'] = {"DUP", op_dup, 0},
    ['q'] = {"BINPUT", op_put, 1},
    ['r'] = {"LONG_BINPUT", op_put, 4},
    [0x94] = {"MEMOIZE", op_memoize, 0},
    ['h'] = {"BINGET", op_get, 1},
    ['j'] = {"LONG_BINGET", op_get, 4},
    ['N'] = {"NONE", op_push, PICKLE_NONE},
    [0x88] = {"NEWTRUE", op_bool, 1},
    [0x89] = {"NEWFALSE", op_bool, 0},
    ['K'] = {"BININT1", op_int, 1},
    ['M'] = {"BININT2", op_int, 2},
    ['J'] = {"BININT", op_int, 4},
    [0x8a] = {"LONG1", op_long, 1},
    [0x8b] = {"LONG4", op_long, 4},
    ['G'] = {"BINFLOAT", op_float, 0},
    [0x8c] = {"SHORT_BINUNICODE", op_bytes, -1},
    ['X'] = {"BINUNICODE", op_bytes, -4},
    [0x8d] = {"BINUNICODE8", op_bytes, -8},
    ['C'] = {"SHORT_BINBYTES", op_bytes, 1},
    ['B'] = {"BINBYTES", op_bytes, 4},
    ['U'] = {"SHORT_BINSTRING", op_bytes, -1},
    ['T'] = {"BINSTRING", op_bytes, -4},
    [')'] = {"EMPTY_TUPLE", op_push, PICKLE_TUPLE},
    [']'] = {"EMPTY_LIST", op_push, PICKLE_LIST},
    ['}'] = {"EMPTY_DICT", op_push, PICKLE_DICT},
    [0x8f] = {"EMPTY_SET", op_push, PICKLE_SET},
    [0x85] = {"TUPLE1", op_tuple_of, 1},
    [0x86] = {"TUPLE2", op_tuple_of, 2},
    [0x87] = {"TUPLE3", op_tuple_of, 3},
    ['t'] = {"TUPLE", op_collect, PICKLE_TUPLE},
    [0x91] = {"FROZENSET", op_collect, PICKLE_SET},
    ['a'] = {"APPEND", op_put_in, PICKLE_LIST},
    ['e'] = {"APPENDS", op_put_all_in, PICKLE_LIST},
    ['s'] = {"SETITEM", op_put_in, PICKLE_DICT},
    ['u'] = {"SETITEMS", op_put_all_in, PICKLE_DICT},
    [0x90] = {"ADDITEMS", op_put_all_in, PICKLE_SET},
    ['c'] = {"GLOBAL", op_global, 0},
    [0x93] = {"STACK_GLOBAL", op_stack_global, 0},
    ['R'] = {"REDUCE", op_call, 0},
    [0x81] = {"NEWOBJ", op_call, 0},
    ['b'] = {"BUILD", op_build, 0},
    ['Q'] = {"BINPERSID", op_persistent_id, 0},
    /* refused by name */
    ['i'] = {"INST", NULL, 0},
    ['o'] = {"OBJ", NULL, 0},
    ['P'] = {"PERSID", NULL, 0},
    ['p'] = {"PUT", NULL, 0},
    ['g'] = {"GET", NULL, 0},
    ['d'] = {"DICT", NULL, 0},
    ['l'] = {"LIST", NULL, 0},
    ['I'] = {"INT", NULL, 0},
    ['L'] = {"LONG", NULL, 0},
    ['F'] = {"FLOAT", NULL, 0},
    ['S'] = {"STRING", NULL, 0},
    ['V'] = {"UNICODE", NULL, 0},
    [0x82] = {"EXT1", NULL, 0},
    [0x83] = {"EXT2", NULL, 0},
    [0x84] = {"EXT4", NULL, 0},
    [0x8e] = {"BINBYTES8", NULL, 0},
    [0x92] = {"NEWOBJ_EX", NULL, 0},
    [0x96] = {"BYTEARRAY8", NULL, 0},
    [0x97] = {"NEXT_BUFFER", NULL, 0},
    [0x98] = {"READONLY_BUFFER", NULL, 0},
};
/* clang-format on */

static int step(struct vm *vm)
{
    vm->at = vm->pos;
    if (vm->pos == vm->n_bytes)
        return vm_refuse(vm, E_INPUT,
                         _("the pickle ends without the opcode STOP; the file is truncated."));
    const struct opcode *op = &opcodes[vm->data[vm->pos++]];
    if (op->run)
        return op->run(vm, op->arg);
    if (op->name)
        return vm_refuse(vm, E_UNSUPPORTED,
                         _("the opcode %s, which no checkpoint of PyTorch needs, is not read."),
                         op->name);
    return vm_refuse(vm, E_INPUT, _("there is no pickle opcode 0x%02X; the file is damaged."),
                     vm->data[vm->at]);
}

int pickle_parse(const struct pickle_input *in, struct pickle **out, size_t *n_used,
                 struct err *err)
{
    struct vm vm = {.in = in, .data = in->data, .n_bytes = in->n_bytes, .err = err};
    int rc = 0;
    /* No value of a pickle lies beyond the limit, so offsets in it fit into 32 bits. A longer file
     * (the legacy format) is fine as long as the pickle ends before. */
    if (vm.n_bytes > LIMIT_PICKLE_BYTES)
        vm.n_bytes = LIMIT_PICKLE_BYTES;
    vm.p = calloc(1, sizeof *vm.p);
    if (!vm.p)
        return vm_refuse(&vm, E_RESOURCE, _("there is not enough memory to read on."));
    vm.p->data = vm.data;
    vm.p->n_cells = 1; /* cell 0 is the end of every chain */
    while (rc == 0 && !vm.stopped)
        rc = step(&vm);
    vm.at = vm.pos;
    if (rc == 0 && !n_used && vm.pos != in->n_bytes)
        rc = vm_refuse(&vm, E_INPUT, _("there are %zu bytes behind the opcode STOP."),
                       in->n_bytes - vm.pos);
    free(vm.stack);
    free(vm.memo);
    if (rc != 0) {
        pickle_free(vm.p);
        return rc;
    }
    *out = vm.p;
    if (n_used)
        *n_used = vm.pos;
    return 0;
}

void pickle_free(struct pickle *p)
{
    if (!p)
        return;
    free(p->node);
    free(p->cell);
    free(p->storage);
    free(p->tensor);
    free(p);
}

/* ---- what was read ---- */

uint32_t pickle_root(const struct pickle *p)
{
    return p->root;
}

enum pickle_type pickle_type(const struct pickle *p, uint32_t value)
{
    return (enum pickle_type)p->node[value].type;
}

bool pickle_int(const struct pickle *p, uint32_t value, int64_t *out)
{
    if (p->node[value].type != PICKLE_INT)
        return false;
    *out = p->node[value].i;
    return true;
}

bool pickle_bool(const struct pickle *p, uint32_t value, bool *out)
{
    if (p->node[value].type != PICKLE_BOOL)
        return false;
    *out = p->node[value].i != 0;
    return true;
}

static struct meta_string span(const struct pickle *p, uint32_t value)
{
    const struct node *n = &p->node[value];
    return (struct meta_string){(const char *)p->data + n->span.begin, n->span.n};
}

bool pickle_bytes(const struct pickle *p, uint32_t value, struct meta_string *out)
{
    if (p->node[value].type != PICKLE_TEXT && p->node[value].type != PICKLE_BYTES)
        return false;
    *out = span(p, value);
    return true;
}

bool pickle_long(const struct pickle *p, uint32_t value, struct meta_string *out)
{
    if (p->node[value].type != PICKLE_LONG)
        return false;
    *out = span(p, value);
    return true;
}

const struct pickle_tensor *pickle_tensor(const struct pickle *p, uint32_t value)
{
    return p->node[value].type == PICKLE_TENSOR ? &p->tensor[p->node[value].index] : NULL;
}

uint32_t pickle_first(const struct pickle *p, uint32_t value)
{
    const struct node *n = &p->node[value];
    return n->type >= PICKLE_TUPLE && n->type <= PICKLE_DICT && n->count ? n->chain.first : 0;
}

uint32_t pickle_next(const struct pickle *p, uint32_t cell)
{
    return p->cell[cell].next;
}

uint32_t pickle_item(const struct pickle *p, uint32_t cell)
{
    return p->cell[cell].value;
}

size_t pickle_n_storages(const struct pickle *p)
{
    return p->n_storages;
}

const struct pickle_storage *pickle_storage_at(const struct pickle *p, size_t i)
{
    return &p->storage[i];
}
