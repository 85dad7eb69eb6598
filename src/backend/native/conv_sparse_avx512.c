/* conv_sparse_avx512.c: the two gradients of a convolution whose result was max-pooled: one
 * element in each 2x2 window carries gradient, and none where ReLU was off, so both cost a
 * quarter or less of the dense forms. For one channel of dst and 16 of src all k x k taps stay
 * in registers. */
#include "backend/native/avx512.h"
#include "backend/native/conv_pool.h"

#include <stddef.h>

INLINE void gather(int k, float *dw, const float *src, int64_t pitch, const float *g,
                   const int32_t *offset, int64_t count)
{
    vec acc[25];
    EACH (t, k * k)
        acc[t] = load(dw + 16 * t);
    for (int64_t i = 0; i < count; i++) {
        const float *row = src + offset[i];
        const vec x = splat(g[i]);
        EACH (y, k) {
            EACH (z, k)
                acc[y * k + z] = fma3(x, load(row + 16 * z), acc[y * k + z]);
            row += pitch;
        }
    }
    EACH (t, k * k)
        store(dw + 16 * t, acc[t]);
}

INLINE void scatter(int k, float *diff_src, const float *w, int64_t pitch, const float *g,
                    const int32_t *offset, int64_t count)
{
    vec tap[25];
    EACH (t, k * k)
        tap[t] = load(w + 16 * t);
    for (int64_t i = 0; i < count; i++) {
        float *row = diff_src + offset[i];
        const vec x = splat(g[i]);
        EACH (y, k) {
            EACH (z, k)
                store(row + 16 * z, fma3(x, tap[y * k + z], load(row + 16 * z)));
            row += pitch;
        }
    }
}

static void gather3(float *dw, const float *src, int64_t pitch, const float *g,
                    const int32_t *offset, int64_t count)
{
    gather(3, dw, src, pitch, g, offset, count);
}

static void gather5(float *dw, const float *src, int64_t pitch, const float *g,
                    const int32_t *offset, int64_t count)
{
    gather(5, dw, src, pitch, g, offset, count);
}

static void scatter3(float *diff_src, const float *w, int64_t pitch, const float *g,
                     const int32_t *offset, int64_t count)
{
    scatter(3, diff_src, w, pitch, g, offset, count);
}

static void scatter5(float *diff_src, const float *w, int64_t pitch, const float *g,
                     const int32_t *offset, int64_t count)
{
    scatter(5, diff_src, w, pitch, g, offset, count);
}

fyi_gather_fn fyi_gather_avx512(int64_t k)
{
    return k == 3 ? gather3 : k == 5 ? gather5 : NULL;
}

fyi_scatter_fn fyi_scatter_avx512(int64_t k)
{
    return k == 3 ? scatter3 : k == 5 ? scatter5 : NULL;
}
