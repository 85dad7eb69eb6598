/* show_compare.c: what a comparison came to, as a table on the terminal. */
#include "cli/cli.h"

#include "search/search.h"

#include <math.h>
#include <string.h>

/* ---- differences ------------------------------------------------------------------------------ */

static int decimals_of(const fy_comparison_table *t)
{
    double most = 0;

    for (int i = 0; i < t->n_rows; i++)
        if (isfinite(t->rows[i].mean))
            most = FYI_MAX(most, fabs(t->rows[i].mean));
    return fyi_figure_decimals(most);
}

static void print_figure(double v, int decimals, int width)
{
    if (isfinite(v))
        printf("%*.*f", width, decimals, v);
    else
        printf("%*s", width, "-");
}

static void print_chance(double p)
{
    if (!isfinite(p))
        printf("%9s", "-");
    else if (p < 0.0005)
        printf("%9s", "<0.001");
    else
        printf("%9.3f", p);
}

static void print_difference(const fy_arm_row *row, int decimals)
{
    char text[80] = "-";

    if (isfinite(row->ci_low))
        (void)snprintf(text, sizeof text, "%+.*f [%+.*f, %+.*f]", decimals, row->diff, decimals,
                       row->ci_low, decimals, row->ci_high);
    else if (isfinite(row->diff))
        (void)snprintf(text, sizeof text, "%+.*f [no interval]", decimals, row->diff);
    printf("  %-28s", text);
}

static void print_row(const fy_arm_row *row, int width, int decimals)
{
    printf("  %-*s%4d", width, row->label, row->n);
    print_figure(row->mean, decimals, 10);
    print_figure(row->sd, decimals, 10);
    print_difference(row, decimals);
    print_chance(row->p);
    print_chance(row->p_wilcoxon);
    print_chance(row->p_holm);
    printf("  %s\n", fy_verdict_name(row->verdict));
}

static void print_table(const fy_comparison_table *t)
{
    const int decimals = decimals_of(t);
    size_t width = 3;

    for (int i = 0; i < t->n_rows; i++)
        width = FYI_MAX(width, strlen(t->rows[i].label));
    printf("  %-*s%4s%10s%10s  %-28s%9s%9s%9s  verdict\n", (int)width, "arm", "n", "mean", "sd",
           "difference", "p", "Wilcoxon", "Holm");
    for (int i = 0; i < t->n_rows; i++)
        print_row(&t->rows[i], (int)width, decimals);
}

static void print_seeds(const fy_comparison_table *t)
{
    const bool is_long = t->n_seeds > 12;

    printf("%d seed%s (", t->n_seeds, t->n_seeds == 1 ? "" : "s");
    for (int i = 0; i < t->n_seeds; i++)
        if (!is_long || i < 3 || i == t->n_seeds - 1)
            printf("%s%s%llu", i > 0 ? ", " : "", is_long && i == t->n_seeds - 1 ? "..., " : "",
                   (unsigned long long)t->seeds[i]);
    printf(")");
}

static void print_failures(const fy_comparison_table *t)
{
    for (int i = 0; i < t->n_rows; i++)
        for (int k = 0; k < t->n_seeds; k++)
            if (t->rows[i].runs[k].error != NULL)
                printf("%s with seed %llu failed: %s\n", t->rows[i].label,
                       (unsigned long long)t->seeds[k], t->rows[i].runs[k].error);
}

static const fy_arm_row *find_verdict(const fy_comparison_table *t, fy_verdict v)
{
    for (int i = 0; i < t->n_rows; i++)
        if (t->rows[i].verdict == v)
            return &t->rows[i];
    return NULL;
}

static void print_notes(const fy_comparison_table *t)
{
    const fy_arm_row *row = find_verdict(t, FY_VERDICT_UNTESTED);

    if (t->n_seeds == 1)
        printf("One seed is no test: there is no interval and no p. Set compare.seeds to 5 or "
               "more.\n");
    else if (row != NULL)
        printf("All differences of %s are the same, so there is no spread to hold them against.\n",
               row->label);
    if (find_verdict(t, FY_VERDICT_INCOMPLETE) != NULL)
        printf("What failed is missing from an arm's figures, which flatters it: no verdict.\n");
    if (find_verdict(t, FY_VERDICT_UNCLEAR) != NULL)
        printf("Unclear: so large a difference may be luck; it is not shown that there is none.\n");
}

static void print_differences(const fy_comparison_table *t)
{
    printf("%s: %s, %s is better, ", t->name, t->metric, t->higher_is_better ? "higher" : "lower");
    print_seeds(t);
    printf("\ndifferences from %s seed by seed, with intervals of %g%%\n\n", t->baseline,
           100 * t->level);
    print_table(t);
    printf("\n");
}

void fyi_show_comparison(const fy_comparison_table *t)
{
    if (t->baseline[0] != '\0')
        print_differences(t);
    fyi_show_harm(t);
    print_failures(t);
    if (t->baseline[0] != '\0')
        print_notes(t);
    printf("Report: %s/report.html\n", t->dir);
}
