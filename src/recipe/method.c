/* method.c: the methods that a recipe can name, one file each. */
#include "recipe/recipe.h"

#include <ferry/adapt.h>

#include <string.h>

#define ADAPT(i) &fyi_adapt_methods[i]
#define FUSE(i) &fyi_fuse_methods[i]
/* clang-format off */
const fyi_method *const fyi_methods[] = {
    &fyi_method_adda,
    ADAPT(0), ADAPT(1), ADAPT(2), ADAPT(3), ADAPT(4), ADAPT(5), ADAPT(6), ADAPT(7), ADAPT(8), ADAPT(9), ADAPT(10), ADAPT(11), ADAPT(12),
    ADAPT(13), ADAPT(14), ADAPT(15), ADAPT(16), ADAPT(17),
    &fyi_method_finetune, &fyi_method_distill, &fyi_method_hdnet,
    FUSE(0), FUSE(1), FUSE(2), FUSE(3), FUSE(4), FUSE(5), FUSE(6), FUSE(7), FUSE(8), FUSE(9),
    NULL
};
/* clang-format on */
_Static_assert(FYI_ADAPT_METHODS == 18 && FYI_FUSE_METHODS == 10, "a place above for each of them");
#undef FUSE
#undef ADAPT

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
    const char *name = fy_recipe_method(i), *text;

    if (name == NULL)
        return NULL;
    if (fyi_methods[i]->help != NULL)
        return fyi_methods[i]->help;
    text = fy_adapt_method_text(name);
    return text != NULL ? text : fy_fuse_method_text(name);
}
