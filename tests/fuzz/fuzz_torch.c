/* fuzz_torch.c: any bytes as a file of PyTorch's. The old form has no checksums, so the fuzzer gets deep into
 * pickles through it. */
#include "read_weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_weights(data, size);
}
