/* Guards principal components against NumPy, against both ways of applying the covariance, and against
 * data that has fewer directions than were asked for. */
#include "support/support.h"

#include "train/space.h"

#include <math.h>
#include <string.h>

static fy_tensor *points(int64_t n, int64_t d)
{
    fy_tensor *x;

    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(n, d), &x));
    return x;
}

/* What make_pca.py computes too. */
static fy_tensor *formula_points(int64_t n, int64_t d)
{
    fy_tensor *x = points(n, d);
    float *v = fy_tensor_data(x);

    for (int64_t i = 0; i < n * d; i++)
        v[i] =
            (float)(((double)((i * i * 37 + i * 11) % 1009) / 512.0 - 1) * (double)(1 + i % d % 7));
    return x;
}

/* Normal noise around the origin; column j has deviation decay^j. */
static fy_tensor *noise_points(int64_t n, int64_t d, double decay)
{
    fy_rng r = fy_rng_named(1, "test");
    fy_tensor *x = points(n, d);
    float *v = fy_tensor_data(x);

    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < d; j++)
            v[i * d + j] = fy_rng_normal(&r) * (float)pow(decay, (double)j);
    return x;
}

typedef struct found {
    fy_tensor *mean, *axes, *deviation;
    const float *m, *a, *s;
} found;

static found find(const fy_tensor *x, int k)
{
    found f;

    check_ok(fy_pca(x, k, 0, &f.mean, &f.axes, &f.deviation));
    f.m = fy_tensor_const_data(f.mean);
    f.a = fy_tensor_const_data(f.axes);
    f.s = fy_tensor_const_data(f.deviation);
    return f;
}

static void drop(found *f)
{
    fy_tensor_free(f->mean);
    fy_tensor_free(f->axes);
    fy_tensor_free(f->deviation);
}

static void check_orthonormal(const float *a, int k, int64_t d)
{
    for (int i = 0; i < k; i++) {
        for (int j = 0; j <= i; j++) {
            double s = 0;

            for (int64_t l = 0; l < d; l++)
                s += (double)a[i * d + l] * (double)a[j * d + l];
            if (fabs(s - (i == j)) > 1e-6)
                fail_msg("axes %d and %d: product %g", i, j, s);
        }
    }
}

/* ---- values --------------------------------------------------------------------------------------- */

static const struct golden_row {
    int64_t n, d;
    int k;
    float deviation[16], axes[256];
} golden[] = {
#include "../golden/pca.inc"
};

static void axes_equal_numpys(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(golden); i++) {
        const struct golden_row *row = &golden[i];
        fy_tensor *x = formula_points(row->n, row->d);
        found f = find(x, row->k);

        check_close(f.s, row->deviation, row->k, 1e-6, 0);
        check_close(f.a, row->axes, row->k * row->d, 0, 1e-5);
        drop(&f);
        fy_tensor_free(x);
    }
}

/* Points (t, 2 t + 1) and a third coordinate that stands still. */
static void a_line_is_found(void **state)
{
    const float s5 = 0.4472136f, mean[3] = { 2, 5, 7 }, axis[3] = { s5, 2 * s5, 0 };
    fy_tensor *x = points(5, 3);
    float *v = fy_tensor_data(x);
    found f;

    (void)state;
    for (int i = 0; i < 5; i++) {
        v[3 * i] = (float)i;
        v[3 * i + 1] = (float)(2 * i + 1);
        v[3 * i + 2] = 7;
    }
    f = find(x, 3);
    check_close(f.m, mean, 3, 1e-6, 0);
    check_close(f.a, axis, 3, 0, 1e-6);
    assert_true(fabs((double)f.s[0] - sqrt(5 * 2.5)) < 1e-5);
    assert_true(f.s[1] == 0 && f.s[2] == 0);
    check_orthonormal(f.a, 3, 3);
    drop(&f);
    fy_tensor_free(x);
}

/* A set of few samples goes through x, its copy without the zero columns through the covariance. */
static void both_ways_agree(void **state)
{
    const int64_t n = 60, narrow = 50, wide = 1600;
    fy_tensor *x = noise_points(n, narrow, 0.9), *y = points(n, wide);
    found f, g;

    (void)state;
    for (int64_t i = 0; i < n; i++)
        memcpy((float *)fy_tensor_data(y) + i * wide, (float *)fy_tensor_data(x) + i * narrow,
               (size_t)narrow * sizeof(float));
    f = find(x, 5);
    g = find(y, 5);
    check_close(g.s, f.s, 5, 1e-6, 0);
    for (int64_t i = 0; i < 5; i++) {
        check_close(g.a + i * wide, f.a + i * narrow, narrow, 0, 1e-6);
        for (int64_t j = narrow; j < wide; j++)
            assert_true(fabs((double)g.a[i * wide + j]) < 1e-6);
    }
    drop(&f);
    drop(&g);
    fy_tensor_free(x);
    fy_tensor_free(y);
}

/* |x| of each component in the ratio 10^6: the small ones must not drown in the large. */
static void steep_and_flat_spectra_are_exact(void **state)
{
    static const double decays[] = { 1, 0.97, 0.5, 0.25 };

    (void)state;
    for (size_t c = 0; c < LEN(decays); c++) {
        fy_tensor *x = noise_points(300, 60, decays[c]), *y;
        const int k = 8;
        found f = find(x, k);
        double sum[8] = { 0 };

        check_orthonormal(f.a, k, 60);
        check_ok(fy_project(x, f.mean, f.axes, f.deviation, true, &y));
        for (int64_t i = 0; i < 300; i++)
            for (int j = 0; j < k; j++)
                sum[j] += pow((double)((const float *)fy_tensor_const_data(y))[i * k + j], 2) / 299;
        for (int j = 0; j < k; j++) {
            assert_true(fabs(sum[j] - 1) < 1e-4);
            assert_true(j == 0 || f.s[j] <= f.s[j - 1]);
        }
        fy_tensor_free(y);
        drop(&f);
        fy_tensor_free(x);
    }
}

/* ---- data without enough directions ------------------------------------------------------------------- */

static void constant_data_has_no_deviation(void **state)
{
    fy_tensor *x = points(20, 10), *y;
    found f;

    (void)state;
    for (int i = 0; i < 200; i++)
        ((float *)fy_tensor_data(x))[i] = 0.1f * (float)(i % 10);
    f = find(x, 4);
    check_orthonormal(f.a, 4, 10);
    for (int i = 0; i < 4; i++)
        assert_true(f.s[i] == 0);
    check_ok(fy_project(x, f.mean, f.axes, f.deviation, true, &y));
    for (int i = 0; i < 80; i++)
        assert_true(((const float *)fy_tensor_const_data(y))[i] == 0);
    fy_tensor_free(y);
    drop(&f);
    fy_tensor_free(x);
}

/* Rank 2 in 40 columns, 10 axes asked for; and one sample. */
static void rank_deficient_data_gives_orthonormal_axes(void **state)
{
    fy_tensor *x = points(100, 40), *one = points(1, 3);
    found f;

    (void)state;
    for (int i = 0; i < 100; i++)
        for (int j = 0; j < 40; j++)
            ((float *)fy_tensor_data(x))[i * 40 + j] = (float)(i % 7 * (j + 1) + i % 11 * (40 - j));
    f = find(x, 10);
    check_orthonormal(f.a, 10, 40);
    assert_true(f.s[0] > 0 && f.s[1] > 0);
    for (int i = 2; i < 10; i++)
        assert_true(f.s[i] < 1e-5f * f.s[0]);
    drop(&f);
    f = find(one, 1);
    assert_true(f.s[0] == 0);
    drop(&f);
    fy_tensor_free(one);
    fy_tensor_free(x);
}

static void mistakes_are_named(void **state)
{
    fy_tensor *x = points(4, 8), *m, *a, *s, *y;

    (void)state;
    check_status(fy_pca(x, 5, 0, &m, &a, &s), FY_EINVAL);
    check_sentence("5 principal components of 4 samples of 8 values: there are at most 4");
    check_status(fy_pca(x, 0, 0, &m, &a, &s), FY_EINVAL);
    ((float *)fy_tensor_data(x))[8 + 3] = NAN;
    check_status(fy_pca(x, 2, 0, &m, &a, &s), FY_ENAN);
    check_sentence("value 3 of sample 1");
    assert_null(m);
    ((float *)fy_tensor_data(x))[8 + 3] = 0;
    check_ok(fy_pca(x, 2, 0, &m, &a, &s));
    check_status(fy_project(x, m, a, NULL, true, &y), FY_ESHAPE);
    check_sentence("to whiten, a deviation");
    check_status(fy_project(x, s, a, NULL, false, &y), FY_ESHAPE);
    check_status(fy_project(x, m, m, NULL, false, &y), FY_ESHAPE);
    check_status(fy_project(m, m, a, NULL, false, &y), FY_ESHAPE);
    fy_tensor_free(m);
    fy_tensor_free(a);
    fy_tensor_free(s);
    fy_tensor_free(x);
}

/* ---- determinism and memory ------------------------------------------------------------------------------ */

static void threads_change_no_byte(void **state)
{
    static const int64_t widths[] = { 70, 1601 }; /* the covariance is formed, and is not */

    (void)state;
    for (size_t c = 0; c < LEN(widths); c++) {
        const int64_t d = widths[c];
        fy_tensor *x = noise_points(200, d, 0.99), *y, *z;
        found f, g;

        fyi_set_threads(1);
        f = find(x, 6);
        check_ok(fy_project(x, f.mean, f.axes, f.deviation, false, &y));
        fyi_set_threads(5);
        g = find(x, 6);
        check_ok(fy_project(x, g.mean, g.axes, g.deviation, false, &z));
        fyi_set_threads(0);
        assert_memory_equal(f.a, g.a, (size_t)(6 * d) * sizeof(float));
        assert_memory_equal(f.s, g.s, 6 * sizeof(float));
        assert_memory_equal(f.m, g.m, (size_t)d * sizeof(float));
        assert_memory_equal(fy_tensor_const_data(y), fy_tensor_const_data(z),
                            200 * 6 * sizeof(float));
        fy_tensor_free(y);
        fy_tensor_free(z);
        drop(&f);
        drop(&g);
        fy_tensor_free(x);
    }
}

static fy_status find_and_project(void *arg)
{
    fy_tensor *m = NULL, *a = NULL, *s = NULL, *y = NULL;
    fy_status st = fy_pca(arg, 3, 0, &m, &a, &s);

    if (st == FY_OK)
        st = fy_project(arg, m, a, s, true, &y);
    fy_tensor_free(y);
    fy_tensor_free(s);
    fy_tensor_free(a);
    fy_tensor_free(m);
    return st;
}

static void running_out_of_memory_leaves_nothing(void **state)
{
    fy_tensor *x = formula_points(20, 10), *wide = formula_points(10, 1601);

    (void)state;
    fyt_check_alloc_failures(find_and_project, x);
    fyt_check_alloc_failures(find_and_project, wide);
    fy_tensor_free(wide);
    fy_tensor_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(axes_equal_numpys),
        cmocka_unit_test(a_line_is_found),
        cmocka_unit_test(both_ways_agree),
        cmocka_unit_test(steep_and_flat_spectra_are_exact),
        cmocka_unit_test(constant_data_has_no_deviation),
        cmocka_unit_test(rank_deficient_data_gives_orthonormal_axes),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(threads_change_no_byte),
        cmocka_unit_test(running_out_of_memory_leaves_nothing),
    };
    return cmocka_run_group_tests_name("pca", tests, NULL, NULL);
}
