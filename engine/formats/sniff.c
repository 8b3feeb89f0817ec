/* sniff.c - see sniff.h. A table of signatures, and three formats that have none at a fixed place.
 */
#include "config.h"

#include "engine/formats/sniff.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "src/base/i18n.h"
#include "src/base/mem.h"

enum looks {
    LIKE_NOTHING,
    LIKE_OLD_GGML,
    LIKE_ADAPTER,
    LIKE_BIG_ENDIAN,
    LIKE_ZIP,
    LIKE_PICKLE,
    LIKE_SAFETENSORS,
    LIKE_HDF5,
    LIKE_NUMPY,
    LIKE_COMPRESSED,
    LIKE_LFS_POINTER,
    LIKE_WEB_PAGE,
    LIKE_JSON,
    LIKE_SQLITE,
    LIKE_PROGRAM,
    LIKE_PDF,
};

static const char *const texts[] = {
    [LIKE_NOTHING] = N_(
        "this does not begin with \"GGUF\" and is no model file xuxie knows; it reads GGUF files "
        "and the folders of published checkpoints"),
    [LIKE_OLD_GGML] = N_("this is a model in one of the old GGML formats that GGUF has replaced; "
                         "convert the original model to GGUF again"),
    [LIKE_ADAPTER] = N_("this is a GGLA adapter, not a model; the model it was made for is needed"),
    [LIKE_BIG_ENDIAN] = N_("this is a big-endian GGUF file; xuxie reads little-endian ones, so "
                           "download or convert that variant"),
    [LIKE_ZIP] =
        N_("this is a zip file, perhaps a PyTorch checkpoint; xuxie reads one in its folder, "
           "with config.json beside it"),
    [LIKE_PICKLE] =
        N_("this is a Python pickle, but not as torch.save() writes checkpoints; nothing in "
           "it was executed"),
    [LIKE_SAFETENSORS] =
        N_("this is a safetensors file; xuxie reads one in its folder, with config.json "
           "beside it"),
    [LIKE_HDF5] =
        N_("this is an HDF5 file, as Keras writes them; the model is needed as GGUF, safetensors "
           "or PyTorch checkpoint"),
    [LIKE_NUMPY] = N_("this is a NumPy array, not a model"),
    [LIKE_COMPRESSED] = N_("this file is compressed; unpack it first"),
    [LIKE_LFS_POINTER] = N_("this is a git-lfs pointer, not the model itself; fetch the file with "
                            "`git lfs pull` or download it again"),
    [LIKE_WEB_PAGE] = N_("this is a web page (HTML), perhaps a log-in or error page saved in the "
                         "model's place; download the file again"),
    [LIKE_JSON] = N_("this is a JSON text, not a model; of a checkpoint name the folder"),
    [LIKE_SQLITE] = N_("this is an SQLite database, not a model"),
    [LIKE_PROGRAM] = N_("this is a program, not a model"),
    [LIKE_PDF] = N_("this is a PDF document, not a model"),
};

#define SIG(bytes, looks)                                                                          \
    {                                                                                              \
        bytes, sizeof(bytes) - 1, looks                                                            \
    }
static const struct {
    const char *bytes;
    size_t n_bytes;
    enum looks looks;
} signatures[] = {
    SIG("FUGG", LIKE_BIG_ENDIAN),
    SIG("lmgg", LIKE_OLD_GGML), /* the magics were 32-bit numbers: reversed in the file */
    SIG("fmgg", LIKE_OLD_GGML),
    SIG("tjgg", LIKE_OLD_GGML),
    SIG("algg", LIKE_ADAPTER),
    SIG("ggml", LIKE_OLD_GGML),
    SIG("ggmf", LIKE_OLD_GGML),
    SIG("ggjt", LIKE_OLD_GGML),
    SIG("ggla", LIKE_ADAPTER),
    SIG("GGML", LIKE_OLD_GGML),
    SIG("GGMF", LIKE_OLD_GGML),
    SIG("GGJT", LIKE_OLD_GGML),
    SIG("GGLA", LIKE_ADAPTER),
    SIG("PK\x03\x04", LIKE_ZIP),
    SIG("\x80\x02", LIKE_PICKLE),
    SIG("\x80\x03", LIKE_PICKLE),
    SIG("\x80\x04", LIKE_PICKLE),
    SIG("\x80\x05", LIKE_PICKLE),
    SIG("version https://git-lfs", LIKE_LFS_POINTER),
    SIG("\x89HDF\r\n\x1a\n", LIKE_HDF5),
    SIG("\x93NUMPY", LIKE_NUMPY),
    SIG("SQLite format 3", LIKE_SQLITE),
    SIG("\x7f"
        "ELF",
        LIKE_PROGRAM),
    SIG("%PDF-", LIKE_PDF),
    SIG("\x1f\x8b", LIKE_COMPRESSED),
    SIG("\x28\xb5\x2f\xfd", LIKE_COMPRESSED),
    SIG("\xfd"
        "7zXZ",
        LIKE_COMPRESSED),
    SIG("BZh", LIKE_COMPRESSED),
    SIG("7z\xbc\xaf", LIKE_COMPRESSED),
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

static enum looks look(const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < ARRAY_LEN(signatures); i++)
        if (n >= signatures[i].n_bytes && !memcmp(p, signatures[i].bytes, signatures[i].n_bytes))
            return signatures[i].looks;
    if (is_safetensors(p, n))
        return LIKE_SAFETENSORS;
    size_t at = skip_blank(p, n);
    if (begins(p + at, n - at, "<!doctype") || begins(p + at, n - at, "<html") ||
        begins(p + at, n - at, "<head"))
        return LIKE_WEB_PAGE;
    return at < n && (p[at] == '{' || p[at] == '[') ? LIKE_JSON : LIKE_NOTHING;
}

int sniff_refuse(const char *shown, const void *data, size_t n_bytes, struct err *err)
{
    if (n_bytes == 0)
        return err_set(err, E_INPUT,
                       _("%s: magic at byte 0: the file is empty; download it again."), shown);
    return err_set(err, E_INPUT, _("%s: magic at byte 0: %s."), shown,
                   _(texts[look(data, n_bytes)]));
}
