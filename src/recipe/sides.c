/* sides.c: the keys of a data side: source, source_test, target, target_eval. */
#include "recipe/recipe.h"

const char *const fyi_side_names[FYI_SIDES] = { "source", "source_test", "target", "target_eval" };

static const char *const *format_words(void)
{
    static const char *const words[] = { "idx", "digits", NULL };

    return words;
}

static const char *const *style_words(void)
{
    static _Thread_local const char *words[FY_DIGIT_STYLES + 1];

    for (int i = 0; i < FY_DIGIT_STYLES; i++)
        words[i] = fy_digit_style_name((fy_digit_style)i);
    return words;
}

/* In the order of fy_value_range and of fy_pick. */
static const char *const *range_words(void)
{
    static const char *const words[] = { "keep", "signed", "normal", NULL };

    return words;
}

static const char *const *pick_words(void)
{
    static const char *const words[] = { "first", "random", "stratified", NULL };

    return words;
}

/* clang-format off */
#define KEY(name, type, member, min, max, words, needs, flags, help) \
    { name, type, offsetof(fyi_side, member), min, max, words, needs, flags, help }
const fyi_key fyi_side_keys[] = {
    KEY("format", FYI_KEY_WORD, format, 0, 0, format_words, NULL, 0,
        "idx: MNIST's files, plain or gzip; digits: drawn by the program"),
    KEY("images", FYI_KEY_TEXT, images, 0, 0, NULL, "format=idx", FYI_KEY_REQUIRED,
        "the images' file, absolute or within data_root"),
    KEY("labels", FYI_KEY_TEXT, labels, 0, 0, NULL, "format=idx", 0,
        "the labels' file; \"\": there are none"),
    KEY("style", FYI_KEY_WORD, style, 0, 0, style_words, "format=digits", 0,
        "how digits are drawn"),
    KEY("n", FYI_KEY_INT, n, 1, 1000000, NULL, "format=digits", 0, "how many digits are drawn"),
    KEY("draw_seed", FYI_KEY_SEED, draw_seed, 0, 0, NULL, "format=digits", 0,
        "which digits; seed: the run's, another for every side"),
    KEY("channels", FYI_KEY_INT, channels, 0, 3, NULL, NULL, 0,
        "1 makes grey of colour, 3 repeats grey, 0 keeps"),
    KEY("size", FYI_KEY_INT, size, 0, 512, NULL, NULL, 0,
        "height and width in pixels that images are resized to or drawn in; 0 keeps, or draws 28"),
    KEY("pad", FYI_KEY_INT, pad, 0, 256, NULL, NULL, 0,
        "pixels added on every side, after resizing"),
    KEY("pad_value", FYI_KEY_REAL, pad_value, 0, 1, NULL, "pad!=0", 0, "their value: 0 is black"),
    KEY("range", FYI_KEY_WORD, range, 0, 0, range_words, NULL, 0,
        "keep: 0 to 1; signed: -1 to 1; normal: (x - mean) / deviation"),
    KEY("mean", FYI_KEY_REALS, mean, 0, 0, NULL, "range=normal", 0, "per channel"),
    KEY("deviation", FYI_KEY_REALS, deviation, 1e-6, 1e6, NULL, "range=normal", 0, "per channel"),
    KEY("classes", FYI_KEY_INTS, classes, 0, 1e6, NULL, NULL, 0,
        "labels to keep, which become 0, 1, ...; []: all as they are"),
    KEY("relabel", FYI_KEY_INTS, relabel, 0, 1e6, NULL, "classes!=[]", FYI_KEY_REPEATS,
        "the new label of each of `classes`; []: 0, 1, ..."),
    KEY("limit", FYI_KEY_INT, limit, 0, 1e9, NULL, NULL, 0, "how many samples to keep; 0: all"),
    KEY("pick", FYI_KEY_WORD, pick, 0, 0, pick_words, "limit!=0", 0,
        "which: the first, random ones, or random ones with each class in proportion"),
    KEY("pick_seed", FYI_KEY_SEED, pick_seed, 0, 0, NULL, "pick!=first", 0,
        "which random ones; seed: the run's, another for every side"),
    { .key = NULL },
};
#undef KEY
/* clang-format on */

void fyi_side_defaults(fyi_side *s)
{
    const fy_image_opts image = fy_image_defaults();

    *s = (fyi_side){
        .format = "idx",
        .style = fy_digit_style_name(FY_DIGITS_CLEAN),
        .n = fy_digits_defaults(FY_DIGITS_CLEAN).n,
        .draw_seed.follows = true,
        .pad_value = (double)image.pad_value,
        .range = "keep",
        .mean = { { 0 }, 1 },
        .deviation = { { 1 }, 1 },
        .pick = "random",
        .pick_seed.follows = true,
    };
}
