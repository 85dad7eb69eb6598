/* Guards trying several methods: the choice helps on drawn digits and is one of theirs, byte for byte; a try is what the method alone
 * would have made; a stop in any try ends in the same bytes; what cannot be run is told and left out; limits are kept.
 *
 * timeout: 600 */
#include "support/adapting.h"

#include <math.h>
#include <string.h>

static fy_status adapt(fyt_adapting *s, const fy_auto_opts *tries, const char *dir, bool resume,
                       fyt_stopper *stop, fy_adapt_report *report)
{
    fy_run *r = fyt_adapting_begin(s, dir, resume, stop);
    const fy_adapt_data data = fyt_adapting_data(s);
    const fy_status st = tries ? fy_adapt_auto(r, s->dev, &data, &s->o, tries, report)
                               : fy_adapt(r, s->dev, &data, &s->o, report);
    return fyt_adapting_end(s, r, st, report);
}

static const fy_auto_opts three = { .methods = { "shot", "adabn", "mcc" }, .n_methods = 3 };

static void the_choice_is_one_of_theirs_and_helps(void **state)
{
    fyt_adapting s = fyt_adapting_open(320);
    fy_adapt_report r;
    char from[128];
    s.o.source_steps = 60;
    s.o.steps = 25;
    check_ok(adapt(&s, &three, *state, false, NULL, &r));
    for (int i = 0; i < r.n_tries; i++)
        print_message("%-8s last %.3f  chosen %.3f  place %.2f  %d of %d  %s\n", r.tries[i].method,
                      r.tries[i].plain.last, r.tries[i].plain.chosen, r.tries[i].ballot.place,
                      r.tries[i].ballot.better, r.tries[i].ballot.voters, r.tries[i].reason);
    print_message("%.3f -> %.3f, oracle %.3f: %s\n", r.plain.source_only, r.plain.chosen,
                  r.plain.oracle, r.choice.reason);
    assert_int_equal(r.n_tries, 3);
    assert_non_null(r.method);
    assert_true(r.plain.chosen > r.plain.source_only + 0.1 && r.plain.oracle >= r.plain.chosen);
    snprintf(from, sizeof from, "tries/%s", r.method);
    check_same_in(*state, fyt_path(*state, from), "chosen.safetensors");
    check_same_in(*state, fyt_path(*state, from), "last.safetensors");
    check_contains(r.choice.reason, r.method);
    for (int i = 0; i < r.n_tries; i++)
        if (strcmp(r.tries[i].method, r.method) == 0)
            assert_true(r.tries[i].plain.chosen == r.plain.chosen);
    fyt_adapting_close(&s);
}

/* The source model comes from the same seed, and nothing of one try is left in the next. */
static void a_try_is_what_the_method_alone_makes(void **state)
{
    static const char *const files[] = { "last.safetensors", "chosen.safetensors", "samples.json",
                                         "last_classifier.safetensors" };
    fyt_adapting s = fyt_adapting_open(96);
    fy_auto_opts two = { .methods = { "adabn", "mcd" }, .n_methods = 2 };
    char whole[512], alone[512], within[600];
    fy_adapt_report r;
    s.o.source_steps = s.o.steps = 8;
    snprintf(whole, sizeof whole, "%s/whole", (const char *)*state);
    snprintf(alone, sizeof alone, "%s/alone", (const char *)*state);
    snprintf(within, sizeof within, "%s/tries/mcd", whole);
    check_ok(adapt(&s, &two, whole, false, NULL, &r));
    s.o.method = "mcd";
    check_ok(adapt(&s, NULL, alone, false, NULL, &r));
    for (size_t i = 0; i < LEN(files); i++)
        check_same_in(alone, within, files[i]);
    check_same_in(whole, alone, "source.safetensors");
    fyt_adapting_close(&s);
}

static void a_run_stopped_in_any_try_ends_in_the_same_bytes(void **state)
{
    static const struct {
        const char *stage;
        int64_t at;
    } stops[] = { { "source", 3 }, { "shot", 4 }, { "mcc", 1 } };
    static const char *const files[] = { "last.safetensors", "chosen.safetensors", "choice.json",
                                         "metrics.jsonl",    "features.json",      "samples.json" };
    const fy_auto_opts two = { .methods = { "shot", "mcc" }, .n_methods = 2 };
    fyt_adapting s = fyt_adapting_open(96);
    fy_adapt_report r, again;
    char whole[512], broken[512];
    s.o.source_steps = s.o.steps = 5;
    snprintf(whole, sizeof whole, "%s/whole", (const char *)*state);
    check_ok(adapt(&s, &two, whole, false, NULL, &r));
    for (size_t i = 0; i < LEN(stops); i++) {
        fyt_stopper stop = { .stage = stops[i].stage, .at = stops[i].at };
        snprintf(broken, sizeof broken, "%s/broken%zu", (const char *)*state, i);
        check_status(adapt(&s, &two, broken, false, &stop, &again), FY_ECANCELED);
        check_sentence("; resume from ");
        assert_null(strstr(fy_last_error(), "/tries/")); /* a try by itself cannot be */
        check_ok(adapt(&s, &two, broken, true, NULL, &again));
        for (size_t k = 0; k < LEN(files); k++)
            check_same_in(whole, broken, files[k]);
        assert_string_equal(r.choice.reason, again.choice.reason);
        assert_true(r.plain.oracle == again.plain.oracle && again.n_tries == 2);
    }
    fyt_adapting_close(&s);
}

/* Nobody's results are taken for another method's. */
static void a_run_goes_on_with_its_own_methods_alone(void **state)
{
    const fy_auto_opts two = { .methods = { "shot", "mcc" }, .n_methods = 2 };
    const fy_auto_opts turned = { .methods = { "mcc", "shot" }, .n_methods = 2 };
    const fy_auto_opts more = { .methods = { "shot", "mcc", "adabn" }, .n_methods = 3 };
    fyt_adapting s = fyt_adapting_open(64);
    fyt_stopper stop = { .stage = "mcc", .at = 1 };
    fy_adapt_report r;
    s.o.source_steps = s.o.steps = 2;
    check_status(adapt(&s, &two, *state, false, &stop, &r), FY_ECANCELED);
    check_status(adapt(&s, &turned, *state, true, NULL, &r), FY_EINVAL);
    check_sentence("auto: number 1 of its methods is 'mcc', and the run has tried 'shot' there");
    check_ok(adapt(&s, &more, *state, true, NULL, &r));
    assert_int_equal(r.n_tries, 3);
    assert_string_equal(r.tries[0].method, "shot");
    fyt_adapting_close(&s);
}

static void what_cannot_be_run_is_left_out(void **state)
{
    const fy_auto_opts norms = { .methods = { "tent", "shot" }, .n_methods = 2, .trials = 1 };
    const fy_auto_opts none = { .methods = { "tent", "adabn" }, .n_methods = 2 };
    fyt_adapting s = fyt_adapting_open(96);
    fy_adapt_report r;
    s.o.encoder = "lenet";
    s.o.source_steps = s.o.steps = 4;
    check_ok(adapt(&s, &norms, fyt_path(*state, "a"), false, NULL, &r));
    assert_int_equal(r.n_tries, 2);
    assert_false(r.tries[0].has_run);
    check_contains(r.tries[0].reason, "tent: it adapts batch norms, and an encoder of the family");
    assert_true(isnan(r.tries[0].plain.last) && r.tries[1].has_run);
    check_contains(r.choice.reason, "; tent could not be run");
    check_status(adapt(&s, &none, fyt_path(*state, "b"), false, NULL, &r), FY_EINVAL);
    check_sentence("auto: none of its methods can be run; tent: it adapts batch norms");
    fyt_adapting_close(&s);
}

/* Values that run away are the end of a try's stage and not of the run. */
static void a_try_that_diverges_is_not_chosen(void **state)
{
    const fy_auto_opts two = { .methods = { "coral", "adabn" }, .n_methods = 2 };
    fyt_adapting s = fyt_adapting_open(96);
    fy_adapt_report r;
    s.o.source_steps = s.o.steps = 8;
    s.o.optim.name = "sgd";
    s.o.optim.lr = 1e6;
    check_ok(adapt(&s, &two, *state, false, NULL, &r));
    assert_true(r.n_tries == 2 && r.tries[0].has_run && r.tries[1].has_run);
    assert_true(r.tries[0].fell_back && r.tries[0].last_step < s.o.steps);
    check_contains(r.tries[0].reason, "; its values ran away after step ");
    const fy_auto_opts one = { .methods = { "coral" }, .n_methods = 1 };
    check_ok(adapt(&s, &one, fyt_path(*state, "one"), false, NULL, &r));
    assert_string_equal(r.choice.reason,
                        "kept the source model: no step of coral passed the gates");
    fyt_adapting_close(&s);
}

/* Of the fifteen only those that spare the source are planned where there is none, and limits end the plan. */
static void data_and_limits_decide_what_is_tried(void **state)
{
    static const char *const spares[] = { "shot", "adabn", "tent" };
    fyt_adapting s = fyt_adapting_open(96);
    fy_auto_opts o = fy_auto_defaults();
    fy_adapt_report r;
    char with[512], file[2][600];
    s.o.source_steps = s.o.steps = 4;
    snprintf(with, sizeof with, "%s/with", (const char *)*state);
    o.trials = 1;
    check_ok(adapt(&s, &o, with, false, NULL, &r));
    assert_int_equal(r.n_tries, 1);
    assert_int_equal(r.n_not_tried, 14);
    assert_string_equal(r.not_tried[0], "mcc");
    check_contains(r.choice.reason, "; 14 methods were not tried: auto.trials=1");
    snprintf(file[0], sizeof file[0], "%s/source.safetensors", with);
    snprintf(file[1], sizeof file[1], "%s/classifier.safetensors", with);
    s.o.source_weights = file[0];
    s.o.classifier_weights = file[1];
    s.is_alone = true;
    o.trials = 0;
    check_ok(adapt(&s, &o, fyt_path(*state, "alone"), false, NULL, &r));
    assert_int_equal(r.n_tries, LEN(spares));
    for (size_t i = 0; i < LEN(spares); i++)
        assert_string_equal(r.tries[i].method, spares[i]);
    assert_true(isnan(r.source_accuracy) && isfinite(r.plain.source_only) && r.n_not_tried == 0);
    assert_null(strstr(r.choice.reason, "not tried"));
    o.minutes = 1e-9;
    check_ok(adapt(&s, &o, fyt_path(*state, "short"), false, NULL, &r));
    assert_int_equal(r.n_tries, 1); /* the first is always run */
    assert_int_equal(r.n_not_tried, 2);
    check_contains(r.choice.reason,
                   "; 2 methods were not tried: the budget of 1e-09 minutes was spent");
    fyt_adapting_close(&s);
}

static void mistakes_are_sentences(void **state)
{
    const fy_auto_opts twice = { .methods = { "shot", "shot" }, .n_methods = 2 };
    const fy_auto_opts wrong = { .methods = { "shoot" }, .n_methods = 1 };
    char deep[2100];
    memset(deep, 'd', sizeof deep);
    for (size_t i = 199; i < sizeof deep; i += 200)
        deep[i] = '/';
    deep[sizeof deep - 1] = '\0';
    fyt_adapting s = fyt_adapting_open(64);
    fy_adapt_report r;
    check_status(adapt(&s, &twice, *state, false, NULL, &r), FY_EINVAL);
    check_sentence("auto: 'shot' is there twice among its methods");
    check_status(adapt(&s, &wrong, *state, false, NULL, &r), FY_EINVAL);
    check_sentence("adapt: no method is called 'shoot'");
    check_status(adapt(&s, &three, fyt_path(*state, deep), false, NULL, &r), FY_EINVAL);
    check_sentence("too many for those of its files; choose one of less than 2029");
    s.o.evaluations = 100;
    check_status(adapt(&s, &three, *state, false, NULL, &r), FY_EINVAL);
    check_sentence("auto: 100 evaluations of every method; expected 1 to 63");
    fyt_adapting_close(&s);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(the_choice_is_one_of_theirs_and_helps),
        IN_DIR(a_try_is_what_the_method_alone_makes),
        IN_DIR(a_run_stopped_in_any_try_ends_in_the_same_bytes),
        IN_DIR(a_run_goes_on_with_its_own_methods_alone),
        IN_DIR(what_cannot_be_run_is_left_out),
        IN_DIR(a_try_that_diverges_is_not_chosen),
        IN_DIR(data_and_limits_decide_what_is_tried),
        IN_DIR(mistakes_are_sentences),
    };
    return cmocka_run_group_tests_name("auto", tests, NULL, NULL);
}
