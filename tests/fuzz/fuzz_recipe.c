/* fuzz_recipe.c: any bytes as a recipe. What is refused leaves a sentence; what is accepted and
 * right can be written and read back as the same recipe. */
#include "recipe/recipe.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(fy_recipe *r)
{
    fyi_buf first = { 0 }, second = { 0 };
    fy_recipe *again = NULL;

    if (fyi_recipe_text(r, &first) != FY_OK ||
        fy_recipe_parse("again", first.p, first.len, &again) != FY_OK ||
        fyi_recipe_text(again, &second) != FY_OK || first.len != second.len ||
        memcmp(first.p, second.p, first.len) != 0)
        abort();
    fy_recipe_free(again);
    fyi_buf_release(&first);
    fyi_buf_release(&second);
}

/* Those that are no other file's. */
static void check_arms(const fy_recipe *r)
{
    for (int i = 0; i < r->settings.n_arms; i++) {
        const fyi_texts *changes = &r->settings.arms[i].changes;
        fy_recipe *arm;

        if (changes->n > 0 && strncmp(changes->v[0], "recipe=", 7) == 0)
            continue;
        if (fyi_recipe_arm(r, 0, i, &arm) == FY_OK)
            check_round_trip(arm);
        else if (arm != NULL || fy_last_error()[0] == '\0')
            abort();
        fy_recipe_free(arm);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fy_recipe *r = NULL;

    if (fy_recipe_parse("fuzz", (const char *)data, size, &r) != FY_OK)
        return r == NULL && fy_last_error()[0] != '\0' ? 0 : (abort(), 0);
    if (fy_recipe_check(r) == FY_OK) {
        check_round_trip(r);
        check_arms(r);
    } else if (fy_last_error()[0] == '\0') {
        abort();
    }
    fy_recipe_free(r);
    return 0;
}
