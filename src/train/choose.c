/* choose.c: which candidate a run hands back when nobody has labels: the do-no-harm rule.
 *
 * Label-free scores rank collapsed models high: one that calls everything the same class is very certain.
 * So gates come first. A candidate is out if a class takes too large or too small a share of the target, if
 * it lost too much on the source, or if a neighbour in time collapsed, since then it stands on the edge
 * itself. Of the rest in the run's second half the one with the most information wins, if it has more than
 * the source model; otherwise the source model is kept. The reason says which of this happened. */
#include "base/base.h"

#include <ferry/train.h>

#include <math.h>

#define ROUNDING 1e-9 /* a share that equals its limit passes, however it was computed */

typedef enum verdict {
    PASSES,
    NOT_FINITE,
    ONE_CLASS,  /* takes too much */
    LOST_CLASS, /* has too little */
    LOST_SOURCE,
    NO_SOURCE, /* its accuracy is unknown, the source model's is not */
    UNSTEADY,
    NO_GAIN,
    N_VERDICTS
} verdict;

typedef struct contest {
    const fy_candidate *c; /* [n], c[0] is the source model */
    int n, k;
    const fy_choice_rule *rule;
} contest;

/* Smallest share 0.2 of 1/k: of two classes each has at least 10% of the target, of ten 2%. Largest share
 * three times 1/k: 30% of the target for ten classes; for two or three only the smallest binds. A source
 * loss of 20 points is more than alignment costs and far less than collapse does. */
fy_choice_rule fy_choice_defaults(void)
{
    return (fy_choice_rule){
        .source_floor = 0.2, .smallest_share = 0.2, .largest_share = 3, .least_gain = 0.01
    };
}

/* ---- gates ------------------------------------------------------------------------------------------ */

static double source_loss(const contest *t, int i)
{
    const double loss = t->c[0].source_accuracy - t->c[i].source_accuracy;

    return isnan(t->c[0].source_accuracy) ? 0 : loss; /* nothing to compare with: no floor */
}

static verdict judge_shares(const contest *t, int i)
{
    const fy_signs *s = &t->c[i].target;

    if (!isfinite(s->largest) || !isfinite(s->smallest) || !isfinite(s->information))
        return NOT_FINITE;
    if (s->largest * t->k > t->rule->largest_share + ROUNDING)
        return ONE_CLASS;
    if (s->smallest * t->k < t->rule->smallest_share - ROUNDING)
        return t->k == 2 ? ONE_CLASS : LOST_CLASS; /* of two classes the other one has the rest */
    return PASSES;
}

/* The source model is nobody's neighbour: what it calls the target is why the run was made. */
static bool is_collapsed(const contest *t, int i)
{
    return i >= 1 && i < t->n && judge_shares(t, i) != PASSES;
}

static bool has_gain(const contest *t, int i)
{
    const double gain = t->c[i].target.information - t->c[0].target.information;

    return isnan(gain) || (gain > 0 && gain >= t->rule->least_gain - ROUNDING);
}

static verdict judge(const contest *t, int i)
{
    const verdict v = judge_shares(t, i);

    if (v != PASSES)
        return v;
    if (isnan(source_loss(t, i)))
        return NO_SOURCE;
    if (source_loss(t, i) > t->rule->source_floor + ROUNDING)
        return LOST_SOURCE;
    if (is_collapsed(t, i - 1) || is_collapsed(t, i + 1))
        return UNSTEADY;
    return has_gain(t, i) ? PASSES : NO_GAIN;
}

/* The first candidate of the run's second half, counted in steps. */
static int first_late(const contest *t)
{
    const int64_t first = t->c[0].step, middle = first + (t->c[t->n - 1].step - first) / 2;
    int i = 1;

    while (i < t->n - 1 && t->c[i].step < middle)
        i++;
    return i;
}

/* ---- the reason --------------------------------------------------------------------------------------- */

/* What a group of candidates did: words, and between them the figure that all of them reach. */
static const struct clause {
    const char *begin, *end; /* end NULL: no figure between */
    bool is_upper;           /* the group's largest figure, else its smallest */
    int digits;
} clauses[N_VERDICTS] = {
    [NOT_FINITE] = { "predicted values that are not finite", NULL, false, 0 },
    [ONE_CLASS] = { "called at least ", "% of the target one class", false, 0 },
    [LOST_CLASS] = { "left one class at most ", "% of the target", true, 1 },
    [LOST_SOURCE] = { "lost at least ", " points of source accuracy", false, 0 },
    [NO_SOURCE] = { "had no known source accuracy", NULL, false, 0 },
    [UNSTEADY] = { "stood beside a collapsed one", NULL, false, 0 },
    [NO_GAIN] = { "told classes apart no better than the source model", NULL, false, 0 },
};

static double figure_of(const contest *t, int i, verdict v)
{
    const fy_signs *s = &t->c[i].target;

    return 100 * (v == ONE_CLASS ? s->largest : v == LOST_CLASS ? s->smallest : source_loss(t, i));
}

typedef struct writer {
    char *text;
    size_t bytes, at;
} writer;

static void put(writer *w, const char *fmt, ...) FY_PRINTF(2, 3);
static void put(writer *w, const char *fmt, ...)
{
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(w->text + w->at, w->bytes - w->at, fmt, args);
    va_end(args);
    w->at = FYI_MIN(w->at + (size_t)FYI_MAX(n, 0), w->bytes - 1);
}

/* Rounded away from the group, so that "at least" and "at most" stay true. */
static void put_clause(writer *w, const contest *t, int from, verdict v)
{
    const struct clause *c = &clauses[v];
    const double unit = c->digits == 0 ? 1 : 10;
    double figure = c->is_upper ? -1 : 1e9;

    put(w, "%s", c->begin);
    if (!c->end)
        return;
    for (int i = from; i < t->n; i++) {
        if (judge(t, i) == v)
            figure =
                c->is_upper ? fmax(figure, figure_of(t, i, v)) : fmin(figure, figure_of(t, i, v));
    }
    figure = c->is_upper ? ceil(figure * unit - 1e-6) / unit : floor(figure * unit + 1e-6) / unit;
    put(w, "%.*f%s", c->digits, figure, c->end);
}

static int count_verdict(const contest *t, int from, verdict v)
{
    int n = 0;

    for (int i = from; i < t->n; i++)
        n += judge(t, i) == v;
    return n;
}

/* All failed alike: "every candidate from step 400 on called ...", as far back as that holds. */
static void put_common_fate(writer *w, const contest *t, int from, verdict v)
{
    while (from > 1 && judge(t, from - 1) == v)
        from--;
    if (from == t->n - 1)
        put(w, "the candidate of step %lld ", (long long)t->c[from].step);
    else
        put(w, "every candidate from step %lld on ", (long long)t->c[from].step);
    put_clause(w, t, from, v);
}

/* The two commonest fates; one sentence holds no more. */
static void put_fates(writer *w, const contest *t, int from)
{
    verdict first = PASSES, second = PASSES;
    int n_first = 0, n_second = 0, n_rest;

    for (verdict v = NOT_FINITE; v < N_VERDICTS; v++) {
        const int n = count_verdict(t, from, v);

        if (n > n_first) {
            second = first;
            n_second = n_first;
            first = v;
            n_first = n;
        } else if (n > n_second) {
            second = v;
            n_second = n;
        }
    }
    if (n_second == 0) {
        put_common_fate(w, t, from, first);
        return;
    }
    put(w, "of %d candidates from step %lld on, %d ", t->n - from, (long long)t->c[from].step,
        n_first);
    put_clause(w, t, from, first);
    n_rest = t->n - from - n_first - n_second;
    put(w, "%s %d ", n_rest > 0 ? "," : " and", n_second);
    put_clause(w, t, from, second);
    if (n_rest > 0)
        put(w, " and %d failed otherwise", n_rest);
}

static void explain_fall_back(const contest *t, int from, fy_choice *out)
{
    writer w = { out->reason, sizeof out->reason, 0 };

    put(&w, "kept the source model: ");
    if (t->n == 1)
        put(&w, "there was no other candidate");
    else
        put_fates(&w, t, from);
}

static void explain_choice(const contest *t, int n_good, fy_choice *out)
{
    const fy_candidate *c = &t->c[out->index];
    writer w = { out->reason, sizeof out->reason, 0 };

    put(&w,
        "chose step %lld: the most information (%.3f, the source model has %.3f) of %d steady %s; "
        "its "
        "classes take %.1f%% to %.1f%% of the target",
        (long long)c->step, c->target.information, t->c[0].target.information, n_good,
        n_good == 1 ? "candidate" : "candidates", 100 * c->target.smallest, 100 * c->target.largest);
}

/* ---- the choice ------------------------------------------------------------------------------------------ */

static fy_status check(const fy_candidate *c, int n, int k)
{
    if (n < 1 || k < 2)
        return fyi_fail(FY_EINVAL,
                        "choosing among %d candidates of %d classes: it takes the source model as "
                        "candidate 0 and at least two classes",
                        n, k);
    for (int i = 1; i < n; i++)
        if (c[i].step < c[i - 1].step)
            return fyi_fail(FY_EINVAL,
                            "choosing a candidate: number %d is of step %lld, after one of step "
                            "%lld; they must stand in the order of their steps",
                            i, (long long)c[i].step, (long long)c[i - 1].step);
    return FY_OK;
}

/* Equals: the earlier one, which has moved less. */
fy_status fy_choose(const fy_candidate *c, int n, int k, const fy_choice_rule *rule, fy_choice *out)
{
    const contest t = { c, n, k, rule };
    int from, n_good = 0;

    *out = (fy_choice){ .index = 0, .fell_back = true };
    FYI_FORWARD(check(c, n, k));
    from = first_late(&t);
    for (int i = from; i < n; i++) {
        if (judge(&t, i) != PASSES)
            continue;
        if (n_good++ == 0 || c[i].target.information > c[out->index].target.information)
            out->index = i;
    }
    out->fell_back = n_good == 0;
    if (n_good > 0)
        explain_choice(&t, n_good, out);
    else
        explain_fall_back(&t, from, out);
    return FY_OK;
}
