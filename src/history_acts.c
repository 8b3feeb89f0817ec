/* history_acts.c - see history_acts.h. */
#include "config.h"

#include "src/history_acts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"
#include "src/examples.h"
#include "src/export.h"
#include "src/view_history.h"
#include "src/view_template.h"
#include "src/views.h"

struct history_record *history_acts_target(struct room *r)
{
    struct history_record *record = NULL;
    struct err err = ERR_INIT;
    store_ref generation =
        view_history_is_open(r) ? view_history_selected(r) : r->story->current->generation;
    if (!r->store)
        room_say(r, TURN_WARNING, _("Without the database there is no history."));
    else if (!generation)
        room_say(r, TURN_WARNING, _("No generation is selected, and the newest passage is none."));
    else if (store_flush(r->store, 1000, &err) != 0 ||
             history_load(r->store, generation, &record, &err) != 0)
        room_say(r, TURN_WARNING, err.msg);
    return record;
}

void history_acts_star(struct room *r)
{
    struct history_record *record = history_acts_target(r);
    if (!record)
        return;
    record->starred = !record->starred;
    history_put_star(r->store, record->generation, record->starred);
    room_say(r, TURN_INFO, record->starred ? _("It has a star now.") : _("Its star is gone."));
    view_history_marked(r, record);
    history_record_free(record);
}

static bool has_tag(const struct history_record *record, const char *tag, size_t n)
{
    for (size_t i = 0; i < record->n_tags; i++)
        if (strlen(record->tags[i]) == n && memcmp(record->tags[i], tag, n) == 0)
            return true;
    return false;
}

/* Calls `each` for the tags of a list with blanks between them, with or without #. */
static void each_tag(const char *tags, void (*each)(void *ctx, const char *tag, size_t n),
                     void *ctx)
{
    for (const char *s = tags; *s;) {
        s += strspn(s, " #,");
        size_t n = strcspn(s, " #,");
        if (n)
            each(ctx, s, n);
        s += n;
    }
}

struct tagging {
    struct room *room;
    struct history_record *record;
    const char *tags;
    bool found;
    const char *looked_for;
};

static void add_tag(void *ctx, const char *tag, size_t n)
{
    struct tagging *t = ctx;
    char *text = x_strndup(tag, n);
    if (!has_tag(t->record, tag, n))
        history_put_tag(t->room->store, t->record->generation, text, true);
    free(text);
}

static void look_for_tag(void *ctx, const char *tag, size_t n)
{
    struct tagging *t = ctx;
    t->found |= strlen(t->looked_for) == n && memcmp(t->looked_for, tag, n) == 0;
}

void history_acts_tags(struct room *r, const char *tags)
{
    struct tagging t = {.room = r, .record = history_acts_target(r), .tags = tags};
    if (!t.record)
        return;
    each_tag(tags, add_tag, &t);
    for (size_t i = 0; i < t.record->n_tags; i++) {
        t.looked_for = t.record->tags[i];
        t.found = false;
        each_tag(tags, look_for_tag, &t);
        if (!t.found)
            history_put_tag(r->store, t.record->generation, t.looked_for, false);
    }
    view_history_marked(r, t.record);
    history_record_free(t.record);
}

void history_acts_note(struct room *r, const char *note)
{
    struct history_record *record = history_acts_target(r);
    if (!record)
        return;
    history_put_note(r->store, record->generation, note);
    free(record->note);
    record->note = x_strdup(note);
    view_history_marked(r, record);
    history_record_free(record);
}

static void answered_tags(void *arg, const char *text)
{
    if (text)
        history_acts_tags(arg, text);
}

static void answered_note(void *arg, const char *text)
{
    if (text)
        history_acts_note(arg, text);
}

void history_acts_ask_tags(struct room *r)
{
    struct history_record *record = history_acts_target(r);
    struct str now = STR_INIT;
    if (!record)
        return;
    for (size_t i = 0; i < record->n_tags; i++)
        str_printf(&now, "%s%s", i ? " " : "", record->tags[i]);
    r->front->ask_line(r->front->ctx, _("Its tags, with blanks between them:"), str_cstr(&now),
                       answered_tags, r);
    str_free(&now);
    history_record_free(record);
}

void history_acts_ask_note(struct room *r)
{
    struct history_record *record = history_acts_target(r);
    if (record)
        r->front->ask_line(r->front->ctx, _("The note on it:"), record->note, answered_note, r);
    history_record_free(record);
}

/* ---- to a file ------------------------------------------------------------------------------- */

static void write_file(struct room *r, const char *path, bool replace)
{
    struct history_record *record = history_acts_target(r);
    struct outfile *file = NULL;
    struct err err = ERR_INIT;
    struct str s = STR_INIT;
    if (!record)
        return;
    int rc = outfile_open(path, replace, &file, &err);
    if (rc == 0) {
        outfile_write(file, record->text, record->n_text);
        rc = outfile_finish(file, &err);
    }
    str_printf(&s, _("Saved as %s"), path);
    room_say(r, rc == 0 ? TURN_INFO : TURN_ERROR, rc == 0 ? str_cstr(&s) : err.msg);
    str_free(&s);
    history_record_free(record);
}

static void answered_replace(void *arg, bool yes)
{
    struct room *r = arg;
    if (yes)
        write_file(r, r->save.path, true);
}

void history_acts_write(struct room *r, const char *path)
{
    char *expanded = export_expand(path, EXPORT_TXT);
    free(r->save.path);
    r->save.path = expanded;
    if (!outfile_exists(expanded)) {
        write_file(r, expanded, false);
        return;
    }
    struct str q = STR_INIT;
    str_printf(&q, _("%s is there already. Replace it?"), expanded);
    r->front->ask(r->front->ctx, str_cstr(&q), answered_replace, r);
    str_free(&q);
}

static void answered_path(void *arg, const char *text)
{
    if (text && text[0])
        history_acts_write(arg, text);
}

void history_acts_ask_path(struct room *r)
{
    struct history_record *record = history_acts_target(r);
    char name[64];
    if (!record)
        return;
    snprintf(name, sizeof name, "generation-%lld.txt", (long long)record->generation);
    r->front->ask_line(r->front->ctx, _("The file it is written to:"), name, answered_path, r);
    history_record_free(record);
}

/* ---- using it again -------------------------------------------------------------------------- */

void history_acts_reuse(struct room *r)
{
    struct history_record *record = history_acts_target(r);
    if (!record)
        return;
    if (record->template_version) {
        view_template_reuse(r, record);
    } else if (record->n_prompt == 0) {
        room_say(r, TURN_INFO, _("Its prompt was empty."));
    } else {
        const struct history_part *last = &record->prompt[record->n_prompt - 1];
        char *text = x_strndup(last->text, last->n_text);
        views_close_all(r);
        room_put_in_prompt(r, text);
        free(text);
    }
    history_record_free(record);
}

void history_acts_copy(struct room *r)
{
    struct history_record *record = history_acts_target(r);
    if (record)
        r->front->copy(r->front->ctx, record->text, record->n_text);
    history_record_free(record);
}

void history_acts_example(struct room *r, const char *template)
{
    struct history_record *record = history_acts_target(r);
    if (record)
        examples_add_record(r, record, template);
    history_record_free(record);
}
