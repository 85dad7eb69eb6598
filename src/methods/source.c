/* source.c: encoder and classifier learn the labelled source. */
#include "source.h"

#include "freeze.h"
#include "losses.h"
#include "notes.h"
#include "optim.h"

#include <math.h>

/* ---- the networks ----------------------------------------------------------------------------------------- */

static fy_status open_encoder(const source_networks *n, fy_model_opts m, fy_model **out)
{
    fy_status st;
    m.n_classes = 0;
    m.hidden = n->features;
    FY_TRY(fy_model_open(n->encoder, "source", &m, out));
    if (m.hidden == 0 || fy_shape_numel(fy_model_output(*out)) == m.hidden)
        return FY_OK;
    fy_model_free(*out);
    *out = NULL;
    m.n_classes = m.hidden;
    m.hidden = 0;
    FY_TRY(fy_model_open(n->encoder, "source", &m, out));
done:
    return st;
}

fy_status source_open(const source_networks *n, fy_model **encoder, fy_model **classifier)
{
    fy_model_opts m = fy_model_defaults();
    fy_status st;
    m.seed = n->seed;
    m.input = *fy_dataset_shape(n->of);
    FY_TRY(open_encoder(n, m, encoder));
    FY_TRY(notes_set_pixels(*encoder, n->pixels));
    m.input = *fy_model_output(*encoder);
    m.n_classes = fy_dataset_classes(n->of);
    FY_TRY(fy_model_open(n->classifier, "classifier", &m, classifier));
    FY_TRY(notes_set_classes(*classifier, n->of));
done:
    return st;
}

/* ---- the stage -------------------------------------------------------------------------------------------- */

static fy_status open_loader(const source *s, fy_loader **out)
{
    fy_loader_opts o = fy_loader_defaults();
    o.batch = s->batch;
    o.seed = s->seed;
    o.name = "source.labelled";
    o.workers = s->workers;
    o.augment = s->augment;
    return fy_loader_open(s->train, &o, out);
}

static const char *stage_of(const source *s)
{
    return s->stage ? s->stage : "source";
}

static fy_node encode(const source *s, fy_graph *g, fy_node x)
{
    if (!s->keeps_encoder && s->moves)
        return fy_model_apply_moving(g, s->encoder, x, s->moves);
    return fy_model_apply(g, s->encoder, x, s->keeps_encoder ? FY_EVAL : FY_TRAIN);
}

/* Does anything of the encoder? */
static bool learns(const source *s)
{
    return !s->keeps_encoder && (!s->moves || freeze_leaves_any(s->encoder, s->moves));
}

/* CE(C(M(x)), y). */
static fy_status build(const source *s, fy_graph *g, fy_loader *loader, fy_stage *stage)
{
    const fy_shape batch = fy_shape_batch(s->batch, fy_loader_shape(loader));
    const fy_shape shares = FY_SHAPE(s->batch, fy_dataset_classes(s->train));
    fy_optim optim;
    fy_status st;
    FY_TRY(optim_of(s->optim, &optim));
    const fy_stream in = { .loader = loader,
                           .x = fy_input(g, "x", FY_F32, batch),
                           .y = fy_input(g, "y", FY_I32, FY_SHAPE(s->batch)),
                           .q = fy_loader_mixes(loader) ? fy_input(g, "q", FY_F32, shares)
                                                        : FY_NO_NODE };
    const fy_node f = encode(s, g, in.x);
    const fy_node logits = fy_model_apply(g, s->classifier, f, FY_TRAIN);
    const fy_node loss = loss_cross_entropy(g, logits, &in, s->label_smoothing);
    const fy_objective task = fy_objective_add(g, stage_of(s), loss, &optim);
    if (learns(s))
        fy_objective_moves_model(g, task, s->encoder, s->moves ? s->moves : "*", NULL);
    fy_objective_moves_model(g, task, s->classifier, "*", NULL);
    *stage = fy_stage_defaults(stage_of(s), g);
    stage->streams[stage->n_streams++] = in;
    stage->watches[stage->n_watches++] = (fy_watch){ "source.loss", loss };
    stage->watches[stage->n_watches++] =
        (fy_watch){ "source.accuracy", fy_accuracy(g, logits, in.y) };
done:
    return st;
}

fy_status source_train(const source *s)
{
    fy_graph *g = NULL;
    fy_loader *loader = NULL;
    fy_stage stage;
    fy_status st;
    FY_TRY(fy_graph_new(&g));
    FY_TRY(open_loader(s, &loader));
    FY_TRY(build(s, g, loader, &stage));
    stage.steps = s->steps;
    stage.seed = s->seed;
    FY_TRY(fy_stage_run(s->run, s->dev, &stage));
done:
    fy_loader_close(loader);
    fy_graph_free(g);
    return st;
}

fy_status source_judge(const source *s, double *accuracy)
{
    fy_model *const chain[] = { s->encoder, s->classifier };
    const freeze_look look = { s->run, s->dev, s->moves };
    fy_predictor *p = NULL;
    fy_tensor *logits = NULL;
    fy_status st;
    fy_tensor **outs[] = { NULL, &logits };
    *accuracy = NAN;
    FY_TRY(freeze_predictor(&look, chain, 2, FREEZE_LOOK_BATCH, &p));
    if (s->test) {
        FY_TRY(fy_predict(p, s->test, outs));
        FY_TRY(fy_accuracy_of(logits, s->test, accuracy));
    }
    FY_TRY(fy_run_save_model(s->run, "source", s->encoder));
    FY_TRY(fy_run_save_model(s->run, "classifier", s->classifier));
done:
    fy_tensor_free(logits);
    fy_predictor_free(p);
    return st;
}
