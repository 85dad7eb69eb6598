/* Guards what is known of who or what samples come from: carried by everything that makes a dataset of a dataset, chosen
 * by name, and found where two datasets have it in common. */
#include "support/support.h"

#include "data/data.h"

#include <string.h>

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, fyt_tmpdir_setup, fyt_tmpdir_teardown)
#define N 12
static const char *const speakers[] = { "george", "jackson", "theo" };

/* Sample i of class i % 2, of the size that digits have, said by speaker i % 3. */
static fy_dataset *spoken(uint64_t seed)
{
    fy_digits_opts o = fy_digits_defaults(FY_DIGITS_CLEAN);
    int32_t group[N];
    fy_dataset *bare, *d;

    o.n = N;
    o.size_px = 8;
    o.seed = seed;
    for (int i = 0; i < N; i++)
        group[i] = i % 3;
    check_ok(fy_digits_open(&o, &bare));
    assert_int_equal(fy_dataset_groups(bare), 0);
    assert_int_equal(fy_dataset_group(bare, 0), -1);
    assert_null(fy_dataset_group_name(bare, 0));
    check_ok(fy_dataset_with_groups(bare, group, 3, speakers, &d));
    fy_dataset_free(bare);
    return d;
}

static fy_status make_subset(const fy_dataset *d, fy_dataset **out)
{
    return fy_dataset_subset(d, (const int64_t[]){ 5, 0, 3 }, 3, out);
}

static fy_status make_selection(const fy_dataset *d, fy_dataset **out)
{
    return fy_dataset_select(d,
                             &(fy_select_opts){ .classes = (const int32_t[]){ 1, 2, 3, 4, 5 },
                                                .n_classes = 5,
                                                .limit = 2 },
                             out);
}

static fy_status make_smaller(const fy_dataset *d, fy_dataset **out)
{
    fy_image_opts o = fy_image_defaults();

    o.height = o.width = 4;
    return fy_dataset_prepare(d, &o, out);
}

static fy_status make_part(const fy_dataset *d, fy_dataset **out)
{
    fy_split_opts o = fy_split_defaults();
    fy_dataset *parts[2];

    FYI_FORWARD(fy_dataset_split(d, &o, parts));
    fy_dataset_free(parts[0]);
    *out = parts[1];
    return FY_OK;
}

static const struct way {
    const char *name;
    fy_status (*make)(const fy_dataset *d, fy_dataset **out);
} ways[] = { { "a subset", make_subset },
             { "a selection with new labels", make_selection },
             { "prepared", make_smaller },
             { "a part of a split", make_part },
             { "without labels", fy_dataset_unlabel } };

static void groups_are_carried_along(void **state)
{
    const struct way *way = *state;
    fy_dataset *d = spoken(0), *made;

    check_ok(way->make(d, &made));
    fy_dataset_free(d);
    assert_int_equal(fy_dataset_groups(made), 3);
    for (int64_t i = 0; i < fy_dataset_count(made); i++)
        assert_int_equal(fy_dataset_group(made, i), fy_dataset_origin(made, i) % 3);
    assert_int_equal(fy_dataset_group(made, fy_dataset_count(made)), -1);
    assert_string_equal(fy_dataset_group_name(made, 2), "theo");
    assert_null(fy_dataset_group_name(made, 3));
    check_contains(fy_dataset_text(made), "3 groups");
    fy_dataset_free(made);
}

static const struct choice_row {
    const char *name;
    fy_select_opts o;
    int64_t n;        /* 0: refused */
    const char *part; /* of the text, or of the sentence */
} choice_rows[] = {
    { "one group", { .groups = &speakers[2], .n_groups = 1 }, 4, "; groups theo" },
    { "two of them", { .groups = speakers, .n_groups = 2 }, 8, "; groups george, jackson" },
    { "all but one", { .not_groups = speakers, .n_not_groups = 1 }, 8, "; not groups george" },
    { "some of one",
      { .groups = speakers, .n_groups = 1, .limit = 3, .pick = FY_PICK_FIRST },
      3,
      "; groups george; 3 the first" },
    { "none left", { .not_groups = speakers, .n_not_groups = 3 }, 0, "no samples are left" },
    { "more than there are", { .groups = speakers, .n_groups = 1, .limit = 5 }, 0, "only 4 fit" },
    { "nearly a name",
      { .groups = (const char *const[]){ "gerge" }, .n_groups = 1 },
      0,
      "no group 'gerge'; did you mean 'george'?" },
    { "no name",
      { .not_groups = (const char *const[]){ "x" }, .n_not_groups = 1 },
      0,
      "no group 'x'; the first of its 3 is 'george'" },
};

static void groups_are_chosen_by_name(void **state)
{
    const struct choice_row *row = *state;
    fy_dataset *d = spoken(0), *made;

    if (row->n > 0) {
        check_ok(fy_dataset_select(d, &row->o, &made));
        assert_int_equal(fy_dataset_count(made), row->n);
        check_contains(fy_dataset_text(made), row->part);
        fy_dataset_free(made);
    } else {
        check_status(fy_dataset_select(d, &row->o, &made), FY_EINVAL);
        check_sentence(row->part);
        assert_null(made);
    }
    fy_dataset_free(d);
}

static void what_has_no_groups_cannot_choose_them(void **state)
{
    fy_digits_opts o = fy_digits_defaults(FY_DIGITS_CLEAN);
    fy_dataset *d, *made;

    (void)state;
    o.n = 3;
    check_ok(fy_digits_open(&o, &d));
    check_status(fy_dataset_select(d, &(fy_select_opts){ .groups = speakers, .n_groups = 1 }, &made),
                 FY_EINVAL);
    check_sentence("nothing is known of its samples' groups");
    check_status(fy_dataset_with_groups(d, (const int32_t[]){ 0, 1, 3 }, 3, NULL, &made), FY_EINVAL);
    check_sentence("sample 2 is said to be of group 3, there are 0 .. 2");
    fy_dataset_free(d);
}

static fy_dataset *chosen(const fy_dataset *d, int first, int n)
{
    fy_dataset *out;

    check_ok(
        fy_dataset_select(d, &(fy_select_opts){ .groups = &speakers[first], .n_groups = n }, &out));
    return out;
}

static void common_groups_are_found(void **state)
{
    fy_dataset *d = spoken(0), *other = spoken(1);
    fy_dataset *front = chosen(d, 0, 2), *back = chosen(d, 1, 2), *last = chosen(d, 2, 1);
    const char *name;

    (void)state;
    check_ok(fy_dataset_share_group(front, back, &name));
    assert_string_equal(name, "jackson");
    check_ok(fy_dataset_share_group(front, last, &name));
    assert_null(name);
    /* The same name of another source is another group. */
    check_ok(fy_dataset_share_group(d, other, &name));
    assert_null(name);
    fy_dataset_free(last);
    fy_dataset_free(back);
    fy_dataset_free(front);
    fy_dataset_free(other);
    fy_dataset_free(d);
}

/* ---- files of groups ------------------------------------------------------------------------- */

static void write_text(const char *path, const char *text)
{
    check_ok(fyi_file_write(path, text, strlen(text)));
}

static void check_names(const fy_dataset *d, const char *const names[N])
{
    for (int i = 0; i < N; i++)
        assert_string_equal(fy_dataset_group_name(d, fy_dataset_group(d, i)), names[i]);
}

static void a_text_names_the_group_of_each_sample(void **state)
{
    static const char *const said[N] = { "b", "a", "b", "b", "c", "a", "a", "a", "a", "a", "a", "a" };
    const char *path = fyt_path(*state, "groups.txt");
    fy_dataset *bare = spoken(0), *d;

    write_text(path, "b\na\r\nb\nb\nc\na\na\na\na\na\na\na");
    check_ok(fy_dataset_group_file(bare, path, &d));
    assert_int_equal(fy_dataset_groups(d), 3);
    assert_string_equal(fy_dataset_group_name(d, 0), "a");
    check_names(d, said);
    fy_dataset_free(d);
    fy_dataset_free(bare);
}

static void an_array_numbers_them(void **state)
{
    static const int64_t subjects[N] = { 10, 2, 2, 2, 10, 10, 7, 2, 2, 2, 2, 2 };
    static const char *const said[N] = { "10", "02", "02", "02", "10", "10",
                                         "07", "02", "02", "02", "02", "02" };
    const char *path = fyt_path(*state, "groups.npy");
    fy_dataset *bare = spoken(0), *d;
    fy_tensor *t;

    check_ok(fy_tensor_new(FY_I64, FY_SHAPE(N), &t));
    memcpy(fy_tensor_data(t), subjects, sizeof subjects);
    check_ok(fy_npy_write(path, t));
    check_ok(fy_dataset_group_file(bare, path, &d));
    assert_int_equal(fy_dataset_groups(d), 3);
    check_names(d, said);
    fy_dataset_free(d);
    fy_dataset_free(bare);
    fy_tensor_free(t);
}

static const struct bad_file {
    const char *name, *text, *part;
} bad_files[] = {
    { "too few", "a\nb\n", "names the groups of 2 samples, dataset 'digits.clean' has 12" },
    { "nothing", "", "names the groups of 0 samples" },
    { "an empty line", "a\n\nb\n", "line 2 is empty" },
    { "a long name",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      "a group's name has 80 at most" },
};

static void other_texts_are_refused(void **state)
{
    const char *path = fyt_path(*state, "groups.txt");
    fy_dataset *bare = spoken(0), *d;

    for (size_t i = 0; i < LEN(bad_files); i++) {
        write_text(path, bad_files[i].text);
        check_status(fy_dataset_group_file(bare, path, &d), FY_EFORMAT);
        check_sentence(bad_files[i].part);
        assert_null(d);
    }
    fy_dataset_free(bare);
}

static void other_arrays_are_refused(void **state)
{
    static const struct {
        fy_dtype type;
        fy_shape shape;
        const char *part;
    } rows[] = { { FY_F32, { 1, { N } }, "holds f32 of 1 axes; groups are whole numbers" },
                 { FY_I64, { 2, { N, 1 } }, "holds i64 of 2 axes" },
                 { FY_I64, { 1, { N + 1 } }, "names the groups of 13 samples" } };
    const char *path = fyt_path(*state, "groups.npy");
    fy_dataset *bare = spoken(0), *d;

    for (size_t i = 0; i < LEN(rows); i++) {
        fy_tensor *t;

        check_ok(fy_tensor_new(rows[i].type, rows[i].shape, &t));
        check_ok(fy_npy_write(path, t));
        check_status(fy_dataset_group_file(bare, path, &d), FY_EFORMAT);
        check_sentence(rows[i].part);
        fy_tensor_free(t);
    }
    fy_dataset_free(bare);
}

static fy_status choose_and_share(void *arg)
{
    const fy_select_opts o = { .not_groups = speakers, .n_not_groups = 1 };
    const char *name;
    fy_dataset *made;
    fy_status st;

    FYI_FORWARD(fy_dataset_select(arg, &o, &made));
    st = fy_dataset_share_group(arg, made, &name);
    fy_dataset_free(made);
    return st;
}

static void lack_of_memory_leaves_nothing_behind(void **state)
{
    fy_dataset *d = spoken(0);

    (void)state;
    fyt_check_alloc_failures(choose_and_share, d);
    fy_dataset_free(d);
}

int main(void)
{
    struct CMUnitTest tests[64] = {
        cmocka_unit_test(what_has_no_groups_cannot_choose_them),
        cmocka_unit_test(common_groups_are_found),
        cmocka_unit_test(lack_of_memory_leaves_nothing_behind),
    };
    size_t n = 3;

    tests[n++] = (struct CMUnitTest)IN_FOLDER(a_text_names_the_group_of_each_sample);
    tests[n++] = (struct CMUnitTest)IN_FOLDER(an_array_numbers_them);
    tests[n++] = (struct CMUnitTest)IN_FOLDER(other_texts_are_refused);
    tests[n++] = (struct CMUnitTest)IN_FOLDER(other_arrays_are_refused);

    for (size_t i = 0; i < LEN(ways); i++)
        tests[n++] = (struct CMUnitTest){ ways[i].name, groups_are_carried_along, NULL, NULL,
                                          (void *)(uintptr_t)&ways[i] };
    for (size_t i = 0; i < LEN(choice_rows); i++)
        tests[n++] = (struct CMUnitTest){ choice_rows[i].name, groups_are_chosen_by_name, NULL,
                                          NULL, (void *)(uintptr_t)&choice_rows[i] };
    return _cmocka_run_group_tests("group", tests, n, NULL, NULL);
}
