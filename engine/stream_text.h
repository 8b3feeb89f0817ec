/* stream_text.h - from token bytes to text that may be shown: whole UTF-8 characters only, and
 * nothing that could still turn out to be the beginning of a stop string.
 *
 * Invalid bytes that can never become valid are passed on as U+FFFD (one for each maximal part of a
 * character, as the Unicode standard advises); the model's ids keep the truth. What is given out
 * does not depend on how the bytes were divided into tokens. Fixed memory; one generation at a
 * time; engine thread only.
 */
#ifndef XUXIE_ENGINE_STREAM_TEXT_H
#define XUXIE_ENGINE_STREAM_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Bounds of stop strings; engine_submit refuses more. */
enum { STREAM_STOPS_MAX = 32, STREAM_STOP_BYTES_MAX = 256 };

struct stream_text; /* opaque; memory from stream_text_new (allocated once per session) */

struct stream_text *stream_text_new(void);
void stream_text_free(struct stream_text *s);

/* A new generation with these stop strings (copied; empty ones are ignored). */
void stream_text_begin(struct stream_text *s, const char *const *stops, size_t n_stops);

/* Takes the bytes of one token (at most LIMIT_TOKEN_BYTES); sets out and n_out to the text that is
 * now certain (borrowed until the next call; may be empty). Returns true when a stop string is
 * complete: the text ends before it. The one that is complete first counts; of several that end at
 * the same character the longest. */
bool stream_text_put(struct stream_text *s, const char *bytes, size_t n, const char **out,
                     size_t *n_out);

/* The end of a generation without a stop string: what was held back for one is certain now; an
 * incomplete character is dropped. */
void stream_text_end(struct stream_text *s, const char **out, size_t *n_out);

/* Tokens (calls of put since begin) whose bytes spell exactly the text given out so far, or -1 when
 * the text ends inside a token or is not the tokens' bytes. */
int stream_text_tokens(const struct stream_text *s);

#endif
