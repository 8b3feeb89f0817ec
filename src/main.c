/* main.c - the front door. Everything else is behind cli_main(). */
#include "config.h"

#include "src/cli.h"
#include "src/locale_setup.h"
#include "src/output.h"

int main(int argc, char **argv)
{
    output_secure_descriptors();
    locale_setup();
    return cli_main(argc, argv);
}
