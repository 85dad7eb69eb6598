/* fuzz_idx.c: any bytes as an idx file. The first byte says whether it is given as images (even) or
 * as labels; what is accepted must have the size that its header says. */
#include "data/data.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fyi_sha256 sum;
    fyi_idx a;
    size_t n = 1;

    if (size == 0)
        return 0;
    fyi_sha256_init(&sum);
    if (fyi_idx_parse("fuzz", data + 1, size - 1,
                      data[0] % 2 == 0 ? FYI_IDX_IMAGES : FYI_IDX_LABELS, &sum, &a) != FY_OK)
        return a.data == NULL && fy_last_error()[0] != '\0' ? 0 : (abort(), 0);
    for (int i = 0; i < a.rank; i++)
        n *= (size_t)a.d[i];
    if (n != a.bytes || n == 0)
        abort();
    fyi_free(a.data);
    return 0;
}
