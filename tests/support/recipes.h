/* recipes.h: recipes of tests, from text. */
#ifndef FYT_RECIPES_H
#define FYT_RECIPES_H

#include "support/support.h"

#include <ferry/ferry.h>

/* Named x.yaml, read and not yet checked; fy_recipe_free it. */
fy_recipe *fyt_recipe(const char *text);

/* A recipe that can be read and means nothing. */
typedef struct fyt_bad_recipe {
    const char *name, *text, *sentence;
} fyt_bad_recipe;

/* A test over one of them: fy_recipe_check refuses it with that sentence. */
void fyt_recipe_is_refused(void **bad);

#endif
