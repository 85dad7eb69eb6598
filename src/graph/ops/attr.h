/* The attributes of the operators: what a node carries besides its sources, shared by an operator's rules
 * and its kernels. Sources and destinations are listed in the order the kernels meet them. */
#ifndef FYI_ATTR_H
#define FYI_ATTR_H

#include "graph/graph.h"

/* input: none -> dst. use: a parameter's value. state: optimiser memory, zero at first. */
typedef struct fyi_use_attr {
    fy_param *param;
} fyi_use_attr;

typedef struct fyi_state_attr {
    fy_shape shape;
    const char *name; /* "critic/fc1.weight.momentum" */
} fyi_state_attr;

typedef struct fyi_input_attr {
    fyi_spec spec;
    float value; /* what a scalar holds before it is set */
} fyi_input_attr;

typedef struct fyi_fill_attr {
    fy_shape shape;
    float value;
} fyi_fill_attr;

typedef struct fyi_constant_attr {
    fyi_spec spec;
    const void *data;
} fyi_constant_attr;

/* conv2d: src, weights [, bias] [, other] -> dst = act(conv(src, weights) + bias + other), act = clip to [lo, hi].
 * Builders make the bare form; the fusion pass adds the rest.
 * conv2d_bwd_data: diff_dst, weights -> diff_src.
 * conv2d_bwd_weights: diff_dst, src -> diff_weights [, diff_bias if has_bias]. */
typedef struct fyi_conv_attr {
    fy_conv_opts o;
    bool has_bias, has_other, has_act;
    float lo, hi;    /* with act: ReLU's are 0 and INFINITY */
    fy_shape target; /* _bwd_data: shape of src; _bwd_weights: shape of weights */
} fyi_conv_attr;

/* linear: src [n, ic], weights [oc, ic] [, bias [oc]] -> dst [n, oc] = act(src weights^T + bias).
 * linear_bwd_data: diff_dst, weights -> diff_src.
 * linear_bwd_weights: diff_dst, src -> diff_weights [, diff_bias if has_bias]. */
typedef struct fyi_linear_attr {
    bool has_bias, relu;
} fyi_linear_attr;

/* matmul: a, b -> dst, rank 2, or rank 3 with an equal batch axis. */
typedef struct fyi_matmul_attr {
    bool trans_a, trans_b;
} fyi_matmul_attr;

/* bias: src [n, c, ...], bias [c] -> dst. bias_bwd: diff_dst -> diff_bias [c]. No attributes. */

/* affine: scale * x + shift. scale_by: x, coefficient (scalar) -> attr.scale * coefficient * x. */
typedef struct fyi_affine_attr {
    float scale, shift;
} fyi_affine_attr;

/* relu: dst = src > 0 ? src : slope * src. relu_bwd: diff_dst, dst -> diff_src (dst has src's sign).
 * clip: dst = min(max(src, lo), hi). clip_bwd: diff_dst, dst -> diff_src, zero outside the open interval
 * (lo, hi).
 * sigmoid_bwd, tanh_bwd: diff_dst, dst -> diff_src. */
typedef struct fyi_relu_attr {
    float slope;
} fyi_relu_attr;

typedef struct fyi_clip_attr {
    float lo, hi;
} fyi_clip_attr;

/* dropout: src -> dst; its gradient is the same node kind on diff_dst with the same salt. Element i is
 * kept if Philox(seed, stream salt, step)'s i-th number is >= p. */
typedef struct fyi_dropout_attr {
    float p;
    uint64_t salt; /* differs from node to node; the same in a node's gradient */
} fyi_dropout_attr;

/* normal: src, of which only the shape counts -> dst. */
typedef struct fyi_normal_attr {
    uint64_t salt; /* differs from node to node */
} fyi_normal_attr;

/* sum: over the axes with on[i]; kept with size 1 or dropped. */
typedef struct fyi_sum_attr {
    bool on[FY_MAX_RANK];
    bool keep;
} fyi_sum_attr;

/* reshape, broadcast: to shape. */
typedef struct fyi_shape_attr {
    fy_shape shape;
} fyi_shape_attr;

typedef struct fyi_transpose_attr {
    int axes[FY_MAX_RANK];
} fyi_transpose_attr;

/* concat: any number of sources along axis. slice: indices begin + i * step of axis, `size` of them. pad: zeros
 * of `whole` size along axis with src's index i at begin + i * step. */
typedef struct fyi_axis_attr {
    int axis;
    int64_t begin, size, whole, step;
} fyi_axis_attr;

/* max_pool2d: src -> dst, index (position in the window, kh * KW + kw; u8 for windows of at most 255,
 * else i32). max_pool2d_bwd: diff_dst, index -> diff_src. avg_pool2d: src -> dst; _bwd: diff_dst -> diff_src.
 * pool_relu_bwd: diff_dst, dst (after max pooling and ReLU), index -> diff_src. */
typedef struct fyi_pool_attr {
    fy_pool_opts o;
    fy_shape src; /* of the forward source, for _bwd */
} fyi_pool_attr;

/* adaptive_avg_pool2d: src -> dst; _bwd: diff_dst -> diff_src. */
typedef struct fyi_adaptive_attr {
    int64_t o[2]; /* h, w of dst */
    fy_shape src; /* of the forward source, for _bwd */
} fyi_adaptive_attr;

/* batch_norm (training): src, scale, shift -> dst, mean, var (biased), each [c].
 * batch_norm_bwd: diff_dst, src, mean, var, scale -> diff_src, diff_scale, diff_shift; if !training, mean and
 * var are constants.
 * batch_norm_infer: src, scale, shift, mean, var -> dst.
 * batch_norm_stats (update): running_mean, running_var, mean, var -> running_mean, running_var; the variance
 * is made unbiased by count / (count - 1). */
typedef struct fyi_batch_norm_attr {
    float eps, momentum;
    bool training;
    int64_t count;                    /* values per channel, for _stats */
    fyi_id running_mean, running_var; /* use nodes; batch_norm in training mode only */
} fyi_batch_norm_attr;

/* layer_norm: src, scale, shift -> dst, mean, rstd (one per row). layer_norm_bwd: diff_dst, src, mean, rstd,
 * scale -> diff_src, diff_scale, diff_shift. */
typedef struct fyi_layer_norm_attr {
    float eps;
} fyi_layer_norm_attr;

/* softmax, log_softmax: over the last axis; _bwd: diff_dst, dst -> diff_src.
 * argmax: [n, k] -> i32 [n].
 * cross_entropy: logits [n, k], labels i32 [n] -> [n]; _bwd: diff_dst [n], logits, labels -> diff_logits.
 *   A label outside 0..k-1 gives NaN, which the loop reports.
 * bce_logits: logits, targets -> dst; _bwd: diff_dst, logits, targets -> diff_logits.
 * kl: p, log_q [n, k] -> [n]; kl_bwd: diff_dst [n], p, log_q -> diff_p, 0 where p is 0.
 * accuracy: logits [n, k], labels -> scalar.
 * one_hot: labels i32 [n] -> [n, k].
 * detach: src -> dst. grad_reverse: src, coefficient -> dst = src. */

typedef struct fyi_one_hot_attr {
    int64_t k;
} fyi_one_hot_attr;

/* conv_pool: src, weights, bias -> dst = relu(maxpool(conv(src, weights) + bias)), index u8.
 * conv_pool_bwd_data: diff_dst, dst, index, weights -> diff_src.
 * conv_pool_bwd_weights: diff_dst, dst, index, src -> diff_weights, diff_bias. */
typedef struct fyi_conv_pool_attr {
    fy_conv_opts conv;
    fy_pool_opts pool;
    bool relu;
    fy_shape src, weights; /* shapes of the forward sources */
} fyi_conv_pool_attr;

/* norm_act: src, scale, shift [, other] -> dst = clip(batch_norm(src) + other, lo, hi), mean, var.
 * norm_act_bwd: diff_dst, dst, src, mean, var, scale -> diff_src, diff_scale, diff_shift [, diff_other]. */
typedef struct fyi_norm_act_attr {
    float eps, lo, hi; /* bounds may be infinite */
    bool has_other;
} fyi_norm_act_attr;

/* norm_pool: src, scale, shift -> dst = maxpool(clip(batch_norm(src), lo, hi)), index, mean, var.
 * norm_pool_bwd: diff_dst, dst, index, src, mean, var, scale -> diff_src, diff_scale, diff_shift. */
typedef struct fyi_norm_pool_attr {
    float eps, lo, hi;
    fy_pool_opts pool;
} fyi_norm_pool_attr;

/* clip_scale: max norm and any number of gradients -> scalar min(1, max_norm / (norm + 1e-6)). */
typedef struct fyi_clip_scale_attr {
    float max_norm;
} fyi_clip_scale_attr;

/* ema (update): count (scalar), then for each value: value, average -> count, averages; each aliases its source. */
typedef struct fyi_ema_attr {
    double decay;
} fyi_ema_attr;

#endif
