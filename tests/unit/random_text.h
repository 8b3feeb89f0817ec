/* random_text.h - text for property tests: characters of every kind that matters to the screen, and
 * raw bytes. Same seed, same text. */
#ifndef XUXIE_TESTS_RANDOM_TEXT_H
#define XUXIE_TESTS_RANDOM_TEXT_H

#include <stdint.h>

#include "src/base/mem.h"
#include "src/base/str.h"
#include "src/base/utf8.h"

struct random {
    uint64_t state;
};

/* splitmix64 (Steele, Lea and Flood 2014). */
static inline uint64_t random_next(struct random *r)
{
    uint64_t z = r->state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static inline size_t random_below(struct random *r, size_t n)
{
    return (size_t)(random_next(r) % n);
}

/* Pieces of displayable text: none holds what text_safe would change, wherever it stands. */
static inline const char *random_plain_piece(struct random *r)
{
    static const char *const pieces[] = {
        "雪",
        "夜",
        "门",
        "的",
        "老人",
        "一二三",
        "𠀀",
        "𱍐",
        "か",
        "ッ",
        "한",
        ",",
        "。",
        "！",
        "？",
        "：",
        "；",
        "、",
        "“",
        "”",
        "‘",
        "’",
        "「",
        "」",
        "《",
        "》",
        "（",
        "）",
        "——",
        "……",
        "·",
        "　",
        " ",
        " ",
        "  ",
        "a",
        "word",
        "unbreakablelongword",
        "it's",
        "3.14",
        "％",
        "-",
        "/",
        "(",
        ")",
        "\"",
        "é",
        "e\xCC\x81",
        "👨\u200D👩\u200D👧",
        "🇨🇳",
        "👍🏽",
        "☎\uFE0F",
        "±",
        "①",
        "␛",
        "<U+202E>",
        "\u00A0",
        "ि",
        "क्ष",
        "שלום",
        "مرحبا",
        "🫨",
    };
    return pieces[random_below(r, ARRAY_LEN(pieces))];
}

/* One character of a class drawn at random, encoded. */
static inline void random_character(struct random *r, struct str *out)
{
    static const uint32_t ranges[][2] = {
        {0x20, 0x7E},       {0x20, 0x7E},       {0x00, 0x1F},       {0x7F, 0xA0},
        {0xA1, 0x2FF},      {0x300, 0x36F},     {0x590, 0x6FF},     {0x900, 0xDFF},
        {0x1100, 0x11FF},   {0x200B, 0x200F},   {0x2010, 0x2027},   {0x2028, 0x206F},
        {0x2190, 0x27BF},   {0x3000, 0x30FF},   {0x4E00, 0x9FFF},   {0x4E00, 0x9FFF},
        {0xAC00, 0xD7FF},   {0xE000, 0xE010},   {0xF900, 0xFFFF},   {0x1F1E6, 0x1F1FF},
        {0x1F300, 0x1FAFF}, {0x20000, 0x323AF}, {0xE0000, 0xE01EF}, {0, 0x10FFFF},
    };
    const uint32_t *range = ranges[random_below(r, ARRAY_LEN(ranges))];
    char bytes[4];
    uint32_t cp = range[0] + (uint32_t)random_below(r, range[1] - range[0] + 1);
    str_append(out, bytes, utf8_encode(cp, bytes));
}

/* Appends n pieces of displayable text without newlines. */
static inline void random_plain(struct random *r, struct str *out, size_t n)
{
    while (n-- > 0)
        str_puts(out, random_plain_piece(r));
}

/* Appends n pieces of anything: characters of every class, newlines, broken bytes. */
static inline void random_anything(struct random *r, struct str *out, size_t n)
{
    while (n-- > 0) {
        switch (random_below(r, 8)) {
        case 0: str_putc(out, (char)random_below(r, 256)); break;
        case 1: str_putc(out, '\n'); break;
        case 2:
        case 3: str_puts(out, random_plain_piece(r)); break;
        default: random_character(r, out); break;
        }
    }
}

#endif
