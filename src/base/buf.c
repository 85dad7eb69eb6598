/* buf.c: a growing byte buffer, and the growing of arrays.
 *
 * A buffer remembers that an append failed, so that a writer of many pieces checks once at the end.
 */
#include "base/base.h"

#include <stdlib.h>
#include <string.h>

fy_status fyi_grow(void *v, size_t *cap, size_t n, size_t size)
{
    size_t new_cap = FYI_MAX(*cap, 8), bytes;
    void *old, *grown;

    if (n <= *cap)
        return FY_OK;
    while (new_cap < n)
        new_cap = new_cap > SIZE_MAX / 2 ? n : new_cap * 2;
    if (fyi_mul_overflows(new_cap, size, &bytes))
        return fyi_enomem(SIZE_MAX, "a growing array");
    memcpy(&old, v, sizeof(old)); /* v points to some T *, which is not a void * to C */
    grown = fyi_realloc(old, *cap * size, bytes);
    if (!grown)
        return fyi_enomem(bytes, "a growing array");
    memcpy(v, &grown, sizeof(grown));
    *cap = new_cap;
    return FY_OK;
}

/* Room for `bytes` more and the NUL. */
static bool reserve(fyi_buf *b, size_t bytes)
{
    size_t need;

    if (b->failed)
        return false;
    if (__builtin_add_overflow(b->len, bytes, &need) || __builtin_add_overflow(need, 1, &need) ||
        fyi_grow(&b->p, &b->cap, need, 1) != FY_OK)
        b->failed = true;
    return !b->failed;
}

void fyi_buf_append(fyi_buf *b, const void *p, size_t bytes)
{
    if (!reserve(b, bytes))
        return;
    if (bytes > 0)
        memcpy(b->p + b->len, p, bytes);
    b->len += bytes;
    b->p[b->len] = '\0';
}

void fyi_buf_puts(fyi_buf *b, const char *s)
{
    fyi_buf_append(b, s, strlen(s));
}

void fyi_buf_printf(fyi_buf *b, const char *fmt, ...)
{
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0)
        b->failed = true;
    if (!reserve(b, (size_t)FYI_MAX(n, 0)))
        return;
    va_start(args, fmt);
    vsnprintf(b->p + b->len, (size_t)n + 1, fmt, args);
    va_end(args);
    b->len += (size_t)n;
}

void fyi_buf_float(fyi_buf *b, float v)
{
    char text[32];

    for (int digits = 1; digits <= 9; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, (double)v);
        if (strtof(text, NULL) == v)
            break;
    }
    fyi_buf_puts(b, text);
}

void fyi_buf_release(fyi_buf *b)
{
    fyi_free(b->p);
    *b = (fyi_buf){ 0 };
}
