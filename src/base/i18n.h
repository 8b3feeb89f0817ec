/* i18n.h - the two gettext marks. Every text a person reads is written _("...") where it is used,
 * or N_("...") in a table whose reader calls gettext. */
#ifndef XUXIE_BASE_I18N_H
#define XUXIE_BASE_I18N_H

#include <libintl.h>

#define _(text)          gettext(text)
#define N_(text)         (text)
#define P_(one, many, n) ngettext(one, many, (unsigned long)(n))

#endif
