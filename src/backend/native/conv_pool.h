/* conv_pool.h: a stride-1 convolution whose result is max-pooled by 2x2 windows, as its kernels see it.
 *
 *   src [n, ic, h, w]   weights [oc, ic, k, k]   dst, index [n, oc, qh, qw]
 * Channels lie in blocks of 16 (nChw16c), but for a source of few channels, which is plain. The
 * weights lie
 *   OIhw16i, [oc, ic/16, k, k, 16]        where src is blocked,
 *   Ohwi16o, [oc/16, k, k, ic, 16]        where src is plain.
 * The last block may be part padding, zeros in every tensor. Below, ic and oc count it in, and so
 * do inner loops that cannot tell; true_ic and true_oc do not. The rows of OIhw16i and the biases
 * are true_oc. */
#ifndef FYI_CONV_POOL_H
#define FYI_CONV_POOL_H

#include <stdbool.h>
#include <stdint.h>

typedef struct fyi_conv_pool_sizes {
    int64_t n, ic, h, w, oc, k, pad, qh, qw;
    int64_t true_ic, true_oc;
    bool relu;
} fyi_conv_pool_sizes;

static inline int64_t fyi_round16(int64_t n)
{
    return (n + 15) / 16 * 16;
}

/* ---- winners: the elements of the convolution's result that the gradient reaches ------------- */

/* For each of 16 channels of one image, where its active windows have their maximum, and the
 * gradient there. `offset` counts floats from the top left corner of the padded source. */
typedef struct fyi_winners {
    int64_t cap;     /* entries per channel */
    float *g;        /* [16, cap] */
    int32_t *offset; /* [16, cap] */
    int32_t *count;  /* [16] */
} fyi_winners;

/* Offsets of the windows' corners, [qh qw rounded up to 16], and of the four positions in a window. */
typedef struct fyi_window_map {
    int64_t n_windows;
    const int32_t *corner;
    int32_t step[4];
} fyi_window_map;

/* diff, dst, index: [n_windows, 16]. dst NULL: every window is active. Adds the gradients up into
 * sum [16]. */
void fyi_find_winners_avx512(const fyi_window_map *m, const float *diff, const float *dst,
                             const uint8_t *index, fyi_winners *out, float *sum);

/* ---- inner loops over one image, one block of source channels and one channel of dst --------- */

/* dw [k, k, 16] += g * src at each winner; rows of src are `pitch` floats apart. */
typedef void (*fyi_gather_fn)(float *dw, const float *src, int64_t pitch, const float *g,
                              const int32_t *offset, int64_t count);
/* diff_src += g * w [k, k, 16] at each winner. */
typedef void (*fyi_scatter_fn)(float *diff_src, const float *w, int64_t pitch, const float *g,
                               const int32_t *offset, int64_t count);
/* NULL if there is none for this k. */
fyi_gather_fn fyi_gather_avx512(int64_t k);
fyi_scatter_fn fyi_scatter_avx512(int64_t k);

/* ---- few source channels --------------------------------------------------------------------- */

/* One image: src [ic, h + 2 pad, w + 2 pad] already padded, bias [true_oc]. */
void fyi_conv_first_avx512(const fyi_conv_pool_sizes *s, const float *src, const float *weights,
                           const float *bias, float *dst, uint8_t *index);
/* dw [lanes] += g * columns at each winner, for windows that are contiguous in `columns`; lanes
 * is a multiple of 16 up to FYI_MAX_WINDOW_LANES. */
#define FYI_MAX_WINDOW_LANES 96
void fyi_gather_window_avx512(float *dw, int64_t lanes, const float *columns, const float *g,
                              const int32_t *offset, int64_t count);

#endif
