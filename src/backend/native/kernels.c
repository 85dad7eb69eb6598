/* kernels.c: the list of native.def. */
#include "backend/backend.h"

#define KERNEL(name) extern const fyi_kernel fyi_native_##name;
#include "backend/native/native.def"
#undef KERNEL

const fyi_kernel *const fyi_native_kernels[] = {
#define KERNEL(name) &fyi_native_##name,
#include "backend/native/native.def"
#undef KERNEL
    NULL,
};
