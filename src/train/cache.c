/* cache.c: values that depend on one sample and on frozen parameters only are computed once per sample and view
 * and kept; stages and predictors then read rows instead of running the frozen layers every step.
 *
 * They are computed by a plan of their own, in batches of its own: a training's batch changes neither the rows nor their
 * key. A loader's workers make the samples meanwhile. */
#include "data/data.h"
#include "graph/frozen.h"
#include "graph/kernel.h"
#include "train/train.h"

#include <string.h>

#define MOST_SAMPLES 32
#define MOST_VALUES (MOST_SAMPLES * 3 * 224 * 224) /* of a batch */
#define DRAW_S 0.1

/* What is filled, and with what. */
typedef struct filling {
    fyi_cache *c;
    const fyi_cache_of *of;
    int64_t batch;
    fyi_frozen_part part;
    fy_plan *plan; /* of the part */
    char key[65];
    float *tail; /* a batch of the largest row, for one that is not full */
    double begin_s, drawn_s;
} filling;

void fyi_cache_release(fyi_cache *c)
{
    if (c->rows_of)
        fyi_features_give_back(c->features, c->rows_of);
    *c = (fyi_cache){ 0 };
}

/* ---- the plan --------------------------------------------------------------------------------------------- */

static int64_t batch_of(const fyi_cache_of *of, int64_t count)
{
    const fy_shape x = fy_node_shape(of->g, of->x);
    const int64_t values = fy_shape_numel(&x) / FYI_MAX(x.d[0], (int64_t)1);
    const int64_t most = MOST_VALUES / FYI_MAX(values, (int64_t)1);
    return FYI_MAX(FYI_MIN(FYI_MIN(most, MOST_SAMPLES), count), 1);
}

static void close_plan(filling *f)
{
    fy_plan_free(f->plan);
    fy_graph_free(f->part.g);
    f->plan = NULL;
    f->part.g = NULL;
}

static fy_status compile(filling *f)
{
    fyi_cache *c = f->c;
    close_plan(f);
    FYI_FORWARD(fyi_frozen_part_of(f->of->g, f->of->x, c->cut, c->n, f->batch, &f->part));
    const fy_plan_opts o = { .outputs = f->part.cut, .n_outputs = c->n };
    return fyi_plan_new_bare(f->part.g, f->of->dev, &o, &f->plan);
}

/* ---- the key ------------------------------------------------------------------------------------------------ */

static void hash_device(const filling *f, fyi_sha256 *h)
{
    char text[320];
    bool by_threads;
    fyi_plan_hash_kernels(f->plan, h, &by_threads);
    (void)snprintf(text, sizeof text, "ferry %s, %s, %s, %d threads", fy_version(),
                   f->of->dev->basis, fy_dtype_name(fy_device_precision(f->of->dev)),
                   by_threads ? fyi_threads() : 0);
    fyi_sha256_update(h, text, strlen(text) + 1);
}

/* Of everything that the rows follow from: the kernels that compute them, the samples, how these are changed, the frozen
 * layers and their values. f->key is "" where something of that is not known. */
static fy_status find_key(filling *f)
{
    fyi_sha256 h;
    bool is_known = false, is_change_known = true;
    fyi_sha256_init(&h);
    hash_device(f, &h);
    fyi_dataset_hash_samples(f->of->data, &h);
    if (f->of->loader)
        is_change_known = fyi_loader_hash_change(f->of->loader, &h);
    FYI_FORWARD(fyi_frozen_hash(f->part.g, f->part.cut, f->c->n, &h, &is_known));
    fyi_sha256_hex(&h, f->key);
    if (!is_known || !is_change_known)
        f->key[0] = '\0';
    return FY_OK;
}

/* ---- where the rows are --------------------------------------------------------------------------------------- */

static int64_t rows_of_one(const filling *f)
{
    return f->of->views * f->c->count;
}

static size_t bytes_of(const filling *f, int i)
{
    return (size_t)(rows_of_one(f) * f->c->row[i]) * sizeof(float);
}

static size_t bytes_of_all(const filling *f)
{
    size_t bytes = 0;
    for (int i = 0; i < f->c->n; i++)
        bytes += bytes_of(f, i);
    return bytes;
}

static fy_status measure(filling *f)
{
    for (int i = 0; i < f->c->n; i++) {
        const fy_shape s = fy_node_shape(f->of->g, f->c->cut[i]);
        size_t bytes;
        f->c->row[i] = fy_shape_numel(&s) / s.d[0];
        if (fyi_mul_overflows((size_t)rows_of_one(f), (size_t)f->c->row[i], &bytes) ||
            bytes > SIZE_MAX / sizeof(float) / 2 / FYI_MAX_CUT)
            return fyi_enomem(SIZE_MAX, "the feature cache");
    }
    return FY_OK;
}

/* [views, count, row] of every cut value, one after the other. */
static void lay_out(const filling *f)
{
    float *rows = f->c->rows_of->p;
    for (int i = 0; i < f->c->n; i++) {
        f->c->rows[i] = rows;
        rows += rows_of_one(f) * f->c->row[i];
    }
}

/* Of the values that do not fit together, the deepest that do. */
static fy_status leave_out(filling *f)
{
    fyi_cache *c = f->c;
    const int all = c->n;
    const size_t wanted = bytes_of_all(f);
    char text[2][FYI_SIZE_CHARS];
    size_t room = 0, kept = 0;
    FYI_FORWARD(fyi_features_room(f->of->features, f->key[0] != '\0', &room));
    c->n = 0;
    for (int i = 0; i < all; i++)
        if (!f->of->is_whole && bytes_of(f, i) <= room - kept) {
            kept += bytes_of(f, i);
            c->cut[c->n] = c->cut[i];
            c->row[c->n++] = c->row[i];
        }
    fyi_info("feature cache: %d of %d frozen values of '%s' are not kept but computed every time: "
             "all of them would take %s, and there is room for %s",
             all - c->n, all, fy_dataset_name(f->of->data), fyi_size_text(wanted, text[0]),
             fyi_size_text(room, text[1]));
    return FY_OK;
}

static fy_status take(filling *f)
{
    f->batch = batch_of(f->of, f->c->count);
    FYI_FORWARD(compile(f));
    FYI_FORWARD(find_key(f));
    return fyi_features_take(f->of->features, f->key, bytes_of_all(f), &f->c->rows_of);
}

/* c->n is 0 afterwards if there is room for nothing. */
static fy_status take_rows(filling *f)
{
    FYI_FORWARD(take(f));
    for (int all = f->c->n + 1; !f->c->rows_of && f->c->n > 0 && f->c->n < all;) {
        all = f->c->n;
        FYI_FORWARD(leave_out(f));
        if (f->c->n > 0)
            FYI_FORWARD(take(f));
    }
    if (f->c->rows_of)
        lay_out(f);
    else
        f->c->n = 0;
    return FY_OK;
}

/* ---- filling them --------------------------------------------------------------------------------------- */

static void draw_progress(filling *f, int64_t done)
{
    const fyi_cache_of *of = f->of;
    const double now = fyi_now_s();
    const int64_t all = rows_of_one(f);
    char stage[96];
    if (!of->progress || (done < all && now - f->drawn_s < DRAW_S))
        return;
    f->drawn_s = now;
    (void)snprintf(stage, sizeof stage, "%.60s, features", of->stage);
    const fy_progress p = { .stage = stage,
                            .step = done,
                            .steps = all,
                            .seconds = now - f->begin_s,
                            .text = "samples through what is frozen, once" };
    of->progress(of->progress_arg, &p);
}

/* Rows [at, at + n) of the i-th value, of a batch that may be longer. */
static fy_status read_value(const filling *f, int i, int64_t at, int64_t n)
{
    const fyi_cache *c = f->c;
    float *rows = c->rows[i] + at * c->row[i];
    const bool is_full = n == f->batch;
    FYI_FORWARD(
        fy_plan_read(f->plan, f->part.cut[i], is_full ? rows : f->tail, f->batch * c->row[i]));
    if (!is_full)
        memcpy(rows, f->tail, (size_t)(n * c->row[i]) * sizeof *rows);
    return FY_OK;
}

static fy_status fill_batch(const filling *f, fy_loader *samples, int64_t *done)
{
    fy_batch b;
    FYI_FORWARD(fyi_stop_if_asked("filling the feature cache"));
    FYI_FORWARD(fy_loader_next(samples, &b));
    FYI_FORWARD(fy_plan_feed(f->plan, f->part.x, b.x));
    FYI_FORWARD(fy_plan_step(f->plan));
    for (int i = 0; i < f->c->n; i++)
        FYI_FORWARD(read_value(f, i, *done, b.n));
    *done += b.n;
    return FY_OK;
}

static fy_status take_tail(filling *f)
{
    int64_t row = 0;
    for (int i = 0; i < f->c->n; i++)
        row = FYI_MAX(row, f->c->row[i]);
    f->tail = fyi_calloc((size_t)(f->batch * row), sizeof *f->tail);
    return f->tail ? FY_OK
                   : fyi_enomem((size_t)(f->batch * row) * sizeof *f->tail, "the feature cache");
}

static fy_status fill_all(filling *f)
{
    fy_loader *samples = NULL;
    int64_t done = 0;
    fy_status st = take_tail(f);
    if (st == FY_OK)
        st = fyi_plan_take_memory(f->plan);
    if (st == FY_OK)
        st = fyi_loader_open_in_order(f->of->data, f->of->loader, f->batch, &samples);
    f->begin_s = fyi_now_s();
    while (st == FY_OK && done < rows_of_one(f)) {
        st = fill_batch(f, samples, &done);
        if (st == FY_OK)
            draw_progress(f, done);
    }
    fy_loader_close(samples);
    fyi_free(f->tail);
    return st == FY_OK ? fyi_features_filled(f->c->rows_of) : st;
}

static fy_status open_cache(filling *f)
{
    FYI_FORWARD(measure(f));
    FYI_FORWARD(take_rows(f));
    return f->c->n > 0 && !f->c->rows_of->is_filled ? fill_all(f) : FY_OK;
}

fy_status fyi_cache_fill(fyi_cache *c, const fyi_cache_of *of)
{
    filling f = { .c = c, .of = of };
    *c = (fyi_cache){ .count = fy_dataset_count(of->data), .features = of->features };
    c->n = of->n_cut;
    if (c->n > 0)
        memcpy(c->cut, of->cut, (size_t)c->n * sizeof *c->cut);
    const fy_status st = c->n > 0 ? open_cache(&f) : FY_OK;
    close_plan(&f);
    if (st != FY_OK)
        fyi_cache_release(c);
    return st;
}
