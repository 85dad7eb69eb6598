/* Guards what a run writes down: metrics.jsonl is JSON whatever figures are called and whatever they are. */
#include "support/support.h"

#include "train/train.h"

#include <ferry/train.h>

#include <jansson.h>
#include <math.h>
#include <string.h>

static fy_run *open_run(void *dir)
{
    fy_run_opts o = fy_run_defaults();
    fy_run *r;

    o.dir = dir;
    check_ok(fy_run_open(&o, &r));
    return r;
}

/* The only line of metrics.jsonl. */
static json_t *read_line(const char *dir)
{
    json_error_t error;
    json_t *line = json_load_file(fyt_path(dir, "metrics.jsonl"), JSON_REJECT_DUPLICATES, &error);

    assert_non_null(line);
    return line;
}

static const struct name_row {
    const char *name, *text;
} names[] = {
    { "plain", "critic.loss" },   { "quote", "say \"a\"" },     { "backslash", "C:\\loss" },
    { "control", "a\nb\tc\001" }, { "umlaut", "F\xc3\xbclle" }, { "empty", "" },
};

static void any_name_is_written_as_json(void **state)
{
    const struct name_row *row = *state;
    void *dir;
    json_t *line;
    fy_run *r;

    assert_int_equal(fyt_tmpdir_setup(&dir), 0);
    r = open_run(dir);
    check_ok(fy_run_metrics(r, row->text, 7, 1, &row->text, (const double[]){ 0.25 }));
    fy_run_close(r);
    line = read_line(dir);
    assert_string_equal(json_string_value(json_object_get(line, "stage")), row->text);
    assert_true(json_number_value(json_object_get(line, row->text)) == 0.25);
    assert_int_equal(json_integer_value(json_object_get(line, "step")), 7);
    json_decref(line);
    fyt_tmpdir_teardown(&dir);
}

static void figures_that_are_not_finite_are_null(void **state)
{
    static const char *const all[] = { "a", "b", "c", "d" };
    fy_run *r = open_run(*state);
    json_t *line;

    check_ok(fy_run_metrics(r, "s", 1, 4, all, (const double[]){ NAN, INFINITY, -INFINITY, 1e-30 }));
    fy_run_close(r);
    line = read_line(*state);
    for (int i = 0; i < 3; i++)
        assert_true(json_is_null(json_object_get(line, all[i])));
    assert_true(json_number_value(json_object_get(line, "d")) == 1e-30);
    json_decref(line);
}

static void names_that_json_cannot_hold_are_refused(void **state)
{
    static const char *const twice[] = { "loss", "loss" }, *const taken[] = { "step" },
                             *const broken[] = { "lo\xffss" };
    const double values[] = { 1, 2 };
    fy_run *r = open_run(*state);

    check_status(fy_run_metrics(r, "s", 1, 2, twice, values), FY_EINVAL);
    check_sentence("two figures are named 'loss'");
    check_status(fy_run_metrics(r, "s", 1, 1, taken, values), FY_EINVAL);
    check_status(fy_run_metrics(r, "s", 1, 1, broken, values), FY_EINVAL);
    check_sentence("UTF-8");
    fy_run_close(r);
    assert_null(json_load_file(fyt_path(*state, "metrics.jsonl"), 0, NULL)); /* nothing was written */
}

static void a_directory_has_one_run_at_a_time(void **state)
{
    const fy_run_opts o = { .dir = *state };
    fy_run *first, *second;
    check_ok(fy_run_open(&o, &first));
    check_status(fy_run_open(&o, &second), FY_EINVAL);
    check_sentence("a run is going on in");
    assert_true(fyi_run_is_going_on(*state));
    fy_run_close(first);
    assert_false(fyi_run_is_going_on(*state)); /* and having asked is no lock */
    check_ok(fy_run_open(&o, &second));
    fy_run_close(second);
}

/* A part has a directory and checkpoints of its own, and what it recorded can be taken over. */
static void a_run_within_another_is_its_part(void **state)
{
    static const char *const name = "loss";
    fy_run *r = open_run(*state), *inner;
    fy_run_opts alone = fy_run_defaults();
    char *text;
    size_t n;

    check_ok(fy_run_open_within(r, "tries/one", &inner));
    assert_string_equal(fy_run_dir(inner), fyt_path(*state, "tries/one"));
    assert_ptr_equal(fy_run_features(inner), fy_run_features(r));
    check_ok(fy_run_metrics(r, "a", 1, 1, &name, (const double[]){ 1 }));
    check_ok(fy_run_metrics(inner, "b", 2, 1, &name, (const double[]){ 2 }));
    check_ok(fy_run_take_metrics(r, inner));
    fy_run_close(inner);
    fy_run_close(r);
    check_ok(fyi_file_read(fyt_path(*state, "metrics.jsonl"), 4096, &text, &n));
    assert_string_equal(text, "{\"stage\": \"a\", \"step\": 1, \"loss\": 1.0}\n"
                              "{\"stage\": \"b\", \"step\": 2, \"loss\": 2.0}\n");
    fyi_free(text);
    check_ok(fy_run_open(&alone, &r));
    check_status(fy_run_open_within(r, "x", &inner), FY_EINVAL);
    check_sentence("run: 'x' is to be within a run that has no directory");
    fy_run_close(r);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

int main(void)
{
    struct CMUnitTest tests[LEN(names) + 3] = {
        IN_DIR(a_directory_has_one_run_at_a_time),
        IN_DIR(a_run_within_another_is_its_part),
        IN_DIR(figures_that_are_not_finite_are_null),
        IN_DIR(names_that_json_cannot_hold_are_refused),
    };

    for (size_t i = 0; i < LEN(names); i++)
        tests[3 + i] = (struct CMUnitTest){ names[i].name, any_name_is_written_as_json, NULL, NULL,
                                            (void *)(uintptr_t)&names[i] };
    return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
