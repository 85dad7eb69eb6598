/* Guards who learns from what in multimodal learning: with dgl no gradient of the fusion's loss reaches an encoder and none of a branch's
 * the fusion, for two to four modalities and every fusion; alpha is the encoders' learning rate under SGD and nothing under Adam; the
 * unique information's gradient is the joint one where it has to be; each method with its own part at zero is the plain one, byte for
 * byte; experts teach the fusion nothing, and encoders that learned alone stay as they are; what stands in a missing part reaches nobody. */
#include "graph/backward.h"
#include "methods/fuse/fuse.h"
#include "support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 96, BATCH = 16, WIDTH = 6 };

typedef struct setup {
    fy_device *dev;
    fy_run *run;
    fy_parts *train;
    fy_fuse_opts o;
    fy_fuse_data data;
    fusing f;
    together t;
    fy_stage stage;
} setup;

static fy_parts *open_parts(int n, double missing)
{
    fy_facts_opts o = fy_facts_defaults();
    fy_dataset *d[FUSE_MAX];
    const char *const names[FUSE_MAX] = { "a", "b", "c", "d" };
    const fy_parts_opts by = fy_parts_defaults();
    fy_parts *all, *some;
    o.n_modalities = n;
    o.redundant = 1;
    o.n = COUNT;
    for (int m = 0; m < n; m++) {
        o.modality[m].unique = m < 2;
        o.modality[m].dim = 8 + m;
    }
    for (int m = 0; m < n; m++)
        check_ok(fy_facts_open(&o, m, &d[m]));
    check_ok(fy_parts_open((const fy_dataset *const *)d, names, n, &by, &all));
    for (int m = 0; m < n; m++)
        fy_dataset_free(d[m]);
    if (missing == 0)
        return all;
    check_ok(fy_parts_drop(all, missing, 3, &some));
    fy_parts_free(all);
    return some;
}

static void begin(setup *s, int n, const char *method, double missing)
{
    const fy_run_opts none = { 0 };
    *s = (setup){ .o = fy_fuse_defaults(), .train = open_parts(n, missing) };
    check_ok(fy_device_open("cpu", &s->dev));
    check_ok(fy_run_open(&none, &s->run));
    s->data = (fy_fuse_data){ .train = s->train, .val = s->train };
    s->o.method = method;
    s->o.features = WIDTH;
    s->o.batch = BATCH;
    s->o.workers = 0;
    s->o.optim = (fy_optim_opts){ .name = "sgd", .lr = 0.05 };
    s->o.schedule = "constant";
}

/* The device "ref" computes in double. */
static void open_on(setup *s, const char *device)
{
    fy_device_close(s->dev);
    check_ok(fy_device_open(device, &s->dev));
}

static void make(setup *s)
{
    s->f = (fusing){ .run = s->run,
                     .dev = s->dev,
                     .o = &s->o,
                     .data = &s->data,
                     .n = fy_parts_modalities(s->train),
                     .n_classes = fy_dataset_classes(fy_parts_dataset(s->train, 0)) };
    check_ok(fuse_method_find(s->o.method, &s->f.method));
    s->f.state = calloc(1, s->f.method->state_bytes + 1);
    check_ok(fuse_open_models(&s->f));
    s->t = (together){ .f = &s->f, .net = &s->f.net, .name = "fuse" };
}

static void end(setup *s)
{
    fuse_close_batch(&s->t);
    fy_run_forget(s->run);
    fuse_close_models(&s->f);
    free(s->f.state);
    fy_run_close(s->run);
    fy_parts_free(s->train);
    fy_device_close(s->dev);
}

static void learn(setup *s, int64_t steps)
{
    fy_loop *loop;
    check_ok(fuse_prepare(&s->t, &s->stage));
    check_ok(fy_loop_open(s->run, s->dev, &s->stage, &loop));
    for (int64_t i = 0; i < steps; i++)
        check_ok(fy_loop_step(loop, NULL));
    fy_loop_close(loop);
}

/* All that learned, behind one another; free(). */
static float *values_of(const fusing *f, int64_t *n)
{
    float *v = NULL;
    *n = 0;
    for (int k = 0; k <= f->n; k++) {
        fy_model *m = k < f->n ? f->net.encoders[k] : f->net.fusion;
        for (int i = 0; i < fy_model_count(m); i++) {
            fy_param *p = fy_model_param(m, i);
            const int64_t count = fy_shape_numel(fy_param_shape(p));
            v = realloc(v, (size_t)(*n + count) * sizeof *v);
            check_ok(fy_param_read(p, v + *n, count));
            *n += count;
        }
    }
    return v;
}

static int64_t count_of_encoders(const fusing *f)
{
    int64_t n = 0;
    for (int m = 0; m < f->n; m++)
        for (int i = 0; i < fy_model_count(f->net.encoders[m]); i++)
            n += fy_shape_numel(fy_param_shape(fy_model_param(f->net.encoders[m], i)));
    return n;
}

typedef void (*change_fn)(fy_fuse_opts *o);

static float *learned(const char *method, change_fn change, int64_t steps, int64_t *n)
{
    setup s;
    begin(&s, 2, method, 0);
    change(&s.o);
    make(&s);
    learn(&s, steps);
    float *v = values_of(&s.f, n);
    end(&s);
    return v;
}

/* ---- who learns from what --------------------------------------------------------------------------------- */

static bool reaches(fy_graph *g, fy_node loss, fy_model *m)
{
    bool does = false;
    for (int i = 0; i < fy_model_count(m); i++) {
        fy_node p = fy_use(g, fy_model_param(m, i)), diff;
        if (fy_model_param_is_buffer(m, i))
            continue;
        fy_gradient(g, loss, &p, 1, &diff);
        does |= diff.id != 0;
    }
    check_ok(fy_graph_status(g));
    return does;
}

static const char *const fusions[] = { "fusion_concat", "fusion_sum",      "fusion_gated",
                                       "fusion_film",   "fusion_low_rank", "fusion_attention",
                                       "fusion_late" };

static void check_routes(int n, const char *fusion)
{
    setup s;
    fy_node z[FUSE_MAX], branch[FUSE_MAX];
    begin(&s, n, "dgl", 0);
    s.o.fusion = fusion;
    make(&s);
    together *t = &s.t;
    check_ok(fuse_open_batch(t));
    fuse_detached(t, z);
    const fy_node all = fuse_loss(t, z, NULL);
    (void)fuse_branch_losses(t, true, branch);
    assert_true(reaches(t->g, all, s.f.net.fusion));
    for (int m = 0; m < n; m++) {
        const fy_node own = fuse_cross_entropy(t, branch[m], m);
        assert_false(reaches(t->g, all, s.f.net.encoders[m]));
        assert_false(reaches(t->g, own, s.f.net.fusion));
        for (int k = 0; k < n; k++)
            assert_int_equal(reaches(t->g, own, s.f.net.encoders[k]), k == m);
    }
    end(&s);
}

static void no_loss_reaches_what_is_not_its_own(void **state)
{
    (void)state;
    for (int n = 2; n <= 4; n++)
        for (size_t i = 0; i < LEN(fusions); i++)
            check_routes(n, fusions[i]);
}

/* Whether any value differs; a batch norm's statistics are not looked at. */
static int64_t count_moved(fy_model *a, fy_model *b)
{
    int64_t moved = 0;
    for (int i = 0; i < fy_model_count(a); i++) {
        fy_param *p = fy_model_param(a, i), *q = fy_model_param(b, i);
        const int64_t n = fy_shape_numel(fy_param_shape(p));
        float *v = calloc(2 * (size_t)n, sizeof *v);
        check_ok(fy_param_read(p, v, n));
        check_ok(fy_param_read(q, v + n, n));
        moved += memcmp(v, v + n, (size_t)n * sizeof *v) != 0;
        free(v);
    }
    return moved;
}

/* With alpha 0 the encoders have nothing to learn from, to the byte; all of the fusion learns. */
static void the_fusion_moves_and_encoders_stay(void **state)
{
    (void)state;
    for (int n = 2; n <= 4; n++)
        for (size_t i = 0; i < LEN(fusions); i++) {
            setup s;
            fy_model *was[FUSE_MAX], *fusion;
            begin(&s, n, "dgl", 0);
            s.o.alpha = 0;
            s.o.fusion = fusions[i];
            make(&s);
            for (int m = 0; m < n; m++)
                check_ok(fy_model_clone(s.f.net.encoders[m], "was", &was[m]));
            check_ok(fy_model_clone(s.f.net.fusion, "was", &fusion));
            learn(&s, 4);
            for (int m = 0; m < n; m++) {
                assert_int_equal(count_moved(s.f.net.encoders[m], was[m]), 0);
                fy_model_free(was[m]);
            }
            /* A gate's bias that shifts all tokens alike may have no gradient: attention's keys. */
            const int64_t least =
                fy_model_count(fusion) - (strcmp(fusions[i], "fusion_attention") == 0);
            assert_true(count_moved(s.f.net.fusion, fusion) >= least);
            fy_model_free(fusion);
            end(&s);
        }
}

/* The fusion's values after one step in which every encoder's beta is 1; free(). */
static float *fusion_after_a_step(const char *method, int n, const char *fusion, int64_t *count)
{
    setup s;
    begin(&s, n, method, 0);
    s.o.fusion = fusion;
    s.o.unique.beta = 1;
    s.o.unique.begin = 0;
    make(&s);
    learn(&s, 1);
    float *all = values_of(&s.f, count);
    const int64_t of_fusion = *count - count_of_encoders(&s.f);
    memmove(all, all + *count - of_fusion, (size_t)of_fusion * sizeof *all);
    *count = of_fusion;
    end(&s);
    return all;
}

/* They read what the fusion says without a part, and for three or more that is a pass of its own. */
static void experts_teach_the_fusion_nothing(void **state)
{
    (void)state;
    for (int n = 2; n <= 4; n++)
        for (size_t i = 0; i < LEN(fusions); i++) {
            int64_t count, other;
            float *with = fusion_after_a_step("dgl_unique", n, fusions[i], &count);
            float *without = fusion_after_a_step("dgl", n, fusions[i], &other);
            assert_int_equal(count, other);
            assert_memory_equal(with, without, (size_t)count * sizeof *with);
            free(without);
            free(with);
        }
}

static void who_learned_alone_stays_as_it_is(void **state)
{
    (void)state;
    setup s;
    fy_model *was[2], *student;
    begin(&s, 2, "umt", 0);
    make(&s);
    for (int m = 0; m < 2; m++)
        check_ok(fy_model_clone(s.f.teacher.encoders[m], "was", &was[m]));
    check_ok(fy_model_clone(s.f.net.encoders[0], "was", &student));
    learn(&s, 4);
    for (int m = 0; m < 2; m++) {
        assert_int_equal(count_moved(s.f.teacher.encoders[m], was[m]), 0);
        fy_model_free(was[m]);
    }
    assert_true(count_moved(s.f.net.encoders[0], student) > 0);
    fy_model_free(student);
    end(&s);
}

/* ---- what alpha is ----------------------------------------------------------------------------------------- */

static void as_it_is(fy_fuse_opts *o)
{
    (void)o;
}

static void loss_times_five(fy_fuse_opts *o)
{
    o->alpha = 5;
}

static void rate_times_five(fy_fuse_opts *o)
{
    o->encoder_rate = 5;
}

/* Encoders of one layer: a deep one has some gradients that are as small as Adam's eps, which alone sees their size. */
static void by_adam(fy_fuse_opts *o)
{
    for (int m = 0; m < 2; m++)
        o->encoders[m].family = "linear";
    o->optim = (fy_optim_opts){ .name = "adam", .lr = 3e-4, .beta1 = 0.9 };
}

static void by_adam_times_five(fy_fuse_opts *o)
{
    by_adam(o);
    o->alpha = 5;
}

static double furthest(const float *a, const float *b, int64_t n)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++)
        most = fmax(most, fabs((double)a[i] - (double)b[i]));
    return most;
}

static double distance(const char *one, change_fn a, const char *other, change_fn b, int64_t steps)
{
    int64_t n, m;
    float *v = learned(one, a, steps, &n), *w = learned(other, b, steps, &m);
    assert_int_equal(n, m);
    const double d = furthest(v, w, n);
    free(w);
    free(v);
    return d;
}

static void alpha_is_the_encoders_learning_rate(void **state)
{
    (void)state;
    assert_true(distance("dgl", loss_times_five, "dgl", rate_times_five, 20) <= 1e-5);
    assert_true(distance("dgl", by_adam_times_five, "dgl", by_adam, 20) <= 1e-4);
    assert_true(distance("dgl", as_it_is, "dgl", loss_times_five, 20) > 1e-3); /* they can fail */
}

/* ---- the plain method inside --------------------------------------------------------------------------------- */

static void without_own_part(fy_fuse_opts *o)
{
    o->alpha = 0;
    o->umt_weight = 0;
    o->ogm = (fy_ogm_opts){ 0 };
    o->agm_alpha = 0;
}

static void without_beta(fy_fuse_opts *o)
{
    o->unique.beta = 0;
}

static void each_is_the_plain_method_without_its_own_part(void **state)
{
    (void)state;
    assert_true(distance("joint", as_it_is, "uniform", without_own_part, 12) == 0);
    assert_true(distance("joint", as_it_is, "umt", without_own_part, 12) == 0);
    assert_true(distance("joint", as_it_is, "ogm_ge", without_own_part, 12) == 0);
    assert_true(distance("joint", as_it_is, "agm", without_own_part, 12) <
                1e-5); /* sums in another order */
    assert_true(distance("dgl", as_it_is, "dgl_unique", without_beta, 12) == 0);
    assert_true(distance("joint", as_it_is, "uniform", as_it_is, 12) > 1e-4);
    assert_true(distance("joint", as_it_is, "ogm_ge", as_it_is, 12) > 1e-4);
    assert_true(distance("joint", as_it_is, "agm", as_it_is, 12) > 1e-4);
    assert_true(distance("joint", as_it_is, "umt", as_it_is, 12) > 1e-4);
    assert_true(distance("joint", as_it_is, "dgl", as_it_is, 12) > 1e-4);
}

/* ---- unique information -------------------------------------------------------------------------------------- */

/* Runs the graph once, with the first batch, in double. */
static void read_all(setup *s, const fy_node *nodes, int n, double *out, int64_t each)
{
    fy_plan *plan;
    fy_batch b;
    const fy_plan_opts o = { .outputs = nodes, .n_outputs = n };
    check_ok(fy_plan_new(s->t.g, s->dev, &o, &plan));
    for (int m = 0; m < s->f.n; m++) {
        check_ok(fy_loader_next(s->t.loader[m], &b));
        check_ok(fy_plan_feed(plan, s->t.x[m], b.x));
        if (m == 0)
            check_ok(fy_plan_feed(plan, s->t.y, b.y));
        if (s->f.method->has_experts) {
            check_ok(fuse_set(&s->t, plan, "beta", m, 1));
            check_ok(fuse_set(&s->t, plan, "temperature", m, 1));
        }
    }
    check_ok(fy_plan_step(plan));
    for (int i = 0; i < n; i++)
        check_ok(fyi_plan_read_f64(plan, nodes[i], out + i * each, each));
    fy_plan_free(plan);
}

/* Expert m's weights are the head's for that part, [K, M d] cut to [K, d]. */
static void tie_expert(setup *s, int m)
{
    fy_param *head = fy_model_find(s->f.net.fusion, "head.weight");
    fy_param *w = fy_model_find(s->f.experts[m], "fc.weight"),
             *c = fy_model_find(s->f.experts[m], "fc.bias");
    const int64_t k = s->f.n_classes, all = s->f.n * WIDTH;
    float *from = calloc((size_t)(k * all), sizeof *from),
          *to = calloc((size_t)(k * WIDTH), sizeof *to);
    check_ok(fy_param_read(head, from, k * all));
    for (int64_t i = 0; i < k; i++)
        memcpy(to + i * WIDTH, from + i * all + m * WIDTH, WIDTH * sizeof *to);
    check_ok(fy_param_write(w, to, k * WIDTH));
    memset(to, 0, (size_t)k * sizeof *to);
    check_ok(fy_param_write(c, to, k));
    free(to);
    free(from);
}

static void unique_informations_gradient_is_the_joint_one(void **state)
{
    (void)state;
    setup s;
    fy_node diff[4];
    double v[4][BATCH * WIDTH];
    begin(&s, 2, "dgl_unique", 0);
    open_on(&s, "ref");
    s.o.alpha = 0;
    s.o.unique.epsilon = 0;
    make(&s);
    for (int m = 0; m < 2; m++)
        tie_expert(&s, m);
    check_ok(fuse_open_batch(&s.t));
    s.f.method->build(&s.t);
    fy_gradient(s.t.g, s.t.loss, s.t.z, 2, diff);
    const fy_node joint =
        fuse_cross_entropy(&s.t, fuse_logits(&s.t, s.t.z, FY_ALL_PARTS, false), -1);
    fy_gradient(s.t.g, joint, s.t.z, 2, diff + 2);
    check_ok(fy_graph_status(s.t.g));
    read_all(&s, diff, 4, v[0], BATCH * WIDTH);
    for (int m = 0; m < 2; m++) {
        double most = 0;
        for (int i = 0; i < BATCH * WIDTH; i++)
            most = fmax(most, fabs(v[2 + m][i]));
        assert_true(most > 1e-4);
        check_close_f64(v[m], v[2 + m], BATCH * WIDTH, 1e-6, 1e-9);
    }
    end(&s);
}

/* ---- missing parts ------------------------------------------------------------------------------------------- */

static void check_missing(const char *method, const char *fusion)
{
    setup s;
    fy_node wanted[4];
    double v[4][BATCH * WIDTH] = { { 0 } };
    int missing = 0;
    begin(&s, 2, method, 0.4);
    s.o.fusion = fusion;
    make(&s);
    check_ok(fuse_open_batch(&s.t));
    s.f.method->build(&s.t);
    fy_gradient(s.t.g, s.t.loss, s.t.z, 2, wanted);
    check_ok(fy_graph_status(s.t.g));
    fy_plan *plan;
    fy_batch b[2];
    float there[2][BATCH];
    const fy_plan_opts o = { .outputs = wanted, .n_outputs = 2 };
    check_ok(fy_plan_new(s.t.g, s.dev, &o, &plan));
    for (int m = 0; m < 2; m++) {
        check_ok(fy_loader_next(s.t.loader[m], &b[m]));
        check_ok(fy_plan_feed(plan, s.t.x[m], b[m].x));
        for (int r = 0; r < BATCH; r++)
            there[m][r] = fy_parts_there(s.train, m)[b[m].index[r]];
        check_ok(fy_plan_feed(plan, s.t.there[m], there[m]));
        if (s.f.method->has_experts) {
            check_ok(fuse_set(&s.t, plan, "beta", m, 1));
            check_ok(fuse_set(&s.t, plan, "temperature", m, 1));
        }
    }
    check_ok(fy_plan_feed(plan, s.t.y, b[0].y));
    if (strcmp(method, "agm") == 0)
        for (int m = 0; m < 2; m++)
            check_ok(fuse_set(&s.t, plan, "agm.share", m, 1));
    check_ok(fy_plan_step(plan));
    for (int m = 0; m < 2; m++) {
        check_ok(fyi_plan_read_f64(plan, wanted[m], v[m], BATCH * WIDTH));
        for (int r = 0; r < BATCH; r++) {
            double most = 0;
            for (int j = 0; j < WIDTH; j++)
                most = fmax(most, fabs(v[m][r * WIDTH + j]));
            missing += there[m][r] == 0;
            assert_true(there[m][r] != 0 || most == 0);
        }
    }
    assert_true(missing > 3);
    fy_plan_free(plan);
    end(&s);
}

static void a_missing_part_teaches_nobody(void **state)
{
    (void)state;
    static const char *const methods[] = { "joint",    "uniform", "ogm_ge",    "agm",
                                           "mmpareto", "dgl",     "dgl_unique" };
    for (size_t i = 0; i < LEN(methods); i++)
        for (size_t k = 0; k < LEN(fusions); k++)
            check_missing(methods[i], fusions[k]);
}

/* What stands where a part is missing is of many samples, so that a batch's statistics are those of the data. */
static void stand_ins_are_of_many_samples(void **state)
{
    (void)state;
    fy_parts *p = open_parts(2, 0.5);
    const fy_dataset *d = fy_parts_dataset(p, 0);
    float v[COUNT][8];
    int others = 0, missing = 0;
    for (int i = 0; i < COUNT; i++)
        check_ok(fy_dataset_get(d, i, v[i], 8, NULL));
    for (int i = 0; i < COUNT; i++) {
        if (fy_parts_there(p, 0)[i] != 0)
            continue;
        missing++;
        for (int k = 0; k < i; k++)
            others += fy_parts_there(p, 0)[k] == 0 && memcmp(v[i], v[k], sizeof v[i]) == 0;
    }
    assert_true(missing > COUNT / 4);
    assert_true(others < missing);
    fy_parts_free(p);
}

/* ---- what is modulated --------------------------------------------------------------------------------------- */

static double watched(const setup *s, const double *newest, const char *name)
{
    for (int i = 0; i < s->stage.n_watches; i++)
        if (strcmp(s->stage.watches[i].name, name) == 0)
            return newest[i];
    fail_msg("nothing is watched as '%s'", name);
    return NAN;
}

/* Of two modalities the one ahead is slowed down, the other is not. */
static void ogm_slows_one_of_two(void **state)
{
    (void)state;
    setup s;
    fy_loop *loop;
    double newest[FY_MAX_WATCHES];
    begin(&s, 2, "ogm_ge", 0);
    make(&s);
    check_ok(fuse_prepare(&s.t, &s.stage));
    check_ok(fy_loop_open(s.run, s.dev, &s.stage, &loop));
    for (int i = 0; i < 5; i++) {
        check_ok(fy_loop_step(loop, newest));
        const double a = watched(&s, newest, "k.a"), b = watched(&s, newest, "k.b");
        assert_true(fmax(a, b) == 1);
        assert_true(fmin(a, b) > 0 && fmin(a, b) < 1 - tanh(0.3) + 1e-6);
    }
    fy_loop_close(loop);
    end(&s);
}

/* The weights of two losses are those of a mixture that is as long as their sum at least, times gamma. */
static void pareto_weights_are_those_of_a_mixture(void **state)
{
    (void)state;
    setup s;
    fy_loop *loop;
    double newest[FY_MAX_WATCHES];
    begin(&s, 2, "mmpareto", 0);
    s.o.mmpareto_gamma = 1.5;
    s.o.optim.lr = 0.5;
    make(&s);
    check_ok(fuse_prepare(&s.t, &s.stage));
    check_ok(fy_loop_open(s.run, s.dev, &s.stage, &loop));
    for (int i = 0; i < 6; i++) {
        check_ok(fy_loop_step(loop, newest));
        const double all = watched(&s, newest, "weight.all.a"),
                     own = watched(&s, newest, "weight.own.a");
        assert_true(all >= 0 && own >= 0);
        assert_true(all + own >= 2 * 1.5 - 1e-5);
    }
    fy_loop_close(loop);
    end(&s);
}

/* ---- bad input ------------------------------------------------------------------------------------------------ */

static void mistakes_are_named(void **state)
{
    setup s;
    fy_fuse_report report;
    begin(&s, 2, "dgl", 0);
    s.o.method = "dlg";
    check_status(fy_fuse(s.run, s.dev, &s.data, &s.o, &report), FY_EINVAL);
    check_sentence("no method is called 'dlg'; there are alone, late, joint");
    s.o.method = "dgl";
    check_status(fy_fuse(s.run, s.dev, &s.data, &s.o, &report), FY_EINVAL);
    check_sentence("the run has no directory");
    fy_run_close(s.run);
    const fy_run_opts in = { .dir = *state };
    check_ok(fy_run_open(&in, &s.run));
    s.o.weak = "c";
    check_status(fy_fuse(s.run, s.dev, &s.data, &s.o, &report), FY_EINVAL);
    check_sentence("weak is 'c', and no modality is called so");
    s.o.weak = NULL;
    s.o.unique.epsilon = 0;
    check_status(fy_fuse(s.run, s.dev, &s.data, &s.o, &report), FY_EINVAL);
    check_sentence("unique.epsilon is 0; expected 1e-06 to 0.999");
    s.o.unique.epsilon = 0.1;
    s.o.fusion = "fusion_conct";
    check_status(fy_fuse(s.run, s.dev, &s.data, &s.o, &report), FY_EINVAL);
    check_sentence("fusion_concat");
    s.o.fusion = "mlp";
    check_status(fy_fuse(s.run, s.dev, &s.data, &s.o, &report), FY_EINVAL);
    check_sentence("the fusion is 'mlp'; expected a family that begins with 'fusion_'");
    s.o.fusion = "fusion_concat";
    s.o.batch = 1000;
    check_status(fy_fuse(s.run, s.dev, &s.data, &s.o, &report), FY_EINVAL);
    check_sentence("batch is 1000 and there are 96 training samples");
    s.o.batch = BATCH;
    s.data.val = NULL;
    check_status(fy_fuse(s.run, s.dev, &s.data, &s.o, &report), FY_EINVAL);
    check_sentence("no validation samples");
    fy_parts *three = open_parts(3, 0);
    s.data.val = three;
    check_status(fy_fuse(s.run, s.dev, &s.data, &s.o, &report), FY_EINVAL);
    check_sentence("training samples have 2 parts, others 3");
    fy_parts_free(three);
    fy_run_close(s.run);
    fy_parts_free(s.train);
    fy_device_close(s.dev);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_loss_reaches_what_is_not_its_own),
        cmocka_unit_test(the_fusion_moves_and_encoders_stay),
        cmocka_unit_test(experts_teach_the_fusion_nothing),
        cmocka_unit_test(who_learned_alone_stays_as_it_is),
        cmocka_unit_test(alpha_is_the_encoders_learning_rate),
        cmocka_unit_test(each_is_the_plain_method_without_its_own_part),
        cmocka_unit_test(unique_informations_gradient_is_the_joint_one),
        cmocka_unit_test(a_missing_part_teaches_nobody),
        cmocka_unit_test(stand_ins_are_of_many_samples),
        cmocka_unit_test(ogm_slows_one_of_two),
        cmocka_unit_test(pareto_weights_are_those_of_a_mixture),
        cmocka_unit_test_setup_teardown(mistakes_are_named, fyt_tmpdir_setup, fyt_tmpdir_teardown),
    };
    return cmocka_run_group_tests_name("fuse", tests, NULL, NULL);
}
