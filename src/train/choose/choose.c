/* choose.c: which candidate is handed back when nobody has labels: gates, then votes, and the source model where nobody is left. The
 * reason says which of this happened. */
#include "train/choose/choose.h"

/* Smallest share 0.2 of 1/k: of two classes each has at least 10% of the target, of ten 2%. Largest share
 * three times 1/k: 30% of the target for ten classes; for two or three only the smallest binds. A source
 * loss of 20 points is more than alignment costs and far less than collapse does. */
fy_choice_rule fy_choice_defaults(void)
{
    return (fy_choice_rule){ .source_floor = 0.2,
                             .smallest_share = 0.2,
                             .largest_share = 3,
                             .least_gain = 0.01,
                             .least_votes = 0.5 };
}

static fy_status check(const fy_contest *t)
{
    const fy_candidate *c = t->candidates;

    if (t->n < 1 || t->k < 2)
        return fyi_fail(FY_EINVAL,
                        "choosing among %d candidates of %d classes: it takes the source model as "
                        "candidate 0 and at least two classes",
                        t->n, t->k);
    for (int i = 1; t->methods == NULL && i < t->n; i++)
        if (c[i].step < c[i - 1].step)
            return fyi_fail(FY_EINVAL,
                            "choosing a candidate: number %d is of step %lld, after one of step "
                            "%lld; they must stand in the order of their steps",
                            i, (long long)c[i].step, (long long)c[i - 1].step);
    return FY_OK;
}

static void judge(fyi_bout *t)
{
    t->from = fyi_first_late(&t->in);
    for (int i = 1; i < t->in.n; i++) {
        fyi_count_better(t, i);
        t->j[i].fate = fyi_fate_of(t, i);
    }
    fyi_find_places(t);
}

/* Of equals the one with more information, then the first, which in a run has moved least. */
static bool beats(const fyi_bout *t, int i, int best)
{
    const fy_candidate *c = t->in.candidates;
    const double ahead = t->j[best].place - t->j[i].place;

    if (ahead > FYI_ROUNDING || ahead < -FYI_ROUNDING)
        return ahead > 0;
    return c[i].target.information > c[best].target.information;
}

static int find_winner(const fyi_bout *t)
{
    int best = 0;

    for (int i = t->from; i < t->in.n; i++)
        if (t->j[i].fate == FYI_PASSES && (best == 0 || beats(t, i, best)))
            best = i;
    return best;
}

static void write_ballots(const fyi_bout *t, fy_ballot *to)
{
    for (int i = 0; to != NULL && i < t->in.n; i++) {
        to[i] = (fy_ballot){ .is_early = i > 0 && i < t->from,
                             .place = t->j[i].place,
                             .better = t->j[i].better,
                             .voters = t->j[i].voters };
        fyi_write_gate(t, i, to[i].gate, sizeof to[i].gate);
    }
}

fy_status fy_choose(const fy_contest *in, const fy_choice_rule *rule, fy_ballot *ballots,
                    fy_choice *out)
{
    fyi_bout t = { .in = *in, .rule = rule };

    *out = (fy_choice){ .index = 0, .fell_back = true };
    FYI_FORWARD(check(in));
    t.j = fyi_calloc((size_t)in->n, sizeof *t.j);
    if (t.j == NULL)
        return fyi_enomem((size_t)in->n * sizeof *t.j, "choosing a candidate");
    judge(&t);
    out->index = find_winner(&t);
    out->fell_back = out->index == 0;
    if (out->fell_back)
        fyi_explain_fall_back(&t, out);
    else
        fyi_explain_choice(&t, out);
    write_ballots(&t, ballots);
    fyi_free(t.j);
    return FY_OK;
}
