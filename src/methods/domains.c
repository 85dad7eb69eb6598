/* domains.c: source and target of a distillation, and how good a network is on them. */
#include "domains.h"

#include "notes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- classes ------------------------------------------------------------------------------------------- */

/* Where b's classes stand among a's, in b's order without gaps; -1: they do not. */
static int place_of(const fy_dataset *a, const fy_dataset *b)
{
    const int n = fy_dataset_classes(b);
    for (int first = 0; first + n <= fy_dataset_classes(a); first++) {
        int c = 0;
        while (c < n &&
               strcmp(fy_dataset_class_name(a, first + c), fy_dataset_class_name(b, c)) == 0)
            c++;
        if (c == n)
            return first;
    }
    return -1;
}

/* Some of b's are a's, and not all. */
static fy_status check_overlap(const fy_dataset *a, const fy_dataset *b, const char *method)
{
    for (int i = 0; i < fy_dataset_classes(a); i++)
        for (int k = 0; k < fy_dataset_classes(b); k++)
            if (strcmp(fy_dataset_class_name(a, i), fy_dataset_class_name(b, k)) == 0)
                return fy_error(
                    FY_EINVAL,
                    "%s: '%s' and '%s' both have a class '%s', but not all of the target's are "
                    "the source's in its order; choose such, or call them otherwise",
                    method, fy_dataset_name(a), fy_dataset_name(b), fy_dataset_class_name(a, i));
    return FY_OK;
}

static fy_status check_side(const domain *d, const fy_dataset *side, const char *method)
{
    if (!side)
        return FY_OK;
    if (fy_dataset_classes(side) > d->n)
        return fy_error(FY_EINVAL, "%s: '%s' has %d classes, the training data '%s' only %d",
                        method, fy_dataset_name(side), fy_dataset_classes(side),
                        fy_dataset_name(d->train), d->n);
    if (fy_shape_equal(fy_dataset_shape(side), fy_dataset_shape(d->train)))
        return FY_OK;
    char is[64], expected[64];
    return fy_error(FY_ESHAPE, "%s: samples of '%s' are %s, those of '%s' %s; prepare them alike",
                    method, fy_dataset_name(side),
                    fy_shape_text(fy_dataset_shape(side), is, sizeof is), fy_dataset_name(d->train),
                    fy_shape_text(fy_dataset_shape(d->train), expected, sizeof expected));
}

static fy_status check(const domains *d, const char *method)
{
    fy_status st;
    for (int i = 0; i < DOMAINS; i++) {
        FY_TRY(check_side(&d->v[i], d->v[i].val, method));
        FY_TRY(check_side(&d->v[i], d->v[i].test, method));
    }
    if (d->v[DOMAIN_TARGET].train && !fy_shape_equal(fy_dataset_shape(d->v[DOMAIN_SOURCE].train),
                                                     fy_dataset_shape(d->v[DOMAIN_TARGET].train)))
        return fy_error(FY_ESHAPE,
                        "%s: one network sees both sides, and samples of '%s' and '%s' differ in "
                        "shape; prepare them alike (size, channels)",
                        method, fy_dataset_name(d->v[DOMAIN_SOURCE].train),
                        fy_dataset_name(d->v[DOMAIN_TARGET].train));
    if (d->n_classes < 2 || d->n_classes > FY_MAX_SCORED)
        return fy_error(FY_EINVAL, "%s: %d classes; expected 2 to %d", method, d->n_classes,
                        FY_MAX_SCORED);
done:
    return st;
}

fy_status domains_of(const fy_distill_data *data, const char *method, domains *out)
{
    domain *s = &out->v[DOMAIN_SOURCE], *t = &out->v[DOMAIN_TARGET];
    *out = (domains){ .v = { { data->source, data->source_val, data->source_test, 0, 0 },
                             { data->target, data->target_val, data->target_test, 0, 0 } },
                      .is_shared = true };
    fy_status st;
    s->n = out->n_classes = fy_dataset_classes(s->train);
    if (t->train) {
        t->n = fy_dataset_classes(t->train);
        t->first = place_of(s->train, t->train);
        out->is_shared = t->first >= 0;
    }
    if (!out->is_shared) {
        t->first = s->n;
        out->n_classes += t->n;
        FY_TRY(check_overlap(s->train, t->train, method));
    }
    st = check(out, method);
done:
    return st;
}

fy_status domains_note(const domains *d, const fy_pixels *pixels, fy_model *m)
{
    const char **names = calloc((size_t)d->n_classes, sizeof *names);
    fy_status st;
    if (!names)
        return fy_error(FY_ENOMEM, "no memory for the names of %d classes", d->n_classes);
    for (int i = DOMAINS - 1; i >= 0; i--)
        for (int c = 0; c < d->v[i].n; c++)
            names[d->v[i].first + c] = fy_dataset_class_name(d->v[i].train, c);
    FY_TRY(fy_model_set_classes(m, names, d->n_classes));
    FY_TRY(notes_set_pixels(m, pixels));
done:
    free(names);
    return st;
}

/* ---- how good ------------------------------------------------------------------------------------------ */

static int largest_of(const float *logits, int n)
{
    int best = 0;
    for (int c = 0; c < n; c++) {
        if (isnan(logits[c]))
            return -1;
        if (logits[c] > logits[best])
            best = c;
    }
    return best;
}

typedef struct counting {
    const domain *of;
    const fy_dataset *labelled;
    int64_t columns, right;
} counting;

static fy_status count_right(void *arg, const fy_rows *rows)
{
    counting *c = arg;
    fy_status st = FY_OK;
    for (int64_t i = 0; i < rows->n; i++) {
        int32_t label;
        FY_TRY(fy_dataset_label(c->labelled, rows->first + i, &label));
        c->right += largest_of(rows->values + i * c->columns + c->of->first, c->of->n) == label;
    }
done:
    return st;
}

fy_status domain_accuracy(const domain *of, const fy_dataset *d, fy_predictor *p, int columns,
                          double *accuracy)
{
    counting c = { .of = of, .labelled = d, .columns = columns };
    fy_status st = FY_OK;
    *accuracy = NAN;
    if (!d || of->first + of->n > columns)
        return FY_OK;
    FY_TRY(fy_predict_each(p, d, count_right, &c));
    *accuracy = (double)c.right / (double)fy_dataset_count(d);
done:
    return st;
}

double domains_score(double source, double target)
{
    if (isnan(target))
        return source;
    return source + target > 0 ? 2 * source * target / (source + target) : 0;
}
