/* carry.c: one step of dann, cdan, mcd or mmd, 64 + 64 images of 28x28 through digits_bn to linear classifiers, a critic of 500:
 * the graph is the one that fy_adapt trains by (src/methods/carry), with what is watched there, and is fed one batch for ever. */
#include "bench.h"

#include "methods/carry/carry.h"

#include <stdio.h>
#include <string.h>

#define BATCH 64
#define CLASSES 10
#define RAMP 0.5f /* the gradient reversal's strength, which grows in a run */

typedef struct lesson {
    fy_adapt_opts o;
    fy_adapt_data data;
    carrying c;
    carry_stage s;
    fy_batch batch[2]; /* of source and target */
} lesson;

/* ---- samples and models ------------------------------------------------------------------------ */

static fy_status open_domain(const char *name, const float *noise, const fy_dataset **out)
{
    fy_tensor *x = NULL, *y = NULL;
    fy_dataset *d = NULL;
    fy_status st;
    FY_TRY(fy_tensor_new(FY_F32, FY_SHAPE(BATCH, 1, 28, 28), &x));
    FY_TRY(fy_tensor_new(FY_I32, FY_SHAPE(BATCH), &y));
    memcpy(fy_tensor_data(x), noise, BATCH * 784 * sizeof *noise);
    for (int32_t i = 0; i < BATCH; i++)
        ((int32_t *)fy_tensor_data(y))[i] = i % CLASSES;
    FY_TRY(fy_dataset_from_tensors(name, x, y, CLASSES, &d));
    *out = d;
done:
    fy_tensor_free(x);
    fy_tensor_free(y);
    return st;
}

static fy_status open_domains(fy_adapt_data *data)
{
    const float *noise = bench_noise(2 * BATCH * 784);
    fy_status st;
    if (!noise)
        return fy_error(FY_ENOMEM, "no memory for noise");
    FY_TRY(open_domain("source", noise, &data->source));
    FY_TRY(open_domain("target", noise + BATCH * 784, &data->target));
done:
    return st;
}

/* Dropout is left out where results are to be compared: masks differ. */
static fy_status open_encoder(const bench *b, const char *family, fy_model **out)
{
    fy_model_opts o;
    fy_status st;
    FY_TRY(fy_model_family_defaults(family, &o));
    o.n_classes = 0;
    if (b->values)
        o.dropout = 0;
    FY_TRY(fy_model_open(family, "encoder", &o, out));
done:
    return st;
}

static fy_status open_critic(carrying *c)
{
    fy_model_opts o = fy_model_defaults();
    o.input = FY_SHAPE(c->method->critic_width(c));
    o.n_classes = 2;
    o.hidden = c->o->critic_hidden;
    return fy_model_open(c->o->critic, "critic", &o, &c->critic);
}

static fy_status open_models(const bench *b, carrying *c)
{
    const char *family = c->o->classifier;
    fy_status st;
    FY_TRY(open_encoder(b, c->o->encoder, &c->encoder));
    const fy_shape features = *fy_model_output(c->encoder);
    FY_TRY(bench_open_model(family, "classifier", features, CLASSES, &c->classifier));
    c->source = c->encoder; /* asked for its shapes alone */
    c->source_classifier = c->classifier;
    if (c->method->moves & CARRY_SECOND)
        FY_TRY(bench_open_model(family, "second", features, CLASSES, &c->second));
    if (c->method->moves & CARRY_CRITIC)
        FY_TRY(open_critic(c));
done:
    return st;
}

/* ---- the step ------------------------------------------------------------------------------------ */

static fy_status build(bench *b, lesson *l)
{
    fy_node watched[FY_MAX_WATCHES];
    fy_status st;
    FY_TRY(carry_build(&l->s));
    for (int i = 0; i < l->s.n_watches; i++)
        watched[i] = l->s.watches[i].node;
    const fy_plan_opts o = { .outputs = watched, .n_outputs = l->s.n_watches };
    fy_graph_free(b->g);
    b->g = l->s.g;
    FY_TRY(bench_plan(b, &o));
    if (l->s.ramp.id)
        FY_TRY(fy_plan_set(b->plan, "ramp", RAMP));
done:
    return st;
}

static fy_status feed(bench *b, lesson *l)
{
    fy_status st = FY_OK;
    for (int i = 0; i < l->s.n_in; i++) {
        FY_TRY(fy_loader_next(l->s.loader[i], &l->batch[i]));
        FY_TRY(fy_plan_feed(b->plan, l->s.in[i].x, l->batch[i].x));
        if (l->s.in[i].y.id)
            FY_TRY(fy_plan_feed(b->plan, l->s.in[i].y, l->batch[i].y));
    }
done:
    return st;
}

/* ---- to be compared -------------------------------------------------------------------------------- */

static fy_status share_models(fy_weights_file *f, const carrying *c)
{
    const fy_model *const all[] = { c->encoder, c->classifier, c->second, c->critic };
    fy_status st = FY_OK;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i])
            FY_TRY(bench_share_named(f, all[i]));
done:
    return st;
}

static fy_status share(const bench *b, const lesson *l)
{
    static const char *const names[] = { "source", "target" };
    fy_weights_file *f = NULL;
    fy_status st = FY_OK;
    if (!b->values)
        return st;
    FY_TRY(fy_weights_create(b->values, &f));
    FY_TRY(share_models(f, &l->c));
    for (int i = 0; i < l->s.n_in; i++)
        FY_TRY(fy_weights_add(f, names[i], FY_F32, &FY_SHAPE(BATCH, 1, 28, 28), l->batch[i].x));
    FY_TRY(fy_weights_add(f, "labels", FY_I32, &FY_SHAPE(BATCH), l->batch[0].y));
    return fy_weights_commit(f);
done:
    fy_weights_abort(f);
    return st;
}

static fy_status put_transfer(const bench *b, const carry_stage *s)
{
    float value;
    int i = 0;
    while (strcmp(s->watches[i].name, "transfer.loss") != 0)
        i++;
    const fy_status st = fy_plan_read(b->plan, s->watches[i].node, &value, 1);
    if (st == FY_OK)
        bench_put_result(b, "_transfer", value);
    return st;
}

/* Of a model's fc1 in the step's last update. Losses hardly tell whether a critic learns, and by which decay. */
static fy_status put_moment(const bench *b, const carry_stage *s, const char *of, const fy_model *m)
{
    char state[96];
    (void)snprintf(state, sizeof state, "%s/%s.fc1.weight.momentum",
                   s->objectives[s->n_objectives - 1].name, fy_model_name(m));
    return bench_put_moment(b, of, state);
}

static fy_status put_results(bench *b)
{
    const lesson *l = b->state;
    fy_status st;
    FY_TRY(bench_put_loss(b, l->s.task));
    FY_TRY(put_transfer(b, &l->s));
    FY_TRY(put_moment(b, &l->s, "_moment", l->c.encoder));
    if (l->c.critic)
        FY_TRY(put_moment(b, &l->s, "_critic_moment", l->c.critic));
done:
    return st;
}

static fy_adapt_opts options(const char *method)
{
    fy_adapt_opts o = fy_adapt_defaults();
    o.method = method;
    o.critic_hidden = 500;
    o.optim = (fy_optim_opts){ .name = "sgd", .lr = 0.01, .momentum = 0.9, .weight_decay = 1e-3 };
    o.batch = BATCH;
    o.workers = 0;
    return o;
}

fy_status begin_carry(bench *b)
{
    static lesson l;
    fy_status st;
    b->state = &l;
    b->step_images = 2 * BATCH;
    b->result = put_results;
    l.o = options(b->workload);
    l.c = (carrying){ .dev = b->dev, .data = &l.data, .o = &l.o };
    l.s = (carry_stage){ .c = &l.c };
    FY_TRY(open_domains(&l.data));
    FY_TRY(carry_method_find(l.o.method, &l.c.method));
    FY_TRY(carry_set_lengths(&l.c));
    FY_TRY(open_models(b, &l.c));
    FY_TRY(build(b, &l));
    FY_TRY(feed(b, &l));
    FY_TRY(share(b, &l));
done:
    return st;
}
