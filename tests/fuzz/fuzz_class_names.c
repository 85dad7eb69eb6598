/* fuzz_class_names.c: any bytes as a list of class names. What is accepted are different texts without a line's end
 * in them. */
#include "data/data.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_names(const char *const *names, int n)
{
    if (n < 1)
        abort();
    for (int i = 0; i < n; i++) {
        if (names[i][0] == '\0' || strpbrk(names[i], "\r\n") != NULL)
            abort();
        for (int k = 0; k < i && n < 64; k++)
            if (strcmp(names[i], names[k]) == 0)
                abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *const *names = NULL;
    fyi_arena arena = { 0 };
    int n = 0;

    if (fyi_class_names_parse("fuzz", (const char *)data, size, &arena, &names, &n) == FY_OK)
        check_names(names, n);
    else if (fy_last_error()[0] == '\0')
        abort();
    fyi_arena_release(&arena);
    return 0;
}
