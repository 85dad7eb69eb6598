/* pictures.c: one encoded picture to the bytes of a sample.
 *
 *   decode, upright -> channels -> resize to h x w -> cut from the centre -> u8 [h', w', c]
 * What is cut off is never computed. Sizes and offsets are rounded as torchvision's Resize and
 * CenterCrop round them. */
#include "data/picture.h"

#include <string.h>

fy_picture_opts fy_picture_defaults(void)
{
    return (fy_picture_opts){ .check = FY_CHECK_FILES, .max_broken = -1 };
}

/* ---- sizes ----------------------------------------------------------------------------------- */

void fyi_picture_fit(const fy_picture_opts *o, int64_t *h, int64_t *w)
{
    const int64_t old_h = *h, old_w = *w;

    if (o->shorter > 0 && old_w <= old_h) {
        *w = o->shorter;
        *h = FYI_MAX(o->shorter * old_h / old_w, 1);
    } else if (o->shorter > 0) {
        *h = o->shorter;
        *w = FYI_MAX(o->shorter * old_w / old_h, 1);
    } else if (o->height > 0) {
        *h = o->height;
        *w = o->width;
    }
}

fy_shape fyi_picture_shape(const fy_picture_opts *o, int64_t h, int64_t w, int c)
{
    fyi_picture_fit(o, &h, &w);
    return FY_SHAPE(c, o->crop_h > 0 ? o->crop_h : h, o->crop_w > 0 ? o->crop_w : w);
}

/* One axis of the cut: outputs from .. from + n - 1 of a resized axis come to dst at `margin`. */
typedef struct cut {
    int64_t from, n, margin;
} cut;

/* Python rounds halves to even, and so does torchvision: 7/2 is 4, 9/2 is 4. */
static int64_t half(int64_t n)
{
    return n % 4 == 3 ? n / 2 + 1 : n / 2;
}

static cut cut_axis(int64_t n_src, int64_t n_dst)
{
    if (n_src >= n_dst)
        return (cut){ half(n_src - n_dst), n_dst, 0 };
    return (cut){ 0, n_src, (n_dst - n_src) / 2 };
}

/* ---- pixels ---------------------------------------------------------------------------------- */

static void copy_rows(const uint8_t *src, int64_t src_row, int64_t rows, int64_t bytes,
                      uint8_t *dst, int64_t dst_row)
{
    for (int64_t y = 0; y < rows; y++)
        memcpy(dst + y * dst_row, src + y * src_row, (size_t)bytes);
}

static bool is_as_wanted(const fyi_picture *p, int64_t h, int64_t w)
{
    return p->h == h && p->w == w && p->end_y >= (float)h && p->end_x >= (float)w;
}

/* The cut of p resized to h x w, dense: [y->n, x->n, c]. */
static fy_status resize_cut(const fyi_picture *p, int64_t h, int64_t w, const cut *y, const cut *x,
                            uint8_t *dst)
{
    if (is_as_wanted(p, h, w)) {
        copy_rows(p->p + (y->from * w + x->from) * p->c, w * p->c, y->n, x->n * p->c, dst,
                  x->n * p->c);
        return FY_OK;
    }
    return fyi_picture_resize(p, &(fyi_resize_axis){ 0, p->end_y, h, y->from, y->from + y->n },
                              &(fyi_resize_axis){ 0, p->end_x, w, x->from, x->from + x->n }, dst);
}

/* dst [shape.d[1], shape.d[2], c], black where p does not reach. */
static fy_status place(const fyi_picture *p, int64_t h, int64_t w, const fy_shape *shape,
                       uint8_t *dst)
{
    const cut y = cut_axis(h, shape->d[1]), x = cut_axis(w, shape->d[2]);
    const int64_t row = shape->d[2] * p->c;
    uint8_t *part;
    fy_status st;

    if (y.n == shape->d[1] && x.n == shape->d[2])
        return resize_cut(p, h, w, &y, &x, dst);
    part = fyi_alloc((size_t)(y.n * x.n * p->c));
    if (part == NULL)
        return fyi_enomem((size_t)(y.n * x.n * p->c), "a picture");
    st = resize_cut(p, h, w, &y, &x, part);
    memset(dst, 0, (size_t)(shape->d[1] * row));
    if (st == FY_OK)
        copy_rows(part, x.n * p->c, y.n, x.n * p->c, dst + y.margin * row + x.margin * p->c, row);
    fyi_free(part);
    return st;
}

static fy_status check_shape(const fyi_encoded *e, const fy_picture_opts *o,
                             const fyi_picture_info *info, const fy_shape *shape)
{
    const fy_shape found = fyi_picture_shape(o, info->h, info->w, (int)shape->d[0]);

    if (fy_shape_equal(&found, shape))
        return FY_OK;
    return fyi_fail(
        FY_ESHAPE,
        "'%s' is a picture of %lldx%lld and comes out as %lldx%lld, others as "
        "%lldx%lld; give them one size (size), or the shorter side and a cut (shorter, crop)",
        e->name, (long long)info->w, (long long)info->h, (long long)found.d[2],
        (long long)found.d[1], (long long)shape->d[2], (long long)shape->d[1]);
}

fy_status fyi_picture_read(const fyi_encoded *e, const fy_picture_opts *o, const fy_shape *shape,
                           uint8_t *dst)
{
    fyi_picture_info info;
    fyi_picture p = { 0 };
    int64_t h, w;
    fy_status st;

    FYI_FORWARD(fyi_picture_probe(e, 0, &info));
    FYI_FORWARD(check_shape(e, o, &info, shape));
    h = info.h;
    w = info.w;
    fyi_picture_fit(o, &h, &w);
    FY_TRY(fyi_picture_decode(
        e, &(fyi_decode_opts){ .h = o->full_decode ? 0 : h, .w = o->full_decode ? 0 : w }, &p));
    FY_TRY(fyi_picture_set_channels(&p, (int)shape->d[0]));
    FY_TRY(place(&p, h, w, shape, dst));
done:
    fyi_picture_release(&p);
    return st;
}
