#!/bin/sh
# check_sizes.sh - files of at most 800 lines, functions of at most 80 (or a reason: a comment just
# above that says "Long:").
cd "${top_srcdir:-.}" || exit 99
echo 1..2
big=$(find src ui engine -name '*.[ch]' ! -name '*_table.h' -exec wc -l {} + | awk '$2 != "total" && $1 > 800')
if [ -z "$big" ]; then echo 'ok 1 - no file over 800 lines'; else
  echo 'not ok 1 - no file over 800 lines'; printf '%s\n' "$big" | sed 's/^/# /'; fi
# A function ends at a closing brace in column 0; it begins at the opening brace in column 0.
long=$(find src ui engine -name '*.c' | while read -r f; do
  awk -v file="$f" '
    /^\{/ { start = NR; reason = had }
    /^\}/ { if (start && NR - start > 80 && !reason) print file ":" start, NR - start, "lines"; start = 0; had = 0 }
    /Long:/ && !start { had = 1 }' "$f"
done)
if [ -z "$long" ]; then echo 'ok 2 - no function over 80 lines without its reason'; else
  echo 'not ok 2 - no function over 80 lines without its reason'; printf '%s\n' "$long" | sed 's/^/# /'; fi
[ -z "$big$long" ]
