/* Guards the feature cache: rows change no result, whatever computes them, in whichever batches and threads; what they
 * are known by is all that they follow from and nothing else; and a limit is kept to. */
#include "support/support.h"

#include <ferry/ferry.h>

#include <stdlib.h>
#include <string.h>

enum { COUNT = 37, SIDE = 6, CLASSES = 3, TAPS = 6, EPOCHS = 3 };
#define ROW_BYTES (4 * SIDE * SIDE * sizeof(float)) /* of a tap */

static fy_dataset *pictures(int n)
{
    fy_tensor *x, *y;
    fy_dataset *d;
    fy_rng r = fy_rng_named(5, "pictures");
    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(n, 1, SIDE, SIDE), &x));
    check_ok(fy_tensor_new(FY_I32, FY_SHAPE(n), &y));
    for (int i = 0; i < n; i++)
        ((int32_t *)fy_tensor_data(y))[i] = i % CLASSES;
    for (int i = 0; i < n * SIDE * SIDE; i++)
        ((float *)fy_tensor_data(x))[i] = fy_rng_uniform(&r);
    check_ok(fy_dataset_from_tensors("pictures", x, y, CLASSES, &d));
    fy_tensor_free(x);
    fy_tensor_free(y);
    return d;
}

static fy_node block(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    fy_conv_opts c = fy_conv_defaults();
    (void)o;
    c.pad[0] = c.pad[1] = 1;
    return fy_relu(fy_layers_graph(l), fy_layer_conv2d(l, "conv", x, 4, 3, &c, true));
}

static fy_node linear(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    return fy_layer_linear(l, "fc", fy_flatten(fy_layers_graph(l), x), o->n_classes, true);
}

/* One way to train the same thing: a linear layer on each of six frozen convolutions. */
typedef struct way {
    int64_t batch; /* 0: 8 */
    bool live;     /* without the cache */
    fy_features *features;
    const char *dir; /* of features of its own */
    size_t limit;
    int workers;
    int64_t views;
    const fy_augment *augment;
    const char *name; /* of the loader; NULL: "data" */
    int n;            /* of samples; 0: COUNT */
    int threads;      /* 0: 1 */
} way;

typedef struct outcome {
    char hash[TAPS][65];
    char log[2000];      /* of the cache */
    int n_shown, filled; /* progress of the cache: calls, samples at last */
} outcome;

static void note(void *arg, fy_log_level level, const char *line)
{
    outcome *o = arg;
    const size_t used = strlen(o->log);
    (void)level;
    if (strstr(line, "feature"))
        (void)snprintf(o->log + used, sizeof o->log - used, "%s\n", line);
}

static void show(void *arg, const fy_progress *p)
{
    outcome *o = arg;
    if (strcmp(p->stage, "fit, features") != 0)
        return;
    o->n_shown++;
    o->filled = (int)p->step;
    assert_true(p->step <= p->steps);
}

static void open_models(fy_model *body[TAPS], fy_model *head[TAPS])
{
    char name[16];
    for (int i = 0; i < TAPS; i++) {
        fy_model_opts m = { .input = FY_SHAPE(i ? 4 : 1, SIDE, SIDE), .seed = (uint64_t)i };
        snprintf(name, sizeof name, "body%d", i);
        check_ok(fy_model_new(name, block, &m, &body[i]));
        m.input = FY_SHAPE(4, SIDE, SIDE);
        m.n_classes = CLASSES;
        snprintf(name, sizeof name, "head%d", i);
        check_ok(fy_model_new(name, linear, &m, &head[i]));
    }
}

static void build(fy_graph *g, int64_t batch, fy_model *const *body, fy_model *const *head,
                  fy_stage *s)
{
    const fy_optim sgd = fy_sgd(0.05f, 0.9f, 0);
    const fy_node x = fy_input(g, "x", FY_F32, FY_SHAPE(batch, 1, SIDE, SIDE)),
                  y = fy_input(g, "y", FY_I32, FY_SHAPE(batch));
    fy_node h = x, logits = FY_NO_NODE;
    for (int i = 0; i < TAPS; i++) {
        h = fy_model_apply(g, body[i], h, FY_EVAL);
        const fy_node out = fy_model_apply(g, head[i], h, FY_TRAIN);
        logits = i ? fy_add(g, logits, out) : out;
    }
    const fy_node loss = fy_mean_all(g, fy_cross_entropy(g, logits, y));
    const fy_objective task = fy_objective_add(g, "task", loss, &sgd);
    for (int i = 0; i < TAPS; i++)
        fy_objective_moves_model(g, task, head[i], "*", NULL);
    *s = fy_stage_defaults("fit", g);
    s->streams[0] = (fy_stream){ .x = x, .y = y };
    s->n_streams = 1;
    s->watches[0] = (fy_watch){ "loss", loss };
    s->n_watches = 1;
}

static void open_loader(const way *w, const fy_dataset *d, fy_loader **out)
{
    fy_loader_opts o = fy_loader_defaults();
    o.batch = w->batch ? w->batch : 8;
    o.workers = w->workers;
    o.augment = w->augment;
    o.views = w->views;
    if (w->name)
        o.name = w->name;
    check_ok(fy_loader_open(d, &o, out));
}

static outcome train(const way *w)
{
    static outcome o;
    fy_run_opts ro = { .features = w->features, .progress = show, .progress_arg = &o };
    fy_model *body[TAPS], *head[TAPS];
    fy_features *own = NULL;
    fy_dataset *d = pictures(w->n ? w->n : COUNT);
    fy_device *dev;
    fy_graph *g;
    fy_run *r;
    fy_stage s;
    o = (outcome){ 0 };
    fy_threads_set(w->threads ? w->threads : 1);
    fy_log_set(note, &o);
    check_ok(fy_device_open("cpu", &dev));
    check_ok(fy_graph_new(&g));
    if (!w->features)
        check_ok(fy_features_open(&(fy_features_opts){ w->dir, w->limit }, &own));
    if (own)
        ro.features = own;
    check_ok(fy_run_open(&ro, &r));
    open_models(body, head);
    build(g, w->batch ? w->batch : 8, body, head, &s);
    open_loader(w, d, &s.streams[0].loader);
    s.steps = EPOCHS * fy_loader_epoch_steps(s.streams[0].loader);
    s.cache = !w->live;
    check_ok(fy_stage_run(r, dev, &s));
    for (int i = 0; i < TAPS; i++)
        check_ok(fy_model_hash(head[i], o.hash[i]));
    fy_loader_close(s.streams[0].loader);
    fy_run_close(r);
    fy_features_close(own);
    for (int i = 0; i < TAPS; i++) {
        fy_model_free(head[i]);
        fy_model_free(body[i]);
    }
    fy_graph_free(g);
    fy_device_close(dev);
    fy_dataset_free(d);
    fy_log_set(NULL, NULL);
    fy_threads_set(1);
    return o;
}

static void check_same(const outcome *a, const outcome *b)
{
    for (int i = 0; i < TAPS; i++)
        assert_string_equal(a->hash[i], b->hash[i]);
}

static fy_augment noisy(float deviation)
{
    fy_augment a = fy_augment_none();
    fy_transform t = fy_transform_defaults(FY_TRANSFORM_NOISE);
    t.noise.deviation = deviation;
    check_ok(fy_augment_add(&a, &t));
    return a;
}

static fy_augment cut(fy_fill_mode fill)
{
    fy_augment a = fy_augment_none();
    fy_transform t = fy_transform_defaults(FY_TRANSFORM_CROP);
    t.crop.pad = 2;
    t.crop.fill = fill;
    check_ok(fy_augment_add(&a, &t));
    return a;
}

/* ---- no result changes ---------------------------------------------------------------------------------- */

static void rows_change_no_result(void **state)
{
    static const int64_t batches[] = { 3, 8, COUNT };
    char *dir = fyi_path_join(*state, "kept");
    for (size_t i = 0; i < LEN(batches); i++) {
        const outcome live = train(&(way){ .batch = batches[i], .live = true });
        for (int threads = 1; threads <= 2; threads++) {
            const outcome kept = train(&(way){
                .batch = batches[i], .dir = dir, .workers = threads - 1, .threads = threads });
            check_same(&kept, &live);
            check_contains(kept.log, "6 values of stream 0 are frozen");
        }
    }
    fyi_free(dir);
}

static void views_change_no_result(void **state)
{
    const fy_augment a = noisy(0.1f);
    (void)state;
    const outcome live = train(&(way){ .live = true, .views = 2, .augment = &a });
    for (int workers = 0; workers <= 2; workers++) {
        const outcome kept = train(&(way){ .views = 2, .augment = &a, .workers = workers });
        check_same(&kept, &live);
        assert_int_equal(kept.filled, 2 * COUNT);
    }
}

/* ---- what rows are known by -------------------------------------------------------------------------------- */

/* Files after another run in the same folder. */
static int files_after(const char *dir, way w)
{
    w.dir = dir;
    (void)train(&w);
    return fyt_count_entries(dir);
}

static void neither_batch_nor_name_makes_other_rows(void **state)
{
    const fy_augment a = noisy(0.1f);
    assert_int_equal(files_after(*state, (way){ .batch = 8 }), 1);
    assert_int_equal(files_after(*state, (way){ .batch = 5 }), 1);
    assert_int_equal(files_after(*state, (way){ .name = "other" }), 1);
    assert_int_equal(files_after(*state, (way){ .views = 2, .augment = &a, .name = "one" }), 2);
    assert_int_equal(files_after(*state, (way){ .views = 2, .augment = &a, .name = "two" }), 2);
}

static void all_that_rows_follow_from_does(void **state)
{
    /* Four digits are the same. */
    const fy_augment a = noisy(0.123456f), b = noisy(0.1234561f), nearest = cut(FY_FILL_NEAREST),
                     constant = cut(FY_FILL_CONSTANT);
    int n = 0;
    assert_int_equal(files_after(*state, (way){ .views = 2, .augment = &a }), ++n);
    assert_int_equal(files_after(*state, (way){ .views = 2, .augment = &b }), ++n);
    assert_int_equal(files_after(*state, (way){ .views = 3, .augment = &b }), ++n);
    assert_int_equal(files_after(*state, (way){ .views = 2, .augment = &nearest }), ++n);
    assert_int_equal(files_after(*state, (way){ .views = 2, .augment = &constant }), ++n);
    assert_int_equal(files_after(*state, (way){ .n = COUNT - 1 }), ++n);
    assert_int_equal(files_after(*state, (way){ 0 }), ++n);
    assert_int_equal(setenv("FY_KERNELS", "ref", 1), 0);
    assert_int_equal(files_after(*state, (way){ 0 }), ++n);
    assert_int_equal(unsetenv("FY_KERNELS"), 0);
    assert_int_equal(files_after(*state, (way){ 0 }), n);
}

/* ---- where they are, and how much of it ------------------------------------------------------------------ */

static void what_is_known_is_not_computed_again(void **state)
{
    fy_features *f;
    (void)state;
    check_ok(fy_features_open(NULL, &f));
    const outcome first = train(&(way){ .features = f });
    assert_true(first.n_shown > 0);
    assert_int_equal(first.filled, COUNT);
    const outcome again = train(&(way){ .features = f, .batch = 8 });
    assert_int_equal(again.n_shown, 0);
    check_same(&again, &first);
    fy_features_close(f);
}

static void a_limit_is_kept_to(void **state)
{
    const outcome live = train(&(way){ .live = true });
    const struct {
        size_t limit;
        const char *says;
    } rows[] = {
        { 1, "6 of 6 frozen values of 'pictures' are not kept" },
        { COUNT * ROW_BYTES, "5 of 6 frozen values" },
        { COUNT * ROW_BYTES * 5 / 2, "4 of 6 frozen values" },
        { COUNT * ROW_BYTES * TAPS, "6 values of stream 0 are frozen" },
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        const outcome in_memory = train(&(way){ .limit = rows[i].limit });
        check_same(&in_memory, &live);
        check_contains(in_memory.log, rows[i].says);
        assert_true((in_memory.n_shown > 0) == (rows[i].limit > 1));
    }
    /* Of all files in the folder. */
    const way first = { .dir = *state, .limit = 2 * COUNT * ROW_BYTES * TAPS },
              second = { .dir = *state, .limit = first.limit, .n = COUNT - 1 },
              third = { .dir = *state, .limit = first.limit, .n = COUNT - 2 };
    (void)train(&first);
    const outcome fits = train(&second), does_not = train(&third);
    check_contains(fits.log, "go to");
    check_contains(does_not.log, "of 6 frozen values of 'pictures' are not kept");
    check_contains(train(&first).log, "found in");
}

int main(void)
{
#define IN_TMPDIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)
    const struct CMUnitTest tests[] = {
        IN_TMPDIR(rows_change_no_result),
        cmocka_unit_test(views_change_no_result),
        IN_TMPDIR(neither_batch_nor_name_makes_other_rows),
        IN_TMPDIR(all_that_rows_follow_from_does),
        cmocka_unit_test(what_is_known_is_not_computed_again),
        IN_TMPDIR(a_limit_is_kept_to),
    };
    return cmocka_run_group_tests_name("features", tests, NULL, NULL);
}
