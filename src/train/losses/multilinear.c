/* multilinear.c: features and predictions in one vector. M. Long, Z. Cao, J. Wang and M. Jordan (NeurIPS 2018), "Conditional
 * Adversarial Domain Adaptation", section 3.2:
 *
 *   T(f, p) = f (x) p, or  (R_f f) * (R_g p) / sqrt(width) */
#include "train/losses/losses.h"

#include <ferry/domains.h>

#include <math.h>

/* [d, width] of normal numbers. */
static fy_node drawn(fy_graph *g, const char *name, int64_t d, int64_t width, uint64_t seed)
{
    size_t bytes;
    fy_rng r = fy_rng_named(seed, name);
    const bool is_too_much = fyi_mul_overflows((size_t)d, (size_t)width * sizeof(float), &bytes);
    float *v = is_too_much ? NULL : fyi_alloc(bytes);
    if (!v) {
        fy_graph_fail(g, fyi_enomem((size_t)d, "a random projection"));
        return FY_NO_NODE;
    }
    for (int64_t i = 0; i < d * width; i++)
        v[i] = fy_rng_normal(&r);
    const fy_node x = fy_constant(g, FY_F32, FY_SHAPE(d, width), v);
    fyi_free(v);
    return x;
}

static fy_node projected(fy_graph *g, const char *name, fy_node x, int64_t width, uint64_t seed)
{
    return fy_matmul(g, x, false, drawn(g, name, fy_node_shape(g, x).d[1], width, seed), false);
}

static fy_node outer(fy_graph *g, fy_node f, fy_node p)
{
    const fy_shape a = fy_node_shape(g, f), b = fy_node_shape(g, p);
    return fy_flatten(g, fy_mul(g, fy_reshape(g, f, FY_SHAPE(a.d[0], a.d[1], 1)),
                                fy_reshape(g, p, FY_SHAPE(b.d[0], 1, b.d[1]))));
}

fy_node fy_multilinear(fy_graph *g, fy_node f, fy_node p, int64_t width, uint64_t seed)
{
    if (!fyi_domains_rows(g, "multilinear", f, p))
        return FY_NO_NODE;
    if (width <= 0)
        return outer(g, f, p);
    const fy_node both = fy_mul(g, projected(g, "multilinear.f", f, width, seed),
                                projected(g, "multilinear.p", p, width, seed));
    return fy_scale(g, both, 1 / sqrtf((float)width));
}
