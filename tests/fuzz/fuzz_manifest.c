/* fuzz_manifest.c: any bytes as the manifest of a dataset of eight drawn digits. What is accepted lists samples that
 * the dataset has. */
#include "data/data.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Drawn once. */
static const fy_dataset *digits(void)
{
    static fy_dataset *d;
    fy_digits_opts o = fy_digits_defaults(FY_DIGITS_CLEAN);

    o.n = 8;
    if (d == NULL && fy_digits_open(&o, &d) != FY_OK)
        abort();
    return d;
}

static void check_samples(const fy_dataset *some, size_t size)
{
    if (fy_dataset_count(some) < 1 || (size_t)fy_dataset_count(some) > size)
        abort();
    for (int64_t i = 0; i < fy_dataset_count(some); i++)
        if (fy_dataset_origin(some, i) < 0 || fy_dataset_origin(some, i) >= 8)
            abort();
}

/* "@" stands for the dataset's hash, which no fuzzer would find. */
static void put_hash(fyi_buf *b, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] == '@')
            fyi_buf_puts(b, fy_dataset_hash(digits()));
        else
            fyi_buf_append(b, &data[i], 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fy_dataset *some = NULL;
    fyi_buf text = { 0 };

    put_hash(&text, data, size);
    if (fyi_manifest_parse(digits(), "fuzz", text.p != NULL ? text.p : "", text.len, &some) == FY_OK)
        check_samples(some, size);
    else if (some != NULL || fy_last_error()[0] == '\0')
        abort();
    fy_dataset_free(some);
    fyi_buf_release(&text);
    return 0;
}
