/* read_weights.h: any bytes as a weights file of any format. What is accepted must be readable to its last number, or
 * say why not, and each tensor is found under its name. */
#ifndef FYT_READ_WEIGHTS_H
#define FYT_READ_WEIGHTS_H

#include "weights/weights.h"

#include <stdlib.h>

/* A view may repeat its storage, and a packed entry unpack: what a fuzzer's file can ask for has a limit. */
#define FUZZ_NUMBERS ((int64_t)1 << 22)

static inline void fuzz_tensor(fy_weights *w, int i)
{
    fy_tensor *t;

    if (fy_weights_find(w, fy_weights_name(w, i)) != i)
        abort();
    if (fy_shape_numel(fy_weights_shape(w, i)) > FUZZ_NUMBERS)
        return;
    if (fy_weights_tensor(w, i, &t) == FY_OK)
        fy_tensor_free(t);
    else if (t || fy_last_error()[0] == '\0')
        abort();
}

static inline int fuzz_weights(const uint8_t *data, size_t size)
{
    fy_weights *w;

    if (fyi_weights_parse("fuzz", data, size, &w) != FY_OK)
        return w == NULL && fy_last_error()[0] != '\0' ? 0 : (abort(), 0);
    for (int i = 0; i < fy_weights_count(w); i++)
        fuzz_tensor(w, i);
    for (int i = 0; i < fy_weights_meta_count(w); i++)
        if (!fy_weights_meta(w, fy_weights_meta_key(w, i)))
            abort();
    fy_weights_close(w);
    return 0;
}

#endif
