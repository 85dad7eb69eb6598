/* Reference kernels: plain loops in double, the oracle for every other kernel and the last on every list.
 * Never optimised. They read and write any stored type through get and set. */
#ifndef FYI_REF_H
#define FYI_REF_H

#include "graph/kernel.h"
#include "graph/ops/attr.h"

static inline double get(const fyi_desc *d, const void *p, int64_t i)
{
    switch (d->dtype) {
    case FY_F32: return ((const float *)p)[i];
    case FY_F64: return ((const double *)p)[i];
    case FY_BF16: return fyi_bf16_to_f32(((const uint16_t *)p)[i]);
    case FY_I32: return ((const int32_t *)p)[i];
    case FY_I64: return (double)((const int64_t *)p)[i];
    case FY_U8: return ((const uint8_t *)p)[i];
    }
    return 0;
}

static inline void set(const fyi_desc *d, void *p, int64_t i, double v)
{
    switch (d->dtype) {
    case FY_F32: ((float *)p)[i] = (float)v; break;
    case FY_F64: ((double *)p)[i] = v; break;
    case FY_BF16: ((uint16_t *)p)[i] = fyi_f32_to_bf16((float)v); break;
    case FY_I32: ((int32_t *)p)[i] = (int32_t)v; break;
    case FY_I64: ((int64_t *)p)[i] = (int64_t)v; break;
    case FY_U8: ((uint8_t *)p)[i] = (uint8_t)v; break;
    }
}

/* Source i's element at plain offset `at`, and the same for destinations. */
#define SRC(l, i, at) get(&(l)->site->src[i], (l)->src[i], (at))
#define DST(l, i, at, v) set(&(l)->site->dst[i], (l)->dst[i], (at), (v))

/* Wants every source and destination plain; takes every node. */
bool fyi_ref_propose(fy_device *dev, fyi_site *site);

#define FYI_REF_KERNEL(op_name, run_fn)                                                   \
    const fyi_kernel fyi_ref_##op_name = {                                                \
        .name = "ref", .op = &fyi_op_##op_name, .propose = fyi_ref_propose, .run = run_fn \
    }

#endif
