/* saved.c: what a weights file by Ferry says about the model in it. */
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

fy_status fyi_saved_read(const char *path, fyi_saved *out)
{
    fy_weights *w;
    const char *family;

    FYI_FORWARD(fy_weights_open(path, &w));
    family = fy_weights_meta(w, "ferry.family");
    (void)snprintf(out->family, sizeof out->family, "%s", family != NULL ? family : "");
    read_options(fy_weights_meta(w, "ferry.options"), out);
    fy_weights_close(w);
    return FY_OK;
}
