/* norm.h: normalisation by the batch's moments: its loops over one image's channel block, [hw, 16], stored as f32 or bf16,
 * and the walk over all of them. */
#ifndef FYI_NATIVE_NORM_H
#define FYI_NATIVE_NORM_H

#include "backend/native/max_pool.h"
#include "graph/kernel.h"

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
    /* What passes of hw elements, and zeros. */
    void (*pass)(const fyi_norm_gate *g, void *passed, int64_t hw);
    void (*backward)(const fyi_norm_gate *g, const void *x, void *diff_src, int64_t hw,
                     const fyi_norm_line *l);
    /* The same where g is of what p, windows of 2x2, pooled, whose winners are at `index`. */
    void (*backward_2x2)(const fyi_norm_gate *g, const fyi_max_pool *p, const uint8_t *index,
                         const void *x, void *diff_src, const fyi_norm_line *l);
} fyi_norm_loops;

extern const fyi_norm_loops fyi_norm_f32_avx512, fyi_norm_bf16_avx512;

/* ---- norm.c: all items ------------------------------------------------------------------------------------ */

/* Where a node's tensors stand. */
typedef struct fyi_norm_job {
    const fyi_norm_loops *loops;
    int64_t n, c, blocks, hw;
    size_t item_bytes;
    float eps, lo, hi;
    const char *x, *other; /* other NULL if none */
    const float *scale, *shift;
    char *dst;
    float *mean, *var;
    /* backward */
    const char *diff, *gate; /* gate NULL: nothing was clipped */
    char *diff_src, *passed; /* passed NULL unless asked for */
    float *diff_scale, *diff_shift;
    /* pool NULL: dst, diff and gate are shaped like x; else they are what was pooled of it */
    const fyi_max_pool *pool;
    uint8_t *index;
    char *rooms;
    int64_t n_rooms;
    /* scratch */
    float *part;          /* [n, blocks, 2, 16] */
    fyi_norm_line *lines; /* [blocks] */
} fyi_norm_job;

/* Images lie in blocks and as `src` is stored, vectors plain in f32. */
bool fyi_norm_propose(fyi_site *site, int src);
bool fyi_norm_propose_pool(fyi_site *site, int src, const fyi_max_pool *p, const fyi_desc *index);

/* src, scale, shift -> dst, and from destination `mean` on mean, var; unbounded, and nothing added. */
fyi_norm_job fyi_norm_forward_job(const fyi_launch *l, float eps, int mean);
/* diff_dst, and from source `src` on src, mean, var, scale -> diff_src, diff_scale, diff_shift; nothing was clipped. */
fyi_norm_job fyi_norm_backward_job(const fyi_launch *l, float eps, int src);
void fyi_norm_set_pool(fyi_norm_job *j, const fyi_launch *l, const fyi_max_pool *p, uint8_t *index);
void fyi_norm_forward(const fyi_norm_job *j);
void fyi_norm_backward(const fyi_norm_job *j);

#endif
