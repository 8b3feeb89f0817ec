/* jieba.h - cuts Chinese text into words exactly as python jieba 0.42.1 does (jieba.cut): the most
 * probable path through the words of a dictionary, and a hidden Markov model for characters no word
 * of it covers.
 *
 * Dictionary and model are one file, jieba.bin, made when xuxie is built (data/jieba_tables.c) from
 * the files of Debian's package python3-jieba; all numbers in it are little endian:
 *
 *   "xuxiejb1"                     u32 n_nodes   u32 n_emissions   u64 sum of all frequencies
 *   nodes [n_nodes + 1]            u32 character   u32 first child   u32 frequency
 *   emissions [n_emissions]        u32 character   u32 states   f64 B   f64 E   f64 M   f64 S
 *
 * Nodes are a trie in breadth-first order, the children of each sorted by character and ending
 * where those of the next node begin; node 0 is the root, the last one only ends the list.
 * Emissions are sorted by character; bit i of `states` tells whether the i-th number is there.
 *
 * Immutable after opening; any number of threads may cut at once. */
#ifndef XUXIE_ENGINE_TOKENIZERS_JIEBA_H
#define XUXIE_ENGINE_TOKENIZERS_JIEBA_H

#include <stdbool.h>
#include <stddef.h>

#include "src/base/err.h"

struct jieba;

/* Where jieba.bin is; copied. Called once, before any tokenizer is opened. */
void jieba_set_path(const char *path);

/* E_INPUT when the file is missing or damaged. */
int jieba_open(struct jieba **out, struct err *err);
void jieba_close(struct jieba *j); /* NULL-safe */

/* A word of the text; false ends the cutting. */
typedef bool jieba_word(void *context, const char *word, size_t n);

/* Calls word() for every word of text[0..n), n < 2^31, in order; put together they are the text.
 * hmm: with the model. Bytes that are not valid UTF-8 are words of their own. False: no memory, or
 * word() ended it. */
bool jieba_cut(const struct jieba *j, const char *text, size_t n, bool hmm, jieba_word *word,
               void *context);

#endif
