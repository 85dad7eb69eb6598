/* What the files of the choice share: a contest being judged. */
#ifndef FYI_CHOOSE_H
#define FYI_CHOOSE_H

#include "base/base.h"

#include <ferry/choose.h>

#define FYI_ROUNDING 1e-9 /* a share that equals its limit passes, however it was computed */

typedef enum fyi_fate {
    FYI_PASSES,
    FYI_NOT_FINITE,
    FYI_ONE_CLASS,  /* takes too much */
    FYI_LOST_CLASS, /* has too little */
    FYI_LOST_SOURCE,
    FYI_NO_SOURCE, /* its accuracy is unknown, the source model's is not */
    FYI_UNSTEADY,
    FYI_NO_GAIN,
    FYI_OUTVOTED,
    FYI_FATES
} fyi_fate;

typedef struct fyi_judged {
    fyi_fate fate;
    double place;
    int better, voters;
} fyi_judged;

typedef struct fyi_bout {
    fy_contest in;
    const fy_choice_rule *rule;
    fyi_judged *j; /* [n] */
    int from;      /* the first that is late */
} fyi_bout;

/* gates.c */
double fyi_source_loss(const fyi_bout *t, int i);
/* The first candidate of the run's second half, counted in steps; of several methods the first of all. */
int fyi_first_late(const fy_contest *t);
/* After the votes against the source model. */
fyi_fate fyi_fate_of(const fyi_bout *t, int i);

/* votes.c */
/* How many voters find i better than candidate 0. */
void fyi_count_better(fyi_bout *t, int i);
/* Mean places among those that pass, NaN for the rest. */
void fyi_find_places(fyi_bout *t);

/* reason.c */
void fyi_write_gate(const fyi_bout *t, int i, char *text, size_t bytes);
void fyi_explain_choice(const fyi_bout *t, fy_choice *out);
void fyi_explain_fall_back(const fyi_bout *t, fy_choice *out);

#endif
