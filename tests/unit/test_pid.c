/* Guards the decomposition of information: known gates, random tables against slow references, a gap that can be trusted,
 * and what is refused. */
#include "support/support.h"

#include <ferry/pid.h>

#include <math.h>
#include <string.h>

#define BITS (1 / 0.69314718055994530942)

static void is_near(const char *what, double actual, double expected, double atol)
{
    if (!(fabs(actual - expected) <= atol))
        fail_msg("%s: %.9g, expected %.9g", what, actual, expected);
}

/* ---- gates --------------------------------------------------------------------------------------------- */

/* `and` and its kin: Bertschinger et al. (2014), table 1; the others by what they are made of. */
static const struct gate_row {
    const char *name;
    double redundant, unique1, unique2, synergy;
} gate_rows[] = {
    { "and", 0.311278124459, 0, 0, 0.5 },
    { "or", 0.311278124459, 0, 0, 0.5 },
    { "xor", 0, 0, 0, 1 },
    { "sum", 0.5, 0, 0, 1 },
    { "copy", 1, 0, 0, 0 },
    { "unique", 0, 1, 0, 0 },
    { "unique2", 0, 0, 1, 0 },
    { "pair", 0, 1, 1, 0 },
    { "rdnxor", 1, 0, 0, 1 },
    { "all", 1, 1, 1, 1 },
    { "nothing", 0, 0, 0, 0 },
};

static void gates_have_their_parts(void **state)
{
    size_t n_names = 0;

    (void)state;
    while (fy_pid_gate_names()[n_names] != NULL)
        n_names++;
    assert_int_equal(n_names, LEN(gate_rows));
    for (size_t i = 0; i < LEN(gate_rows); i++) {
        const struct gate_row *r = &gate_rows[i];
        fy_pid_gate g;
        fy_pid_bits b;

        check_ok(fy_pid_gate_make(r->name, &g));
        check_ok(fy_pid(g.p, g.n1, g.n2, g.ny, NULL, &b));
        is_near(r->name, b.redundant, r->redundant, 2e-6);
        is_near(r->name, b.unique[0], r->unique1, 2e-6);
        is_near(r->name, b.unique[1], r->unique2, 2e-6);
        is_near(r->name, b.synergy, r->synergy, 2e-6);
        assert_true(b.gap >= 0 && b.gap <= 1e-6);
        is_near("both", b.redundant + b.unique[0] + b.unique[1] + b.synergy, b.both, 1e-9 + b.gap);
    }
}

/* ---- random tables --------------------------------------------------------------------------------------- */

/* Cells that are 0 with probability `empty`. */
static void draw_table(fy_rng *r, int n, double empty, double *p)
{
    double sum = 0;

    for (int i = 0; i < n; i++) {
        const double v = (double)fy_rng_uniform(r);

        p[i] = (double)fy_rng_uniform(r) < empty && i > 0 ? 0 : v * v * v + 1e-6;
        sum += p[i];
    }
    for (int i = 0; i < n; i++)
        p[i] /= sum;
}

/* -H_Q(Y | X1, X2) in bits, of a 2 x 2 x 2 table in which both margins of y leave one freedom. */
static double height(const double p[8], const double free[2])
{
    double q[2][4], sum = 0;

    for (int y = 0; y < 2; y++) {
        static const double sign[4] = { 1, -1, -1, 1 };

        for (int x = 0; x < 4; x++)
            q[y][x] = fmax(0, p[y * 4 + x] + sign[x] * free[y]);
    }
    for (int x = 0; x < 4; x++)
        for (int y = 0; y < 2; y++)
            sum += q[y][x] > 0 ? q[y][x] * log2(q[y][x] / (q[0][x] + q[1][x])) : 0;
    return sum;
}

/* The least over free[i], free[i + 1], ... by golden sections within sections; convex. */
static double least(const double p[8], int i, double free[2])
{
    double low, high;

    if (i == 2)
        return height(p, free);
    low = -fmin(p[i * 4], p[i * 4 + 3]);
    high = fmin(p[i * 4 + 1], p[i * 4 + 2]);
    for (int n = 0; n < 90; n++) {
        const double a = high - 0.6180339887498949 * (high - low), b = low + high - a;
        double at_a, at_b;

        free[i] = a;
        at_a = least(p, i + 1, free);
        free[i] = b;
        at_b = least(p, i + 1, free);
        if (at_a < at_b)
            high = b;
        else
            low = a;
    }
    free[i] = (low + high) / 2;
    return least(p, i + 1, free);
}

static double entropy_of_y(const double p[8])
{
    double h = 0;

    for (int y = 0; y < 2; y++) {
        const double py = p[y * 4] + p[y * 4 + 1] + p[y * 4 + 2] + p[y * 4 + 3];

        h -= py > 0 ? py * log2(py) : 0;
    }
    return h;
}

static void small_tables_equal_a_search(void **state)
{
    fy_rng r = fy_rng_named(1, "test");

    (void)state;
    for (int trial = 0; trial < 60; trial++) {
        double p[8], free[2];
        fy_pid_bits b;

        draw_table(&r, 8, trial % 4 * 0.2, p);
        check_ok(fy_pid(p, 2, 2, 2, NULL, &b));
        is_near("unique and redundant", b.unique[0] + b.unique[1] + b.redundant,
                fmax(fmax(b.information[0], b.information[1]), entropy_of_y(p) + least(p, 0, free)),
                1e-5);
        assert_true(b.gap <= 1e-6);
    }
}

#define MOST (5 * 5 * 5)
/* Banerjee, Rauh and Montufar (2018), algorithm 2, as it stands: r(x1, x2) fitted to the margins of each y in turn, then
 * their sum; I_Q(Y; X1, X2) in bits. */
static double alternate(const double *p, int n1, int n2, int ny, int rounds)
{
    double r[MOST], q[MOST], sum = 0;

    for (int k = 0; k < n1 * n2; k++)
        r[k] = 1.0 / (n1 * n2);
    for (int round = 0; round < rounds; round++) {
        for (int y = 0; y < ny; y++) {
            const double *py = p + y * n1 * n2;
            double *qy = q + y * n1 * n2;

            memcpy(qy, r, (size_t)(n1 * n2) * sizeof *qy);
            for (int pass = 0; pass < 60; pass++) {
                for (int i = 0; i < n1; i++) {
                    double want = 0, have = 0;

                    for (int j = 0; j < n2; j++) {
                        want += py[i * n2 + j];
                        have += qy[i * n2 + j];
                    }
                    for (int j = 0; j < n2 && have > 0; j++)
                        qy[i * n2 + j] *= want / have;
                }
                for (int j = 0; j < n2; j++) {
                    double want = 0, have = 0;

                    for (int i = 0; i < n1; i++) {
                        want += py[i * n2 + j];
                        have += qy[i * n2 + j];
                    }
                    for (int i = 0; i < n1 && have > 0; i++)
                        qy[i * n2 + j] *= want / have;
                }
            }
        }
        for (int k = 0; k < n1 * n2; k++) {
            r[k] = 0;
            for (int y = 0; y < ny; y++)
                r[k] += q[y * n1 * n2 + k];
        }
    }
    for (int y = 0; y < ny; y++) {
        double py = 0;

        for (int k = 0; k < n1 * n2; k++)
            py += q[y * n1 * n2 + k];
        for (int k = 0; k < n1 * n2; k++) {
            const double v = q[y * n1 * n2 + k];

            sum += v > 0 ? v * log2(v / r[k] / py) : 0;
        }
    }
    return sum;
}

static void larger_tables_equal_alternating_fits(void **state)
{
    fy_rng r = fy_rng_named(2, "test");

    (void)state;
    for (int trial = 0; trial < 12; trial++) {
        const int n1 = 2 + trial % 4, n2 = 2 + trial % 3, ny = 2 + trial % 2;
        double p[MOST], slow;
        fy_pid_bits b;

        draw_table(&r, n1 * n2 * ny, trial % 3 * 0.25, p);
        check_ok(fy_pid(p, n1, n2, ny, NULL, &b));
        slow = alternate(p, n1, n2, ny, 1500);
        is_near("I_Q", b.both - b.synergy, slow, 1e-3);
        /* What is certified: nobody finds less. */
        assert_true(slow >= b.both - b.synergy - b.gap - 1e-7);
        assert_true(b.gap <= 1e-6);
    }
}

static void parts_add_up_on_any_table(void **state)
{
    fy_rng r = fy_rng_named(3, "test");

    (void)state;
    for (int trial = 0; trial < 20; trial++) {
        enum { N1 = 9, N2 = 11, NY = 7 };
        static double p[N1 * N2 * NY];
        fy_pid_bits b;

        draw_table(&r, N1 * N2 * NY, trial % 5 * 0.2, p);
        check_ok(fy_pid(p, N1, N2, NY, NULL, &b));
        if (b.gap > 1e-6)
            fail_msg("trial %d: gap %g after %lld iterations", trial, b.gap,
                     (long long)b.iterations);
        is_near("I(Y; X1)", b.redundant + b.unique[0], b.information[0], 1e-6);
        is_near("I(Y; X2)", b.redundant + b.unique[1], b.information[1], 1e-6);
        is_near("both", b.redundant + b.unique[0] + b.unique[1] + b.synergy, b.both, 1e-6);
    }
}

/* Probabilities over twelve orders of magnitude, values that never occur, a label with one value. */
static void odd_tables_are_no_trouble(void **state)
{
    static double p[6 * 6 * 4];
    fy_rng r = fy_rng_named(4, "test");
    const double one[] = { 3 };
    fy_pid_opts o = fy_pid_defaults();
    fy_pid_bits b;

    (void)state;
    o.are_counts = true;
    for (int i = 0; i < 6 * 6 * 4; i++)
        p[i] = i % 6 == 2 ? 0 : pow(10, -12 * (double)fy_rng_uniform(&r));
    check_ok(fy_pid(p, 6, 6, 4, &o, &b));
    if (b.gap > 1e-4)
        fail_msg("gap %g after %lld iterations", b.gap, (long long)b.iterations);
    check_ok(fy_pid(one, 1, 1, 1, &o, &b));
    assert_true(b.redundant == 0 && b.unique[0] == 0 && b.unique[1] == 0 && b.synergy == 0);
}

static void few_iterations_give_an_honest_gap(void **state)
{
    fy_pid_opts o = fy_pid_defaults();
    fy_pid_gate g;
    fy_pid_bits b;

    (void)state;
    check_ok(fy_pid_gate_make("and", &g));
    for (o.max_iterations = 0; o.max_iterations < 12; o.max_iterations++) {
        check_ok(fy_pid(g.p, g.n1, g.n2, g.ny, &o, &b));
        assert_true(b.unique[0] - 0 <= b.gap + 1e-9);
        assert_true(b.redundant >= 0.3112 - b.gap);
        assert_true(b.iterations <= o.max_iterations);
    }
}

/* ---- mistakes ------------------------------------------------------------------------------------------ */

static void mistakes_are_named(void **state)
{
    const double half[8] = { 0.25, 0, 0, 0, 0, 0, 0, 0.25 }, none[8] = { 0 };
    double bad[8] = { 0.5, 0, 0, 0.5 };
    fy_pid_opts o = fy_pid_defaults();
    fy_pid_gate g;
    fy_pid_bits b;

    (void)state;
    check_status(fy_pid(half, 2, 2, 2, NULL, &b), FY_EINVAL);
    check_sentence("sum to 0.5, not to 1; set are_counts");
    check_status(fy_pid(none, 2, 2, 2, NULL, &b), FY_EINVAL);
    check_sentence("nothing is in it");
    bad[5] = -0.125;
    check_status(fy_pid(bad, 2, 2, 2, NULL, &b), FY_EINVAL);
    check_sentence("value 5 is -0.125; probabilities are 0 or more");
    bad[5] = (double)NAN;
    check_status(fy_pid(bad, 2, 2, 2, NULL, &b), FY_ENAN);
    bad[5] = (double)INFINITY;
    check_status(fy_pid(bad, 2, 2, 2, NULL, &b), FY_EINVAL);
    check_status(fy_pid(bad, 2, 0, 2, NULL, &b), FY_EINVAL);
    check_sentence("x2 has 0 values");
    check_status(fy_pid(bad, 2, 2, FY_PID_MAX_STATES + 1, NULL, &b), FY_EINVAL);
    check_status(fy_pid(bad, 1024, 1024, 1024, NULL, &b), FY_EINVAL);
    check_sentence("too large");
    o.gap = (double)NAN;
    check_status(fy_pid(half, 2, 2, 2, &o, &b), FY_EINVAL);
    check_status(fy_pid_gate_make("xot", &g), FY_EINVAL);
    check_sentence("did you mean 'xor'?");
}

static fy_status decompose(void *arg)
{
    const double p[8] = { 0.25, 0.25, 0.25, 0, 0, 0, 0, 0.25 };
    fy_pid_bits b;

    (void)arg;
    return fy_pid(p, 2, 2, 2, NULL, &b);
}

static void running_out_of_memory_leaves_nothing(void **state)
{
    (void)state;
    fyt_check_alloc_failures(decompose, NULL);
}

static void stops_when_asked(void **state)
{
    static volatile sig_atomic_t flag = 1;

    (void)state;
    assert_null(fy_cancel_set(&flag));
    check_status(decompose(NULL), FY_ECANCELED);
    assert_ptr_equal(fy_cancel_set(NULL), &flag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gates_have_their_parts),
        cmocka_unit_test(small_tables_equal_a_search),
        cmocka_unit_test(larger_tables_equal_alternating_fits),
        cmocka_unit_test(parts_add_up_on_any_table),
        cmocka_unit_test(odd_tables_are_no_trouble),
        cmocka_unit_test(few_iterations_give_an_honest_gap),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(running_out_of_memory_leaves_nothing),
        cmocka_unit_test(stops_when_asked),
    };
    return cmocka_run_group_tests_name("pid", tests, NULL, NULL);
}
