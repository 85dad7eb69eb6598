/* auto.h: what the files of trying several methods share. Public functions only. */
#ifndef FERRY_METHODS_AUTO_H
#define FERRY_METHODS_AUTO_H

#include "methods/carry/carry.h"

#define TRYING_FILE_BYTES 2048

/* The source model is the first of the contest, then those tries whose choice is a candidate. */
typedef struct trying {
    carrying c; /* the source model, and copies that hold what a try made */
    const fy_auto_opts *tries;
    const char *plan[FY_MAX_TRIES]; /* [n_plan] methods */
    int n_plan;
    int classes;
    double began_s;
    char files[2][TRYING_FILE_BYTES]; /* that every try begins with */
    struct trying_kept {              /* in every checkpoint */
        int64_t n;                    /* tries that are over */
        int64_t n_run;
        double seconds, longest_s; /* of all so far, and of one */
        fy_candidate source;
        fy_adapt_try tries[FY_MAX_TRIES];
        char names[FY_MAX_TRIES][32]; /* [n] methods */
        char warnings[FY_MAX_TRIES][256];
    } * kept;
    int n;                    /* of the contest */
    int of[FY_MAX_TRIES + 1]; /* [n]: the try of each; -1: the source model */
    fy_candidate candidates[FY_MAX_TRIES + 1];
    const char *methods[FY_MAX_TRIES + 1];
    fy_ballot ballots[FY_MAX_TRIES + 1];
} trying;

/* auto_models.c */
/* What the try made under that name, "chosen" or "last", into the copies. */
fy_status trying_load(trying *t, const char *method, const char *name);
/* The source model into them. */
fy_status trying_load_source(trying *t);
/* candidates[i].validators: how much each agrees with the mean prediction of all. */
fy_status trying_find_agreement(trying *t);
/* chosen*, last*, and what the report draws; `shown`: whose last step it is. */
fy_status trying_hand_back(trying *t, const char *shown, const fy_choice *choice);

/* auto_words.c; seconds that the tries have taken so far, also before a stop. */
/* Which method is next, for the log. */
void trying_say_next(const trying *t, double spent_s);
/* Adds to the choice's reason what became of the methods that are no candidates. */
void trying_explain(const trying *t, double spent_s, fy_choice *choice);

#endif
