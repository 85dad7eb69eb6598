/* strategies.c: the strategies of stage 2 in numbers: shares of the learning rate, and how hard critics press.
 *
 *   w = softmax_m(sign log(a_m / (1 - a_m)) / T), each at least `floor`, and again of sum 1; a_m in .05 .. .95
 *   g(p) = 2 / (1 + exp(-10 p)) - 1                        (Ganin and Lempitsky 2015, section 4.1)
 *   l_m = l clip(4 (won_m - 1/2), 0, 2)                    none at chance, l at three in four, 2 l where the critic always wins */
#include "methods/hdnet/hdnet.h"

#include <math.h>
#include <string.h>

#define LEAST_KNOWN 0.05

const hdnet_strategy hdnet_strategies[FY_HDNET_WAYS] = {
    [FY_HDNET_SOFT] = { "soft", true, false },
    [FY_HDNET_HARD] = { "hard", false, true },
    [FY_HDNET_HYBRID] = { "hybrid", true, true },
};

static const char *const words[] = { "soft", "hard", "hybrid", "auto", "all", NULL };

const char *const *fy_hdnet_strategies(void)
{
    return words;
}

fy_status hdnet_runs(const char *strategy, bool runs[FY_HDNET_WAYS])
{
    const char *name = strategy ? strategy : "";
    const bool is_all = strcmp(name, "auto") == 0 || strcmp(name, "all") == 0;
    bool any = false;
    for (int k = 0; k < FY_HDNET_WAYS; k++) {
        runs[k] = is_all || strcmp(name, hdnet_strategies[k].name) == 0;
        any = any || runs[k];
    }
    return any ? FY_OK
               : fy_error(
                     FY_EINVAL,
                     "hdnet: the strategy is '%.80s'; expected soft, hard, hybrid, auto or all",
                     name);
}

/* ---- shares ----------------------------------------------------------------------------------------------- */

/* What is below the floor is lifted to it, and what is above gives way in proportion to what it has beyond. */
static void lift(double *w, int n, double floor)
{
    double lacking = 0, beyond = 0;
    for (int m = 0; m < n; m++) {
        lacking += fmax(0, floor - w[m]);
        beyond += fmax(0, w[m] - floor);
    }
    for (int m = 0; m < n; m++)
        w[m] = w[m] < floor ? floor : w[m] - lacking * (w[m] - floor) / beyond;
}

void hdnet_shares(const hdnet *h, const hdnet_strategy *by, const double *known,
                  double share[HDNET_MAX])
{
    const fy_hdnet_soft *o = &h->o->soft;
    double sum = 0;
    for (int m = 0; m < h->n; m++) {
        const double a = fmin(fmax(known[m], LEAST_KNOWN), 1 - LEAST_KNOWN);
        share[m] = by->shares && known[m] > 0 ? pow(a / (1 - a), o->sign / o->temperature) : 1;
        sum += share[m];
    }
    for (int m = 0; m < h->n; m++)
        share[m] /= sum;
    if (by->shares && o->floor * h->n < 1)
        lift(share, h->n, o->floor);
}

/* ---- critics ---------------------------------------------------------------------------------------------- */

double hdnet_ramp(double progress)
{
    return 2 / (1 + exp(-10 * progress)) - 1;
}

double hdnet_pressure(const fy_hdnet_hard *o, double won)
{
    if (!o->is_adaptive)
        return o->pressure;
    return o->pressure * fmin(fmax(4 * (won - 0.5), 0), 2);
}

double hdnet_follow(double mean, double newest, double memory)
{
    return mean > 0 ? memory * mean + (1 - memory) * newest : newest;
}
