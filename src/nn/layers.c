/* layers.c: layers make their parameters the first time a model is built and use them ever after. */
#include "nn/nn.h"

#include <string.h>

static fy_status add_param(fy_model *m, const char *name, fy_shape s, fyi_init init, fyi_fans fans)
{
    FYI_FORWARD(fyi_grow(&m->params, &m->cap_params, m->n_params + 1, sizeof *m->params));
    fyi_model_param *p = &m->params[m->n_params];
    *p = (fyi_model_param){ .init = init, .fans = fans };
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
static fy_status obtain(fy_layers *l, const char *name, fy_shape s, fyi_init init, fyi_fans fans,
                        fy_param **out)
{
    fyi_model_param *p = fyi_model_param_of(l->m, name);
    if (!p && !l->learning)
        return fyi_fail(FY_EINVAL,
                        "model '%s': layer parameter '%s' appeared only now; a model's layers "
                        "may not depend on the mode",
                        l->m->name, name);
    if (!p) {
        FYI_FORWARD(add_param(l->m, name, s, init, fans));
        p = &l->m->params[l->m->n_params - 1];
        p->edit = l->edit ? l->edit->text : NULL;
    }
    if (!fy_shape_equal(fy_param_shape(p->param), &s)) {
        char have[FYI_SPEC_CHARS], want[FYI_SPEC_CHARS];
        return fyi_fail(FY_ESHAPE, "model '%s': '%s' is %s, and this input needs %s", l->m->name,
                        name, fy_shape_text(fy_param_shape(p->param), have, sizeof have),
                        fy_shape_text(&s, want, sizeof want));
    }
    l->n_used = FYI_MAX(l->n_used, (size_t)(p - l->m->params) + 1);
    *out = p->param;
    return FY_OK;
}

fy_node fyi_layer_param(fy_layers *l, const char *layer, const char *leaf, fy_shape s,
                        fyi_init init, fyi_fans fans)
{
    if (fy_graph_status(l->g) != FY_OK)
        return FY_NO_NODE;
    if (l->n_gone > 0)
        return fy_fill(l->g, s, 0);
    fy_param *p = NULL;
    fyi_buf name = { 0 };
    fyi_buf_printf(&name, "%s%s.%s", l->scope, layer, leaf);
    const fy_status st =
        name.failed ? fyi_enomem(name.cap, layer) : obtain(l, name.p, s, init, fans, &p);
    fyi_buf_release(&name);
    fy_graph_fail(l->g, st);
    if (st != FY_OK)
        return FY_NO_NODE;
    return l->is_fixed ? fy_detach(l->g, fy_use(l->g, p)) : fy_use(l->g, p);
}

fy_graph *fy_layers_graph(fy_layers *l)
{
    return l->g;
}
fy_mode fy_layers_mode(const fy_layers *l)
{
    return l->mode;
}

/* ---- names ----------------------------------------------------------------------------------- */

fy_node fyi_layer_name(fy_layers *l, const char *layer, fy_node x)
{
    if (!x.id || (size_t)x.id < l->first)
        return x;
    fyi_buf name = { 0 };
    fyi_buf_printf(&name, "%s.%s%s", l->m->name, l->scope, layer);
    if (name.failed)
        return fyi_graph_mistake(l->g, fyi_enomem(name.cap, layer));
    x = fy_name(l->g, x, name.p);
    fyi_buf_release(&name);
    return x;
}

void fy_layers_enter(fy_layers *l, const char *fmt, ...)
{
    const size_t at = strlen(l->scope), room = sizeof l->scope - at;
    char name[sizeof l->scope];
    va_list args;
    va_start(args, fmt);
    const int n = vsnprintf(name, sizeof name, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n + 2 > room || l->n_scopes == FYI_MAX_SCOPES) {
        fy_graph_fail(l->g,
                      fyi_fail(FY_EINVAL, "model '%s': the scope '%s%s' is too long or too deep",
                               l->m->name, l->scope, fmt));
        return;
    }
    fyi_edit_enter(l, name);
    memcpy(l->scope + at, name, (size_t)n);
    memcpy(l->scope + at + n, ".", 2);
    l->begin[l->n_scopes++] = at;
}

/* Does x bear the last name given in the scope, "<model>.layer1.1"? It keeps it, and fy_model_tap finds both. */
static bool speaks_for_scope(const fy_layers *l, fy_node x)
{
    const size_t model = strlen(l->m->name), scope = strlen(l->scope);
    for (size_t v = l->g->n_values - 1; v >= l->first && v > 0; v--) {
        const char *name = l->g->values[v].name;
        if (name && strncmp(name, l->m->name, model) == 0 && name[model] == '.' &&
            strncmp(name + model + 1, l->scope, scope) == 0)
            return (fyi_id)v == x.id;
    }
    return false;
}

/* "layer1.0." gives its value the name "layer1.0". */
fy_node fy_layers_leave(fy_layers *l, fy_node x)
{
    char scope[sizeof l->scope];
    if (l->n_scopes == 0)
        return fyi_graph_mistake(
            l->g,
            fyi_fail(FY_EINVAL, "model '%s': a scope was left that was not entered", l->m->name));
    const bool is_own = x.id && (size_t)x.id >= l->block[l->n_scopes - 1].n_values,
               is_named = speaks_for_scope(l, x);
    const size_t begin = l->begin[--l->n_scopes], n = strlen(l->scope) - begin;
    memcpy(scope, l->scope + begin, n);
    scope[n - 1] = '\0';
    l->scope[begin] = '\0';
    return fyi_edit_leave(l, scope, is_named || !is_own ? x : fyi_layer_name(l, scope, x));
}

void fyi_layers_end(fy_layers *l)
{
    if (l->n_scopes > 0)
        fy_graph_fail(l->g, fyi_fail(FY_EINVAL, "model '%s': the scope '%s' was not left",
                                     l->m->name, l->scope));
}

/* ---- layers ---------------------------------------------------------------------------------- */

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

static fy_node add_bias(fy_layers *l, const char *name, fy_node x, fyi_init init, fyi_fans fans)
{
    const fy_shape c = FY_SHAPE(fy_node_shape(l->g, x).d[1]);
    return fy_bias(l->g, x, fyi_layer_param(l, name, "bias", c, init, fans));
}

/* Of weights [oc, ic] and their windows; an identity needs as many outputs as inputs. */
static fyi_init init_of(fy_layers *l, const char *name, const fyi_layer *layer, int64_t ic,
                        fyi_init usual)
{
    static const fyi_init identity = { FYI_INIT_IDENTITY, 1, FYI_FAN_ONE };
    if (layer->is_identity && layer->oc != ic && fy_graph_status(l->g) == FY_OK)
        fy_graph_fail(l->g,
                      fyi_fail(FY_ESHAPE,
                               "model '%s': '%s%s' is to be an identity, and gives %lld "
                               "channels or features of %lld",
                               l->m->name, l->scope, name, (long long)layer->oc, (long long)ic));
    return layer->is_identity ? identity : usual;
}

static fyi_init bias_of(const fyi_layer *layer, fyi_init usual)
{
    static const fyi_init zero = FYI_INIT_ZERO;
    return layer->is_identity ? zero : usual;
}

static fy_node build_conv(fy_layers *l, const char *name, fy_node x, const fyi_layer *layer)
{
    const int64_t ic = channels(l, name, x, 4) / FYI_MAX(layer->conv.groups, 1), k = layer->k;
    const int64_t kh = layer->is_row ? 1 : k;
    const float area = (float)kh * (float)k;
    const fyi_fans fans = { .in = (float)ic * area, .out = (float)layer->oc * area };
    const fyi_init init = init_of(l, name, layer, ic, l->style->conv);
    const fy_node w = fyi_layer_param(l, name, "weight", FY_SHAPE(layer->oc, ic, kh, k), init, fans);
    x = fy_conv2d(l->g, x, w, &layer->conv);
    if (layer->bias)
        x = add_bias(l, name, x, bias_of(layer, l->style->conv_bias), fans);
    return x;
}

static fy_node build_linear(fy_layers *l, const char *name, fy_node x, const fyi_layer *layer)
{
    const int64_t ic = channels(l, name, x, 2);
    const fyi_fans fans = { .in = (float)ic, .out = (float)layer->oc };
    const fyi_init init = init_of(l, name, layer, ic, l->style->linear);
    const fy_node w = fyi_layer_param(l, name, "weight", FY_SHAPE(layer->oc, ic), init, fans);
    x = fy_linear(l->g, x, w);
    if (layer->bias)
        x = add_bias(l, name, x, bias_of(layer, l->style->linear_bias), fans);
    return x;
}

/* Does training move the parameter that is used next, the layer's first? */
static bool next_moves(const fy_layers *l)
{
    return l->mode == FY_TRAIN && l->n_gone == 0 &&
           (!l->moves ||
            (l->n_used < l->m->n_params && fy_glob(l->moves, l->m->params[l->n_used].name)));
}

static fy_node build_norm(fy_layers *l, const char *name, fy_node x, const fyi_layer *layer)
{
    static const fyi_init zero = FYI_INIT_ZERO, one = FYI_INIT_ONE;
    static const fyi_fans none = { 0 };
    const fy_shape s = fy_node_shape(l->g, x);
    const fy_shape c = FY_SHAPE(s.rank > 1 ? s.d[1] : 0);
    fy_batch_norm_opts o = fy_batch_norm_defaults();
    (void)layer;
    o.training = next_moves(l);
    o.eps = l->m->family.norm_eps > 0 ? l->m->family.norm_eps : o.eps;
    const fy_node scale = fyi_layer_param(l, name, "weight", c, one, none);
    const fy_node shift = fyi_layer_param(l, name, "bias", c, zero, none);
    const fy_node mean = fyi_layer_param(l, name, "running_mean", c, zero, none);
    const fy_node var = fyi_layer_param(l, name, "running_var", c, one, none);
    return fy_batch_norm(l->g, x, scale, shift, mean, var, &o);
}

static fy_node build_activation(fy_layers *l, const char *name, fy_node x, const fyi_layer *layer)
{
    (void)name;
    return fy_layer_activation(l, layer->activation, x);
}

static fy_node build_dropout(fy_layers *l, const char *name, fy_node x, const fyi_layer *layer)
{
    (void)name;
    return fy_layer_dropout(l, x, layer->p);
}

fy_node fyi_layer_build(fy_layers *l, const char *name, fy_node x, const fyi_layer *layer)
{
    static fy_node (*const build[])(fy_layers *, const char *, fy_node, const fyi_layer *) = {
        [FYI_LAYER_CONV] = build_conv,       [FYI_LAYER_LINEAR] = build_linear,
        [FYI_LAYER_NORM] = build_norm,       [FYI_LAYER_ACTIVATION] = build_activation,
        [FYI_LAYER_DROPOUT] = build_dropout, [FYI_LAYER_MLP] = fyi_edit_mlp,
    };
    const fy_node y = layer->kind == FYI_LAYER_NONE ? x : build[layer->kind](l, name, x, layer);
    return y.id == x.id || layer->kind == FYI_LAYER_MLP ? y : fyi_layer_name(l, name, y);
}

fy_node fyi_layer_add(fy_layers *l, const char *name, fy_node x, const fyi_layer *layer)
{
    const fyi_edit *e;
    x = fyi_edit_insert(l, FYI_EDIT_BEFORE, name, x);
    e = fyi_edit_of(l, name, layer->is_head);
    if (!e)
        fyi_edit_note(l, name, x, layer);
    x = e ? fyi_edit_put(l, e, name, x, layer) : fyi_layer_build(l, name, x, layer);
    return fyi_edit_insert(l, FYI_EDIT_AFTER, name, x);
}

fy_node fy_layer_conv2d(fy_layers *l, const char *name, fy_node x, int64_t oc, int64_t k,
                        const fy_conv_opts *o, bool bias)
{
    const fyi_layer layer = {
        .kind = FYI_LAYER_CONV, .oc = oc, .k = k, .conv = o ? *o : fy_conv_defaults(), .bias = bias
    };
    return fyi_layer_add(l, name, x, &layer);
}

fy_node fy_layer_conv1d(fy_layers *l, const char *name, fy_node x, int64_t oc, int64_t k,
                        int64_t stride, int64_t pad, bool bias)
{
    fyi_layer layer = { .kind = FYI_LAYER_CONV, .oc = oc, .k = k, .is_row = true, .bias = bias };
    layer.conv = fy_conv_defaults();
    layer.conv.stride[1] = stride;
    layer.conv.pad[1] = pad;
    return fyi_layer_add(l, name, x, &layer);
}

fy_node fy_layer_linear(fy_layers *l, const char *name, fy_node x, int64_t oc, bool bias)
{
    return fyi_layer_add(l, name, x,
                         &(fyi_layer){ .kind = FYI_LAYER_LINEAR, .oc = oc, .bias = bias });
}

fy_node fy_layer_batch_norm(fy_layers *l, const char *name, fy_node x)
{
    return fyi_layer_add(l, name, x, &(fyi_layer){ .kind = FYI_LAYER_NORM });
}

fy_node fy_layer_values(fy_layers *l, const char *name, fy_shape s, float value)
{
    const fyi_init all = { FYI_INIT_CONSTANT, value, FYI_FAN_ONE };
    return fyi_layer_param(l, name, "value", s, all, (fyi_fans){ 0 });
}

fy_node fy_layer_dropout(fy_layers *l, fy_node x, float p)
{
    return p > 0 && next_moves(l) ? fy_dropout(l->g, x, p) : x;
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
    return fyi_graph_mistake(l->g, fyi_none_of(l->m->name, "activation", kind, kinds));
}
