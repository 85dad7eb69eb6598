/* Guards the widening of what files hold: every half-precision number, both ends of every integer type, views
 * of every kind, and views that reach where they should not. */
#include "support/support.h"

#include "tensor/tensor.h"

#include <math.h>
#include <string.h>

/* From the definition: sign, exponent of bias 15, ten bits of fraction (IEEE 754, binary16). */
static double half(uint16_t h)
{
    const int exponent = h >> 10 & 31, fraction = h & 1023;
    const double sign = h >> 15 ? -1 : 1;

    if (exponent == 31)
        return fraction ? (double)NAN : sign * (double)INFINITY;
    if (exponent == 0)
        return sign * ldexp(fraction, -24);
    return sign * ldexp(1024 + fraction, exponent - 25);
}

static void every_half_is_read(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 65536; h++) {
        const float got = fyi_f16_to_f32((uint16_t)h);
        const double expected = half((uint16_t)h);

        if (isnan(expected) ? !isnan(got)
                            : (double)got != expected || (signbit(got) != 0) != (h >> 15 != 0))
            fail_msg("half %04x is read as %g, not %g", (unsigned)h, (double)got, expected);
    }
}

static const struct type_row {
    const char *name;
    uint8_t bytes[8]; /* little-endian */
    fy_dtype dtype;
    int64_t value;
} type_rows[] = {
    { "I8", { 0x80 }, FY_I32, -128 },
    { "I8", { 0x7f }, FY_I32, 127 },
    { "I16", { 0x00, 0x80 }, FY_I32, -32768 },
    { "U16", { 0xff, 0xff }, FY_I32, 65535 },
    { "I32", { 0, 0, 0, 0x80 }, FY_I32, INT32_MIN },
    { "U32", { 0xff, 0xff, 0xff, 0xff }, FY_I64, 4294967295 },
    { "I64", { 0, 0, 0, 0, 0, 0, 0, 0x80 }, FY_I64, INT64_MIN },
    { "U64", { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f }, FY_I64, INT64_MAX },
    { "U8", { 255 }, FY_U8, 255 },
    { "BOOL", { 1 }, FY_U8, 1 },
    { "BOOL", { 7 }, FY_U8, 1 },
};

static int64_t integer_at(fy_dtype t, const void *p)
{
    int64_t v = 0;

    fy_cast(FY_I64, &v, t, p, 1);
    return v;
}

static void integers_keep_their_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(type_rows); i++) {
        const struct type_row *row = &type_rows[i];
        fyi_view v = { .stored = fyi_stored_find(row->name) };
        uint8_t swapped[8], got[8];

        assert_int_equal(v.stored->dtype, row->dtype);
        check_ok(fyi_view_read(&v, row->bytes, got, "f", "t"));
        assert_true(integer_at(row->dtype, got) == row->value);
        for (size_t b = 0; b < v.stored->bytes; b++)
            swapped[b] = row->bytes[v.stored->bytes - 1 - b];
        v.is_swapped = true;
        check_ok(fyi_view_read(&v, swapped, got, "f", "t"));
        assert_true(integer_at(row->dtype, got) == row->value);
    }
}

static void too_large_a_u64_is_refused(void **state)
{
    const uint64_t values[2] = { 1, (uint64_t)1 << 63 };
    fyi_view v = { .stored = fyi_stored_find("U64"), .shape = FY_SHAPE(2) };
    int64_t got[2];

    (void)state;
    fyi_view_pack(&v, false);
    check_status(fyi_view_read(&v, values, got, "f.npy", "steps"), FY_EDTYPE);
    check_sentence("'f.npy': tensor 'steps' holds a U64 above 2^63 - 1");
}

static const struct view_row {
    const char *name;
    fy_shape shape;
    int64_t offset, stride[3];
    float expected[6]; /* of a block 0, 1, 2, ... 11 */
} view_rows[] = {
    { "plain", { 2, { 2, 3 } }, 0, { 3, 1 }, { 0, 1, 2, 3, 4, 5 } },
    { "offset", { 1, { 3 } }, 9, { 1 }, { 9, 10, 11 } },
    { "transposed", { 2, { 2, 3 } }, 0, { 1, 2 }, { 0, 2, 4, 1, 3, 5 } },
    { "every second", { 1, { 6 } }, 1, { 2 }, { 1, 3, 5, 7, 9, 11 } },
    { "repeated", { 2, { 3, 2 } }, 4, { 0, 1 }, { 4, 5, 4, 5, 4, 5 } },
    { "size 1", { 3, { 2, 1, 2 } }, 0, { 4, INT64_MAX, 1 }, { 0, 1, 4, 5 } },
    { "scalar", { 0, { 0 } }, 7, { 0 }, { 7 } },
    { "nothing", { 2, { 0, 5 } }, 12, { 1, 1 }, { 0 } },
};

static void views_are_gathered(void **state)
{
    const struct view_row *row = *state;
    fyi_view v = { .stored = fyi_stored_find("F32"), .shape = row->shape, .offset = row->offset };
    float block[12], got[6] = { 0 };

    for (int i = 0; i < 12; i++)
        block[i] = (float)i;
    memcpy(v.stride, row->stride, sizeof row->stride);
    check_ok(fyi_view_check(&v, 12, "f", row->name));
    check_ok(fyi_view_read(&v, block, got, "f", row->name));
    check_close(got, row->expected, fy_shape_numel(&v.shape), 0, 0);
}

static const struct reach_row {
    const char *name;
    fy_shape shape;
    int64_t offset, stride[2];
    const char *sentence;
} reach_rows[] = {
    { "one too far", { 1, { 4 } }, 9, { 1 }, "reaches beyond the 12 numbers" },
    { "stride", { 2, { 3, 3 } }, 0, { 5, 1 }, "reaches beyond" },
    { "before", { 1, { 1 } }, -1, { 1 }, "reaches beyond" },
    { "backwards", { 1, { 2 } }, 5, { -1 }, "reaches beyond" },
    { "overflow", { 2, { 3, 3 } }, 0, { INT64_MAX / 2, INT64_MAX / 2 }, "reaches beyond" },
    { "offset overflow", { 1, { 2 } }, INT64_MAX, { 1 }, "reaches beyond" },
    { "blown up", { 1, { 1000000000 } }, 0, { 0 }, "repeats the 12 numbers" },
};

static void views_stay_in_their_block(void **state)
{
    const struct reach_row *row = *state;
    fyi_view v = { .stored = fyi_stored_find("F32"), .shape = row->shape, .offset = row->offset };

    memcpy(v.stride, row->stride, sizeof row->stride);
    check_status(fyi_view_check(&v, 12, "f.pth", row->name), FY_EFORMAT);
    check_sentence("'f.pth'");
    check_sentence(row->sentence);
}

int main(void)
{
    struct CMUnitTest tests[3 + LEN(view_rows) + LEN(reach_rows)] = {
        cmocka_unit_test(every_half_is_read),
        cmocka_unit_test(integers_keep_their_ends),
        cmocka_unit_test(too_large_a_u64_is_refused),
    };
    size_t n = 3;

    for (size_t i = 0; i < LEN(view_rows); i++)
        tests[n++] = (struct CMUnitTest){ view_rows[i].name, views_are_gathered, NULL, NULL,
                                          (void *)(uintptr_t)&view_rows[i] };
    for (size_t i = 0; i < LEN(reach_rows); i++)
        tests[n++] = (struct CMUnitTest){ reach_rows[i].name, views_stay_in_their_block, NULL, NULL,
                                          (void *)(uintptr_t)&reach_rows[i] };
    return cmocka_run_group_tests_name("stored", tests, NULL, NULL);
}
