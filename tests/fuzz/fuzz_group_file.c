/* fuzz_group_file.c: any bytes as a text of groups. What is accepted has a text without a line's end for each line. */
#include "data/data.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_names(const char *const *names, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (names[i][0] == '\0' || strpbrk(names[i], "\r\n") != NULL || strlen(names[i]) > 80)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *const *names = NULL;
    fyi_arena arena = { 0 };
    int64_t n = 0;

    if (fyi_group_lines_parse("fuzz", (const char *)data, size, &arena, &names, &n) == FY_OK)
        check_names(names, n);
    else if (fy_last_error()[0] == '\0')
        abort();
    fyi_arena_release(&arena);
    return 0;
}
