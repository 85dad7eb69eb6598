/* importance.c: which keys the figure depends on: functional analysis of variance over a random forest (Hutter, Hoos,
 * Leyton-Brown 2014, "An efficient approach for assessing hyperparameter importance", algorithm 2).
 *
 * A regression tree divides the unit cube of places into boxes, each with the mean of its trials. For a tree, exactly:
 *   V    = sum over boxes of volume (value - mean)^2,   mean = sum of volume value
 *   V_j  = the same of the marginal over key j: at x_j the mean of all boxes that hold x_j, by their other sides' volume
 * V_j / V is the share that key j explains by itself; what is left of 1 is what keys do together. Shares are means over the trees. */
#include "search/study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TREES 64
#define LEAST_TRIALS 8
#define LEAST_IN_LEAF 2
#define MOST_TRIALS 1000 /* of more, the last ones: a tree takes their square at worst */

typedef struct box {
    double low[FYI_MAX_KNOBS], high[FYI_MAX_KNOBS];
    double value, volume;
} box;

typedef struct forest {
    const double *places, *values; /* [n, k], [n] */
    int64_t n;
    int k;
    fy_rng rng;
    int64_t *rows; /* [n], drawn with repetition for a tree */
    box *boxes;    /* [n_boxes], of a tree; some wait to be split */
    int64_t n_boxes;
    double *cuts; /* [2 n + 2], of one key */
} forest;

static double place(const forest *f, int64_t row, int key)
{
    return f->places[row * f->k + key];
}

/* ---- a tree ---------------------------------------------------------------------------------- */

/* Squares around their mean of the rows on both sides of `at`; INFINITY when a side has too few. */
static double cost(const forest *f, const int64_t *rows, int64_t n, int key, double at)
{
    double sum[2] = { 0 }, square[2] = { 0 };
    int64_t count[2] = { 0 };

    for (int64_t i = 0; i < n; i++) {
        const int side = place(f, rows[i], key) >= at;
        const double v = f->values[rows[i]];

        count[side]++;
        sum[side] += v;
        square[side] += v * v;
    }
    if (count[0] < LEAST_IN_LEAF || count[1] < LEAST_IN_LEAF)
        return INFINITY;
    return square[0] - sum[0] * sum[0] / (double)count[0] + square[1] -
           sum[1] * sum[1] / (double)count[1];
}

typedef struct cut {
    int key; /* -1: none */
    double at, cost;
} cut;

/* Halfway between a few pairs of rows: where exactly a tree cuts matters little to a forest. */
static cut best_cut(forest *f, const int64_t *rows, int64_t n, int key)
{
    cut best = { -1, 0, INFINITY };
    const int tries = (int)FYI_MIN(n, 16);

    for (int i = 0; i < tries; i++) {
        const double a = place(f, rows[fy_rng_below(&f->rng, (uint64_t)n)], key);
        const double b = place(f, rows[fy_rng_below(&f->rng, (uint64_t)n)], key);
        const double at = (a + b) / 2, c = a != b ? cost(f, rows, n, key, at) : INFINITY;

        if (c < best.cost)
            best = (cut){ key, at, c };
    }
    return best;
}

/* Among most of the keys, drawn anew for each box. */
static cut choose_cut(forest *f, const int64_t *rows, int64_t n)
{
    cut best = { -1, 0, INFINITY };

    for (int key = 0; key < f->k; key++) {
        if (f->k > 1 && fy_rng_below(&f->rng, 3) == 0)
            continue;
        const cut c = best_cut(f, rows, n, key);

        if (c.cost < best.cost)
            best = c;
    }
    return best;
}

static int64_t part(const forest *f, int64_t *rows, int64_t n, const cut *c)
{
    int64_t left = 0;

    for (int64_t i = 0; i < n; i++)
        if (place(f, rows[i], c->key) < c->at) {
            const int64_t row = rows[i];

            rows[i] = rows[left];
            rows[left++] = row;
        }
    return left;
}

static double mean_of(const forest *f, const int64_t *rows, int64_t n)
{
    double sum = 0;

    for (int64_t i = 0; i < n; i++)
        sum += f->values[rows[i]];
    return sum / (double)n;
}

/* Depth is at most the number of rows over LEAST_IN_LEAF. */
static void grow(forest *f, int64_t *rows, int64_t n, box *of)
{
    const cut c = n >= 2 * LEAST_IN_LEAF ? choose_cut(f, rows, n) : (cut){ -1, 0, 0 };
    box right = *of;
    int64_t left;

    if (c.key < 0) {
        of->value = mean_of(f, rows, n);
        f->boxes[f->n_boxes++] = *of;
        return;
    }
    left = part(f, rows, n, &c);
    right.low[c.key] = of->high[c.key] = c.at;
    grow(f, rows, left, of);
    grow(f, rows + left, n - left, &right);
}

static void plant(forest *f)
{
    box all = { .value = 0 };

    for (int64_t i = 0; i < f->n; i++)
        f->rows[i] = (int64_t)fy_rng_below(&f->rng, (uint64_t)f->n);
    for (int j = 0; j < f->k; j++)
        all.high[j] = 1;
    f->n_boxes = 0;
    grow(f, f->rows, f->n, &all);
}

/* ---- its variance ---------------------------------------------------------------------------- */

static double spread(forest *f, double *mean)
{
    double sum = 0;

    *mean = 0;
    for (int64_t i = 0; i < f->n_boxes; i++) {
        box *b = &f->boxes[i];

        b->volume = 1;
        for (int j = 0; j < f->k; j++)
            b->volume *= b->high[j] - b->low[j];
        *mean += b->volume * b->value;
    }
    for (int64_t i = 0; i < f->n_boxes; i++)
        sum += f->boxes[i].volume * (f->boxes[i].value - *mean) * (f->boxes[i].value - *mean);
    return sum;
}

/* The mean of all boxes that hold x in their side `key`. */
static double marginal(const forest *f, int key, double x)
{
    double sum = 0;

    for (int64_t i = 0; i < f->n_boxes; i++) {
        const box *b = &f->boxes[i];

        if (b->low[key] <= x && x < b->high[key])
            sum += b->value * b->volume / (b->high[key] - b->low[key]);
    }
    return sum;
}

static double spread_of_key(const forest *f, int key, double mean)
{
    int64_t n = 0;
    double sum = 0;

    for (int64_t i = 0; i < f->n_boxes; i++) {
        f->cuts[n++] = f->boxes[i].low[key];
        f->cuts[n++] = f->boxes[i].high[key];
    }
    qsort(f->cuts, (size_t)n, sizeof *f->cuts, fyi_compare_doubles);
    for (int64_t i = 1; i < n; i++) {
        const double wide = f->cuts[i] - f->cuts[i - 1];
        const double off = wide > 0 ? marginal(f, key, f->cuts[i - 1]) - mean : 0;

        sum += wide * off * off;
    }
    return sum;
}

/* ---- the forest ------------------------------------------------------------------------------ */

static void measure(forest *f, double *shares)
{
    int n = 0;

    memset(shares, 0, (size_t)f->k * sizeof *shares);
    for (int t = 0; t < TREES; t++) {
        double mean, all;

        plant(f);
        all = spread(f, &mean);
        if (!(all > 0))
            continue;
        n++;
        for (int j = 0; j < f->k; j++)
            shares[j] += spread_of_key(f, j, mean) / all;
    }
    for (int j = 0; j < f->k; j++)
        shares[j] = n > 0 ? FYI_MIN(shares[j] / n, 1) : 0;
}

static fy_status measure_with_room(forest *f, double *shares)
{
    const size_t n = (size_t)f->n;
    fyi_arena arena = { 0 };

    f->rows = fyi_arena_alloc(&arena, n * sizeof *f->rows);
    f->boxes = fyi_arena_alloc(&arena, n * sizeof *f->boxes);
    f->cuts = fyi_arena_alloc(&arena, (2 * n + 2) * sizeof *f->cuts);
    const bool has_room = f->rows != NULL && f->boxes != NULL && f->cuts != NULL;
    if (has_room)
        measure(f, shares);
    fyi_arena_release(&arena);
    return has_room ? FY_OK : fyi_enomem(n * sizeof *f->boxes, "the importance of a search's keys");
}

fy_status fyi_importance(const double *places, const double *values, int64_t n, int k,
                         double *shares)
{
    const int64_t from = FYI_MAX(n - MOST_TRIALS, 0);
    forest f = { .places = places + from * k,
                 .values = values + from,
                 .n = n - from,
                 .k = k,
                 .rng = fy_rng_named(0, "importance") };

    for (int j = 0; j < k; j++)
        shares[j] = NAN;
    return n < LEAST_TRIALS ? FY_OK : measure_with_room(&f, shares);
}
