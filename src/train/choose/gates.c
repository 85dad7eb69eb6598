/* gates.c: what refuses a candidate by itself, whatever the votes say.
 *
 * Label-free scores rank collapsed models high: one that calls everything the same class is very certain. A candidate is out if a class
 * takes too large or too small a share of the target, if it lost too much on the source, if a neighbour in time collapsed, since then
 * it stands on the edge itself (unless the run went back in between), and if it has no more information than the source model. */
#include "train/choose/choose.h"

#include <math.h>

double fyi_source_loss(const fyi_bout *t, int i)
{
    const fy_candidate *c = t->in.candidates;

    /* nothing to compare with: no floor */
    return isnan(c[0].source_accuracy) ? 0 : c[0].source_accuracy - c[i].source_accuracy;
}

#define MENDED 0.5 /* of what a class took too much by the source model */

/* A source model that knows the target badly calls too much of it one class before anything was learnt. Where half of that is mended it
 * is no collapse; where less is, it may be one of another class. What is not finite sets no limit. */
static double largest_of(const fy_choice_rule *rule, const fy_signs *before, int k)
{
    const double limit = rule->largest_share / k;

    return (isfinite(before->largest) ? fmax(limit, MENDED * before->largest) : limit) +
           FYI_ROUNDING;
}

static double smallest_of(const fy_choice_rule *rule, const fy_signs *before, int k)
{
    const double limit = rule->smallest_share / k;

    return (isfinite(before->smallest) ? fmin(limit, before->smallest) : limit) - FYI_ROUNDING;
}

static fyi_fate judge_signs(const fy_choice_rule *rule, const fy_signs *before, const fy_signs *s,
                            int k)
{
    if (!isfinite(s->largest) || !isfinite(s->smallest) || !isfinite(s->information))
        return FYI_NOT_FINITE;
    if (s->largest > largest_of(rule, before, k))
        return FYI_ONE_CLASS;
    if (s->smallest < smallest_of(rule, before, k))
        return k == 2 ? FYI_ONE_CLASS : FYI_LOST_CLASS; /* of two classes the other has the rest */
    return FYI_PASSES;
}

bool fy_has_collapsed(const fy_choice_rule *rule, const fy_signs *before, const fy_signs *s, int k)
{
    return judge_signs(rule, before, s, k) != FYI_PASSES;
}

static fyi_fate judge_shares(const fyi_bout *t, int i)
{
    const fy_candidate *c = t->in.candidates;

    return judge_signs(t->rule, &c[0].target, &c[i].target, t->in.k);
}

/* The source model is nobody's neighbour: what it calls the target is why the run was made. */
static bool is_collapsed(const fyi_bout *t, int i)
{
    return i >= 1 && i < t->in.n && judge_shares(t, i) != FYI_PASSES;
}

/* After going back a candidate comes from an earlier one, and not from its neighbour. */
static bool comes_from_collapse(const fyi_bout *t, int i)
{
    return is_collapsed(t, i - 1) && !t->in.candidates[i - 1].went_back;
}

static bool is_unsteady(const fyi_bout *t, int i)
{
    return t->in.methods == NULL && (comes_from_collapse(t, i) || is_collapsed(t, i + 1));
}

static bool has_gain(const fyi_bout *t, int i)
{
    const fy_candidate *c = t->in.candidates;
    const double gain = c[i].target.information - c[0].target.information;

    return isnan(gain) || (gain > 0 && gain >= t->rule->least_gain - FYI_ROUNDING);
}

static bool has_votes(const fyi_bout *t, int i)
{
    const fyi_judged *j = &t->j[i];

    return j->better >= t->rule->least_votes * j->voters - FYI_ROUNDING;
}

fyi_fate fyi_fate_of(const fyi_bout *t, int i)
{
    const fyi_fate v = judge_shares(t, i);

    if (v != FYI_PASSES)
        return v;
    if (isnan(fyi_source_loss(t, i)))
        return FYI_NO_SOURCE;
    if (fyi_source_loss(t, i) > t->rule->source_floor + FYI_ROUNDING)
        return FYI_LOST_SOURCE;
    if (is_unsteady(t, i))
        return FYI_UNSTEADY;
    if (!has_gain(t, i))
        return FYI_NO_GAIN;
    return has_votes(t, i) ? FYI_PASSES : FYI_OUTVOTED;
}

int fyi_first_late(const fy_contest *t)
{
    const fy_candidate *c = t->candidates;
    const int64_t first = c[0].step, middle = first + (c[t->n - 1].step - first) / 2;
    int i = 1;

    while (t->methods == NULL && i < t->n - 1 && c[i].step < middle)
        i++;
    return i;
}
