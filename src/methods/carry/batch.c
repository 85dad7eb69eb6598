/* batch.c: a batch of both domains, or of the target alone, what the networks make of it, and objectives over it.
 *
 * All rows go through the encoder at once, so that batch norms see both domains together in training as they do, by their running
 * statistics, in evaluation. Where some layers are frozen and no norm learns, each stream goes through it by itself, which is the same,
 * and what is frozen is computed once for each sample. */
#include "methods/carry/carry.h"

#include "methods/losses.h"
#include "methods/optim.h"

#include <stdio.h>

/* ---- what is fed ------------------------------------------------------------------------------------------ */

static bool has_source(const carry_stage *s)
{
    return !(s->c->method->flags & CARRY_SOURCE_FREE);
}

/* Shifts, turns and zooms by a tenth, and a hole in half of the samples. */
static fy_status make_strong(fy_augment *to)
{
    fy_transform warp = fy_transform_defaults(FY_TRANSFORM_WARP);
    fy_transform hole = fy_transform_defaults(FY_TRANSFORM_ERASE);
    fy_status st;
    *to = fy_augment_none();
    to->on_values = true;
    warp.warp.shift_frac = warp.warp.zoom_frac = 0.1f;
    warp.warp.rotate_deg = 15;
    FY_TRY(fy_augment_add(to, &warp));
    FY_TRY(fy_augment_add(to, &hole));
done:
    return st;
}

/* One stream of the stage. */
typedef struct feed {
    const fy_dataset *d;
    const char *name, *order; /* order: as in fy_loader_opts */
    const fy_augment *augment;
    fy_node *y; /* NULL: without labels */
} feed;

static fy_status open_loader(carry_stage *s, const feed *f)
{
    const fy_adapt_opts *o = s->c->o;
    fy_stream *in = &s->in[s->n_in];
    char x[48];
    fy_loader_opts how = fy_loader_defaults();
    fy_status st;
    how.batch = o->batch;
    how.with_labels = f->y != NULL;
    how.seed = o->seed;
    how.name = f->name;
    how.order = f->order;
    how.workers = o->workers;
    how.augment = f->augment;
    FY_TRY(fy_loader_open(f->d, &how, &s->loader[s->n_in++]));
    in->loader = s->loader[s->n_in - 1];
    if (fy_loader_mixes(in->loader))
        return fy_error(FY_EINVAL,
                        "%s: the augmentation mixes samples, of which those of one domain have no "
                        "labels; leave mixup and cutmix out",
                        s->c->method->name);
    (void)snprintf(x, sizeof x, "%s.x", f->name);
    in->x = fy_input(s->g, x, FY_F32, fy_shape_batch(o->batch, fy_loader_shape(in->loader)));
    if (f->y)
        in->y = *f->y = fy_input(s->g, "source.y", FY_I32, FY_SHAPE(o->batch));
done:
    return st;
}

static fy_status open_source(carry_stage *s)
{
    const carrying *c = s->c;
    const feed f = { c->data->source, "source.adapt", NULL, c->o->augment, &s->ys };
    return has_source(s) ? open_loader(s, &f) : FY_OK;
}

static fy_status open_target(carry_stage *s)
{
    const carrying *c = s->c;
    const feed f = { c->data->target, "target.unlabelled", NULL, c->o->augment, NULL };
    fy_stream *in = &s->in[s->n_in];
    fy_status st;
    FY_TRY(open_loader(s, &f));
    if (c->method->flags & CARRY_LABELS) {
        s->labels = fy_input(s->g, "target.label", FY_I32, FY_SHAPE(c->o->batch));
        in->tables[in->n_tables++] = (fy_table){ s->labels, c->labels };
    }
done:
    return st;
}

/* The target's samples again, in the same order and otherwise changed. */
static fy_status open_strong(carry_stage *s)
{
    const carrying *c = s->c;
    fy_augment own;
    fy_status st = FY_OK;
    if (!(c->method->flags & CARRY_VIEWS))
        return FY_OK;
    FY_TRY(make_strong(&own));
    const feed f = { c->data->target, "target.strong", "target.unlabelled",
                     c->o->strong ? c->o->strong : &own, NULL };
    FY_TRY(open_loader(s, &f));
done:
    return st;
}

/* Features that were mapped stand for the source's samples. */
static fy_status open_mapped(carry_stage *s)
{
    const feed f = { s->c->mapped, "source.mapped", NULL, NULL, &s->ys };
    return open_loader(s, &f);
}

static fy_status open_loaders(carry_stage *s)
{
    fy_status st;
    if (s->c->method->map)
        return open_mapped(s);
    FY_TRY(open_source(s));
    FY_TRY(open_target(s));
    FY_TRY(open_strong(s));
done:
    return st;
}

void carry_close_batch(carry_stage *s)
{
    for (int i = 0; i < 3; i++)
        fy_loader_close(s->loader[i]);
    fy_graph_free(s->g);
}

/* ---- what becomes of it ----------------------------------------------------------------------------------- */

fy_node carry_rows(carry_stage *s, fy_node x, int stream)
{
    return fy_slice(s->g, x, 0, stream * s->c->o->batch, s->c->o->batch);
}

/* CE of the classifier on them. */
static void apply_mapped(carry_stage *s)
{
    s->fs = s->in[0].x;
    s->ls = fy_model_apply(s->g, s->c->classifier, s->fs, FY_TRAIN);
    s->task = loss_cross_entropy(s->g, s->ls, &s->in[0], 0);
    carry_watch(s, "source.loss", s->task);
}

static fy_node encode(carry_stage *s, fy_node x)
{
    const carrying *c = s->c;
    if (c->method->encode)
        return c->method->encode(s, x);
    return c->moves ? fy_model_apply_moving(s->g, c->encoder, x, c->moves)
                    : fy_model_apply(s->g, c->encoder, x, FY_TRAIN);
}

/* Does every stream go through the encoder by itself? */
static bool goes_apart(const carry_stage *s)
{
    const carrying *c = s->c;
    return c->moves && !freeze_leaves_statistics(c->encoder, c->moves);
}

static fy_node together(const carry_stage *s, const fy_node *x)
{
    return s->n_in > 1 ? fy_concat(s->g, 0, x, s->n_in) : x[0];
}

static fy_node encode_all(carry_stage *s)
{
    const bool is_apart = goes_apart(s);
    fy_node x[3] = { { 0 } };
    for (int i = 0; i < s->n_in; i++)
        x[i] = is_apart ? encode(s, s->in[i].x) : s->in[i].x;
    return is_apart ? together(s, x) : encode(s, together(s, x));
}

static void apply(carry_stage *s)
{
    const carrying *c = s->c;
    const int target = has_source(s) ? 1 : 0;
    s->f = encode_all(s);
    s->logits = fy_model_apply(s->g, c->classifier, s->f,
                               c->method->moves & CARRY_CLASSIFIER ? FY_TRAIN : FY_EVAL);
    s->ft = carry_rows(s, s->f, target);
    s->lt = carry_rows(s, s->logits, target);
    if (s->n_in > target + 1)
        s->strong = carry_rows(s, s->logits, target + 1);
    if (!has_source(s))
        return;
    s->fs = carry_rows(s, s->f, 0);
    s->ls = carry_rows(s, s->logits, 0);
    s->task = loss_cross_entropy(s->g, s->ls, &s->in[0], 0);
    carry_watch(s, "source.loss", s->task);
}

fy_status carry_open_batch(carry_stage *s)
{
    fy_status st;
    FY_TRY(fy_graph_new(&s->g));
    FY_TRY(open_loaders(s));
    if (s->c->method->map)
        apply_mapped(s);
    else
        apply(s);
    FY_TRY(fy_graph_status(s->g));
done:
    return st;
}

/* ---- small pieces ----------------------------------------------------------------------------------------- */

fy_node carry_ramp(carry_stage *s)
{
    if (!s->ramp.id)
        s->ramp = fy_input(s->g, "ramp", FY_F32, FY_SCALAR);
    return s->ramp;
}

void carry_watch(carry_stage *s, const char *name, fy_node scalar)
{
    s->watches[s->n_watches++] = (fy_watch){ name, scalar };
}

fy_objective carry_objective(carry_stage *s, const char *name, fy_node loss, unsigned moves)
{
    const carrying *c = s->c;
    fy_model *const rest[] = { c->classifier, c->second, c->critic };
    fy_optim optim;
    const fy_status st = optim_of(&c->o->optim, &optim);
    if (st != FY_OK) {
        fy_graph_fail(s->g, st);
        return (fy_objective){ 0 };
    }
    const fy_objective o = fy_objective_add(s->g, name, loss, &optim);
    (void)snprintf(s->objectives[s->n_objectives].name, sizeof s->objectives[0].name, "%s", name);
    s->objectives[s->n_objectives++].moves = moves;
    if (moves & CARRY_ENCODER)
        fy_objective_moves_model(s->g, o, c->encoder, c->moves ? c->moves : "*", "encoder");
    for (unsigned i = 0; i < 3; i++)
        if (moves >> (i + 1) & 1)
            fy_objective_moves_model(s->g, o, rest[i], "*", NULL);
    return o;
}
