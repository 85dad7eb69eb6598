/* Guards conversions between data types at the values where C itself would be undefined: NaN,
 * infinity, out of range; and bf16's rounding, where a second rounding would go wrong. */
#include "support/support.h"

#include "tensor/tensor.h"

#include <math.h>
#include <string.h>

static const fy_dtype dtypes[] = { FY_F32, FY_F64, FY_BF16, FY_I32, FY_I64, FY_U8 };

static const struct to_int_case {
    double value;
    int64_t i64, i32, u8;
    const char *why;
} to_ints[] = {
    { 0.0, 0, 0, 0, "zero" },
    { -0.9, 0, 0, 0, "cut toward zero" },
    { 1.9, 1, 1, 1, "cut toward zero" },
    { 255.9, 255, 255, 255, "the last u8" },
    { 256.0, 256, 256, 255, "saturates" },
    { -1.0, -1, -1, 0, "u8 has no negatives" },
    { 2147483647.5, 2147483647, INT32_MAX, 255, "the last i32" },
    { 2147483648.0, 2147483648, INT32_MAX, 255, "one above" },
    { -2147483648.5, -2147483648, INT32_MIN, 0, "the first i32" },
    { -2147483649.0, -2147483649, INT32_MIN, 0, "one below" },
    { 9223372036854774784.0, 9223372036854774784, INT32_MAX, 255, "the last double below 2^63" },
    { 0x1p63, INT64_MAX, INT32_MAX, 255, "2^63 itself is too large" },
    { -0x1p63, INT64_MIN, INT32_MIN, 0, "-2^63 is not" },
    { 1e300, INT64_MAX, INT32_MAX, 255, "far out" },
    { (double)INFINITY, INT64_MAX, INT32_MAX, 255, "infinite" },
    { -(double)INFINITY, INT64_MIN, INT32_MIN, 0, "minus infinite" },
    { (double)NAN, 0, 0, 0, "NaN" },
};

static void check_to_ints(fy_dtype from, const void *src, const struct to_int_case *c)
{
    int64_t i64;
    int32_t i32;
    uint8_t u8;

    fy_cast(FY_I64, &i64, from, src, 1);
    fy_cast(FY_I32, &i32, from, src, 1);
    fy_cast(FY_U8, &u8, from, src, 1);
    if (i64 != c->i64 || i32 != c->i32 || u8 != c->u8)
        fail_msg("%g (%s) from %s gave %lld, %d, %d", c->value, c->why, fy_dtype_name(from),
                 (long long)i64, (int)i32, (int)u8);
}

static void floats_become_integers_without_surprise(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(to_ints); i++) {
        const float f = (float)to_ints[i].value;

        check_to_ints(FY_F64, &to_ints[i].value, &to_ints[i]);
        /* Only where the narrower type holds the value. */
        if ((double)f == to_ints[i].value || isnan(f)) {
            const uint16_t h = fyi_f32_to_bf16(f);

            check_to_ints(FY_F32, &f, &to_ints[i]);
            if (fyi_bf16_to_f32(h) == f || isnan(f))
                check_to_ints(FY_BF16, &h, &to_ints[i]);
        }
    }
}

static const struct int_case {
    int64_t value;
    int32_t i32;
    uint8_t u8;
} ints[] = {
    { 0, 0, 0 },
    { 255, 255, 255 },
    { 256, 256, 255 },
    { -1, -1, 0 },
    { INT64_C(1) << 40, INT32_MAX, 255 },
    { INT64_MIN, INT32_MIN, 0 },
    { INT64_MAX, INT32_MAX, 255 },
};

static void wide_integers_saturate(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(ints); i++) {
        int64_t back;
        int32_t i32;
        uint8_t u8, u8_from_i32;

        fy_cast(FY_I32, &i32, FY_I64, &ints[i].value, 1);
        fy_cast(FY_U8, &u8, FY_I64, &ints[i].value, 1);
        fy_cast(FY_U8, &u8_from_i32, FY_I32, &i32, 1);
        fy_cast(FY_I64, &back, FY_I32, &i32, 1);
        assert_int_equal(i32, ints[i].i32);
        assert_int_equal(u8, ints[i].u8);
        assert_int_equal(u8_from_i32, ints[i].u8);
        assert_int_equal(back, i32);
    }
}

/* bf16 keeps 8 bits: its neighbours above 1 are 1 + 2^-7, so 1 + 2^-8 is a tie. */
static const struct bf16_case {
    double value;
    uint16_t expected;
    const char *why;
} bf16s[] = {
    { 0.0, 0x0000, "zero" },
    { -0.0, 0x8000, "minus zero" },
    { 1.0, 0x3f80, "exact" },
    { 1 + 0x1p-8, 0x3f80, "a tie goes to even, down" },
    { 1 + 0x3p-8, 0x3f82, "a tie goes to even, up" },
    { 1 + 0x1p-8 + 0x1p-20, 0x3f81, "above the tie, visible in f32" },
    { 1 + 0x1p-8 + 0x1p-40, 0x3f81, "above the tie, lost in f32" },
    { 1 + 0x3p-8 - 0x1p-40, 0x3f81, "below the tie, lost in f32" },
    { -(1 + 0x1p-8 + 0x1p-40), 0xbf81, "the same below zero" },
    { 0x1.fep127, 0x7f7f, "the largest" },
    { 0x1.ff8p127, 0x7f80, "above it: infinite" },
    { 1e300, 0x7f80, "far above" },
    { -1e300, 0xff80, "far below" },
    { (double)INFINITY, 0x7f80, "infinite" },
    { 0x1p-133, 0x0001, "the smallest" },
    { 0x1p-134, 0x0000, "a tie with zero" },
    { 0x1p-134 + 0x1p-150, 0x0001, "above that tie, lost among the subnormal floats" },
    { 1e-300, 0x0000, "too small" },
};

static void bf16_rounds_once_to_nearest_even(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(bf16s); i++) {
        const float f = (float)bf16s[i].value;
        uint16_t h;

        fy_cast(FY_BF16, &h, FY_F64, &bf16s[i].value, 1);
        if (h != bf16s[i].expected)
            fail_msg("%a (%s) gave 0x%04x", bf16s[i].value, bf16s[i].why, (unsigned)h);
        if ((double)f != bf16s[i].value)
            continue;
        fy_cast(FY_BF16, &h, FY_F32, &f, 1);
        assert_int_equal(h, bf16s[i].expected);
    }
}

static const struct bf16_int_case {
    int64_t value;
    uint16_t expected;
    const char *why;
} bf16_ints[] = {
    { 257, 0x4380, "a tie, to even" },
    { 259, 0x4382, "a tie, to even" },
    { (INT64_C(257) << 50) + 1, 0x5c81, "above the tie, lost in a double" },
    { -(INT64_C(257) << 50) - 1, 0xdc81, "the same below zero" },
    { (INT64_C(259) << 50) - 1, 0x5c81, "below the tie, lost in a double" },
    { INT64_MAX, 0x5f00, "2^63" },
    { INT64_MIN, 0xdf00, "-2^63" },
};

static void integers_become_bf16_with_one_rounding(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(bf16_ints); i++) {
        uint16_t h;

        fy_cast(FY_BF16, &h, FY_I64, &bf16_ints[i].value, 1);
        if (h != bf16_ints[i].expected)
            fail_msg("%lld (%s) gave 0x%04x", (long long)bf16_ints[i].value, bf16_ints[i].why,
                     (unsigned)h);
    }
}

static void nan_stays_nan_among_floats(void **state)
{
    static const uint32_t nans[] = { 0x7f800001, 0x7fffffff, 0xff800001, 0x7fc00000 };

    (void)state;
    for (size_t i = 0; i < LEN(nans); i++) {
        float f, back;
        double d;
        uint16_t h;

        memcpy(&f, &nans[i], sizeof(f));
        fy_cast(FY_BF16, &h, FY_F32, &f, 1);
        fy_cast(FY_F32, &back, FY_BF16, &h, 1);
        assert_true(isnan(back));
        fy_cast(FY_F64, &d, FY_F32, &f, 1);
        assert_true(isnan(d));
        fy_cast(FY_BF16, &h, FY_F64, &d, 1);
        fy_cast(FY_F64, &d, FY_BF16, &h, 1);
        assert_true(isnan(d));
    }
}

/* Small integers are exact in every type, so any chain of two casts must give them back. */
static void all_pairs_keep_small_integers_at_any_alignment(void **state)
{
    const uint8_t values[] = { 0, 1, 2, 3, 100, 127, 128, 129, 200, 254, 255 };
    const int64_t n = (int64_t)LEN(values);
    char a[1 + 8 * LEN(values)], b[1 + 8 * LEN(values)];
    uint8_t back[LEN(values)];

    (void)state;
    for (size_t i = 0; i < LEN(dtypes); i++) {
        for (size_t k = 0; k < LEN(dtypes); k++) {
            fy_cast(dtypes[i], a + 1, FY_U8, values, n);
            fy_cast(dtypes[k], b + 1, dtypes[i], a + 1, n);
            fy_cast(FY_U8, back, dtypes[k], b + 1, n);
            assert_memory_equal(back, values, sizeof(values));
        }
    }
}

static void casting_nothing_touches_nothing(void **state)
{
    float f = 3.0f;

    (void)state;
    fy_cast(FY_F32, &f, FY_I64, NULL, 0);
    fy_cast(FY_F32, &f, FY_F32, NULL, 0);
    assert_true(f == 3.0f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floats_become_integers_without_surprise),
        cmocka_unit_test(wide_integers_saturate),
        cmocka_unit_test(bf16_rounds_once_to_nearest_even),
        cmocka_unit_test(integers_become_bf16_with_one_rounding),
        cmocka_unit_test(nan_stays_nan_among_floats),
        cmocka_unit_test(all_pairs_keep_small_integers_at_any_alignment),
        cmocka_unit_test(casting_nothing_touches_nothing),
    };

    return cmocka_run_group_tests_name("cast", tests, NULL, NULL);
}
