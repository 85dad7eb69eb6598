/* resnet: a stem, four stages of residual blocks, pooling, one fully connected layer (He et al. 2016, table 1;
 * torchvision's: the stride of a bottleneck is its 3x3 convolution's). */
#include "nn/blocks.h"

/* What a block computes before its shortcut is added. */
typedef fy_node (*residual)(fy_layers *l, fy_node x, int64_t planes, int64_t stride);

typedef struct resnet {
    residual f;
    int64_t expansion; /* channels a block gives, of `planes` */
    int n_blocks[4];   /* of each stage */
} resnet;

static fy_node basic(fy_layers *l, fy_node x, int64_t planes, int64_t stride)
{
    x = fyi_conv_norm_relu(l, x, FYI_BLOCK("conv1", "bn1", planes, 3, .stride = stride));
    return fyi_conv_norm(l, x, FYI_BLOCK("conv2", "bn2", planes, 3));
}

static fy_node bottleneck(fy_layers *l, fy_node x, int64_t planes, int64_t stride)
{
    x = fyi_conv_norm_relu(l, x, FYI_BLOCK("conv1", "bn1", planes, 1));
    x = fyi_conv_norm_relu(l, x, FYI_BLOCK("conv2", "bn2", planes, 3, .stride = stride));
    return fyi_conv_norm(l, x, FYI_BLOCK("conv3", "bn3", 4 * planes, 1));
}

static fy_node shortcut(fy_layers *l, fy_node x, int64_t oc, int64_t stride)
{
    if (stride == 1 && fy_node_shape(l->g, x).d[1] == oc)
        return x;
    return fyi_conv_norm(l, x, FYI_BLOCK("downsample.0", "downsample.1", oc, 1, .stride = stride));
}

static fy_node stage(fy_layers *l, fy_node x, const resnet *r, int i)
{
    const int64_t planes = (int64_t)64 << i;
    fy_layers_enter(l, "layer%d", i + 1);
    for (int k = 0; k < r->n_blocks[i]; k++) {
        const int64_t stride = k == 0 && i > 0 ? 2 : 1;
        fy_layers_enter(l, "%d", k);
        const fy_node y = r->f(l, x, planes, stride);
        x = fy_add(l->g, y, shortcut(l, x, planes * r->expansion, stride));
        x = fy_layers_leave(l, fy_relu(l->g, x));
    }
    return fy_layers_leave(l, x);
}

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    const resnet *r = l->m->family.table;
    const fy_pool_opts half = fyi_window(3, 2, 1);
    x = fyi_conv_norm_relu(l, x, FYI_BLOCK("conv1", "bn1", 64, 7, .stride = 2));
    x = fy_max_pool2d(l->g, x, &half);
    for (int i = 0; i < 4; i++)
        x = stage(l, x, r, i);
    return fyi_head(l, o, "fc", fyi_pool(l, o, x));
}

static const fyi_init_style style = { FYI_INIT_HE_OUT, FYI_INIT_ZERO, FYI_INIT_TORCH,
                                      FYI_INIT_TORCH };

#define RESNET(family, line, block, times, ...)                               \
    static const resnet family##_table = { block, times, __VA_ARGS__ };       \
    const fyi_family fyi_family_##family = { .name = #family,                 \
                                             .text = line,                    \
                                             .build = build,                  \
                                             .table = &family##_table,        \
                                             .style = &style,                 \
                                             .takes = FYI_TAKES_POOL,         \
                                             .input = { 3, { 3, 224, 224 } }, \
                                             .n_classes = 1000,               \
                                             .pixels = &fyi_pixels_imagenet }
/* clang-format off */
RESNET(resnet18, "ResNet of 8 basic blocks", basic, 1, { 2, 2, 2, 2 });
RESNET(resnet34, "ResNet of 16 basic blocks", basic, 1, { 3, 4, 6, 3 });
RESNET(resnet50, "ResNet of 16 bottlenecks", bottleneck, 4, { 3, 4, 6, 3 });
/* clang-format on */
