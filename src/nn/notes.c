/* notes.c: what a model says of the pictures it takes and of the classes it tells apart. */
#include "nn/nn.h"

#include <math.h>

#define MOST_PX 4096

#define IMAGENET_VALUES \
    .mean = { 0.485f, 0.456f, 0.406f, 0 }, .deviation = { 0.229f, 0.224f, 0.225f, 0 }

const fy_pixels fyi_pixels_imagenet = { .channels = 3, .shorter = 256, .crop = 224, IMAGENET_VALUES };
const fy_pixels fyi_pixels_cifar = { .channels = 3, .size = 32, IMAGENET_VALUES };

/* ---- pictures -------------------------------------------------------------------------------- */

/* The published ones for another size of input: what is cut keeps its share of the shorter side. */
static void fit_input(fy_pixels *p, const fy_shape *input)
{
    const bool is_square = input->rank == 3 && input->d[1] == input->d[2];
    const int64_t side = is_square ? input->d[1] : 0;

    if (input->rank == 3 && input->d[0] != p->channels) {
        p->channels = input->d[0] == 1 || input->d[0] == 3 ? input->d[0] : 0;
        p->deviation[0] = 0;
    }
    if (p->crop == 0 || !is_square) {
        p->size = side;
        p->shorter = p->crop = 0;
    } else if (side != p->crop) {
        p->shorter = (p->shorter * side + p->crop / 2) / p->crop;
        p->crop = side;
    }
}

fy_pixels fy_model_pixels(const fy_model *m)
{
    fy_pixels p = m->family.pixels != NULL ? *m->family.pixels : (fy_pixels){ 0 };

    if (m->has_pixels)
        return m->pixels;
    fit_input(&p, &m->opts.input);
    return p;
}

bool fy_model_has_pixels(const fy_model *m)
{
    return m->has_pixels;
}

static bool is_side(int64_t px)
{
    return px >= 0 && px <= MOST_PX;
}

static fy_status check_pixels(const fy_model *m, const fy_pixels *p)
{
    const int64_t n = FYI_MAX(p->channels, 1);

    if (!is_side(p->size) || !is_side(p->shorter) || !is_side(p->crop) ||
        (p->channels != 0 && p->channels != 1 && p->channels != 3))
        return fyi_fail(
            FY_EINVAL,
            "model '%s': pictures have 1 or 3 channels, or 0 for as they are, and sides of 0 to %d "
            "pixels; these have %lld channels, size %lld, shorter %lld and crop %lld",
            m->name, MOST_PX, (long long)p->channels, (long long)p->size, (long long)p->shorter,
            (long long)p->crop);
    if (p->size > 0 && p->shorter > 0)
        return fyi_fail(FY_EINVAL,
                        "model '%s': size and shorter are two ways to resize a picture; give one",
                        m->name);
    for (int64_t c = 0; p->deviation[0] != 0 && c < n; c++)
        if (!isfinite(p->mean[c]) || !(p->deviation[c] > 0 && isfinite(p->deviation[c])))
            return fyi_fail(
                FY_EINVAL,
                "model '%s': channel %lld has mean %g and deviation %g; a deviation is above 0",
                m->name, (long long)c, (double)p->mean[c], (double)p->deviation[c]);
    return FY_OK;
}

fy_status fy_model_set_pixels(fy_model *m, const fy_pixels *p)
{
    FYI_FORWARD(check_pixels(m, p));
    m->pixels = *p;
    m->has_pixels = true;
    return FY_OK;
}

/* ---- classes --------------------------------------------------------------------------------- */

fy_status fy_model_set_classes(fy_model *m, const char *const *names, int n)
{
    const char **copy;

    if (n < 1 || n != m->opts.n_classes)
        return fyi_fail(FY_EINVAL, "model '%s': %d names for its %lld classes", m->name, n,
                        (long long)m->opts.n_classes);
    copy = fyi_arena_alloc(&m->arena, (size_t)n * sizeof *copy);
    if (copy == NULL)
        return fyi_enomem((size_t)n * sizeof *copy, m->name);
    for (int c = 0; c < n; c++)
        if ((copy[c] = fyi_arena_printf(&m->arena, "%s", names[c])) == NULL)
            return fyi_enomem(1, m->name);
    m->class_names = copy;
    return FY_OK;
}

const char *fy_model_class_name(const fy_model *m, int c)
{
    return m->class_names != NULL && c >= 0 && c < m->opts.n_classes ? m->class_names[c] : NULL;
}

fy_status fyi_model_copy_notes(fy_model *to, const fy_model *from, bool with_classes)
{
    to->pixels = from->pixels;
    to->has_pixels = from->has_pixels;
    if (from->class_names == NULL || !with_classes)
        return FY_OK;
    return fy_model_set_classes(to, from->class_names, (int)from->opts.n_classes);
}
