/* model_card.c - see model_card.h. A card is only told, so what is wrong with one is passed over.
 */
#include "config.h"

#include "engine/formats/model_card.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/formats/infile.h"
#include "src/base/limits.h"

enum { MAX_NAME_BYTES = 100 };

char *model_card_license(const char *folder)
{
    static const char key[] = "license:";
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";
    char *text = NULL, *found = NULL, path[4200], *save;
    size_t n;
    int len = snprintf(path, sizeof path, "%s/README.md", folder);
    if (len < 0 || (size_t)len >= sizeof path || access(path, F_OK) != 0 ||
        infile_read(path, LIMIT_CHECKPOINT_CONFIG_BYTES, &text, &n, NULL) != 0)
        return NULL;
    const char *line = strtok_r(text, "\r\n", &save);
    if (!line || strcmp(line, "---") != 0)
        line = NULL;
    while (line && (line = strtok_r(NULL, "\r\n", &save)) && strcmp(line, "---") != 0) {
        if (strncmp(line, key, sizeof key - 1) != 0)
            continue;
        line += sizeof key - 1;
        line += strspn(line, " \t\"'");
        size_t n_name = strspn(line, letters);
        const char *rest = line + n_name + strspn(line + n_name, " \t\"'\r");
        if (n_name > 0 && n_name <= MAX_NAME_BYTES && (*rest == '\0' || *rest == '#'))
            found = strndup(line, n_name);
        break;
    }
    free(text);
    return found;
}
