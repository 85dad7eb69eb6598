/* Guards learning from several modalities: every method learns; its model predicts from any subset of the parts, and is the same when it is
 * loaded; a stopped run resumes to the same bytes in every stage; the same seed gives the same bytes with loader threads and without;
 * unique information is seen where it is and nowhere else.
 *
 * timeout: 900 */
#include "support/stopper.h"

#include <ferry/ferry.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_MODALITIES = 2 };

typedef struct setup {
    fy_device *dev;
    fy_facts_opts facts;
    fy_parts *train, *val, *test;
    fy_fuse_opts o;
} setup;

static fy_parts *draw(const fy_facts_opts *facts, uint64_t seed, int64_t n)
{
    static const char *const names[] = { "strong", "weak" };
    const fy_parts_opts by = fy_parts_defaults();
    fy_facts_opts o = *facts;
    fy_dataset *d[N_MODALITIES];
    fy_parts *p;
    o.seed = seed;
    o.n = n;
    for (int m = 0; m < N_MODALITIES; m++)
        check_ok(fy_facts_open(&o, m, &d[m]));
    check_ok(fy_parts_open((const fy_dataset *const *)d, names, N_MODALITIES, &by, &p));
    for (int m = 0; m < N_MODALITIES; m++)
        fy_dataset_free(d[m]);
    return p;
}

static void open_setup(setup *s, const char *method)
{
    *s = (setup){ .facts = fy_facts_defaults(), .o = fy_fuse_defaults() };
    check_ok(fy_device_open("cpu", &s->dev));
    s->facts.redundant = 1;
    s->facts.modality[0].unique_snr = s->facts.modality[0].snr = 2;
    s->facts.modality[1].unique_flip = 0.2;
    s->o.method = method;
    s->o.features = 8;
    s->o.batch = 32;
    s->o.epochs = 6;
    s->o.workers = 0;
    s->o.optim.lr = 2e-3;
}

static void draw_all(setup *s, int64_t n)
{
    s->train = draw(&s->facts, 1, n);
    s->val = draw(&s->facts, 2, n / 2);
    s->test = draw(&s->facts, 3, n / 2);
}

static void close_setup(setup *s)
{
    fy_parts_free(s->test);
    fy_parts_free(s->val);
    fy_parts_free(s->train);
    fy_device_close(s->dev);
}

static fy_status fuse(const setup *s, const char *dir, bool resume, fyt_stopper *stop,
                      fy_fuse_report *report)
{
    fy_run *r;
    const fy_run_opts o = { .dir = dir,
                            .resume = resume,
                            .progress = stop ? fyt_stop_there : NULL,
                            .progress_arg = stop,
                            .cancel = stop ? &stop->flag : NULL,
                            .checkpoint_steps = 7 };
    const fy_fuse_data data = { s->train, s->val, s->test };
    check_ok(fy_run_open(&o, &r));
    const fy_status st = fy_fuse(r, s->dev, &data, &s->o, report);
    fy_run_close(r);
    return st;
}

/* ---- learning ---------------------------------------------------------------------------------------------- */

static double accuracy_loaded(const setup *s, const char *dir, unsigned subset)
{
    fy_fused *f;
    fy_tensor *z, *logits;
    double accuracy;
    check_ok(fy_fused_load(s->dev, dir, 50, &f));
    assert_int_equal(fy_fused_modalities(f), N_MODALITIES);
    assert_string_equal(fy_fused_name(f, 1), "weak");
    check_ok(fy_fused_features(f, s->test, subset, &z));
    check_ok(fy_fused_logits(f, z, subset, &logits));
    check_ok(fy_accuracy_of(logits, fy_parts_dataset(s->test, 0), &accuracy));
    fy_tensor_free(logits);
    fy_tensor_free(z);
    fy_fused_free(f);
    return accuracy;
}

/* Eight classes: chance is 0.125. One bit each is unique, so that a modality alone can be right about every second
 * sample, and the weak one sees its own wrong every fifth time. */
static void every_method_learns(void **state)
{
    for (const char *const *method = fy_fuse_methods(); *method; method++) {
        setup s;
        fy_fuse_report r;
        char *dir = fyi_path_join(*state, *method);
        open_setup(&s, *method);
        draw_all(&s, 600);
        check_ok(fuse(&s, dir, false, NULL, &r));
        const bool is_alone = strcmp(*method, "alone") == 0;
        if (!(r.fused > (is_alone ? 0.4 : 0.6)) || !(r.branches[0].accuracy > 0.25))
            fail_msg("%s: fused %.3f, branches %.3f and %.3f", *method, r.fused,
                     r.branches[0].accuracy, r.branches[1].accuracy);
        if (strcmp(*method, "late") == 0)
            assert_int_equal(r.weak, 1);
        assert_true(r.branches[0].probe > 0.3 && r.branches[1].probe > 0.2);
        if (!is_alone) {
            assert_true(accuracy_loaded(&s, dir, 3) == r.fused);
            assert_true(fabs(r.branches[0].shapley + r.branches[1].shapley - r.fused) < 0.3);
        }
        assert_true(accuracy_loaded(&s, dir, 1) == r.branches[0].accuracy);
        assert_true(accuracy_loaded(&s, dir, 2) == r.branches[1].accuracy);
        assert_int_equal(isnan(r.branches[0].beta), strcmp(*method, "dgl_unique") != 0);
        close_setup(&s);
        fyi_free(dir);
    }
}

/* ---- which epoch ------------------------------------------------------------------------------------------- */

static double value_of(const char *line, const char *name)
{
    const char *at = strstr(line, name);
    assert_non_null(at);
    return strtod(strchr(at, ':') + 1, NULL);
}

/* By fused accuracy alone the first of many equal epochs was kept, and the weak modality was not done learning. */
static void of_equal_epochs_the_one_that_taught_more_is_kept(void **state)
{
    setup s;
    fy_fuse_report r;
    char *path = fyi_path_join(*state, "metrics.jsonl"), *text;
    double most = -1, most_taught = -1, least_taught = 3;
    size_t bytes;
    open_setup(&s, "dgl");
    s.o.epochs = 20;
    draw_all(&s, 120);
    check_ok(fuse(&s, *state, false, NULL, &r));
    check_ok(fyi_file_read(path, 1 << 20, &text, &bytes));
    double kept = -1;
    int64_t epoch = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (!strstr(line, "\"val.fused\""))
            continue;
        const double fused = value_of(line, "\"val.fused\"");
        const double taught = value_of(line, "\"val.strong\"") + value_of(line, "\"val.weak\"");
        if (epoch++ == r.best_epoch)
            kept = taught;
        if (fused > most) {
            most = fused;
            most_taught = least_taught = taught;
        } else if (fused == most) {
            most_taught = fmax(most_taught, taught);
            least_taught = fmin(least_taught, taught);
        }
    }
    assert_true(most_taught > least_taught); /* else nothing was shown */
    assert_true(kept == most_taught);
    assert_true(fabs(r.fused_val - most) < 1e-6);
    fyi_free(text);
    fyi_free(path);
    close_setup(&s);
}

/* ---- what is known ------------------------------------------------------------------------------------------ */

static double unique_of_weak(const char *dir, fy_facts_control control)
{
    setup s;
    fy_fuse_report r;
    open_setup(&s, "dgl");
    s.facts.modality[1].control = control;
    draw_all(&s, 1000);
    check_ok(fuse(&s, dir, false, NULL, &r));
    close_setup(&s);
    return r.branches[1].unique;
}

static void unique_information_is_seen_where_it_is(void **state)
{
    char *dirs[3];
    for (int i = 0; i < 3; i++) {
        const char *const names[] = { "sees", "noise", "copy" };
        dirs[i] = fyi_path_join(*state, names[i]);
    }
    const double sees = unique_of_weak(dirs[0], FY_FACTS_SEES);
    const double noise = unique_of_weak(dirs[1], FY_FACTS_NOISE);
    const double copy = unique_of_weak(dirs[2], FY_FACTS_COPY);
    if (!(sees > 0.12) || !(noise < 0.05) || !(copy < 0.1))
        fail_msg("nats: %.3f, of noise %.3f, of a copy %.3f", sees, noise, copy);
    for (int i = 0; i < 3; i++)
        fyi_free(dirs[i]);
}

/* ---- the same bytes ----------------------------------------------------------------------------------------- */

static const char *const files[] = { "strong.safetensors", "weak.safetensors", "fusion.safetensors",
                                     "fuse.json" };

static void check_same(const char *a, const char *b)
{
    for (size_t i = 0; i < LEN(files); i++)
        check_same_in(a, b, files[i]);
    check_same_in(a, b, "metrics.jsonl");
}

static void a_stopped_run_resumes_to_the_same_bytes(void **state)
{
    static const struct {
        const char *method, *stage;
        int64_t at;
    } cases[] = { { "dgl_unique", "fuse", 5 }, { "dgl_unique", "fuse", 24 }, { "agm", "fuse", 16 },
                  { "ogm_ge", "fuse", 9 },     { "umt", "alone", 11 },       { "umt", "fuse", 3 },
                  { "late", "alone", 20 } };
    for (size_t i = 0; i < LEN(cases); i++) {
        setup s;
        fy_fuse_report whole, resumed;
        fyt_stopper stop = { .stage = cases[i].stage, .at = cases[i].at, .sees_all = true };
        char name[64];
        (void)snprintf(name, sizeof name, "%s-%d", cases[i].method, (int)i);
        char *a = fyi_path_join(*state, name), *b;
        (void)snprintf(name, sizeof name, "%s-%d-again", cases[i].method, (int)i);
        b = fyi_path_join(*state, name);
        open_setup(&s, cases[i].method);
        s.o.epochs = 3;
        draw_all(&s, 320);
        check_ok(fuse(&s, a, false, NULL, &whole));
        check_status(fuse(&s, b, false, &stop, &resumed), FY_ECANCELED);
        s.o.workers = 2;
        check_ok(fuse(&s, b, true, NULL, &resumed));
        check_same(a, b);
        assert_memory_equal(&whole.fused, &resumed.fused, sizeof whole.fused);
        close_setup(&s);
        fyi_free(b);
        fyi_free(a);
    }
}

/* ---- samples with missing parts ------------------------------------------------------------------------------ */

static void missing_parts_are_no_hindrance(void **state)
{
    setup s;
    fy_fuse_report r;
    fy_parts *some;
    open_setup(&s, "dgl");
    draw_all(&s, 600);
    check_ok(fy_parts_drop(s.train, 0.3, 5, &some));
    fy_parts_free(s.train);
    s.train = some;
    check_ok(fy_parts_drop(s.test, 0.3, 6, &some));
    fy_parts_free(s.test);
    s.test = some;
    check_ok(fuse(&s, *state, false, NULL, &r));
    assert_true(r.fused > 0.5);
    close_setup(&s);
}

int main(void)
{
#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, fyt_tmpdir_setup, fyt_tmpdir_teardown)
    static const struct CMUnitTest tests[] = {
        IN_DIR(every_method_learns),
        IN_DIR(of_equal_epochs_the_one_that_taught_more_is_kept),
        IN_DIR(unique_information_is_seen_where_it_is),
        IN_DIR(a_stopped_run_resumes_to_the_same_bytes),
        IN_DIR(missing_parts_are_no_hindrance),
    };
#undef IN_DIR
    return cmocka_run_group_tests_name("learn.fuse", tests, NULL, NULL);
}
