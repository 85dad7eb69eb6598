/* test_domain_losses.c: losses that bring two domains together. Guards every loss's gradient, its agreement with PyTorch
 * (tests/golden/make_domains.py), what they say of extreme batches, and what is refused. */
#include "support/op_eval.h"

#include "graph/graph.h"
#include "methods/adda.h"
#include "methods/carry/carry.h"

#include <ferry/domains.h>

#include <math.h>
#include <string.h>

#define N 6 /* samples of the source */
#define M 5 /* of the target */
#define D 7
#define K 4

/* A multiple of 1/512 in [-1, 1), as in make_domains.py. */
static void draw(float *v, fy_shape s, int salt)
{
    for (int64_t i = 0; i < fy_shape_numel(&s); i++)
        v[i] = (float)(((i + 1) * (i + 7 * salt + 3) * 37 + i * 11 + salt * 101) % 1009) / 512 - 1;
}

static fy_node values(op_test *t, fy_shape s, int salt)
{
    float v[N * D];
    draw(v, s, salt);
    return op_param_of(t, s, v);
}

/* The same numbers, which no difference moves. */
static fy_node held_values(op_test *t, fy_shape s, int salt)
{
    float v[N * D];
    draw(v, s, salt);
    return op_floats(t, s, v);
}

/* What the losses below are given; `x` is that by which the gradient is compared with PyTorch's. */
typedef struct scene {
    fy_node s, t, a, b, c, x;
} scene;

static scene scene_of(op_test *t)
{
    return (scene){ .s = values(t, FY_SHAPE(N, D), 1),
                    .t = values(t, FY_SHAPE(M, D), 2),
                    .a = values(t, FY_SHAPE(N, K), 3),
                    .b = values(t, FY_SHAPE(M, K), 4),
                    .c = values(t, FY_SHAPE(N, K), 5) };
}

typedef struct domain_case {
    op_row row;
    fy_node (*loss)(fy_graph *g, op_test *t, scene *s);
    /* The same with what the paper takes for a constant made of values that no difference moves; NULL: there is none, or none that
     * differences see. `times` it is the gradient's. */
    fy_node (*held)(fy_graph *g, op_test *t, scene *s);
    float times;
} domain_case;

static fy_node build(op_test *t, const void *row)
{
    scene s = scene_of(t);
    return ((const domain_case *)row)->loss(t->g, t, &s);
}

static fy_node build_held(op_test *t, const void *row)
{
    scene s = scene_of(t);
    return ((const domain_case *)row)->held(t->g, t, &s);
}

/* The gradient by x. */
static fy_node build_gradient(op_test *t, const void *row)
{
    scene s = scene_of(t);
    fy_node diff;
    const fy_node loss = ((const domain_case *)row)->loss(t->g, t, &s);
    fy_gradient(t->g, loss, &s.x, 1, &diff);
    return diff;
}

static fy_node build_held_gradient(op_test *t, const void *row)
{
    const domain_case *c = row;
    scene s = scene_of(t);
    fy_node diff;
    const fy_node loss = c->held(t->g, t, &s);
    fy_gradient(t->g, loss, &s.x, 1, &diff);
    return fy_scale(t->g, diff, c->times);
}

#define LOSS(name_, gives, ...)                             \
    static fy_node name_(fy_graph *g, op_test *t, scene *s) \
    {                                                       \
        (void)t;                                            \
        s->x = s->gives;                                    \
        return __VA_ARGS__;                                 \
    }

LOSS(coral, s, fy_coral(g, s->s, s->t))
LOSS(mmd, s, fy_mmd(g, s->s, s->t, FY_NO_NODE))
LOSS(mmd_wide, s, fy_mmd(g, s->s, s->t, fy_fill(g, FY_SCALAR, 3)))
LOSS(lengths, s, fy_mean_all(g, fy_lengths(g, s->s)))
LOSS(multilinear, s, fy_sum_all(g, fy_square(g, fy_multilinear(g, s->s, fy_softmax(g, s->a), 0, 0))))
LOSS(drawn, s, fy_sum_all(g, fy_square(g, fy_multilinear(g, s->s, fy_softmax(g, s->a), 9, 3))))
LOSS(certainty, a, fy_mean_all(g, fy_certainty(g, s->a)))
LOSS(confusion, a, fy_class_confusion(g, s->a, 2.5f, FY_NO_NODE))
LOSS(nuclear_norm, a, fy_nuclear_norm(g, fy_softmax(g, s->a)))
LOSS(discrepancy, a, fy_discrepancy(g, s->a, s->c))
LOSS(information, a, fy_information_loss(g, s->a))

static fy_node joint(fy_graph *g, scene *s, fy_node width)
{
    const fy_joint layers[] = {
        { .source = s->s, .target = s->t, .width = width },
        { .source = fy_softmax(g, s->a),
          .target = fy_softmax(g, s->b),
          .width = fy_fill(g, FY_SCALAR, 1.68f),
          .is_single = true },
    };
    return fy_joint_mmd(g, layers, 2);
}
LOSS(joint_mmd, s, joint(g, s, FY_NO_NODE))
LOSS(joint_wide, s, joint(g, s, fy_fill(g, FY_SCALAR, 3)))

/* The mean squared distance of two samples, sum_ij |z_i - z_j|^2 = 2 n sum |z_i|^2 - 2 |sum z_i|^2. */
static fy_node held_width(fy_graph *g, op_test *t)
{
    static const int samples[] = { 0 };
    const float n = N + M;
    const fy_node z =
        fy_concat2(g, 0, held_values(t, FY_SHAPE(N, D), 1), held_values(t, FY_SHAPE(M, D), 2));
    const fy_node own = fy_scale(g, fy_sum_all(g, fy_square(g, z)), n);
    const fy_node cross = fy_sum_all(g, fy_square(g, fy_sum(g, z, samples, 1, false)));
    return fy_scale(g, fy_sub(g, own, cross), 2 / (n * (n - 1)));
}
LOSS(mmd_held, s, fy_mmd(g, s->s, s->t, held_width(g, t)))
LOSS(joint_held, s, joint(g, s, held_width(g, t)))

/* ---- terms of methods ------------------------------------------------------------------------------------------- */

#define ROWS 5 /* of each domain, where these are one batch */
static const fy_adapt_opts method_opts = {
    .afn_step = 1, .threshold = 0.4, .mcc_temperature = 2.5, .mdd_margin = 4, .batch = ROWS
};

static fy_node first_rows(fy_graph *g, fy_node x)
{
    return fy_slice(g, x, 0, 0, ROWS);
}

static fy_node norms(fy_graph *g, op_test *t, scene *s)
{
    const carrying c = { .o = &method_opts };
    carry_stage stage = { .c = (carrying *)(uintptr_t)&c, .g = g, .fs = s->s, .ft = s->t };
    (void)t;
    s->x = s->s;
    return carry_afn.term(&stage);
}

/* Lengths that are wanted are one more than lengths of before (Xu et al. 2019, equation 8). */
static fy_node longer(fy_graph *g, fy_node x, fy_node before)
{
    return fy_mse(g, fy_lengths(g, x), fy_affine(g, fy_lengths(g, before), 1, 1));
}
LOSS(norms_held, s,
     fy_add(g, longer(g, s->s, held_values(t, FY_SHAPE(N, D), 1)),
            longer(g, s->t, held_values(t, FY_SHAPE(M, D), 2))))

static fy_node masked_of(fy_graph *g, scene *s, fy_node *certain)
{
    const carrying c = { .o = &method_opts };
    carry_stage stage = { .c = (carrying *)(uintptr_t)&c, .g = g, .lt = s->a, .strong = s->c };
    const fy_node term = carry_self_training.term(&stage);
    *certain = stage.watches[0].node;
    s->x = s->c;
    return term;
}

/* Labels and the mask are steps of the weak view: no difference moves them. */
static fy_node masked(fy_graph *g, op_test *t, scene *s)
{
    fy_node certain_share;
    (void)t;
    return masked_of(g, s, &certain_share);
}

static fy_node own_joint(fy_graph *g, op_test *t, scene *s)
{
    carry_stage stage = { .g = g, .fs = s->s, .ft = s->t, .ls = s->a, .lt = s->b };
    (void)t;
    s->x = s->s;
    return carry_jan.term(&stage);
}

static fy_node own_confusion(fy_graph *g, op_test *t, scene *s)
{
    const carrying c = { .o = &method_opts };
    carry_stage stage = { .c = (carrying *)(uintptr_t)&c, .g = g, .lt = s->a };
    (void)t;
    s->x = s->a;
    return carry_mcc.term(&stage);
}

/* Certainty of before, at the temperature (Jin et al. 2020, equation 5). */
static fy_node held_certainty(fy_graph *g, op_test *t)
{
    return fy_certainty(g, fy_scale(g, held_values(t, FY_SHAPE(N, K), 3), 1 / 2.5f));
}
LOSS(own_confusion_held, a, fy_class_confusion(g, s->a, 2.5f, held_certainty(g, t)))

/* ---- behind a reversal ------------------------------------------------------------------------------------------ */

static void free_model(void *m)
{
    fy_model_free(m);
}

/* What judges: width numbers to so many classes. */
static fy_model *judge_of(op_test *t, int64_t width, int64_t classes)
{
    fy_model_opts o = fy_model_defaults();
    fy_model *m = NULL;
    o.input = FY_SHAPE(width);
    o.n_classes = classes;
    o.seed = 3;
    check_ok(fy_model_open("linear", "judge", &o, &m));
    op_lend_model(t, m);
    t->on_end = free_model;
    t->arg = m;
    return m;
}

static fy_node seen(const carrying *c, fy_graph *g, fy_node f, fy_node logits)
{
    (void)c;
    return fy_multilinear(g, f, fy_detach(g, fy_softmax(g, logits)), 0, 0);
}

/* Logits that hang on the features, as a network's do. */
static fy_node logits_of(fy_graph *g, fy_node f)
{
    return fy_slice(g, f, 1, 0, K);
}

static fy_node both(fy_graph *g, const scene *s)
{
    return fy_concat2(g, 0, first_rows(g, s->s), s->t);
}

#define STRENGTH 0.5f /* of the reversal */
/* A method's term by critic, second classifier and what the critic sees that c has. */
static fy_node reversed(fy_graph *g, scene *s, carrying *c)
{
    carry_stage stage = { .c = c, .g = g, .ramp = fy_fill(g, FY_SCALAR, STRENGTH) };
    c->o = &method_opts;
    stage.f = both(g, s);
    stage.logits = logits_of(g, stage.f);
    stage.ls = fy_slice(g, stage.logits, 0, 0, ROWS);
    stage.lt = fy_slice(g, stage.logits, 0, ROWS, ROWS);
    s->x = s->s;
    return c->method->term(&stage);
}

static fy_node by_critic(fy_graph *g, op_test *t, scene *s, const carry_method *of)
{
    carry_method method = *of;
    carrying c = { .method = &method, .critic = judge_of(t, D * K, 2) };
    method.critic_view = seen;
    return reversed(g, s, &c);
}

static fy_node plain_critic(fy_graph *g, op_test *t, scene *s)
{
    carrying c = { .method = &carry_dann, .critic = judge_of(t, D, 2) };
    return reversed(g, s, &c);
}

static fy_node conditional(fy_graph *g, op_test *t, scene *s)
{
    return by_critic(g, t, s, &carry_cdan);
}

static fy_node by_certainty(fy_graph *g, op_test *t, scene *s)
{
    return by_critic(g, t, s, &carry_cdan_e);
}

static fy_node denied(fy_graph *g, op_test *t, scene *s)
{
    carrying c = { .method = &carry_mdd, .second = judge_of(t, D, K) };
    return reversed(g, s, &c);
}

/* The critic's cross-entropy of each row of x. */
static fy_node each_held(fy_graph *g, op_test *t, scene *s, fy_node x)
{
    static const int32_t domain[2 * ROWS] = { 0, 0, 0, 0, 0, 1, 1, 1, 1, 1 };
    fy_model *critic = judge_of(t, fy_node_shape(g, x).d[1], 2);
    s->x = s->s;
    return fy_cross_entropy(g, fy_model_apply(g, critic, x, FY_TRAIN), op_ints(t, 2 * ROWS, domain));
}

static fy_node plain_critic_held(fy_graph *g, op_test *t, scene *s)
{
    return fy_mean_all(g, each_held(g, t, s, both(g, s)));
}

/* Logits of before, of either domain. */
static fy_node held_logits(fy_graph *g, op_test *t, bool of_target)
{
    return logits_of(g, of_target ? held_values(t, FY_SHAPE(M, D), 2)
                                  : first_rows(g, held_values(t, FY_SHAPE(N, D), 1)));
}

static fy_node held_view(fy_graph *g, op_test *t, const scene *s)
{
    const fy_node logits = fy_concat2(g, 0, held_logits(g, t, false), held_logits(g, t, true));
    return fy_multilinear(g, both(g, s), fy_softmax(g, logits), 0, 0);
}

static fy_node conditional_held(fy_graph *g, op_test *t, scene *s)
{
    return fy_mean_all(g, each_held(g, t, s, held_view(g, t, s)));
}

/* Shares of a domain: 1 + exp(-H) over their sum (Long et al. 2018, section 3.3). */
static fy_node held_shares(fy_graph *g, fy_node logits)
{
    const fy_node w = fy_certainty(g, logits);
    return fy_div(g, w, fy_scale(g, fy_sum_all(g, w), 2)); /* both domains together: 1 */
}

static fy_node by_certainty_held(fy_graph *g, op_test *t, scene *s)
{
    const fy_node each = each_held(g, t, s, held_view(g, t, s));
    const fy_node w = fy_concat2(g, 0, held_shares(g, held_logits(g, t, false)),
                                 held_shares(g, held_logits(g, t, true)));
    return fy_sum_all(g, fy_mul(g, each, w));
}

/* The classes that are agreed with or denied are those of before (Zhang et al. 2019, section 5.2). */
static fy_node denied_held(fy_graph *g, op_test *t, scene *s)
{
    const fy_node said = fy_model_apply(g, judge_of(t, D, K), both(g, s), FY_TRAIN);
    s->x = s->s;
    return fy_margin_disparity(
        g, fy_slice(g, said, 0, 0, ROWS), fy_argmax(g, held_logits(g, t, false)),
        fy_slice(g, said, 0, ROWS, ROWS), fy_argmax(g, held_logits(g, t, true)), 4);
}

/* ---- objectives of several networks ------------------------------------------------------------------------------ */

static void free_all(void *models)
{
    for (fy_model **m = models; *m; m++)
        fy_model_free(*m);
}

/* One of width numbers to so many classes. */
typedef struct network {
    const char *name;
    int64_t width, classes;
} network;

#define MAX_NETWORKS 5
/* So many, of which the last is looked at; until the test ends. */
static fy_model **networks_of(op_test *t, const network *of, int n)
{
    static fy_model *m[MAX_NETWORKS + 1];
    fy_model_opts o = fy_model_defaults();
    o.seed = 3;
    memset(m, 0, sizeof m);
    for (int i = 0; i < n; i++) {
        o.input = FY_SHAPE(of[i].width);
        o.n_classes = of[i].classes;
        check_ok(fy_model_open("linear", of[i].name, &o, &m[i]));
    }
    op_lend_model(t, m[n - 1]);
    t->on_end = free_all;
    t->arg = m;
    return m;
}

static fy_model **three_of(op_test *t)
{
    static const network of[] = { { "encoder", D, K }, { "classifier", D, K }, { "judge", D, K } };
    return networks_of(t, of, 3);
}

/* What they would move is no part of the test. */
static void forget_objectives(fy_graph *g)
{
    while (g->n_objectives > 0) {
        const fyi_objective *o = &g->objectives[--g->n_objectives];
        fyi_free(o->moves);
        fyi_free((void *)o->groups);
        fyi_free(o->lr);
    }
}

/* The loss of one of mcd's objectives, and the graph without them. */
static fy_node loss_of_mcd(fy_graph *g, op_test *t, scene *s, size_t which)
{
    static const int32_t y[ROWS] = { 0, 1, 2, 3, 0 };
    fy_adapt_opts o = fy_adapt_defaults();
    fy_model **m = three_of(t);
    carrying c = { .o = &o, .trade_off = 2, .encoder = m[0], .classifier = m[1], .second = m[2] };
    carry_stage stage = { .c = &c, .g = g, .f = both(g, s) };
    o.batch = ROWS;
    stage.logits = logits_of(g, stage.f);
    stage.ls = fy_slice(g, stage.logits, 0, 0, ROWS);
    stage.lt = fy_slice(g, stage.logits, 0, ROWS, ROWS);
    stage.in[0].y = op_ints(t, ROWS, y);
    stage.task = fy_mean_all(g, fy_cross_entropy(g, stage.ls, stage.in[0].y));
    carry_mcd.build(&stage);
    assert_true(stage.n_objectives == 2 + o.mcd_steps && (size_t)stage.n_objectives > which);
    s->x = which > 0 ? s->t : s->s; /* where classifiers come apart */
    const fy_node loss = { g->objectives[which].loss };
    forget_objectives(g);
    return loss;
}

/* CE_s of both classifiers, and twice their mean absolute difference on the target (Saito et al. 2018, equations 2 to 4). */
static fy_node parts_of_mcd(fy_graph *g, op_test *t, scene *s, float task, float apart)
{
    static const int32_t y[ROWS] = { 0, 1, 2, 3, 0 };
    const fy_node f = both(g, s),
                  l[2] = { logits_of(g, f), fy_model_apply(g, three_of(t)[2], f, FY_TRAIN) };
    fy_node p[2], ce[2];
    for (int i = 0; i < 2; i++) {
        p[i] = fy_softmax(g, fy_slice(g, l[i], 0, ROWS, ROWS));
        ce[i] =
            fy_mean_all(g, fy_cross_entropy(g, fy_slice(g, l[i], 0, 0, ROWS), op_ints(t, ROWS, y)));
    }
    s->x = apart != 0 ? s->t : s->s;
    return fy_add(g, fy_scale(g, fy_add(g, ce[0], ce[1]), task),
                  fy_scale(g, fy_mean_all(g, fy_abs(g, fy_sub(g, p[0], p[1]))), 2 * apart));
}

#define MCD(name_, which, task, apart)                             \
    static fy_node name_(fy_graph *g, op_test *t, scene *s)        \
    {                                                              \
        return loss_of_mcd(g, t, s, which);                        \
    }                                                              \
    static fy_node name_##_held(fy_graph *g, op_test *t, scene *s) \
    {                                                              \
        return parts_of_mcd(g, t, s, task, apart);                 \
    }
MCD(mcd_task, 0, 1, 0)
MCD(mcd_apart, 1, 1, -1)
MCD(mcd_together, 2, 0, 1)

#define W 3 /* features that ADDA's critic sees beside classes */
static const int32_t clusters[ROWS] = { 3, 1, 0, 2, 1 };
static const fy_adda_opts adda_opts = { .batch = ROWS,
                                        .conditional = true,
                                        .critic_optim = { .name = "sgd", .lr = 1 },
                                        .target_optim = { .name = "sgd", .lr = 1 },
                                        .adversarial_weight = 0.5,
                                        .pseudo_weight = 2 };

static adda adda_of(op_test *t)
{
    static const network of[] = { { "source", D, W },
                                  { "classifier", W, K },
                                  { "target", D, W },
                                  { "target_classifier", W, K },
                                  { "critic", W * K, 2 } };
    fy_model **m = networks_of(t, of, 5);
    return (adda){ .o = &adda_opts,
                   .source = m[0],
                   .classifier = m[1],
                   .target = m[2],
                   .target_classifier = m[3],
                   .critic = m[4] };
}

/* The losses of both its objectives, and the graph without them. */
static crossing losses_of_adda(fy_graph *g, op_test *t, const scene *s)
{
    const adda a = adda_of(t);
    crossing c = { .xs = first_rows(g, s->s), .xt = s->t, .pseudo = op_ints(t, ROWS, clusters) };
    check_ok(adda_build_crossing(&a, g, &c));
    forget_objectives(g);
    return c;
}
LOSS(adda_critic, s, losses_of_adda(g, t, s).critic_loss)
LOSS(adda_target, t, losses_of_adda(g, t, s).target_loss)

/* Cross-entropy of the critic's word for features f times classes of before, where `is_target` is what it should say. */
static fy_node called(fy_graph *g, const adda *a, fy_node f, fy_node logits, int32_t is_target,
                      op_test *t)
{
    const int32_t y[ROWS] = { is_target, is_target, is_target, is_target, is_target };
    const fy_node p = fy_softmax(g, logits);
    fy_node copies[K];
    for (int k = 0; k < K; k++)
        copies[k] = fy_mul(g, f, fy_slice(g, p, 1, k, 1));
    const fy_node word = fy_model_apply(g, a->critic, fy_concat(g, 1, copies, K), FY_TRAIN);
    return fy_mean_all(g, fy_cross_entropy(g, word, op_ints(t, ROWS, y)));
}

/* Classes of a domain's samples of before. */
static fy_node classes_before(fy_graph *g, fy_model *encoder, fy_model *classifier, fy_node x)
{
    return fy_model_apply(g, classifier, fy_model_apply(g, encoder, x, FY_EVAL), FY_EVAL);
}

/* CE(D(h_s), 0)/2 + CE(D(h_t), 1)/2: the target's samples are what they were (Tzeng et al. 2017, equation 9). */
static fy_node adda_critic_held(fy_graph *g, op_test *t, scene *s)
{
    const adda a = adda_of(t);
    const fy_node xs = first_rows(g, held_values(t, FY_SHAPE(N, D), 1)),
                  xt = held_values(t, FY_SHAPE(M, D), 2);
    const fy_node fs = fy_model_apply(g, a.source, first_rows(g, s->s), FY_EVAL),
                  ft = fy_model_apply(g, a.target, xt, FY_EVAL);
    s->x = s->s;
    return fy_scale(
        g,
        fy_add(g, called(g, &a, fs, classes_before(g, a.source, a.classifier, xs), 0, t),
               called(g, &a, ft, classes_before(g, a.target, a.target_classifier, xt), 1, t)),
        0.5f);
}

/* w_a CE(D(h_t), 0) + w_p CE(C(M_T(x_t)), a). */
static fy_node adda_target_held(fy_graph *g, op_test *t, scene *s)
{
    const adda a = adda_of(t);
    const fy_node before =
        classes_before(g, a.target, a.target_classifier, held_values(t, FY_SHAPE(M, D), 2));
    const fy_node f = fy_model_apply(g, a.target, s->t, FY_TRAIN);
    const fy_node logits = fy_model_apply(g, a.target_classifier, f, FY_TRAIN);
    const fy_node task = fy_mean_all(g, fy_cross_entropy(g, logits, op_ints(t, ROWS, clusters)));
    s->x = s->t;
    return fy_add(g, fy_scale(g, called(g, &a, f, before, 0, t), 0.5f), fy_scale(g, task, 2));
}

static fy_node confusion_rows(fy_graph *g, op_test *t, scene *s)
{
    static const float w[N] = { 1, 0.5f, 0, 0.25f, 1, 2 };
    s->x = s->a;
    return fy_class_confusion(g, s->a, 2.5f, op_floats(t, FY_SHAPE(N), w));
}

static fy_node margin(fy_graph *g, op_test *t, scene *s)
{
    static const int32_t y[N] = { 0, 1, 2, 3, 0, 1 };
    s->x = s->a;
    return fy_margin_disparity(g, s->a, op_ints(t, N, y), s->b, op_ints(t, M, y), 4);
}

#define CASE(name_, why_, loss_)                             \
    {                                                        \
        .row = { name_, why_, build, 2e-5 }, .loss = (loss_) \
    }
#define HELD(name_, why_, loss_, held_, times_)                                                \
    {                                                                                          \
        .row = { name_, why_, build, 2e-5 }, .loss = (loss_), .held = (held_), .times = times_ \
    }
/* clang-format off */
static const domain_case cases[] = {
    CASE("coral", "covariances of unlike counts", coral),
    HELD("mmd", "a width of the batch's own", mmd, mmd_held, 1),
    CASE("mmd, wide", "a width that is given", mmd_wide),
    HELD("joint_mmd", "two layers", joint_mmd, joint_held, 1),
    CASE("joint_mmd, wide", "a width that is given", joint_wide),
    CASE("lengths", "rows", lengths),
    CASE("multilinear", "every pair", multilinear),
    CASE("multilinear, drawn", "random projections", drawn),
    CASE("certainty", "entropy in an exponent", certainty),
    CASE("class_confusion", "all samples alike", confusion),
    CASE("class_confusion, rows", "weights of samples", confusion_rows),
    CASE("nuclear_norm", "U V^T", nuclear_norm),
    CASE("discrepancy", "both classifiers", discrepancy),
    CASE("information", "both entropies", information),
    CASE("margin_disparity", "agreement and denial", margin),
    HELD("afn", "lengths of before are constants", norms, norms_held, 1),
    CASE("self_training", "some rows count, and none by the weak view", masked),
    HELD("mcd, task", "both classifiers learn", mcd_task, mcd_task_held, 1),
    HELD("mcd, apart", "and disagree on the target", mcd_apart, mcd_apart_held, 1),
    HELD("mcd, together", "the encoder leaves where they do", mcd_together, mcd_together_held, 1),
    HELD("jan", "its own width of predictions", own_joint, joint_held, 1),
    HELD("mcc", "how certain rows are is a constant", own_confusion, own_confusion_held, 1),
    HELD("dann", "features learn the other way", plain_critic, plain_critic_held, -STRENGTH),
    HELD("cdan", "predictions are constants, features learn the other way", conditional, conditional_held, -STRENGTH),
    HELD("mdd", "classes are constants, features learn the other way, a tenth as fast", denied, denied_held, -STRENGTH / 10),
    HELD("adda, critic", "the target's features and all predictions are constants", adda_critic, adda_critic_held, 1),
    HELD("adda, target", "calls itself the source, and its clusters", adda_target, adda_target_held, 1),
    HELD("cdan_e", "weights and predictions are constants, features learn the other way", by_certainty, by_certainty_held, -STRENGTH),
};
/* clang-format on */

static void values_equal_reference(void **state)
{
    const domain_case *c = *state;
    op_check_forward(c->row.build, c, "cpu", c->row.rtol);
}

static void gradient_equals_differences(void **state)
{
    const domain_case *c = *state;
    op_check_gradient(c->held ? build_held : build, c);
    if (c->held)
        op_check_same(build_gradient, build_held_gradient, c, "cpu", 1e-4);
}

static void gradient_equals_reference(void **state)
{
    const domain_case *c = *state;
    op_check_gradient_on(c->row.build, c, "cpu", c->row.rtol);
}

/* ---- PyTorch ---------------------------------------------------------------------------------------------------- */

static const struct golden {
    const char *name;
    double value, norm;
} goldens[] = {
#include "../golden/domains.inc"
};

static const domain_case *case_of(const char *name)
{
    for (size_t i = 0; i < LEN(cases); i++)
        if (strcmp(cases[i].row.name, name) == 0)
            return &cases[i];
    fail_msg("no case '%s'", name);
    return NULL;
}

static double norm_of_gradient(op_test *t, const char *device, fy_node loss, fy_node x)
{
    double v[N * D], sum = 0;
    fy_node diff;
    const fy_shape s = fy_node_shape(t->g, x);
    fy_gradient(t->g, loss, &x, 1, &diff);
    op_eval_step(t, device, diff, 0, v, fy_shape_numel(&s));
    for (int64_t i = 0; i < fy_shape_numel(&s); i++)
        sum += v[i] * v[i];
    return sqrt(sum);
}

static void compare_golden(const struct golden *c, const char *device, double rtol)
{
    op_test t;
    double value;
    op_eval_begin(&t);
    scene s = scene_of(&t);
    const fy_node loss = case_of(c->name)->loss(t.g, &t, &s);
    const double norm = norm_of_gradient(&t, device, loss, s.x);
    op_eval_step(&t, device, loss, 0, &value, 1);
    print_message("%s on %s\n", c->name, device);
    check_close_f64(&value, &c->value, 1, rtol, 1e-9);
    check_close_f64(&norm, &c->norm, 1, rtol, 1e-9);
    op_eval_end(&t);
}

static void losses_are_pytorchs(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(goldens); i++) {
        compare_golden(&goldens[i], "ref", 1e-6);
        compare_golden(&goldens[i], "cpu", 2e-4);
    }
}

/* ---- batches that say nothing, or everything ---------------------------------------------------------------------- */

/* Logits whose rows are `certain` for class first + i % n, and 0 else. */
static fy_node certain(op_test *t, float size, int first, int n)
{
    float v[N * K] = { 0 };
    for (int i = 0; i < N; i++)
        v[i * K + first + i % n] = size;
    return op_param_of(t, FY_SHAPE(N, K), v);
}

static fy_node perfect(op_test *t)
{
    return certain(t, 50, 0, 3);
}
static fy_node collapsed(op_test *t)
{
    return certain(t, 50, 1, 1);
}
static fy_node guess(op_test *t)
{
    return certain(t, 0, 0, 1);
}

static fy_node information_of(fy_graph *g, fy_node x)
{
    return fy_information_loss(g, x);
}
static fy_node confusion_of(fy_graph *g, fy_node x)
{
    return fy_class_confusion(g, x, 1, FY_NO_NODE);
}
static fy_node nuclear_of(fy_graph *g, fy_node x)
{
    return fy_nuclear_norm(g, fy_softmax(g, x));
}
static fy_node discrepancy_of(fy_graph *g, fy_node x)
{
    return fy_discrepancy(g, x, x);
}

/* Two samples of each of three classes, all of one class, and no idea; by hand. */
static void extreme_predictions(void **state)
{
    static const struct {
        fy_node (*loss)(fy_graph *g, fy_node x);
        fy_node (*of)(op_test *t);
        double value;
    } rows[] = {
        { information_of, perfect, -1.0986122886681098 }, /* -log 3 */
        { information_of, collapsed, 0 },
        { information_of, guess, 0 },
        { confusion_of, perfect, 0.25 }, /* the class that nobody has is confused with all */
        { confusion_of, guess, 0.75 },
        { nuclear_of, perfect, 4.242640687119285 },   /* 3 sqrt 2 */
        { nuclear_of, collapsed, 2.449489742783178 }, /* sqrt 6 */
        { nuclear_of, guess, 1.224744871391589 },     /* sqrt 6 / 2 */
        { discrepancy_of, perfect, 0 },
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        op_test t;
        double v;
        op_eval_begin(&t);
        const fy_node x = rows[i].of(&t), loss = rows[i].loss(t.g, x);
        op_eval_step(&t, "cpu", loss, 0, &v, 1);
        if (!(fabs(v - rows[i].value) < 1e-5))
            fail_msg("row %zu: %.9g, expected %.9g", i, v, rows[i].value);
        assert_true(isfinite(norm_of_gradient(&t, "cpu", loss, x)));
        op_eval_end(&t);
    }
}

/* Samples that are all the same have no distance, no length and no covariance, but finite gradients. */
static void equal_samples_have_gradients(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        op_test t;
        double v;
        static const float zeros[N * D];
        op_eval_begin(&t);
        const fy_node x = op_param_of(&t, FY_SHAPE(N, D), zeros);
        const fy_node loss = i == 0   ? fy_coral(t.g, x, x)
                             : i == 1 ? fy_mmd(t.g, x, x, FY_NO_NODE)
                                      : fy_mean_all(t.g, fy_lengths(t.g, x));
        op_eval_step(&t, "cpu", loss, 0, &v, 1);
        assert_true(fabs(v) < 1e-6);
        assert_true(isfinite(norm_of_gradient(&t, "cpu", loss, x)));
        op_eval_end(&t);
    }
}

/* Products of random projections are those of outer products in the mean. */
static void projections_keep_products(void **state)
{
    (void)state;
    double whole[N * D * K], drawn_values[N * 4096];
    op_test t;
    op_eval_begin(&t);
    const scene s = scene_of(&t);
    const fy_node p = fy_softmax(t.g, s.a);
    op_eval_step(&t, "cpu", fy_multilinear(t.g, s.s, p, 0, 0), 0, whole, LEN(whole));
    op_eval_step(&t, "cpu", fy_multilinear(t.g, s.s, p, 4096, 1), 0, drawn_values,
                 LEN(drawn_values));
    double exact = 0, about = 0;
    for (int i = 0; i < D * K; i++)
        exact += whole[i] * whole[i];
    for (int i = 0; i < 4096; i++)
        about += drawn_values[i] * drawn_values[i];
    assert_true(fabs(about / exact - 1) < 0.15);
    op_eval_end(&t);
}

/* ---- refusals ------------------------------------------------------------------------------------------------------ */

static fy_node unlike(op_test *t, const void *row)
{
    (void)row;
    const scene s = scene_of(t);
    return fy_coral(t->g, s.s, s.b);
}

static fy_node too_many_layers(op_test *t, const void *row)
{
    (void)row;
    return fy_joint_mmd(t->g, NULL, 5);
}

static fy_node other_rows(op_test *t, const void *row)
{
    (void)row;
    const scene s = scene_of(t);
    return fy_multilinear(t->g, s.s, s.b, 0, 0);
}

static void refusals_are_sentences(void **state)
{
    (void)state;
    op_check_mistake(unlike, NULL, FY_ESHAPE,
                     "coral: values are [6, 7] and [5, 4]; expected [n, d] of the source and "
                     "[m, d] of the target");
    op_check_mistake(too_many_layers, NULL, FY_EINVAL, "joint_mmd: 5 layers; expected 1 to 4");
    op_check_mistake(other_rows, NULL, FY_ESHAPE,
                     "multilinear: values are [6, 7] and [5, 4]; expected [n, k], and as many "
                     "rows of what goes with it");
}

/* Else the row above would check no mask. */
static void some_samples_are_certain(void **state)
{
    op_test t;
    double share;
    fy_node is_certain;
    (void)state;
    op_eval_begin(&t);
    scene s = scene_of(&t);
    (void)masked_of(t.g, &s, &is_certain);
    op_eval_step(&t, "cpu", is_certain, 0, &share, 1);
    assert_true(share > 0.1 && share < 0.9);
    op_eval_end(&t);
}

static const CMUnitTestFunction kinds[] = { values_equal_reference, gradient_equals_differences,
                                            gradient_equals_reference };
static const char *const kind_names[] = { "values", "gradient", "gradient on cpu" };

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(losses_are_pytorchs),          cmocka_unit_test(extreme_predictions),
        cmocka_unit_test(equal_samples_have_gradients), cmocka_unit_test(projections_keep_products),
        cmocka_unit_test(refusals_are_sentences),       cmocka_unit_test(some_samples_are_certain),
    };
    static struct CMUnitTest tests[LEN(cases) * LEN(kinds) + LEN(others)];
    static char names[LEN(cases) * LEN(kinds)][80];
    for (size_t i = 0; i < LEN(names); i++) {
        const domain_case *c = &cases[i / LEN(kinds)];
        snprintf(names[i], sizeof names[i], "%s: %s", c->row.name, kind_names[i % LEN(kinds)]);
        tests[i] = (struct CMUnitTest){ names[i], kinds[i % LEN(kinds)], NULL, NULL,
                                        (void *)(uintptr_t)c };
    }
    memcpy(tests + LEN(names), others, sizeof others);
    return cmocka_run_group_tests_name("domain_losses", tests, NULL, NULL);
}
