#!/bin/sh
# check_layers.sh - the dependency law of HACKING: who may include whom, and which file alone may
# include a library.
cd "${top_srcdir:-.}" || exit 99
n=0
failed=0
# forbid NAME PATTERN FILES... : no line of FILES may match PATTERN
forbid() {
  name=$1 pattern=$2
  shift 2
  n=$((n + 1))
  found=$(grep -nE "$pattern" "$@" 2>/dev/null)
  if [ -z "$found" ]; then
    echo "ok $n - $name"
  else
    echo "not ok $n - $name"
    printf '%s\n' "$found" | sed 's/^/# /'
    failed=1
  fi
}
but() { # files of a glob list except the named ones
  pattern=$1
  shift
  printf '%s\n' "$@" | grep -vE "$pattern"
}
all=$(find src ui engine -name '*.[ch]')
engine=$(find engine -name '*.[ch]')
ui=$(find ui -name '*.[ch]')
base=$(find src/base -name '*.[ch]')
echo 1..15
forbid 'engine/ includes neither ui/ nor the house' '#include "(ui/|src/([a-z_]+\.h|[ac-z]))' $engine
forbid 'ui/ includes neither engine/ nor the house' '#include "(engine/|src/([a-z_]+\.h|[ac-z]))' $ui
forbid 'src/base/ includes only itself' '#include "(engine/|ui/|src/([a-z_]+\.h|[ac-z]))' $base
forbid 'only ui/edit.c includes readline' '#include <readline' $(but '^ui/edit\.c$' $all)
forbid 'only ui/draw.c and ui/term.c include curses' '#include <(n?cursesw?|term|ncursesw/)' $(but '^ui/(draw|term)\.c$' $all)
forbid 'only src/store*.c include sqlite3.h' '#include <sqlite3' $(but '^src/store[a-z_]*\.[ch]$' $all)
forbid 'only k_blas.c includes cblas.h' '#include <.*cblas' $(but '^engine/kernels/k_blas\.c$' $all)
forbid 'only src/base/zip.c includes the zip library' '#include <zlib' $(but '^src/base/zip\.c$' $all)
forbid 'no curses or SQL in engine/' '#include <(n?curses|sqlite|readline)' $engine
forbid 'engine/ never exits or prints' '(^|[^a-z_])(exit|printf|puts|fprintf|abort) ?\(' $(printf '%s\n' $engine)
forbid 'engine/ takes no aborting memory' '(^|[^a-z_])x_(malloc|calloc|realloc|strdup|strndup)' $engine
forbid 'no unbounded string functions' '(^|[^a-z_])(strcpy|strcat|sprintf|vsprintf|gets) ?\(' $all
forbid 'nothing unfinished' '(^|[^A-Z])(TODO|FIXME|XXX)([^A-Z]|$)' $all
forbid 'only ui/draw.c calls waddw*/setcchar' '(waddn?w?str|wadd_wch|waddwstr|setcchar) ?\(' $(but '^ui/draw\.c$' $all)
forbid 'model and text never reach system() or popen()' '(^|[^a-z_])(system|popen) ?\(' $all
exit $failed
