/* Guards every reader of files by others against every cut, and against each byte's being any other, refused or read:
 * never is a byte read that is not there; sanitizers watch. Of the longest files, the tar archives, a byte becomes some
 * fifty others, of all the rest each of the 255. test_foreign.c has the quick part.
 *
 * labels: slow
 * timeout: 900 */
#include "support/damage.h"

#include <stdlib.h>

#define MOST 1000000

static void no_damage_does_harm(void **state)
{
    uint8_t masks[255];

    for (size_t i = 0; i < LEN(masks); i++)
        masks[i] = (uint8_t)(i + 1);
    fyt_truncate(*state, SIZE_MAX);
    fyt_flip(*state, masks, LEN(masks), MOST);
}

int main(void)
{
    struct CMUnitTest *tests = calloc(fyt_n_foreigns, sizeof *tests);
    int failed;

    for (size_t i = 0; i < fyt_n_foreigns; i++)
        tests[i] = (struct CMUnitTest){ fyt_foreigns[i].name, no_damage_does_harm, NULL, NULL,
                                        (void *)(uintptr_t)&fyt_foreigns[i] };
    failed = _cmocka_run_group_tests("foreign, all", tests, fyt_n_foreigns, NULL, NULL);
    free(tests);
    return failed;
}
