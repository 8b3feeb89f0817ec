/* convert.h - one model file from another: a checkpoint or a GGUF file, its matrices in a type one
 * asks for, as GGUF. Works row by row, so a model that is larger than the memory can be converted;
 * the target appears whole or not at all (gguf_write.h). */
#ifndef XUXIE_ENGINE_FORMATS_CONVERT_H
#define XUXIE_ENGINE_FORMATS_CONVERT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/formats/gguf_write.h"
#include "engine/formats/weights.h"

enum { CONVERT_AS_STORED = -1 };

struct convert_request {
    const struct weights *in;
    const char *out_path;
    int type;      /* enum quant_type, or CONVERT_AS_STORED */
    int n_threads; /* >= 1; the file is the same with any number */
    /* Adds metadata that `in` does not have; NULL: none. Keys in both are taken from `in`. */
    int (*more)(void *ctx, struct gguf_writer *out, struct err *err);
    /* Told now and then; false gives the conversion up. */
    bool (*progress)(void *ctx, int percent);
    void *ctx;
};

/* Can matrices be stored as this type? */
bool convert_can(int type);
/* The type a tensor of the input gets. Vectors and positions are f32. Rows that do not divide into
 * the type's blocks get q8_0, or stay as they are. Where the type has fewer than six bits, the
 * output head, whose errors are felt most, has six. */
enum quant_type convert_type(const struct weights *in, const struct tensor *t, int type);
/* Bytes of all tensors of the result. */
uint64_t convert_bytes(const struct weights *in, int type);

/* E_UNSUPPORTED for a type xuxie does not write, E_CANCELLED, E_IO, E_RESOURCE. */
int convert_run(const struct convert_request *request, struct err *err);

#endif
