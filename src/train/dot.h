/* dot.h: what solvers in double precision share. */
#ifndef FYI_TRAIN_DOT_H
#define FYI_TRAIN_DOT_H

#include <stdint.h>

/* Four sums side by side: one alone would wait for itself. */
static inline double fyi_dot_f64(const double *a, const double *b, int64_t n)
{
    double s[4] = { 0 };
    int64_t j = 0;

    for (; j + 4 <= n; j += 4)
        for (int l = 0; l < 4; l++)
            s[l] += a[j + l] * b[j + l];
    for (; j < n; j++)
        s[0] += a[j] * b[j];
    return (s[0] + s[1]) + (s[2] + s[3]);
}

#endif
