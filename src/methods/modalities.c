/* modalities.c: what methods for several modalities ask of their samples before anything runs. */
#include "modalities.h"

#include <string.h>

/* ---- names ------------------------------------------------------------------------------------------------ */

bool modalities_is_name(const char *name)
{
    static const char fits[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const size_t n = strlen(name);
    return n > 0 && n <= 63 && strspn(name, fits) == n && *name != '.' && *name != '-';
}

/* What a run's files and figures are called beside the modalities. */
static bool is_taken(const char *name)
{
    static const char *const taken[] = { "fusion", "best", "checkpoint", "loss", "fused" };
    static const char *const ends[] = { "-alone", "-expert" };
    const size_t n = strlen(name);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcmp(name, taken[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (n >= strlen(ends[i]) && strcmp(name + n - strlen(ends[i]), ends[i]) == 0)
            return true;
    return false;
}

fy_status modalities_check_names(const char *method, const fy_parts *p)
{
    for (int m = 0; m < fy_parts_modalities(p); m++) {
        const char *name = fy_parts_name(p, m);
        if (!modalities_is_name(name))
            return fy_error(
                FY_EINVAL,
                "%s: a modality is called '%.80s'; its encoder's file is to be called so: "
                "expected up to 63 letters, digits, '.', '_' and '-', neither '.' nor "
                "'-' first",
                method, name);
        if (is_taken(name))
            return fy_error(FY_EINVAL,
                            "%s: a modality is called '%s', as something else of a run is; call it "
                            "otherwise",
                            method, name);
    }
    return FY_OK;
}

fy_status modalities_check_fusion(const char *method, const char *family)
{
    static const char begins[] = "fusion_";
    if (family && strncmp(family, begins, sizeof begins - 1) == 0)
        return FY_OK;
    return fy_error(FY_EINVAL,
                    "%s: the fusion is '%.80s'; expected a family that begins with "
                    "'fusion_', such as fusion_concat",
                    method, family ? family : "");
}

/* ---- samples ---------------------------------------------------------------------------------------------- */

/* Two sides that are held against each other, for sentences. */
typedef struct sides {
    const char *method;
    const fy_parts *train, *other;
} sides;

static fy_status check_classes(const sides *s, const fy_dataset *d)
{
    const fy_dataset *train = fy_parts_dataset(s->train, 0);
    if (fy_dataset_classes(d) < 1)
        return fy_error(FY_EINVAL, "%s: '%s' has no labels, and models are judged by it", s->method,
                        fy_dataset_name(d));
    if (fy_dataset_classes(d) > fy_dataset_classes(train))
        return fy_error(FY_EINVAL, "%s: '%s' has %d classes, the training data only %d", s->method,
                        fy_dataset_name(d), fy_dataset_classes(d), fy_dataset_classes(train));
    for (int c = 0; c < fy_dataset_classes(d); c++)
        if (strcmp(fy_dataset_class_name(d, c), fy_dataset_class_name(train, c)) != 0)
            return fy_error(FY_EINVAL, "%s: class %d is '%s' in '%s' and '%s' in training samples",
                            s->method, c, fy_dataset_class_name(d, c), fy_dataset_name(d),
                            fy_dataset_class_name(train, c));
    return FY_OK;
}

static fy_status check_modality(const sides *s, int m)
{
    char is[64], expected[64];
    const fy_dataset *d = fy_parts_dataset(s->other, m), *of = fy_parts_dataset(s->train, m);
    if (strcmp(fy_parts_name(s->other, m), fy_parts_name(s->train, m)) != 0)
        return fy_error(FY_EINVAL,
                        "%s: modality %d is '%s' in training samples and '%s' elsewhere; give "
                        "them in one order",
                        s->method, m + 1, fy_parts_name(s->train, m), fy_parts_name(s->other, m));
    if (!fy_shape_equal(fy_dataset_shape(d), fy_dataset_shape(of)))
        return fy_error(FY_ESHAPE,
                        "%s: '%s' of '%s' is %s, and %s in training samples; prepare them alike",
                        s->method, fy_parts_name(s->other, m), fy_dataset_name(d),
                        fy_shape_text(fy_dataset_shape(d), is, sizeof is),
                        fy_shape_text(fy_dataset_shape(of), expected, sizeof expected));
    return FY_OK;
}

fy_status modalities_check_unlabelled(const char *method, const fy_parts *train, const fy_parts *p)
{
    const sides s = { method, train, p };
    fy_status st = FY_OK;
    if (!p)
        return FY_OK;
    if (fy_parts_modalities(p) != fy_parts_modalities(train))
        return fy_error(FY_EINVAL, "%s: training samples have %d parts, others %d", method,
                        fy_parts_modalities(train), fy_parts_modalities(p));
    if (fy_parts_count(p) < 1)
        return fy_error(FY_EINVAL, "%s: there is no sample to look at", method);
    for (int m = 0; m < fy_parts_modalities(p); m++)
        FY_TRY(check_modality(&s, m));
done:
    return st;
}

fy_status modalities_check_side(const char *method, const fy_parts *train, const fy_parts *p)
{
    const sides s = { method, train, p };
    fy_status st;
    FY_TRY(modalities_check_unlabelled(method, train, p));
    for (int m = 0; p && m < fy_parts_modalities(p); m++)
        FY_TRY(check_classes(&s, fy_parts_dataset(p, m)));
done:
    return st;
}

fy_status modalities_check_there(const char *method, const fy_parts *p, const char *side)
{
    for (int m = 0; m < fy_parts_modalities(p); m++) {
        const float *there = fy_parts_there(p, m);
        int64_t n = 0;
        for (int64_t i = 0; i < fy_parts_count(p); i++)
            n += there[i] != 0;
        if (n == 0)
            return fy_error(FY_EINVAL, "%s: no %s sample has its part '%s'; leave the modality out",
                            method, side, fy_parts_name(p, m));
    }
    return FY_OK;
}
