/* Guards every reader of files by others against damage: a truncation is refused, a turned bit is refused or read, and
 * never is a byte read that is not there; sanitizers watch. test_foreign_all.c tries every cut and every byte, this
 * here some thousands of each. The formats' own tests have the rest. */
#include "support/damage.h"

#include <stdlib.h>

#define MOST 2500

static void truncations_are_refused(void **state)
{
    fyt_truncate(*state, MOST);
}

static void turned_bits_do_no_harm(void **state)
{
    static const uint8_t masks[] = { 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff };

    fyt_flip(*state, masks, LEN(masks), MOST);
}

int main(void)
{
    struct CMUnitTest *tests = calloc(2 * fyt_n_foreigns, sizeof *tests);
    int failed;

    for (size_t i = 0; i < fyt_n_foreigns; i++) {
        void *f = (void *)(uintptr_t)&fyt_foreigns[i];
        const char *name = fyt_foreigns[i].name;

        tests[2 * i] = (struct CMUnitTest){ name, truncations_are_refused, NULL, NULL, f };
        tests[2 * i + 1] = (struct CMUnitTest){ name, turned_bits_do_no_harm, NULL, NULL, f };
    }
    failed = _cmocka_run_group_tests("foreign", tests, 2 * fyt_n_foreigns, NULL, NULL);
    free(tests);
    return failed;
}
