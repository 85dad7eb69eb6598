/* pipeline.c: a list of transforms made ready for a dataset, and run.
 *
 *   pixels -> frame -> transform 0 -> ... -> transform n-1 -> the dataset's range -> x
 *   scratch: [frame][spare][the source's, and then each transform's own]
 * Transform k draws from position k 2^32 of the sample's stream, so that what one of them draws moves
 * none of the others. */
#include "data/transforms/transforms.h"

#include <math.h>
#include <string.h>

#define DRAWS_BITS 32

/* ---- checks ---------------------------------------------------------------------------------- */

static fy_status check_amounts(const fyi_transform *row, const fy_transform *t, const char *who)
{
    for (const fyi_amount *a = row->amounts; a->name != NULL; a++) {
        const double v = fyi_amount_of(a, t);

        if (!(v >= a->min && v <= a->max))
            return fyi_fail(FY_EINVAL, "%s: the transform '%s' has %s %g, expected %g to %g", who,
                            row->name, a->name, v, a->min, a->max);
    }
    return FY_OK;
}

static fy_status check_pictures(const fyi_pipeline *p, const fyi_transform *row,
                                const fy_dataset *d, const char *who)
{
    if (!row->is_of_pictures)
        return FY_OK;
    if (p->a.on_values || d->source->was_scaled)
        return fyi_fail(FY_EINVAL,
                        "%s: the transform '%s' needs pixels of 0 to 1, but gets values of another "
                        "range; %s",
                        who, row->name,
                        p->a.on_values ? "turn on_values off" : "prepare the dataset only once");
    if (p->in.d[0] != 1 && p->in.d[0] != 3)
        return fyi_fail(FY_ESHAPE,
                        "%s: the transform '%s' is for one channel or three, the samples have %lld",
                        who, row->name, (long long)p->in.d[0]);
    return FY_OK;
}

static fy_status check_series(const fyi_pipeline *p, const fyi_transform *row, const char *who)
{
    if (!p->is_series || row->takes_series)
        return FY_OK;
    return fyi_fail(FY_ESHAPE, "%s: the transform '%s' is for pictures, the samples are series",
                    who, row->name);
}

/* Adds transform t, which gets p->out. */
static fy_status add(fyi_pipeline *p, const fy_transform *t, const fy_dataset *d, const char *who)
{
    const fyi_transform *row = fyi_transform_of(t->kind);

    if (row == NULL)
        return fyi_fail(FY_EINVAL, "%s: %d is no kind of transform", who, (int)t->kind);
    FYI_FORWARD(check_amounts(row, t, who));
    FYI_FORWARD(check_series(p, row, who));
    FYI_FORWARD(check_pictures(p, row, d, who));
    if (row->check != NULL)
        FYI_FORWARD(row->check(t, who, &p->out));
    if (row->n_scratch != NULL)
        p->n_scratch = FYI_MAX(p->n_scratch, row->n_scratch(t, &p->out));
    if (row->shape != NULL)
        p->out = row->shape(t, &p->out);
    p->room = FYI_MAX(p->room, (size_t)fy_shape_numel(&p->out));
    return FY_OK;
}

static fy_status check_mix(const fy_mix *m, const char *who)
{
    const double v[] = { (double)m->mixup_alpha, (double)m->cutmix_alpha, (double)m->prob };

    if (v[0] >= 0 && v[0] <= 1000 && v[1] >= 0 && v[1] <= 1000 && v[2] >= 0 && v[2] <= 1)
        return FY_OK;
    return fyi_fail(
        FY_EINVAL,
        "%s: mixing has alphas %g and %g and the probability %g, expected 0 to 1000 and "
        "0 to 1",
        who, v[0], v[1], v[2]);
}

fy_status fyi_pipeline_init(fyi_pipeline *p, const fy_augment *a, const fy_dataset *d,
                            const char *who)
{
    const fy_shape given = *fy_dataset_shape(d);
    const bool is_series = given.rank == 2;
    const fy_shape in = is_series ? FY_SHAPE(given.d[0], 1, given.d[1]) : given;

    *p = (fyi_pipeline){ .a = *a, .in = in, .out = in, .is_series = is_series };
    if (p->in.rank != 3 && (a->n > 0 || a->mix.cutmix_alpha > 0))
        return fyi_fail(FY_ESHAPE,
                        "%s: only images [c, h, w] and series [c, t] can be augmented or cut", who);
    if (a->n < 0 || a->n > FY_MAX_TRANSFORMS)
        return fyi_fail(FY_EINVAL, "%s: %d transforms, expected 0 to %d", who, a->n,
                        FY_MAX_TRANSFORMS);
    FYI_FORWARD(check_mix(&a->mix, who));
    p->room = (size_t)fy_shape_numel(&p->in);
    p->n_scratch = d->source->n_scratch;
    for (int k = 0; k < a->n; k++)
        FYI_FORWARD(add(p, &a->list[k], d, who));
    p->room = (p->room + 3) / 4 * 4;
    p->n_scratch += 2 * p->room;
    p->out = is_series ? FY_SHAPE(p->out.d[0], p->out.d[2]) : p->out;
    return FY_OK;
}

void fyi_pipeline_hash(const fyi_pipeline *p, fyi_sha256 *h)
{
    char text[64];

    (void)snprintf(text, sizeof text, "%d transforms%s\n", p->a.n,
                   p->a.on_values ? " of values" : "");
    fyi_sha256_update(h, text, strlen(text));
    for (int k = 0; k < p->a.n; k++) {
        const fyi_transform *row = fyi_transform_of(p->a.list[k].kind);

        fyi_sha256_update(h, row->name, strlen(row->name) + 1);
        for (const fyi_amount *a = row->amounts; a->name != NULL; a++) {
            (void)snprintf(text, sizeof text, "%s %a\n", a->name, fyi_amount_of(a, &p->a.list[k]));
            fyi_sha256_update(h, text, strlen(text));
        }
    }
}

/* ---- running --------------------------------------------------------------------------------- */

void fyi_pipeline_run(const fyi_pipeline *p, fyi_frame *f, fy_rng *r)
{
    const uint64_t begin = r->position;

    for (int k = 0; k < p->a.n; k++) {
        r->position = begin + ((uint64_t)k << DRAWS_BITS);
        fyi_transform_of(p->a.list[k].kind)->apply(&p->a.list[k], f, r);
    }
    r->position = begin + ((uint64_t)p->a.n << DRAWS_BITS);
}

fy_status fyi_pipeline_get(const fyi_pipeline *p, const fy_dataset *d, int64_t i, fy_rng *r,
                           float *x, int32_t *label, float *scratch)
{
    fyi_frame f = {
        .x = scratch, .spare = scratch + p->room, .shape = p->in, .scratch = scratch + 2 * p->room
    };

    if (!p->a.on_values)
        f.scaling = d->source->scaling;
    FYI_FORWARD(
        (p->a.on_values ? fyi_dataset_get : fyi_dataset_get_pixels)(d, i, f.x, label, f.scratch));
    fyi_pipeline_run(p, &f, r);
    memcpy(x, f.x, (size_t)fy_shape_numel(&f.shape) * sizeof *x);
    fyi_scale(&f.scaling, &f.shape, x);
    return FY_OK;
}
