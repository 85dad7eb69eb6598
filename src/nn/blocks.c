/* blocks.c: what several families build from. */
#include "nn/blocks.h"

#include <string.h>

static fy_conv_opts opts_of(const fyi_block *b)
{
    fy_conv_opts o = fy_conv_defaults();
    o.stride[0] = o.stride[1] = FYI_MAX(b->stride, 1);
    o.pad[0] = o.pad[1] = (b->k - 1) / 2;
    o.groups = FYI_MAX(b->groups, 1);
    return o;
}

fy_node fyi_conv_norm(fy_layers *l, fy_node x, const fyi_block *b)
{
    const fy_conv_opts o = opts_of(b);
    return fy_layer_batch_norm(l, b->norm, fy_layer_conv2d(l, b->conv, x, b->oc, b->k, &o, false));
}

fy_node fyi_conv_norm_relu(fy_layers *l, fy_node x, const fyi_block *b)
{
    return fy_relu(l->g, fyi_conv_norm(l, x, b));
}

fy_node fyi_conv(fy_layers *l, fy_node x, const fyi_block *b)
{
    const fy_conv_opts o = opts_of(b);
    return fy_layer_conv2d(l, b->conv, x, b->oc, b->k, &o, true);
}

fy_node fyi_conv_relu(fy_layers *l, fy_node x, const fyi_block *b)
{
    return fy_relu(l->g, fyi_conv(l, x, b));
}

fy_pool_opts fyi_window(int64_t k, int64_t stride, int64_t pad)
{
    fy_pool_opts o = fy_pool_defaults(k);
    o.stride[0] = o.stride[1] = stride;
    o.pad[0] = o.pad[1] = pad;
    return o;
}

fy_node fyi_pool_relu(fy_layers *l, fy_node x, int64_t k, int64_t stride)
{
    const fy_pool_opts o = fyi_window(k, stride, 0);
    return fy_relu(l->g, fy_max_pool2d(l->g, x, &o));
}

fy_node fyi_layer_conv_block(fy_layers *l, const char *name, fy_node x, int64_t oc, int64_t k)
{
    return fyi_pool_relu(l, fy_layer_conv2d(l, name, x, oc, k, NULL, true), 2, 2);
}

fy_node fyi_as_row(fy_layers *l, fy_node x)
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
    return fy_reshape(l->g, x, FY_SHAPE(s.d[0], c, 1, s.d[s.rank - 1]));
}

static int64_t size_of(fy_graph *g, fy_node x, int axis)
{
    const fy_shape s = fy_node_shape(g, x);
    return axis < s.rank ? s.d[axis] : 0;
}

fy_node fyi_pool_down(fy_layers *l, fy_node x, int64_t k)
{
    fy_pool_opts o = fy_pool_defaults(k);
    for (int i = 0; i < 2; i++)
        if (size_of(l->g, x, 2 + i) < k)
            o.kernel[i] = o.stride[i] = 1;
    return fy_max_pool2d(l->g, x, &o);
}

int64_t fyi_channels(const fy_model_opts *o, int64_t published)
{
    const double wide = (double)(o->hidden ? o->hidden : published) * (double)o->width;
    return FYI_MAX((int64_t)(wide + 0.5), 1);
}

fy_node fyi_pool(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    static const struct {
        const char *name;
        fy_node (*pool)(fy_graph *g, fy_node x);
    } kinds[] = {
        { "avg", fy_global_avg_pool },
        { "max", fy_global_max_pool },
        { "l2", fy_global_l2_pool },
    };
    const char *name = o->pool ? o->pool : "avg";
    size_t i = 0;
    for (; strcmp(name, kinds[i].name) != 0; i++)
        FYI_ASSERT(i + 1 < FYI_LEN(kinds)); /* fyi_family_settle refused every other name */
    return kinds[i].pool(l->g, x);
}

fy_node fyi_last(fy_layers *l, const fy_model_opts *o, const char *name, fy_node x, int64_t n)
{
    return fyi_layer_add(
        l, o->head ? o->head : name, x,
        &(fyi_layer){ .kind = FYI_LAYER_LINEAR, .oc = n, .bias = true, .is_head = true });
}

fy_node fyi_head(fy_layers *l, const fy_model_opts *o, const char *name, fy_node features)
{
    features = fyi_layer_name(l, "features", features);
    if (!o->n_classes)
        return features;
    return fyi_last(l, o, name, fy_layer_dropout(l, features, o->dropout), o->n_classes);
}
