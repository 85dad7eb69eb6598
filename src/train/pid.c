/* pid.c: the unique information of Bertschinger et al. (2014), by an interior point method.
 *
 *   minimise f(Q) = sum q log(q(y, x1, x2) / q(x1, x2)) = -H_Q(Y | X1, X2)   over Q with P's (Y, X1) and (Y, X2)
 *
 * is convex. Newton's method follows the minima of f(Q) - t sum log q for t -> 0 (Boyd and Vandenberghe 2004, chapter 11)
 * from the Q in which X1 and X2 are independent given Y. Second derivatives are blocks, one for each (x1, x2), a diagonal and a
 * rank of one, so that a step is one Cholesky factorisation of a matrix over the margins.
 *
 * Any a(y, x1) + b(y, x2) with sum over y of exp(a + b) <= 1 for all (x1, x2) bounds f from below by its mean under P
 * (Makkeh, Theis and Vicente 2018, "BROJA-2PID", section 2): the multipliers of a step, shifted until that holds, certify the gap.
 * Inside, everything is in nats. */
#include "train/pid.h"

#include <math.h>
#include <string.h>

#define BITS (1 / 0.69314718055994530942)
#define SHRINK 0.1     /* of t, once Q is close to the minimum of t */
#define CLOSE 0.25     /* Newton's decrement there; full steps from here on */
#define NO_MARGIN (-1) /* of each y the first margin (y, x2) follows from the others */
#define LEAST_PIVOT 1e-14
#define MAX_TABLE ((int64_t)1 << 24)

/* One (y, x1, x2) that may have a probability. Those of a pair (x1, x2) follow each other. */
typedef struct cell {
    int row,
        column; /* numbers of the margins (y, x1) and (y, x2), NO_MARGIN for one that is left out */
    double q, step;
    double slope, inverse; /* of f - t log q; of the diagonal of its second derivative */
} cell;

typedef struct solver {
    const double *p; /* [ny, n1, n2], sums to 1 */
    int n1, n2, ny;
    double *py, *p1, *p2; /* [ny], [ny, n1], [ny, n2] */
    int *row, *column;    /* [ny, n1], [ny, n2]: numbers of margins, NO_MARGIN */
    double *want;         /* [n_margins] */
    int n_margins;
    cell *cells;
    int n_cells;
    int *pairs; /* [n_pairs + 1], where the cells of a pair begin */
    int *x2;    /* [n_pairs] */
    int n_pairs;
    double *s;         /* [n_margins, n_margins], over the margins; its lower half */
    double *v, *scale; /* [n_margins]: multipliers; 1 / root of the diagonal */
    double *shift;     /* [n2] */
    double t, decrement;
    double value, bound; /* of f here; of its minimum, from below */
    fyi_arena memory;
} solver;

/* ---- what the table says ------------------------------------------------------------------------------ */

static double at(const solver *s, int y, int i, int j)
{
    return s->p[((size_t)y * (size_t)s->n1 + (size_t)i) * (size_t)s->n2 + (size_t)j];
}

static void add_margins(solver *s)
{
    for (int y = 0; y < s->ny; y++)
        for (int i = 0; i < s->n1; i++)
            for (int j = 0; j < s->n2; j++) {
                s->py[y] += at(s, y, i, j);
                s->p1[y * s->n1 + i] += at(s, y, i, j);
                s->p2[y * s->n2 + j] += at(s, y, i, j);
            }
}

/* The margins of v [ny, n] that there are, but the first n_left_out of each y. */
static int number_margins(solver *s, const double *v, int n, int n_left_out, int *number)
{
    int n_used = 0;

    for (int y = 0; y < s->ny; y++) {
        int left_out = 0;

        for (int i = y * n; i < (y + 1) * n; i++) {
            number[i] = NO_MARGIN;
            if (v[i] <= 0)
                continue;
            n_used++;
            if (left_out++ < n_left_out)
                continue;
            if (s->want != NULL)
                s->want[s->n_margins] = v[i];
            number[i] = s->n_margins++;
        }
    }
    return n_used;
}

/* sum of p log(p / (a b)), of which a and b are the margins. */
static double term(double p, double a, double b)
{
    return p > 0 ? p * (log(p) - log(a) - log(b)) : 0;
}

static double information_of(const solver *s, const double *v, int n)
{
    double sum = 0;

    for (int i = 0; i < n; i++) {
        double px = 0;

        for (int y = 0; y < s->ny; y++)
            px += v[y * n + i];
        for (int y = 0; y < s->ny; y++)
            sum += term(v[y * n + i], s->py[y], px);
    }
    return fmax(0, sum);
}

static double information_of_both(const solver *s)
{
    double sum = 0;

    for (int i = 0; i < s->n1; i++)
        for (int j = 0; j < s->n2; j++) {
            double px = 0;

            for (int y = 0; y < s->ny; y++)
                px += at(s, y, i, j);
            for (int y = 0; y < s->ny; y++)
                sum += term(at(s, y, i, j), s->py[y], px);
        }
    return fmax(0, sum);
}

static double entropy_of_y(const solver *s)
{
    double h = 0;

    for (int y = 0; y < s->ny; y++)
        h -= s->py[y] > 0 ? s->py[y] * log(s->py[y]) : 0;
    return h;
}

/* ---- starting ------------------------------------------------------------------------------------------- */

/* X1 and X2 independent given Y: fits the margins, and every cell that can be more than 0 is. */
static void place_pair(solver *s, int i, int j)
{
    const int first = s->n_cells;

    for (int y = 0; y < s->ny; y++) {
        const double a = s->p1[y * s->n1 + i], b = s->p2[y * s->n2 + j];

        if (a > 0 && b > 0)
            s->cells[s->n_cells++] = (cell){ .row = s->row[y * s->n1 + i],
                                             .column = s->column[y * s->n2 + j],
                                             .q = a / s->py[y] * b };
    }
    if (s->n_cells == first)
        return;
    s->x2[s->n_pairs++] = j;
    s->pairs[s->n_pairs] = s->n_cells;
}

static size_t count_cells(const solver *s)
{
    size_t n = 0;

    for (int y = 0; y < s->ny; y++) {
        size_t n_rows = 0, n_columns = 0;

        for (int i = 0; i < s->n1; i++)
            n_rows += s->p1[y * s->n1 + i] > 0;
        for (int j = 0; j < s->n2; j++)
            n_columns += s->p2[y * s->n2 + j] > 0;
        n += n_rows * n_columns;
    }
    return n;
}

static fy_status take_margins(solver *s)
{
    const size_t ny = (size_t)s->ny, n1 = (size_t)s->n1, n2 = (size_t)s->n2;
    int n;

    s->py = fyi_arena_alloc(&s->memory, ny * sizeof(double));
    s->p1 = fyi_arena_alloc(&s->memory, ny * n1 * sizeof(double));
    s->p2 = fyi_arena_alloc(&s->memory, ny * n2 * sizeof(double));
    s->row = fyi_arena_alloc(&s->memory, ny * n1 * sizeof(int));
    s->column = fyi_arena_alloc(&s->memory, ny * n2 * sizeof(int));
    if (!s->py || !s->p1 || !s->p2 || !s->row || !s->column)
        return fyi_enomem(ny * (n1 + n2) * sizeof(double), "a decomposition's margins");
    add_margins(s);
    n = number_margins(s, s->p1, s->n1, 0, s->row);
    n += number_margins(s, s->p2, s->n2, 1, s->column);
    if (n > FY_PID_MAX_MARGINS)
        return fyi_fail(FY_EINVAL,
                        "decomposition: %d pairs of a label and a value occur, at most %d can be "
                        "reckoned with; use fewer values or clusters",
                        n, FY_PID_MAX_MARGINS);
    return FY_OK;
}

static fy_status start(solver *s)
{
    const size_t m = (size_t)s->n_margins, cells = count_cells(s);
    const size_t pairs = (size_t)s->n1 * (size_t)s->n2;

    s->want = fyi_arena_alloc(&s->memory, m * sizeof(double));
    s->v = fyi_arena_alloc(&s->memory, m * sizeof(double));
    s->scale = fyi_arena_alloc(&s->memory, m * sizeof(double));
    s->s = fyi_arena_alloc(&s->memory, m * m * sizeof(double));
    s->cells = fyi_arena_alloc(&s->memory, cells * sizeof(cell));
    s->pairs = fyi_arena_alloc(&s->memory, (pairs + 1) * sizeof(int));
    s->x2 = fyi_arena_alloc(&s->memory, pairs * sizeof(int));
    s->shift = fyi_arena_alloc(&s->memory, (size_t)s->n2 * sizeof(double));
    if (!s->want || !s->v || !s->scale || !s->s || !s->cells || !s->pairs || !s->x2 || !s->shift)
        return fyi_enomem(m * m * sizeof(double), "a decomposition");
    s->n_margins = 0;
    (void)number_margins(s, s->p1, s->n1, 0, s->row);
    (void)number_margins(s, s->p2, s->n2, 1, s->column);
    for (int i = 0; i < s->n1; i++)
        for (int j = 0; j < s->n2; j++)
            place_pair(s, i, j);
    s->t = 1.0 / s->n_cells;
    s->bound = -entropy_of_y(s);
    return FY_OK;
}

/* ---- a step ------------------------------------------------------------------------------------------------ */

static double mass_of(const solver *s, int pair, double share)
{
    double sum = 0;

    for (int c = s->pairs[pair]; c < s->pairs[pair + 1]; c++)
        sum += s->cells[c].q + share * s->cells[c].step;
    return sum;
}

static void add_to(solver *s, int row, int column, double v)
{
    if (row != NO_MARGIN && column != NO_MARGIN && row >= column)
        s->s[(size_t)row * (size_t)s->n_margins + (size_t)column] += v;
}

static void add_to_sum(double *sum, int margin, double v)
{
    if (margin != NO_MARGIN)
        sum[margin] += v;
}

/* Entry (a, b) of a pair's inverse second derivative, for all four pairs of their margins. */
static void add_entry(solver *s, const cell *a, const cell *b, double v)
{
    add_to(s, a->row, b->row, v);
    add_to(s, a->column, b->row, v);
    add_to(s, a->row, b->column, v);
    add_to(s, a->column, b->column, v);
}

/* The inverse of diag(1/e) - 11'/mass is diag(e) + ee'/(mass - sum e). That difference, without cancellation: */
static double rest_of(const solver *s, int pair)
{
    double rest = 0;

    for (int c = s->pairs[pair]; c < s->pairs[pair + 1]; c++)
        rest += s->cells[c].q * (s->t / (s->cells[c].q + s->t));
    return rest;
}

/* Slopes, the matrix over the margins, and its right side: what is missing, and what slopes alone would move. */
static void add_pair(solver *s, int pair)
{
    const double mass = mass_of(s, pair, 0);
    const int begin = s->pairs[pair], end = s->pairs[pair + 1];
    double sum = 0;

    for (int c = begin; c < end; c++) {
        cell *k = &s->cells[c];

        k->slope = log(k->q / mass) - s->t / k->q;
        k->inverse = k->q * (k->q / (k->q + s->t));
        sum += k->inverse * k->slope;
    }
    const double rest = rest_of(s, pair);

    for (int c = begin; c < end; c++) {
        const cell *k = &s->cells[c];
        const double moved = k->inverse * (k->slope + sum / rest);

        add_to_sum(s->v, k->row, moved - k->q);
        add_to_sum(s->v, k->column, moved - k->q);
        add_entry(s, k, k, k->inverse);
        for (int d = begin; d < end; d++)
            add_entry(s, k, &s->cells[d], k->inverse / rest * s->cells[d].inverse);
    }
}

/* In place, the lower half; a pivot that is lost to rounding leaves its margin alone. */
static void factorise(double *a, int n)
{
    for (int i = 0; i < n; i++) {
        double *row = a + (size_t)i * (size_t)n;

        for (int j = 0; j <= i; j++) {
            const double *other = a + (size_t)j * (size_t)n;
            double sum = row[j];

            for (int k = 0; k < j; k++)
                sum -= row[k] * other[k];
            row[j] = j < i ? sum / other[j] : sum > LEAST_PIVOT ? sqrt(sum) : 1e64;
        }
    }
}

static void solve(const double *a, int n, double *v)
{
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < i; k++)
            v[i] -= a[(size_t)i * (size_t)n + (size_t)k] * v[k];
        v[i] /= a[(size_t)i * (size_t)n + (size_t)i];
    }
    for (int i = n - 1; i >= 0; i--) {
        v[i] /= a[(size_t)i * (size_t)n + (size_t)i];
        for (int k = 0; k < i; k++)
            v[k] -= a[(size_t)i * (size_t)n + (size_t)k] * v[i];
    }
}

/* The multipliers v; the diagonal is made 1 first, since margins differ by orders of magnitude. */
static void find_multipliers(solver *s)
{
    const int m = s->n_margins;

    memcpy(s->v, s->want, (size_t)m * sizeof *s->v);
    memset(s->s, 0, (size_t)m * (size_t)m * sizeof *s->s);
    for (int pair = 0; pair < s->n_pairs; pair++)
        add_pair(s, pair);
    for (int i = 0; i < m; i++)
        s->scale[i] = 1 / sqrt(s->s[(size_t)i * (size_t)m + (size_t)i]);
    for (int i = 0; i < m; i++) {
        for (int j = 0; j <= i; j++)
            s->s[(size_t)i * (size_t)m + (size_t)j] *= s->scale[i] * s->scale[j];
        s->v[i] *= s->scale[i];
    }
    factorise(s->s, m);
    solve(s->s, m, s->v);
    for (int i = 0; i < m; i++)
        s->v[i] *= s->scale[i];
}

static double multiplier(const solver *s, const cell *k)
{
    return (k->row != NO_MARGIN ? s->v[k->row] : 0) + (k->column != NO_MARGIN ? s->v[k->column] : 0);
}

/* The step, and how far from the minimum of t the cells are. */
static void find_step(solver *s)
{
    double square = 0;

    for (int pair = 0; pair < s->n_pairs; pair++) {
        const double rest = rest_of(s, pair);
        double sum = 0;

        for (int c = s->pairs[pair]; c < s->pairs[pair + 1]; c++)
            sum += s->cells[c].inverse * (multiplier(s, &s->cells[c]) - s->cells[c].slope);
        for (int c = s->pairs[pair]; c < s->pairs[pair + 1]; c++) {
            cell *k = &s->cells[c];
            const double push = multiplier(s, k) - k->slope;

            k->step = k->inverse * (push + sum / rest);
            square += push * k->step;
        }
    }
    s->decrement = sqrt(fmax(0, square) / s->t);
}

/* Of f - t sum log q after a share of the step; f alone goes to *f. */
static double height_after(const solver *s, double share, double *f)
{
    double logs = 0;

    *f = 0;
    for (int pair = 0; pair < s->n_pairs; pair++) {
        const double mass = mass_of(s, pair, share);

        for (int c = s->pairs[pair]; c < s->pairs[pair + 1]; c++) {
            const double q = s->cells[c].q + share * s->cells[c].step;

            *f += q * log(q / mass);
            logs += log(q);
        }
    }
    return *f - s->t * logs;
}

static double longest_share(const solver *s)
{
    double share = 1;

    for (int c = 0; c < s->n_cells; c++)
        if (s->cells[c].step < 0)
            share = fmin(share, -0.95 * s->cells[c].q / s->cells[c].step);
    return share;
}

/* As long as it pays; 1 / (1 + decrement) of the step always does (Nesterov and Nemirovskii 1994, section 2.2). */
static void take_step(solver *s)
{
    const double safe = 1 / (1 + s->decrement), before = height_after(s, 0, &s->value);
    double share = longest_share(s), f = 0;

    while (
        s->decrement > CLOSE && share > safe &&
        !(height_after(s, share, &f) < before - 1e-4 * share * s->t * s->decrement * s->decrement))
        share = fmax(safe, share / 2);
    for (int c = 0; c < s->n_cells; c++)
        s->cells[c].q += share * s->cells[c].step;
    (void)height_after(s, 0, &s->value);
}

/* log of the sum over y of exp(a + b), of one pair. */
static double log_sum_of(const solver *s, int pair)
{
    double most = -(double)INFINITY, sum = 0;

    for (int c = s->pairs[pair]; c < s->pairs[pair + 1]; c++)
        most = fmax(most, multiplier(s, &s->cells[c]));
    for (int c = s->pairs[pair]; c < s->pairs[pair + 1]; c++)
        sum += exp(multiplier(s, &s->cells[c]) - most);
    return most + log(sum);
}

/* For each x2 the least shift of b that makes all sums at most 1. */
static void raise_bound(solver *s)
{
    double bound = 0;

    for (int j = 0; j < s->n2; j++)
        s->shift[j] = -(double)INFINITY;
    for (int pair = 0; pair < s->n_pairs; pair++)
        s->shift[s->x2[pair]] = fmax(s->shift[s->x2[pair]], log_sum_of(s, pair));
    for (int i = 0; i < s->n_margins; i++)
        bound += s->v[i] * s->want[i];
    for (int y = 0; y < s->ny; y++)
        for (int j = 0; j < s->n2; j++)
            if (s->p2[y * s->n2 + j] > 0)
                bound -= s->p2[y * s->n2 + j] * s->shift[j];
    s->bound = fmax(s->bound, bound);
}

static double gap_of(const solver *s)
{
    return BITS * fmax(0, s->value - s->bound);
}

static fy_status minimise(solver *s, const fy_pid_opts *o, int64_t *n)
{
    (void)height_after(s, 0, &s->value);
    for (*n = 0; *n < o->max_iterations && gap_of(s) > o->gap; ++*n) {
        FYI_FORWARD(fyi_stop_if_asked("decomposing information"));
        find_multipliers(s);
        find_step(s);
        if (!isfinite(s->decrement))
            break;
        take_step(s);
        raise_bound(s);
        if (s->decrement < CLOSE)
            s->t *= SHRINK;
    }
    return FY_OK;
}

/* ---- input and output ----------------------------------------------------------------------------------------- */

fy_pid_opts fy_pid_defaults(void)
{
    return (fy_pid_opts){ .gap = 1e-6, .max_iterations = 500, .clusters = 8, .shuffles = 20 };
}

fy_status fyi_pid_check_sizes(int n1, int n2, int ny)
{
    const int n[] = { n1, n2, ny };
    static const char *const what[] = { "x1", "x2", "y" };

    for (size_t i = 0; i < FYI_LEN(n); i++)
        if (n[i] < 1 || n[i] > FY_PID_MAX_STATES)
            return fyi_fail(FY_EINVAL, "decomposition: %s has %d values; 1 .. %d are possible",
                            what[i], n[i], FY_PID_MAX_STATES);
    if ((int64_t)n1 * n2 * ny > MAX_TABLE)
        return fyi_fail(FY_EINVAL,
                        "decomposition: a table of %d x %d x %d is too large; use fewer values or "
                        "clusters",
                        n1, n2, ny);
    return FY_OK;
}

static fy_status check_opts(const fy_pid_opts *o)
{
    if (!(o->gap >= 0) || o->max_iterations < 0)
        return fyi_fail(FY_EINVAL,
                        "decomposition: a gap of %g after %lld iterations; neither can be negative",
                        o->gap, (long long)o->max_iterations);
    return FY_OK;
}

/* A copy that sums to 1. */
static fy_status take_table(solver *s, const double *p, bool are_counts)
{
    const size_t n = (size_t)s->n1 * (size_t)s->n2 * (size_t)s->ny;
    double *copy = fyi_arena_alloc(&s->memory, n * sizeof *copy);
    double sum = 0;

    if (copy == NULL)
        return fyi_enomem(n * sizeof *copy, "a decomposition's table");
    for (size_t i = 0; i < n; i++) {
        if (!(p[i] >= 0) || isinf(p[i]))
            return fyi_fail(isnan(p[i]) ? FY_ENAN : FY_EINVAL,
                            "decomposition: the table's value %zu is %g; %s are 0 or more", i, p[i],
                            are_counts ? "counts" : "probabilities");
        sum += p[i];
    }
    if (!(sum > 0) || isinf(sum))
        return fyi_fail(FY_EINVAL, "decomposition: the table sums to %g; nothing is in it", sum);
    if (!are_counts && fabs(sum - 1) > 1e-6)
        return fyi_fail(FY_EINVAL,
                        "decomposition: the probabilities sum to %.9g, not to 1; set are_counts if "
                        "they are counts",
                        sum);
    for (size_t i = 0; i < n; i++)
        copy[i] = p[i] / sum;
    s->p = copy;
    return FY_OK;
}

static void put(const solver *s, fy_pid_bits *out)
{
    const double i1 = information_of(s, s->p1, s->n1), i2 = information_of(s, s->p2, s->n2);
    const double both = information_of_both(s), least = entropy_of_y(s) + s->value;

    out->information[0] = BITS * i1;
    out->information[1] = BITS * i2;
    out->both = BITS * both;
    out->unique[0] = BITS * fmax(0, least - i2);
    out->unique[1] = BITS * fmax(0, least - i1);
    out->redundant = BITS * fmax(0, i1 + i2 - least);
    out->synergy = BITS * fmax(0, both - least);
    out->gap = gap_of(s);
}

fy_status fy_pid(const double *p, int n1, int n2, int ny, const fy_pid_opts *o, fy_pid_bits *out)
{
    const fy_pid_opts defaults = fy_pid_defaults();
    solver s = { .n1 = n1, .n2 = n2, .ny = ny };
    fy_status st;

    *out = (fy_pid_bits){ 0 };
    if (o == NULL)
        o = &defaults;
    FYI_FORWARD(fyi_pid_check_sizes(n1, n2, ny));
    FYI_FORWARD(check_opts(o));
    FY_TRY(take_table(&s, p, o->are_counts));
    FY_TRY(take_margins(&s));
    FY_TRY(start(&s));
    FY_TRY(minimise(&s, o, &out->iterations));
    put(&s, out);
done:
    fyi_arena_release(&s.memory);
    return st;
}
