/* update.h: the optimisers' inner loops, one per rule, compiled once for every x86-64 and once
 * for AVX-512; and the pass over all parameters that they share. Nothing is fused into
 * multiply-adds, so both give the same bits. */
#ifndef FYI_NATIVE_UPDATE_H
#define FYI_NATIVE_UPDATE_H

#include <ferry/graph.h>

/* A run of elements of one parameter. The step's constants are worked out once, in double. */
typedef struct fyi_update_run {
    float *w;       /* [n], the parameter, in place */
    const float *g; /* [n], its gradient */
    float *s0, *s1; /* [n], states, in place */
    int64_t n;
    float lr, clip, weight_decay, eps;
    float momentum, beta1, beta2;
    bool has_momentum, nesterov;
    float step;      /* Adam: lr / (1 - beta1^t) */
    float unbias_sq; /* Adam: 1 / (1 - beta2^t) */
} fyi_update_run;

typedef void (*fyi_update_fn)(const fyi_update_run *r);

enum { FYI_SGD, FYI_ADAM, FYI_ADAMW, FYI_ADAGRAD, FYI_N_UPDATES };
extern const fyi_update_fn fyi_update_loops[FYI_N_UPDATES];
extern const fyi_update_fn fyi_update_loops_avx512[FYI_N_UPDATES];

#endif
