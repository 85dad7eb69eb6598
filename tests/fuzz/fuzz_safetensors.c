/* fuzz_safetensors.c: any bytes as a safetensors file. What is accepted must be readable to its last byte,
 * cover its data, and find each tensor under its name. */
#include "train/safetensors.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Touches every byte, for the sanitizer; a tensor's size in bytes. */
static size_t read_tensor(const fy_weights *w, int i)
{
    const size_t bytes = fyi_shape_bytes(fy_weights_shape(w, i), fy_weights_dtype(w, i));
    const volatile uint8_t *p = fy_weights_data(w, i);

    for (size_t b = 0; b < bytes; b++)
        (void)p[b];
    if (fy_weights_find(w, fy_weights_name(w, i)) != i)
        abort();
    if (bytes > 0 && (uintptr_t)fy_weights_data(w, i) % fy_dtype_bytes(fy_weights_dtype(w, i)) != 0)
        abort();
    return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fy_weights *w;
    size_t bytes = 0;

    if (fyi_weights_parse("fuzz", data, size, &w) != FY_OK)
        return w == NULL && fy_last_error()[0] != '\0' ? 0 : (abort(), 0);
    for (int i = 0; i < fy_weights_count(w); i++)
        bytes += read_tensor(w, i);
    if (bytes > size)
        abort();
    (void)fy_weights_meta(w, "ferry.family");
    fy_weights_close(w);
    return 0;
}
