/* choose.h: which of several models is handed back when nobody has labels: the do-no-harm rule, for the steps of one run and for the
 * choices of several methods alike. */
#ifndef FERRY_CHOOSE_H
#define FERRY_CHOOSE_H

#include "validate.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is known of a model without the target's labels. */
typedef struct fy_candidate {
    int64_t step;
    double source_accuracy; /* held-out source samples through the adapted model, or the source model's */
    fy_signs target;
    double validators[FY_MAX_VALIDATORS]; /* of fy_validate, in the order of fy_validators; NaN: unknown */
    bool went_back; /* it had collapsed, and the run went on from the values of step back_to */
    int64_t back_to;
} fy_candidate;

/* Gates, each of which refuses a candidate by itself; the rest is left to the votes. */
typedef struct fy_choice_rule {
    double source_floor; /* largest loss of source accuracy against candidate 0 */
    /* Collapse: the least predicted class has at least this share of 1/k, or what it has by candidate 0 if that is less; and the most
     * predicted at most this one, or half of what it has by candidate 0 if that is more. */
    double smallest_share, largest_share;
    double least_gain;  /* of information over candidate 0 */
    double least_votes; /* share of the voters that find it better than candidate 0 */
} fy_choice_rule;
FY_API fy_choice_rule fy_choice_defaults(void);
/* Do these signs, of k classes, fail the gates of the shares, or are they not finite? `before`: the source model's. */
FY_API bool fy_has_collapsed(const fy_choice_rule *rule, const fy_signs *before, const fy_signs *s,
                             int k);

typedef struct fy_contest {
    const fy_candidate *candidates; /* [n]; 0 is the source model */
    const char *const *
        methods; /* [n], what each was made by: choices of several runs; NULL: steps of one, in their order */
    int n, k; /* k classes */
} fy_contest;

/* What became of a candidate. */
typedef struct fy_ballot {
    char gate[128]; /* what refused it, in words; "": it passed, or is candidate 0, which no gate is for */
    bool is_early; /* of a run's first half, where nothing is chosen */
    double place; /* mean over the voters, among those that passed; 1: first by all; NaN: it did not */
    int better, voters; /* how many find it better than candidate 0, of how many that know both */
} fy_ballot;

typedef struct fy_choice {
    int index; /* into the candidates */
    bool fell_back;
    char reason[1024]; /* in words, with rounded figures */
} fy_choice;

/* Gates first. Of the candidates that pass, among the steps of a run those of its second half, each voter (fy_validator_votes) makes
 * an order, in which equals share their places; one that does not know all of them abstains. The best mean place wins, of equals the
 * most information, then the first; candidate 0 is kept where none passes. The information votes by the signs where the validators are
 * unknown. ballots [n], or NULL. FY_EINVAL for no candidate, less than two classes, or steps that fall. */
FY_API FY_NODISCARD fy_status fy_choose(const fy_contest *t, const fy_choice_rule *rule,
                                        fy_ballot *ballots, fy_choice *out);

/* choice.json in the run's directory: {"chosen", "fell_back", "reason", "voters": [names], "candidates": [{"method", "step", "gate",
 * "early", "back_to", "place", "better", "voters", "source_accuracy", "information", "largest", "smallest",
 * "validators": {name: value}}]}. Figures in "reason" and "gate" are rounded, for people; a candidate has those that were compared. */
FY_API FY_NODISCARD fy_status fy_choice_write(fy_run *r, const fy_contest *t,
                                              const fy_ballot *ballots, const fy_choice *c);

#ifdef __cplusplus
}
#endif
#endif
