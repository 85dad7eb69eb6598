/* Guards the matching of classes: equal to the best of all permutations, and fit for predictions without a
 * class. */
#include "support/support.h"

#include "train/metrics.h"

#include <string.h>

/* The best sum over all permutations of columns for rows from `row` on. */
static int64_t best_of_all(const int64_t *table, int k, int row, unsigned used)
{
    int64_t best = row == k ? 0 : INT64_MIN;

    for (int j = 0; row < k && j < k; j++) {
        if (used >> j & 1)
            continue;
        const int64_t sum = table[row * k + j] + best_of_all(table, k, row + 1, used | 1u << j);

        best = FYI_MAX(best, sum);
    }
    return best;
}

static void sums_equal_the_best_permutation(void **state)
{
    fy_rng r = fy_rng_named(0, "test");

    (void)state;
    for (int trial = 0; trial < 600; trial++) {
        const int k = 1 + trial % 6;
        const uint64_t range = trial % 3 == 0 ? 2 : 1000; /* many ties, and few */
        int64_t table[36], sum = 0;
        int32_t match[6];
        unsigned used = 0;

        for (int i = 0; i < k * k; i++)
            table[i] = (int64_t)fy_rng_below(&r, range);
        check_ok(fyi_match(table, k, match));
        for (int i = 0; i < k; i++) {
            sum += table[i * k + match[i]];
            used |= 1u << match[i];
        }
        assert_int_equal(used, (1u << k) - 1);
        assert_int_equal(sum, best_of_all(table, k, 0, 0));
    }
}

static void renamed_classes_are_all_right(void **state)
{
    enum { N = 5000, K = 300 };
    static int32_t predicted[N], truth[N], match[K];
    double accuracy;

    (void)state;
    for (int i = 0; i < N; i++) {
        truth[i] = i % K;
        predicted[i] = (truth[i] * 7 + 5) % K;
    }
    check_ok(fy_matched_accuracy(predicted, truth, N, K, &accuracy, match));
    assert_true(accuracy == 1);
    for (int t = 0; t < K; t++)
        assert_int_equal(match[(t * 7 + 5) % K], t);
}

static void a_sample_without_a_class_is_wrong(void **state)
{
    const int32_t predicted[4] = { -1, 1, 1, -1 }, truth[4] = { 0, 0, 0, 1 };
    double accuracy;

    (void)state;
    check_ok(fy_matched_accuracy(predicted, truth, 4, 2, &accuracy, NULL));
    assert_true(accuracy == 0.5);
}

static void mistakes_are_named(void **state)
{
    const int32_t good[2] = { 0, 1 }, high[2] = { 0, 2 }, low[2] = { -2, 0 };
    int32_t match[2] = { 7, 7 };
    double accuracy;

    (void)state;
    check_status(fy_matched_accuracy(good, high, 2, 2, &accuracy, match), FY_EINVAL);
    check_sentence("sample 1 is predicted 1 and is 2, but classes are 0 to 1");
    check_status(fy_matched_accuracy(high, good, 2, 2, &accuracy, match), FY_EINVAL);
    check_status(fy_matched_accuracy(low, good, 2, 2, &accuracy, match), FY_EINVAL);
    check_status(fy_matched_accuracy(good, good, 0, 2, &accuracy, match), FY_EINVAL);
    check_status(fy_matched_accuracy(good, good, 2, 0, &accuracy, match), FY_EINVAL);
    check_status(fy_matched_accuracy(good, good, 2, 1025, &accuracy, match), FY_EINVAL);
    assert_int_equal(match[0], 7);
}

static fy_status match_two(void *arg)
{
    const int32_t classes[2] = { 0, 1 };
    double accuracy;

    (void)arg;
    return fy_matched_accuracy(classes, classes, 2, 2, &accuracy, NULL);
}

static void running_out_of_memory_leaves_nothing(void **state)
{
    (void)state;
    fyt_check_alloc_failures(match_two, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_equal_the_best_permutation),
        cmocka_unit_test(renamed_classes_are_all_right),
        cmocka_unit_test(a_sample_without_a_class_is_wrong),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(running_out_of_memory_leaves_nothing),
    };
    return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
