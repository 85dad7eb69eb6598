/* part_arg.c: NAME=PATH, as --part and its like have it: the samples of one modality. */
#include "cli/cli.h"

#include <string.h>

fy_status fyi_part_arg_at(const fyi_args *a, const char *option, int i, fyi_part_arg *out)
{
    const char *text = fyi_args_nth(a, option, i), *equals;

    *out = (fyi_part_arg){ .path = NULL };
    if (text == NULL)
        return FY_OK;
    equals = strchr(text, '=');
    if (equals == NULL || equals == text || equals[1] == '\0')
        return fyi_fail(FY_EINVAL, "%s takes NAME=PATH, image=photos, not '%.80s'", option, text);
    if ((size_t)(equals - text) >= sizeof out->name)
        return fyi_fail(FY_EINVAL, "%s: the name '%.80s...' is too long", option, text);
    (void)snprintf(out->name, sizeof out->name, "%.*s", (int)(equals - text), text);
    out->path = equals + 1;
    return FY_OK;
}

fyi_part_key fyi_part_key_of(int m, const char *split, const char *key)
{
    fyi_part_key k;

    (void)snprintf(k.text, sizeof k.text, "part_%d%s%s%s", m + 1, split, *key ? "." : "", key);
    return k;
}

fy_status fyi_modality_find(const char *option, const char *name, const char *const *names, int *m)
{
    const char *near;

    for (*m = 0; names[*m] != NULL; ++*m)
        if (strcmp(names[*m], name) == 0)
            return FY_OK;
    near = fyi_nearest(name, names);
    return fyi_fail(FY_EINVAL, "%s: there is no modality '%.80s'%s%s%s", option, name,
                    near ? "; did you mean '" : "; the first is '", near ? near : names[0],
                    near ? "'?" : "'");
}
