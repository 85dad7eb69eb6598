/* Element-wise native kernels: one loop over the elements, padding included, in whatever layout
 * they lie. */
#ifndef FYI_NATIVE_EACH_H
#define FYI_NATIVE_EACH_H

#include "backend/native/elementary.h"
#include "backend/native/native.h"

/* What a loop works on. k: up to two numbers from the node's attributes. */
typedef struct fyi_each {
    const float *src[3];
    float *dst; /* may be src[0] */
    float k[2];
} fyi_each;

/* Runs the loop over all elements of dst[0]. */
fy_status fyi_each_run(const fyi_launch *l, fyi_range_fn loop, float k0, float k1);

/* dst[i] = expr of x, y, z: the elements of one, two, three sources; k0 and k1 as given to the run.
 */
#define FYI_LOOP_(loop_fn, expr, loads)                                \
    static void loop_fn(void *ctx, int64_t begin, int64_t end)         \
    {                                                                  \
        const fyi_each *e = ctx;                                       \
        const float *s0 = e->src[0], *s1 = e->src[1], *s2 = e->src[2]; \
        const float k0 = e->k[0], k1 = e->k[1];                        \
        float *dst = e->dst;                                           \
        (void)s1, (void)s2, (void)k0, (void)k1;                        \
        FYI_VECTOR                                                     \
        for (int64_t i = begin; i < end; i++) {                        \
            loads dst[i] = (expr);                                     \
        }                                                              \
    }
#define FYI_LOOP1(loop_fn, expr) FYI_LOOP_(loop_fn, expr, const float x = s0[i];)
#define FYI_LOOP2(loop_fn, expr) \
    FYI_LOOP_(loop_fn, expr, const float x = s0[i]; const float y = s1[i];)
#define FYI_LOOP3(loop_fn, expr) \
    FYI_LOOP_(loop_fn, expr, const float x = s0[i]; const float y = s1[i]; const float z = s2[i];)

/* The kernel of an operator without numbers: its loop is loop_<op>. */
#define FYI_EACH_KERNEL(op_name, propose_fn)                \
    static fy_status run_##op_name(const fyi_launch *l)     \
    {                                                       \
        return fyi_each_run(l, loop_##op_name, 0.0f, 0.0f); \
    }                                                       \
    FYI_NATIVE_KERNEL(op_name, propose_fn, run_##op_name)

#endif
