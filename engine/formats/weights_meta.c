/* weights_meta.c - the metadata of a model file as values of the type one needs (weights.h). */
#include "config.h"

#include <math.h>
#include <string.h>

#include "engine/formats/infile.h"
#include "engine/formats/weights.h"
#include "src/base/i18n.h"

static const char *type_phrase(enum meta_type type)
{
    switch (type) {
    case META_BOOL: return _("a yes-or-no value");
    case META_INT:
    case META_UINT: return _("a whole number");
    case META_FLOAT: return _("a decimal number");
    case META_STRING: return _("a text");
    case META_ARRAY: return _("a list");
    case META_NONE: break;
    }
    return _("nothing");
}

static int refuse_type(const struct weights *w, const char *key, const struct meta_value *v,
                       enum meta_type wanted, struct err *err)
{
    char shown[INFILE_QUOTE_BYTES];
    return err_set(err, E_INPUT, _("%s: %s at byte %llu: this is %s; %s is needed."),
                   infile_quote(shown, weights_path(w)), key, (unsigned long long)v->offset,
                   type_phrase(v->type), type_phrase(wanted));
}

int weights_meta_int(const struct weights *w, const char *key, int64_t min, int64_t max,
                     int64_t *out, struct err *err)
{
    char shown[INFILE_QUOTE_BYTES];
    const struct meta_value *v = weights_meta(w, key);
    if (!v)
        return 0;
    unsigned long long at = v->offset;
    if (v->type == META_UINT && v->u > INT64_MAX)
        return err_set(err, E_INPUT, _("%s: %s at byte %llu: %llu; from %lld to %lld is allowed."),
                       infile_quote(shown, weights_path(w)), key, at, (unsigned long long)v->u,
                       (long long)min, (long long)max);
    if (v->type != META_UINT && v->type != META_INT)
        return refuse_type(w, key, v, META_INT, err);
    int64_t i = v->type == META_UINT ? (int64_t)v->u : v->i;
    if (i < min || i > max)
        return err_set(err, E_INPUT, _("%s: %s at byte %llu: %lld; from %lld to %lld is allowed."),
                       infile_quote(shown, weights_path(w)), key, at, (long long)i, (long long)min,
                       (long long)max);
    *out = i;
    return 0;
}

int weights_meta_float(const struct weights *w, const char *key, double min, double max,
                       double *out, struct err *err)
{
    char shown[INFILE_QUOTE_BYTES];
    const struct meta_value *v = weights_meta(w, key);
    if (!v)
        return 0;
    if (v->type != META_FLOAT)
        return refuse_type(w, key, v, META_FLOAT, err);
    if (!isfinite(v->f) || v->f < min || v->f > max)
        return err_set(err, E_INPUT, _("%s: %s at byte %llu: %g; from %g to %g is allowed."),
                       infile_quote(shown, weights_path(w)), key, (unsigned long long)v->offset,
                       v->f, min, max);
    *out = v->f;
    return 0;
}

int weights_meta_bool(const struct weights *w, const char *key, bool *out, struct err *err)
{
    const struct meta_value *v = weights_meta(w, key);
    if (!v)
        return 0;
    if (v->type != META_BOOL)
        return refuse_type(w, key, v, META_BOOL, err);
    *out = v->b;
    return 0;
}

int weights_meta_string(const struct weights *w, const char *key, struct meta_string *out,
                        struct err *err)
{
    const struct meta_value *v = weights_meta(w, key);
    if (!v)
        return 0;
    if (v->type != META_STRING)
        return refuse_type(w, key, v, META_STRING, err);
    *out = v->str;
    return 0;
}

/* Element i of an array of numbers, as it stands in the file. */
static uint64_t array_bits(const struct meta_value *array, size_t i)
{
    int n_bytes = array->array.element_bytes;
    const unsigned char *p = (const unsigned char *)array->array.raw + i * (size_t)n_bytes;
    uint64_t v = 0;
    for (int k = n_bytes - 1; k >= 0; k--)
        v = v << 8 | p[k];
    return v;
}

int64_t meta_array_int(const struct meta_value *array, size_t i)
{
    uint64_t v = array_bits(array, i);
    if (array->array.type != META_INT)
        return (int64_t)v;
    uint64_t sign = UINT64_C(1) << (8 * array->array.element_bytes - 1);
    return (int64_t)((v ^ sign) - sign);
}

double meta_array_float(const struct meta_value *array, size_t i)
{
    uint64_t v = array_bits(array, i);
    if (array->array.element_bytes == 4) {
        uint32_t bits = (uint32_t)v;
        float f;
        memcpy(&f, &bits, sizeof f);
        return (double)f;
    }
    double d;
    memcpy(&d, &v, sizeof d);
    return d;
}
