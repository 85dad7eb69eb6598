/* adda.c: adversarial discriminative domain adaptation (Tzeng et al. 2017, section 3).
 *
 *   source   M_S and C minimise CE(C(M_S(x_s)), y_s)
 *   adapt    D     minimises  CE(D(M_S(x_s)), 0)/2 + CE(D(sg M_T(x_t)), 1)/2
 *            M_T   minimises  w_a CE(D(M_T(x_t)), 0) + w_p CE(C(M_T(x_t)), a)
 *
 * with M_S and C frozen and M_T a copy of M_S at first. Plain ADDA has w_p = 0. The stable form adds, all
 * without target labels: a, the target's clusters in whitened principal components of M_S's features; a critic
 * that sees features times predicted class (Long et al. 2018, section 3.2); and small random shifts. */
#include "adapt.h"
#include "notes.h"
#include "optim.h"
#include "pictures.h"
#include "pretrained.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CONDITIONS 64

typedef struct adda {
    fy_run *run;
    fy_device *dev;
    const fy_adapt_data *data;
    const fy_adda_opts *o;
    fy_model *source, *classifier, *target, *target_classifier, *critic;
    adapt adapt;
    struct adda_kept {
        int32_t begun; /* M_T holds its start values and the clusters are known */
        double source_accuracy;
    } kept;
    int32_t *clusters; /* [target count] */
    int64_t source_steps, steps;
    int64_t evaluations; /* of stage 2, after its start: at most one per step */
    picture_moments *moments;
} adda;

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
        .adversarial_weight = 1,
        .cluster_components = 20,
        .cluster_restarts = 50,
        .rule = fy_choice_defaults(),
        .workers = 1,
    };
}

static fy_status check(const fy_adda_opts *o, const fy_adapt_data *data)
{
    const struct {
        const char *what;
        int64_t batch;
        const fy_dataset *d;
    } rows[] = {
        { "source_batch", o->source_batch, data->source },
        { "batch", o->batch, data->source },
        { "batch", o->batch, data->target },
    };
    for (size_t i = o->source_weights ? 1 : 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].batch < 1 || rows[i].batch > fy_dataset_count(rows[i].d))
            return fy_error(FY_EINVAL,
                            "adda: %s is %lld and '%s' has %lld samples; expected 1 to that many",
                            rows[i].what, (long long)rows[i].batch, fy_dataset_name(rows[i].d),
                            (long long)fy_dataset_count(rows[i].d));
    if (o->evaluations < 1 || o->evaluations >= ADAPT_MAX_CANDIDATES)
        return fy_error(FY_EINVAL, "adda: %lld evaluations; expected 1 to %d",
                        (long long)o->evaluations, ADAPT_MAX_CANDIDATES - 1);
    if (o->conditional && fy_dataset_classes(data->source) > MAX_CONDITIONS)
        return fy_error(FY_EINVAL,
                        "adda: a conditional critic takes at most %d classes, the source has %d",
                        MAX_CONDITIONS, fy_dataset_classes(data->source));
    return FY_OK;
}

/* Features of one sample as the critic sees them. */
static int64_t critic_width(const adda *a)
{
    const int64_t k = fy_dataset_classes(a->data->source);
    const int64_t f = a->o->critic_on_logits ? k : fy_shape_numel(fy_model_output(a->source));
    return a->o->conditional ? f * k : f;
}

static fy_status open_models(adda *a)
{
    fy_status st;
    fy_model_opts m = fy_model_defaults();
    m.seed = a->o->seed;
    m.input = *fy_dataset_shape(a->data->source);
    m.n_classes = 0;
    m.hidden = a->o->features;
    FY_TRY(fy_model_open(a->o->encoder, "source", &m, &a->source));
    FY_TRY(notes_set_pixels(a->source, a->o->source_pixels));
    m.input = *fy_model_output(a->source);
    m.n_classes = fy_dataset_classes(a->data->source);
    m.hidden = 0;
    FY_TRY(fy_model_open(a->o->classifier, "classifier", &m, &a->classifier));
    FY_TRY(notes_set_classes(a->classifier, a->data->source));
    m.input = FY_SHAPE(critic_width(a));
    m.n_classes = 2;
    m.hidden = a->o->critic_hidden;
    m.activation = a->o->critic_activation;
    FY_TRY(fy_model_open(a->o->critic, "critic", &m, &a->critic));
    FY_TRY(fy_model_clone(a->source, "target", &a->target));
    FY_TRY(notes_set_pixels(a->target, a->o->target_pixels));
    FY_TRY(fy_model_clone(a->classifier, "target_classifier", &a->target_classifier));
done:
    return st;
}

static fy_status check_clusters(const adda *a)
{
    const int64_t width = fy_shape_numel(fy_model_output(a->source)),
                  n = fy_dataset_count(a->data->target);
    const int64_t most = width < n ? width : n;
    if (a->o->pseudo_weight > 0 && (a->o->cluster_components < 1 || a->o->cluster_components > most))
        return fy_error(
            FY_EINVAL,
            "adda: %lld components of %lld features of %lld target samples; expected 1 to "
            "%lld",
            (long long)a->o->cluster_components, (long long)width, (long long)n, (long long)most);
    return FY_OK;
}

static fy_status keep_models(adda *a)
{
    fy_model *const all[] = { a->source, a->classifier, a->target, a->target_classifier, a->critic };
    fy_status st = FY_OK;
    for (int i = 0; st == FY_OK && i < 5; i++)
        st = fy_run_keep(a->run, all[i]);
    return st;
}

static int64_t steps_of(int64_t steps, int64_t epochs, const fy_dataset *d, int64_t batch)
{
    return steps > 0 ? steps : epochs * (fy_dataset_count(d) / batch);
}

static fy_status open_loader(const adda *a, const fy_dataset *d, const char *name, int64_t batch,
                             bool labels, const fy_augment *augment, fy_loader **out)
{
    fy_loader_opts o = fy_loader_defaults();
    o.batch = batch;
    o.with_labels = labels;
    o.seed = a->o->seed;
    o.name = name;
    o.workers = a->o->workers;
    o.augment = augment;
    return fy_loader_open(d, &o, out);
}

static fy_node batch_input(fy_graph *g, const char *name, int64_t n, const fy_dataset *d)
{
    return fy_input(g, name, FY_F32, fy_shape_batch(n, fy_dataset_shape(d)));
}

/* ---- stage 1: the source ------------------------------------------------------------------------------------- */

static fy_status train_source(adda *a)
{
    fy_graph *g = NULL;
    fy_loader *loader = NULL;
    fy_optim optim;
    fy_status st;
    FY_TRY(fy_graph_new(&g));
    FY_TRY(optim_of(&a->o->source_optim, &optim));
    FY_TRY(open_loader(a, a->data->source, "source.labelled", a->o->source_batch, true, NULL,
                       &loader));
    const fy_node x = batch_input(g, "x", a->o->source_batch, a->data->source);
    const fy_node y = fy_input(g, "y", FY_I32, FY_SHAPE(a->o->source_batch));
    const fy_node logits =
        fy_model_apply(g, a->classifier, fy_model_apply(g, a->source, x, FY_TRAIN), FY_TRAIN);
    const fy_node loss = fy_mean_all(g, fy_cross_entropy(g, logits, y));
    const fy_objective task = fy_objective_add(g, "source", loss, &optim);
    fy_objective_moves_model(g, task, a->source, "*", NULL);
    fy_objective_moves_model(g, task, a->classifier, "*", NULL);

    fy_stage s = fy_stage_defaults("source", g);
    s.streams[s.n_streams++] = (fy_stream){ .loader = loader, .x = x, .y = y };
    s.watches[s.n_watches++] = (fy_watch){ "source.loss", loss };
    s.watches[s.n_watches++] = (fy_watch){ "source.accuracy", fy_accuracy(g, logits, y) };
    s.steps = a->source_steps;
    s.seed = a->o->seed;
    FY_TRY(fy_stage_run(a->run, a->dev, &s));
done:
    fy_loader_close(loader);
    fy_graph_free(g);
    return st;
}

/* Trained here, or before: then once, since a resumed run finds it in its checkpoint. */
static fy_status make_source(adda *a)
{
    const fy_adda_opts *o = a->o;
    const pretrained p = { .encoder_file = { o->source_weights, o->source_weights_part,
                                             o->source_weights_prefix },
                           .classifier_file = { o->classifier_weights, o->classifier_weights_part,
                                                o->classifier_weights_prefix },
                           .encoder = a->source,
                           .classifier = a->classifier,
                           .source = a->data->source };
    if (!o->source_weights)
        return train_source(a);
    return a->kept.begun ? FY_OK : pretrained_load(a->dev, &p);
}

/* ---- between the stages ----------------------------------------------------------------------------------------- */

/* Clusters get the names that agree with C's predictions on more samples than not: k = 2 swaps, more classes
 * match. */
static fy_status name_clusters(int32_t *cluster, const fy_tensor *logits, int k)
{
    const int64_t n = fy_tensor_shape(logits)->d[0];
    int32_t *predicted = calloc((size_t)n, sizeof *predicted),
            *match = calloc((size_t)k, sizeof *match);
    double agreement;
    fy_status st;
    if (!predicted || !match) {
        st = fy_error(FY_ENOMEM, "no memory to name clusters");
        goto done;
    }
    FY_TRY(fy_classes_of(logits, predicted));
    FY_TRY(fy_matched_accuracy(cluster, predicted, n, k, &agreement, match));
    for (int64_t i = 0; i < n; i++)
        cluster[i] = match[cluster[i]];
done:
    free(match);
    free(predicted);
    return st;
}

/* Clusters of the target in whitened principal components of M_S's features. */
static fy_status find_clusters(adda *a)
{
    const int k = fy_dataset_classes(a->data->source);
    fy_model *const chain[] = { a->source, a->classifier };
    fy_predictor *p = NULL;
    fy_tensor *features = NULL, *logits = NULL, *mean = NULL, *axes = NULL, *dev = NULL, *z = NULL;
    double inertia;
    fy_status st;
    FY_TRY(fy_predictor_new(a->dev, chain, 2, 250, &p));
    fy_tensor **outs[] = { &features, &logits };
    FY_TRY(fy_predict(p, a->data->target, outs));
    FY_TRY(fy_pca(features, (int)a->o->cluster_components, a->o->seed, &mean, &axes, &dev));
    FY_TRY(fy_project(features, mean, axes, dev, true, &z));
    FY_TRY(fy_kmeans(z, k, (int)a->o->cluster_restarts, a->o->seed, a->clusters, NULL, &inertia));
    FY_TRY(name_clusters(a->clusters, logits, k));
done:
    fy_tensor_free(z);
    fy_tensor_free(dev);
    fy_tensor_free(axes);
    fy_tensor_free(mean);
    fy_tensor_free(logits);
    fy_tensor_free(features);
    fy_predictor_free(p);
    return st;
}

static fy_status judge_source(adda *a)
{
    fy_model *const chain[] = { a->source, a->classifier };
    fy_predictor *p = NULL;
    fy_tensor *logits = NULL;
    fy_status st;
    fy_tensor **outs[] = { NULL, &logits };
    FY_TRY(fy_predictor_new(a->dev, chain, 2, 250, &p));
    FY_TRY(fy_predict(p, a->data->source_test, outs));
    FY_TRY(fy_accuracy_of(logits, a->data->source_test, &a->kept.source_accuracy));
    FY_TRY(fy_run_save_model(a->run, "source", a->source));
    FY_TRY(fy_run_save_model(a->run, "classifier", a->classifier));
done:
    fy_tensor_free(logits);
    fy_predictor_free(p);
    return st;
}

/* M_T starts as M_S. Done once: a resumed run finds it done. */
static fy_status begin(adda *a)
{
    fy_status st;
    if (a->kept.begun)
        return FY_OK;
    FY_TRY(judge_source(a));
    FY_TRY(fy_model_copy(a->target, a->source));
    FY_TRY(fy_model_copy(a->target_classifier, a->classifier));
    if (a->o->pseudo_weight > 0)
        FY_TRY(find_clusters(a));
    a->kept.begun = 1;
    FY_TRY(fy_run_checkpoint(a->run));
done:
    return st;
}

/* ---- stage 2: the crossing ----------------------------------------------------------------------------------------- */

/* What the critic sees of features f [n, w] whose logits are s [n, k]: themselves, or one copy per class,
 * weighted by the predicted probability of the class: [n, w k]. No gradient passes the probabilities. */
static fy_node critic_view(const adda *a, fy_graph *g, fy_node f, fy_node s)
{
    fy_node copies[MAX_CONDITIONS];
    const int64_t k = fy_node_shape(g, s).d[1];
    if (!a->o->conditional)
        return f;
    const fy_node p = fy_detach(g, fy_softmax(g, s));
    for (int64_t c = 0; c < k; c++)
        copies[c] = fy_mul(g, f, fy_slice(g, p, 1, c, 1));
    return fy_concat(g, 1, copies, (int)k);
}

static fy_node domain_labels(fy_graph *g, int64_t n_source, int64_t n_target)
{
    int32_t *is_target = calloc((size_t)(n_source + n_target), sizeof *is_target);
    if (!is_target) {
        fy_graph_fail(g, fy_error(FY_ENOMEM, "no memory for domain labels"));
        return FY_NO_NODE;
    }
    for (int64_t i = n_source; i < n_source + n_target; i++)
        is_target[i] = 1;
    const fy_node y = fy_constant(g, FY_I32, FY_SHAPE(n_source + n_target), is_target);
    free(is_target);
    return y;
}

typedef struct crossing {
    fy_node xs, xt, pseudo;
    fy_node critic_loss, critic_accuracy, target_loss;
} crossing;

static fy_status build_crossing(adda *a, fy_graph *g, crossing *c)
{
    const int64_t n = a->o->batch;
    fy_optim critic_optim, target_optim;
    fy_status st;
    FY_TRY(optim_of(&a->o->critic_optim, &critic_optim));
    FY_TRY(optim_of(&a->o->target_optim, &target_optim));
    c->xs = batch_input(g, "source.x", n, a->data->source);
    c->xt = batch_input(g, "target.x", n, a->data->target);
    fy_node fs = fy_model_apply(g, a->source, c->xs, FY_EVAL);
    fy_node ft = fy_model_apply(g, a->target, c->xt, FY_TRAIN);
    const fy_node ss = fy_model_apply(g, a->classifier, fs, FY_EVAL);
    const fy_node tt = fy_model_apply(g, a->target_classifier, ft, FY_TRAIN);
    if (a->o->critic_on_logits) {
        fs = ss;
        ft = tt;
    }
    const fy_node hs = critic_view(a, g, fs, ss), ht = critic_view(a, g, ft, tt);

    /* The critic: source is 0, target is 1. */
    const fy_node both =
        fy_model_apply(g, a->critic, fy_concat2(g, 0, hs, fy_detach(g, ht)), FY_TRAIN);
    const fy_node is_target = domain_labels(g, n, n);
    c->critic_loss = fy_mean_all(g, fy_cross_entropy(g, both, is_target));
    c->critic_accuracy = fy_accuracy(g, both, is_target);
    const fy_objective critic = fy_objective_add(g, "critic", c->critic_loss, &critic_optim);
    fy_objective_moves_model(g, critic, a->critic, "*", NULL);

    /* The target encoder: the critic should call it source. */
    const fy_node called = fy_model_apply(g, a->critic, ht, FY_TRAIN);
    fy_node loss = fy_mean_all(g, fy_cross_entropy(g, called, domain_labels(g, n, 0)));
    loss = fy_scale(g, loss, (float)a->o->adversarial_weight);
    if (a->o->pseudo_weight > 0) {
        c->pseudo = fy_input(g, "target.cluster", FY_I32, FY_SHAPE(n));
        const fy_node task = fy_mean_all(g, fy_cross_entropy(g, tt, c->pseudo));
        loss = fy_add(g, loss, fy_scale(g, task, (float)a->o->pseudo_weight));
    }
    c->target_loss = loss;
    const fy_objective target = fy_objective_add(g, "target", loss, &target_optim);
    fy_objective_moves_model(g, target, a->target, "*", NULL);
    if (a->o->critic_on_logits)
        fy_objective_moves_model(g, target, a->target_classifier, "*", NULL);
    FY_TRY(fy_graph_status(g));
done:
    return st;
}

static fy_status on_eval(void *arg, fy_plan *plan, int64_t step, bool *is_over);

/* The learning rates of this step: constant, then falling in a line to 0. */
static fy_status on_step(void *arg, fy_plan *plan, int64_t step)
{
    const adda *a = arg;
    const double from = a->o->decay_from, done = (double)step / (double)a->steps;
    const double scale = done > from ? (1 - done) / (1 - from) : 1;
    const fy_status st = fy_plan_set(plan, "critic.lr", (float)(scale * a->o->critic_optim.lr));
    return st == FY_OK ? fy_plan_set(plan, "target.lr", (float)(scale * a->o->target_optim.lr)) : st;
}

static fy_status run_crossing(adda *a, const fy_graph *g, const crossing *c, fy_loader *source,
                              fy_loader *target)
{
    fy_stage s = fy_stage_defaults("adapt", g);
    s.streams[0] = (fy_stream){ .loader = source, .x = c->xs };
    s.streams[1] = (fy_stream){ .loader = target, .x = c->xt };
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
    s.on_step = on_step;
    s.arg = a;
    return fy_stage_run(a->run, a->dev, &s);
}

static fy_status cross(adda *a)
{
    fy_graph *g = NULL;
    fy_loader *source = NULL, *target = NULL;
    crossing c = { 0 };
    fy_transform shift = fy_transform_defaults(FY_TRANSFORM_WARP);
    fy_augment shifts = fy_augment_none();
    fy_status st;
    shift.warp.shift_frac = (float)a->o->shift_frac;
    shift.warp.fill = FY_FILL_CONSTANT;
    shifts.on_values = true; /* what comes in from outside is 0 in the dataset's own range */
    FY_TRY(fy_augment_add(&shifts, &shift));
    FY_TRY(fy_graph_new(&g));
    FY_TRY(build_crossing(a, g, &c));
    FY_TRY(open_loader(a, a->data->source, "source.unlabelled", a->o->batch, false, NULL, &source));
    FY_TRY(open_loader(a, a->data->target, "target.unlabelled", a->o->batch, false,
                       a->o->shift_frac > 0 ? &shifts : NULL, &target));
    FY_TRY(run_crossing(a, g, &c, source, target));
done:
    fy_loader_close(target);
    fy_loader_close(source);
    fy_graph_free(g);
    return st;
}

/* ---- evaluations --------------------------------------------------------------------------------------------- */

/* The critic's logits for images of one domain: what the report draws. */
static fy_node critic_of(void *arg, fy_graph *g, bool is_target, fy_node x)
{
    const adda *a = arg;
    const fy_node f = fy_model_apply(g, is_target ? a->target : a->source, x, FY_EVAL);
    const fy_node s =
        fy_model_apply(g, is_target ? a->target_classifier : a->classifier, f, FY_EVAL);
    return fy_model_apply(g, a->critic, critic_view(a, g, a->o->critic_on_logits ? s : f, s),
                          FY_EVAL);
}

static fy_status on_eval(void *arg, fy_plan *plan, int64_t step, bool *is_over)
{
    adda *a = arg;
    (void)plan;
    (void)is_over;
    const fy_status st = adapt_evaluate(&a->adapt, step);
    return st == FY_OK ? picture_critic(a->moments, a->dev, a->data, critic_of, a, step) : st;
}

/* ---- the method ------------------------------------------------------------------------------------------------ */

static fy_status open_adda(adda *a)
{
    fy_status st;
    FY_TRY(check(a->o, a->data));
    FY_TRY(open_models(a));
    FY_TRY(check_clusters(a));
    FY_TRY(keep_models(a));
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
    fy_model *const chain[] = { a->target, a->target_classifier };
    FY_TRY(adapt_open(&a->adapt, a->run, a->dev, a->data, "adapt", chain, 2,
                      a->o->critic_on_logits ? 2 : 1));
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
    a.source_steps = steps_of(o->source_steps, o->source_epochs, data->source, o->source_batch);
    a.steps = steps_of(o->steps, o->epochs, data->target, o->batch);
    a.evaluations = o->evaluations < a.steps ? o->evaluations : a.steps;
    FY_TRY(open_adda(&a));
    FY_TRY(make_source(&a));
    FY_TRY(begin(&a));
    FY_TRY(cross(&a));
    report->source_accuracy = a.kept.source_accuracy;
    FY_TRY(adapt_finish(&a.adapt, &o->rule, report));
    fy_model *const before[] = { a.source, a.classifier }, *const last[] = { a.target,
                                                                             a.target_classifier };
    FY_TRY(picture_write_critic(a.moments, r));
    FY_TRY(picture_write_features(r, dev, data, before, last, o->seed));
    FY_TRY(picture_write_samples(r, dev, data, before, last));
done:
    close_adda(&a);
    return st;
}
