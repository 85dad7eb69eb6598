/* fuzz_sound.c: any bytes as a WAV, FLAC or Ogg file. What is refused leaves a sentence and no memory; what is accepted
 * has samples of -1 to 1 at a rate that is read, and can be brought to another. */
#include "data/sound.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_FRAMES (1 << 16)

static void check_values(const fyi_sound *s)
{
    for (int64_t i = 0; i < s->n; i++)
        if (!(s->v[i] >= -1 && s->v[i] <= 1))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const fyi_encoded e = { "fuzz", data, size };
    fyi_sound s;

    if (fyi_sound_decode(&e, 0, MAX_FRAMES, &s) != FY_OK)
        return s.v == NULL && fy_last_error()[0] != '\0' ? 0 : (abort(), 0);
    if (s.n < 2 || s.n > MAX_FRAMES || s.rate_hz < FYI_MIN_RATE_HZ || s.rate_hz > FYI_MAX_RATE_HZ)
        abort();
    check_values(&s);
    if (fyi_sound_resample("fuzz", 8000, &s) == FY_OK)
        check_values(&s);
    fyi_sound_release(&s);
    return 0;
}
