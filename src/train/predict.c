/* predict.c: a chain of models in evaluation mode over a whole dataset, batch by batch. */
#include "train/train.h"

#include <string.h>

#define MAX_CHAIN 8

struct fy_predictor {
    fy_plan *plan;
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
    for (int i = 0; i < p->n; i++)
        fyi_free(p->rows[i]);
    fyi_free(p->index);
    fyi_free(p);
}

static fy_status compile(fy_predictor *p, fy_device *dev, fy_model *const *chain)
{
    fy_graph *g;
    FYI_FORWARD(fy_graph_new(&g));
    p->sample = fy_model_options(chain[0])->input;
    p->x = fy_input(g, "x", FY_F32, fy_shape_batch(p->batch, &p->sample));
    fy_node h = p->x;
    for (int i = 0; i < p->n; i++) {
        h = fy_model_apply(g, chain[i], h, FY_EVAL);
        p->out[i] = h;
        p->result[i] = *fy_model_output(chain[i]);
    }
    const fy_plan_opts o = { .outputs = p->out, .n_outputs = p->n };
    const fy_status st = fy_plan_new(g, dev, &o, &p->plan);
    fy_graph_free(g);
    return st;
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
    *out = NULL;
    if (n_models < 1 || n_models > MAX_CHAIN || batch < 1)
        return fyi_fail(FY_EINVAL,
                        "predictor: %d models and a batch of %lld; expected 1 to %d models and at "
                        "least 1 sample",
                        n_models, (long long)batch, MAX_CHAIN);
    fy_predictor *p = fyi_calloc(1, sizeof *p);
    if (!p)
        return fyi_enomem(sizeof *p, "a predictor");
    p->n = n_models;
    p->batch = batch;
    fy_status st = compile(p, dev, chain);
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

/* Runs the samples from `at` on; the last batch is filled up with its last sample. */
static fy_status run_batch(fy_predictor *p, const fy_dataset *data, int64_t at, fy_tensor **x)
{
    const int64_t count = fy_dataset_count(data);
    *x = NULL;
    for (int64_t i = 0; i < p->batch; i++)
        p->index[i] = FYI_MIN(at + i, count - 1);
    FYI_FORWARD(fyi_stop_if_asked("predicting"));
    FYI_FORWARD(fy_dataset_read(data, p->index, p->batch, x, NULL));
    FYI_FORWARD(fy_plan_feed(p->plan, p->x, fy_tensor_const_data(*x)));
    return fy_plan_step(p->plan);
}

/* What model i gave, into its scratch. */
static fy_status read_rows(fy_predictor *p, int i)
{
    return fy_plan_read(p->plan, p->out[i], p->rows[i], p->batch * fy_shape_numel(&p->result[i]));
}

static fy_status predict_batch(fy_predictor *p, const fy_dataset *data, int64_t at,
                               fy_tensor *const *outs)
{
    const int64_t n = FYI_MIN(p->batch, fy_dataset_count(data) - at);
    fy_tensor *x;
    fy_status st = run_batch(p, data, at, &x);
    for (int i = 0; st == FY_OK && i < p->n; i++) {
        if (!outs[i])
            continue;
        const int64_t row = fy_shape_numel(&p->result[i]);
        st = read_rows(p, i);
        memcpy((float *)fy_tensor_data(outs[i]) + at * row, p->rows[i],
               (size_t)(n * row) * sizeof(float));
    }
    fy_tensor_free(x);
    return st;
}

/* wanted: outs[i] points to a tensor's place, or is NULL. Sets all or none. */
fy_status fy_predict(fy_predictor *p, const fy_dataset *data, fy_tensor **outs[])
{
    fy_tensor *made[MAX_CHAIN] = { 0 };
    fy_status st = check_data(p, data);
    for (int i = 0; st == FY_OK && i < p->n; i++)
        if (outs[i])
            st = fy_tensor_new(FY_F32, fy_shape_batch(fy_dataset_count(data), &p->result[i]),
                               &made[i]);
    for (int64_t at = 0; st == FY_OK && at < fy_dataset_count(data); at += p->batch)
        st = predict_batch(p, data, at, made);
    for (int i = 0; i < p->n; i++) {
        if (outs[i])
            *outs[i] = st == FY_OK ? made[i] : NULL;
        if (st != FY_OK)
            fy_tensor_free(made[i]);
    }
    return st;
}

static fy_status lend_batch(fy_predictor *p, const fy_dataset *data, int64_t at, fy_rows_fn fn,
                            void *arg)
{
    fy_tensor *x;
    fy_status st = run_batch(p, data, at, &x);
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
    fy_status st = check_data(p, data);
    for (int64_t at = 0; st == FY_OK && at < fy_dataset_count(data); at += p->batch)
        st = lend_batch(p, data, at, fn, arg);
    return st;
}
