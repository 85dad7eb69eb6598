/* cache.c: values that depend on one sample and on frozen parameters only are computed once per sample and view
 * and kept, in memory or in a file; stages and predictors then read rows instead of running the frozen layers
 * every step. */
#include "graph/frozen.h"
#include "train/train.h"

/* What is filled, and with what. */
typedef struct filling {
    fyi_cache *c;
    const fyi_cache_of *of;
    int64_t count, batch; /* samples; of the plan */
    size_t floats;        /* of all rows */
} filling;

void fyi_cache_release(fyi_cache *c)
{
    fyi_feature_file_release(&c->file);
    fyi_free(c->memory);
    *c = (fyi_cache){ 0 };
}

/* ---- where the rows are -------------------------------------------------------------------------------- */

/* [views, count, row] of every cut value, one after the other, and a batch more: the last one is computed whole,
 * beyond the last sample. */
static fy_status measure(filling *f)
{
    const int64_t rows = f->of->views * f->count + f->batch;
    for (int i = 0; i < f->c->n; i++) {
        const fy_shape s = fy_node_shape(f->of->g, f->c->cut[i]);
        f->c->row[i] = fy_shape_numel(&s) / f->batch;
        f->floats += (size_t)(rows * f->c->row[i]);
    }
    f->c->count = f->count;
    return f->floats < SIZE_MAX / sizeof(float) / 2 ? FY_OK
                                                    : fyi_enomem(f->floats, "the feature cache");
}

static void lay_out(const filling *f, float *rows)
{
    for (int i = 0; i < f->c->n; i++) {
        f->c->rows[i] = rows;
        rows += (f->of->views * f->count + f->batch) * f->c->row[i];
    }
}

/* NULL when nobody can say. */
static const char *change_text(const fyi_cache_of *of)
{
    return of->loader && fy_loader_is_random(of->loader) ? fy_loader_text(of->loader) : "plain";
}

/* Of everything that the rows follow from. Kernels may differ by device, precision and batch. */
static fy_status find_key(const filling *f, char key[65], bool *is_known)
{
    fyi_buf text = { 0 };
    fyi_sha256 h;
    fyi_buf_printf(&text, "ferry %s\n%s\n%s\n%s\n%s\nbatch %lld, views %lld", fy_version(),
                   fy_device_text(f->of->dev), fy_dtype_name(fy_device_precision(f->of->dev)),
                   fy_dataset_view_hash(f->of->data), change_text(f->of), (long long)f->batch,
                   (long long)f->of->views);
    fyi_sha256_init(&h);
    fyi_sha256_update(&h, text.p, text.len);
    const fy_status st = text.failed ? fyi_enomem(text.len, "the feature cache")
                                     : fyi_frozen_hash(f->of->g, f->c->cut, f->c->n, &h, is_known);
    fyi_sha256_hex(&h, key);
    fyi_buf_release(&text);
    return st;
}

static fy_status take_memory(filling *f)
{
    f->c->memory = fyi_calloc(f->floats, sizeof *f->c->memory);
    if (!f->c->memory)
        return fyi_enomem(f->floats * sizeof *f->c->memory, "the feature cache");
    lay_out(f, f->c->memory);
    return FY_OK;
}

/* *is_filled: a run before this one has left the rows. */
static fy_status take_rows(filling *f, bool *is_filled)
{
    const char *dir = fy_device_feature_dir(f->of->dev);
    bool is_known = false;
    char key[65];
    *is_filled = false;
    FYI_FORWARD(measure(f));
    if (dir && change_text(f->of))
        FYI_FORWARD(find_key(f, key, &is_known));
    if (!is_known)
        return take_memory(f);
    FYI_FORWARD(fyi_feature_file_find(&f->c->file, dir, key, f->floats * sizeof(float)));
    *is_filled = f->c->file.is_found;
    if (!*is_filled)
        FYI_FORWARD(fyi_feature_file_begin(&f->c->file));
    fyi_info("feature cache: %.1f MiB %s '%s'", (double)f->floats * sizeof(float) / 1048576,
             *is_filled ? "found in" : "go to", f->c->file.path);
    lay_out(f, f->c->file.rows);
    return FY_OK;
}

/* ---- filling them --------------------------------------------------------------------------------------- */

/* Samples [at, at + batch), the last ones repeated where the dataset ends. */
static fy_status read_plain(const filling *f, int64_t at, int64_t *index, fy_tensor **x)
{
    for (int64_t i = 0; i < f->batch; i++)
        index[i] = FYI_MIN(at + i, f->count - 1);
    return fy_dataset_read(f->of->data, index, f->batch, x, NULL);
}

static fy_status read_view(const filling *f, int64_t view, int64_t at, fy_tensor **x)
{
    const fy_shape *s = fy_loader_shape(f->of->loader);
    FYI_FORWARD(fy_tensor_new(FY_F32, fy_shape_batch(f->batch, s), x));
    float *row = fy_tensor_data(*x);
    for (int64_t i = 0; i < f->batch; i++, row += fy_shape_numel(s))
        FYI_FORWARD(fy_loader_sample(f->of->loader, view, FYI_MIN(at + i, f->count - 1), row));
    return FY_OK;
}

static fy_status fill_batch(const filling *f, fy_plan *plan, const fy_tensor *x, int64_t first)
{
    fyi_cache *c = f->c;
    FYI_FORWARD(fy_plan_feed(plan, f->of->x, fy_tensor_const_data(x)));
    FYI_FORWARD(fy_plan_step(plan));
    for (int i = 0; i < c->n; i++)
        FYI_FORWARD(
            fy_plan_read(plan, c->cut[i], c->rows[i] + first * c->row[i], f->batch * c->row[i]));
    return FY_OK;
}

/* Rows beyond a view's last sample are written again by the next. */
static fy_status fill_view(const filling *f, fy_plan *plan, int64_t view, int64_t *index)
{
    for (int64_t at = 0; at < f->count; at += f->batch) {
        fy_tensor *x = NULL;
        fy_status st = fyi_stop_if_asked("filling the feature cache");
        if (st == FY_OK)
            st = f->of->loader && fy_loader_is_random(f->of->loader) ? read_view(f, view, at, &x)
                                                                     : read_plain(f, at, index, &x);
        if (st == FY_OK)
            st = fill_batch(f, plan, x, view * f->count + at);
        fy_tensor_free(x);
        FYI_FORWARD(st);
    }
    return FY_OK;
}

static fy_status fill_all(const filling *f)
{
    const fy_plan_opts o = { .outputs = f->c->cut, .n_outputs = f->c->n };
    fy_plan *plan = NULL;
    int64_t *index = fyi_calloc((size_t)f->batch, sizeof *index);
    fy_status st = index ? FY_OK : fyi_enomem((size_t)f->batch * sizeof *index, "the feature cache");
    if (st == FY_OK)
        st = fyi_plan_new_frozen(f->of->g, f->of->dev, &o, &plan);
    for (int64_t view = 0; st == FY_OK && view < f->of->views; view++)
        st = fill_view(f, plan, view, index);
    if (st == FY_OK && f->c->file.rows)
        st = fyi_feature_file_commit(&f->c->file);
    fy_plan_free(plan);
    fyi_free(index);
    return st;
}

fy_status fyi_cache_fill(fyi_cache *c, const fyi_cache_of *of)
{
    filling f = { .c = c, .of = of };
    bool is_filled;
    *c = (fyi_cache){ 0 };
    FYI_FORWARD(fyi_frozen_cut(of->g, of->x, c->cut, FY_MAX_TABLES, &c->n));
    if (c->n == 0)
        return FY_OK;
    f.count = fy_dataset_count(of->data);
    f.batch = fy_node_shape(of->g, of->x).d[0];
    fy_status st = take_rows(&f, &is_filled);
    if (st == FY_OK && !is_filled)
        st = fill_all(&f);
    if (st != FY_OK)
        fyi_cache_release(c);
    return st;
}
