/* kinds.h: the smallest recipe of every kind of method that records epochs, for what has to hold of all of them. */
#ifndef FYT_KINDS_H
#define FYT_KINDS_H

#include "support/support.h"

#include <ferry/recipe.h>

typedef struct fyt_kind {
    const char *name; /* "adapt" */
    const char *recipe;
    const char *rate; /* a key that makes trials good or bad, and its range */
} fyt_kind;
extern const fyt_kind fyt_kinds[];
extern const int fyt_n_kinds;

/* Of the text and `more`, on one thread; fy_recipe_free. */
fy_recipe *fyt_kind_recipe(const fyt_kind *k, const char *more);

#endif
