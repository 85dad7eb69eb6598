/* tries.h: what search.json says, the trials of a search, and the sections that draw it. */
#ifndef FYI_REPORT_TRIES_H
#define FYI_REPORT_TRIES_H

#include <ferry/search.h>

#include "report/plot.h"

typedef struct fyi_tries_key {
    const char *name, *range; /* "" if missing */
    const char **choices;     /* [n_choices], of a list */
    int n_choices;
    double importance; /* 0..1; NaN: unknown */
} fyi_tries_key;

typedef struct fyi_try {
    int64_t number;
    fy_trial_state state;
    double value;        /* NaN: none */
    const char **values; /* [n_keys], "" if missing */
    double *places;      /* [n_keys], 0..1 on each key's range; NaN: none */
    const char *error;   /* "" if there is none */
} fyi_try;

typedef struct fyi_tries {
    bool is_there;
    const char *name, *metric, *sampler, *pruner, *study; /* "" if missing */
    bool higher_is_better;
    size_t n_seeds;
    fyi_tries_key *keys;
    size_t n_keys;
    fyi_try *v;
    size_t n;
    const fyi_try *best; /* NULL: none is done */
    int64_t count[FY_TRIAL_STATES];
    int decimals; /* of its figures */
} fyi_tries;

/* The place of `t` among those that are done: 0 for the best. */
size_t fyi_tries_rank(const fyi_tries *s, const fyi_try *t);

#endif
