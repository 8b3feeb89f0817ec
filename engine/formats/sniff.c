/* sniff.c - see sniff.h. A table of signatures, and three formats that have none at a fixed place. */
#include "config.h"

#include "engine/formats/sniff.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"

static const char old_ggml[] = N_("this is a model in one of the old GGML formats that GGUF has "
                                  "replaced; convert the original model to GGUF again");
static const char old_adapter[] = N_("this is a GGLA adapter, not a model; a GGUF model is needed");
static const char big_endian[] = N_("this is a big-endian GGUF file; xuxie reads little-endian "
                                    "ones, so download or convert that variant");
static const char pickle[] = N_("this is a Python pickle (an old PyTorch checkpoint); convert it to "
                                "GGUF first");
static const char compressed[] = N_("this file is compressed; unpack it first");

struct signature {
    const char *bytes;
    size_t n_bytes;
    const char *text;
};
#define SIG(bytes, text) {bytes, sizeof(bytes) - 1, text}

static const struct signature signatures[] = {
    SIG("FUGG", big_endian),
    SIG("lmgg", old_ggml), /* the magics were 32-bit numbers, so they stand reversed in the file */
    SIG("fmgg", old_ggml),
    SIG("tjgg", old_ggml),
    SIG("algg", old_adapter),
    SIG("ggml", old_ggml),
    SIG("ggmf", old_ggml),
    SIG("ggjt", old_ggml),
    SIG("ggla", old_adapter),
    SIG("GGML", old_ggml),
    SIG("GGMF", old_ggml),
    SIG("GGJT", old_ggml),
    SIG("GGLA", old_adapter),
    SIG("PK\x03\x04", N_("this is a zip file, perhaps a PyTorch checkpoint; convert it to GGUF "
                         "first")),
    SIG("\x80\x02", pickle),
    SIG("\x80\x03", pickle),
    SIG("\x80\x04", pickle),
    SIG("\x80\x05", pickle),
    SIG("version https://git-lfs", N_("this is a git-lfs pointer, not the model itself; fetch the "
                                      "file with `git lfs pull` or download it again")),
    SIG("\x89HDF\r\n\x1a\n", N_("this is an HDF5 file; convert it to GGUF first")),
    SIG("\x93NUMPY", N_("this is a NumPy array; a GGUF model is needed")),
    SIG("SQLite format 3", N_("this is an SQLite database; a GGUF model is needed")),
    SIG("\x7f" "ELF", N_("this is a program, not a model; a GGUF model is needed")),
    SIG("%PDF-", N_("this is a PDF document; a GGUF model is needed")),
    SIG("\x1f\x8b", compressed),
    SIG("\x28\xb5\x2f\xfd", compressed),
    SIG("\xfd" "7zXZ", compressed),
    SIG("BZh", compressed),
    SIG("7z\xbc\xaf", compressed),
};

/* Header length as a little-endian u64, then a JSON object. */
static bool is_safetensors(const unsigned char *p, size_t n)
{
    if (n < 9 || p[8] != '{')
        return false;
    uint64_t len = 0;
    for (int i = 7; i >= 0; i--)
        len = len << 8 | p[i];
    return len >= 2 && len <= 100000000;
}

/* The first byte that is neither a byte order mark nor white space. */
static size_t skip_blank(const unsigned char *p, size_t n)
{
    size_t at = n >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    while (at < n && (p[at] == ' ' || (p[at] >= '\t' && p[at] <= '\r')))
        at++;
    return at;
}

static bool begins(const unsigned char *p, size_t n, const char *word)
{
    size_t len = strlen(word);
    return n >= len && strncasecmp((const char *)p, word, len) == 0;
}

static const char *text_of(const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < ARRAY_LEN(signatures); i++)
        if (n >= signatures[i].n_bytes && !memcmp(p, signatures[i].bytes, signatures[i].n_bytes))
            return signatures[i].text;
    if (is_safetensors(p, n))
        return N_("this is a safetensors file; convert it to GGUF first");
    size_t at = skip_blank(p, n);
    if (begins(p + at, n - at, "<!doctype") || begins(p + at, n - at, "<html") ||
        begins(p + at, n - at, "<head"))
        return N_("this is a web page (HTML), perhaps a log-in or error page saved in the model's "
                  "place; download the file again");
    if (at < n && (p[at] == '{' || p[at] == '['))
        return N_("this is a JSON text; a GGUF model is needed");
    return N_("this does not begin with \"GGUF\" and is no model file xuxie knows; a GGUF model is "
              "needed");
}

int sniff_refuse(const char *shown, const void *data, size_t n_bytes, struct err *err)
{
    if (n_bytes == 0)
        return err_set(err, E_INPUT, _("%s: magic at byte 0: the file is empty; download it again."),
                       shown);
    return err_set(err, E_INPUT, _("%s: magic at byte 0: %s."), shown, _(text_of(data, n_bytes)));
}
