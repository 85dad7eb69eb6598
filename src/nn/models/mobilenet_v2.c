/* mobilenet_v2: inverted residuals: 1x1 up, 3x3 each channel alone, 1x1 down, and a shortcut between narrow ends
 * (Sandler et al. 2018, table 2; torchvision's). `width` is a factor on all channels, rounded to eights; the last
 * convolution never has fewer than 1280. */
#include "nn/blocks.h"

/* A multiple of 8, not more than a tenth below the wish. */
static int64_t round_channels(double wish)
{
    const int64_t rounded = FYI_MAX((int64_t)(wish + 4) / 8 * 8, 8);
    return (double)rounded < 0.9 * wish ? rounded + 8 : rounded;
}

static fy_node norm_relu6(fy_layers *l, fy_node x, const fyi_block *b)
{
    return fy_clip(l->g, fyi_conv_norm(l, x, b), 0, 6);
}

/* As torchvision counts: with `expand` 1 the first convolution is left out and the others move up. */
static fy_node residual(fy_layers *l, fy_node x, int64_t oc, int64_t stride, int64_t expand)
{
    static const char *const names[][4] = { { "0.0", "0.1", "1", "2" }, { "1.0", "1.1", "2", "3" } };
    const int64_t ic = fy_node_shape(l->g, x).d[1], wide = ic * expand;
    const char *const *name = names[expand != 1];
    fy_node y = x;
    fy_layers_enter(l, "conv");
    if (expand != 1)
        y = norm_relu6(l, y, FYI_BLOCK("0.0", "0.1", wide, 1));
    y = norm_relu6(l, y, FYI_BLOCK(name[0], name[1], wide, 3, .stride = stride, .groups = wide));
    y = fyi_conv_norm(l, y, FYI_BLOCK(name[2], name[3], oc, 1));
    y = fy_layers_leave(l, y);
    return stride == 1 && ic == oc ? fy_add(l->g, x, y) : y;
}

typedef struct group {
    int64_t expand, oc, n, stride;
} group;

static const group groups[] = {
    { 1, 16, 1, 1 }, { 6, 24, 2, 2 },  { 6, 32, 3, 2 },  { 6, 64, 4, 2 },
    { 6, 96, 3, 1 }, { 6, 160, 3, 2 }, { 6, 320, 1, 1 },
};

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    const double width = o->width;
    int at = 0;
    x = norm_relu6(
        l, x, FYI_BLOCK("features.0.0", "features.0.1", round_channels(32 * width), 3, .stride = 2));
    for (size_t i = 0; i < FYI_LEN(groups); i++)
        for (int64_t k = 0; k < groups[i].n; k++) {
            fy_layers_enter(l, "features.%d", ++at);
            x = residual(l, x, round_channels((double)groups[i].oc * width),
                         k == 0 ? groups[i].stride : 1, groups[i].expand);
            x = fy_layers_leave(l, x);
        }
    const int64_t last = round_channels(1280 * FYI_MAX(width, 1.0));
    x = norm_relu6(l, x, FYI_BLOCK("features.18.0", "features.18.1", last, 1));
    return fyi_head(l, o, "classifier.1", fyi_pool(l, o, x));
}

static const fyi_init_style style = { FYI_INIT_HE_OUT, FYI_INIT_ZERO, FYI_INIT_NORMAL_01,
                                      FYI_INIT_ZERO };

const fyi_family fyi_family_mobilenet_v2 = {
    .name = "mobilenet_v2",
    .text = "MobileNetV2: inverted residuals; width 0.35 has 1.7 M parameters, 1 has 3.5 M",
    .build = build,
    .style = &style,
    .takes = FYI_TAKES_WIDTH | FYI_TAKES_POOL,
    .input = { 3, { 3, 224, 224 } },
    .n_classes = 1000,
    .pixels = &fyi_pixels_imagenet,
    .dropout = 0.2f,
};
