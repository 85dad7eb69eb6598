/* What the files of the command share: verbs, options, output, progress.
 *
 * Results go to stdout, progress and warnings to stderr. Exit codes: 0 done, 1 failed, 2 misused.
 * */
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

/* FY_EINVAL with a sentence that names the nearest option. Release with fyi_args_release, always.
 * */
fy_status fyi_args_parse(const fyi_verb *verb, int argc, char *const *argv, fyi_args *out);
void fyi_args_release(fyi_args *a);
bool fyi_args_has(const fyi_args *a, const char *name);
/* The last value given, or NULL. */
const char *fyi_args_value(const fyi_args *a, const char *name);
/* The i-th value of an option given several times, or NULL. */
const char *fyi_args_nth(const fyi_args *a, const char *name, int i);
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
/* Applies the command line's key=value. */
fy_status fyi_apply_settings(const fyi_args *a, fy_recipe *r, const char *prefix);
/* FYI_MISUSED for a recipe that is wrong, FYI_FAILED for one that cannot be read. */
int fyi_recipe_failed(const fyi_args *a, fy_status st);
/* The object as one line, the last of stdout. */
int fyi_print_json(struct json_t *root);

/* data_path.c: PATH is a folder, a list or archives of pictures, an idx, npy or CIFAR file, or
 * "digits:STYLE[:COUNT]". Puts format, images, labels (those found beside the images, or `labels`
 * unless NULL) or style under "<side>.". */
fy_status fyi_put_data_path(fy_recipe *r, const char *side, const char *path, const char *labels);
/* One dataset from PATH and the command line's key=value; thorough: all that is broken is looked for. */
fy_status fyi_open_data_path(const fyi_args *a, const char *path, const char *labels,
                             bool is_thorough, fy_dataset **out);

/* saved.c: what a weights file says about its model. */
typedef struct fyi_saved {
    char family[64];           /* "": it does not say */
    int64_t n_classes, hidden; /* -1: it does not say */
    char activation[32];       /* "": it does not say */
} fyi_saved;
fy_status fyi_saved_read(const char *path, fyi_saved *out);

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
