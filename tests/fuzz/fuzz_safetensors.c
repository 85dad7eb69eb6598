/* fuzz_safetensors.c: any bytes as a safetensors file. What is accepted must be readable to its last byte,
 * cover its data, and find each tensor under its name. */
#include "weights/weights.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads all of tensor i, for the sanitizer; its size in the file. */
static size_t read_tensor(fy_weights *w, int i)
{
    fy_tensor *t;

    if (fy_weights_find(w, fy_weights_name(w, i)) != i)
        abort();
    if (fy_weights_tensor(w, i, &t) == FY_OK)
        fy_tensor_free(t);
    else if (strcmp(fy_weights_stored(w, i), "U64") != 0)
        abort();
    return (size_t)fy_shape_numel(fy_weights_shape(w, i)) *
           fyi_stored_find(fy_weights_stored(w, i))->bytes;
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
