/* Guards sizes and data types: every later size computation trusts fy_shape_check. */
#include "support/support.h"

#include "tensor/tensor.h"

#include <string.h>

static void data_types_have_sizes_and_names(void **state)
{
    (void)state;
#define CHECK(name, bytes, text) assert_int_equal(fy_dtype_bytes(FY_##name), bytes);
    FY_DTYPE_MAP(CHECK)
#undef CHECK
    assert_string_equal(fy_dtype_name(FY_BF16), "bf16");
    assert_true(fyi_dtype_is_float(FY_BF16));
    assert_false(fyi_dtype_is_float(FY_U8));
    assert_int_equal(fy_dtype_bytes((fy_dtype)77), 0);
    assert_string_equal(fy_dtype_name((fy_dtype)77), "?");
}

static const struct shape_case {
    fy_shape shape;
    int64_t numel;
    const char *text;
} shapes[] = {
    { { 0, { 0 } }, 1, "[]" },
    { { 1, { 7 } }, 7, "[7]" },
    { { 4, { 64, 1, 28, 28 } }, 50176, "[64, 1, 28, 28]" },
    { { 6, { 1, 2, 3, 4, 5, 6 } }, 720, "[1, 2, 3, 4, 5, 6]" },
    { { 2, { 0, 5 } }, 0, "[0, 5]" },
};

static void shapes_count_and_print(void **state)
{
    char text[64];

    (void)state;
    for (size_t i = 0; i < LEN(shapes); i++) {
        check_ok(fy_shape_check(&shapes[i].shape, FY_F32));
        assert_int_equal(fy_shape_numel(&shapes[i].shape), shapes[i].numel);
        assert_string_equal(fy_shape_text(&shapes[i].shape, text, sizeof(text)), shapes[i].text);
    }
}

static void text_is_cut_to_the_buffer(void **state)
{
    const fy_shape s = FY_SHAPE(64, 1, 28, 28);
    char text[32];

    (void)state;
    for (size_t bytes = 1; bytes < 20; bytes++) {
        memset(text, '#', sizeof(text));
        fy_shape_text(&s, text, bytes);
        assert_int_equal(strlen(text), FYI_MIN(bytes - 1, strlen("[64, 1, 28, 28]")));
        assert_int_equal(text[bytes], '#');
    }
    memset(text, '#', sizeof(text));
    fy_shape_text(&s, text, 0);
    assert_int_equal(text[0], '#');
}

/* The longest text there is must fit the buffer that everybody uses. */
static void spec_names_type_and_shape(void **state)
{
    const fy_shape image = FY_SHAPE(64, 1, 28, 28), scalar = FY_SCALAR;
    const fy_shape longest = FY_SHAPE(INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN, 1);
    char text[FYI_SPEC_CHARS];

    (void)state;
    assert_string_equal(fyi_spec_text(FY_F32, &image, text), "f32[64, 1, 28, 28]");
    assert_string_equal(fyi_spec_text(FY_I64, &scalar, text), "i64");
    fyi_spec_text(FY_BF16, &longest, text);
    assert_in_range(strlen(text), 100, FYI_SPEC_CHARS - 1);
    assert_int_equal(fyi_shape_bytes(&image, FY_BF16), 100352);
}

static void equality_looks_at_used_sizes_only(void **state)
{
    fy_shape a = FY_SHAPE(2, 3), b = FY_SHAPE(2, 3), c = FY_SHAPE(2, 3, 1), d = FY_SHAPE(3, 2);

    (void)state;
    b.d[4] = 99;
    assert_true(fy_shape_equal(&a, &b));
    assert_false(fy_shape_equal(&a, &c));
    assert_false(fy_shape_equal(&a, &d));
}

static const struct bad_case {
    fy_shape shape;
    fy_dtype dtype;
    fy_status expected;
    const char *part;
} bads[] = {
    { { 2, { 3, -1 } }, FY_F32, FY_ESHAPE, "[3, -1] has a negative size" },
    { { 7, { 1 } }, FY_F32, FY_ESHAPE, "rank 7" },
    { { -1, { 1 } }, FY_F32, FY_ESHAPE, "rank -1" },
    { { 2, { INT64_C(1) << 40, INT64_C(1) << 40 } }, FY_U8, FY_ESHAPE, "larger than the address" },
    { { 1, { INT64_MAX / 2 } }, FY_F32, FY_ESHAPE, "larger than the address" },
    { { 3, { 0, INT64_MAX, 3 } }, FY_U8, FY_ESHAPE, "larger than the address" },
    { { 1, { 1 } }, (fy_dtype)99, FY_EDTYPE, "data type 99" },
};

static void impossible_shapes_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(bads); i++) {
        check_status(fy_shape_check(&bads[i].shape, bads[i].dtype), bads[i].expected);
        check_sentence(bads[i].part);
    }
}

static void a_batch_is_an_axis_more(void **state)
{
    const fy_shape image = FY_SHAPE(3, 8, 9), scalar = FY_SCALAR, full = FY_SHAPE(1, 2, 3, 4, 5, 6);
    const fy_shape expected = FY_SHAPE(16, 3, 8, 9), vector = FY_SHAPE(16);
    fy_shape s = fy_shape_batch(16, &image);

    (void)state;
    assert_true(fy_shape_equal(&s, &expected));
    s = fy_shape_batch(16, &scalar);
    assert_true(fy_shape_equal(&s, &vector));
    s = fy_shape_batch(16, &full);
    check_status(fy_shape_check(&s, FY_F32), FY_ESHAPE);
    check_sentence("rank 7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_types_have_sizes_and_names),
        cmocka_unit_test(shapes_count_and_print),
        cmocka_unit_test(text_is_cut_to_the_buffer),
        cmocka_unit_test(spec_names_type_and_shape),
        cmocka_unit_test(equality_looks_at_used_sizes_only),
        cmocka_unit_test(impossible_shapes_are_refused),
        cmocka_unit_test(a_batch_is_an_axis_more),
    };

    return cmocka_run_group_tests_name("shape", tests, NULL, NULL);
}
