/* holm.c: several tests at once (Holm 1979, "A simple sequentially rejective multiple test procedure").
 *
 * The smallest of m values is multiplied by m, the next by m - 1, and so on; none may end below one before it. Whatever of
 * the corrected values lies below a level, the chance that even one of them is there by luck is below it too. */
#include "search/search.h"

#include <math.h>
#include <stdlib.h>

typedef struct ranked {
    double p;
    int at;
} ranked;

static int compare_ranked(const void *a, const void *b)
{
    const ranked *x = a, *y = b;

    return x->p != y->p ? (x->p > y->p) - (x->p < y->p) : x->at - y->at;
}

fy_status fyi_holm(const double *p, int n, double *adjusted)
{
    ranked *v = fyi_calloc((size_t)n, sizeof *v);
    double least = 0;
    int m = 0;

    if (v == NULL)
        return fyi_enomem((size_t)n * sizeof *v, "a correction of tests");
    for (int i = 0; i < n; i++) {
        adjusted[i] = NAN;
        if (!isnan(p[i]))
            v[m++] = (ranked){ p[i], i };
    }
    qsort(v, (size_t)m, sizeof *v, compare_ranked);
    for (int i = 0; i < m; i++) {
        least = FYI_MAX(least, FYI_MIN(1, (m - i) * v[i].p));
        adjusted[v[i].at] = least;
    }
    fyi_free(v);
    return FY_OK;
}
