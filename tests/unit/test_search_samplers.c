/* Guards what is tried next and what is stopped: samplers cover their range, draw the same for the same seed, and learn
 * from what they saw; pruners stop what the papers say; keys that do not matter have no importance. */
#include "support/support.h"

#include "search/study.h"

#include <math.h>
#include <string.h>

/* ---- samplers -------------------------------------------------------------------------------- */

static const fyi_knob ranges[] = { { .key = "a", .form = FYI_KNOB_LIN, .high = 1 },
                                   { .key = "b", .form = FYI_KNOB_LIN, .high = 1 } };

static void a_grid_has_every_point_once(void **state)
{
    const fyi_knob knobs[] = { { .levels = 3 }, { .levels = 4 } };
    int seen[3][4] = { { 0 } };

    (void)state;
    for (int i = 0; i < 12; i++) {
        const fyi_draw d = { .knobs = knobs, .n_knobs = 2, .number = i };
        double at[2];

        check_ok(fyi_sampler_grid.draw(&d, at));
        seen[(int)(at[0] * 3)][(int)(at[1] * 4)]++;
    }
    for (int i = 0; i < 12; i++)
        assert_int_equal(seen[i / 4][i % 4], 1);
}

/* 64 times points 37 and 63 of torch.quasirandom.SobolEngine(21), PyTorch 1.13. */
static void sobol_points_are_those_of_joe_and_kuo(void **state)
{
    static const int of_37[] = { 59, 41, 37, 59, 49, 19, 11, 51, 39, 11, 1,
                                 5,  37, 55, 7,  31, 51, 27, 3,  9,  61 };
    static const int of_63[] = { 1,  51, 23, 29, 55, 9, 37, 9,  53, 37, 27,
                                 43, 35, 49, 21, 49, 5, 25, 61, 15, 15 };

    (void)state;
    for (int i = 0; i < 21; i++) {
        assert_int_equal(fyi_sobol_point(i, 37), (uint32_t)of_37[i] << 26);
        assert_int_equal(fyi_sobol_point(i, 63), (uint32_t)of_63[i] << 26);
    }
}

/* Scrambling keeps the net: of the first 16 points each sixteenth of every elementary kind has one. */
static void scrambled_points_leave_no_gap(void **state)
{
    int wide[16] = { 0 }, square[16] = { 0 };

    (void)state;
    for (int i = 0; i < 16; i++) {
        const fyi_draw d = { .knobs = ranges, .n_knobs = 2, .seed = 5, .number = i };
        double at[2];

        check_ok(fyi_sampler_sobol.draw(&d, at));
        wide[(int)(at[0] * 16)]++;
        square[(int)(at[0] * 4) * 4 + (int)(at[1] * 4)]++;
    }
    for (int i = 0; i < 16; i++) {
        assert_int_equal(wide[i], 1);
        assert_int_equal(square[i], 1);
    }
}

static void random_places_are_even(void **state)
{
    int count[10] = { 0 };

    (void)state;
    for (int i = 0; i < 2000; i++) {
        const fyi_draw d = { .knobs = ranges, .n_knobs = 2, .seed = 1, .number = i };
        double at[2];

        check_ok(fyi_sampler_random.draw(&d, at));
        count[(int)(at[1] * 10)]++;
    }
    for (int i = 0; i < 10; i++)
        assert_in_range(count[i], 150, 250); /* 200, and four deviations of 13 */
}

#define TRIALS 40

typedef struct tried {
    double places[TRIALS][2];
    fyi_seen seen[TRIALS];
} tried;

/* The best that so many trials find of a bowl with its ground at (0.3, 0.8): 0 is perfect. */
static double search_bowl(const fyi_sampler *sampler, uint64_t seed, tried *t)
{
    double best = -INFINITY;

    for (int i = 0; i < TRIALS; i++) {
        const fyi_draw d = { .knobs = ranges,
                             .n_knobs = 2,
                             .seed = seed,
                             .number = i,
                             .startup = 10,
                             .seen = t->seen,
                             .n_seen = i };

        check_ok(sampler->draw(&d, t->places[i]));
        const double a = t->places[i][0] - 0.3, b = t->places[i][1] - 0.8;

        t->seen[i] = (fyi_seen){ t->places[i], -(a * a + b * b) };
        best = fmax(best, t->seen[i].good);
    }
    return best;
}

static void tpe_finds_the_ground_of_a_bowl_faster(void **state)
{
    static tried t;
    double learned = 0, drawn = 0;
    int wins = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        const double a = search_bowl(&fyi_sampler_tpe, seed, &t);
        const double b = search_bowl(&fyi_sampler_random, seed, &t);

        wins += a > b;
        learned += a / 20;
        drawn += b / 20;
    }
    assert_true(wins >= 15);
    assert_true(learned > drawn / 2); /* both below 0: half as far away, in squares */
}

/* The second of three values is good, the others are not. */
static void tpe_learns_which_value_is_good(void **state)
{
    const fyi_knob list = { .form = FYI_KNOB_CHOICE, .levels = 3 };
    double at[30];
    fyi_seen seen[30];
    int n = 0;

    (void)state;
    for (int i = 0; i < 30; i++) {
        at[i] = (i % 3 + 0.5) / 3;
        seen[i] = (fyi_seen){ &at[i], i % 3 == 1 ? 1 : 0 };
    }
    for (int i = 30; i < 80; i++) {
        const fyi_draw d = {
            .knobs = &list, .n_knobs = 1, .number = i, .startup = 10, .seen = seen, .n_seen = 30
        };
        double place;

        check_ok(fyi_sampler_tpe.draw(&d, &place));
        n += (int)(place * 3) == 1;
    }
    assert_true(n >= 45);
}

static void the_same_seed_draws_the_same(void **state)
{
    static tried a, b;

    (void)state;
    (void)search_bowl(&fyi_sampler_tpe, 3, &a);
    (void)search_bowl(&fyi_sampler_tpe, 3, &b);
    assert_memory_equal(a.places, b.places, sizeof a.places);
    (void)search_bowl(&fyi_sampler_tpe, 4, &b);
    assert_memory_not_equal(a.places, b.places, sizeof a.places);
}

static void every_name_has_its_sampler(void **state)
{
    const fyi_key *k = fyi_search_keys;

    (void)state;
    while (strcmp(k->key, "sampler") != 0)
        k++;
    for (const char *const *w = k->words(); *w != NULL; w++)
        assert_non_null(fyi_sampler_find(*w));
    while (strcmp(k->key, "pruner") != 0)
        k++;
    for (const char *const *w = k->words(); *w != NULL; w++)
        assert_int_equal(fyi_pruner_find(*w) != NULL, strcmp(*w, "none") != 0);
}

/* ---- pruners --------------------------------------------------------------------------------- */

#define MOST 4
static const struct race {
    const char *name, *why;
    const fyi_pruner *pruner;
    double me[MOST];
    int n;
    bool stops;
} races[] = {
    { "median below",
      "0.2 is below the median 0.3 of 0.1 to 0.5",
      &fyi_pruner_median,
      { 0.2 },
      1,
      true },
    { "median at it", "not below", &fyi_pruner_median, { 0.3 }, 1, false },
    { "median best counts",
      "its best so far, not its last",
      &fyi_pruner_median,
      { 0.9, 0.0 },
      2,
      false },
    { "halving first", "among the best one in two of six", &fyi_pruner_halving, { 0.45 }, 1, false },
    { "halving worse", "three of six are better", &fyi_pruner_halving, { 0.25 }, 1, true },
    { "halving between",
      "evaluation 3 is no rung of 1, 2, 4",
      &fyi_pruner_halving,
      { 0.0, 0.0, 0.0 },
      3,
      false },
    { "halving later", "evaluation 4 is one", &fyi_pruner_halving, { 0.0, 0.0, 0.0, 0.0 }, 4, true },
};

/* Five that are done, at 0.1 to 0.5 all the time. */
static void pruners_stop_what_falls_behind(void **state)
{
    const struct race *c = *state;
    const fyi_search_settings o = {
        .prune_after = 5, .prune_from = 1, .prune_factor = 2, .brackets = 1
    };
    double v[5][MOST];
    fyi_lane others[5];
    const fyi_race r = { &o, { 5, c->me, c->n, false }, others, 5 };

    for (int i = 0; i < 5; i++) {
        for (int k = 0; k < MOST; k++)
            v[i][k] = (i + 1) / 10.0;
        others[i] = (fyi_lane){ i, v[i], MOST, true };
    }
    assert_int_equal(c->pruner->stops(&r), c->stops);
}

static void few_trials_stop_none(void **state)
{
    const fyi_search_settings o = { .prune_after = 2, .prune_from = 1, .prune_factor = 4 };
    const double good = 0.9, bad = 0.1;
    const fyi_lane other = { 0, &good, 1, true };
    const fyi_race r = { &o, { 1, &bad, 1, false }, &other, 1 };

    (void)state;
    assert_false(fyi_pruner_median.stops(&r));
    assert_true(fyi_pruner_halving.stops(&r)); /* of two, the best goes on */
}

static void brackets_share_the_trials(void **state)
{
    const fyi_search_settings o = { .prune_factor = 3, .brackets = 3 };
    int count[3] = { 0 };

    (void)state;
    for (int i = 0; i < 170; i++)
        count[fyi_bracket_of(&o, i)]++;
    assert_int_equal(count[0], 90); /* 9 : 5 : 3 of 17 */
    assert_int_equal(count[1], 50);
    assert_int_equal(count[2], 30);
}

/* ---- importance ------------------------------------------------------------------------------ */

static void keys_that_do_not_matter_are_not_important(void **state)
{
    double places[200][3], values[200], share[3];

    (void)state;
    for (int i = 0; i < 200; i++) {
        const fyi_draw d = { .knobs = ranges, .n_knobs = 3, .seed = 2, .number = i };

        check_ok(fyi_sampler_random.draw(&d, places[i]));
        values[i] = 4 * places[i][0] + places[i][2];
    }
    check_ok(fyi_importance(places[0], values, 200, 3, share)); /* 16/17, 0 and 1/17 */
    assert_true(share[0] > 0.8 && share[0] <= 1);
    assert_true(share[1] < 0.03);
    assert_true(share[2] > 0.02 && share[2] < 0.15);
    check_ok(fyi_importance(places[0], values, 7, 3, share));
    assert_true(isnan(share[0]));
}

int main(void)
{
    static const struct CMUnitTest fixed[] = {
        cmocka_unit_test(a_grid_has_every_point_once),
        cmocka_unit_test(sobol_points_are_those_of_joe_and_kuo),
        cmocka_unit_test(scrambled_points_leave_no_gap),
        cmocka_unit_test(random_places_are_even),
        cmocka_unit_test(tpe_finds_the_ground_of_a_bowl_faster),
        cmocka_unit_test(tpe_learns_which_value_is_good),
        cmocka_unit_test(the_same_seed_draws_the_same),
        cmocka_unit_test(every_name_has_its_sampler),
        cmocka_unit_test(few_trials_stop_none),
        cmocka_unit_test(brackets_share_the_trials),
        cmocka_unit_test(keys_that_do_not_matter_are_not_important),
    };
    struct CMUnitTest tests[LEN(races) + LEN(fixed)];
    size_t n = 0;

    for (size_t i = 0; i < LEN(races); i++)
        tests[n++] = (struct CMUnitTest){ races[i].name, pruners_stop_what_falls_behind, NULL, NULL,
                                          (void *)&races[i] };
    for (size_t i = 0; i < LEN(fixed); i++)
        tests[n++] = fixed[i];
    return cmocka_run_group_tests_name("search_samplers", tests, NULL, NULL);
}
