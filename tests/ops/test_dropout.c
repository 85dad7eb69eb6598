/* test_dropout.c: dropout. Guards the definition of the mask (a fast kernel must draw the same
 * bits), its frequency, its repetition within a step and its change from step to step. */
#include "support/op_eval.h"

#include <math.h>
#include <string.h>

#define N 5000 /* not a multiple of a block */

static fy_node ones(op_test *t)
{
    return fy_fill(t->g, FY_SHAPE(N), 1);
}

static void step_of(const op_test *t, const char *device, fy_node x, uint64_t step, double *v)
{
    op_eval_step(t, device, x, step, v, N);
}

static int64_t count_kept(const double *v)
{
    int64_t n = 0;
    for (int i = 0; i < N; i++)
        n += v[i] != 0;
    return n;
}

/* ---- statistics and repetition --------------------------------------------------------------- */

/* Within five deviations of the binomial distribution, and every kept value scaled. */
static void keeps_the_right_share(void **state)
{
    (void)state;
    static const float shares[] = { 0.1f, 0.25f, 0.5f, 0.9f };
    for (size_t i = 0; i < LEN(shares); i++) {
        const double p = shares[i];
        double v[N];
        op_test t;
        op_eval_begin(&t);
        step_of(&t, "cpu", fy_dropout(t.g, ones(&t), shares[i]), 0, v);
        const double expected = N * (1 - p), deviation = sqrt(N * p * (1 - p));
        assert_true(fabs((double)count_kept(v) - expected) < 5 * deviation);
        for (int k = 0; k < N; k++)
            assert_true(v[k] == 0 || fabs(v[k] * (1 - p) - 1) < 1e-6);
        op_eval_end(&t);
    }
}

static void devices_draw_the_same_mask(void **state)
{
    (void)state;
    double a[N], b[N];
    op_test t;
    op_eval_begin(&t);
    const fy_node x = fy_dropout(t.g, ones(&t), 0.5f);
    for (uint64_t step = 0; step < 3; step++) {
        step_of(&t, "ref", x, step, a);
        step_of(&t, "cpu", x, step, b);
        assert_memory_equal(a, b, sizeof a);
    }
    op_eval_end(&t);
}

/* The definition in graph/ops/dropout.c, spelled out: numbers once drawn must never change. */
static void mask_is_the_one_defined(void **state)
{
    (void)state;
    double v[N];
    op_test t;
    op_eval_begin(&t);
    t.seed = 77;
    const fy_node x = fy_dropout(t.g, ones(&t), 0.3f);
    const fyi_dropout_attr *a = fyi_def(t.g, x.id)->attr;
    const fy_rng all = fy_rng_named(77, "dropout"), node = fy_rng_child(&all, a->salt);
    fy_rng stream = fy_rng_child(&node, 5);
    step_of(&t, "cpu", x, 5, v);
    for (int i = 0; i < N; i++)
        assert_int_equal(v[i] != 0, fy_rng_uniform(&stream) >= 0.3f);
    op_eval_end(&t);
}

static void masks_differ_by_step_seed_and_node(void **state)
{
    (void)state;
    double first[N], again[N], other_step[N], other_seed[N], other_node[N];
    op_test t;
    op_eval_begin(&t);
    const fy_node src = ones(&t), x = fy_dropout(t.g, src, 0.5f), y = fy_dropout(t.g, src, 0.5f);
    step_of(&t, "cpu", x, 0, first);
    step_of(&t, "cpu", x, 0, again);
    step_of(&t, "cpu", x, 1, other_step);
    step_of(&t, "cpu", y, 0, other_node);
    t.seed++;
    step_of(&t, "cpu", x, 0, other_seed);
    assert_memory_equal(first, again, sizeof first);
    assert_memory_not_equal(first, other_step, sizeof first);
    assert_memory_not_equal(first, other_node, sizeof first);
    assert_memory_not_equal(first, other_seed, sizeof first);
    op_eval_end(&t);
}

static void threads_do_not_change_the_mask(void **state)
{
    (void)state;
    enum { LONG = 70001 };
    static double one[LONG], two[LONG];
    op_test t;
    op_eval_begin(&t);
    const fy_node x = fy_dropout(t.g, fy_fill(t.g, FY_SHAPE(LONG), 1), 0.5f);
    fy_threads_set(1);
    op_eval_step(&t, "cpu", x, 3, one, LONG);
    fy_threads_set(2);
    op_eval_step(&t, "cpu", x, 3, two, LONG);
    fy_threads_set(0);
    assert_memory_equal(one, two, sizeof one);
    op_eval_end(&t);
}

/* ---- gradient -------------------------------------------------------------------------------- */

/* Dropout of ones has the values of its own gradient. */
static void gradient_has_the_same_mask(void **state)
{
    (void)state;
    double forward[N], backward[N];
    fyi_id diff;
    op_test t;
    op_eval_begin(&t);
    const fy_node src = op_param(&t, FY_SHAPE(N), 0.5f, 2);
    const fy_node x = fy_dropout(t.g, src, 0.5f);
    check_ok(fyi_backward(t.g, fy_sum_all(t.g, x).id, &src.id, 1, &diff));
    step_of(&t, "cpu", x, 4, forward);
    step_of(&t, "cpu", (fy_node){ diff }, 4, backward);
    for (int i = 0; i < N; i++)
        assert_true(backward[i] == (forward[i] != 0 ? 2 : 0));
    op_eval_end(&t);
}

/* ---- edges ----------------------------------------------------------------------------------- */

static void nothing_is_dropped_at_zero(void **state)
{
    (void)state;
    op_test t;
    op_eval_begin(&t);
    const fy_node x = ones(&t);
    assert_int_equal(fy_dropout(t.g, x, 0).id, x.id); /* and the graph stays cacheable */
    op_eval_end(&t);
}

/* Also what is not finite. */
static void everything_is_dropped_at_one(void **state)
{
    (void)state;
    static const float v[] = { 1, INFINITY, NAN };
    static const double expected[] = { 0, 0, 0 };
    op_test t;
    op_eval_begin(&t);
    op_eval_is(&t, fy_dropout(t.g, op_floats(&t, FY_SHAPE(3), v), 1), expected, 3);
    op_eval_end(&t);
}

static fy_node with_probability(op_test *t, const void *row)
{
    return fy_dropout(t->g, op_param(t, FY_SHAPE(3), 0, 1), *(const float *)row);
}

static void mistakes_are_named_in_one_sentence(void **state)
{
    (void)state;
    const float below = -0.25f, above = 1.5f, nan = NAN;
    op_check_mistake(with_probability, &below, FY_EINVAL,
                     "dropout.2: the probability must be 0 to 1, not -0.25");
    op_check_mistake(with_probability, &above, FY_EINVAL,
                     "dropout.2: the probability must be 0 to 1, not 1.5");
    op_check_mistake(with_probability, &nan, FY_EINVAL,
                     "dropout.2: the probability must be 0 to 1, not nan");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_right_share),
        cmocka_unit_test(devices_draw_the_same_mask),
        cmocka_unit_test(mask_is_the_one_defined),
        cmocka_unit_test(masks_differ_by_step_seed_and_node),
        cmocka_unit_test(threads_do_not_change_the_mask),
        cmocka_unit_test(gradient_has_the_same_mask),
        cmocka_unit_test(nothing_is_dropped_at_zero),
        cmocka_unit_test(everything_is_dropped_at_one),
        cmocka_unit_test(mistakes_are_named_in_one_sentence),
    };
    return cmocka_run_group_tests_name("dropout", tests, NULL, NULL);
}
