/* fuzz_npy.c: any bytes as a NumPy file. What is accepted must hold as many bytes as its shape says, no number
 * grown to more than four times its size (i1 is read as i32), and all of them can be read. */
#include "data/data.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fy_tensor *t = NULL;
    fyi_sha256 sum;
    char hex[65];
    size_t bytes;

    if (fyi_npy_parse("fuzz", data, size, &t) != FY_OK)
        return t == NULL && fy_last_error()[0] != '\0' ? 0 : (abort(), 0);
    bytes = (size_t)fy_tensor_numel(t) * fy_dtype_bytes(fy_tensor_dtype(t));
    if (bytes > 4 * size)
        abort();
    fyi_sha256_init(&sum);
    fyi_sha256_update(&sum, fy_tensor_const_data(t), bytes);
    fyi_sha256_hex(&sum, hex);
    fy_tensor_free(t);
    return 0;
}
