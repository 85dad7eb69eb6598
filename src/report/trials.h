/* trials.h: what search.json says, the trials of a search, and the sections that draw it. */
#ifndef FYI_REPORT_TRIALS_H
#define FYI_REPORT_TRIALS_H

#include <ferry/search.h>

#include "report/plot.h"

typedef struct fyi_trials_key {
    const char *name, *range; /* "" if missing */
    const char **choices;     /* [n_choices], of a list */
    int n_choices;
    double importance; /* 0..1; NaN: unknown */
} fyi_trials_key;

typedef struct fyi_trials_row {
    int64_t number;
    fy_trial_state state;
    double value;        /* NaN: none */
    const char **values; /* [n_keys], "" if missing */
    double *places;      /* [n_keys], 0..1 on each key's range; NaN: none */
    const char *error;   /* "" if there is none */
} fyi_trials_row;

typedef struct fyi_trials {
    bool is_there;
    const char *name, *metric, *sampler, *pruner, *study; /* "" if missing */
    bool higher_is_better;
    size_t n_seeds;
    fyi_trials_key *keys;
    size_t n_keys;
    fyi_trials_row *v;
    size_t n;
    const fyi_trials_row *best; /* NULL: none is done */
    int64_t count[FY_TRIAL_STATES];
    int decimals; /* of its figures */
} fyi_trials;

/* The place of `t` among those that are done: 0 for the best. */
size_t fyi_trials_rank(const fyi_trials *s, const fyi_trials_row *t);

#endif
