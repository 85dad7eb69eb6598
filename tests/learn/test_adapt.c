/* Guards adaptation by methods that share one stage: each helps on drawn digits of another style, or at least does no harm; moves
 * what it says and nothing else, byte for byte; survives a stop in any stage to the same bytes; and what it cannot be given is refused
 * in words.
 *
 * timeout: 900 */
#include "support/adapting.h"
#include "support/models.h"
#include "support/stopper.h"

#include <ferry/ferry.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- who moves ---------------------------------------------------------------------------------------------- */

#define NORMS "bn1.weight bn1.bias bn2.weight bn2.bias bn3.weight bn3.bias"
#define STATISTICS                                                                        \
    "bn1.running_mean bn1.running_var bn2.running_mean bn2.running_var bn3.running_mean " \
    "bn3.running_var"

typedef struct method_case {
    const char *name;
    double gain; /* in these few steps, at least: half of what it was with one thread and with two */
    const char *encoder; /* what moves of it, globs; "*": all; "": nothing */
    bool moves_classifier;
} method_case;

static const method_case cases[] = {
    { "adabn", 0.1, STATISTICS, false },  { "tent", 0.1, NORMS " " STATISTICS, false },
    { "coral", 0.08, "*", true },         { "mmd", 0.13, "*", true },
    { "jan", 0.15, "*", true },           { "dann", 0.07, "*", true },
    { "cdan", 0.11, "*", true },          { "cdan_e", 0.11, "*", true },
    { "mcd", 0.14, "*", true },           { "mdd", 0.1, "*", true },
    { "mcc", 0.17, "*", true },           { "afn", 0.08, "*", true },
    { "bnm", 0.17, "*", true },           { "shot", 0.17, "*", false },
    { "self_training", 0.07, "*", true }, { "subspace", 0.11, "", true },
    { "transport", 0.13, "", true },
};

static void check_moves(const method_case *c, const char *from, const char *dir)
{
    fyi_buf encoder = { 0 }, classifier = { 0 };
    const int n = fyt_list_changed(fyt_path(from, "source.safetensors"), dir, "target", &encoder);
    const int k = fyt_list_changed(fyt_path(from, "classifier.safetensors"), dir,
                                   "target_classifier", &classifier);
    assert_int_equal(n > 0, c->encoder[0] != '\0');
    if ((k > 0) != c->moves_classifier)
        fail_msg("%s: of the classifier moved: %s", c->name,
                 classifier.p ? classifier.p : "nothing");
    for (char *word = encoder.p ? strtok(encoder.p, " ") : NULL; word; word = strtok(NULL, " "))
        if (!fy_glob(c->encoder, word))
            fail_msg("%s: '%s' moved", c->name, word);
    fyi_buf_release(&classifier);
    fyi_buf_release(&encoder);
    fyi_buf nothing = { 0 };
    assert_int_equal(
        fyt_list_changed(fyt_path(from, "source.safetensors"), dir, "source", &nothing), 0);
    fyi_buf_release(&nothing);
}

/* The source model is trained once; each method begins with it. With seed 1 all of them gain 15 points or more, whatever the order
 * of sums; with others an adversary may have hardly begun, and mcd lose a class. */
static void every_method_helps_and_moves_what_it_says(void **state)
{
    char first[512], file[2][600], dir[600];
    fyt_adapting s = fyt_adapting_open(480);
    fy_adapt_report r;
    s.o.seed = 1;
    snprintf(first, sizeof first, "%s/source", (const char *)*state);
    for (size_t i = 0; i < LEN(cases); i++) {
        const method_case *c = &cases[i];
        snprintf(dir, sizeof dir, "%s/%s", (const char *)*state, i ? c->name : "source");
        s.o.method = c->name;
        if (fyt_adapting_run(&s, dir, false, NULL, &r) != FY_OK)
            fail_msg("%s: %s", c->name, fy_last_error());
        print_message("%-14s source %.3f  only %.3f  last %.3f  chosen %.3f  oracle %.3f\n",
                      c->name, r.source_accuracy, r.plain.source_only, r.plain.last, r.plain.chosen,
                      r.plain.oracle);
        if (r.plain.last < r.plain.source_only + c->gain)
            fail_msg("%s: from %.3f to %.3f", c->name, r.plain.source_only, r.plain.last);
        assert_true(r.plain.chosen >= r.plain.source_only - 0.01);
        check_moves(c, first, dir);
        snprintf(file[0], sizeof file[0], "%s/source.safetensors", first);
        snprintf(file[1], sizeof file[1], "%s/classifier.safetensors", first);
        s.o.source_weights = file[0];
        s.o.classifier_weights = file[1];
    }
    fyt_adapting_close(&s);
}

/* ---- without the source's samples ------------------------------------------------------------------------------ */

/* What does without the source's samples ends in the same bytes whether they are there or not. */
static void the_source_is_spared(void **state)
{
    static const char *const methods[] = { "adabn", "tent", "shot" };
    char with[512], without[600], file[2][600];
    fyt_adapting s = fyt_adapting_open(160);
    fy_adapt_report r;
    s.o.source_steps = s.o.steps = 8;
    s.o.classifier = "linear_norm";
    for (size_t i = 0; i < LEN(methods); i++) {
        s.o.method = methods[i];
        snprintf(with, sizeof with, "%s/with-%s", (const char *)*state, methods[i]);
        snprintf(without, sizeof without, "%s/without-%s", (const char *)*state, methods[i]);
        s.is_alone = false;
        s.o.source_weights = s.o.classifier_weights = NULL;
        check_ok(fyt_adapting_run(&s, with, false, NULL, &r));
        snprintf(file[0], sizeof file[0], "%s/source.safetensors", with);
        snprintf(file[1], sizeof file[1], "%s/classifier.safetensors", with);
        s.is_alone = true;
        s.o.source_weights = file[0];
        s.o.classifier_weights = file[1];
        check_ok(fyt_adapting_run(&s, without, false, NULL, &r));
        assert_true(isnan(r.source_accuracy) && isfinite(r.plain.last));
        check_same_in(with, without, "last.safetensors");
        check_same_in(with, without, "samples.json");
    }
    s.o.method = "coral";
    check_status(fyt_adapting_run(&s, *state, false, NULL, &r), FY_EINVAL);
    check_sentence("coral: there is no source, and it learns from the source's samples");
    s.o.method = "shot";
    s.o.classifier_weights = NULL;
    check_status(fyt_adapting_run(&s, *state, false, NULL, &r), FY_EINVAL);
    check_sentence("shot: there is no source; it takes the files of a source model's encoder and");
    fyt_adapting_close(&s);
}

/* Its samples are changed, and mixed, while it alone is learnt; a source model that is there already is as it is. */
static void augmentation_of_the_source_is_its_own(void **state)
{
    static const char *const names[] = { "plain", "changed", "given", "given-changed" };
    fy_augment change = fy_augment_gentle();
    fyi_buf changed = { 0 };
    char dir[LEN(names)][600], file[2][700];
    fyt_adapting s = fyt_adapting_open(160);
    fy_adapt_report r;
    change.mix.mixup_alpha = 0.2f;
    s.o.method = "shot";
    s.o.source_steps = s.o.steps = 8;
    for (size_t i = 0; i < LEN(names); i++) {
        snprintf(dir[i], sizeof dir[i], "%s/%s", (const char *)*state, names[i]);
        s.o.source_augment = i % 2 ? &change : NULL;
        s.o.source_weights = i > 1 ? file[0] : NULL;
        s.o.classifier_weights = i > 1 ? file[1] : NULL;
        check_ok(fyt_adapting_run(&s, dir[i], false, NULL, &r));
        snprintf(file[0], sizeof file[0], "%s/source.safetensors", dir[0]);
        snprintf(file[1], sizeof file[1], "%s/classifier.safetensors", dir[0]);
    }
    assert_true(fyt_list_changed(file[0], dir[1], "source", &changed) > 0);
    fyi_buf_release(&changed);
    check_same_in(dir[2], dir[3], "last.safetensors");
    fyt_adapting_close(&s);
}

/* ---- stopping ------------------------------------------------------------------------------------------------ */

static void a_run_stopped_anywhere_ends_in_the_same_bytes(void **state)
{
    static const struct {
        const char *method, *stage;
        int64_t at;
    } stops[] = {
        { "shot", "source", 3 }, { "shot", "adapt", 5 },     { "mcd", "second", 4 },
        { "mcd", "adapt", 9 },   { "cdan_e", "adapt", 1 },   { "self_training", "adapt", 8 },
        { "adabn", "adapt", 6 }, { "subspace", "adapt", 6 }, { "transport", "adapt, plan", 0 },
    };
    static const char *const files[] = { "last.safetensors", "chosen.safetensors", "metrics.jsonl",
                                         "features.json", "samples.json" };
    fyt_adapting s = fyt_adapting_open(160);
    fy_adapt_report r;
    s.o.source_steps = s.o.steps = 10;
    for (size_t i = 0; i < LEN(stops); i++) {
        fyt_stopper stop = { .stage = stops[i].stage, .at = stops[i].at };
        char whole[600], broken[600];
        snprintf(whole, sizeof whole, "%s/whole%zu", (const char *)*state, i);
        snprintf(broken, sizeof broken, "%s/broken%zu", (const char *)*state, i);
        s.o.method = stops[i].method;
        s.o.workers = 1;
        check_ok(fyt_adapting_run(&s, whole, false, NULL, &r));
        s.o.workers = 0; /* the number of threads changes nothing */
        check_status(fyt_adapting_run(&s, broken, false, &stop, &r), FY_ECANCELED);
        check_ok(fyt_adapting_run(&s, broken, true, NULL, &r));
        for (size_t k = 0; k < LEN(files); k++)
            check_same_in(whole, broken, files[k]);
    }
    fyt_adapting_close(&s);
}

/* Steps that are far too long: every one collapses. */
static void a_collapsed_run_goes_back(void **state)
{
    fyt_stopper stop = { .stage = "adapt", .at = 5 };
    char plain[600], whole[600], broken[600];
    fyt_adapting s = fyt_adapting_open(160);
    fy_adapt_report r;
    s.o.method = "shot";
    s.o.optim.lr = 1;
    s.o.steps = s.o.evaluations = 8;
    s.o.rule.smallest_share = 0; /* the source model leaves a class out */
    snprintf(plain, sizeof plain, "%s/plain", (const char *)*state);
    snprintf(whole, sizeof whole, "%s/whole", (const char *)*state);
    snprintf(broken, sizeof broken, "%s/broken", (const char *)*state);
    s.o.rollbacks = 0;
    check_ok(fyt_adapting_run(&s, plain, false, NULL, &r));
    assert_int_equal(r.times_back, 0);
    assert_true(r.plain.last < r.plain.source_only - 0.2);
    s.o.rule.largest_share = 10 * r.source.target.largest + 0.1;
    s.o.rollbacks = 50;
    check_ok(fyt_adapting_run(&s, whole, false, NULL, &r));
    assert_true(r.times_back >= 4 && r.times_back < s.o.steps);
    assert_true(r.plain.last > r.plain.source_only - 0.1);
    check_status(fyt_adapting_run(&s, broken, false, &stop, &r), FY_ECANCELED);
    check_ok(fyt_adapting_run(&s, broken, true, NULL, &r));
    check_same_in(whole, broken, "last.safetensors");
    check_same_in(whole, broken, "metrics.jsonl");
    check_same_in(whole, broken, "choice.json");
    fyt_adapting_close(&s);
}

static void keep_line(void *arg, fy_log_level level, const char *line)
{
    (void)level;
    fyi_buf_printf(arg, "%s\n", line);
}

/* clang-format off */
static const struct collapse {
    const char *method, *optim;
    double lr, largest; /* share that passes, of 1/k */
    int64_t rollbacks;
    const char *said[3]; /* NULL: no more */
} collapses[] = {
    { "shot", "adam", 10, 6, 1,
      { ", at 0.5 of the learning rate\n", "% of the target: it goes on, having gone back 1 of 1 times\n",
        "% of the target: that was its last step\n" } },
    { "shot", "adam", 10, 6, 0, { "it goes on, having gone back 0 of 0 times\n" } },
    { "shot", "adam", 1, 0, 3, { "% of the target: there is nothing sound to go back to\n" } },
    { "coral", "sgd", 1e3, 9.9, 3, { ", where predictions of the target are not finite: back to" } },
    { "adabn", "adam", 0, 0, 3, { "it goes on, since there is no learning rate to make smaller\n" } },
};
/* clang-format on */

/* Whatever comes of it: back or not, at the last step, and where a method has nothing to go back to. */
static void every_collapse_is_told(void **state)
{
    fyt_adapting s = fyt_adapting_open(160);
    fy_adapt_report r;
    char dir[600], file[2][600];
    s.o.steps = s.o.evaluations = 8;
    s.o.rule.smallest_share = 0;
    for (size_t i = 0; i < LEN(collapses); i++) {
        const struct collapse *row = &collapses[i];
        fyi_buf lines = { 0 };
        s.o.method = row->method;
        s.o.optim.name = row->optim;
        s.o.optim.lr = row->lr;
        s.o.rule.largest_share = row->largest;
        s.o.rollbacks = row->rollbacks;
        snprintf(dir, sizeof dir, "%s/%zu", (const char *)*state, i);
        fy_log_set(keep_line, &lines);
        check_ok(fyt_adapting_run(&s, dir, false, NULL, &r));
        fy_log_set(NULL, NULL);
        for (int k = 0; k < 3 && row->said[k]; k++)
            check_contains(lines.p, row->said[k]);
        fyi_buf_release(&lines);
        snprintf(file[0], sizeof file[0], "%s/0/source.safetensors", (const char *)*state);
        snprintf(file[1], sizeof file[1], "%s/0/classifier.safetensors", (const char *)*state);
        s.o.source_weights = file[0];
        s.o.classifier_weights = file[1];
    }
    fyt_adapting_close(&s);
}

/* What was there before is what is handed back, whoever learns beside; on the way to it the run can be stopped, and after it there is
 * nothing to do. */
static void values_that_run_away_are_left_behind(void **state)
{
    static const char *const methods[] = { "coral", "dann", "mcd", "mdd" };
    char whole[600], broken[600];
    fyt_adapting s = fyt_adapting_open(160);
    fy_adapt_report r, again;
    s.o.optim = (fy_optim_opts){ .name = "sgd", .lr = 1e30 };
    s.o.source_steps = 20;
    s.o.steps = s.o.evaluations = 8;
    for (size_t i = 0; i < LEN(methods); i++) {
        fyt_stopper stop = { .stage = "adapt", .at = 2 };
        s.o.method = methods[i];
        snprintf(whole, sizeof whole, "%s/whole%zu", (const char *)*state, i);
        snprintf(broken, sizeof broken, "%s/broken%zu", (const char *)*state, i);
        check_ok(fyt_adapting_run(&s, whole, false, NULL, &r));
        assert_true(r.choice.fell_back && r.plain.chosen == r.plain.source_only);
        assert_true(r.last_step < s.o.steps);
        check_contains(r.choice.reason, "; its values ran away after step ");
        check_same_file(fyt_path(whole, "chosen.safetensors"),
                        fyt_path(whole, "source.safetensors"));
        const fy_status st = fyt_adapting_run(&s, broken, false, &stop, &again);
        assert_true(st == FY_OK || st == FY_ECANCELED); /* it may be over before */
        check_ok(fyt_adapting_run(&s, broken, true, NULL, &again));
        check_same_in(whole, broken, "last.safetensors");
        check_same_in(whole, broken, "choice.json");
        check_same_in(whole, broken, "checkpoint.safetensors");
        check_ok(fyt_adapting_run(&s, broken, true, NULL, &again));
        assert_string_equal(again.choice.reason, r.choice.reason);
    }
    fyt_adapting_close(&s);
}

/* Of the target's samples, by its labels. */
static double accuracy_of_last(const fyt_adapting *s, const char *dir)
{
    fy_model *chain[] = { fyt_model_open(fyt_path(dir, "last.safetensors")),
                          fyt_model_open(fyt_path(dir, "last_classifier.safetensors")) };
    fy_tensor *logits = NULL, **outs[] = { NULL, &logits };
    fy_predictor *p;
    double accuracy;
    check_ok(fy_predictor_new(s->dev, chain, 2, 250, &p));
    check_ok(fy_predict(p, s->unlabelled, outs));
    check_ok(fy_accuracy_of(logits, s->target, &accuracy));
    fy_tensor_free(logits);
    fy_predictor_free(p);
    fy_model_free(chain[1]);
    fy_model_free(chain[0]);
    return accuracy;
}

/* Though the last of them had collapsed. */
static void after_running_away_last_is_one_model(void **state)
{
    const char *dir = *state;
    fyi_buf moved = { 0 };
    fyt_adapting s = fyt_adapting_open(160);
    fy_adapt_report r;
    s.o.method = "coral";
    s.o.optim = (fy_optim_opts){ .name = "sgd", .lr = 1e3 };
    s.o.source_steps = 20;
    s.o.steps = s.o.evaluations = 8;
    s.o.rollbacks = 0;
    check_ok(fyt_adapting_run(&s, dir, false, NULL, &r));
    assert_true(r.last_step > 0 && r.last_step < s.o.steps);
    check_contains(r.choice.reason, "; its values ran away after step ");
    assert_true(accuracy_of_last(&s, dir) == r.plain.last);
    assert_true(fyt_list_changed(fyt_path(dir, "source.safetensors"), dir, "target", &moved) > 0);
    fyi_buf_release(&moved);
    fyt_adapting_close(&s);
}

/* Of a target with three of the ten classes a method that takes both to have all says so, others do not. */
static void uneven_classes_are_told(void **state)
{
    static const int32_t few[] = { 0, 1, 2 };
    fyt_adapting s = fyt_adapting_open(160);
    fy_dataset *some;
    fy_adapt_report r;
    char dir[600];
    fy_select_opts o = fy_select_defaults();
    o.classes = few;
    o.n_classes = LEN(few);
    check_ok(fy_dataset_select(s.target, &o, &some));
    fy_dataset_free(s.target);
    fy_dataset_free(s.unlabelled);
    s.target = some;
    check_ok(fy_dataset_unlabel(s.target, &s.unlabelled));
    s.o.steps = 2;
    s.o.batch = 8;
    for (int i = 0; i < 2; i++) {
        snprintf(dir, sizeof dir, "%s/%d", (const char *)*state, i);
        s.o.method = i ? "mcc" : "coral";
        check_ok(fyt_adapting_run(&s, dir, false, NULL, &r));
        assert_int_equal(strncmp(r.warning, "coral takes both domains", 24) == 0, i == 0);
    }
    fyt_adapting_close(&s);
}

static void overflow(const char *from, const char *to)
{
    fy_model *m = fyt_model_open(from);
    fy_param *p = fy_model_find(m, "fc.weight");
    const int64_t n = fy_shape_numel(fy_param_shape(p));
    float *v = calloc((size_t)n, sizeof *v);
    assert_non_null(v);
    for (int64_t i = 0; i < n; i++)
        v[i] = 3e38F;
    check_ok(fy_param_write(p, v, n));
    free(v);
    check_ok(fy_model_save(m, to));
    fy_model_free(m);
}

/* Of a source model that overflows nothing can be said of shares. */
static void shares_that_are_no_numbers_are_no_warning(void **state)
{
    char dir[600], file[3][700];
    fyt_adapting s = fyt_adapting_open(64);
    fy_adapt_report r;
    s.o.method = "coral";
    s.o.source_steps = s.o.steps = 2;
    snprintf(dir, sizeof dir, "%s/first", (const char *)*state);
    check_ok(fyt_adapting_run(&s, dir, false, NULL, &r));
    snprintf(file[0], sizeof file[0], "%s/source.safetensors", dir);
    snprintf(file[1], sizeof file[1], "%s/classifier.safetensors", dir);
    snprintf(file[2], sizeof file[2], "%s/overflows.safetensors", dir);
    overflow(file[1], file[2]);
    s.o.source_weights = file[0];
    s.o.classifier_weights = file[2];
    snprintf(dir, sizeof dir, "%s/second", (const char *)*state);
    check_ok(fyt_adapting_run(&s, dir, false, NULL, &r));
    assert_false(isfinite(r.source.target.largest));
    assert_string_equal(r.warning, "");
    fyt_adapting_close(&s);
}

/* ---- refusals ------------------------------------------------------------------------------------------------- */

static void check_refused(fyt_adapting *s, const char *dir, const char *sentence)
{
    fy_adapt_report r;
    check_status(fyt_adapting_run(s, dir, false, NULL, &r), FY_EINVAL);
    check_sentence(sentence);
}

/* Of a source that is there only to be looked at, nobody takes batches. */
static void a_small_source_is_enough_to_be_looked_at(void **state)
{
    char dir[600], file[2][700];
    fyt_adapting s = fyt_adapting_open(64);
    fyt_adapting small = fyt_adapting_open(8);
    fy_adapt_report r;
    s.o.method = "shot";
    s.o.source_steps = s.o.steps = 2;
    snprintf(dir, sizeof dir, "%s/first", (const char *)*state);
    check_ok(fyt_adapting_run(&s, dir, false, NULL, &r));
    snprintf(file[0], sizeof file[0], "%s/source.safetensors", dir);
    snprintf(file[1], sizeof file[1], "%s/classifier.safetensors", dir);
    fy_dataset *const large = s.source;
    s.source = small.source;
    check_refused(&s, *state, "shot: source_batch is 32 and ");
    s.o.source_weights = file[0];
    s.o.classifier_weights = file[1];
    for (int i = 0; i < 3; i++) {
        s.o.method = ((const char *const[]){ "shot", "adabn", "tent" })[i];
        snprintf(dir, sizeof dir, "%s/%d", (const char *)*state, i);
        check_ok(fyt_adapting_run(&s, dir, false, NULL, &r));
    }
    s.o.method = "coral";
    check_refused(&s, *state, "coral: batch is 32 and ");
    s.source = large;
    fyt_adapting_close(&small);
    fyt_adapting_close(&s);
}

/* The numbers that single methods read, by their places in the options. */
static void numbers_without_sense_are_refused(void **state)
{
#define AT(field) offsetof(fy_adapt_opts, field)
    static const struct {
        const char *method;
        size_t at;
        double value;
        const char *why;
    } rows[] = {
        { "mcc", AT(mcc_temperature), 0, "mcc: the temperature is 0; expected 0.01 or more" },
        { "mcc", AT(mcc_temperature), NAN, "mcc: the temperature is nan" },
        { "mdd", AT(mdd_margin), -1, "mdd: the margin is -1; expected 0 or more" },
        { "mdd", AT(mdd_margin), INFINITY, "mdd: the margin is inf" },
        { "afn", AT(afn_step), -1, "afn: the step of the norms is -1; expected 0 or more" },
        { "self_training", AT(threshold), NAN, "self_training: the threshold is nan" },
        { "transport", AT(transport_classes), -1,
          "transport: the weight of not mixing classes is -1" },
        { "transport", AT(transport_entropy), NAN, "transport: the weight of the entropy is nan" },
    };
    fyt_adapting s = fyt_adapting_open(64);
    const fy_adapt_opts plain = s.o;
    for (size_t i = 0; i < LEN(rows); i++) {
        s.o = plain;
        s.o.method = rows[i].method;
        memcpy((char *)&s.o + rows[i].at, &rows[i].value, sizeof rows[i].value);
        check_refused(&s, *state, rows[i].why);
    }
    fyt_adapting_close(&s);
#undef AT
}

static void refusals_are_sentences(void **state)
{
    fyt_adapting s = fyt_adapting_open(64);
    const fy_adapt_opts plain = s.o;
    s.o.method = "dan";
    check_refused(&s, *state, "adapt: no method is called 'dan'; there are adabn, tent");
    s.o = plain;
    s.o.method = "tent";
    s.o.encoder = "lenet";
    check_refused(&s, *state,
                  "tent: it adapts batch norms, and an encoder of the family 'lenet' has none");
    s.o = plain;
    s.o.method = "subspace";
    s.o.classifier = "linear_norm";
    check_refused(&s, *state, "of the family 'linear', not 'linear_norm'; transport takes any");
    s.o = plain;
    s.o.method = "transport";
    s.o.transport_entropy = 0;
    check_refused(&s, *state, "transport: the weight of the entropy is 0; expected 0.01 or more");
    s.o = plain;
    s.o.batch = 1000;
    check_refused(&s, *state, "cdan_e: batch is 1000 and");
    s.o = plain;
    s.o.method = "mcd";
    s.o.mcd_steps = 9;
    check_refused(&s, *state, "mcd: 9 steps of the encoder; expected 1 to 8");
    s.o = plain;
    s.o.method = "self_training";
    s.o.threshold = 1;
    check_refused(&s, *state, "self_training: the threshold is 1; expected 0 to 1, without both");
    fyt_adapting_close(&s);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(every_method_helps_and_moves_what_it_says),
        IN_DIR(the_source_is_spared),
        IN_DIR(augmentation_of_the_source_is_its_own),
        IN_DIR(a_run_stopped_anywhere_ends_in_the_same_bytes),
        IN_DIR(a_collapsed_run_goes_back),
        IN_DIR(every_collapse_is_told),
        IN_DIR(values_that_run_away_are_left_behind),
        IN_DIR(after_running_away_last_is_one_model),
        IN_DIR(uneven_classes_are_told),
        IN_DIR(shares_that_are_no_numbers_are_no_warning),
        IN_DIR(a_small_source_is_enough_to_be_looked_at),
        IN_DIR(numbers_without_sense_are_refused),
        IN_DIR(refusals_are_sentences),
    };
    return cmocka_run_group_tests_name("adapt", tests, NULL, NULL);
}
