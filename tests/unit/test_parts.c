/* Guards samples of several parts: who belongs together by number, by key and by label, what is missing, and whose labels and groups
 * they have. */
#include "support/support.h"

#include <ferry/ferry.h>

#include <string.h>

enum { N = 24, CLASSES = 3 };

/* n vectors of one value: sample i is of class i * step % CLASSES and holds `mark` + i. */
static fy_dataset *counting(const char *name, int n, int step, float mark)
{
    fy_tensor *x, *y;
    fy_dataset *d;
    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(n, 1), &x));
    check_ok(fy_tensor_new(FY_I32, FY_SHAPE(n), &y));
    for (int i = 0; i < n; i++) {
        ((float *)fy_tensor_data(x))[i] = mark + (float)i;
        ((int32_t *)fy_tensor_data(y))[i] = i * step % CLASSES;
    }
    check_ok(fy_dataset_from_tensors(name, x, y, CLASSES, &d));
    fy_tensor_free(x);
    fy_tensor_free(y);
    return d;
}

static float value_of(const fy_parts *p, int m, int64_t i)
{
    float x;
    check_ok(fy_dataset_get(fy_parts_dataset(p, m), i, &x, 1, NULL));
    return x;
}

static int32_t label_of(const fy_parts *p, int m, int64_t i)
{
    int32_t label;
    check_ok(fy_dataset_label(fy_parts_dataset(p, m), i, &label));
    return label;
}

static const char *const names[] = { "image", "sound", "touch" };

static fy_parts *paired(fy_dataset *const *d, int n, fy_parts_opts o)
{
    fy_parts *p;
    check_ok(fy_parts_open((const fy_dataset *const *)d, names, n, &o, &p));
    return p;
}

static void free_all(fy_dataset *const *d, int n)
{
    for (int m = 0; m < n; m++)
        fy_dataset_free(d[m]);
}

static void numbers_pair_what_is_alike(void **state)
{
    fy_dataset *d[] = { counting("a", N, 1, 0), counting("b", N, 1, 100), counting("c", N, 1, 200) };
    fy_parts *p = paired(d, 3, fy_parts_defaults());
    (void)state;
    assert_int_equal(fy_parts_modalities(p), 3);
    assert_int_equal(fy_parts_count(p), N);
    assert_string_equal(fy_parts_name(p, 2), "touch");
    assert_null(fy_parts_name(p, 3));
    for (int m = 0; m < 3; m++)
        for (int i = 0; i < N; i++) {
            assert_true(value_of(p, m, i) == (float)(100 * m + i));
            assert_int_equal(label_of(p, m, i), i % CLASSES);
            assert_true(fy_parts_there(p, m)[i] == 1);
        }
    fy_parts_free(p);
    free_all(d, 3);
}

static void refused(const fy_dataset *a, const fy_dataset *b, fy_parts_opts o, const char *sentence)
{
    const fy_dataset *d[] = { a, b };
    fy_parts *p;
    check_status(fy_parts_open(d, names, 2, &o, &p), FY_EINVAL);
    check_sentence(sentence);
    assert_null(p);
}

static void what_does_not_fit_is_named(void **state)
{
    static const int32_t classes[] = { 0, 1 };
    fy_dataset *a = counting("a", N, 1, 0), *other = counting("b", N, 2, 0),
               *fewer = counting("c", N - 1, 1, 0), *two, *d[] = { a, a };
    fy_select_opts choice = fy_select_defaults();
    fy_parts_opts o = fy_parts_defaults();
    fy_parts *p;
    (void)state;
    choice.classes = classes;
    choice.n_classes = 2;
    check_ok(fy_dataset_select(a, &choice, &two));
    refused(a, other, o, "sample 1 of modality 'sound' is of class '2', and 'image' has '1' for it");
    refused(a, fewer, o, "modality 'image' has 24 samples and 'sound' 23");
    refused(a, two, o, "'a' has 3 classes and 'a' 2, or they have other names");
    o.by = FY_PAIR_KEY;
    refused(a, a, o, "the samples of 'a' have no names to pair them by");
    o.by = FY_PAIR_LABEL;
    o.anchor = 2;
    refused(a, a, o, "modality 2 is to be the anchor; there are 0 to 1");
    check_status(
        fy_parts_open((const fy_dataset *const *)d, (const char *const[]){ "x", "x" }, 2, NULL, &p),
        FY_EINVAL);
    check_sentence("two modalities are called 'x'");
    check_status(fy_parts_open((const fy_dataset *const *)d, names, 0, NULL, &p), FY_EINVAL);
    fy_dataset_free(two);
    fy_dataset_free(fewer);
    fy_dataset_free(other);
    fy_dataset_free(a);
}

/* 12 sounds and 24 images: every sound once, with an image of its class that no other has. */
static void labels_pair_by_chance(void **state)
{
    fy_dataset *d[] = { counting("a", N, 1, 0), counting("b", N / 2, 2, 100) };
    fy_parts_opts o = fy_parts_defaults();
    bool was_shown[N] = { false };
    int differ = 0;
    (void)state;
    o.by = FY_PAIR_LABEL;
    fy_parts *p = paired(d, 2, o), *again = paired(d, 2, o);
    o.seed = 1;
    fy_parts *otherwise = paired(d, 2, o);
    assert_int_equal(fy_parts_count(p), N / 2);
    for (int i = 0; i < N / 2; i++) {
        const int image = (int)value_of(p, 0, i);
        assert_true(value_of(p, 1, i) == (float)(100 + i));
        assert_int_equal(image % CLASSES, i * 2 % CLASSES);
        assert_false(was_shown[image]);
        was_shown[image] = true;
        assert_true(value_of(again, 0, i) == (float)image);
        differ += value_of(otherwise, 0, i) != (float)image;
    }
    assert_true(differ > 3);
    fy_parts_free(otherwise);
    fy_parts_free(again);
    fy_parts_free(p);
    free_all(d, 2);
}

static void the_anchor_is_shown_once(void **state)
{
    fy_dataset *d[] = { counting("a", N, 1, 0), counting("b", N / 2, 2, 100) };
    fy_parts_opts o = fy_parts_defaults();
    int shown[N / 2] = { 0 };
    (void)state;
    o.by = FY_PAIR_LABEL;
    o.anchor = 0;
    fy_parts *p = paired(d, 2, o);
    assert_int_equal(fy_parts_count(p), N);
    for (int i = 0; i < N; i++)
        shown[(int)value_of(p, 1, i) - 100]++;
    for (int i = 0; i < N / 2; i++)
        assert_int_equal(shown[i], 2);
    fy_parts_free(p);
    free_all(d, 2);
}

/* The anchor is who is known: its speakers become the samples', in every modality. */
static void groups_are_the_samples(void **state)
{
    static const char *const who[] = { "george", "theo" };
    fy_dataset *sounds = counting("b", N, 1, 100), *d[] = { counting("a", N / 2, 1, 0), NULL };
    fy_parts_opts o = fy_parts_defaults();
    int32_t group[N];
    (void)state;
    for (int i = 0; i < N; i++)
        group[i] = i / (N / 2);
    check_ok(fy_dataset_with_groups(sounds, group, 2, who, &d[1]));
    o.by = FY_PAIR_LABEL;
    fy_parts *p = paired(d, 2, o);
    assert_int_equal(fy_parts_count(p), N);
    for (int m = 0; m < 2; m++) {
        const fy_dataset *part = fy_parts_dataset(p, m);
        assert_int_equal(fy_dataset_groups(part), 2);
        assert_int_equal(fy_dataset_group(part, N - 1), 1);
        assert_string_equal(fy_dataset_group_name(part, 1), "theo");
    }
    fy_parts_free(p);
    free_all(d, 2);
    fy_dataset_free(sounds);
}

/* Drawn modalities are known by their numbers: 0 .. 9 of one and 5 .. 14 of the other. */
static fy_dataset *ten_facts(int m)
{
    fy_facts_opts o = fy_facts_defaults();
    fy_dataset *whole, *ten;
    int64_t at[10];
    o.n = 15;
    for (int i = 0; i < 10; i++)
        at[i] = 5 * m + i;
    check_ok(fy_facts_open(&o, m, &whole));
    check_ok(fy_dataset_subset(whole, at, 10, &ten));
    fy_dataset_free(whole);
    return ten;
}

static void keys_find_each_other(void **state)
{
    fy_dataset *d[] = { ten_facts(0), ten_facts(1) };
    fy_parts_opts o = fy_parts_defaults();
    (void)state;
    o.by = FY_PAIR_KEY;
    fy_parts *p = paired(d, 2, o);
    assert_int_equal(fy_parts_count(p), 5);
    for (int i = 0; i < 5; i++)
        assert_string_equal(fy_dataset_key(fy_parts_dataset(p, 0), i),
                            fy_dataset_key(fy_parts_dataset(p, 1), i));
    fy_parts_free(p);
    free_all(d, 2);
}

static void keys_may_lack_a_part(void **state)
{
    fy_dataset *d[] = { ten_facts(0), ten_facts(1) };
    fy_parts_opts o = fy_parts_defaults();
    float there[2] = { 0 };
    (void)state;
    o.by = FY_PAIR_KEY;
    o.keep_incomplete = true;
    fy_parts *p = paired(d, 2, o);
    assert_int_equal(fy_parts_count(p), 15);
    for (int i = 0; i < 15; i++) {
        there[0] += fy_parts_there(p, 0)[i];
        there[1] += fy_parts_there(p, 1)[i];
        assert_int_equal(label_of(p, 0, i), label_of(p, 1, i)); /* that of what is there */
    }
    assert_true(there[0] == 10 && there[1] == 10);
    fy_parts_free(p);
    free_all(d, 2);
}

static void parts_go_missing_but_never_all(void **state)
{
    fy_dataset *d[] = { counting("a", N, 1, 0), counting("b", N, 1, 100), counting("c", N, 1, 200) };
    fy_parts *p = paired(d, 3, fy_parts_defaults()), *less, *again;
    float all = 0;
    (void)state;
    check_ok(fy_parts_drop(p, 0.6, 7, &less));
    check_ok(fy_parts_drop(p, 0.6, 7, &again));
    for (int i = 0; i < N; i++) {
        float n = 0;
        for (int m = 0; m < 3; m++) {
            n += fy_parts_there(less, m)[i];
            assert_true(fy_parts_there(less, m)[i] == fy_parts_there(again, m)[i]);
        }
        assert_true(n >= 1);
        all += n;
    }
    assert_true(all > 1.3f * N && all < 2.3f * N); /* of 3: one, and 0.4 of two */
    fy_parts_free(again);
    check_status(fy_parts_drop(less, 1, 0, &again), FY_EINVAL);
    check_sentence("a share of 1 of the parts is to be left out; expected 0 to below 1");
    fy_parts_free(less);
    fy_parts_free(p);
    free_all(d, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_pair_what_is_alike),
        cmocka_unit_test(what_does_not_fit_is_named),
        cmocka_unit_test(labels_pair_by_chance),
        cmocka_unit_test(the_anchor_is_shown_once),
        cmocka_unit_test(groups_are_the_samples),
        cmocka_unit_test(keys_find_each_other),
        cmocka_unit_test(keys_may_lack_a_part),
        cmocka_unit_test(parts_go_missing_but_never_all),
    };
    return cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
