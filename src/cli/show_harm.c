/* show_harm.c: what adaptations did to their source models, as tables on the terminal. */
#include "cli/cli.h"

#include <math.h>
#include <string.h>

static void print_percent(double v, int width)
{
    if (isfinite(v))
        printf("%*.1f", width, 100 * v);
    else
        printf("%*s", width, "-");
}

static size_t widest(const char *const *names, size_t at_least)
{
    for (; *names != NULL; names++)
        at_least = FYI_MAX(at_least, strlen(*names));
    return at_least;
}

/* ---- methods --------------------------------------------------------------------------------- */

static void print_method(const fy_comparison_table *t, const char *arm, int width)
{
    static const char *const shown[] = { "source_only", "chosen", "last", "oracle" };
    const fy_harm chosen = fy_comparison_harm(t, NULL, arm, "chosen");
    const fy_harm last = fy_comparison_harm(t, NULL, arm, "last");

    printf("  %-*s%6d", width, arm != NULL ? arm : "all", chosen.n + chosen.failed);
    for (size_t i = 0; i < FYI_LEN(shown); i++)
        print_percent(fy_comparison_harm(t, NULL, arm, shown[i]).accuracy, 13);
    print_percent(chosen.harm_rate, 13);
    print_percent(last.harm_rate, 13);
    print_percent(chosen.kept_rate, 8);
    printf("\n");
}

static void print_methods(const fy_comparison_table *t)
{
    size_t width = 6;

    for (int i = 0; i < t->n_arms; i++)
        width = FYI_MAX(width, strlen(t->rows[i].arm));
    printf("  %-*s%6s%13s%13s%13s%13s%13s%13s%8s\n", (int)width, "method", "cells", "source only",
           "choice", "last step", "oracle", "harm, choice", "harm, last", "kept");
    for (int i = 0; i < t->n_arms; i++)
        print_method(t, t->rows[i].arm, (int)width);
    print_method(t, NULL, (int)width);
}

/* ---- who chooses ----------------------------------------------------------------------------- */

static const char *name_of(const char *by)
{
    static const char *const names[][2] = { { "chosen", "Ferry's rule" }, { "last", "last step" } };

    for (size_t i = 0; i < FYI_LEN(names); i++)
        if (strcmp(by, names[i][0]) == 0)
            return names[i][1];
    return by;
}

static void print_chooser(const fy_comparison_table *t, const char *by, int width)
{
    const fy_harm h = fy_comparison_harm(t, NULL, NULL, by);

    if (h.n + h.failed == 0)
        return;
    printf("  %-*s%6d", width, name_of(by), h.n + h.failed);
    print_percent(h.accuracy, 10);
    print_percent(h.harm_rate, 10);
    print_percent(h.collapse_rate, 11);
    print_percent(h.kept_rate, 8);
    print_percent(h.gain, 10);
    print_percent(h.oracle_gap, 12);
    printf("\n");
}

static void print_choosers(const fy_comparison_table *t)
{
    const int width = (int)widest(fy_choosers(), 12);

    printf("  %-*s%6s%10s%10s%11s%8s%10s%12s\n", width, "who chooses", "cells", "accuracy", "harm",
           "collapsed", "kept", "gain", "to oracle");
    for (const char *const *by = fy_choosers(); *by != NULL; by++)
        print_chooser(t, *by, width);
}

void fyi_show_harm(const fy_comparison_table *t)
{
    const fy_harm h = fy_comparison_harm(t, NULL, NULL, "chosen");

    if (h.n + h.failed == 0)
        return;
    printf("%s: target accuracy in percent, means over the cells\n\n", t->name);
    print_methods(t);
    printf("\n");
    print_choosers(t);
    printf("\nHarm: share of the cells that end more than %.0f point below their source model; "
           "collapsed: below half of it; kept: handed back as the source model.\n",
           100 * FY_HARM);
    if (h.failed > 0)
        printf("Of %d cells, %d failed and handed nothing back: they count as harmed and "
               "collapsed, and have no accuracy.\n",
               h.n + h.failed, h.failed);
}
