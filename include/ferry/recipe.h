/* recipe.h: a YAML file that names data, model, method and their settings, and running it.
 *
 *   recipe    keys such as "source.classes" or "adda.critic_lr" with their values, in file order
 *   override  "adda.critic_lr=1e-4": replaces a key, wherever it came from; the last one wins
 *   resolved  every key that applies, with the value given or its default. The resolved recipe
 *             is written into the run's directory; running that file again is the same run.
 *
 * Nothing is read and then ignored: an unknown key, a key of another method, or a key whose
 * condition does not hold ("adda.critic_beta1" while adda.critic_optim is sgd) is a failure. Only methods of one
 * kind, which take the same data to be compared, leave each other's keys in a file aside, and adaptations with a given
 * source model those of its training, with a note.
 * Sentences name file, line and column. A recipe is used by one thread at a time. */
#ifndef FERRY_RECIPE_H
#define FERRY_RECIPE_H

#include "hdnet.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fy_recipe fy_recipe;

/* ---- reading and changing -------------------------------------------------------------------- */

/* YAML restricted to mappings, scalars and lists of scalars: no anchors, aliases, tags, duplicate
 * keys or second document; at most 1 MiB, 16 levels and 4,096 values. FY_EFORMAT otherwise. The
 * recipe is named after the file unless it has a `name`. Keys are not looked at before
 * fy_recipe_check. */
FY_API FY_NODISCARD fy_status fy_recipe_read(const char *path, fy_recipe **out);
/* The same from memory; `name` stands for the path in sentences and names the recipe. */
FY_API FY_NODISCARD fy_status fy_recipe_parse(const char *name, const char *text, size_t bytes,
                                              fy_recipe **out);
FY_API FY_NODISCARD fy_status fy_recipe_copy(const fy_recipe *r, fy_recipe **out);
FY_API void fy_recipe_free(fy_recipe *r); /* accepts NULL */

/* "key=value", or "key=[a, b]" for a list; "key=" goes back to the default; key="text" is the text between
 * the quotes, of which there may be none. */
FY_API FY_NODISCARD fy_status fy_recipe_set(fy_recipe *r, const char *assignment);
/* The same with the value taken letter by letter: for paths. */
FY_API FY_NODISCARD fy_status fy_recipe_put(fy_recipe *r, const char *key, const char *value);

/* ---- looking --------------------------------------------------------------------------------- */

/* Are all keys known, applicable, of the right type and in range, and is what must be there?
 * FY_EINVAL names key, value and what was expected, and the nearest key for an unknown one. Opens
 * no data. Everything below asks for it first and fails with its sentence, or gives NULL. */
FY_API FY_NODISCARD fy_status fy_recipe_check(fy_recipe *r);
FY_API const char *fy_recipe_name(fy_recipe *r);
/* A resolved value as text, "0.03" or "[0, 1]"; NULL for a key that is unknown or does not apply.
 * Lent until the recipe changes. */
FY_API const char *fy_recipe_get(fy_recipe *r, const char *key);
/* The resolved recipe as a YAML file, whole or not at all; one with a section `compare` as it was given, with the keys that were set
 * since in compare.overrides. */
FY_API FY_NODISCARD fy_status fy_recipe_write(fy_recipe *r, const char *path);

/* One key that recipes may have. */
typedef struct fy_recipe_key {
    /* "adda.critic_lr", "<side>.limit", "encoder_<m>.family" for modality m from 1 on; lent until the next call */
    const char *key;
    const char *type;  /* "number", "sgd | adam", ... */
    char standard[64]; /* its default */
    const char *
        needs; /* "optim=adam", "a data side 'target'": without it the key is a mistake; NULL: nothing */
    const char *help; /* one line */
} fy_recipe_key;
/* The i-th of all, section by section; false when there are no more. */
FY_API bool fy_recipe_known(int i, fy_recipe_key *out);
/* "source", "part_1"; NULL when i is past the last data side that recipes may have. */
FY_API const char *fy_recipe_side(int i);
/* "adda"; NULL when i is past the last method. */
FY_API const char *fy_recipe_method(int i);
/* One line about it. */
FY_API const char *fy_recipe_method_text(int i);

/* ---- augmentations --------------------------------------------------------------------------- */

/* An augmentation from assignments of "augment"'s keys, without that word: "flip=0.5", "rand_ops=2".
 * FY_EINVAL as in fy_recipe_check. */
FY_API FY_NODISCARD fy_status fy_recipe_augment(const char *const *settings, int n, fy_augment *out);
/* The i-th of those keys, "augment.flip"; false when there are no more. */
FY_API bool fy_recipe_augment_known(int i, fy_recipe_key *out);

/* ---- running --------------------------------------------------------------------------------- */

/* Asked when a run has come to its figures: the object of result.json, n bytes. *keeps false: its models are not kept. */
typedef fy_status (*fy_keeps_fn)(void *arg, const char *result, size_t n, bool *keeps);

typedef struct fy_recipe_run_opts {
    const char *runs_dir; /* where a run without run_dir gets "<name>-<seed>", or "-2", "-3", ... */
    const char *run_dir;  /* NULL: chosen as above. One that holds a run needs `resume` */
    bool resume;          /* continue run_dir with the recipe it was begun with; a run that is done
                           * is given back as it is */
    fy_progress_fn progress;
    void *progress_arg;
    fy_metrics_fn metrics; /* as in fy_run_opts */
    void *metrics_arg;
    fy_keeps_fn
        keeps; /* of a run that is one of many: it is light (fy_run_opts) until this is answered. NULL: models are kept */
    void *keeps_arg;
    const volatile sig_atomic_t *cancel; /* when not 0: as in fy_run_opts; FY_ECANCELED */
} fy_recipe_run_opts;
FY_API fy_recipe_run_opts fy_recipe_run_defaults(void); /* in "runs" */

/* What a method does: those of a kind take the same data and report the same figures. */
typedef enum fy_recipe_kind {
    FY_KIND_ADAPT,
    FY_KIND_FINETUNE,
    FY_KIND_DISTILL,
    FY_KIND_FUSE,
    FY_KIND_HDNET
} fy_recipe_kind;

#define FY_RUN_DIR_MAX 1024
typedef struct fy_recipe_result {
    char run_dir[FY_RUN_DIR_MAX]; /* set as soon as it exists, also when the run fails later */
    double seconds;               /* of this execution */
    fy_recipe_kind kind;          /* which of the reports there is */
    union {
        fy_adapt_report adapt;
        fy_finetune_report finetune;
        fy_distill_report distill;
        fy_fuse_report fuse;
        fy_hdnet_report hdnet;
    } report;
} fy_recipe_result;

/* One data side, "source" or "target", as the recipe has it, labels included. */
FY_API FY_NODISCARD fy_status fy_recipe_open_side(fy_recipe *r, const char *side, fy_dataset **out);

/* The device that the keys device, precision, threads, memory and kernel_times describe; fy_device_close. */
FY_API FY_NODISCARD fy_status fy_recipe_open_device(fy_recipe *r, fy_device **out);

/* Opens device and data and runs the method. The directory then holds recipe.yaml (resolved),
 * data.json (what each side is, and what was odd about them), data/<side>.json (manifests),
 * versions.json, all that the method writes, and result.json. `o` NULL: defaults. */
FY_API FY_NODISCARD fy_status fy_recipe_run(fy_recipe *r, const fy_recipe_run_opts *o,
                                            fy_recipe_result *result);

/* Device, data and features of frozen layers that stay open from one run to the next, for the trials of a search: copies of one recipe with other
 * settings. What a recipe wants otherwise than the one before it, another device or other data, is opened anew; whatever
 * is open, a run's bytes are those of fy_recipe_run. Files that change while a lab is open are not seen. Used by one
 * thread at a time. */
typedef struct fy_lab fy_lab;
FY_API FY_NODISCARD fy_status fy_lab_open(fy_lab **out); /* with nothing in it */
FY_API void fy_lab_close(fy_lab *l);                     /* accepts NULL */
/* As fy_recipe_run. `r` may be freed afterwards. */
FY_API FY_NODISCARD fy_status fy_lab_run(fy_lab *l, fy_recipe *r, const fy_recipe_run_opts *o,
                                         fy_recipe_result *result);

#ifdef __cplusplus
}
#endif
#endif
