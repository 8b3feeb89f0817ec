/* main.c - the front door. Everything else is behind cli_main(). */
#include "config.h"

#include <signal.h>

#include "src/cli.h"
#include "src/locale_setup.h"
#include "src/output.h"

int main(int argc, char **argv)
{
    output_secure_descriptors();
    signal(SIGXFSZ, SIG_IGN); /* writing beyond a limit fails and is told, instead of killing us */
    locale_setup();
    return cli_main(argc, argv);
}
