/* batch.c: what a stage is fed: rows of the source, of the target with and without labels, one set behind the other, so that a norm that
 * learns sees all of them at once. */
#include "methods/hdnet/hdnet.h"

#include "methods/freeze.h"

#include <stdio.h>

static const char *const set_names[HDNET_SETS] = { "source", "target", "unlabelled" };

/* ---- which samples ---------------------------------------------------------------------------------------- */

static const fy_parts *samples_of(const hdnet_stage *s, int set)
{
    const fy_hdnet_data *d = s->h->data;
    if (set == HDNET_SOURCE)
        return d->source;
    if (set == HDNET_UNLABELLED) /* stage 1 sees those of the only target */
        return s->target ? s->target->train : d->targets[0].train;
    return s->target->finetune;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void share_rows(hdnet_stage *s)
{
    int64_t first = 0;
    for (int i = 0; i < HDNET_SETS; i++) {
        hdnet_set *set = &s->sets[i];
        *set = (hdnet_set){ .p = s->draws[i] ? samples_of(s, i) : NULL, .first = first };
        if (!set->p)
            continue;
        set->rows = least(s->batch, fy_parts_count(set->p));
        set->has_labels = i != HDNET_UNLABELLED;
        first += set->rows;
    }
}

/* Of the set that the stage is about: the source, or the target's labelled samples. */
int64_t hdnet_epoch_steps(const hdnet_stage *s)
{
    const fy_parts *p = s->target ? s->target->finetune : s->h->data->source;
    return s->epoch_steps > 0 ? s->epoch_steps
                              : fy_parts_count(p) / least(s->batch, fy_parts_count(p));
}

/* ---- loaders ---------------------------------------------------------------------------------------------- */

static const fy_augment *augment_of(const hdnet_stage *s, int set, int m)
{
    const fy_hdnet_opts *o = s->h->o;
    return set == HDNET_SOURCE || o->augment_target ? o->augment[m] : NULL;
}

static fy_status check_loader(const hdnet_stage *s, const hdnet_set *set, int m)
{
    const char *name = fy_parts_name(set->p, m);
    if (fy_loader_mixes(set->loader[m]))
        return fy_error(
            FY_EINVAL,
            "hdnet: the augmentation of '%s' mixes samples, and their other parts stay; "
            "leave mixup and cutmix out",
            name);
    if (!fy_shape_equal(fy_loader_shape(set->loader[m]),
                        fy_dataset_shape(fy_parts_dataset(set->p, m))))
        return fy_error(FY_ESHAPE,
                        "hdnet: the augmentation gives '%s' another size, and validation samples "
                        "keep theirs; let it cut to the size that they have",
                        name);
    (void)s;
    return FY_OK;
}

static fy_status open_loader(hdnet_stage *s, int i, int m)
{
    hdnet_set *set = &s->sets[i];
    char name[256], order[192];
    fy_loader_opts how = fy_loader_defaults();
    fy_status st;
    (void)snprintf(order, sizeof order, "%s.%s", s->name, set_names[i]);
    (void)snprintf(name, sizeof name, "%.180s.%.64s", order, fy_parts_name(set->p, m));
    how.name = name;
    how.order = order;
    how.batch = set->rows;
    how.seed = s->h->o->seed;
    how.workers = s->h->o->workers;
    how.with_labels = set->has_labels;
    how.augment = augment_of(s, i, m);
    FY_TRY(fy_loader_open(fy_parts_dataset(set->p, m), &how, &set->loader[m]));
    FY_TRY(check_loader(s, set, m));
done:
    return st;
}

/* ---- inputs ----------------------------------------------------------------------------------------------- */

static bool is_complete(const fy_parts *p, int m)
{
    const float *there = fy_parts_there(p, m);
    for (int64_t i = 0; i < fy_parts_count(p); i++)
        if (there[i] == 0)
            return false;
    return true;
}

static void add_input(hdnet_stage *s, int i, int m)
{
    hdnet_set *set = &s->sets[i];
    fy_stream *in = &set->in[m];
    fy_graph *g = s->g;
    char name[128];
    (void)snprintf(name, sizeof name, "%s.%.64s", set_names[i], fy_parts_name(set->p, m));
    *in = (fy_stream){ .loader = set->loader[m],
                       .x = fy_input(g, name, FY_F32,
                                     fy_shape_batch(set->rows, fy_loader_shape(set->loader[m]))) };
    if (m == 0 && set->has_labels) {
        (void)snprintf(name, sizeof name, "%s.y", set_names[i]);
        in->y = set->y = fy_input(g, name, FY_I32, FY_SHAPE(set->rows));
    }
    if (is_complete(set->p, m))
        return;
    (void)snprintf(name, sizeof name, "%s.%.64s.there", set_names[i], fy_parts_name(set->p, m));
    set->there[m] = fy_input(g, name, FY_F32, FY_SHAPE(set->rows, 1));
    in->tables[in->n_tables++] = (fy_table){ set->there[m], fy_parts_there(set->p, m) };
}

/* Where some layers are frozen and no norm learns each set goes through the encoder by itself, which is the same, and what is frozen
 * is computed once for each sample. */
static bool goes_apart(const hdnet *h, int m)
{
    return h->o->freeze[m] && !freeze_leaves_statistics(h->encoders[m], h->moves[m]);
}

static fy_node behind(fy_graph *g, fy_node before, fy_node x)
{
    return before.id ? fy_concat2(g, 0, before, x) : x;
}

static fy_status open_modality(hdnet_stage *s, int m)
{
    const bool is_apart = goes_apart(s->h, m);
    fy_model *e = s->h->encoders[m];
    fy_node all = FY_NO_NODE;
    fy_status st = FY_OK;
    for (int i = 0; i < HDNET_SETS; i++) {
        if (!s->sets[i].p)
            continue;
        FY_TRY(open_loader(s, i, m));
        add_input(s, i, m);
        const fy_node x = s->sets[i].in[m].x;
        all = behind(s->g, all, is_apart ? fy_model_apply_moving(s->g, e, x, s->h->moves[m]) : x);
    }
    s->z[m] = is_apart ? all : fy_model_apply_moving(s->g, e, all, s->h->moves[m]);
done:
    return st;
}

fy_status hdnet_open_batch(hdnet_stage *s)
{
    fy_status st;
    share_rows(s);
    FY_TRY(fy_graph_new(&s->g));
    for (int m = 0; m < s->h->n; m++) {
        s->known_watch[m] = s->won_watch[m] = s->has_watch[m] = -1;
        FY_TRY(open_modality(s, m));
    }
    st = fy_graph_status(s->g);
done:
    return st;
}

void hdnet_close_batch(hdnet_stage *s)
{
    for (int i = 0; i < HDNET_SETS; i++)
        for (int m = 0; m < HDNET_MAX; m++)
            fy_loader_close(s->sets[i].loader[m]);
    fy_graph_free(s->g);
}
