/* words.c: words and texts that the keys of several methods take. */
#include "recipe/recipe.h"

const char *const *fyi_pool_words(void)
{
    static const char *const words[] = { "avg", "max", "l2", "auto", NULL };

    return words;
}

const char *fyi_text_or_null(const char *text)
{
    return text != NULL && *text != '\0' ? text : NULL;
}
