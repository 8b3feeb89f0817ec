/* fuzz_input.c - the first byte chooses how the rest is cut into feeds, and where the escape delay
 * runs out. No byte string may loop, overread, put a control byte into text, or make the decoder
 * hold more than it was given. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "src/base/utf8.h"
#include "ui/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void require(int condition)
{
    if (!condition)
        abort();
}

static size_t drain(struct input *in)
{
    struct input_event ev;
    size_t n_events = 0;
    while (input_next(in, &ev)) {
        n_events++;
        require(ev.kind != INPUT_NONE);
        require(ev.bytes != NULL || ev.n_bytes == 0 || ev.kind == INPUT_PASTE_TOO_LARGE);
        if (ev.kind != INPUT_TEXT && ev.kind != INPUT_PASTE)
            continue;
        require(utf8_valid_prefix(ev.bytes, ev.n_bytes) == ev.n_bytes);
        for (size_t i = 0; i < ev.n_bytes; i++) {
            unsigned char b = (unsigned char)ev.bytes[i];
            bool shown = b >= 0x20 && b != 0x7F;
            require(shown || (ev.kind == INPUT_PASTE && (b == '\n' || b == '\t')));
        }
    }
    return n_events;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    if (n_bytes == 0)
        return 0;
    size_t step = 1 + (data[0] & 0x3F);
    bool timeouts = data[0] & 0x40;
    struct input *in = input_new();
    if (data[0] & 0x80) {
        input_expect(in, REPLY_CURSOR);
        input_expect(in, REPLY_DA);
        input_expect(in, REPLY_DECRQM);
    }
    size_t n_events = 0;
    for (size_t i = 1; i < n_bytes; i += step) {
        input_feed(in, data + i, n_bytes - i < step ? n_bytes - i : step);
        n_events += drain(in);
        if (timeouts && input_pending(in)) {
            input_timeout(in);
            n_events += drain(in);
            require(!input_pending(in));
        }
    }
    input_timeout(in);
    n_events += drain(in);
    require(!input_pending(in) && !input_pasting(in));
    require(n_events <= n_bytes + 1);
    input_free(in);
    return 0;
}
