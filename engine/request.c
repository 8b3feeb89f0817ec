/* request.c - see request.h. The copy is laid out twice by the same code: first over nothing, to
 * learn the size, then over the block. */
#include "config.h"

#include "engine/request.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/sample.h"
#include "engine/stream_text.h"
#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/utf8.h"

static int check_segments(const struct engine_request *r, struct err *err)
{
    if (r->n_segments > 0 && !r->segments)
        return err_set(err, E_INPUT, _("The request has %zu segments but does not say where."),
                       r->n_segments);
    for (size_t i = 0; i < r->n_segments; i++) {
        const struct engine_segment *s = &r->segments[i];
        bool known = s->kind == SEGMENT_TEXT || s->kind == SEGMENT_IDS;
        if (!known ||
            (s->kind == SEGMENT_TEXT ? s->n_bytes > 0 && !s->text : s->n_ids > 0 && !s->ids))
            return err_set(err, E_INPUT, _("Segment %zu of the request has no content."), i);
    }
    return 0;
}

static bool any_scored(const struct engine_request *r)
{
    for (size_t i = 0; i < r->n_segments; i++)
        if (r->segments[i].scored)
            return true;
    return false;
}

static int check_stops(const struct engine_request *r, struct err *err)
{
    if (r->n_stops > STREAM_STOPS_MAX)
        return err_set(err, E_INPUT, _("There are %zu stop strings; at most %d are allowed."),
                       r->n_stops, STREAM_STOPS_MAX);
    for (size_t i = 0; i < r->n_stops; i++) {
        size_t n = strlen(r->stops[i]);
        if (n > STREAM_STOP_BYTES_MAX)
            return err_set(err, E_INPUT,
                           _("Stop string %zu has %zu bytes; at most %d are allowed."), i + 1, n,
                           STREAM_STOP_BYTES_MAX);
        if (utf8_valid_prefix(r->stops[i], n) != n)
            return err_set(err, E_INPUT, _("Stop string %zu is not valid UTF-8."), i + 1);
    }
    return 0;
}

int request_check(const struct engine_request *r, struct err *err)
{
    if (r->id == 0)
        return err_set(err, E_INPUT, _("The request has no number (id 0)."));
    if (r->n_streams != 1)
        return err_set(err, E_INPUT, _("The request wants %d takes at once; only 1 is possible."),
                       r->n_streams);
    if (r->max_tokens < 0 || r->max_length < 0 || r->deadline_ms < 0 || r->first_cut < 0)
        return err_set(err, E_INPUT,
                       _("max_tokens, max_length, the deadline and the first cut must not be "
                         "negative."));
    int rc = check_segments(r, err);
    if (rc == 0 && r->score && !any_scored(r))
        return err_set(err, E_INPUT, _("The request scores, but none of its segments is scored."));
    if (rc == 0)
        rc = check_stops(r, err);
    if (rc == 0)
        rc = sample_params_check(&r->sampling, err);
    return rc;
}

/* Where the next piece of the copy goes: offsets only while base is NULL. */
struct layout {
    char *base;
    size_t used;
    bool overflow;
};

/* Copies n items of `size` bytes to the next 8-byte border; NULL while only measuring. */
static void *lay(struct layout *l, const void *from, size_t n, size_t size)
{
    size_t bytes, padded, end;
    if (!mul_size(n, size, &bytes) || !add_size(bytes, 7, &padded) ||
        !add_size(l->used, padded & ~(size_t)7, &end)) {
        l->overflow = true;
        return NULL;
    }
    char *to = l->base ? l->base + l->used : NULL;
    if (to && bytes > 0)
        memcpy(to, from, bytes);
    l->used = end;
    return to;
}

static void lay_request(struct layout *l, const struct engine_request *r)
{
    struct engine_request *copy = lay(l, r, 1, sizeof *r);
    struct engine_segment *segments = lay(l, r->segments, r->n_segments, sizeof *segments);
    const char **stops = lay(l, r->stops, r->n_stops, sizeof *stops);
    struct logit_bias *bias = lay(l, r->sampling.bias, r->sampling.n_bias, sizeof *bias);
    if (copy) {
        copy->segments = segments;
        copy->stops = stops;
        copy->sampling.bias = bias;
    }
    for (size_t i = 0; i < r->n_segments; i++) {
        const struct engine_segment *s = &r->segments[i];
        bool text = s->kind == SEGMENT_TEXT;
        void *bytes =
            text ? lay(l, s->text, s->n_bytes, 1) : lay(l, s->ids, s->n_ids, sizeof *s->ids);
        if (copy) {
            segments[i].text = text ? bytes : NULL;
            segments[i].ids = text ? NULL : bytes;
        }
    }
    for (size_t i = 0; i < r->n_stops; i++) {
        char *stop = lay(l, r->stops[i], strlen(r->stops[i]) + 1, 1);
        if (copy)
            stops[i] = stop;
    }
}

int request_copy(const struct engine_request *r, struct engine_request **out, struct err *err)
{
    struct layout l = {NULL, 0, false};
    lay_request(&l, r);
    char *base = l.overflow ? NULL : malloc(l.used);
    if (!base)
        return err_set(err, E_RESOURCE, _("There is no memory for the request."));
    l = (struct layout){base, 0, false};
    lay_request(&l, r);
    *out = (struct engine_request *)base;
    return 0;
}
