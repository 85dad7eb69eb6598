/* Recipes for models that are carried to other domains: what is refused and in which words, where a target's samples come from, and
 * which of its five sets they end up in. A sample in two of them, or a label where none is to be seen, makes figures that say nothing. */
#include "data/picture.h"
#include "recipe/hdnet.h"
#include "support/recipes.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FACTS(m) "{format: facts, modality: " #m ", n: 400}\n"
#define PAIR "part_1: " FACTS(0) "part_2: " FACTS(1)
#define WHOLE "method: hdnet\n" PAIR "domain: {of_source: 0.5}\n"

/* ---- mistakes -------------------------------------------------------------------------------- */

static const fyt_bad_recipe bad[] = {
    { "no_part", "method: hdnet\n", "the data side 'part_1' is missing" },
    { "gap", WHOLE "part_4: " FACTS(1), "there is a data side 'part_4' and no 'part_3'" },
    { "no_target", "method: hdnet\n" PAIR,
      "nothing says where a target's samples of 'part_1' are: give a data side 'target_1'" },
    { "target_alone", WHOLE "target_3: " FACTS(1),
      "there is a data side 'target_3' and no 'part_3'" },
    { "two_ways", WHOLE "target_1: {n: 9}\ntarget_2: {n: 9}\n",
      "'domain.of_source' would not be used, since every modality has target samples" },
    { "half_a_way", WHOLE "target_1: {n: 9}\n", "which belong together only with pair.by=label" },
    { "too_much", WHOLE "domain.train: 0.9\n", "are 1.5 of a target's samples together" },
    { "named_by_nobody",
      "method: hdnet\npart_1: {format: folder, images: a}\n"
      "target_1: {images: \"pacs/{domain}\"}\n",
      "'target_1.images' has {domain} in it, and 'held_out' names no target" },
    { "test_of_one_domain", WHOLE "pair: {test: 0.2}\n",
      "'pair.test' is for methods of one domain" },
    { "shift_alone", WHOLE "shift_3: {noise: 1}\n",
      "there are keys 'shift_3.*' and no data side 'part_3'" },
    { "strategy", WHOLE "strategy: softer\n",
      "'strategy' is 'softer', expected soft, hard, hybrid" },
    { "not_hard", WHOLE "strategy: soft\nhard: {pressure: 1}\n",
      "'hard.pressure' would not be used, since it needs strategy=hard|hybrid|auto|all" },
    { "not_soft", WHOLE "strategy: hard\nsoft: {floor: 0.1}\n",
      "'soft.floor' would not be used, since it needs strategy=soft|hybrid|auto|all" },
    { "of_another_method", "method: dgl\nstrategy: soft\n" PAIR,
      "'strategy' would not be used, since it needs method=hdnet" },
    { "milestones", WHOLE "hdnet: {milestones: [3]}\n",
      "'hdnet.milestones' would not be used, since it needs hdnet.schedule=multistep" },
};

/* ---- sets ------------------------------------------------------------------------------------ */

static void open_data(fy_recipe *r, fyi_recipe_data *d)
{
    check_ok(fy_recipe_check(r));
    check_ok(fyi_recipe_data_open(&r->settings, d));
}

static int64_t count(const fyi_recipe_data *d, int t, int set)
{
    return fy_parts_count(d->domains[t].sets[set]);
}

/* No sample of modality m of one is in the other. */
static void check_apart(const fy_parts *a, const fy_parts *b, int m)
{
    const fy_dataset *of_a = fy_parts_dataset(a, m), *of_b = fy_parts_dataset(b, m);

    for (int64_t i = 0; i < fy_dataset_count(of_a); i++)
        for (int64_t k = 0; k < fy_dataset_count(of_b); k++)
            assert_int_not_equal(fy_dataset_origin(of_a, i), fy_dataset_origin(of_b, k));
}

/* All five sets, where they are of one source. */
static void check_all_apart(const fyi_recipe_data *d, int t, int m, bool with_source)
{
    const fy_parts *sets[FYI_DOMAIN_SETS + 2];
    int n = 0;

    for (int k = 0; k < FYI_DOMAIN_SETS; k++)
        sets[n++] = d->domains[t].sets[k];
    if (with_source) {
        sets[n++] = d->parts[FYI_SPLIT_TRAIN];
        sets[n++] = d->parts[FYI_SPLIT_VAL];
    }
    for (int i = 0; i < n; i++)
        for (int k = 0; k < i; k++)
            check_apart(sets[i], sets[k], m);
}

static void check_hidden(const fyi_recipe_data *d, int t, int modalities)
{
    for (int m = 0; m < modalities; m++)
        for (int k = 0; k < FYI_DOMAIN_SETS; k++)
            assert_true(fy_dataset_has_labels(fy_parts_dataset(d->domains[t].sets[k], m)) ==
                        (k != FYI_DOMAIN_TRAIN));
}

static void a_share_of_the_source_is_the_targets(void **state)
{
    static const char *const ways[] = { "pair.by=number", "pair.by=label" };

    (void)state;
    for (size_t w = 0; w < LEN(ways); w++) {
        fy_recipe *r = fyt_recipe(WHOLE "holdout: 0.2\n");
        fyi_recipe_data d;
        char name[FYI_DATA_NAME];
        int n = 0;

        check_ok(fy_recipe_set(r, ways[w]));
        open_data(r, &d);
        assert_int_equal(d.n_domains, 1);
        assert_string_equal(d.domains[0].name, "target");
        assert_in_range(count(&d, 0, FYI_DOMAIN_TRAIN), 76, 84);
        assert_in_range(count(&d, 0, FYI_DOMAIN_FINETUNE), 36, 44);
        assert_in_range(fy_parts_count(d.parts[FYI_SPLIT_TRAIN]), 152, 168);
        for (int m = 0; m < 2; m++)
            check_all_apart(&d, 0, m, true);
        check_hidden(&d, 0, 2);
        while (fyi_data_nth(&d, n, name) != NULL)
            n++;
        assert_int_equal(n, 6 + 8); /* part, part_val, target; four sets; of two modalities */
        assert_string_equal(name, "target.test.part_2");
        fyi_recipe_data_close(&d);
        fy_recipe_free(r);
    }
}

static void a_shift_changes_the_target_alone(void **state)
{
    fy_recipe *a = fyt_recipe(WHOLE),
              *b = fyt_recipe(WHOLE "shift_2: {rotate_deg: 30, noise: 0.5}\n");
    fyi_recipe_data of_a, of_b;
    char hash_a[65], hash_b[65];

    (void)state;
    open_data(a, &of_a);
    open_data(b, &of_b);
    for (int m = 0; m < 2; m++) {
        const fy_dataset *x = fy_parts_dataset(of_a.domains[0].sets[FYI_DOMAIN_TEST], m);
        const fy_dataset *y = fy_parts_dataset(of_b.domains[0].sets[FYI_DOMAIN_TEST], m);
        const fy_dataset *p = fy_parts_dataset(of_a.parts[FYI_SPLIT_TRAIN], m);
        const fy_dataset *q = fy_parts_dataset(of_b.parts[FYI_SPLIT_TRAIN], m);

        assert_int_equal(fy_dataset_origin(x, 3), fy_dataset_origin(y, 3));
        assert_int_equal(strcmp(fy_dataset_view_hash(x), fy_dataset_view_hash(y)) != 0, m);
        assert_string_equal(fy_dataset_view_hash(p), fy_dataset_view_hash(q));
    }
    check_ok(fyi_recipe_data_sha256(&a->settings, hash_a));
    check_ok(fyi_recipe_data_sha256(&b->settings, hash_b));
    assert_string_not_equal(hash_a, hash_b);
    fyi_recipe_data_close(&of_b);
    fyi_recipe_data_close(&of_a);
    fy_recipe_free(b);
    fy_recipe_free(a);
}

/* ---- groups ---------------------------------------------------------------------------------- */

enum { SPEAKERS = 6, EACH = 40 };

static void write_table(const char *path)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    (void)fprintf(f, "speaker,x,y\n");
    for (int i = 0; i < SPEAKERS * EACH; i++)
        (void)fprintf(f, "s%d,%d,%s\n", i % SPEAKERS, i, i / SPEAKERS % 2 ? "a" : "b");
    assert_int_equal(fclose(f), 0);
}

#define TABLE(m) "part_" #m ": {format: csv, images: t.csv, group_column: speaker}\n"

static fy_recipe *table_recipe(void **state)
{
    fy_recipe *r = fyt_recipe("method: hdnet\nholdout: 0.3\nheld_out: [s2, s5]\n" TABLE(1) TABLE(2));

    write_table(fyt_path(*state, "t.csv"));
    check_ok(fy_recipe_put(r, "data_root", fyt_path(*state, "")));
    return r;
}

static bool has_group(const fy_parts *p, const char *name)
{
    const fy_dataset *d = fy_parts_dataset(p, 0);

    for (int64_t i = 0; i < fy_dataset_count(d); i++)
        if (strcmp(fy_dataset_group_name(d, fy_dataset_group(d, i)), name) == 0)
            return true;
    return false;
}

static void held_out_groups_are_targets(void **state)
{
    static const char *const names[] = { "s2", "s5" };
    fy_recipe *r = table_recipe(state);
    fyi_recipe_data d;

    open_data(r, &d);
    assert_string_equal(fy_recipe_get(r, "part_2.not_groups"), "[\"s2\", \"s5\"]");
    assert_string_equal(fy_recipe_get(r, "target_1.groups"), "[\"s2\", \"s5\"]");
    assert_int_equal(d.n_domains, 2);
    for (int t = 0; t < 2; t++) {
        assert_string_equal(d.domains[t].name, names[t]);
        assert_int_equal(count(&d, t, FYI_DOMAIN_TRAIN), 16); /* one speaker is divided */
        for (int k = 0; k < FYI_DOMAIN_SETS; k++) {
            assert_true(has_group(d.domains[t].sets[k], names[t]));
            assert_false(has_group(d.domains[t].sets[k], names[1 - t]));
        }
        assert_false(has_group(d.parts[FYI_SPLIT_TRAIN], names[t]));
        assert_false(has_group(d.parts[FYI_SPLIT_VAL], names[t]));
        check_all_apart(&d, t, 0, true);
        check_hidden(&d, t, 2);
    }
    fyi_recipe_data_close(&d);
    fy_recipe_free(r);
}

/* Where a target has as many groups as sets, none is in two of them. */
static void a_target_of_many_groups_divides_none(void **state)
{
    fy_recipe *r = table_recipe(state);
    fyi_recipe_data d;
    const char *group;

    check_ok(fy_recipe_set(r, "held_out="));
    for (int m = 1; m <= 2; m++) {
        char text[80];

        (void)snprintf(text, sizeof text, "part_%d.groups=[s0, s1]", m);
        check_ok(fy_recipe_set(r, text));
        (void)snprintf(text, sizeof text, "target_%d.groups=[s2, s3, s4, s5]", m);
        check_ok(fy_recipe_set(r, text));
        (void)snprintf(text, sizeof text, "target_%d.images=t.csv", m);
        check_ok(fy_recipe_set(r, text));
    }
    open_data(r, &d);
    for (int i = 0; i < FYI_DOMAIN_SETS; i++)
        for (int k = 0; k < i; k++) {
            check_ok(fy_dataset_share_group(fy_parts_dataset(d.domains[0].sets[i], 0),
                                            fy_parts_dataset(d.domains[0].sets[k], 0), &group));
            assert_null(group);
        }
    fyi_recipe_data_close(&d);
    check_ok(fy_recipe_set(r, "part_1.groups=[s0, s1, s3]"));
    check_ok(fy_recipe_set(r, "part_2.groups=[s0, s1, s3]"));
    check_ok(fy_recipe_check(r));
    check_status(fyi_recipe_data_open(&r->settings, &d), FY_EINVAL);
    check_sentence("both have samples of the group 's3'");
    fyi_recipe_data_close(&d);
    fy_recipe_free(r);
}

/* ---- pictures -------------------------------------------------------------------------------- */

static void put_picture(const char *dir, const char *name, uint8_t grey)
{
    const uint8_t pixels[] = { grey, grey, grey, 7 };
    fyi_buf png = { 0 };
    char path[512];

    assert_true(fyi_png_put(&png, pixels, 1, 2, 2));
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    check_ok(fyi_mkdirs_for(path));
    check_ok(fyi_file_write(path, png.p, png.len));
    fyi_buf_release(&png);
}

/* Each domain has a folder; names are alike in all of them, which is no offence. */
static void domains_are_folders_and_have_no_picture_in_common(void **state)
{
    static const char *const domains[] = { "photo", "art", "sketch" };
    fy_recipe *r = fyt_recipe("method: hdnet\nheld_out: [art, sketch]\nholdout: 0.2\n"
                              "part_1: {format: folder, images: photo}\n"
                              "target_1: {images: \"{domain}\"}\n");
    fyi_recipe_data d;
    char name[64];

    for (int k = 0; k < 3; k++)
        for (int i = 0; i < 40; i++) {
            (void)snprintf(name, sizeof name, "%s/%s/%d.png", domains[k], i % 2 ? "dog" : "cat", i);
            put_picture(*state, name, (uint8_t)(40 * k + i));
        }
    check_ok(fy_recipe_put(r, "data_root", *state));
    open_data(r, &d);
    assert_int_equal(d.n_domains, 2);
    assert_int_equal(count(&d, 1, FYI_DOMAIN_TRAIN), 16);
    check_hidden(&d, 1, 1);
    fyi_recipe_data_close(&d);
    put_picture(*state, "sketch/dog/3.png", 3);
    check_status(fyi_recipe_data_open(&r->settings, &d), FY_EINVAL);
    check_sentence("the source and the target 'sketch' both have the sample 'dog/3.png'");
    fyi_recipe_data_close(&d);
    fy_recipe_free(r);
}

/* The resolved recipe is the same run. */
static void a_resolved_recipe_is_the_same(void **state)
{
    fy_recipe *r = table_recipe(state), *again;
    char path[512], a[65], b[65];

    check_ok(fy_recipe_check(r));
    (void)snprintf(path, sizeof path, "%s/resolved.yaml", (const char *)*state);
    check_ok(fy_recipe_write(r, path));
    check_ok(fy_recipe_read(path, &again));
    check_ok(fy_recipe_put(again, "name", "x"));
    check_ok(fy_recipe_check(again));
    check_ok(fyi_recipe_sha256(&r->settings, a));
    check_ok(fyi_recipe_sha256(&again->settings, b));
    assert_string_equal(a, b);
    fy_recipe_free(again);
    fy_recipe_free(r);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(a_share_of_the_source_is_the_targets),
        cmocka_unit_test(a_shift_changes_the_target_alone),
        IN_DIR(held_out_groups_are_targets),
        IN_DIR(a_target_of_many_groups_divides_none),
        IN_DIR(domains_are_folders_and_have_no_picture_in_common),
        IN_DIR(a_resolved_recipe_is_the_same),
    };
    struct CMUnitTest tests[LEN(bad) + LEN(others)];

    for (size_t i = 0; i < LEN(bad); i++)
        tests[i] = (struct CMUnitTest){ bad[i].name, fyt_recipe_is_refused, NULL, NULL,
                                        (void *)(uintptr_t)&bad[i] };
    memcpy(tests + LEN(bad), others, sizeof others);
    return cmocka_run_group_tests_name("recipe_hdnet", tests, NULL, NULL);
}
