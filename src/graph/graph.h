/* The graph as its own room sees it: values, nodes, operators, objectives.
 *
 * A node applies an operator to source values and defines one or more destination values. A value's id
 * is what a public fy_node holds. Ids only grow: nodes are appended by builders, by the gradient pass and
 * by the other passes, and never deleted, only left unreached. Id 0 is no value. */
#ifndef FYI_GRAPH_H
#define FYI_GRAPH_H

#include "tensor/tensor.h"

#include <ferry/graph.h>

typedef int32_t fyi_id; /* of a value */

typedef struct fyi_op fyi_op;

/* Type and shape of a value. */
typedef struct fyi_spec {
    fy_dtype dtype;
    fy_shape shape;
} fyi_spec;

/* What a shape rule looks at. */
typedef struct fyi_op_site {
    const char *name; /* of the node, for messages */
    const void *attr; /* the operator's own struct */
    int n_src;
    const fyi_spec *src;
} fyi_op_site;

/* What a gradient rule looks at. Gradients are nodes of the same graph. */
typedef struct fyi_grad_ctx {
    fy_graph *g;
    const void *attr;
    int n_src, n_dst;
    const fy_node *src;
    const fy_node *dst;
    const fy_node *diff_dst; /* FY_NO_NODE where nothing reaches that destination */
    const bool *wanted;      /* [n_src]: leave the others at FY_NO_NODE */
} fyi_grad_ctx;

enum {
    FYI_OP_INPLACE = 1, /* element-wise: dst[0] may take src[0]'s memory, in any common layout */
    FYI_OP_SOURCE = 2,  /* has no sources; its value comes from outside or from its attributes */
    FYI_OP_RANDOM = 4,  /* differs from step to step */
    FYI_OP_UPDATE = 8,  /* dst[i] overwrites the storage of a source: see fyi_value.alias */
    FYI_OP_VIEW = 16,   /* dst[0] is src[0]'s bytes under another shape, in plain layout */
    /* Row i (axis 0) of dst[0] depends on row i of src[0] and on the other sources whole; needs rank 2 or more. */
    FYI_OP_ROWS = 32,
    FYI_OP_EACH = 64,   /* row i of dst[0] depends on row i of every source */
    FYI_OP_OPTIM = 128, /* an optimiser's update: its attribute is a fyi_update_attr */
};

struct fyi_op {
    const char *name;
    int n_src; /* -1: any number from min_src on */
    int min_src;
    int n_dst; /* -1: the rule says, through fyi_op.count_dst */
    size_t attr_bytes;
    unsigned flags;
    /* Sets dst[0..n_dst). dst arrives with src[0]'s spec (or zeroes when there is no source). NULL:
     * dst[0] is like src[0]. */
    fy_status (*infer)(const fyi_op_site *at, fyi_spec *dst);
    /* Sets diff_src[i] for the wanted sources. NULL: no gradient passes (labels, accuracy). */
    void (*grad)(const fyi_grad_ctx *c, fy_node *diff_src);
    int (*count_dst)(const fyi_op_site *at); /* for n_dst -1 only */
    /* Copies what attr points to into the arena; optional. */
    bool (*own_attr)(fyi_arena *a, void *attr);
    const char *onnx; /* the ONNX operator it maps to, NULL if none */
};

/* ops.def: one line OP(name) for each; gives `extern const fyi_op fyi_op_<name>`. */
#define OP(name) extern const fyi_op fyi_op_##name;
#include "graph/ops/ops.def"
#undef OP

typedef struct fyi_value {
    fyi_spec spec;
    int32_t node;     /* defining node */
    int32_t out;      /* which of its destinations */
    fyi_id alias;     /* the value whose storage this one overwrites, 0 if it has its own */
    const char *name; /* NULL if none */
} fyi_value;

typedef struct fyi_node {
    const fyi_op *op;
    const void *attr; /* in the graph's arena, may be NULL */
    const char *name; /* for messages, never NULL */
    int32_t n_src, n_dst;
    const fyi_id *src; /* in the arena */
    fyi_id dst;        /* ids dst .. dst + n_dst - 1 */
} fyi_node;

/* One parameter that an objective moves. */
typedef struct fyi_move {
    fy_param *param;
    int32_t group; /* index into the objective's groups */
} fyi_move;

typedef struct fyi_objective {
    const char *name;
    fyi_id loss;
    fy_optim optim;
    double decay; /* of the averages of what it moves; 0: none are kept */
    fyi_move *moves;
    size_t n_moves, cap_moves;
    const char **groups; /* scalar inputs' names; groups[0] is "<name>.lr" */
    fyi_id *lr;          /* the scalar input of each group */
    size_t n_groups, cap_groups, cap_lr;
} fyi_objective;

struct fy_graph {
    fyi_arena arena;
    fyi_value *values; /* [0] is no value */
    size_t n_values, cap_values;
    fyi_node *nodes; /* [0] is no node */
    size_t n_nodes, cap_nodes;
    fyi_objective *objectives; /* id is index + 1 */
    size_t n_objectives, cap_objectives;
    fy_status status; /* the first mistake, and its sentence */
    char *sentence;
};

/* ---- build.c ---------------------------------------------------------------------------------------- */

/* Appends a node and returns its first destination; FY_NO_NODE after a mistake. A source that is
 * FY_NO_NODE without a recorded mistake is one ("conv2d: source 1 is no node"). `attr` is copied. */
fy_node fyi_apply(fy_graph *g, const fyi_op *op, const void *attr, int n_src, const fy_node *src);
/* fyi_apply with the sources listed: fyi_node_of(g, &fyi_op_add, NULL, a, b) */
#define fyi_op1(g, op, attr, a) fyi_apply(g, op, attr, 1, (const fy_node[]){ a })
#define fyi_op2(g, op, attr, a, b) fyi_apply(g, op, attr, 2, (const fy_node[]){ a, b })
#define fyi_op3(g, op, attr, a, b, c) fyi_apply(g, op, attr, 3, (const fy_node[]){ a, b, c })
/* Destination `i` of the node that defines x. */
fy_node fyi_output(const fy_graph *g, fy_node x, int i);
/* A scalar input that holds `value` until it is set. */
fy_node fyi_scalar_input(fy_graph *g, const char *name, float value);
/* Records the sentence just written by fyi_fail as the graph's first mistake; returns FY_NO_NODE. */
fy_node fyi_graph_mistake(fy_graph *g, fy_status st);

static inline const fyi_value *fyi_value_of(const fy_graph *g, fyi_id v)
{
    return &g->values[v];
}
static inline const fyi_node *fyi_def(const fy_graph *g, fyi_id v)
{
    return &g->nodes[g->values[v].node];
}
static inline fy_node fyi_n(fyi_id v)
{
    return (fy_node){ v };
}

/* A copy that shares nothing; ids are the same. */
fy_status fyi_graph_clone(const fy_graph *g, fy_graph **out);

/* ---- objective.c -------------------------------------------------------------------------------------------- */

/* Is p among what the objective may move? */
bool fyi_objective_names(const fyi_objective *o, const fy_param *p);
/* Among what any objective may? */
bool fyi_is_moved(const fy_graph *g, const fy_param *p);

/* ---- optim.c: what the update operators need -------------------------------------------------------------- */

struct fyi_optim_rule {
    const char *name;
    const fyi_op *op;
    int n_states;               /* tensors of state per parameter, besides the step count */
    const char *state_names[2]; /* "momentum"; "exp_avg", "exp_avg_sq" */
    bool keeps_momentum;        /* and nothing else: momentum 0 leaves it without state */
};
/* Tensors of state that these options need per parameter. */
int fyi_optim_states(const fy_optim *o);

/* Attribute of every update operator. Sources: lr scalars [n_groups], clip scale (scalar, only if
 * has_clip), step count (f32 scalar), then for each parameter: param, gradient, states. Destinations: step
 * count, then for each parameter: param, states; each aliases its source. */
typedef struct fyi_update_attr {
    fy_optim optim;
    int32_t n_groups, n_params, n_states;
    bool has_clip;
    const int32_t *group_of; /* [n_params] */
} fyi_update_attr;

#endif
