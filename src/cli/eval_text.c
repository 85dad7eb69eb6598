/* eval_text.c: an evaluation's figures for a terminal. */
#include "cli/cli.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_CLASSES = 20, NAME_CHARS = 20 };

/* "91.5%", "-" where nobody knows. */
static const char *percent(double share, char text[16])
{
    if (isfinite(share))
        (void)snprintf(text, 16, "%.1f%%", 100 * share);
    else
        (void)snprintf(text, 16, "-");
    return text;
}

/* ---- figures --------------------------------------------------------------------------------- */

/* The standard error of a share p of n samples is sqrt(p (1 - p) / n). */
static void print_accuracy(const fy_figures *f)
{
    const double error = sqrt(f->accuracy * (1 - f->accuracy) / (double)f->n);

    printf("  accuracy            %6.2f%%   of %lld samples, give or take %.1f points\n",
           100 * f->accuracy, (long long)f->n, 100 * error);
    if (isfinite(f->top5))
        printf("  top 5               %6.2f%%\n", 100 * f->top5);
    printf("  balanced accuracy   %6.2f%%   every class counts as much\n",
           100 * f->balanced_accuracy);
    printf("  macro F1            %6.2f%%   precision %.1f%%, recall %.1f%%\n", 100 * f->macro_f1,
           100 * f->macro_precision, 100 * f->macro_recall);
    /* Few samples of many classes can be matched well by chance. */
    if (f->matched > f->accuracy && f->n >= 10 * (int64_t)f->n_classes)
        printf("  matched             %6.2f%%   under the best one-to-one matching of classes\n",
               100 * f->matched);
}

static void print_calibration(const fy_figures *f)
{
    const double gap = f->confidence - f->accuracy;

    printf("  negative log p      %7.4f   nats\n", f->nll);
    printf("  Brier score         %7.4f\n", f->brier);
    printf("  calibration error   %6.2f%%   it is %.1f%% sure on average", 100 * f->ece,
           100 * f->confidence);
    if (fabs(gap) >= 0.005)
        printf(", %.1f points too %s", 100 * fabs(gap), gap > 0 ? "sure" : "unsure");
    printf("\n");
}

/* ---- classes --------------------------------------------------------------------------------- */

/* What class c is most often taken for; -1: nothing else. */
static int confused_with(const fy_figures *f, int c)
{
    const int64_t *row = f->confusion + (int64_t)c * f->n_classes;
    int most = -1;

    for (int i = 0; i < f->n_classes; i++)
        if (i != c && row[i] > 0 && (most < 0 || row[i] > row[most]))
            most = i;
    return most;
}

static void print_class(const fy_evaluation *e, int c)
{
    const fy_class_figures *f = &e->figures->classes[c];
    const int other = confused_with(e->figures, c);
    char precision[16], recall[16], f1[16];

    printf("  %-*.*s %9lld %11s %9s %9s", NAME_CHARS, NAME_CHARS, e->class_names[c],
           (long long)f->support, percent(f->precision, precision), percent(f->recall, recall),
           percent(f->f1, f1));
    if (other >= 0)
        printf("   %s (%lld)", e->class_names[other],
               (long long)e->figures->confusion[(int64_t)c * e->figures->n_classes + other]);
    printf("\n");
}

static const fy_class_figures *sorted;

/* Those that have samples first, of these the worst first; the order of the classes among equals. */
static int by_f1(const void *a, const void *b)
{
    const int i = *(const int *)a, k = *(const int *)b;
    const double x = sorted[i].f1, y = sorted[k].f1;
    const bool has_x = sorted[i].support > 0, has_y = sorted[k].support > 0;

    if (has_x != has_y)
        return has_x ? -1 : 1;
    return x < y ? -1 : x > y ? 1 : (i > k) - (i < k);
}

static void print_classes(const fy_evaluation *e)
{
    const fy_figures *f = e->figures;
    int *order = fyi_calloc((size_t)f->n_classes, sizeof *order), n = 0;

    for (int c = 0; order != NULL && c < f->n_classes; c++)
        if (f->classes[c].support + f->classes[c].predicted > 0)
            order[n++] = c;
    sorted = f->classes;
    if (n > MOST_CLASSES)
        qsort(order, (size_t)n, sizeof *order, by_f1);
    printf("\n  %-*s %9s %11s %9s %9s   %s\n", NAME_CHARS, "class", "samples", "precision",
           "recall", "F1", "most often taken for");
    for (int i = 0; i < FYI_MIN(n, MOST_CLASSES); i++)
        print_class(e, order[i]);
    if (n > MOST_CLASSES)
        printf("  .. the worst %d of %d classes; --json and --out have them all\n", MOST_CLASSES, n);
    fyi_free(order);
}

void fyi_print_evaluation(const fy_evaluation *e)
{
    print_accuracy(e->figures);
    print_calibration(e->figures);
    print_classes(e);
    if (e->n_broken > 0)
        printf("\n  %lld samples are left out: their pictures turned out to be broken\n",
               (long long)e->n_broken);
}
