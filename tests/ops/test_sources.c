/* test_sources.c: inputs, parameters, fills and constants. Guards names, sharing, and that a graph
 * keeps its own copy of what it was given. */
#include "support/op_check.h"

#include <string.h>

static fy_node two_inputs(op_test *t, const void *row)
{
    (void)row;
    fy_input(t->g, "x", FY_F32, FY_SHAPE(2));
    return fy_input(t->g, "x", FY_F32, FY_SHAPE(2));
}

static fy_node no_parameter(op_test *t, const void *row)
{
    (void)row;
    return fy_use(t->g, NULL);
}

static fy_node impossible_constant(op_test *t, const void *row)
{
    static const float one = 1;
    (void)row;
    return fy_constant(t->g, FY_F32, FY_SHAPE(1, -2), &one);
}

static fy_node impossible_fill(op_test *t, const void *row)
{
    (void)row;
    return fy_fill(t->g, FY_SHAPE(INT64_MAX, 3), 0);
}

static void mistakes_are_named_in_one_sentence(void **state)
{
    op_test t = { .seed = 1 };
    (void)state;
    op_check_mistake(two_inputs, NULL, FY_EINVAL,
                     "input 'x': the graph has this name already; give each input its own");
    op_check_mistake(no_parameter, NULL, FY_EINVAL, "use: no parameter was given");
    /* The tensor room's sentence about the shape follows. */
    check_ok(fy_graph_new(&t.g));
    impossible_constant(&t, NULL);
    check_status(fy_graph_status(t.g), FY_ESHAPE);
    check_sentence("while making a constant: ");
    fy_graph_free(t.g);
    check_ok(fy_graph_new(&t.g));
    impossible_fill(&t, NULL);
    check_status(fy_graph_status(t.g), FY_ESHAPE);
    fy_graph_free(t.g);
}

static void a_parameter_is_one_node(void **state)
{
    op_test t = { .seed = 1 };
    (void)state;
    check_ok(fy_graph_new(&t.g));
    const fy_node a = op_param(&t, FY_SHAPE(2), 0, 1), b = op_param(&t, FY_SHAPE(2), 0, 1);
    assert_int_equal(fy_use(t.g, t.params[0]).id, a.id);
    assert_int_equal(fy_use(t.g, t.params[1]).id, b.id);
    assert_int_not_equal(a.id, b.id);
    fy_graph_free(t.g);
    fy_param_free(t.params[0]);
    fy_param_free(t.params[1]);
}

/* The caller's array and graph may go before the plan runs. */
static fy_node forgotten_constant(op_test *t, const void *row)
{
    float v[3] = { 1, 2, 3 };
    (void)row;
    const fy_node c = fy_constant(t->g, FY_F32, FY_SHAPE(3), v);
    memset(v, 0, sizeof v);
    return c;
}

static fy_node filled(op_test *t, const void *row)
{
    (void)row;
    return fy_fill(t->g, FY_SHAPE(2, 2), 0.5f);
}

static fy_node labels(op_test *t, const void *row)
{
    (void)row;
    return fy_constant(t->g, FY_I32, FY_SHAPE(3), (const int32_t[]){ 7, -1, 1 << 30 });
}

static void values_are_those_given(void **state)
{
    (void)state;
    op_check_values(forgotten_constant, NULL, (const double[]){ 1, 2, 3 }, 3);
    op_check_values(filled, NULL, (const double[]){ 0.5, 0.5, 0.5, 0.5 }, 4);
    op_check_values(labels, NULL, (const double[]){ 7, -1, 1 << 30 }, 3);
}

static void inputs_carry_name_type_and_shape(void **state)
{
    fy_graph *g;
    const fy_shape shape = FY_SHAPE(2, 3);
    (void)state;
    check_ok(fy_graph_new(&g));
    const fy_node x = fy_input(g, "pixels", FY_U8, shape);
    const fy_shape s = fy_node_shape(g, x);
    assert_true(fy_shape_equal(&s, &shape));
    assert_int_equal(fy_node_dtype(g, x), FY_U8);
    assert_int_equal(fy_graph_find(g, "pixels").id, x.id);
    fy_graph_free(g);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_named_in_one_sentence),
        cmocka_unit_test(a_parameter_is_one_node),
        cmocka_unit_test(values_are_those_given),
        cmocka_unit_test(inputs_carry_name_type_and_shape),
    };
    return cmocka_run_group_tests_name("sources", tests, NULL, NULL);
}
