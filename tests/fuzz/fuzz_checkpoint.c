/* fuzz_checkpoint.c - folders of a published checkpoint. The first byte says where the weights lie
 * ('i': an index names them, 'r': model/mp_rank_0N_model_states.pt, else model.safetensors); then
 * come config.json, the index and up to two safetensors files as parts (mutate.h), each of these
 * the size of its data in six hexadecimal digits and its header. What opens is read whole, loaded
 * and computed with. The folder lies in $TMPDIR. */
#include "config.h"

#include "engine/formats/checkpoint.h"
#include "model_target.h"
#include "mutate.h"
#include "scratch.h"

enum { MOST_DATA = 1 << 16, N_FILES = 2, MOST_ROWS = 64 };

static char folder[SCRATCH_BYTES];
static int folder_fd = -1;

static void make_folder(void)
{
    folder_fd = scratch_folder(folder);
    require(mkdirat(folder_fd, "model", 0700) == 0);
}

static void write_file(const char *name, const void *head, size_t n_head, const void *data,
                       size_t n, size_t n_zeros)
{
    int fd = openat(folder_fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    require(fd >= 0 && write(fd, head, n_head) == (ssize_t)n_head &&
            write(fd, data, n) == (ssize_t)n);
    require(n_zeros == 0 || ftruncate(fd, (off_t)(n_head + n + n_zeros)) == 0);
    close(fd);
}

/* Six hexadecimal digits, then the header. */
static void write_weights(const char *name, const uint8_t *part, size_t n)
{
    uint8_t head[8];
    size_t n_data = 0;
    for (int i = 0; i < 6 && n > 0; i++, n--, part++)
        n_data = n_data << 4 | ((*part & 15u) + (*part > '9' ? 9u : 0u));
    for (int i = 0; i < 8; i++)
        head[i] = (uint8_t)((uint64_t)n >> 8 * i);
    write_file(name, head, 8, part, n, n_data % MOST_DATA);
}

static void read_all(const struct weights *w)
{
    static float row[MOST_DATA];
    for (size_t i = 0; i < weights_count(w); i++) {
        const struct tensor *t = weights_at(w, i);
        require(weights_find(w, t->name) == t && t->dim[0] <= MOST_DATA);
        int64_t n = t->n_dims > 1 ? t->dim[1] : 1;
        for (int64_t r = 0; r < n && r < MOST_ROWS; r++)
            require(weights_read_rows(w, t, r, 1, row, NULL) == 0);
        require(weights_read_rows(w, t, n - 1, 1, row, NULL) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    static const char *const names[3][N_FILES] = {
        {"model.safetensors", "unused"},
        {"a.safetensors", "b.safetensors"},
        {"model/mp_rank_00_model_states.pt", "model/mp_rank_01_model_states.pt"},
    };
    if (n_bytes == 0)
        return 0;
    if (folder_fd < 0)
        make_folder();
    int kind = data[0] == 'i' ? 1 : data[0] == 'r' ? 2 : 0;
    const uint8_t *at = data + 1, *end = data + n_bytes, *part;
    size_t n;
    part = next_part(&at, end, &n);
    write_file("config.json", "", 0, part, n, 0);
    part = next_part(&at, end, &n);
    if (kind == 1)
        write_file("model.safetensors.index.json", "", 0, part, n, 0);
    for (int i = 0; i < N_FILES && at < end; i++) {
        part = next_part(&at, end, &n);
        write_weights(names[kind][i], part, n);
    }

    struct err err = ERR_INIT;
    struct weights *w;
    if (weights_open(folder, &w, &err) != 0) {
        require(err.msg[0] != '\0');
    } else {
        read_all(w);
        require(weights_load(w, NULL, NULL, &err) == 0 || err.msg[0] != '\0');
        run_model(w);
    }
    unlinkat(folder_fd, "model.safetensors.index.json", 0);
    for (int i = 0; i < N_FILES; i++)
        unlinkat(folder_fd, names[kind][i], 0);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed)
{
    struct dice d = {seed | 1};
    if (n < 2 || dice_below(&d, 16) == 0)
        return LLVMFuzzerMutate(data, n, max);
    static const unsigned parts[] = {0, 0, 0, 0, 1, 2, 2, 3};
    unsigned part = parts[dice_below(&d, 8)];
    if (part >= 2)
        return 1 + mutate_part(data + 1, n - 1, max - 1, part, &d, mutate_bytes);
    return 1 + mutate_part(data + 1, n - 1, max - 1, part, &d, mutate_json);
}
