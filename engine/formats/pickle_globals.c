/* pickle_globals.c - the globals a pickle may name, and what calling them makes; see pickle.h.
 *
 * The table is the whole of it: a name that is not there is refused, whatever it may be, and no
 * entry leads to code of anybody else. Tensors are checked against their storage as they are made,
 * so the message tells the offset of the call.
 */
#include "config.h"

#include <string.h>

#include "engine/formats/pickle_vm.h"
#include "src/base/i18n.h"
#include "src/base/limits.h"
#include "src/base/mem.h"

enum global_kind {
    CONSTANT, /* not callable */
    OPAQUE,   /* callable; what it makes is dropped */
    STORAGE,  /* a class of storages, in persistent ids; not callable */
    ORDERED_DICT,
    TENSOR,    /* storage, offset, shape, strides, and more that says nothing about values */
    PARAMETER, /* its first argument */
};

static const struct global {
    const char *module, *name;
    enum global_kind kind;
    int dtype; /* STORAGE */
} globals[] = {
    {"collections", "OrderedDict", ORDERED_DICT, 0},
    {"torch._utils", "_rebuild_tensor_v2", TENSOR, 0},
    {"torch._utils", "_rebuild_tensor", TENSOR, 0},
    {"torch._utils", "_rebuild_parameter", PARAMETER, 0},
    {"torch.nn.parameter", "Parameter", PARAMETER, 0},
    {"torch", "FloatStorage", STORAGE, SOURCE_F32},
    {"torch", "HalfStorage", STORAGE, SOURCE_F16},
    {"torch", "BFloat16Storage", STORAGE, SOURCE_BF16},
    {"torch", "DoubleStorage", STORAGE, SOURCE_F64},
    {"torch", "LongStorage", STORAGE, SOURCE_I64},
    {"torch", "IntStorage", STORAGE, SOURCE_I32},
    {"torch", "ShortStorage", STORAGE, SOURCE_I16},
    {"torch", "CharStorage", STORAGE, SOURCE_I8},
    {"torch", "ByteStorage", STORAGE, SOURCE_U8},
    {"torch", "BoolStorage", STORAGE, SOURCE_BOOL},
    {"torch.storage", "UntypedStorage", STORAGE, PICKLE_UNTYPED},
    {"torch", "float16", CONSTANT, 0},
    {"torch", "half", CONSTANT, 0},
    {"torch", "bfloat16", CONSTANT, 0},
    {"torch", "float32", CONSTANT, 0},
    {"torch", "float", CONSTANT, 0},
    {"torch", "float64", CONSTANT, 0},
    {"torch", "double", CONSTANT, 0},
    {"torch", "int64", CONSTANT, 0},
    {"torch", "long", CONSTANT, 0},
    {"torch", "int32", CONSTANT, 0},
    {"torch", "int", CONSTANT, 0},
    {"torch", "int16", CONSTANT, 0},
    {"torch", "short", CONSTANT, 0},
    {"torch", "int8", CONSTANT, 0},
    {"torch", "uint8", CONSTANT, 0},
    {"torch", "bool", CONSTANT, 0},
    {"torch", "Size", OPAQUE, 0},
    {"torch", "device", OPAQUE, 0},
    {"_codecs", "encode", OPAQUE, 0},
    {"__builtin__", "set", OPAQUE, 0},
    {"__builtin__", "int", OPAQUE, 0},
    {"__builtin__", "float", OPAQUE, 0},
    {"__builtin__", "list", OPAQUE, 0},
    {"__builtin__", "dict", OPAQUE, 0},
    {"__builtin__", "tuple", OPAQUE, 0},
    {"__builtin__", "bytearray", OPAQUE, 0},
    {"builtins", "set", OPAQUE, 0},
    {"builtins", "int", OPAQUE, 0},
    {"builtins", "float", OPAQUE, 0},
    {"builtins", "list", OPAQUE, 0},
    {"builtins", "dict", OPAQUE, 0},
    {"builtins", "tuple", OPAQUE, 0},
    {"builtins", "bytearray", OPAQUE, 0},
    {"argparse", "Namespace", OPAQUE, 0},
    {"numpy.core.multiarray", "scalar", OPAQUE, 0},
    {"numpy.core.multiarray", "_reconstruct", OPAQUE, 0},
    {"numpy", "dtype", OPAQUE, 0},
    {"numpy", "ndarray", OPAQUE, 0},
};
_Static_assert(ARRAY_LEN(globals) <= UINT8_MAX, "an index is kept in a byte");

enum {
    TENSOR_ARGS = 4,  /* storage, offset, shape, strides */
    STORAGE_ARGS = 5, /* "storage", class, key, device, number of elements */
};

static bool text_is(struct meta_string text, const char *word)
{
    return text.n == strlen(word) && memcmp(text.s, word, text.n) == 0;
}

int vm_find_global(struct vm *vm, struct meta_string module, struct meta_string name, uint8_t *out)
{
    for (size_t i = 0; i < ARRAY_LEN(globals); i++)
        if (text_is(module, globals[i].module) && text_is(name, globals[i].name)) {
            *out = (uint8_t)i;
            return 0;
        }
    char quoted_module[360];
    char quoted_name[360];
    return vm_refuse(vm, E_UNSUPPORTED,
                     _("the pickle names %s.%s, which is not among what checkpoints need; nothing "
                       "of it was run. Do not load this file elsewhere."),
                     err_quote(quoted_module, sizeof quoted_module, module.s, module.n),
                     err_quote(quoted_name, sizeof quoted_name, name.s, name.n));
}

/* The first items of a container; how many there are, at most max. */
static size_t take_items(const struct vm *vm, uint32_t container, uint32_t out[], size_t max)
{
    size_t n = 0;
    for (uint32_t c = pickle_first(vm->p, container); c && n < max; c = pickle_next(vm->p, c))
        out[n++] = pickle_item(vm->p, c);
    return n;
}

static int new_opaque(struct vm *vm, uint32_t *out)
{
    return vm_new(vm, (struct node){.type = PICKLE_OPAQUE}, out);
}

/* OrderedDict() or, by Python 2, OrderedDict([[key, value], ...]). */
static int make_dict(struct vm *vm, uint32_t args, uint32_t *out)
{
    uint32_t list;
    uint32_t dict = 0;
    size_t n = take_items(vm, args, &list, 1);
    int rc = vm_new(vm, (struct node){.type = PICKLE_DICT}, &dict);
    for (uint32_t c = n ? pickle_first(vm->p, list) : 0; c && rc == 0; c = pickle_next(vm->p, c)) {
        uint32_t pair[3];
        if (take_items(vm, pickle_item(vm->p, c), pair, ARRAY_LEN(pair)) != 2)
            return vm_refuse(vm, E_INPUT, _("OrderedDict is given something that is no pair."));
        rc = vm_append(vm, dict, pair[0]);
        if (rc == 0)
            rc = vm_append(vm, dict, pair[1]);
    }
    if (rc == 0)
        *out = dict;
    return rc;
}

/* Numbers of a shape or of strides; how many there are, or -1 when that is no tuple of at most
 * SOURCE_MAX_DIMS numbers that are not negative. */
static int take_numbers(const struct vm *vm, uint32_t tuple, int64_t out[SOURCE_MAX_DIMS])
{
    uint32_t item[SOURCE_MAX_DIMS + 1];
    enum pickle_type type = pickle_type(vm->p, tuple);
    size_t n = take_items(vm, tuple, item, ARRAY_LEN(item));
    if ((type != PICKLE_TUPLE && type != PICKLE_LIST) || n > SOURCE_MAX_DIMS)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (!pickle_int(vm->p, item[i], &out[i]) || out[i] < 0)
            return -1;
    return (int)n;
}

static bool is_empty(const struct pickle_tensor *t)
{
    for (int i = 0; i < t->n_dims; i++)
        if (t->shape[i] == 0)
            return true;
    return false;
}

/* Do all elements of the tensor lie among the n of its storage? */
static bool lies_within(const struct pickle_tensor *t, int64_t n)
{
    int64_t last = t->offset;
    for (int i = 0; i < t->n_dims; i++) {
        int64_t way;
        if (__builtin_mul_overflow(t->shape[i] - 1, t->stride[i], &way) ||
            __builtin_add_overflow(last, way, &last))
            return false;
    }
    return last < n;
}

/* Is the number of elements sensible? A stride of 0 repeats elements without end. */
static bool is_bounded(const struct pickle_tensor *t, int64_t n_storage)
{
    int64_t n = 1;
    for (int i = 0; i < t->n_dims; i++)
        if (__builtin_mul_overflow(n, t->shape[i], &n))
            return false;
    return n <= n_storage || n <= LIMIT_SOURCE_REPEATED;
}

static int make_tensor(struct vm *vm, uint32_t args, uint32_t *out)
{
    struct pickle *p = vm->p;
    uint32_t arg[TENSOR_ARGS];
    if (take_items(vm, args, arg, TENSOR_ARGS) < TENSOR_ARGS)
        return vm_refuse(vm, E_INPUT, _("a tensor is described by too few values."));
    if (pickle_type(p, arg[0]) != PICKLE_STORAGE)
        return vm_refuse(vm, E_INPUT, _("a tensor without a storage."));
    struct pickle_tensor t = {.storage = p->node[arg[0]].index};
    const struct pickle_storage *s = &p->storage[t.storage];
    if (s->dtype == PICKLE_UNTYPED)
        return vm_refuse(vm, E_UNSUPPORTED, _("a tensor over a storage without an element type."));
    if (!pickle_int(p, arg[1], &t.offset) || t.offset < 0)
        return vm_refuse(vm, E_INPUT, _("a tensor's offset is not a number from 0 to 2^63 - 1."));
    t.n_dims = take_numbers(vm, arg[2], t.shape);
    if (t.n_dims < 0 || take_numbers(vm, arg[3], t.stride) != t.n_dims)
        return vm_refuse(vm, E_INPUT,
                         _("a tensor's shape and strides must be tuples of the same number of "
                           "sizes, %d at most, none negative."),
                         SOURCE_MAX_DIMS);
    bool empty = is_empty(&t);
    if (!empty && !lies_within(&t, s->view_elements))
        return vm_refuse(vm, E_INPUT,
                         _("a tensor reaches beyond the %lld elements of its storage."),
                         (long long)s->view_elements);
    if (!empty && !is_bounded(&t, s->view_elements))
        return vm_refuse(vm, E_INPUT, _("a tensor repeats its elements beyond any use."));
    t.offset = empty ? 0 : t.offset + s->view_begin; /* lies within n_elements */
    if (empty && !lies_within(&t, INT64_MAX))        /* nobody is to count with such strides */
        memset(t.stride, 0, sizeof t.stride);
    int rc = vm_grow(vm, (void **)&p->tensor, &p->cap_tensors, p->n_tensors, sizeof t,
                     LIMIT_PICKLE_TENSORS);
    if (rc == 0)
        rc = vm_new(vm, (struct node){.type = PICKLE_TENSOR, .index = (uint32_t)p->n_tensors}, out);
    if (rc == 0)
        p->tensor[p->n_tensors++] = t;
    return rc;
}

static int make_parameter(struct vm *vm, uint32_t args, uint32_t *out)
{
    uint32_t tensor;
    if (take_items(vm, args, &tensor, 1) != 1 || pickle_type(vm->p, tensor) != PICKLE_TENSOR)
        return vm_refuse(vm, E_INPUT, _("a parameter without a tensor."));
    *out = tensor;
    return 0;
}

int vm_call(struct vm *vm, uint8_t global, uint32_t args, uint32_t *out)
{
    const struct global *g = &globals[global];
    switch (g->kind) {
    case OPAQUE: return new_opaque(vm, out);
    case ORDERED_DICT: return make_dict(vm, args, out);
    case TENSOR: return make_tensor(vm, args, out);
    case PARAMETER: return make_parameter(vm, args, out);
    case CONSTANT:
    case STORAGE: break;
    }
    return vm_refuse(vm, E_INPUT, _("the pickle calls %s.%s, which cannot be called."), g->module,
                     g->name);
}

/* The sixth value of an old id: None, or (key, begin, number of elements) of a part of the storage,
 * which then is all that its tensors see. */
static bool take_view(const struct vm *vm, uint32_t view, struct pickle_storage *s)
{
    uint32_t item[3];
    int64_t end;
    s->view_begin = 0;
    s->view_elements = s->n_elements;
    if (pickle_type(vm->p, view) == PICKLE_NONE)
        return true;
    return take_items(vm, view, item, ARRAY_LEN(item)) == ARRAY_LEN(item) &&
           pickle_int(vm->p, item[1], &s->view_begin) && s->view_begin >= 0 &&
           pickle_int(vm->p, item[2], &s->view_elements) && s->view_elements >= 0 &&
           !__builtin_add_overflow(s->view_begin, s->view_elements, &end) && end <= s->n_elements;
}

int vm_storage(struct vm *vm, uint32_t id, uint32_t *out)
{
    struct pickle *p = vm->p;
    uint32_t item[STORAGE_ARGS + 1];
    struct meta_string word;
    size_t n_items =
        pickle_type(p, id) == PICKLE_TUPLE ? take_items(vm, id, item, ARRAY_LEN(item)) : 0;
    struct pickle_storage s = {.n_elements = -1};
    const struct global *type = NULL;
    if (n_items < STORAGE_ARGS || !pickle_bytes(p, item[0], &word) || !text_is(word, "storage"))
        return vm_refuse(vm, E_INPUT, _("a persistent id that is not one of a storage."));
    if (pickle_type(p, item[1]) == PICKLE_GLOBAL)
        type = &globals[p->node[item[1]].global];
    if (!type || type->kind != STORAGE)
        return vm_refuse(vm, E_INPUT, _("a storage of a class that is none of storages."));
    s.dtype = type->dtype;
    if (!pickle_bytes(p, item[2], &s.key) || s.key.n == 0 || memchr(s.key.s, '\0', s.key.n))
        return vm_refuse(vm, E_INPUT, _("a storage without a key."));
    if (!pickle_int(p, item[4], &s.n_elements) || s.n_elements < 0)
        return vm_refuse(vm, E_INPUT,
                         _("a storage's number of elements is not a number from 0 to 2^63 - 1."));
    s.view_elements = s.n_elements;
    if (n_items > STORAGE_ARGS && !take_view(vm, item[STORAGE_ARGS], &s))
        return vm_refuse(vm, E_INPUT, _("a storage's view reaches beyond the storage."));
    int rc = vm_grow(vm, (void **)&p->storage, &p->cap_storages, p->n_storages, sizeof s,
                     LIMIT_PICKLE_TENSORS);
    if (rc == 0)
        rc = vm_new(vm, (struct node){.type = PICKLE_STORAGE, .index = (uint32_t)p->n_storages},
                    out);
    if (rc == 0)
        p->storage[p->n_storages++] = s;
    return rc;
}
