/* versus.h: what compare.json says, a comparison of a recipe's arms, and the sections that draw it. */
#ifndef FYI_REPORT_VERSUS_H
#define FYI_REPORT_VERSUS_H

#include <ferry/compare.h>

#include "report/html.h"

typedef struct fyi_versus_run {
    double value;            /* NaN: none */
    const char *dir, *error; /* dir: "runs/<arm>-<seed>"; "" if missing, or if it leads elsewhere */
} fyi_versus_run;

typedef struct fyi_versus_arm {
    const char *name;
    const char **changes;
    size_t n_changes;
    fy_verdict verdict;
    int64_t n; /* runs with a value; -1: unknown */
    double mean, sd, mean_low, mean_high, diff, ci_low, ci_high, p, p_wilcoxon,
        p_holm;           /* NaN: none */
    fyi_versus_run *runs; /* [n_seeds] */
} fyi_versus_arm;

typedef struct fyi_versus {
    bool is_there;
    bool is_tested; /* false: a table of cells says all, and arms are not held against each other */
    const char *name, *baseline, *metric; /* "" if missing */
    bool higher_is_better;
    double level;
    const char **seeds;
    size_t n_seeds;
    fyi_versus_arm first; /* the run before them; no changes: there is none */
    fyi_versus_arm *arms;
    size_t n_arms;
    int decimals; /* of its figures */
} fyi_versus;

/* "+0.0320" with a true sign, as many decimals as the comparison's figures have. */
fyi_num fyi_versus_signed(const fyi_versus *v, double diff);
/* "better", the end of a class of the style sheet. */
const char *fyi_versus_css(const fyi_versus_arm *arm);

#endif
