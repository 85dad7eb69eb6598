/* device.h: where plans run. "cpu" takes the fastest kernel that supports a node; "ref" runs every node
 * with the plain double-precision loops that all others are tested against. */
#ifndef FERRY_DEVICE_H
#define FERRY_DEVICE_H

#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fy_device fy_device;

/* Plans may be compiled on one device, and run, by several threads at a time. Its settings, the fy_device_set functions,
 * are made while no other thread uses it; plans compiled before keep what they were compiled with. */

/* FY_EINVAL for an unknown name, naming the nearest. A device must outlive its plans. */
FY_API FY_NODISCARD fy_status fy_device_open(const char *name, fy_device **out);
FY_API void fy_device_close(fy_device *d);
FY_API const char *fy_device_name(const fy_device *d);
/* One line: instruction set, threads, kernel library and its version. */
FY_API const char *fy_device_text(const fy_device *d);
/* What plans compiled from now on compute in: FY_F32 at first, or FY_BF16. Then convolutions and matrix products
 * read and give bf16 and sum in f32; parameters, their gradients, optimiser state, statistics and losses stay
 * f32, as does every node without a fast kernel for it. FY_EDEVICE if the device has no instructions for it. */
FY_API FY_NODISCARD fy_status fy_device_set_precision(fy_device *d, fy_dtype precision);
FY_API fy_dtype fy_device_precision(const fy_device *d);
/* Where several kernels can run a convolution, plans compiled from now on take the one that is fastest here: each is
 * timed once, and `path` keeps what came out, so that later plans choose alike. At FY_BF16 kernels that compute in f32
 * take part. The file and its folder are made if missing; processes may share it; one that cannot be made or written is
 * warned of. NULL, the beginning: the choice is a rule, the same on every machine with the same instructions. */
FY_API FY_NODISCARD fy_status fy_device_set_kernel_times(fy_device *d, const char *path);
/* Bytes that the plan of a stage may take on this device, its parameters included (fy_plan_opts.memory); 0, the
 * beginning: any. */
FY_API void fy_device_set_memory(fy_device *d, size_t bytes);
FY_API size_t fy_device_memory(const fy_device *d);
/* Compute threads of this process; 0 for as many as there are processors. For all devices and plans; call it before
 * fy_device_open, whose text, a part of the names of kept features and kernels' times, tells the number it found. */
FY_API void fy_threads_set(int n);

#ifdef __cplusplus
}
#endif
#endif
