/* harm.c: what somebody who chooses among the steps of an adaptation does to source models, over the cells of a comparison. */
#include "search/search.h"

#include <ferry/choose.h>

#include <math.h>
#include <string.h>

#define COLLAPSED 0.5 /* of the source model's accuracy */

/* Those that are not validators. */
static const struct named {
    const char *name;
    size_t at;
} figures[] = {
    { "source_only", offsetof(fy_cell, source_only) },
    { "chosen", offsetof(fy_cell, chosen) },
    { "last", offsetof(fy_cell, last) },
    { "oracle", offsetof(fy_cell, oracle) },
};

const char *const *fy_choosers(void)
{
    static _Thread_local const char *names[FYI_LEN(figures) + FY_MAX_VALIDATORS + 1];
    size_t n = 0;

    for (; n < FYI_LEN(figures); n++)
        names[n] = figures[n].name;
    for (const char *const *v = fy_validators(); *v != NULL; v++)
        names[n++] = *v;
    names[n] = NULL;
    return names;
}

double fy_cell_accuracy(const fy_cell *c, const char *by)
{
    for (size_t i = 0; i < FYI_LEN(figures); i++)
        if (strcmp(by, figures[i].name) == 0)
            return *(const double *)(const void *)((const char *)c + figures[i].at);
    for (int v = 0; fy_validators()[v] != NULL; v++)
        if (strcmp(by, fy_validators()[v]) == 0)
            return c->alone[v];
    return NAN;
}

/* Rounding takes nobody over the point. */
static void add(const fy_cell *c, const char *by, fy_harm *to)
{
    const double is = fy_cell_accuracy(c, by), was = c->source_only;

    if (!isfinite(is))
        return;
    to->n++;
    to->harm_rate += is < was - FY_HARM - 1e-9;
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

fy_harm fy_comparison_harm(const fy_comparison_table *t, const char *shift, const char *arm,
                           const char *by)
{
    fy_harm h = { 0 };

    for (int i = 0; i < t->n_rows; i++)
        if (is_of(shift, t->rows[i].shift) && is_of(arm, t->rows[i].arm))
            add_row(t, &t->rows[i], by, &h);
    const double n = h.n > 0 ? h.n : (double)NAN;
    return (fy_harm){ .n = h.n,
                      .harm_rate = h.harm_rate / n,
                      .collapse_rate = h.collapse_rate / n,
                      .accuracy = h.accuracy / n,
                      .gain = h.gain / n,
                      .oracle_gap = h.oracle_gap / n };
}
