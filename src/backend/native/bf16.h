/* bf16.h: rows of bf16 to f32 and back, rounded to nearest even, as fast as the processor can. */
#ifndef FYI_NATIVE_BF16_H
#define FYI_NATIVE_BF16_H

#include <stdint.h>

typedef struct fyi_bf16_rows {
    void (*widen)(float *dst, const uint16_t *src, int64_t n);
    void (*narrow)(uint16_t *dst, const float *src, int64_t n);
} fyi_bf16_rows;

/* For this processor. */
const fyi_bf16_rows *fyi_bf16(void);

extern const fyi_bf16_rows fyi_bf16_avx512;

#endif
