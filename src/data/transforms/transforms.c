/* transforms.c: the table of transforms, and lists of them. */
#include "data/transforms/transforms.h"

#include <stddef.h>
#include <string.h>

static const fyi_transform *const table[FY_TRANSFORMS] = {
    [FY_TRANSFORM_WARP] = &fyi_transform_warp,
    [FY_TRANSFORM_FLIP] = &fyi_transform_flip,
    [FY_TRANSFORM_CROP] = &fyi_transform_crop,
    [FY_TRANSFORM_RESIZED_CROP] = &fyi_transform_resized_crop,
    [FY_TRANSFORM_COLOUR_JITTER] = &fyi_transform_colour_jitter,
    [FY_TRANSFORM_GREY] = &fyi_transform_grey,
    [FY_TRANSFORM_NOISE] = &fyi_transform_noise,
    [FY_TRANSFORM_RAND_AUGMENT] = &fyi_transform_rand_augment,
    [FY_TRANSFORM_ERASE] = &fyi_transform_erase,
};

const fyi_transform *fyi_transform_of(fy_transform_kind kind)
{
    return (unsigned)kind < FY_TRANSFORMS ? table[kind] : NULL;
}

const char *fy_transform_name(fy_transform_kind kind)
{
    const fyi_transform *t = fyi_transform_of(kind);

    return t != NULL ? t->name : NULL;
}

fy_transform fy_transform_defaults(fy_transform_kind kind)
{
    const fyi_transform *t = fyi_transform_of(kind);
    fy_transform standard = { .kind = kind };

    if (t != NULL)
        standard = t->standard;
    standard.kind = kind;
    return standard;
}

double fyi_amount_of(const fyi_amount *a, const fy_transform *t)
{
    const char *at = (const char *)t + a->at;

    switch (a->type) {
    case FYI_AMOUNT_INT64: return (double)*(const int64_t *)(const void *)at;
    case FYI_AMOUNT_ENUM: return (double)*(const int *)(const void *)at;
    default: return (double)*(const float *)(const void *)at;
    }
}

/* ---- drawing --------------------------------------------------------------------------------- */

double fyi_draw_between(fy_rng *r, double lo, double hi)
{
    return lo + (hi - lo) * (double)fy_rng_uniform(r);
}

bool fyi_draw_chance(fy_rng *r, float prob)
{
    return fy_rng_uniform(r) < prob;
}

/* ---- lists ----------------------------------------------------------------------------------- */

fy_augment fy_augment_none(void)
{
    return (fy_augment){ .mix.prob = 1 };
}

bool fy_augment_is_none(const fy_augment *a)
{
    return a->n == 0 && a->mix.mixup_alpha <= 0 && a->mix.cutmix_alpha <= 0;
}

fy_status fy_augment_add(fy_augment *a, const fy_transform *t)
{
    if (a->n < 0 || a->n >= FY_MAX_TRANSFORMS)
        return fyi_fail(FY_EINVAL, "an augmentation has room for %d transforms", FY_MAX_TRANSFORMS);
    a->list[a->n++] = *t;
    return FY_OK;
}

static fy_transform *append(fy_augment *a, fy_transform_kind kind)
{
    a->list[a->n] = fy_transform_defaults(kind);
    return &a->list[a->n++];
}

fy_augment fy_augment_photos(int64_t size)
{
    fy_augment a = fy_augment_none();
    fy_transform *crop = append(&a, FY_TRANSFORM_RESIZED_CROP);

    crop->resized_crop.height = crop->resized_crop.width = size;
    (void)append(&a, FY_TRANSFORM_FLIP);
    return a;
}

fy_augment fy_augment_small(void)
{
    fy_augment a = fy_augment_none();

    append(&a, FY_TRANSFORM_CROP)->crop.pad = 4;
    (void)append(&a, FY_TRANSFORM_FLIP);
    return a;
}

fy_augment fy_augment_gentle(void)
{
    fy_augment a = fy_augment_none();
    fy_warp_opts *warp = &append(&a, FY_TRANSFORM_WARP)->warp;

    warp->rotate_deg = 10;
    warp->shift_frac = 0.1f;
    warp->shear_deg = 5.7106f; /* the tangent is 0.1 */
    warp->zoom_frac = 0.1f;
    (void)append(&a, FY_TRANSFORM_FLIP);
    return a;
}

/* ---- text ------------------------------------------------------------------------------------ */

typedef struct line {
    char *text;
    size_t size, used;
} line;

FY_PRINTF(2, 3) static void put(line *l, const char *fmt, ...)
{
    va_list args;
    int n;

    if (l->used >= l->size)
        return;
    va_start(args, fmt);
    n = vsnprintf(l->text + l->used, l->size - l->used, fmt, args);
    va_end(args);
    l->used += n > 0 ? (size_t)n : 0;
}

/* "flip prob 0.5"; choices, and amounts that are 0, are left out. */
static void put_transform(line *l, const fy_transform *t)
{
    const fyi_transform *row = fyi_transform_of(t->kind);
    const char *between = "";

    put(l, "%s%s", l->used > 0 ? "; " : "", row != NULL ? row->name : "?");
    for (const fyi_amount *a = row != NULL ? row->amounts : NULL; a != NULL && a->name != NULL; a++)
        if (a->type != FYI_AMOUNT_ENUM && fyi_amount_of(a, t) != 0) {
            put(l, "%s %s %.4g", between, a->name, fyi_amount_of(a, t));
            between = ",";
        }
}

const char *fy_augment_text(const fy_augment *a, char *text, size_t bytes)
{
    line l = { text, bytes, 0 };

    if (bytes > 0)
        text[0] = '\0';
    for (int k = 0; k < FYI_MIN(a->n, FY_MAX_TRANSFORMS); k++)
        put_transform(&l, &a->list[k]);
    if (a->mix.mixup_alpha > 0)
        put(&l, "%smixup alpha %.4g", l.used > 0 ? "; " : "", (double)a->mix.mixup_alpha);
    if (a->mix.cutmix_alpha > 0)
        put(&l, "%scutmix alpha %.4g", l.used > 0 ? "; " : "", (double)a->mix.cutmix_alpha);
    if (l.used == 0)
        put(&l, "nothing");
    return text;
}
