/* Guards staged multimodal distillation: which networks move in which stage and which stay to the byte, the fusion's values in stage 2
 * above all; a stopped run resumes to the same bytes in every stage and between them; the same seed gives the same bytes with loader
 * threads and without; it learns a shifted domain, with one to four modalities, several targets and parts that are missing; and nothing
 * comes by the labels that are to be hidden.
 *
 * timeout: 900 */
#include "support/models.h"
#include "support/stopper.h"

#include <ferry/ferry.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 4, TARGETS = 2 };

typedef struct setup {
    fy_device *dev;
    int n;
    fy_parts *source, *source_val;
    fy_parts *sets[TARGETS][4]; /* train, finetune, val, test */
    fy_hdnet_data data;
    fy_hdnet_opts o;
} setup;

/* ---- samples ------------------------------------------------------------------------------------------- */

/* Domain 0 is the source; the others see each modality turned. */
static fy_dataset *draw_part(int domain, int m, uint64_t seed, int64_t n)
{
    fy_facts_opts o = fy_facts_defaults();
    fy_shift_opts shift = fy_shift_defaults();
    fy_dataset *plain, *d;
    o.n_modalities = MOST;
    o.redundant = 2;
    for (int k = 0; k < MOST; k++) {
        o.modality[k].dim = 8;
        o.modality[k].unique = 0;
        o.modality[k].snr = 1.5;
    }
    o.seed = seed;
    o.n = n;
    check_ok(fy_facts_open(&o, m, &plain));
    shift.rotate_deg = domain > 0 ? 70 : 0;
    shift.seed = (uint64_t)(10 * domain + m);
    check_ok(fy_dataset_shift(plain, &shift, &d));
    fy_dataset_free(plain);
    return d;
}

static fy_parts *draw(int modalities, int domain, uint64_t seed, int64_t n, double missing)
{
    static const char *const names[] = { "a", "b", "c", "d" };
    fy_dataset *d[MOST] = { NULL };
    fy_parts *all, *some;
    for (int m = 0; m < modalities; m++)
        d[m] = draw_part(domain, m, seed, n);
    check_ok(fy_parts_open((const fy_dataset *const *)d, names, modalities, NULL, &all));
    for (int m = 0; m < modalities; m++)
        fy_dataset_free(d[m]);
    if (missing == 0)
        return all;
    check_ok(fy_parts_drop(all, missing, 3, &some));
    fy_parts_free(all);
    return some;
}

static void draw_target(setup *s, int t, double missing)
{
    static const char *const names[TARGETS] = { "near", "far" };
    static const int64_t counts[] = { 80, 48, 60, 120 };
    fy_parts *all;
    for (int k = 0; k < 4; k++)
        s->sets[t][k] = draw(s->n, t + 1, (uint64_t)(100 * (t + 1) + k), counts[k], missing);
    all = s->sets[t][0];
    check_ok(fy_parts_unlabel(all, &s->sets[t][0]));
    fy_parts_free(all);
    s->data.targets[t] =
        (fy_hdnet_target){ names[t], s->sets[t][0], s->sets[t][1], s->sets[t][2], s->sets[t][3] };
}

static void begin(setup *s, int modalities, int targets, double missing)
{
    *s = (setup){ .n = modalities, .o = fy_hdnet_defaults() };
    check_ok(fy_device_open("cpu", &s->dev));
    s->source = draw(modalities, 0, 1, 256, missing);
    s->source_val = draw(modalities, 0, 2, 100, missing);
    s->data.source = s->source;
    s->data.source_val = s->source_val;
    s->data.n_targets = targets;
    for (int t = 0; t < targets; t++)
        draw_target(s, t, missing);
    s->o.features = 8;
    s->o.batch = 32;
    s->o.target_batch = 16;
    s->o.epochs = 4;
    s->o.branch_epochs = 3;
    s->o.whole_epochs = 2;
    s->o.optim.lr = 5e-3;
    s->o.workers = 0;
}

static void end(setup *s)
{
    for (int t = 0; t < TARGETS; t++)
        for (int k = 0; k < 4; k++)
            fy_parts_free(s->sets[t][k]);
    fy_parts_free(s->source_val);
    fy_parts_free(s->source);
    fy_device_close(s->dev);
}

static fy_status carry(const setup *s, const char *dir, bool resume, fyt_stopper *stop,
                       fy_hdnet_report *report)
{
    fy_run *r;
    const fy_run_opts o = { .dir = dir,
                            .resume = resume,
                            .progress = stop ? fyt_stop_there : NULL,
                            .progress_arg = stop,
                            .cancel = stop ? &stop->flag : NULL,
                            .checkpoint_steps = 3 };
    check_ok(fy_run_open(&o, &r));
    const fy_status st = fy_hdnet(r, s->dev, &s->data, &s->o, report);
    fy_run_close(r);
    return st;
}

/* ---- who moved ----------------------------------------------------------------------------------------- */

static fy_model *load(const char *dir, const char *stage, const char *model)
{
    char file[160];
    (void)snprintf(file, sizeof file, "%s+%s.safetensors", stage, model);
    return fyt_model_open(fyt_path(dir, file));
}

static void check_moved(const char *dir, const char *from, const char *to, const char *model,
                        const char *globs)
{
    fy_model *a = load(dir, from, model), *b = load(dir, to, model);
    char what[160];
    (void)snprintf(what, sizeof what, "%s from %s to %s", model, from, to);
    fyt_check_moved(a, b, globs, what);
    fy_model_free(b);
    fy_model_free(a);
}

/* A kept epoch is never the one before the first step where the target is as far away as here. */
static void every_stage_moves_its_own_and_nothing_else(void **state)
{
    static const struct {
        const char *strategy, *frozen, *encoder; /* of its parameters, what moves */
    } cases[] = { { "soft", NULL, "*" },
                  { "hard", "fc1.*", "* !fc1.*" },
                  { "hybrid", "bn1.* conv1.*", "* !bn1.* !conv1.*" } };
    for (size_t i = 0; i < LEN(cases); i++) {
        setup s;
        fy_hdnet_report r;
        char branches[64], whole[64];
        const bool is_conv = i == 2; /* with norms, whose statistics stay where they are frozen */
        begin(&s, 2, 1, 0);
        s.o.strategy = cases[i].strategy;
        s.o.freeze[0] = cases[i].frozen;
        s.o.encoders[0].family = is_conv ? "conv4_1d" : "mlp";
        s.o.finetuned = false;
        check_ok(carry(&s, *state, false, NULL, &r));
        (void)snprintf(branches, sizeof branches, "near-%s-branches", cases[i].strategy);
        (void)snprintf(whole, sizeof whole, "near-%s-whole", cases[i].strategy);
        const fy_hdnet_way *w = &r.targets[0].ways[r.targets[0].chosen];
        assert_true(w->stages[FY_HDNET_BRANCHES].epoch > 0);
        check_moved(*state, "source", branches, "fusion", "");
        check_moved(*state, "source", branches, "a", cases[i].encoder);
        check_moved(*state, "source", branches, "a+head1", "*");
        check_moved(*state, "source", branches, "b+head1", "*");
        check_moved(*state, branches, whole, "a+head1", "");
        if (w->stages[FY_HDNET_WHOLE].epoch > 0)
            check_moved(*state, branches, whole, "a", cases[i].encoder);
        end(&s);
    }
}

/* ---- stopping ------------------------------------------------------------------------------------------ */

static void a_stopped_run_resumes_to_the_same_bytes(void **state)
{
    static const struct {
        const char *stage;
        int64_t at;
    } stops[] = { { "source", 5 },
                  { "source", 32 }, /* at its end */
                  { "joint", 4 },
                  { "near-soft-branches", 2 },
                  { "near-soft-branches", 9 },
                  { "near-soft-whole", 1 },
                  { "near-hard-branches", 4 },
                  { "near-hybrid-branches", 5 },
                  { "near-hybrid-whole", 4 },
                  { "near-finetune", 7 } };
    static const char *const files[] = {
        "metrics.jsonl",
        "fuse.json",
        "a.safetensors",
        "fusion.safetensors",
        "source+fusion.safetensors",
        "joint+a.safetensors",
        "near-soft-whole+b.safetensors",
        "near-hard-branches+a+head1.safetensors",
        "near-hybrid-whole+fusion.safetensors",
        "near-finetune+a.safetensors",
    };
    setup s;
    fy_hdnet_report whole_report, report;
    char *whole = fyi_path_join(*state, "whole"), *broken = fyi_path_join(*state, "broken");
    begin(&s, 2, 1, 0.2);
    s.o.strategy = "all";
    s.o.heads = 2;
    check_ok(carry(&s, whole, false, NULL, &whole_report));
    for (size_t i = 0; i < LEN(stops); i++) {
        fyt_stopper stop = { .stage = stops[i].stage, .at = stops[i].at, .sees_all = true };
        check_status(carry(&s, broken, i > 0, &stop, &report), FY_ECANCELED);
    }
    s.o.workers = 2;
    check_ok(carry(&s, broken, true, NULL, &report));
    for (size_t i = 0; i < LEN(files); i++)
        check_same_in(whole, broken, files[i]);
    assert_int_equal(report.targets[0].chosen, whole_report.targets[0].chosen);
    assert_true(report.target == whole_report.target);
    assert_true(report.finetuned == whole_report.finetuned);
    fyi_free(broken);
    fyi_free(whole);
    end(&s);
}

/* ---- learning ------------------------------------------------------------------------------------------ */

static void it_learns_a_shifted_domain(void **state)
{
    setup s;
    fy_hdnet_report r;
    begin(&s, 2, 2, 0);
    s.o.strategy = "all";
    s.o.epochs = 15;
    s.o.branch_epochs = 20;
    s.o.whole_epochs = 10;
    s.o.test_views = 2; /* of nothing that changes: the same samples twice */
    check_ok(carry(&s, *state, false, NULL, &r));
    assert_int_equal(r.n_targets, 2);
    assert_true(r.source.fused_val > 0.9);
    for (int t = 0; t < 2; t++) {
        const fy_hdnet_result *of = &r.targets[t];
        assert_int_equal(of->test, 120);
        for (int k = 0; k < FY_HDNET_WAYS; k++) {
            const fy_hdnet_figures *f = of->ways[k].stages;
            assert_true(f[FY_HDNET_SOURCE].fused < 0.8);
            assert_true(f[FY_HDNET_WHOLE].fused > f[FY_HDNET_SOURCE].fused + 0.1);
            assert_true(f[FY_HDNET_BRANCHES].branch[0] > f[FY_HDNET_SOURCE].branch[0]);
            assert_true(fabs(of->ways[k].share[0] + of->ways[k].share[1] - 1) < 1e-9);
            assert_true(isnan(of->ways[k].critic[0]) == (k == FY_HDNET_SOFT));
        }
        assert_true(of->finetuned.is_there && of->finetuned.fused > 0.5);
    }
    end(&s);
}

static void any_number_of_modalities_and_missing_parts(void **state)
{
    for (int n = 1; n <= MOST; n++) {
        setup s;
        fy_hdnet_report r;
        begin(&s, n, 1, n > 1 ? 0.3 : 0);
        s.o.epochs = 6;
        s.o.aux_loss = n == 2 ? "mse" : n == 3 ? "ce+kd" : "ce";
        s.o.kd_on_target = true;
        s.o.whole_aux = n == 4 ? 1 : 0;
        s.o.finetuned = n == 2;
        check_ok(carry(&s, *state, false, NULL, &r));
        assert_int_equal(r.n, n);
        assert_true(r.target > 0.3); /* four classes */
        assert_true(isnan(r.finetuned) == (n != 2));
        if (n == 2) { /* whatever is there is answered from */
            fy_fused *f;
            fy_tensor *z, *logits;
            check_ok(fy_fused_load(s.dev, *state, 32, &f));
            check_ok(fy_fused_features(f, s.sets[0][3], 1, &z));
            check_ok(fy_fused_logits(f, z, 1, &logits));
            fy_tensor_free(logits);
            fy_tensor_free(z);
            fy_fused_free(f);
        }
        end(&s);
    }
}

static void a_strategy_that_was_not_chosen_is_not_tested(void **state)
{
    setup s;
    fy_hdnet_report r;
    begin(&s, 2, 1, 0);
    s.o.strategy = "auto";
    s.o.branch_epochs = 2;
    s.o.whole_epochs = 0;
    check_ok(carry(&s, *state, false, NULL, &r));
    for (int k = 0; k < FY_HDNET_WAYS; k++) {
        const fy_hdnet_figures *f = r.targets[0].ways[k].stages;
        assert_true(r.targets[0].ways[k].is_there);
        assert_false(isnan(f[FY_HDNET_BRANCHES].fused_val));
        assert_true(isnan(f[FY_HDNET_BRANCHES].fused) == (k != r.targets[0].chosen));
        assert_false(f[FY_HDNET_WHOLE].is_there);
    }
    end(&s);
}

/* ---- mistakes ------------------------------------------------------------------------------------------ */

typedef struct mistake {
    const char *sentence;
    void (*make)(setup *s);
} mistake;

static void bad_strategy(setup *s)
{
    s->o.strategy = "softer";
}
static void labelled_train(setup *s)
{
    s->data.targets[0].train = s->data.targets[0].finetune;
}
static void no_labels(setup *s)
{
    s->data.targets[0].finetune = NULL;
}
static void two_alike(setup *s)
{
    s->data.targets[1].name = "near";
}
static void bad_name(setup *s)
{
    s->data.targets[0].name = "a/b";
}
static void many_heads(setup *s)
{
    s->o.heads = 9;
}
static void no_stage(setup *s)
{
    s->o.branch_epochs = s->o.whole_epochs = 0;
}
static void mutual_of_two(setup *s)
{
    s->o.kd_on_target = true;
}
static void bad_aux(setup *s)
{
    s->o.aux_loss = "l1";
}
static void bad_fusion(setup *s)
{
    s->o.fusion = "mlp";
}
static void large_batch(setup *s)
{
    s->o.batch = 1000;
}
static void half_a_sign(setup *s)
{
    s->o.soft.sign = 0.5;
}
static void no_val(setup *s)
{
    s->data.source_val = NULL;
}

static void mistakes_are_sentences(void **state)
{
    static const mistake cases[] = {
        { "the strategy is 'softer'; expected soft, hard, hybrid, auto or all", bad_strategy },
        { "the training samples of the target 'near' have labels", labelled_train },
        { "the target 'near' has 0 samples to fine-tune by", no_labels },
        { "two targets are called 'near'", two_alike },
        { "a target is called 'a/b'", bad_name },
        { "heads is 9; expected 1 to 8", many_heads },
        { "nothing learns the target", no_stage },
        { "kd_on_target is for one target, and there are 2", mutual_of_two },
        { "aux_loss is 'l1'; expected ce, ce+kd or mse", bad_aux },
        { "the fusion is 'mlp'", bad_fusion },
        { "batch is 1000 and the source has 256", large_batch },
        { "soft.sign is 0.5", half_a_sign },
        { "the source has no validation samples", no_val },
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        setup s;
        fy_hdnet_report r;
        begin(&s, 2, 2, 0);
        cases[i].make(&s);
        check_status(carry(&s, *state, false, NULL, &r), FY_EINVAL);
        check_sentence(cases[i].sentence);
        end(&s);
    }
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(every_stage_moves_its_own_and_nothing_else),
        IN_DIR(a_stopped_run_resumes_to_the_same_bytes),
        IN_DIR(it_learns_a_shifted_domain),
        IN_DIR(any_number_of_modalities_and_missing_parts),
        IN_DIR(a_strategy_that_was_not_chosen_is_not_tested),
        IN_DIR(mistakes_are_sentences),
    };
    return cmocka_run_group_tests_name("hdnet", tests, NULL, NULL);
}
