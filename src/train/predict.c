/* predict.c: a chain of models in evaluation mode over a whole dataset, batch by batch. */
#include "graph/frozen.h"
#include "train/train.h"

#include <string.h>

#define MAX_CHAIN 8

/* The frozen part's values for one dataset. */
typedef struct known {
    char view[65]; /* fy_dataset_view_hash */
    fyi_cache cache;
} known;

struct fy_predictor {
    fy_device *dev;
    fy_graph *g;
    fy_plan *plan;
    fy_node cut[FY_MAX_TABLES]; /* fed from `known` instead of computed */
    int n_cut;
    known known[FY_PREDICTOR_KEEPS];
    int oldest;
    fy_node x, out[MAX_CHAIN];
    fy_shape sample;            /* of the input */
    fy_shape result[MAX_CHAIN]; /* of one sample */
    int n;
    int64_t batch;
    int64_t *index;         /* [batch] scratch */
    float *rows[MAX_CHAIN]; /* [batch, result...] scratch */
};

void fy_predictor_free(fy_predictor *p)
{
    if (!p)
        return;
    fy_plan_free(p->plan);
    fy_graph_free(p->g);
    for (int i = 0; i < FY_PREDICTOR_KEEPS; i++)
        fyi_cache_release(&p->known[i].cache);
    for (int i = 0; i < p->n; i++)
        fyi_free(p->rows[i]);
    fyi_free(p->index);
    fyi_free(p);
}

/* Where the part ends that depends on no parameter in `moves`: an objective that nothing runs names them. */
static fy_status find_cut(fy_predictor *p, fy_model *const *chain, const char *moves)
{
    const fy_optim none = fy_sgd(0, 0, 0);
    const fy_objective o =
        fy_objective_add(p->g, "moves", fy_mean_all(p->g, p->out[p->n - 1]), &none);
    for (int i = 0; i < p->n; i++)
        for (int k = 0; k < fy_model_count(chain[i]); k++)
            if (fy_glob(moves, fy_model_param_name(chain[i], k)))
                fy_objective_moves(p->g, o, fy_model_param(chain[i], k), NULL);
    FYI_FORWARD(fy_graph_status(p->g));
    return fyi_frozen_cut(p->g, p->x, p->cut, FY_MAX_TABLES, &p->n_cut);
}

static fy_status compile(fy_predictor *p, fy_model *const *chain, const char *moves)
{
    FYI_FORWARD(fy_graph_new(&p->g));
    p->sample = fy_model_options(chain[0])->input;
    p->x = fy_input(p->g, "x", FY_F32, fy_shape_batch(p->batch, &p->sample));
    fy_node h = p->x;
    for (int i = 0; i < p->n; i++) {
        h = fy_model_apply(p->g, chain[i], h, FY_EVAL);
        p->out[i] = h;
        p->result[i] = *fy_model_output(chain[i]);
    }
    if (moves)
        FYI_FORWARD(find_cut(p, chain, moves));
    const fy_plan_opts o = {
        .outputs = p->out, .n_outputs = p->n, .feeds = p->cut, .n_feeds = p->n_cut
    };
    return fyi_plan_new_frozen(p->g, p->dev, &o, &p->plan);
}

static fy_status take_scratch(fy_predictor *p)
{
    p->index = fyi_calloc((size_t)p->batch, sizeof *p->index);
    if (!p->index)
        return fyi_enomem((size_t)p->batch * sizeof *p->index, "a predictor");
    for (int i = 0; i < p->n; i++) {
        const size_t n = (size_t)(p->batch * fy_shape_numel(&p->result[i]));
        if (!(p->rows[i] = fyi_calloc(n, sizeof *p->rows[i])))
            return fyi_enomem(n * sizeof *p->rows[i], "a predictor");
    }
    return FY_OK;
}

fy_status fy_predictor_new(fy_device *dev, fy_model *const *chain, int n_models, int64_t batch,
                           fy_predictor **out)
{
    return fy_predictor_new_moving(dev, chain, n_models, batch, NULL, out);
}

fy_status fy_predictor_new_moving(fy_device *dev, fy_model *const *chain, int n_models,
                                  int64_t batch, const char *moves, fy_predictor **out)
{
    *out = NULL;
    if (n_models < 1 || n_models > MAX_CHAIN || batch < 1)
        return fyi_fail(FY_EINVAL,
                        "predictor: %d models and a batch of %lld; expected 1 to %d models and at "
                        "least 1 sample",
                        n_models, (long long)batch, MAX_CHAIN);
    fy_predictor *p = fyi_calloc(1, sizeof *p);
    if (!p)
        return fyi_enomem(sizeof *p, "a predictor");
    p->dev = dev;
    p->n = n_models;
    p->batch = batch;
    fy_status st = compile(p, chain, moves);
    if (st == FY_OK)
        st = take_scratch(p);
    if (st != FY_OK) {
        fy_predictor_free(p);
        return st;
    }
    *out = p;
    return FY_OK;
}

static fy_status check_data(const fy_predictor *p, const fy_dataset *data)
{
    if (fy_shape_equal(fy_dataset_shape(data), &p->sample))
        return FY_OK;
    char have[FY_MAX_RANK * 24], want[FY_MAX_RANK * 24];
    return fyi_fail(FY_ESHAPE,
                    "predicting '%s': its samples are %s and the model takes %s; prepare the "
                    "dataset to that size",
                    fy_dataset_name(data), fy_shape_text(fy_dataset_shape(data), have, sizeof have),
                    fy_shape_text(&p->sample, want, sizeof want));
}

/* The frozen part's values for `data`, computed now if they are not known; NULL where nothing is kept. */
static fy_status know(fy_predictor *p, const fy_dataset *data, const fyi_cache **out)
{
    *out = NULL;
    if (p->n_cut == 0)
        return FY_OK;
    const char *view = fy_dataset_view_hash(data);
    for (int i = 0; i < FY_PREDICTOR_KEEPS && !*out; i++)
        if (strcmp(p->known[i].view, view) == 0)
            *out = &p->known[i].cache;
    if (*out)
        return FY_OK;
    known *k = &p->known[p->oldest];
    k->view[0] = '\0';
    fyi_cache_release(&k->cache);
    FYI_FORWARD(fyi_cache_fill(
        &k->cache,
        &(fyi_cache_of){ .dev = p->dev, .g = p->g, .x = p->x, .data = data, .views = 1 }));
    (void)snprintf(k->view, sizeof k->view, "%s", view);
    p->oldest = (p->oldest + 1) % FY_PREDICTOR_KEEPS;
    *out = &k->cache;
    return FY_OK;
}

/* Samples from `at` on; the last batch is filled up with its last sample. */
static fy_status read_samples(fy_predictor *p, const fy_dataset *data, int64_t at, fy_tensor **x)
{
    const int64_t count = fy_dataset_count(data);
    for (int64_t i = 0; i < p->batch; i++)
        p->index[i] = FYI_MIN(at + i, count - 1);
    return fy_dataset_read(data, p->index, p->batch, x, NULL);
}

/* x: as read_samples gives them, or NULL where they are known. */
static fy_status run_batch(fy_predictor *p, const fyi_cache *c, int64_t at, const fy_tensor *x)
{
    if (!c)
        FYI_FORWARD(fy_plan_feed(p->plan, p->x, fy_tensor_const_data(x)));
    for (int i = 0; c && i < c->n; i++)
        FYI_FORWARD(fy_plan_feed(p->plan, c->cut[i], c->rows[i] + at * c->row[i]));
    FYI_FORWARD(fyi_stop_if_asked("predicting"));
    return fy_plan_step(p->plan);
}

/* What model i gave, into its scratch. */
static fy_status read_rows(fy_predictor *p, int i)
{
    return fy_plan_read(p->plan, p->out[i], p->rows[i], p->batch * fy_shape_numel(&p->result[i]));
}

static fy_status keep_rows(fy_predictor *p, int64_t at, int64_t n, fy_tensor *const *outs)
{
    for (int i = 0; i < p->n; i++) {
        const int64_t row = fy_shape_numel(&p->result[i]);
        if (!outs[i])
            continue;
        FYI_FORWARD(read_rows(p, i));
        memcpy((float *)fy_tensor_data(outs[i]) + at * row, p->rows[i],
               (size_t)(n * row) * sizeof(float));
    }
    return FY_OK;
}

static fy_status predict_batch(fy_predictor *p, const fy_dataset *data, const fyi_cache *c,
                               int64_t at, fy_tensor *const *outs)
{
    fy_tensor *x = NULL;
    fy_status st = c ? FY_OK : read_samples(p, data, at, &x);
    if (st == FY_OK)
        st = run_batch(p, c, at, x);
    if (st == FY_OK)
        st = keep_rows(p, at, FYI_MIN(p->batch, fy_dataset_count(data) - at), outs);
    fy_tensor_free(x);
    return st;
}

/* wanted: outs[i] points to a tensor's place, or is NULL. Sets all or none. */
fy_status fy_predict(fy_predictor *p, const fy_dataset *data, fy_tensor **outs[])
{
    fy_tensor *made[MAX_CHAIN] = { 0 };
    const fyi_cache *c = NULL;
    fy_status st = check_data(p, data);
    if (st == FY_OK)
        st = know(p, data, &c);
    for (int i = 0; st == FY_OK && i < p->n; i++)
        if (outs[i])
            st = fy_tensor_new(FY_F32, fy_shape_batch(fy_dataset_count(data), &p->result[i]),
                               &made[i]);
    for (int64_t at = 0; st == FY_OK && at < fy_dataset_count(data); at += p->batch)
        st = predict_batch(p, data, c, at, made);
    for (int i = 0; i < p->n; i++) {
        if (outs[i])
            *outs[i] = st == FY_OK ? made[i] : NULL;
        if (st != FY_OK)
            fy_tensor_free(made[i]);
    }
    return st;
}

/* Whoever is lent the rows may look at the samples too, known or not. */
static fy_status lend_batch(fy_predictor *p, const fy_dataset *data, const fyi_cache *c, int64_t at,
                            fy_rows_fn fn, void *arg)
{
    fy_tensor *x = NULL;
    fy_status st = read_samples(p, data, at, &x);
    if (st == FY_OK)
        st = run_batch(p, c, at, x);
    if (st == FY_OK)
        st = read_rows(p, p->n - 1);
    if (st == FY_OK) {
        const fy_rows rows = { at, FYI_MIN(p->batch, fy_dataset_count(data) - at),
                               fy_tensor_const_data(x), p->rows[p->n - 1] };
        st = fn(arg, &rows);
    }
    fy_tensor_free(x);
    return st;
}

const fy_shape *fyi_predictor_sample(const fy_predictor *p)
{
    return &p->sample;
}

const fy_shape *fyi_predictor_result(const fy_predictor *p)
{
    return &p->result[p->n - 1];
}

fy_status fy_predict_each(fy_predictor *p, const fy_dataset *data, fy_rows_fn fn, void *arg)
{
    const fyi_cache *c = NULL;
    fy_status st = check_data(p, data);
    if (st == FY_OK)
        st = know(p, data, &c);
    for (int64_t at = 0; st == FY_OK && at < fy_dataset_count(data); at += p->batch)
        st = lend_batch(p, data, c, at, fn, arg);
    return st;
}
