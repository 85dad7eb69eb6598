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

/* ---- timing.c ---------------------------------------------------------------------------------------- */

/* A kernel that takes a node, and the node as it wants it. */
typedef struct fyi_proposal {
    const fyi_kernel *kernel;
    fyi_site site; /* src and dst are its own */
} fyi_proposal;

#define FYI_MAX_PROPOSALS 8
#define FYI_TIMED_MAX_ENDS 4 /* sources, and destinations, of what is timed */

/* True for convolutions that are worth it. */
bool fyi_is_timed(const fyi_site *s);
/* Which of n >= 1 proposals for the node in `offered` to take, the preferred first; the device has times. */
size_t fyi_fastest(fy_device *dev, const fyi_site *offered, const fyi_proposal *list, size_t n);
void fyi_kernel_times_close(fyi_kernel_times *t); /* accepts NULL */

#endif
