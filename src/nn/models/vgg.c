/* vgg: convolutions of 3x3 in five groups with pooling after each, pooled to 7x7, and three fully connected layers of
 * `hidden` (4096), `hidden` and n_classes (Simonyan and Zisserman 2015, table 1; torchvision's, with and without
 * batch norm; the convolutions keep their biases in front of one). */
#include "nn/blocks.h"

typedef struct vgg {
    bool norm;
    int16_t oc[20]; /* of the convolutions in order; POOL between; 0 ends */
} vgg;

enum { POOL = -1 };

/* torchvision counts layers: convolution, batch norm, ReLU, pooling. */
static fy_node conv(fy_layers *l, fy_node x, int64_t oc, bool norm, int at)
{
    char name[24], bn[24];
    (void)snprintf(name, sizeof name, "features.%d", at);
    (void)snprintf(bn, sizeof bn, "features.%d", at + 1);
    x = fyi_conv(l, x, FYI_BLOCK(name, NULL, oc, 3));
    return norm ? fy_layer_batch_norm(l, bn, x) : x;
}

static fy_node features(fy_layers *l, const vgg *v, fy_node x)
{
    for (int i = 0, at = 0; v->oc[i]; i++) {
        x = conv(l, x, v->oc[i], v->norm, at);
        at += v->norm ? 3 : 2;
        if (v->oc[i + 1] == POOL) {
            x = fyi_pool_relu(l, x, 2, 2);
            i++;
            at++;
        } else {
            x = fy_relu(l->g, x);
        }
    }
    return x;
}

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    const int64_t hidden = o->hidden ? o->hidden : 4096;
    x = fy_adaptive_avg_pool2d(l->g, features(l, l->m->family.table, x), 7, 7);
    x = fy_relu(l->g, fy_layer_linear(l, "classifier.0", fy_flatten(l->g, x), hidden, true));
    x = fy_layer_linear(l, "classifier.3", fy_layer_dropout(l, x, o->dropout), hidden, true);
    return fyi_head(l, o, "classifier.6", fy_relu(l->g, x));
}

static const fyi_init_style style = { FYI_INIT_HE_OUT, FYI_INIT_ZERO, FYI_INIT_NORMAL_01,
                                      FYI_INIT_ZERO };

/* clang-format off */
#define VGG11 { 64, POOL, 128, POOL, 256, 256, POOL, 512, 512, POOL, 512, 512, POOL }
#define VGG16 { 64, 64, POOL, 128, 128, POOL, 256, 256, 256, POOL, 512, 512, 512, POOL, 512, 512, 512, POOL }
/* clang-format on */

#define VGG(family, line, with_norm, ...)                                       \
    static const vgg family##_table = { .norm = with_norm, .oc = __VA_ARGS__ }; \
    const fyi_family fyi_family_##family = { .name = #family,                   \
                                             .text = line,                      \
                                             .build = build,                    \
                                             .table = &family##_table,          \
                                             .style = &style,                   \
                                             .input = { 3, { 3, 224, 224 } },   \
                                             .n_classes = 1000,                 \
                                             .pixels = &fyi_pixels_imagenet,    \
                                             .dropout = 0.5f }

VGG(vgg11, "VGG with 8 convolutions", false, VGG11);
VGG(vgg11_bn, "VGG with 8 convolutions and batch norms", true, VGG11);
VGG(vgg16, "VGG with 13 convolutions", false, VGG16);
VGG(vgg16_bn, "VGG with 13 convolutions and batch norms", true, VGG16);
