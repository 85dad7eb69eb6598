/* native.h: portable kernels for f32 in plain C, written so that a compiler vectorises the loops.
 *
 * A result never depends on the number of threads: element-wise work is split anywhere, a sum only
 * at fixed places. Kernels that need a certain processor stand in files of their own (*_avx512.c)
 * and come first in native.def. */
#ifndef FYI_NATIVE_H
#define FYI_NATIVE_H

#include "graph/kernel.h"
#include "graph/ops/attr.h"

/* Elements per thread below which waking another one costs more than it gains. */
#define FYI_GRAIN 16384

/* Before a loop whose iterations are independent even where dst is src: without it the compiler's
 * test for overlap sends in-place runs down the scalar path. */
#if defined(__clang__)
#define FYI_VECTOR _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define FYI_VECTOR _Pragma("GCC ivdep")
#else
#define FYI_VECTOR
#endif

#define FYI_NATIVE_KERNEL(op_name, propose_fn, run_fn)                                  \
    const fyi_kernel fyi_native_##op_name = {                                           \
        .name = "native", .op = &fyi_op_##op_name, .propose = propose_fn, .run = run_fn \
    }

/* A kernel that meets bf16: its run has to look at the stored types. */
#define FYI_NATIVE_KERNEL_ANY(op_name, propose_fn, run_fn)             \
    const fyi_kernel fyi_native_##op_name = { .name = "native",        \
                                              .op = &fyi_op_##op_name, \
                                              .any_float = true,       \
                                              .propose = propose_fn,   \
                                              .run = run_fn }

/* Stands for a kernel that this kind of processor does not have. */
#define FYI_NATIVE_ABSENT(op_name) FYI_NATIVE_KERNEL(op_name, fyi_native_absent, NULL)

/* ---- native.c: what kernels ask of the compiler, and reductions ------------------------------ */

/* Takes nothing. */
bool fyi_native_absent(fy_device *dev, fyi_site *site);
/* All plain; floats as f32, labels as i32. */
bool fyi_native_plain(fy_device *dev, fyi_site *site);
/* Element-wise: every source and destination in one layout, whichever it is. Where a source is bf16, so is
 * the destination; only kernels with any_float are offered such. */
bool fyi_native_each(fy_device *dev, fyi_site *site);
/* The same for a function that does not give 0 for 0: no layout with padding, which has to stay
 * zero. */
bool fyi_native_each_unpadded(fy_device *dev, fyi_site *site);

/* Every float of the site is f32, and the plan asks for nothing else; positions in windows may be u8. */
bool fyi_native_is_f32(const fyi_site *site);

/* Items of `size` elements that are worth a thread of their own. */
static inline int64_t fyi_grain(int64_t size)
{
    return FYI_MAX((int64_t)1, FYI_GRAIN / FYI_MAX(size, (int64_t)1));
}

/* A sum in f32 over at most FYI_SUM_CHUNK elements and in double beyond, in one fixed order. */
#define FYI_SUM_CHUNK 4096
double fyi_sum_f32(const float *x, int64_t n);
/* The largest element; NaN is passed over, and -inf is that of none. */
float fyi_max_f32(const float *x, int64_t n);

/* ---- gather.c -------------------------------------------------------------------------------- */

/* dst, dense and of shape s, from src's elements `stride` apart along each axis (0 repeats). 4-byte
 * elements. */
void fyi_native_gather(const fy_shape *s, void *dst, const void *src, const int64_t *stride);

#endif
