/* What the files of the nn room share: a model's inside, and the table of families. */
#ifndef FYI_NN_H
#define FYI_NN_H

#include "graph/param.h"
#include "nn/edit.h"
#include "nn/init.h"

#include <ferry/nn.h>

typedef struct fyi_model_param {
    fy_param *param;
    const char *name; /* local: the parameter's own name without "<model>." */
    fyi_init init;
    fyi_fans fans;
    uint64_t seed; /* of its first values */
    bool is_buffer;
    const char *edit; /* that made its layer; NULL: the family did */
} fyi_model_param;

/* Options that only some families have. */
enum { FYI_TAKES_WIDTH = 1, FYI_TAKES_POOL = 2 };

typedef struct fyi_family {
    const char *name;
    const char *text; /* one line */
    fy_build_fn build;
    const void *table;           /* the blocks that build reads, where several families share it */
    const fyi_init_style *style; /* NULL: fyi_style_torch */
    float norm_eps;              /* of batch norms; 0: 1e-5 */
    unsigned takes;              /* FYI_TAKES_... */
    fy_shape input;              /* as published, and the two below */
    int64_t n_classes;
    float dropout;
    /* Of the published weights; NULL: values 0 .. 1 of pictures in the input's size. */
    const fy_pixels *pixels;
} fyi_family;

/* RGB of 224x224 cut from a shorter side of 256, and of 32x32, both by ImageNet's mean and deviation. */
extern const fy_pixels fyi_pixels_imagenet, fyi_pixels_cifar;

struct fy_model {
    char *name;
    fyi_family family; /* a copy; named "custom" for fy_model_new */
    fy_model_opts opts; /* as given, the family's own values where none were; texts are in the arena */
    fyi_arena arena;
    fyi_model_param *params;
    size_t n_params, cap_params;
    fy_shape output;
    fy_pixels pixels; /* where has_pixels */
    bool has_pixels;
    const char **class_names; /* [opts.n_classes], in the arena; NULL: unknown */
    fyi_edits edits;          /* in the arena */
};

#define FYI_MAX_SCOPES 8

/* A scope that was entered and not left, as edits see it (edit.c). */
typedef struct fyi_open_block {
    size_t n_nodes, n_values; /* of the graph when it was entered */
    const fyi_edit *edit;     /* what takes it out; NULL: it stays */
    fy_node before,
        after; /* its nodes will read `after`, an inserted layer's, in place of `before` */
} fyi_open_block;

/* Scopes are written one after the other, "layer1.0.", and cut back. */
struct fy_layers {
    fy_graph *g;
    fy_model *m;
    fy_mode mode;
    const char *moves; /* globs of the parameters that training moves; NULL: all */
    bool is_fixed;     /* parameters pass no gradient on */
    size_t n_used;     /* parameters of the model that this application has used */
    bool learning;     /* the first application: parameters are made */
    const fyi_init_style *style;
    size_t first; /* the graph's values from here on belong to this application */
    char scope[160];
    size_t begin[FYI_MAX_SCOPES]; /* where each scope begins in `scope` */
    int n_scopes;
    fy_node x;            /* the model's input */
    const fyi_edit *edit; /* whose layer is being added; NULL: the family's */
    fyi_open_block block[FYI_MAX_SCOPES];
    int n_gone;           /* open blocks that are being taken out */
    fyi_outline *outline; /* while learning a model with edits; NULL: without */
    bool is_sketch;       /* and this application, without edits, fills it */
};

/* models.def: one line FAMILY(name) for each; gives `extern const fyi_family fyi_family_<name>`. */
#define FAMILY(name) extern const fyi_family fyi_family_##name;
#include "nn/models/models.def"
#undef FAMILY

/* ---- family.c ---------------------------------------------------------------------------------------------- */

/* NULL if there is none. */
const fyi_family *fyi_family_find(const char *name);
fy_status fyi_family_unknown(const char *name);
/* Puts the family's own values where o has none; refuses what it cannot have. */
fy_status fyi_family_settle(const fyi_family *f, const char *model, fy_model_opts *o);
/* FY_EINVAL: "model 'm': <what> 'avh' is none of avg, max, l2; did you mean 'avg'?" */
fy_status fyi_none_of(const char *model, const char *what, const char *word,
                      const char *const *words);

/* ---- model.c ----------------------------------------------------------------------------------------------- */

/* By its local name; NULL if there is none. */
fyi_model_param *fyi_model_param_of(const fy_model *m, const char *name);
/* [n, c, h, w] without its first axis. */
fy_shape fyi_sample_of(fy_shape batched);

/* ---- notes.c ----------------------------------------------------------------------------------------------- */

/* What `from` says of its pictures and, if they are the same, its classes. */
fy_status fyi_model_copy_notes(fy_model *to, const fy_model *from, bool with_classes);

/* ---- layers.c ---------------------------------------------------------------------------------------------- */

/* The parameter "<scope>.<layer>.<leaf>" as a node; made while learning. */
fy_node fyi_layer_param(fy_layers *l, const char *layer, const char *leaf, fy_shape s,
                        fyi_init init, fyi_fans fans);
/* A layer: as it is wanted, or as edits have it. */
fy_node fyi_layer_add(fy_layers *l, const char *name, fy_node x, const fyi_layer *layer);
/* Without asking edits. */
fy_node fyi_layer_build(fy_layers *l, const char *name, fy_node x, const fyi_layer *layer);
/* Names x "<model>.<scope>.<layer>", unless the application was given it. */
fy_node fyi_layer_name(fy_layers *l, const char *layer, fy_node x);
/* The build function's last word: every scope was left. */
void fyi_layers_end(fy_layers *l);

#endif
