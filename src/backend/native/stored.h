/* stored.h: elements stored as f32 or as bf16, in registers f32. Included by *_avx512.c and *_avx2.c only, after their
 * words. */
#ifndef FYI_STORED_H
#define FYI_STORED_H

#include <stdbool.h>

INLINE const void *at(bool is_bf16, const void *p, int64_t i)
{
    return (const char *)p + i * (is_bf16 ? 2 : 4);
}

INLINE vec load_stored(bool is_bf16, const void *p, int64_t i)
{
    return is_bf16 ? load_bf16((const uint16_t *)p + i) : load((const float *)p + i);
}

INLINE void store_stored(bool is_bf16, void *p, int64_t i, vec v)
{
    if (is_bf16)
        store_bf16((uint16_t *)p + i, v);
    else
        store((float *)p + i, v);
}

#endif
