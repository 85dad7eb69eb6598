/* conv_winograd.c: 3x3 and 5x5 convolution at stride 1, and its gradients, by Winograd's
 * transform: 4 and 2.8
 * times fewer multiplications than the direct form, at a relative error near 1e-6.
 *
 *   conv2d            dst = act(conv(src, weights) + bias + other)
 *   conv2d_bwd_data   diff_src = conv(diff_dst, weights turned by half a circle)
 *   conv2d_bwd_weights   the transpose of the forward form; diff_bias = sum of diff_dst
 * Channels in blocks of 16; the weights lie OIhw16i16o, as oneDNN's direct convolution wants them,
 * which takes
 * the layers that are too small to pay for transforming the weights anew at each step. */
#include "backend/native/conv_pool.h"
#include "backend/native/cpu.h"
#include "backend/native/native.h"

#include <string.h>

#if FYI_X86_64

/* Below this many tiles the weights' transform costs more than it saves. */
#define MIN_TILES 48
#define MIN_CHANNELS 32

typedef struct scratch_size {
    int64_t shared, each; /* floats */
} scratch_size;

static bool is_dense(const fy_conv_opts *o)
{
    bool dense = o->groups == 1 && o->pad[0] == o->pad[1];
    for (int i = 0; i < 2; i++)
        dense &= o->stride[i] == 1 && o->dilation[i] == 1;
    return dense;
}

/* A convolution of `src` [n, ic, h, w] that gives `dst`, with filters for weights w [oc, ic, k,
 * k]. */
static bool takes(const fyi_site *site, const fy_shape *src, const fy_shape *dst, const fy_shape *w,
                  int64_t pad, fyi_filters f, fyi_winograd *wg)
{
    const fyi_conv_attr *a = site->attr;
    const fyi_conv_pool_sizes s = { .n = src->d[0],
                                    .ic = src->d[1],
                                    .h = src->d[2],
                                    .w = src->d[3],
                                    .oc = dst->d[1],
                                    .k = w->d[2],
                                    .pad = pad,
                                    .true_ic = src->d[1],
                                    .true_oc = dst->d[1],
                                    .relu = a->relu };
    if (!fyi_cpu_has_avx512() || !is_dense(&a->o) || !fyi_native_is_f32(site) || w->d[3] != s.k ||
        (s.k != 3 && s.k != 5) || pad < 0 || s.ic % 16 != 0 || s.oc % 16 != 0 ||
        s.ic < MIN_CHANNELS || s.oc < MIN_CHANNELS || s.n < 1 || dst->d[2] < 1 || dst->d[3] < 1)
        return false;
    fyi_winograd_init(wg, &s, f, dst->d[2], dst->d[3]);
    return wg->n_tiles >= MIN_TILES;
}

static bool takes_forward(const fyi_site *s, fyi_winograd *wg)
{
    const fyi_conv_attr *a = s->attr;
    return takes(s, &s->src[0].shape, &s->dst[0].shape, &s->src[1].shape, a->o.pad[0],
                 FYI_OIHW16I16O, wg);
}

/* diff_dst [n, oc, oh, ow] takes the part of src, with the border that makes sizes meet. */
static bool takes_bwd_data(const fyi_site *s, fyi_winograd *wg)
{
    const fyi_conv_attr *a = s->attr;
    return takes(s, &s->src[0].shape, &s->dst[0].shape, &s->src[1].shape,
                 s->src[1].shape.d[2] - 1 - a->o.pad[0], FYI_OIHW16I16O_BWD, wg);
}

static scratch_size size_of(const fyi_winograd *wg)
{
    return (scratch_size){ fyi_winograd_weights_floats(wg), fyi_winograd_chunk_floats(wg) };
}

static fyi_layout weights_layout(void)
{
    return (fyi_layout){ .rank = 4,
                         .n_inner = 2,
                         .outer = { 0, 1, 2, 3 },
                         .inner_axis = { 1, 0 },
                         .inner_size = { 16, 16 } };
}

static bool propose(fyi_site *site, const fyi_winograd *wg)
{
    const scratch_size need = size_of(wg);
    for (int i = 0; i < site->n_src; i++)
        site->src[i].layout =
            site->src[i].shape.rank == 4 ? fyi_layout_channel_block(4, 16) : fyi_layout_plain(1);
    site->src[1].layout = weights_layout();
    site->dst[0].layout = fyi_layout_channel_block(4, 16);
    site->scratch_bytes = (size_t)(need.shared + need.each * fyi_threads()) * sizeof(float);
    site->inplace = false;
    return true;
}

static fy_status create(const fyi_site *site, bool taken, const fyi_winograd *wg, void **out)
{
    fyi_winograd *state = fyi_alloc(sizeof *state);
    *out = NULL;
    if (!state)
        return fyi_enomem(sizeof *state, site->name);
    if (!taken) {
        fyi_free(state);
        return fyi_fail(FY_ENOKERNEL, "'%s': its shapes changed after they were taken", site->name);
    }
    *state = *wg;
    *out = state;
    return FY_OK;
}

/* ---- running --------------------------------------------------------------------------------- */

typedef struct job {
    const fyi_winograd *wg;
    const float *src, *weights;
    fyi_winograd_out to;
    float *u, *each;
    int64_t each_floats, n_ranges, n_chunks;
} job;

static void transform_weights(void *ctx, int64_t begin, int64_t end)
{
    const job *j = ctx;
    fyi_winograd_weights_avx512(j->wg, j->weights, j->u, begin, end);
}

/* Range i of the chunks, in scratch of its own. */
static void run_ranges(void *ctx, int64_t begin, int64_t end)
{
    const job *j = ctx;
    for (int64_t i = begin; i < end; i++)
        for (int64_t c = j->n_chunks * i / j->n_ranges; c < j->n_chunks * (i + 1) / j->n_ranges;
             c++) {
            const int64_t first = c * j->wg->chunk;
            fyi_winograd_chunk_avx512(j->wg, j->src, j->u, &j->to, j->each + i * j->each_floats,
                                      first, FYI_MIN(j->wg->chunk, j->wg->n_tiles - first));
        }
}

static fy_status run(const fyi_launch *l, const float *bias, const float *other)
{
    const fyi_winograd *planned = l->state;
    const scratch_size size = size_of(planned);
    const int64_t floats = (int64_t)(l->site->scratch_bytes / sizeof(float));
    const int64_t threads = FYI_MIN(fyi_threads(), (floats - size.shared) / size.each);
    fyi_winograd wg = *planned;
    /* Large chunks must not leave threads without work; which chunk a tile is in changes nothing.
     * */
    wg.chunk = FYI_MIN(wg.chunk, (wg.n_tiles / threads + 6) / 6 * 6);
    job j = { .wg = &wg,
              .src = l->src[0],
              .weights = l->src[1],
              .u = l->scratch,
              .to = { .bias = bias, .other = other, .dst = l->dst[0] } };
    j.each = j.u + size.shared;
    j.each_floats = size.each;
    j.n_ranges = threads;
    j.n_chunks = (wg.n_tiles + wg.chunk - 1) / wg.chunk;
    fyi_parallel(wg.s.oc / 16 * (wg.s.ic / 16), 4, transform_weights, &j);
    fyi_parallel(j.n_ranges, 1, run_ranges, &j);
    return FY_OK;
}

/* ---- src, weights [, bias] [, other] -> dst -------------------------------------------------- */

static bool propose_forward(fy_device *dev, fyi_site *site)
{
    fyi_winograd wg;
    (void)dev;
    return takes_forward(site, &wg) && propose(site, &wg);
}

static fy_status create_forward(fy_device *dev, const fyi_site *site, void **state)
{
    fyi_winograd wg = { 0 };
    (void)dev;
    return create(site, takes_forward(site, &wg), &wg, state);
}

static fy_status run_forward(const fyi_launch *l)
{
    const fyi_conv_attr *a = l->site->attr;
    return run(l, a->has_bias ? l->src[2] : NULL, a->has_other ? l->src[2 + a->has_bias] : NULL);
}

const fyi_kernel fyi_native_conv2d = { .name = "native",
                                       .op = &fyi_op_conv2d,
                                       .propose = propose_forward,
                                       .create = create_forward,
                                       .run = run_forward,
                                       .destroy = fyi_free };

/* ---- diff_dst, weights -> diff_src ----------------------------------------------------------- */

static bool propose_bwd_data(fy_device *dev, fyi_site *site)
{
    fyi_winograd wg;
    (void)dev;
    return takes_bwd_data(site, &wg) && propose(site, &wg);
}

static fy_status create_bwd_data(fy_device *dev, const fyi_site *site, void **state)
{
    fyi_winograd wg = { 0 };
    (void)dev;
    return create(site, takes_bwd_data(site, &wg), &wg, state);
}

static fy_status run_bwd_data(const fyi_launch *l)
{
    return run(l, NULL, NULL);
}

const fyi_kernel fyi_native_conv2d_bwd_data = { .name = "native",
                                                .op = &fyi_op_conv2d_bwd_data,
                                                .propose = propose_bwd_data,
                                                .create = create_bwd_data,
                                                .run = run_bwd_data,
                                                .destroy = fyi_free };

/* ---- diff_dst, src -> diff_weights [, diff_bias] --------------------------------------------- */

/* Floats of one batch's transformed tiles: about what stays in a last-level cache, and enough
 * tiles that the
 * sums are not read and written too often. */
#define BATCH_FLOATS (1024 * 1024)
#define BATCH_TILES 128

static bool takes_bwd_weights(const fyi_site *s, fyi_winograd *wg)
{
    const fyi_conv_attr *a = s->attr;
    if (!takes(s, &s->src[1].shape, &s->src[0].shape, &s->dst[0].shape, a->o.pad[0], FYI_OIHW16I16O,
               wg))
        return false;
    const int64_t fitting = BATCH_FLOATS / (36 * (wg->s.ic + wg->s.oc));
    wg->chunk = FYI_MIN(FYI_MAX(fitting, (int64_t)BATCH_TILES), wg->n_tiles);
    return true;
}

static int64_t grad_floats(const fyi_winograd *wg)
{
    return fyi_winograd_weights_floats(wg) + fyi_winograd_chunk_floats(wg);
}

static bool propose_bwd_weights(fy_device *dev, fyi_site *site)
{
    fyi_winograd wg;
    (void)dev;
    if (!takes_bwd_weights(site, &wg))
        return false;
    site->src[0].layout = site->src[1].layout = fyi_layout_channel_block(4, 16);
    site->dst[0].layout = weights_layout();
    if (site->n_dst > 1)
        site->dst[1].layout = fyi_layout_plain(1);
    site->scratch_bytes = (size_t)grad_floats(&wg) * sizeof(float);
    site->inplace = false;
    return true;
}

static fy_status create_bwd_weights(fy_device *dev, const fyi_site *site, void **state)
{
    fyi_winograd wg = { 0 };
    (void)dev;
    return create(site, takes_bwd_weights(site, &wg), &wg, state);
}

typedef struct grad_job {
    const fyi_winograd *wg;
    const float *diff, *src;
    float *sum, *v, *e;   /* [36, ic, oc], one batch of tiles of src, of diff_dst */
    int64_t first, count; /* tiles of the batch */
    float *diff_weights, *diff_bias;
} grad_job;

static void transform_tiles(void *ctx, int64_t begin, int64_t end)
{
    const grad_job *j = ctx;
    fyi_winograd_grad_tiles_avx512(j->wg, j->src, j->diff, j->v, j->e, j->first, begin, end);
}

/* Each of the 36 points is one thread's, so sums have one order whatever the number of threads. */
static void multiply_points(void *ctx, int64_t begin, int64_t end)
{
    const grad_job *j = ctx;
    const int64_t ic = j->wg->s.ic, oc = j->wg->s.oc, chunk = j->wg->chunk;
    for (int64_t t = begin; t < end; t++) {
        float *sum = j->sum + t * ic * oc;
        if (j->first == 0)
            memset(sum, 0, (size_t)(ic * oc) * sizeof *sum);
        fyi_winograd_grad_product_avx512(j->wg, j->v + t * chunk * ic, j->e + t * chunk * oc, sum,
                                         j->count);
    }
}

static void transform_back(void *ctx, int64_t begin, int64_t end)
{
    const grad_job *j = ctx;
    fyi_winograd_grad_weights_avx512(j->wg, j->sum, j->diff_weights, begin, end);
}

static void add_biases(void *ctx, int64_t begin, int64_t end)
{
    const grad_job *j = ctx;
    fyi_channel_sums_avx512(j->diff, j->wg->s.n, j->wg->s.oc / 16, j->wg->oh * j->wg->ow,
                            j->diff_bias, begin, end);
}

static fy_status run_bwd_weights(const fyi_launch *l)
{
    const fyi_winograd *wg = l->state;
    const fyi_conv_attr *a = l->site->attr;
    grad_job j = { .wg = wg,
                   .diff = l->src[0],
                   .src = l->src[1],
                   .sum = l->scratch,
                   .diff_weights = l->dst[0],
                   .diff_bias = a->has_bias ? l->dst[1] : NULL };
    j.v = j.sum + fyi_winograd_weights_floats(wg);
    j.e = j.v + 36 * wg->chunk * wg->s.ic;
    for (j.first = 0; j.first < wg->n_tiles; j.first += wg->chunk) {
        j.count = FYI_MIN(wg->chunk, wg->n_tiles - j.first);
        fyi_parallel(j.count, 4, transform_tiles, &j);
        fyi_parallel(36, 1, multiply_points, &j);
    }
    fyi_parallel(wg->s.oc / 16 * (wg->s.ic / 16), 4, transform_back, &j);
    if (j.diff_bias)
        fyi_parallel(wg->s.oc / 16, 1, add_biases, &j);
    return FY_OK;
}

const fyi_kernel fyi_native_conv2d_bwd_weights = { .name = "native",
                                                   .op = &fyi_op_conv2d_bwd_weights,
                                                   .propose = propose_bwd_weights,
                                                   .create = create_bwd_weights,
                                                   .run = run_bwd_weights,
                                                   .destroy = fyi_free };

#else

static bool decline(fy_device *dev, fyi_site *site)
{
    (void)dev;
    (void)site;
    return false;
}

const fyi_kernel fyi_native_conv2d = { .name = "native", .op = &fyi_op_conv2d, .propose = decline };
const fyi_kernel fyi_native_conv2d_bwd_data = { .name = "native",
                                                .op = &fyi_op_conv2d_bwd_data,
                                                .propose = decline };
const fyi_kernel fyi_native_conv2d_bwd_weights = { .name = "native",
                                                   .op = &fyi_op_conv2d_bwd_weights,
                                                   .propose = decline };

#endif
