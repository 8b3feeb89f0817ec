/* spm_file.c - a vocabulary from SentencePiece's tokenizer.model, a protocol buffer
 * (sentencepiece_model.proto):
 *
 *   ModelProto      1 pieces*: SentencePiece   2 trainer_spec   3 normalizer_spec
 *   SentencePiece   1 piece: text   2 score: float   3 type: enum token_type, 1 unless given
 *   TrainerSpec     3 model_type (1 unigram, 2 BPE)   24 treat_whitespace_as_suffix
 *                   40 unk_id   41 bos_id   42 eos_id
 *   NormalizerSpec  1 name   2 precompiled_charsmap   3 add_dummy_prefix
 *                   4 remove_extra_whitespaces   5 escape_whitespaces
 *
 * Unknown fields are skipped, as the format has it; lengths are compared with what is left first.
 */
#include "config.h"

#include "engine/tokenizers/vocab_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/limits.h"

/* A message, and where reading it has come to. */
struct reader {
    const unsigned char *p, *end;
    const unsigned char *base; /* of the file */
    const char *shown;
};

enum wire { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

struct field {
    uint64_t number;
    unsigned wire;
    uint64_t value;      /* WIRE_VARINT, WIRE_FIXED32 */
    struct reader bytes; /* WIRE_BYTES */
};

struct settings {
    int64_t model_type, unk, bos, eos;
    bool suffix, has_charsmap, dummy_prefix, remove_spaces, escape;
};

static int refuse(const struct reader *r, const unsigned char *at, struct err *err)
{
    return err_set(err, E_INPUT,
                   _("%s: byte %zu: this is not a tokenizer.model of SentencePiece, or it is "
                     "damaged; download it again."),
                   r->shown, (size_t)(at - r->base));
}

static bool varint(struct reader *r, uint64_t *out)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70 && r->p < r->end; shift += 7) {
        unsigned char c = *r->p++;
        if (shift == 63 && c > 1)
            return false;
        value |= (uint64_t)(c & 0x7F) << shift;
        if (c < 0x80) {
            *out = value;
            return true;
        }
    }
    return false;
}

/* The next field; 1, 0 at the end of the message, or an error. */
static int next_field(struct reader *r, struct field *f, struct err *err)
{
    const unsigned char *at = r->p;
    uint64_t key;
    uint64_t n = 0;
    if (r->p == r->end)
        return 0;
    if (!varint(r, &key) || key >> 3 == 0)
        return refuse(r, at, err);
    f->number = key >> 3;
    f->wire = key & 7;
    switch (f->wire) {
    case WIRE_VARINT:
        if (!varint(r, &f->value))
            return refuse(r, at, err);
        return 1;
    case WIRE_BYTES:
        if (!varint(r, &n) || n > (size_t)(r->end - r->p))
            return refuse(r, at, err);
        f->bytes = (struct reader){r->p, r->p + n, r->base, r->shown};
        break;
    case WIRE_FIXED64: n = 8; break;
    case WIRE_FIXED32: n = 4; break;
    default: return refuse(r, at, err);
    }
    if (n > (size_t)(r->end - r->p))
        return refuse(r, at, err);
    f->value = 0;
    for (size_t i = 0; f->wire == WIRE_FIXED32 && i < 4; i++)
        f->value |= (uint64_t)r->p[i] << (8 * i);
    r->p += n;
    return 1;
}

static int read_piece(struct reader r, struct vocab_source *src, size_t i, struct err *err)
{
    struct field f = {0};
    int rc;
    src->type[i] = TOKEN_NORMAL;
    while ((rc = next_field(&r, &f, err)) > 0) {
        if (f.number == 1 && f.wire == WIRE_BYTES) {
            src->token_texts[i] =
                (struct meta_string){(const char *)f.bytes.p, (size_t)(f.bytes.end - f.bytes.p)};
        } else if (f.number == 2 && f.wire == WIRE_FIXED32) {
            uint32_t bits = (uint32_t)f.value;
            memcpy(&src->scores[i], &bits, sizeof bits);
        } else if (f.number == 3 && f.wire == WIRE_VARINT) {
            if (f.value < TOKEN_NORMAL || f.value > TOKEN_BYTE)
                return refuse(&r, r.p, err);
            src->type[i] = (uint8_t)f.value;
        }
    }
    return rc;
}

static int read_trainer(struct reader r, struct settings *s, struct err *err)
{
    struct field f = {0};
    int rc;
    while ((rc = next_field(&r, &f, err)) > 0) {
        if (f.wire != WIRE_VARINT)
            continue;
        switch (f.number) {
        case 3: s->model_type = (int64_t)f.value; break;
        case 24: s->suffix = f.value != 0; break;
        case 40: s->unk = (int32_t)f.value; break;
        case 41: s->bos = (int32_t)f.value; break;
        case 42: s->eos = (int32_t)f.value; break;
        default: break;
        }
    }
    return rc;
}

static int read_normalizer(struct reader r, struct settings *s, struct err *err)
{
    struct field f = {0};
    int rc;
    while ((rc = next_field(&r, &f, err)) > 0) {
        if (f.number == 2 && f.wire == WIRE_BYTES)
            s->has_charsmap = f.bytes.p < f.bytes.end;
        else if (f.number == 3 && f.wire == WIRE_VARINT)
            s->dummy_prefix = f.value != 0;
        else if (f.number == 4 && f.wire == WIRE_VARINT)
            s->remove_spaces = f.value != 0;
        else if (f.number == 5 && f.wire == WIRE_VARINT)
            s->escape = f.value != 0;
    }
    return rc;
}

/* The number of pieces, and the two specifications. */
static int read_outline(struct reader r, size_t *n_pieces, struct settings *s, struct err *err)
{
    struct field f = {0};
    int rc;
    *n_pieces = 0;
    while ((rc = next_field(&r, &f, err)) > 0) {
        int inner = 0;
        if (f.wire != WIRE_BYTES)
            continue;
        if (f.number == 1)
            ++*n_pieces;
        else if (f.number == 2)
            inner = read_trainer(f.bytes, s, err);
        else if (f.number == 3)
            inner = read_normalizer(f.bytes, s, err);
        if (inner < 0)
            return inner;
    }
    return rc;
}

static int refuse_settings(const char *shown, const struct settings *s, struct err *err)
{
    const char *what = s->model_type != 2 ? "trainer_spec.model_type"
                       : s->suffix        ? "trainer_spec.treat_whitespace_as_suffix"
                       : s->has_charsmap  ? "normalizer_spec.precompiled_charsmap"
                       : s->remove_spaces ? "normalizer_spec.remove_extra_whitespaces"
                       : !s->escape       ? "normalizer_spec.escape_whitespaces"
                                          : NULL;
    if (!what)
        return 0;
    return err_set(
        err, E_UNSUPPORTED,
        _("%s: %s: xuxie reads tokenizers of SentencePiece's BPE kind that do not change "
          "the text; this one is otherwise."),
        shown, what);
}

static int read_pieces(struct reader r, struct vocab_source *src, struct err *err)
{
    struct field f = {0};
    int rc;
    size_t n = 0;
    while ((rc = next_field(&r, &f, err)) > 0) {
        if (f.number != 1 || f.wire != WIRE_BYTES)
            continue;
        rc = read_piece(f.bytes, src, n++, err);
        if (rc < 0)
            return rc;
    }
    return rc;
}

static int32_t id_in(int64_t id, size_t n)
{
    return id >= 0 && (uint64_t)id < n ? (int32_t)id : -1;
}

static int read_model(struct reader r, struct vocab_source *src, struct err *err)
{
    struct settings s = {.model_type = 1,
                         .unk = 0,
                         .bos = 1,
                         .eos = 2,
                         .dummy_prefix = true,
                         .remove_spaces = true,
                         .escape = true};
    size_t n;
    int rc = read_outline(r, &n, &s, err);
    if (rc == 0)
        rc = refuse_settings(r.shown, &s, err);
    if (rc != 0)
        return rc;
    if (n > LIMIT_VOCAB)
        return err_set(err, E_INPUT, _("%s: %zu tokens; at most %u are allowed."), r.shown, n,
                       LIMIT_VOCAB);
    src->token_texts = calloc(n ? n : 1, sizeof *src->token_texts);
    src->type = calloc(n ? n : 1, 1);
    src->scores = calloc(n ? n : 1, sizeof *src->scores);
    if (!src->token_texts || !src->type || !src->scores)
        return err_set(err, E_RESOURCE, _("%s: not enough memory for the vocabulary."), r.shown);
    src->tokens.s = src->token_texts;
    src->tokens.n = n;
    src->add_space_prefix = s.dummy_prefix;
    rc = read_pieces(r, src, err);
    if (rc == 0)
        rc = vocab_source_index(src, err);
    src->unk = id_in(s.unk, n);
    src->bos = id_in(s.bos, n);
    src->eos = id_in(s.eos, n);
    src->add_bos = src->bos >= 0;
    return rc;
}

int vocab_source_from_spm(const char *shown, char *data, size_t n, struct vocab_source *src,
                          struct err *err)
{
    vocab_source_init(src, "llama");
    src->tokens_file = data;
    src->tokens.place = PLACE_ID;
    src->tokens.field = "pieces";
    snprintf(src->tokens.shown, sizeof src->tokens.shown, "%s", shown);
    const unsigned char *p = (const unsigned char *)data;
    struct reader r = {p, p + n, p, shown};
    int rc = read_model(r, src, err);
    if (rc != 0)
        vocab_source_free(src);
    return rc;
}
