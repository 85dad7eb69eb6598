/* nn.h: models. A model is a named set of parameters and buffers, and a function that adds its layers to a
 * graph. Parameter names are torchvision's. */
#ifndef FERRY_NN_H
#define FERRY_NN_H

#include "graph.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fy_model fy_model;

typedef enum fy_mode {
    FY_EVAL,  /* running statistics, no dropout */
    FY_TRAIN, /* batch statistics, dropout */
} fy_mode;

/* What families read; docs/models.md says which reads what. A width or a pooling that a family does not have is
 * refused; the rest is ignored by families that have no use for it. */
typedef struct fy_model_opts {
    fy_shape input; /* of one sample: [c, h, w] or [k] */
    int64_t n_classes; /* width of the last layer, the head; 0 leaves it out: the model gives features */
    int64_t hidden; /* width of hidden layers; 0: the family's own */
    float width;    /* factor on the number of channels of every layer (MobileNet's 0.35); 0: 1 */
    float dropout;  /* 0: none; negative: the family's own */
    const char *activation; /* "relu", "leaky_relu", "none"; NULL: the family's own */
    const char *pool;       /* over the last map: "avg", "max", "l2"; NULL: the family's own */
    const char *head;       /* name of the last layer; NULL: the family's own ("fc") */
    uint64_t seed;          /* of the initial values */
    const char *edits;      /* changes to its layers, as in fy_model_edit; NULL: none */
} fy_model_opts;
FY_API fy_model_opts fy_model_defaults(void); /* 1x28x28, 10 classes */

/* A family by name; fy_model_families lists them. `name` is the model's own ("encoder"): it names the
 * parameters' random streams and prefixes optimiser state. FY_EINVAL names the nearest family. */
FY_API FY_NODISCARD fy_status fy_model_open(const char *family, const char *name,
                                            const fy_model_opts *o, fy_model **out);
FY_API const char *const *fy_model_families(void);           /* NULL-terminated */
FY_API const char *fy_model_family_text(const char *family); /* one line, NULL if unknown */
/* What the family was published with: ResNet-18's input is 3x224x224, its classes are 1000. */
FY_API FY_NODISCARD fy_status fy_model_family_defaults(const char *family, fy_model_opts *out);
FY_API void fy_model_free(fy_model *m);
/* The same family and values under another name: ADDA's target encoder. */
FY_API FY_NODISCARD fy_status fy_model_clone(fy_model *m, const char *name, fy_model **out);
/* The same with some layers changed; m stays as it is. Edits are separated by ";" or line breaks:
 *   drop NAME                                 a layer, or a whole block such as "layer3.1"
 *   replace NAME LAYER                        either of them by one layer, which keeps the name
 *   insert before|after NAME [as NEW] LAYER   called NEW, by default NAME_before and NAME_after, beside NAME
 *   head linear [N] | mlp HIDDEN [N] | none   the last layer, to N classes, by default to as many as there are
 * LAYER is "conv OUT K [STRIDE] [identity]", "linear OUT [identity]", "batch_norm", "relu", "leaky_relu", "dropout P" or
 * "none"; with "identity" it begins as one. Layers that stay keep their values to the byte; new ones begin by the options'
 * seed and their own names. FY_EINVAL for a text that is none of this and for names that there are not; FY_ESHAPE where
 * a layer that stays would get another width than it was made for, with a sentence that names both sides. The edits
 * become part of the options, and are saved with the model. docs/models.md, "Changing a model". */
FY_API FY_NODISCARD fy_status fy_model_edit(fy_model *m, const char *name, const char *edits,
                                            fy_model **out);

/* Adds the model's layers on x [n, input...]; returns its result. Models may be applied several times; all
 * applications share the parameters. */
FY_API fy_node fy_model_apply(fy_graph *g, fy_model *m, fy_node x, fy_mode mode);
/* The same in training mode, for an objective that moves only the parameters that match the globs `moves` (as in
 * fy_objective_moves_model): a batch norm that stays uses its running statistics, a dropout before a layer that
 * stays does nothing. So what is frozen gives the same features in every step. */
FY_API fy_node fy_model_apply_moving(fy_graph *g, fy_model *m, fy_node x, const char *moves);
/* The same as with moves "", and its parameters are constants in this application: gradients pass through it to x and to
 * none of them, whatever other applications and objectives do with them. */
FY_API fy_node fy_model_apply_fixed(fy_graph *g, fy_model *m, fy_node x);
/* What `layer` computes in the application of m whose result is y: "layer3", "layer3.0", "layer3.0.conv1", or
 * "features", what goes into the head. FY_NO_NODE if there is no such layer; docs/models.md lists names, and so
 * does fy_model_summary. */
FY_API fy_node fy_model_tap(const fy_graph *g, const fy_model *m, fy_node y, const char *layer);
/* The same, where there has to be one: FY_EINVAL names the nearest. */
FY_API FY_NODISCARD fy_status fy_model_find_tap(const fy_graph *g, const fy_model *m, fy_node y,
                                                const char *layer, fy_node *out);

/* Several modalities: an encoder each, a model from a part to d features, the same d for all of them; and a fusion, a model from
 * all features to one result, families "fusion_...". A fusion puts its neutral element where a part is missing, and what
 * remains is what the other parts say through the same weights: so one modality is looked at alone, too.
 *
 * This is what a fusion reads: z [n_modalities], features [n, d] each, and there [n_modalities], f32 [n, 1] each, 1 where the part is there
 * and 0 where it is missing; an entry FY_NO_NODE, or `there` NULL: everywhere. Returns [n, n_modalities, d + 1]; a fusion for it
 * has the input [n_modalities, d + 1]. In each row something should be there. */
FY_API fy_node fy_parts_together(fy_graph *g, const fy_node *z, const fy_node *there,
                                 int n_modalities);

FY_API const char *fy_model_name(const fy_model *m);
FY_API const char *fy_model_family(const fy_model *m);
FY_API const fy_model_opts *fy_model_options(const fy_model *m);
/* Of one sample's result. */
FY_API const fy_shape *fy_model_output(const fy_model *m);

/* How a picture becomes a sample: resized or cut, its values brought to 0 .. 1, then (x - mean) / deviation. */
typedef struct fy_pixels {
    int64_t channels;      /* 1: grey, 3: RGB, 0: as the picture has them */
    int64_t size;          /* height and width it is resized to, whatever its shape; 0: not so */
    int64_t shorter, crop; /* or: the shorter side's length, then the square cut from the centre */
    float mean[4], deviation[4]; /* per channel; deviation[0] 0: values stay 0 .. 1 */
} fy_pixels;
/* What the model's values were made for: as it was set, or as the family was published, for the model's input. */
FY_API fy_pixels fy_model_pixels(const fy_model *m);
/* Saved with the model. FY_EINVAL for sizes outside 0 .. 4096, more than one way to resize, or a deviation that is
 * not above 0. */
FY_API FY_NODISCARD fy_status fy_model_set_pixels(fy_model *m, const fy_pixels *p);
FY_API bool fy_model_has_pixels(const fy_model *m); /* they were set */
/* Names in the order of the classes, copied, and saved with the model; n must be the options' n_classes. */
FY_API FY_NODISCARD fy_status fy_model_set_classes(fy_model *m, const char *const *names, int n);
FY_API const char *fy_model_class_name(const fy_model *m, int c); /* NULL: unknown */

FY_API int fy_model_count(const fy_model *m);
/* "conv1.weight", without the model's name. */
FY_API const char *fy_model_param_name(const fy_model *m, int i);
FY_API fy_param *fy_model_param(const fy_model *m, int i);
FY_API bool fy_model_param_is_buffer(const fy_model *m, int i); /* running statistics */
/* The edit that made its layer, as the options have it: "head linear"; NULL: the family did. */
FY_API const char *fy_model_param_edit(const fy_model *m, int i);
FY_API fy_param *fy_model_find(const fy_model *m, const char *param_name);
/* Draws the initial values again from seed. */
FY_API FY_NODISCARD fy_status fy_model_init(fy_model *m, uint64_t seed);
/* Copies every value of `from` into the parameter of the same name and shape in `to`. */
FY_API FY_NODISCARD fy_status fy_model_copy(fy_model *to, fy_model *from);
/* The same for the parameters of `to` whose names match the globs. */
FY_API FY_NODISCARD fy_status fy_model_copy_some(fy_model *to, fy_model *from, const char *globs);
/* SHA-256 of all names, shapes and values, 64 hexadecimal digits and a NUL: equal means byte-identical. */
FY_API FY_NODISCARD fy_status fy_model_hash(fy_model *m, char hex[65]);

/* One layer as it runs in evaluation mode on one sample: an operator, or a convolution or product with its bias. */
typedef struct fy_layer_line {
    const char *name; /* "layer1.0.conv1"; "" for an operator without parameters that nobody named */
    const char *kind;            /* its operator: "conv2d" */
    fy_shape output;             /* of one sample */
    int64_t n_values, n_buffers; /* parameters and running statistics that no line before it has */
    int64_t macs;                /* multiply-adds of convolutions and products */
    int64_t flops; /* all arithmetic: two for a multiply-add, one for each other operation on an element */
} fy_layer_line;

typedef struct fy_summary {
    int n_lines;
    const fy_layer_line *lines; /* in the order in which they run */
    fy_layer_line total;
    fy_shape input; /* of one sample */
} fy_summary;
FY_API FY_NODISCARD fy_status fy_model_summary(fy_model *m, fy_summary **out);
FY_API void fy_summary_free(fy_summary *s); /* accepts NULL */

/* Lets objective o move the parameters whose names match the globs ("fc.* layer4.*"; "*": all, running statistics
 * included). A glob after "!" takes names out again, "* !layer1.*"; of several that match a name the last decides.
 * Matching nothing is a mistake of the graph. */
FY_API void fy_objective_moves_model(fy_graph *g, fy_objective o, fy_model *m, const char *globs,
                                     const char *group);

/* ---- layers: for a model of your own ------------------------------------------------------------------ */

/* Where layers are being added. Lent to a build function; layers make their parameters on first use. */
typedef struct fy_layers fy_layers;

/* Adds layers on x and returns the result. Called once to learn the parameters, then once per application. */
typedef fy_node (*fy_build_fn)(fy_layers *l, const fy_model_opts *o, fy_node x);

FY_API FY_NODISCARD fy_status fy_model_new(const char *name, fy_build_fn build,
                                           const fy_model_opts *o, fy_model **out);
FY_API fy_graph *fy_layers_graph(fy_layers *l);
FY_API fy_mode fy_layers_mode(const fy_layers *l);
/* Until the matching leave, names of layers begin with "<scope>."; scopes nest, to a depth of 8. Leave names x, what
 * the scope computes, after the scope, and returns it. */
FY_API void fy_layers_enter(fy_layers *l, const char *fmt, ...) FY_PRINTF(2, 3);
FY_API fy_node fy_layers_leave(fy_layers *l, fy_node x);

/* x [n, ic, h, w] -> [n, oc, oh, ow], square kernel k; "<name>.weight", "<name>.bias" */
FY_API fy_node fy_layer_conv2d(fy_layers *l, const char *name, fy_node x, int64_t oc, int64_t k,
                               const fy_conv_opts *o, bool bias);
/* Along the last axis: x [n, ic, 1, t] -> [n, oc, 1, ot], windows of k; "<name>.weight" [oc, ic, 1, k],
 * "<name>.bias" */
FY_API fy_node fy_layer_conv1d(fy_layers *l, const char *name, fy_node x, int64_t oc, int64_t k,
                               int64_t stride, int64_t pad, bool bias);
/* x [n, ic] -> [n, oc] */
FY_API fy_node fy_layer_linear(fy_layers *l, const char *name, fy_node x, int64_t oc, bool bias);
/* "<name>.weight", ".bias", ".running_mean", ".running_var" */
FY_API fy_node fy_layer_batch_norm(fy_layers *l, const char *name, fy_node x);
/* A parameter of its own, "<name>.value", of shape s and `value` throughout at first. */
FY_API fy_node fy_layer_values(fy_layers *l, const char *name, fy_shape s, float value);
FY_API fy_node fy_layer_dropout(fy_layers *l, fy_node x, float p); /* nothing in evaluation mode */
/* "relu", "leaky_relu" (slope 0.2), "none" */
FY_API fy_node fy_layer_activation(fy_layers *l, const char *kind, fy_node x);

#ifdef __cplusplus
}
#endif
#endif
