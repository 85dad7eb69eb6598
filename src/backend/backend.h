/* backend.h: what the folders of kernels hand to the device: lists, best first, NULL-terminated. */
#ifndef FYI_BACKEND_H
#define FYI_BACKEND_H

#include "graph/kernel.h"

/* Plain loops in double, the last resort of every device and the whole of "ref". */
extern const fyi_kernel *const fyi_ref_kernels[];

extern const fyi_kernel *const fyi_native_kernels[];

#ifdef FYI_HAVE_ONEDNN
extern const fyi_kernel *const fyi_onednn_kernels[];
/* Makes the library's engine and stream, keeps them in dev->ctx, sets dev->close to free them, and adds the
 * library's name and version to dev->text (fyi_device_says). */
fy_status fyi_onednn_open(fy_device *dev);
#endif

/* Appends ", <words>" to what fy_device_text tells. */
void fyi_device_says(fy_device *dev, const char *fmt, ...) FY_PRINTF(2, 3);

/* ---- registry.c -------------------------------------------------------------------------------------- */

/* The kernels of device `name`, best first and NULL-terminated, in a new array to be freed with fyi_free. The
 * environment variable FY_KERNELS, "onednn,ref" for example, leaves out the lists that it does not name. */
fy_status fyi_kernels_of(const char *name, const fyi_kernel ***out);

#endif
