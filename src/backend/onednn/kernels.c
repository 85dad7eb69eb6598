/* kernels.c: the list of the operators oneDNN runs. */
#include "backend/backend.h"

#define KERNEL(name) extern const fyi_kernel fyi_onednn_##name;
#include "backend/onednn/onednn.def"
#undef KERNEL

const fyi_kernel *const fyi_onednn_kernels[] = {
#define KERNEL(name) &fyi_onednn_##name,
#include "backend/onednn/onednn.def"
#undef KERNEL
    NULL,
};
