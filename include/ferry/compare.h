/* compare.h: several settings of one recipe, run on the same seeds and held against one of them.
 *
 *   arm        one way to set the recipe: a list of changes, named in its section `compare`
 *   shift      data on which every arm is run: changes that are made before an arm's; without any, the recipe's own
 *   baseline   the arm that the others are held against, on each shift; with shifts there may be none
 *   cell       a run of an adaptation, held against its own source model: did what was handed back do harm?
 *   first      a run before the arms of each seed, which their settings name as {first}: what all of them need is made once
 *   metric     the figure of every run that counts: a number of result.json by its dotted path
 *   paired     an arm and the baseline on the same seed: both draw the same data and initial values, so their
 *              difference has less noise than either figure
 *
 * Methods on several shifts are a protocol: cells are shifts times arms times seeds.
 *
 * One run proves nothing: what is compared are the differences over all seeds, with an interval by Student's t, the
 * p of the paired t-test and of Wilcoxon's signed-rank test, and Holm's correction for several arms. A run that fails is
 * a row of its own, and its arm gets no verdict. A comparison is used by one thread at a time. */
#ifndef FERRY_COMPARE_H
#define FERRY_COMPARE_H

#include "recipe.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fy_comparison_opts {
    const char *runs_dir; /* where a comparison without dir gets "<name>-compare", or "-2", "-3", ... */
    const char *
        dir; /* NULL: chosen as above, or the first of them to resume. One that holds a comparison needs
                           * `resume` */
    /* Goes on there: runs that are done are taken as they are, one that was stopped goes on, if the recipe still says the
     * same of them. It may have more arms or seeds than before. */
    bool resume;
    /* After every run that is done, also if it was done before: for its report. NULL: nothing. */
    fy_status (*after_run)(void *arg, const char *run_dir);
    void *after_run_arg;
    fy_progress_fn progress; /* of each run */
    void *progress_arg;
    const volatile sig_atomic_t
        *cancel; /* when not 0: the run that goes on stops, as in fy_run_opts; FY_ECANCELED */
} fy_comparison_opts;
FY_API fy_comparison_opts fy_comparison_defaults(void); /* in "runs" */

/* What the differences say of an arm. */
typedef enum fy_verdict {
    FY_VERDICT_BASELINE,
    FY_VERDICT_BETTER, /* p after Holm's correction is at most 1 - level */
    FY_VERDICT_WORSE,
    FY_VERDICT_UNCLEAR,   /* it is not: the difference may be luck */
    FY_VERDICT_EQUAL,     /* every run has the baseline's figure */
    FY_VERDICT_UNTESTED,  /* no baseline, one pair, or differences without spread: there is no t */
    FY_VERDICT_INCOMPLETE /* a run of this arm or of the baseline has no figure */
} fy_verdict;
FY_API const char *fy_verdict_name(fy_verdict v); /* "better" */

/* Fractions of the target that were right; NaN and -1: nobody knows. */
typedef struct fy_cell {
    bool has_failed; /* its run did: it handed nothing back, and no figure is known */
    double source_only, chosen, last, oracle;
    int64_t chosen_step, last_step, oracle_step;
    bool fell_back;
    /* What each of fy_validators would have handed back by itself: of all candidates, the source model among them, the one that it
     * finds best, of equals the first. Where several methods were tried, the candidates are their choices, which a rule has made already:
     * of these `agreement` alone chooses, which is known nowhere else. */
    double alone[FY_MAX_VALIDATORS];
    int64_t alone_step[FY_MAX_VALIDATORS];
} fy_cell;

typedef struct fy_arm_run {
    uint64_t seed;
    bool is_done;        /* or has failed; false: not run yet */
    double value;        /* of the metric; NaN: none */
    const char *dir;     /* within the comparison's: "runs/<label>-<seed>" */
    const char *error;   /* the sentence of one that failed, or why it has no value; NULL */
    const fy_cell *cell; /* NULL: no adaptation, or nobody has the target's labels */
} fy_arm_run;

/* NaN where there are too few values: a mean needs one, the rest two. */
typedef struct fy_arm_row {
    const char *shift; /* NULL: there are none */
    const char *arm;
    const char *label;          /* "<shift>.<arm>", or the arm */
    const char *const *changes; /* [n_changes], "key=value" */
    int n_changes;
    fy_arm_run *runs; /* [n_seeds] */
    int n;            /* runs with a value */
    double mean, sd;  /* of them; sd divides by n - 1 */
    double mean_low, mean_high;
    int n_pairs;          /* seeds for which the baseline has a value too */
    double diff, diff_sd; /* this arm less the baseline */
    double ci_low, ci_high;
    double t, p, p_wilcoxon,
        p_holm; /* two-sided; t has n_pairs - 1 degrees of freedom; p_holm: p over all arms */
    fy_verdict verdict;
} fy_arm_row;

/* Lent by the comparison, until it is run or closed. */
typedef struct fy_comparison_table {
    const char *dir, *name;        /* name: the recipe's */
    const char *metric, *baseline; /* baseline "": none */
    bool higher_is_better;
    double level;          /* of the intervals, 0.95 */
    const uint64_t *seeds; /* [n_seeds] */
    int n_seeds;
    const char *const *
        first; /* [n_first], changes of the run that each seed begins with; none: there is no such run */
    int n_first;
    const char *const *shifts; /* [n_shifts] */
    int n_shifts;
    fy_arm_row *
        rows; /* [n_rows], in the recipe's order: all arms on the first shift, then on the second */
    int n_rows, n_arms;
} fy_comparison_table;

/* What somebody who chooses does to source models, over all cells of some rows. A cell whose run failed hands nothing back, whoever
 * would have chosen: to leave it out would flatter what diverges, so the rates count it as the worst that can happen. */
typedef struct fy_harm {
    int n;            /* cells of which it is known what is chosen */
    int failed;       /* and cells whose run failed */
    double harm_rate; /* share of both that failed, or end more than FY_HARM below their source model */
    double collapse_rate; /* that failed, or end below half of it */
    double kept_rate;     /* share of the n that are handed back their source model */
    double accuracy, gain,
        oracle_gap; /* means over the n: of what is chosen; of that less source only; of the oracle less it */
} fy_harm;
#define FY_HARM 0.01
/* Is an accuracy more than that below the one that was? Rounding takes nobody over the point; false for NaN. */
FY_API bool fy_is_harm(double is, double was);
/* shift, arm NULL: all. by: one of fy_choosers. NaN where there is nothing that a figure is of. Failures are not counted against
 * source_only, which needs no run, nor against a validator that is unknown for all other cells of the arm. */
FY_API fy_harm fy_comparison_harm(const fy_comparison_table *t, const char *shift, const char *arm,
                                  const char *by);
/* "source_only", "chosen", "last", "oracle", then fy_validators, each by itself; NULL-terminated. "chosen" is Ferry's rule. */
FY_API const char *const *fy_choosers(void);
/* What the chooser hands back in a cell; NaN: unknown. */
FY_API double fy_cell_accuracy(const fy_cell *c, const char *by);

typedef struct fy_comparison fy_comparison;
/* Checks the recipe and that of every arm, and makes the directory. FY_EINVAL for a recipe without a section `compare`, for
 * an arm that is wrong, and for two arms that come to the same. `o` NULL: defaults. r may be freed afterwards. */
FY_API FY_NODISCARD fy_status fy_comparison_open(fy_recipe *r, const fy_comparison_opts *o,
                                                 fy_comparison **out);
FY_API void fy_comparison_close(fy_comparison *c); /* accepts NULL */
/* Runs every arm on every shift with the first seed, then with the second, and so on, in one lab. The directory then holds
 *
 *   recipe.yaml          as it was given, with the keys that were set since; it can be compared again
 *   runs/first-<seed>/   with a `first` in the section: the run before the arms of that seed
 *   runs/<arm>-<seed>/   one run each, as fy_recipe_run leaves it
 *   results.jsonl        a line per run, written anew after each
 *   compare.json         the report
 *   features/            what frozen layers gave, for all runs, unless the recipe's feature_dir says where
 *   samples/<shift>-<seed>.json   with shifts: which samples its runs have, by hashes and numbers
 *
 * With shifts, names in runs/ begin in "<shift>.".
 * A run whose loss is not finite, or that has not enough memory, is reported and the others go on; any other failure ends
 * the comparison, which can be resumed. Stopped and resumed it leaves the same bytes. */
FY_API FY_NODISCARD fy_status fy_comparison_run(fy_comparison *c);
/* Figures and tests once it has run; before, what is to be run. */
FY_API const fy_comparison_table *fy_comparison_result(const fy_comparison *c);

#ifdef __cplusplus
}
#endif
#endif
