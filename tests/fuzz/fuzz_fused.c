/* fuzz_fused.c: any bytes as fused.json. What is accepted names one to eight modalities, each by a name that is a file's and of its
 * own. */
#include "train/fused.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_names(const fyi_fused_names *names)
{
    if (names->n < 1 || names->n > FY_MAX_MODALITIES)
        abort();
    for (int i = 0; i < names->n; i++) {
        if (names->v[i][0] == '\0' || strchr(names->v[i], '/') != NULL || names->v[i][0] == '.')
            abort();
        for (int k = 0; k < i; k++)
            if (strcmp(names->v[i], names->v[k]) == 0)
                abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fyi_fused_names names;

    if (fyi_fused_names_parse("fuzz", (const char *)data, size, &names) == FY_OK)
        check_names(&names);
    else if (fy_last_error()[0] == '\0')
        abort();
    return 0;
}
