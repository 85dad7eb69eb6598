/* spectrogram.c: samples [1, n] as log spectra over time, [1, bins, frames].
 *
 *   X[k, t] = sum over i of hann[i] x[t hop + i] exp(-2 pi j k i / n_fft),   hann[i] = (1 - cos(2 pi i / n_fft)) / 2
 * with n_fft / 2 zeros before and after x where windows are centred. Transforms are kissfft's complex ones, since its
 * real ones have no scratch memory of their own and could not be shared by threads. */
#include "data/sound.h"

#include <kiss_fft.h>
#include <math.h>
#include <string.h>

#define MAX_FFT 65536
#define MAX_MELS 4096

typedef struct spectra {
    fyi_source base;
    fy_spectrogram_opts o;
    int64_t bins, frames; /* bins of a transform: n_fft / 2 + 1 */
    int64_t pad, padded;  /* zeros on each side; samples with them */
    fyi_mel mel;
    kiss_fft_cfg fft;    /* fyi_free */
    const float *window; /* [n_fft] */
    fyi_arena arena;
} spectra;

fy_spectrogram_opts fy_spectrogram_defaults(fy_spectrogram_kind kind)
{
    return (fy_spectrogram_opts){
        .kind = kind, .n_fft = 512, .hop = 128, .mels = 64, .is_normalised = true, .is_centred = true
    };
}

/* ---- one sample ------------------------------------------------------------------------------ */

/* Where things lie in the scratch memory. */
typedef struct desk {
    float *wave;            /* [padded] */
    kiss_fft_cpx *in, *out; /* [n_fft] */
    float *power;           /* [bins], or the magnitudes */
} desk;

static size_t desk_floats(const spectra *s)
{
    return (size_t)(s->padded + 4 * s->o.n_fft + s->bins);
}

static desk lay_out(const spectra *s, float *scratch)
{
    desk d = { .wave = scratch };

    d.in = (kiss_fft_cpx *)(void *)(scratch + s->padded);
    d.out = d.in + s->o.n_fft;
    d.power = (float *)(d.out + s->o.n_fft);
    return d;
}

static void transform(const spectra *s, const desk *d, const float *x)
{
    const bool is_mel = s->o.kind == FY_SPECTROGRAM_MEL;

    for (int64_t i = 0; i < s->o.n_fft; i++)
        d->in[i] = (kiss_fft_cpx){ x[i] * s->window[i], 0 };
    kiss_fft(s->fft, d->in, d->out);
    for (int64_t k = 0; k < s->bins; k++) {
        const float power = d->out[k].r * d->out[k].r + d->out[k].i * d->out[k].i;

        d->power[k] = is_mel ? power : sqrtf(power);
    }
}

static float band_of(const fyi_mel *mel, int64_t m, const float *power)
{
    const float *w = mel->weight + mel->at[m];
    double sum = 0;

    for (int64_t k = 0; k < mel->count[m]; k++)
        sum += (double)w[k] * (double)power[mel->first[m] + k];
    return (float)sum;
}

static fy_status get(const fyi_source *base, int64_t i, float *x, float *scratch)
{
    const spectra *s = (const spectra *)base;
    const bool is_mel = s->o.kind == FY_SPECTROGRAM_MEL;
    const desk d = lay_out(s, scratch);

    FYI_FORWARD(base->inner->ops->get(base->inner, i, d.wave + s->pad, scratch + desk_floats(s)));
    memset(d.wave, 0, (size_t)s->pad * sizeof *d.wave);
    memset(d.wave + s->padded - s->pad, 0, (size_t)s->pad * sizeof *d.wave);
    for (int64_t t = 0; t < s->frames; t++) {
        transform(s, &d, d.wave + t * s->o.hop);
        for (int64_t m = 0; m < base->shape.d[1]; m++)
            x[m * s->frames + t] =
                logf((is_mel ? band_of(&s->mel, m, d.power) : d.power[m]) + s->o.floor);
    }
    return FY_OK;
}

static void close_source(fyi_source *base)
{
    spectra *s = (spectra *)base;

    fyi_free(s->fft);
    fyi_arena_release(&s->arena);
    fyi_free(s);
}

static const fyi_source_ops ops = { .get = get, .close = close_source };

/* ---- options --------------------------------------------------------------------------------- */

/* kissfft asks for memory of its own where other factors are in it. */
static bool is_product(int64_t n)
{
    for (int f = 2; f <= 5; f++)
        while (n > 1 && n % f == 0)
            n /= f;
    return n == 1;
}

static fy_status check_window(const fy_dataset *d, const fy_spectrogram_opts *o)
{
    if (o->n_fft < 2 || o->n_fft > MAX_FFT || o->n_fft % 2 != 0 || !is_product(o->n_fft))
        return fyi_fail(FY_EINVAL,
                        "dataset '%s': no spectrogram has windows of %lld samples (n_fft); take an "
                        "even product of 2, 3 and 5 up to %d",
                        d->name, (long long)o->n_fft, MAX_FFT);
    if (o->hop < 1 || o->hop > MAX_FFT)
        return fyi_fail(FY_EINVAL,
                        "dataset '%s': windows are %lld samples apart (hop), 1 to %d are "
                        "possible",
                        d->name, (long long)o->hop, MAX_FFT);
    if (!(o->floor > 0) || !isfinite(o->floor))
        return fyi_fail(FY_EINVAL, "dataset '%s': the floor of a logarithm is positive, not %g",
                        d->name, (double)o->floor);
    return FY_OK;
}

static fy_status check_bands(const fy_dataset *d, const fy_spectrogram_opts *o)
{
    if (o->rate_hz < 1)
        return fyi_fail(FY_EINVAL,
                        "dataset '%s' does not say how many samples a second it has, which mel "
                        "bands need to know; set the rate",
                        d->name);
    if (o->mels < 1 || o->mels > MAX_MELS)
        return fyi_fail(FY_EINVAL, "dataset '%s': 1 to %d mel bands are possible, not %lld",
                        d->name, MAX_MELS, (long long)o->mels);
    if ((unsigned)o->scale > FY_MEL_HTK)
        return fyi_fail(FY_EINVAL, "dataset '%s': %d is no mel scale", d->name, (int)o->scale);
    if (!(o->f_min >= 0 && o->f_min < o->f_max && o->f_max <= (double)o->rate_hz / 2))
        return fyi_fail(FY_EINVAL,
                        "dataset '%s': mel bands from %g to %g Hz; at %lld samples a second they "
                        "lie between 0 and %g",
                        d->name, o->f_min, o->f_max, (long long)o->rate_hz, (double)o->rate_hz / 2);
    return FY_OK;
}

static fy_status check_opts(const fy_dataset *d, const fy_spectrogram_opts *o)
{
    const fy_shape *s = fy_dataset_shape(d);
    char text[96];

    if ((unsigned)o->kind > FY_SPECTROGRAM_STFT)
        return fyi_fail(FY_EINVAL, "dataset '%s': %d is no kind of spectrogram", d->name,
                        (int)o->kind);
    if (s->rank != 2 || s->d[0] != 1)
        return fyi_fail(FY_ESHAPE,
                        "dataset '%s': samples are %s, only sounds [1, n] have a spectrogram",
                        d->name, fy_shape_text(s, text, sizeof text));
    FYI_FORWARD(check_window(d, o));
    if (o->kind == FY_SPECTROGRAM_MEL)
        FYI_FORWARD(check_bands(d, o));
    if (!o->is_centred && s->d[1] < o->n_fft)
        return fyi_fail(FY_ESHAPE,
                        "dataset '%s': %lld samples are less than a window of %lld (n_fft)",
                        d->name, (long long)s->d[1], (long long)o->n_fft);
    return FY_OK;
}

/* What is left to the dataset and the kind. */
static fy_spectrogram_opts resolve(const fy_dataset *d, const fy_spectrogram_opts *given)
{
    fy_spectrogram_opts o = given != NULL ? *given : fy_spectrogram_defaults(FY_SPECTROGRAM_MEL);

    o.rate_hz = o.rate_hz != 0 ? o.rate_hz : fy_dataset_rate(d);
    if (o.f_max == 0)
        o.f_max = (double)o.rate_hz / 2;
    if (o.floor == 0)
        o.floor = o.kind == FY_SPECTROGRAM_MEL ? 1e-6f : 1e-7f;
    return o;
}

/* ---- making ---------------------------------------------------------------------------------- */

static fy_status make_window(spectra *s)
{
    const int64_t n = s->o.n_fft;
    float *w = fyi_arena_alloc(&s->arena, (size_t)n * sizeof *w);
    const double pi = acos(-1);

    if (w == NULL)
        return fyi_enomem((size_t)n * sizeof *w, "a window");
    for (int64_t i = 0; i < n; i++)
        w[i] = (float)((1 - cos(2 * pi * (double)i / (double)n)) / 2);
    s->window = w;
    return FY_OK;
}

static fy_status make_transform(spectra *s)
{
    size_t bytes = 0;

    (void)kiss_fft_alloc((int)s->o.n_fft, 0, NULL, &bytes); /* says how much it needs */
    s->fft = fyi_alloc(bytes);
    if (s->fft == NULL || kiss_fft_alloc((int)s->o.n_fft, 0, s->fft, &bytes) == NULL)
        return fyi_enomem(bytes, "a Fourier transform");
    return FY_OK;
}

/* The key names every option that changes a value, floats in full (%a). */
static void set_key(spectra *s)
{
    const fy_spectrogram_opts *o = &s->o;
    fyi_sha256 sum;
    char line[240];

    (void)snprintf(line, sizeof line, "spectrogram 1 %d %lld %lld %d %a", (int)o->kind,
                   (long long)o->n_fft, (long long)o->hop, o->is_centred, (double)o->floor);
    fyi_sha256_init(&sum);
    fyi_sha256_update(&sum, s->base.inner->key, 64);
    fyi_sha256_update(&sum, line, strlen(line));
    if (o->kind == FY_SPECTROGRAM_MEL) {
        (void)snprintf(line, sizeof line, " %lld %lld %a %a %d %d", (long long)o->rate_hz,
                       (long long)o->mels, o->f_min, o->f_max, (int)o->scale, o->is_normalised);
        fyi_sha256_update(&sum, line, strlen(line));
    }
    fyi_sha256_hex(&sum, s->base.key);
}

static fy_status fill_source(spectra *s)
{
    FYI_FORWARD(make_window(s));
    FYI_FORWARD(make_transform(s));
    if (s->o.kind == FY_SPECTROGRAM_MEL)
        FYI_FORWARD(fyi_mel_new(&s->o, s->o.rate_hz, &s->arena, &s->mel));
    set_key(s);
    return FY_OK;
}

/* Drop *out, also after a failure. */
static fy_status new_source(fyi_source *inner, const fy_spectrogram_opts *o, spectra **out)
{
    spectra *s = fyi_calloc(1, sizeof *s);

    *out = s;
    if (s == NULL)
        return fyi_enomem(sizeof *s, "a spectrogram");
    s->o = *o;
    s->pad = o->is_centred ? o->n_fft / 2 : 0;
    s->padded = inner->shape.d[1] + 2 * s->pad;
    s->bins = o->n_fft / 2 + 1;
    s->frames = 1 + (s->padded - o->n_fft) / o->hop;
    fyi_source_init_over(&s->base, &ops, inner,
                         FY_SHAPE(1, o->kind == FY_SPECTROGRAM_MEL ? o->mels : s->bins, s->frames));
    s->base.is_slow = true;
    s->base.was_scaled = true;
    s->base.n_scratch = desk_floats(s) + inner->n_scratch;
    return fill_source(s);
}

/* "; 64 mel bands, 0 to 4000 Hz, windows of 512 samples every 128" */
static void describe(const fy_spectrogram_opts *o, fyi_buf *b)
{
    if (o->kind == FY_SPECTROGRAM_MEL)
        fyi_buf_printf(b, "; log of %lld mel bands, %g to %g Hz", (long long)o->mels, o->f_min,
                       o->f_max);
    else
        fyi_buf_puts(b, "; log magnitudes");
    fyi_buf_printf(b, ", windows of %lld samples every %lld", (long long)o->n_fft,
                   (long long)o->hop);
}

fy_status fy_dataset_spectrogram(const fy_dataset *d, const fy_spectrogram_opts *o, fy_dataset **out)
{
    const fy_spectrogram_opts how = resolve(d, o);
    fyi_dataset_spec spec = fyi_dataset_spec_of(d);
    fyi_buf text = { 0 };
    spectra *s = NULL;
    fy_status st;

    *out = NULL;
    FYI_FORWARD(check_opts(d, &how));
    FY_TRY(new_source(d->source, &how, &s));
    fyi_buf_puts(&text, d->how);
    describe(&how, &text);
    FY_TRY(text.failed ? fyi_enomem(256, "a dataset's text") : FY_OK);
    spec.source = &s->base;
    spec.how = text.p;
    FY_TRY(fyi_dataset_new(&spec, out));
done:
    fyi_buf_release(&text);
    if (s != NULL)
        fyi_source_drop(&s->base);
    return st;
}
