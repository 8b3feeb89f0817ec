/* fuzz_zip.c - any bytes as an archive: refused with a message, or every member lies inside it,
 * apart from the others, and is read. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mutate.h"
#include "src/base/zip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

enum { MOST = 1 << 20 };

static volatile unsigned sink;

static void require(int condition)
{
    if (!condition)
        abort();
}

static void read_member(struct zip *z, const struct zip_member *m)
{
    struct err err = ERR_INIT;
    unsigned char *bytes;
    if (m->stored && zip_check(z, m, &err) != 0)
        require(err.msg[0] != '\0');
    if (zip_unpack(z, m, MOST, &bytes, &err) != 0) {
        require(err.msg[0] != '\0');
        return;
    }
    require(m->n_bytes <= MOST && bytes[m->n_bytes] == '\0');
    sink += m->n_bytes ? bytes[m->n_bytes - 1] : 0u;
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct err err = ERR_INIT;
    struct zip *z;
    if (zip_open("fuzz", data, n_bytes, &z, &err) != 0) {
        require(err.msg[0] != '\0');
        return 0;
    }
    uint64_t packed = 0;
    for (size_t i = 0; i < zip_count(z); i++) {
        const struct zip_member *m = zip_at(z, i);
        require(strlen(m->name) == m->n_name && zip_find(z, m->name) == m);
        require(m->data >= data && m->offset <= n_bytes && m->packed_bytes <= n_bytes - m->offset);
        require(i == 0 || strcmp(zip_at(z, i - 1)->name, m->name) < 0);
        packed += m->packed_bytes;
        read_member(z, m);
    }
    require(packed <= n_bytes);
    require(zip_at(z, zip_count(z)) == NULL && zip_find(z, "") == NULL);
    zip_close(z);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed)
{
    struct dice d = {seed | 1};
    return mutate_zip(data, n, max, &d);
}
