/* Guards drawn modalities: the parts of their information are what they are said to be, samples of all modalities belong
 * together, controls know nothing new, and the same options give the same bytes everywhere. */
#include "support/support.h"

#include "data/data.h"

#include <ferry/pid.h>

#include <math.h>
#include <stdlib.h>

#define MOST_BITS 20

static fy_dataset *drawn(const fy_facts_opts *o, int m)
{
    fy_dataset *d;

    check_ok(fy_facts_open(o, m, &d));
    return d;
}

/* ---- the truth, by counting all coins ---------------------------------------------------------------------- */

static unsigned take(unsigned *coins, int n)
{
    const unsigned bits = *coins & ((1u << n) - 1);

    *coins >>= n;
    return bits;
}

/* The joint table of the label and what modalities m[0] and m[1] see; flips are coins with a weight. */
static void solve_by_counting(const fy_facts_opts *o, const int m[2], fy_pid_bits *out)
{
    const int n1 = 1 << fyi_facts_seen(o, m[0]), n2 = 1 << fyi_facts_seen(o, m[1]);
    const int ny = 1 << fyi_facts_label_bits(o);
    double *p = calloc((size_t)n1 * (size_t)n2 * (size_t)ny, sizeof *p);
    int n_bits = o->redundant;
    fy_pid_opts solve = fy_pid_defaults();

    for (int i = 0; i < o->n_modalities; i++)
        n_bits += 2 * o->modality[i].unique + o->synergistic;
    assert_true(n_bits <= MOST_BITS);
    for (unsigned c = 0; c < 1u << n_bits; c++) {
        unsigned coins = c;
        fyi_facts f = { .redundant = take(&coins, o->redundant) };
        double weight = 1;

        for (int i = 0; i < o->n_modalities; i++) {
            const fy_facts_modality *of = &o->modality[i];

            f.unique[i] = take(&coins, of->unique);
            f.flipped[i] = take(&coins, of->unique);
            f.share[i] = take(&coins, o->synergistic);
            for (int b = 0; b < of->unique; b++)
                weight *= (f.flipped[i] >> b & 1) != 0 ? of->unique_flip : 1 - of->unique_flip;
        }
        p[(fyi_facts_label(o, &f) * (unsigned)n1 + fyi_facts_word(o, &f, m[0])) * (unsigned)n2 +
          fyi_facts_word(o, &f, m[1])] += weight;
    }
    solve.are_counts = true;
    check_ok(fy_pid(p, n1, n2, ny, &solve, out));
    free(p);
}

static void is_near(const char *what, double actual, double expected)
{
    if (!(fabs(actual - expected) < 1e-5))
        fail_msg("%s: %.9g, expected %.9g", what, actual, expected);
}

static void compare_with_truth(const fy_facts_opts *o, int m1, int m2)
{
    fy_pid_bits known, solved;

    check_ok(fy_facts_pid(o, m1, m2, &known));
    solve_by_counting(o, (int[]){ m1, m2 }, &solved);
    is_near("redundant", solved.redundant, known.redundant);
    is_near("unique to the first", solved.unique[0], known.unique[0]);
    is_near("unique to the second", solved.unique[1], known.unique[1]);
    is_near("synergy", solved.synergy, known.synergy);
    is_near("I(Y; X1)", solved.information[0], known.information[0]);
    is_near("I(Y; X2)", solved.information[1], known.information[1]);
    is_near("both", solved.both, known.both);
}

static const struct truth_row {
    const char *why;
    int n_modalities, redundant, synergistic, unique[3];
    double flip[2];
    fy_facts_control control[3];
    int copy_of;
} truth_rows[] = {
    { "the defaults", 2, 2, 0, { 1, 1 }, { 0, 0 }, { 0 }, 0 },
    { "all kinds", 2, 1, 1, { 1, 2 }, { 0, 0 }, { 0 }, 0 },
    { "half of a bit, and none", 2, 1, 0, { 1, 1 }, { 0.11, 0.5 }, { 0 }, 0 },
    { "the weak one is noise", 2, 1, 1, { 1, 1 }, { 0, 0 }, { FY_FACTS_SEES, FY_FACTS_NOISE }, 0 },
    { "the strong one is noise", 2, 1, 0, { 1, 2 }, { 0, 0 }, { FY_FACTS_NOISE, FY_FACTS_SEES }, 0 },
    { "the weak one is a copy", 2, 1, 1, { 1, 1 }, { 0.2, 0 }, { FY_FACTS_SEES, FY_FACTS_COPY }, 0 },
    { "a third sees a share", 3, 1, 1, { 1, 0, 1 }, { 0, 0 }, { 0 }, 0 },
    { "a third is a copy", 3, 1, 0, { 1, 1, 1 }, { 0.1, 0 }, { 0, 0, FY_FACTS_COPY }, 1 },
};

static fy_facts_opts opts_of(const struct truth_row *r)
{
    fy_facts_opts o = fy_facts_defaults();

    o.n_modalities = r->n_modalities;
    o.redundant = r->redundant;
    o.synergistic = r->synergistic;
    for (int m = 0; m < r->n_modalities; m++) {
        o.modality[m].unique = r->unique[m];
        o.modality[m].unique_flip = m < 2 ? r->flip[m] : 0;
        o.modality[m].control = r->control[m];
        o.modality[m].copy_of = r->copy_of;
    }
    return o;
}

static void parts_are_what_they_are_said_to_be(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(truth_rows); i++) {
        const fy_facts_opts o = opts_of(&truth_rows[i]);

        for (int m1 = 0; m1 < o.n_modalities; m1++)
            for (int m2 = 0; m2 < o.n_modalities; m2++)
                compare_with_truth(&o, m1, m2);
    }
}

/* ---- samples ------------------------------------------------------------------------------------------------ */

/* With next to no noise clusters are code words. */
static void samples_show_the_parts(void **state)
{
    fy_facts_opts o = fy_facts_defaults();
    fy_pid_opts p = fy_pid_defaults();
    fy_tensor *x[2], *y;
    fy_dataset *d[2];
    fy_pid_bits known, seen;

    (void)state;
    o.n = 2000;
    o.redundant = o.synergistic = 1;
    for (int m = 0; m < 2; m++)
        o.modality[m].snr = o.modality[m].unique_snr = 50;
    for (int m = 0; m < 2; m++) {
        d[m] = drawn(&o, m);
        check_ok(fy_dataset_read(d[m], NULL, 0, &x[m], m == 0 ? &y : NULL));
    }
    p.clusters = 8;
    check_ok(fy_facts_pid(&o, 0, 1, &known));
    check_ok(fy_pid_of_features(x[0], x[1], fy_tensor_const_data(y), 16, &p, &seen, NULL));
    assert_true(fabs(seen.redundant - known.redundant) < 0.05);
    assert_true(fabs(seen.unique[0] - known.unique[0]) < 0.05);
    assert_true(fabs(seen.unique[1] - known.unique[1]) < 0.05);
    assert_true(fabs(seen.synergy - known.synergy) < 0.1);
    for (int m = 0; m < 2; m++) {
        fy_tensor_free(x[m]);
        fy_dataset_free(d[m]);
    }
    fy_tensor_free(y);
}

static double probe(const fy_facts_opts *o, int m)
{
    fy_probe_opts by = fy_probe_defaults();
    fy_facts_opts test = *o;
    fy_tensor *x[2], *y[2];
    fy_dataset *d[2];
    fy_probe p;

    by.l2[0] = 1e-2;
    by.n_l2 = 1;
    test.seed = o->seed + 1;
    d[0] = drawn(o, m);
    d[1] = drawn(&test, m);
    for (int i = 0; i < 2; i++)
        check_ok(fy_dataset_read(d[i], NULL, 0, &x[i], &y[i]));
    check_ok(fy_linear_probe(&(fy_probe_data){ x[0], fy_tensor_const_data(y[0]) },
                             &(fy_probe_data){ x[1], fy_tensor_const_data(y[1]) },
                             fy_dataset_classes(d[0]), &by, &p));
    for (int i = 0; i < 2; i++) {
        fy_tensor_free(x[i]);
        fy_tensor_free(y[i]);
        fy_dataset_free(d[i]);
    }
    return p.accuracy;
}

/* Two of three bits are seen: at best half right. A unique bit that is a coin: a quarter. Noise: an eighth. */
static void check_probe(const fy_facts_opts *o, int m, double low, double high)
{
    const double accuracy = probe(o, m);

    if (!(accuracy >= low && accuracy <= high))
        fail_msg("modality %d: accuracy %g, expected %g to %g", m, accuracy, low, high);
}

static void a_probe_reads_what_a_modality_sees(void **state)
{
    fy_facts_opts o = fy_facts_defaults();

    (void)state;
    o.redundant = 1;
    o.n = 800;
    o.modality[0].snr = o.modality[0].unique_snr = 2;
    o.modality[1].snr = o.modality[1].unique_snr = 0.05;
    check_probe(&o, 0, 0.45, 0.55);
    check_probe(&o, 1, 0.2, 0.42);
    o.modality[0].control = FY_FACTS_NOISE;
    check_probe(&o, 0, 0.08, 0.17);
    o.modality[0].control = FY_FACTS_SEES;
    o.modality[0].unique_flip = 0.5;
    check_probe(&o, 0, 0.2, 0.3);
}

static void modalities_belong_together(void **state)
{
    fy_facts_opts o = fy_facts_defaults();
    fy_dataset *a, *b, *copy;
    float x[2][24];

    (void)state;
    o.n_modalities = 3;
    o.n = 300;
    o.modality[2].control = FY_FACTS_COPY;
    o.modality[2].copy_of = 0;
    a = drawn(&o, 0);
    b = drawn(&o, 1);
    copy = drawn(&o, 2);
    assert_int_equal(fy_dataset_classes(a), 32);
    assert_int_equal(fy_dataset_shape(a)->rank, 1);
    for (int64_t i = 0; i < o.n; i++) {
        int32_t label[3];

        check_ok(fy_dataset_get(a, i, x[0], 24, &label[0]));
        check_ok(fy_dataset_get(copy, i, x[1], 24, &label[1]));
        assert_memory_equal(x[0], x[1], sizeof x[0]);
        check_ok(fy_dataset_get(b, i, x[1], 24, &label[2]));
        assert_memory_not_equal(x[0], x[1], sizeof x[0]);
        assert_true(label[0] == label[1] && label[1] == label[2]);
        assert_string_equal(fy_dataset_key(a, i), fy_dataset_key(b, i));
        assert_int_equal(strtol(fy_dataset_key(a, i), NULL, 10), i);
    }
    assert_string_not_equal(fy_dataset_hash(a), fy_dataset_hash(b));
    fy_dataset_free(a);
    fy_dataset_free(b);
    fy_dataset_free(copy);
}

static void a_longer_dataset_begins_with_a_shorter_one(void **state)
{
    fy_facts_opts o = fy_facts_defaults();
    fy_dataset *few, *many;
    float x[2][24];
    int32_t label[2];

    (void)state;
    o.n = 10;
    few = drawn(&o, 1);
    o.n = 1000;
    many = drawn(&o, 1);
    for (int64_t i = 0; i < 10; i++) {
        check_ok(fy_dataset_get(few, i, x[0], 24, &label[0]));
        check_ok(fy_dataset_get(many, i, x[1], 24, &label[1]));
        assert_memory_equal(x[0], x[1], sizeof x[0]);
        assert_int_equal(label[0], label[1]);
    }
    assert_string_equal(fy_dataset_hash(few), fy_dataset_hash(many));
    fy_dataset_free(few);
    fy_dataset_free(many);
}

/* Values, their scale and the labels: on every machine and compiler. */
static void samples_are_the_same_everywhere(void **state)
{
    fy_facts_opts o = fy_facts_defaults();
    fy_data_stats stats;
    fyi_sha256 sum;
    fy_dataset *d;
    char hex[65];

    (void)state;
    o.n = 2000;
    o.synergistic = 1;
    o.curvature = 0.25;
    o.modality[0].unique_flip = 0.1;
    d = drawn(&o, 0);
    fyi_sha256_init(&sum);
    for (int64_t i = 0; i < 200; i++) {
        float x[24];
        int32_t rounded[25];

        check_ok(fy_dataset_get(d, i, x, 24, &rounded[24]));
        for (int j = 0; j < 24; j++)
            rounded[j] = (int32_t)lrintf(x[j] * 64);
        fyi_sha256_update(&sum, rounded, sizeof rounded);
    }
    fyi_sha256_hex(&sum, hex);
    assert_string_equal(hex, "78b8f33daaf1eea9a421209549529cf9767abbbfe3644b50358fe5a663a29da2");
    check_ok(fy_dataset_stats(d, 0, &stats));
    assert_true(fabs(stats.mean) < 0.1 && stats.deviation > 0.8 && stats.deviation < 1.2);
    fy_dataset_free(d);
}

/* ---- mistakes ------------------------------------------------------------------------------------------ */

static void mistakes_are_named(void **state)
{
    const fy_facts_opts good = fy_facts_defaults();
    fy_facts_opts o = good;
    fy_dataset *d;

    (void)state;
    check_status(fy_facts_open(&o, 2, &d), FY_EINVAL);
    check_sentence("there is no modality 2, there are 0 .. 1");
    o.n_modalities = 1;
    check_status(fy_facts_open(&o, 0, &d), FY_EINVAL);
    check_sentence("1 modalities; 2 .. 8");
    o = good;
    o.redundant = 9;
    check_status(fy_facts_open(&o, 0, &d), FY_EINVAL);
    check_sentence("a label of 11 bits; 1 .. 10");
    o = good;
    o.modality[1].unique_flip = 0.6;
    check_status(fy_facts_open(&o, 0, &d), FY_EINVAL);
    check_sentence("modality 1 has snr");
    o = good;
    o.modality[1].snr = (double)NAN;
    check_status(fy_facts_open(&o, 0, &d), FY_EINVAL);
    o = good;
    o.modality[1].control = FY_FACTS_COPY;
    o.modality[1].copy_of = 1;
    check_status(fy_facts_open(&o, 0, &d), FY_EINVAL);
    check_sentence("modality 1 cannot be a copy of modality 1");
    o.modality[1].copy_of = 0;
    o.modality[1].dim = 7;
    check_status(fy_facts_open(&o, 0, &d), FY_ESHAPE);
    o = good;
    o.redundant = 8;
    o.modality[0].dim = FY_FACTS_MAX_DIM;
    o.modality[0].unique = 2;
    o.modality[1].unique = 0;
    check_ok(fy_facts_open(&o, 0, &d));
    fy_dataset_free(d);
    o.n = 0;
    check_status(fy_facts_open(&o, 0, &d), FY_EINVAL);
    o = good;
    o.curvature = -0.1;
    check_status(fy_facts_open(&o, 0, &d), FY_EINVAL);
}

static fy_status open_facts(void *arg)
{
    fy_facts_opts o = fy_facts_defaults();
    fy_dataset *d = NULL;
    fy_status st;

    (void)arg;
    o.n = 3;
    st = fy_facts_open(&o, 0, &d);
    fy_dataset_free(d);
    return st;
}

static void running_out_of_memory_leaves_nothing(void **state)
{
    (void)state;
    fyt_check_alloc_failures(open_facts, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_what_they_are_said_to_be),
        cmocka_unit_test(samples_show_the_parts),
        cmocka_unit_test(a_probe_reads_what_a_modality_sees),
        cmocka_unit_test(modalities_belong_together),
        cmocka_unit_test(a_longer_dataset_begins_with_a_shorter_one),
        cmocka_unit_test(samples_are_the_same_everywhere),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(running_out_of_memory_leaves_nothing),
    };
    return cmocka_run_group_tests_name("facts", tests, NULL, NULL);
}
