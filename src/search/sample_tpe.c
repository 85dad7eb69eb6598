/* sample_tpe.c: tree-structured Parzen estimator (Bergstra, Bardenet, Bengio, Kegl 2011, "Algorithms for hyper-parameter
 * optimization", section 4), every key by itself.
 *
 *   l(x)   density of the good trials' values: the best tenth of those that are done, at most 25
 *   g(x)   density of all others'; trials that run, were pruned or failed are of these: what is being tried is not tried
 *          again at once, and what was given up is left
 * Of 24 values drawn from l the one with the largest l / g is taken. On a range a density is a mixture of normals cut off
 * at its ends, one around each value and a wide one, the prior, around the middle; a normal reaches as far as the neighbour
 * that is further away, within bounds (Bergstra's hyperopt). Of a list without order it is smoothed counts. The first trials are random. */
#include "search/study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CANDIDATES 24
#define MOST_GOOD 25
#define MOST_TRIES 100
#define MOST_NARROW 100.0 /* a normal is at least 1/100 wide, and wider while there are few */

typedef struct parzen {
    double *at, *sd; /* [n] of normals, by `at` */
    int64_t n;
} parzen;

/* ---- ranges ---------------------------------------------------------------------------------- */

/* p->at holds the values; the prior joins them. */
static void widen(parzen *p)
{
    const double least = 1 / FYI_MIN(MOST_NARROW, (double)p->n + 2);

    p->at[p->n++] = 0.5;
    qsort(p->at, (size_t)p->n, sizeof *p->at, fyi_compare_doubles);
    for (int64_t i = 0; i < p->n; i++) {
        const double left = i > 0 ? p->at[i - 1] : 0, right = i + 1 < p->n ? p->at[i + 1] : 1;

        p->sd[i] = FYI_MIN(FYI_MAX(FYI_MAX(p->at[i] - left, right - p->at[i]), least), 1);
        if (p->at[i] == 0.5)
            p->sd[i] = 1;
    }
}

static double below(double x)
{
    return 0.5 * erfc(-x * 0.70710678118654752440);
}

static double density(const parzen *p, double x)
{
    double sum = 0;

    for (int64_t i = 0; i < p->n; i++) {
        const double z = (x - p->at[i]) / p->sd[i];
        const double within = below((1 - p->at[i]) / p->sd[i]) - below(-p->at[i] / p->sd[i]);

        sum += exp(-0.5 * z * z) / (p->sd[i] * within);
    }
    return sum / (double)p->n;
}

/* Drawn again when it falls out of the range; a normal around a place in it seldom does. */
static double draw_from(const parzen *p, fy_rng *r)
{
    const int64_t i = (int64_t)fy_rng_below(r, (uint64_t)p->n);

    for (int k = 0; k < MOST_TRIES; k++) {
        const double x = p->at[i] + p->sd[i] * (double)fy_rng_normal(r);

        if (x >= 0 && x < 1)
            return x;
    }
    return p->at[i];
}

/* ---- lists ----------------------------------------------------------------------------------- */

static int64_t level_of(const fyi_knob *k, double x)
{
    return FYI_MIN((int64_t)(x * (double)k->levels), k->levels - 1);
}

/* One for each level, and one for each value. */
static double share(const fyi_knob *k, const parzen *p, double x)
{
    int64_t n = 1;

    for (int64_t i = 0; i < p->n; i++)
        n += level_of(k, p->at[i]) == level_of(k, x);
    return (double)n / (double)(p->n + k->levels);
}

static double draw_level(const fyi_knob *k, const parzen *p, fy_rng *r)
{
    const int64_t i = (int64_t)fy_rng_below(r, (uint64_t)(p->n + k->levels));

    return i < p->n ? p->at[i] : ((double)(i - p->n) + 0.5) / (double)k->levels;
}

/* ---- good and other trials ------------------------------------------------------------------- */

/* Larger is better; of equals the first. */
static int64_t count_better(const fyi_draw *d, int64_t i)
{
    int64_t n = 0;

    for (int64_t k = 0; k < d->n_seen; k++)
        n += d->seen[k].good > d->seen[i].good || (d->seen[k].good == d->seen[i].good && k < i);
    return n;
}

static int64_t count_done(const fyi_draw *d)
{
    int64_t n = 0;

    for (int64_t i = 0; i < d->n_seen; i++)
        n += !isnan(d->seen[i].good);
    return n;
}

static void split(const fyi_draw *d, bool *is_good)
{
    const int64_t n_good = FYI_MIN((count_done(d) + 9) / 10, MOST_GOOD);

    for (int64_t i = 0; i < d->n_seen; i++)
        is_good[i] = !isnan(d->seen[i].good) && count_better(d, i) < n_good;
}

static void collect(const fyi_draw *d, int knob, const bool *is_good, parzen *good, parzen *other)
{
    good->n = other->n = 0;
    for (int64_t i = 0; i < d->n_seen; i++) {
        parzen *to = is_good[i] ? good : other;

        if (!isnan(d->seen[i].places[knob]))
            to->at[to->n++] = d->seen[i].places[knob];
    }
    if (d->knobs[knob].form == FYI_KNOB_CHOICE)
        return;
    widen(good);
    widen(other);
}

static double choose(const fyi_draw *d, int knob, const parzen *good, const parzen *other)
{
    const fyi_knob *k = &d->knobs[knob];
    const bool is_list = k->form == FYI_KNOB_CHOICE;
    fy_rng r = fyi_draw_stream(d, knob);
    double best = 0.5, most = -1;

    for (int i = 0; i < CANDIDATES; i++) {
        const double x = is_list ? draw_level(k, good, &r) : draw_from(good, &r);
        const double gain =
            is_list ? share(k, good, x) / share(k, other, x) : density(good, x) / density(other, x);

        if (gain > most) {
            most = gain;
            best = x;
        }
    }
    return best;
}

static void draw_all(const fyi_draw *d, double *room, bool *is_good, double *places)
{
    const int64_t n = d->n_seen + 1;
    parzen good = { room, room + n, 0 }, other = { room + 2 * n, room + 3 * n, 0 };

    split(d, is_good);
    for (int i = 0; i < d->n_knobs; i++) {
        collect(d, i, is_good, &good, &other);
        places[i] = choose(d, i, &good, &other);
    }
}

static fy_status draw(const fyi_draw *d, double *places)
{
    double *room;
    bool *is_good;

    if (d->number < d->startup || count_done(d) == 0)
        return fyi_sampler_random.draw(d, places);
    room = fyi_calloc((size_t)d->n_seen + 1, 4 * sizeof *room);
    is_good = fyi_calloc((size_t)d->n_seen, sizeof *is_good);
    if (room != NULL && is_good != NULL)
        draw_all(d, room, is_good, places);
    const fy_status st = room != NULL && is_good != NULL
                             ? FY_OK
                             : fyi_enomem((size_t)d->n_seen * sizeof *room, "a search's trials");
    fyi_free(is_good);
    fyi_free(room);
    return st;
}

const fyi_sampler fyi_sampler_tpe = { "tpe", draw };
