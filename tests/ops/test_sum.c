/* test_sum.c: sums and means over any axes. Guards the merging of axes in the fast kernel, empty
 * sums, and that a result does not depend on the number of threads. */
#include "support/op_eval.h"

#include <math.h>
#include <string.h>

/* ---- rows ------------------------------------------------------------------------------------ */

typedef struct sum_case {
    op_row row;
    fy_shape src;
    int axes[FY_MAX_RANK], n;
    bool keep;
} sum_case;

static fy_node summed(op_test *t, const void *row)
{
    const sum_case *c = row;
    return fy_sum(t->g, op_param(t, c->src, -1, 1), c->axes, c->n, c->keep);
}

static fy_node averaged(op_test *t, const void *row)
{
    const sum_case *c = row;
    return fy_mean(t->g, op_param(t, c->src, -1, 1), c->axes, c->n, c->keep);
}

#define SUM(name, why, build, keep, n, axes, ...)                  \
    {                                                              \
        { name, why, build, 2e-6 }, { __VA_ARGS__ }, axes, n, keep \
    }
#define AXES(...)   \
    {               \
        __VA_ARGS__ \
    }

static const sum_case cases[] = {
    SUM("all", "no axes listed", summed, false, 0, AXES(0), 3, { 2, 3, 4 }),
    SUM("all, keep", "rank stays", summed, true, 0, AXES(0), 3, { 2, 3, 4 }),
    SUM("scalar", "rank 0", summed, false, 0, AXES(0), 0, { 0 }),
    SUM("rows", "the last axis", summed, false, 1, AXES(1), 2, { 5, 7 }),
    SUM("columns", "the first axis", summed, false, 1, AXES(0), 2, { 5, 7 }),
    SUM("columns, keep", "broadcasts back without a reshape", summed, true, 1, AXES(0), 2, { 5, 7 }),
    SUM("middle", "kept on both sides", summed, false, 1, AXES(1), 3, { 2, 5, 3 }),
    SUM("per channel", "summed on both sides", summed, false, 3, AXES(0, 2, 3), 4, { 2, 3, 4, 5 }),
    SUM("summed, kept twice", "four levels", summed, false, 2, AXES(0, 2), 4, { 2, 3, 4, 5 }),
    SUM("kept, summed twice", "a level too many for the merged form", summed, false, 3,
        AXES(0, 2, 4), 5, { 2, 2, 3, 2, 2 }),
    SUM("ones between", "axes of size 1 do not part the others", summed, false, 2, AXES(1, 3), 5,
        { 2, 1, 3, 4, 1 }),
    SUM("any order", "axes need not ascend", summed, false, 2, AXES(2, 0), 3, { 2, 3, 4 }),
    SUM("of ones", "every size is 1", summed, false, 1, AXES(1), 3, { 1, 1, 1 }),
    SUM("of nothing", "an empty sum is 0", summed, false, 1, AXES(1), 2, { 3, 0 }),
    SUM("to nothing", "no destination", summed, false, 1, AXES(0), 2, { 3, 0 }),
    SUM("mean of all", "one factor", averaged, false, 0, AXES(0), 3, { 2, 3, 4 }),
    SUM("mean of rows", "the last axis's size", averaged, false, 1, AXES(1), 2, { 5, 7 }),
    SUM("mean per channel", "the product of three sizes", averaged, true, 3, AXES(0, 2, 3), 4,
        { 2, 3, 4, 5 }),
};

/* Past chunks, row groups and column blocks; too many for differences. */
static const sum_case long_cases[] = {
    SUM("all", "many chunks and a rest", summed, false, 0, AXES(0), 1, { 4096 * 9 + 37 }),
    SUM("rows", "a chunk and a rest per row", summed, false, 1, AXES(1), 2, { 9, 4096 + 19 }),
    SUM("columns", "row groups; a column block and a rest", summed, false, 1, AXES(0), 2,
        { 600, 70 }),
    SUM("middle", "both, in several planes", summed, false, 1, AXES(1), 3, { 3, 300, 65 }),
    SUM("per channel", "runs in several places", summed, false, 2, AXES(0, 2), 3, { 5, 40, 333 }),
};

static void long_values_equal_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(long_cases); i++) {
        op_check_forward(summed, &long_cases[i], "cpu", long_cases[i].row.rtol);
        op_check_gradient_on(summed, &long_cases[i], "cpu", long_cases[i].row.rtol);
    }
}

/* ---- exactness ------------------------------------------------------------------------------- */

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(long_cases); i++) {
        double one[4096], two[4096];
        op_test t;
        op_eval_begin(&t);
        const fy_node x = summed(&t, &long_cases[i]);
        const fy_shape s = fy_node_shape(t.g, x);
        const int64_t n = fy_shape_numel(&s);
        fy_threads_set(1);
        op_eval_step(&t, "cpu", x, 0, one, n);
        fy_threads_set(2);
        op_eval_step(&t, "cpu", x, 0, two, n);
        fy_threads_set(0);
        assert_memory_equal(one, two, (size_t)n * sizeof one[0]);
        op_eval_end(&t);
    }
}

/* A running f32 sum of ones stops growing at 2^24. */
static void long_sums_do_not_stall(void **state)
{
    (void)state;
    const double expected = 1 << 25;
    op_test t;
    double v;
    op_eval_begin(&t);
    const fy_node x = fy_sum_all(t.g, fy_fill(t.g, FY_SHAPE(1 << 25), 1.0f));
    op_eval_step(&t, "cpu", x, 0, &v, 1);
    assert_true(v == expected);
    op_eval_end(&t);
}

static void values_are_those_worked_out_by_hand(void **state)
{
    (void)state;
    static const float v[] = { 1, 2, 3, 4, 5, 6 };
    static const double rows[] = { 6, 15 }, columns[] = { 5, 7, 9 }, all = 21, mean = 3.5;
    const int first = 0, last = 1;
    op_test t;
    op_eval_begin(&t);
    const fy_node x = op_floats(&t, FY_SHAPE(2, 3), v);
    op_eval_is(&t, fy_sum(t.g, x, &last, 1, false), rows, 2);
    op_eval_is(&t, fy_sum(t.g, x, &first, 1, true), columns, 3);
    op_eval_is(&t, fy_sum_all(t.g, x), &all, 1);
    op_eval_is(&t, fy_mean_all(t.g, x), &mean, 1);
    op_eval_end(&t);
}

static void mean_of_nothing_is_nan(void **state)
{
    (void)state;
    const double expected = NAN;
    op_test t;
    op_eval_begin(&t);
    op_eval_is(&t, fy_mean_all(t.g, op_param(&t, FY_SHAPE(0, 3), 0, 1)), &expected, 1);
    op_eval_end(&t);
}

/* ---- mistakes -------------------------------------------------------------------------------- */

static fy_node beyond(op_test *t, const void *row)
{
    (void)row;
    return fy_sum(t->g, op_param(t, FY_SHAPE(2, 3), 0, 1), (const int[]){ 2 }, 1, false);
}

static fy_node twice(op_test *t, const void *row)
{
    (void)row;
    return fy_mean(t->g, op_param(t, FY_SHAPE(2, 3), 0, 1), (const int[]){ 1, 1 }, 2, false);
}

static fy_node of_integers(op_test *t, const void *row)
{
    (void)row;
    return fy_sum_all(t->g, fy_input(t->g, "labels", FY_I32, FY_SHAPE(2)));
}

static fy_node of_no_node(op_test *t, const void *row)
{
    (void)row;
    return fy_mean_all(t->g, FY_NO_NODE);
}

static void mistakes_are_named_in_one_sentence(void **state)
{
    (void)state;
    op_check_mistake(beyond, NULL, FY_ESHAPE, "sum: axis 2 is not one of the 2 axes of [2, 3]");
    op_check_mistake(twice, NULL, FY_EINVAL, "mean: axis 1 is listed twice");
    op_check_mistake(of_integers, NULL, FY_EDTYPE,
                     "sum.2: src must be floats of any shape, not i32[2]");
    op_check_mistake(of_no_node, NULL, FY_EINVAL, "sum: source 0 is no node");
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(long_values_equal_reference),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(long_sums_do_not_stall),
        cmocka_unit_test(values_are_those_worked_out_by_hand),
        cmocka_unit_test(mean_of_nothing_is_nan),
        cmocka_unit_test(mistakes_are_named_in_one_sentence),
    };
    return op_run_rows("sum", cases, LEN(cases), sizeof cases[0], others, LEN(others));
}
