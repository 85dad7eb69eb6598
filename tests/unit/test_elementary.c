/* test_elementary.c: the native kernels' exp, sigmoid, tanh and ln(1 + x) against the C
 * library's in double. Guards their accuracy over the whole range, and their ends. */
#include "backend/native/elementary.h"
#include "support/support.h"

/* Distance in units in the last place of the exact value in f32. */
static double ulps(float actual, double exact)
{
    const float nearest = (float)exact;
    if (isnan(actual) || isinf(nearest))
        return actual == nearest || (isnan(actual) && isnan(nearest)) ? 0 : INFINITY;
    const double unit = (double)nextafterf(fabsf(nearest), INFINITY) - (double)fabsf(nearest);
    return fabs((double)actual - exact) / unit;
}

static double exact_sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static const struct {
    const char *name;
    float (*fast)(float);
    double (*exact)(double);
    double lo, hi, most; /* ulps */
} functions[] = {
    { "exp", fyi_expf, exp, -87, 88.7, 2 },
    { "sigmoid", fyi_sigmoidf, exact_sigmoid, -80, 80, 4 },
    { "tanh", fyi_tanhf, tanh, -12, 12, 3 },
    { "log1p", fyi_log1pf_to_one, log1p, 0, 1, 3 },
};

static void functions_are_accurate(void **state)
{
    (void)state;
    enum { N = 200000 };
    for (size_t f = 0; f < LEN(functions); f++) {
        double worst = 0, at = 0;
        for (int i = 0; i <= N; i++) {
            const float x = (float)(functions[f].lo + (functions[f].hi - functions[f].lo) * i / N);
            const double error = ulps(functions[f].fast(x), functions[f].exact((double)x));
            if (!(error <= worst)) {
                worst = error;
                at = (double)x;
            }
        }
        if (!(worst <= functions[f].most))
            fail_msg("%s(%.9g) is %g units in the last place off, %g are allowed",
                     functions[f].name, at, worst, functions[f].most);
    }
}

static void small_arguments_keep_their_digits(void **state)
{
    (void)state;
    for (float x = 1; x > 1e-30f; x /= 3) {
        assert_true(ulps(fyi_tanhf(x / 2), tanh((double)x / 2)) <= 3);
        assert_true(ulps(fyi_log1pf_to_one(x), log1p((double)x)) <= 3);
    }
}

static void ends_are_limits(void **state)
{
    (void)state;
    assert_true(fyi_expf(INFINITY) == INFINITY && fyi_expf(-INFINITY) == 0);
    assert_true(fyi_expf(89) == INFINITY && fyi_expf(-105) == 0 && fyi_expf(0) == 1);
    assert_true(fyi_sigmoidf(INFINITY) == 1 && fyi_sigmoidf(-INFINITY) == 0);
    assert_true(fyi_tanhf(INFINITY) == 1 && fyi_tanhf(-INFINITY) == -1 && fyi_tanhf(0) == 0);
    assert_true(fyi_log1pf_to_one(0) == 0);
    assert_true(isnan(fyi_expf(NAN)) && isnan(fyi_sigmoidf(NAN)) && isnan(fyi_tanhf(NAN)));
    assert_true(isnan(fyi_log1pf_to_one(NAN)));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_are_accurate),
        cmocka_unit_test(small_arguments_keep_their_digits),
        cmocka_unit_test(ends_are_limits),
    };
    return cmocka_run_group_tests_name("elementary", tests, NULL, NULL);
}
