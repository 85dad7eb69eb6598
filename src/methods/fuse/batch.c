/* batch.c: a batch of samples of several parts, its features, and the small pieces that losses are made of. */
#include "methods/fuse/fuse.h"

#include <math.h>
#include <stdio.h>

/* ---- what is fed ------------------------------------------------------------------------------------------ */

static fy_status open_loader(together *t, int m)
{
    const fy_fuse_opts *o = t->f->o;
    const fy_dataset *d = fy_parts_dataset(t->f->data->train, m);
    char name[128];
    fy_loader_opts how = fy_loader_defaults();
    fy_status st;
    (void)snprintf(name, sizeof name, "%s.%.64s", t->name, fy_parts_name(t->f->data->train, m));
    how.name = name;
    how.order = t->name;
    how.batch = o->batch;
    how.seed = o->seed;
    how.workers = o->workers;
    how.augment = o->augment[m];
    FY_TRY(fy_loader_open(d, &how, &t->loader[m]));
    if (fy_loader_mixes(t->loader[m]))
        return fy_error(FY_EINVAL,
                        "fuse: the augmentation of '%s' mixes samples, and their other parts stay; "
                        "leave mixup and cutmix out",
                        fy_parts_name(t->f->data->train, m));
    if (!fy_shape_equal(fy_loader_shape(t->loader[m]), fy_dataset_shape(d)))
        return fy_error(FY_ESHAPE,
                        "fuse: the augmentation gives '%s' another size, and validation samples "
                        "keep theirs; let it cut to the size that they have",
                        fy_parts_name(t->f->data->train, m));
done:
    return st;
}

static bool is_complete(const fy_parts *p, int m)
{
    const float *there = fy_parts_there(p, m);
    for (int64_t i = 0; i < fy_parts_count(p); i++)
        if (there[i] == 0)
            return false;
    return true;
}

static void add_input(together *t, int m)
{
    const fy_parts *p = t->f->data->train;
    const int64_t rows = t->f->o->batch;
    char name[96];
    fy_stream *in = &t->in[m];
    (void)snprintf(name, sizeof name, "%.64s.x", fy_parts_name(p, m));
    t->x[m] = fy_input(t->g, name, FY_F32, fy_shape_batch(rows, fy_loader_shape(t->loader[m])));
    *in = (fy_stream){ .loader = t->loader[m], .x = t->x[m] };
    if (m == 0)
        in->y = t->y = fy_input(t->g, "y", FY_I32, FY_SHAPE(rows));
    if (is_complete(p, m))
        return;
    (void)snprintf(name, sizeof name, "%.64s.there", fy_parts_name(p, m));
    t->there[m] = fy_input(t->g, name, FY_F32, FY_SHAPE(rows, 1));
    in->tables[in->n_tables++] = (fy_table){ t->there[m], fy_parts_there(p, m) };
}

fy_status fuse_open_batch(together *t)
{
    fy_status st;
    FY_TRY(fy_graph_new(&t->g));
    for (int m = 0; m < t->f->n; m++) {
        FY_TRY(open_loader(t, m));
        add_input(t, m);
        t->z[m] = fy_model_apply(t->g, t->net->encoders[m], t->x[m], FY_TRAIN);
    }
    st = fy_graph_status(t->g);
done:
    return st;
}

void fuse_close_batch(together *t)
{
    for (int m = 0; m < FUSE_MAX; m++)
        fy_loader_close(t->loader[m]);
    fy_graph_free(t->g);
}

/* ---- logits ----------------------------------------------------------------------------------------------- */

fy_node fuse_logits(together *t, const fy_node *z, unsigned subset, bool is_fixed)
{
    const int64_t rows = t->f->o->batch;
    fy_node parts[FUSE_MAX], there[FUSE_MAX];
    for (int m = 0; m < t->f->n; m++) {
        const bool is = subset >> m & 1;
        parts[m] = is ? z[m] : fy_fill(t->g, fy_node_shape(t->g, z[m]), 0);
        there[m] = is ? t->there[m] : fy_fill(t->g, FY_SHAPE(rows, 1), 0);
    }
    const fy_node x = fy_parts_together(t->g, parts, there, t->f->n);
    return is_fixed ? fy_model_apply_fixed(t->g, t->net->fusion, x)
                    : fy_model_apply(t->g, t->net->fusion, x, FY_TRAIN);
}

/* ---- means ------------------------------------------------------------------------------------------------ */

fy_node fuse_mean(together *t, fy_node values, int m)
{
    if (m < 0 || !t->there[m].id)
        return fy_mean_all(t->g, values);
    const fy_node there = fy_reshape(t->g, t->there[m], FY_SHAPE(t->f->o->batch));
    const fy_node n = fy_clip(t->g, fy_sum_all(t->g, there), 1, INFINITY);
    return fy_div(t->g, fy_sum_all(t->g, fy_mul(t->g, values, there)), n);
}

fy_node fuse_has(together *t, int m)
{
    return t->there[m].id ? fy_clip(t->g, fy_sum_all(t->g, t->there[m]), 0, 1)
                          : fy_fill(t->g, FY_SCALAR, 1);
}

fy_node fuse_cross_entropy(together *t, fy_node logits, int m)
{
    return fuse_mean(t, fy_cross_entropy(t->g, logits, t->y), m);
}

fy_node fuse_certainty(together *t, fy_node logits, int m)
{
    const fy_node surprise = fy_cross_entropy(t->g, fy_detach(t->g, logits), t->y);
    return fuse_mean(t, fy_exp(t->g, fy_scale(t->g, surprise, -1)), m); /* a sum of nothing is 0 */
}

/* ---- names ------------------------------------------------------------------------------------------------ */

static void name_of(const together *t, const char *what, int m, char *name, size_t bytes)
{
    if (m < 0)
        (void)snprintf(name, bytes, "%s", what);
    else
        (void)snprintf(name, bytes, "%s.%.64s", what, fy_parts_name(t->f->data->train, m));
}

fy_node fuse_scalar(together *t, const char *what, int m)
{
    char name[96];
    name_of(t, what, m, name, sizeof name);
    return fy_input(t->g, name, FY_F32, FY_SCALAR);
}

fy_status fuse_set(const together *t, fy_plan *plan, const char *what, int m, double value)
{
    char name[96];
    name_of(t, what, m, name, sizeof name);
    return fy_plan_set(plan, name, (float)value);
}

int fuse_watch(together *t, const char *what, int m, fy_node scalar)
{
    const int i = t->n_watches++;
    name_of(t, what, m, t->names[i], sizeof t->names[i]);
    t->watches[i] = (fy_watch){ t->names[i], scalar };
    return i;
}

int fuse_watch_presence(together *t, int m)
{
    return t->there[m].id ? fuse_watch(t, "there", m, fuse_has(t, m)) : -1;
}

bool fuse_had(const together *t, const double *newest, int m)
{
    return t->has_watches[m] < 0 || newest[t->has_watches[m]] > 0;
}

fy_node fuse_scale_gradient(together *t, fy_node x, fy_node by)
{
    return fy_grad_reverse(t->g, x, fy_scale(t->g, by, -1));
}
