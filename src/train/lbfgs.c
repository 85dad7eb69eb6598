/* lbfgs.c: minimises a smooth function by limited-memory BFGS (Liu and Nocedal 1989) in double precision.
 *
 * The step's length is found by bisection for Wolfe's weak conditions (Lewis and Overton 2013, algorithm 2.6), so that every
 * pair (step, change of slope) keeps the approximation positive. Where a fall is lost in the value's rounding, its slope decides
 * (Hager and Zhang 2005, section 2.1). */
#include "train/lbfgs.h"

#include "train/dot.h"

#include <math.h>
#include <string.h>

#define PAIRS 20
#define MAX_TRIALS 60
#define ENOUGH_FALL 1e-4
#define ENOUGH_TURN 0.9
#define ROUNDING 1e-12

typedef struct minimiser {
    fyi_lbfgs *p;
    double *x, *slope;                 /* [n], here */
    double *next_x, *next_slope;       /* [n], after the step */
    double *way;                       /* [n], the direction */
    double *step[PAIRS], *turn[PAIRS]; /* [n], pairs from slot iterations - 1 back */
    double rho[PAIRS];                 /* 1 / step . turn */
    int n_pairs, newest;
    double value, next_value;
    fyi_arena memory;
} minimiser;

static void add(double *to, double by, const double *v, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        to[i] += by * v[i];
}

static double largest(const double *v, int64_t n)
{
    double most = 0;

    for (int64_t i = 0; i < n; i++)
        most = fmax(most, fabs(v[i]));
    return most;
}

/* The two-loop recursion (Nocedal 1980). */
static void find_way(minimiser *m)
{
    const int64_t n = m->p->n;
    double alpha[PAIRS];

    for (int64_t i = 0; i < n; i++)
        m->way[i] = -m->slope[i];
    for (int k = 0; k < m->n_pairs; k++) {
        const int slot = (m->newest - k + PAIRS) % PAIRS;

        alpha[slot] = m->rho[slot] * fyi_dot_f64(m->step[slot], m->way, n);
        add(m->way, -alpha[slot], m->turn[slot], n);
    }
    if (m->n_pairs > 0) {
        const double *turn = m->turn[m->newest];
        const double scale = 1 / (m->rho[m->newest] * fyi_dot_f64(turn, turn, n));

        for (int64_t i = 0; i < n; i++)
            m->way[i] *= scale;
    }
    for (int k = m->n_pairs - 1; k >= 0; k--) {
        const int slot = (m->newest - k + PAIRS) % PAIRS;

        add(m->way, alpha[slot] - m->rho[slot] * fyi_dot_f64(m->turn[slot], m->way, n),
            m->step[slot], n);
    }
}

/* Is the next point, at this length, low enough? */
static bool has_fallen(const minimiser *m, double length, double fall, double turn)
{
    return m->next_value <= m->value + ENOUGH_FALL * length * fall ||
           (m->next_value <= m->value + ROUNDING * fabs(m->value) &&
            turn <= (2 * ENOUGH_FALL - 1) * fall);
}

/* False: no length falls any further, which is as far as rounding lets it. */
static bool find_length(minimiser *m)
{
    const int64_t n = m->p->n;
    const double fall = fyi_dot_f64(m->slope, m->way, n);
    double low = 0, high = (double)INFINITY;
    double length = m->n_pairs > 0 ? 1 : 1 / fmax(1, largest(m->slope, n));

    for (int trial = 0; trial < MAX_TRIALS && fall < 0; trial++) {
        double turn;

        memcpy(m->next_x, m->x, (size_t)n * sizeof *m->x);
        add(m->next_x, length, m->way, n);
        m->next_value = m->p->value(m->p->arg, m->next_x, m->next_slope);
        turn = fyi_dot_f64(m->next_slope, m->way, n);
        if (!has_fallen(m, length, fall, turn))
            high = length;
        else if (turn < ENOUGH_TURN * fall)
            low = length;
        else
            return true;
        length = isinf(high) ? 2 * low : (low + high) / 2;
    }
    return false;
}

static void move(minimiser *m)
{
    const int64_t n = m->p->n;
    const int slot = (m->newest + 1) % PAIRS;
    double *old_x = m->x, *old_slope = m->slope, curvature;

    for (int64_t i = 0; i < n; i++) {
        m->step[slot][i] = m->next_x[i] - m->x[i];
        m->turn[slot][i] = m->next_slope[i] - m->slope[i];
    }
    curvature = fyi_dot_f64(m->step[slot], m->turn[slot], n);
    if (curvature > 0) {
        m->rho[slot] = 1 / curvature;
        m->newest = slot;
        m->n_pairs = FYI_MIN(m->n_pairs + 1, PAIRS);
    }
    m->x = m->next_x;
    m->slope = m->next_slope;
    m->next_x = old_x;
    m->next_slope = old_slope;
    m->value = m->next_value;
}

static bool allocate(minimiser *m)
{
    const size_t bytes = (size_t)m->p->n * sizeof(double);
    double **const v[] = { &m->x, &m->slope, &m->next_x, &m->next_slope, &m->way };

    for (size_t i = 0; i < FYI_LEN(v); i++)
        if ((*v[i] = fyi_arena_alloc(&m->memory, bytes)) == NULL)
            return false;
    for (int i = 0; i < PAIRS; i++) {
        m->step[i] = fyi_arena_alloc(&m->memory, bytes);
        m->turn[i] = fyi_arena_alloc(&m->memory, bytes);
        if (m->step[i] == NULL || m->turn[i] == NULL)
            return false;
    }
    return true;
}

static fy_status descend(minimiser *m)
{
    fyi_lbfgs *p = m->p;

    m->value = p->value(p->arg, m->x, m->slope);
    for (p->iterations = 0; p->iterations < p->max_iterations; p->iterations++) {
        FYI_FORWARD(fyi_stop_if_asked("fitting a linear probe"));
        if (largest(m->slope, p->n) <= p->tolerance)
            break;
        find_way(m);
        if (!find_length(m)) {
            if (m->n_pairs == 0)
                break;
            m->n_pairs = 0; /* once more, straight down */
            continue;
        }
        move(m);
    }
    return FY_OK;
}

fy_status fyi_lbfgs_run(fyi_lbfgs *p, double *x)
{
    minimiser m = { .p = p, .newest = -1 };
    fy_status st;

    if (!allocate(&m)) {
        fyi_arena_release(&m.memory);
        return fyi_enomem((size_t)p->n * sizeof(double) * (5 + 2 * PAIRS), "fitting");
    }
    memcpy(m.x, x, (size_t)p->n * sizeof *x);
    st = descend(&m);
    memcpy(x, m.x, (size_t)p->n * sizeof *x);
    p->least = m.value;
    p->largest_slope = largest(m.slope, p->n);
    fyi_arena_release(&m.memory);
    return st;
}
