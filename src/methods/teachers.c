/* teachers.c: what a student's loss takes from networks that stay as they are. */
#include "teachers.h"

#include "losses.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- looking at a network ------------------------------------------------------------------------------ */

static fy_node rows_of(fy_graph *g, fy_node v, int64_t first, int64_t n)
{
    const fy_shape s = fy_node_shape(g, v);
    return v.id && s.rank > 0 && s.d[0] != n ? fy_slice(g, v, 0, first, n) : v;
}

static void look_at_layers(fy_graph *g, const fy_model *m, fy_node y, const words *taps,
                           fy_kd_view *v)
{
    for (int i = 0; i < taps->n; i++) {
        const fy_status st = fy_model_find_tap(g, m, y, taps->v[i], &v->layers[v->n_layers++]);
        if (st != FY_OK)
            fy_graph_fail(g, st);
    }
}

/* Of the rows first .. first + n - 1 of an application whose logits are y. */
static fy_kd_view look_at(fy_graph *g, const fy_model *m, fy_node y, const words *taps,
                          int64_t first, int64_t n)
{
    fy_kd_view v = { .logits = y, .features = fy_model_tap(g, m, y, "features") };
    look_at_layers(g, m, y, taps, &v);
    v.logits = rows_of(g, v.logits, first, n);
    v.features = rows_of(g, v.features, first, n);
    for (int i = 0; i < v.n_layers; i++)
        v.layers[i] = rows_of(g, v.layers[i], first, n);
    return v;
}

/* A head that was widened for the target's classes has the source's, which the teacher knows, in front. */
static fy_node classes_of(const teachers *t, fy_graph *g, fy_node student, fy_node teacher)
{
    const int64_t n = fy_node_shape(g, teacher).d[1];
    return n == t->n_source && fy_node_shape(g, student).d[1] > n ? fy_slice(g, student, 1, 0, n)
                                                                  : student;
}

static fy_kd_in facing(const teachers *t, fy_graph *g, const taught_batch *b, int i)
{
    fy_kd_in in = { .student = look_at(g, b->student, b->y, &t->taps, b->first, b->n),
                    .teacher = look_at(g, t->v[i], b->said[i], &t->teacher_taps, 0, b->n),
                    .y = b->labels };
    in.student.logits = classes_of(t, g, in.student.logits, in.teacher.logits);
    return in;
}

void teachers_apply(const teachers *t, fy_graph *g, fy_node x, fy_node said[FY_MAX_TEACHERS])
{
    for (int i = 0; i < t->n; i++)
        said[i] = t->back ? fy_model_apply_moving(g, t->v[i], x, t->back_moves)
                          : fy_model_apply(g, t->v[i], x, FY_EVAL);
}

/* ---- the losses ---------------------------------------------------------------------------------------- */

static fy_status open_losses(const teachers_of *of, teachers *t, fy_graph *g, const taught_batch *b)
{
    char name[48];
    fy_status st = FY_OK;
    for (int i = 0; i < t->n; i++) {
        const fy_kd_in in = facing(t, g, b, i);
        FY_TRY(fy_graph_status(g));
        for (int k = 0; k < t->losses.n; k++) {
            snprintf(name, sizeof name, "kd-%.24s-%d", t->losses.v[k], i + 1);
            FY_TRY(fy_kd_new(t->losses.v[k], name, g, &in, &of->o->kd, &t->kd[k][i]));
        }
    }
done:
    return st;
}

static int place_of(const words *w, const char *name)
{
    for (int i = 0; i < w->n; i++)
        if (strcmp(w->v[i], name) == 0)
            return i;
    return -1;
}

/* Both ways by their logits. */
static fy_kd_in turned(const fy_kd_in *in)
{
    return (fy_kd_in){ .student = in->teacher, .teacher = in->student, .y = in->y };
}

static fy_status open_back(const teachers_of *of, teachers *t, fy_graph *g, const taught_batch *b)
{
    const fy_kd_in in = facing(t, g, b, 0), back = turned(&in);
    if (place_of(&t->losses, "soft") < 0)
        return fy_error(FY_EINVAL,
                        "distill: two networks learn from each other by soft, and losses is '%s'; "
                        "name soft among them, or leave out mutual",
                        of->o->losses ? of->o->losses : "");
    if (t->n != 1)
        return fy_error(FY_EINVAL,
                        "distill: two networks learn from each other, and there are %d teachers; "
                        "name one",
                        t->n);
    t->back_moves = of->o->teacher_moves ? of->o->teacher_moves : "*";
    return fy_kd_new("soft", "kd-back", g, &back, &of->o->kd, &t->back);
}

/* A small graph that shows which shapes meet. */
static fy_status open_by_shapes(const teachers_of *of, teachers *t)
{
    fy_graph *g = NULL;
    fy_status st;
    FY_TRY(fy_graph_new(&g));
    const fy_node x = fy_input(g, "x", FY_F32, fy_shape_batch(of->rows, of->x));
    const fy_node seen =
        of->teacher_x ? fy_input(g, "teacher.x", FY_F32, fy_shape_batch(of->rows, of->teacher_x))
                      : x;
    taught_batch b = { .student = of->student,
                       .y = fy_model_apply(g, of->student, x, FY_TRAIN),
                       .n = of->rows,
                       .labels = fy_input(g, "y", FY_I32, FY_SHAPE(of->rows)) };
    teachers_apply(t, g, seen, b.said);
    FY_TRY(fy_graph_status(g));
    FY_TRY(open_losses(of, t, g, &b));
    if (of->o->mutual)
        FY_TRY(open_back(of, t, g, &b));
done:
    fy_graph_free(g);
    return st;
}

static fy_status fail_weight(const fy_distill_opts *o, const teachers *t, int k)
{
    if (o->n_weights)
        return fy_error(FY_EINVAL, "distill: the weight of '%s' is %g; expected 0 or more",
                        t->losses.v[k], t->weight[k]);
    return fy_error(FY_EINVAL,
                    "distill: nobody has said what '%s' usually weighs; give weights, one for each "
                    "loss of '%s'",
                    t->losses.v[k], o->losses);
}

static fy_status set_weights(const fy_distill_opts *o, teachers *t)
{
    if (o->n_weights != 0 && o->n_weights != t->losses.n)
        return fy_error(FY_EINVAL,
                        "distill: %d weights for %d losses, '%s'; give one for each, or none",
                        o->n_weights, t->losses.n, o->losses);
    for (int k = 0; k < t->losses.n; k++) {
        t->weight[k] = o->n_weights ? o->weights[k] : fy_kd_usual_weight(t->losses.v[k]);
        if (o->n_weights ? !(t->weight[k] >= 0) : isnan(t->weight[k]))
            return fail_weight(o, t, k);
    }
    if (t->back)
        t->back_weight = t->weight[place_of(&t->losses, "soft")];
    return FY_OK;
}

static const char *their_taps(const fy_distill_opts *o)
{
    return o->teacher_taps ? o->teacher_taps : o->taps;
}

static fy_status check_tap_counts(const fy_distill_opts *o, const teachers *t)
{
    if (t->taps.n == t->teacher_taps.n)
        return FY_OK;
    return fy_error(
        FY_EINVAL,
        "distill: %d of the student's layers, '%s', beside %d of the teacher's, '%s'; name as many",
        t->taps.n, t->taps.n ? o->taps : "", t->teacher_taps.n, their_taps(o));
}

static fy_status check_tap_readers(const fy_distill_opts *o, const teachers *t)
{
    if (t->taps.n == 0 || teachers_read(t, "layers"))
        return FY_OK;
    return fy_error(
        FY_EINVAL,
        "distill: taps is '%s', and none of the losses '%s' reads layers; name one that "
        "does, such as hint, or leave out taps",
        o->taps, o->losses ? o->losses : "");
}

fy_status teachers_open(const teachers_of *of, teachers *out)
{
    fy_status st;
    *out = (teachers){ .v = of->v,
                       .n = of->n,
                       .n_source = of->n_source,
                       .critic_on_features = of->o->kd.critic_on_features };
    FY_TRY(words_of(of->o->losses, TEACHERS_MAX_LOSSES, "distill: losses", &out->losses));
    FY_TRY(words_of(of->o->taps, FY_KD_MAX_LAYERS, "distill: taps", &out->taps));
    FY_TRY(
        words_of(their_taps(of->o), FY_KD_MAX_LAYERS, "distill: teacher_taps", &out->teacher_taps));
    FY_TRY(check_tap_counts(of->o, out));
    FY_TRY(open_by_shapes(of, out));
    FY_TRY(check_tap_readers(of->o, out));
    FY_TRY(set_weights(of->o, out));
done:
    return st;
}

static bool needs(const teachers *t, const char *loss, const char *what)
{
    const char *all = fy_kd_needs(loss);
    if (all && strcmp(all, "logits or features") == 0)
        all = t->critic_on_features ? "features" : "logits";
    return all && strstr(all, what);
}

bool teachers_read(const teachers *t, const char *what)
{
    for (int k = 0; k < t->losses.n; k++)
        if (needs(t, t->losses.v[k], what))
            return true;
    return false;
}

fy_status teachers_check_mixing(const teachers *t, bool see_otherwise)
{
    if (see_otherwise)
        return fy_error(FY_EINVAL,
                        "distill: the augmentation mixes samples, and teachers see others that are "
                        "not mixed; leave out mixup and cutmix");
    if (teachers_read(t, "labels"))
        return fy_error(
            FY_EINVAL,
            "distill: the augmentation mixes samples, and one of the losses '%s' asks for "
            "the label of each; leave out mixup and cutmix",
            t->losses.text);
    return FY_OK;
}

fy_status teachers_check_first(const teachers *t, int64_t first)
{
    if (first == 0 || !teachers_read(t, "logits, labels"))
        return FY_OK;
    return fy_error(
        FY_EINVAL,
        "distill: the target's classes begin with the source's number %lld, and one of the "
        "losses '%s' takes labels by number; leave it out, or give the target the source's classes",
        (long long)first, t->losses.text);
}

void teachers_release(teachers *t)
{
    for (int k = 0; k < TEACHERS_MAX_LOSSES; k++)
        for (int i = 0; i < FY_MAX_TEACHERS; i++)
            fy_kd_free(t->kd[k][i]);
    fy_kd_free(t->back);
    *t = (teachers){ 0 };
}

/* ---- what learns beside the student --------------------------------------------------------------------- */

/* Calls fn for every model that learns with the student, or against it. */
typedef fy_status (*own_fn)(void *arg, fy_model *m, bool is_critic);

static fy_status each_own(const teachers *t, own_fn fn, void *arg)
{
    fy_model *m;
    fy_status st = FY_OK;
    for (int k = 0; k < t->losses.n; k++)
        for (int i = 0; i < t->n; i++) {
            for (int j = 0; (m = fy_kd_adapter(t->kd[k][i], j)) != NULL; j++)
                FY_TRY(fn(arg, m, false));
            if ((m = fy_kd_critic(t->kd[k][i])) != NULL)
                FY_TRY(fn(arg, m, true));
        }
done:
    return st;
}

static fy_status keep_own(void *run, fy_model *m, bool is_critic)
{
    (void)is_critic;
    return fy_run_keep(run, m);
}

fy_status teachers_keep(const teachers *t, fy_run *r)
{
    return each_own(t, keep_own, r);
}

typedef struct movers {
    fy_graph *g;
    fy_objective student, critic;
} movers;

static fy_status move_own(void *arg, fy_model *m, bool is_critic)
{
    const movers *to = arg;
    fy_objective_moves_model(to->g, is_critic ? to->critic : to->student, m, "*", NULL);
    return fy_graph_status(to->g);
}

fy_status teachers_move(const teachers *t, fy_graph *g, fy_objective student, fy_objective critic)
{
    movers to = { g, student, critic };
    return each_own(t, move_own, &to);
}

fy_node teachers_loss(const teachers *t, fy_graph *g, const taught_batch *b, fy_node *critics)
{
    fy_node sum = FY_NO_NODE;
    *critics = FY_NO_NODE;
    for (int i = 0; i < t->n; i++) {
        const fy_kd_in in = facing(t, g, b, i);
        for (int k = 0; k < t->losses.n; k++) {
            const float w = (float)(t->weight[k] / t->n);
            sum = loss_sum(g, sum, fy_scale(g, fy_kd_apply(g, t->kd[k][i], &in), w));
            if (fy_kd_critic(t->kd[k][i]))
                *critics = loss_sum(g, *critics, fy_kd_critic_loss(g, t->kd[k][i], &in));
        }
    }
    return sum;
}

fy_node teachers_back(const teachers *t, fy_graph *g, const taught_batch *b)
{
    const fy_kd_in in = facing(t, g, b, 0), back = turned(&in);
    return fy_scale(g, fy_kd_apply(g, t->back, &back), (float)t->back_weight);
}
