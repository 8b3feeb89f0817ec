/* stream_text.c - see stream_text.h.
 *
 * Two stages. The first turns bytes into whole characters: up to three bytes of a character that
 * may still become complete wait in `partial`. The second appends each character to `text` and
 * looks whether a stop string ends there; what could be the beginning of one is kept back.
 *
 *   text   |..given..|....held....|        partial |..|
 *
 * `given` bytes went out with the last call and leave at the next. Everything is done character by
 * character, so the division into tokens cannot matter.
 *
 * Borders: the places in `text` at which a token ended, with the number of tokens up to there. They
 * are recorded only while the text is the tokens' bytes, unchanged. After each call at most
 * STREAM_STOP_BYTES_MAX bytes are held, and borders at one place merge, hence MAX_BORDERS.
 */
#include "config.h"

#include "engine/stream_text.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/limits.h"
#include "src/base/utf8.h"

enum {
    MAX_PARTIAL = 3,
    /* every byte of a token may become a U+FFFD of three */
    TEXT_BYTES = STREAM_STOP_BYTES_MAX + 3 * (LIMIT_TOKEN_BYTES + MAX_PARTIAL),
    MAX_BORDERS = STREAM_STOP_BYTES_MAX + 2,
};

struct border {
    size_t at;    /* offset in text */
    int n_tokens; /* that spell everything before it */
};

struct stop {
    size_t n;
    char bytes[STREAM_STOP_BYTES_MAX];
};

struct stream_text {
    size_t n_stops;
    struct stop stops[STREAM_STOPS_MAX];
    int n_tokens; /* put so far */
    bool exact;   /* no byte was replaced so far */
    size_t n_borders;
    struct border borders[MAX_BORDERS]; /* in growing order of `at` */
    size_t n_partial;
    char partial[MAX_PARTIAL + 1];
    size_t given; /* bytes of text that the caller has seen */
    size_t n;     /* bytes of text */
    char text[TEXT_BYTES];
};

struct stream_text *stream_text_new(void)
{
    struct stream_text *s = malloc(sizeof *s);
    if (s)
        stream_text_begin(s, NULL, 0);
    return s;
}

void stream_text_free(struct stream_text *s)
{
    free(s);
}

void stream_text_begin(struct stream_text *s, const char *const *stops, size_t n_stops)
{
    s->n_stops = 0;
    for (size_t i = 0; i < n_stops && s->n_stops < STREAM_STOPS_MAX; i++) {
        size_t n = strlen(stops[i]);
        assert(n <= STREAM_STOP_BYTES_MAX);
        if (n == 0)
            continue;
        struct stop *stop = &s->stops[s->n_stops++];
        stop->n = n;
        memcpy(stop->bytes, stops[i], n);
    }
    s->n_tokens = 0;
    s->exact = true;
    s->n_borders = 1;
    s->borders[0] = (struct border){0, 0};
    s->n_partial = 0;
    s->given = 0;
    s->n = 0;
}

/* Lets go of the text that the caller has seen. */
static void forget_given(struct stream_text *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->n_borders; i++)
        if (s->borders[i].at >= s->given)
            s->borders[kept++] =
                (struct border){s->borders[i].at - s->given, s->borders[i].n_tokens};
    s->n_borders = kept;
    s->n -= s->given;
    memmove(s->text, s->text + s->given, s->n);
    s->given = 0;
}

/* Length of the longest stop string that ends the text; 0: none does. */
static size_t stop_at_end(const struct stream_text *s)
{
    size_t longest = 0;
    for (size_t i = 0; i < s->n_stops; i++) {
        const struct stop *stop = &s->stops[i];
        if (stop->n > longest && stop->n <= s->n &&
            memcmp(s->text + s->n - stop->n, stop->bytes, stop->n) == 0)
            longest = stop->n;
    }
    return longest;
}

/* Length of the longest end of the text that begins a stop string. */
static size_t held_back(const struct stream_text *s)
{
    size_t longest = 0;
    for (size_t i = 0; i < s->n_stops; i++) {
        const struct stop *stop = &s->stops[i];
        size_t n = stop->n - 1 < s->n ? stop->n - 1 : s->n;
        while (n > longest && memcmp(s->text + s->n - n, stop->bytes, n) != 0)
            n--;
        if (n > longest)
            longest = n;
    }
    return longest;
}

/* Appends one whole character; true when it completes a stop string, which is then taken off. */
static bool add_character(struct stream_text *s, const char *bytes, size_t n)
{
    memcpy(s->text + s->n, bytes, n);
    s->n += n;
    size_t stop = stop_at_end(s);
    s->n -= stop;
    return stop > 0;
}

/* Takes one byte; true when it completes a stop string. */
static bool add_byte(struct stream_text *s, char byte)
{
    for (;;) {
        s->partial[s->n_partial++] = byte;
        uint32_t cp;
        size_t length = utf8_decode(s->partial, s->n_partial, &cp);
        if (length > 0) {
            s->n_partial = 0;
            return add_character(s, s->partial, length);
        }
        if (utf8_incomplete_tail(s->partial, s->n_partial) == s->n_partial)
            return false;
        /* Either the byte begins nothing, or it does not continue what waits; then that is replaced
         * and the byte is looked at again, alone. */
        bool alone = s->n_partial == 1;
        s->n_partial = 0;
        s->exact = false;
        if (add_character(s, UTF8_REPLACEMENT, strlen(UTF8_REPLACEMENT)))
            return true;
        if (alone)
            return false;
    }
}

static void mark_border(struct stream_text *s)
{
    if (!s->exact || s->n_partial > 0)
        return;
    if (s->n_borders == 0 || s->borders[s->n_borders - 1].at != s->n)
        s->borders[s->n_borders++].at = s->n;
    s->borders[s->n_borders - 1].n_tokens = s->n_tokens;
}

bool stream_text_put(struct stream_text *s, const char *bytes, size_t n, const char **out,
                     size_t *n_out)
{
    assert(n <= LIMIT_TOKEN_BYTES);
    forget_given(s);
    bool stopped = false;
    for (size_t i = 0; i < n && !stopped; i++)
        stopped = add_byte(s, bytes[i]);
    s->n_tokens++;
    if (!stopped)
        mark_border(s);
    s->given = stopped ? s->n : s->n - held_back(s);
    *out = s->text;
    *n_out = s->given;
    return stopped;
}

void stream_text_end(struct stream_text *s, const char **out, size_t *n_out)
{
    forget_given(s);
    s->n_partial = 0;
    s->given = s->n;
    *out = s->text;
    *n_out = s->n;
}

int stream_text_tokens(const struct stream_text *s)
{
    for (size_t i = s->n_borders; i-- > 0;)
        if (s->borders[i].at == s->given)
            return s->borders[i].n_tokens;
    return -1;
}
