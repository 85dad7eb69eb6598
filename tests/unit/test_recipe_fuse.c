/* Recipes for several modalities: what is refused and in which words, methods that share their keys, and which samples end up in
 * which split. A sample whose parts are torn apart, or that is in two splits, makes figures that say nothing. */
#include "recipe/fuse.h"
#include "support/recipes.h"

#include <stdlib.h>
#include <string.h>

#define FACTS(m, n) "{format: facts, modality: " #m ", n: " #n "}\n"
#define PAIR "part_1: " FACTS(0, 60) "part_2: " FACTS(1, 60)
#define WHOLE "method: dgl\n" PAIR

/* ---- mistakes -------------------------------------------------------------------------------- */

static const fyt_bad_recipe bad[] = {
    { "one_part", "method: dgl\npart_1: " FACTS(0, 9), "the data side 'part_2' is missing" },
    { "gap", WHOLE "part_4: " FACTS(1, 9), "there is a data side 'part_4' and no 'part_3'" },
    { "test_of_a_gap", WHOLE "part_3_test: " FACTS(1, 9),
      "there is a data side 'part_3_test' and no 'part_3'" },
    { "half_a_test", WHOLE "part_2_test: {n: 9}\n",
      "there is a data side 'part_2_test' and no 'part_1_test'; test samples have a part of "
      "every" },
    { "half_a_validation", WHOLE "part_1_val: {n: 9}\n",
      "there is a data side 'part_1_val' and no 'part_2_val'; validation samples" },
    { "two_tests", WHOLE "part_1_test: {n: 9}\npart_2_test: {n: 9}\npair: {test: 0.2}\n",
      "'pair.test' would not be used, since there is a part_1_test" },
    { "nothing_left", WHOLE "pair: {test: 0.6}\nholdout: 0.4\n",
      "'pair.test' and 'holdout' leave 0 of the samples" },
    { "nothing_dropped", WHOLE "pair: {drop_test: 0.5}\n",
      "'pair.drop_test' would not be used, since there is no part_1_test" },
    { "other_side", WHOLE "train: " FACTS(1, 9), "has no use for the data side 'train'" },
    { "part_for_another", "method: finetune\ntrain: {format: digits}\npart_1: " FACTS(0, 9),
      "the method 'finetune' has no use for the data side 'part_1'" },
    { "encoder_alone", WHOLE "encoder_3: {width: 2}\n",
      "there are keys 'encoder_3.*' and no data side 'part_3'" },
    { "augment_alone", WHOLE "augment_8: {flip: 0.5}\n",
      "there are keys 'augment_8.*' and no data side 'part_8'" },
    { "ninth_encoder", WHOLE "encoder_9: {width: 2}\n", "unknown key 'encoder_9.width'" },
    { "two_of_a_name", WHOLE "encoder_1: {name: a}\nencoder_2: {name: a}\n",
      "'encoder_1.name' and 'encoder_2.name' are both 'a'" },
    { "name", WHOLE "encoder_1: {name: a/b}\n", "'encoder_1.name' is 'a/b', expected a name of" },
    { "anchor", WHOLE "encoder_1: {name: image}\npair: {by: label, anchor: imag}\n",
      "'pair.anchor' is 'imag', which is no modality; did you mean 'image'?" },
    { "anchor_by_number", WHOLE "pair: {anchor: part_1}\n",
      "'pair.anchor' would not be used, since it needs pair.by=label" },
    { "weak", WHOLE "fuse: {weak: zzz}\n",
      "'fuse.weak' is 'zzz', which is no modality; the first is 'part_1'" },
    { "way", WHOLE "pair: {by: keys}\n",
      "'pair.by' is 'keys', expected number, key or label; did you mean 'key'?" },
    { "all_dropped", WHOLE "pair: {drop: 1}\n", "expected a number from 0 to 0.99" },
    { "fusion_as_encoder", WHOLE "encoder_1: {family: fusion_sum}\n",
      "'encoder_1.family' is 'fusion_sum', expected" },
    { "encoder_as_fusion", WHOLE "fuse: {fusion: mlp}\n", "'fuse.fusion' is 'mlp', expected" },
    { "key_of_a_side", WHOLE "part_2_test.modalty: 1\n", "did you mean 'part_2_test.modality'?" },
    { "key_of_no_method", WHOLE "umt: {wieght: 1}\n", "unknown key 'umt.wieght'" },
};

/* ---- methods --------------------------------------------------------------------------------- */

static void every_method_of_the_library_is_a_recipes(void **state)
{
    const char *const *names = fy_fuse_methods();

    (void)state;
    for (; *names != NULL; names++) {
        fy_recipe *r = fyt_recipe(PAIR);

        check_ok(fy_recipe_put(r, "method", *names));
        check_ok(fy_recipe_check(r));
        assert_non_null(fyi_method_find(*names));
        fy_recipe_free(r);
    }
    for (int i = 0; fy_recipe_method(i) != NULL; i++)
        assert_non_null(fy_recipe_method_text(i));
}

static void keys_of_another_method_wait_for_it(void **state)
{
    fy_recipe *r = fyt_recipe(WHOLE "umt: {weight: 0.25}\nunique: {beta: 0.5}\n");

    (void)state;
    assert_null(fy_recipe_get(r, "umt.weight"));
    check_ok(fy_recipe_set(r, "method=umt"));
    assert_string_equal(fy_recipe_get(r, "umt.weight"), "0.25");
    assert_null(fy_recipe_get(r, "branches.alpha"));
    check_ok(fy_recipe_set(r, "ogm.alpha=1"));
    check_status(fy_recipe_check(r), FY_EINVAL);
    check_sentence("'ogm.alpha' is a key of the method 'ogm_ge', but the recipe's method is 'umt'");
    fy_recipe_free(r);
}

static void parts_follow_and_only_theirs_are_resolved(void **state)
{
    fy_recipe *r = fyt_recipe(WHOLE "part_1_test: {n: 9}\npart_2_test: {n: 9}\n");

    (void)state;
    assert_string_equal(fy_recipe_get(r, "part_2_test.modality"), "1");
    assert_string_equal(fy_recipe_get(r, "encoder_2.name"), "part_2");
    assert_string_equal(fy_recipe_get(r, "augment_1.flip"), "0");
    assert_null(fy_recipe_get(r, "encoder_3.name"));
    assert_string_equal(fy_recipe_side(0), "source");
    assert_string_equal(fy_recipe_side(FYI_PART_TEST + 1), "part_2_test");
    assert_null(fy_recipe_side(FYI_SIDES));
    fy_recipe_free(r);
}

/* ---- splits ---------------------------------------------------------------------------------- */

static void open_data(fy_recipe *r, fyi_recipe_data *d)
{
    check_ok(fy_recipe_check(r));
    check_ok(fyi_recipe_data_open(&r->settings, d));
}

static int64_t count(const fyi_recipe_data *d, int split)
{
    return fy_parts_count(d->parts[split]);
}

/* The i-th sample's key. */
static const char *key_at(const fyi_recipe_data *d, int split, int m, int64_t i)
{
    return fy_dataset_key(fy_parts_dataset(d->parts[split], m), i);
}

static void check_whole(const fyi_recipe_data *d, int split)
{
    for (int64_t i = 0; i < count(d, split); i++)
        assert_string_equal(key_at(d, split, 0, i), key_at(d, split, 1, i));
}

static void check_apart(const fyi_recipe_data *d, int a, int b)
{
    for (int64_t i = 0; i < count(d, a); i++)
        for (int64_t k = 0; k < count(d, b); k++)
            assert_string_not_equal(key_at(d, a, 0, i), key_at(d, b, 0, k));
}

static void whole_samples_are_held_out(void **state)
{
    static const char *const ways[] = { "pair.by=number", "pair.by=key" };

    (void)state;
    for (size_t w = 0; w < LEN(ways); w++) {
        fy_recipe *r = fyt_recipe(WHOLE "holdout: 0.2\npair: {test: 0.3}\n");
        fyi_recipe_data d;

        check_ok(fy_recipe_set(r, ways[w]));
        open_data(r, &d);
        assert_int_equal(count(&d, FYI_SPLIT_TRAIN), 30);
        assert_int_equal(count(&d, FYI_SPLIT_VAL), 12);
        assert_int_equal(count(&d, FYI_SPLIT_TEST), 18);
        for (int k = 0; k < FYI_SPLITS; k++)
            check_whole(&d, k);
        check_apart(&d, FYI_SPLIT_TRAIN, FYI_SPLIT_VAL);
        check_apart(&d, FYI_SPLIT_TRAIN, FYI_SPLIT_TEST);
        check_apart(&d, FYI_SPLIT_VAL, FYI_SPLIT_TEST);
        fyi_recipe_data_close(&d);
        fy_recipe_free(r);
    }
}

static void what_is_paired_by_label_is_in_one_split(void **state)
{
    fy_recipe *r = fyt_recipe("method: joint\npart_1: {format: digits, n: 300}\n"
                              "part_2: {format: digits, style: noisy, n: 200}\n"
                              "encoder_1: {name: clean}\npair: {by: label, test: 0.25}\n");
    fyi_recipe_data d;
    int64_t seen[2] = { 0 };

    (void)state;
    open_data(r, &d);
    assert_int_equal(count(&d, FYI_SPLIT_TRAIN), 130); /* of the smaller, the anchor */
    for (int k = 0; k < FYI_SPLITS; k++)
        for (int m = 0; m < 2; m++)
            seen[m] += fy_dataset_count(d.side[FYI_PART + k * FY_MAX_MODALITIES + m]);
    assert_int_equal(seen[0], 300);
    assert_int_equal(seen[1], 200);
    check_ok(fy_recipe_set(r, "pair.anchor=clean"));
    fyi_recipe_data_close(&d);
    open_data(r, &d);
    assert_int_equal(count(&d, FYI_SPLIT_TRAIN), 195);
    fyi_recipe_data_close(&d);
    fy_recipe_free(r);
}

/* ---- groups ---------------------------------------------------------------------------------- */

enum { SPEAKERS = 6, EACH = 20 };

/* Lines key,speaker,value,label, but for those whose number has the rest `without` by 5. */
static void write_table(const char *path, int without)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    (void)fprintf(f, "key,speaker,x,y\n");
    for (int i = 0; i < SPEAKERS * EACH; i++)
        if (i % 5 != without)
            (void)fprintf(f, "k%03d,s%d,%d,%s\n", i, i % SPEAKERS, i, i % 4 < 2 ? "a" : "b");
    assert_int_equal(fclose(f), 0);
}

#define TABLE(m) \
    "part_" #m ": {format: csv, images: " #m ".csv, group_column: speaker, key_column: key}\n"

/* Two tables of the same samples; the second lacks one in five. */
static fy_recipe *table_recipe(void **state, const char *settings)
{
    fy_recipe *r = fyt_recipe("method: dgl\nholdout: 0.3\n" TABLE(1) TABLE(2));
    char rest[256];

    write_table(fyt_path(*state, "1.csv"), -1);
    write_table(fyt_path(*state, "2.csv"), 3);
    check_ok(fy_recipe_put(r, "data_root", fyt_path(*state, "")));
    (void)snprintf(rest, sizeof rest, "%s", settings);
    for (char *at = strtok(rest, " "); at != NULL; at = strtok(NULL, " "))
        check_ok(fy_recipe_set(r, at));
    return r;
}

static void check_groups_apart(const fyi_recipe_data *d, int m)
{
    const char *group;

    check_ok(fy_dataset_share_group(d->side[FYI_PART + m], d->side[FYI_PART_VAL + m], &group));
    assert_null(group);
}

static void groups_are_not_divided(void **state)
{
    static const char *const ways[] = { "pair.by=key", "pair.by=key pair.keep_incomplete=true",
                                        "pair.by=label" };
    static const int64_t counts[] = { 96, 120, 120 };

    for (size_t w = 0; w < LEN(ways); w++) {
        fy_recipe *r = table_recipe(state, ways[w]);
        fyi_recipe_data d;

        open_data(r, &d);
        assert_int_equal(count(&d, FYI_SPLIT_TRAIN) + count(&d, FYI_SPLIT_VAL), counts[w]);
        check_groups_apart(&d, 0);
        check_groups_apart(&d, 1);
        if (w == 0)
            check_whole(&d, FYI_SPLIT_VAL);
        if (w < 2)
            check_apart(&d, FYI_SPLIT_TRAIN, FYI_SPLIT_VAL);
        fyi_recipe_data_close(&d);
        fy_recipe_free(r);
    }
}

static void a_group_in_two_splits_is_named(void **state)
{
    fy_recipe *r = table_recipe(state, "holdout= pair.by=key part_1_val.images=1.csv "
                                       "part_2_val.images=2.csv part_1_val.groups=[s1] "
                                       "part_2_val.groups=[s1]");
    fyi_recipe_data d;

    check_ok(fy_recipe_check(r));
    check_status(fyi_recipe_data_open(&r->settings, &d), FY_EINVAL);
    check_sentence("the data sides 'part_1' and 'part_1_val' both have samples of the group 's1'");
    fyi_recipe_data_close(&d);
    check_ok(fy_recipe_set(r, "part_1.not_groups=[s1]"));
    check_ok(fy_recipe_set(r, "part_2.not_groups=[s1]"));
    open_data(r, &d);
    assert_int_equal(count(&d, FYI_SPLIT_VAL), 16);
    fyi_recipe_data_close(&d);
    fy_recipe_free(r);
}

static int64_t missing(const fyi_recipe_data *d, int split, int m)
{
    int64_t n = 0;

    for (int64_t i = 0; i < count(d, split); i++)
        n += fy_parts_there(d->parts[split], m)[i] == 0;
    return n;
}

static void parts_go_missing_where_they_should(void **state)
{
    fy_recipe *r = fyt_recipe(WHOLE "pair: {drop: 0.5, drop_test: 0.9, test: 0.3}\n");
    fyi_recipe_data d;

    (void)state;
    open_data(r, &d);
    assert_true(missing(&d, FYI_SPLIT_TRAIN, 0) > 0);
    assert_int_equal(missing(&d, FYI_SPLIT_VAL, 0) + missing(&d, FYI_SPLIT_VAL, 1), 0);
    assert_true(missing(&d, FYI_SPLIT_TEST, 0) + missing(&d, FYI_SPLIT_TEST, 1) > 10);
    fyi_recipe_data_close(&d);
    fy_recipe_free(r);
}

static void data_are_the_same_for_all_methods(void **state)
{
    fy_recipe *a = fyt_recipe(WHOLE), *b = fyt_recipe(WHOLE);
    char first[65], second[65];

    (void)state;
    check_ok(fy_recipe_set(b, "method=umt"));
    check_ok(fy_recipe_set(b, "encoder_1.width=2"));
    check_ok(fy_recipe_check(a));
    check_ok(fy_recipe_check(b));
    check_ok(fyi_recipe_data_sha256(&a->settings, first));
    check_ok(fyi_recipe_data_sha256(&b->settings, second));
    assert_string_equal(first, second);
    check_ok(fy_recipe_set(b, "pair.drop=0.5"));
    check_ok(fy_recipe_check(b));
    check_ok(fyi_recipe_data_sha256(&b->settings, second));
    assert_string_not_equal(first, second);
    fy_recipe_free(b);
    fy_recipe_free(a);
}

static const fyt_bad_recipe bad_data[] = {
    { "counts", "method: dgl\npart_1: " FACTS(0, 60) "part_2: " FACTS(1, 50),
      "modality 'part_1' has 60 samples and 'part_2' 50; to be paired by number they are as many" },
    { "classes", "method: dgl\npart_1: {format: digits, n: 60}\npart_2: " FACTS(1, 60),
      "modalities 'part_1' and 'part_2': 'digits.clean' has 10 classes and 'facts.1' 16" },
    { "class_of_a_sample",
      "method: dgl\npart_1: {format: facts, n: 60, draw_seed: 1}\n"
      "part_2: {format: facts, n: 60, modality: 1, draw_seed: 2}\n",
      "what belongs together is of one class" },
};

static void says_what_is_wrong_with_the_data(void **state)
{
    const fyt_bad_recipe *c = *state;
    fy_recipe *r = fyt_recipe(c->text);
    fyi_recipe_data d;

    check_ok(fy_recipe_check(r));
    check_status(fyi_recipe_data_open(&r->settings, &d), FY_EINVAL);
    check_sentence(c->sentence);
    fyi_recipe_data_close(&d);
    fy_recipe_free(r);
}

int main(void)
{
    static const struct CMUnitTest rest[] = {
        cmocka_unit_test(every_method_of_the_library_is_a_recipes),
        cmocka_unit_test(keys_of_another_method_wait_for_it),
        cmocka_unit_test(parts_follow_and_only_theirs_are_resolved),
        cmocka_unit_test(whole_samples_are_held_out),
        cmocka_unit_test(what_is_paired_by_label_is_in_one_split),
        cmocka_unit_test_setup_teardown(groups_are_not_divided, fyt_tmpdir_setup,
                                        fyt_tmpdir_teardown),
        cmocka_unit_test_setup_teardown(a_group_in_two_splits_is_named, fyt_tmpdir_setup,
                                        fyt_tmpdir_teardown),
        cmocka_unit_test(parts_go_missing_where_they_should),
        cmocka_unit_test(data_are_the_same_for_all_methods),
    };
    struct CMUnitTest tests[LEN(bad) + LEN(bad_data) + LEN(rest)];
    size_t n = 0;

    for (size_t i = 0; i < LEN(bad); i++)
        tests[n++] = (struct CMUnitTest){ bad[i].name, fyt_recipe_is_refused, NULL, NULL,
                                          (void *)(uintptr_t)&bad[i] };
    for (size_t i = 0; i < LEN(bad_data); i++)
        tests[n++] = (struct CMUnitTest){ bad_data[i].name, says_what_is_wrong_with_the_data, NULL,
                                          NULL, (void *)(uintptr_t)&bad_data[i] };
    for (size_t i = 0; i < LEN(rest); i++)
        tests[n++] = rest[i];
    return cmocka_run_group_tests_name("recipe_fuse", tests, NULL, NULL);
}
