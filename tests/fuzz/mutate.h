/* mutate.h - mutations that know a format: they change one thing of an input and keep the rest in
 * order (lengths, checksums, brackets), so that the change reaches the code behind those checks.
 * Used by LLVMFuzzerCustomMutator() of several targets, beside libFuzzer's changes of bytes. */
#ifndef XUXIE_TESTS_FUZZ_MUTATE_H
#define XUXIE_TESTS_FUZZ_MUTATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t n, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed);

struct dice {
    uint32_t state;
};

static inline unsigned dice_below(struct dice *d, size_t n)
{
    d->state ^= d->state << 13;
    d->state ^= d->state >> 17;
    d->state ^= d->state << 5;
    return n ? (unsigned)(d->state % n) : 0;
}

/* ---- JSON ---- */

enum { MUTATE_NODES = 4096, MUTATE_TEXT = 256 };

/* A value and where it stands: in parent under key, or at index. */
struct json_place {
    json_t *parent, *value;
    const char *key;
    size_t index;
};

static inline size_t json_places(json_t *root, struct json_place *out, size_t max)
{
    size_t n = 1;
    out[0] = (struct json_place){.value = root};
    for (size_t at = 0; at < n; at++) {
        json_t *v = out[at].value;
        const char *key;
        json_t *child;
        size_t i;
        if (json_is_object(v)) {
            json_object_foreach(v, key, child) if (n < max) out[n++] =
                (struct json_place){v, child, key, 0};
        } else if (json_is_array(v)) {
            json_array_foreach(v, i, child) if (n < max) out[n++] =
                (struct json_place){v, child, NULL, i};
        }
    }
    return n;
}

static inline json_t *json_odd_value(struct dice *d)
{
    static const char *const odd[] = {
        "0",
        "-1",
        "1",
        "2",
        "255",
        "65536",
        "1e9",
        "1.5",
        "2147483648",
        "-2147483649",
        "4294967295",
        "9007199254740993",
        "1e300",
        "-0.0",
        "null",
        "true",
        "false",
        "\"\"",
        "\"a\"",
        "\"\\n\"",
        "\"[UNK]\"",
        "[]",
        "{}",
        "[[]]",
        "[0,0]",
        "3",
        "0.1",
        "1e-12",
        "\"\xE9\x9B\xAA\"",
        "9223372036854775807",
    };
    const char *text = odd[dice_below(d, sizeof odd / sizeof odd[0])];
    return json_loads(text, JSON_DECODE_ANY, NULL);
}

static inline json_t *json_mutated_text(const json_t *v)
{
    char text[MUTATE_TEXT];
    size_t n = json_string_length(v) < MUTATE_TEXT ? json_string_length(v) : MUTATE_TEXT;
    memcpy(text, json_string_value(v), n);
    n = LLVMFuzzerMutate((uint8_t *)text, n, MUTATE_TEXT);
    return json_stringn(text, n); /* NULL: no UTF-8 */
}

static inline json_t *json_new_value(struct dice *d, const struct json_place *p,
                                     const json_t *other)
{
    json_t *made = NULL;
    if (dice_below(d, 3) == 0)
        made = json_deep_copy(other);
    else if (json_is_string(p->value) && dice_below(d, 3))
        made = json_mutated_text(p->value);
    else if (json_is_integer(p->value) && dice_below(d, 2))
        made = json_integer(
            (json_int_t)((uint64_t)json_integer_value(p->value) + (uint64_t)dice_below(d, 5) - 2));
    return made ? made : json_odd_value(d);
}

static inline void json_change(struct dice *d, struct json_place *place, size_t n)
{
    struct json_place *p = &place[1 + dice_below(d, n - 1)];
    const struct json_place *other = &place[1 + dice_below(d, n - 1)];
    bool in_object = json_is_object(p->parent);
    switch (dice_below(d, 5)) {
    case 0:
        if (in_object)
            json_object_del(p->parent, p->key);
        else
            json_array_remove(p->parent, p->index);
        break;
    case 1:
        if (in_object && other->key)
            json_object_set(p->parent, other->key, p->value);
        else if (!in_object)
            json_array_insert_new(p->parent, p->index, json_deep_copy(other->value));
        break;
    default: {
        json_t *made = json_new_value(d, p, other->value);
        if (in_object)
            json_object_set_new(p->parent, p->key, made);
        else
            json_array_set_new(p->parent, p->index, made);
    }
    }
}

/* Changes one or a few values of a JSON text; bytes where it is none. The new length. */
static inline size_t mutate_json(uint8_t *data, size_t n, size_t max, struct dice *d)
{
    static struct json_place place[MUTATE_NODES];
    json_t *root = dice_below(d, 4) ? json_loadb((char *)data, n, 0, NULL) : NULL;
    size_t n_new = 0;
    for (unsigned i = 0; root && i <= dice_below(d, 3); i++) {
        size_t n_places = json_places(root, place, MUTATE_NODES);
        if (n_places > 1)
            json_change(d, place, n_places);
    }
    if (root)
        n_new = json_dumpb(root, (char *)data, max, JSON_COMPACT);
    json_decref(root);
    return n_new > 0 && n_new <= max ? n_new : LLVMFuzzerMutate(data, n, max);
}

/* ---- parts of an input ---- */

#define PART_END "\0|\0" /* stands between two parts */
enum { PART_END_BYTES = 3 };

/* The next part from *at on, which is left behind it. */
static inline const uint8_t *next_part(const uint8_t **at, const uint8_t *end, size_t *n)
{
    const uint8_t *begin = *at;
    const uint8_t *found = memmem(begin, (size_t)(end - begin), PART_END, PART_END_BYTES);
    *n = (size_t)((found ? found : end) - begin);
    *at = found ? found + PART_END_BYTES : end;
    return begin;
}

static inline size_t mutate_bytes(uint8_t *data, size_t n, size_t max, struct dice *d)
{
    (void)d;
    return LLVMFuzzerMutate(data, n, max);
}

/* Changes the part-th one (or the last) by `change`; the new length of the whole. */
static inline size_t mutate_part(uint8_t *data, size_t n, size_t max, unsigned part, struct dice *d,
                                 size_t (*change)(uint8_t *, size_t, size_t, struct dice *))
{
    size_t begin = 0, end = n;
    for (;; part--) {
        uint8_t *at = memmem(data + begin, n - begin, PART_END, PART_END_BYTES);
        end = at ? (size_t)(at - data) : n;
        if (part == 0 || !at)
            break;
        begin = end + PART_END_BYTES;
    }
    size_t n_after = n - end, room = max - begin - n_after;
    if (room < 16) /* libFuzzer's own changes need some */
        return LLVMFuzzerMutate(data, n, max);
    uint8_t *copy = malloc(room + 1), *after = malloc(n_after + 1);
    memcpy(copy, data + begin, end - begin);
    memcpy(after, data + end, n_after);
    size_t n_new = change(copy, end - begin, room, d);
    memcpy(data + begin, copy, n_new);
    memcpy(data + begin + n_new, after, n_after);
    free(copy);
    free(after);
    return begin + n_new + n_after;
}

/* ---- zip ---- */

static inline uint32_t le(const uint8_t *p, int n_bytes)
{
    uint32_t v = 0;
    while (n_bytes-- > 0)
        v = v << 8 | p[n_bytes];
    return v;
}

static inline void put_le(uint8_t *p, uint32_t v, int n_bytes)
{
    for (int i = 0; i < n_bytes; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

/* Calls visit for every entry of the directory whose stored data lie in the archive. */
static inline void zip_each(uint8_t *data, size_t n, void *ctx,
                            void (*visit)(void *ctx, uint8_t *entry, uint8_t *local, uint8_t *bytes,
                                          size_t n_bytes))
{
    for (size_t at = 0; at + 46 <= n; at++) {
        if (le(data + at, 4) != 0x02014b50)
            continue;
        size_t local = le(data + at + 42, 4), n_bytes = le(data + at + 20, 4);
        if (local > n || n - local < 30)
            continue;
        size_t begin = local + 30 + le(data + local + 26, 2) + le(data + local + 28, 2);
        if (begin <= n && n_bytes <= n - begin)
            visit(ctx, data + at, data + local, data + begin, n_bytes);
    }
}

/* Writes the checksum of stored members where a reader looks for it. */
static inline void zip_repair_one(void *ctx, uint8_t *entry, uint8_t *local, uint8_t *bytes,
                                  size_t n)
{
    (void)ctx;
    if (le(entry + 10, 2) != 0)
        return;
    uint32_t crc = (uint32_t)crc32(0, bytes, (uInt)n);
    put_le(entry + 16, crc, 4);
    if (le(local + 14, 4) != 0)
        put_le(local + 14, crc, 4);
}

struct zip_pick {
    unsigned left;
    uint8_t *bytes;
    size_t n_bytes;
};

static inline void zip_pick_one(void *ctx, uint8_t *entry, uint8_t *local, uint8_t *bytes, size_t n)
{
    struct zip_pick *pick = ctx;
    (void)entry;
    (void)local;
    if (n > 0 && pick->left-- == 0) {
        pick->bytes = bytes;
        pick->n_bytes = n;
    }
}

/* Changes bytes anywhere, or those of one member in their place; then checksums are made right. */
static inline size_t mutate_zip(uint8_t *data, size_t n, size_t max, struct dice *d)
{
    struct zip_pick pick = {.left = dice_below(d, 4)};
    if (dice_below(d, 2))
        zip_each(data, n, &pick, zip_pick_one);
    if (pick.bytes) {
        uint8_t *copy = malloc(pick.n_bytes);
        memcpy(copy, pick.bytes, pick.n_bytes);
        LLVMFuzzerMutate(copy, pick.n_bytes, pick.n_bytes);
        memcpy(pick.bytes, copy, pick.n_bytes);
        free(copy);
    } else {
        n = LLVMFuzzerMutate(data, n, max);
    }
    if (dice_below(d, 8))
        zip_each(data, n, NULL, zip_repair_one);
    return n;
}

/* ---- protocol buffers ---- */

/* The number at p and the bytes it takes; 0: malformed. */
static inline size_t varint_read(const uint8_t *p, size_t n, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < n && i < 10; i++) {
        *out |= (uint64_t)(p[i] & 127) << (7 * i < 64 ? 7 * i : 63);
        if (!(p[i] & 128))
            return i + 1;
    }
    return 0;
}

static inline size_t varint_write(uint8_t *p, uint64_t v)
{
    size_t n = 0;
    for (; v > 127; v >>= 7)
        p[n++] = (uint8_t)(v | 128);
    p[n++] = (uint8_t)v;
    return n;
}

/* Changes the bytes of one field of a message that has a length, or of a field in it, and the
 * lengths with them. */
static inline size_t mutate_proto(uint8_t *data, size_t n, size_t max, struct dice *d)
{
    size_t begin[256], head[256], length[256], n_fields = 0;
    for (size_t at = 0; at < n && n_fields < 256;) {
        uint64_t tag, value = 0;
        size_t n_tag = varint_read(data + at, n - at, &tag);
        size_t n_value = n_tag ? varint_read(data + at + n_tag, n - at - n_tag, &value) : 0;
        size_t skip = (tag & 7) == 5 ? 4 : (tag & 7) == 1 ? 8 : n_value;
        if (n_value == 0)
            break;
        if ((tag & 7) == 2) {
            if (value > n - at - n_tag - n_value)
                break;
            begin[n_fields] = at + n_tag;
            head[n_fields] = n_value;
            length[n_fields++] = (size_t)value;
            skip += (size_t)value;
        }
        at += n_tag + skip;
    }
    if (n_fields == 0 || dice_below(d, 4) == 0)
        return LLVMFuzzerMutate(data, n, max);
    size_t i = dice_below(d, n_fields), from = begin[i] + head[i], after = from + length[i];
    if (max < n + 32)
        return LLVMFuzzerMutate(data, n, max);
    uint8_t *whole = malloc(max + 32), *part = malloc(length[i] + max - n);
    memcpy(part, data + from, length[i]);
    size_t room = length[i] + max - n - 16;
    size_t n_part = dice_below(d, 2) ? mutate_proto(part, length[i], room, d)
                                     : LLVMFuzzerMutate(part, length[i], room);
    memcpy(whole, data, begin[i]);
    size_t n_new = begin[i] + varint_write(whole + begin[i], n_part);
    memcpy(whole + n_new, part, n_part);
    memcpy(whole + n_new + n_part, data + after, n - after);
    n_new += n_part + n - after;
    if (n_new <= max)
        memcpy(data, whole, n_new);
    free(whole);
    free(part);
    return n_new <= max ? n_new : n;
}

#endif
