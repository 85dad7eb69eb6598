/* ballots.h: a choice without labels as it was written down: candidates, gates and votes. */
#ifndef FYI_REPORT_BALLOTS_H
#define FYI_REPORT_BALLOTS_H

#include <ferry/methods.h>

/* NaN, -1 and "": unknown. */
typedef struct fyi_candidate_row {
    const char *method, *gate; /* method "": a step of one run; gate "": it passed */
    int64_t step, back_to, better,
        voters; /* back_to: where the run went on from instead; -1: it went on from here */
    bool is_early;
    double place, largest, smallest;
    double values[FY_MAX_VALIDATORS];
} fyi_candidate_row;

typedef struct fyi_ballots {
    fyi_candidate_row *v; /* the source model comes first */
    size_t n;             /* 0: nothing was chosen */
    int64_t chosen;
    const char *reason;
    const char *not_tried[FY_MAX_TRIES]; /* [n_not_tried] methods */
    size_t n_not_tried;
    bool votes[FY_MAX_VALIDATORS];
} fyi_ballots;

#endif
