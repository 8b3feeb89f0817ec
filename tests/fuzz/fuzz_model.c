/* fuzz_model.c - any bytes as a GGUF file that is opened as a model, of which a step is computed.
 */
#include "config.h"

#include "model_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct err err = ERR_INIT;
    struct weights *w;
    if (weights_from_bytes("fuzz", data, n_bytes, &w, &err) != 0)
        require(err.msg[0] != '\0');
    else
        run_model(w);
    return 0;
}
