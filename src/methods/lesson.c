/* lesson.c: one stage of a distillation. A batch holds rows of each domain that the lesson looks at, the learner sees them
 * together, so that its norms see both, and the teachers see each domain by itself, so that what they say of a sample is
 * computed once. */
#include "lesson.h"

#include "freeze.h"
#include "losses.h"
#include "optim.h"

#include <math.h>
#include <stdio.h>

/* The critics learn first, at half the student's rate: Adam, whatever the student's optimiser. */
#define CRITIC_RATE 0.5

typedef struct running {
    const school *s;
    const lesson *l;
    lesson_kept *kept;
    fy_graph *g;
    fy_loader *loader[DOMAINS];
    fy_stream in[DOMAINS];
    int64_t first[DOMAINS], n[DOMAINS]; /* rows of the batch; n 0: none of this domain */
    fy_node x, teacher_x[DOMAINS];
    fy_node logits; /* of the whole batch */
    fy_node loss, critics;
    fy_node peer; /* loss of a teacher that learns as well */
    fy_predictor *predictor;
    fy_schedule schedule;
} running;

lesson_kept lesson_kept_none(void)
{
    return (lesson_kept){ .best_epoch = -1 };
}

/* ---- looking at a model ----------------------------------------------------------------------------------- */

typedef struct looker {
    const school *s;
    fy_predictor *p;
    int columns; /* of the model's logits */
} looker;

static fy_status look_with(const looker *l, bool at_tests, double v[DOMAINS])
{
    fy_status st = FY_OK;
    for (int i = 0; i < DOMAINS; i++) {
        const domain *of = &l->s->domains->v[i];
        const fy_dataset *d = at_tests && of->test ? of->test : of->val;
        FY_TRY(domain_accuracy(of, d, l->p, l->columns, &v[i]));
    }
done:
    return st;
}

static int columns_of(const fy_model *m)
{
    return (int)fy_model_output(m)->d[0];
}

static fy_status look_at(const school *s, fy_model *m, bool at_tests, double v[DOMAINS])
{
    looker l = { .s = s, .columns = columns_of(m) };
    fy_status st;
    FY_TRY(fy_predictor_new(s->dev, &m, 1, s->o->batch, &l.p));
    FY_TRY(look_with(&l, at_tests, v));
done:
    fy_predictor_free(l.p);
    return st;
}

fy_status lesson_look(const school *s, fy_model *m, double v[DOMAINS])
{
    return look_at(s, m, false, v);
}

fy_status lesson_test(const school *s, fy_model *m, double v[DOMAINS])
{
    return look_at(s, m, true, v);
}

/* ---- between steps ---------------------------------------------------------------------------------------- */

static double score_of(lesson_aim aim, const double v[DOMAINS])
{
    return aim == LESSON_SOURCE   ? v[DOMAIN_SOURCE]
           : aim == LESSON_TARGET ? v[DOMAIN_TARGET]
                                  : domains_score(v[DOMAIN_SOURCE], v[DOMAIN_TARGET]);
}

bool lesson_beats(const lesson_kept *a, const lesson_kept *than)
{
    return than->best_epoch < 0 || (a->holds && !than->holds) ||
           (a->holds == than->holds && a->score > than->score);
}

/* Below the floor, the one that is nearest to it. */
static fy_status keep_if_best(const running *r, const double v[DOMAINS])
{
    lesson_kept *k = r->kept;
    const bool holds = !(v[DOMAIN_SOURCE] < r->l->floor);
    const lesson_kept now = { .epochs = k->epochs,
                              .best_epoch = k->epochs,
                              .source = v[DOMAIN_SOURCE],
                              .target = v[DOMAIN_TARGET],
                              .score = holds ? score_of(r->l->aim, v) : v[DOMAIN_SOURCE],
                              .holds = holds };
    if (!lesson_beats(&now, k)) {
        k->worse++;
        return FY_OK;
    }
    *k = now;
    return fy_run_save_model(r->s->run, r->l->file, r->l->learner);
}

static fy_status note(const running *r, int64_t step, const double v[DOMAINS])
{
    static const char *const names[DOMAINS] = { "val.source", "val.target" };
    const int n = r->s->domains->v[DOMAIN_TARGET].train ? 2 : 1;
    return fy_run_metrics(r->s->run, r->l->name, step, n, names, v);
}

static bool is_done(const running *r)
{
    const lesson_kept *k = r->kept;
    const int64_t patience = r->s->o->patience;
    return (patience > 0 && k->worse >= patience) ||
           (r->l->enough > 0 && k->holds && k->score >= r->l->enough);
}

static fy_status on_eval(void *arg, fy_plan *plan, int64_t step, bool *is_over)
{
    const running *r = arg;
    const looker l = { r->s, r->predictor, columns_of(r->l->learner) };
    double v[DOMAINS];
    fy_status st;
    (void)plan;
    FY_TRY(look_with(&l, false, v));
    FY_TRY(note(r, step, v));
    r->kept->epochs += step > 0;
    FY_TRY(keep_if_best(r, v));
    *is_over = is_done(r);
done:
    return st;
}

static fy_status on_step(void *arg, fy_plan *plan, int64_t step)
{
    const running *r = arg;
    const double factor = fy_schedule_factor(&r->schedule, step);
    const float rate = (float)(r->l->optim->lr * r->l->rate * factor);
    fy_status st = fy_plan_set(plan, "student.lr", rate);
    if (st == FY_OK && r->critics.id)
        st = fy_plan_set(plan, "critic.lr", (float)CRITIC_RATE * rate);
    if (st == FY_OK && r->peer.id)
        st = fy_plan_set(plan, "peer.lr", (float)(r->s->o->teacher_optim.lr * factor));
    return st;
}

/* ---- the batch --------------------------------------------------------------------------------------------- */

static bool uses(const lesson *l, int i)
{
    return l->ce[i] > 0 || l->kd[i] > 0;
}

static bool sees_otherwise(const running *r, int i)
{
    return i == DOMAIN_SOURCE && r->s->teacher_x && r->l->kd[i] > 0;
}

/* Rows of a batch. Halves, of which an odd row is the target's; or all of one domain, as far as it has samples. */
static void share_rows(const school *s, const lesson *l, int64_t n[DOMAINS])
{
    const int64_t batch = s->o->batch;
    if (uses(l, DOMAIN_SOURCE) && uses(l, DOMAIN_TARGET)) {
        n[DOMAIN_SOURCE] = batch / 2;
        n[DOMAIN_TARGET] = batch - batch / 2;
        return;
    }
    for (int i = 0; i < DOMAINS; i++) {
        const int64_t count = uses(l, i) ? fy_dataset_count(s->domains->v[i].train) : 0;
        n[i] = count < batch ? count : batch;
    }
}

/* Of the domain that takes longer to go through; batches are whole. */
int64_t lesson_epoch_steps(const school *s, const lesson *l)
{
    int64_t n[DOMAINS], most = 1;
    share_rows(s, l, n);
    for (int i = 0; i < DOMAINS; i++) {
        const int64_t steps = n[i] > 0 ? fy_dataset_count(s->domains->v[i].train) / n[i] : 0;
        most = steps > most ? steps : most;
    }
    return most;
}

static fy_status open_loader(running *r, int i)
{
    static const char *const names[DOMAINS] = { "source", "target" };
    const fy_distill_opts *o = r->s->o;
    const fy_dataset *d = r->s->domains->v[i].train;
    char name[64];
    fy_loader_opts how = fy_loader_defaults();
    snprintf(name, sizeof name, "%.40s.%s", r->l->name, names[i]);
    how.name = name;
    how.batch = r->n[i];
    how.seed = o->seed;
    how.workers = o->workers;
    how.augment = o->augment;
    how.views = o->views;
    fy_status st;
    FY_TRY(fy_loader_open(d, &how, &r->loader[i]));
    if (!fy_shape_equal(fy_loader_shape(r->loader[i]), fy_dataset_shape(d)))
        return fy_error(
            FY_ESHAPE,
            "distill: the augmentation gives samples of '%s' another size, and validation "
            "samples keep theirs; let it cut to the size that they have",
            fy_dataset_name(d));
    if (!r->l->teachers || !(r->l->kd[i] > 0))
        return FY_OK;
    FY_TRY(teachers_check_first(r->l->teachers, r->s->domains->v[i].first));
    if (fy_loader_mixes(r->loader[i]))
        FY_TRY(teachers_check_mixing(r->l->teachers, sees_otherwise(r, i)));
done:
    return st;
}

static void add_input(running *r, int i)
{
    static const char *const names[DOMAINS][4] = {
        { "source.x", "source.y", "source.q", "source.teacher" },
        { "target.x", "target.y", "target.q", "target.teacher" }
    };
    const domain *d = &r->s->domains->v[i];
    fy_graph *g = r->g;
    fy_stream *in = &r->in[i];
    *in = (fy_stream){ .loader = r->loader[i],
                       .x = fy_input(g, names[i][0], FY_F32,
                                     fy_shape_batch(r->n[i], fy_loader_shape(r->loader[i]))),
                       .y = fy_input(g, names[i][1], FY_I32, FY_SHAPE(r->n[i])) };
    if (fy_loader_mixes(r->loader[i]))
        in->q = fy_input(g, names[i][2], FY_F32, FY_SHAPE(r->n[i], d->n));
    r->teacher_x[i] = in->x;
    if (sees_otherwise(r, i)) {
        fy_shape s = *fy_tensor_shape(r->s->teacher_x);
        s.d[0] = r->n[i];
        r->teacher_x[i] = fy_input(g, names[i][3], FY_F32, s);
        in->tables[in->n_tables++] =
            (fy_table){ r->teacher_x[i], fy_tensor_const_data(r->s->teacher_x) };
    }
    r->x = r->x.id ? fy_concat2(g, 0, r->x, in->x) : in->x;
}

static fy_status open_batch(running *r)
{
    fy_status st = FY_OK;
    share_rows(r->s, r->l, r->n);
    r->first[DOMAIN_TARGET] = r->n[DOMAIN_SOURCE];
    for (int i = 0; i < DOMAINS; i++)
        if (r->n[i] > 0) {
            FY_TRY(open_loader(r, i));
            add_input(r, i);
        }
    r->logits = fy_model_apply_moving(r->g, r->l->learner, r->x, r->l->moves);
done:
    return st;
}

/* ---- the losses -------------------------------------------------------------------------------------------- */

/* The learner's logits of the rows and the classes of domain i. */
static fy_node own_logits(const running *r, int i)
{
    const domain *d = &r->s->domains->v[i];
    fy_node y = r->logits;
    if (fy_node_shape(r->g, y).d[0] != r->n[i])
        y = fy_slice(r->g, y, 0, r->first[i], r->n[i]);
    return fy_node_shape(r->g, y).d[1] != d->n ? fy_slice(r->g, y, 1, d->first, d->n) : y;
}

static void add_labels(running *r, int i)
{
    if (r->l->ce[i] > 0)
        r->loss = loss_sum(r->g, r->loss,
                           fy_scale(r->g,
                                    loss_cross_entropy(r->g, own_logits(r, i), &r->in[i],
                                                       r->s->o->label_smoothing),
                                    (float)r->l->ce[i]));
}

static void add_peer(running *r, int i, const taught_batch *b)
{
    const fy_node labels = loss_cross_entropy(r->g, b->said[0], &r->in[i], r->s->o->label_smoothing);
    const fy_node back = teachers_back(r->l->teachers, r->g, b);
    r->peer = fy_add(r->g, fy_scale(r->g, labels, (float)r->l->ce[i]),
                     fy_scale(r->g, back, (float)r->l->kd[i]));
}

static void add_teachers(running *r, int i)
{
    taught_batch b = { .student = r->l->learner,
                       .y = r->logits,
                       .first = r->first[i],
                       .n = r->n[i],
                       .labels = r->in[i].y };
    fy_node critics;
    if (!r->l->teachers || !(r->l->kd[i] > 0))
        return;
    teachers_apply(r->l->teachers, r->g, r->teacher_x[i], b.said);
    const fy_node said = teachers_loss(r->l->teachers, r->g, &b, &critics);
    if (said.id)
        r->loss = loss_sum(r->g, r->loss, fy_scale(r->g, said, (float)r->l->kd[i]));
    r->critics = loss_sum(r->g, r->critics, critics);
    if (r->l->teachers->back)
        add_peer(r, i, &b);
}

/* l / 2 sum (w - w_0)^2 over what moves and is no statistic. */
static void add_pull(running *r)
{
    fy_model *m = r->l->learner;
    fy_node sum = FY_NO_NODE;
    if (!r->l->start || !(r->l->pull > 0))
        return;
    for (int i = 0; i < fy_model_count(m); i++)
        if (!fy_model_param_is_buffer(m, i) && fy_glob(r->l->moves, fy_model_param_name(m, i)))
            sum =
                loss_sum(r->g, sum,
                         loss_distance(r->g, fy_model_param(m, i), fy_model_param(r->l->start, i)));
    if (sum.id)
        r->loss = loss_sum(r->g, r->loss, fy_scale(r->g, sum, (float)(r->l->pull / 2)));
}

/* Of two that learn together, the teacher: as one without a student learns. */
static fy_status move_peer(running *r)
{
    const teachers *t = r->l->teachers;
    fy_optim optim;
    fy_status st;
    FY_TRY(optim_of(&r->s->o->teacher_optim, &optim));
    fy_objective_moves_model(r->g, fy_objective_add(r->g, "peer", r->peer, &optim), t->v[0],
                             t->back_moves, NULL);
done:
    return st;
}

static fy_status add_objectives(running *r)
{
    fy_objective critic = { 0 };
    fy_optim optim;
    fy_status st;
    FY_TRY(optim_of(r->l->optim, &optim));
    if (r->critics.id) {
        const fy_optim adam = fy_adam((float)(CRITIC_RATE * r->l->optim->lr * r->l->rate));
        critic = fy_objective_add(r->g, "critic", r->critics, &adam);
    }
    const fy_objective student = fy_objective_add(r->g, "student", r->loss, &optim);
    fy_objective_moves_model(r->g, student, r->l->learner, r->l->moves, NULL);
    if (r->peer.id)
        FY_TRY(move_peer(r));
    if (r->l->teachers)
        FY_TRY(teachers_move(r->l->teachers, r->g, student, critic));
    st = fy_graph_status(r->g);
done:
    return st;
}

static fy_status build(running *r)
{
    fy_status st;
    FY_TRY(fy_graph_new(&r->g));
    FY_TRY(open_batch(r));
    for (int i = 0; i < DOMAINS; i++)
        if (r->n[i] > 0) {
            add_labels(r, i);
            add_teachers(r, i);
        }
    add_pull(r);
    FY_TRY(fy_graph_status(r->g));
    FY_TRY(add_objectives(r));
done:
    return st;
}

/* ---- the stage ----------------------------------------------------------------------------------------------- */

static void set_stage(running *r, fy_stage *s)
{
    *s = fy_stage_defaults(r->l->name, r->g);
    for (int i = 0; i < DOMAINS; i++)
        if (r->n[i] > 0)
            s->streams[s->n_streams++] = r->in[i];
    s->watches[s->n_watches++] = (fy_watch){ "train.loss", r->loss };
    if (r->critics.id)
        s->watches[s->n_watches++] = (fy_watch){ "critic.loss", r->critics };
    for (int i = 0; i < DOMAINS; i++)
        if (r->n[i] > 0)
            s->watches[s->n_watches++] =
                (fy_watch){ i == DOMAIN_SOURCE ? "train.source" : "train.target",
                            fy_accuracy(r->g, own_logits(r, i), r->in[i].y) };
    s->eval_every = r->l->epoch_steps > 0 ? r->l->epoch_steps : lesson_epoch_steps(r->s, r->l);
    s->steps = r->l->epochs * s->eval_every;
    s->seed = r->s->o->seed;
    s->on_step = on_step;
    s->on_eval = on_eval;
    s->arg = r;
}

static fy_status set_schedule(running *r, int64_t steps)
{
    r->schedule = fy_schedule_defaults();
    r->schedule.name = r->s->o->schedule;
    r->schedule.steps = steps;
    return fy_schedule_check(&r->schedule);
}

static void close_running(running *r)
{
    fy_predictor_free(r->predictor);
    for (int i = 0; i < DOMAINS; i++)
        fy_loader_close(r->loader[i]);
    fy_graph_free(r->g);
}

static fy_status run_stage(running *r)
{
    const freeze_look look = { r->s->run, r->s->dev, r->l->moves };
    fy_model *const chain[] = { r->l->learner };
    fy_stage stage;
    fy_status st;
    FY_TRY(build(r));
    set_stage(r, &stage);
    FY_TRY(set_schedule(r, stage.steps));
    FY_TRY(freeze_predictor(&look, chain, 1, r->s->o->batch, &r->predictor));
    FY_TRY(fy_stage_run(r->s->run, r->s->dev, &stage));
done:
    return st;
}

fy_status lesson_run(const school *s, const lesson *l, lesson_kept *kept)
{
    running r = { .s = s, .l = l, .kept = kept };
    fy_status st = FY_OK;
    if (!fy_run_is_past(s->run, l->name))
        FY_TRY(run_stage(&r));
    FY_TRY(fy_run_load_model(s->run, l->file, l->learner));
done:
    close_running(&r);
    return st;
}
