/* winograd.h: convolution at stride 1 as 36 small matrix products (Lavin and Gray 2016, "Fast Algorithms for
 * Convolutional Neural Networks", section 4).
 *
 *   tile = B^T d B       d: 6x6 source elements
 *   u = G w G^T          w: k x k weights, k = 3 or 5
 *   y = A^T (sum over ic of tile * u) A     y: m x m results, m = 7 - k
 * with the points 0, 1, -1, 2, -2, infinity for both k, so that B is the same: 4 and 2.8 times fewer
 * multiplications than the direct form. Relative L2 error about 1e-6.
 *
 * Channels lie in blocks of `lanes`, as many floats as a register holds (nChw16c, nChw8c), the last of which may be part padding,
 * zeros in every tensor; src, dst and their
 * gradients are stored as f32 or bf16, everything else is f32. */
#ifndef FYI_WINOGRAD_H
#define FYI_WINOGRAD_H

#include "backend/native/conv_pool.h"

/* How a transform finds its filters: [oc, ic/lanes, k, k, lanes ic], or [oc/lanes, ic/lanes, k, k, lanes ic, lanes oc];
 * _BWD: the forward pass's filters, for the gradient of src. _ADJOINT: the same, where that is the forward form's transpose:
 *
 *   diff_src = sum over tiles of B ((A e A^T) * u) B^T     e: m x m elements of diff_dst
 * It has as many tiles as the forward pass, where a border around a small image would make many more. */
typedef enum fyi_filters {
    FYI_OIHW_I,
    FYI_OIHW_IO,
    FYI_OIHW_IO_BWD,
    FYI_OIHW_IO_ADJOINT
} fyi_filters;

typedef struct fyi_winograd_loops fyi_winograd_loops;

typedef struct fyi_winograd {
    fyi_conv_pool_sizes s;
    fyi_filters filters;
    const fyi_winograd_loops *loops;
    bool is_bf16;             /* src, dst and other are stored so */
    bool is_wide;             /* the transformed weights are too many to stay in a core's cache */
    int64_t oh, ow;           /* results wanted of each image */
    int64_t tiles_h, tiles_w; /* per image */
    int64_t n_tiles;
    int64_t chunk; /* tiles transformed together */
} fyi_winograd;

typedef struct fyi_winograd_out {
    const float *bias; /* [true_oc], NULL if none (not for pooling) */
    const void *other; /* added, shaped and stored like dst; NULL if none */
    float lo, hi;      /* dst is clipped to; pooling looks at s.relu instead */
    void *dst;
    uint8_t *index; /* NULL: the result is not pooled */
} fyi_winograd_out;

/* ---- the loops for one kind of processor; ranges are parts that threads may take ----------------------- */

/* Below, oc is cut into blocks for the products: fyi_product_block. */
struct fyi_winograd_loops {
    int lanes;
    int widest; /* channels of a product block, a multiple of lanes by a power of two */
    /* Blocks [begin, end) of the (oc/lanes) (ic/lanes) of weights into u [36][block of oc][ic, width]. */
    void (*weights)(const fyi_winograd *wg, const float *weights, float *u, int64_t begin,
                    int64_t end);
    /* Tiles first + [begin, end) into v [36, chunk, ic]; of the adjoint, e in place of d. */
    void (*tiles)(const fyi_winograd *wg, const void *src, float *v, int64_t first, int64_t begin,
                  int64_t end);
    /* p [36, chunk, oc] = v u for `count` tiles, of the 36 x (blocks of oc) products [begin, end). */
    void (*products)(const fyi_winograd *wg, const float *v, const float *u, float *p,
                     int64_t count, int64_t begin, int64_t end);
    /* Results of tiles first + [begin, end) from p; of the adjoint whole images, whose tiles overlap. */
    void (*results)(const fyi_winograd *wg, const float *p, const fyi_winograd_out *to,
                    int64_t first, int64_t begin, int64_t end);

    /* The gradient of the weights. First tiles first + [begin, end) of src and diff_dst into v [36, ic/lanes,
     * chunk, lanes] and e [36, oc/lanes, chunk, lanes]; then of the 36 points [begin, end) sum [36, ic, oc] =
     * v^T e over `count` tiles, added to it where is_more; at last blocks [begin, end) of the (oc/lanes) (ic/lanes) back. */
    void (*grad_tiles)(const fyi_winograd *wg, const void *src, const void *diff, float *v,
                       float *e, int64_t first, int64_t begin, int64_t end);
    void (*grad_products)(const fyi_winograd *wg, bool is_more, const float *v, const float *e,
                          float *sum, int64_t count, int64_t begin, int64_t end);
    void (*grad_weights)(const fyi_winograd *wg, const float *sum, float *diff_w, int64_t begin,
                         int64_t end);
    /* sums [true_oc] of diff_dst over images and places, for blocks [begin, end) of oc/lanes. */
    void (*channel_sums)(const fyi_winograd *wg, const void *diff, float *sums, int64_t begin,
                         int64_t end);
};

extern const fyi_winograd_loops fyi_winograd_avx512, fyi_winograd_avx2;

/* The best for this processor; NULL if there are none. */
const fyi_winograd_loops *fyi_winograd_loops_here(void);

/* ---- the whole ----------------------------------------------------------------------------------------- */

void fyi_winograd_init(fyi_winograd *wg, const fyi_winograd_loops *loops,
                       const fyi_conv_pool_sizes *s, fyi_filters f, int64_t oh, int64_t ow);

/* Is the adjoint, for f32, worth more than `wg`, made for _BWD? */
bool fyi_winograd_adjoint_pays(const fyi_winograd *wg);

/* Floats of scratch: at least those for one thread, best those for all. */
int64_t fyi_winograd_floats(const fyi_winograd *wg, int threads);
void fyi_winograd_run(const fyi_winograd *wg, const void *src, const float *weights,
                      const fyi_winograd_out *to, float *scratch, int64_t floats);

typedef struct fyi_winograd_grad {
    const void *diff, *src;
    float *diff_weights, *diff_bias; /* diff_bias NULL if none */
} fyi_winograd_grad;

int64_t fyi_winograd_grad_floats(const fyi_winograd *wg, int threads);
void fyi_winograd_run_grad(const fyi_winograd *wg, const fyi_winograd_grad *g, float *scratch,
                           int64_t floats);

static inline bool fyi_winograd_is_adjoint(const fyi_winograd *wg)
{
    return wg->filters == FYI_OIHW_IO_ADJOINT;
}

/* The widest block that begins at channel j: `widest`, and for what is left over halves of it. */
static inline int64_t fyi_product_width(const fyi_winograd *wg, int64_t j)
{
    int64_t width = wg->loops->widest;
    while (width > wg->s.oc - j)
        width /= 2;
    return width;
}

#endif
