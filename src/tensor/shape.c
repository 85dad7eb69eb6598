/* shape.c: sizes, their product, and their text. */
#include "tensor/tensor.h"

int64_t fy_shape_numel(const fy_shape *s)
{
    int64_t n = 1;

    for (int i = 0; i < s->rank; i++)
        n *= s->d[i];
    return n;
}

bool fy_shape_equal(const fy_shape *a, const fy_shape *b)
{
    if (a->rank != b->rank)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (a->d[i] != b->d[i])
            return false;
    return true;
}

fy_shape fy_shape_batch(int64_t n, const fy_shape *sample)
{
    fy_shape s = { .rank = sample->rank + 1, .d = { n } };

    for (int i = 1; i < s.rank && i < FY_MAX_RANK; i++)
        s.d[i] = sample->d[i - 1];
    return s;
}

/* A size of 0 counts as 1 here: the strides of an empty tensor must not overflow either. */
fy_status fy_shape_check(const fy_shape *s, fy_dtype t)
{
    int64_t bytes = (int64_t)fy_dtype_bytes(t);
    char text[FYI_SPEC_CHARS];

    if (bytes == 0)
        return fyi_fail(FY_EDTYPE, "data type %d does not exist", (int)t);
    if (s->rank < 0 || s->rank > FY_MAX_RANK)
        return fyi_fail(FY_ESHAPE, "a shape of rank %d: Ferry takes 0 to %d axes", s->rank,
                        FY_MAX_RANK);
    for (int i = 0; i < s->rank; i++) {
        if (s->d[i] < 0)
            return fyi_fail(FY_ESHAPE, "shape %s has a negative size",
                            fy_shape_text(s, text, sizeof(text)));
        if (__builtin_mul_overflow(bytes, FYI_MAX(s->d[i], 1), &bytes) || bytes > PTRDIFF_MAX)
            return fyi_fail(FY_ESHAPE, "%s is larger than the address space",
                            fyi_spec_text(t, s, text));
    }
    return FY_OK;
}

const char *fy_shape_text(const fy_shape *s, char *buf, size_t bytes)
{
    const int rank = FYI_MAX(0, FYI_MIN(s->rank, FY_MAX_RANK));
    size_t at = 0;

    if (bytes == 0)
        return buf;
    for (int i = 0; i < rank && at < bytes; i++)
        at += (size_t)snprintf(buf + at, bytes - at, "%s%lld", i == 0 ? "[" : ", ",
                               (long long)s->d[i]);
    if (at < bytes)
        snprintf(buf + at, bytes - at, "%s", rank == 0 ? "[]" : "]");
    return buf;
}

size_t fyi_shape_bytes(const fy_shape *s, fy_dtype t)
{
    return (size_t)fy_shape_numel(s) * fy_dtype_bytes(t);
}

const char *fyi_spec_text(fy_dtype t, const fy_shape *s, char buf[FYI_SPEC_CHARS])
{
    const int n = snprintf(buf, FYI_SPEC_CHARS, "%s", fy_dtype_name(t));

    if (s->rank != 0)
        fy_shape_text(s, buf + n, FYI_SPEC_CHARS - (size_t)n);
    return buf;
}
