/* kernels.c: the reference kernel of every operator in ops.def, in that order. */
#include "backend/backend.h"

/* Sources have none: the plan places their values. The registry skips entries without an operator. */
static const fyi_kernel no_kernel;
#define fyi_ref_input no_kernel
#define fyi_ref_use no_kernel
#define fyi_ref_state no_kernel
#define fyi_ref_fill no_kernel
#define fyi_ref_constant no_kernel

#define OP(name) extern const fyi_kernel fyi_ref_##name;
#include "graph/ops/ops.def"
#undef OP

const fyi_kernel *const fyi_ref_kernels[] = {
#define OP(name) &fyi_ref_##name,
#include "graph/ops/ops.def"
#undef OP
    NULL,
};
