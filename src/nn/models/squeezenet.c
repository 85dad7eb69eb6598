/* squeezenet1_1: eight fire modules: 1x1 down, then 1x1 and 3x3 side by side; the head is a 1x1 convolution whose map
 * is pooled (Iandola et al. 2016, version 1.1 of the authors' code; torchvision's). Without classes the last fire's map
 * is pooled. */
#include "nn/blocks.h"

static fy_node fire(fy_layers *l, fy_node x, int at, int64_t narrow, int64_t wide)
{
    fy_layers_enter(l, "features.%d", at);
    x = fyi_conv_relu(l, x, FYI_BLOCK("squeeze", NULL, narrow, 1));
    const fy_node a = fyi_conv_relu(l, x, FYI_BLOCK("expand1x1", NULL, wide, 1));
    const fy_node b = fyi_conv_relu(l, x, FYI_BLOCK("expand3x3", NULL, wide, 3));
    return fy_layers_leave(l, fy_concat2(l->g, 1, a, b));
}

static fy_node halve(fy_layers *l, fy_node x)
{
    fy_pool_opts o = fyi_window(3, 2, 0);
    o.ceil_mode = true;
    return fy_max_pool2d(l->g, x, &o);
}

static const struct {
    int at;
    bool halve;
    int64_t narrow, wide;
} fires[] = {
    { 3, true, 16, 64 },  { 4, false, 16, 64 },   { 6, true, 32, 128 },   { 7, false, 32, 128 },
    { 9, true, 48, 192 }, { 10, false, 48, 192 }, { 11, false, 64, 256 }, { 12, false, 64, 256 },
};

static fy_node head(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    static const fyi_init_style last = { FYI_INIT_NORMAL_01, FYI_INIT_ZERO, FYI_INIT_TORCH,
                                         FYI_INIT_TORCH };
    const char *name = o->head ? o->head : "classifier.1";
    l->style = &last;
    x = fy_layer_dropout(l, x, o->dropout);
    if (fyi_edit_of(l, name, true)) /* "head linear": on what is pooled */
        return fyi_last(l, o, name, fyi_pool(l, o, x), o->n_classes);
    return fyi_pool(l, o, fyi_conv_relu(l, x, FYI_BLOCK(name, NULL, o->n_classes, 1)));
}

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    fy_conv_opts half = fy_conv_defaults();
    half.stride[0] = half.stride[1] = 2;
    x = fy_relu(l->g, fy_layer_conv2d(l, "features.0", x, 64, 3, &half, true));
    for (size_t i = 0; i < FYI_LEN(fires); i++) {
        x = fires[i].halve ? halve(l, x) : x;
        x = fire(l, x, fires[i].at, fires[i].narrow, fires[i].wide);
    }
    return o->n_classes ? head(l, o, fyi_layer_name(l, "features", x))
                        : fyi_layer_name(l, "features", fyi_pool(l, o, x));
}

static const fyi_init_style style = { FYI_INIT_HE_UNIFORM, FYI_INIT_ZERO, FYI_INIT_TORCH,
                                      FYI_INIT_TORCH };

const fyi_family fyi_family_squeezenet1_1 = {
    .name = "squeezenet1_1",
    .text = "SqueezeNet 1.1: fire modules, 1.2 M parameters",
    .build = build,
    .style = &style,
    .takes = FYI_TAKES_POOL,
    .input = { 3, { 3, 224, 224 } },
    .n_classes = 1000,
    .pixels = &fyi_pixels_imagenet,
    .dropout = 0.5f,
};
