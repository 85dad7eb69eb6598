/* augment.c: the keys of an augmentation, and the fy_augment that they describe.
 *
 *   crop -> flip -> warp -> RandAugment -> colour jitter -> grey -> noise -> erase; mixing
 * What is 0 or none is left out of the list. */
#include "recipe/recipe.h"

#include <string.h>

static const char *const *crop_words(void)
{
    static const char *const words[] = { "none", "padded", "resized", NULL };

    return words;
}

static const char *const *fill_words(void)
{
    static const char *const words[] = { "auto", "nearest", "constant", NULL };

    return words;
}

static const char *const *erase_words(void)
{
    static const char *const words[] = { "value", "noise", NULL };

    return words;
}

/* clang-format off */
#define AT(member) offsetof(fyi_augment_settings, member)
#define WORD(name, words, needs, help) \
    { #name, FYI_KEY_WORD, AT(name), 0, 0, words, needs, 0, help }
#define INT(name, min, max, needs, help) \
    { #name, FYI_KEY_INT, AT(name), min, max, NULL, needs, 0, help }
#define REAL(name, min, max, needs, help) \
    { #name, FYI_KEY_REAL, AT(name), min, max, NULL, needs, 0, help }
const fyi_key fyi_augment_keys[] = {
    WORD(crop, crop_words, NULL,
         "padded: a window of the picture with a margin, CIFAR's; resized: a window of random size and "
         "shape, ImageNet's"),
    INT(crop_size, 0, 4096, "crop!=none", "height and width of what comes out; 0: as it came in"),
    INT(crop_pad, 0, 4096, "crop=padded", "pixels of margin on every side"),
    REAL(crop_least, 0.0001, 1, "crop=resized", "smallest share of the area that a window has"),
    REAL(crop_ratio, 1, 100, "crop=resized", "most that a window is wider than high, or higher than wide"),
    REAL(flip, 0, 1, NULL, "share of pictures that are mirrored left to right"),
    REAL(flip_down, 0, 1, NULL, "share of pictures that are turned upside down by mirroring"),
    REAL(shift_frac, 0, 1, NULL, "most that a picture is shifted, share of its size"),
    REAL(rotate_deg, 0, 180, NULL, "most that it is turned, degrees either way"),
    REAL(shear_deg, 0, 80, NULL, "most that it is sheared, degrees either way"),
    REAL(zoom_frac, 0, 0.99, NULL, "most that it is zoomed: 0.1 is 0.9 to 1.1"),
    WORD(fill, fill_words, NULL,
         "outside the picture: the nearest pixel or a constant; auto: black for the margin of a crop, else "
         "the nearest"),
    REAL(fill_value, 0, 1, "fill=constant", "the constant: 0 is black"),
    INT(rand_ops, 0, 100, NULL, "RandAugment: operations on every picture; 0: off"),
    INT(rand_magnitude, 0, 30, "rand_ops!=0", "RandAugment: strength of them, of 0 to 30"),
    REAL(brightness, 0, 10, NULL, "colour jitter: 0.4 is 0.6 to 1.4 times as bright"),
    REAL(contrast, 0, 10, NULL, "colour jitter: the same of contrast"),
    REAL(saturation, 0, 10, NULL, "colour jitter: the same of colour"),
    REAL(hue, 0, 0.5, NULL, "colour jitter: part of the colour circle, either way"),
    REAL(grey, 0, 1, NULL, "share of pictures that lose their colour"),
    REAL(noise, 0, 1e6, NULL, "deviation of normal noise, where white is 1"),
    REAL(erase, 0, 1, NULL, "share of pictures in which a rectangle is overwritten"),
    REAL(erase_most, 0.02, 1, "erase!=0", "its largest share of the area; the least is 0.02"),
    WORD(erase_with, erase_words, "erase!=0", "what is written"),
    REAL(erase_value, -1e6, 1e6, "erase_with=value", "in the data's range: 0 is the mean of normalised data"),
    REAL(mixup, 0, 1000, NULL, "mixup: alpha of the share of a second picture; 0: off"),
    REAL(cutmix, 0, 1000, NULL, "cutmix: alpha of the share of a second picture's rectangle; 0: off"),
    { .key = NULL },
};
#undef AT
#undef WORD
#undef INT
#undef REAL
/* clang-format on */

/* The amounts of what is off are those that its transform has by itself. */
void fyi_augment_defaults(fyi_augment_settings *s)
{
    const fy_resized_crop_opts crop = fy_transform_defaults(FY_TRANSFORM_RESIZED_CROP).resized_crop;
    const fy_erase_opts erase = fy_transform_defaults(FY_TRANSFORM_ERASE).erase;

    *s = (fyi_augment_settings){
        .crop = "none",
        .crop_pad = 4,
        .crop_least = 0.08,
        .crop_ratio = 4.0 / 3,
        .rand_magnitude = fy_transform_defaults(FY_TRANSFORM_RAND_AUGMENT).rand_augment.magnitude,
        .erase_most = 0.33,
        .erase_with = "value",
        .erase_value = (double)erase.value,
    };
    FYI_ASSERT((float)s->crop_least == crop.scale_min && (float)s->crop_ratio == crop.ratio_max &&
               (float)s->erase_most == erase.scale_max);
    (void)crop;
}

/* ---- one transform each; false: it is off ---------------------------------------------------- */

static bool is_word(const char *a, const char *b)
{
    return a != NULL && strcmp(a, b) == 0;
}

static fy_fill_mode fill_of(const fyi_augment_settings *s, fy_fill_mode standard)
{
    return s->fill == NULL               ? standard
           : is_word(s->fill, "nearest") ? FY_FILL_NEAREST
                                         : FY_FILL_CONSTANT;
}

static bool crop(const fyi_augment_settings *s, fy_transform *t)
{
    *t = fy_transform_defaults(FY_TRANSFORM_CROP);
    t->crop.height = t->crop.width = s->crop_size;
    t->crop.pad = s->crop_pad;
    t->crop.fill = fill_of(s, FY_FILL_CONSTANT);
    t->crop.fill_value = (float)s->fill_value;
    return is_word(s->crop, "padded");
}

static bool resized_crop(const fyi_augment_settings *s, fy_transform *t)
{
    *t = fy_transform_defaults(FY_TRANSFORM_RESIZED_CROP);
    t->resized_crop.height = t->resized_crop.width = s->crop_size;
    t->resized_crop.scale_min = (float)s->crop_least;
    t->resized_crop.ratio_min = (float)(1 / s->crop_ratio);
    t->resized_crop.ratio_max = (float)s->crop_ratio;
    return is_word(s->crop, "resized");
}

static bool flip(const fyi_augment_settings *s, fy_transform *t)
{
    *t = fy_transform_defaults(FY_TRANSFORM_FLIP);
    t->flip.prob = (float)s->flip;
    t->flip.vertical_prob = (float)s->flip_down;
    return s->flip > 0 || s->flip_down > 0;
}

static bool warp(const fyi_augment_settings *s, fy_transform *t)
{
    *t = fy_transform_defaults(FY_TRANSFORM_WARP);
    t->warp.shift_frac = (float)s->shift_frac;
    t->warp.rotate_deg = (float)s->rotate_deg;
    t->warp.shear_deg = (float)s->shear_deg;
    t->warp.zoom_frac = (float)s->zoom_frac;
    t->warp.fill = fill_of(s, FY_FILL_NEAREST);
    t->warp.fill_value = (float)s->fill_value;
    return s->shift_frac > 0 || s->rotate_deg > 0 || s->shear_deg > 0 || s->zoom_frac > 0;
}

static bool rand_augment(const fyi_augment_settings *s, fy_transform *t)
{
    *t = fy_transform_defaults(FY_TRANSFORM_RAND_AUGMENT);
    t->rand_augment.ops = s->rand_ops;
    t->rand_augment.magnitude = s->rand_magnitude;
    return s->rand_ops > 0;
}

static bool colour_jitter(const fyi_augment_settings *s, fy_transform *t)
{
    *t = fy_transform_defaults(FY_TRANSFORM_COLOUR_JITTER);
    t->colour_jitter = (fy_colour_jitter_opts){ (float)s->brightness, (float)s->contrast,
                                                (float)s->saturation, (float)s->hue };
    return s->brightness > 0 || s->contrast > 0 || s->saturation > 0 || s->hue > 0;
}

static bool grey(const fyi_augment_settings *s, fy_transform *t)
{
    *t = fy_transform_defaults(FY_TRANSFORM_GREY);
    t->grey.prob = (float)s->grey;
    return s->grey > 0;
}

static bool noise(const fyi_augment_settings *s, fy_transform *t)
{
    *t = fy_transform_defaults(FY_TRANSFORM_NOISE);
    t->noise.deviation = (float)s->noise;
    return s->noise > 0;
}

static bool erase(const fyi_augment_settings *s, fy_transform *t)
{
    *t = fy_transform_defaults(FY_TRANSFORM_ERASE);
    t->erase.prob = (float)s->erase;
    t->erase.scale_max = (float)s->erase_most;
    t->erase.with = is_word(s->erase_with, "noise") ? FY_ERASE_NOISE : FY_ERASE_VALUE;
    t->erase.value = (float)s->erase_value;
    return s->erase > 0;
}

fy_status fyi_augment_make(const fyi_augment_settings *s, fy_augment *out)
{
    static bool (*const parts[])(const fyi_augment_settings *s, fy_transform *t) = {
        crop, resized_crop, flip, warp, rand_augment, colour_jitter, grey, noise, erase
    };
    fy_transform t;

    *out = fy_augment_none();
    if (s->fill != NULL && !crop(s, &t) && !warp(s, &t))
        return fyi_fail(FY_EINVAL,
                        "'augment.fill' would not be used, since nothing shows what is outside the "
                        "picture: no crop=padded, no shift, rotation, shear or zoom; leave it out");
    for (size_t k = 0; k < FYI_LEN(parts); k++)
        if (parts[k](s, &t))
            FYI_FORWARD(fy_augment_add(out, &t));
    out->mix.mixup_alpha = (float)s->mixup;
    out->mix.cutmix_alpha = (float)s->cutmix;
    return FY_OK;
}

/* ---- assignments ----------------------------------------------------------------------------- */

static fy_status put_all(fy_recipe *r, const char *const *settings, int n)
{
    for (int i = 0; i < n; i++) {
        fyi_buf text = { 0 };
        fy_status st;

        fyi_buf_printf(&text, "augment.%s", settings[i]);
        st = text.failed ? fyi_enomem(text.len, "a setting") : fy_recipe_set(r, text.p);
        fyi_buf_release(&text);
        FYI_FORWARD(st);
    }
    return FY_OK;
}

fy_status fy_recipe_augment(const char *const *settings, int n, fy_augment *out)
{
    fyi_augment_settings s;
    fy_recipe *r = NULL;
    fy_status st;

    *out = fy_augment_none();
    fyi_augment_defaults(&s);
    FYI_FORWARD(fy_recipe_parse("augment", "{}", 2, &r));
    FY_TRY(put_all(r, settings, n));
    FY_TRY(fyi_section_bind(&(fyi_section){ "augment", fyi_augment_keys, &s, true, NULL },
                            &r->entries, &r->bound));
    FY_TRY(fyi_augment_make(&s, out));
done:
    fy_recipe_free(r);
    return st;
}

bool fy_recipe_augment_known(int i, fy_recipe_key *out)
{
    fyi_augment_settings s;

    fyi_augment_defaults(&s);
    return i >= 0 && fyi_key_give("augment", fyi_augment_keys, &s, &i, out);
}
