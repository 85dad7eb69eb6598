/* adapt_pixels.c: an adaptation without a source has no samples to hold the target against, but a source model's file says what its
 * pictures were like: how many channels, how large, and what became of their values. */
#include "recipe/recipe.h"

#include "data/data.h"
#include "weights/notes.h"

#include <math.h>
#include <stdarg.h>

typedef struct comparing {
    fyi_odd *odd;
    const char *side;
} comparing;

static void warn(const comparing *c, const char *fmt, ...) FY_PRINTF(2, 3);

static void warn(const comparing *c, const char *fmt, ...)
{
    char sides[48], text[256];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    (void)snprintf(sides, sizeof sides, "source model and %s", c->side);
    fyi_odd_note(c->odd, sides, text);
}

/* Where values can lie. */
static void find_range(const fy_pixels *p, float *min, float *max)
{
    *min = p->deviation[0] > 0 ? INFINITY : 0;
    *max = p->deviation[0] > 0 ? -INFINITY : 1;
    for (int64_t c = 0; p->deviation[0] > 0 && c < FYI_MAX(p->channels, 1); c++) {
        *min = fminf(*min, (0 - p->mean[c]) / p->deviation[c]);
        *max = fmaxf(*max, (1 - p->mean[c]) / p->deviation[c]);
    }
}

static int64_t size_of(const fy_pixels *p)
{
    return p->crop > 0 ? p->crop : p->size;
}

static void compare(const comparing *c, const fy_pixels *model, const fy_pixels *side)
{
    const int64_t was = size_of(model), is = size_of(side);
    float min[2], max[2];

    find_range(model, &min[0], &max[0]);
    find_range(side, &min[1], &max[1]);
    if (model->channels > 0 && model->channels != side->channels)
        warn(c, "the model was made for %lld channels, and there are %lld; set %s.channels=%lld",
             (long long)model->channels, (long long)side->channels, c->side,
             (long long)model->channels);
    if (was > 0 && is > 0 && was != is)
        warn(c, "the model was made for pictures of %lld x %lld, and these are %lld x %lld",
             (long long)was, (long long)was, (long long)is, (long long)is);
    if (fyi_value_scale(min[0], max[0]) != fyi_value_scale(min[1], max[1]))
        warn(c,
             "the model was made for values in %.3g .. %.3g, and these lie in %.3g .. %.3g; bring "
             "them to its range with %s.range",
             (double)min[0], (double)max[0], (double)min[1], (double)max[1], c->side);
}

static const char *text_of(const fyi_settings *s, const char *key)
{
    return fyi_text_or_null(*(const char *const *)fyi_settings_option(s, key, NULL));
}

/* A file that cannot be read is the method's to complain about. */
static bool read_model(const fyi_settings *s, fy_pixels *out)
{
    const char *path = text_of(s, "source_weights");
    fy_weights *w = NULL;
    bool is_said;

    if (path == NULL || fy_weights_open_part(path, text_of(s, "source_weights_part"), &w) != FY_OK)
        return false;
    is_said = fyi_notes_pixels(w, out);
    fy_weights_close(w);
    return is_said;
}

void fyi_adapt_compare_pixels(const fyi_settings *s, fyi_recipe_data *d)
{
    fy_pixels model;

    if (!read_model(s, &model))
        return;
    for (int i = FYI_TARGET; i <= FYI_TARGET_EVAL; i++) {
        const comparing c = { &d->odd, fyi_side_names[i] };
        const fy_pixels side =
            d->side[i] != NULL ? fyi_side_pixels(&s->side[i], d->side[i]) : (fy_pixels){ 0 };

        if (side.channels > 0)
            compare(&c, &model, &side);
    }
}
