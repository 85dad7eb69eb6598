/* show_adapt.c: an adaptation's four numbers as a table on the terminal. */
#include "cli/cli.h"

#include <math.h>
#include <string.h>

#define SHARE_WIDTH 12

#define MAX_WAYS 3

/* One of the four numbers, counted in n ways, and the step that each is of. */
static void print_row(const char *name, const double *values, const int64_t *steps, int n)
{
    bool same = true;

    printf("  %-24s", name);
    for (int i = 0; i < n; i++) {
        fyi_print_share(SHARE_WIDTH, values[i]);
        same = same && steps[i] == steps[0];
    }
    for (int i = 0; i < (same ? 1 : n); i++)
        printf("%s%lld", i ? ", " : "    ", (long long)steps[i]);
    printf("\n");
}

/* Classes exchanged is a column for two classes only. */
static void print_table(const fy_adapt_report *a)
{
    const fy_adapt_figures *columns[MAX_WAYS] = { &a->plain, &a->matched, &a->swapped };
    static const char *const names[MAX_WAYS] = { "as labelled", "matched", "exchanged" };
    static const char *const rows[] = { "source only", "last step", "label-free choice",
                                        "oracle (uses labels)" };
    const int n = isfinite(a->swapped.last) ? 3 : 2;
    double values[FYI_LEN(rows)][MAX_WAYS];
    int64_t steps[FYI_LEN(rows)][MAX_WAYS];

    for (int i = 0; i < n; i++) {
        const fy_adapt_figures *f = columns[i];
        const double value[] = { f->source_only, f->last, f->chosen, f->oracle };
        const int64_t step[] = { 0, a->last_step, a->chosen_step, f->oracle_step };

        for (size_t k = 0; k < FYI_LEN(rows); k++) {
            values[k][i] = value[k];
            steps[k][i] = step[k];
        }
    }
    printf("  %-24s", "target accuracy");
    for (int i = 0; i < n; i++)
        printf("%12s", names[i]);
    printf("    of step\n");
    for (size_t k = 0; k < FYI_LEN(rows); k++)
        print_row(rows[k], values[k], steps[k], n);
}

/* Of the methods that were tried, a row each. */
static void print_tries(const fy_adapt_report *a)
{
    if (a->n_tries > 0)
        printf("\n  %-24s%12s%12s%12s%10s\n", "method", "last step", "its choice", "votes",
               "seconds");
    for (int i = 0; i < a->n_tries; i++) {
        const fy_adapt_try *t = &a->tries[i];
        const bool is_chosen = a->method != NULL && strcmp(a->method, t->method) == 0;
        char name[48], votes[24] = "-";

        (void)snprintf(name, sizeof name, "%s%s", t->method, is_chosen ? " (chosen)" : "");
        if (t->ballot.voters > 0)
            (void)snprintf(votes, sizeof votes, "%d of %d", t->ballot.better, t->ballot.voters);
        printf("  %-24s", name);
        fyi_print_share(SHARE_WIDTH, t->plain.last);
        fyi_print_share(SHARE_WIDTH, t->plain.chosen);
        printf("%12s%10.0f\n", votes, t->seconds);
    }
}

/* A classifier that did not move is the source model's. */
static void print_use(const char *dir)
{
    char moved[FY_RUN_DIR_MAX + 32];

    (void)snprintf(moved, sizeof moved, "%s/chosen_classifier.safetensors", dir);
    printf("To use it: ferry predict --weights %s/chosen.safetensors --weights %s/%s DATA\n", dir,
           dir, fyi_path_exists(moved) ? "chosen_classifier.safetensors" : "classifier.safetensors");
}

void fyi_show_adapt(fy_recipe *r, const fy_recipe_result *result)
{
    const fy_adapt_report *a = &result->report.adapt;

    printf("%s, seed %s: %.0f s; ", fy_recipe_name(r), fy_recipe_get(r, "seed"), result->seconds);
    if (isfinite(a->source_accuracy))
        printf("the source model is right on %.1f%% of held-out source samples\n\n",
               100 * a->source_accuracy);
    else
        printf("there are no source samples to try the source model on\n\n");
    if (a->has_labels)
        print_table(a);
    else
        printf("  The target has no labels, so there is no accuracy to show.\n");
    print_tries(a);
    printf("\nThe label-free choice %s.\n", a->choice.reason);
    if (a->times_back > 0)
        printf("The target's classes collapsed; the run went back %lld time%s and on at %g of the "
               "rate.\n",
               (long long)a->times_back, a->times_back == 1 ? "" : "s",
               exp2(-(double)a->times_back));
    if (a->warning[0] != '\0')
        printf("Note: %s.\n", a->warning);
    print_use(result->run_dir);
}
