/* Guards cells: what a run of an adaptation came to is read from its files as it stands there, a validator by itself takes the candidate
 * that it finds best, and harm is counted against the source model of the same run. */
#include "support/html_page.h"
#include "support/support.h"

#include "search/search.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

/* ---- reading a run --------------------------------------------------------------------------- */

#define RESULT                                                                 \
    "{\"source_only\": 0.5, \"chosen\": 0.7, \"last\": 0.3, \"oracle\": 0.8, " \
    "\"chosen_step\": 20, \"last_step\": 30, \"oracle_step\": 10, \"fell_back\": false}"
#define CANDIDATE(method, step, information, risk, own)                       \
    "{\"method\": " method ", \"step\": " step ", \"information\": " own ", " \
    "\"validators\": {\"information\": " information ", \"risk\": " risk ", \"entropy\": null}}"
#define CHOICE                                                                                   \
    "{\"candidates\": [" CANDIDATE("null", "0", "0.1", "0.9", "7") ", " CANDIDATE(               \
        "null", "10", "0.4", "0.2", "7") ", " CANDIDATE("null", "20", "0.4", "0.2",              \
                                                        "7") ", " CANDIDATE("null", "30", "0.3", \
                                                                            "null", "7") "]}"
#define LINE(stage, step, share) \
    "{\"stage\": \"" stage "\", \"step\": " step ", \"target.accuracy\": " share "}\n"
#define METRICS                                                                               \
    "{\"stage\": \"source\", \"step\": 10, \"source.loss\": 1.5}\n" LINE("adapt", "0", "0.5") \
        LINE("adapt", "10", "0.8") LINE("adapt", "20", "0.7") LINE("adapt", "30", "0.3")

static void put(const char *dir, const char *name, const char *text)
{
    fyt_put_file(dir, name, text, strlen(text));
}

static void put_run(const char *dir, const char *choice, const char *metrics)
{
    put(dir, "result.json", RESULT);
    put(dir, "choice.json", choice);
    put(dir, "metrics.jsonl", metrics);
}

static int number_of(const char *validator)
{
    int v = 0;

    while (strcmp(fy_validators()[v], validator) != 0)
        v++;
    return v;
}

static void is_alone(const fy_cell *c, const char *validator, int64_t step, double accuracy)
{
    const int v = number_of(validator);

    assert_int_equal(c->alone_step[v], step);
    assert_true(isnan(accuracy) ? isnan(c->alone[v]) : c->alone[v] == accuracy);
    assert_true(isnan(accuracy) ? isnan(fy_cell_accuracy(c, validator))
                                : fy_cell_accuracy(c, validator) == accuracy);
}

static void a_cell_is_what_its_run_says(void **state)
{
    fy_cell c;
    bool is_there;

    put_run(*state, CHOICE, METRICS);
    check_ok(fyi_cell_read(*state, &c, &is_there));
    assert_true(is_there && !c.fell_back);
    assert_true(fy_cell_accuracy(&c, "source_only") == 0.5 && fy_cell_accuracy(&c, "last") == 0.3);
    assert_true(fy_cell_accuracy(&c, "chosen") == 0.7 && fy_cell_accuracy(&c, "oracle") == 0.8);
    assert_int_equal(c.chosen_step, 20);
    assert_int_equal(c.oracle_step, 10);
    is_alone(&c, "information", 10, 0.8); /* more is better, and of equals the first */
    is_alone(&c, "risk", 10, 0.8);        /* less is better */
    is_alone(&c, "entropy", -1, NAN);     /* it knows none */
    assert_true(isnan(fy_cell_accuracy(&c, "nobody")));
}

/* Candidates of several methods are found by their stages, and have gone through a rule: agreement alone chooses among them. */
#define CHOSEN(method, step, agreement)                                   \
    "{\"method\": " method ", \"step\": " step ", \"information\": 0.5, " \
    "\"validators\": {\"information\": 0.5, \"agreement\": " agreement "}}"
static void methods_have_steps_of_their_own(void **state)
{
    fy_cell c;
    bool is_there;

    put_run(*state,
            "{\"candidates\": [" CHOSEN("null", "0", "0.1") ", " CHOSEN(
                "\"mcd\"", "20", "0.4") ", " CHOSEN("\"shot\"", "20", "0.9") "]}",
            LINE("mcd", "0", "0.5") LINE("mcd", "20", "0.6") LINE("shot", "20", "0.9"));
    check_ok(fyi_cell_read(*state, &c, &is_there));
    is_alone(&c, "agreement", 20, 0.9);
    is_alone(&c, "information", -1, NAN);
}

static void without_labels_there_is_no_cell(void **state)
{
    fy_cell c;
    bool is_there = true;

    put(*state, "result.json", "{\"source_only\": null, \"chosen\": null}");
    check_ok(fyi_cell_read(*state, &c, &is_there));
    assert_false(is_there);
    put(*state, "result.json", "{\"accuracy\": 0.5}");
    check_ok(fyi_cell_read(*state, &c, &is_there));
    assert_false(is_there);
}

static void a_run_that_failed_is_a_cell_where_there_are_labels(void **state)
{
    fy_cell c;
    bool is_there = false;

    check_ok(fyi_cell_of_failed(*state, &c, &is_there)); /* before it said what its data are */
    assert_true(is_there && c.has_failed && isnan(c.source_only) && isnan(c.chosen));
    is_alone(&c, "risk", -1, NAN);
    put(*state, "data.json", "{\"target\": {\"labelled\": false}}");
    check_ok(fyi_cell_of_failed(*state, &c, &is_there));
    assert_false(is_there);
    put(*state, "data.json",
        "{\"target\": {\"labelled\": false}, \"target_eval\": {\"labelled\": true}}");
    check_ok(fyi_cell_of_failed(*state, &c, &is_there));
    assert_true(is_there);
    put(*state, "data.json", "{");
    check_status(fyi_cell_of_failed(*state, &c, &is_there), FY_EFORMAT);
}

static void damaged_files_are_named(void **state)
{
    fy_cell c;
    bool is_there;

    put_run(*state, "{", METRICS);
    check_status(fyi_cell_read(*state, &c, &is_there), FY_EFORMAT);
    check_sentence("choice.json' is damaged");
    put_run(*state, CHOICE, "{\nnull\n[]\n" METRICS);
    check_ok(fyi_cell_read(*state, &c, &is_there)); /* other lines are not looked at */
    is_alone(&c, "information", 10, 0.8);
}

/* ---- counting -------------------------------------------------------------------------------- */

/* Two shifts, two arms, two seeds; one run has no cell. */
typedef struct made {
    fy_cell cells[7];
    fy_arm_run runs[4][2];
    fy_arm_row rows[4];
    fy_comparison_table t;
} made;

static const char *const shifts[] = { "s", "t" };

static void make(made *m, const double accuracy[7][3])
{
    static const char *const arms[] = { "a", "b" };
    static const uint64_t seeds[] = { 3, 4 };
    const int risk = number_of("risk");

    *m = (made){ .t = { .name = "made",
                        .shifts = shifts,
                        .n_shifts = 2,
                        .seeds = seeds,
                        .n_seeds = 2,
                        .rows = m->rows,
                        .n_rows = 4,
                        .n_arms = 2 } };
    for (int i = 0; i < 8; i++) {
        fy_arm_run *run = &m->runs[i / 2][i % 2];

        *run = (fy_arm_run){ .seed = seeds[i % 2], .dir = "runs/x" };
        m->rows[i / 2] =
            (fy_arm_row){ .shift = shifts[i / 4], .arm = arms[i / 2 % 2], .runs = m->runs[i / 2] };
        if (i == 7)
            continue;
        m->cells[i] = (fy_cell){ .source_only = accuracy[i][0],
                                 .chosen = accuracy[i][1],
                                 .last = accuracy[i][2],
                                 .oracle = 1,
                                 .chosen_step = i == 3 ? 0 : 20,
                                 .last_step = 30,
                                 .oracle_step = 10 };
        for (int v = 0; fy_validators()[v] != NULL; v++) {
            m->cells[i].alone[v] = v == risk ? 0.25 : (double)NAN;
            m->cells[i].alone_step[v] = v == risk ? 10 : -1;
        }
        run->cell = &m->cells[i];
    }
}

/* source only, chosen, last: a point below is no harm yet, a little more is. */
static const double accuracy[7][3] = {
    { 0.5, 0.49, 0.2 }, { 0.5, 0.489, 0.25 }, { 0.5, 0.75, 0.5 }, { 0.5, 0.5, 0.5 },
    { 0.6, 0.7, 0.29 }, { 0.6, 0.7, 0.6 },    { 0.6, 0.6, 0.9 },
};

static void is_close(double actual, double expected)
{
    check_close_f64(&actual, &expected, 1, 1e-12, 1e-14);
}

static void harm_is_counted_against_the_source_model(void **state)
{
    made m;
    fy_harm h;

    (void)state;
    make(&m, accuracy);
    h = fy_comparison_harm(&m.t, NULL, NULL, "chosen");
    assert_int_equal(h.n, 7);
    is_close(h.harm_rate, 1.0 / 7);
    is_close(h.collapse_rate, 0);
    is_close(h.kept_rate, 1.0 / 7);
    is_close(h.gain, (-0.01 - 0.011 + 0.25 + 0.1 + 0.1) / 7);
    is_close(h.oracle_gap, 1 - h.accuracy);
    h = fy_comparison_harm(&m.t, NULL, NULL, "last");
    is_close(h.harm_rate, 3.0 / 7);
    is_close(h.collapse_rate, 2.0 / 7);
    h = fy_comparison_harm(&m.t, "t", NULL, "last");
    assert_int_equal(h.n, 3);
    is_close(h.harm_rate, 1.0 / 3);
    h = fy_comparison_harm(&m.t, "s", "b", "last");
    assert_int_equal(h.n, 2);
    is_close(h.harm_rate, 0);
    is_close(fy_comparison_harm(&m.t, NULL, NULL, "risk").harm_rate, 1);
    is_close(fy_comparison_harm(&m.t, NULL, NULL, "risk").kept_rate, 0);
    is_close(fy_comparison_harm(&m.t, NULL, NULL, "source_only").kept_rate, 1);
    h = fy_comparison_harm(&m.t, NULL, NULL, "entropy");
    assert_int_equal(h.n, 0);
    assert_true(isnan(h.harm_rate) && isnan(h.gain));
    assert_int_equal(fy_comparison_harm(&m.t, "u", NULL, "chosen").n, 0);
}

static void fail_cell(fy_cell *c)
{
    *c = (fy_cell){
        .has_failed = true, .source_only = NAN, .chosen = NAN, .last = NAN, .oracle = NAN
    };
    for (int v = 0; fy_validators()[v] != NULL; v++) {
        c->alone[v] = NAN;
        c->alone_step[v] = -1;
    }
}

/* Of seven, the first of arm a: whoever needs the run is charged with it, the means are of the rest. */
static void a_failed_cell_counts_as_harm(void **state)
{
    made m;
    fy_harm h;

    (void)state;
    make(&m, accuracy);
    fail_cell(&m.cells[0]);
    h = fy_comparison_harm(&m.t, NULL, NULL, "chosen");
    assert_true(h.n == 6 && h.failed == 1);
    is_close(h.harm_rate, 2.0 / 7);
    is_close(h.collapse_rate, 1.0 / 7);
    is_close(h.gain, (-0.011 + 0.25 + 0.1 + 0.1) / 6);
    h = fy_comparison_harm(&m.t, NULL, "a", "last");
    assert_true(h.n == 3 && h.failed == 1);
    is_close(h.harm_rate, 3.0 / 4);
    h = fy_comparison_harm(&m.t, NULL, NULL, "source_only");
    assert_true(h.n == 6 && h.failed == 0 && h.harm_rate == 0);
    assert_int_equal(fy_comparison_harm(&m.t, NULL, "b", "chosen").failed, 0);
    assert_int_equal(fy_comparison_harm(&m.t, NULL, NULL, "risk").failed, 1);
    assert_int_equal(fy_comparison_harm(&m.t, NULL, NULL, "entropy").failed, 0);
}

/* A validator that only the other arm knows would not have chosen in the failed cell. */
static void a_validator_is_charged_where_it_would_have_chosen(void **state)
{
    const int risk = number_of("risk");
    made m;

    (void)state;
    make(&m, accuracy);
    fail_cell(&m.cells[0]);
    for (int i = 1; i < 7; i++)
        if (i / 2 % 2 == 0)
            m.cells[i].alone[risk] = NAN;
    assert_int_equal(fy_comparison_harm(&m.t, NULL, NULL, "risk").failed, 0);
    assert_int_equal(fy_comparison_harm(&m.t, NULL, NULL, "chosen").failed, 1);
}

static void an_arm_that_failed_everywhere_is_harm_alone(void **state)
{
    made m;
    fy_harm h;

    (void)state;
    make(&m, accuracy);
    for (int i = 0; i < 7; i++)
        if (i / 2 % 2 == 0)
            fail_cell(&m.cells[i]);
    h = fy_comparison_harm(&m.t, NULL, "a", "chosen");
    assert_true(h.n == 0 && h.failed == 4 && h.harm_rate == 1 && isnan(h.gain));
    assert_int_equal(fy_comparison_harm(&m.t, NULL, "a", "risk").failed, 4);
}

static double number_at(const json_t *root, const char *a, const char *b, const char *c)
{
    const json_t *at = json_object_get(root, a);

    at = b != NULL ? json_object_get(at, b) : at;
    at = c != NULL ? json_object_get(at, c) : at;
    assert_true(json_is_number(at));
    return json_number_value(at);
}

static void json_has_all_of_it(void **state)
{
    json_t *root = json_object();
    const json_t *cells;
    made m;

    (void)state;
    make(&m, accuracy);
    fyi_cells_put(&m.t, root);
    is_close(number_at(root, "harm_rate", NULL, NULL), 1.0 / 7);
    is_close(number_at(root, "oracle_gain", NULL, NULL), 1 - (0.5 * 4 + 0.6 * 3) / 7);
    is_close(number_at(root, "per_validator", "risk", "harm_rate"), 1);
    is_close(number_at(json_object_get(root, "per_method"), "a", "last", "harm_rate"), 3.0 / 4);
    is_close(number_at(json_object_get(root, "per_shift"), "t", "last", "harm_rate"), 1.0 / 3);
    assert_null(json_object_get(json_object_get(root, "per_validator"), "entropy"));
    cells = json_object_get(root, "cells");
    assert_int_equal(json_array_size(cells), 7);
    /* In the order in which they ran: all with the first seed, then with the second. */
    is_close(number_at(json_array_get(cells, 1), "chosen", NULL, NULL), 0.75);
    is_close(number_at(json_array_get(cells, 4), "alone", "risk", "step"), 10);
    json_decref(root);
    root = json_object();
    fail_cell(&m.cells[0]);
    m.runs[0][0].error = "the loss is not finite";
    fyi_cells_put(&m.t, root);
    is_close(number_at(root, "failed", NULL, NULL), 1);
    is_close(number_at(root, "overall", "last", "failed"), 1);
    cells = json_array_get(json_object_get(root, "cells"), 0);
    assert_string_equal(json_string_value(json_object_get(cells, "error")),
                        "the loss is not finite");
    assert_true(json_is_null(json_object_get(cells, "chosen")));
    json_decref(root);
    root = json_object();
    m.t.n_rows = m.t.n_arms = 0;
    fyi_cells_put(&m.t, root);
    assert_int_equal(json_object_size(root), 0);
    json_decref(root);
}

static void choosers_begin_with_the_four_numbers(void **state)
{
    int n = 0;

    (void)state;
    assert_string_equal(fy_choosers()[0], "source_only");
    assert_string_equal(fy_choosers()[1], "chosen");
    assert_string_equal(fy_choosers()[4], fy_validators()[0]);
    while (fy_choosers()[n] != NULL)
        n++;
    assert_string_equal(fy_choosers()[n - 1], fy_validators()[n - 5]);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        IN_DIR(a_cell_is_what_its_run_says),
        IN_DIR(methods_have_steps_of_their_own),
        IN_DIR(without_labels_there_is_no_cell),
        IN_DIR(a_run_that_failed_is_a_cell_where_there_are_labels),
        IN_DIR(damaged_files_are_named),
        cmocka_unit_test(harm_is_counted_against_the_source_model),
        cmocka_unit_test(a_failed_cell_counts_as_harm),
        cmocka_unit_test(a_validator_is_charged_where_it_would_have_chosen),
        cmocka_unit_test(an_arm_that_failed_everywhere_is_harm_alone),
        cmocka_unit_test(json_has_all_of_it),
        cmocka_unit_test(choosers_begin_with_the_four_numbers),
    };

    return cmocka_run_group_tests_name("cells", tests, NULL, NULL);
}
