/* test_shape.c: the operators that move elements without changing them: reshape, flatten,
 * transpose, broadcast, concat, slice, pad. Guards the arithmetic of strides for every rank, and
 * sizes of 0 and 1. */
#include "support/op_eval.h"

/* ---- rows ------------------------------------------------------------------------------------ */

typedef struct shape_case {
    op_row row;
    fy_shape src, to;
    int axes[FY_MAX_RANK];
} shape_case;

static fy_node reshaped(op_test *t, const void *row)
{
    const shape_case *c = row;
    return fy_reshape(t->g, op_param(t, c->src, -1, 1), c->to);
}

static fy_node flattened(op_test *t, const void *row)
{
    return fy_flatten(t->g, op_param(t, ((const shape_case *)row)->src, -1, 1));
}

static fy_node transposed(op_test *t, const void *row)
{
    const shape_case *c = row;
    return fy_transpose(t->g, op_param(t, c->src, -1, 1), c->axes);
}

static fy_node repeated(op_test *t, const void *row)
{
    const shape_case *c = row;
    return fy_broadcast(t->g, op_param(t, c->src, -1, 1), c->to);
}

/* Moving leaves no rounding. */
#define ROW(name, why, build, ...)           \
    {                                        \
        { name, why, build, 0 }, __VA_ARGS__ \
    }
#define S0    \
    {         \
        0,    \
        {     \
            0 \
        }     \
    }
#define S(n, ...)       \
    {                   \
        n,              \
        {               \
            __VA_ARGS__ \
        }               \
    }
#define AXES(...)   \
    {               \
        __VA_ARGS__ \
    }

static const shape_case cases[] = {
    ROW("reshape", "fewer axes", reshaped, S(3, 2, 3, 4), S(2, 6, 4), AXES(0)),
    ROW("reshape to rank 0", "one element", reshaped, S(2, 1, 1), S0, AXES(0)),
    ROW("reshape from rank 0", "one element", reshaped, S0, S(3, 1, 1, 1), AXES(0)),
    ROW("reshape empty", "nothing, under another shape", reshaped, S(2, 0, 3), S(3, 2, 0, 5),
        AXES(0)),
    ROW("flatten", "a feature map", flattened, S(4, 2, 3, 2, 2), S0, AXES(0)),
    ROW("flatten rank 1", "the rest is one", flattened, S(1, 5), S0, AXES(0)),
    ROW("flatten empty", "no sample: nothing to divide by", flattened, S(3, 0, 3, 2), S0, AXES(0)),
    ROW("transpose 2", "a matrix", transposed, S(2, 3, 5), S0, AXES(1, 0)),
    ROW("transpose 3", "a cycle: not its own inverse", transposed, S(3, 2, 3, 4), S0, AXES(1, 2, 0)),
    ROW("to channels last", "images", transposed, S(4, 2, 3, 4, 5), S0, AXES(0, 2, 3, 1)),
    ROW("transpose 5", "all axes move", transposed, S(5, 2, 3, 2, 1, 3), S0, AXES(4, 2, 0, 3, 1)),
    ROW("identity", "no axis moves", transposed, S(3, 2, 3, 4), S0, AXES(0, 1, 2)),
    ROW("transpose 0", "no axes", transposed, S0, S0, AXES(0)),
    ROW("transpose empty", "no elements", transposed, S(2, 0, 3), S0, AXES(1, 0)),
    ROW("scalar to rank 3", "everything repeats", repeated, S0, S(3, 2, 3, 4), AXES(0)),
    ROW("row", "a new first axis", repeated, S(1, 4), S(2, 3, 4), AXES(0)),
    ROW("column", "the last axis repeats", repeated, S(2, 3, 1), S(2, 3, 4), AXES(0)),
    ROW("channels", "repeats before and after a kept axis", repeated, S(3, 3, 1, 1),
        S(4, 2, 3, 4, 5), AXES(0)),
    ROW("alternating", "kept, repeated, kept, repeated", repeated, S(5, 2, 1, 3, 1, 2),
        S(5, 2, 3, 3, 2, 2), AXES(0)),
    ROW("to itself", "nothing repeats", repeated, S(2, 3, 4), S(2, 3, 4), AXES(0)),
    ROW("more ones", "only the rank grows", repeated, S(1, 4), S(3, 1, 1, 4), AXES(0)),
    ROW("to nothing", "1 repeats 0 times", repeated, S(2, 1, 4), S(2, 0, 4), AXES(0)),
};

/* ---- concat and slice ------------------------------------------------------------------------ */

typedef struct axis_case {
    op_row row;
    fy_shape src;
    int axis;
    int64_t size[3]; /* of the sources along the axis; or begin, size, step; before, after; begin, step,
                      * whole */
    int n;
} axis_case;

static fy_node joined(op_test *t, const void *row)
{
    const axis_case *c = row;
    fy_node x[3];
    for (int i = 0; i < c->n; i++) {
        fy_shape s = c->src;
        s.d[c->axis] = c->size[i];
        x[i] = op_param(t, s, -1, 1);
    }
    return fy_concat(t->g, c->axis, x, c->n);
}

static fy_node cut(op_test *t, const void *row)
{
    const axis_case *c = row;
    return fy_slice(t->g, op_param(t, c->src, -1, 1), c->axis, c->size[0], c->size[1]);
}

static fy_node cut_apart(op_test *t, const void *row)
{
    const axis_case *c = row;
    const fy_node x = op_param(t, c->src, -1, 1);
    return fy_slice_step(t->g, x, c->axis, c->size[0], c->size[1], c->size[2]);
}

static fy_node padded(op_test *t, const void *row)
{
    const axis_case *c = row;
    return fy_pad(t->g, op_param(t, c->src, -1, 1), c->axis, c->size[0], c->size[1]);
}

/* Padding apart is what a strided slice's gradient does; here it has a gradient itself. */
static fy_node padded_apart(op_test *t, const void *row)
{
    const axis_case *c = row;
    const fyi_axis_attr attr = { .axis = c->axis,
                                 .begin = c->size[0],
                                 .size = c->src.d[c->axis],
                                 .step = c->size[1],
                                 .whole = c->size[2] };
    return fyi_op1(t->g, &fyi_op_pad, &attr, op_param(t, c->src, -1, 1));
}

/* As in DANN: two batches go through one network together and part again. */
static fy_node joined_and_cut(op_test *t, const void *row)
{
    const axis_case *c = row;
    const fy_node a = op_param(t, c->src, -1, 1);
    const fy_node both = fy_concat2(t->g, c->axis, a, op_param(t, c->src, -1, 1));
    const int64_t n = c->src.d[c->axis];
    return fy_sub(t->g, fy_slice(t->g, both, c->axis, 0, n), fy_slice(t->g, both, c->axis, n, n));
}

#define AXIS(name, why, build, src, axis, n, ...)              \
    {                                                          \
        { name, why, build, 0 }, src, axis, { __VA_ARGS__ }, n \
    }

static const axis_case axis_cases[] = {
    AXIS("concat batches", "the first axis: one piece each", joined, S(4, 0, 2, 3, 2), 0, 2, 2, 3),
    AXIS("concat features", "the last axis: many pieces", joined, S(2, 4, 0), 1, 3, 1, 3, 2),
    AXIS("concat channels", "a middle axis", joined, S(3, 2, 0, 4), 1, 2, 3, 1),
    AXIS("concat one", "a single source", joined, S(2, 3, 0), 1, 1, 4),
    AXIS("concat with empty", "a source without elements", joined, S(2, 3, 0), 1, 3, 2, 0, 1),
    AXIS("concat rank 1", "vectors", joined, S(1, 0), 0, 2, 2, 3),
    AXIS("slice begin", "from 0", cut, S(2, 5, 3), 0, 2, 0, 2),
    AXIS("slice end", "to the end", cut, S(2, 5, 3), 0, 2, 3, 2),
    AXIS("slice middle", "a middle axis", cut, S(3, 2, 5, 3), 1, 2, 1, 3),
    AXIS("slice last", "single elements", cut, S(3, 2, 5, 3), 2, 2, 1, 1),
    AXIS("slice all", "the whole axis", cut, S(2, 5, 3), 1, 2, 0, 3),
    AXIS("slice nothing", "size 0 at the end", cut, S(2, 5, 3), 1, 2, 3, 0),
    AXIS("slice every other", "ResNet's shortcut without weights", cut_apart, S(4, 2, 3, 7, 4), 2,
         3, 0, 4, 2),
    AXIS("slice every third", "the last axis: no two neighbours", cut_apart, S(3, 3, 2, 8), 2, 3, 1,
         3, 3),
    AXIS("slice rows apart", "the first axis", cut_apart, S(2, 5, 3), 0, 3, 0, 3, 2),
    AXIS("slice one, far apart", "a step beyond the end", cut_apart, S(2, 2, 3), 1, 3, 2, 1, 100),
    AXIS("slice none, apart", "nothing lies anywhere", cut_apart, S(2, 2, 3), 1, 3, 3, 0, 2),
    AXIS("pad channels", "ResNet's shortcut without weights", padded, S(4, 2, 3, 2, 2), 1, 2, 2, 3),
    AXIS("pad before", "rows", padded, S(2, 2, 3), 0, 2, 1, 0),
    AXIS("pad after", "the last axis", padded, S(2, 2, 3), 1, 2, 0, 2),
    AXIS("pad by nothing", "a copy", padded, S(2, 2, 3), 1, 2, 0, 0),
    AXIS("pad nothing", "zeros only", padded, S(3, 2, 0, 2), 1, 2, 1, 1),
    AXIS("pad apart", "a strided slice's gradient", padded_apart, S(3, 2, 3, 2), 1, 3, 1, 2, 7),
    AXIS("join and part", "both, and two gradients that meet", joined_and_cut, S(3, 2, 3, 2), 0, 0,
         0),
    AXIS("join and part features", "the same along the last axis", joined_and_cut, S(2, 3, 4), 1, 0,
         0),
};

/* ---- values worked out by hand --------------------------------------------------------------- */

static fy_node six(op_test *t)
{
    static const float v[] = { 1, 2, 3, 4, 5, 6 };
    return op_param_of(t, FY_SHAPE(2, 3), v);
}

static fy_node hand_reshape(op_test *t, const void *row)
{
    (void)row;
    return fy_transpose(t->g, fy_reshape(t->g, six(t), FY_SHAPE(3, 2)), (const int[]){ 1, 0 });
}

static fy_node hand_transpose(op_test *t, const void *row)
{
    (void)row;
    return fy_transpose(t->g, six(t), (const int[]){ 1, 0 });
}

static fy_node hand_broadcast(op_test *t, const void *row)
{
    (void)row;
    static const float v[] = { 7, 8 };
    return fy_broadcast(t->g, op_param_of(t, FY_SHAPE(2, 1), v), FY_SHAPE(2, 3));
}

static fy_node hand_concat(op_test *t, const void *row)
{
    (void)row;
    static const float v[] = { 7, 8 };
    const fy_node x = six(t);
    return fy_concat2(t->g, 1, x, op_param_of(t, FY_SHAPE(2, 1), v));
}

static fy_node hand_slice(op_test *t, const void *row)
{
    (void)row;
    return fy_slice(t->g, six(t), 1, 1, 2);
}

static fy_node hand_slice_step(op_test *t, const void *row)
{
    (void)row;
    return fy_slice_step(t->g, six(t), 1, 0, 2, 2);
}

static fy_node hand_pad(op_test *t, const void *row)
{
    (void)row;
    return fy_pad(t->g, six(t), 0, 1, 1);
}

static fy_node hand_pad_apart(op_test *t, const void *row)
{
    static const fyi_axis_attr attr = { .axis = 0, .begin = 1, .size = 2, .step = 2, .whole = 4 };
    (void)row;
    return fyi_op1(t->g, &fyi_op_pad, &attr, six(t));
}

static const struct {
    op_build build;
    int n;
    double expected[12];
} hand[] = {
    { hand_reshape, 6, { 1, 3, 5, 2, 4, 6 } },
    { hand_transpose, 6, { 1, 4, 2, 5, 3, 6 } },
    { hand_broadcast, 6, { 7, 7, 7, 8, 8, 8 } },
    { hand_concat, 8, { 1, 2, 3, 7, 4, 5, 6, 8 } },
    { hand_slice, 4, { 2, 3, 5, 6 } },
    { hand_slice_step, 4, { 1, 3, 4, 6 } },
    { hand_pad, 12, { 0, 0, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0 } },
    { hand_pad_apart, 12, { 0, 0, 0, 1, 2, 3, 0, 0, 0, 4, 5, 6 } },
};

static void values_are_those_worked_out_by_hand(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(hand); i++)
        op_check_values(hand[i].build, NULL, hand[i].expected, hand[i].n);
}

/* Labels of two batches are joined like their images. */
static void integers_move_too(void **state)
{
    (void)state;
    static const int32_t a[] = { 3, 1 }, b[] = { 4, 1, 5 };
    static const double expected[] = { 1, 4, 1 };
    op_test t;
    op_eval_begin(&t);
    const fy_node both = fy_concat2(t.g, 0, op_ints(&t, 2, a), op_ints(&t, 3, b));
    const fy_node x = fy_slice(t.g, both, 0, 1, 3);
    assert_int_equal(fy_node_dtype(t.g, x), FY_I32);
    op_eval_is(&t, x, expected, 3);
    op_eval_is(&t, fy_reshape(t.g, x, FY_SHAPE(3, 1)), expected, 3);
    op_eval_end(&t);
}

/* Past the grain, where threads share the rows. */
static void long_values_equal_reference(void **state)
{
    (void)state;
    const shape_case long_cases[] = {
        { { "", "", transposed, 0 }, FY_SHAPE(130, 300), FY_SCALAR, { 1, 0 } },
        { { "", "", repeated, 0 }, FY_SHAPE(130, 1), FY_SHAPE(2, 130, 300), { 0 } },
    };
    const axis_case both = { { "", "", joined, 0 }, FY_SHAPE(70, 0, 300), 1, { 2, 1 }, 2 };
    for (size_t i = 0; i < LEN(long_cases); i++)
        op_check_forward(long_cases[i].row.build, &long_cases[i], "cpu", 0);
    op_check_forward(joined, &both, "cpu", 0);
    op_check_gradient_on(joined, &both, "cpu", 0);
}

/* ---- mistakes -------------------------------------------------------------------------------- */

static fy_node bad_reshape(op_test *t, const void *row)
{
    return fy_reshape(t->g, six(t), *(const fy_shape *)row);
}

static fy_node bad_flatten(op_test *t, const void *row)
{
    (void)row;
    return fy_flatten(t->g, op_param(t, FY_SCALAR, 0, 1));
}

static fy_node bad_transpose(op_test *t, const void *row)
{
    return fy_transpose(t->g, six(t), ((const fyi_transpose_attr *)row)->axes);
}

static fy_node bad_broadcast(op_test *t, const void *row)
{
    return fy_broadcast(t->g, six(t), *(const fy_shape *)row);
}

static fy_node bad_concat(op_test *t, const void *row)
{
    const fy_node x = six(t);
    return fy_concat2(t->g, 1, x, op_param(t, *(const fy_shape *)row, 0, 1));
}

static fy_node bad_concat_axis(op_test *t, const void *row)
{
    const fy_node x = six(t);
    return fy_concat2(t->g, *(const int *)row, x, x);
}

static fy_node concat_of_none(op_test *t, const void *row)
{
    (void)row;
    return fy_concat(t->g, 0, NULL, 0);
}

static fy_node bad_slice(op_test *t, const void *row)
{
    const fyi_axis_attr *a = row;
    return fy_slice_step(t->g, six(t), a->axis, a->begin, a->size, a->step);
}

static fy_node bad_pad(op_test *t, const void *row)
{
    const fyi_axis_attr *a = row;
    return fy_pad(t->g, six(t), a->axis, a->begin, a->size);
}

static fy_node bad_pad_attr(op_test *t, const void *row)
{
    return fyi_op1(t->g, &fyi_op_pad, row, six(t));
}

static void mistakes_are_named_in_one_sentence(void **state)
{
    (void)state;
    const fy_shape seven = FY_SHAPE(7), negative = FY_SHAPE(-2, -3), wide = FY_SHAPE(2, 4),
                   low = FY_SHAPE(3), other_rows = FY_SHAPE(3, 3);
    const fyi_transpose_attr twice = { { 0, 0 } }, beyond = { { 0, 2 } };
    const fyi_axis_attr over = { .axis = 1, .begin = 2, .size = 2, .step = 1 },
                        before = { .axis = 1, .begin = -1, .size = 2, .step = 1 },
                        far = { .axis = 1, .begin = INT64_MAX, .size = 2, .step = 1 },
                        apart = { .axis = 1, .begin = 0, .size = 3, .step = 2 },
                        no_step = { .axis = 1, .begin = 0, .size = 1, .step = 0 },
                        no_axis = { .axis = 2, .begin = 0, .size = 1, .step = 1 },
                        many = { .axis = 1, .begin = INT64_MAX, .size = 1 },
                        other = { .axis = 1, .size = 2, .step = 1, .whole = 4 };
    const int minus_one = -1;
    const struct {
        op_build build;
        const void *row;
        fy_status status;
        const char *sentence;
    } mistakes[] = {
        { bad_reshape, &seven, FY_ESHAPE, "reshape.2: [2, 3] has 6 elements and [7] would have 7" },
        { bad_reshape, &negative, FY_ESHAPE, "in reshape.2: shape [-2, -3] has a negative size" },
        { bad_flatten, NULL, FY_ESHAPE, "flatten: a scalar has no first axis to keep" },
        { bad_transpose, &twice, FY_EINVAL,
          "transpose.2: axes must list 0 to 1 once each for src [2, 3], position 1 is 0" },
        { bad_transpose, &beyond, FY_EINVAL,
          "transpose.2: axes must list 0 to 1 once each for src [2, 3], position 1 is 2" },
        { bad_broadcast, &wide, FY_ESHAPE,
          "broadcast.2: [2, 3] cannot be repeated to [2, 4]; aligned at the last axes, sizes must "
          "be equal or 1" },
        { bad_broadcast, &low, FY_ESHAPE,
          "broadcast.2: [2, 3] cannot be repeated to [3]; aligned at the last axes, sizes must be "
          "equal or 1" },
        { bad_concat, &other_rows, FY_ESHAPE,
          "concat.3: source 1 is f32[3, 3] and does not continue source 0, f32[2, 3], along axis "
          "1" },
        { bad_concat, &seven, FY_ESHAPE,
          "concat.3: source 1 is f32[7] and does not continue source 0, f32[2, 3], along axis 1" },
        { bad_concat_axis, &minus_one, FY_ESHAPE,
          "concat.2: axis -1 is not one of the 2 axes of f32[2, 3]" },
        { concat_of_none, NULL, FY_EINVAL, "concat takes at least 1 sources and was given 0" },
        { bad_slice, &over, FY_ESHAPE,
          "slice.2: 2 elements from 2 on do not lie within the 3 of axis 1" },
        { bad_slice, &before, FY_ESHAPE,
          "slice.2: 2 elements from -1 on do not lie within the 3 of axis 1" },
        { bad_slice, &far, FY_ESHAPE,
          "slice.2: 2 elements from 9223372036854775807 on do not lie within the 3 of axis 1" },
        { bad_slice, &apart, FY_ESHAPE,
          "slice.2: 3 elements from 0 on, 2 apart, do not lie within the 3 of axis 1" },
        { bad_slice, &no_step, FY_EINVAL, "slice.2: the step must be 1 or more, not 0" },
        { bad_slice, &no_axis, FY_ESHAPE, "slice.2: axis 2 is not one of the 2 axes of f32[2, 3]" },
        { bad_pad, &no_axis, FY_ESHAPE, "pad.2: axis 2 is not one of the 2 axes of f32[2, 3]" },
        { bad_pad, &before, FY_EINVAL,
          "pad: zeros before and after must be 0 or more, not -1 and 2" },
        { bad_pad, &many, FY_ESHAPE,
          "pad: 9223372036854775807, 3 and 1 elements are too many for one axis" },
        { bad_pad_attr, &other, FY_ESHAPE, "pad.2: axis 1 has 3 elements, not 2" },
    };
    for (size_t i = 0; i < LEN(mistakes); i++)
        op_check_mistake(mistakes[i].build, mistakes[i].row, mistakes[i].status,
                         mistakes[i].sentence);
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(values_are_those_worked_out_by_hand),
        cmocka_unit_test(integers_move_too),
        cmocka_unit_test(long_values_equal_reference),
        cmocka_unit_test(mistakes_are_named_in_one_sentence),
    };
    const int failed = op_run_rows("shape", cases, LEN(cases), sizeof cases[0], others, LEN(others));
    return failed + op_run_rows("axis", axis_cases, LEN(axis_cases), sizeof axis_cases[0], NULL, 0);
}
