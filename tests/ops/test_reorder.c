/* test_reorder.c: layout and type changes on every device. Guards that each element arrives at its
 * place and that the padding of blocks is zeros, which blocked kernels rely on. */
#include "support/op_check.h"

#include "graph/plan.h"

#include <math.h>
#include <string.h>

typedef struct reorder_case {
    const char *name, *why;
    fy_shape shape;
    fyi_layout from, to;
} reorder_case;

/* clang-format off */
#define PLAIN(r) { .rank = r, .outer = { 0, 1, 2, 3 } }
#define LAST { .rank = 4, .outer = { 0, 2, 3, 1 } }
#define BLOCK(r, n) { .rank = r, .n_inner = 1, .outer = { 0, 1, 2, 3 }, \
                      .inner_axis = { 1 }, .inner_size = { n } }
#define WEIGHTS { .rank = 4, .n_inner = 2, .outer = { 0, 1, 2, 3 }, \
                  .inner_axis = { 1, 0 }, .inner_size = { 16, 16 } }

static const reorder_case cases[] = {
    { "plain to plain", "a copy", { 4, { 2, 3, 4, 5 } }, PLAIN(4), PLAIN(4) },
    { "plain to nChw16c", "a rest of 4 channels", { 4, { 2, 20, 3, 5 } }, PLAIN(4), BLOCK(4, 16) },
    { "nChw16c to plain", "and back", { 4, { 2, 20, 3, 5 } }, BLOCK(4, 16), PLAIN(4) },
    { "nChw8c to nChw16c", "between blocks", { 4, { 2, 20, 3, 5 } }, BLOCK(4, 8), BLOCK(4, 16) },
    { "plain to channels last", "axes change places", { 4, { 2, 3, 4, 5 } }, PLAIN(4), LAST },
    { "plain to OIhw16i16o", "padded on two axes", { 4, { 20, 3, 3, 3 } }, PLAIN(4), WEIGHTS },
    { "OIhw16i16o to plain", "and back", { 4, { 20, 3, 3, 3 } }, WEIGHTS, PLAIN(4) },
    { "transposed matrix", "rank 2", { 2, { 7, 5 } }, PLAIN(2), { .rank = 2, .outer = { 1, 0 } } },
    { "scalar", "no axes at all", { 0, { 0 } }, { 0 }, { 0 } },
};
/* clang-format on */

static fyi_desc desc_of(const reorder_case *c, fy_dtype t, const fyi_layout *l)
{
    return (fyi_desc){ .dtype = t, .shape = c->shape, .layout = *l };
}

static void *new_bytes(const fyi_desc *d, int fill)
{
    void *p = fyi_alloc(fyi_desc_bytes(d));
    assert_non_null(p);
    memset(p, fill, fyi_desc_bytes(d));
    return p;
}

/* The element at logical index i is i + 1, the padding is zeros; `check` compares instead of
 * writing. */
static void each_element(const fyi_desc *d, float *v, bool check)
{
    int64_t at[FY_MAX_RANK] = { 0 }, zeros = fyi_layout_numel(&d->layout, &d->shape);
    for (int64_t i = 0; i < fy_shape_numel(&d->shape); i++) {
        float *x = &v[fyi_layout_offset(&d->layout, &d->shape, at)];
        if (!check)
            *x = (float)(i + 1);
        else
            assert_true(*x == (float)(i + 1));
        for (int k = d->shape.rank - 1; k >= 0 && ++at[k] == d->shape.d[k]; k--)
            at[k] = 0;
    }
    for (int64_t i = 0; i < fyi_layout_numel(&d->layout, &d->shape); i++)
        zeros -= v[i] != 0;
    assert_int_equal(zeros, fyi_layout_numel(&d->layout, &d->shape) - fy_shape_numel(&d->shape));
}

static void reorder_on(const reorder_case *c, const char *device)
{
    const fyi_desc from = desc_of(c, FY_F32, &c->from), to = desc_of(c, FY_F32, &c->to);
    fy_device *dev;
    float *src = new_bytes(&from, 0), *dst = new_bytes(&to, 0xff); /* NaN: all of it is written */
    check_ok(fy_device_open(device, &dev));
    each_element(&from, src, false);
    check_ok(fyi_convert(dev, &from, src, &to, dst));
    each_element(&to, dst, true);
    fy_device_close(dev);
    fyi_free(dst);
    fyi_free(src);
}

static void elements_arrive_at_their_places(void **state)
{
    reorder_on(*state, "ref");
    reorder_on(*state, "cpu");
}

/* Parameters are f32 and the reference device keeps f64. */
static void types_change_on_the_way(void **state)
{
    const reorder_case *c = &cases[1];
    const fyi_desc from = desc_of(c, FY_F32, &c->from), to = desc_of(c, FY_F64, &c->from);
    const int64_t n = fy_shape_numel(&c->shape);
    fy_device *dev;
    float *src = new_bytes(&from, 0), *back = new_bytes(&from, 0);
    double *wide = new_bytes(&to, 0xff);
    (void)state;
    check_ok(fy_device_open("ref", &dev));
    each_element(&from, src, false);
    check_ok(fyi_convert(dev, &from, src, &to, wide));
    for (int64_t i = 0; i < n; i++)
        assert_true(wide[i] == (double)src[i]);
    check_ok(fyi_convert(dev, &to, wide, &from, back));
    assert_memory_equal(back, src, fyi_desc_bytes(&from));
    fy_device_close(dev);
    fyi_free(wide);
    fyi_free(back);
    fyi_free(src);
}

int main(void)
{
    struct CMUnitTest tests[LEN(cases) + 1];
    for (size_t i = 0; i < LEN(cases); i++)
        tests[i] = (struct CMUnitTest){ cases[i].name, elements_arrive_at_their_places, NULL, NULL,
                                        (void *)(uintptr_t)&cases[i] };
    tests[LEN(cases)] = (struct CMUnitTest)cmocka_unit_test(types_change_on_the_way);
    return cmocka_run_group_tests_name("reorder", tests, NULL, NULL);
}
