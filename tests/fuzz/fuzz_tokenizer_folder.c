/* fuzz_tokenizer_folder.c - a checkpoint's folder with a tokenizer in it. The first letter says
 * which (j: tokenizer.json, m: tokenizer.model, t: vocab.txt, else vocab.json and merges.txt), the
 * second which options; the parts (mutate.h) are tokenizer_config.json (an empty one: none), the
 * file, merges.txt where it is wanted, a text, and added_tokens.json (likewise). The folder lies in
 * $TMPDIR. */
#include "config.h"

#include "scratch.h"
#include "vocab_target.h"

static char folder[SCRATCH_BYTES];
static int folder_fd = -1;

static void write_file(const char *name, const uint8_t *bytes, size_t n)
{
    int fd = openat(folder_fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    require(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
    close(fd);
}

static const char *file_of(uint8_t letter)
{
    return letter == 'j'   ? "tokenizer.json"
           : letter == 'm' ? "tokenizer.model"
           : letter == 't' ? "vocab.txt"
                           : "vocab.json";
}

static void use(const char *text, size_t n, const struct tokenizer_options *options)
{
    struct err err = ERR_INIT;
    struct tokenizer *t;
    size_t n_template;
    if (tokenizer_open_with(folder, options, &t, &err) != 0) {
        require(err.msg[0] != '\0');
        return;
    }
    require(tokenizer_chat_template(t, &n_template) != NULL || n_template == 0);
    round_trip(t, text, n, 0);
    round_trip(t, text, n, TOKENIZE_SPECIAL);
    tokenizer_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    if (n_bytes < 2)
        return 0;
    if (folder_fd < 0)
        folder_fd = scratch_folder(folder);
    const char *name = file_of(data[0]);
    const struct tokenizer_options options = {.no_lower_case = data[1] & 1, .no_jieba = 1};
    const uint8_t *at = data + 2, *end = data + n_bytes, *part;
    size_t n;
    part = next_part(&at, end, &n);
    if (n > 0)
        write_file("tokenizer_config.json", part, n);
    part = next_part(&at, end, &n);
    write_file(name, part, n);
    if (strcmp(name, "vocab.json") == 0) {
        part = next_part(&at, end, &n);
        write_file("merges.txt", part, n);
    }
    part = next_part(&at, end, &n);
    size_t n_added;
    const uint8_t *added = next_part(&at, end, &n_added);
    if (n_added > 0)
        write_file("added_tokens.json", added, n_added);
    use((const char *)part, n, data[1] & 2 ? &options : NULL);
    unlinkat(folder_fd, "added_tokens.json", 0);
    unlinkat(folder_fd, "tokenizer_config.json", 0);
    unlinkat(folder_fd, name, 0);
    unlinkat(folder_fd, "merges.txt", 0);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed)
{
    struct dice d = {seed | 1};
    if (n < 3 || dice_below(&d, 16) == 0)
        return LLVMFuzzerMutate(data, n, max);
    unsigned part = dice_below(&d, 5);
    bool is_json = part == 0 || (part == 1 && (data[0] == 'j' || data[0] == 'v')) ||
                   part == (data[0] == 'v' ? 4 : 3);
    return 2 +
           mutate_part(data + 2, n - 2, max - 2, part, &d, is_json ? mutate_json : mutate_bytes);
}
