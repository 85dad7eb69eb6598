/* conv_winograd.c: 3x3 and 5x5 convolution at stride 1, and its gradients, by Winograd's transform.
 *
 *   conv2d            dst = act(conv(src, weights) + bias + other)
 *   conv2d_bwd_data   diff_src = conv(diff_dst, weights turned by half a circle)
 *   conv2d_bwd_weights   the transpose of the forward form; diff_bias = sum of diff_dst
 * Channels lie in blocks as wide as a register, and the weights in the layout that oneDNN's direct convolution
 * wants (OIhw16i16o), which takes the layers that are too small to pay for transforming the weights anew at each step.
 * At bf16 precision images are stored as bf16; weights and all sums stay f32. */
#include "backend/native/native.h"
#include "backend/native/winograd.h"

#include <math.h>

/* Below this many tiles the weights' transform costs more than it saves. */
#define MIN_TILES 48
#define MIN_CHANNELS 32

static bool is_dense(const fy_conv_opts *o)
{
    bool dense = o->groups == 1 && o->pad[0] == o->pad[1];
    for (int i = 0; i < 2; i++)
        dense &= o->stride[i] == 1 && o->dilation[i] == 1;
    return dense;
}

static bool fits(const fyi_conv_pool_sizes *s)
{
    return (s->k == 3 || s->k == 5) && s->pad >= 0 && s->ic >= MIN_CHANNELS &&
           s->oc >= MIN_CHANNELS && s->n >= 1;
}

static int64_t padded(int64_t channels, int lanes)
{
    return (channels + lanes - 1) / lanes * lanes;
}

/* Padding of dst has to stay zero. */
static bool keeps_zero(const fyi_conv_attr *a)
{
    return !a->has_act || (a->lo <= 0 && a->hi >= 0);
}

/* A convolution of `src` [n, ic, h, w] that gives `dst`, with filters for weights w [oc, ic, k, k]. */
static bool takes(const fyi_site *site, const fy_shape *src, const fy_shape *dst, const fy_shape *w,
                  int64_t pad, fyi_filters f, fyi_winograd *wg)
{
    const fyi_winograd_loops *loops = fyi_winograd_loops_here();
    const fyi_conv_attr *a = site->attr;
    const int lanes = loops ? loops->lanes : 1;
    const fyi_conv_pool_sizes s = { .n = src->d[0],
                                    .ic = padded(src->d[1], lanes),
                                    .h = src->d[2],
                                    .w = src->d[3],
                                    .oc = padded(dst->d[1], lanes),
                                    .k = w->d[2],
                                    .pad = pad,
                                    .true_ic = src->d[1],
                                    .true_oc = dst->d[1] };
    if (!loops || !is_dense(&a->o) || !keeps_zero(a) || w->d[3] != s.k || !fits(&s) ||
        dst->d[2] < 1 || dst->d[3] < 1)
        return false;
    fyi_winograd_init(wg, loops, &s, f, dst->d[2], dst->d[3]);
    wg->is_bf16 = site->precision == FY_BF16;
    return wg->n_tiles >= MIN_TILES;
}

static bool takes_forward(const fyi_site *s, fyi_winograd *wg)
{
    const fyi_conv_attr *a = s->attr;
    return takes(s, &s->src[0].shape, &s->dst[0].shape, &s->src[1].shape, a->o.pad[0], FYI_OIHW_IO,
                 wg);
}

/* diff_dst [n, oc, oh, ow] takes the part of src, with the border that makes sizes meet. */
static bool takes_bwd_data(const fyi_site *s, fyi_winograd *wg)
{
    const fyi_conv_attr *a = s->attr;
    if (!takes(s, &s->src[0].shape, &s->dst[0].shape, &s->src[1].shape,
               s->src[1].shape.d[2] - 1 - a->o.pad[0], FYI_OIHW_IO_BWD, wg))
        return false;
    if (fyi_winograd_adjoint_pays(wg)) {
        const fyi_winograd bwd = *wg;
        fyi_winograd_init(wg, bwd.loops, &bwd.s, FYI_OIHW_IO_ADJOINT, bwd.oh, bwd.ow);
    }
    return true;
}

static bool takes_bwd_weights(const fyi_site *s, fyi_winograd *wg)
{
    const fyi_conv_attr *a = s->attr;
    return takes(s, &s->src[1].shape, &s->src[0].shape, &s->dst[0].shape, a->o.pad[0], FYI_OIHW_IO,
                 wg);
}

/* ---- what is asked of the compiler -------------------------------------------------------------- */

static void want_images(fyi_desc *d, const fyi_winograd *wg)
{
    d->layout = fyi_layout_channel_block(4, wg->loops->lanes);
    d->dtype = wg->is_bf16 ? FY_BF16 : FY_F32;
}

static void want_weights(fyi_desc *d, const fyi_winograd *wg)
{
    const uint8_t lanes = (uint8_t)wg->loops->lanes;
    d->layout = (fyi_layout){ .rank = 4,
                              .n_inner = 2,
                              .outer = { 0, 1, 2, 3 },
                              .inner_axis = { 1, 0 },
                              .inner_size = { lanes, lanes } };
    d->dtype = FY_F32;
}

static void want_bias(fyi_desc *d)
{
    d->layout = fyi_layout_plain(1);
    d->dtype = FY_F32;
}

static bool want_floats(fyi_site *site, int64_t floats)
{
    site->scratch_bytes = (size_t)floats * sizeof(float);
    site->inplace = false;
    return true;
}

static bool propose(fyi_site *site, const fyi_winograd *wg)
{
    want_images(&site->src[0], wg);
    want_weights(&site->src[1], wg);
    for (int i = 2; i < site->n_src; i++)
        if (site->src[i].shape.rank == 4)
            want_images(&site->src[i], wg);
        else
            want_bias(&site->src[i]);
    want_images(&site->dst[0], wg);
    return want_floats(site, fyi_winograd_floats(wg, fyi_threads()));
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
    state->is_bf16 = site->src[0].dtype == FY_BF16;
    *out = state;
    return FY_OK;
}

static int64_t scratch_floats(const fyi_launch *l)
{
    return (int64_t)(l->site->scratch_bytes / sizeof(float));
}

static fy_status run(const fyi_launch *l, const float *bias, const void *other)
{
    const fyi_conv_attr *a = l->site->attr;
    const fyi_winograd_out to = { .bias = bias,
                                  .other = other,
                                  .lo = a->has_act ? a->lo : -INFINITY,
                                  .hi = a->has_act ? a->hi : INFINITY,
                                  .dst = l->dst[0] };
    fyi_winograd_run(l->state, l->src[0], l->src[1], &to, l->scratch, scratch_floats(l));
    return FY_OK;
}

/* ---- src, weights [, bias] [, other] -> dst ------------------------------------------------------ */

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

const fyi_kernel fyi_native_conv2d = { .name = "native-winograd",
                                       .op = &fyi_op_conv2d,
                                       .any_float = true,
                                       .propose = propose_forward,
                                       .create = create_forward,
                                       .run = run_forward,
                                       .destroy = fyi_free };

/* ---- diff_dst, weights -> diff_src --------------------------------------------------------------- */

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

const fyi_kernel fyi_native_conv2d_bwd_data = { .name = "native-winograd",
                                                .op = &fyi_op_conv2d_bwd_data,
                                                .any_float = true,
                                                .propose = propose_bwd_data,
                                                .create = create_bwd_data,
                                                .run = run_bwd_data,
                                                .destroy = fyi_free };

/* ---- diff_dst, src -> diff_weights [, diff_bias] ------------------------------------------------- */

static bool propose_bwd_weights(fy_device *dev, fyi_site *site)
{
    fyi_winograd wg;
    (void)dev;
    if (!takes_bwd_weights(site, &wg))
        return false;
    want_images(&site->src[0], &wg);
    want_images(&site->src[1], &wg);
    want_weights(&site->dst[0], &wg);
    if (site->n_dst > 1)
        want_bias(&site->dst[1]);
    return want_floats(site, fyi_winograd_grad_floats(&wg, fyi_threads()));
}

static fy_status create_bwd_weights(fy_device *dev, const fyi_site *site, void **state)
{
    fyi_winograd wg = { 0 };
    (void)dev;
    return create(site, takes_bwd_weights(site, &wg), &wg, state);
}

static fy_status run_bwd_weights(const fyi_launch *l)
{
    const fyi_conv_attr *a = l->site->attr;
    const fyi_winograd_grad g = { .diff = l->src[0],
                                  .src = l->src[1],
                                  .diff_weights = l->dst[0],
                                  .diff_bias = a->has_bias ? l->dst[1] : NULL };
    fyi_winograd_run_grad(l->state, &g, l->scratch, scratch_floats(l));
    return FY_OK;
}

const fyi_kernel fyi_native_conv2d_bwd_weights = { .name = "native-winograd",
                                                   .op = &fyi_op_conv2d_bwd_weights,
                                                   .any_float = true,
                                                   .propose = propose_bwd_weights,
                                                   .create = create_bwd_weights,
                                                   .run = run_bwd_weights,
                                                   .destroy = fyi_free };
