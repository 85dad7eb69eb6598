/* Guards what a step does with numbers too small for a normal exponent: zero in everything it calculates on every
 * compute thread (a model that is sure of its samples has such gradients, and they cost a hundred times as much),
 * and the caller's own arithmetic is the same before and after.
 *
 * labels: threads */
#include "support/support.h"

#include <ferry/ferry.h>
#include <stdatomic.h>

#define N 4096

/* Tiny, but normal; their product is not. */
static float product(void)
{
    volatile float a = 1e-30f, b = 1e-10f;
    return a * b;
}

static void count_zeros(void *ctx, int64_t begin, int64_t end)
{
    for (int64_t i = begin; i < end; i++)
        if (product() == 0)
            atomic_fetch_add((atomic_int *)ctx, 1);
}

static int zeros_of_all_threads(void)
{
    atomic_int n = 0;
    fyi_parallel(N, 1, count_zeros, &n);
    return n;
}

static bool can_flush(void)
{
    const fyi_fp_mode before = fyi_flush_denormals();
    const bool can = product() == 0;
    fyi_restore_denormals(before);
    return can;
}

static void every_thread_flushes_and_gives_back(void **state)
{
    (void)state;
    if (!can_flush())
        skip();
    for (int threads = 1; threads <= 5; threads++) {
        fyi_set_threads(threads);
        assert_int_equal(zeros_of_all_threads(), 0);
        const fyi_fp_mode before = fyi_flush_denormals();
        assert_int_equal(zeros_of_all_threads(), N);
        fyi_restore_denormals(before);
        assert_int_equal(zeros_of_all_threads(), 0);
    }
    fyi_set_threads(0);
}

static void a_callers_own_flushing_stays(void **state)
{
    (void)state;
    if (!can_flush())
        skip();
    const fyi_fp_mode own = fyi_flush_denormals();
    fyi_restore_denormals(fyi_flush_denormals());
    assert_int_equal(zeros_of_all_threads(), N);
    fyi_restore_denormals(own);
    assert_int_equal(zeros_of_all_threads(), 0);
}

/* y = x / 2^10 of an x near the smallest normal number, by one step on `device`. */
static void scale_down(const char *device, float y[N])
{
    static float x[N];
    fy_device *dev;
    fy_graph *g;
    fy_plan *plan;
    for (int i = 0; i < N; i++)
        x[i] = 0x1p-120f;
    check_ok(fy_device_open(device, &dev));
    check_ok(fy_graph_new(&g));
    const fy_node in = fy_input(g, "x", FY_F32, FY_SHAPE(N));
    const fy_node out = fy_scale(g, in, 0x1p-10f);
    const fy_plan_opts o = { .outputs = &out, .n_outputs = 1 };
    check_ok(fy_plan_new(g, dev, &o, &plan));
    check_ok(fy_plan_feed(plan, in, x));
    check_ok(fy_plan_step(plan));
    assert_true(product() != 0); /* the caller's arithmetic */
    assert_int_equal(zeros_of_all_threads(), 0);
    check_ok(fy_plan_read(plan, out, y, N));
    fy_plan_free(plan);
    fy_graph_free(g);
    fy_device_close(dev);
}

static void a_step_calculates_without_denormals(void **state)
{
    float y[N];
    (void)state;
    if (!can_flush())
        skip();
    scale_down("cpu", y);
    for (int i = 0; i < N; i++)
        assert_true(y[i] == 0);
    scale_down("ref", y);
    for (int i = 0; i < N; i++)
        assert_true(y[i] == 0x1p-130f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_thread_flushes_and_gives_back),
        cmocka_unit_test(a_callers_own_flushing_stays),
        cmocka_unit_test(a_step_calculates_without_denormals),
    };
    return cmocka_run_group_tests_name("denormal", tests, NULL, NULL);
}
