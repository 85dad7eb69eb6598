/* notes.c: a model's pictures and class names in a file's metadata, and back.
 *
 *   ferry.pixels    {"channels": 3, "size": 0, "shorter": 256, "crop": 224, "mean": [..], "deviation": [..]}
 *   ferry.classes   ["dog", "elephant", ..]
 * Without normalisation there is no "mean" and no "deviation". */
#include "weights/notes.h"

#include <jansson.h>
#include <stdlib.h>

enum { MOST_CHANNELS = 4 };

static const struct {
    const char *key;
    size_t at;
} sizes[] = {
    { "channels", offsetof(fy_pixels, channels) },
    { "size", offsetof(fy_pixels, size) },
    { "shorter", offsetof(fy_pixels, shorter) },
    { "crop", offsetof(fy_pixels, crop) },
};

static const struct {
    const char *key;
    size_t at;
} values[] = {
    { "mean", offsetof(fy_pixels, mean) },
    { "deviation", offsetof(fy_pixels, deviation) },
};

static int64_t *size_at(fy_pixels *p, size_t i)
{
    return (int64_t *)(void *)((char *)p + sizes[i].at);
}

static float *values_at(fy_pixels *p, size_t i)
{
    return (float *)(void *)((char *)p + values[i].at);
}

/* ---- writing --------------------------------------------------------------------------------- */

static json_t *numbers_of(const float *v, int64_t n)
{
    json_t *list = json_array();

    for (int64_t i = 0; i < n; i++)
        (void)json_array_append_new(list, json_real((double)v[i]));
    return list;
}

static json_t *pixels_object(fy_pixels p)
{
    json_t *root = json_object();

    for (size_t i = 0; i < FYI_LEN(sizes); i++)
        (void)json_object_set_new(root, sizes[i].key, json_integer(*size_at(&p, i)));
    for (size_t i = 0; p.deviation[0] > 0 && i < FYI_LEN(values); i++)
        (void)json_object_set_new(root, values[i].key,
                                  numbers_of(values_at(&p, i), FYI_MAX(p.channels, 1)));
    return root;
}

static json_t *classes_list(const fy_model *m)
{
    json_t *list = json_array();

    for (int c = 0; fy_model_class_name(m, c) != NULL; c++)
        (void)json_array_append_new(list, json_string(fy_model_class_name(m, c)));
    return list;
}

/* Takes root. */
static fy_status add_json(fy_weights_file *f, const char *key, json_t *root)
{
    char *text = root != NULL ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    fy_status st;

    json_decref(root);
    if (text == NULL)
        return fyi_enomem(0, key);
    st = fy_weights_add_meta(f, key, text);
    free(text);
    return st;
}

/* A name that is no UTF-8 would be left out of the list, and all names after it be those of other classes. */
static fy_status check_names(const fy_model *m, const json_t *list)
{
    if (json_array_size(list) == (size_t)fy_model_options(m)->n_classes)
        return FY_OK;
    return fyi_fail(FY_EINVAL, "model '%s': a class name is no UTF-8 text", fy_model_name(m));
}

static fy_status add_classes(const fy_model *m, fy_weights_file *f)
{
    json_t *list = classes_list(m);
    const fy_status st = check_names(m, list);

    if (st == FY_OK)
        return add_json(f, "ferry.classes", list);
    json_decref(list);
    return st;
}

fy_status fyi_notes_add(const fy_model *m, fy_weights_file *f)
{
    if (fy_model_has_pixels(m))
        FYI_FORWARD(add_json(f, "ferry.pixels", pixels_object(fy_model_pixels(m))));
    return fy_model_class_name(m, 0) != NULL ? add_classes(m, f) : FY_OK;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* False unless it is a list of at most MOST_CHANNELS numbers, or not there. */
static bool read_numbers(const json_t *list, float *out)
{
    const size_t n = json_array_size(list);

    for (size_t i = 0; i < FYI_MIN(n, MOST_CHANNELS); i++) {
        if (!json_is_number(json_array_get(list, i)))
            return false;
        out[i] = (float)json_number_value(json_array_get(list, i));
    }
    return list == NULL || (n >= 1 && n <= MOST_CHANNELS);
}

static bool read_pixels(const json_t *root, fy_pixels *p)
{
    *p = (fy_pixels){ 0 };
    for (size_t i = 0; i < FYI_LEN(sizes); i++) {
        const json_t *v = json_object_get(root, sizes[i].key);

        if (v != NULL && !json_is_integer(v))
            return false;
        *size_at(p, i) = json_integer_value(v);
    }
    for (size_t i = 0; i < FYI_LEN(values); i++)
        if (!read_numbers(json_object_get(root, values[i].key), values_at(p, i)))
            return false;
    return json_is_object(root);
}

bool fyi_notes_pixels(const fy_weights *w, fy_pixels *out)
{
    const char *text = fy_weights_meta(w, "ferry.pixels");
    json_t *root = text != NULL ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const bool is_read = read_pixels(root, out);

    json_decref(root);
    return is_read;
}

static fy_status set_pixels(fy_model *m, const json_t *root)
{
    fy_pixels p;

    if (!read_pixels(root, &p))
        return fyi_fail(
            FY_EFORMAT,
            "its ferry.pixels is not a JSON object of whole numbers channels, size, shorter and "
            "crop and lists of numbers mean and deviation");
    return fy_model_set_pixels(m, &p) == FY_OK ? FY_OK : fyi_wrap(FY_EFORMAT, "its ferry.pixels");
}

static fy_status set_classes(fy_model *m, const json_t *list)
{
    const size_t n = json_array_size(list);
    const char **names = fyi_calloc(n + 1, sizeof *names);
    fy_status st = FY_OK;

    if (names == NULL)
        return fyi_enomem(n * sizeof *names, "class names");
    for (size_t i = 0; i < n && st == FY_OK; i++)
        if ((names[i] = json_string_value(json_array_get(list, i))) == NULL)
            st = fyi_fail(FY_EFORMAT, "entry %zu of its ferry.classes is no text", i);
    if (st == FY_OK && n != (size_t)fy_model_options(m)->n_classes)
        st = fyi_fail(FY_EFORMAT,
                      "its ferry.classes has %zu names for the %lld classes of model '%s'", n,
                      (long long)fy_model_options(m)->n_classes, fy_model_name(m));
    if (st == FY_OK)
        st = fy_model_set_classes(m, names, (int)n);
    fyi_free(names);
    return st;
}

static const struct note {
    const char *key;
    fy_status (*set)(fy_model *m, const json_t *root);
} notes[] = { { "ferry.pixels", set_pixels }, { "ferry.classes", set_classes } };

static fy_status read_note(const fy_weights *w, fy_model *m, const struct note *note)
{
    const char *text = fy_weights_meta(w, note->key);
    json_error_t error;
    json_t *root;
    fy_status st;

    if (text == NULL)
        return FY_OK;
    root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    st = root != NULL ? note->set(m, root)
                      : fyi_fail(FY_EFORMAT, "its %s is no JSON: %s", note->key, error.text);
    json_decref(root);
    return st == FY_OK ? FY_OK : fyi_wrap(st, "while opening the weights of '%s'", fy_model_name(m));
}

fy_status fyi_notes_read(const fy_weights *w, fy_model *m)
{
    for (size_t i = 0; i < FYI_LEN(notes); i++)
        FYI_FORWARD(read_note(w, m, &notes[i]));
    return FY_OK;
}
