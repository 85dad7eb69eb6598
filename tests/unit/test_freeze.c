/* Guards what is said of frozen parameters: the globs that are left, which words say nothing, and what is left to move. */
#include "support/support.h"

#include "methods/freeze.h"

#include <stdlib.h>

static fy_model *open_model(void)
{
    fy_model_opts o = fy_model_defaults();
    fy_model *m;

    o.n_classes = 0;
    check_ok(fy_model_open("digits_bn", "m", &o, &m));
    return m;
}

static void words_are_taken_out_of_globs(void **state)
{
    static const struct {
        const char *moves, *freeze, *is;
    } rows[] = {
        { "*", NULL, "*" },
        { "*", "  ", "*" },
        { "*", "a.*", "* !a.*" },
        { "*", " a.*  b.? ", "* !a.* !b.?" },
        { "bn1.* bn2.*", "bn1.*", "bn1.* bn2.* !bn1.*" },
    };

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        char *left = freeze_from(rows[i].moves, rows[i].freeze);

        assert_string_equal(left, rows[i].is);
        free(left);
    }
    assert_false(fy_glob("* !a.*", "a.weight"));
    assert_true(fy_glob("* !a.*", "b.weight"));
}

static void words_that_name_nothing_are_refused(void **state)
{
    fy_model *m = open_model();

    (void)state;
    check_ok(freeze_check(m, NULL, "coral"));
    check_ok(freeze_check(m, " conv1.*  bn?.running_mean ", "coral"));
    check_status(freeze_check(m, "conv1.* conv9.*", "coral"), FY_EINVAL);
    check_sentence("coral: freeze names 'conv9.*', which matches no parameter of 'digits_bn'; the "
                   "first is 'conv1.weight'");
    fy_model_free(m);
}

static void what_is_left_is_known(void **state)
{
    static const struct {
        const char *moves;
        bool any, values, statistics;
    } rows[] = {
        { "*", true, true, true },
        { "* !*", false, false, false },
        { "* !bn?.*", true, true, false },
        { "* !*.weight !*.bias", true, false, true },
        { "* !bn1.* !bn2.*", true, true, true },
        { "fc1.*", true, true, false },
    };
    fy_model *m = open_model();

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        assert_int_equal(freeze_leaves_any(m, rows[i].moves), rows[i].any);
        assert_int_equal(freeze_leaves_values(m, rows[i].moves), rows[i].values);
        assert_int_equal(freeze_leaves_statistics(m, rows[i].moves), rows[i].statistics);
    }
    fy_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_taken_out_of_globs),
        cmocka_unit_test(words_that_name_nothing_are_refused),
        cmocka_unit_test(what_is_left_is_known),
    };
    return cmocka_run_group_tests_name("freeze", tests, NULL, NULL);
}
