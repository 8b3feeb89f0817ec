/* shots.c - see shots.h. */
#include "config.h"

#include "src/shots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"

size_t shots_available(const struct template *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n_examples; i++)
        n += !t->examples[i].off;
    return n;
}

static int position(const struct template *t)
{
    switch (t->mode) {
    case TEMPLATE_ZERO: return 0;
    case TEMPLATE_ONE: return 1;
    default: return t->k;
    }
}

void shots_set(struct template *t, int k)
{
    t->mode = k == 0 ? TEMPLATE_ZERO : k == 1 ? TEMPLATE_ONE : TEMPLATE_FEW;
    if (t->mode == TEMPLATE_FEW)
        t->k = k;
}

void shots_more(struct template *t)
{
    int k = position(t), most = (int)shots_available(t);
    if (k == SHOTS_FIT)
        return;
    shots_set(t, k < most ? k + 1 : SHOTS_FIT);
}

void shots_fewer(struct template *t)
{
    int k = position(t), most = (int)shots_available(t);
    if (k == SHOTS_FIT || k > most)
        shots_set(t, most);
    else if (k > 0)
        shots_set(t, k - 1);
}

void shots_toggle_fit(struct template *t)
{
    if (position(t) == SHOTS_FIT)
        shots_set(t, (int)shots_available(t));
    else
        shots_set(t, SHOTS_FIT);
}

void shots_next_mode(struct template *t)
{
    t->mode = (enum template_mode)((t->mode + 1) % (TEMPLATE_FEW + 1));
    if (t->mode == TEMPLATE_FEW && t->k != SHOTS_FIT && t->k < 2)
        t->k = SHOTS_FIT;
}

/* The tag that comes first in the alphabet after the one given (NULL: of all); NULL: none. */
static const char *next_tag(const struct template *t, const char *after)
{
    const char *best = NULL;
    for (size_t i = 0; i < t->n_examples; i++) {
        for (size_t k = 0; k < t->examples[i].n_tags; k++) {
            const char *tag = t->examples[i].tags[k];
            if ((!after || strcmp(tag, after) > 0) && (!best || strcmp(tag, best) < 0))
                best = tag;
        }
    }
    return best;
}

void shots_next_selection(struct template *t)
{
    const char *tag = NULL;
    if (t->select == SELECT_RANDOM || t->select == SELECT_TAG)
        tag = next_tag(t, t->select == SELECT_TAG ? t->select_tag : NULL);
    char *copy = tag ? x_strdup(tag) : NULL;
    free(t->select_tag);
    t->select_tag = copy;
    if (tag)
        t->select = SELECT_TAG;
    else if (t->select == SELECT_FIRST)
        t->select = SELECT_RANDOM;
    else if (t->select == SELECT_SIMILAR)
        t->select = SELECT_FIRST;
    else
        t->select = SELECT_SIMILAR;
}

const char *shots_mode_name(const struct template *t)
{
    switch (t->mode) {
    case TEMPLATE_ZERO: return _("zero-shot");
    case TEMPLATE_ONE: return _("one-shot");
    default: return _("few-shot");
    }
}

const char *shots_selection_name(const struct template *t)
{
    static char text[256];
    switch (t->select) {
    case SELECT_RANDOM: return _("drawn at random");
    case SELECT_SIMILAR: return _("the most similar");
    case SELECT_TAG:
        snprintf(text, sizeof text, _("tagged #%s"), t->select_tag ? t->select_tag : "");
        return text;
    default: return _("the first");
    }
}
