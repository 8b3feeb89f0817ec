/* main.c - the front door. Everything else is behind cli_main(). */
#include "config.h"

#include <signal.h>

#include "engine/tokenizers/jieba.h"
#include "src/base/paths.h"
#include "src/base/str.h"
#include "src/cli.h"
#include "src/locale_setup.h"
#include "src/output.h"

/* Tells the engine where jieba's dictionary is; it is read when a tokenizer needs it. */
static void find_jieba(void)
{
    struct str path = STR_INIT;
    if (paths_shipped("jieba.bin", &path))
        jieba_set_path(str_cstr(&path));
    str_free(&path);
}

int main(int argc, char **argv)
{
    output_secure_descriptors();
    signal(SIGXFSZ, SIG_IGN); /* writing beyond a limit fails and is told, instead of killing us */
    locale_setup();
    find_jieba();
    return cli_main(argc, argv);
}
