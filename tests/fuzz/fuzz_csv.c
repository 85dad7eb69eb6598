/* fuzz_csv.c: any bytes as a table of numbers. Whatever is accepted has samples whose values are numbers, labels and
 * groups within their counts, and keys; whatever is not leaves a sentence. */
#include "data/readers/csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_sample(const fy_dataset *d, int64_t i, float *x, int64_t n, bool has_keys)
{
    int32_t y = 0;

    if (fy_dataset_get(d, i, x, n, fy_dataset_has_labels(d) ? &y : NULL) != FY_OK)
        abort();
    for (int64_t k = 0; k < n; k++)
        if (!isfinite(x[k]) && !isnan(x[k]))
            abort();
    if (fy_dataset_has_labels(d) && (y < 0 || y >= fy_dataset_classes(d)))
        abort();
    if (fy_dataset_groups(d) > 0 && fy_dataset_group_name(d, fy_dataset_group(d, i)) == NULL)
        abort();
    if (has_keys != (fy_dataset_sample_name(d, i) != NULL))
        abort();
}

static void check(const char *text, size_t size, const fy_csv_opts *o)
{
    fy_dataset *d;
    float *x;
    int64_t n;

    if (fyi_csv_parse("fuzz", text, size, NULL, o, &d) != FY_OK) {
        if (fy_last_error()[0] == '\0' || d != NULL)
            abort();
        return;
    }
    n = fy_shape_numel(fy_dataset_shape(d));
    x = malloc((size_t)n * sizeof *x);
    for (int64_t i = 0; i < fy_dataset_count(d); i++)
        check_sample(d, i, x, n, o->key != NULL);
    free(x);
    fy_dataset_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const fy_csv_opts ways[] = {
        { .label = NULL },
        { .label = "", .missing = FY_MISSING_NAN },
        { .group = "g", .key = "k", .missing = FY_MISSING_ZERO },
        { .header = FY_HEADER_NO, .label = "1", .group = "-1", .separator = ';' },
    };
    char *text = malloc(size > 0 ? size : 1); /* an exact block of its own */

    memcpy(text, data, size);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        check(text, size, &ways[i]);
    free(text);
    return 0;
}
