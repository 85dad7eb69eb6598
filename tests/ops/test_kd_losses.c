/* test_kd_losses.c: what a student can learn from a teacher. Guards every loss's gradient, with weights of samples and
 * without, its agreement with PyTorch (tests/golden/make_kd.py), that nothing reaches the teacher, and what is refused. */
#include "support/op_eval.h"

#include <ferry/distill.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- scenes: two networks' values of six samples ------------------------------------------------------------- */

enum {
    LOGITS = 1,
    FEATURES = 2,
    MAPS = 4,
    ALIKE = 8, /* the teacher has the student's shapes */
    LABELS = 16,
    ROWS = 32,
    SAME = 64,    /* the teacher has the student's values */
    MOVING = 128, /* the teacher's values are parameters */
    FLAT = 256,   /* all samples have the same student */
};

#define N 6
static const int everybody[N] = { 0, 1, 2, 3, 4, 5 }, some[] = { 0, 2, 3, 5 };
static const float fractions[N] = { 1, 0.5f, 0, 0.25f, 1, 2 };
static const float halves[N] = { 1, 0, 1, 1, 0, 1 }; /* `some` have 1 */

typedef struct kd_case {
    op_row row;
    const char *loss;
    unsigned gives;
    fy_kd_opts o; /* 0: the loss's own */
    bool is_zero_for_equals;
} kd_case;

typedef struct scene {
    op_test *t;
    unsigned gives;
    const int *pick; /* samples */
    int n;
    const float *rows; /* [N] */
} scene;

/* A multiple of 1/512 in [-1, 1), as in make_kd.py. */
static float value(int64_t i, int salt)
{
    return (float)(((i + 1) * (i + 7 * salt + 3) * 37 + i * 11 + salt * 101) % 1009) / 512 - 1;
}

/* The picked samples of a tensor of N. */
static fy_node values(const scene *c, fy_shape s, int salt, bool moves)
{
    static float v[4096];
    const int64_t each = fy_shape_numel(&s) / s.d[0];
    s.d[0] = c->n;
    for (int i = 0; i < c->n; i++)
        for (int64_t j = 0; j < each; j++)
            v[i * each + j] = value((c->gives & FLAT ? 0 : c->pick[i]) * each + j, salt);
    return moves ? op_param_of(c->t, s, v) : op_floats(c->t, s, v);
}

static fy_kd_view student_of(const scene *c)
{
    fy_kd_view v = { 0 };
    if (c->gives & LOGITS)
        v.logits = values(c, FY_SHAPE(N, 5), 1, true);
    if (c->gives & FEATURES)
        v.features = values(c, FY_SHAPE(N, 7), 2, true);
    if (c->gives & MAPS) {
        v.layers[0] = values(c, FY_SHAPE(N, 4, 4, 4), 3, true);
        v.layers[1] = values(c, FY_SHAPE(N, 6, 2, 3), 4, true);
        v.n_layers = 2;
    }
    return v;
}

static fy_kd_view teacher_of(const scene *whole)
{
    const bool alike = whole->gives & (ALIKE | SAME), moves = whole->gives & MOVING;
    const int salt = whole->gives & SAME ? 0 : 4;
    scene c = *whole;
    c.gives &= ~(unsigned)FLAT;
    fy_kd_view v = { 0 };
    if (c.gives & LOGITS)
        v.logits = values(&c, FY_SHAPE(N, 5), salt + 1, moves);
    if (c.gives & FEATURES)
        v.features = values(&c, FY_SHAPE(N, alike ? 7 : 9), salt + 2, moves);
    if (c.gives & MAPS) {
        v.layers[0] =
            values(&c, alike ? FY_SHAPE(N, 4, 4, 4) : FY_SHAPE(N, 5, 2, 2), salt + 3, moves);
        v.layers[1] =
            values(&c, alike ? FY_SHAPE(N, 6, 2, 3) : FY_SHAPE(N, 3, 4, 4), salt + 4, moves);
        v.n_layers = 2;
    }
    return v;
}

static fy_kd_in in_of(const scene *c)
{
    fy_kd_in in = { 0 };
    int32_t y[N];
    float rows[N];
    in.student = student_of(c);
    in.teacher = teacher_of(c);
    for (int i = 0; i < c->n; i++) {
        y[i] = c->pick[i] % 3;
        rows[i] = c->rows[c->pick[i]];
    }
    if (c->gives & LABELS)
        in.y = op_ints(c->t, c->n, y);
    if (c->gives & ROWS)
        in.rows = op_floats(c->t, FY_SHAPE(c->n), rows);
    return in;
}

static scene scene_of(op_test *t, unsigned gives)
{
    return (scene){ .t = t, .gives = gives, .pick = everybody, .n = N, .rows = fractions };
}

static void free_kd(void *k)
{
    fy_kd_free(k);
}

/* A row's, where it says something. */
static fy_kd_opts asked(const fy_kd_opts *row)
{
    const fy_kd_opts own = fy_kd_defaults();
    return (fy_kd_opts){ .tau = row->tau != 0 ? row->tau : own.tau,
                         .alpha = row->alpha != 0 ? row->alpha : own.alpha,
                         .beta = row->beta != 0 ? row->beta : own.beta,
                         .gamma = row->gamma != 0 ? row->gamma : own.gamma,
                         .width = row->width ? row->width : own.width,
                         .critic_on_features = row->critic_on_features };
}

static fy_kd *open_in(op_test *t, const kd_case *c, const fy_kd_in *in)
{
    const fy_kd_opts o = asked(&c->o);
    fy_kd *k;
    check_ok(fy_graph_status(t->g));
    check_ok(fy_kd_new(c->loss, "kd", t->g, in, &o, &k));
    t->on_end = free_kd;
    t->arg = k;
    return k;
}

static fy_node loss_of(const scene *s, const kd_case *c)
{
    const fy_kd_in in = in_of(s);
    fy_kd *k = open_in(s->t, c, &in);
    for (int i = 0; fy_kd_adapter(k, i); i++)
        op_lend_model(s->t, fy_kd_adapter(k, i));
    if (fy_kd_critic(k))
        op_lend_model(s->t, fy_kd_critic(k));
    return fy_kd_apply(s->t->g, k, &in);
}

static fy_node loss(op_test *t, const void *row)
{
    const kd_case *c = row;
    const scene s = scene_of(t, c->gives);
    return loss_of(&s, c);
}

/* Of the critic's own, with a student that does not move: differences would see through the detaching. */
static fy_node critic_loss(op_test *t, const void *row)
{
    const kd_case *c = row;
    const scene s = scene_of(t, c->gives);
    fy_kd_in in = in_of(&s);
    in.student.logits = in.teacher.logits;
    in.teacher.logits = values(&s, FY_SHAPE(N, 5), 9, false);
    fy_kd *k = open_in(t, c, &in);
    op_lend_model(t, fy_kd_critic(k));
    return fy_kd_critic_loss(t->g, k, &in);
}

#define CASE(name_, why_, loss_, ...)                                             \
    {                                                                             \
        .row = { name_, why_, loss, 1e-5 }, .loss = (loss_), .gives = __VA_ARGS__ \
    }

/* clang-format off */
static const kd_case cases[] = {
    CASE("soft", "tau squared, all classes", "soft", LOGITS, .is_zero_for_equals = true),
    CASE("soft, cold", "another temperature", "soft", LOGITS, .o = { .tau = 0.5 }),
    CASE("soft, rows", "weights of samples", "soft", LOGITS | ROWS),
    CASE("hint", "images meet, channels are regressed", "hint", MAPS),
    CASE("hint, features", "as the only layer", "hint", FEATURES),
    CASE("hint, rows", "weights of samples", "hint", FEATURES | ROWS),
    CASE("attention", "images meet", "attention", MAPS, .is_zero_for_equals = true),
    CASE("attention, rows", "weights of samples", "attention", MAPS | ROWS),
    CASE("similarity", "layers of any size", "similarity", MAPS, .is_zero_for_equals = true),
    CASE("similarity, rows", "weights of pairs", "similarity", FEATURES | ROWS),
    CASE("fsp", "pairs of layers", "fsp", MAPS | ALIKE, .is_zero_for_equals = true),
    CASE("fsp, rows", "weights of samples", "fsp", MAPS | ALIKE | ROWS),
    CASE("nst", "channels of any number", "nst", MAPS, .is_zero_for_equals = true),
    CASE("nst, rows", "weights of samples", "nst", MAPS | ROWS),
    CASE("vid", "regressors and variances", "vid", MAPS, .o = { .width = 2 }),
    CASE("vid, rows", "features, weights of samples", "vid", FEATURES | ROWS),
    CASE("rkd_distance", "pairs", "rkd_distance", FEATURES, .is_zero_for_equals = true),
    CASE("rkd_distance, rows", "weights of pairs", "rkd_distance", FEATURES | ROWS),
    CASE("rkd_angle", "triples", "rkd_angle", FEATURES, .is_zero_for_equals = true),
    CASE("rkd_angle, rows", "weights of triples", "rkd_angle", FEATURES | ROWS),
    CASE("correlation", "a kernel", "correlation", FEATURES, .is_zero_for_equals = true),
    CASE("correlation, rows", "weights of pairs", "correlation", FEATURES | ROWS),
    CASE("pkt", "probabilities", "pkt", FEATURES, .is_zero_for_equals = true),
    CASE("pkt, rows", "weights of pairs", "pkt", FEATURES | ROWS),
    CASE("dist", "both relations", "dist", LOGITS, .is_zero_for_equals = true),
    CASE("dist, warm", "weights of both", "dist", LOGITS, .o = { .tau = 3, .alpha = 2, .beta = 0.5 }),
    CASE("dist, rows", "weights of samples within a class", "dist", LOGITS | ROWS),
    CASE("dkd", "both parts", "dkd", LOGITS | LABELS, .is_zero_for_equals = true),
    CASE("dkd, other weights", "of the parts", "dkd", LOGITS | LABELS, .o = { .tau = 1, .alpha = 3, .beta = 1 }),
    CASE("dkd, rows", "weights of samples", "dkd", LOGITS | LABELS | ROWS),
    CASE("crd", "all other samples", "crd", FEATURES, .o = { .tau = 0.5, .width = 3 }),
    CASE("crd, labels", "samples of other classes", "crd", LOGITS | FEATURES | LABELS, .o = { .tau = 0.5, .width = 3 }),
    CASE("crd, rows", "weights of samples", "crd", FEATURES | ROWS, .o = { .tau = 0.5, .width = 3 }),
    CASE("adversarial", "on logits", "adversarial", LOGITS, .o = { .width = 4 }),
    CASE("adversarial, features", "on features", "adversarial", FEATURES | ALIKE,
         .o = { .critic_on_features = true, .width = 4 }),
    CASE("adversarial, rows", "weights of samples", "adversarial", LOGITS | ROWS, .o = { .width = 4 }),
};
/* clang-format on */

static void values_equal_reference(void **state)
{
    const kd_case *c = *state;
    op_check_forward(c->row.build, c, "cpu", c->row.rtol);
}

static void gradient_equals_differences(void **state)
{
    const kd_case *c = *state;
    op_check_gradient(c->row.build, c);
}

static void gradient_equals_reference(void **state)
{
    const kd_case *c = *state;
    op_check_gradient_on(c->row.build, c, "cpu", c->row.rtol);
}

static void the_critic_has_gradients(void **state)
{
    (void)state;
    const kd_case c = { .loss = "adversarial", .gives = LOGITS | ROWS, .o = { .width = 4 } };
    op_check_forward(critic_loss, &c, "cpu", 1e-5);
    op_check_gradient(critic_loss, &c);
    op_check_gradient_on(critic_loss, &c, "cpu", 1e-5);
}

static double value_on(const char *device, const scene *s, const kd_case *c)
{
    double v;
    op_eval_begin(s->t);
    op_eval_step(s->t, device, loss_of(s, c), 0, &v, 1);
    op_eval_end(s->t);
    return v;
}

/* Equal networks agree, and samples of weight 0 are as if they were not there. */
static void equals_and_absent_samples(void **state)
{
    const kd_case *c = *state;
    op_test t;
    scene s = scene_of(&t, c->gives | SAME);
    if (c->is_zero_for_equals) {
        const double here = value_on("ref", &s, c);
        check_close_f64(&here, &(double){ 0 }, 1, 0, 1e-12);
    }
    s = scene_of(&t, c->gives | ROWS);
    s.rows = halves;
    const double weighed = value_on("ref", &s, c);
    s.pick = some;
    s.n = LEN(some);
    s.gives &= ~(unsigned)ROWS;
    const double alone = value_on("ref", &s, c);
    check_close_f64(&weighed, &alone, 1, 1e-9, 1e-12);
}

static fyi_id gradient_of(op_test *t, fy_node x, fy_node of)
{
    fyi_id diff;
    check_ok(fy_graph_status(t->g));
    check_ok(fyi_backward(t->g, of.id, &x.id, 1, &diff));
    return diff;
}

static void check_finite(const op_test *t, fyi_id x)
{
    static const char *const devices[] = { "ref", "cpu" };
    static double v[4096];
    const fy_shape s = fy_node_shape(t->g, fyi_n(x));
    const int64_t n = fy_shape_numel(&s);
    for (size_t d = 0; d < LEN(devices); d++) {
        op_eval_step(t, devices[d], fyi_n(x), 0, v, n);
        for (int64_t i = 0; i < n; i++)
            assert_true(fabs(v[i]) < 1e6);
    }
}

/* What the loss looks at: crd, which is given logits too, has features. */
static fy_node first_of(const char *name, const fy_kd_view *v)
{
    if (strcmp(name, "crd") == 0)
        return v->features;
    return v->logits.id ? v->logits : v->features.id ? v->features : v->layers[0];
}

static void nothing_reaches_the_teacher(void **state)
{
    const kd_case *c = *state;
    op_test t;
    op_eval_begin(&t);
    const scene s = scene_of(&t, c->gives | MOVING);
    const fy_kd_in in = in_of(&s);
    const fy_kd *k = open_in(&t, c, &in);
    const fy_node l = fy_kd_apply(t.g, (fy_kd *)(uintptr_t)k, &in);
    const fy_node all[] = { in.teacher.logits, in.teacher.features, in.teacher.layers[0],
                            in.teacher.layers[1] };
    for (size_t i = 0; i < LEN(all); i++)
        if (all[i].id)
            assert_int_equal(gradient_of(&t, all[i], l), 0);
    assert_int_not_equal(gradient_of(&t, first_of(c->loss, &in.student), l), 0);
    op_eval_end(&t);
}

/* All samples alike, no sample of any weight: bounded gradients. */
static void degenerate_batches_have_gradients(void **state)
{
    static const float nothing[N] = { 0 };
    const kd_case *c = *state;
    for (int kind = 0; kind < 3; kind++) {
        op_test t;
        op_eval_begin(&t);
        scene s = scene_of(&t, c->gives | (kind == 0 ? FLAT : kind == 1 ? ROWS : SAME));
        s.rows = nothing;
        const fy_kd_in in = in_of(&s);
        fy_kd *k = open_in(&t, c, &in);
        const fy_node l = fy_kd_apply(t.g, k, &in);
        check_finite(&t, l.id);
        check_finite(&t, gradient_of(&t, first_of(c->loss, &in.student), l));
        op_eval_end(&t);
    }
}

/* ---- golden values --------------------------------------------------------------------------------------------- */

#define GOLDEN_WIDTH 8

typedef struct golden {
    const char *loss;
    unsigned gives;
    double value;
    double norm; /* of the gradient with respect to the first of the student's values */
} golden;

static const golden goldens[] = {
#include "../golden/kd.inc"
};

static void set_model(fy_model *m, int *salt)
{
    static float v[4096];
    for (int j = 0; m && j < fy_model_count(m); j++, ++*salt) {
        fy_param *p = fy_model_param(m, j);
        const int64_t n = fy_shape_numel(fy_param_shape(p));
        for (int64_t i = 0; i < n; i++)
            v[i] = value(i, *salt) / 2;
        check_ok(fy_param_write(p, v, n));
    }
}

/* Parameter j of the models, counted through, has the values of salt 20 + j, halved. */
static void set_models(const fy_kd *k)
{
    int salt = 20;
    for (int a = 0; fy_kd_adapter(k, a); a++)
        set_model(fy_kd_adapter(k, a), &salt);
    set_model(fy_kd_critic(k), &salt);
}

static void compare_golden(const golden *c, const char *device, double rtol)
{
    static double v[4096];
    double value_here, norm = 0;
    op_test t;
    op_eval_begin(&t);
    const scene s = scene_of(&t, c->gives);
    const fy_kd_in in = in_of(&s);
    fy_kd *k = open_in(&t, &(kd_case){ .loss = c->loss, .o = { .width = GOLDEN_WIDTH } }, &in);
    set_models(k);
    const fy_node l = fy_kd_apply(t.g, k, &in), x = first_of(c->loss, &in.student);
    const fy_shape shape = fy_node_shape(t.g, x);
    const int64_t n = fy_shape_numel(&shape);
    op_eval_step(&t, device, fyi_n(gradient_of(&t, x, l)), 0, v, n);
    for (int64_t i = 0; i < n; i++)
        norm += v[i] * v[i];
    norm = sqrt(norm);
    op_eval_step(&t, device, l, 0, &value_here, 1);
    print_message("%s on %s\n", c->loss, device);
    check_close_f64(&value_here, &c->value, 1, rtol, 1e-9);
    check_close_f64(&norm, &c->norm, 1, rtol, 1e-9);
    op_eval_end(&t);
}

static void losses_are_pytorchs(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(goldens); i++) {
        compare_golden(&goldens[i], "ref", 1e-6);
        compare_golden(&goldens[i], "cpu", 2e-5);
    }
}

/* ---- by hand, and at the ends ---------------------------------------------------------------------------------- */

static void soft_is_what_was_worked_out_by_hand(void **state)
{
    (void)state;
    /* Logits ln of (1, 3) and (1, 1): p = (1/4, 3/4), q = (1/2, 1/2); KL = ln 2 - H(p) = 0.1308124; tau 1. */
    static const float teacher[] = { 0, 1.0986123f, 0, 0 }, student[] = { 0, 0, 0, 0 };
    static const double expected = 0.0654062;
    op_test t;
    op_eval_begin(&t);
    const fy_kd_in in = { .student.logits = op_floats(&t, FY_SHAPE(2, 2), student),
                          .teacher.logits = op_floats(&t, FY_SHAPE(2, 2), teacher) };
    fy_kd *k = open_in(&t, &(kd_case){ .loss = "soft", .o = { .tau = 1 } }, &in);
    op_eval_is(&t, fy_kd_apply(t.g, k, &in), &expected, 1);
    op_eval_end(&t);
}

static void any_temperature_gives_finite_losses(void **state)
{
    static const double temperatures[] = { 1e-3, 0.05, 1, 100 };
    (void)state;
    for (size_t i = 0; i < LEN(cases) * LEN(temperatures); i++) {
        kd_case c = cases[i / LEN(temperatures)];
        if (!(c.gives & (LOGITS | FEATURES)))
            continue;
        c.o.tau = temperatures[i % LEN(temperatures)];
        op_test t;
        op_eval_begin(&t);
        const scene s = scene_of(&t, c.gives);
        const fy_kd_in in = in_of(&s);
        const fy_node l = fy_kd_apply(t.g, open_in(&t, &c, &in), &in);
        check_finite(&t, l.id);
        check_finite(&t, gradient_of(&t, first_of(c.loss, &in.student), l));
        op_eval_end(&t);
    }
}

/* ---- the critic ------------------------------------------------------------------------------------------------ */

static void the_critic_learns_and_moves_nobody_else(void **state)
{
    (void)state;
    const kd_case c = { .loss = "adversarial", .gives = LOGITS | MOVING, .o = { .width = 4 } };
    op_test t;
    op_eval_begin(&t);
    const scene s = scene_of(&t, c.gives);
    const fy_kd_in in = in_of(&s);
    fy_kd *k = open_in(&t, &c, &in);
    const fy_node l = fy_kd_critic_loss(t.g, k, &in);
    assert_int_equal(gradient_of(&t, in.student.logits, l), 0);
    assert_int_equal(gradient_of(&t, in.teacher.logits, l), 0);
    assert_int_not_equal(gradient_of(&t, fy_use(t.g, fy_model_param(fy_kd_critic(k), 0)), l), 0);
    op_eval_end(&t);
}

/* An undecided critic: ln 2 for the student, twice that for itself. */
static void an_undecided_critic_costs_ln_2(void **state)
{
    (void)state;
    static const double ln_2 = 0.6931471806, twice = 2 * 0.6931471806;
    static const float nothing[5] = { 0 };
    op_test t;
    op_eval_begin(&t);
    const scene s = scene_of(&t, LOGITS);
    const fy_kd_in in = in_of(&s);
    fy_kd *k = open_in(&t, &(kd_case){ .loss = "adversarial", .o = { .width = 4 } }, &in);
    check_ok(fy_param_write(fy_model_find(fy_kd_critic(k), "fc3.weight"), nothing, 4));
    check_ok(fy_param_write(fy_model_find(fy_kd_critic(k), "fc3.bias"), nothing, 1));
    op_eval_is(&t, fy_kd_apply(t.g, k, &in), &ln_2, 1);
    op_eval_is(&t, fy_kd_critic_loss(t.g, k, &in), &twice, 1);
    op_eval_end(&t);
}

static void only_adversarial_has_a_critic(void **state)
{
    (void)state;
    op_test t;
    op_eval_begin(&t);
    const scene s = scene_of(&t, LOGITS);
    const fy_kd_in in = in_of(&s);
    fy_kd *k = open_in(&t, &(kd_case){ .loss = "soft" }, &in);
    assert_null(fy_kd_critic(k));
    assert_null(fy_kd_adapter(k, 0));
    assert_int_equal(fy_kd_critic_loss(t.g, k, &in).id, 0);
    check_ok(fy_graph_status(t.g));
    op_eval_end(&t);
}

/* ---- refusals -------------------------------------------------------------------------------------------------- */

/* Views that are made wrong. */
static void fewer_classes(op_test *t, fy_kd_in *in)
{
    in->teacher.logits = op_param(t, FY_SHAPE(N, 4), -1, 1);
}

static void other_batch(op_test *t, fy_kd_in *in)
{
    in->teacher.logits = op_param(t, FY_SHAPE(N + 1, 5), -1, 1);
}

static void no_teacher(op_test *t, fy_kd_in *in)
{
    (void)t;
    in->teacher = (fy_kd_view){ 0 };
}

static void one_tap_missing(op_test *t, fy_kd_in *in)
{
    (void)t;
    in->teacher.layers[1] = FY_NO_NODE;
}

static void fewer_layers(op_test *t, fy_kd_in *in)
{
    (void)t;
    in->teacher.n_layers = 1;
}

static void a_vector_for_a_map(op_test *t, fy_kd_in *in)
{
    in->teacher.layers[1] = op_param(t, FY_SHAPE(N, 3), -1, 1);
}

static void two_classes(op_test *t, fy_kd_in *in)
{
    in->student.logits = op_param(t, FY_SHAPE(N, 2), -1, 1);
    in->teacher.logits = op_param(t, FY_SHAPE(N, 2), -1, 1);
}

static void one_layer(op_test *t, fy_kd_in *in)
{
    (void)t;
    in->student.n_layers = in->teacher.n_layers = 1;
}

static void few_rows(op_test *t, fy_kd_in *in)
{
    in->rows = op_param(t, FY_SHAPE(N - 1), 0, 1);
}

static void float_labels(op_test *t, fy_kd_in *in)
{
    in->y = op_param(t, FY_SHAPE(N), 0, 1);
}

/* clang-format off */
static const struct {
    const char *loss;
    unsigned gives;
    void (*spoil)(op_test *t, fy_kd_in *in); /* NULL: nothing */
    double tau;
    fy_status status;
    const char *sentence;
} refusals[] = {
    { "sofd", LOGITS, NULL, -1, FY_EINVAL,
      "there is no distillation loss 'sofd'; did you mean 'soft'?" },
    { "zzzzzzzzzz", LOGITS, NULL, -1, FY_EINVAL,
      "there is no distillation loss 'zzzzzzzzzz'; docs/guide.md lists them" },
    { "soft", LOGITS, fewer_classes, -1, FY_ESHAPE,
      "loss 'soft' of 'kd' compares logits of the same classes, and the student has 5 classes and the teacher 4; "
      "losses on features or layers, such as hint and similarity, do not ask for that" },
    { "soft", LOGITS, other_batch, -1, FY_ESHAPE,
      "loss 'soft' of 'kd': the student's logits are of 6 samples and the teacher's of 7; both must see the same batch" },
    { "soft", LOGITS, no_teacher, -1, FY_EINVAL,
      "loss 'soft' of 'kd' compares logits, and the teacher gives none" },
    { "soft", LOGITS, few_rows, -1, FY_ESHAPE,
      "loss 'soft' of 'kd': the weights of samples must be f32[6], one per sample, not f32[5]" },
    { "soft", LOGITS, float_labels, -1, FY_ESHAPE,
      "loss 'soft' of 'kd': labels must be i32[6], one per sample, not f32[6]" },
    { "soft", LOGITS, NULL, 0, FY_EINVAL,
      "loss 'soft' of 'kd': tau must be above 0 and at most 1000, not 0; a negative number asks for the loss's own" },
    { "hint", LOGITS, NULL, -1, FY_EINVAL,
      "loss 'hint' of 'kd' compares 1 to 4 layers, and 0 are given" },
    { "hint", MAPS, one_tap_missing, -1, FY_EINVAL,
      "loss 'hint' of 'kd' compares values of layer 2, and the teacher gives none" },
    { "hint", MAPS, fewer_layers, -1, FY_EINVAL,
      "loss 'hint' of 'kd': the student gives 2 layers and the teacher 1; the i-th of one is compared with the i-th of "
      "the other" },
    { "similarity", MAPS, a_vector_for_a_map, -1, FY_ESHAPE,
      "loss 'similarity' of 'kd': layer 2 is [6, 6, 2, 3] in the student and [6, 3] in the teacher; tap maps in both or "
      "features in both" },
    { "dkd", LOGITS | LABELS, two_classes, -1, FY_EINVAL,
      "loss 'dkd' of 'kd' compares the classes that are not the label, and with 2 in all there is nothing to compare; "
      "take soft" },
    { "dkd", LOGITS, NULL, -1, FY_EINVAL, "loss 'dkd' of 'kd' needs labels, and none are given" },
    { "fsp", MAPS, NULL, -1, FY_ESHAPE,
      "loss 'fsp' of 'kd' compares products of channels, and layer 1 has 4 in the student and 5 in the teacher; hint, "
      "attention and similarity do not ask for equal numbers" },
    { "fsp", MAPS | ALIKE, one_layer, -1, FY_EINVAL,
      "loss 'fsp' of 'kd' compares 2 to 4 layers, and 1 are given" },
    { "crd", FEATURES | LABELS, NULL, -1, FY_EINVAL,
      "loss 'crd' of 'kd' needs the student's logits beside labels, to know how many classes there are; give them, or "
      "leave the labels out" },
    { "adversarial", FEATURES, NULL, -1, FY_EINVAL,
      "loss 'adversarial' of 'kd' compares logits, and the student gives none" },
    { "attention", MAPS, a_vector_for_a_map, -1, FY_ESHAPE,
      "loss 'attention' of 'kd': the teacher's values of layer 2 must be [n, c, h, w], not [6, 3]" },
};
/* clang-format on */

static void refusals_are_whole_sentences(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(refusals); i++) {
        op_test t;
        fy_kd *k;
        op_eval_begin(&t);
        const scene s = scene_of(&t, refusals[i].gives);
        fy_kd_in in = in_of(&s);
        if (refusals[i].spoil)
            refusals[i].spoil(&t, &in);
        fy_kd_opts o = fy_kd_defaults();
        o.tau = refusals[i].tau;
        check_status(fy_kd_new(refusals[i].loss, "kd", t.g, &in, &o, &k), refusals[i].status);
        assert_null(k);
        assert_string_equal(fy_last_error(), refusals[i].sentence);
        op_eval_end(&t);
    }
}

static void options_are_refused_in_whole_sentences(void **state)
{
    static const struct {
        const char *loss;
        unsigned gives;
        fy_kd_opts o;
        const char *sentence;
    } rows[] = {
        { .loss = "adversarial",
          .gives = FEATURES,
          .o = { .critic_on_features = true },
          .sentence =
              "loss 'adversarial' of 'kd' has one critic for both networks, and the student has 7 "
              "features and the teacher 9; let it look at logits, or take hint" },
        { .loss = "crd",
          .gives = FEATURES,
          .o = { .width = 70000 },
          .sentence = "loss 'crd' of 'kd': width must be 1 to 65536, not 70000; a negative number "
                      "asks for the loss's own" },
        { .loss = "dkd",
          .gives = LOGITS | LABELS,
          .o = { .beta = INFINITY },
          .sentence = "loss 'dkd' of 'kd': beta must be 0 or more and at most 1e+06, not inf; a "
                      "negative number asks for the loss's own" },
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        op_test t;
        fy_kd *k;
        op_eval_begin(&t);
        const scene s = scene_of(&t, rows[i].gives);
        const fy_kd_in in = in_of(&s);
        const fy_kd_opts o = asked(&rows[i].o);
        assert_int_not_equal(fy_kd_new(rows[i].loss, "kd", t.g, &in, &o, &k), FY_OK);
        assert_null(k);
        assert_string_equal(fy_last_error(), rows[i].sentence);
        op_eval_end(&t);
    }
    assert_null(fy_kd_text("nothing"));
    assert_null(fy_kd_needs("nothing"));
    assert_true(isnan(fy_kd_usual_weight("nothing")));
}

static double with_weights(const char *loss, double alpha, double beta)
{
    const kd_case c = { .loss = loss, .gives = LOGITS | LABELS };
    fy_kd_opts o = fy_kd_defaults();
    double v;
    op_test t;
    fy_kd *k;
    op_eval_begin(&t);
    const scene s = scene_of(&t, c.gives);
    const fy_kd_in in = in_of(&s);
    o.alpha = alpha;
    o.beta = beta;
    check_ok(fy_kd_new(loss, "kd", t.g, &in, &o, &k));
    t.on_end = free_kd;
    t.arg = k;
    op_eval_step(&t, "ref", fy_kd_apply(t.g, k, &in), 0, &v, 1);
    op_eval_end(&t);
    return v;
}

static void a_weight_of_0_is_none(void **state)
{
    static const struct {
        const char *loss;
        double alpha, beta; /* its own */
    } rows[] = { { "dkd", 1, 8 }, { "dist", 1, 1 } };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        const char *loss = rows[i].loss;
        const double first = with_weights(loss, rows[i].alpha, 0);
        const double second = with_weights(loss, 0, rows[i].beta);
        const double whole = with_weights(loss, -1, NAN);
        assert_true(with_weights(loss, 0, 0) == 0);
        if (!(first > 0 && second > 0 && fabs(first + second - whole) <= 1e-9 * whole))
            fail_msg("%s: %.9g and %.9g, together %.9g", loss, first, second, whole);
    }
}

/* NaN asks for a loss's own, and a batch of one has no pairs. */
static void one_sample_and_nan_are_fine(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        kd_case c = cases[i];
        c.o.tau = c.o.alpha = c.o.beta = c.o.gamma = NAN;
        op_test t;
        op_eval_begin(&t);
        scene s = scene_of(&t, c.gives);
        s.n = 1;
        const fy_kd_in in = in_of(&s);
        const fy_node l = fy_kd_apply(t.g, open_in(&t, &c, &in), &in);
        check_finite(&t, l.id);
        check_finite(&t, gradient_of(&t, first_of(c.loss, &in.student), l));
        op_eval_end(&t);
    }
}

/* Views that change after fy_kd_new are a mistake of the graph. */
static void apply_looks_again(void **state)
{
    (void)state;
    op_test t;
    op_eval_begin(&t);
    const scene s = scene_of(&t, LOGITS);
    fy_kd_in in = in_of(&s);
    fy_kd *k = open_in(&t, &(kd_case){ .loss = "soft" }, &in);
    fewer_classes(&t, &in);
    assert_int_equal(fy_kd_apply(t.g, k, &in).id, 0);
    check_status(fy_graph_status(t.g), FY_ESHAPE);
    op_eval_end(&t);
}

/* ---- memory, and the documents --------------------------------------------------------------------------------- */

typedef struct attempt {
    const kd_case *c;
    const fy_graph *g;
    const fy_kd_in *in;
} attempt;

static fy_status open_and_free(void *arg)
{
    const attempt *a = arg;
    const fy_kd_opts o = asked(&a->c->o);
    fy_kd *k;
    const fy_status st = fy_kd_new(a->c->loss, "kd", a->g, a->in, &o, &k);
    fy_kd_free(k);
    return st;
}

static void new_survives_failing_allocations(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        op_test t;
        op_eval_begin(&t);
        const scene s = scene_of(&t, cases[i].gives);
        const fy_kd_in in = in_of(&s);
        fyt_check_alloc_failures(open_and_free, &(attempt){ &cases[i], t.g, &in });
        op_eval_end(&t);
    }
}

/* Every loss has a row in docs/guide.md, as its own table says it, and is in the tests above. */
static void the_guide_has_every_loss(void **state)
{
    (void)state;
    char *guide;
    char path[1024];
    snprintf(path, sizeof path, "%s/docs/guide.md", getenv("FERRY_SOURCE"));
    check_ok(fyi_file_read(path, 1 << 20, &guide, &(size_t){ 0 }));
    for (const char *const *l = fy_kd_losses(); *l; l++) {
        fyi_buf row = { 0 };
        fyi_buf_printf(&row, "| `%s` | %s | %s | ", *l, fy_kd_text(*l), fy_kd_needs(*l));
        const double weight = fy_kd_usual_weight(*l);
        fyi_buf_printf(&row, isnan(weight) ? "- |\n" : "%g |\n", weight);
        check_contains(guide, row.p);
        fyi_buf_release(&row);
        size_t i = 0;
        while (i < LEN(cases) && strcmp(cases[i].loss, *l) != 0)
            i++;
        assert_true(i < LEN(cases));
    }
    fyi_free(guide);
}

static const struct {
    const char *what;
    CMUnitTestFunction run;
} kinds[] = {
    { "values", values_equal_reference },
    { "gradient", gradient_equals_differences },
    { "gradient on cpu", gradient_equals_reference },
    { "equals and absent samples", equals_and_absent_samples },
    { "teacher", nothing_reaches_the_teacher },
    { "degenerate batches", degenerate_batches_have_gradients },
};

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(losses_are_pytorchs),
        cmocka_unit_test(soft_is_what_was_worked_out_by_hand),
        cmocka_unit_test(any_temperature_gives_finite_losses),
        cmocka_unit_test(the_critic_has_gradients),
        cmocka_unit_test(the_critic_learns_and_moves_nobody_else),
        cmocka_unit_test(an_undecided_critic_costs_ln_2),
        cmocka_unit_test(only_adversarial_has_a_critic),
        cmocka_unit_test(refusals_are_whole_sentences),
        cmocka_unit_test(options_are_refused_in_whole_sentences),
        cmocka_unit_test(a_weight_of_0_is_none),
        cmocka_unit_test(one_sample_and_nan_are_fine),
        cmocka_unit_test(apply_looks_again),
        cmocka_unit_test(new_survives_failing_allocations),
        cmocka_unit_test(the_guide_has_every_loss),
    };
    static struct CMUnitTest tests[LEN(cases) * LEN(kinds) + LEN(others)];
    static char names[LEN(cases) * LEN(kinds)][80];
    for (size_t i = 0; i < LEN(names); i++) {
        const kd_case *c = &cases[i / LEN(kinds)];
        snprintf(names[i], sizeof names[i], "%s: %s", c->row.name, kinds[i % LEN(kinds)].what);
        tests[i] = (struct CMUnitTest){ names[i], kinds[i % LEN(kinds)].run, NULL, NULL,
                                        (void *)(uintptr_t)c };
    }
    memcpy(tests + LEN(names), others, sizeof others);
    return cmocka_run_group_tests_name("kd_losses", tests, NULL, NULL);
}
