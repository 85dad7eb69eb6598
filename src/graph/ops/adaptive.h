/* adaptive.h: the windows of adaptive pooling. */
#ifndef FYI_ADAPTIVE_H
#define FYI_ADAPTIVE_H

#include <stdint.h>

/* Window i of n over `size` elements: [begin, end), never empty. Divided before multiplied, so that no size
 * overflows. */
static inline int64_t fyi_adaptive_begin(int64_t i, int64_t n, int64_t size)
{
    return size / n * i + size % n * i / n;
}

static inline int64_t fyi_adaptive_end(int64_t i, int64_t n, int64_t size)
{
    return size / n * (i + 1) + (size % n * (i + 1) + n - 1) / n;
}

#endif
