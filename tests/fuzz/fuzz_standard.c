/* fuzz_standard.c: any bytes as a file of means and deviations. Whatever is accepted has finite numbers; whatever is not
 * leaves a sentence. */
#include "data/data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size > 0 ? size : 1); /* an exact block of its own */
    fy_standard *s;

    memcpy(text, data, size);
    if (fyi_standard_parse("fuzz", text, size, &s) == FY_OK) {
        for (int64_t c = 0; c < fy_standard_count(s); c++)
            if (!isfinite(fy_standard_mean(s, c)) || !(fy_standard_deviation(s, c) >= 0))
                abort();
    } else if (fy_last_error()[0] == '\0' || s != NULL) {
        abort();
    }
    fy_standard_free(s);
    free(text);
    return 0;
}
