/* norm.h: the loops of batch normalisation over one image's channel block, [hw, 16], stored as f32 or bf16. */
#ifndef FYI_NATIVE_NORM_H
#define FYI_NATIVE_NORM_H

#include <stdint.h>

/* out = factor * passing(diff) + slope * (x - mean) + shift, per channel. */
typedef struct fyi_norm_line {
    float mean[16], factor[16], slope[16], shift[16];
} fyi_norm_line;

/* What passes a clip: diff where lo < dst < hi; all of it if dst is NULL. */
typedef struct fyi_norm_gate {
    const void *diff, *dst;
    float lo, hi;
} fyi_norm_gate;

typedef struct fyi_norm_loops {
    /* The mean and the sum of squared differences from it. */
    void (*moments)(const void *x, int64_t hw, float *mean, float *m2);
    /* dst = clip(slope (x - mean) + shift + other, lo, hi); other may be NULL. */
    void (*apply)(const void *x, const void *other, void *dst, int64_t hw, const fyi_norm_line *l,
                  float lo, float hi);
    /* sum = sum of what passes; dot = sum of what passes times (x - mean). `passed` takes what passes, unless
     * NULL. */
    void (*sums)(const fyi_norm_gate *g, const void *x, void *passed, int64_t hw, const float *mean,
                 float *sum, float *dot);
    void (*backward)(const fyi_norm_gate *g, const void *x, void *diff_src, int64_t hw,
                     const fyi_norm_line *l);
} fyi_norm_loops;

extern const fyi_norm_loops fyi_norm_f32_avx512, fyi_norm_bf16_avx512;

#endif
