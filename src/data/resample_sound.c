/* resample_sound.c: a sound at another rate, by libsamplerate's band-limited interpolation of medium quality (121 dB
 * signal to noise; Smith, "Digital Audio Resampling"). */
#include "data/sound.h"

#include <math.h>
#include <samplerate.h>

static void clip(float *v, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        v[i] = FYI_MAX(FYI_MIN(v[i], 1.0f), -1.0f);
}

fy_status fyi_sound_resample(const char *name, int64_t rate_hz, fyi_sound *s)
{
    const double ratio = (double)rate_hz / (double)s->rate_hz;
    SRC_DATA job = { .data_in = s->v,
                     .input_frames = (long)s->n,
                     .output_frames = (long)ceil((double)s->n * ratio),
                     .src_ratio = ratio };
    float *v;
    int error;

    if (rate_hz == s->rate_hz)
        return FY_OK;
    v = fyi_calloc((size_t)job.output_frames, sizeof *v);
    if (v == NULL)
        return fyi_enomem((size_t)job.output_frames * sizeof *v, name);
    job.data_out = v;
    error = src_simple(&job, SRC_SINC_MEDIUM_QUALITY, 1);
    if (error != 0) {
        fyi_free(v);
        return fyi_fail(FY_EFORMAT, "'%s' cannot be brought from %lld to %lld samples a second: %s",
                        name, (long long)s->rate_hz, (long long)rate_hz, src_strerror(error));
    }
    clip(v, job.output_frames_gen);
    fyi_free(s->v);
    *s = (fyi_sound){ v, job.output_frames_gen, rate_hz };
    return FY_OK;
}
