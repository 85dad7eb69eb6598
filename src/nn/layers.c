/* layers.c: layers make their parameters the first time a model is built and use them ever after. */
#include "nn/nn.h"

#include <string.h>

static fyi_model_param *find(fy_model *m, const char *name)
{
    for (size_t i = 0; i < m->n_params; i++)
        if (strcmp(m->params[i].name, name) == 0)
            return &m->params[i];
    return NULL;
}

static fy_status add_param(fy_model *m, const char *name, fy_shape s, fyi_init init, int64_t fan_in)
{
    FYI_FORWARD(fyi_grow(&m->params, &m->cap_params, m->n_params + 1, sizeof *m->params));
    fyi_model_param *p = &m->params[m->n_params];
    *p = (fyi_model_param){ .init = init, .fan_in = fan_in };
    const char *leaf = strrchr(name, '.');
    p->is_buffer = leaf && strncmp(leaf, ".running_", 9) == 0;
    fyi_buf full = { 0 };
    fyi_buf_printf(&full, "%s.%s", m->name, name);
    fy_status st = full.failed ? fyi_enomem(full.cap, name) : fy_param_new(full.p, s, &p->param);
    fyi_buf_release(&full);
    FYI_FORWARD(st);
    p->name = fy_param_name(p->param) + strlen(m->name) + 1;
    m->n_params++;
    return FY_OK;
}

/* The parameter `name`, made if this is the first build; its shape is checked at every later one. */
static fy_status obtain(fy_layers *l, const char *name, fy_shape s, fyi_init init, int64_t fan_in,
                        fy_param **out)
{
    fyi_model_param *p = find(l->m, name);
    if (!p && !l->learning)
        return fyi_fail(FY_EINVAL,
                        "model '%s': layer parameter '%s' appeared only now; a model's layers "
                        "may not depend on the mode",
                        l->m->name, name);
    if (!p) {
        FYI_FORWARD(add_param(l->m, name, s, init, fan_in));
        p = &l->m->params[l->m->n_params - 1];
    }
    if (!fy_shape_equal(fy_param_shape(p->param), &s)) {
        char have[FYI_SPEC_CHARS], want[FYI_SPEC_CHARS];
        return fyi_fail(FY_ESHAPE, "model '%s': '%s' is %s, and this input needs %s", l->m->name,
                        name, fy_shape_text(fy_param_shape(p->param), have, sizeof have),
                        fy_shape_text(&s, want, sizeof want));
    }
    *out = p->param;
    return FY_OK;
}

fy_node fyi_layer_param(fy_layers *l, const char *layer, const char *leaf, fy_shape s,
                        fyi_init init, int64_t fan_in)
{
    if (fy_graph_status(l->g) != FY_OK)
        return FY_NO_NODE;
    fy_param *p = NULL;
    fyi_buf name = { 0 };
    fyi_buf_printf(&name, "%s.%s", layer, leaf);
    const fy_status st =
        name.failed ? fyi_enomem(name.cap, layer) : obtain(l, name.p, s, init, fan_in, &p);
    fyi_buf_release(&name);
    fy_graph_fail(l->g, st);
    return st == FY_OK ? fy_use(l->g, p) : FY_NO_NODE;
}

fy_graph *fy_layers_graph(fy_layers *l)
{
    return l->g;
}
fy_mode fy_layers_mode(const fy_layers *l)
{
    return l->mode;
}

/* The size of axis 1, the channels or features; a mistake if there is none. */
static int64_t channels(fy_layers *l, const char *name, fy_node x, int rank)
{
    const fy_shape s = fy_node_shape(l->g, x);
    if (fy_graph_status(l->g) == FY_OK && s.rank != rank) {
        char text[FYI_SPEC_CHARS];
        fy_graph_fail(l->g,
                      fyi_fail(FY_ESHAPE, "layer '%s' of model '%s' takes rank %d, its input is %s",
                               name, l->m->name, rank, fy_shape_text(&s, text, sizeof text)));
    }
    return s.rank > 1 ? s.d[1] : 0;
}

fy_node fy_layer_conv2d(fy_layers *l, const char *name, fy_node x, int64_t oc, int64_t k,
                        const fy_conv_opts *o, bool bias)
{
    const fy_conv_opts defaults = fy_conv_defaults();
    o = o ? o : &defaults;
    const int64_t ic = channels(l, name, x, 4) / FYI_MAX(o->groups, 1), fan_in = ic * k * k;
    const fy_node w =
        fyi_layer_param(l, name, "weight", FY_SHAPE(oc, ic, k, k), FYI_INIT_FAN_IN, fan_in);
    x = fy_conv2d(l->g, x, w, o);
    if (bias)
        x = fy_bias(l->g, x,
                    fyi_layer_param(l, name, "bias", FY_SHAPE(oc), FYI_INIT_FAN_IN, fan_in));
    return x;
}

fy_node fyi_layer_conv_block(fy_layers *l, const char *name, fy_node x, int64_t oc, int64_t k)
{
    const fy_pool_opts half = fy_pool_defaults(2);
    x = fy_layer_conv2d(l, name, x, oc, k, NULL, true);
    return fy_relu(l->g, fy_max_pool2d(l->g, x, &half));
}

fy_node fy_layer_linear(fy_layers *l, const char *name, fy_node x, int64_t oc, bool bias)
{
    const int64_t ic = channels(l, name, x, 2);
    const fy_node w = fyi_layer_param(l, name, "weight", FY_SHAPE(oc, ic), FYI_INIT_FAN_IN, ic);
    x = fy_linear(l->g, x, w);
    if (bias)
        x = fy_bias(l->g, x, fyi_layer_param(l, name, "bias", FY_SHAPE(oc), FYI_INIT_FAN_IN, ic));
    return x;
}

fy_node fy_layer_batch_norm(fy_layers *l, const char *name, fy_node x)
{
    const fy_shape s = fy_node_shape(l->g, x);
    const fy_shape c = FY_SHAPE(s.rank > 1 ? s.d[1] : 0);
    fy_batch_norm_opts o = fy_batch_norm_defaults();
    o.training = l->mode == FY_TRAIN;
    const fy_node scale = fyi_layer_param(l, name, "weight", c, FYI_INIT_ONE, 0);
    const fy_node shift = fyi_layer_param(l, name, "bias", c, FYI_INIT_ZERO, 0);
    const fy_node mean = fyi_layer_param(l, name, "running_mean", c, FYI_INIT_ZERO, 0);
    const fy_node var = fyi_layer_param(l, name, "running_var", c, FYI_INIT_ONE, 0);
    return fy_batch_norm(l->g, x, scale, shift, mean, var, &o);
}

fy_node fy_layer_dropout(fy_layers *l, fy_node x, float p)
{
    return l->mode == FY_TRAIN && p > 0 ? fy_dropout(l->g, x, p) : x;
}

fy_node fy_layer_activation(fy_layers *l, const char *kind, fy_node x)
{
    static const char *const kinds[] = { "relu", "leaky_relu", "none", NULL };
    if (strcmp(kind, "relu") == 0)
        return fy_relu(l->g, x);
    if (strcmp(kind, "leaky_relu") == 0)
        return fy_leaky_relu(l->g, x, 0.2f);
    if (strcmp(kind, "none") == 0)
        return x;
    const char *near = fyi_nearest(kind, kinds);
    return fyi_graph_mistake(l->g, fyi_fail(FY_EINVAL,
                                            "model '%s': activation '%s' is none of relu, "
                                            "leaky_relu, none%s%s%s",
                                            l->m->name, kind, near ? "; did you mean '" : "",
                                            near ? near : "", near ? "'?" : ""));
}
