/* Guards the critic's moments: however many evaluations there are, the report gets the first, the last and
 * evenly spread ones between. */
#include "support/support.h"

#include "methods/pictures.h"

enum { N = 6, STRIDE = 7 };

/* Samples of two values, which are the critic's logits. */
static fy_dataset *pairs(void)
{
    fy_tensor *x;
    fy_dataset *d;

    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(N, 2), &x));
    for (int i = 0; i < N; i++)
        ((float *)fy_tensor_data(x))[2 * i + 1] = (float)i - 2.5f;
    check_ok(fy_dataset_from_tensors("pairs", x, NULL, 0, &d));
    fy_tensor_free(x);
    return d;
}

static fy_node same(void *arg, fy_graph *g, bool is_target, fy_node x)
{
    return is_target || arg ? fy_scale(g, x, 1) : x;
}

static int64_t count(const int32_t bins[PICTURE_BINS])
{
    int64_t n = 0;

    for (int i = 0; i < PICTURE_BINS; i++)
        n += bins[i];
    return n;
}

static void check_spread(const picture_moments *m, int64_t last)
{
    const int64_t even = last > PICTURE_MOMENTS - 1 ? last / (PICTURE_MOMENTS - 1) : 1;

    assert_int_equal(m->n, last < PICTURE_MOMENTS ? last + 1 : PICTURE_MOMENTS);
    assert_int_equal(m->moment[0].step, 0);
    assert_int_equal(m->moment[m->n - 1].step, last * STRIDE);
    for (int64_t i = 1; i < m->n; i++) {
        const int64_t gap = (m->moment[i].step - m->moment[i - 1].step) / STRIDE;

        assert_true(gap == even || (gap == even + 1 && last % (PICTURE_MOMENTS - 1) != 0));
        assert_int_equal(count(m->moment[i].source), N);
        assert_int_equal(count(m->moment[i].target), N);
    }
}

static void moments_are_thinned_evenly(void **state)
{
    static const int64_t lasts[] = { 1, 20, 62, 63, 64, 100, 126, 255 };
    fy_dataset *d = pairs();
    const fy_adapt_data data = { .source = d, .target = d };
    fy_device *dev;

    (void)state;
    check_ok(fy_device_open("cpu", &dev));
    const picture_critic_of critic = { .dev = dev, .data = &data, .fn = same };
    for (size_t k = 0; k < LEN(lasts); k++) {
        picture_moments m = { .last = lasts[k] };

        for (int64_t i = 0; i <= lasts[k]; i++)
            check_ok(picture_critic(&m, &critic, i * STRIDE));
        check_spread(&m, lasts[k]);
        check_status(picture_critic(&m, &critic, 1 << 20), FY_EINVAL);
    }
    fy_device_close(dev);
    fy_dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(moments_are_thinned_evenly) };
    return cmocka_run_group_tests_name("pictures", tests, NULL, NULL);
}
