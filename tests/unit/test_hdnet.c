/* Guards the numbers of staged multimodal distillation: shares, pressure and ramp are what their formulas say; what the stages' losses
 * teach agrees, in double, with finite differences and with what their papers say; reversed is reversed, and on the target's rows alone
 * where that is asked for; and vectors are shifted by what was said and no more. */
#include "graph/backward.h"
#include "graph/plan.h"
#include "methods/hdnet/hdnet.h"
#include "support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- strategies ---------------------------------------------------------------------------------------- */

static void shares_are_bounded_odds(void **state)
{
    static const struct {
        int way;
        double sign, temperature, floor, known[3], share[3];
    } cases[] = {
        /* odds 9, 1 and 1/9 */
        { FY_HDNET_SOFT, 1, 1, 0, { 0.9, 0.5, 0.1 }, { 81.0 / 91, 9.0 / 91, 1.0 / 91 } },
        { FY_HDNET_SOFT, -1, 1, 0, { 0.9, 0.5, 0.1 }, { 1.0 / 91, 9.0 / 91, 81.0 / 91 } },
        { FY_HDNET_HYBRID, 1, 2, 0, { 0.9, 0.5, 0.1 }, { 9.0 / 13, 3.0 / 13, 1.0 / 13 } },
        /* clipped at 19 and 1/19, never 0 or a million */
        { FY_HDNET_SOFT, 1, 1, 0, { 1, 0.5, 1e-9 }, { 361.0 / 381, 19.0 / 381, 1.0 / 381 } },
        { FY_HDNET_SOFT, 1, 1, 0.05, { 1, 0.5, 1e-9 }, { 0.9, 0.05, 0.05 } },
        { FY_HDNET_SOFT, 1, 1, 1, { 0.9, 0.5, 0.1 }, { 81.0 / 91, 9.0 / 91, 1.0 / 91 } },
        { FY_HDNET_HARD, 1, 1, 0, { 0.9, 0.5, 0.1 }, { 1.0 / 3, 1.0 / 3, 1.0 / 3 } },
        { FY_HDNET_SOFT, 1, 1, 0, { 0, 0, 0 }, { 1.0 / 3, 1.0 / 3, 1.0 / 3 } },
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        fy_hdnet_opts o = fy_hdnet_defaults();
        const hdnet h = { .o = &o, .n = 3 };
        double share[HDNET_MAX];
        o.soft.sign = cases[i].sign;
        o.soft.temperature = cases[i].temperature;
        o.soft.floor = cases[i].floor;
        hdnet_shares(&h, &hdnet_strategies[cases[i].way], cases[i].known, share);
        /* The fifth: what is lifted comes from the first, in proportion to what is beyond the floor. */
        check_close_f64(share, cases[i].share, 3, i == 4 ? 1e-3 : 1e-9, 1e-12);
        assert_true(fabs(share[0] + share[1] + share[2] - 1) < 1e-12);
    }
}

static void pressure_follows_the_critic(void **state)
{
    const fy_hdnet_hard plain = { .pressure = 0.1 },
                        adaptive = { .pressure = 0.1, .is_adaptive = true };
    (void)state;
    assert_true(hdnet_pressure(&plain, 0.5) == 0.1);
    assert_true(hdnet_pressure(&adaptive, 0.5) == 0);
    assert_true(hdnet_pressure(&adaptive, 0.2) == 0);
    assert_true(fabs(hdnet_pressure(&adaptive, 0.75) - 0.1) < 1e-15);
    assert_true(hdnet_pressure(&adaptive, 1) == 0.2);
    assert_true(hdnet_ramp(0) == 0);
    assert_true(fabs(hdnet_ramp(0.1) - 0.46211715726) < 1e-9);
    assert_true(hdnet_ramp(1) > 0.9999);
    assert_true(hdnet_follow(0, 0.7, 0.9) == 0.7);
    assert_true(fabs(hdnet_follow(0.5, 1, 0.9) - 0.55) < 1e-12);
}

/* ---- losses -------------------------------------------------------------------------------------------- */

enum { ROWS = 8, WIDTH = 4, N = 2 };

typedef struct setup {
    fy_device *dev;
    fy_run *run;
    fy_parts *source, *labelled, *unlabelled;
    fy_hdnet_opts o;
    fy_hdnet_data data;
    hdnet h;
    hdnet_found found;
    hdnet_stage s;
    double share[HDNET_MAX];
} setup;

static fy_parts *draw(uint64_t seed)
{
    static const char *const names[] = { "a", "b" };
    fy_facts_opts o = fy_facts_defaults();
    fy_dataset *d[N];
    fy_parts *p;
    o.redundant = 1;
    o.seed = seed;
    o.n = 40;
    for (int m = 0; m < N; m++)
        check_ok(fy_facts_open(&o, m, &d[m]));
    check_ok(fy_parts_open((const fy_dataset *const *)d, names, N, NULL, &p));
    for (int m = 0; m < N; m++)
        fy_dataset_free(d[m]);
    return p;
}

static void begin(setup *s, int way, bool on_target_only)
{
    const fy_run_opts none = { 0 };
    *s = (setup){ .o = fy_hdnet_defaults(), .share = { 0.75, 0.25 } };
    check_ok(fy_device_open("ref", &s->dev)); /* in double */
    check_ok(fy_run_open(&none, &s->run));
    s->source = draw(1);
    s->labelled = draw(2);
    fy_parts *plain = draw(3);
    check_ok(fy_parts_unlabel(plain, &s->unlabelled));
    fy_parts_free(plain);
    s->data = (fy_hdnet_data){ .source = s->source,
                               .source_val = s->source,
                               .n_targets = 1,
                               .targets = { { "near", s->unlabelled, s->labelled, s->labelled,
                                              s->labelled } } };
    s->o.features = WIDTH;
    s->o.batch = s->o.target_batch = ROWS;
    s->o.dropout = 0;
    s->o.heads = 2;
    s->o.workers = 0;
    s->o.hard.on_target_only = on_target_only;
    s->h = (hdnet){ .run = s->run,
                    .dev = s->dev,
                    .o = &s->o,
                    .data = &s->data,
                    .n = N,
                    .n_classes = fy_dataset_classes(fy_parts_dataset(s->source, 0)),
                    .runs = { true, true, true },
                    .found = &s->found };
    check_ok(hdnet_open_models(&s->h));
    s->s = (hdnet_stage){ .h = &s->h,
                          .target = &s->data.targets[0],
                          .by = &hdnet_strategies[way],
                          .share = s->share,
                          .batch = ROWS,
                          .draws = { true, true, true },
                          .kept = &s->found.source };
}

static void end(setup *s)
{
    hdnet_close_batch(&s->s);
    fy_run_forget(s->run);
    hdnet_close_models(&s->h);
    fy_run_close(s->run);
    fy_parts_free(s->unlabelled);
    fy_parts_free(s->labelled);
    fy_parts_free(s->source);
    fy_device_close(s->dev);
}

/* The batch that every plan of the test sees. */
static void feed(setup *s, fy_plan *plan)
{
    fy_batch b;
    for (int i = 0; i < HDNET_SETS; i++)
        for (int m = 0; m < N && s->s.sets[i].p; m++) {
            check_ok(fy_loader_seek(s->s.sets[i].loader[m], 0));
            check_ok(fy_loader_next(s->s.sets[i].loader[m], &b));
            check_ok(fy_plan_feed(plan, s->s.sets[i].in[m].x, b.x));
            if (s->s.sets[i].in[m].y.id)
                check_ok(fy_plan_feed(plan, s->s.sets[i].y, b.y));
        }
}

static void set_if_there(fy_plan *plan, const char *name, float value)
{
    for (int i = 0; i < fy_plan_scalar_count(plan); i++)
        if (strcmp(fy_plan_scalar_name(plan, i), name) == 0)
            check_ok(fy_plan_set(plan, name, value));
}

enum { ALL = 3 * ROWS * WIDTH };

/* `wanted` of features z, fed in their place where z is not NULL. reverse: of modality 0. */
static void compute(setup *s, const float *z, float reverse, fy_node wanted, double *out, int64_t n)
{
    fy_plan *plan;
    const fy_plan_opts o = {
        .outputs = &wanted, .n_outputs = 1, .feeds = &s->s.z[0], .n_feeds = z != NULL
    };
    check_ok(fy_plan_new(s->s.g, s->dev, &o, &plan));
    feed(s, plan);
    if (z)
        check_ok(fy_plan_feed(plan, s->s.z[0], z));
    for (int m = 0; m < N; m++) {
        char name[32];
        (void)snprintf(name, sizeof name, "reverse.%s", fy_parts_name(s->source, m));
        set_if_there(plan, name, m == 0 ? reverse : 0);
    }
    set_if_there(plan, "kd", 1);
    check_ok(fy_plan_step(plan));
    check_ok(fyi_plan_read_f64(plan, wanted, out, n));
    fy_plan_free(plan);
}

/* The gradient of s->s.loss at z_0 against central differences of `value`, on the given rows times `factor`. */
static void check_gradient(setup *s, fy_node value, int64_t first, int64_t rows, double factor,
                           float reverse)
{
    static const float step = 1.0f / 16384; /* few kinks are so near */
    const int64_t all =
        fy_shape_numel(&(fy_shape){ 2, { fy_node_shape(s->s.g, s->s.z[0]).d[0], WIDTH } });
    double z_now[ALL], diff[ALL], up, down;
    float z[ALL];
    fy_node d;
    fy_gradient(s->s.g, s->s.loss, &s->s.z[0], 1, &d);
    check_ok(fy_graph_status(s->s.g));
    compute(s, NULL, reverse, s->s.z[0], z_now, all);
    for (int64_t i = 0; i < all; i++)
        z[i] = roundf((float)z_now[i] * 16384) / 16384; /* so that steps are exact */
    compute(s, z, reverse, d, diff, all);
    for (int64_t i = first * WIDTH; i < (first + rows) * WIDTH; i++) {
        const float was = z[i];
        z[i] = was + step;
        compute(s, z, reverse, value, &up, 1);
        z[i] = was - step;
        compute(s, z, reverse, value, &down, 1);
        z[i] = was;
        const double expected = factor * (up - down) / (2 * (double)step);
        if (fabs(diff[i] - expected) > 2e-4 * (fabs(expected) + 0.02))
            fail_msg("z[%lld]: %g, expected %g", (long long)i, diff[i], expected);
    }
}

static void every_loss_has_the_gradient_of_its_value(void **state)
{
    static const struct {
        const char *aux;
        void (*build)(hdnet_stage *s);
        bool has_heads;
    } cases[] = { { "ce", hdnet_build_joint, true }, { "ce", hdnet_build_branches, true } };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        setup s;
        begin(&s, FY_HDNET_SOFT, false);
        s.o.aux_loss = cases[i].aux;
        check_ok(hdnet_open_batch(&s.s));
        cases[i].build(&s.s);
        check_gradient(&s, s.s.loss, 0, 3 * ROWS, 1, 0);
        end(&s);
    }
}

/* d KD(t -> s) / ds = tau (p_s - p_t) / B (Hinton et al. 2015, section 2.1, with the factor tau^2), and nothing for t. */
static void distillation_has_the_published_gradient(void **state)
{
    const float t[] = { 1, 2, 0.5f, -1, 0.25f, 3 }, v[] = { 0, 1, -1, 2, 0.5f, 0 };
    const double tau = 3;
    setup s;
    fy_node diff[2], in[2];
    double got[6], sum_t[2] = { 0 }, sum_v[2] = { 0 };
    fy_plan *plan;
    (void)state;
    begin(&s, FY_HDNET_SOFT, false);
    s.o.tau = tau;
    check_ok(fy_graph_new(&s.s.g));
    in[0] = fy_input(s.s.g, "t", FY_F32, FY_SHAPE(2, 3));
    in[1] = fy_input(s.s.g, "v", FY_F32, FY_SHAPE(2, 3));
    s.s.sets[HDNET_LABELLED].rows = 2;
    const fy_node kd = hdnet_kd(&s.s, HDNET_LABELLED, in[0], in[1], 0);
    fy_gradient(s.s.g, kd, in, 2, diff);
    assert_int_equal(diff[0].id, 0);
    const fy_plan_opts o = { .outputs = &diff[1], .n_outputs = 1 };
    check_ok(fy_plan_new(s.s.g, s.dev, &o, &plan));
    check_ok(fy_plan_feed(plan, in[0], t));
    check_ok(fy_plan_feed(plan, in[1], v));
    check_ok(fy_plan_step(plan));
    check_ok(fyi_plan_read_f64(plan, diff[1], got, 6));
    for (int i = 0; i < 6; i++) {
        sum_t[i / 3] += exp((double)t[i] / tau);
        sum_v[i / 3] += exp((double)v[i] / tau);
    }
    for (int i = 0; i < 6; i++) {
        const double p_t = exp((double)t[i] / tau) / sum_t[i / 3];
        const double p_v = exp((double)v[i] / tau) / sum_v[i / 3];
        assert_true(fabs(got[i] - tau * (p_v - p_t) / 2) < 1e-7);
    }
    fy_plan_free(plan);
    end(&s);
}

/* The encoder is moved against the critic: -g l times the gradient of the critic's loss, which is in the loss itself as it is. */
static void what_critics_say_is_reversed(void **state)
{
    (void)state;
    for (int only = 0; only < 2; only++) {
        setup s;
        begin(&s, FY_HDNET_HARD, only == 1);
        s.s.has_critics = true;
        check_ok(hdnet_open_batch(&s.s));
        hdnet_build_branches(&s.s);
        /* The source's rows and the unlabelled ones have no label of a class in this strategy. */
        check_gradient(&s, s.s.loss, s.s.sets[HDNET_UNLABELLED].first, ROWS, -0.5, 0.5f);
        check_gradient(&s, s.s.loss, s.s.sets[HDNET_SOURCE].first, ROWS, only ? 0 : -0.5, 0.5f);
        check_gradient(&s, s.s.loss, s.s.sets[HDNET_LABELLED].first, ROWS, 1, 0.5f);
        end(&s);
    }
}

/* ---- shifts -------------------------------------------------------------------------------------------- */

static fy_dataset *vectors(void)
{
    fy_tensor *x;
    fy_dataset *d;
    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(40, 5), &x));
    fy_rng r = fy_rng_named(3, "vectors");
    for (int i = 0; i < 200; i++)
        ((float *)fy_tensor_data(x))[i] = fy_rng_normal(&r);
    check_ok(fy_dataset_from_tensors("v", x, NULL, 0, &d));
    fy_tensor_free(x);
    return d;
}

static fy_tensor *shifted(const fy_dataset *d, fy_shift_opts o)
{
    fy_dataset *s;
    fy_tensor *x;
    check_ok(fy_dataset_shift(d, &o, &s));
    check_ok(fy_dataset_read(s, NULL, 0, &x, NULL));
    fy_dataset_free(s);
    return x;
}

static double square_of_row(const fy_tensor *t, int i)
{
    const float *v = (const float *)fy_tensor_const_data(t) + 5 * i;
    double sum = 0;
    for (int c = 0; c < 5; c++)
        sum += (double)v[c] * (double)v[c];
    return sum;
}

static void vectors_are_shifted_by_what_was_said(void **state)
{
    fy_dataset *d = vectors();
    fy_tensor *plain = shifted(d, fy_shift_defaults());
    fy_tensor *turned = shifted(d, (fy_shift_opts){ .rotate_deg = 50, .seed = 1 });
    fy_tensor *again = shifted(d, (fy_shift_opts){ .rotate_deg = 50, .seed = 1 });
    fy_tensor *other = shifted(d, (fy_shift_opts){ .rotate_deg = 50, .seed = 2 });
    fy_tensor *scaled = shifted(d, (fy_shift_opts){ .scale = 0.5, .offset = 1, .seed = 1 });
    const float *a = fy_tensor_const_data(plain), *b = fy_tensor_const_data(scaled);
    fy_dataset *bad;
    (void)state;
    assert_memory_equal(fy_tensor_const_data(turned), fy_tensor_const_data(again), 800);
    assert_memory_not_equal(fy_tensor_const_data(turned), fy_tensor_const_data(other), 800);
    for (int i = 0; i < 40; i++) /* a rotation keeps lengths */
        assert_true(fabs(square_of_row(turned, i) - square_of_row(plain, i)) < 1e-4);
    for (int c = 0; c < 5; c++) { /* the same line for every sample: b = f a + v, f > 0 */
        const double f = (double)(b[5 + c] - b[c]) / (double)(a[5 + c] - a[c]);
        assert_true(f > 0);
        assert_true(fabs((double)b[10 + c] - (double)b[c] - f * (double)(a[10 + c] - a[c])) < 1e-3);
    }
    const fy_shift_opts negative = { .noise = -1 };
    check_status(fy_dataset_shift(d, &negative, &bad), FY_EINVAL);
    check_sentence("a shift by -1; expected 0 or more");
    fy_tensor_free(scaled);
    fy_tensor_free(other);
    fy_tensor_free(again);
    fy_tensor_free(turned);
    fy_tensor_free(plain);
    fy_dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_bounded_odds),
        cmocka_unit_test(pressure_follows_the_critic),
        cmocka_unit_test(every_loss_has_the_gradient_of_its_value),
        cmocka_unit_test(distillation_has_the_published_gradient),
        cmocka_unit_test(what_critics_say_is_reversed),
        cmocka_unit_test(vectors_are_shifted_by_what_was_said),
    };
    return cmocka_run_group_tests_name("hdnet", tests, NULL, NULL);
}
