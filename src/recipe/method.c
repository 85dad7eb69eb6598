/* method.c: the methods that a recipe can name, one file each. */
#include "recipe/recipe.h"

#include <string.h>

const fyi_method *const fyi_methods[] = { &fyi_method_adda, &fyi_method_finetune,
                                          &fyi_method_distill, NULL };

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
    return i >= 0 && (size_t)i + 1 < FYI_LEN(fyi_methods) ? fyi_methods[i]->help : NULL;
}
