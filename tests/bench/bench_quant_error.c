/* bench_quant_error.c - what each tensor type loses, and how long packing takes.
 *
 *     bench_quant_error [FILE.gguf [LIBGGML]]
 *
 * Packs and unpacks, for every type that xuxie writes, rows of random numbers (normal, deviation 1)
 * and the unpacked matrices of FILE, as many whole rows of 256 n elements as make 4 Mi at most, and
 * prints the root of the mean square error. With LIBGGML (the path of libggml-base.so from a build
 * of llama.cpp) its quantisers get the same rows, and the last column is the error as a share of
 * theirs.
 */
#include "config.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/formats/weights.h"
#include "engine/kernels/quant.h"

enum { MAX_ELEMS = 4 << 20, N_RANDOM = 1 << 20 };

typedef void pack_fn(const float *in, void *packed, int64_t n);

struct result {
    double rms, ns; /* ns per weight */
};

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static struct result measure(const struct quant *q, pack_fn *pack, const float *x, int64_t n,
                             void *packed, float *back)
{
    double start = cpu_seconds();
    pack(x, packed, n);
    double seconds = cpu_seconds() - start, sum = 0;
    q->unpack(packed, back, n);
    for (int64_t i = 0; i < n; i++)
        sum += ((double)back[i] - (double)x[i]) * ((double)back[i] - (double)x[i]);
    return (struct result){sqrt(sum / (double)n), seconds / (double)n * 1e9};
}

/* ggml's quantiser of the type, NULL when there is none. */
static pack_fn *ggml_pack(void *lib, const struct quant *q)
{
    char name[64];
    pack_fn *fn = NULL;
    snprintf(name, sizeof name, "quantize_row_%s_ref", q->name);
    void *symbol = lib ? dlsym(lib, name) : NULL;
    memcpy(&fn, &symbol, sizeof fn); /* ISO C has no conversion between the two */
    return fn;
}

static void print_table(const char *title, const float *x, int64_t n, void *lib)
{
    void *packed = malloc((size_t)n * sizeof *x);
    float *back = malloc((size_t)n * sizeof *back);
    if (packed && back) {
        printf("%s: %lld elements\n", title, (long long)n);
        for (uint32_t type = 0; type < 32; type++) {
            const struct quant *q = quant_of(type);
            if (!q || !q->pack)
                continue;
            struct result r = measure(q, q->pack, x, n, packed, back);
            printf("  %-5s %12.6g  %5.1f ns", q->name, r.rms, r.ns);
            pack_fn *pack = ggml_pack(lib, q);
            if (pack) {
                struct result g = measure(q, pack, x, n, packed, back);
                printf("   ggml %12.6g  %5.1f ns   ratio %.4f", g.rms, g.ns, r.rms / g.rms);
            }
            printf("\n");
        }
    }
    free(packed);
    free(back);
}

/* Two normal numbers from two uniform ones (Box and Muller). */
static void fill_normal(float *x, int64_t n)
{
    uint64_t state = 1;
    double uniform[2];
    for (int64_t i = 0; i < n; i += 2) {
        for (int j = 0; j < 2; j++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            uniform[j] = ((double)(state >> 11) + 0.5) * 0x1p-53;
        }
        double radius = sqrt(-2 * log(uniform[0])), angle = 2 * M_PI * uniform[1];
        x[i] = (float)(radius * cos(angle));
        x[i + 1] = (float)(radius * sin(angle));
    }
}

/* The rows of all matrices one after another: every `stride`th, so that all matrices have a share.
 */
static int64_t collect(const struct weights *w, float *x)
{
    int64_t total = 0, n = 0;
    for (size_t i = 0; i < weights_count(w); i++)
        if (weights_at(w, i)->n_dims == 2 && weights_at(w, i)->dim[0] % 256 == 0)
            total += weights_at(w, i)->dim[0] * weights_at(w, i)->dim[1];
    int64_t stride = total / MAX_ELEMS + 1;
    for (size_t i = 0; i < weights_count(w); i++) {
        const struct tensor *t = weights_at(w, i);
        if (t->n_dims != 2 || t->dim[0] % 256 != 0)
            continue;
        size_t row_bytes = t->n_bytes / (size_t)t->dim[1];
        for (int64_t r = 0; r < t->dim[1] && n + t->dim[0] <= MAX_ELEMS; r += stride) {
            quant_of(t->type)->unpack((const char *)t->data + (size_t)r * row_bytes, x + n,
                                      t->dim[0]);
            n += t->dim[0];
        }
    }
    return n;
}

int main(int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct weights *w = NULL;
    void *lib = NULL;
    float *x = malloc(MAX_ELEMS * sizeof *x);
    int rc = 1;
    if (argc > 3) {
        fprintf(stderr, "usage: bench_quant_error [FILE.gguf [LIBGGML]]\n");
        goto out;
    }
    if (!x || (argc > 1 && weights_open(argv[1], &w, &err) != 0)) {
        fprintf(stderr, "bench_quant_error: %s\n", x ? err.msg : "not enough memory");
        goto out;
    }
    if (argc > 2 && !(lib = dlopen(argv[2], RTLD_LAZY))) {
        fprintf(stderr, "bench_quant_error: %s\n", dlerror());
        goto out;
    }
    fill_normal(x, N_RANDOM);
    print_table("normal", x, N_RANDOM, lib);
    if (w)
        print_table(argv[1], x, collect(w, x), lib);
    rc = 0;
out:
    if (lib)
        dlclose(lib);
    weights_close(w);
    free(x);
    return rc;
}
