/* finite.c: values that are no numbers. */
#include "tensor/tensor.h"

#include <math.h>

int64_t fyi_first_not_finite(const float *x, int64_t n)
{
    int64_t i = 0;

    while (i < n && isfinite(x[i]))
        i++;
    return i;
}
