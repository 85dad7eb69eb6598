/* conv4, conv4_1d: four blocks of convolution 3 (`hidden`, 64 channels, times `width`), batch norm, ReLU and max pooling by 2, where there is still
 * something to pool, then the mean over what is left, dropout and a last layer (Snell et al. 2017, "Prototypical Networks", section 3; with
 * the mean in place of flattening, so that any size will do): pictures and spectrograms [c, h, w], series [c, t]. */
#include "nn/blocks.h"

#define BLOCKS 4
#define CHANNELS 64

static fy_node block(fy_layers *l, int i, fy_node x, int64_t width, bool is_row)
{
    static const char *const conv[BLOCKS] = { "conv1", "conv2", "conv3", "conv4" };
    static const char *const norm[BLOCKS] = { "bn1", "bn2", "bn3", "bn4" };
    x = is_row ? fy_layer_conv1d(l, conv[i], x, width, 3, 1, 1, false)
               : fy_layer_conv2d(l, conv[i], x, width, 3,
                                 &(fy_conv_opts){ { 1, 1 }, { 1, 1 }, { 1, 1 }, 1 }, false);
    return fyi_pool_down(l, fy_relu(l->g, fy_layer_batch_norm(l, norm[i], x)), 2);
}

static fy_node blocks(fy_layers *l, const fy_model_opts *o, fy_node x, bool is_row)
{
    for (int i = 0; i < BLOCKS; i++)
        x = block(l, i, x, fyi_channels(o, CHANNELS), is_row);
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

static fy_node build_1d(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    return blocks(l, o, fyi_as_row(l, x), true);
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
