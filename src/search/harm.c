/* harm.c: what somebody who chooses among the steps of an adaptation does to source models, over the cells of a comparison. Failed
 * cells count as harmed and collapsed: missing counts as failure, as in trials that are judged by all who were meant to be treated. */
#include "search/search.h"

#include <ferry/choose.h>

#include <math.h>
#include <string.h>

#define COLLAPSED 0.5 /* of the source model's accuracy */

/* Those that are not validators. */
static const char *const figures[] = { "source_only", "chosen", "last", "oracle" };

const char *const *fy_choosers(void)
{
    static _Thread_local const char *names[FYI_LEN(figures) + FY_MAX_VALIDATORS + 1];
    size_t n = 0;

    for (; n < FYI_LEN(figures); n++)
        names[n] = figures[n];
    for (const char *const *v = fy_validators(); *v != NULL; v++)
        names[n++] = *v;
    names[n] = NULL;
    return names;
}

/* Of step 0 is the source model; -1 and NaN: unknown. */
typedef struct handed {
    double accuracy;
    int64_t step;
} handed;

static handed handed_back(const fy_cell *c, const char *by)
{
    const handed are[FYI_LEN(figures)] = {
        { c->source_only, 0 },
        { c->chosen, c->chosen_step },
        { c->last, c->last_step },
        { c->oracle, c->oracle_step },
    };

    for (size_t i = 0; i < FYI_LEN(figures); i++)
        if (strcmp(by, figures[i]) == 0)
            return are[i];
    for (int v = 0; fy_validators()[v] != NULL; v++)
        if (strcmp(by, fy_validators()[v]) == 0)
            return (handed){ c->alone[v], c->alone_step[v] };
    return (handed){ NAN, -1 };
}

double fy_cell_accuracy(const fy_cell *c, const char *by)
{
    return handed_back(c, by).accuracy;
}

bool fy_is_harm(double is, double was)
{
    return is < was - FY_HARM - 1e-9;
}

static void add(const fy_cell *c, const char *by, fy_harm *to)
{
    const handed h = handed_back(c, by);
    const double is = h.accuracy, was = c->source_only;

    to->failed += c->has_failed;
    if (!isfinite(is))
        return;
    to->n++;
    to->kept_rate += h.step == 0;
    to->harm_rate += fy_is_harm(is, was);
    to->collapse_rate += is < COLLAPSED * was;
    to->accuracy += is;
    to->gain += is - was;
    to->oracle_gap += c->oracle - is;
}

static void add_row(const fy_comparison_table *t, const fy_arm_row *row, const char *by, fy_harm *to)
{
    for (int i = 0; i < t->n_seeds; i++)
        if (row->runs[i].cell != NULL)
            add(row->runs[i].cell, by, to);
}

static bool is_of(const char *wanted, const char *name)
{
    return wanted == NULL || (name != NULL && strcmp(wanted, name) == 0);
}

static fy_harm add_rows(const fy_comparison_table *t, const char *shift, const char *arm,
                        const char *by)
{
    fy_harm h = { 0 };

    for (int i = 0; i < t->n_rows; i++)
        if (is_of(shift, t->rows[i].shift) && is_of(arm, t->rows[i].arm))
            add_row(t, &t->rows[i], by, &h);
    return h;
}

/* ---- failures -------------------------------------------------------------------------------- */

static bool is_validator(const char *by)
{
    for (const char *const *v = fy_validators(); *v != NULL; v++)
        if (strcmp(by, *v) == 0)
            return true;
    return false;
}

/* Would it have chosen in a cell of the arm, had the run not failed? Of an arm that failed everywhere the others tell. */
static bool would_choose(const fy_comparison_table *t, const char *arm, const char *by)
{
    const char *like = add_rows(t, NULL, arm, "chosen").n > 0 ? arm : NULL;

    if (!is_validator(by))
        return strcmp(by, "source_only") != 0;
    return add_rows(t, NULL, like, by).n > 0;
}

static int count_failed(const fy_comparison_table *t, const char *shift, const char *arm,
                        const char *by)
{
    int n = 0;

    for (int i = 0; i < t->n_arms; i++)
        if (is_of(arm, t->rows[i].arm) && would_choose(t, t->rows[i].arm, by))
            n += add_rows(t, shift, t->rows[i].arm, by).failed;
    return n;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static double share(double sum, int n)
{
    return n > 0 ? sum / n : (double)NAN;
}

fy_harm fy_comparison_harm(const fy_comparison_table *t, const char *shift, const char *arm,
                           const char *by)
{
    const fy_harm h = add_rows(t, shift, arm, by);
    const int failed = count_failed(t, shift, arm, by);

    return (fy_harm){ .n = h.n,
                      .failed = failed,
                      .harm_rate = share(h.harm_rate + failed, h.n + failed),
                      .collapse_rate = share(h.collapse_rate + failed, h.n + failed),
                      .kept_rate = share(h.kept_rate, h.n),
                      .accuracy = share(h.accuracy, h.n),
                      .gain = share(h.gain, h.n),
                      .oracle_gap = share(h.oracle_gap, h.n) };
}
