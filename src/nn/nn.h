/* What the files of the nn room share: a model's inside, and the table of families. */
#ifndef FYI_NN_H
#define FYI_NN_H

#include "graph/param.h"

#include <ferry/nn.h>

typedef enum fyi_init {
    FYI_INIT_FAN_IN, /* uniform in +- 1 / sqrt(fan_in): PyTorch's default for weights and biases */
    FYI_INIT_ONE,
    FYI_INIT_ZERO,
} fyi_init;

typedef struct fyi_model_param {
    fy_param *param;
    const char *name; /* local: the parameter's own name without "<model>." */
    fyi_init init;
    int64_t fan_in;
    bool is_buffer;
} fyi_model_param;

struct fy_model {
    char *name;
    const char *family; /* "custom" for fy_model_new */
    fy_build_fn build;
    fy_model_opts opts;
    char *activation; /* what opts.activation points to */
    fyi_model_param *params;
    size_t n_params, cap_params;
    fy_shape output;
};

struct fy_layers {
    fy_graph *g;
    fy_model *m;
    fy_mode mode;
    bool learning; /* the first application: parameters are made */
};

typedef struct fyi_family {
    const char *name;
    const char *text; /* one line */
    fy_build_fn build;
} fyi_family;

/* models.def: one line FAMILY(name) for each; gives `extern const fyi_family fyi_family_<name>`. */
#define FAMILY(name) extern const fyi_family fyi_family_##name;
#include "nn/models/models.def"
#undef FAMILY

/* The model's parameter "<layer>.<leaf>" as a node; made while learning. */
fy_node fyi_layer_param(fy_layers *l, const char *layer, const char *leaf, fy_shape s,
                        fyi_init init, int64_t fan_in);

/* The block of the small digits networks: conv k x k with bias, max pool 2, ReLU. */
fy_node fyi_layer_conv_block(fy_layers *l, const char *name, fy_node x, int64_t oc, int64_t k);

#endif
