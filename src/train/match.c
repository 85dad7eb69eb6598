/* match.c: the best one-to-one matching of predicted to true classes.
 *
 * The Hungarian method (Kuhn 1955) in the form with potentials and shortest augmenting paths (Jonker and
 * Volgenant 1987), O(k^3), in whole numbers and therefore exact:
 *   cost[p][t] = -(samples predicted p that are t), potentials u[p] + v[t] <= cost[p][t].
 * Rows and columns are counted from 1; column 0 holds the row that is being placed. */
#include "train/metrics.h"

#include <string.h>

#define MAX_CLASSES 1024

typedef struct solver {
    const int64_t *table; /* [k, k] */
    int k;
    int64_t *u, *v; /* [k + 1], potentials */
    int64_t *slack; /* [k + 1], least reduced cost from the tree to a column */
    int *row_of;    /* [k + 1], the row matched to a column, 0: none */
    int *previous;  /* [k + 1], the column before it on the path */
    bool *in_tree;  /* [k + 1] */
} solver;

/* Lowers the slack of every column by what `row` offers; the nearest column outside the tree. */
static int scan_row(solver *s, int row, int from, int64_t *least)
{
    int nearest = 0;

    *least = INT64_MAX;
    for (int j = 1; j <= s->k; j++) {
        int64_t reduced;

        if (s->in_tree[j])
            continue;
        reduced =
            -s->table[(size_t)(row - 1) * (size_t)s->k + (size_t)(j - 1)] - s->u[row] - s->v[j];
        if (reduced < s->slack[j]) {
            s->slack[j] = reduced;
            s->previous[j] = from;
        }
        if (s->slack[j] < *least) {
            *least = s->slack[j];
            nearest = j;
        }
    }
    return nearest;
}

static void move_potentials(solver *s, int64_t by)
{
    for (int j = 0; j <= s->k; j++) {
        if (s->in_tree[j]) {
            s->u[s->row_of[j]] += by;
            s->v[j] -= by;
        } else {
            s->slack[j] -= by;
        }
    }
}

/* Finds a shortest path from `row` to a free column and turns its edges over. */
static void place_row(solver *s, int row)
{
    int column = 0;

    s->row_of[0] = row;
    for (int j = 0; j <= s->k; j++) {
        s->slack[j] = INT64_MAX;
        s->in_tree[j] = false;
    }
    do {
        int64_t least;
        int next;

        s->in_tree[column] = true;
        next = scan_row(s, s->row_of[column], column, &least);
        move_potentials(s, least);
        column = next;
    } while (s->row_of[column] != 0);
    while (column != 0) {
        s->row_of[column] = s->row_of[s->previous[column]];
        column = s->previous[column];
    }
}

fy_status fyi_match(const int64_t *table, int k, int32_t *match)
{
    const size_t m = (size_t)k + 1;
    solver s = { .table = table, .k = k };
    fyi_arena memory = { 0 };
    fy_status st = FY_OK;

    s.u = fyi_arena_alloc(&memory, m * sizeof *s.u);
    s.v = fyi_arena_alloc(&memory, m * sizeof *s.v);
    s.slack = fyi_arena_alloc(&memory, m * sizeof *s.slack);
    s.row_of = fyi_arena_alloc(&memory, m * sizeof *s.row_of);
    s.previous = fyi_arena_alloc(&memory, m * sizeof *s.previous);
    s.in_tree = fyi_arena_alloc(&memory, m * sizeof *s.in_tree);
    if (!s.u || !s.v || !s.slack || !s.row_of || !s.previous || !s.in_tree) {
        st = fyi_enomem(m * sizeof *s.u, "matching classes");
        goto done;
    }
    for (int row = 1; row <= k; row++)
        place_row(&s, row);
    for (int j = 1; j <= k; j++)
        match[s.row_of[j] - 1] = j - 1;
done:
    fyi_arena_release(&memory);
    return st;
}

/* A prediction of -1 is a sample that got no class: never right under any matching. */
static fy_status count(const int32_t *predicted, const int32_t *truth, int64_t n, int k,
                       int64_t *table)
{
    for (int64_t i = 0; i < n; i++) {
        if (truth[i] < 0 || truth[i] >= k || predicted[i] < -1 || predicted[i] >= k)
            return fyi_fail(FY_EINVAL,
                            "matching classes: sample %lld is predicted %d and is %d, but classes "
                            "are 0 to %d",
                            (long long)i, (int)predicted[i], (int)truth[i], k - 1);
        if (predicted[i] >= 0)
            table[(size_t)predicted[i] * (size_t)k + (size_t)truth[i]]++;
    }
    return FY_OK;
}

fy_status fy_matched_accuracy(const int32_t *predicted, const int32_t *truth, int64_t n, int k,
                              double *accuracy, int32_t *match)
{
    int64_t *table = NULL, n_right = 0;
    int32_t *found = NULL;
    fy_status st;

    *accuracy = 0;
    if (n < 1 || k < 1 || k > MAX_CLASSES)
        return fyi_fail(FY_EINVAL,
                        "matching %d classes over %lld samples: it takes 1 to %d classes and at "
                        "least one sample",
                        k, (long long)n, MAX_CLASSES);
    table = fyi_calloc((size_t)k * (size_t)k, sizeof *table);
    found = fyi_calloc((size_t)k, sizeof *found);
    if (!table || !found) {
        st = fyi_enomem((size_t)k * (size_t)k * sizeof *table, "matching classes");
        goto done;
    }
    FY_TRY(count(predicted, truth, n, k, table));
    FY_TRY(fyi_match(table, k, found));
    for (int p = 0; p < k; p++)
        n_right += table[(size_t)p * (size_t)k + (size_t)found[p]];
    *accuracy = (double)n_right / (double)n;
    if (match)
        memcpy(match, found, (size_t)k * sizeof *match);
done:
    fyi_free(found);
    fyi_free(table);
    return st;
}
