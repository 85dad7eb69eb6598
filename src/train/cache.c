/* cache.c: values that depend on one sample and on frozen parameters only are computed once per sample and
 * kept in memory; stages and predictors then read rows instead of running the frozen layers every step. */
#include "graph/frozen.h"
#include "train/train.h"

#include <string.h>

void fyi_cache_release(fyi_cache *c)
{
    for (int i = 0; i < c->n; i++)
        fyi_free(c->rows[i]);
    *c = (fyi_cache){ 0 };
}

static fy_status take_rows(fyi_cache *c, const fy_graph *g, int64_t n_samples, int64_t batch)
{
    const int n = c->n;
    c->n = 0; /* counts what was taken, for the release */
    for (int i = 0; i < n; i++) {
        const fy_shape s = fy_node_shape(g, c->cut[i]);
        c->row[i] = fy_shape_numel(&s) / batch;
        /* The last batch is computed whole, beyond the last sample. */
        c->rows[i] = fyi_calloc((size_t)((n_samples + batch) * c->row[i]), sizeof *c->rows[i]);
        if (!c->rows[i])
            return fyi_enomem((size_t)(n_samples * c->row[i]) * sizeof(float), "the feature cache");
        c->n++;
    }
    return FY_OK;
}

/* Samples [at, at + batch), the last ones repeated where the dataset ends. */
static fy_status read_batch(const fy_dataset *d, int64_t at, int64_t batch, int64_t *index,
                            fy_tensor **x)
{
    const int64_t count = fy_dataset_count(d);
    for (int64_t i = 0; i < batch; i++)
        index[i] = FYI_MIN(at + i, count - 1);
    return fy_dataset_read(d, index, batch, x, NULL);
}

static fy_status fill_batch(fyi_cache *c, fy_plan *plan, fy_node x, const fy_tensor *batch,
                            int64_t at, int64_t rows)
{
    FYI_FORWARD(fy_plan_feed(plan, x, fy_tensor_const_data(batch)));
    FYI_FORWARD(fy_plan_step(plan));
    for (int i = 0; i < c->n; i++)
        FYI_FORWARD(fy_plan_read(plan, c->cut[i], c->rows[i] + at * c->row[i], rows * c->row[i]));
    return FY_OK;
}

static fy_status fill_all(fyi_cache *c, fy_plan *plan, fy_node in, int64_t batch,
                          const fy_dataset *data)
{
    const int64_t count = fy_dataset_count(data);
    int64_t *index = fyi_calloc((size_t)batch, sizeof *index);
    fy_status st = index ? FY_OK : fyi_enomem((size_t)batch * sizeof *index, "the feature cache");
    for (int64_t at = 0; st == FY_OK && at < count; at += batch) {
        fy_tensor *x = NULL;
        st = fyi_stop_if_asked("filling the feature cache");
        if (st == FY_OK)
            st = read_batch(data, at, batch, index, &x);
        if (st == FY_OK)
            st = fill_batch(c, plan, in, x, at, batch);
        fy_tensor_free(x);
    }
    fyi_free(index);
    return st;
}

fy_status fyi_cache_fill(fyi_cache *c, fy_device *dev, const fy_graph *g, fy_node x,
                         const fy_dataset *data)
{
    *c = (fyi_cache){ 0 };
    FYI_FORWARD(fyi_frozen_cut(g, x, c->cut, FY_MAX_TABLES, &c->n));
    if (c->n == 0)
        return FY_OK;
    const int64_t batch = fy_node_shape(g, x).d[0];
    fy_plan *plan = NULL;
    fy_status st = take_rows(c, g, fy_dataset_count(data), batch);
    const fy_plan_opts o = { .outputs = c->cut, .n_outputs = c->n };
    if (st == FY_OK)
        st = fyi_plan_new_frozen(g, dev, &o, &plan);
    if (st == FY_OK)
        st = fill_all(c, plan, x, batch, data);
    fy_plan_free(plan);
    if (st != FY_OK)
        fyi_cache_release(c);
    return st;
}
