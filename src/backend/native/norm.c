/* norm.c: batch normalisation in training, alone or with a residual sum and a clip, over channels in blocks of 16.
 *
 * Each image's channel block is one item: its sums are its own, and are put together in the order of the images,
 * so that the number of threads changes nothing. Backward reads the tensors twice and stores nothing between. */
#include "backend/native/norm.h"
#include "backend/cpu.h"
#include "backend/native/native.h"

#include <math.h>
#include <string.h>

#if FYI_X86_64

/* ---- where a node's tensors stand -------------------------------------------------------------- */

typedef struct norm_job {
    const fyi_norm_loops *loops;
    int64_t n, c, blocks, hw;
    size_t item_bytes;
    float eps, lo, hi;
    const char *x, *other; /* other NULL if none */
    const float *scale, *shift;
    char *dst;
    float *mean, *var;
    /* backward */
    const char *diff, *gate; /* gate NULL: nothing was clipped */
    char *diff_src, *passed; /* passed NULL unless asked for */
    float *diff_scale, *diff_shift;
    /* scratch */
    float *part;          /* [n, blocks, 2, 16] */
    fyi_norm_line *lines; /* [blocks] */
} norm_job;

static int64_t blocks_of(const fy_shape *s)
{
    return (s->d[1] + 15) / 16;
}

static size_t scratch_bytes(const fy_shape *s)
{
    const size_t blocks = (size_t)blocks_of(s);
    return blocks * sizeof(fyi_norm_line) + (size_t)s->d[0] * blocks * 32 * sizeof(float);
}

static norm_job begin(const fyi_launch *l, int src)
{
    const fyi_desc *d = &l->site->src[src];
    norm_job j = { .loops = d->dtype == FY_BF16 ? &fyi_norm_bf16_avx512 : &fyi_norm_f32_avx512 };
    j.n = d->shape.d[0];
    j.c = d->shape.d[1];
    j.blocks = blocks_of(&d->shape);
    j.hw = d->shape.d[2] * d->shape.d[3];
    j.item_bytes = (size_t)j.hw * 16 * fy_dtype_bytes(d->dtype);
    j.x = l->src[src];
    j.lines = l->scratch;
    j.part = (float *)(j.lines + j.blocks);
    return j;
}

static size_t item_at(const norm_job *j, int64_t item)
{
    return (size_t)item * j->item_bytes;
}

static const char *item_or_null(const norm_job *j, const char *p, int64_t item)
{
    return p ? p + item_at(j, item) : NULL;
}

/* A vector's 16 values of a block; zeros past its end. */
static void take16(const norm_job *j, const float *v, int64_t block, float out[16])
{
    const int64_t first = block * 16, n = FYI_MIN(j->c - first, (int64_t)16);
    memset(out, 0, 16 * sizeof *out);
    memcpy(out, v + first, (size_t)n * sizeof *out);
}

static void put16(const norm_job *j, float *v, int64_t block, const float in[16])
{
    const int64_t first = block * 16, n = FYI_MIN(j->c - first, (int64_t)16);
    memcpy(v + first, in, (size_t)n * sizeof *in);
}

static const float *part_of(const norm_job *j, int64_t n, int64_t block, int which)
{
    return j->part + ((n * j->blocks + block) * 2 + which) * 16;
}

/* ---- forward ------------------------------------------------------------------------------------ */

static void find_moments(void *ctx, int64_t first, int64_t end)
{
    const norm_job *j = ctx;
    for (int64_t i = first; i < end; i++)
        j->loops->moments(j->x + item_at(j, i), j->hw, j->part + i * 32, j->part + i * 32 + 16);
}

/* Moments of equal parts put together: Chan, Golub and LeVeque 1979. */
static void join_moments(const norm_job *j, int64_t block, int lane, double *mean, double *var)
{
    double sum = 0, m2 = 0, spread = 0;
    for (int64_t n = 0; n < j->n; n++)
        sum += (double)part_of(j, n, block, 0)[lane];
    *mean = sum / (double)j->n;
    for (int64_t n = 0; n < j->n; n++) {
        const double off = (double)part_of(j, n, block, 0)[lane] - *mean;
        m2 += (double)part_of(j, n, block, 1)[lane];
        spread += off * off;
    }
    *var = (m2 / (double)j->hw + spread) / (double)j->n;
}

static void set_forward_lines(void *ctx, int64_t first, int64_t end)
{
    const norm_job *j = ctx;
    for (int64_t b = first; b < end; b++) {
        fyi_norm_line *l = &j->lines[b];
        float scale[16], var[16];
        take16(j, j->scale, b, scale);
        take16(j, j->shift, b, l->shift);
        for (int k = 0; k < 16; k++) {
            double m, v;
            join_moments(j, b, k, &m, &v);
            l->mean[k] = (float)m;
            var[k] = (float)v;
            l->slope[k] = (float)((double)scale[k] / sqrt(v + (double)j->eps));
        }
        put16(j, j->mean, b, l->mean);
        put16(j, j->var, b, var);
    }
}

static void apply(void *ctx, int64_t first, int64_t end)
{
    const norm_job *j = ctx;
    for (int64_t i = first; i < end; i++)
        j->loops->apply(j->x + item_at(j, i), item_or_null(j, j->other, i), j->dst + item_at(j, i),
                        j->hw, &j->lines[i % j->blocks], j->lo, j->hi);
}

static fy_status forward(norm_job *j)
{
    const int64_t items = j->n * j->blocks, grain = fyi_grain(j->hw * 16);
    fyi_parallel(items, grain, find_moments, j);
    fyi_parallel(j->blocks, 8, set_forward_lines, j);
    fyi_parallel(items, grain, apply, j);
    return FY_OK;
}

/* src, scale, shift [, other] -> dst, mean, var */
static fy_status run_forward(const fyi_launch *l, float eps, float lo, float hi, bool has_other)
{
    norm_job j = begin(l, 0);
    j.eps = eps;
    j.lo = lo;
    j.hi = hi;
    j.scale = l->src[1];
    j.shift = l->src[2];
    j.other = has_other ? l->src[3] : NULL;
    j.dst = l->dst[0];
    j.mean = l->dst[1];
    j.var = l->dst[2];
    return forward(&j);
}

/* ---- backward ----------------------------------------------------------------------------------- */

static fyi_norm_gate gate_of(const norm_job *j, int64_t item)
{
    return (fyi_norm_gate){ .diff = j->diff + item_at(j, item),
                            .dst = item_or_null(j, j->gate, item),
                            .lo = j->lo,
                            .hi = j->hi };
}

static void find_sums(void *ctx, int64_t first, int64_t end)
{
    const norm_job *j = ctx;
    for (int64_t i = first; i < end; i++) {
        const fyi_norm_gate g = gate_of(j, i);
        char *passed = j->passed ? j->passed + item_at(j, i) : NULL;
        float mean[16];
        take16(j, j->mean, i % j->blocks, mean);
        j->loops->sums(&g, j->x + item_at(j, i), passed, j->hw, mean, j->part + i * 32,
                       j->part + i * 32 + 16);
    }
}

static void set_backward_lines(void *ctx, int64_t first, int64_t end)
{
    const norm_job *j = ctx;
    const double count = (double)(j->n * j->hw);
    for (int64_t b = first; b < end; b++) {
        fyi_norm_line *l = &j->lines[b];
        float scale[16], var[16], diff_scale[16], diff_shift[16];
        take16(j, j->mean, b, l->mean);
        take16(j, j->scale, b, scale);
        take16(j, j->var, b, var);
        for (int k = 0; k < 16; k++) {
            const double rstd = 1 / sqrt((double)var[k] + (double)j->eps);
            double sum = 0, dot = 0;
            for (int64_t n = 0; n < j->n; n++) {
                sum += (double)part_of(j, n, b, 0)[k];
                dot += (double)part_of(j, n, b, 1)[k];
            }
            const double factor = (double)scale[k] * rstd;
            l->factor[k] = (float)factor;
            l->slope[k] = (float)(-factor * rstd * rstd * dot / count);
            l->shift[k] = (float)(-factor * sum / count);
            diff_scale[k] = (float)(dot * rstd);
            diff_shift[k] = (float)sum;
        }
        put16(j, j->diff_scale, b, diff_scale);
        put16(j, j->diff_shift, b, diff_shift);
    }
}

static void find_diff_src(void *ctx, int64_t first, int64_t end)
{
    const norm_job *j = ctx;
    for (int64_t i = first; i < end; i++) {
        fyi_norm_gate g = gate_of(j, i);
        if (j->passed) {
            g.diff = j->passed + item_at(j, i);
            g.dst = NULL;
        }
        j->loops->backward(&g, j->x + item_at(j, i), j->diff_src + item_at(j, i), j->hw,
                           &j->lines[i % j->blocks]);
    }
}

static fy_status backward(norm_job *j)
{
    const int64_t items = j->n * j->blocks, grain = fyi_grain(j->hw * 16);
    fyi_parallel(items, grain, find_sums, j);
    fyi_parallel(j->blocks, 8, set_backward_lines, j);
    fyi_parallel(items, grain, find_diff_src, j);
    return FY_OK;
}

/* ---- what they ask of the compiler ---------------------------------------------------------------- */

#define MIN_CHANNELS 8 /* fewer would leave most of a block empty */

/* Images lie in blocks and as `src` is stored, vectors plain in f32. */
static bool propose(fyi_site *site, int src)
{
    const fyi_desc *x = &site->src[src];
    if (!fyi_cpu_has_avx512() || x->shape.rank != 4 || x->shape.d[1] < MIN_CHANNELS ||
        fy_shape_numel(&x->shape) < 1 || (x->dtype != FY_F32 && x->dtype != FY_BF16))
        return false;
    const fy_dtype stored = x->dtype;
    const fyi_layout blocked = fyi_layout_channel_block(4, 16);
    for (int i = 0; i < site->n_src + site->n_dst; i++) {
        fyi_desc *d = i < site->n_src ? &site->src[i] : &site->dst[i - site->n_src];
        const bool is_image = d->shape.rank == 4;
        d->layout = is_image ? blocked : fyi_layout_plain(1);
        d->dtype = is_image ? stored : FY_F32;
    }
    site->scratch_bytes = scratch_bytes(&x->shape);
    site->inplace = true;
    return true;
}

/* ---- norm_act ------------------------------------------------------------------------------------- */

static bool propose_forward(fy_device *dev, fyi_site *site)
{
    (void)dev;
    return propose(site, 0);
}

static fy_status run_norm_act(const fyi_launch *l)
{
    const fyi_norm_act_attr *a = l->site->attr;
    return run_forward(l, a->eps, a->lo, a->hi, a->has_other);
}

FYI_NATIVE_KERNEL_ANY(norm_act, propose_forward, run_norm_act);

/* diff_dst, dst, src, mean, var, scale -> diff_src, diff_scale, diff_shift [, diff_other] */
static bool propose_norm_act_bwd(fy_device *dev, fyi_site *site)
{
    (void)dev;
    return propose(site, 2);
}

static fy_status run_norm_act_bwd(const fyi_launch *l)
{
    const fyi_norm_act_attr *a = l->site->attr;
    norm_job j = begin(l, 2);
    j.eps = a->eps;
    j.lo = a->lo;
    j.hi = a->hi;
    j.diff = l->src[0];
    j.gate = l->src[1];
    j.mean = l->src[3];
    j.var = l->src[4];
    j.scale = l->src[5];
    j.diff_src = l->dst[0];
    j.diff_scale = l->dst[1];
    j.diff_shift = l->dst[2];
    j.passed = a->has_other ? l->dst[3] : NULL;
    return backward(&j);
}

FYI_NATIVE_KERNEL_ANY(norm_act_bwd, propose_norm_act_bwd, run_norm_act_bwd);

/* ---- batch_norm ------------------------------------------------------------------------------------ */

static fy_status run_batch_norm(const fyi_launch *l)
{
    const fyi_batch_norm_attr *a = l->site->attr;
    return run_forward(l, a->eps, -INFINITY, INFINITY, false);
}

FYI_NATIVE_KERNEL_ANY(batch_norm, propose_forward, run_batch_norm);

/* diff_dst, src, mean, var, scale -> diff_src, diff_scale, diff_shift */
static bool propose_batch_norm_bwd(fy_device *dev, fyi_site *site)
{
    (void)dev;
    return ((const fyi_batch_norm_attr *)site->attr)->training && propose(site, 1);
}

static fy_status run_batch_norm_bwd(const fyi_launch *l)
{
    norm_job j = begin(l, 1);
    j.eps = ((const fyi_batch_norm_attr *)l->site->attr)->eps;
    j.diff = l->src[0];
    j.mean = l->src[2];
    j.var = l->src[3];
    j.scale = l->src[4];
    j.diff_src = l->dst[0];
    j.diff_scale = l->dst[1];
    j.diff_shift = l->dst[2];
    return backward(&j);
}

FYI_NATIVE_KERNEL_ANY(batch_norm_bwd, propose_batch_norm_bwd, run_batch_norm_bwd);

#else

static bool decline(fy_device *dev, fyi_site *site)
{
    (void)dev;
    (void)site;
    return false;
}

FYI_NATIVE_KERNEL(norm_act, decline, NULL);
FYI_NATIVE_KERNEL(norm_act_bwd, decline, NULL);
FYI_NATIVE_KERNEL(batch_norm, decline, NULL);
FYI_NATIVE_KERNEL(batch_norm_bwd, decline, NULL);

#endif
