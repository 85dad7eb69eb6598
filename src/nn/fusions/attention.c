/* attention.c: one token for each modality, which look at each other (Vaswani et al. 2017, section 3.2; with the norm before each
 * part, Xiong et al. 2020):
 *
 *   t_m = P_m z_m + e_m            T1 = T + attention(norm(T))            T2 = T1 + fc(gelu(fc(norm(T1))))
 *   f = mean of the tokens that are there;  W f + b
 *
 * in `hidden` features, by default as many as a part has, with four heads where they divide these, else one; the inner layer is four
 * times as wide. Neutral: a masked key, left out of the mean. e_m is the bias of P_m. */
#include "nn/fusions/fusion.h"

#include <math.h>

#define HEADS 4
#define FAR (-1e9f) /* a score that no softmax notices */

typedef struct tokens {
    int n; /* M */
    int64_t rows, width, heads;
    fy_node there; /* [n, M], 1 or 0 */
} tokens;

static fy_node norm(fy_layers *l, const char *name, fy_node x)
{
    static const fyi_init zero = FYI_INIT_ZERO, one = FYI_INIT_ONE;
    static const fyi_fans none = { 0 };
    const fy_shape s = fy_node_shape(l->g, x), c = FY_SHAPE(s.d[s.rank - 1]);
    const fy_node scale = fyi_layer_param(l, name, "weight", c, one, none);
    const fy_node shift = fyi_layer_param(l, name, "bias", c, zero, none);
    return fy_layer_norm(l->g, x, scale, shift, 1e-5f);
}

/* x [n, M, d] through fc, row by row. */
static fy_node each(fy_layers *l, const char *name, fy_node x, int64_t width)
{
    const fy_shape s = fy_node_shape(l->g, x);
    const fy_node flat = fy_reshape(l->g, x, FY_SHAPE(s.d[0] * s.d[1], s.d[2]));
    return fy_reshape(l->g, fy_layer_linear(l, name, flat, width, true),
                      FY_SHAPE(s.d[0], s.d[1], width));
}

/* [n, M, d] -> [n heads, M, d / heads] */
static fy_node split(fy_graph *g, const tokens *t, fy_node x)
{
    static const int axes[] = { 0, 2, 1, 3 };
    x = fy_reshape(g, x, FY_SHAPE(t->rows, t->n, t->heads, t->width / t->heads));
    return fy_reshape(g, fy_transpose(g, x, axes),
                      FY_SHAPE(t->rows * t->heads, t->n, t->width / t->heads));
}

static fy_node join(fy_graph *g, const tokens *t, fy_node x)
{
    static const int axes[] = { 0, 2, 1, 3 };
    x = fy_reshape(g, x, FY_SHAPE(t->rows, t->heads, t->n, t->width / t->heads));
    return fy_reshape(g, fy_transpose(g, x, axes), FY_SHAPE(t->rows, t->n, t->width));
}

/* [n heads, M, M]: what is added to the scores of keys that are missing. */
static fy_node mask(fy_graph *g, const tokens *t)
{
    const fy_node off = fy_affine(g, t->there, -FAR, FAR);
    const fy_shape all = FY_SHAPE(t->rows, t->heads, t->n, t->n);
    return fy_reshape(g, fy_broadcast(g, fy_reshape(g, off, FY_SHAPE(t->rows, 1, 1, t->n)), all),
                      FY_SHAPE(t->rows * t->heads, t->n, t->n));
}

static fy_node attend(fy_layers *l, const tokens *t, fy_node x)
{
    fy_graph *g = l->g;
    const fy_node q = split(g, t, each(l, "query", x, t->width));
    const fy_node k = split(g, t, each(l, "key", x, t->width));
    const fy_node v = split(g, t, each(l, "value", x, t->width));
    const int64_t size = t->width / t->heads;
    const float scale = 1 / sqrtf((float)size);
    const fy_node scores =
        fy_add(g, fy_scale(g, fy_matmul(g, q, false, k, true), scale), mask(g, t));
    const fy_node seen = fy_matmul(g, fy_softmax(g, scores), false, v, false);
    return each(l, "attended", join(g, t, seen), t->width);
}

/* x sigmoid(1.702 x), GELU's shape (Hendrycks and Gimpel 2016, section 2). */
static fy_node gelu(fy_graph *g, fy_node x)
{
    return fy_mul(g, x, fy_sigmoid(g, fy_scale(g, x, 1.702f)));
}

static fy_node widen(fy_layers *l, const tokens *t, fy_node x)
{
    return each(l, "mlp2", gelu(l->g, each(l, "mlp1", x, 4 * t->width)), t->width);
}

static fy_node mean_there(fy_graph *g, const tokens *t, fy_node x)
{
    static const int over = 1;
    const fy_node weight = fy_reshape(g, t->there, FY_SHAPE(t->rows, t->n, 1));
    const fy_node sum = fy_sum(g, fy_mul(g, x, weight), &over, 1, false);
    /* Of a row without any part: nothing, not nothing over nothing. */
    return fy_div(g, sum, fy_clip(g, fy_sum(g, t->there, &over, 1, true), 1, INFINITY));
}

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    fy_graph *g = l->g;
    const fyi_parts p = fyi_parts_of(l, x);
    tokens t = { .n = p.n, .rows = p.rows, .width = o->hidden ? o->hidden : p.width };
    fy_node token[FY_MAX_MODALITIES];
    if (p.n == 0)
        return FY_NO_NODE;
    t.heads = t.width % HEADS == 0 ? HEADS : 1;
    t.there = fy_concat(g, 1, p.there, p.n);
    for (int m = 0; m < p.n; m++)
        token[m] = fy_reshape(g, fyi_part_linear(l, "token", &p, m, t.width),
                              FY_SHAPE(t.rows, 1, t.width));
    fy_node all = fy_concat(g, 1, token, p.n);
    all = fy_add(g, all, attend(l, &t, norm(l, "norm1", all)));
    all = fy_add(g, all, widen(l, &t, norm(l, "norm2", all)));
    return fyi_head(l, o, "head", mean_there(g, &t, all));
}

const fyi_family fyi_family_fusion_attention = {
    .name = "fusion_attention",
    .text = "a token for each modality, which attend to each other",
    .build = build,
    .input = { .rank = 2, .d = { 2, 65 } },
    .n_classes = 10
};
