/* fuzz_jieba.c - jieba.bin and a text (mutate.h). After 'r' the first part is the whole file; after
 * any other letter the parts are the nodes and the emissions, to which a head with the right
 * numbers is put. With what opens, the words of the text together are the text. The file lies in
 * $TMPDIR. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/tokenizers/jieba.h"
#include "mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

enum { HEAD_BYTES = 24, NODE_BYTES = 12, EMISSION_BYTES = 40 }; /* jieba.h */

static char path[512];

static void require(int condition)
{
    if (!condition)
        abort();
}

static void choose_path(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/xuxie-fuzz-%ld.bin", tmp ? tmp : "/tmp", (long)getpid());
    jieba_set_path(path);
}

static void write_file(const void *head, size_t n_head, const uint8_t *a, size_t n_a,
                       const uint8_t *b, size_t n_b)
{
    FILE *f = fopen(path, "wb");
    require(f && fwrite(head, 1, n_head, f) == n_head && fwrite(a, 1, n_a, f) == n_a &&
            fwrite(b, 1, n_b, f) == n_b);
    require(fclose(f) == 0);
}

static void write_tables(unsigned letter, const uint8_t *nodes, size_t n, const uint8_t *emissions,
                         size_t m)
{
    uint8_t head[HEAD_BYTES] = "xuxiejb1";
    size_t n_nodes = n / NODE_BYTES, n_emissions = m / EMISSION_BYTES;
    put_le(head + 8, (uint32_t)n_nodes - 1, 4);
    put_le(head + 12, (uint32_t)n_emissions, 4);
    head[16 + letter % 8] = 1; /* the sum of the frequencies: a power of 256 */
    write_file(head, HEAD_BYTES, nodes, n_nodes * NODE_BYTES, emissions,
               n_emissions * EMISSION_BYTES);
}

struct rest {
    const char *at, *end;
};

static bool is_next(void *context, const char *word, size_t n)
{
    struct rest *r = context;
    require(word == r->at && n > 0 && n <= (size_t)(r->end - r->at));
    r->at += n;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    if (n_bytes == 0)
        return 0;
    if (!path[0])
        choose_path();
    const uint8_t *at = data + 1, *end = data + n_bytes;
    size_t n, m = 0, n_text;
    const uint8_t *first = next_part(&at, end, &n), *second = first;
    if (data[0] != 'r')
        second = next_part(&at, end, &m);
    const uint8_t *text = next_part(&at, end, &n_text);
    if (data[0] == 'r')
        write_file("", 0, first, n, first, 0);
    else
        write_tables(data[0], first, n, second, m);

    struct jieba *j;
    struct err err = ERR_INIT;
    if (jieba_open(&j, &err) != 0) {
        require(err.msg[0] != '\0');
        return 0;
    }
    for (int hmm = 0; hmm < 2; hmm++) {
        struct rest r = {(const char *)text, (const char *)text + n_text};
        require(jieba_cut(j, (const char *)text, n_text, hmm, is_next, &r) && r.at == r.end);
    }
    jieba_close(j);
    return 0;
}

/* Changes within a table keep its size, mostly. */
static size_t mutate_in_place(uint8_t *data, size_t n, size_t max, struct dice *d)
{
    return LLVMFuzzerMutate(data, n, dice_below(d, 4) && n > 0 ? n : max);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed)
{
    struct dice d = {seed | 1};
    if (n < 2 || dice_below(&d, 16) == 0)
        return LLVMFuzzerMutate(data, n, max);
    return 1 + mutate_part(data + 1, n - 1, max - 1, dice_below(&d, 3), &d, mutate_in_place);
}
