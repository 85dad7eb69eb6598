/* model_open.c: the model that a weights file was saved from, by its metadata ferry.family, ferry.options and its
 * notes. */
#include "weights/fit.h"
#include "weights/notes.h"

#include <jansson.h>
#include <string.h>

static void read_whole(const json_t *root, const char *key, int64_t *out)
{
    const json_t *v = json_object_get(root, key);

    if (json_is_integer(v))
        *out = json_integer_value(v);
}

static void read_number(const json_t *root, const char *key, float *out)
{
    const json_t *v = json_object_get(root, key);

    if (json_is_number(v))
        *out = (float)json_number_value(v);
}

/* Lends a text of root's. */
static void read_text(const json_t *root, const char *key, const char **out)
{
    const char *text = json_string_value(json_object_get(root, key));

    if (text)
        *out = text;
}

/* Where the caller has no shape of his own. */
static void read_input(const json_t *root, fy_shape *out)
{
    const json_t *list = json_object_get(root, "input");
    const size_t rank = json_array_size(list);

    if (out->rank != 0 || rank >= FY_MAX_RANK)
        return;
    for (size_t i = 0; i < rank; i++)
        out->d[i] = json_integer_value(json_array_get(list, i));
    out->rank = (int)rank;
}

static void read_options(const json_t *root, fy_model_opts *o)
{
    read_input(root, &o->input);
    read_whole(root, "n_classes", &o->n_classes);
    read_whole(root, "hidden", &o->hidden);
    read_number(root, "width", &o->width);
    read_number(root, "dropout", &o->dropout);
    read_text(root, "activation", &o->activation);
    read_text(root, "pool", &o->pool);
    read_text(root, "head", &o->head);
    read_text(root, "edits", &o->edits);
}

fy_status fyi_saved_edits(const fy_weights *w, fyi_arena *arena, const char **out)
{
    const char *text = fy_weights_meta(w, "ferry.options"), *edits = NULL;
    json_t *root = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;

    read_text(root, "edits", &edits);
    *out = edits ? fyi_arena_printf(arena, "%s", edits) : NULL;
    json_decref(root);
    return edits && !*out ? fyi_enomem(strlen(text), w->name) : FY_OK;
}

fy_status fy_model_open_saved(const fy_weights *w, const char *family, const char *name,
                              const fy_model_opts *o, fy_model **out)
{
    const char *own = fy_weights_meta(w, "ferry.family"),
               *text = fy_weights_meta(w, "ferry.options");
    json_t *root = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    fy_model_opts opts = *o;
    fy_status st;

    *out = NULL;
    read_options(root, &opts);
    if (own || family)
        st = fy_model_open(own ? own : family, name, &opts, out);
    else
        st = fyi_fail(FY_EINVAL, "the file of model '%s' does not say of which family it is", name);
    json_decref(root);
    if (st == FY_OK && (st = fyi_notes_read(w, *out)) != FY_OK) {
        fy_model_free(*out);
        *out = NULL;
    }
    return st;
}
