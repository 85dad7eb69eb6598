/* reason.c: the choice in words: who was refused by which gate, and who won by which votes. */
#include "train/choose/choose.h"

#include <math.h>

/* What a group of candidates did: words, and between them the figure that all of them reach. */
static const struct clause {
    const char *begin, *end; /* end NULL: no figure between */
    bool is_upper;           /* the group's largest figure, else its smallest */
    int digits;
} clauses[FYI_FATES] = {
    [FYI_NOT_FINITE] = { "predicted values that are not finite", NULL, false, 0 },
    [FYI_ONE_CLASS] = { "called at least ", "% of the target one class", false, 0 },
    [FYI_LOST_CLASS] = { "left one class at most ", "% of the target", true, 1 },
    [FYI_LOST_SOURCE] = { "lost at least ", " points of source accuracy", false, 0 },
    [FYI_NO_SOURCE] = { "had no known source accuracy", NULL, false, 0 },
    [FYI_UNSTEADY] = { "stood beside a collapsed one", NULL, false, 0 },
    [FYI_NO_GAIN] = { "told classes apart no better than the source model", NULL, false, 0 },
    [FYI_OUTVOTED] = { "had at most ", "% of the votes against the source model", true, 0 },
};

static double figure_of(const fyi_bout *t, int i)
{
    const fy_signs *s = &t->in.candidates[i].target;

    switch (t->j[i].fate) {
    case FYI_ONE_CLASS: return 100 * s->largest;
    case FYI_LOST_CLASS: return 100 * s->smallest;
    case FYI_OUTVOTED: return 100.0 * t->j[i].better / FYI_MAX(t->j[i].voters, 1);
    default: return 100 * fyi_source_loss(t, i);
    }
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

/* The candidates from .. to that have a fate. */
typedef struct group {
    int from, to;
    fyi_fate fate;
} group;

/* Rounded away from the group, so that "at least" and "at most" stay true. */
static void put_clause(writer *w, const fyi_bout *t, const group *g)
{
    const struct clause *c = &clauses[g->fate];
    const double unit = c->digits == 0 ? 1 : 10;
    double figure = c->is_upper ? -1 : 1e9;

    put(w, "%s", c->begin);
    if (!c->end)
        return;
    for (int i = g->from; i <= g->to; i++) {
        if (t->j[i].fate == g->fate)
            figure = c->is_upper ? fmax(figure, figure_of(t, i)) : fmin(figure, figure_of(t, i));
    }
    figure = c->is_upper ? ceil(figure * unit - 1e-6) / unit : floor(figure * unit + 1e-6) / unit;
    put(w, "%.*f%s", c->digits, figure + 0.0, c->end); /* no -0 */
}

void fyi_write_gate(const fyi_bout *t, int i, char *text, size_t bytes)
{
    writer w = { text, bytes, 0 };

    text[0] = '\0';
    if (i > 0 && t->j[i].fate != FYI_PASSES)
        put_clause(&w, t, &(group){ i, i, t->j[i].fate });
}

/* ---- steps of one run -------------------------------------------------------------------------------------- */

static int count_fate(const fyi_bout *t, fyi_fate v)
{
    int n = 0;

    for (int i = t->from; i < t->in.n; i++)
        n += t->j[i].fate == v;
    return n;
}

/* All failed alike: "every candidate from step 400 on called ...", as far back as that holds. */
static void put_common_fate(writer *w, const fyi_bout *t, fyi_fate v)
{
    const int last = t->in.n - 1;
    int from = t->from;

    while (from > 1 && t->j[from - 1].fate == v)
        from--;
    if (from == last)
        put(w, "the candidate of step %lld ", (long long)t->in.candidates[from].step);
    else
        put(w, "every candidate from step %lld on ", (long long)t->in.candidates[from].step);
    put_clause(w, t, &(group){ from, last, v });
}

typedef struct common {
    fyi_fate first, second;
    int n_first, n_second;
} common;

static common find_commonest(const fyi_bout *t)
{
    common c = { 0 };

    for (fyi_fate v = FYI_NOT_FINITE; v < FYI_FATES; v++) {
        const int n = count_fate(t, v);

        if (n > c.n_first)
            c = (common){ v, c.first, n, c.n_first };
        else if (n > c.n_second)
            c = (common){ c.first, v, c.n_first, n };
    }
    return c;
}

/* The two commonest fates; one sentence holds no more. */
static void put_fates(writer *w, const fyi_bout *t)
{
    const common c = find_commonest(t);
    const int last = t->in.n - 1, n_rest = t->in.n - t->from - c.n_first - c.n_second;

    if (c.n_second == 0) {
        put_common_fate(w, t, c.first);
        return;
    }
    put(w, "of %d candidates from step %lld on, %d ", t->in.n - t->from,
        (long long)t->in.candidates[t->from].step, c.n_first);
    put_clause(w, t, &(group){ t->from, last, c.first });
    put(w, "%s %d ", n_rest > 0 ? "," : " and", c.n_second);
    put_clause(w, t, &(group){ t->from, last, c.second });
    if (n_rest > 0)
        put(w, " and %d failed otherwise", n_rest);
}

/* ---- several methods ---------------------------------------------------------------------------------------- */

/* "dann called at least 97% of the target one class; adabn ..." */
static void put_refused(writer *w, const fyi_bout *t, const char *begin)
{
    for (int i = t->from; i < t->in.n; i++) {
        if (t->j[i].fate == FYI_PASSES)
            continue;
        put(w, "%s%s ", begin, t->in.methods[i]);
        put_clause(w, t, &(group){ i, i, t->j[i].fate });
        begin = "; ";
    }
}

/* ---- whole sentences ---------------------------------------------------------------------------------------- */

void fyi_explain_fall_back(const fyi_bout *t, fy_choice *out)
{
    writer w = { out->reason, sizeof out->reason, 0 };

    put(&w, "kept the source model: ");
    if (t->in.n == 1)
        put(&w, "there was no other candidate");
    else if (t->in.methods != NULL)
        put_refused(&w, t, "");
    else
        put_fates(&w, t);
}

/* Where nothing else votes, it is information that does. */
static void put_winner(writer *w, const fyi_bout *t, int i)
{
    const fyi_judged *j = &t->j[i];
    const int n_good = count_fate(t, FYI_PASSES);

    put(w, "chose %s%sstep %lld: ", t->in.methods != NULL ? t->in.methods[i] : "",
        t->in.methods != NULL ? ", " : "", (long long)t->in.candidates[i].step);
    if (n_good == 1)
        put(w, "alone in passing the gates");
    else if (j->voters == 1)
        put(w, "the most information of the %d that passed the gates", n_good);
    else
        put(w, "mean place %.1f by votes among the %d that passed the gates", j->place, n_good);
    if (j->voters > 1)
        put(w, ", and better than the source model by %d of %d votes", j->better, j->voters);
}

void fyi_explain_choice(const fyi_bout *t, fy_choice *out)
{
    const fy_candidate *c = &t->in.candidates[out->index];
    writer w = { out->reason, sizeof out->reason, 0 };

    put_winner(&w, t, out->index);
    put(&w,
        " (information %.3f, the source model has %.3f); its classes take %.1f%% to %.1f%% of the "
        "target",
        c->target.information, t->in.candidates[0].target.information, 100 * c->target.smallest,
        100 * c->target.largest);
    if (t->in.methods != NULL)
        put_refused(&w, t, "; refused: ");
}
