/* fuzz_class_list.c: any bytes as a list of classes. Whatever is accepted names folders that lie in the folder, each once. */
#include "data/picture.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *const *names, int n)
{
    if (n < 1)
        abort();
    for (int i = 0; i < n; i++) {
        if (names[i][0] == '\0' || names[i][0] == '.' || strpbrk(names[i], "/ ,\t") != NULL)
            abort();
        for (int k = 0; k < i && k < 64; k++)
            if (strcmp(names[k], names[i]) == 0)
                abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    fyi_arena arena = { 0 };
    const char *const *names;
    int n;

    memcpy(text, data, size);
    text[size] = '\0';
    if (fyi_classes_parse("fuzz", text, size, &arena, &names, &n) == FY_OK)
        check(names, n);
    else if (fy_last_error()[0] == '\0')
        abort();
    fyi_arena_release(&arena);
    free(text);
    return 0;
}
