/* test_winograd.c: the loops of winograd.h themselves, for every processor this one can be: against direct convolution
 * in double, stored as f32 and as bf16, with chunks of their own and shared ones, and with any number of threads. */
#include "support/support.h"

#include "backend/cpu.h"
#include "backend/native/winograd.h"

#include "ferry/device.h"

#include <math.h>
#include <string.h>

typedef struct winograd_case {
    const char *name, *why;
    int64_t n, ic, h, w, oc, k, pad;
} winograd_case;

static const winograd_case cases[] = {
    { "fits", "tiles end where the image does", 3, 32, 8, 8, 32, 3, 1 },
    { "hangs over", "tiles hang over both edges; two product blocks of different width", 2, 32, 9,
      7, 48, 3, 1 },
    { "no border", "fewer results than source elements", 2, 48, 11, 13, 32, 3, 0 },
    { "5x5", "2x2 results per tile", 2, 32, 9, 6, 64, 5, 2 },
    { "many channels", "sums in several pieces", 1, 160, 7, 7, 144, 3, 1 },
    { "one tile", "less than a row of products", 1, 32, 3, 4, 32, 3, 1 },
    { "many tiles", "several chunks, and parts of the gradient's sums", 5, 32, 57, 58, 32, 3, 1 },
};

/* ---- direct convolution, in plain order ----------------------------------------------------------- */

typedef struct problem {
    winograd_case c;
    int64_t oh, ow;
    double *src, *weights, *diff; /* [n, ic, h, w], [oc, ic, k, k], [n, oc, oh, ow] */
    double *dst, *diff_src, *diff_weights;
} problem;

static int64_t n_src(const problem *p)
{
    return p->c.n * p->c.ic * p->c.h * p->c.w;
}

static int64_t n_dst(const problem *p)
{
    return p->c.n * p->c.oc * p->oh * p->ow;
}

static int64_t n_weights(const problem *p)
{
    return p->c.oc * p->c.ic * p->c.k * p->c.k;
}

/* Multiples of 1/64, which bf16 holds. */
static double *random_values(int64_t n, fy_rng *r)
{
    double *v = fyi_calloc((size_t)n, sizeof *v);
    assert_non_null(v);
    for (int64_t i = 0; r && i < n; i++)
        v[i] = (double)fy_rng_below(r, 128) / 64 - 1;
    return v;
}

/* All three passes at one tap of one pair of channels of one image. */
static void add_tap(problem *p, int64_t n, int64_t o, int64_t i, int64_t y, int64_t x)
{
    const winograd_case *c = &p->c;
    const int64_t at = ((o * c->ic + i) * c->k + y) * c->k + x;
    for (int64_t r = 0; r < p->oh; r++)
        for (int64_t q = 0; q < p->ow; q++) {
            const int64_t sy = r + y - c->pad, sx = q + x - c->pad;
            const int64_t d = ((n * c->oc + o) * p->oh + r) * p->ow + q;
            const int64_t s = ((n * c->ic + i) * c->h + sy) * c->w + sx;
            if (sy < 0 || sx < 0 || sy >= c->h || sx >= c->w)
                continue;
            p->dst[d] += p->src[s] * p->weights[at];
            p->diff_src[s] += p->diff[d] * p->weights[at];
            p->diff_weights[at] += p->diff[d] * p->src[s];
        }
}

static void make_problem(const winograd_case *c, problem *p)
{
    fy_rng r = fy_rng_named(11, c->name);
    *p =
        (problem){ .c = *c, .oh = c->h + 2 * c->pad - c->k + 1, .ow = c->w + 2 * c->pad - c->k + 1 };
    p->src = random_values(n_src(p), &r);
    p->weights = random_values(n_weights(p), &r);
    p->diff = random_values(n_dst(p), &r);
    p->dst = random_values(n_dst(p), NULL);
    p->diff_src = random_values(n_src(p), NULL);
    p->diff_weights = random_values(n_weights(p), NULL);
    for (int64_t n = 0; n < c->n; n++)
        for (int64_t o = 0; o < c->oc; o++)
            for (int64_t i = 0; i < c->ic; i++)
                for (int64_t t = 0; t < c->k * c->k; t++)
                    add_tap(p, n, o, i, t / c->k, t % c->k);
}

static void free_problem(problem *p)
{
    double *all[] = { p->src, p->weights, p->diff, p->dst, p->diff_src, p->diff_weights };
    for (size_t i = 0; i < FYI_LEN(all); i++)
        fyi_free(all[i]);
}

/* ---- how the kernels see it ------------------------------------------------------------------------ */

typedef struct setting {
    const fyi_winograd_loops *loops;
    bool is_bf16, is_wide;
    int threads;
} setting;

static uint16_t to_bf16(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, 4);
    return (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

static float from_bf16(uint16_t h)
{
    const uint32_t bits = (uint32_t)h << 16;
    float f;
    memcpy(&f, &bits, 4);
    return f;
}

/* Where element (n, c, i) of [n, c, size] lies in blocks of channels. */
static int64_t blocked(const setting *s, int64_t channels, int64_t size, int64_t at)
{
    const int64_t lanes = s->loops->lanes, i = at % size, c = at / size % channels;
    const int64_t n = at / size / channels;
    return ((n * (channels / lanes) + c / lanes) * size + i) * lanes + c % lanes;
}

static void *images(const setting *s, const double *v, int64_t n, int64_t channels, int64_t size)
{
    float *f = fyi_calloc((size_t)n, sizeof *f);
    assert_non_null(f);
    for (int64_t i = 0; v && i < n; i++)
        if (s->is_bf16)
            ((uint16_t *)f)[blocked(s, channels, size, i)] = to_bf16((float)v[i]);
        else
            f[blocked(s, channels, size, i)] = (float)v[i];
    return f;
}

/* Where (o, i, tap) lies in OIhw<lanes>i<lanes>o. */
static int64_t filter_at(const setting *s, const winograd_case *c, int64_t o, int64_t i, int64_t tap)
{
    const int64_t l = s->loops->lanes;
    return (((o / l * (c->ic / l) + i / l) * c->k * c->k + tap) * l + i % l) * l + o % l;
}

static fyi_winograd winograd_of(const setting *s, const problem *p, fyi_filters f)
{
    const winograd_case *c = &p->c;
    const bool back = f != FYI_OIHW_IO;
    const fyi_conv_pool_sizes sizes = { .n = c->n,
                                        .ic = back ? c->oc : c->ic,
                                        .true_ic = back ? c->oc : c->ic,
                                        .oc = back ? c->ic : c->oc,
                                        .true_oc = back ? c->ic : c->oc,
                                        .h = back ? p->oh : c->h,
                                        .w = back ? p->ow : c->w,
                                        .k = c->k,
                                        .pad = back ? c->k - 1 - c->pad : c->pad };
    fyi_winograd wg;
    fyi_winograd_init(&wg, s->loops, &sizes, f, back ? c->h : p->oh, back ? c->w : p->ow);
    wg.is_bf16 = s->is_bf16;
    wg.is_wide = s->is_wide;
    return wg;
}

/* ---- comparing ------------------------------------------------------------------------------------- */

/* The relative L2 errors that docs/numerics.md states; and those of storing as bf16. */
#define ERROR_F32 2e-6
#define ERROR_BF16 4e-3

static void check_error(const char *what, const setting *s, const problem *p, double error,
                        double norm, double most)
{
    if (!(sqrt(error) <= most * sqrt(norm)))
        fail_msg("%s, %s (%s), %d lanes, %s, %s: relative error %g", what, p->c.name, p->c.why,
                 s->loops->lanes, s->is_bf16 ? "bf16" : "f32", s->is_wide ? "shared" : "own",
                 sqrt(error / norm));
}

static void check_images(const char *what, const setting *s, const problem *p, const void *got,
                         const double *want, int64_t n, int64_t channels, int64_t size)
{
    double error = 0, norm = 0;
    for (int64_t i = 0; i < n; i++) {
        const int64_t at = blocked(s, channels, size, i);
        const double g =
            s->is_bf16 ? from_bf16(((const uint16_t *)got)[at]) : ((const float *)got)[at];
        error += (g - want[i]) * (g - want[i]);
        norm += want[i] * want[i];
    }
    check_error(what, s, p, error, norm, s->is_bf16 ? ERROR_BF16 : ERROR_F32);
}

static void check_filters(const setting *s, const problem *p, const float *got)
{
    const int64_t taps = p->c.k * p->c.k;
    double error = 0, norm = 0;
    for (int64_t i = 0; i < n_weights(p); i++) {
        const int64_t o = i / taps / p->c.ic;
        const double g = got[filter_at(s, &p->c, o, i / taps % p->c.ic, i % taps)];
        error += (g - p->diff_weights[i]) * (g - p->diff_weights[i]);
        norm += p->diff_weights[i] * p->diff_weights[i];
    }
    check_error("gradient of weights", s, p, error, norm, ERROR_F32);
}

/* ---- running --------------------------------------------------------------------------------------- */

static void *scratch_of(int64_t floats)
{
    void *p = fyi_calloc((size_t)floats, sizeof(float));
    assert_non_null(p);
    return p;
}

/* A hash of dst, which is checked. */
static uint64_t run_images(const setting *s, const problem *p, fyi_filters f, const double *from,
                           const float *filters, const double *want)
{
    static const char *const names[] = {
        [FYI_OIHW_IO] = "dst", [FYI_OIHW_IO_BWD] = "gradient of src", [FYI_OIHW_IO_ADJOINT] = "gradient of src, adjoint"
    };
    const fyi_winograd wg = winograd_of(s, p, f);
    const int64_t in = wg.s.n * wg.s.ic * wg.s.h * wg.s.w, out = wg.s.n * wg.s.oc * wg.oh * wg.ow;
    const int64_t floats = fyi_winograd_floats(&wg, s->threads);
    void *src = images(s, from, in, wg.s.ic, wg.s.h * wg.s.w);
    void *dst = images(s, NULL, out, wg.s.oc, wg.oh * wg.ow);
    float *scratch = scratch_of(floats);
    const fyi_winograd_out to = { .lo = -INFINITY, .hi = INFINITY, .dst = dst };
    fyi_winograd_run(&wg, src, filters, &to, scratch, floats);
    check_images(names[f], s, p, dst, want, out, wg.s.oc, wg.oh * wg.ow);
    const uint64_t hash = fyi_hash64(dst, (size_t)out * (s->is_bf16 ? 2 : 4), 0);
    fyi_free(scratch);
    fyi_free(dst);
    fyi_free(src);
    return hash;
}

static uint64_t run_filters(const setting *s, const problem *p)
{
    const fyi_winograd wg = winograd_of(s, p, FYI_OIHW_IO);
    const int64_t floats = fyi_winograd_grad_floats(&wg, s->threads);
    void *src = images(s, p->src, n_src(p), p->c.ic, p->c.h * p->c.w);
    void *diff = images(s, p->diff, n_dst(p), p->c.oc, p->oh * p->ow);
    float *scratch = scratch_of(floats), *got = scratch_of(n_weights(p));
    const fyi_winograd_grad g = { .diff = diff, .src = src, .diff_weights = got };
    fyi_winograd_run_grad(&wg, &g, scratch, floats);
    check_filters(s, p, got);
    const uint64_t hash = fyi_hash64(got, (size_t)n_weights(p) * sizeof *got, 0);
    fyi_free(got);
    fyi_free(scratch);
    fyi_free(diff);
    fyi_free(src);
    return hash;
}

static uint64_t run_all(const setting *s, const problem *p)
{
    const int64_t taps = p->c.k * p->c.k;
    float *filters = scratch_of(n_weights(p));
    uint64_t hash[4] = { 0 };
    fy_threads_set(s->threads);
    for (int64_t i = 0; i < n_weights(p); i++)
        filters[filter_at(s, &p->c, i / taps / p->c.ic, i / taps % p->c.ic, i % taps)] =
            (float)p->weights[i];
    hash[0] = run_images(s, p, FYI_OIHW_IO, p->src, filters, p->dst);
    hash[1] = run_images(s, p, FYI_OIHW_IO_BWD, p->diff, filters, p->diff_src);
    hash[2] = run_filters(s, p);
    if (!s->is_bf16 && !s->is_wide)
        hash[3] = run_images(s, p, FYI_OIHW_IO_ADJOINT, p->diff, filters, p->diff_src);
    fyi_free(filters);
    fy_threads_set(0);
    return fyi_hash64(hash, sizeof hash, 0);
}

static void check_loops(const fyi_winograd_loops *loops, const problem *p)
{
    for (int k = 0; k < 4; k++) {
        setting s = { .loops = loops, .is_bf16 = k & 1, .is_wide = k & 2, .threads = 1 };
        const uint64_t alone = run_all(&s, p);
        s.threads = 3;
        if (run_all(&s, p) != alone)
            fail_msg("%s: three threads give other bytes than one", p->c.name);
    }
}

static void agrees_with_direct_convolution(void **state)
{
    (void)state;
#if FYI_X86_64
    if (!fyi_cpu_has_avx2())
        skip();
    for (size_t i = 0; i < FYI_LEN(cases); i++) {
        problem p;
        make_problem(&cases[i], &p);
        check_loops(&fyi_winograd_avx2, &p);
        if (fyi_cpu_has_avx512())
            check_loops(&fyi_winograd_avx512, &p);
        free_problem(&p);
    }
#else
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(agrees_with_direct_convolution) };
    return cmocka_run_group_tests_name("winograd", tests, NULL, NULL);
}
