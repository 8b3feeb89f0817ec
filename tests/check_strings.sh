#!/bin/sh
# check_strings.sh - the Chinese catalogue is complete, and every text is in the template.
cd "${top_srcdir:-.}" || exit 99
command -v msgfmt >/dev/null 2>&1 || { echo '1..0 # SKIP msgfmt is missing'; exit 0; }
echo 1..2
stats=$(LC_ALL=C msgfmt --statistics --check -o /dev/null po/zh_CN.po 2>&1)
case $stats in
  *fuzzy*|*untranslated*|*rror*) echo 'not ok 1 - zh_CN is complete'; printf '%s\n' "$stats" | sed 's/^/# /'; bad=1 ;;
  *) echo 'ok 1 - zh_CN is complete' ;;
esac
if command -v xgettext >/dev/null 2>&1; then
  tmp=$(mktemp)
  find src ui engine -name '*.[ch]' | LC_ALL=C sort | xgettext --files-from=- --from-code=UTF-8 --language=C \
    --keyword=_ --keyword=N_ --keyword=P_:1,2 --no-wrap --no-location -o - |
    grep '^msgid "' | LC_ALL=C sort -u >"$tmp"
  grep '^msgid "' po/xuxie.pot | LC_ALL=C sort -u >"$tmp.pot"
  missing=$(comm -23 "$tmp" "$tmp.pot" | grep -v '^msgid ""$')
  rm -f "$tmp" "$tmp.pot"
  if [ -z "$missing" ]; then echo 'ok 2 - the template has every text'; else
    echo 'not ok 2 - the template has every text (make update-po)'
    printf '%s\n' "$missing" | sed 's/^/# /'; bad=1; fi
else
  echo 'ok 2 # SKIP xgettext is missing'
fi
exit ${bad:-0}
