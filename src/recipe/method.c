/* method.c: the methods that a recipe can name, one file each. */
#include "recipe/recipe.h"

#include <string.h>

#define FUSE(i) &fyi_fuse_methods[i]
/* clang-format off */
const fyi_method *const fyi_methods[] = {
    &fyi_method_adda, &fyi_method_finetune, &fyi_method_distill,
    FUSE(0), FUSE(1), FUSE(2), FUSE(3), FUSE(4), FUSE(5), FUSE(6), FUSE(7), FUSE(8), FUSE(9),
    NULL
};
/* clang-format on */
#undef FUSE

const char *const *fyi_method_names(void)
{
    static _Thread_local const char *names[FYI_LEN(fyi_methods)];

    for (size_t i = 0; fyi_methods[i] != NULL; i++)
        names[i] = fyi_methods[i]->name;
    return names;
}

const fyi_method *fyi_method_find(const char *name)
{
    for (size_t i = 0; fyi_methods[i] != NULL; i++)
        if (strcmp(fyi_methods[i]->name, name) == 0)
            return fyi_methods[i];
    return NULL;
}

const char *fy_recipe_method(int i)
{
    return i >= 0 && (size_t)i + 1 < FYI_LEN(fyi_methods) ? fyi_methods[i]->name : NULL;
}

const char *fy_recipe_method_text(int i)
{
    const char *name = fy_recipe_method(i);

    if (name == NULL)
        return NULL;
    return fyi_methods[i]->help != NULL ? fyi_methods[i]->help : fy_fuse_method_text(name);
}
