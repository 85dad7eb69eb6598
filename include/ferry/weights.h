/* weights.h: named tensors in files, and what of them fits a model.
 *
 *   fy_weights        a file of tensors, read one by one: safetensors, PyTorch's .pth (both forms), .npz, .npy
 *   fy_weights_file   a file under construction: safetensors or .npz
 *   fy_fit            a file held against a model: what is loaded, missing, unexpected, of another shape
 *
 * Files are told apart by their content, never by their name. No length in a file is believed before it is held
 * against the bytes that are there, and nothing in a file is ever run: a pickle builds dictionaries, lists,
 * texts, numbers and tensors, and whatever else it asks for is refused by name. docs/formats.md has the rules. */
#ifndef FERRY_WEIGHTS_H
#define FERRY_WEIGHTS_H

#include "nn.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- reading ----------------------------------------------------------------------------------------- */

/* An open file: its table is in memory, its tensors are fetched as they are asked for. One thread at a time. */
typedef struct fy_weights fy_weights;
/* FY_EFORMAT for a file that is damaged or of no known format, FY_EDTYPE for one with numbers that Ferry does
 * not read. A file that carries "ferry.sha256" is checked against it now. */
FY_API FY_NODISCARD fy_status fy_weights_open(const char *path, fy_weights **out);
/* The same for a PyTorch checkpoint that holds several dictionaries of tensors: `part` names one
 * ("state_dict_ema", "generator.weights"). NULL: the one under "state_dict", "model", ... or the only one.
 * FY_EINVAL for a file without parts. */
FY_API FY_NODISCARD fy_status fy_weights_open_part(const char *path, const char *part,
                                                   fy_weights **out);
FY_API void fy_weights_close(fy_weights *w); /* accepts NULL */
/* "safetensors", "PyTorch zip", "PyTorch legacy", "npz" or "npy" */
FY_API const char *fy_weights_format(const fy_weights *w);
FY_API int fy_weights_count(const fy_weights *w);
FY_API const char *fy_weights_name(const fy_weights *w, int i);
/* What tensor i is read as: the smallest of Ferry's types that has all its values. */
FY_API fy_dtype fy_weights_dtype(const fy_weights *w, int i);
/* Its type in the file, by safetensors' name: "F16". */
FY_API const char *fy_weights_stored(const fy_weights *w, int i);
FY_API const fy_shape *fy_weights_shape(const fy_weights *w, int i);
FY_API int fy_weights_find(const fy_weights *w, const char *name); /* -1 if absent */
/* Writes tensor i, row-major and converted as fy_cast does; n must be its number of elements (FY_ESHAPE). */
FY_API FY_NODISCARD fy_status fy_weights_read(fy_weights *w, int i, fy_dtype t, void *dst,
                                              int64_t n);
/* Tensor i as a tensor of fy_weights_dtype. */
FY_API FY_NODISCARD fy_status fy_weights_tensor(fy_weights *w, int i, fy_tensor **out);
/* Metadata: safetensors' own texts; of a PyTorch checkpoint the texts and numbers beside the tensors ("epoch").
 * NULL if absent. */
FY_API const char *fy_weights_meta(const fy_weights *w, const char *key);
FY_API int fy_weights_meta_count(const fy_weights *w);
FY_API const char *fy_weights_meta_key(const fy_weights *w, int i);

/* ---- writing ----------------------------------------------------------------------------------------- */

/* A file under construction; nothing is on disk before fy_weights_commit, and then all of it. A path that ends
 * in ".npz" gives NumPy's archive, which has no place for metadata and leaves it out; any other, safetensors. */
typedef struct fy_weights_file fy_weights_file;
FY_API FY_NODISCARD fy_status fy_weights_create(const char *path, fy_weights_file **out);
FY_API FY_NODISCARD fy_status fy_weights_add(fy_weights_file *f, const char *name, fy_dtype t,
                                             const fy_shape *s, const void *data); /* copied */
FY_API FY_NODISCARD fy_status fy_weights_add_meta(fy_weights_file *f, const char *key,
                                                  const char *value);
FY_API FY_NODISCARD fy_status fy_weights_commit(fy_weights_file *f); /* frees f, also on failure */
FY_API void fy_weights_abort(fy_weights_file *f);                    /* accepts NULL */

/* ---- a file against a model --------------------------------------------------------------------------- */

/* id, its key in JSON, its words */
/* clang-format off */
#define FY_FIT_MAP(X)                                    \
    X(LOADED,      "loaded",      "loaded")              \
    X(MAPPED,      "mapped",      "mapped")              \
    X(SLICED,      "sliced",      "sliced")              \
    X(NEW_HEAD,    "new_head",    "new head")            \
    X(NEW_LAYER,   "new_layer",   "new layer")           \
    X(SKIPPED,     "skipped",     "skipped")             \
    X(MISSING,     "missing",     "missing")             \
    X(WRONG_SHAPE, "wrong_shape", "wrong shape")         \
    X(WRONG_DTYPE, "wrong_dtype", "no floating point")   \
    X(UNEXPECTED,  "unexpected",  "unexpected")          \
    X(IGNORED,     "ignored",     "ignored")
/* clang-format on */

typedef enum fy_fit_kind {
#define FY_FIT_ENUM(id, key, text) FY_FIT_##id,
    FY_FIT_MAP(FY_FIT_ENUM)
#undef FY_FIT_ENUM
        FY_FIT_KINDS
} fy_fit_kind;

typedef struct fy_fit_line {
    fy_fit_kind kind;
    const char *name;   /* the model's; the file's where the model has none */
    const char *from;   /* what the file calls it, with its prefix; NULL if it is not there */
    const char *stored; /* type in the file, NULL if it is not there */
    fy_shape in_file, in_model;
    int i_file, i_model; /* -1: not there */
} fy_fit_line;

typedef struct fy_fit_opts {
    /* Of a PyTorch checkpoint, as in fy_weights_open_part; read where a path is given; NULL: the usual one. */
    const char *part;
    /* What stands before the model's names in the file ("module."); NULL: whatever makes most names and shapes fit; "":
     * nothing. */
    const char *prefix;
    const char *skip; /* globs of the model's parameters that keep their values ("fc.*"); NULL: none */
    /* Rules "theirs -> ours" (or "="), separated by ";" or line breaks: which of the file's tensors goes into which of the
     * model's, by names or by names with one '*' each, "layer1.8.* -> layer1.2.*". Of several rules about one parameter the
     * first decides; without one it has its own name. The rule "auto" pairs what no name finds: the k-th of the layers
     * with the same shapes, where both have as many. Names of the file are meant without the prefix. A rule of which
     * nothing comes is FY_EINVAL. NULL: none. */
    const char *map;
    bool slice; /* of a tensor that is larger the leading part is taken: the first channels of a wider layer */
    bool allow_missing;    /* the model's tensors that the file lacks keep their values */
    bool allow_unexpected; /* the file may have tensors that the model lacks */
    bool new_head;         /* a layer for another number of classes keeps its initial values */
    bool new_layers; /* so do layers that an edit made, unless the file's model was edited alike */
} fy_fit_opts;
/* All four allowed: to train on from somebody's file. */
FY_API fy_fit_opts fy_fit_defaults(void);
/* None allowed: to use a model as it was saved. A prefix is still found. */
FY_API fy_fit_opts fy_fit_strict(void);

/* Lines in the model's order, then those of the file alone, in its order. */
typedef struct fy_fit {
    const char *file, *format, *model, *family;
    const char *prefix; /* taken off the file's names; "" if none */
    const char *edits; /* of the model that the file was saved from; NULL: none, or it does not say */
    bool is_edited_alike; /* the model has those, or the file names none */
    int n_lines;
    const fy_fit_line *lines;
    int count[FY_FIT_KINDS];
    bool is_allowed;  /* by the options it was made with */
    const char *text; /* for people, several lines */
    /* In one: "120 tensors loaded, 2 new head, 0 missing, 0 wrong shape, 0 unexpected". */
    const char *summary;
    const char *json; /* one object */
} fy_fit;
FY_API const char *fy_fit_kind_text(fy_fit_kind k); /* "wrong shape" */

/* Mapped is what has another name in the file, and sliced what is larger there; both are listed in the text, all of
 * them. Compares names, shapes and types and reads no values. Needs no permission: what is not allowed is in the
 * result. FY_EINVAL when two prefixes would do as well as each other. Names that end in ".num_batches_tracked"
 * are ignored. A tensor is a new head if it has as many rows as the model has classes, another number in the
 * file, and is otherwise alike. */
FY_API FY_NODISCARD fy_status fy_fit_new(const fy_model *m, const fy_weights *w,
                                         const fy_fit_opts *o, fy_fit **out);
FY_API void fy_fit_free(fy_fit *f); /* accepts NULL */

/* Reads what fits into the model, or leaves the model as it was: FY_ESHAPE for what the options do not allow,
 * with a sentence that names the first of each kind, and when nothing fits at all; then, too, there is a report. A
 * warning says what was missing or unexpected and allowed. `report` may be NULL. */
FY_API FY_NODISCARD fy_status fy_model_load_from(fy_model *m, fy_weights *w, const fy_fit_opts *o,
                                                 fy_fit **report);
/* The same from a file by its path; `o` NULL: fy_fit_defaults. */
FY_API FY_NODISCARD fy_status fy_model_load_partly(fy_model *m, const char *path,
                                                   const fy_fit_opts *o, fy_fit **report);
/* The same with fy_fit_strict: the whole model, and nothing else in the file. */
FY_API FY_NODISCARD fy_status fy_model_load(fy_model *m, const char *path);
/* A model's parameters as one file; in the metadata its family, its options and, where they were set, what pictures
 * it takes and the names of its classes. */
FY_API FY_NODISCARD fy_status fy_model_save(fy_model *m, const char *path);
/* Opens a model of the family and with the options that w's metadata name, of `family` and with those of o where it
 * says nothing; the input's shape is o's, or the file's if o's has rank 0. Its pictures and class names are the
 * file's. Its values are not loaded. `family` may be NULL: a file that names none is then FY_EINVAL. FY_EFORMAT for
 * pictures or class names that cannot be the model's. */
FY_API FY_NODISCARD fy_status fy_model_open_saved(const fy_weights *w, const char *family,
                                                  const char *name, const fy_model_opts *o,
                                                  fy_model **out);

#ifdef __cplusplus
}
#endif
#endif
