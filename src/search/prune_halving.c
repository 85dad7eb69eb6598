/* prune_halving.c: asynchronous successive halving (Li et al. 2020, "A system for massively parallel hyperparameter tuning",
 * algorithm 2), in its stopping form: nobody waits for a rung to fill.
 *
 *   rung k = the evaluation number prune_from * prune_factor^k
 * At a rung a trial goes on when it is among the best one in prune_factor of all that came to it, or the best of too few. */
#include "search/study.h"

#include <math.h>

/* Is evaluation n a rung? Those of a bracket begin that many rungs later. */
static bool is_rung(const fyi_search_settings *o, int n, int bracket)
{
    double rung = (double)o->prune_from * pow(o->prune_factor, FYI_MAX(bracket, 0));

    while (round(rung) < n)
        rung *= o->prune_factor;
    return round(rung) == n;
}

bool fyi_race_halves(const fyi_race *r, int bracket)
{
    const int at = r->me.n;
    int64_t n = 1, n_better = 0;

    if (!is_rung(r->o, at, bracket))
        return false;
    for (int64_t i = 0; i < r->n_others; i++) {
        const fyi_lane *l = &r->others[i];

        if (l->n < at || (bracket >= 0 && fyi_bracket_of(r->o, l->number) != bracket))
            continue;
        n++;
        n_better += l->v[at - 1] > r->me.v[at - 1];
    }
    return n_better >= FYI_MAX((int64_t)((double)n / r->o->prune_factor), 1);
}

static bool stops(const fyi_race *r)
{
    return fyi_race_halves(r, -1);
}

const fyi_pruner fyi_pruner_halving = { "halving", stops };
