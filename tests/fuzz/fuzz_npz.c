/* fuzz_npz.c: any bytes as an archive of NumPy's, and so as a zip archive. */
#include "read_weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_weights(data, size);
}
