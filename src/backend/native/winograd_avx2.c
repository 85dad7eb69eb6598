/* winograd_avx2.c: the loops of winograd.h for AVX2. */
#include "backend/native/avx2.h"

#define LANES 8
#define WIDEST_VECS 2
#define GRAD_ROWS 4
#define transpose transpose8

#include "backend/native/winograd_loops.h"

const fyi_winograd_loops fyi_winograd_avx2 = { .lanes = LANES,
                                               .widest = WIDEST,
                                               .weights = weights,
                                               .tiles = tiles,
                                               .products = products,
                                               .results = maps,
                                               .grad_tiles = grad_tiles,
                                               .grad_products = grad_products,
                                               .grad_weights = grad_weights,
                                               .channel_sums = channel_sums };
