/* Guards tables of numbers in recipes: sides standardised by what models learn from and by nothing else, groups kept apart,
 * runs that write their numbers down and read them again.
 *
 * timeout: 60 */
#include "recipe/recipe.h"
#include "support/support.h"

#include <math.h>
#include <string.h>

enum { N = 60 };

/* ---- files and recipes ----------------------------------------------------------------------- */

/* Six subjects with ten lines each; b is the same everywhere; one value of a is missing. In lines from `from` on, which are
 * of the last subjects, values are `factor` times as large. */
static void write_table(const char *path, int from, double factor)
{
    fyi_buf b = { 0 };

    fyi_buf_puts(&b, "who,a,b,c,y\n");
    for (int i = 0; i < N; i++) {
        const double f = i >= from ? factor : 1;

        if (i == 3)
            fyi_buf_printf(&b, "s%d,,7,%g,%s\n", i / 10, f * (i % 2 + 0.25 * (i % 3)),
                           i % 2 ? "dog" : "cat");
        else
            fyi_buf_printf(&b, "s%d,%g,7,%g,%s\n", i / 10, f * (i % 10),
                           f * (i % 2 + 0.25 * (i % 3)), i % 2 ? "dog" : "cat");
    }
    check_ok(fyi_file_write(path, b.p, b.len));
    fyi_buf_release(&b);
}

#define SIDE "format: csv, images: t.csv, group_column: who"
#define TRAIN "train: {" SIDE ", missing: mean, standardise: true"

static fy_recipe *recipe_of(const char *dir, const char *sides)
{
    fyi_buf text = { 0 };
    fy_recipe *r;

    fyi_buf_printf(&text,
                   "method: finetune\nname: tables\ndata_root: \"%s\"\nkernel_times: \"\"\n%s\n"
                   "model: {family: linear}\nfinetune: {train: all, epochs: 1, batch: 8}\n",
                   dir, sides);
    check_ok(fy_recipe_parse("tables.yaml", text.p, text.len, &r));
    fyi_buf_release(&text);
    return r;
}

static fy_status open_data(const char *dir, const char *sides, fyi_recipe_data *d)
{
    fy_recipe *r = recipe_of(dir, sides);
    fy_status st = fy_recipe_check(r);

    *d = (fyi_recipe_data){ 0 };
    if (st == FY_OK)
        st = fyi_recipe_data_open(&r->settings, d);
    fy_recipe_free(r);
    return st;
}

/* ---- groups ---------------------------------------------------------------------------------- */

/* clang-format off */
static const struct row {
    const char *name, *sides;
    const char *part;            /* of the sentence; NULL: it opens */
    int64_t n_train, n_val, n_test;
} rows[] = {
    { "whole groups are held out", TRAIN "}\nholdout: 0.34", NULL, 40, 20, -1 },
    { "a test on one subject", TRAIN ", not_groups: [s5]}\ntest: {images: t.csv, groups: [s5]}\nholdout: 0.2", NULL, 40, 10, 10 },
    { "sides of different subjects", TRAIN ", groups: [s0, s1]}\nval: {images: t.csv, groups: [s2]}\ntest: {images: t.csv, groups: [s3, s4]}", NULL, 20, 10, 20 },
    { "train and test share a subject", TRAIN "}\ntest: {images: t.csv, groups: [s5]}\nval: {images: t.csv, groups: [s5]}",
      "'train' and 'val' both have samples of the group 's5'", 0, 0, 0 },
    { "val and test share a subject", TRAIN ", not_groups: [s5]}\nval: {images: t.csv, groups: [s5]}\ntest: {images: t.csv, groups: [s5]}",
      "'val' and 'test' both have samples of the group 's5'", 0, 0, 0 },
    { "what to do about it", TRAIN "}\nval: {images: t.csv}", "train.not_groups=[s0]), or agree to it with train.across_groups=true", 0, 0, 0 },
    { "by agreement", TRAIN ", across_groups: true}\nval: {images: t.csv}", NULL, 60, 60, -1 },
    { "held out across groups", TRAIN ", across_groups: true}\nholdout: 0.25", NULL, 45, 15, -1 },
    { "no such subject", TRAIN ", groups: [s9]}", "no group 's9'; the first of its 6 is 's0'", 0, 0, 0 },
    { "a subject twice", TRAIN ", groups: [s1, s1]}", "names 's1' twice", 0, 0, 0 },
    { "pictures' keys", TRAIN ", size: 8}", "'train.size' would not be used", 0, 0, 0 },
    { "tables' keys for pictures", "train: {format: digits, standardise: true}", "'train.standardise' would not be used", 0, 0, 0 },
    { "windows of tables", TRAIN ", window: 3}", "'train.window' would not be used", 0, 0, 0 },
    { "numbers that are not wanted", "train: {" SIDE ", standard: s.json}", "'train.standard' would not be used; set train.standardise=true", 0, 0, 0 },
    { "missing values", "train: {" SIDE ", standardise: true}", "line 5, column 2 ('a'): '' is no value", 0, 0, 0 },
};

/* clang-format on */

static void check_count(const fy_dataset *d, int64_t n)
{
    assert_int_equal(d != NULL ? fy_dataset_count(d) : -1, n);
}

static const struct row *row_now; /* of the test that runs */

static int begin_row(void **state)
{
    row_now = *state;
    return fyt_tmpdir_setup(state);
}

static void subjects_are_kept_apart(void **state)
{
    const struct row *row = row_now;
    fyi_recipe_data d;
    fy_status st;

    write_table(fyt_path(*state, "t.csv"), N, 1);
    st = open_data(*state, row->sides, &d);
    if (row->part != NULL) {
        assert_int_not_equal(st, FY_OK);
        check_sentence(row->part);
    } else {
        check_ok(st);
        check_count(d.side[FYI_TRAIN], row->n_train);
        check_count(d.side[FYI_VAL], row->n_val);
        check_count(d.side[FYI_TEST], row->n_test);
    }
    fyi_recipe_data_close(&d);
}

/* ---- standardising --------------------------------------------------------------------------- */

/* Mean of column c of what a model sees. */
static double mean_of(const fy_dataset *d, int64_t c)
{
    float x[3];
    double sum = 0;

    for (int64_t i = 0; i < fy_dataset_count(d); i++) {
        check_ok(fy_dataset_get(d, i, x, 3, NULL));
        assert_true(isfinite(x[c]));
        sum += (double)x[c];
    }
    return sum / (double)fy_dataset_count(d);
}

#define APART                                                                                   \
    TRAIN ", not_groups: [s4, s5]}\nval: {images: t.csv, groups: [s4]}\ntest: {images: t.csv, " \
          "groups: [s5]}"

/* Values of val and test a thousand times as large: the fit and what becomes of train are as before. */
static void those_who_judge_do_not_change_the_fit(void **state)
{
    fyi_recipe_data a, b;

    write_table(fyt_path(*state, "t.csv"), N, 1);
    check_ok(open_data(*state, APART, &a));
    write_table(fyt_path(*state, "t.csv"), 40, 1000);
    check_ok(open_data(*state, APART, &b));
    assert_non_null(a.standard[FYI_TRAIN]);
    assert_null(a.standard[FYI_TEST]);
    for (int64_t c = 0; c < 3; c++) {
        assert_true(fy_standard_mean(a.standard[FYI_TRAIN], c) ==
                    fy_standard_mean(b.standard[FYI_TRAIN], c));
        assert_true(fy_standard_deviation(a.standard[FYI_TRAIN], c) ==
                    fy_standard_deviation(b.standard[FYI_TRAIN], c));
        check_close_f64(&(double){ mean_of(b.side[FYI_TRAIN], c) }, &(double){ 0 }, 1, 0, 1e-6);
    }
    assert_true(mean_of(b.side[FYI_TEST], 0) > 100);
    assert_true(fabs(mean_of(a.side[FYI_TEST], 0)) < 1);
    assert_int_equal(fy_standard_constants(a.standard[FYI_TRAIN]), 1);
    assert_true(a.odd.n > 0);
    check_contains(a.odd.text[0], "1 of 3 columns or channels are the same everywhere");
    fyi_recipe_data_close(&b);
    fyi_recipe_data_close(&a);
}

/* What is held out has no say either. */
static void held_out_samples_do_not_change_the_fit(void **state)
{
    fyi_recipe_data d;
    fy_standard *again;

    write_table(fyt_path(*state, "t.csv"), 30, 50);
    check_ok(open_data(*state, TRAIN "}\nholdout: 0.3", &d));
    check_close_f64(&(double){ mean_of(d.side[FYI_TRAIN], 0) }, &(double){ 0 }, 1, 0, 1e-6);
    assert_true(fabs(mean_of(d.side[FYI_VAL], 0)) > 0.01);
    check_ok(fy_standard_write(d.standard[FYI_TRAIN], fyt_path(*state, "s.json")));
    check_ok(fy_standard_read(fyt_path(*state, "s.json"), &again));
    assert_true(fy_standard_mean(again, 0) == fy_standard_mean(d.standard[FYI_TRAIN], 0));
    assert_true(fy_standard_deviation(again, 2) == fy_standard_deviation(d.standard[FYI_TRAIN], 2));
    fy_standard_free(again);
    fyi_recipe_data_close(&d);
}

/* A side opened alone looks as it does in the run, and as it does by the numbers that the run kept. */
static void a_side_alone_is_the_same(void **state)
{
    fy_recipe *r;
    fyi_recipe_data d;
    fy_dataset *alone, *kept;

    write_table(fyt_path(*state, "t.csv"), N, 1);
    check_ok(open_data(*state, APART, &d));
    check_ok(fy_standard_write(d.standard[FYI_TRAIN], fyt_path(*state, "s.json")));
    r = recipe_of(*state, APART);
    check_ok(fy_recipe_open_side(r, "test", &alone));
    check_ok(fy_recipe_set(r, "test.standard=s.json"));
    check_ok(fy_recipe_open_side(r, "test", &kept));
    assert_string_equal(fy_dataset_view_hash(alone), fy_dataset_view_hash(d.side[FYI_TEST]));
    assert_string_equal(fy_dataset_view_hash(kept), fy_dataset_view_hash(d.side[FYI_TEST]));
    fy_dataset_free(kept);
    fy_dataset_free(alone);
    fy_recipe_free(r);
    fyi_recipe_data_close(&d);
}

static const struct broken {
    const char *text, *part;
} broken[] = {
    { "", "is no JSON" },
    { "[1]", "holds no means and deviations" },
    { "{\"mean\": [1], \"deviation\": []}", "holds no means and deviations" },
    { "{\"mean\": [1], \"deviation\": [\"x\"]}", "entry 0 of \"deviation\" is no number" },
    { "{\"mean\": [1], \"deviation\": [-1]}", "column 0 has mean 1 and deviation -1" },
};

static void broken_numbers_are_refused(void **state)
{
    fy_standard *s;

    for (size_t i = 0; i < LEN(broken); i++) {
        check_ok(fyi_file_write(fyt_path(*state, "s.json"), broken[i].text, strlen(broken[i].text)));
        check_status(fy_standard_read(fyt_path(*state, "s.json"), &s),
                     i == 4 ? FY_EINVAL : FY_EFORMAT);
        check_sentence(broken[i].part);
        check_sentence("s.json");
        assert_null(s);
    }
}

/* ---- runs ------------------------------------------------------------------------------------ */

static void a_run_learns_from_a_table(void **state)
{
    fy_recipe *r;
    fy_recipe_result result;
    fy_recipe_run_opts o = fy_recipe_run_defaults();
    fy_standard *s;
    const char *dir = fyt_path(*state, "run");

    write_table(fyt_path(*state, "t.csv"), N, 1);
    r = recipe_of(*state, APART);
    o.run_dir = dir;
    check_ok(fy_recipe_run(r, &o, &result));
    check_ok(fy_standard_read(fyt_path(dir, "data/standard-train.json"), &s));
    assert_int_equal(fy_standard_count(s), 3);
    fy_standard_free(s);
    fy_recipe_free(r);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

int main(void)
{
    struct CMUnitTest tests[64] = {
        IN_DIR(those_who_judge_do_not_change_the_fit),
        IN_DIR(held_out_samples_do_not_change_the_fit),
        IN_DIR(a_side_alone_is_the_same),
        IN_DIR(broken_numbers_are_refused),
        IN_DIR(a_run_learns_from_a_table),
    };
    size_t n = 5;

    for (size_t i = 0; i < LEN(rows); i++)
        tests[n++] = (struct CMUnitTest){ rows[i].name, subjects_are_kept_apart, begin_row,
                                          fyt_tmpdir_teardown, (void *)(uintptr_t)&rows[i] };
    return _cmocka_run_group_tests("tables", tests, n, NULL, NULL);
}
