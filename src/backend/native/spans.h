/* spans.h: many tensors' elements one after the other, as one long vector that threads share: small tensors cost
 * no launches of their own. */
#ifndef FYI_NATIVE_SPANS_H
#define FYI_NATIVE_SPANS_H

#include <stdint.h>

typedef struct fyi_spans {
    int n; /* tensors */
    int64_t (*numel)(const void *ctx, int i);
    void (*run)(const void *ctx, int i, int64_t begin, int64_t end); /* elements of tensor i */
    const void *ctx;
} fyi_spans;

/* Elements are split anywhere: what happens to one must not depend on another. */
void fyi_spans_run(const fyi_spans *s);

#endif
