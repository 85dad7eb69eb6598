/* resize.c: bytes resized by antialiased bilinear weights, to the bit as Pillow does.
 *
 *   rows:     tmp[y, k, c] = sum over t of weight_x[k, t] * src[y, first_x[k] + t, c]
 *   columns:  dst[k, x, c] = sum over t of weight_y[k, t] * tmp[first_y[k] + t, x, c]
 * Weights are whole multiples of 2^-22, sums are 32 bits wide, and both passes round to bytes.
 * Source rows that no output needs are not touched. */
#include "data/picture.h"

#include <math.h>
#include <string.h>

#define WEIGHT_BITS 22
#define HALF (1 << (WEIGHT_BITS - 1))

/* ---- weights --------------------------------------------------------------------------------- */

int64_t fyi_resize_taps(double step)
{
    return (int64_t)ceil(step > 1.0 ? step : 1.0) * 2 + 1;
}

int64_t fyi_resize_weights(int64_t n_src, double begin, double step, int64_t k, double *weight,
                           int64_t *first)
{
    const double reach = step > 1.0 ? step : 1.0;
    const double centre = begin + ((double)k + 0.5) * step;
    const int64_t lo = FYI_MAX((int64_t)(centre - reach + 0.5), 0);
    const int64_t hi = FYI_MIN((int64_t)(centre + reach + 0.5), n_src);
    double sum = 0;

    for (int64_t t = lo; t < hi; t++) {
        weight[t - lo] = fmax(0.0, 1.0 - fabs((double)t + 0.5 - centre) / reach);
        sum += weight[t - lo];
    }
    for (int64_t t = lo; t < hi; t++)
        weight[t - lo] /= sum;
    *first = lo;
    return hi - lo;
}

/* dst[k] = sum over t < count[k] of weight[k * n_taps + t] * src[first[k] + t]. */
typedef struct axis {
    int64_t n, n_taps;
    int64_t *first, *count; /* [n] */
    int32_t *weight;        /* [n, n_taps] */
} axis;

static void fill_axis(axis *a, int64_t n_src, const fyi_resize_axis *o, double *weight)
{
    const double step = (double)(o->end - o->begin) / (double)o->n;

    for (int64_t k = 0; k < a->n; k++) {
        a->count[k] =
            fyi_resize_weights(n_src, (double)o->begin, step, o->from + k, weight, &a->first[k]);
        for (int64_t t = 0; t < a->count[k]; t++)
            a->weight[k * a->n_taps + t] = (int32_t)(weight[t] * (1 << WEIGHT_BITS) + 0.5);
    }
}

static bool init_axis(axis *a, fyi_arena *arena, int64_t n_src, const fyi_resize_axis *o)
{
    double *weight;

    a->n = o->to - o->from;
    a->n_taps = fyi_resize_taps((double)(o->end - o->begin) / (double)o->n);
    a->first = fyi_arena_alloc(arena, (size_t)a->n * sizeof *a->first);
    a->count = fyi_arena_alloc(arena, (size_t)a->n * sizeof *a->count);
    a->weight = fyi_arena_alloc(arena, (size_t)(a->n * a->n_taps) * sizeof *a->weight);
    weight = fyi_arena_alloc(arena, (size_t)a->n_taps * sizeof *weight);
    if (a->first == NULL || a->count == NULL || a->weight == NULL || weight == NULL)
        return false;
    fill_axis(a, n_src, o, weight);
    return true;
}

/* ---- passes ---------------------------------------------------------------------------------- */

static inline uint8_t to_byte(int32_t sum)
{
    const int32_t v = sum >> WEIGHT_BITS;

    return (uint8_t)FYI_MAX(0, FYI_MIN(v, 255));
}

static void resize_grey_row(const axis *a, const uint8_t *src, uint8_t *dst)
{
    for (int64_t k = 0; k < a->n; k++) {
        const uint8_t *p = src + a->first[k];
        const int32_t *weight = a->weight + k * a->n_taps;
        int32_t sum = HALF;

        for (int64_t t = 0; t < a->count[k]; t++)
            sum += weight[t] * p[t];
        dst[k] = to_byte(sum);
    }
}

static void resize_rgb_row(const axis *a, const uint8_t *src, uint8_t *dst)
{
    for (int64_t k = 0; k < a->n; k++, dst += 3) {
        const uint8_t *p = src + 3 * a->first[k];
        const int32_t *weight = a->weight + k * a->n_taps;
        int32_t r = HALF, g = HALF, b = HALF;

        for (int64_t t = 0; t < a->count[k]; t++, p += 3) {
            r += weight[t] * p[0];
            g += weight[t] * p[1];
            b += weight[t] * p[2];
        }
        dst[0] = to_byte(r);
        dst[1] = to_byte(g);
        dst[2] = to_byte(b);
    }
}

/* One row of n bytes out of `count` rows; sum [n]. */
static void mix_rows(const int32_t *weight, int64_t count, const uint8_t *rows, int64_t n,
                     int32_t *sum, uint8_t *dst)
{
    for (int64_t i = 0; i < n; i++)
        sum[i] = HALF;
    for (int64_t t = 0; t < count; t++, rows += n) {
        const int32_t w = weight[t];

        for (int64_t i = 0; i < n; i++)
            sum[i] += w * rows[i];
    }
    for (int64_t i = 0; i < n; i++)
        dst[i] = to_byte(sum[i]);
}

/* tmp [rows, x->n, c]: source rows y_lo .. y_hi - 1. */
static void resize_rows(const fyi_picture *src, const axis *x, int64_t y_lo, int64_t y_hi,
                        uint8_t *tmp)
{
    for (int64_t y = y_lo; y < y_hi; y++, tmp += x->n * src->c)
        if (src->c == 1)
            resize_grey_row(x, src->p + y * src->w, tmp);
        else
            resize_rgb_row(x, src->p + y * src->w * 3, tmp);
}

static fy_status resize(const fyi_picture *src, const axis *y, const axis *x, fyi_arena *arena,
                        uint8_t *dst)
{
    const int64_t row = x->n * src->c, y_lo = y->first[0];
    const int64_t y_hi = y->first[y->n - 1] + y->count[y->n - 1];
    uint8_t *tmp = fyi_arena_alloc(arena, (size_t)((y_hi - y_lo) * row));
    int32_t *sum = fyi_arena_alloc(arena, (size_t)row * sizeof *sum);

    if (tmp == NULL || sum == NULL)
        return fyi_enomem((size_t)((y_hi - y_lo) * row), "resizing a picture");
    resize_rows(src, x, y_lo, y_hi, tmp);
    for (int64_t k = 0; k < y->n; k++)
        mix_rows(y->weight + k * y->n_taps, y->count[k], tmp + (y->first[k] - y_lo) * row, row, sum,
                 dst + k * row);
    return FY_OK;
}

fy_status fyi_picture_resize(const fyi_picture *src, const fyi_resize_axis *y,
                             const fyi_resize_axis *x, uint8_t *dst)
{
    fyi_arena arena = { 0 };
    axis down, along;
    fy_status st;

    FYI_ASSERT(src->c == 1 || src->c == 3);
    FYI_ASSERT(y->begin >= 0 && y->begin < y->end && y->end <= (float)src->h && y->from < y->to);
    FYI_ASSERT(x->begin >= 0 && x->begin < x->end && x->end <= (float)src->w && x->from < x->to);
    if (init_axis(&down, &arena, src->h, y) && init_axis(&along, &arena, src->w, x))
        st = resize(src, &down, &along, &arena, dst);
    else
        st = fyi_enomem((size_t)(y->n + x->n) * sizeof(int64_t), "the weights of a resize");
    fyi_arena_release(&arena);
    return st;
}
