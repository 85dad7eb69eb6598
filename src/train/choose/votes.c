/* votes.c: what the voters among the validators make of the candidates. Each looks at one thing and is right about some methods only, so
 * that what they agree on counts for more than what any of them says; orders are compared, since their scales cannot be. */
#include "train/choose/choose.h"

#include <math.h>
#include <string.h>

/* The larger the better; NaN: the voter does not know. */
static double value_of(const fyi_bout *t, int i, int v)
{
    const char *name = fy_validators()[v];
    const fy_candidate *c = &t->in.candidates[i];
    double value = c->validators[v];

    if (strcmp(name, "information") == 0)
        value = c->target.information;
    return fy_validator_is_gain(name) ? value : -value;
}

void fyi_count_better(fyi_bout *t, int i)
{
    fyi_judged *j = &t->j[i];

    for (int v = 0; fy_validators()[v] != NULL; v++) {
        const double is = value_of(t, i, v), was = value_of(t, 0, v);

        if (!fy_validator_votes(fy_validators()[v]) || !isfinite(is) || !isfinite(was))
            continue;
        j->voters++;
        j->better += is > was;
    }
}

static bool is_placed(const fyi_bout *t, int i)
{
    return i >= t->from && t->j[i].fate == FYI_PASSES;
}

static bool knows_all(const fyi_bout *t, int v)
{
    for (int i = t->from; i < t->in.n; i++)
        if (is_placed(t, i) && !isfinite(value_of(t, i, v)))
            return false;
    return fy_validator_votes(fy_validators()[v]);
}

/* Equals share their places. */
static double place_of(const fyi_bout *t, int i, int v)
{
    const double own = value_of(t, i, v);
    double place = 1;

    for (int k = t->from; k < t->in.n; k++) {
        if (k == i || !is_placed(t, k))
            continue;
        const double other = value_of(t, k, v);
        place += other > own ? 1 : other < own ? 0 : 0.5;
    }
    return place;
}

void fyi_find_places(fyi_bout *t)
{
    int voters = 0;

    for (int i = 0; i < t->in.n; i++)
        t->j[i].place = is_placed(t, i) ? 0 : (double)NAN;
    for (int v = 0; fy_validators()[v] != NULL; v++) {
        if (!knows_all(t, v))
            continue;
        voters++;
        for (int i = t->from; i < t->in.n; i++)
            if (is_placed(t, i))
                t->j[i].place += place_of(t, i, v);
    }
    for (int i = t->from; i < t->in.n && voters > 0; i++)
        t->j[i].place /= voters;
}
