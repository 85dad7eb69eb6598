/* distill.c: partial-layer distillation and re-distillation, as a list of lessons.
 *
 *   T   teacher: learns the source, or comes from a file
 *   S   student: a copy of T of which some layers move, or a smaller network
 *   R   begins as S and learns the source again, from S and from labels
 *   F   T fine-tuned on the target by labels alone, to be held against
 * By default c is 0.5, soft has its usual weight at its usual temperature, 4, and a copy is pulled to T by 1e-3. Of the terms
 * on features (hint) and by a critic (adversarial) neither is on: both need a weight that fits the networks, the latter has no
 * usual one, and a copy, of which the end moves, already begins with T's features and is held near them.
 *
 * Soft targets: Hinton, Vinyals and Dean 2015. Students of their teacher's size: Furlanello et al. 2018. Learning without
 * the loss of what was known: Li and Hoiem 2016. */
#include "distill.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

fy_distill_opts fy_distill_defaults(void)
{
    const fy_optim_opts adam = { .name = "adam", .lr = 1e-3, .momentum = 0.9, .beta1 = 0.9 };
    const fy_network_opts network = { .dropout = -1 };
    return (fy_distill_opts){
        .teachers = { network, network, network },
        .n_teachers = 1,
        .teacher_optim = adam,
        .teacher_epochs = 5,
        .student = network,
        .losses = "soft",
        .kd = fy_kd_defaults(),
        .ce = 0.5,
        .l2_sp = 1e-3,
        .optim = adam,
        .epochs = 10,
        .batch = 64,
        .schedule = "cosine",
        .source_drop = 0.01,
        .rounds = 1,
        .redistil_epochs = 2,
        .redistil_rate = 0.1,
        .redistil_weight = 0.5,
        .redistil_target = 1,
        .finetuned = true,
        .finetuned_rate = 1,
        .workers = 1,
    };
}

/* ---- opening ----------------------------------------------------------------------------------------------- */

static fy_status open_teaching(distill *d)
{
    static const fy_distill_opts plain = { 0 };
    static const double one = 1;
    const fy_dataset *theirs = d->data->source_teacher;
    teachers_of of = { .v = d->m.teachers,
                       .n = d->o->n_teachers,
                       .student = d->m.student,
                       .o = d->o,
                       .n_source = d->domains.v[DOMAIN_SOURCE].n,
                       .x = fy_dataset_shape(d->data->source),
                       .teacher_x = theirs ? fy_dataset_shape(theirs) : NULL,
                       .rows = d->o->batch };
    fy_distill_opts soft = plain;
    fy_status st;
    FY_TRY(teachers_open(&of, &d->of_t));
    FY_TRY(distill_check_teachers(d));
    FY_TRY(teachers_keep(&d->of_t, d->run));
    if (!d->m.redistilled)
        return FY_OK;
    soft.losses = "soft";
    soft.weights = &one;
    soft.n_weights = 1;
    soft.kd = d->o->kd;
    of = (teachers_of){ .v = d->m.before ? &d->m.before : &d->m.student,
                        .n = 1,
                        .student = d->m.redistilled,
                        .o = &soft,
                        .n_source = d->domains.n_classes,
                        .x = of.x,
                        .rows = of.rows };
    FY_TRY(teachers_open(&of, &d->of_s));
done:
    return st;
}

static void forget_all(distill_found *f)
{
    f->student = f->finetuned = lesson_kept_none();
    for (int i = 0; i < FY_MAX_TEACHERS; i++)
        f->teachers[i] = lesson_kept_none();
    for (int i = 0; i < DISTILL_ROUNDS; i++)
        f->rounds[i] = lesson_kept_none();
}

static fy_status open_all(distill *d)
{
    fy_status st;
    forget_all(&d->found);
    FY_TRY(domains_of(d->data, "distill", &d->domains));
    if (d->data->source_teacher)
        FY_TRY(fy_dataset_read(d->data->source_teacher, NULL, 0, &d->teacher_x, NULL));
    d->school = (school){ d->run, d->dev, d->o, &d->domains, d->teacher_x };
    FY_TRY(fy_run_keep_data(d->run, "distill", &d->found, sizeof d->found, NULL));
    FY_TRY(distill_open_models(d));
    FY_TRY(open_teaching(d));
done:
    return st;
}

static void close_all(distill *d)
{
    fy_run_forget(d->run); /* what it was asked to keep ends here */
    teachers_release(&d->of_t);
    teachers_release(&d->of_s);
    distill_close_models(d);
    fy_tensor_free(d->teacher_x);
}

/* True once for each beginning, in their order. */
static bool is_to_begin(distill *d, int64_t which)
{
    const bool is = d->found.begun <= which;
    d->found.begun = is ? which + 1 : d->found.begun;
    return is;
}

/* ---- the lessons --------------------------------------------------------------------------------------------- */

static fy_status train_teacher(distill *d, int i)
{
    const char *name = fy_model_name(d->m.teachers[i]);
    const lesson l = { .name = name,
                       .file = name,
                       .learner = d->m.teachers[i],
                       .moves = d->o->teacher_moves ? d->o->teacher_moves : "*",
                       .optim = &d->o->teacher_optim,
                       .rate = 1,
                       .epochs = d->o->teacher_epochs,
                       .ce = { [DOMAIN_SOURCE] = 1 },
                       .aim = LESSON_SOURCE };
    return lesson_run(&d->school, &l, &d->found.teachers[i]);
}

/* Those without a file; one that learns with its student does so later. */
static fy_status prepare_teachers(distill *d)
{
    fy_status st = FY_OK;
    if (is_to_begin(d, BEGIN_TEACHERS))
        FY_TRY(distill_load_teachers(d));
    for (int i = 0; i < d->o->n_teachers; i++)
        if (distill_learns(d, i) && !d->o->mutual)
            FY_TRY(train_teacher(d, i));
done:
    return st;
}

/* What the domains' teachers and students see of each other needs one network's input. */
static fy_status look_at_teacher(distill *d)
{
    d->teacher[DOMAIN_SOURCE] = d->teacher[DOMAIN_TARGET] = NAN;
    if (d->data->source_teacher) /* its validation samples are not here */
        return FY_OK;
    return lesson_look(&d->school, d->m.teachers[0], d->teacher);
}

static bool teaches_target(const distill *d)
{
    return d->teacher[DOMAIN_TARGET] > 1.0 / d->domains.v[DOMAIN_TARGET].n;
}

/* Validation accuracy on the source without which a network does not count. */
static double source_floor(const distill *d)
{
    return d->data->target ? d->teacher[DOMAIN_SOURCE] - d->o->source_drop : 0;
}

static lesson distil_lesson(const distill *d)
{
    const bool has_target = d->data->target != NULL;
    return (lesson){ .name = "distil",
                     .file = "student",
                     .learner = d->m.student,
                     .moves = d->m.moves,
                     .optim = &d->o->optim,
                     .rate = 1,
                     .epochs = d->o->epochs,
                     .ce = { [DOMAIN_SOURCE] = has_target ? d->o->source_ce : d->o->ce,
                             [DOMAIN_TARGET] = has_target ? d->o->ce : 0 },
                     /* The mean over a batch of two halves. */
                     .kd = { [DOMAIN_SOURCE] = has_target ? 0.5 : 1,
                             [DOMAIN_TARGET] = has_target && teaches_target(d) ? 0.5 : 0 },
                     .teachers = &d->of_t,
                     .start = d->m.start,
                     .pull = d->o->l2_sp,
                     .aim = has_target ? LESSON_TARGET : LESSON_SOURCE,
                     .floor = source_floor(d),
                     .enough = d->o->target_accuracy };
}

static fy_status distil(distill *d)
{
    const lesson l = distil_lesson(d);
    fy_status st = FY_OK;
    if (is_to_begin(d, BEGIN_STUDENT))
        FY_TRY(distill_begin_student(d));
    FY_TRY(lesson_run(&d->school, &l, &d->found.student));
done:
    return st;
}

/* From what the round before made, which is S at first. */
static fy_status begin_round(distill *d, int k)
{
    fy_model *from = k == 0 ? d->m.student : d->m.redistilled;
    fy_status st = FY_OK;
    if (d->m.before)
        FY_TRY(fy_model_copy(d->m.before, from));
    if (k == 0)
        FY_TRY(fy_model_copy(d->m.redistilled, from));
done:
    return st;
}

static const char *const round_names[DISTILL_ROUNDS] = { "redistil-1", "redistil-2" };

static fy_status run_round(distill *d, int k)
{
    const double a = d->o->redistil_weight;
    const lesson l = { .name = round_names[k],
                       .file = round_names[k],
                       .learner = d->m.redistilled,
                       .moves = "*",
                       .optim = &d->o->optim,
                       .rate = d->o->redistil_rate,
                       .epochs = d->o->redistil_epochs,
                       .ce = { [DOMAIN_SOURCE] = 1 - a },
                       .kd = { [DOMAIN_SOURCE] = a, [DOMAIN_TARGET] = d->o->redistil_target },
                       .teachers = &d->of_s,
                       .aim = LESSON_BOTH,
                       .floor = source_floor(d) };
    fy_status st = FY_OK;
    if (d->found.begun > BEGIN_ROUND + k + 1) /* resumed, and R has gone on since */
        return FY_OK;
    if (is_to_begin(d, BEGIN_ROUND + k))
        FY_TRY(begin_round(d, k));
    FY_TRY(lesson_run(&d->school, &l, &d->found.rounds[k]));
done:
    return st;
}

/* S as a round would be judged. */
static lesson_kept as_a_round(const lesson_kept *student)
{
    lesson_kept k = *student;
    k.score = k.holds ? domains_score(k.source, k.target) : k.source;
    return k;
}

/* Until a round makes nothing better. The model has the best one's values afterwards. */
static fy_status redistil(distill *d)
{
    const lesson_kept *rounds = d->found.rounds;
    lesson_kept before = as_a_round(&d->found.student);
    bool is_better = d->m.redistilled != NULL;
    fy_status st = FY_OK;
    for (int k = 0; is_better && k < d->o->rounds && k < DISTILL_ROUNDS; k++) {
        FY_TRY(run_round(d, k));
        d->n_rounds = k + 1;
        is_better = lesson_beats(&rounds[k], &before);
        before = rounds[k];
        if (k == 0 || is_better)
            d->best_round = k + 1;
    }
    if (d->best_round > 0)
        FY_TRY(fy_run_load_model(d->run, round_names[d->best_round - 1], d->m.redistilled));
done:
    return st;
}

/* As many steps as the student has, and looked at as often. */
static fy_status finetune_beside(distill *d)
{
    const lesson students = distil_lesson(d);
    const lesson l = { .name = "finetune",
                       .file = "finetuned",
                       .learner = d->m.finetuned,
                       .moves = "*",
                       .optim = &d->o->optim,
                       .rate = d->o->finetuned_rate,
                       .epochs = d->found.student.epochs, /* fewer where it stopped early */
                       .epoch_steps = lesson_epoch_steps(&d->school, &students),
                       .ce = { [DOMAIN_TARGET] = 1 },
                       .aim = LESSON_TARGET };
    fy_status st = FY_OK;
    if (!d->m.finetuned)
        return FY_OK;
    if (is_to_begin(d, BEGIN_FINETUNED))
        FY_TRY(distill_copy(d->m.finetuned, d->m.teachers[0]));
    FY_TRY(lesson_run(&d->school, &l, &d->found.finetuned));
done:
    return st;
}

/* ---- what came of it ----------------------------------------------------------------------------------------- */

static fy_status figures_of(const distill *d, fy_model *m, const double val[DOMAINS], int64_t epoch,
                            fy_distill_figures *out)
{
    double v[DOMAINS];
    const fy_status st = lesson_test(&d->school, m, v);
    if (st == FY_OK)
        *out = (fy_distill_figures){ .source = v[DOMAIN_SOURCE],
                                     .target = v[DOMAIN_TARGET],
                                     .source_val = val[DOMAIN_SOURCE],
                                     .target_val = val[DOMAIN_TARGET],
                                     .epoch = epoch,
                                     .is_there = true };
    return st;
}

static fy_status kept_figures(const distill *d, fy_model *m, const lesson_kept *k,
                              fy_distill_figures *out)
{
    const double val[DOMAINS] = { k->source, k->target };
    return figures_of(d, m, val, k->best_epoch, out);
}

static fy_status test_all(const distill *d, fy_distill_report *r)
{
    const distill_found *f = &d->found;
    fy_status st = FY_OK;
    if (!d->data->source_teacher)
        FY_TRY(figures_of(d, d->m.teachers[0], d->teacher, f->teachers[0].best_epoch, &r->teacher));
    FY_TRY(kept_figures(d, d->m.student, &f->student, &r->student));
    if (d->best_round > 0)
        FY_TRY(kept_figures(d, d->m.redistilled, &f->rounds[d->best_round - 1], &r->redistilled));
    if (d->m.finetuned)
        FY_TRY(kept_figures(d, d->m.finetuned, &f->finetuned, &r->finetuned));
done:
    return st;
}

/* Of T, S and R, in the order of how much of T has moved: a later one has to be better, and to be above the floor where an
 * earlier one is. T alone may not stand for a student of another family. */
static fy_status choose(const distill *d, fy_distill_report *r)
{
    const double floor = source_floor(d);
    const struct {
        const char *name;
        fy_model *m;
        const fy_distill_figures *f;
    } all[] = { { "teacher", d->m.teachers[0], &r->teacher },
                { "student", d->m.student, &r->student },
                { "redistilled", d->m.redistilled, &r->redistilled } };
    lesson_kept best = lesson_kept_none();
    fy_model *chosen = d->m.student;
    r->chosen = "student";
    for (size_t i = distill_is_copy(d) && d->domains.is_shared ? 0 : 1; i < 3; i++) {
        const fy_distill_figures *f = all[i].f;
        const lesson_kept now = { .score = domains_score(f->source_val, f->target_val),
                                  .holds = !(f->source_val < floor) };
        if (!f->is_there || !lesson_beats(&now, &best))
            continue;
        best = now;
        chosen = all[i].m;
        r->chosen = all[i].name;
    }
    return fy_run_save_model(d->run, "chosen", chosen);
}

static void count_values(const distill *d, fy_distill_report *r)
{
    fy_model *m = d->m.student;
    for (int i = 0; i < fy_model_count(m); i++) {
        const int64_t n = fy_shape_numel(fy_param_shape(fy_model_param(m, i)));
        if (fy_model_param_is_buffer(m, i))
            continue;
        r->all += n;
        r->moved += fy_glob(d->m.moves, fy_model_param_name(m, i)) ? n : 0;
    }
}

static fy_status finish(const distill *d, fy_distill_report *r)
{
    fy_status st;
    FY_TRY(fy_run_save_model(d->run, "teacher", d->m.teachers[0]));
    if (d->best_round > 0)
        FY_TRY(fy_run_save_model(d->run, "redistilled", d->m.redistilled));
    FY_TRY(test_all(d, r));
    FY_TRY(choose(d, r));
    r->holds = d->found.student.holds;
    r->teaches_target = teaches_target(d);
    r->rounds = d->n_rounds;
    r->epochs = d->found.student.epochs;
    count_values(d, r);
done:
    return st;
}

fy_status fy_distill(fy_run *r, fy_device *dev, const fy_distill_data *data,
                     const fy_distill_opts *o, fy_distill_report *report)
{
    distill d = { .run = r, .dev = dev, .o = o, .data = data };
    fy_status st;
    *report = (fy_distill_report){ .chosen = "student" };
    FY_TRY(distill_check(&d));
    FY_TRY(open_all(&d));
    FY_TRY(prepare_teachers(&d));
    FY_TRY(look_at_teacher(&d));
    FY_TRY(distil(&d));
    if (o->mutual)
        FY_TRY(look_at_teacher(&d));
    FY_TRY(redistil(&d));
    FY_TRY(finetune_beside(&d));
    FY_TRY(finish(&d, report));
done:
    close_all(&d);
    return st;
}
