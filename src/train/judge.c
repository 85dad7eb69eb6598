/* judge.c: labels behind a door. A judge copies a dataset's labels when it is made and hands none out:
 * predictions go in through its eye, figures come out to the judge's owner, and only into reports. A method
 * holds the eye, from which no function leads back to the judge. */
#include "train/metrics.h"

#include <math.h>
#include <string.h>

struct fy_eye {
    fy_judge *of;
};

struct fy_judge {
    fy_eye eye;
    char *name;
    int32_t *label;     /* [n] */
    int32_t *predicted; /* [n], scratch */
    int64_t n;
    int n_classes;
    struct marks { /* as one block: it is part of checkpoints */
        int64_t n;
        fy_mark mark[FY_MAX_MARKS];
    } marks;
};

static fy_status read_labels(fy_judge *j, const char *name, const fy_dataset *d)
{
    j->name = fyi_strdup(name);
    j->label = fyi_calloc((size_t)j->n, sizeof *j->label);
    j->predicted = fyi_calloc((size_t)j->n, sizeof *j->predicted);
    if (!j->name || !j->label || !j->predicted)
        return fyi_enomem((size_t)j->n * sizeof *j->label, "a judge's labels");
    for (int64_t i = 0; i < j->n; i++)
        FYI_FORWARD(fy_dataset_label(d, i, &j->label[i]));
    return FY_OK;
}

fy_status fy_judge_new(const char *name, const fy_dataset *labelled, fy_judge **out)
{
    fy_judge *j;
    fy_status st;

    *out = NULL;
    if (!fy_dataset_has_labels(labelled) || fy_dataset_count(labelled) < 1)
        return fyi_fail(FY_EINVAL, "judge '%s' needs labelled samples, but dataset '%s' has %s",
                        name, fy_dataset_name(labelled),
                        fy_dataset_has_labels(labelled) ? "no samples" : "no labels");
    j = fyi_calloc(1, sizeof *j);
    if (!j)
        return fyi_enomem(sizeof *j, "a judge");
    j->eye.of = j;
    j->n = fy_dataset_count(labelled);
    j->n_classes = fy_dataset_classes(labelled);
    st = read_labels(j, name, labelled);
    if (st != FY_OK) {
        fy_judge_free(j);
        return st;
    }
    *out = j;
    return FY_OK;
}

void fy_judge_free(fy_judge *j)
{
    if (!j)
        return;
    fyi_free(j->predicted);
    fyi_free(j->label);
    fyi_free(j->name);
    fyi_free(j);
}

/* ---- marking ---------------------------------------------------------------------------------------- */

static fy_status check(const fy_judge *j, const fy_tensor *logits)
{
    const fy_shape *s = fy_tensor_shape(logits);

    FYI_FORWARD(fyi_check_logits(logits, j->name));
    if (s->d[0] != j->n)
        return fyi_fail(FY_ESHAPE,
                        "judge '%s' has %lld labels but was shown predictions of %lld samples; "
                        "predict the dataset that the judge was made of",
                        j->name, (long long)j->n, (long long)s->d[0]);
    if (s->d[1] < j->n_classes)
        return fyi_fail(FY_ESHAPE, "judge '%s' has labels of %d classes but the model knows %lld",
                        j->name, j->n_classes, (long long)s->d[1]);
    return FY_OK;
}

/* Right when the two classes are exchanged; a sample without a class stays wrong. */
static double swapped_accuracy(const fy_judge *j)
{
    int64_t n_right = 0;

    for (int64_t i = 0; i < j->n; i++)
        n_right += j->predicted[i] == 1 - j->label[i];
    return (double)n_right / (double)j->n;
}

static fy_status keep(fy_judge *j, const fy_mark *mark)
{
    struct marks *m = &j->marks;

    for (int64_t i = 0; i < m->n; i++) {
        if (m->mark[i].step == mark->step && strcmp(m->mark[i].stage, mark->stage) == 0) {
            m->mark[i] = *mark;
            return FY_OK;
        }
    }
    if (m->n == FY_MAX_MARKS)
        return fyi_fail(FY_EINVAL, "judge '%s' keeps at most %d marks; evaluate less often",
                        j->name, FY_MAX_MARKS);
    m->mark[m->n++] = *mark;
    return FY_OK;
}

fy_status fy_eye_keep(fy_eye *e, fy_run *r)
{
    fy_judge *j = e->of;
    fyi_arena memory = { 0 };
    const char *name = fyi_arena_printf(&memory, "judge.%s", j->name);
    const fy_status st = name ? fy_run_keep_data(r, name, &j->marks, sizeof j->marks, NULL)
                              : fyi_enomem(strlen(j->name), "a judge's name");

    fyi_arena_release(&memory);
    return st;
}

/* "<name>.accuracy" and so on; `swapped` only where it means something. */
static fy_status record(const fy_judge *j, fy_run *r, const fy_mark *mark)
{
    fyi_arena memory = { 0 };
    const char *names[3] = { fyi_arena_printf(&memory, "%s.accuracy", j->name),
                             fyi_arena_printf(&memory, "%s.matched", j->name),
                             fyi_arena_printf(&memory, "%s.swapped", j->name) };
    const double values[3] = { mark->accuracy, mark->matched, mark->swapped };
    fy_status st;

    if (!names[0] || !names[1] || !names[2])
        st = fyi_enomem(strlen(j->name), "the names of a judge's figures");
    else
        st = fy_run_metrics(r, mark->stage, mark->step, isnan(mark->swapped) ? 2 : 3, names, values);
    fyi_arena_release(&memory);
    return st;
}

static fy_status name_stage(const fy_judge *j, const char *stage, fy_mark *mark)
{
    const int n = snprintf(mark->stage, sizeof mark->stage, "%s", stage);

    if (n >= 0 && (size_t)n < sizeof mark->stage)
        return FY_OK;
    return fyi_fail(
        FY_EINVAL,
        "judge '%s': the stage's name '%s' has %d bytes; marks keep at most %d, choose a "
        "shorter one",
        j->name, stage, n, FY_MARK_STAGE - 1);
}

fy_status fy_eye_see(fy_eye *e, fy_run *r, const char *stage, int64_t step, const fy_tensor *logits)
{
    fy_judge *j = e->of;
    fy_mark mark = { .step = step, .swapped = (double)NAN };
    int k;

    FYI_FORWARD(name_stage(j, stage, &mark));
    FYI_FORWARD(check(j, logits));
    k = (int)fy_tensor_shape(logits)->d[1];
    FYI_FORWARD(fy_classes_of(logits, j->predicted));
    mark.accuracy = fyi_accuracy(j->predicted, j->label, j->n);
    if (k == 2)
        mark.swapped = swapped_accuracy(j);
    FYI_FORWARD(fy_matched_accuracy(j->predicted, j->label, j->n, k, &mark.matched, NULL));
    FYI_FORWARD(keep(j, &mark));
    return r ? record(j, r, &mark) : FY_OK;
}

fy_eye *fy_judge_eye(fy_judge *j)
{
    return j ? &j->eye : NULL;
}

int fy_judge_count(const fy_judge *j)
{
    return j ? (int)j->marks.n : 0;
}

fy_mark fy_judge_mark(const fy_judge *j, int i)
{
    FYI_ASSERT(i >= 0 && i < fy_judge_count(j));
    return j->marks.mark[i];
}

const char *fy_judge_name(const fy_judge *j)
{
    return j->name;
}
