/* room_chat.c - the room while it is a chat: see chat.h for the prompt. In the manuscript questions
 * and answers are passages like any other. */
#include "config.h"

#include "src/chat.h"
#include "src/room.h"

/* A question stands by itself: blank lines are put between it and its neighbours. While the model
 * writes, what comes before is not known yet; answers do not end in a line break as a rule. */
void room_ask(struct room *r, const char *text, size_t n)
{
    struct str whole = STR_INIT, before = STR_INIT;
    story_text(r->story, &before);
    const char *end = str_cstr(&before) + before.len;
    if (room_busy(r) || (before.len && end[-1] != '\n'))
        str_puts(&whole, "\n\n");
    else if (before.len == 1 || (before.len > 1 && end[-2] != '\n'))
        str_putc(&whole, '\n');
    str_append(&whole, text, n);
    str_puts(&whole, "\n\n");
    turn_submit(r->turn, whole.data, whole.len);
    str_free(&whole);
    str_free(&before);
}

int room_check_chat(const struct room *r, struct err *err)
{
    const struct chat_template *row;
    if (!r->engine || !r->settings.chat)
        return 0;
    return chat_find(r->settings.chat, engine_tokenizer(r->engine), &row, err);
}
