/* Guards splits (disjoint, in proportion, repeatable, groups undivided) and the manifests that
 * write them down. */
#include "support/support.h"

#include "data/data.h"

#include <stdlib.h>
#include <string.h>

/* n samples [1] with value i; label as given, or none when classes is 0. */
static fy_dataset *numbered(int64_t n, int32_t (*label)(int64_t i))
{
    fy_tensor *x, *y;
    fy_dataset *d;

    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(n, 1), &x));
    check_ok(fy_tensor_new(FY_I32, FY_SHAPE(n), &y));
    for (int64_t i = 0; i < n; i++) {
        ((float *)fy_tensor_data(x))[i] = (float)i;
        ((int32_t *)fy_tensor_data(y))[i] = label != NULL ? label(i) : 0;
    }
    check_ok(fy_dataset_from_tensors("numbered", x, label != NULL ? y : NULL, 0, &d));
    fy_tensor_free(y);
    fy_tensor_free(x);
    return d;
}

/* Three classes of 70, 25 and 5 per cent. */
static int32_t uneven(int64_t i)
{
    return i % 20 < 14 ? 0 : i % 20 < 19 ? 1 : 2;
}

static void free_all(fy_dataset **d, int n)
{
    for (int i = 0; i < n; i++)
        fy_dataset_free(d[i]);
}

/* How many of n samples are in exactly one of the parts. */
static int64_t count_covered(fy_dataset **parts, int n_parts, int64_t n)
{
    int *seen = calloc((size_t)n, sizeof *seen);
    int64_t covered = 0;

    for (int p = 0; p < n_parts; p++)
        for (int64_t i = 0; i < fy_dataset_count(parts[p]); i++)
            seen[fy_dataset_origin(parts[p], i)]++;
    for (int64_t i = 0; i < n; i++) {
        assert_true(seen[i] <= 1);
        covered += seen[i];
    }
    free(seen);
    return covered;
}

static const struct split_row {
    const char *name;
    int n_parts;
    double frac[3];
    bool stratified;
    int64_t n, covered;
} split_rows[] = {
    { "two parts of everything", 2, { 0.8, 0.2 }, true, 1000, 1000 },
    { "three parts of everything", 3, { 0.7, 0.2, 0.1 }, true, 1000, 1000 },
    { "without strata", 3, { 0.7, 0.2, 0.1 }, false, 1000, 1000 },
    { "some are left out", 2, { 0.5, 0.1 }, true, 1000, 600 },
    { "one part", 1, { 0.25 }, true, 1000, 250 },
    { "a count that does not divide", 3, { 0.34, 0.33, 0.33 }, true, 101, 101 },
};

static void parts_are_disjoint_and_in_proportion(void **state)
{
    const struct split_row *row = *state;
    fy_dataset *d = numbered(row->n, uneven), *parts[3] = { NULL };
    fy_split_opts o = { .n_parts = row->n_parts, .stratified = row->stratified, .seed = 3 };
    int64_t whole[3], counts[3];

    memcpy(o.frac, row->frac, sizeof row->frac);
    check_ok(fy_dataset_split(d, &o, parts));
    assert_true(llabs(count_covered(parts, row->n_parts, row->n) - row->covered) <= 1);
    check_ok(fy_dataset_class_counts(d, whole, 3));
    for (int p = 0; p < row->n_parts; p++) {
        const double total = row->frac[p] * (double)row->n;

        check_close_f64(&(double){ (double)fy_dataset_count(parts[p]) }, &total, 1, 0, 1.01);
        check_ok(fy_dataset_class_counts(parts[p], counts, 3));
        for (int c = 0; row->stratified && c < 3; c++)
            check_close_f64(&(double){ (double)counts[c] },
                            &(double){ row->frac[p] * (double)whole[c] }, 1, 0, 2.01);
    }
    free_all(parts, row->n_parts);
    fy_dataset_free(d);
}

static void a_split_is_a_function_of_its_seed(void **state)
{
    fy_dataset *d = numbered(200, uneven), *a[2], *b[2], *c[2];
    fy_split_opts o = fy_split_defaults();

    (void)state;
    check_ok(fy_dataset_split(d, &o, a));
    check_ok(fy_dataset_split(d, &o, b));
    o.seed = 1;
    check_ok(fy_dataset_split(d, &o, c));
    assert_string_equal(fy_dataset_view_hash(a[1]), fy_dataset_view_hash(b[1]));
    assert_string_not_equal(fy_dataset_view_hash(a[1]), fy_dataset_view_hash(c[1]));
    free_all(a, 2);
    free_all(b, 2);
    free_all(c, 2);
    fy_dataset_free(d);
}

/* ---- groups ---------------------------------------------------------------------------------- */

/* The samples of d as those of n groups. */
static fy_dataset *grouped(fy_dataset *d, int32_t (*group)(int64_t i), int n)
{
    int32_t v[1024];
    fy_dataset *out;

    for (int64_t i = 0; i < fy_dataset_count(d); i++)
        v[i] = group(i);
    check_ok(fy_dataset_with_groups(d, v, n, NULL, &out));
    fy_dataset_free(d);
    return out;
}

/* Subjects with 1 to 8 samples each; 135 samples are of 32. */
static int32_t subject(int64_t i)
{
    int32_t s = 0;

    for (int64_t n = 1; i >= n; n += s % 8 + 1)
        s++;
    return s;
}

/* Six speakers who said as much of every class. */
static int32_t speaker(int64_t i)
{
    return (int32_t)(i / 20 % 6);
}

/* Recordings of ten samples, of one class each. */
static int32_t recording(int64_t i)
{
    return (int32_t)(i / 10);
}

static int32_t class_of_recording(int64_t i)
{
    return (int32_t)(i / 10 % 3);
}

static int32_t own_group(int64_t i)
{
    return (int32_t)i;
}

static int32_t one_of_two(int64_t i)
{
    return i < 90;
}

static const struct group_row {
    const char *name;
    int64_t n;
    int32_t (*label)(int64_t i), (*group)(int64_t i);
    int n_groups, n_parts;
    double frac[3];
    bool stratified;
    double off, class_off; /* samples that a part, and a class in it, may be off its fraction */
} group_rows[] = {
    { "uneven subjects", 135, uneven, subject, 32, 3, { 0.6, 0.2, 0.2 }, false, 4, 135 },
    { "uneven subjects, stratified", 135, uneven, subject, 32, 3, { 0.6, 0.2, 0.2 }, true, 5, 5 },
    { "a speaker is kept", 120, uneven, speaker, 6, 2, { 0.8, 0.2 }, true, 4.01, 3 },
    { "half of the speakers, some left out", 120, uneven, speaker, 6, 2, { 0.5, 0.2 }, true, 4.01, 4 },
    { "recordings of one class",
      900,
      class_of_recording,
      recording,
      90,
      3,
      { 0.7, 0.2, 0.1 },
      true,
      0.01,
      0.01 },
    { "every sample a group", 200, uneven, own_group, 200, 3, { 0.7, 0.2, 0.1 }, true, 2, 1.01 },
    { "as many parts as groups", 100, uneven, one_of_two, 2, 2, { 0.5, 0.5 }, true, 41, 41 },
    { "a small part gets a group all the same",
      100,
      uneven,
      one_of_two,
      2,
      2,
      { 0.99, 0.01 },
      true,
      90,
      90 },
};

static void check_undivided(const fy_dataset *d, fy_dataset **parts, int n)
{
    int part_of[256];

    memset(part_of, -1, sizeof part_of);
    for (int p = 0; p < n; p++)
        for (int64_t i = 0; i < fy_dataset_count(parts[p]); i++) {
            const int32_t g = fy_dataset_group(parts[p], i);

            assert_int_equal(g, fy_dataset_group(d, fy_dataset_origin(parts[p], i)));
            assert_true(part_of[g] == -1 || part_of[g] == p);
            part_of[g] = p;
        }
}

static void check_near(double actual, double expected, double off)
{
    check_close_f64(&actual, &expected, 1, 0, off);
}

static void groups_are_never_divided(void **state)
{
    const struct group_row *row = *state;
    fy_dataset *d = grouped(numbered(row->n, row->label), row->group, row->n_groups), *parts[3];
    fy_split_opts o = { .n_parts = row->n_parts, .stratified = row->stratified };
    int64_t whole[3], counts[3];

    memcpy(o.frac, row->frac, sizeof row->frac);
    check_ok(fy_dataset_class_counts(d, whole, 3));
    for (o.seed = 0; o.seed < 5; o.seed++) {
        check_ok(fy_dataset_split(d, &o, parts));
        check_undivided(d, parts, row->n_parts);
        for (int p = 0; p < row->n_parts; p++) {
            check_near((double)fy_dataset_count(parts[p]), row->frac[p] * (double)row->n, row->off);
            check_ok(fy_dataset_class_counts(parts[p], counts, 3));
            for (int c = 0; c < 3; c++)
                check_near((double)counts[c], row->frac[p] * (double)whole[c], row->class_off);
        }
        free_all(parts, row->n_parts);
    }
    fy_dataset_free(d);
}

static void groups_may_be_divided_on_request(void **state)
{
    fy_dataset *bare = numbered(100, uneven), *plain[2], *parts[3];
    fy_dataset *d = grouped(numbered(100, uneven), one_of_two, 2);
    fy_split_opts o = fy_split_defaults();
    const char *name;

    (void)state;
    o.across_groups = true;
    check_ok(fy_dataset_split(bare, &o, plain));
    check_ok(fy_dataset_split(d, &o, parts));
    assert_string_equal(fy_dataset_view_hash(parts[1]), fy_dataset_view_hash(plain[1]));
    check_ok(fy_dataset_share_group(parts[0], parts[1], &name));
    assert_non_null(name);
    free_all(parts, 2);
    free_all(plain, 2);
    o = (fy_split_opts){ .n_parts = 3, .frac = { 0.3, 0.3, 0.4 } };
    check_status(fy_dataset_split(d, &o, parts), FY_EINVAL);
    check_sentence("come from 2 groups");
    fy_dataset_free(d);
    fy_dataset_free(bare);
}

static const struct refusal {
    const char *name;
    fy_split_opts o;
    const char *part;
} refusals[] = {
    { "no parts", { .n_parts = 0 }, "0 parts" },
    { "too many parts", { .n_parts = 9 }, "9 parts" },
    { "a fraction of zero", { .n_parts = 2, .frac = { 1, 0 } }, "must be positive" },
    { "more than everything", { .n_parts = 2, .frac = { 0.8, 0.3 } }, "more than 1" },
    { "an empty part", { .n_parts = 2, .frac = { 0.999, 0.001 } }, "would be empty" },
};

static void impossible_splits_are_refused(void **state)
{
    const struct refusal *row = *state;
    fy_dataset *d = numbered(20, uneven), *parts[9];

    memset(parts, 0xff, sizeof parts);
    check_status(fy_dataset_split(d, &row->o, parts), FY_EINVAL);
    check_sentence(row->part);
    fy_dataset_free(d);
}

static void strata_need_labels(void **state)
{
    fy_dataset *d = numbered(20, NULL), *parts[2];
    fy_split_opts o = fy_split_defaults();

    (void)state;
    check_status(fy_dataset_split(d, &o, parts), FY_EINVAL);
    check_sentence("stratified split needs them");
    o.stratified = false;
    check_ok(fy_dataset_split(d, &o, parts));
    free_all(parts, 2);
    fy_dataset_free(d);
}

/* ---- manifests ------------------------------------------------------------------------------- */

static void a_manifest_finds_the_samples_again(void **state)
{
    const char *path = fyt_path(*state, "val.json");
    fy_dataset *d = numbered(50, uneven), *parts[2], *again, *kept;
    fy_select_opts o = fy_select_defaults();

    check_ok(fy_dataset_split(d, &(fy_split_opts){ .n_parts = 2, .frac = { 0.8, 0.2 } }, parts));
    check_ok(fy_manifest_write(parts[1], path));
    check_ok(fy_manifest_read(d, path, &again));
    assert_string_equal(fy_dataset_view_hash(again), fy_dataset_view_hash(parts[1]));
    fy_dataset_free(again);

    /* From a dataset that lacks some of them: refused, and by name. */
    o.classes = (const int32_t[]){ 1 };
    o.n_classes = 1;
    check_ok(fy_dataset_select(d, &o, &kept));
    check_status(fy_manifest_read(kept, path, &again), FY_EFORMAT);
    check_sentence("does not have");
    fy_dataset_free(kept);
    free_all(parts, 2);
    fy_dataset_free(d);
}

/* Numbers are the source's, so a manifest of a relabelled selection reads from that selection. */
static void a_manifest_speaks_of_the_source(void **state)
{
    const char *path = fyt_path(*state, "some.json");
    fy_dataset *d = numbered(50, uneven), *kept, *some, *again;
    fy_select_opts o = { .classes = (const int32_t[]){ 2, 1 }, .n_classes = 2 };
    int32_t a, b;

    check_ok(fy_dataset_select(d, &o, &kept));
    check_ok(fy_dataset_subset(kept, (const int64_t[]){ 5, 0, 3 }, 3, &some));
    check_ok(fy_manifest_write(some, path));
    check_ok(fy_manifest_read(kept, path, &again));
    for (int64_t i = 0; i < 3; i++) {
        assert_int_equal(fy_dataset_origin(again, i), fy_dataset_origin(some, i));
        check_ok(fy_dataset_label(again, i, &a));
        check_ok(fy_dataset_label(some, i, &b));
        assert_int_equal(a, b);
    }
    fy_dataset_free(again);
    fy_dataset_free(some);
    fy_dataset_free(kept);
    fy_dataset_free(d);
}

static const struct manifest_row {
    const char *name, *text; /* @ stands for the right hash */
    const char *part;
} manifest_rows[] = {
    { "empty file", "", "not a JSON object" },
    { "a list", "[1]", "not a JSON object" },
    { "cut off", "{\"dataset\": \"@\", \"n\": 1, \"indices\": [0", "not a JSON object" },
    { "a key twice", "{\"dataset\": \"@\", \"n\": 1, \"n\": 1, \"indices\": [0]}",
      "not a JSON object" },
    { "no hash", "{\"n\": 1, \"indices\": [0]}", "lacks" },
    { "another dataset", "{\"dataset\": \"beef\", \"n\": 1, \"indices\": [0]}",
      "is of dataset beef" },
    { "a wrong count", "{\"dataset\": \"@\", \"n\": 2, \"indices\": [0]}", "lists 1" },
    { "no samples", "{\"dataset\": \"@\", \"n\": 0, \"indices\": []}", "lists 0" },
    { "a word", "{\"dataset\": \"@\", \"n\": 1, \"indices\": [\"0\"]}", "not a whole number" },
    { "a fraction", "{\"dataset\": \"@\", \"n\": 1, \"indices\": [0.5]}", "not a whole number" },
    { "below the first", "{\"dataset\": \"@\", \"n\": 1, \"indices\": [-1]}", "sample -1" },
    { "beyond the last", "{\"dataset\": \"@\", \"n\": 1, \"indices\": [5]}", "sample 5" },
};

static void broken_manifests_are_refused(void **state)
{
    fy_dataset *d = numbered(5, uneven), *out;
    const char *path = fyt_path(*state, "broken.json");

    for (size_t i = 0; i < LEN(manifest_rows); i++) {
        const char *at = strchr(manifest_rows[i].text, '@');
        fyi_buf b = { 0 };

        fyi_buf_puts(&b, "");
        if (at != NULL)
            fyi_buf_printf(&b, "%.*s%s%s", (int)(at - manifest_rows[i].text), manifest_rows[i].text,
                           fy_dataset_hash(d), at + 1);
        else
            fyi_buf_puts(&b, manifest_rows[i].text);
        check_ok(fyi_file_write(path, b.p != NULL ? b.p : "", b.len));
        fyi_buf_release(&b);
        check_status(fy_manifest_read(d, path, &out), FY_EFORMAT);
        check_sentence(manifest_rows[i].part);
        check_sentence("broken.json");
        assert_null(out);
    }
    fy_dataset_free(d);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static fy_status split_and_free(void *arg)
{
    fy_split_opts o = fy_split_defaults();
    fy_dataset *parts[2];
    fy_status st = fy_dataset_split(arg, &o, parts);

    if (st != FY_OK)
        return st;
    free_all(parts, 2);
    o.across_groups = true;
    st = fy_dataset_split(arg, &o, parts);
    if (st == FY_OK)
        free_all(parts, 2);
    return st;
}

static void lack_of_memory_leaves_nothing_behind(void **state)
{
    fy_dataset *d = grouped(numbered(20, uneven), recording, 2);

    (void)state;
    fyt_check_alloc_failures(split_and_free, d);
    fy_dataset_free(d);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

int main(void)
{
    struct CMUnitTest tests[64] = {
        cmocka_unit_test(a_split_is_a_function_of_its_seed),
        cmocka_unit_test(groups_may_be_divided_on_request),
        cmocka_unit_test(strata_need_labels),
        IN_DIR(a_manifest_finds_the_samples_again),
        IN_DIR(a_manifest_speaks_of_the_source),
        IN_DIR(broken_manifests_are_refused),
        cmocka_unit_test(lack_of_memory_leaves_nothing_behind),
    };
    size_t n = 7;

    for (size_t i = 0; i < LEN(split_rows); i++)
        tests[n++] = (struct CMUnitTest){ split_rows[i].name, parts_are_disjoint_and_in_proportion,
                                          NULL, NULL, (void *)(uintptr_t)&split_rows[i] };
    for (size_t i = 0; i < LEN(group_rows); i++)
        tests[n++] = (struct CMUnitTest){ group_rows[i].name, groups_are_never_divided, NULL, NULL,
                                          (void *)(uintptr_t)&group_rows[i] };
    for (size_t i = 0; i < LEN(refusals); i++)
        tests[n++] = (struct CMUnitTest){ refusals[i].name, impossible_splits_are_refused, NULL,
                                          NULL, (void *)(uintptr_t)&refusals[i] };
    return _cmocka_run_group_tests("split", tests, n, NULL, NULL);
}
