/* family.c: the table of families, and what each makes of its options. */
#include "nn/nn.h"

#include <string.h>

static const fyi_family *const families[] = {
#define FAMILY(name) &fyi_family_##name,
#include "nn/models/models.def"
#undef FAMILY
};

static const char *const family_names[] = {
#define FAMILY(name) #name,
#include "nn/models/models.def"
#undef FAMILY
    NULL,
};

const char *const *fy_model_families(void)
{
    return family_names;
}

const fyi_family *fyi_family_find(const char *name)
{
    for (size_t i = 0; i < FYI_LEN(families); i++)
        if (strcmp(families[i]->name, name) == 0)
            return families[i];
    return NULL;
}

fy_status fyi_family_unknown(const char *name)
{
    const char *near = fyi_nearest(name, family_names);
    return fyi_fail(FY_EINVAL, "there is no model family '%s'%s%s%s", name,
                    near ? "; did you mean '" : "; 'ferry help models' lists them",
                    near ? near : "", near ? "'?" : "");
}

const char *fy_model_family_text(const char *family)
{
    const fyi_family *f = fyi_family_find(family);
    return f ? f->text : NULL;
}

fy_model_opts fy_model_defaults(void)
{
    return (fy_model_opts){ .input = FY_SHAPE(1, 28, 28), .n_classes = 10, .dropout = -1 };
}

fy_status fy_model_family_defaults(const char *family, fy_model_opts *out)
{
    const fyi_family *f = fyi_family_find(family);
    *out = fy_model_defaults();
    if (!f)
        return fyi_family_unknown(family);
    if (f->input.rank)
        out->input = f->input;
    out->n_classes = f->n_classes ? f->n_classes : out->n_classes;
    out->dropout = f->dropout;
    out->width = 1;
    return FY_OK;
}

/* ---- options --------------------------------------------------------------------------------- */

fy_status fyi_none_of(const char *model, const char *what, const char *word,
                      const char *const *words)
{
    const char *near = fyi_nearest(word, words);
    fyi_buf list = { 0 };
    for (size_t i = 0; words[i]; i++)
        fyi_buf_printf(&list, "%s%s", i ? ", " : "", words[i]);
    const fy_status st =
        list.failed
            ? fyi_enomem(list.cap, what)
            : fyi_fail(FY_EINVAL, "model '%s': %s '%s' is none of %s%s%s%s", model, what, word,
                       list.p, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    fyi_buf_release(&list);
    return st;
}

static fy_status check_pool(const fyi_family *f, const char *model, const char *pool)
{
    static const char *const pools[] = { "avg", "max", "l2", NULL };
    if (!(f->takes & FYI_TAKES_POOL))
        return fyi_fail(FY_EINVAL,
                        "model '%s': family '%s' does not pool whole images; leave 'pool' out",
                        model, f->name);
    for (size_t i = 0; pools[i]; i++)
        if (strcmp(pools[i], pool) == 0)
            return FY_OK;
    return fyi_none_of(model, "pool", pool, pools);
}

static fy_status check_width(const fyi_family *f, const char *model, float width)
{
    if (!(width > 0 && width <= 64))
        return fyi_fail(FY_EINVAL, "model '%s': width is a factor above 0 and at most 64, not %g",
                        model, (double)width);
    if (width != 1 && !(f->takes & FYI_TAKES_WIDTH))
        return fyi_fail(FY_EINVAL, "model '%s': family '%s' has one width, 1; it cannot be %g",
                        model, f->name, (double)width);
    return FY_OK;
}

fy_status fyi_family_settle(const fyi_family *f, const char *model, fy_model_opts *o)
{
    if (o->dropout < 0)
        o->dropout = f->dropout;
    if (o->width == 0)
        o->width = 1;
    if (!(o->dropout < 1))
        return fyi_fail(FY_EINVAL, "model '%s': dropout is a probability below 1, not %g", model,
                        (double)o->dropout);
    FYI_FORWARD(check_width(f, model, o->width));
    return o->pool ? check_pool(f, model, o->pool) : FY_OK;
}
