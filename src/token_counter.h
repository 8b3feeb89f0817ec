/* token_counter.h - how many tokens a text makes, remembered: a prompt is put together anew with
 * every key that is typed, and most of its parts are those of the last time.
 *
 * One thread. The tokenizer is borrowed.
 */
#ifndef XUXIE_SRC_TOKEN_COUNTER_H
#define XUXIE_SRC_TOKEN_COUNTER_H

#include <stdbool.h>
#include <stddef.h>

struct tokenizer;
struct token_counter;

struct token_counter *token_counter_new(void);
void token_counter_free(struct token_counter *c); /* NULL-safe */
/* Another tokenizer forgets all counts; NULL: nothing can be counted. */
void token_counter_use(struct token_counter *c, const struct tokenizer *t);
bool token_counter_ready(const struct token_counter *c);

/* The `count` of struct prompt_request, with a counter as ctx: tokens of the text as the engine
 * cuts a segment, at the beginning of a prompt or behind another segment. */
int token_counter_count(void *ctx, const char *text, size_t n, bool at_beginning);

#endif
