/* theme.c - one table. 256 and direct colour terminals are served by the 16-colour column, because
 * the first 16 are those the person chose. */
#include "config.h"

#include "ui/theme.h"

#include <stdlib.h>

enum { OWN = -1, BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE, GREY };

/* clang-format off */
static const struct theme_style styles[N_THEME_ROLES][N_THEME_DEPTHS] = {
    /*                       mono                            8 colours                         16 colours */
    [THEME_PLAIN]         = {{OWN, OWN, 0},                  {OWN, OWN, 0},                    {OWN, OWN, 0}},
    [THEME_AUTHOR]        = {{OWN, OWN, THEME_BOLD},         {CYAN, OWN, 0},                   {CYAN, OWN, 0}},
    [THEME_MODEL]         = {{OWN, OWN, 0},                  {OWN, OWN, 0},                    {OWN, OWN, 0}},
    [THEME_FRAME]         = {{OWN, OWN, 0},                  {BLUE, OWN, 0},                   {GREY, OWN, 0}},
    [THEME_NEWEST]        = {{OWN, OWN, THEME_BOLD},         {YELLOW, OWN, THEME_BOLD},        {YELLOW, OWN, THEME_BOLD}},
    [THEME_TITLE]         = {{OWN, OWN, THEME_BOLD},         {OWN, OWN, THEME_BOLD},           {OWN, OWN, THEME_BOLD}},
    [THEME_STATUS]        = {{OWN, OWN, 0},                  {OWN, OWN, 0},                    {OWN, OWN, 0}},
    [THEME_STATUS_STRONG] = {{OWN, OWN, THEME_BOLD},         {OWN, OWN, THEME_BOLD},           {OWN, OWN, THEME_BOLD}},
    [THEME_ACTIVITY]      = {{OWN, OWN, THEME_BOLD},         {GREEN, OWN, 0},                  {GREEN, OWN, 0}},
    [THEME_INFO]          = {{OWN, OWN, 0},                  {GREEN, OWN, 0},                  {GREEN, OWN, 0}},
    [THEME_WARNING]       = {{OWN, OWN, THEME_BOLD},         {YELLOW, OWN, THEME_BOLD},        {YELLOW, OWN, THEME_BOLD}},
    [THEME_ERROR]         = {{OWN, OWN, THEME_REVERSE},      {RED, OWN, THEME_BOLD},           {RED, OWN, THEME_BOLD}},
    [THEME_FAINT]         = {{OWN, OWN, 0},                  {OWN, OWN, THEME_DIM},            {GREY, OWN, 0}},
    [THEME_KEY]           = {{OWN, OWN, THEME_BOLD},         {OWN, OWN, THEME_BOLD},           {OWN, OWN, THEME_BOLD}},
    [THEME_MARK]          = {{OWN, OWN, 0},                  {MAGENTA, OWN, 0},                {MAGENTA, OWN, 0}},
    [THEME_SELECTED]      = {{OWN, OWN, THEME_REVERSE},      {OWN, OWN, THEME_REVERSE},        {OWN, OWN, THEME_REVERSE}},
    [THEME_MATCH]         = {{OWN, OWN, THEME_UNDERLINE},    {BLACK, YELLOW, 0},               {BLACK, YELLOW, 0}},
    [THEME_INSTRUCTION]   = {{OWN, OWN, THEME_BOLD},         {MAGENTA, OWN, 0},                {MAGENTA, OWN, 0}},
    [THEME_EXAMPLE]       = {{OWN, OWN, 0},                  {GREEN, OWN, 0},                  {GREEN, OWN, 0}},
    [THEME_QUERY]         = {{OWN, OWN, THEME_UNDERLINE},    {CYAN, OWN, 0},                   {CYAN, OWN, 0}},
    [THEME_ADDED]         = {{OWN, OWN, THEME_BOLD},         {GREEN, OWN, THEME_BOLD},         {GREEN, OWN, THEME_BOLD}},
    [THEME_REMOVED]       = {{OWN, OWN, THEME_UNDERLINE},    {RED, OWN, THEME_UNDERLINE},      {RED, OWN, THEME_UNDERLINE}},
};
/* clang-format on */

enum theme_depth theme_depth(int colours)
{
    const char *no_color = getenv("NO_COLOR");
    if (colours < 8 || (no_color != NULL && no_color[0] != '\0'))
        return THEME_MONO;
    return colours < 16 ? THEME_8 : THEME_16;
}

struct theme_style theme_style(enum theme_role role, enum theme_depth depth)
{
    return styles[role][depth];
}
