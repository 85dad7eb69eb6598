/* sample_random.c: every key by itself, evenly over its range (Bergstra and Bengio 2012, "Random search for hyper-parameter
 * optimization"). */
#include "search/study.h"

static fy_status draw(const fyi_draw *d, double *places)
{
    for (int i = 0; i < d->n_knobs; i++) {
        fy_rng r = fyi_draw_stream(d, i);

        places[i] = (double)fy_rng_u32(&r) * 0x1p-32;
    }
    return FY_OK;
}

const fyi_sampler fyi_sampler_random = { "random", draw };
