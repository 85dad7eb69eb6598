#include "support/recipes.h"

#include <string.h>

fy_recipe *fyt_recipe(const char *text)
{
    fy_recipe *r;

    check_ok(fy_recipe_parse("x.yaml", text, strlen(text), &r));
    return r;
}

void fyt_recipe_is_refused(void **bad)
{
    const fyt_bad_recipe *c = *bad;
    fy_recipe *r = fyt_recipe(c->text);

    check_status(fy_recipe_check(r), FY_EINVAL);
    check_sentence(c->sentence);
    assert_null(fy_recipe_get(r, "seed"));
    fy_recipe_free(r);
}
