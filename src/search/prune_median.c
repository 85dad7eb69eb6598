/* prune_median.c: the median stopping rule (Golovin et al. 2017, "Google Vizier", section 3.2.2): a trial is stopped when its
 * best figure so far is below the median of what the trials that are done had come to on average by then. */
#include "search/study.h"

#include <math.h>
#include <stdlib.h>

static double best_of(const fyi_lane *l)
{
    double best = -(double)INFINITY;

    for (int i = 0; i < l->n; i++)
        best = FYI_MAX(best, l->v[i]);
    return best;
}

static double mean_of(const fyi_lane *l, int n)
{
    double sum = 0;

    n = FYI_MIN(n, l->n);
    for (int i = 0; i < n; i++)
        sum += l->v[i];
    return sum / n;
}

/* How many of those that are done have an average above v, by the time of r->me. */
static void count(const fyi_race *r, double v, int64_t *n, int64_t *n_above)
{
    *n = *n_above = 0;
    for (int64_t i = 0; i < r->n_others; i++) {
        const fyi_lane *l = &r->others[i];

        if (!l->is_done || l->n == 0)
            continue;
        *n += 1;
        *n_above += mean_of(l, r->me.n) > v;
    }
}

/* Of an even number the lower of the middle two is taken: a doubtful trial goes on. */
static bool stops(const fyi_race *r)
{
    const double v = best_of(&r->me);
    int64_t n, n_above;

    count(r, v, &n, &n_above);
    return n >= r->o->prune_after && n_above > n / 2;
}

const fyi_pruner fyi_pruner_median = { "median", stops };
