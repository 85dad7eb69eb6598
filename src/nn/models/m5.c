/* m5: convolution 80 with stride 4 (`hidden`, 128 channels, times `width`), which reads samples of sound as filters of its own do, then three of 3
 * with 1, 2 and 4 times the channels; behind each batch norm, ReLU and max pooling by 4, where there is still something to pool; the mean
 * over what is left and a last layer (Dai et al. 2017, "Very deep convolutional neural networks for raw waveforms", table 1). Padding keeps
 * lengths as in the table; its maps round up where these round down. Names are those of PyTorch's tutorial on speech commands. */
#include "nn/blocks.h"

#define CHANNELS 128
#define POOL 4

typedef struct stage {
    const char *conv, *norm;
    int64_t times, k, stride, pad; /* channels, window */
} stage;

static const stage stages[] = {
    { "conv1", "bn1", 1, 80, 4, 38 },
    { "conv2", "bn2", 1, 3, 1, 1 },
    { "conv3", "bn3", 2, 3, 1, 1 },
    { "conv4", "bn4", 4, 3, 1, 1 },
};

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    const int64_t channels = fyi_channels(o, CHANNELS);
    x = fyi_as_row(l, x);
    for (size_t i = 0; i < FYI_LEN(stages); i++) {
        const stage *s = &stages[i];
        x = fy_layer_conv1d(l, s->conv, x, s->times * channels, s->k, s->stride, s->pad, false);
        x = fyi_pool_down(l, fy_relu(l->g, fy_layer_batch_norm(l, s->norm, x)), POOL);
    }
    return fyi_head(l, o, "fc1", fy_global_avg_pool(l->g, x));
}

const fyi_family fyi_family_m5 = {
    .name = "m5",
    .text = "conv 80 every 4, then three of 3, each with norm, ReLU, pool 4: raw waveforms",
    .build = build,
    .input = { 2, { 1, 32000 } },
    .n_classes = 10,
    .takes = FYI_TAKES_WIDTH,
};
