/* time.c: seconds since some fixed moment, never going back. */
#include "base/base.h"

#include <time.h>

double fyi_now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
