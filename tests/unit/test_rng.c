/* Guards the random streams: a checkpoint written today must draw the same numbers in ten years, so
 * values are pinned, first those that the authors of Philox published. */
#include "support/support.h"

#include <math.h>
#include <string.h>

/* Random123's kat_vectors, philox4x32-10. */
static const struct kat_case {
    const char *why;
    uint32_t counter[4], key[2], expected[4];
} kats[] = {
    { "zeros", { 0, 0, 0, 0 }, { 0, 0 }, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
    { "ones",
      { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff },
      { 0xffffffff, 0xffffffff },
      { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
    { "digits of pi",
      { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 },
      { 0xa4093822, 0x299f31d0 },
      { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
};

static void philox_gives_the_published_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(kats); i++) {
        uint32_t out[4];

        fyi_philox(kats[i].key, kats[i].counter, out);
        assert_memory_equal(out, kats[i].expected, sizeof(out));
    }
}

static void stream_is_philox_of_seed_stream_and_position(void **state)
{
    fy_rng r = { 0x299f31d0a4093822u, 0x0370734413198a2eu, 4 * (uint64_t)0x05a308d3243f6a88u };
    const uint32_t key[2] = { 0xa4093822, 0x299f31d0 };
    const uint32_t counter[4] = { 0x243f6a88, 0x05a308d3, 0x13198a2e, 0x03707344 };
    uint32_t expected[4], block[4];

    (void)state;
    fyi_philox(key, counter, expected);
    fyi_rng_block(&r, r.position / 4, block);
    assert_memory_equal(block, expected, sizeof(block));
    for (int i = 0; i < 4; i++)
        assert_int_equal(fy_rng_u32(&r), expected[i]);
}

static void position_gives_the_number_whoever_asks(void **state)
{
    fy_rng r = fy_rng_named(7, "split"), jump = r;
    uint32_t drawn[50];

    (void)state;
    for (size_t i = 0; i < LEN(drawn); i++)
        drawn[i] = fy_rng_u32(&r);
    for (size_t i = LEN(drawn); i-- > 0;) {
        jump.position = i;
        assert_int_equal(fy_rng_u32(&jump), drawn[i]);
    }
}

/* Pinned on the day they were written: a change here breaks every resume. */
static void names_and_children_lead_to_fixed_streams(void **state)
{
    const fy_rng split = fy_rng_named(1, "split");
    const fy_rng child = fy_rng_child(&split, 5);

    (void)state;
    assert_int_equal(split.stream, fyi_hash64("split", 5, 0));
    assert_int_equal(split.position, 0);
    assert_int_equal(child.seed, 1);
    assert_int_equal(child.position, 0);
    assert_int_equal(child.stream, 0x4eedd5fc79e48742u);
}

static void children_differ_from_each_other_and_from_their_parent(void **state)
{
    const fy_rng parent = fy_rng_named(1, "epoch");
    uint64_t streams[200];

    (void)state;
    for (size_t i = 0; i < LEN(streams); i++) {
        streams[i] = fy_rng_child(&parent, i).stream;
        assert_true(streams[i] != parent.stream);
        for (size_t k = 0; k < i; k++)
            assert_true(streams[k] != streams[i]);
    }
}

static void uniform_is_in_range_with_the_right_moments(void **state)
{
    fy_rng r = fy_rng_named(3, "uniform");
    double sum = 0, sum_sq = 0;
    const int n = 100000;

    (void)state;
    for (int i = 0; i < n; i++) {
        const float u = fy_rng_uniform(&r);

        assert_true(u >= 0.0f && u < 1.0f);
        sum += (double)u;
        sum_sq += (double)u * (double)u;
    }
    /* Four standard errors. */
    assert_true(fabs(sum / n - 0.5) < 4 * 0.2887 / sqrt(n));
    assert_true(fabs(sum_sq / n - 1.0 / 3) < 4 * 0.2981 / sqrt(n));
}

static void normal_is_finite_with_the_right_moments(void **state)
{
    fy_rng r = fy_rng_named(3, "normal");
    double sum = 0, sum_sq = 0, sum_4 = 0;
    const int n = 100000;

    (void)state;
    for (int i = 0; i < n; i++) {
        const double x = (double)fy_rng_normal(&r);

        assert_true(isfinite(x));
        sum += x;
        sum_sq += x * x;
        sum_4 += x * x * x * x;
    }
    assert_true(fabs(sum / n) < 4 / sqrt(n));
    assert_true(fabs(sum_sq / n - 1) < 4 * sqrt(2.0 / n));
    assert_true(fabs(sum_4 / n - 3) < 4 * sqrt(96.0 / n));
    assert_int_equal(r.position, 2 * n);
}

static const struct below_case {
    uint64_t n;
    const char *why;
} belows[] = {
    { 1, "nothing to choose" },
    { 2, "a coin" },
    { 7, "does not divide 2^32" },
    { 0x80000001u, "nearly half of the draws are thrown away" },
    { 0xffffffffu, "the last of the 32-bit way" },
    { 0x100000000u, "the first of the 64-bit way" },
    { 0x8000000000000001u, "the 64-bit way throws away half" },
    { UINT64_MAX, "the largest" },
};

/* From the next multiple of four on, whatever was drawn before. */
static void many_normals_are_the_single_ones(void **state)
{
    (void)state;
    for (int drawn = 0; drawn < 5; drawn++)
        for (int64_t n = 0; n < 8; n++) {
            fy_rng many = fy_rng_named(3, "normals"), single = many;
            float v[8];

            many.position = (uint64_t)drawn;
            single.position = (uint64_t)(drawn + 3) / 4 * 4;
            fyi_rng_normals(&many, v, n);
            for (int64_t k = 0; k < n; k++)
                assert_true(v[k] == fy_rng_normal(&single));
            assert_int_equal(many.position, single.position);
        }
}

static void below_stays_below(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(belows); i++) {
        fy_rng r = fy_rng_named(i, "below");

        for (int k = 0; k < 1000; k++)
            assert_true(fy_rng_below(&r, belows[i].n) < belows[i].n);
    }
}

static void below_is_even(void **state)
{
    fy_rng r = fy_rng_named(5, "dice");
    int counts[6] = { 0 };
    double chi_sq = 0;

    (void)state;
    for (int i = 0; i < 60000; i++)
        counts[fy_rng_below(&r, 6)]++;
    for (int i = 0; i < 6; i++)
        chi_sq += (counts[i] - 10000.0) * (counts[i] - 10000.0) / 10000.0;
    assert_true(chi_sq < 20.5); /* 5 degrees of freedom, one in a thousand */
}

static void shuffle_permutes_and_repeats(void **state)
{
    fy_rng a = fy_rng_named(9, "order"), b = a;
    int64_t v[100], w[100];
    bool seen[100] = { false };
    int n_moved = 0;

    (void)state;
    for (int i = 0; i < 100; i++)
        v[i] = w[i] = i;
    fy_rng_shuffle(&a, v, LEN(v));
    fy_rng_shuffle(&b, w, LEN(w));
    assert_memory_equal(v, w, sizeof(v));
    for (int i = 0; i < 100; i++) {
        n_moved += v[i] != i;
        seen[v[i]] = true;
    }
    for (int i = 0; i < 100; i++)
        assert_true(seen[i]);
    assert_in_range(n_moved, 90, 100);
    fy_rng_shuffle(&a, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_the_published_numbers),
        cmocka_unit_test(stream_is_philox_of_seed_stream_and_position),
        cmocka_unit_test(position_gives_the_number_whoever_asks),
        cmocka_unit_test(names_and_children_lead_to_fixed_streams),
        cmocka_unit_test(children_differ_from_each_other_and_from_their_parent),
        cmocka_unit_test(uniform_is_in_range_with_the_right_moments),
        cmocka_unit_test(normal_is_finite_with_the_right_moments),
        cmocka_unit_test(many_normals_are_the_single_ones),
        cmocka_unit_test(below_stays_below),
        cmocka_unit_test(below_is_even),
        cmocka_unit_test(shuffle_permutes_and_repeats),
    };

    return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
