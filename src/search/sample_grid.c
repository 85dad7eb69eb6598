/* sample_grid.c: every combination of the keys' levels once, the last key's changing from one trial to the next. */
#include "search/study.h"

static fy_status draw(const fyi_draw *d, double *places)
{
    int64_t rest = d->number;

    for (int i = d->n_knobs; i-- > 0;) {
        const int64_t n = d->knobs[i].levels;

        places[i] = ((double)(rest % n) + 0.5) / (double)n;
        rest /= n;
    }
    return FY_OK;
}

const fyi_sampler fyi_sampler_grid = { "grid", draw };
