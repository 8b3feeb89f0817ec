#!/usr/bin/env python3
"""Writes src/base/uwidth_table.h: the code points whose East_Asian_Width is Ambiguous.

Needs a Python whose unicodedata is Unicode 15.0 (that is Python 3.12), the version of utf8proc 2.8:

    python3.12 build-aux/gen_ambiguous.py > src/base/uwidth_table.h
"""
import sys
import unicodedata

UNICODE = "15.0.0"
# These take no column whatever the terminal believes, so they are not in the table.
ZERO_WIDTH = {"Mn", "Me", "Cf", "Cc"}


def ambiguous_ranges():
    ranges = []
    for cp in range(0x110000):
        ch = chr(cp)
        if unicodedata.east_asian_width(ch) != "A" or unicodedata.category(ch) in ZERO_WIDTH:
            continue
        if ranges and ranges[-1][1] == cp - 1:
            ranges[-1][1] = cp
        else:
            ranges.append([cp, cp])
    return ranges


def main():
    if unicodedata.unidata_version != UNICODE:
        sys.exit(f"gen_ambiguous.py: this Python knows Unicode {unicodedata.unidata_version}; "
                 f"the table is made from {UNICODE} (Python 3.12)")
    print(f"""\
/* uwidth_table.h - East_Asian_Width=Ambiguous in Unicode {UNICODE}, without what takes no column.
 * Generated: python3.12 build-aux/gen_ambiguous.py > src/base/uwidth_table.h */
#ifndef XUXIE_BASE_UWIDTH_TABLE_H
#define XUXIE_BASE_UWIDTH_TABLE_H

#include <stdint.h>

/* Sorted, closed ranges. */
/* clang-format off */
static const struct {{
    uint32_t first, last;
}} ambiguous_ranges[] = {{""")
    line = "   "
    for first, last in ambiguous_ranges():
        item = f" {{0x{first:X}, 0x{last:X}}},"
        if len(line) + len(item) > 100:
            print(line)
            line = "   "
        line += item
    print(line)
    print("};\n/* clang-format on */\n\n#endif")


if __name__ == "__main__":
    main()
