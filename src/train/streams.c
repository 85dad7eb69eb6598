/* streams.c: what a stage is fed. A step takes one batch per stream and gathers, by sample number and view, the rows
 * of the stage's tables and of what the feature cache holds. */
#include "train/streams.h"
#include "graph/frozen.h"

#include <string.h>

/* ---- opening --------------------------------------------------------------------------------------------- */

/* A table's node has one row per sample of the batch. */
static fy_status check_tables(const fy_stage *s, int stream)
{
    const fy_stream *in = &s->streams[stream];
    const fy_shape x = fy_node_shape(s->graph, in->x);
    for (int k = 0; k < FYI_MIN(in->n_tables, FY_MAX_TABLES); k++) {
        const fy_shape t = fy_node_shape(s->graph, in->tables[k].node);
        if (t.rank < 1 || x.rank < 1 || t.d[0] != x.d[0] || !in->tables[k].rows)
            return fyi_fail(
                FY_ESHAPE,
                "stage '%s': table %d of stream %d has %lld rows a batch and its images "
                "%lld",
                s->name, k, stream, (long long)(t.rank ? t.d[0] : 0),
                (long long)(x.rank ? x.d[0] : 0));
    }
    return FY_OK;
}

/* What is fed has the size of what feeds it. */
static fy_status check_stream(const fy_stage *s, int stream)
{
    const fy_stream *in = &s->streams[stream];
    const fy_dataset *d = fy_loader_dataset(in->loader);
    const fy_shape x = fy_node_shape(s->graph, in->x);
    const fy_shape q = in->q.id ? fy_node_shape(s->graph, in->q) : FY_SHAPE(0);
    char node[96], sample[96];
    if (x.rank < 1 || fy_shape_numel(&x) != x.d[0] * fy_shape_numel(fy_loader_shape(in->loader)))
        return fyi_fail(
            FY_ESHAPE, "stage '%s': stream %d gives samples %s, which do not fill an input of %s",
            s->name, stream, fy_shape_text(fy_loader_shape(in->loader), sample, sizeof sample),
            fy_shape_text(&x, node, sizeof node));
    if (in->q.id && !fy_loader_mixes(in->loader))
        return fyi_fail(FY_EINVAL,
                        "stage '%s': the graph wants stream %d's mixed labels, but its loader does "
                        "not mix; set mixup_alpha or cutmix_alpha of its augmentation",
                        s->name, stream);
    if (in->q.id && (q.rank != 2 || q.d[0] != x.d[0] || q.d[1] != fy_dataset_classes(d)))
        return fyi_fail(FY_ESHAPE,
                        "stage '%s': stream %d's mixed labels are of %lld samples and %d classes, "
                        "their input is %s",
                        s->name, stream, (long long)x.d[0], fy_dataset_classes(d),
                        fy_shape_text(&q, node, sizeof node));
    return FY_OK;
}

static fy_status check_streams(const fy_stage *s)
{
    for (int i = 0; i < s->n_streams; i++)
        FYI_FORWARD(check_tables(s, i));
    for (int i = 0; i < s->n_streams; i++)
        if (!s->streams[i].loader || !s->streams[i].x.id || s->streams[i].n_tables > FY_MAX_TABLES)
            return fyi_fail(FY_EINVAL, "stage '%s': stream %d has no loader or no input node",
                            s->name, i);
    for (int i = 0; i < s->n_streams; i++)
        FYI_FORWARD(check_stream(s, i));
    return FY_OK;
}

static fy_status add_gather(fyi_streams *in, int stream, fy_node node, const void *rows,
                            int64_t view_rows)
{
    const fy_shape s = fy_node_shape(in->s->graph, node);
    fyi_gather *g = &in->gathers[stream][in->n_gathers[stream]];
    *g = (fyi_gather){ .node = node, .rows = rows, .n = s.d[0], .view_rows = view_rows };
    g->row_bytes = (size_t)(fy_shape_numel(&s) / FYI_MAX(s.d[0], 1)) *
                   fy_dtype_bytes(fy_node_dtype(in->s->graph, node));
    g->batch = fyi_calloc((size_t)g->n, g->row_bytes);
    if (!g->batch)
        return fyi_enomem((size_t)g->n * g->row_bytes, "a stage's batch");
    in->n_gathers[stream]++;
    return FY_OK;
}

static fy_status open_cache(fyi_streams *in, const fy_run *r, fy_device *dev, int i)
{
    const fy_stream *s = &in->s->streams[i];
    fy_node cut[FYI_MAX_CUT];
    fyi_cache_of of = { .dev = dev,
                        .g = in->s->graph,
                        .x = s->x,
                        .cut = cut,
                        .data = fy_loader_dataset(s->loader),
                        .loader = s->loader,
                        .views = fy_loader_views(s->loader),
                        .features = r->features,
                        .stage = in->s->name,
                        .progress = r->opts.progress,
                        .progress_arg = r->opts.progress_arg };
    if (!in->s->cache || of.views == 0)
        return FY_OK;
    FYI_FORWARD(fyi_frozen_cut(&(fyi_frozen_of){ .g = of.g, .x = of.x }, cut, &of.n_cut));
    return fyi_cache_fill(&in->cache[i], &of);
}

static fy_status open_stream(fyi_streams *in, const fy_run *r, fy_device *dev, int i)
{
    const fy_stream *s = &in->s->streams[i];
    FYI_FORWARD(open_cache(in, r, dev, i));
    if (in->cache[i].n > 0)
        fyi_info("stage '%s': %d values of stream %d are frozen and come from the feature cache",
                 in->s->name, in->cache[i].n, i);
    for (int k = 0; k < in->cache[i].n; k++)
        FYI_FORWARD(
            add_gather(in, i, in->cache[i].cut[k], in->cache[i].rows[k], in->cache[i].count));
    for (int k = 0; k < s->n_tables; k++)
        FYI_FORWARD(add_gather(in, i, s->tables[k].node, s->tables[k].rows, 0));
    return FY_OK;
}

/* A stage in which all layers move has better use for the memory than features of stages before it. */
fy_status fyi_streams_open(fyi_streams *in, const fy_run *r, fy_device *dev, const fy_stage *s)
{
    int n_kept = 0;
    in->s = s;
    FYI_FORWARD(check_streams(s));
    for (int i = 0; i < s->n_streams; i++) {
        FYI_FORWARD(open_stream(in, r, dev, i));
        n_kept += in->cache[i].n;
    }
    if (n_kept == 0)
        fyi_features_drop_unused(r->features);
    return FY_OK;
}

void fyi_streams_close(fyi_streams *in)
{
    for (int i = 0; i < FY_MAX_STREAMS; i++) {
        for (int k = 0; k < in->n_gathers[i]; k++)
            fyi_free(in->gathers[i][k].batch);
        fyi_cache_release(&in->cache[i]);
    }
}

int fyi_streams_cut(const fyi_streams *in, fy_node cut[FYI_MAX_FED])
{
    int n = 0;
    for (int i = 0; i < in->s->n_streams; i++)
        for (int k = 0; k < in->cache[i].n; k++)
            cut[n++] = in->cache[i].cut[k];
    return n;
}

void fyi_streams_leave_known(const fyi_streams *in, const fy_plan *plan)
{
    for (int i = 0; i < in->s->n_streams; i++)
        if (in->cache[i].n > 0 && !fyi_plan_reads(plan, in->s->streams[i].x))
            fy_loader_leave_values(in->s->streams[i].loader);
}

/* ---- feeding --------------------------------------------------------------------------------------------- */

fy_status fyi_streams_seek(const fyi_streams *in, int64_t step)
{
    for (int i = 0; i < in->s->n_streams; i++)
        FYI_FORWARD(fy_loader_seek(in->s->streams[i].loader, (uint64_t)step));
    return FY_OK;
}

/* Rows of the batch's samples. */
static void gather_rows(const fyi_gather *g, const fy_batch *b)
{
    for (int64_t i = 0; i < g->n; i++)
        memcpy(g->batch + (size_t)i * g->row_bytes,
               g->rows + (size_t)(b->view * g->view_rows + b->index[i]) * g->row_bytes,
               g->row_bytes);
}

static fy_status feed_stream(fyi_streams *in, fy_plan *plan, int i)
{
    const fy_stream *s = &in->s->streams[i];
    fy_batch b;
    FYI_FORWARD(fy_loader_next(s->loader, &b));
    if (b.n != fy_node_shape(in->s->graph, s->x).d[0])
        return fyi_fail(FY_EINVAL,
                        "stage '%s': stream %d gave %lld samples for a batch of %lld; open its "
                        "loader with drop_last",
                        in->s->name, i, (long long)b.n,
                        (long long)fy_node_shape(in->s->graph, s->x).d[0]);
    if (b.x)
        FYI_FORWARD(fy_plan_feed(plan, s->x, b.x));
    if (s->y.id && !b.y)
        return fyi_fail(FY_EINVAL, "stage '%s': stream %d is unlabelled and its graph wants labels",
                        in->s->name, i);
    if (s->y.id)
        FYI_FORWARD(fy_plan_feed(plan, s->y, b.y));
    if (s->q.id)
        FYI_FORWARD(fy_plan_feed(plan, s->q, b.q));
    for (int k = 0; k < in->n_gathers[i]; k++) {
        gather_rows(&in->gathers[i][k], &b);
        FYI_FORWARD(fy_plan_feed(plan, in->gathers[i][k].node, in->gathers[i][k].batch));
    }
    return FY_OK;
}

fy_status fyi_streams_feed(fyi_streams *in, fy_plan *plan)
{
    for (int i = 0; i < in->s->n_streams; i++)
        FYI_FORWARD(feed_stream(in, plan, i));
    return FY_OK;
}

double fyi_streams_waited_s(const fyi_streams *in)
{
    double waited = 0;
    for (int i = 0; i < in->s->n_streams; i++)
        waited += fy_loader_wait_s(in->s->streams[i].loader);
    return waited;
}
