/* search.h: settings of a recipe tried out, to find good ones by validation samples or without labels.
 *
 *   search   a recipe's section `search`: which keys are turned, how, how often, and by which figure
 *   study    what was tried so far, in a file or on a PostgreSQL server: any number of workers share it
 *   worker   whoever takes trials of a study and runs them: one fy_search in one process
 *   trial    one value for every key, and the mean figure of its runs; blind: no test and no label of a target is opened
 *
 * Trials are taken one by one, each by one worker. A trial whose worker was killed is taken over by the next and goes on
 * from its checkpoint: none is lost, and none counts twice. A search is used by one thread at a time. */
#ifndef FERRY_SEARCH_H
#define FERRY_SEARCH_H

#include "recipe.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what was tried -------------------------------------------------------------------------- */

typedef enum fy_trial_state {
    FY_TRIAL_RUNNING, /* or left by a worker that died, until another takes it over */
    FY_TRIAL_DONE,
    FY_TRIAL_PRUNED, /* stopped early: others were better by then */
    FY_TRIAL_FAILED  /* by itself: training diverged, or the settings do not go together */
} fy_trial_state;
#define FY_TRIAL_STATES 4
FY_API const char *fy_trial_state_name(fy_trial_state s); /* "done" */

/* The figure after an evaluation of a trial's first run; only where trials are pruned. */
typedef struct fy_trial_point {
    const char *stage;
    int64_t step;
    double value;
} fy_trial_point;

typedef struct fy_trial {
    int64_t number; /* from 0 on, in the order in which they were begun */
    fy_trial_state state;
    double value; /* done: the mean over its seeds; pruned: the last point's; else NaN */
    const char *const *values;    /* [n_keys], as a recipe has them */
    const char *error;            /* the sentence of one that failed; NULL */
    const fy_trial_point *points; /* [n_points], in their order */
    int n_points;
} fy_trial;

typedef struct fy_study_key {
    const char *key;
    const char *range;          /* "log 1e-4 1e-1", "16, 32" */
    const char *const *choices; /* [n_choices], of a list; a range has none */
    int n_choices;
    double importance; /* share of the figure's variance that this key alone explains, 0..1; NaN: too few trials */
} fy_study_key;

/* Lent by the study. */
typedef struct fy_study_table {
    const char *where; /* the study's file, or the server without its password */
    const char *name;  /* the recipe's */
    const char *metric, *sampler, *pruner;
    bool higher_is_better;
    const uint64_t *seeds; /* [n_seeds] of every trial */
    int n_seeds;
    const fy_study_key *keys; /* [n_keys], in the recipe's order */
    int n_keys;
    const fy_trial *trials; /* [n_trials], by their numbers */
    int64_t n_trials;
    int64_t count[FY_TRIAL_STATES];
    int64_t best; /* of the trials that are done, the first of equals; -1: none is */
} fy_study_table;

typedef struct fy_study fy_study;
/* `where`: a study's file, a search's directory, or postgresql://...; `name`: of the recipe, NULL: the only one there. FY_EIO
 * where there is none, FY_EFORMAT for a file that is no study, FY_EINVAL where there are several. */
FY_API FY_NODISCARD fy_status fy_study_read(const char *where, const char *name, fy_study **out);
FY_API void fy_study_free(fy_study *s); /* accepts NULL */
FY_API const fy_study_table *fy_study_result(const fy_study *s);
/* The recipe of a trial, with its values and neither a section `search` nor `blind`: a run of it is judged by the test as
 * well. `trial` -1: of the best. FY_EINVAL where there is no such trial. */
FY_API FY_NODISCARD fy_status fy_study_recipe(const fy_study *s, int64_t trial, fy_recipe **out);
/* The recipe as it stands and that trial's settings as the arms `default` and `best` of a comparison, by the study's figure,
 * blind, with so many seeds that no trial had: whether the best is better, and not only the luckiest. */
FY_API FY_NODISCARD fy_status fy_study_comparison(const fy_study *s, int64_t trial, int n_seeds,
                                                  fy_recipe **out);

/* ---- searching ------------------------------------------------------------------------------- */

typedef struct fy_search_opts {
    const char *runs_dir; /* where a search without dir and without a study's file gets "<name>-search" */
    const char *dir;         /* NULL: as above, or "<study>-search" beside the study's file */
    fy_progress_fn progress; /* of each run */
    void *progress_arg;
    const volatile sig_atomic_t
        *cancel; /* when not 0: the run that goes on stops, as in fy_run_opts; FY_ECANCELED */
} fy_search_opts;
FY_API fy_search_opts fy_search_defaults(void); /* in "runs" */

typedef struct fy_search fy_search;
/* Checks the recipe, and joins its study or begins it. FY_EINVAL for a recipe without a section `search`, and for a study
 * of another recipe. `o` NULL: defaults. r may be freed afterwards. */
FY_API FY_NODISCARD fy_status fy_search_open(fy_recipe *r, const fy_search_opts *o, fy_search **out);
FY_API void fy_search_close(fy_search *s); /* accepts NULL */
/* Takes trials and runs them until all are begun, and waits for those of other workers, to take over what they leave. The
 * directory then holds
 *
 *   recipe.yaml             resolved; it can be searched again
 *   study.db                the study, unless it is elsewhere
 *   features/               what frozen layers gave, for all trials
 *   runs/<trial>-<seed>/    as fy_recipe_run leaves them; models and checkpoints are those of the best trial alone
 *   search.json             the report
 *
 * A trial that fails by itself is one of the study; any other failure ends this worker, and the trial goes on with the
 * next. FY_EINVAL when the first five all failed. */
FY_API FY_NODISCARD fy_status fy_search_run(fy_search *s);
FY_API const char *fy_search_dir(const fy_search *s);
/* As it is now: fy_study_free. */
FY_API FY_NODISCARD fy_status fy_search_study(fy_search *s, fy_study **out);

#ifdef __cplusplus
}
#endif
#endif
