/* mel.c: bands of equal width on the mel scale, as triangles over the bins of a spectrum.
 *
 *   weight[m][k] = max(0, min((f_k - c_m-1) / (c_m - c_m-1), (c_m+1 - f_k) / (c_m+1 - c_m)))
 * with bins at f_k = k rate / n_fft and centres c equally spaced in mel between f_min and f_max. Normalised by
 * 2 / (c_m+1 - c_m-1), which gives each the area of 1 Hz. As librosa.filters.mel. */
#include "data/sound.h"

#include <math.h>

/* Slaney's: linear below 1 kHz, 15 mel, and 27 mel for a factor of 6.4 above. */
#define LINEAR_HZ (200.0 / 3)
#define BREAK_HZ 1000.0
#define BREAK_MEL 15.0
#define LOG_STEP (log(6.4) / 27)

static double slaney_of(double hz)
{
    return hz < BREAK_HZ ? hz / LINEAR_HZ : BREAK_MEL + log(hz / BREAK_HZ) / LOG_STEP;
}

static double slaney_to(double mel)
{
    return mel < BREAK_MEL ? mel * LINEAR_HZ : BREAK_HZ * exp(LOG_STEP * (mel - BREAK_MEL));
}

static double htk_of(double hz)
{
    return 2595 * log10(1 + hz / 700);
}

static double htk_to(double mel)
{
    return 700 * (pow(10, mel / 2595) - 1);
}

/* In the order of fy_mel_scale. */
static const struct {
    double (*of)(double hz);
    double (*to)(double mel);
} scales[] = { { slaney_of, slaney_to }, { htk_of, htk_to } };

typedef struct band {
    double low, centre, high; /* Hz */
} band;

static double edge(const fy_spectrogram_opts *o, int64_t i)
{
    const double from = scales[o->scale].of(o->f_min), to = scales[o->scale].of(o->f_max);

    return scales[o->scale].to(from + (to - from) * (double)i / (double)(o->mels + 1));
}

static double weight_at(const fy_spectrogram_opts *o, const band *b, double hz)
{
    const double rise = (hz - b->low) / (b->centre - b->low);
    const double fall = (b->high - hz) / (b->high - b->centre);
    const double w = FYI_MAX(FYI_MIN(rise, fall), 0);

    return o->is_normalised ? w * 2 / (b->high - b->low) : w;
}

/* Writes the weights of one band and says where they begin; returns how many. */
static int64_t put_band(const fy_spectrogram_opts *o, int64_t rate_hz, const band *b, float *weight,
                        int64_t *first)
{
    int64_t n = 0;

    *first = 0;
    for (int64_t k = 0; k <= o->n_fft / 2; k++) {
        const float w = (float)weight_at(o, b, (double)k * (double)rate_hz / (double)o->n_fft);

        if (w > 0 && n == 0)
            *first = k;
        if (w > 0)
            weight[n++] = w;
    }
    return n;
}

static void warn_of_empty(const fy_spectrogram_opts *o, int64_t n_empty)
{
    if (n_empty > 0)
        fyi_warn("%lld of %lld mel bands are so narrow that no bin of the spectrum lies in them, "
                 "and they will be constant; set fewer bands or a larger n_fft than %lld",
                 (long long)n_empty, (long long)o->mels, (long long)o->n_fft);
}

fy_status fyi_mel_new(const fy_spectrogram_opts *o, int64_t rate_hz, fyi_arena *arena, fyi_mel *out)
{
    const size_t bins = (size_t)(o->n_fft / 2 + 1), n = (size_t)o->mels;
    int64_t *place = fyi_arena_alloc(arena, 3 * n * sizeof *place), used = 0, n_empty = 0;
    float *weight =
        fyi_arena_alloc(arena, (2 * bins + n) * sizeof *weight); /* a bin is in two bands */

    if (place == NULL || weight == NULL)
        return fyi_enomem(3 * n * sizeof *place, "mel bands");
    *out = (fyi_mel){ o->mels, place, place + n, place + 2 * n, weight };
    for (int64_t m = 0; m < o->mels; m++) {
        const band b = { edge(o, m), edge(o, m + 1), edge(o, m + 2) };

        place[2 * (int64_t)n + m] = used;
        place[(int64_t)n + m] = put_band(o, rate_hz, &b, weight + used, &place[m]);
        used += out->count[m];
        n_empty += out->count[m] == 0;
    }
    warn_of_empty(o, n_empty);
    return FY_OK;
}
