/* Guards Shapley values: games solved by hand, and the axioms, which leave no other solution. */
#include "support/support.h"

#include <ferry/pid.h>

#include <math.h>

static const struct game {
    const char *name, *why;
    int m;
    double value[8], share[3];
} games[] = {
    { "alone", "one player gets all", 1, { 0.25, 1 }, { 0.75 } },
    { "xor", "neither knows anything alone", 2, { 0.5, 0.5, 0.5, 1 }, { 0.25, 0.25 } },
    { "copy", "either is enough", 2, { 0.5, 1, 1, 1 }, { 0.25, 0.25 } },
    { "noise", "a dummy gets nothing", 2, { 0.5, 1, 0.5, 1 }, { 0.5, 0 } },
    { "harm", "a share may be negative", 2, { 0.5, 1, 0.5, 0.75 }, { 0.375, -0.125 } },
    { "gloves",
      "one left glove, two right ones",
      3,
      { 0, 0, 0, 1, 0, 1, 0, 1 },
      { 2 / 3.0, 1 / 6.0, 1 / 6.0 } },
    { "unlike", "by all six orders", 3, { 0, 1, 2, 4, 3, 5, 6, 9 }, { 2, 3, 4 } },
};

static void games_are_solved(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(games); i++) {
        double share[3];

        check_ok(fy_shapley(games[i].value, games[i].m, share));
        check_close_f64(share, games[i].share, games[i].m, 0, 1e-14);
    }
}

/* value[all] - value[0] is shared out, for any figures; adding games adds shares. */
static void shares_sum_to_the_whole_and_games_add_up(void **state)
{
    fy_rng r = fy_rng_named(0, "test");

    (void)state;
    for (int m = 1; m <= FY_SHAPLEY_MAX; m++) {
        double a[256], b[256], both[256], share[3][8], sum = 0;
        const int all = (1 << m) - 1;

        for (int s = 0; s <= all; s++) {
            a[s] = (double)fy_rng_normal(&r);
            b[s] = (double)fy_rng_normal(&r);
            both[s] = a[s] + b[s];
        }
        check_ok(fy_shapley(a, m, share[0]));
        check_ok(fy_shapley(b, m, share[1]));
        check_ok(fy_shapley(both, m, share[2]));
        for (int i = 0; i < m; i++) {
            sum += share[0][i];
            assert_true(fabs(share[0][i] + share[1][i] - share[2][i]) < 1e-12);
        }
        assert_true(fabs(sum - (a[all] - a[0])) < 1e-12);
    }
}

static void mistakes_are_named(void **state)
{
    double value[4] = { 0, 1, (double)NAN, 1 }, out[FY_SHAPLEY_MAX];

    (void)state;
    check_status(fy_shapley(value, 2, out), FY_ENAN);
    check_sentence("subset 2");
    check_status(fy_shapley(value, 0, out), FY_EINVAL);
    check_status(fy_shapley(value, 9, out), FY_EINVAL);
    check_sentence("9 modalities; 1 .. 8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(games_are_solved),
        cmocka_unit_test(shares_sum_to_the_whole_and_games_add_up),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests_name("shapley", tests, NULL, NULL);
}
