/* locale_setup.c - see locale_setup.h. Only LC_ALL and LANGUAGE are ever changed. */
#include "config.h"

#include "src/locale_setup.h"

#include <langinfo.h>
#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/base/paths.h"
#include "src/base/str.h"

/* The variables that may be changed, and their entries ("LC_ALL=C") before, NULL when unset. */
static const char *const names[] = {"LC_ALL", "LANGUAGE"};
static char *originals[ARRAY_LEN(names)];
static bool changed;

/* gettext asks for a list: zh_CN.UTF-8 becomes zh_CN:zh. */
static void set_language(void)
{
    static const char *const asked[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    const char *value = getenv("LANGUAGE");
    if (value && value[0])
        return;
    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        value = getenv(asked[i]);
        if (value && value[0])
            break;
    }
    if (!value || !value[0] || strcmp(value, "C") == 0 || strcmp(value, "POSIX") == 0)
        return;
    int n_locale = (int)strcspn(value, ".@"), n_language = (int)strcspn(value, "_.@");
    struct str list = STR_INIT;
    str_printf(&list, "%.*s", n_locale, value);
    if (n_language < n_locale)
        str_printf(&list, ":%.*s", n_language, value);
    setenv("LANGUAGE", str_cstr(&list), 1);
    str_free(&list);
}

static void force_utf8(void)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *value = getenv(names[i]);
        struct str entry = STR_INIT;
        if (value) {
            str_printf(&entry, "%s=%s", names[i], value);
            originals[i] = str_take(&entry);
        }
    }
    changed = true;
    set_language();
    setenv("LC_ALL", "C.UTF-8", 1);
    setlocale(LC_ALL, "");
}

void locale_setup(void)
{
    if (!setlocale(LC_ALL, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        force_utf8();
    setlocale(LC_NUMERIC, "C");
    struct str catalogues = STR_INIT;
    paths_locale(&catalogues);
    bindtextdomain(PACKAGE, str_cstr(&catalogues));
    bind_textdomain_codeset(PACKAGE, "UTF-8");
    textdomain(PACKAGE);
    str_free(&catalogues);
}

bool locale_was_utf8(void)
{
    return !changed;
}

static bool is_changed_variable(const char *entry)
{
    for (size_t i = 0; changed && i < ARRAY_LEN(names); i++) {
        size_t n = strlen(names[i]);
        if (strncmp(entry, names[i], n) == 0 && entry[n] == '=')
            return true;
    }
    return false;
}

char **locale_child_environ(void)
{
    size_t n = 0, to = 0;
    while (environ[n])
        n++;
    char **out = x_calloc(n + ARRAY_LEN(names) + 1, sizeof out[0]);
    for (size_t i = 0; i < n; i++)
        if (!is_changed_variable(environ[i]))
            out[to++] = environ[i];
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (originals[i])
            out[to++] = originals[i];
    return out;
}
