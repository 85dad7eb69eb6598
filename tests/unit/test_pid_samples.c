/* Guards decompositions of samples: frequencies, shuffled labels, clusters of features, and samples that are refused. */
#include "support/support.h"

#include <ferry/pid.h>

#include <math.h>

enum { N = 2000 };

typedef struct drawn {
    int32_t x1[N], x2[N], y[N];
} drawn;

/* y = x1 xor x2, wrong in one of `wrong` samples; 0: never. */
static fy_pid_samples draw_xor(drawn *d, uint64_t wrong)
{
    fy_rng r = fy_rng_named(6, "test");

    for (int i = 0; i < N; i++) {
        d->x1[i] = (int32_t)fy_rng_below(&r, 2);
        d->x2[i] = (int32_t)fy_rng_below(&r, 2);
        d->y[i] = d->x1[i] ^ d->x2[i] ^ (wrong != 0 && fy_rng_below(&r, wrong) == 0);
    }
    return (fy_pid_samples){ d->x1, d->x2, d->y, N, 2, 2, 2 };
}

static void samples_come_near_the_truth(void **state)
{
    static drawn d;
    const fy_pid_samples s = draw_xor(&d, 10);
    const double left = 1 + 0.1 * log2(0.1) + 0.9 * log2(0.9);
    fy_pid_bits b, chance;

    (void)state;
    check_ok(fy_pid_of_samples(&s, NULL, &b, &chance));
    assert_true(fabs(b.synergy - left) < 0.05);
    assert_true(b.redundant + b.unique[0] + b.unique[1] < 0.01);
    /* Three degrees of freedom: 3 / (2 n ln 2) bits. */
    assert_true(chance.both > 0.2 * 3 / (2 * N * log(2)) && chance.both < 3 * 3 / (2 * N * log(2)));
}

static void shuffles_go_by_the_seed(void **state)
{
    static drawn d;
    const fy_pid_samples s = draw_xor(&d, 3);
    fy_pid_opts o = fy_pid_defaults();
    fy_pid_bits b, one, same, other, none;

    (void)state;
    check_ok(fy_pid_of_samples(&s, &o, &b, &one));
    check_ok(fy_pid_of_samples(&s, &o, &b, &same));
    assert_memory_equal(&one, &same, sizeof one);
    o.seed = 1;
    check_ok(fy_pid_of_samples(&s, &o, &b, &other));
    assert_true(one.both != other.both);
    o.shuffles = 0;
    check_ok(fy_pid_of_samples(&s, &o, &b, &none));
    assert_true(none.both == 0);
}

/* Two blobs each; the label is where x1 lies, and x2 is beside the point. */
static void clusters_of_features_are_values(void **state)
{
    fy_rng r = fy_rng_named(7, "test");
    fy_pid_opts o = fy_pid_defaults();
    fy_tensor *x1, *x2;
    static int32_t y[N];
    fy_pid_bits b;

    (void)state;
    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(N, 3), &x1));
    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(N, 2), &x2));
    for (int i = 0; i < N; i++) {
        y[i] = (int32_t)fy_rng_below(&r, 2);
        for (int j = 0; j < 3; j++)
            ((float *)fy_tensor_data(x1))[i * 3 + j] = (float)(8 * y[i]) + fy_rng_normal(&r);
        for (int j = 0; j < 2; j++)
            ((float *)fy_tensor_data(x2))[i * 2 + j] = fy_rng_normal(&r);
    }
    o.clusters = 2;
    check_ok(fy_pid_of_features(x1, x2, y, 2, &o, &b, NULL));
    assert_true(b.unique[0] > 0.98 && b.redundant < 0.02 && b.unique[1] < 0.01);
    y[7] = 2;
    check_status(fy_pid_of_features(x1, x2, y, 2, &o, &b, NULL), FY_EINVAL);
    check_sentence("y of sample 7 is 2, but values are 0 to 1");
    o.clusters = N + 1;
    check_status(fy_pid_of_features(x1, x2, y, 2, &o, &b, NULL), FY_EINVAL);
    fy_tensor_free(x2);
    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(N - 1, 2), &x2));
    check_status(fy_pid_of_features(x1, x2, y, 2, NULL, &b, NULL), FY_ESHAPE);
    check_sentence("x1 has 2000 samples, x2 1999");
    fy_tensor_free(x2);
    fy_tensor_free(x1);
}

static void mistakes_are_named(void **state)
{
    static drawn d;
    fy_pid_samples s = draw_xor(&d, 0);
    fy_pid_opts o = fy_pid_defaults();
    fy_pid_bits b;

    (void)state;
    d.x2[5] = -1;
    check_status(fy_pid_of_samples(&s, NULL, &b, NULL), FY_EINVAL);
    check_sentence("x2 of sample 5 is -1, but values are 0 to 1");
    d.x2[5] = 0;
    o.shuffles = -1;
    check_status(fy_pid_of_samples(&s, &o, &b, NULL), FY_EINVAL);
    s.n = 0;
    check_status(fy_pid_of_samples(&s, NULL, &b, NULL), FY_EINVAL);
    check_sentence("there are 0 samples");
}

static fy_status decompose(void *arg)
{
    static const int32_t v[4] = { 0, 1, 1, 0 };
    fy_pid_opts o = fy_pid_defaults();
    fy_pid_bits b, chance;

    (void)arg;
    o.shuffles = 1;
    return fy_pid_of_samples(&(fy_pid_samples){ v, v, v, 4, 2, 2, 2 }, &o, &b, &chance);
}

static void running_out_of_memory_leaves_nothing(void **state)
{
    (void)state;
    fyt_check_alloc_failures(decompose, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_come_near_the_truth),
        cmocka_unit_test(shuffles_go_by_the_seed),
        cmocka_unit_test(clusters_of_features_are_values),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(running_out_of_memory_leaves_nothing),
    };
    return cmocka_run_group_tests_name("pid_samples", tests, NULL, NULL);
}
