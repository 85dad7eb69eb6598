/* adda.c: adversarial discriminative domain adaptation (Tzeng et al. 2017, section 3).
 *
 *   source   M_S and C minimise CE(C(M_S(x_s)), y_s)
 *   adapt    D     minimises  CE(D(M_S(x_s)), 0)/2 + CE(D(sg M_T(x_t)), 1)/2
 *            M_T   minimises  w_a CE(D(M_T(x_t)), 0) + w_p CE(C(M_T(x_t)), a)
 *
 * with M_S and C frozen and M_T a copy of M_S at first. Plain ADDA has w_p = 0. The stable form adds, all
 * without target labels: a, the target's clusters in whitened principal components of M_S's features; a critic
 * that sees features times predicted class (Long et al. 2018, section 3.2); and small random shifts. */
#include "adda.h"
#include "clusters.h"
#include "pretrained.h"
#include "source.h"

#include <math.h>
#include <stdlib.h>

fy_adda_opts fy_adda_defaults(void)
{
    return (fy_adda_opts){
        .encoder = "digits_encoder",
        .classifier = "linear",
        .critic = "critic",
        .critic_activation = "relu",
        .source_optim = { .name = "adam", .lr = 1e-3, .beta1 = 0.9 },
        .source_epochs = 5,
        .source_batch = 64,
        .critic_optim = { .name = "adam", .lr = 2e-4, .beta1 = 0.5 },
        .target_optim = { .name = "adam", .lr = 2e-4, .beta1 = 0.5 },
        .epochs = 10,
        .batch = 64,
        .decay_from = 1,
        .evaluations = 20,
        .rollbacks = 3,
        .adversarial_weight = 1,
        .cluster_components = 20,
        .cluster_restarts = 50,
        .rule = fy_choice_defaults(),
        .workers = 1,
    };
}

/* ---- what the shared files are told ---------------------------------------------------------------------------- */

static source source_of(const adda *a)
{
    return (source){ .run = a->run,
                     .dev = a->dev,
                     .train = a->data->source,
                     .test = a->data->source_test,
                     .encoder = a->source,
                     .classifier = a->classifier,
                     .optim = &a->o->source_optim,
                     .batch = a->o->source_batch,
                     .steps = a->source_steps,
                     .seed = a->o->seed,
                     .workers = a->o->workers };
}

static clusters clusters_of(const adda *a)
{
    return (clusters){ .dev = a->dev,
                       .encoder = a->source,
                       .classifier = a->classifier,
                       .data = a->data->target,
                       .classes = fy_dataset_classes(a->data->source),
                       .components = a->o->cluster_components,
                       .restarts = a->o->cluster_restarts,
                       .seed = a->o->seed };
}

/* ---- the source, and between the stages ------------------------------------------------------------------------- */

/* Trained here, or before: then once, since a resumed run finds it in its checkpoint. */
static fy_status make_source(adda *a)
{
    const fy_adda_opts *o = a->o;
    const pretrained p = { .encoder_file = { .path = o->source_weights,
                                             .part = o->source_weights_part,
                                             .prefix = o->source_weights_prefix },
                           .classifier_file = { .path = o->classifier_weights,
                                                .part = o->classifier_weights_part,
                                                .prefix = o->classifier_weights_prefix },
                           .encoder = a->source,
                           .classifier = a->classifier,
                           .samples = a->data->source };
    const source s = source_of(a);
    if (!o->source_weights)
        return source_train(&s);
    return a->kept.begun ? FY_OK : pretrained_load(a->dev, &p);
}

/* M_T starts as M_S. Done once: a resumed run finds it done. */
static fy_status begin(adda *a)
{
    const source s = source_of(a);
    const clusters c = clusters_of(a);
    fy_status st;
    if (a->kept.begun)
        return FY_OK;
    FY_TRY(source_judge(&s, &a->kept.source_accuracy));
    FY_TRY(fy_model_copy(a->target, a->source));
    FY_TRY(fy_model_copy(a->target_classifier, a->classifier));
    if (a->o->pseudo_weight > 0)
        FY_TRY(clusters_find(&c, a->clusters));
    a->kept.begun = 1;
    FY_TRY(fy_run_checkpoint(a->run));
done:
    return st;
}

/* ---- stage 2: the crossing ----------------------------------------------------------------------------------------- */

static fy_status open_loader(const adda *a, const fy_dataset *d, const char *name,
                             const fy_augment *augment, fy_loader **out)
{
    fy_loader_opts o = fy_loader_defaults();
    o.batch = a->o->batch;
    o.with_labels = false;
    o.seed = a->o->seed;
    o.name = name;
    o.workers = a->o->workers;
    o.augment = augment;
    return fy_loader_open(d, &o, out);
}

static fy_status on_eval(void *arg, fy_plan *plan, int64_t step, bool *is_over)
{
    adda *a = arg;
    const adapt_way_back back = { &a->o->rule, a->o->rollbacks,
                                  step == a->steps ? ADAPT_LAST_STEP : NULL };
    fy_status st;
    (void)plan;
    (void)is_over;
    FY_TRY(adapt_evaluate(&a->adapt, step));
    FY_TRY(adapt_watch(&a->adapt, &back));
    const picture_critic_of critic = {
        .dev = a->dev, .data = a->data, .fn = adda_critic_of, .arg = a
    };
    FY_TRY(picture_critic(a->moments, &critic, step));
done:
    return st;
}

/* The learning rates of this step. */
static fy_status on_step(void *arg, fy_plan *plan, int64_t step)
{
    adda *a = arg;
    double scale;
    fy_status st;
    FY_TRY(adapt_step(&a->adapt, &scale));
    scale *= fy_schedule_factor(&a->schedule, step);
    FY_TRY(fy_plan_set(plan, "critic.lr", (float)(scale * a->o->critic_optim.lr)));
    FY_TRY(fy_plan_set(plan, "target.lr", (float)(scale * a->o->target_optim.lr)));
done:
    return st;
}

static fy_status on_nan(void *arg, int64_t step)
{
    adda *a = arg;
    return adapt_recover(&a->adapt, step);
}

static fy_status run_crossing(adda *a, const fy_graph *g, const crossing *c, fy_loader *from,
                              fy_loader *to)
{
    fy_stage s = fy_stage_defaults("adapt", g);
    s.streams[0] = (fy_stream){ .loader = from, .x = c->xs };
    s.streams[1] = (fy_stream){ .loader = to, .x = c->xt };
    s.n_streams = 2;
    if (c->pseudo.id)
        s.streams[1].tables[s.streams[1].n_tables++] =
            (fy_table){ .node = c->pseudo, .rows = a->clusters };
    s.watches[s.n_watches++] = (fy_watch){ "critic.loss", c->critic_loss };
    s.watches[s.n_watches++] = (fy_watch){ "critic.accuracy", c->critic_accuracy };
    s.watches[s.n_watches++] = (fy_watch){ "target.loss", c->target_loss };
    s.steps = a->steps;
    s.evaluations = a->evaluations;
    s.seed = a->o->seed;
    s.on_eval = on_eval;
    s.on_nan = on_nan;
    s.on_step = on_step;
    s.arg = a;
    return fy_stage_run(a->run, a->dev, &s);
}

static fy_status cross(adda *a)
{
    fy_graph *g = NULL;
    fy_loader *from = NULL, *to = NULL;
    crossing c;
    fy_transform shift = fy_transform_defaults(FY_TRANSFORM_WARP);
    fy_augment shifts = fy_augment_none();
    fy_status st;
    shift.warp.shift_frac = (float)a->o->shift_frac;
    shift.warp.fill = FY_FILL_CONSTANT;
    shifts.on_values = true; /* what comes in from outside is 0 in the dataset's own range */
    FY_TRY(fy_augment_add(&shifts, &shift));
    FY_TRY(fy_graph_new(&g));
    c = adda_inputs(a, g);
    FY_TRY(adda_build_crossing(a, g, &c));
    FY_TRY(open_loader(a, a->data->source, "source.unlabelled", NULL, &from));
    FY_TRY(open_loader(a, a->data->target, "target.unlabelled",
                       a->o->shift_frac > 0 ? &shifts : NULL, &to));
    FY_TRY(run_crossing(a, g, &c, from, to));
done:
    fy_loader_close(to);
    fy_loader_close(from);
    fy_graph_free(g);
    return st;
}

/* ---- the method ------------------------------------------------------------------------------------------------ */

/* The rates are constant, then fall in a line to 0. */
static fy_status set_lengths(adda *a)
{
    const fy_adda_opts *o = a->o;
    a->source_steps =
        adapt_steps(o->source_steps, o->source_epochs, a->data->source, o->source_batch);
    a->steps = adapt_steps(o->steps, o->epochs, a->data->target, o->batch);
    a->evaluations = o->evaluations < a->steps ? o->evaluations : a->steps;
    a->schedule = fy_schedule_defaults();
    a->schedule.name = "linear";
    a->schedule.steps = a->steps;
    a->schedule.start = o->decay_from;
    return fy_schedule_check(&a->schedule);
}

static fy_status check_clusters(const adda *a)
{
    const clusters c = clusters_of(a);
    return a->o->pseudo_weight > 0 ? clusters_check(&c, "adda") : FY_OK;
}

static fy_status open_adda(adda *a)
{
    fy_status st;
    FY_TRY(set_lengths(a));
    FY_TRY(adda_open_models(a));
    FY_TRY(check_clusters(a));
    FY_TRY(adda_keep_models(a));
    a->clusters = calloc((size_t)fy_dataset_count(a->data->target), sizeof *a->clusters);
    a->moments = calloc(1, sizeof *a->moments);
    if (!a->clusters || !a->moments) {
        st = fy_error(FY_ENOMEM, "no memory for the target's clusters");
        goto done;
    }
    a->moments->last = a->evaluations;
    FY_TRY(fy_run_keep_data(a->run, "adda", &a->kept, sizeof a->kept, NULL));
    FY_TRY(fy_run_keep_data(a->run, "adda.clusters", a->clusters,
                            (size_t)fy_dataset_count(a->data->target) * sizeof *a->clusters, NULL));
    FY_TRY(fy_run_keep_data(a->run, "adda.critic", a->moments, sizeof *a->moments, NULL));
    const adapt_chain chain = { .models = { a->target, a->target_classifier },
                                .n_moved = a->o->critic_on_logits ? 2 : 1,
                                .beside = a->critic };
    FY_TRY(adapt_open(&a->adapt, a->run, a->dev, a->data, "adapt", &chain));
done:
    return st;
}

static void close_adda(adda *a)
{
    fy_run_forget(a->run); /* what it was asked to keep ends here */
    adapt_close(&a->adapt);
    free(a->moments);
    free(a->clusters);
    fy_model_free(a->target_classifier);
    fy_model_free(a->target);
    fy_model_free(a->critic);
    fy_model_free(a->classifier);
    fy_model_free(a->source);
}

fy_status fy_adda(fy_run *r, fy_device *dev, const fy_adapt_data *data, const fy_adda_opts *o,
                  fy_adapt_report *report)
{
    adda a = { .run = r, .dev = dev, .data = data, .o = o };
    fy_status st;
    *report = (fy_adapt_report){ .source_accuracy = NAN };
    FY_TRY(adda_check(o, data));
    FY_TRY(open_adda(&a));
    FY_TRY(make_source(&a));
    FY_TRY(begin(&a));
    FY_TRY(cross(&a));
    report->source_accuracy = a.kept.source_accuracy;
    FY_TRY(adapt_finish(&a.adapt, &o->rule, report));
    const picture_of all = { .run = r,
                             .dev = dev,
                             .data = data,
                             .before = { a.source, a.classifier },
                             .last = { a.target, a.target_classifier } };
    FY_TRY(picture_write_critic(a.moments, r));
    FY_TRY(picture_write_features(&all, false, o->seed));
    FY_TRY(picture_write_samples(&all));
done:
    close_adda(&a);
    return st;
}
