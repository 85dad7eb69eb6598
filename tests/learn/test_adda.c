/* Guards ADDA: it helps on drawn digits of another style, moves the target encoder and the critic and nothing
 * else, survives a stop at any stage to the same bytes, and never gets to see a target label.
 *
 * timeout: 600 */
#include "support/adapting.h"

#include <ferry/ferry.h>

#include <stdlib.h>
#include <string.h>

typedef struct setup {
    fyt_adapting d;
    fy_adda_opts o;
} setup;

static setup open_setup(int64_t n)
{
    setup s = { fyt_adapting_open(n), fy_adda_defaults() };
    s.o.source_epochs = 5;
    s.o.source_batch = s.o.batch = 32;
    s.o.steps = 300;
    s.o.evaluations = 3;
    s.o.critic_activation = "leaky_relu";
    return s;
}

static fy_status adapt(setup *s, const char *dir, bool resume, fyt_stopper *stop,
                       fy_adapt_report *report)
{
    fy_run *r = fyt_adapting_begin(&s->d, dir, resume, stop);
    const fy_adapt_data data = fyt_adapting_data(&s->d);
    return fyt_adapting_end(&s->d, r, fy_adda(r, s->d.dev, &data, &s->o, report), report);
}

/* Whether the checkpoint's `model` holds what `file` holds: same values, byte for byte. */
static bool same_weights(const char *dir, const char *file, const char *model)
{
    fy_weights *a, *b;
    char *pa = fyi_path_join(dir, file), *pb = fyi_path_join(dir, "checkpoint.safetensors");
    bool same = true;
    check_ok(fy_weights_open(pa, &a));
    check_ok(fy_weights_open(pb, &b));
    assert_true(fy_weights_count(a) > 0);
    for (int i = 0; i < fy_weights_count(a); i++) {
        char name[128];
        snprintf(name, sizeof name, "model/%s/%s", model, fy_weights_name(a, i));
        const int k = fy_weights_find(b, name);
        assert_true(k >= 0);
        const size_t n = (size_t)fy_shape_numel(fy_weights_shape(a, i));
        float *va = fyi_calloc(n, sizeof *va), *vb = fyi_calloc(n, sizeof *vb);
        check_ok(fy_weights_read(a, i, FY_F32, va, (int64_t)n));
        check_ok(fy_weights_read(b, k, FY_F32, vb, (int64_t)n));
        same = same && memcmp(va, vb, n * sizeof *va) == 0;
        fyi_free(vb);
        fyi_free(va);
    }
    fy_weights_close(b);
    fy_weights_close(a);
    fyi_free(pb);
    fyi_free(pa);
    return same;
}

static void adaptation_helps_and_moves_the_target_only(void **state)
{
    const char *dir = *state;
    setup s = open_setup(1200);
    fy_adapt_report r;
    if (adapt(&s, dir, false, NULL, &r) != FY_OK)
        fail_msg("%s", fy_last_error());
    print_message("source %.3f  only %.3f  last %.3f  chosen %.3f  oracle %.3f\n", r.source_accuracy,
                  r.plain.source_only, r.plain.last, r.plain.chosen, r.plain.oracle);
    assert_true(r.source_accuracy > 0.97);
    assert_true(r.plain.last > r.plain.source_only + 0.03);
    assert_true(r.plain.chosen >= r.plain.source_only - 0.01);
    assert_true(r.plain.oracle >= r.plain.last);
    assert_true(same_weights(dir, "source.safetensors", "source"));
    assert_true(same_weights(dir, "classifier.safetensors", "classifier"));
    assert_true(same_weights(dir, "classifier.safetensors", "target_classifier"));
    assert_false(same_weights(dir, "source.safetensors", "target"));
    assert_true(same_weights(dir, "last.safetensors", "target"));
    fyt_adapting_close(&s.d);
}

static void a_run_stopped_anywhere_ends_in_the_same_bytes(void **state)
{
    const char *dir = *state;
    static const struct {
        const char *stage;
        int64_t at;
    } stops[] = {
        { "source", 5 }, { "source", 36 }, { "adapt", 1 }, { "adapt", 20 }, { "adapt", 39 },
    };
    setup s = open_setup(320);
    fy_adapt_report r;
    s.o.conditional = true; /* with all that the stable form keeps between stages */
    s.o.pseudo_weight = 1;
    s.o.shift_frac = 2.0 / 28;
    s.o.steps = 40;
    char *whole = fyi_path_join(dir, "whole"), *broken = fyi_path_join(dir, "broken");
    check_ok(adapt(&s, whole, false, NULL, &r));
    const fy_adapt_report unbroken = r;
    for (size_t i = 0; i < LEN(stops); i++) {
        fyt_stopper stop = { .stage = stops[i].stage, .at = stops[i].at };
        const fy_status st = adapt(&s, broken, i > 0, &stop, &r);
        assert_int_equal(st, FY_ECANCELED);
    }
    check_ok(adapt(&s, broken, true, NULL, &r));
    static const char *const files[] = { "last.safetensors",   "chosen.safetensors",
                                         "source.safetensors", "metrics.jsonl",
                                         "critic.json",        "features.json",
                                         "samples.json" };
    for (size_t i = 0; i < LEN(files); i++)
        check_same_in(whole, broken, files[i]);
    assert_true(r.plain.last == unbroken.plain.last && r.plain.oracle == unbroken.plain.oracle);
    assert_int_equal(r.chosen_step, unbroken.chosen_step);
    fyi_free(broken);
    fyi_free(whole);
    fyt_adapting_close(&s.d);
}

/* The critic's as well: what was there before is handed back, and there is nothing to do afterwards. */
static void values_that_run_away_are_left_behind(void **state)
{
    const fy_optim_opts wild = { .name = "sgd", .lr = 1e30 };
    setup s = open_setup(160);
    fy_adapt_report r, again;
    s.o.source_epochs = 1;
    s.o.steps = s.o.evaluations = 8;
    s.o.critic_optim = s.o.target_optim = wild;
    check_ok(adapt(&s, *state, false, NULL, &r));
    assert_true(r.choice.fell_back && r.last_step < s.o.steps);
    check_contains(r.choice.reason, "; its values ran away after step ");
    check_same_file(fyt_path(*state, "chosen.safetensors"), fyt_path(*state, "source.safetensors"));
    check_ok(adapt(&s, *state, true, NULL, &again));
    assert_string_equal(again.choice.reason, r.choice.reason);
    fyt_adapting_close(&s.d);
}

static void target_labels_are_out_of_reach(void **state)
{
    (void)state;
    setup s = open_setup(320);
    int32_t label;
    fy_loader *l;
    const fy_loader_opts o = fy_loader_defaults();
    assert_int_not_equal(fy_dataset_label(s.d.unlabelled, 0, &label), FY_OK);
    assert_int_equal(fy_loader_open(s.d.unlabelled, &o, &l),
                     FY_EINVAL); /* with_labels is the default */
    fyt_adapting_close(&s.d);
}

static void a_batch_larger_than_the_data_is_refused_in_words(void **state)
{
    const char *dir = *state;
    setup s = open_setup(320);
    fy_adapt_report r;
    s.o.batch = 100000;
    assert_int_equal(adapt(&s, dir, false, NULL, &r), FY_EINVAL);
    check_sentence("batch is 100000");
    fyt_adapting_close(&s.d);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(adaptation_helps_and_moves_the_target_only),
        IN_DIR(a_run_stopped_anywhere_ends_in_the_same_bytes),
        IN_DIR(values_that_run_away_are_left_behind),
        cmocka_unit_test(target_labels_are_out_of_reach),
        IN_DIR(a_batch_larger_than_the_data_is_refused_in_words),
    };
    return cmocka_run_group_tests_name("adda", tests, NULL, NULL);
}
