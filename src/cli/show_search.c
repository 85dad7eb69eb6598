/* show_search.c: what a search has found, as a table on the terminal. */
#include "cli/cli.h"

#include "search/search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_ROWS 10
#define MOST_WIDTH 24 /* of a value */

/* ---- the best trials ------------------------------------------------------------------------- */

/* Of those that are done, the next after `last` in the order of their figures; NULL: there is none. */
static const fy_trial *next_best(const fy_study_table *t, const fy_trial *last)
{
    const fy_trial *next = NULL;

    for (int64_t i = 0; i < t->n_trials; i++) {
        const fy_trial *x = &t->trials[i];
        const double sign = t->higher_is_better ? 1 : -1;

        if (x->state != FY_TRIAL_DONE ||
            (last != NULL && (sign * x->value > sign * last->value ||
                              (x->value == last->value && x->number <= last->number))))
            continue;
        if (next == NULL || sign * x->value > sign * next->value)
            next = x;
    }
    return next;
}

static int width_of(const fy_study_table *t, int key)
{
    size_t width = strlen(t->keys[key].key);

    for (int64_t i = 0; i < t->n_trials; i++)
        width = FYI_MAX(width, FYI_MIN(strlen(t->trials[i].values[key]), MOST_WIDTH));
    return (int)width + 2;
}

static void print_trial(const fy_study_table *t, const fy_trial *x)
{
    printf("  %5lld%14.*f", (long long)x->number, fyi_figure_decimals(fabs(x->value)), x->value);
    for (int k = 0; k < t->n_keys; k++)
        printf("%*.*s", width_of(t, k), MOST_WIDTH, x->values[k]);
    printf("\n");
}

static void print_best(const fy_study_table *t)
{
    const fy_trial *x = NULL;

    printf("\n  trial%14.14s", t->metric);
    for (int k = 0; k < t->n_keys; k++)
        printf("%*s", width_of(t, k), t->keys[k].key);
    printf("\n");
    for (int i = 0; i < MOST_ROWS && (x = next_best(t, x)) != NULL; i++)
        print_trial(t, x);
}

/* ---- the rest -------------------------------------------------------------------------------- */

static void print_head(const fy_study_table *t)
{
    printf("%s: %s, %s is better, %s", t->name, t->metric, t->higher_is_better ? "higher" : "lower",
           t->sampler);
    if (strcmp(t->pruner, "none") != 0)
        printf(", stopped early by %s", t->pruner);
    printf(", %d seed%s for every trial\n%lld trials:", t->n_seeds, t->n_seeds == 1 ? "" : "s",
           (long long)t->n_trials);
    for (int i = 0, n = 0; i < FY_TRIAL_STATES; i++)
        if (t->count[i] > 0)
            printf("%s %lld %s", n++ > 0 ? "," : "", (long long)t->count[i],
                   fy_trial_state_name((fy_trial_state)i));
    printf("\n");
}

static void print_importance(const fy_study_table *t)
{
    if (t->n_keys == 0 || !isfinite(t->keys[0].importance))
        return;
    printf("\nshare of the figure's variance that a key explains by itself:");
    for (int k = 0; k < t->n_keys; k++)
        printf("%s %s %.0f%%", k > 0 ? "," : "", t->keys[k].key, 100 * t->keys[k].importance);
    printf("\n");
}

void fyi_show_study(const fy_study_table *t)
{
    print_head(t);
    if (t->best >= 0)
        print_best(t);
    print_importance(t);
}
