/* prepare.c: the same images with other channels, size, margin or values, computed as they are
 * read.
 *
 *   src [c, h, w] -> channels -> resize -> pad -> values -> dst [c', h', w']
 * Resizing is separable with triangle weights at half-pixel centres; when shrinking, the triangle
 * is as wide as the step, so every source pixel counts. This is Pillow's BILINEAR, in f32. */
#include "data/picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SIZE 16384

/* Weights of one axis: dst[k] = sum over t < n_taps of weight[k][t] * src[first[k] + t]. */
typedef struct axis {
    int64_t n_src, n_dst, n_taps;
    int64_t *first; /* [n_dst] */
    float *weight;  /* [n_dst, n_taps], zero beyond the last tap */
} axis;

typedef struct prepared {
    fyi_source base;
    fy_image_opts o;
    int64_t c_in, c, h, w; /* c, h, w before padding */
    bool resizes;
    axis y, x;
    fyi_arena arena;
} prepared;

fy_image_opts fy_image_defaults(void)
{
    return (fy_image_opts){ .range = FY_RANGE_KEEP, .deviation = { 1, 1, 1, 1 } };
}

/* ---- resizing -------------------------------------------------------------------------------- */

static void fill_weights(axis *a, double *weight)
{
    const double step = (double)a->n_src / (double)a->n_dst;

    for (int64_t k = 0; k < a->n_dst; k++) {
        float *row = a->weight + k * a->n_taps;
        const int64_t n = fyi_resize_weights(a->n_src, 0, step, k, weight, &a->first[k]);
        /* Taps beyond the last weigh nothing, but must stay inside the source when they are
         * read. */
        const int64_t back = FYI_MAX(a->first[k] + a->n_taps - a->n_src, 0);

        for (int64_t t = 0; t < n; t++)
            row[back + t] = (float)weight[t];
        a->first[k] -= back;
    }
}

static bool init_axis(axis *a, fyi_arena *arena, int64_t n_src, int64_t n_dst)
{
    const int64_t n_taps = fyi_resize_taps((double)n_src / (double)n_dst);
    double *weight = fyi_arena_alloc(arena, (size_t)n_taps * sizeof *weight);

    a->n_src = n_src;
    a->n_dst = n_dst;
    a->n_taps = FYI_MIN(n_taps, n_src);
    a->first = fyi_arena_alloc(arena, (size_t)n_dst * sizeof *a->first);
    a->weight = fyi_arena_alloc(arena, (size_t)(n_dst * a->n_taps) * sizeof *a->weight);
    if (weight == NULL || a->first == NULL || a->weight == NULL)
        return false;
    fill_weights(a, weight);
    return true;
}

/* src [rows, n_src] -> dst [rows, n_dst] */
static void resize_rows(const axis *a, const float *src, int64_t rows, float *dst)
{
    for (int64_t r = 0; r < rows; r++, src += a->n_src, dst += a->n_dst)
        for (int64_t k = 0; k < a->n_dst; k++) {
            const float *p = src + a->first[k], *weight = a->weight + k * a->n_taps;
            float v = 0;

            for (int64_t t = 0; t < a->n_taps; t++)
                v += weight[t] * p[t];
            dst[k] = v;
        }
}

/* src [n_src, w] -> dst [n_dst, w] */
static void resize_columns(const axis *a, const float *src, int64_t w, float *dst)
{
    for (int64_t k = 0; k < a->n_dst; k++, dst += w) {
        const float *p = src + a->first[k] * w, *weight = a->weight + k * a->n_taps;

        memset(dst, 0, (size_t)w * sizeof *dst);
        for (int64_t t = 0; t < a->n_taps; t++)
            for (int64_t x = 0; x < w; x++)
                dst[x] += weight[t] * p[t * w + x];
    }
}

/* ---- channels, margin, values ---------------------------------------------------------------- */

/* In place: x [c_in, area] has room for [c, area]. */
static void set_channels(const prepared *p, float *x, int64_t area)
{
    if (p->c_in == 3 && p->c == 1)
        for (int64_t k = 0; k < area; k++)
            x[k] = 0.299f * x[k] + 0.587f * x[area + k] + 0.114f * x[2 * area + k];
    else if (p->c_in == 1)
        for (int64_t c = 1; c < p->c; c++)
            memcpy(x + c * area, x, (size_t)area * sizeof *x);
}

static void pad(const prepared *p, const float *src, float *dst)
{
    const int64_t m = p->o.pad, w = p->w + 2 * m, h = p->h + 2 * m;

    for (int64_t k = 0; k < p->c * h * w; k++)
        dst[k] = p->o.pad_value;
    for (int64_t c = 0; c < p->c; c++)
        for (int64_t y = 0; y < p->h; y++)
            memcpy(dst + (c * h + y + m) * w + m, src + (c * p->h + y) * p->w,
                   (size_t)p->w * sizeof *dst);
}

/* -1 .. 1 is the same as mean and deviation 1/2. */
float fyi_scaling_mean(const fyi_scaling *s, int64_t c)
{
    return s->range == FY_RANGE_NORMAL ? s->mean[c] : s->range == FY_RANGE_SIGNED ? 0.5f : 0.0f;
}

float fyi_scaling_deviation(const fyi_scaling *s, int64_t c)
{
    return s->range == FY_RANGE_NORMAL   ? s->deviation[c]
           : s->range == FY_RANGE_SIGNED ? 0.5f
                                         : 1.0f;
}

void fyi_scale(const fyi_scaling *s, const fy_shape *shape, float *x)
{
    const int64_t area = fy_shape_numel(shape) / shape->d[0];

    for (int64_t c = 0; s->range != FY_RANGE_KEEP && c < shape->d[0]; c++, x += area) {
        const float mean = fyi_scaling_mean(s, c), deviation = fyi_scaling_deviation(s, c);

        for (int64_t k = 0; k < area; k++)
            x[k] = (x[k] - mean) / deviation;
    }
}

/* scratch: [max(c_in, c), h_in, w_in] raw, [c, h_in, w] rows done, [c, h, w] all done, inner's. */
static fy_status get_pixels(const fyi_source *s, int64_t i, float *x, float *scratch)
{
    const prepared *p = (const prepared *)s;
    const int64_t area = p->y.n_src * p->x.n_src;
    float *raw = scratch, *rows = raw + FYI_MAX(p->c_in, p->c) * area;
    float *sized = rows + p->c * p->y.n_src * p->w, *rest = sized + p->c * p->h * p->w;

    FYI_FORWARD(p->base.inner->ops->get(p->base.inner, i, raw, rest));
    set_channels(p, raw, area);
    if (p->resizes) {
        resize_rows(&p->x, raw, p->c * p->y.n_src, rows);
        for (int64_t c = 0; c < p->c; c++)
            resize_columns(&p->y, rows + c * p->y.n_src * p->w, p->w, sized + c * p->h * p->w);
    }
    pad(p, p->resizes ? sized : raw, x);
    return FY_OK;
}

static fy_status get(const fyi_source *s, int64_t i, float *x, float *scratch)
{
    FYI_FORWARD(get_pixels(s, i, x, scratch));
    fyi_scale(&s->scaling, &s->shape, x);
    return FY_OK;
}

static void close_source(fyi_source *s)
{
    prepared *p = (prepared *)s;

    fyi_arena_release(&p->arena);
    fyi_free(p);
}

static const fyi_source_ops ops = { .get = get, .close = close_source, .get_pixels = get_pixels };

/* ---- making ---------------------------------------------------------------------------------- */

static fy_status check_values(const char *name, const fy_image_opts *o, int64_t c)
{
    if (o->range == FY_RANGE_NORMAL && c > 4)
        return fyi_fail(FY_EINVAL,
                        "dataset '%s' has %lld channels; mean and deviation are for at "
                        "most 4",
                        name, (long long)c);
    for (int64_t k = 0; o->range == FY_RANGE_NORMAL && k < c; k++)
        if (!(o->deviation[k] > 0) || !isfinite(o->deviation[k]) || !isfinite(o->mean[k]))
            return fyi_fail(FY_EINVAL,
                            "dataset '%s': channel %lld has mean %g and deviation %g; the "
                            "deviation must be positive",
                            name, (long long)k, (double)o->mean[k], (double)o->deviation[k]);
    return FY_OK;
}

static fy_status check_opts(const fy_dataset *d, const fy_image_opts *o)
{
    const fy_shape *s = fy_dataset_shape(d);
    char text[96];

    if (s->rank != 3 || s->d[1] < 1 || s->d[2] < 1)
        return fyi_fail(FY_ESHAPE,
                        "dataset '%s': samples are %s, only images [c, h, w] can be "
                        "prepared",
                        d->name, fy_shape_text(s, text, sizeof text));
    if (o->height < 0 || o->width < 0 || o->pad < 0 || o->height > MAX_SIZE ||
        o->width > MAX_SIZE || o->pad > MAX_SIZE)
        return fyi_fail(FY_EINVAL,
                        "dataset '%s': cannot resize to %lldx%lld and pad by %lld; sizes "
                        "are 0 .. %d",
                        d->name, (long long)o->height, (long long)o->width, (long long)o->pad,
                        MAX_SIZE);
    if (o->channels != 0 && o->channels != s->d[0] && !(o->channels == 1 && s->d[0] == 3) &&
        !(o->channels == 3 && s->d[0] == 1))
        return fyi_fail(FY_EINVAL,
                        "dataset '%s' has %lld channels and cannot be given %lld; 1 and 3 "
                        "can be turned into each other",
                        d->name, (long long)s->d[0], (long long)o->channels);
    if ((unsigned)o->range > FY_RANGE_NORMAL)
        return fyi_fail(FY_EINVAL, "dataset '%s': %d is no value range", d->name, (int)o->range);
    return check_values(d->name, o, o->channels != 0 ? o->channels : s->d[0]);
}

static fy_status new_source(fyi_source *inner, const fy_image_opts *o, prepared **out)
{
    const int64_t h_in = inner->shape.d[1], w_in = inner->shape.d[2];
    prepared *p = fyi_calloc(1, sizeof *p);

    if (p == NULL)
        return fyi_enomem(sizeof *p, "preparing a dataset");
    p->o = *o;
    p->c_in = inner->shape.d[0];
    p->c = o->channels != 0 ? o->channels : p->c_in;
    p->h = o->height != 0 ? o->height : h_in;
    p->w = o->width != 0 ? o->width : w_in;
    p->resizes = p->h != h_in || p->w != w_in;
    fyi_source_init_over(&p->base, &ops, inner,
                         FY_SHAPE(p->c, p->h + 2 * o->pad, p->w + 2 * o->pad));
    p->base.n_scratch = inner->n_scratch + (size_t)(FYI_MAX(p->c_in, p->c) * h_in * w_in +
                                                    p->c * h_in * p->w + p->c * p->h * p->w);
    p->base.scaling.range = o->range;
    memcpy(p->base.scaling.mean, o->mean, sizeof o->mean);
    memcpy(p->base.scaling.deviation, o->deviation, sizeof o->deviation);
    p->base.was_scaled = inner->was_scaled || inner->scaling.range != FY_RANGE_KEEP;
    if (!init_axis(&p->y, &p->arena, h_in, p->h) || !init_axis(&p->x, &p->arena, w_in, p->w)) {
        const size_t bytes = (size_t)(p->h + p->w) * sizeof(int64_t);

        fyi_source_drop(&p->base);
        return fyi_enomem(bytes, "the weights of a resize");
    }
    *out = p;
    return FY_OK;
}

static void put_numbers(fyi_buf *b, const char *name, const float *v, int64_t n)
{
    fyi_buf_printf(b, "%s [", name);
    for (int64_t c = 0; c < n; c++) {
        fyi_buf_puts(b, c > 0 ? ", " : "");
        fyi_buf_float(b, v[c]);
    }
    fyi_buf_puts(b, "]");
}

/* "; channels 3; resized to 28x28; padded by 4; ...": the end of the dataset's text. */
static void describe(const prepared *p, fyi_buf *b)
{

    if (p->c != p->c_in)
        fyi_buf_printf(b, "; %lld channels", (long long)p->c);
    if (p->resizes)
        fyi_buf_printf(b, "; resized to %lldx%lld", (long long)p->h, (long long)p->w);
    if (p->o.pad > 0)
        fyi_buf_printf(b, "; padded by %lld", (long long)p->o.pad);
    if (p->o.range == FY_RANGE_SIGNED)
        fyi_buf_puts(b, "; values -1 .. 1");
    if (p->o.range == FY_RANGE_NORMAL) {
        put_numbers(b, "; normalised by mean", p->o.mean, p->c);
        put_numbers(b, ", deviation", p->o.deviation, p->c);
    }
}

/* The key names every option that changes a value, floats in full (%a). */
static void set_key(prepared *p)
{
    fyi_sha256 sum;
    char line[160];

    fyi_sha256_init(&sum);
    fyi_sha256_update(&sum, p->base.inner->key, 64);
    (void)snprintf(line, sizeof line, "prepare 1 %lld %lld %lld %lld %a %d", (long long)p->c,
                   (long long)p->h, (long long)p->w, (long long)p->o.pad, (double)p->o.pad_value,
                   (int)p->o.range);
    fyi_sha256_update(&sum, line, strlen(line));
    for (int64_t c = 0; p->o.range == FY_RANGE_NORMAL && c < p->c; c++) {
        (void)snprintf(line, sizeof line, " %a %a", (double)p->o.mean[c], (double)p->o.deviation[c]);
        fyi_sha256_update(&sum, line, strlen(line));
    }
    fyi_sha256_hex(&sum, p->base.key);
}

fy_status fy_dataset_prepare(const fy_dataset *d, const fy_image_opts *o, fy_dataset **out)
{
    const fy_image_opts defaults = fy_image_defaults();
    fyi_dataset_spec spec = fyi_dataset_spec_of(d);
    fyi_buf how = { 0 };
    prepared *p = NULL;
    fy_status st;

    *out = NULL;
    o = o != NULL ? o : &defaults;
    FYI_FORWARD(check_opts(d, o));
    FYI_FORWARD(new_source(d->source, o, &p));
    set_key(p);
    fyi_buf_puts(&how, d->how);
    describe(p, &how);
    if (how.failed) {
        st = fyi_enomem(256, "a dataset's text");
        goto done;
    }
    spec.source = &p->base;
    spec.how = how.p;
    st = fyi_dataset_new(&spec, out);
done:
    fyi_buf_release(&how);
    fyi_source_drop(&p->base);
    return st;
}

fy_status fyi_dataset_prepared(fy_dataset *d, const fy_image_opts *o, fy_dataset **out)
{
    fy_status st;

    if (o == NULL) {
        *out = d;
        return FY_OK;
    }
    st = fy_dataset_prepare(d, o, out);
    fy_dataset_free(d);
    return st;
}
