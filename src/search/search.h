/* What the files of the search room share.
 *
 *   trial    one recipe in one directory: begun, gone on with, or taken as it is when it is done
 *   figure   a number of a trial's result.json, by its dotted path: "test_accuracy", "student.target"
 *
 * A comparison's trials are its shifts, if there are any, times its arms times its seeds. */
#ifndef FYI_SEARCH_H
#define FYI_SEARCH_H

#include <ferry/compare.h>

#include "recipe/recipe.h"

/* ---- trial.c --------------------------------------------------------------------------------- */

typedef struct fyi_trial {
    fy_recipe_result result;
    bool was_done;     /* before: nothing was run */
    bool has_failed;   /* by itself: training diverged, or wanted more memory than there is */
    const char *error; /* the sentence; this thread's last, until its next failure */
} fyi_trial;
/* In o->run_dir; o->resume is not looked at. What is wrong with the world or the recipe is this call's failure, what is
 * wrong with the training is the trial's. */
fy_status fyi_trial_run(fy_lab *l, fy_recipe *r, const fy_recipe_run_opts *o, fyi_trial *out);

/* share.c: unless the recipe says otherwise, its runs keep features in that folder's "features". */
fy_status fyi_share_features(fy_recipe *r, const char *dir);

/* ---- figure.c -------------------------------------------------------------------------------- */

/* NaN where the result has null. FY_EINVAL, with the nearest name, if it has no such number. */
fy_status fyi_figure_read(const char *run_dir, const char *path, double *value);
/* The same from the bytes of a result.json; `name` is for sentences. */
fy_status fyi_figure_parse(const char *name, const char *text, size_t n, const char *path,
                           double *value);

/* A file of a run's directory, for json_decref; FY_EFORMAT where it is damaged. */
struct json_t;
fy_status fyi_run_json(const char *run_dir, const char *name, struct json_t **out);

/* Decimals that figures of at most this size are shown with: four of a share, fewer of what is larger. */
int fyi_figure_decimals(double most);

/* ---- student.c, wilcoxon.c, holm.c, paired.c ------------------------------------------------- */

/* The probability that Student's t with v > 0 degrees of freedom is further from 0 than t; NaN for NaN. */
double fyi_student_p(double t, double v);
/* The t > 0 that it exceeds with probability 1 - level, 0 < level < 1. */
double fyi_student_quantile(double level, double v);

/* Two-sided p of Wilcoxon's signed-rank test of n differences, from the exact distribution given their ties: those at
 * most `same` from 0 are left out, those that differ by at most `same` share their rank. */
fy_status fyi_wilcoxon_p(const double *d, int n, double same, double *p);

/* Holm's correction of n values, each at most 1; NaN stays NaN and is not counted. */
fy_status fyi_holm(const double *p, int n, double *adjusted);

/* Of n finite values: NaN where there are too few of them, for the interval below 2. */
typedef struct fyi_spread {
    int n;
    double mean, sd;  /* sd: divided by n - 1 */
    double low, high; /* of the mean, by Student's t */
} fyi_spread;
/* Values that are not finite are left out. */
fyi_spread fyi_spread_of(const double *v, int n, double level);

typedef struct fyi_paired {
    fyi_spread diff; /* v - base, of the pairs of which both are finite */
    double t, p, p_wilcoxon;
    bool is_constant; /* all differences are the same: unless they are 0 there is no t */
} fyi_paired;
fy_status fyi_paired_compare(const double *v, const double *base, int n, double level,
                             fyi_paired *out);

/* ---- compare_open.c, compare.c --------------------------------------------------------------- */

/* A setting of an arm that has "{first}" in it. */
typedef struct fyi_first_use {
    struct fyi_first_use *next;
    int row;
    fyi_entry given;
} fyi_first_use;

struct fy_comparison {
    fyi_arena arena; /* what the report points to */
    fy_comparison_opts o;
    fy_lab *lab;
    fy_recipe **arms; /* [report.n_rows], checked */
    char dir[FY_RUN_DIR_MAX];
    fy_comparison_table report;
    int baseline; /* of the arms; -1: none */
    fy_recipe **
        firsts; /* [fyi_shift_count], each run once for each seed, before its arms; of NULL: nothing is */
    fyi_first_use *uses;
};
/* At least one: the recipe's own data. */
int fyi_shift_count(const fy_comparison *c);
/* The baseline on the row's shift; NULL: there is none. */
const fy_arm_row *fyi_compare_base(const fy_comparison *c, int row);
/* Room for n of `size` bytes, as long as the comparison, to the pointer at `out`. */
fy_status fyi_compare_take(fy_comparison *c, int n, size_t size, void *out);
fy_status fyi_compare_keep(fy_comparison *c, const char *text, const char **out);
/* The row's recipe becomes that of its run with the i-th seed. */
fy_status fyi_compare_set_seed(fy_comparison *c, int row, int i);
fy_status fyi_compare_set(fy_recipe *r, uint64_t seed);
/* What was run there, if anything was, must be what the recipe says. */
fy_status fyi_compare_check_run(const fy_recipe *r, const char *dir);
/* A trial with the comparison's options, and its report. It has no checkpoint once it is over. */
fy_status fyi_compare_trial(fy_comparison *c, fy_recipe *r, const char *dir, fyi_trial *out);

/* ---- first.c --------------------------------------------------------------------------------- */

/* After the arms are open. FY_EINVAL where only one of the run and a setting that names it is there. */
fy_status fyi_first_open(fy_comparison *c, const fy_recipe *r);
/* Settings of the row name the run of the i-th seed. */
fy_status fyi_first_place(fy_comparison *c, int row, int i);
/* How it ended, as long as the comparison. */
typedef struct fyi_first {
    const char *error; /* NULL: it is there */
    const char *dir;   /* of one that failed */
} fyi_first;
fy_status fyi_first_run(fy_comparison *c, int shift, int i, fyi_first *out);
fy_status fyi_first_check(fy_comparison *c, int shift, int i);

/* ---- cell.c, cell_json.c, samples.c ---------------------------------------------------------- */

/* Of a run that is done; *is_there false: nobody knows how right its source model was, or it adapted nothing. */
fy_status fyi_cell_read(const char *run_dir, fy_cell *out, bool *is_there);
/* Of an adaptation that failed; *is_there false: the target had no labels to judge by. */
fy_status fyi_cell_of_failed(const char *run_dir, fy_cell *out, bool *is_there);
/* Its figures by name, into an object of a row. */
void fyi_cell_put(const fy_cell *c, struct json_t *to);
/* "cells", "harm_rate" and so on, where there are cells. */
void fyi_cells_put(const fy_comparison_table *t, struct json_t *root);
/* samples/<shift>-<seed>.json, once its first run is done. */
fy_status fyi_samples_write(const fy_comparison *c, int row, int i);

/* ---- compare_json.c -------------------------------------------------------------------------- */

/* results.jsonl: a line for every run that is done, in the order in which they run. */
fy_status fyi_compare_write_results(const fy_comparison_table *r);
/* compare.json: all that there is to say. */
fy_status fyi_compare_write_report(const fy_comparison_table *r);

#endif
