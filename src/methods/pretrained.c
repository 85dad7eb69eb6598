/* pretrained.c: values from files: what a model begins with, or a trained source model, in two parts or whole.
 *
 * A whole model is its family's with the classes of the source. The encoder takes the values of its own names;
 * what is left over must be the classifier's, tensor by tensor. Families may do more than that between
 * features and classes, so a few samples go through both, and must come out the same. */
#include "pretrained.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COMPARED 32 /* samples */

/* ---- one file ---------------------------------------------------------------------------------------------- */

static const char *given(const char *text)
{
    return text && *text ? text : NULL;
}

fy_status pretrained_load_file(fy_model *m, const pretrained_file *f, fy_fit_opts how,
                               fy_fit **report)
{
    how.part = given(f->part);
    how.prefix = given(f->prefix);
    how.map = given(f->map);
    how.slice = f->slice;
    return fy_model_load_partly(m, f->path, &how, report);
}

/* What did not fit is listed also where that is too much. */
static fy_status write_report(fy_run *r, const fy_fit *report, fy_status st)
{
    const fy_status written = fy_run_write(r, "weights.json", report->json, strlen(report->json));
    if (written != FY_OK || st == FY_OK)
        return written;
    return fy_error(st, "%s; weights.json in '%s' lists them all", fy_last_error(), fy_run_dir(r));
}

fy_status pretrained_begin(fy_run *r, fy_model *m, const pretrained_file *f)
{
    fy_fit *report = NULL;
    fy_status st;
    if (!given(f->path))
        return FY_OK;
    st = pretrained_load_file(m, f, fy_fit_defaults(), &report);
    if (report && r)
        st = write_report(r, report, st);
    fy_fit_free(report);
    return st;
}

/* ---- a source model --------------------------------------------------------------------------------------- */

static fy_status copy_values(fy_param *to, fy_param *from)
{
    const fy_shape *s = fy_param_shape(to);
    const int64_t n = fy_shape_numel(s);
    float *v = calloc((size_t)n + 1, sizeof *v);
    if (!v)
        return fy_error(FY_ENOMEM, "no memory for '%s'", fy_param_name(to));
    fy_status st = fy_param_read(from, v, n);
    if (st == FY_OK)
        st = fy_param_write(to, v, n);
    free(v);
    return st;
}

/* The tensors of `whole` that the encoder does not have, in order, into the classifier's. */
static fy_status copy_rest(const pretrained *p, const fy_model *whole)
{
    const int n = fy_model_count(p->classifier);
    int k = 0;
    for (int i = 0; i < fy_model_count(whole); i++) {
        fy_param *from = fy_model_param(whole, i);
        if (fy_model_find(p->encoder, fy_model_param_name(whole, i)))
            continue;
        fy_param *to = k < n ? fy_model_param(p->classifier, k) : NULL;
        if (!to || !fy_shape_equal(fy_param_shape(to), fy_param_shape(from)))
            return fy_error(FY_ESHAPE,
                            "'%s': its '%s' has no place in a classifier of the family '%s'; give "
                            "encoder and classifier in files of their own",
                            p->encoder_file.path, fy_model_param_name(whole, i),
                            fy_model_family(p->classifier));
        const fy_status st = copy_values(to, from);
        if (st != FY_OK)
            return st;
        k++;
    }
    return k == n ? FY_OK
                  : fy_error(FY_ESHAPE,
                             "'%s' ends in %d tensors, a classifier of the family '%s' has %d",
                             p->encoder_file.path, k, fy_model_family(p->classifier), n);
}

/* Of the last model of the chain. */
static fy_status logits_of(fy_device *dev, fy_model *const *chain, int n, const fy_dataset *d,
                           fy_tensor **logits)
{
    fy_predictor *p = NULL;
    fy_tensor **outs[2] = { NULL, NULL };
    outs[n - 1] = logits;
    fy_status st = fy_predictor_new(dev, chain, n, COMPARED, &p);
    if (st == FY_OK)
        st = fy_predict(p, d, outs);
    fy_predictor_free(p);
    return st;
}

static bool are_close(const fy_tensor *a, const fy_tensor *b)
{
    const float *x = fy_tensor_const_data(a), *y = fy_tensor_const_data(b);
    for (int64_t i = 0; i < fy_tensor_numel(a); i++)
        if (!(fabsf(x[i] - y[i]) <= 1e-3f * (1 + fabsf(x[i]))))
            return false;
    return true;
}

static fy_status check_split(fy_device *dev, const pretrained *p, fy_model *whole)
{
    fy_model *const parts[] = { p->encoder, p->classifier };
    const int64_t count = fy_dataset_count(p->samples);
    int64_t index[COMPARED];
    fy_dataset *some = NULL;
    fy_tensor *once = NULL, *apart = NULL;
    fy_status st;
    for (int64_t i = 0; i < COMPARED; i++)
        index[i] = i;
    FY_TRY(fy_dataset_subset(p->samples, index, count < COMPARED ? count : COMPARED, &some));
    FY_TRY(logits_of(dev, &whole, 1, some, &once));
    FY_TRY(logits_of(dev, parts, 2, some, &apart));
    if (!are_close(once, apart))
        st = fy_error(
            FY_EINVAL,
            "'%s': the family '%s' does more between features and classes than a "
            "classifier of the family '%s'; give encoder and classifier in files of their "
            "own",
            p->encoder_file.path, fy_model_family(p->encoder), fy_model_family(p->classifier));
done:
    fy_tensor_free(apart);
    fy_tensor_free(once);
    fy_dataset_free(some);
    return st;
}

static fy_status load(fy_model *whole, const pretrained_file *f)
{
    const fy_status st = pretrained_load_file(whole, f, fy_fit_strict(), NULL);
    return st != FY_ESHAPE
               ? st
               : fy_error(st, "%s; or give encoder and classifier in files of their own",
                          fy_last_error());
}

static fy_status load_whole(fy_device *dev, const pretrained *p)
{
    fy_model_opts m = *fy_model_options(p->encoder);
    fy_model *whole = NULL;
    fy_status st;
    m.n_classes = fy_model_options(p->classifier)->n_classes;
    FY_TRY(fy_model_open(fy_model_family(p->encoder), "whole", &m, &whole));
    FY_TRY(load(whole, &p->encoder_file));
    FY_TRY(fy_model_copy(p->encoder, whole));
    FY_TRY(copy_rest(p, whole));
    FY_TRY(check_split(dev, p, whole));
done:
    fy_model_free(whole);
    return st;
}

fy_status pretrained_load(fy_device *dev, const pretrained *p)
{
    if (!p->classifier_file.path)
        return load_whole(dev, p);
    const fy_fit_opts all = fy_fit_strict();
    const fy_status st = pretrained_load_file(p->encoder, &p->encoder_file, all, NULL);
    return st == FY_OK ? pretrained_load_file(p->classifier, &p->classifier_file, all, NULL) : st;
}
