/* What the transforms share: a frame to work on, a table row each, and pixel operations that several
 * of them need.
 *
 *   frame      one sample in the making: x, and spare memory of the same size to write into
 *   transform  one file: draws its amounts, applies them to a frame
 *   pipeline   an fy_augment made ready for a dataset: checked, shapes and memory known
 *
 * Nothing here allocates; a frame's memory is the loader's worker's. */
#ifndef FYI_TRANSFORMS_H
#define FYI_TRANSFORMS_H

#include "data/data.h"

typedef struct fyi_frame {
    float *x, *spare;    /* [c, h, w] each, with room for the largest that any transform makes */
    fy_shape shape;      /* of x */
    float *scratch;      /* what the transform asked for, 16-byte aligned */
    fyi_scaling scaling; /* what comes after all transforms */
} fyi_frame;

/* What was written to spare, [c, h, w], is now x. */
static inline void fyi_frame_swap(fyi_frame *f, int64_t h, int64_t w)
{
    float *old = f->x;

    f->x = f->spare;
    f->spare = old;
    f->shape.d[1] = h;
    f->shape.d[2] = w;
}

static inline int64_t fyi_frame_area(const fyi_frame *f)
{
    return f->shape.d[1] * f->shape.d[2];
}

/* ---- the table: transforms.c ----------------------------------------------------------------- */

/* A number in fy_transform. */
typedef enum fyi_amount_type {
    FYI_AMOUNT_FLOAT,
    FYI_AMOUNT_INT64,
    FYI_AMOUNT_ENUM
} fyi_amount_type;
typedef struct fyi_amount {
    const char *name; /* NULL ends a list */
    size_t at;
    fyi_amount_type type;
    double min, max;
} fyi_amount;
#define FYI_AMOUNT(kind, member, min, max)                                       \
    {                                                                            \
#member, offsetof(fy_transform, kind.member), FYI_AMOUNT_FLOAT, min, max \
    }
#define FYI_WHOLE(kind, member, min, max)                                        \
    {                                                                            \
#member, offsetof(fy_transform, kind.member), FYI_AMOUNT_INT64, min, max \
    }
#define FYI_CHOICE(kind, member, last)                                         \
    {                                                                          \
#member, offsetof(fy_transform, kind.member), FYI_AMOUNT_ENUM, 0, last \
    }
#define FYI_LARGEST_SIDE 16384

typedef struct fyi_transform {
    const char *name;
    fy_transform standard;
    const fyi_amount *amounts;
    bool is_of_pictures; /* 0 .. 1, of one or three channels */
    bool takes_series;   /* [c, t], as frames of height 1 */
    /* Optional: what limits on amounts cannot say. `in` is what comes in. */
    fy_status (*check)(const fy_transform *t, const char *who, const fy_shape *in);
    /* Optional: the shape that comes out. */
    fy_shape (*shape)(const fy_transform *t, const fy_shape *in);
    /* Optional: floats of scratch. */
    size_t (*n_scratch)(const fy_transform *t, const fy_shape *in);
    void (*apply)(const fy_transform *t, fyi_frame *f, fy_rng *r);
} fyi_transform;
extern const fyi_transform fyi_transform_warp, fyi_transform_flip, fyi_transform_crop,
    fyi_transform_resized_crop, fyi_transform_colour_jitter, fyi_transform_grey,
    fyi_transform_noise, fyi_transform_rand_augment, fyi_transform_erase;
const fyi_transform *fyi_transform_of(fy_transform_kind kind); /* NULL for no kind */
double fyi_amount_of(const fyi_amount *a, const fy_transform *t);

/* Uniform in lo .. hi. */
double fyi_draw_between(fy_rng *r, double lo, double hi);
/* True as often as `prob` says; draws always. */
bool fyi_draw_chance(fy_rng *r, float prob);

/* ---- the pipeline: pipeline.c ---------------------------------------------------------------- */

typedef struct fyi_pipeline {
    fy_augment a;
    fy_shape in, out; /* of a frame; of the samples that come out */
    bool is_series;   /* samples are [c, t], frames [c, 1, t] */
    size_t room;      /* floats of the largest frame, a multiple of 4 */
    size_t n_scratch; /* floats that fyi_pipeline_get needs, the source's included */
} fyi_pipeline;
/* Copies a. FY_EINVAL or FY_ESHAPE, with `who` as the sentence's beginning, if it does not suit d. */
fy_status fyi_pipeline_init(fyi_pipeline *p, const fy_augment *a, const fy_dataset *d,
                            const char *who);
/* What it does to a sample whose random numbers are given, to the last digit of every amount. */
void fyi_pipeline_hash(const fyi_pipeline *p, fyi_sha256 *h);
/* Sample i, changed, to x [out]. label may be NULL. Draws from r, which is left beyond all draws. */
fy_status fyi_pipeline_get(const fyi_pipeline *p, const fy_dataset *d, int64_t i, fy_rng *r,
                           float *x, int32_t *label, float *scratch);
/* The transforms alone. */
void fyi_pipeline_run(const fyi_pipeline *p, fyi_frame *f, fy_rng *r);

/* ---- geometry: resample.c -------------------------------------------------------------------- */

/* Where the pixel (x, y) comes from: (a x + b y + c, d x + e y + f), pixel centres at whole numbers. */
typedef struct fyi_map {
    double a, b, c, d, e, f;
} fyi_map;
/* Bilinear; pixels beyond the edge are `value`, or the edge's. */
void fyi_resample(fyi_frame *f, const fyi_map *m, fy_fill_mode fill, float value);

/* warp.c: amounts as drawn; dx, dy in pixels. */
typedef struct fyi_warp {
    double dx, dy, turn_rad, scale, shear; /* shear is the tangent */
} fyi_warp;
fyi_warp fyi_warp_draw(const fy_warp_opts *o, int64_t h, int64_t w, fy_rng *r);
fyi_map fyi_warp_map(const fyi_warp *p, int64_t h, int64_t w);

/* A part of a picture. */
typedef struct fyi_box {
    int64_t y, x, h, w;
} fyi_box;
fyi_box fyi_resized_crop_draw(const fy_resized_crop_opts *o, int64_t h, int64_t w, fy_rng *r);
/* The box of f resized to h x w, antialiased. */
void fyi_resize_box(fyi_frame *f, const fyi_box *box, int64_t h, int64_t w);
/* False when no rectangle was found that fits: nothing is erased. */
bool fyi_erase_draw(const fy_erase_opts *o, int64_t h, int64_t w, fy_rng *r, fyi_box *box);

/* ---- colours: tone.c, levels.c --------------------------------------------------------------- */

/* In place, torchvision's functions of the same names; values stay in 0 .. 1. One channel has neither
 * saturation nor hue. */
void fyi_brightness(fyi_frame *f, float factor);
void fyi_contrast(fyi_frame *f, float factor);
void fyi_saturation(fyi_frame *f, float factor);
void fyi_hue(fyi_frame *f, float turn);
void fyi_grey(fyi_frame *f);
void fyi_sharpness(fyi_frame *f, float factor);

void fyi_posterize(fyi_frame *f, int bits);
void fyi_solarize(fyi_frame *f, float threshold);
void fyi_autocontrast(fyi_frame *f);
void fyi_equalize(fyi_frame *f);

/* rand_augment.c: operation k of FYI_RAND_OPS at m, 0 .. 1 of its range; `is_negative` where it has a
 * sign. */
#define FYI_RAND_OPS 14
void fyi_rand_apply(int k, fyi_frame *f, double m, bool is_negative, float fill);

/* ---- batches: mix.c, mixup.c, cutmix.c ------------------------------------------------------- */

/* x [n, shape] and q [n, k], mixed in place. */
typedef struct fyi_mixture {
    float *x, *q;
    int64_t n, k;
    fy_shape shape;
    float *kept; /* room for one sample and for k values */
} fyi_mixture;
/* q from labels y [n]. */
void fyi_one_hot(const int32_t *y, int64_t n, int64_t k, float *q);
void fyi_mix_batch(const fy_mix *mix, const fyi_mixture *b, fy_rng *r);
/* Rows of width `row`: v_i = lambda v_i + (1 - lambda) v_(i-1). */
void fyi_mix_rows(float *v, int64_t n, int64_t row, float lambda, float *kept);
void fyi_mixup(const fyi_mixture *b, double lambda);
/* Returns the lambda of the rectangle's real area. */
double fyi_cutmix(const fyi_mixture *b, double lambda, fy_rng *r);
double fyi_draw_beta(fy_rng *r, double alpha);

#endif
