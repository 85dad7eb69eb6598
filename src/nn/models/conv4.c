/* conv4, conv4_1d: four blocks of convolution 3 (`hidden`, 64 channels, times `width`), batch norm, ReLU and max pooling by 2, where there is still
 * something to pool, then the mean over what is left, dropout and a last layer (Snell et al. 2017, "Prototypical Networks", section 3; with
 * the mean in place of flattening, so that any size will do): pictures and spectrograms [c, h, w], series [c, t]. */
#include "nn/blocks.h"

#define BLOCKS 4
#define CHANNELS 64

static int64_t size_of(fy_graph *g, fy_node x, int axis)
{
    const fy_shape s = fy_node_shape(g, x);
    return axis < s.rank ? s.d[axis] : 0;
}

/* Windows of 2 along each axis that is at least 2 long. */
static fy_node halve(fy_layers *l, fy_node x)
{
    fy_pool_opts o = fy_pool_defaults(2);
    for (int i = 0; i < 2; i++)
        if (size_of(l->g, x, 2 + i) < 2)
            o.kernel[i] = o.stride[i] = 1;
    return fy_max_pool2d(l->g, x, &o);
}

static fy_node block(fy_layers *l, int i, fy_node x, int64_t width, bool is_row)
{
    static const char *const conv[BLOCKS] = { "conv1", "conv2", "conv3", "conv4" };
    static const char *const norm[BLOCKS] = { "bn1", "bn2", "bn3", "bn4" };
    x = is_row ? fy_layer_conv1d(l, conv[i], x, width, 3, 1, 1, false)
               : fy_layer_conv2d(l, conv[i], x, width, 3,
                                 &(fy_conv_opts){ { 1, 1 }, { 1, 1 }, { 1, 1 }, 1 }, false);
    return halve(l, fy_relu(l->g, fy_layer_batch_norm(l, norm[i], x)));
}

static int64_t channels_of(const fy_model_opts *o)
{
    const double wide = (double)(o->hidden ? o->hidden : CHANNELS) * (double)o->width;

    return FYI_MAX((int64_t)(wide + 0.5), 1);
}

static fy_node blocks(fy_layers *l, const fy_model_opts *o, fy_node x, bool is_row)
{
    for (int i = 0; i < BLOCKS; i++)
        x = block(l, i, x, channels_of(o), is_row);
    return fyi_head(l, o, "fc", fy_global_avg_pool(l->g, x));
}

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    return blocks(l, o, x, false);
}

const fyi_family fyi_family_conv4 = {
    .name = "conv4",
    .text = "four blocks of conv 3x3, norm, ReLU, pool: pictures and spectrograms of any size",
    .build = build,
    .input = { 3, { 1, 28, 28 } },
    .n_classes = 10,
    .dropout = 0.5f,
    .takes = FYI_TAKES_WIDTH,
};

/* [n, c, t] as images of height 1; a vector [n, t] has one channel. */
static fy_node build_1d(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    const fy_shape s = fy_node_shape(l->g, x);
    if (fy_graph_status(l->g) != FY_OK)
        return FY_NO_NODE;
    if (s.rank > 3)
        return fyi_graph_mistake(l->g,
                                 fyi_fail(FY_ESHAPE,
                                          "model '%s' takes series [channels, steps], its samples "
                                          "have %d axes",
                                          l->m->name, s.rank - 1));
    const int64_t c = s.rank == 3 ? s.d[1] : 1;
    return blocks(l, o, fy_reshape(l->g, x, FY_SHAPE(s.d[0], c, 1, s.d[s.rank - 1])), true);
}

const fyi_family fyi_family_conv4_1d = {
    .name = "conv4_1d",
    .text = "four blocks of conv 3, norm, ReLU, pool along time: series and waveforms",
    .build = build_1d,
    .input = { 2, { 1, 128 } },
    .n_classes = 10,
    .dropout = 0.5f,
    .takes = FYI_TAKES_WIDTH,
};
