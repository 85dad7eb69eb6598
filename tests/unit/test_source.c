/* Guards the networks of a source model: as wide as is asked for, for families with a hidden layer and for those with a result of
 * their own, and a classifier that fits. */
#include "support/support.h"

#include "methods/source.h"

#include <ferry/ferry.h>

static void features_are_as_wide_as_is_asked_for(void **state)
{
    static const struct {
        const char *family;
        int64_t asked, is;
    } rows[] = {
        { "digits_bn", 0, 256 }, { "digits_bn", 32, 32 }, { "lenet", 32, 32 },
        { "conv4", 0, 64 },      { "conv4", 32, 32 }, /* no hidden layer: a layer is added */
        { "conv4", 64, 64 },
    };
    fy_digits_opts o = fy_digits_defaults(FY_DIGITS_CLEAN);
    fy_dataset *d;

    (void)state;
    o.n = 10;
    check_ok(fy_digits_open(&o, &d));
    for (size_t i = 0; i < LEN(rows); i++) {
        const source_networks n = {
            .encoder = rows[i].family, .classifier = "linear", .features = rows[i].asked, .of = d
        };
        fy_model *encoder = NULL, *classifier = NULL;
        check_ok(source_open(&n, &encoder, &classifier));
        assert_int_equal(fy_shape_numel(fy_model_output(encoder)), rows[i].is);
        assert_int_equal(fy_shape_numel(fy_model_output(classifier)), 10);
        fy_model_free(classifier);
        fy_model_free(encoder);
    }
    fy_dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_are_as_wide_as_is_asked_for),
    };
    return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
