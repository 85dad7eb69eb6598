/* googlenet: nine inception modules: four branches side by side (Szegedy et al. 2015, table 1; torchvision's, with
 * batch norms, and 3x3 where the paper has 5x5). The auxiliary heads are left out. torchvision's file wants images of
 * mean 0.5 and deviation 0.5. */
#include "nn/blocks.h"

static fy_node pool(fy_layers *l, fy_node x, int64_t k, int64_t stride)
{
    fy_pool_opts o = fyi_window(k, stride, stride == 1 ? (k - 1) / 2 : 0);
    o.ceil_mode = true;
    return fy_max_pool2d(l->g, x, &o);
}

/* A BasicConv2d: "<name>.conv" and "<name>.bn". */
static fy_node conv(fy_layers *l, const char *name, fy_node x, int64_t oc, int64_t k)
{
    fy_layers_enter(l, "%s", name);
    return fy_layers_leave(l, fyi_conv_norm_relu(l, x, FYI_BLOCK("conv", "bn", oc, k)));
}

typedef struct inception {
    const char *name;
    int64_t pool, stride; /* max pooling before it, by windows of `pool`; 0: none */
    int64_t b1, b2_in, b2, b3_in, b3, b4;
} inception;

static fy_node branches(fy_layers *l, const inception *c, fy_node x)
{
    fy_node b[4];
    fy_layers_enter(l, "%s", c->name);
    b[0] = conv(l, "branch1", x, c->b1, 1);
    b[1] = conv(l, "branch2.1", conv(l, "branch2.0", x, c->b2_in, 1), c->b2, 3);
    b[2] = conv(l, "branch3.1", conv(l, "branch3.0", x, c->b3_in, 1), c->b3, 3);
    b[3] = conv(l, "branch4.1", pool(l, x, 3, 1), c->b4, 1);
    return fy_layers_leave(l, fy_concat(l->g, 1, b, 4));
}

static const inception inceptions[] = {
    { "inception3a", 3, 2, 64, 96, 128, 16, 32, 32 },
    { "inception3b", 0, 0, 128, 128, 192, 32, 96, 64 },
    { "inception4a", 3, 2, 192, 96, 208, 16, 48, 64 },
    { "inception4b", 0, 0, 160, 112, 224, 24, 64, 64 },
    { "inception4c", 0, 0, 128, 128, 256, 24, 64, 64 },
    { "inception4d", 0, 0, 112, 144, 288, 32, 64, 64 },
    { "inception4e", 0, 0, 256, 160, 320, 32, 128, 128 },
    { "inception5a", 2, 2, 256, 160, 320, 32, 128, 128 },
    { "inception5b", 0, 0, 384, 192, 384, 48, 128, 128 },
};

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    x = fyi_conv_norm_relu(l, x, FYI_BLOCK("conv1.conv", "conv1.bn", 64, 7, .stride = 2));
    x = conv(l, "conv2", pool(l, x, 3, 2), 64, 1);
    x = conv(l, "conv3", x, 192, 3);
    for (size_t i = 0; i < FYI_LEN(inceptions); i++) {
        const inception *c = &inceptions[i];
        x = branches(l, c, c->pool ? pool(l, x, c->pool, c->stride) : x);
    }
    return fyi_head(l, o, "fc", fyi_pool(l, o, x));
}

static const fyi_init_style style = { FYI_INIT_NORMAL_01, FYI_INIT_ZERO, FYI_INIT_NORMAL_01,
                                      FYI_INIT_TORCH };

const fyi_family fyi_family_googlenet = {
    .name = "googlenet",
    .text = "GoogLeNet: nine inception modules, without auxiliary heads",
    .build = build,
    .style = &style,
    .norm_eps = 1e-3f,
    .takes = FYI_TAKES_POOL,
    .input = { 3, { 3, 224, 224 } },
    .n_classes = 1000,
    .pixels = &fyi_pixels_imagenet,
    .dropout = 0.2f,
};
