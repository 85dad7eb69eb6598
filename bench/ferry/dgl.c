/* dgl.c: two modalities, pictures of 28x28 and spectrograms of 64x64, 64 samples: one Adam step of three ways to learn from them
 * (include/ferry/fuse.h), with a conv4 to 64 features for each and the features side by side. The graphs are those of src/methods/fuse,
 * without what is watched there.
 *
 *   joint        CE(f(z_1, z_2), y) moves everything
 *   dgl          CE(f(sg z_1, sg z_2), y) moves the fusion, CE(f(z_m alone), y) encoder m
 *   dgl-unique   beside it -mean log q_m[y] moves the expert E_m, c_m, and encoder m times beta:
 *                q_m = softmax(E_m z_m + c_m + log o_m), o_m = 0.9 softmax(s_{-m} / T) + 0.1 / K without gradient */
#include "bench.h"

#include <string.h>

#define PARTS 2
#define BATCH 64
#define CLASSES 10
#define FEATURES 64
#define BETA 0.5f
#define TEMPERATURE 2.0f
#define EPSILON 0.1f

static const struct part {
    const char *name, *expert;
    int64_t side;
} parts[PARTS] = { { "image", "image_expert", 28 }, { "sound", "sound_expert", 64 } };

typedef struct lesson {
    fy_model *encoder[PARTS], *expert[PARTS], *fusion; /* expert NULL: there is none */
    fy_node x[PARTS];                                  /* [BATCH, 1, side, side] */
    fy_node z[PARTS];                                  /* [BATCH, FEATURES] */
    fy_node y, loss;
} lesson;

/* ---- models and what goes in ------------------------------------------------------------------- */

/* Dropout is left out where results are to be compared: masks differ. */
static fy_status open_encoder(const bench *b, const struct part *p, fy_model **m)
{
    fy_model_opts o;
    fy_status st;
    FY_TRY(fy_model_family_defaults("conv4", &o));
    o.input = FY_SHAPE(1, p->side, p->side);
    o.n_classes = FEATURES;
    if (b->values)
        o.dropout = 0;
    FY_TRY(fy_model_open("conv4", p->name, &o, m));
done:
    return st;
}

static fy_status open_models(const bench *b, bool has_experts, lesson *l)
{
    fy_status st;
    for (int m = 0; m < PARTS; m++) {
        FY_TRY(open_encoder(b, &parts[m], &l->encoder[m]));
        if (has_experts)
            FY_TRY(bench_open_model("linear", parts[m].expert, FY_SHAPE(FEATURES), CLASSES,
                                    &l->expert[m]));
    }
    FY_TRY(bench_open_model("fusion_concat", "fusion", FY_SHAPE(PARTS, FEATURES + 1), CLASSES,
                            &l->fusion));
done:
    return st;
}

static fy_shape shape_of(const struct part *p)
{
    return FY_SHAPE(BATCH, 1, p->side, p->side);
}

static fy_status share_part(fy_weights_file *f, const lesson *l, int m, const float *x)
{
    const fy_shape shape = shape_of(&parts[m]);
    fy_status st;
    FY_TRY(bench_share_named(f, l->encoder[m]));
    if (l->expert[m])
        FY_TRY(bench_share_named(f, l->expert[m]));
    FY_TRY(fy_weights_add(f, parts[m].name, FY_F32, &shape, x));
done:
    return st;
}

static fy_status share(const bench *b, const lesson *l, float *const x[PARTS])
{
    fy_weights_file *f = NULL;
    fy_status st = FY_OK;
    if (!b->values)
        return st;
    FY_TRY(fy_weights_create(b->values, &f));
    for (int m = 0; m < PARTS; m++)
        FY_TRY(share_part(f, l, m, x[m]));
    FY_TRY(bench_share_named(f, l->fusion));
    return fy_weights_commit(f);
done:
    fy_weights_abort(f);
    return st;
}

/* ---- what is learned ---------------------------------------------------------------------------- */

static fy_node cross_entropy(fy_graph *g, const lesson *l, fy_node logits)
{
    return fy_mean_all(g, fy_cross_entropy(g, logits, l->y));
}

static fy_node joint_loss(fy_graph *g, const lesson *l, const fy_node *z)
{
    const fy_node together = fy_parts_together(g, z, NULL, PARTS);
    return cross_entropy(g, l, fy_model_apply(g, l->fusion, together, FY_TRAIN));
}

/* The logits of part m alone, through a fusion that stays where it is. */
static fy_node alone(fy_graph *g, const lesson *l, int m)
{
    fy_node z[PARTS], there[PARTS];
    for (int k = 0; k < PARTS; k++) {
        z[k] = k == m ? l->z[k] : fy_fill(g, FY_SHAPE(BATCH, FEATURES), 0);
        there[k] = fy_fill(g, FY_SHAPE(BATCH, 1), k == m);
    }
    return fy_model_apply_fixed(g, l->fusion, fy_parts_together(g, z, there, PARTS));
}

/* others: the logits without part m, which of two parts are those of the other one alone. */
static fy_node unique_loss(fy_graph *g, const lesson *l, int m, fy_node others)
{
    const fy_node o = fy_softmax(g, fy_scale(g, fy_detach(g, others), 1 / TEMPERATURE));
    const fy_node known = fy_log(g, fy_affine(g, o, 1 - EPSILON, EPSILON / CLASSES));
    const fy_node z = fy_grad_reverse(g, l->z[m], fy_fill(g, FY_SCALAR, -BETA));
    return cross_entropy(g, l, fy_add(g, fy_model_apply(g, l->expert[m], z, FY_TRAIN), known));
}

static fy_node disentangled_loss(fy_graph *g, const lesson *l)
{
    fy_node apart[PARTS], said[PARTS];
    for (int m = 0; m < PARTS; m++) {
        apart[m] = fy_detach(g, l->z[m]);
        said[m] = alone(g, l, m);
    }
    fy_node loss = joint_loss(g, l, apart);
    for (int m = 0; m < PARTS; m++) {
        loss = fy_add(g, loss, cross_entropy(g, l, said[m]));
        if (l->expert[m])
            loss = fy_add(g, loss, unique_loss(g, l, m, said[PARTS - 1 - m]));
    }
    return loss;
}

static void add_objective(fy_graph *g, const lesson *l)
{
    const fy_optim adam = fy_adam(1e-3f);
    const fy_objective task = fy_objective_add(g, "task", l->loss, &adam);
    fy_objective_moves_model(g, task, l->fusion, "*", NULL);
    for (int m = 0; m < PARTS; m++) {
        fy_objective_moves_model(g, task, l->encoder[m], "*", NULL);
        if (l->expert[m])
            fy_objective_moves_model(g, task, l->expert[m], "*", NULL);
    }
}

static void define(bench *b, lesson *l)
{
    fy_graph *g = b->g;
    for (int m = 0; m < PARTS; m++) {
        l->x[m] = fy_input(g, parts[m].name, FY_F32, shape_of(&parts[m]));
        l->z[m] = fy_model_apply(g, l->encoder[m], l->x[m], FY_TRAIN);
    }
    l->y = bench_spread(g, BATCH, CLASSES);
    l->loss = strcmp(b->workload, "joint") == 0 ? joint_loss(g, l, l->z) : disentangled_loss(g, l);
    add_objective(g, l);
}

/* ---- to be compared ------------------------------------------------------------------------------- */

static fy_status put_results(bench *b)
{
    const lesson *l = b->state;
    fy_status st;
    FY_TRY(bench_put_loss(b, l->loss));
    /* Losses hardly tell what else reached the fusion, since Adam's steps are all of one size. */
    FY_TRY(bench_put_moment(b, "_moment", "task/fusion.head.weight.exp_avg"));
done:
    return st;
}

fy_status begin_dgl(bench *b)
{
    static lesson l;
    float *x[PARTS];
    fy_status st;
    b->state = &l;
    b->step_images = BATCH;
    b->result = put_results;
    for (int m = 0; m < PARTS; m++)
        if (!(x[m] = bench_noise(BATCH * parts[m].side * parts[m].side)))
            return fy_error(FY_ENOMEM, "no memory for a batch");
    FY_TRY(open_models(b, strcmp(b->workload, "dgl-unique") == 0, &l));
    define(b, &l);
    FY_TRY(share(b, &l, x));
    FY_TRY(bench_plan(b, NULL));
    for (int m = 0; m < PARTS; m++)
        FY_TRY(fy_plan_feed(b->plan, l.x[m], x[m]));
done:
    return st;
}
