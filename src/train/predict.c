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
    fy_plan *plan;            /* from x; made when it is first wanted where there is the other */
    fy_plan *moving;          /* from the cut */
    fy_node cut[FYI_MAX_CUT]; /* fed from `known` instead of computed */
    float *fed[FYI_MAX_CUT];  /* [batch, row] for the last rows of a dataset */
    int n_cut;
    fy_features *features, *own_features;
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
    fy_plan_free(p->moving);
    fy_graph_free(p->g);
    for (int i = 0; i < FY_PREDICTOR_KEEPS; i++)
        fyi_cache_release(&p->known[i].cache);
    fy_features_close(p->own_features);
    for (int i = 0; i < p->n_cut; i++)
        fyi_free(p->fed[i]);
    for (int i = 0; i < p->n; i++)
        fyi_free(p->rows[i]);
    fyi_free(p->index);
    fyi_free(p);
}

/* The models, and what of them will change. */
typedef struct moving {
    fy_model *const *chain;
    int n;
    const fy_moving_opts *o;
} moving;

static bool is_said_to_move(const moving *m, int model, const char *param)
{
    return (model > 0 && m->o->of_first) || fy_glob(m->o->moves, param);
}

static bool does_move(const void *arg, const fy_param *param)
{
    const moving *m = arg;
    for (int i = 0; i < m->n; i++)
        for (int k = 0; k < fy_model_count(m->chain[i]); k++)
            if (fy_model_param(m->chain[i], k) == param)
                return is_said_to_move(m, i, fy_model_param_name(m->chain[i], k));
    return false;
}

static fy_status build(fy_predictor *p, fy_model *const *chain)
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
    return fy_graph_status(p->g);
}

static fy_status compile(fy_predictor *p, int n_fed, fy_plan **out)
{
    const fy_plan_opts o = {
        .outputs = p->out, .n_outputs = p->n, .feeds = p->cut, .n_feeds = n_fed
    };
    return fy_plan_new(p->g, p->dev, &o, out);
}

/* Where what stays ends, and a plan of what follows. */
static fy_status split(fy_predictor *p, fy_model *const *chain, const fy_moving_opts *o)
{
    const moving m = { chain, p->n, o };
    const fyi_frozen_of of = {
        .g = p->g, .x = p->x, .moves = does_move, .arg = &m, .read = p->out, .n_read = p->n
    };
    int n = 0;
    FYI_FORWARD(fyi_frozen_cut(&of, p->cut, &n));
    for (; p->n_cut < n; p->n_cut++) {
        const fy_shape s = fy_node_shape(p->g, p->cut[p->n_cut]);
        p->fed[p->n_cut] = fyi_calloc((size_t)fy_shape_numel(&s), sizeof *p->fed[0]);
        if (!p->fed[p->n_cut])
            return fyi_enomem((size_t)fy_shape_numel(&s) * sizeof *p->fed[0], "a predictor");
    }
    if (n == 0)
        return FY_OK;
    if (!o->features)
        FYI_FORWARD(fy_features_open(NULL, &p->own_features));
    p->features = o->features ? o->features : p->own_features;
    return compile(p, p->n_cut, &p->moving);
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

/* Without o->moves nothing is kept. */
static fy_status open_predictor(fy_predictor *p, fy_model *const *chain, const fy_moving_opts *o)
{
    FYI_FORWARD(build(p, chain));
    FYI_FORWARD(take_scratch(p));
    if (o->moves)
        FYI_FORWARD(split(p, chain, o));
    return p->moving ? FY_OK : compile(p, 0, &p->plan);
}

fy_status fy_predictor_new(fy_device *dev, fy_model *const *chain, int n_models, int64_t batch,
                           fy_predictor **out)
{
    return fy_predictor_new_moving(dev, chain, n_models, &(fy_moving_opts){ .batch = batch }, out);
}

fy_status fy_predictor_new_moving(fy_device *dev, fy_model *const *chain, int n_models,
                                  const fy_moving_opts *o, fy_predictor **out)
{
    *out = NULL;
    if (n_models < 1 || n_models > MAX_CHAIN || o->batch < 1)
        return fyi_fail(FY_EINVAL,
                        "predictor: %d models and a batch of %lld; expected 1 to %d models and at "
                        "least 1 sample",
                        n_models, (long long)o->batch, MAX_CHAIN);
    fy_predictor *p = fyi_calloc(1, sizeof *p);
    if (!p)
        return fyi_enomem(sizeof *p, "a predictor");
    p->dev = dev;
    p->n = n_models;
    p->batch = o->batch;
    const fy_status st = open_predictor(p, chain, o);
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

/* One more dataset, in the place of the oldest. */
static fy_status learn(fy_predictor *p, const fy_dataset *data, known *k)
{
    const fyi_cache_of of = { .dev = p->dev,
                              .g = p->g,
                              .x = p->x,
                              .cut = p->cut,
                              .n_cut = p->n_cut,
                              .is_whole = true,
                              .data = data,
                              .views = 1,
                              .features = p->features };
    k->view[0] = '\0';
    fyi_cache_release(&k->cache);
    FYI_FORWARD(fyi_cache_fill(&k->cache, &of));
    (void)snprintf(k->view, sizeof k->view, "%s", fy_dataset_view_hash(data));
    p->oldest = (p->oldest + 1) % FY_PREDICTOR_KEEPS;
    return FY_OK;
}

/* The frozen part's values for `data`, computed now if they are not known; NULL where nothing is kept. There is a plan
 * for either afterwards. */
static fy_status know(fy_predictor *p, const fy_dataset *data, const fyi_cache **out)
{
    const known *found = NULL;
    *out = NULL;
    if (!p->moving)
        return FY_OK;
    for (int i = 0; i < FY_PREDICTOR_KEEPS && !found; i++)
        if (strcmp(p->known[i].view, fy_dataset_view_hash(data)) == 0)
            found = &p->known[i];
    if (!found) {
        known *k = &p->known[p->oldest];
        FYI_FORWARD(learn(p, data, k));
        found = k;
    }
    if (found->cache.n > 0)
        *out = &found->cache;
    return *out || p->plan ? FY_OK : compile(p, 0, &p->plan);
}

/* Samples from `at` on; the last batch is filled up with its last sample. */
static fy_status read_samples(fy_predictor *p, const fy_dataset *data, int64_t at, fy_tensor **x)
{
    const int64_t count = fy_dataset_count(data);
    for (int64_t i = 0; i < p->batch; i++)
        p->index[i] = FYI_MIN(at + i, count - 1);
    return fy_dataset_read(data, p->index, p->batch, x, NULL);
}

/* The rows of samples from `at` on, the last one's repeated where the dataset ends. */
static const float *rows_from(const fy_predictor *p, const fyi_cache *c, int i, int64_t at)
{
    const float *rows = c->rows[i] + at * c->row[i];
    const int64_t n = FYI_MIN(p->batch, c->count - at);
    if (n == p->batch)
        return rows;
    for (int64_t k = 0; k < p->batch; k++)
        memcpy(p->fed[i] + k * c->row[i], rows + FYI_MIN(k, n - 1) * c->row[i],
               (size_t)c->row[i] * sizeof *rows);
    return p->fed[i];
}

static fy_plan *plan_of(const fy_predictor *p, const fyi_cache *c)
{
    return c ? p->moving : p->plan;
}

/* x: as read_samples gives them, or NULL where they are known. */
static fy_status run_batch(fy_predictor *p, const fyi_cache *c, int64_t at, const fy_tensor *x)
{
    if (!c)
        FYI_FORWARD(fy_plan_feed(p->plan, p->x, fy_tensor_const_data(x)));
    for (int i = 0; c && i < c->n; i++)
        FYI_FORWARD(fy_plan_feed(p->moving, c->cut[i], rows_from(p, c, i, at)));
    FYI_FORWARD(fyi_stop_if_asked("predicting"));
    return fy_plan_step(plan_of(p, c));
}

/* What model i gave, into its scratch. */
static fy_status read_rows(fy_predictor *p, const fyi_cache *c, int i)
{
    return fy_plan_read(plan_of(p, c), p->out[i], p->rows[i],
                        p->batch * fy_shape_numel(&p->result[i]));
}

static fy_status keep_rows(fy_predictor *p, const fyi_cache *c, int64_t at, fy_tensor *const *outs)
{
    for (int i = 0; i < p->n; i++) {
        const int64_t row = fy_shape_numel(&p->result[i]);
        if (!outs[i])
            continue;
        const int64_t n = FYI_MIN(p->batch, fy_tensor_shape(outs[i])->d[0] - at);
        FYI_FORWARD(read_rows(p, c, i));
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
        st = keep_rows(p, c, at, outs);
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

/* Nobody reads samples of which all is known. */
static fy_status lend_batch(fy_predictor *p, const fy_dataset *data, const fyi_cache *c, int64_t at,
                            fy_rows_fn fn, void *arg)
{
    fy_tensor *x = NULL;
    fy_status st = c ? FY_OK : read_samples(p, data, at, &x);
    if (st == FY_OK)
        st = run_batch(p, c, at, x);
    if (st == FY_OK)
        st = read_rows(p, c, p->n - 1);
    if (st == FY_OK) {
        const fy_rows rows = { at, FYI_MIN(p->batch, fy_dataset_count(data) - at),
                               x ? fy_tensor_const_data(x) : NULL, p->rows[p->n - 1] };
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
