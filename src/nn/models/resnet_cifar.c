/* resnet_cifar: the ResNets for pictures of 32x32: a stem of 16 channels and three stages of basic blocks with 16, 32
 * and 64 (He et al. 2016, section 4.2). Shortcuts have no weights (option A): every other pixel of every other row,
 * with zeros for the new channels, half before and half after. Names are those of akamaster/pytorch_resnet_cifar10. */
#include "nn/blocks.h"

static fy_node every_other(fy_graph *g, fy_node x, int axis)
{
    return fy_slice_step(g, x, axis, 0, (fy_node_shape(g, x).d[axis] + 1) / 2, 2);
}

static fy_node shortcut(fy_graph *g, fy_node x, int64_t oc, int64_t stride)
{
    const int64_t more = oc - fy_node_shape(g, x).d[1];
    if (stride == 1 && more == 0)
        return x;
    x = every_other(g, every_other(g, x, 2), 3);
    return fy_pad(g, x, 1, more / 2, more - more / 2);
}

static fy_node block(fy_layers *l, fy_node x, int64_t oc, int64_t stride)
{
    fy_node y = fyi_conv_norm_relu(l, x, FYI_BLOCK("conv1", "bn1", oc, 3, .stride = stride));
    y = fyi_conv_norm(l, y, FYI_BLOCK("conv2", "bn2", oc, 3));
    return fy_relu(l->g, fy_add(l->g, y, shortcut(l->g, x, oc, stride)));
}

static fy_node stage(fy_layers *l, fy_node x, int i, int n_blocks)
{
    fy_layers_enter(l, "layer%d", i + 1);
    for (int k = 0; k < n_blocks; k++) {
        fy_layers_enter(l, "%d", k);
        x = fy_layers_leave(l, block(l, x, (int64_t)16 << i, k == 0 && i > 0 ? 2 : 1));
    }
    return fy_layers_leave(l, x);
}

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    const int *n_blocks = l->m->family.table;
    x = fyi_conv_norm_relu(l, x, FYI_BLOCK("conv1", "bn1", 16, 3));
    for (int i = 0; i < 3; i++)
        x = stage(l, x, i, *n_blocks);
    return fyi_head(l, o, "linear", fyi_pool(l, o, x));
}

static const fyi_init_style style = { FYI_INIT_HE_IN, FYI_INIT_ZERO, FYI_INIT_HE_IN,
                                      FYI_INIT_TORCH };

#define RESNET(depth)                                                                           \
    static const int blocks_of_##depth = ((depth)-2) / 6;                                       \
    const fyi_family fyi_family_resnet##depth##_cifar = {                                       \
        .name = "resnet" #depth "_cifar",                                                       \
        .text = "ResNet of " #depth " layers for pictures of 32x32, shortcuts without weights", \
        .build = build,                                                                         \
        .table = &blocks_of_##depth,                                                            \
        .style = &style,                                                                        \
        .takes = FYI_TAKES_POOL,                                                                \
        .input = { 3, { 3, 32, 32 } },                                                          \
        .n_classes = 10,                                                                        \
        .pixels = &fyi_pixels_cifar                                                             \
    }

RESNET(20);
RESNET(56);
