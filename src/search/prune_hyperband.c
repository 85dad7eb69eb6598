/* prune_hyperband.c: Hyperband (Li et al. 2018, "Hyperband: a novel bandit-based approach to hyperparameter optimization",
 * algorithm 1): halving in several brackets, of which the next begins to stop trials one rung later.
 *
 * It hedges: where early figures mislead, later brackets still find what comes late. Bracket b has about
 * B / (B - b) * prune_factor^(B - 1 - b) trials of each round, as n_s there; they are dealt by the trials' numbers. */
#include "search/study.h"

#include <math.h>

static int64_t share_of(const fyi_search_settings *o, int bracket)
{
    const double b = (double)o->brackets;

    return (int64_t)FYI_MIN(ceil(b / (b - bracket) * pow(o->prune_factor, b - 1 - bracket)),
                            FYI_MAX_TRIALS);
}

/* Spread over the round, so that no bracket has to wait for another: the one that is furthest behind its share is next. */
int fyi_bracket_of(const fyi_search_settings *o, int64_t number)
{
    int64_t round = 0, dealt[16] = { 0 };
    int next = 0;

    for (int b = 0; b < o->brackets; b++)
        round += share_of(o, b);
    for (int64_t i = 0; i <= number % FYI_MAX(round, 1); i++) {
        double least = INFINITY;

        for (int b = 0; b < o->brackets; b++) {
            const double part = ((double)dealt[b] + 0.5) / (double)share_of(o, b);

            if (part < least) {
                least = part;
                next = b;
            }
        }
        dealt[next]++;
    }
    return next;
}

static bool stops(const fyi_race *r)
{
    return fyi_race_halves(r, fyi_bracket_of(r->o, r->me.number));
}

const fyi_pruner fyi_pruner_hyperband = { "hyperband", stops };
