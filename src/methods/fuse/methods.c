/* methods.c: the ways to learn from several modalities, one file each. */
#include "methods/fuse/fuse.h"

#include <stdio.h>
#include <string.h>

static const fuse_method *const all[] = { &fuse_alone,     &fuse_late,   &fuse_joint,
                                          &fuse_uniform,   &fuse_ogm_ge, &fuse_agm,
                                          &fuse_mmpareto,  &fuse_umt,    &fuse_dgl,
                                          &fuse_dgl_unique };
#define N_METHODS (sizeof all / sizeof *all)

const char *const *fy_fuse_methods(void)
{
    static _Thread_local const char *names[N_METHODS + 1];
    for (size_t i = 0; i < N_METHODS; i++)
        names[i] = all[i]->name;
    return names;
}

static const fuse_method *find(const char *name)
{
    for (size_t i = 0; name && i < N_METHODS; i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    return NULL;
}

const char *fy_fuse_method_text(const char *method)
{
    const fuse_method *m = find(method);
    return m ? m->text : NULL;
}

/* The names in one text: there are few enough to be shown. */
static const char *names_text(char *text, size_t bytes)
{
    size_t n = 0;
    for (size_t i = 0; i < N_METHODS && n < bytes; i++)
        n += (size_t)snprintf(text + n, bytes - n, "%s%s", i ? ", " : "", all[i]->name);
    return text;
}

fy_status fuse_method_find(const char *name, const fuse_method **out)
{
    char text[256];
    *out = find(name);
    return *out ? FY_OK
                : fy_error(FY_EINVAL, "fuse: no method is called '%.80s'; there are %s",
                           name ? name : "", names_text(text, sizeof text));
}
