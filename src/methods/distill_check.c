/* distill_check.c: what is wrong with a distillation's options and data alone, before anything is opened. */
#include "distill.h"

#include "limits.h"

#include <math.h>
#include <string.h>

static fy_status check_numbers(const fy_distill_opts *o)
{
    const limit limits[] = {
        { "n_teachers", o->n_teachers, 1, FY_MAX_TEACHERS },
        { "teacher_epochs", (double)o->teacher_epochs, 1, 1e9 },
        { "teacher_optim.lr", o->teacher_optim.lr, 0, 1e6 },
        { "ce", o->ce, 0, 1e6 },
        { "source_ce", o->source_ce, 0, 1e6 },
        { "label_smoothing", o->label_smoothing, 0, 0.99 },
        { "l2_sp", o->l2_sp, 0, 1e6 },
        { "optim.lr", o->optim.lr, 0, 1e6 },
        { "epochs", (double)o->epochs, 1, 1e9 },
        { "batch", (double)o->batch, 2, 65536 },
        { "source_drop", o->source_drop, 0, 1 },
        { "target_accuracy", o->target_accuracy, 0, 1 },
        { "patience", (double)o->patience, 0, 1e9 },
        { "rounds", (double)o->rounds, 0, DISTILL_ROUNDS },
        { "redistil_epochs", (double)o->redistil_epochs, 1, 1e9 },
        { "redistil_rate", o->redistil_rate, 0, 10 },
        { "redistil_weight", o->redistil_weight, 0, 1 },
        { "redistil_target", o->redistil_target, 0, 1e6 },
        { "finetuned_rate", o->finetuned_rate, 0, 1e6 },
        { "views", (double)o->views, 0, 1e6 },
        { "workers", o->workers, 0, 64 },
    };
    return limits_check("distill", limits, sizeof limits / sizeof *limits);
}

/* A half of every batch that is of both. */
static fy_status check_halves(const distill *d)
{
    const fy_dataset *const sides[] = { d->data->source, d->data->target };
    const int64_t half = d->o->batch - d->o->batch / 2;
    for (int i = 0; d->data->target && i < 2; i++)
        if (fy_dataset_count(sides[i]) < half)
            return fy_error(
                FY_EINVAL,
                "distill: half of a batch of %lld is of '%s', which has %lld samples to learn "
                "from; set batch to %lld or less",
                (long long)d->o->batch, fy_dataset_name(sides[i]),
                (long long)fy_dataset_count(sides[i]), 2 * (long long)fy_dataset_count(sides[i]));
    return FY_OK;
}

static fy_status check_something(const fy_distill_opts *o)
{
    bool teaches = o->losses && *o->losses && o->n_weights == 0;
    for (int i = 0; i < o->n_weights; i++)
        teaches = teaches || o->weights[i] > 0;
    if (o->ce > 0 || o->source_ce > 0 || teaches)
        return FY_OK;
    return fy_error(FY_EINVAL,
                    "distill: there is nothing to learn from, neither labels nor a teacher's "
                    "losses; set ce above 0, or losses");
}

static bool is_same_class(const fy_model *m, const fy_dataset *d, int c)
{
    const char *name = fy_model_class_name(m, c);
    return !name || strcmp(name, fy_dataset_class_name(d, c)) == 0;
}

/* Column by column, where the file names its classes. */
static fy_status check_classes(const distill *d, int k)
{
    const fy_model *m = d->m.teachers[k];
    const fy_dataset *s = d->data->source;
    const int n = fy_dataset_classes(s);
    int c = 0;
    if (fy_model_output(m)->d[0] != n)
        return fy_error(
            FY_EINVAL,
            "distill: teacher %d knows %lld classes and '%s' has %d; what it says of them can be "
            "learnt where they are the same, else name losses on features or layers",
            k + 1, (long long)fy_model_output(m)->d[0], fy_dataset_name(s), n);
    while (c < n && is_same_class(m, s, c))
        c++;
    if (c == n)
        return FY_OK;
    return fy_error(
        FY_EINVAL,
        "distill: class %d of teacher %d is '%s' and of '%s' '%s'; what it says of classes can be "
        "learnt where they are the same, else name losses on features or layers",
        c, k + 1, fy_model_class_name(m, c), fy_dataset_name(s), fy_dataset_class_name(s, c));
}

typedef struct values {
    double mean, deviation;
} values;

static values values_of(const fy_pixels *p, int64_t channel)
{
    return p->deviation[0] > 0 ? (values){ (double)p->mean[channel], (double)p->deviation[channel] }
                               : (values){ 0, 1 };
}

#define VALUES_APART 0.005 /* a grey level or so: the rounding of who wrote them down */

/* One that was trained before must be shown such values as it knows; what size it works at is the caller's choice. */
static fy_status check_pixels(const distill *d, int k)
{
    const fy_pixels *shown = d->data->source_teacher ? d->o->teacher_pixels : d->o->pixels;
    const fy_pixels knows = fy_model_pixels(d->m.teachers[k]);
    if (!shown || distill_learns(d, k) || !fy_model_has_pixels(d->m.teachers[k]))
        return FY_OK;
    for (int64_t c = 0; c < shown->channels && c < 4; c++) {
        const values a = values_of(&knows, c), b = values_of(shown, c);
        if (fabs(a.mean - b.mean) > VALUES_APART || fabs(a.deviation - b.deviation) > VALUES_APART)
            return fy_error(
                FY_EINVAL,
                "distill: teacher %d, '%s', knows pixels without a mean of %.3g and a deviation of "
                "%.3g in channel %lld, and is shown them without %.3g and %.3g; prepare them as it "
                "knows them (range, mean, deviation), or leave it out",
                k + 1, d->o->teachers[k].weights, a.mean, a.deviation, (long long)c + 1, b.mean,
                b.deviation);
    }
    return FY_OK;
}

fy_status distill_check_teachers(const distill *d)
{
    fy_status st = FY_OK;
    for (int k = 0; k < d->o->n_teachers; k++)
        FY_TRY(check_pixels(d, k));
    for (int k = 0; k < d->o->n_teachers && teachers_read(&d->of_t, "logits"); k++)
        FY_TRY(check_classes(d, k));
done:
    return st;
}

/* Does any lesson learn from labels? */
static bool reads_labels(const distill *d)
{
    const fy_distill_opts *o = d->o;
    for (int k = 0; k < o->n_teachers && !o->mutual; k++)
        if (distill_learns(d, k))
            return true;
    return o->ce > 0 || o->source_ce > 0 ||
           (d->data->target && (o->finetuned || (o->rounds > 0 && o->redistil_weight < 1)));
}

/* What is asked for and would do nothing. */
static fy_status check_unread(const distill *d)
{
    const fy_distill_opts *o = d->o;
    if (o->views > 0 && !o->augment)
        return fy_error(FY_EINVAL,
                        "distill: %lld views of each sample are asked for, and nothing augments "
                        "them; set augment, or views to 0",
                        (long long)o->views);
    if (o->label_smoothing > 0 && !reads_labels(d))
        return fy_error(FY_EINVAL,
                        "distill: label_smoothing is %g, and nobody learns from labels; set ce "
                        "above 0, or label_smoothing to 0",
                        o->label_smoothing);
    return FY_OK;
}

static fy_status check_source_ce(const distill *d)
{
    if (d->o->source_ce > 0 && !d->data->target)
        return fy_error(FY_EINVAL,
                        "distill: source_ce is a weight beside that of a target's labels, and "
                        "there is no target; set ce");
    return FY_OK;
}

static fy_status check_mutual(const distill *d)
{
    if (!d->o->mutual)
        return FY_OK;
    if (distill_is_copy(d))
        return fy_error(FY_EINVAL,
                        "distill: two networks that learn from each other begin otherwise, and the "
                        "student is a copy of the teacher; name the student's family");
    if (d->data->target)
        return fy_error(FY_EINVAL, "distill: two networks that learn from each other have one "
                                   "domain; leave out the target, or mutual");
    if (d->o->teachers[0].weights)
        return fy_error(
            FY_EINVAL,
            "distill: a teacher that learns with its student begins at random, and '%s' "
            "is given; leave out the weights, or mutual",
            d->o->teachers[0].weights);
    return FY_OK;
}

/* One by one the same, as far as labels can tell. */
static fy_status check_pairs(const distill *d)
{
    const fy_dataset *a = d->data->source, *b = d->data->source_teacher;
    const int64_t n = fy_dataset_count(a);
    fy_status st = FY_OK;
    if (fy_dataset_count(b) != n)
        return fy_error(
            FY_EINVAL,
            "distill: '%s' has %lld samples and '%s', which teachers see instead, %lld; "
            "pair them one by one, and give a source_val, for which none are held out",
            fy_dataset_name(a), (long long)n, fy_dataset_name(b), (long long)fy_dataset_count(b));
    for (int64_t i = 0; i < n && fy_dataset_has_labels(b); i++) {
        int32_t ya, yb;
        FY_TRY(fy_dataset_label(a, i, &ya));
        FY_TRY(fy_dataset_label(b, i, &yb));
        if (ya != yb)
            return fy_error(FY_EINVAL,
                            "distill: sample %lld is of class %d in '%s' and of %d in '%s', which "
                            "teachers see instead; pair them one by one",
                            (long long)i, ya, fy_dataset_name(a), yb, fy_dataset_name(b));
    }
done:
    return st;
}

fy_status distill_check(const distill *d)
{
    fy_status st;
    if (!fy_run_dir(d->run))
        return fy_error(FY_EINVAL,
                        "distill: it keeps its models on disk; open the run with a directory");
    if (!d->data->source_val || (d->data->target && !d->data->target_val))
        return fy_error(FY_EINVAL,
                        "distill: '%s' has no validation samples, by which models are chosen",
                        fy_dataset_name(d->data->source_val ? d->data->target : d->data->source));
    if (d->data->target && d->data->source_teacher)
        return fy_error(FY_EINVAL,
                        "distill: teachers that see samples of their own, '%s', have one domain; "
                        "leave out the target",
                        fy_dataset_name(d->data->source_teacher));
    for (int k = 0; d->data->source_teacher && k < d->o->n_teachers; k++)
        if (distill_learns(d, k))
            return fy_error(
                FY_EINVAL,
                "distill: teachers that see samples of their own, '%s', were trained on "
                "such before; give teacher %d's weights",
                fy_dataset_name(d->data->source_teacher), k + 1);
    if (distill_is_copy(d) && d->data->source_teacher)
        return fy_error(
            FY_EINVAL, "distill: a student that is a copy of its teacher sees what it sees; name a "
                       "family for the student");
    FY_TRY(check_numbers(d->o));
    FY_TRY(check_something(d->o));
    FY_TRY(check_halves(d));
    FY_TRY(check_unread(d));
    FY_TRY(check_source_ce(d));
    FY_TRY(check_mutual(d));
    if (d->data->source_teacher)
        FY_TRY(check_pairs(d));
done:
    return st;
}
