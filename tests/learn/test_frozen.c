/* Guards adaptation of a backbone that is given: what its file has is what training begins with; what is frozen stays byte for byte, in the
 * source training and by every method, and the rest moves; with a cache and without one, and after a stop, all comes out to the same
 * bytes; and what cannot be is refused in words.
 *
 * timeout: 600 */
#include "support/adapting.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Few steps, from the encoder that a run left in dir/backbone. */
static fyt_adapting open_small(const char *dir, char file[600])
{
    fyt_adapting s = fyt_adapting_open(64);
    fy_adapt_report r;
    s.o.batch = s.o.source_batch = 16;
    s.o.source_steps = 6;
    s.o.steps = 4;
    s.o.method = "adabn";
    check_ok(fyt_adapting_run(&s, fyt_path(dir, "backbone"), false, NULL, &r));
    snprintf(file, 600, "%s/backbone/source.safetensors", dir);
    s.o.weights = file;
    return s;
}

/* ---- who moves ---------------------------------------------------------------------------------------------- */

static const char *const methods[] = {
    "adabn", "tent", "coral", "mmd", "jan", "dann", "cdan",          "cdan_e",
    "mcd",   "mdd",  "mcc",   "afn", "bnm", "shot", "self_training",
};

/* All of them match `moves`, and some are there where `some` is. */
static void check_moved(fyi_buf *names, const char *moves, bool some, const char *who)
{
    assert_int_equal(names->len > 0, some);
    for (char *word = names->p ? strtok(names->p, " ") : NULL; word; word = strtok(NULL, " "))
        if (!fy_glob(moves, word))
            fail_msg("%s: '%s' moved", who, word);
    fyi_buf_release(names);
}

static bool adapts_norms(const char *method)
{
    return strcmp(method, "adabn") == 0 || strcmp(method, "tent") == 0;
}

static void check_frozen(const fyt_adapting *s, const char *dir, const char *moves)
{
    fyi_buf source = { 0 }, target = { 0 };
    (void)fyt_list_changed(s->o.weights, dir, "source", &source);
    check_moved(&source, moves, true, "source");
    (void)fyt_list_changed(fyt_path(dir, "source.safetensors"), dir, "target", &target);
    check_moved(&target, moves, true, s->o.method);
}

static void run_frozen(fyt_adapting *s, const char *dir, const char *method)
{
    fy_adapt_report r;
    s->o.method = method;
    if (fyt_adapting_run(s, dir, false, NULL, &r) != FY_OK)
        fail_msg("%s: %s", method, fy_last_error());
    assert_true(isfinite(r.plain.last));
}

/* With norms that move domains go through the encoder together, without any each by itself. */
static void what_is_frozen_stays_to_the_byte(void **state)
{
    char file[600], dir[600];
    fyt_adapting s = open_small(*state, file);
    for (size_t i = 0; i < LEN(methods); i++) {
        s.o.freeze = "conv1.* bn1.*";
        snprintf(dir, sizeof dir, "%s/%s-some", (const char *)*state, methods[i]);
        run_frozen(&s, dir, methods[i]);
        check_frozen(&s, dir, "* !conv1.* !bn1.*");
        if (adapts_norms(methods[i]))
            continue;
        s.o.freeze = "conv?.* bn?.*";
        snprintf(dir, sizeof dir, "%s/%s-norms", (const char *)*state, methods[i]);
        run_frozen(&s, dir, methods[i]);
        check_frozen(&s, dir, "fc1.*");
    }
    fyt_adapting_close(&s);
}

/* Then the classifier alone learns, of the source and by the method. */
static void all_of_it_may_be_frozen_for_methods_on_features(void **state)
{
    static const char *const on_features[] = { "subspace", "transport" };
    char file[600], dir[600];
    fyt_adapting s = open_small(*state, file);
    s.o.freeze = "*";
    for (size_t i = 0; i < LEN(on_features); i++) {
        fyi_buf names = { 0 };
        snprintf(dir, sizeof dir, "%s/%s", (const char *)*state, on_features[i]);
        run_frozen(&s, dir, on_features[i]);
        assert_int_equal(fyt_list_changed(file, dir, "source", &names), 0);
        assert_int_equal(fyt_list_changed(file, dir, "target", &names), 0);
        assert_true(fyt_list_changed(fyt_path(dir, "classifier.safetensors"), dir,
                                     "target_classifier", &names) > 0);
        fyi_buf_release(&names);
    }
    fyt_adapting_close(&s);
}

/* The last layer and the classifier learn what a backbone of the same digits leaves to them, and then the target. */
static void the_rest_learns(void **state)
{
    static const struct {
        const char *method;
        double gain; /* at least, half of what it was */
    } rows[] = { { "shot", 0.16 }, { "bnm", 0.16 } };
    char file[600], dir[600];
    fyt_adapting s = fyt_adapting_open(320);
    fy_adapt_report r;
    s.o.method = "adabn";
    s.o.steps = 1;
    check_ok(fyt_adapting_run(&s, fyt_path(*state, "backbone"), false, NULL, &r));
    snprintf(file, sizeof file, "%s/backbone/source.safetensors", (const char *)*state);
    s.o.weights = file;
    s.o.freeze = "conv?.* bn?.*";
    s.o.steps = 40;
    for (size_t i = 0; i < LEN(rows); i++) {
        s.o.method = rows[i].method;
        snprintf(dir, sizeof dir, "%s/%s", (const char *)*state, rows[i].method);
        check_ok(fyt_adapting_run(&s, dir, false, NULL, &r));
        print_message("%-6s source %.3f  only %.3f  last %.3f  chosen %.3f\n", rows[i].method,
                      r.source_accuracy, r.plain.source_only, r.plain.last, r.plain.chosen);
        assert_true(r.source_accuracy > 0.8);
        if (r.plain.last < r.plain.source_only + rows[i].gain)
            fail_msg("%s: from %.3f to %.3f", rows[i].method, r.plain.source_only, r.plain.last);
    }
    fyt_adapting_close(&s);
}

/* ---- the beginning ------------------------------------------------------------------------------------------ */

/* One step at no rate. */
static void training_begins_with_the_file(void **state)
{
    char file[600], dir[600];
    fyt_adapting s = open_small(*state, file);
    fyi_buf names = { 0 };
    s.o.source_steps = s.o.steps = 1;
    s.o.source_optim.lr = 0;
    snprintf(dir, sizeof dir, "%s/still", (const char *)*state);
    run_frozen(&s, dir, "shot");
    (void)fyt_list_changed(file, dir, "source", &names);
    check_moved(&names, "*.running_mean *.running_var", true, "source");
    fyt_adapting_close(&s);
}

/* A family whose result has its own width gets a layer to the one that is wanted, and the backbone's file has none of it. */
static void a_layer_of_features_is_added(void **state)
{
    fyt_adapting s = fyt_adapting_open(32);
    fy_adapt_report r;
    char file[600], dir[600];
    s.o.encoder = "resnet20_cifar";
    s.o.batch = s.o.source_batch = 8;
    s.o.source_steps = s.o.steps = s.o.evaluations = 1;
    s.o.method = "shot";
    check_ok(fyt_adapting_run(&s, fyt_path(*state, "wide"), false, NULL, &r));
    snprintf(file, sizeof file, "%s/wide/source.safetensors", (const char *)*state);
    snprintf(dir, sizeof dir, "%s/narrow", (const char *)*state);
    s.o.weights = file;
    s.o.features = 12;
    s.o.freeze = "conv1.* bn1.* layer?.*";
    check_ok(fyt_adapting_run(&s, dir, false, NULL, &r));
    fyi_buf names = { 0 };
    assert_int_equal(fyt_list_changed(file, dir, "target", &names), 0);
    fy_weights *w;
    check_ok(fy_weights_open(fyt_path(dir, "chosen.safetensors"), &w));
    const int i = fy_weights_find(w, "linear.weight");
    assert_true(i >= 0 && fy_weights_shape(w, i)->d[0] == 12);
    fy_weights_close(w);
    fyi_buf_release(&names);
    fyt_adapting_close(&s);
}

/* ---- the cache ---------------------------------------------------------------------------------------------- */

static const char *const files[] = { "source.safetensors", "last.safetensors", "chosen.safetensors",
                                     "choice.json",        "metrics.jsonl",    "features.json",
                                     "samples.json" };

static void check_same(const char *a, const char *b)
{
    for (size_t k = 0; k < LEN(files); k++)
        check_same_in(a, b, files[k]);
}

/* Without room nothing is kept; with room, a second run finds all of it. */
static void the_cache_changes_nothing(void **state)
{
    static const char *const some[] = { "cdan_e", "mcd", "shot", "self_training", "transport" };
    char file[600], dir[3][600];
    fyt_adapting s = open_small(*state, file);
    fy_features *features[2];
    check_ok(fy_features_open(&(fy_features_opts){ .limit = 1 }, &features[0]));
    check_ok(fy_features_open(NULL, &features[1]));
    s.o.freeze = "conv?.* bn?.*";
    for (size_t i = 0; i < LEN(some); i++) {
        for (int k = 0; k < 3; k++) {
            snprintf(dir[k], sizeof dir[k], "%s/%s%d", (const char *)*state, some[i], k);
            s.features = features[k > 0];
            run_frozen(&s, dir[k], some[i]);
        }
        check_same(dir[0], dir[1]);
        check_same(dir[0], dir[2]);
    }
    s.features = NULL;
    fy_features_close(features[1]);
    fy_features_close(features[0]);
    fyt_adapting_close(&s);
}

/* The backbone's file is read once: whoever goes on needs none. */
static void a_stopped_run_ends_in_the_same_bytes(void **state)
{
    static const struct {
        const char *method, *stage;
        int64_t at;
    } stops[] = { { "mcc", "source", 3 }, { "dann", "adapt", 2 }, { "mcd", "second", 3 } };
    char file[600], whole[600], broken[600];
    fyt_adapting s = open_small(*state, file);
    fy_adapt_report r;
    s.o.freeze = "conv?.* bn?.*";
    for (size_t i = 0; i < LEN(stops); i++) {
        fyt_stopper stop = { .stage = stops[i].stage, .at = stops[i].at };
        snprintf(whole, sizeof whole, "%s/whole%zu", (const char *)*state, i);
        snprintf(broken, sizeof broken, "%s/broken%zu", (const char *)*state, i);
        s.o.weights = file;
        run_frozen(&s, whole, stops[i].method);
        check_status(fyt_adapting_run(&s, broken, false, &stop, &r), FY_ECANCELED);
        s.o.weights = "gone.safetensors";
        check_ok(fyt_adapting_run(&s, broken, true, NULL, &r));
        check_same(whole, broken);
    }
    fyt_adapting_close(&s);
}

/* ---- several methods ---------------------------------------------------------------------------------------- */

static void tries_begin_with_it_too(void **state)
{
    const fy_auto_opts tries = { .methods = { "adabn", "mcc", "transport" }, .n_methods = 3 };
    char file[600], dir[600];
    fyt_adapting s = open_small(*state, file);
    fy_adapt_report r;
    fyi_buf names = { 0 };
    snprintf(dir, sizeof dir, "%s/auto", (const char *)*state);
    s.o.freeze = "conv?.* bn?.*";
    fy_run *run = fyt_adapting_begin(&s, dir, false, NULL);
    const fy_adapt_data data = fyt_adapting_data(&s);
    const fy_status st = fy_adapt_auto(run, s.dev, &data, &s.o, &tries, &r);
    check_ok(fyt_adapting_end(&s, run, st, &r));
    assert_false(r.tries[0].has_run);
    check_contains(r.tries[0].reason, "freeze names all 3 of the encoder's");
    assert_true(r.tries[1].has_run && r.tries[2].has_run);
    (void)fyt_list_changed(file, dir, "source", &names);
    check_moved(&names, "fc1.*", true, "auto");
    fyt_adapting_close(&s);
}

/* ---- refusals ------------------------------------------------------------------------------------------------- */

static void check_refused(fyt_adapting *s, const char *dir, fy_status st, const char *sentence)
{
    fy_adapt_report r;
    check_status(fyt_adapting_run(s, dir, false, NULL, &r), st);
    check_sentence(sentence);
}

static void refusals_are_sentences(void **state)
{
    fyt_adapting s = fyt_adapting_open(64);
    const fy_adapt_opts plain = s.o;
    s.o.freeze = "conv1.* layer4.*";
    check_refused(&s, *state, FY_EINVAL,
                  "cdan_e: freeze names 'layer4.*', which matches no parameter of 'digits_bn'");
    s.o.freeze = "*.weight *.bias";
    check_refused(&s, *state, FY_EINVAL,
                  "cdan_e: it moves the encoder, and freeze '*.weight *.bias'");
    s.o = plain;
    s.o.method = "tent";
    s.o.freeze = "bn?.*";
    check_refused(&s, *state, FY_EINVAL,
                  "tent: it adapts batch norms, and freeze names all 3 of the encoder's");
    s.o = plain;
    s.o.weights = "backbone.safetensors";
    s.o.source_weights = "source.safetensors";
    check_refused(&s, *state, FY_EINVAL, "cdan_e: weights 'backbone.safetensors' are what a source");
    fyt_adapting_close(&s);
}

/* A file with too little of the model, and none at all. */
static void files_that_do_not_fit_are_refused(void **state)
{
    char file[600];
    fyt_adapting s = open_small(*state, file);
    s.o.encoder = "lenet";
    check_refused(&s, fyt_path(*state, "other"), FY_ESHAPE, "weights.json in '");
    s.o.weights = "gone.safetensors";
    check_refused(&s, fyt_path(*state, "none"), FY_EIO, "gone.safetensors");
    fyt_adapting_close(&s);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(what_is_frozen_stays_to_the_byte),
        IN_DIR(all_of_it_may_be_frozen_for_methods_on_features),
        IN_DIR(the_rest_learns),
        IN_DIR(training_begins_with_the_file),
        IN_DIR(a_layer_of_features_is_added),
        IN_DIR(the_cache_changes_nothing),
        IN_DIR(a_stopped_run_ends_in_the_same_bytes),
        IN_DIR(tries_begin_with_it_too),
        IN_DIR(refusals_are_sentences),
        IN_DIR(files_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests_name("frozen", tests, NULL, NULL);
}
