/* test_layout.c: where elements lie in plain, channels-last and blocked layouts. Guards that every
 * layout holds each element once and that padding is counted. */
#include "support/support.h"

#include "graph/kernel.h"

#include <string.h>

/* OIhw4i16o4i: an axis with two inner blocks. */
static const fyi_layout twice_blocked = { .rank = 4,
                                          .n_inner = 3,
                                          .outer = { 0, 1, 2, 3 },
                                          .inner_axis = { 1, 0, 1 },
                                          .inner_size = { 4, 16, 4 } };
static const fyi_layout channels_last = { .rank = 4, .outer = { 0, 2, 3, 1 } };

/* ---- texts ----------------------------------------------------------------------------------- */

static void layouts_are_written_as_onednn_does(void **state)
{
    const fyi_layout plain = fyi_layout_plain(4), blocked = fyi_layout_channel_block(4, 16);
    const fyi_layout scalar = fyi_layout_plain(0);
    char buf[32];
    (void)state;
    assert_string_equal(fyi_layout_text(&plain, buf), "abcd");
    assert_string_equal(fyi_layout_text(&blocked, buf), "aBcd16b");
    assert_string_equal(fyi_layout_text(&channels_last, buf), "acdb");
    assert_string_equal(fyi_layout_text(&twice_blocked, buf), "ABcd4b16a4b");
    assert_string_equal(fyi_layout_text(&scalar, buf), "");
}

/* ---- equality -------------------------------------------------------------------------------- */

static void equal_layouts_ignore_what_is_not_used(void **state)
{
    fyi_layout a = fyi_layout_plain(3), b = fyi_layout_plain(3);
    (void)state;
    b.outer[4] = 9;
    b.inner_size[0] = 7;
    assert_true(fyi_layout_equal(&a, &b));
    assert_true(fyi_layout_is_plain(&b));
    b = fyi_layout_channel_block(3, 8);
    assert_false(fyi_layout_equal(&a, &b));
    assert_false(fyi_layout_is_plain(&b));
    a = fyi_layout_channel_block(3, 16);
    assert_false(fyi_layout_equal(&a, &b));
    assert_false(fyi_layout_is_plain(&channels_last));
}

/* A vector has no channels to block. */
static void blocks_need_a_channel_axis(void **state)
{
    const fyi_layout vector = fyi_layout_channel_block(1, 16),
                     whole = fyi_layout_channel_block(4, 1);
    (void)state;
    assert_true(fyi_layout_is_plain(&vector));
    assert_true(fyi_layout_is_plain(&whole));
}

/* ---- offsets --------------------------------------------------------------------------------- */

static const struct offset_case {
    const char *name;
    fyi_layout layout;
    fy_shape shape;
    int64_t at[4], offset, numel;
    /* clang-format off */
} offsets[] = {
    { "plain", { .rank = 4, .outer = { 0, 1, 2, 3 } },
      { 4, { 2, 3, 4, 5 } }, { 1, 2, 3, 4 }, 119, 120 },
    { "channels last", { .rank = 4, .outer = { 0, 2, 3, 1 } },
      { 4, { 2, 3, 4, 5 } }, { 1, 2, 0, 1 }, 60 + 3 + 2, 120 },
    { "nChw16c", { .rank = 4, .n_inner = 1, .outer = { 0, 1, 2, 3 }, .inner_axis = { 1 },
                   .inner_size = { 16 } },
      { 4, { 2, 20, 3, 3 } }, { 1, 17, 2, 0 }, ((1 * 2 + 1) * 9 + 6) * 16 + 1, 2 * 32 * 9 },
    { "OIhw16i16o", { .rank = 4, .n_inner = 2, .outer = { 0, 1, 2, 3 }, .inner_axis = { 1, 0 },
                      .inner_size = { 16, 16 } },
      { 4, { 20, 3, 1, 1 } }, { 18, 2, 0, 0 }, 256 + 2 * 16 + 2, 512 },
    { "OIhw4i16o4i", { .rank = 4, .n_inner = 3, .outer = { 0, 1, 2, 3 }, .inner_axis = { 1, 0, 1 },
                       .inner_size = { 4, 16, 4 } },
      { 4, { 16, 16, 1, 1 } }, { 3, 9, 0, 0 }, 2 * 64 + 3 * 4 + 1, 256 },
    { "scalar", { 0 }, { 0, { 0 } }, { 0 }, 0, 1 },
};
/* clang-format on */

static void elements_lie_where_the_formula_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(offsets); i++) {
        const struct offset_case *c = &offsets[i];
        const fyi_desc d = { .dtype = FY_F64, .shape = c->shape, .layout = c->layout };
        assert_int_equal(fyi_layout_offset(&c->layout, &c->shape, c->at), c->offset);
        assert_int_equal(fyi_layout_numel(&c->layout, &c->shape), c->numel);
        assert_int_equal(fyi_desc_bytes(&d), 8 * c->numel);
    }
}

static void every_element_has_a_place_of_its_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(offsets); i++) {
        const struct offset_case *c = &offsets[i];
        int64_t at[FY_MAX_RANK] = { 0 }, taken = 0;
        bool *seen = fyi_calloc((size_t)c->numel, sizeof *seen);
        assert_non_null(seen);
        for (int64_t k = 0; k < fy_shape_numel(&c->shape); k++) {
            const int64_t o = fyi_layout_offset(&c->layout, &c->shape, at);
            assert_true(o >= 0 && o < c->numel);
            taken += !seen[o];
            seen[o] = true;
            for (int x = c->shape.rank - 1; x >= 0 && ++at[x] == c->shape.d[x]; x--)
                at[x] = 0;
        }
        assert_int_equal(taken, fy_shape_numel(&c->shape));
        fyi_free(seen);
    }
}

static void sizes_are_rounded_up_to_blocks(void **state)
{
    const fyi_layout blocked = fyi_layout_channel_block(4, 16);
    const fy_shape shape = FY_SHAPE(2, 17, 3, 0), padded = fyi_layout_padded(&blocked, &shape);
    const fy_shape expected = FY_SHAPE(2, 32, 3, 0);
    (void)state;
    assert_true(fy_shape_equal(&padded, &expected));
    assert_int_equal(fyi_layout_numel(&blocked, &shape), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts_are_written_as_onednn_does),
        cmocka_unit_test(equal_layouts_ignore_what_is_not_used),
        cmocka_unit_test(blocks_need_a_channel_axis),
        cmocka_unit_test(elements_lie_where_the_formula_says),
        cmocka_unit_test(every_element_has_a_place_of_its_own),
        cmocka_unit_test(sizes_are_rounded_up_to_blocks),
    };
    return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
