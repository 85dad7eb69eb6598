/* saved.c: what a weights file by Ferry says about the model in it, and what is known of one that says nothing. */
#include "cli/cli.h"

#include <jansson.h>
#include <string.h>

static void read_options(const char *text, fyi_saved *s)
{
    json_error_t error;
    json_t *root = text != NULL ? json_loads(text, JSON_REJECT_DUPLICATES, &error) : NULL;
    const json_t *classes = json_object_get(root, "n_classes"),
                 *hidden = json_object_get(root, "hidden");
    const char *name = json_string_value(json_object_get(root, "activation"));

    s->n_classes = json_is_integer(classes) ? json_integer_value(classes) : -1;
    s->hidden = json_is_integer(hidden) ? json_integer_value(hidden) : -1;
    (void)snprintf(s->activation, sizeof s->activation, "%s", name != NULL ? name : "");
    json_decref(root);
}

fy_status fyi_saved_read(const fyi_weights_arg *file, fyi_saved *out)
{
    fy_weights *w;
    const char *family;

    FYI_FORWARD(fyi_weights_arg_open(file, &w));
    family = fy_weights_meta(w, "ferry.family");
    (void)snprintf(out->family, sizeof out->family, "%s", family != NULL ? family : "");
    read_options(fy_weights_meta(w, "ferry.options"), out);
    fy_weights_close(w);
    return FY_OK;
}

fy_status fyi_saved_check(const char *path, const char *own, const char *given)
{
    if (own == NULL || *own == '\0' || given == NULL || strcmp(own, given) == 0)
        return FY_OK;
    return fyi_fail(FY_EINVAL,
                    "'%s' was saved from a model of the family '%s', not '%s'; leave --model out",
                    path, own, given);
}

fy_status fyi_saved_family(const char *path, const fy_weights *w, const char *given,
                           const char **out)
{
    const char *own = fy_weights_meta(w, "ferry.family");
    fy_model_opts o;

    *out = own != NULL ? own : given;
    if (*out == NULL)
        return fyi_fail(FY_EINVAL, "'%s' does not say which family it is of; add --model FAMILY",
                        path);
    if (given != NULL)
        FYI_FORWARD(fy_model_family_defaults(given, &o));
    return fyi_saved_check(path, own, given);
}

fy_status fyi_saved_pixels(const fy_weights *w, const char *family, fy_pixels *p, const char **by)
{
    fy_model_opts o;
    fy_model *m;

    FYI_FORWARD(fy_model_family_defaults(family, &o));
    if (fy_weights_meta(w, "ferry.options") != NULL)
        o.input.rank = 0;
    FYI_FORWARD(fy_model_open_saved(w, family, "probe", &o, &m));
    *p = fy_model_pixels(m);
    *by = fy_model_has_pixels(m) ? "the weights' own word" : "the model's family";
    fy_model_free(m);
    return FY_OK;
}
