/* wilcoxon.c: the signed-rank test of paired differences (Wilcoxon 1945), exactly.
 *
 * The sizes of the differences are ranked, equal ones share the mean of their ranks, zeros are left out. Were the two
 * settings alike, every rank would be of a positive difference with probability one half: the distribution of the sum of
 * those ranks is built up rank by rank, in halves, since shared ranks may end in one. */
#include "search/search.h"

#include <math.h>
#include <stdlib.h>

typedef struct signed_size {
    double size;
    bool is_positive;
    int rank2; /* twice its rank */
} signed_size;

static int compare_sizes(const void *a, const void *b)
{
    const double x = ((const signed_size *)a)->size, y = ((const signed_size *)b)->size;

    return (x > y) - (x < y);
}

/* Those that are not 0, from the smallest on; how many. */
static int sort_sizes(const double *d, int n, double same, signed_size *v)
{
    int m = 0;

    for (int i = 0; i < n; i++)
        if (fabs(d[i]) > same)
            v[m++] = (signed_size){ .size = fabs(d[i]), .is_positive = d[i] > 0 };
    qsort(v, (size_t)m, sizeof *v, compare_sizes);
    return m;
}

static void rank_sizes(signed_size *v, int m, double same)
{
    for (int i = 0, end; i < m; i = end) {
        for (end = i + 1; end < m && v[end].size - v[end - 1].size <= same;)
            end++;
        for (int k = i; k < end; k++)
            v[k].rank2 = i + 1 + end; /* ranks i + 1 to end: twice their mean */
    }
}

/* Twice the smaller tail. chance: [m (m + 1) + 1], of every sum of doubled ranks. */
static double two_sided(const signed_size *v, int m, double *chance)
{
    const int most = m * (m + 1);
    int sum = 0;
    double below = 0, above = 0;

    for (int s = 0; s <= most; s++)
        chance[s] = s == 0;
    for (int i = 0; i < m; i++) {
        for (int s = most; s >= 0; s--)
            chance[s] = (chance[s] + (s >= v[i].rank2 ? chance[s - v[i].rank2] : 0)) / 2;
        sum += v[i].is_positive ? v[i].rank2 : 0;
    }
    for (int s = 0; s <= most; s++) {
        below += s <= sum ? chance[s] : 0;
        above += s >= sum ? chance[s] : 0;
    }
    return FYI_MIN(1, 2 * FYI_MIN(below, above));
}

fy_status fyi_wilcoxon_p(const double *d, int n, double same, double *p)
{
    const size_t sums = (size_t)n * ((size_t)n + 1) + 1;
    signed_size *v = fyi_calloc((size_t)n, sizeof *v);
    double *chance = fyi_calloc(sums, sizeof *chance);
    fy_status st = FY_OK;

    if (v == NULL || chance == NULL) {
        st = fyi_enomem(sums * sizeof *chance, "a signed-rank test");
    } else {
        const int m = sort_sizes(d, n, same, v);

        rank_sizes(v, m, same);
        *p = two_sided(v, m, chance);
    }
    fyi_free(chance);
    fyi_free(v);
    return st;
}
