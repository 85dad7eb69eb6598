/* mmd.c: maximum mean discrepancy of features, and of several layers at once. M. Long, Y. Cao, J. Wang and M. Jordan (ICML 2015),
 * "Learning Transferable Features with Deep Adaptation Networks"; M. Long, H. Zhu, J. Wang and M. Jordan (ICML 2017), "Deep Transfer
 * Learning with Joint Adaptation Networks". With z all samples of both domains, s_i = 1/n for those of the source and -1/m else:
 *
 *   k(a, b) = sum_{i=-2..2} exp(-|a - b|^2 / (w 2^i))      MMD^2 = s^T K s      JMMD^2 = s^T (K_1 * ... * K_L) s
 *
 * Kernels and width are those of the authors' programs; the estimate is over all pairs, where these took a random pairing. */
#include "train/losses/losses.h"

#include <ferry/domains.h>

#include <math.h>

#define KERNELS 5 /* widths w / 4 .. 4 w */

/* [1, n + m] */
static fy_node signs_of(fy_graph *g, int64_t n, int64_t m)
{
    return fy_concat2(g, 1, fy_fill(g, FY_SHAPE(1, n), 1 / (float)n),
                      fy_fill(g, FY_SHAPE(1, m), -1 / (float)m));
}

/* [N, N], of rows seen from their mean. */
static fy_node squares_of(fy_graph *g, fy_node x)
{
    static const int samples[] = { 0 };
    x = fy_sub(g, x, fy_detach(g, fy_mean(g, x, samples, 1, true)));
    return fy_clip(g, fyi_kd_square_distances(g, x, fyi_kd_gram(g, x)), 0, INFINITY);
}

/* Of two different samples. */
static fy_node mean_square(fy_graph *g, fy_node squares)
{
    const float n = (float)fy_node_shape(g, squares).d[0];
    const fy_node sum = fy_sum_all(g, fy_detach(g, squares));
    return fyi_kd_above_zero(g, fy_scale(g, sum, 1 / (n * FYI_MAX(n - 1, 1))));
}

static fy_node gaussian(fy_graph *g, fy_node relative, float width)
{
    return fy_exp(g, fy_scale(g, relative, -1 / width));
}

/* [N, N] */
static fy_node kernel_of(fy_graph *g, const fy_joint *l)
{
    const fy_node squares = squares_of(g, fy_concat2(g, 0, l->source, l->target));
    const fy_node width = l->width.id ? l->width : mean_square(g, squares);
    const fy_node relative = fy_div(g, squares, width);
    float times = l->is_single ? 1 : 0.25f;
    fy_node k = gaussian(g, relative, times);
    for (int i = 1; i < KERNELS && !l->is_single; i++)
        k = fy_add(g, k, gaussian(g, relative, times *= 2));
    return k;
}

static bool fits(fy_graph *g, const fy_joint *layers, int n_layers)
{
    if (n_layers < 1 || n_layers > FY_MAX_JOINT) {
        fy_graph_fail(g, fyi_fail(FY_EINVAL, "joint_mmd: %d layers; expected 1 to %d", n_layers,
                                  FY_MAX_JOINT));
        return false;
    }
    for (int i = 0; i < n_layers; i++)
        if (!fyi_domains_fit(g, "mmd", layers[i].source, layers[i].target))
            return false;
    return true;
}

fy_node fy_joint_mmd(fy_graph *g, const fy_joint *layers, int n_layers)
{
    if (!fits(g, layers, n_layers))
        return FY_NO_NODE;
    fy_node k = kernel_of(g, &layers[0]);
    for (int i = 1; i < n_layers; i++)
        k = fy_mul(g, k, kernel_of(g, &layers[i]));
    const fy_node s = signs_of(g, fy_node_shape(g, layers[0].source).d[0],
                               fy_node_shape(g, layers[0].target).d[0]);
    return fy_sum_all(g, fy_mul(g, fy_matmul(g, s, false, k, false), s));
}

fy_node fy_mmd(fy_graph *g, fy_node source, fy_node target, fy_node width)
{
    const fy_joint one = { .source = source, .target = target, .width = width };
    return fy_joint_mmd(g, &one, 1);
}
