/* relu.c: see graph/ops/relu.c. */
#include "backend/native/each.h"

/* The slope-0 loops are apart: 0 times infinity would be NaN. */
FYI_LOOP1(loop_relu, x < 0.0f ? 0.0f : x)
FYI_LOOP1(loop_leaky, x < 0.0f ? k0 * x : x)
FYI_LOOP2(loop_relu_bwd, y > 0.0f ? x : 0.0f)
FYI_LOOP2(loop_leaky_bwd, y > 0.0f ? x : k0 * x)

static fy_status run(const fyi_launch *l)
{
    const float slope = ((const fyi_relu_attr *)l->site->attr)->slope;
    return fyi_each_run(l, slope == 0.0f ? loop_relu : loop_leaky, slope, 0.0f);
}

FYI_NATIVE_KERNEL_ANY(relu, fyi_native_each, run);

static fy_status run_bwd(const fyi_launch *l)
{
    const float slope = ((const fyi_relu_attr *)l->site->attr)->slope;
    return fyi_each_run(l, slope == 0.0f ? loop_relu_bwd : loop_leaky_bwd, slope, 0.0f);
}

FYI_NATIVE_KERNEL_ANY(relu_bwd, fyi_native_each, run_bwd);
