/* Guards linear probes: scikit-learn's loss and accuracies, the minimum from any start, the choice of l2, and bytes that do not
 * depend on threads. */
#include "support/support.h"

#include "train/lbfgs.h"
#include "train/probe.h"

#include <math.h>
#include <string.h>

typedef struct set {
    fy_tensor *x;
    int32_t y[4000];
} set;

static fy_probe_data data_of(const set *s)
{
    return (fy_probe_data){ s->x, s->y };
}

/* ---- against scikit-learn ------------------------------------------------------------------------------ */

static const struct probe_case {
    int k, n_train, n_test, d;
    double l2, loss, accuracy, train_accuracy;
} cases[] = {
#include "golden/probe.inc"
};

/* As make_probe.py draws them. */
static void draw_pattern(set *s, int k, int n, int d, int first)
{
    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(n, d), &s->x));
    for (int i = first; i < first + n; i++) {
        const int y = i * 7 % 11 * (i % 5 + 1) % k;
        float *x = (float *)fy_tensor_data(s->x) + (i - first) * d;

        s->y[i - first] = y;
        for (int j = 0; j < d; j++)
            x[j] = (float)(y * (j + 3) % 7 + (i * i * (j + 1) + 31 * i * j) % 23) / 4 - 3;
    }
}

static void fits_are_scikit_learns(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct probe_case *c = &cases[i];
        fy_probe_opts o = fy_probe_defaults();
        static set train, test;
        fy_probe_data a, b;
        fy_probe p;

        draw_pattern(&train, c->k, c->n_train, c->d, 0);
        draw_pattern(&test, c->k, c->n_test, c->d, c->n_train);
        o.standardise = false;
        o.n_l2 = 1;
        o.l2[0] = c->l2;
        o.tolerance = 1e-9;
        a = data_of(&train);
        b = data_of(&test);
        check_ok(fy_linear_probe(&a, &b, c->k, &o, &p));
        assert_true(p.gradient <= 1e-9);
        check_close_f64(&p.loss, &c->loss, 1, 1e-10, 0);
        check_close_f64(&p.accuracy, &c->accuracy, 1, 1e-12, 0);
        check_close_f64(&p.train_accuracy, &c->train_accuracy, 1, 1e-12, 0);
        assert_true(isnan(p.validation_accuracy));
        fy_tensor_free(train.x);
        fy_tensor_free(test.x);
    }
}

/* ---- drawn samples ------------------------------------------------------------------------------------------ */

/* Class k lies about corner k of a simplex, `apart` from the centre; further columns are noise. */
static void draw_blobs(set *s, uint64_t seed, int k, int n, int d, float apart)
{
    fy_rng r = fy_rng_named(seed, "test");

    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(n, d), &s->x));
    for (int i = 0; i < n; i++) {
        float *x = (float *)fy_tensor_data(s->x) + i * d;

        s->y[i] = (int32_t)fy_rng_below(&r, (uint64_t)k);
        for (int j = 0; j < d; j++)
            x[j] = fy_rng_normal(&r) + (j == s->y[i] ? apart : 0);
    }
}

static void probe_blobs(int k, float apart, const fy_probe_opts *o, fy_probe *out)
{
    static set train, test;
    fy_probe_data a, b;

    draw_blobs(&train, 1, k, 600, 30, apart);
    draw_blobs(&test, 2, k, 2000, 30, apart);
    a = data_of(&train);
    b = data_of(&test);
    check_ok(fy_linear_probe(&a, &b, k, o, out));
    fy_tensor_free(train.x);
    fy_tensor_free(test.x);
}

static void what_is_there_is_read_and_nothing_else(void **state)
{
    fy_probe p;

    (void)state;
    probe_blobs(4, 8, NULL, &p);
    assert_true(p.accuracy > 0.999 && p.validation_accuracy > 0.99);
    probe_blobs(4, 0, NULL, &p);
    assert_true(p.accuracy > 0.2 && p.accuracy < 0.3);
    assert_true(p.gradient <= 1e-5);
}

/* With few samples and much noise a strong penalty generalises better; the choice finds that. */
static void l2_is_chosen_by_what_is_held_out(void **state)
{
    fy_probe_opts o = fy_probe_defaults();
    fy_probe chosen, weak;

    (void)state;
    probe_blobs(8, 1, &o, &chosen);
    o.n_l2 = 1;
    o.l2[0] = 1e-6;
    probe_blobs(8, 1, &o, &weak);
    assert_true(chosen.l2 > 1e-4 && chosen.accuracy >= weak.accuracy);
    assert_true(weak.train_accuracy > chosen.train_accuracy);
}

static void threads_change_no_byte(void **state)
{
    fy_probe p[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        fyi_set_threads(i == 0 ? 1 : 5);
        probe_blobs(3, 2, NULL, &p[i]);
    }
    fyi_set_threads(0);
    assert_memory_equal(&p[0], &p[1], sizeof p[0]);
}

/* Rosenbrock's valley: a minimiser that only falls straight down never arrives. */
static double valley(void *arg, const double *x, double *slope)
{
    const double a = 1 - x[0], b = x[1] - x[0] * x[0];

    (void)arg;
    slope[0] = -2 * a - 400 * x[0] * b;
    slope[1] = 200 * b;
    return a * a + 100 * b * b;
}

static void the_minimiser_follows_a_valley(void **state)
{
    fyi_lbfgs p = { .n = 2, .value = valley, .tolerance = 1e-10, .max_iterations = 200 };
    double x[2] = { -1.2, 1 };

    (void)state;
    check_ok(fyi_lbfgs_run(&p, x));
    assert_true(fabs(x[0] - 1) < 1e-8 && fabs(x[1] - 1) < 1e-8 && p.iterations < 100);
}

/* ---- mistakes ------------------------------------------------------------------------------------------- */

static void mistakes_are_named(void **state)
{
    static set s, other;
    fy_probe_opts o = fy_probe_defaults();
    fy_probe_data d, e;
    fy_probe p;

    (void)state;
    draw_blobs(&s, 1, 3, 50, 4, 1);
    draw_blobs(&other, 1, 3, 50, 5, 1);
    d = data_of(&s);
    e = data_of(&other);
    check_status(fy_linear_probe(&d, &e, 3, NULL, &p), FY_ESHAPE);
    check_sentence("training samples have 4 features, test samples 5");
    check_status(fy_linear_probe(&d, &d, 1, NULL, &p), FY_EINVAL);
    s.y[9] = 3;
    check_status(fy_linear_probe(&d, &d, 3, NULL, &p), FY_EINVAL);
    check_sentence("the label of sample 9 is 3, but classes are 0 to 2");
    s.y[9] = 0;
    o.l2[2] = -1;
    check_status(fy_linear_probe(&d, &d, 3, &o, &p), FY_EINVAL);
    o = fy_probe_defaults();
    o.holdout = 0.999;
    check_status(fy_linear_probe(&d, &d, 3, &o, &p), FY_EINVAL);
    check_sentence("of 50 samples 50 would be held out");
    o.holdout = 1;
    check_status(fy_linear_probe(&d, &d, 3, &o, &p), FY_EINVAL);
    ((float *)fy_tensor_data(s.x))[6] = NAN;
    check_status(fy_linear_probe(&d, &d, 3, NULL, &p), FY_ENAN);
    fy_tensor_free(s.x);
    fy_tensor_free(other.x);
}

static fy_status fit(void *arg)
{
    const fy_probe_data d = data_of(arg);
    fy_probe p;

    return fy_linear_probe(&d, &d, 3, NULL, &p);
}

static void running_out_of_memory_leaves_nothing(void **state)
{
    static set s;

    (void)state;
    draw_blobs(&s, 1, 3, 20, 2, 1);
    fyt_check_alloc_failures(fit, &s);
    fy_tensor_free(s.x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits_are_scikit_learns),
        cmocka_unit_test(what_is_there_is_read_and_nothing_else),
        cmocka_unit_test(l2_is_chosen_by_what_is_held_out),
        cmocka_unit_test(threads_change_no_byte),
        cmocka_unit_test(the_minimiser_follows_a_valley),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(running_out_of_memory_leaves_nothing),
    };
    return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
