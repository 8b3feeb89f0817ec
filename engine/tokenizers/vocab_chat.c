/* vocab_chat.c - the chat template that comes with a model: a text that is carried along and
 * compared, never parsed and never run. It is only a hint (src/chat.c), so whatever is wrong with
 * it, the tokenizer opens without it. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/tokenizers/vocab_source.h"
#include "src/base/limits.h"

static const char config_key[] = "chat_template";

static void take(struct vocab_source *src, const char *text, size_t n)
{
    if (n == 0 || n > LIMIT_CHAT_TEMPLATE_BYTES || src->chat_template)
        return;
    src->chat_template = malloc(n);
    if (!src->chat_template)
        return;
    memcpy(src->chat_template, text, n);
    src->n_chat_template = n;
}

static bool read_beside(const char *folder, const char *name, char **text, size_t *n)
{
    char path[4200];
    int len = snprintf(path, sizeof path, "%s/%s", folder, name);
    return len > 0 && (size_t)len < sizeof path && access(path, F_OK) == 0 &&
           infile_read(path, LIMIT_VOCAB_FILE_BYTES, text, n, NULL) == 0;
}

/* One template, or a list of named ones, of which "default" is the one for chats. */
static void take_json(struct vocab_source *src, const json_t *value)
{
    const json_t *one;
    size_t i;
    if (json_is_string(value)) {
        take(src, json_string_value(value), json_string_length(value));
        return;
    }
    json_array_foreach(value, i, one) /* nothing that is no array has elements */
    {
        const char *name = json_string_value(json_object_get(one, "name"));
        const json_t *text = json_object_get(one, "template");
        if (name && strcmp(name, "default") == 0 && json_is_string(text))
            take(src, json_string_value(text), json_string_length(text));
    }
}

void vocab_chat_from_folder(const char *folder, struct vocab_source *src)
{
    char *text;
    size_t n;
    json_t *config = NULL;
    if (read_beside(folder, "chat_template.jinja", &text, &n)) {
        take(src, text, n);
        free(text);
    }
    if (src->chat_template || !read_beside(folder, "tokenizer_config.json", &text, &n))
        return;
    if (vocab_load_json(folder, text, n, &config, NULL) == 0)
        take_json(src, json_object_get(config, config_key));
    json_decref(config);
    free(text);
}

void vocab_chat_from_weights(const struct weights *w, struct vocab_source *src)
{
    struct meta_string s = {NULL, 0};
    if (weights_meta_string(w, "tokenizer.chat_template", &s, NULL) == 0)
        take(src, s.s, s.n);
}
