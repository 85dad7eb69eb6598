/* Guards k-means: blobs are found, small cases equal the best of all partitions, empty clusters are filled,
 * and neither threads nor repetition change a byte. */
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

/* Sample i lies about the corner of a cube that i % k says, in 2^j-steps of the bits of i % k. */
static fy_tensor *blobs(int64_t n, int64_t d, int k, float noise)
{
    fy_rng r = fy_rng_named(3, "test");
    fy_tensor *x = points(n, d);
    float *v = fy_tensor_data(x);

    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < d; j++)
            v[i * d + j] = (float)(10 * ((i % k) >> (j % 4) & 1)) + noise * fy_rng_normal(&r);
    return x;
}

static void blobs_are_found(void **state)
{
    enum { N = 3000, K = 11 };
    fy_tensor *x = blobs(N, 20, K, 1), *centres;
    int32_t label[N], truth[N];
    double inertia, accuracy;

    (void)state;
    for (int i = 0; i < N; i++)
        truth[i] = i % K;
    check_ok(fy_kmeans(x, K, 10, 0, label, &centres, &inertia));
    check_ok(fy_matched_accuracy(label, truth, N, K, &accuracy, NULL));
    assert_true(accuracy == 1);
    assert_true(inertia > 0.9 * N * 20 && inertia < 1.1 * N * 20);
    assert_true(fy_shape_equal(fy_tensor_shape(centres), &FY_SHAPE(K, 20)));
    fy_tensor_free(centres);
    fy_tensor_free(x);
}

static void stops_when_asked(void **state)
{
    static volatile sig_atomic_t flag = 1;
    fy_tensor *x = blobs(100, 4, 3, 1), *centres, *mean, *axes, *deviation;
    int32_t label[100];

    (void)state;
    assert_null(fy_cancel_set(&flag));
    check_status(fy_kmeans(x, 3, 1000000, 0, label, &centres, NULL), FY_ECANCELED);
    check_sentence("stopped while clustering");
    check_status(fy_pca(x, 2, 0, &mean, &axes, &deviation), FY_ECANCELED);
    assert_true(centres == NULL && mean == NULL && axes == NULL && deviation == NULL);
    flag = 0;
    check_ok(fy_kmeans(x, 3, 1, 0, label, NULL, NULL));
    assert_ptr_equal(fy_cancel_set(NULL), &flag);
    fy_tensor_free(x);
}

/* ---- against all partitions ---------------------------------------------------------------------- */

static double inertia_of(const float *x, int n, int d, int k, const int *part)
{
    double total = 0;

    for (int c = 0; c < k; c++) {
        for (int j = 0; j < d; j++) {
            double sum = 0, squares = 0;
            int count = 0;

            for (int i = 0; i < n; i++) {
                if (part[i] != c)
                    continue;
                sum += (double)x[i * d + j];
                squares += (double)x[i * d + j] * (double)x[i * d + j];
                count++;
            }
            total += count > 0 ? squares - sum * sum / count : 0;
        }
    }
    return total;
}

static double best_inertia(const float *x, int n, int d, int k)
{
    double best = (double)INFINITY;
    int n_parts = 1;

    for (int i = 0; i < n; i++)
        n_parts *= k;
    for (int code = 0; code < n_parts; code++) {
        int part[8], rest = code;

        for (int i = 0; i < n; i++, rest /= k)
            part[i] = rest % k;
        best = fmin(best, inertia_of(x, n, d, k, part));
    }
    return best;
}

static void small_cases_equal_the_best_partition(void **state)
{
    fy_rng r = fy_rng_named(5, "test");

    (void)state;
    for (int trial = 0; trial < 20; trial++) {
        const int n = 4 + trial % 5, k = 1 + trial % 4, d = 1 + trial % 3;
        fy_tensor *x = points(n, d);
        float *v = fy_tensor_data(x);
        int32_t label[8];
        double inertia, best;

        for (int i = 0; i < n * d; i++)
            v[i] = fy_rng_normal(&r);
        best = best_inertia(v, n, d, k);
        check_ok(fy_kmeans(x, k, 50, (uint64_t)trial, label, NULL, &inertia));
        if (fabs(inertia - best) > 1e-6 * (1 + best))
            fail_msg("n %d k %d d %d: inertia %g, the best is %g", n, k, d, inertia, best);
        fy_tensor_free(x);
    }
}

/* ---- corners -------------------------------------------------------------------------------------- */

static void every_sample_its_own_cluster(void **state)
{
    const float v[4] = { 1, 5, 2, 9 };
    fy_tensor *x = points(4, 1);
    int32_t label[4];
    double inertia;

    (void)state;
    memcpy(fy_tensor_data(x), v, sizeof v);
    check_ok(fy_kmeans(x, 4, 1, 0, label, NULL, &inertia));
    assert_true(inertia == 0);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++)
            assert_int_not_equal(label[i], label[j]);
    fy_tensor_free(x);
}

/* Three distinct places for five clusters: the rest stays empty and nothing loops for ever. */
static void fewer_places_than_clusters_is_no_failure(void **state)
{
    fy_tensor *x = points(9, 2), *centres;
    int32_t label[9];
    double inertia;

    (void)state;
    for (int i = 0; i < 18; i++)
        ((float *)fy_tensor_data(x))[i] = (float)(i / 2 % 3);
    check_ok(fy_kmeans(x, 5, 3, 0, label, &centres, &inertia));
    assert_true(inertia == 0);
    for (int i = 0; i < 9; i++) {
        assert_int_equal(label[i], label[i % 3]);
        assert_true(((const float *)fy_tensor_const_data(centres))[2 * label[i]] == (float)(i % 3));
    }
    fy_tensor_free(centres);
    fy_tensor_free(x);
}

/* Centres are the means of their samples, and every sample is with the nearest. */
static void results_belong_together(void **state)
{
    enum { N = 500, D = 3, K = 9 };
    fy_tensor *x = blobs(N, D, 5, 4), *centres;
    const float *v = fy_tensor_const_data(x), *c;
    double inertia, sum = 0;
    int32_t label[N];

    (void)state;
    check_ok(fy_kmeans(x, K, 2, 1, label, &centres, &inertia));
    c = fy_tensor_const_data(centres);
    for (int i = 0; i < N; i++) {
        double distance[K] = { 0 };

        for (int l = 0; l < K; l++)
            for (int j = 0; j < D; j++)
                distance[l] += pow((double)v[i * D + j] - (double)c[l * D + j], 2);
        for (int l = 0; l < K; l++)
            assert_true(distance[label[i]] <= distance[l] * (1 + 1e-5));
        sum += distance[label[i]];
    }
    assert_true(fabs(sum - inertia) < 1e-4 * sum);
    fy_tensor_free(centres);
    fy_tensor_free(x);
}

static void mistakes_are_named(void **state)
{
    fy_tensor *x = points(4, 2);
    int32_t label[4];

    (void)state;
    check_status(fy_kmeans(x, 5, 1, 0, label, NULL, NULL), FY_EINVAL);
    check_sentence("5 clusters of 4 samples");
    check_status(fy_kmeans(x, 0, 1, 0, label, NULL, NULL), FY_EINVAL);
    check_status(fy_kmeans(x, 2, 0, 0, label, NULL, NULL), FY_EINVAL);
    ((float *)fy_tensor_data(x))[5] = INFINITY;
    check_status(fy_kmeans(x, 2, 1, 0, label, NULL, NULL), FY_ENAN);
    check_sentence("value 1 of sample 2");
    fy_tensor_free(x);
}

/* ---- determinism and memory --------------------------------------------------------------------------- */

static void threads_change_no_byte(void **state)
{
    enum { N = 6000, D = 7, K = 12 };
    static int32_t label[2][N];
    fy_tensor *x = blobs(N, D, 16, 6), *centres[2];
    double inertia[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        fyi_set_threads(i == 0 ? 1 : 7);
        check_ok(fy_kmeans(x, K, 2, 4, label[i], &centres[i], &inertia[i]));
    }
    fyi_set_threads(0);
    assert_memory_equal(label[0], label[1], sizeof label[0]);
    assert_memory_equal(&inertia[0], &inertia[1], sizeof inertia[0]);
    assert_memory_equal(fy_tensor_const_data(centres[0]), fy_tensor_const_data(centres[1]),
                        K * D * sizeof(float));
    fy_tensor_free(centres[0]);
    fy_tensor_free(centres[1]);
    fy_tensor_free(x);
}

static fy_status cluster(void *arg)
{
    fy_tensor *centres = NULL;
    int32_t label[30];
    fy_status st = fy_kmeans(arg, 3, 2, 0, label, &centres, NULL);

    fy_tensor_free(centres);
    return st;
}

static void running_out_of_memory_leaves_nothing(void **state)
{
    fy_tensor *x = blobs(30, 2, 3, 1);

    (void)state;
    fyt_check_alloc_failures(cluster, x);
    fy_tensor_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blobs_are_found),
        cmocka_unit_test(stops_when_asked),
        cmocka_unit_test(small_cases_equal_the_best_partition),
        cmocka_unit_test(every_sample_its_own_cluster),
        cmocka_unit_test(fewer_places_than_clusters_is_no_failure),
        cmocka_unit_test(results_belong_together),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(threads_change_no_byte),
        cmocka_unit_test(running_out_of_memory_leaves_nothing),
    };
    return cmocka_run_group_tests_name("kmeans", tests, NULL, NULL);
}
