/* What the files of the command share: verbs, options, output, progress.
 *
 * Results go to stdout, progress and warnings to stderr. Exit codes: 0 done, 1 failed, 2 misused. */
#ifndef FYI_CLI_H
#define FYI_CLI_H

#include <ferry/ferry.h>

#include "base/base.h"

enum { FYI_DONE = 0, FYI_FAILED = 1, FYI_MISUSED = 2 };

/* ---- args.c ---------------------------------------------------------------------------------- */

typedef struct fyi_option {
    const char *name;  /* "--out"; NULL ends a table */
    const char *value; /* "DIR": what follows it; NULL: nothing */
    const char *help;
} fyi_option;

typedef struct fyi_given {
    const fyi_option *option;
    const char *value; /* NULL for an option without */
} fyi_given;

/* A command line taken apart. Texts belong to argv. */
typedef struct fyi_args {
    const struct fyi_verb *verb;
    fyi_given *given;
    int n_given;
    const char **plain; /* what is neither an option nor key=value */
    int n_plain;
    const char **settings; /* key=value */
    int n_settings;
} fyi_args;

typedef struct fyi_verb {
    const char *name;
    const char *line;  /* one line for 'ferry help' */
    const char *usage; /* "[options] RECIPE.yaml [key=value ...]" */
    const char *help;  /* what it does, and examples */
    const fyi_option *options;
    int (*run)(const fyi_args *a);
    const char *const *words; /* what its first plain word can be, for completion; NULL: files */
} fyi_verb;
extern const fyi_verb *const fyi_verbs[]; /* NULL-terminated */
const fyi_verb *fyi_verb_find(const char *name);
const char *fyi_verb_nearest(const char *name);

/* FY_EINVAL with a sentence that names the nearest option. Release with fyi_args_release, always. */
fy_status fyi_args_parse(const fyi_verb *verb, int argc, char *const *argv, fyi_args *out);
void fyi_args_release(fyi_args *a);
bool fyi_args_has(const fyi_args *a, const char *name);
/* The last value given, or NULL. */
const char *fyi_args_value(const fyi_args *a, const char *name);
/* The i-th value of an option given several times, or NULL. */
const char *fyi_args_nth(const fyi_args *a, const char *name, int i);
/* Is there a key=value for this key? */
bool fyi_args_sets(const fyi_args *a, const char *key);
/* Prints how the verb is used and what is wrong; FYI_MISUSED. */
int fyi_misused(const fyi_verb *verb, const char *fmt, ...) FY_PRINTF(2, 3);
/* Prints the last failure's sentence; FYI_FAILED. */
int fyi_failed(void);

/* ---- progress.c, interrupt.c ----------------------------------------------------------------- */

void fyi_progress_begin(bool is_quiet);
void fyi_progress_show(void *arg, const fy_progress *p); /* a fy_progress_fn */
void fyi_progress_end(void);

/* From now on the first SIGINT or SIGTERM sets the flag, the second ends the program. */
void fyi_interrupt_begin(void);
const volatile sig_atomic_t *fyi_interrupt_flag(void);

struct json_t;

/* ---- what several verbs do ------------------------------------------------------------------- */

/* run_recipe.c: runs, reports and prints. */
int fyi_run_recipe(const fyi_args *a, fy_recipe *r);
/* The same with a recipe that make(arg) leaves at *r, saying what it picks. */
int fyi_make_and_run(const fyi_args *a, fy_status (*make)(void *arg), void *arg, fy_recipe **r);
/* show.c: "95.3%", or "-" of what is not finite, in so many columns. */
void fyi_print_share(int width, double share);
/* show_*.c: the figures of a kind of method, for people. */
void fyi_show_adapt(fy_recipe *r, const fy_recipe_result *result);
void fyi_show_finetune(fy_recipe *r, const fy_recipe_result *result);
void fyi_show_distill(fy_recipe *r, const fy_recipe_result *result);
void fyi_show_fuse(fy_recipe *r, const fy_recipe_result *result);
void fyi_show_hdnet(fy_recipe *r, const fy_recipe_result *result);
/* show_compare.c, show_search.c */
void fyi_show_comparison(const fy_comparison_table *t);
/* Of adaptations: what they did to their source models; nothing for others. */
void fyi_show_harm(const fy_comparison_table *t);
void fyi_show_study(const fy_study_table *t);
/* Applies the command line's key=value. */
fy_status fyi_apply_settings(const fyi_args *a, fy_recipe *r, const char *prefix);
/* FYI_MISUSED for a recipe that is wrong, FYI_FAILED for one that cannot be read. */
int fyi_recipe_failed(const fyi_args *a, fy_status st);
/* The object as one line, the last of stdout. */
int fyi_print_json(struct json_t *root);
/* The same of a file that a run left. */
int fyi_print_json_file(const char *dir, const char *name);
/* Whoever reads the last line gets one in any case: the last failure, of what was to be in `dir`. */
void fyi_print_failure_json(fy_status st, const char *dir);

/* data_path.c: PATH is a folder, a list or archives of pictures, an idx, npy or CIFAR file, or
 * "digits:STYLE[:COUNT]". Puts format, images, labels (those found beside the images, or `labels`
 * unless NULL) or style under "<side>.". */
fy_status fyi_put_data_path(fy_recipe *r, const char *side, const char *path, const char *labels);
/* One dataset from PATH and the command line's key=value; thorough: all that is broken is looked for. */
fy_status fyi_open_data_path(const fyi_args *a, const char *path, const char *labels,
                             bool is_thorough, fy_dataset **out);

/* data_sheet.c: a PNG of samples and what an augmentation makes of them. */
fy_status fyi_data_sheet(const fyi_args *a);

/* PATH as the side "source" of a recipe that has no other use. */
fy_status fyi_data_recipe(const char *path, const char *labels, fy_recipe **out);

/* weights_arg.c: a file of --weights, and what of it is meant. */
typedef struct fyi_weights_arg {
    const char *path;   /* NULL: not given */
    const char *part;   /* NULL: the usual one */
    const char *prefix; /* NULL: found by itself */
} fyi_weights_arg;
/* How names and sizes in the one file of --weights become those of the model. */
#define FYI_OPTIONS_MAP                                                                      \
    { "--map", "RULE",                                                                       \
      "what goes where: \"encoder.* -> features.*\", or auto; several: the first decides" }, \
    {                                                                                        \
        "--slice", NULL, "of tensors that are larger in the file the leading part is taken"  \
    }
#define FYI_OPTION_PREFIX                                                                    \
    {                                                                                        \
        "--prefix", "TEXT",                                                                  \
            "what stands before the model's names, \"backbone.\"; in the order of --weights" \
    }
#define FYI_OPTIONS_PART                                                                 \
    { "--part", "NAME",                                                                  \
      "of a checkpoint with several dictionaries, \"ema\"; in the order of --weights" }, \
        FYI_OPTION_PREFIX
/* What of a model's layers is changed. */
#define FYI_OPTION_EDIT                                                                          \
    {                                                                                            \
        "--edit", "EDIT",                                                                        \
            "changes the model: \"drop layer4.1\", \"head mlp 256\"; several: one after another" \
    }
/* All values of an option with "; " between, after `old` unless it is NULL; p NULL: none. Release the buffer. */
fy_status fyi_args_join(const fyi_args *a, const char *option, const char *old, fyi_buf *out);
/* The i-th. FY_EINVAL for a part or prefix of a file that is not given. */
fy_status fyi_weights_arg_at(const fyi_args *a, int i, fyi_weights_arg *out);
fy_status fyi_weights_arg_open(const fyi_weights_arg *w, fy_weights **out);
/* Into a recipe's keys <key>, <key>_part and <key>_prefix. */
fy_status fyi_weights_arg_put(const fyi_weights_arg *w, fy_recipe *r, const char *key);

/* part_arg.c: NAME=PATH, the samples of one modality. */
typedef struct fyi_part_arg {
    char name[104];
    const char *path; /* NULL: not given */
} fyi_part_arg;
/* The option's i-th. */
fy_status fyi_part_arg_at(const fyi_args *a, const char *option, int i, fyi_part_arg *out);
/* "part_2_test.format" of modality 1, "_test" and "format"; the side alone where `key` is "". */
typedef struct fyi_part_key {
    char text[64];
} fyi_part_key;
fyi_part_key fyi_part_key_of(int m, const char *split, const char *key);
/* Which of the names, NULL-terminated, is meant; FY_EINVAL names the nearest. */
fy_status fyi_modality_find(const char *option, const char *name, const char *const *names, int *m);

/* subject.c: models from --weights and the data that they are shown, prepared as the first of them wants it. */
#define FYI_MAX_CHAIN 4
typedef struct fyi_subject {
    const fyi_args *args;
    fy_device *dev;
    fy_recipe *recipe; /* the data are its side "source" */
    const fy_dataset *data;
    fy_dataset *opened;  /* what `data` is, of a chain of models */
    fy_pixels pixels;    /* as the first model wants them */
    bool has_own_values; /* but the command line has a mean and deviation, or a range, of its own */
    const char *pixels_by; /* who said so: "the weights", "the family", .. */
    fyi_weights_arg files[FYI_MAX_CHAIN];
    int n_files;
    fy_model *chain[FYI_MAX_CHAIN];     /* of them, as far as they are open: n_models */
    const char *formats[FYI_MAX_CHAIN]; /* of their files: "PyTorch legacy" */
    char prefixes[FYI_MAX_CHAIN][64];   /* taken off the names in them */
    int n_models;
    fy_predictor *predictor;
    /* Instead of a chain and its predictor: what a run with several modalities left, and what it says. */
    const char *dir;
    fy_fused *fused;
    fy_dataset *sides[FY_MAX_MODALITIES];
    fy_parts *parts;
    fy_tensor *logits; /* [samples, k] */
    int64_t batch;
    int k;                    /* classes */
    const char **class_names; /* [k]; NULL: unknown */
    fyi_buf preparation; /* "channels=3 size=32 range=normal mean=[..] ..", as a command line has it; p NULL: nothing */
    fyi_arena arena;
    bool is_unlabelled; /* set by the verb: labels are of no use */
} fyi_subject;
/* Options that both verbs take. */
#define FYI_OPTIONS_SUBJECT                                                                                    \
    { "--weights", "FILE", "a model: safetensors, .pth, .npz; several: encoder, then classifier" },            \
        { "--model", "FAMILY",                                                                                 \
          "its family, where the file does not say; in the order of --weights" },                              \
        { "--part",                                                                                            \
          "NAME", "of a checkpoint, as \"ema\"; or of a run of ferry fuse NAME=PATH, samples of a modality" }, \
        FYI_OPTION_PREFIX,                                                                                     \
        { "--classes", "FILE",                                                                                 \
          "names of the model's classes, one a line, where the weights have none" },                           \
    {                                                                                                          \
        "--pair", "WAY",                                                                                       \
            "number, key or label: what makes parts one sample; by default as in the run"                      \
    }
/* Opens everything. Release with fyi_subject_close, always. */
fy_status fyi_subject_open(fyi_subject *s, const fyi_args *a, const char *path);
void fyi_subject_close(fyi_subject *s);
/* k and the names, of a model whose results are scores of classes. */
fy_status fyi_subject_name_classes(fyi_subject *s, const fy_model *last);
/* Settings such as precision=bf16, which are the run's rather than its data's. */
fy_status fyi_apply_run_settings(fyi_subject *s);
/* fused.c: the same of a run's directory and --part, as far as logits. Release with fyi_subject_close, always. */
fy_status fyi_fused_open(fyi_subject *s, const fyi_args *a, const char *dir);
void fyi_fused_close(fyi_subject *s);
/* "image=photos, sound=calls"; "image conv4, sound conv4, then fusion_concat". */
void fyi_fused_parts_text(const fyi_subject *s, fyi_buf *out);
void fyi_fused_models_text(const fyi_subject *s, fyi_buf *out);
/* subject_text.c: fills `preparation`; prints data, models and preparation. */
fy_status fyi_subject_describe(fyi_subject *s);
void fyi_subject_print(const fyi_subject *s, const char *path);

/* predict_file.c: rows of the classes that a model takes samples for, as CSV or JSON lines. */
typedef struct fyi_guess_file fyi_guess_file;
typedef struct fyi_guessed {
    int64_t index;    /* of the sample */
    const char *name; /* NULL: none */
    int n;
    const int *classes; /* [n], the surest first */
    const double *p;    /* [n] */
} fyi_guessed;
/* path NULL: CSV to stdout. Else the name's end says which, .csv or .jsonl, and nothing is there before the commit.
 * class_names [k] as in fyi_subject; `top` columns of a CSV file. */
fy_status fyi_guess_file_open(const char *path, const char *const *class_names, int top,
                              fyi_guess_file **out);
fy_status fyi_guess_file_add(fyi_guess_file *f, const fyi_guessed *row);
fy_status fyi_guess_file_commit(fyi_guess_file *f); /* frees f, also on failure */
void fyi_guess_file_abort(fyi_guess_file *f);       /* accepts NULL */

/* eval_text.c */
void fyi_print_evaluation(const fy_evaluation *e);

/* saved.c: what a weights file says about its model. */
typedef struct fyi_saved {
    char family[64];           /* "": it does not say */
    int64_t n_classes, hidden; /* -1: it does not say */
    char activation[32];       /* "": it does not say */
} fyi_saved;
fy_status fyi_saved_read(const fyi_weights_arg *file, fyi_saved *out);
/* FY_EINVAL where --model says another family than the file's own; either may be NULL. */
fy_status fyi_saved_check(const char *path, const char *own, const char *given);
/* The family of an open file: its own word, held against what --model says; lent by either. */
fy_status fyi_saved_family(const char *path, const fy_weights *w, const char *given,
                           const char **out);
/* The pictures that a model of that family from this file takes, and who says so. */
fy_status fyi_saved_pixels(const fy_weights *w, const char *family, fy_pixels *p, const char **by);

/* look.c: how pictures must look for a model, into a data side. */
typedef struct fyi_look {
    fy_recipe *recipe;
    const char *side;     /* what its keys begin with there: "train." */
    const fyi_args *args; /* whose key=value go before */
    const char *prefix;   /* and what they begin with on the command line: "train.", "" */
    const char *why;      /* said of each key that is put; NULL: nothing is */
    bool has_own,
        has_own_values; /* found out: the command line says some of it; how values are changed */
} fyi_look;
fy_status fyi_look_put(fyi_look *l, const fy_pixels *p);
/* "picked train.size=224: why", unless --quiet. */
void fyi_picked(const fyi_args *a, const char *key, const char *value, const char *why);
/* Puts a value and says why, unless the command line has one. */
fy_status fyi_choose(const fyi_args *a, fy_recipe *r, const char *key, const char *why,
                     const char *fmt, ...) FY_PRINTF(5, 6);

/* inspect_model.c: prints a family's layers, and how --weights fits it. */
int fyi_inspect_model(const fyi_args *a, const char *family);

/* help.c */
void fyi_print_verbs(FILE *to);
void fyi_print_verb_help(FILE *to, const fyi_verb *v);
int fyi_print_version(void);

/* Options that several verbs take. */
#define FYI_OPTION_HELP             \
    {                               \
        "--help", NULL, "this help" \
    }
#define FYI_OPTION_QUIET                               \
    {                                                  \
        "--quiet", NULL, "no progress and no warnings" \
    }
#define FYI_OPTION_JSON                                                          \
    {                                                                            \
        "--json", NULL, "the result as one JSON object, the last line of stdout" \
    }
#define FYI_OPTIONS_RUN                                                                        \
    { "--out", "DIR", "the run's directory; by default RUNS/<name>-<seed>" },                  \
        { "--runs", "RUNS", "where runs without --out go; by default runs" }, FYI_OPTION_JSON, \
        FYI_OPTION_QUIET, FYI_OPTION_HELP,                                                     \
    {                                                                                          \
        NULL, NULL, NULL                                                                       \
    }

#endif
