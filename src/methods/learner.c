/* learner.c: a model for labelled samples, from its family. */
#include "learner.h"

#include "notes.h"

/* ---- the data ------------------------------------------------------------------------------------- */

static fy_status check_classes(const learner *l, const fy_dataset *d, int k)
{
    if (!d || fy_dataset_classes(d) <= k)
        return FY_OK;
    return fy_error(FY_EINVAL, "%s: '%s' has %d classes, the training data '%s' only %d", l->method,
                    fy_dataset_name(d), fy_dataset_classes(d), fy_dataset_name(l->train), k);
}

fy_status learner_check(const learner *l, int64_t batch)
{
    const int64_t n = fy_dataset_count(l->train);
    const int k = fy_dataset_classes(l->train);
    if (batch < 1 || batch > n)
        return fy_error(
            FY_EINVAL,
            "%s: batch is %lld and '%s' has %lld samples; expected 1 to that many: lower "
            "it, or add samples",
            l->method, (long long)batch, fy_dataset_name(l->train), (long long)n);
    if (k < 2 || k > FY_MAX_SCORED)
        return fy_error(FY_EINVAL, "%s: '%s' has %d classes; expected 2 to %d", l->method,
                        fy_dataset_name(l->train), k, FY_MAX_SCORED);
    const fy_status st = check_classes(l, l->val, k);
    return st == FY_OK ? check_classes(l, l->test, k) : st;
}

/* ---- the model ------------------------------------------------------------------------------------ */

/* Of one sample as the model sees it. */
static fy_status find_input(const learner *l, const fy_loader_opts *how, fy_shape *input)
{
    fy_loader_opts o = *how;
    fy_loader *loader = NULL;
    fy_status st;
    o.name = "shape";
    o.workers = 0;
    FY_TRY(fy_loader_open(l->train, &o, &loader));
    *input = *fy_loader_shape(loader);
    if (!fy_shape_equal(input, fy_dataset_shape(l->val)))
        st = fy_error(FY_ESHAPE,
                      "%s: training samples are cut to %lldx%lld, the samples of '%s' are "
                      "%lldx%lld; prepare them alike",
                      l->method, (long long)input->d[1], (long long)input->d[2],
                      fy_dataset_name(l->val), (long long)fy_dataset_shape(l->val)->d[1],
                      (long long)fy_dataset_shape(l->val)->d[2]);
done:
    fy_loader_close(loader);
    return st;
}

/* An edit may have said how many classes the head has. */
static fy_status check_head(const learner *l, const fy_model *m)
{
    const int64_t given = fy_model_options(m)->n_classes;
    const int k = fy_dataset_classes(l->train);
    return given == k
               ? FY_OK
               : fy_error(FY_EINVAL,
                          "%s: the edits '%s' make a head for %lld classes, and '%s' has %d; "
                          "leave the number out",
                          l->method, l->edit, (long long)given, fy_dataset_name(l->train), k);
}

fy_status learner_open(const learner *l, const char *name, const fy_loader_opts *how, fy_model **out)
{
    fy_model_opts m = fy_model_defaults();
    fy_status st;
    FY_TRY(find_input(l, how, &m.input));
    m.n_classes = fy_dataset_classes(l->train);
    m.width = (float)l->width;
    m.dropout = (float)l->dropout;
    m.pool = l->pool;
    m.edits = l->edit;
    m.seed = l->seed;
    FY_TRY(fy_model_open(l->family, name, &m, out));
    FY_TRY(check_head(l, *out));
    FY_TRY(notes_set_classes(*out, l->train));
    FY_TRY(notes_set_pixels(*out, l->pixels));
done:
    return st;
}
