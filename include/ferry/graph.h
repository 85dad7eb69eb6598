/* graph.h: the definition of a computation, what learns from what, and the plan that runs it.
 *
 *   graph      typed, shaped nodes; builders return nodes and run nothing
 *   param      a named tensor that a model owns and an objective may move
 *   objective  one loss, the parameters it may move (and nothing else), and their optimiser
 *   plan       a graph and its objectives, compiled for one device: forward, backward, update
 *   step       one run of a plan
 *
 * Builders never fail one by one. The first mistake is kept in the graph, later builders pass it
 * through, and fy_graph_status or fy_plan_new reports it with the operator's name and its shapes. */
#ifndef FERRY_GRAPH_H
#define FERRY_GRAPH_H

#include "device.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fy_graph fy_graph;
typedef struct fy_param fy_param;
typedef struct fy_plan fy_plan;

/* One value of a graph: a handle, copied freely, valid while its graph lives. id 0 is no node. */
typedef struct fy_node {
    int32_t id;
} fy_node;

#define FY_NO_NODE ((fy_node){ 0 })

FY_API FY_NODISCARD fy_status fy_graph_new(fy_graph **out);
FY_API void fy_graph_free(fy_graph *g);
/* The first mistake made while building, or FY_OK. */
FY_API FY_NODISCARD fy_status fy_graph_status(const fy_graph *g);
/* Records a mistake found outside the builders (a layer given a wrong option). Keeps the first. */
FY_API void fy_graph_fail(fy_graph *g, fy_status st);

/* The shape of a node; an empty shape for no node. */
FY_API fy_shape fy_node_shape(const fy_graph *g, fy_node x);
FY_API fy_dtype fy_node_dtype(const fy_graph *g, fy_node x);
/* Gives a node a name to be found by ("encoder.fc1"); returns it. */
FY_API fy_node fy_name(fy_graph *g, fy_node x, const char *name);
/* The first node of that name; FY_NO_NODE if there is none, which is no mistake of the graph until something is built on
 * it. */
FY_API fy_node fy_graph_find(const fy_graph *g, const char *name);

/* ---- parameters ------------------------------------------------------------------------------- */

/* A named tensor outside any graph: weights, and buffers such as running statistics. A plan may keep
 * the newest value in its own layout; reading or writing through these functions brings it up to
 * date. Must outlive the plans that use it. Not for use from two threads at once. */
FY_API FY_NODISCARD fy_status fy_param_new(const char *name, fy_shape s, fy_param **out);
FY_API void fy_param_free(fy_param *p);
FY_API const char *fy_param_name(const fy_param *p);
FY_API const fy_shape *fy_param_shape(const fy_param *p);
/* n elements in plain order; n must be the shape's count. */
FY_API FY_NODISCARD fy_status fy_param_read(fy_param *p, float *dst, int64_t n);
FY_API FY_NODISCARD fy_status fy_param_write(fy_param *p, const float *src, int64_t n);

/* ---- sources ---------------------------------------------------------------------------------- */

/* Fed before each step: a batch, or a run-time scalar such as a learning rate. */
FY_API fy_node fy_input(fy_graph *g, const char *name, fy_dtype t, fy_shape s);
/* The parameter's current value; one node per parameter and graph. */
FY_API fy_node fy_use(fy_graph *g, fy_param *p);
FY_API fy_node fy_fill(fy_graph *g, fy_shape s, float value);
/* A tensor of constants; the data is copied. */
FY_API fy_node fy_constant(fy_graph *g, fy_dtype t, fy_shape s, const void *data);

/* ---- operators: one file each in src/graph/ops ------------------------------------------------- */

typedef struct fy_conv_opts {
    int64_t stride[2];   /* h, w */
    int64_t pad[2];      /* zeros before and after, h, w */
    int64_t dilation[2]; /* 1 is dense */
    int64_t groups;
} fy_conv_opts;
FY_API fy_conv_opts fy_conv_defaults(void); /* stride 1, pad 0, dilation 1, groups 1 */

typedef struct fy_pool_opts {
    int64_t kernel[2];
    int64_t stride[2];
    int64_t pad[2];
    bool ceil_mode; /* a last window that hangs over the edge counts (torchvision's SqueezeNet) */
    bool count_include_pad; /* average pooling: padded zeros count in the divisor */
} fy_pool_opts;
FY_API fy_pool_opts fy_pool_defaults(int64_t kernel); /* stride = kernel, pad 0, floor, include */

/* src [n, ic, h, w], weights [oc, ic/groups, kh, kw] -> [n, oc, oh, ow] */
FY_API fy_node fy_conv2d(fy_graph *g, fy_node src, fy_node weights, const fy_conv_opts *o);
/* src [n, ic], weights [oc, ic] -> [n, oc] = src * weights^T */
FY_API fy_node fy_linear(fy_graph *g, fy_node src, fy_node weights);
/* a [m, k], b [k, n] -> [m, n]; with a leading equal batch axis: [b, m, k] x [b, k, n]. */
FY_API fy_node fy_matmul(fy_graph *g, fy_node a, bool trans_a, fy_node b, bool trans_b);
/* src [n, c, ...] + bias [c] */
FY_API fy_node fy_bias(fy_graph *g, fy_node src, fy_node bias);

/* Element-wise with numpy's broadcasting. */
FY_API fy_node fy_add(fy_graph *g, fy_node a, fy_node b);
FY_API fy_node fy_sub(fy_graph *g, fy_node a, fy_node b);
FY_API fy_node fy_mul(fy_graph *g, fy_node a, fy_node b);
FY_API fy_node fy_div(fy_graph *g, fy_node a, fy_node b);
/* scale * x + shift, both fixed in the graph */
FY_API fy_node fy_affine(fy_graph *g, fy_node x, float scale, float shift);
FY_API fy_node fy_scale(fy_graph *g, fy_node x, float scale);
FY_API fy_node fy_relu(fy_graph *g, fy_node x);
FY_API fy_node fy_leaky_relu(fy_graph *g, fy_node x, float slope);
FY_API fy_node fy_clip(fy_graph *g, fy_node x, float lo, float hi); /* relu6: 0, 6 */
FY_API fy_node fy_sigmoid(fy_graph *g, fy_node x);
FY_API fy_node fy_tanh(fy_graph *g, fy_node x);
FY_API fy_node fy_exp(fy_graph *g, fy_node x);
FY_API fy_node fy_log(fy_graph *g, fy_node x);
FY_API fy_node fy_sqrt(fy_graph *g, fy_node x);
FY_API fy_node fy_square(fy_graph *g, fy_node x);
FY_API fy_node fy_abs(fy_graph *g, fy_node x);
/* With probability p zero, else x / (1 - p); the mask is a function of (seed, node, step, element). */
FY_API fy_node fy_dropout(fy_graph *g, fy_node x, float p);
/* Numbers of mean 0 and deviation 1, a function of (seed, node, step, element); no gradient. */
FY_API fy_node fy_normal(fy_graph *g, fy_shape s);

/* Sums over the listed axes; the axes stay with size 1 when keep. n_axes 0: all axes. */
FY_API fy_node fy_sum(fy_graph *g, fy_node x, const int *axes, int n_axes, bool keep);
FY_API fy_node fy_mean(fy_graph *g, fy_node x, const int *axes, int n_axes, bool keep);
FY_API fy_node fy_mean_all(fy_graph *g, fy_node x); /* scalar */
FY_API fy_node fy_sum_all(fy_graph *g, fy_node x);  /* scalar */

FY_API fy_node fy_reshape(fy_graph *g, fy_node x, fy_shape s);
FY_API fy_node fy_flatten(fy_graph *g, fy_node x);                    /* [n, ...] -> [n, rest] */
FY_API fy_node fy_transpose(fy_graph *g, fy_node x, const int *axes); /* dst axis i is x's axes[i] */
FY_API fy_node fy_broadcast(fy_graph *g, fy_node x, fy_shape s);
/* n nodes of one type, and of one shape but for the axis, whose sizes add up: [2, 3], [2, 5] along 1 -> [2, 8]. */
FY_API fy_node fy_concat(fy_graph *g, int axis, const fy_node *x, int n);
FY_API fy_node fy_concat2(fy_graph *g, int axis, fy_node a, fy_node b);
/* Indices [begin, begin + size) of the axis, which has `size` elements then. */
FY_API fy_node fy_slice(fy_graph *g, fy_node x, int axis, int64_t begin, int64_t size);
/* Indices begin, begin + step, ..., `size` of them: x[:, :, ::2] is (g, x, 2, 0, (d + 1) / 2, 2). */
FY_API fy_node fy_slice_step(fy_graph *g, fy_node x, int axis, int64_t begin, int64_t size,
                             int64_t step);
/* Zeros before and after along an axis, which has before + size + after elements then. */
FY_API fy_node fy_pad(fy_graph *g, fy_node x, int axis, int64_t before, int64_t after);

/* x [n, c, h, w] -> [n, c, oh, ow], oh = (h + 2 pad - kernel) / stride + 1, rounded down, or up in ceil_mode; a window
 * that would begin in the padding after the image is left out. Padding never is the maximum. */
FY_API fy_node fy_max_pool2d(fy_graph *g, fy_node x, const fy_pool_opts *o);
/* Of the same shape, as the next one's. */
FY_API fy_node fy_avg_pool2d(fy_graph *g, fy_node x, const fy_pool_opts *o);
/* Root of the mean of squares; 1e-6 where all are 0, so that the gradient is finite. */
FY_API fy_node fy_l2_pool2d(fy_graph *g, fy_node x, const fy_pool_opts *o);
/* [n, c, h, w] -> [n, c, oh, ow], whatever the image's size (PyTorch's AdaptiveAvgPool2d). */
FY_API fy_node fy_adaptive_avg_pool2d(fy_graph *g, fy_node x, int64_t oh, int64_t ow);
/* Over whole images, [n, c, h, w] -> [n, c]. */
FY_API fy_node fy_global_avg_pool(fy_graph *g, fy_node x);
FY_API fy_node fy_global_max_pool(fy_graph *g, fy_node x);
FY_API fy_node fy_global_l2_pool(fy_graph *g, fy_node x);

/* Normalises each channel of src [n, c, ...] by the batch's mean and deviation (training mode), and
 * moves the running statistics by `momentum` in the objectives that name them; or by the running
 * statistics (evaluation mode). scale, shift, running_mean, running_var: [c]. The result is of src's shape. */
typedef struct fy_batch_norm_opts {
    float eps;
    float momentum; /* of the new batch in the running statistics */
    bool training;
} fy_batch_norm_opts;
FY_API fy_batch_norm_opts fy_batch_norm_defaults(void); /* 1e-5, 0.1, training */
FY_API fy_node fy_batch_norm(fy_graph *g, fy_node src, fy_node scale, fy_node shift,
                             fy_node running_mean, fy_node running_var, const fy_batch_norm_opts *o);
/* Over the last axis; scale, shift: [last]. The result is of src's shape. */
FY_API fy_node fy_layer_norm(fy_graph *g, fy_node src, fy_node scale, fy_node shift, float eps);

/* Over the last axis. */
FY_API fy_node fy_softmax(fy_graph *g, fy_node x);
FY_API fy_node fy_log_softmax(fy_graph *g, fy_node x);
FY_API fy_node fy_argmax(fy_graph *g, fy_node x); /* [n, k] -> i32 [n], the first of equals */

/* Losses give one number per sample, [n]; average them with fy_mean_all. */
FY_API fy_node fy_cross_entropy(fy_graph *g, fy_node logits /* [n, k] */,
                                fy_node labels /* i32 [n] */);
/* Element-wise, of logits against targets in 0..1, same shape. */
FY_API fy_node fy_bce_logits(fy_graph *g, fy_node logits, fy_node targets);
/* sum_k p (log p - log q) for probabilities p [n, k] and log-probabilities log_q [n, k]; the gradient
 * reaches both. */
FY_API fy_node fy_kl(fy_graph *g, fy_node p, fy_node log_q);
/* -sum_k p log p of softmax(logits) */
FY_API fy_node fy_entropy(fy_graph *g, fy_node logits);
FY_API fy_node fy_mse(fy_graph *g, fy_node a, fy_node b); /* scalar, mean over all elements */
/* Fraction of rows whose largest logit is the label: a scalar, no gradient. */
FY_API fy_node fy_accuracy(fy_graph *g, fy_node logits, fy_node labels);

/* labels i32 [n] -> f32 [n, k], 1 at the label; a row of NaN for a label outside 0..k-1. No gradient. */
FY_API fy_node fy_one_hot(fy_graph *g, fy_node labels, int64_t k);

/* The same value; no gradient passes. */
FY_API fy_node fy_detach(fy_graph *g, fy_node x);
/* The same value; the gradient is multiplied by -coefficient, a scalar node (Ganin and Lempitsky 2015). */
FY_API fy_node fy_grad_reverse(fy_graph *g, fy_node x, fy_node coefficient);

/* d loss / d wrt[i] as a node of wrt[i]'s shape, for a scalar loss: to be watched, or to weigh losses by. No gradient passes
 * through it. out[i] is FY_NO_NODE where the loss does not depend on wrt[i], or only through what passes no gradient on. */
FY_API void fy_gradient(fy_graph *g, fy_node loss, const fy_node *wrt, int n, fy_node *out);

/* ---- objectives ---------------------------------------------------------------------------------- */

typedef struct fyi_optim_rule fyi_optim_rule;

/* Made by the functions below; change fields before use. lr is the start value of run-time scalars. */
typedef struct fy_optim {
    const fyi_optim_rule *rule;
    float lr;           /* step size, per update */
    float weight_decay; /* L2 added to the gradient; AdamW: decoupled */
    float momentum;
    bool nesterov;
    float beta1, beta2;
    float eps;
    float clip_norm; /* largest L2 norm of the objective's whole gradient; 0: no clipping */
} fy_optim;
FY_API fy_optim fy_sgd(float lr, float momentum, float weight_decay);
FY_API fy_optim fy_adam(float lr);    /* 0.9, 0.999, 1e-8 (Kingma and Ba 2015) */
FY_API fy_optim fy_adamw(float lr);   /* weight decay 1e-2 (Loshchilov and Hutter 2019) */
FY_API fy_optim fy_adagrad(float lr); /* eps 1e-10 (Duchi et al. 2011) */
/* "sgd", "adam", "adamw", "adagrad"; NULL-terminated. */
FY_API const char *const *fy_optim_names(void);
/* By name, of fy_optim_names, with its defaults; FY_EINVAL names the nearest. */
FY_API FY_NODISCARD fy_status fy_optim_named(const char *name, float lr, fy_optim *out);

/* A handle into the graph. */
typedef struct fy_objective {
    int32_t id; /* 0 is none */
} fy_objective;

/* Objectives run in the order they were added. Each sees the parameters as the earlier ones left them
 * in this step; a value whose parameters have not moved since is computed once. `loss` is a scalar.
 * Frozen means frozen: what no objective moves is byte-identical afterwards. */
FY_API fy_objective fy_objective_add(fy_graph *g, const char *name, fy_node loss, const fy_optim *o);
/* Lets the objective move p. `group` names a learning rate: the input scalar "<objective>.lr" for NULL,
 * else "<objective>.<group>.lr". Running statistics are named here too, and then follow the batches. */
FY_API void fy_objective_moves(fy_graph *g, fy_objective o, fy_param *p, const char *group);
/* Keeps an exponential moving average a of every value w that the objective moves, running statistics included, as
 * optimiser state "<objective>/<param>.ema". After update t, counted from 0:
 *   a_0 = w_0;  a_t = d_t a_{t-1} + (1 - d_t) w_t,  d_t = min(decay, (1 + t) / (10 + t))
 * The warm-up is that of TensorFlow's ExponentialMovingAverage. Nothing in the graph reads the averages: training is as
 * without them. decay in (0, 1), FY_EINVAL otherwise; 0: none are kept. */
FY_API void fy_objective_average(fy_graph *g, fy_objective o, double decay);

/* ---- plans ------------------------------------------------------------------------------------------ */

typedef struct fy_plan_opts {
    const fy_node *outputs; /* values to read after a step, besides the losses. A value computed for an
                             * objective shows what the first objective that needs it saw; a
                             * parameter itself, or a view of one, shows its value after the step. */
    int n_outputs;
    const fy_node *feeds; /* values fed from outside instead of computed: cached features */
    int n_feeds;
    uint64_t seed; /* of dropout */
    size_t memory; /* bytes that fy_plan_info.total_bytes is to be at most; 0: any. Where it would be more, values are
                    * dropped after use and computed again for the backward pass, to the same bytes (Chen et al.
                    * 2016). FY_ENOMEM with the smallest plan's need where that is not enough */
} fy_plan_opts;
FY_API fy_plan_opts fy_plan_defaults(void);

/* Compiles; the graph may be freed or built further afterwards. The device and the parameters must
 * outlive the plan. One thread at a time may run a plan; different plans on different parameters are
 * independent. Reports the graph's first mistake. */
FY_API FY_NODISCARD fy_status fy_plan_new(const fy_graph *g, fy_device *dev, const fy_plan_opts *o,
                                          fy_plan **out);
/* Brings the parameters up to date first. Accepts NULL. */
FY_API void fy_plan_free(fy_plan *p);

/* Lends `data` (plain order, the input's type and shape) until the next feed of that node or the end of
 * the plan; nothing is copied now. */
FY_API FY_NODISCARD fy_status fy_plan_feed(fy_plan *p, fy_node input, const void *data);
/* Sets a scalar input by name ("critic.lr"); kept until set again. FY_EINVAL names the nearest. */
FY_API FY_NODISCARD fy_status fy_plan_set(fy_plan *p, const char *name, float value);
FY_API FY_NODISCARD fy_status fy_plan_get(const fy_plan *p, const char *name, float *value);
/* The scalar inputs' names, in a fixed order: with fy_plan_get and fy_plan_set, part of a checkpoint. */
FY_API int fy_plan_scalar_count(const fy_plan *p);
FY_API const char *fy_plan_scalar_name(const fy_plan *p, int i);
/* Runs forward, backward and update of every objective in order. Allocates nothing. A step that cannot begin (an
 * input that was not fed, a parameter or folded value that could not be brought up to date) moves nothing and
 * is not counted. One that fails in between is counted, and what it had moved by then stays moved. */
FY_API FY_NODISCARD fy_status fy_plan_step(fy_plan *p);
/* Copies an output or a loss out in plain order; f32 for every floating type, i32 for labels. */
FY_API FY_NODISCARD fy_status fy_plan_read(fy_plan *p, fy_node x, void *dst, int64_t n);
/* How many steps were run, those that failed in between included; part of a checkpoint, since dropout counts with it. */
FY_API uint64_t fy_plan_steps(const fy_plan *p);
FY_API void fy_plan_set_steps(fy_plan *p, uint64_t steps);

/* Optimiser state in plain order, in a fixed order with unique names ("critic/fc1.weight.momentum"). */
FY_API int fy_plan_state_count(const fy_plan *p);
FY_API const char *fy_plan_state_name(const fy_plan *p, int i);
FY_API const fy_shape *fy_plan_state_shape(const fy_plan *p, int i);
FY_API FY_NODISCARD fy_status fy_plan_state_read(fy_plan *p, int i, float *dst, int64_t n);
FY_API FY_NODISCARD fy_status fy_plan_state_write(fy_plan *p, int i, const float *src, int64_t n);

typedef struct fy_plan_info {
    int n_kernels;           /* launches per step */
    int n_reorders;          /* of which layout changes */
    size_t activation_bytes; /* the one planned block */
    size_t unplanned_bytes;  /* what it would be without reuse */
    size_t persistent_bytes; /* parameters in device layout, optimiser state, folded values */
    size_t scratch_bytes;
    size_t total_bytes; /* the block, persistent_bytes, and the parameters where their models keep them */
    size_t unlimited_bytes; /* what total_bytes would be without fy_plan_opts.memory */
    int n_values;           /* kernels per step that are no layout changes, */
    int n_recomputed;       /* and how many of these compute a value a second time */
    double recompute_frac;  /* the second times' work, estimated, relative to that of all others */
} fy_plan_info;
FY_API void fy_plan_describe(const fy_plan *p, fy_plan_info *info);
/* One launch of a plan, and how long it took. Texts are lent as long as the plan. */
typedef struct fy_launch_time {
    const char *node;   /* its name in the graph: "conv2d.12" */
    const char *op;     /* "conv2d"; "reorder" where only a layout changes */
    const char *kernel; /* "onednn" */
    const char *param; /* the first that it reads, or whose gradient it gives; NULL: none, or all */
    fy_shape src, dst; /* of its first source and its first result */
    double seconds;    /* of all steps that were measured, together */
} fy_launch_time;
/* Measures every launch from now on, as FY_DEBUG >= 2 does: two looks at the clock for each. */
FY_API void fy_plan_measure(fy_plan *p);
FY_API int fy_plan_launch_count(const fy_plan *p);
FY_API fy_launch_time fy_plan_launch(const fy_plan *p, int i); /* in order of execution */
/* Per-launch table: operator, kernel, shapes, layouts, and milliseconds where they were measured.
 * Writes at most `bytes` and a NUL; returns the whole length. */
FY_API size_t fy_plan_text(const fy_plan *p, char *buf, size_t bytes);

/* True if x depends on no parameter that an objective moves, on no scalar input and on no dropout: with the same
 * batch its value stays the same. */
FY_API bool fy_node_is_frozen(const fy_graph *g, fy_node x);

#ifdef __cplusplus
}
#endif
#endif
