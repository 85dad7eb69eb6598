/* stored.c: numbers as files hold them: other types than Ferry computes with, the other order of bytes, and
 * arrays that are views (transposed, sliced, column-major) of a block.
 *
 * Nothing is lost on the way in: every type is read as the smallest of ours that has all its values. A U64
 * above 2^63 - 1 has none and is refused. */
#include "tensor/tensor.h"

#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error \
    "readers say is_swapped for big-endian files; here it would have to be the little-endian ones"
#endif

/* A view may repeat numbers of its block (a stride of 0) only up to this size. */
#define FREE_BYTES ((int64_t)64 << 20)
#define PIECE 4096 /* numbers gathered before they are widened */

/* ---- types ------------------------------------------------------------------------------------------ */

float fyi_f16_to_f32(uint16_t h)
{
    const uint32_t sign = (uint32_t)(h & 0x8000u) << 16;
    union {
        uint32_t u;
        float f;
    } c = { .u = (uint32_t)(h & 0x7fffu) << 13 };

    if (c.u >= (uint32_t)0x7c00 << 13) /* infinities and NaN: the largest exponent in both */
        c.u |= 0x7f800000u;
    else if (c.u >= (uint32_t)0x0400 << 13)
        c.u += (uint32_t)(127 - 15) << 23;
    else
        c.f = (float)(h & 0x7fffu) * 0x1p-24f; /* a multiple of the smallest subnormal number */
    c.u |= sign;
    return c.f;
}

#define KEEP(v) (v)
#define IS_TRUE(v) ((v) != 0)

#define DEFINE_WIDEN(name, from, to, convert)                       \
    static bool widen_##name(void *dst, const void *src, size_t n)  \
    {                                                               \
        for (size_t i = 0; i < n; i++) {                            \
            from s;                                                 \
            to d;                                                   \
                                                                    \
            memcpy(&s, (const char *)src + i * sizeof s, sizeof s); \
            d = (to)convert(s);                                     \
            memcpy((char *)dst + i * sizeof d, &d, sizeof d);       \
        }                                                           \
        return true;                                                \
    }

/* clang-format off */
DEFINE_WIDEN(f16, uint16_t, float, fyi_f16_to_f32)
DEFINE_WIDEN(i16, int16_t, int32_t, KEEP)
DEFINE_WIDEN(i8, int8_t, int32_t, KEEP)
DEFINE_WIDEN(u32, uint32_t, int64_t, KEEP)
DEFINE_WIDEN(u16, uint16_t, int32_t, KEEP)
DEFINE_WIDEN(bool, uint8_t, uint8_t, IS_TRUE)
/* clang-format on */

static bool copy_8(void *dst, const void *src, size_t n)
{
    memcpy(dst, src, n * 8);
    return true;
}

static bool copy_4(void *dst, const void *src, size_t n)
{
    memcpy(dst, src, n * 4);
    return true;
}

static bool copy_2(void *dst, const void *src, size_t n)
{
    memcpy(dst, src, n * 2);
    return true;
}

static bool copy_1(void *dst, const void *src, size_t n)
{
    memcpy(dst, src, n);
    return true;
}

static bool widen_u64(void *dst, const void *src, size_t n)
{
    uint64_t all = 0, v;

    for (size_t i = 0; i < n; i++) {
        memcpy(&v, (const char *)src + i * sizeof v, sizeof v);
        all |= v;
    }
    memcpy(dst, src, n * sizeof v);
    return all <= INT64_MAX;
}

const fyi_stored *fyi_stored_find(const char *name)
{
    static const fyi_stored rows[] = {
        { "F64", 8, FY_F64, copy_8 },     { "F32", 4, FY_F32, copy_4 },
        { "F16", 2, FY_F32, widen_f16 },  { "BF16", 2, FY_BF16, copy_2 },
        { "I64", 8, FY_I64, copy_8 },     { "I32", 4, FY_I32, copy_4 },
        { "I16", 2, FY_I32, widen_i16 },  { "I8", 1, FY_I32, widen_i8 },
        { "U64", 8, FY_I64, widen_u64 },  { "U32", 4, FY_I64, widen_u32 },
        { "U16", 2, FY_I32, widen_u16 },  { "U8", 1, FY_U8, copy_1 },
        { "BOOL", 1, FY_U8, widen_bool },
    };

    for (size_t i = 0; i < FYI_LEN(rows); i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

/* ---- views ------------------------------------------------------------------------------------------- */

void fyi_view_pack(fyi_view *v, bool columns_first)
{
    const int rank = v->shape.rank;
    int64_t step = 1;

    for (int i = 0; i < rank; i++) {
        const int axis = columns_first ? i : rank - 1 - i;

        v->stride[axis] = step;
        step *= FYI_MAX(v->shape.d[axis], 1); /* cannot overflow: fy_shape_check */
    }
}

/* The number after the last that the view reaches; false on overflow or a stride below 0. */
static bool find_end(const fyi_view *v, int64_t *end)
{
    int64_t reach;

    *end = v->offset;
    if (v->offset < 0 || fy_shape_numel(&v->shape) == 0)
        return v->offset >= 0;
    for (int i = 0; i < v->shape.rank; i++)
        if (v->stride[i] < 0 || __builtin_mul_overflow(v->shape.d[i] - 1, v->stride[i], &reach) ||
            __builtin_add_overflow(*end, reach, end))
            return false;
    return !__builtin_add_overflow(*end, 1, end);
}

fy_status fyi_view_check(const fyi_view *v, uint64_t numbers, const char *owner, const char *name)
{
    const int64_t n = fy_shape_numel(&v->shape);
    char text[FYI_SPEC_CHARS];
    int64_t end;

    if (!find_end(v, &end) || (uint64_t)end > numbers)
        return fyi_fail(FY_EFORMAT,
                        "'%s': tensor '%.200s', %s %s, reaches beyond the %llu numbers of its "
                        "storage; the file is damaged",
                        owner, name, v->stored->name, fy_shape_text(&v->shape, text, sizeof text),
                        (unsigned long long)numbers);
    if ((uint64_t)n > numbers && n > FREE_BYTES / (int64_t)v->stored->bytes)
        return fyi_fail(FY_EFORMAT,
                        "'%s': tensor '%.200s', %s %s, repeats the %llu numbers of its storage; "
                        "save it with .contiguous() if it is meant",
                        owner, name, v->stored->name, fy_shape_text(&v->shape, text, sizeof text),
                        (unsigned long long)numbers);
    return FY_OK;
}

static bool is_packed(const fyi_view *v)
{
    fyi_view packed = *v;

    fyi_view_pack(&packed, false);
    for (int i = 0; i < v->shape.rank; i++)
        if (v->shape.d[i] > 1 && v->stride[i] != packed.stride[i])
            return false;
    return true;
}

static void swap(uint8_t *p, size_t bytes, size_t n)
{
    for (size_t i = 0; i < n; i++, p += bytes)
        for (size_t a = 0, b = bytes - 1; a < b; a++, b--) {
            const uint8_t kept = p[a];

            p[a] = p[b];
            p[b] = kept;
        }
}

/* Goes through a view in row-major order. */
typedef struct walk {
    const fyi_view *view;
    int64_t at, index[FY_MAX_RANK];
} walk;

/* Never a step beyond the last number: strides of axes of size 1 may be anything. */
static void advance(walk *w)
{
    for (int i = w->view->shape.rank - 1; i >= 0; i--) {
        if (w->index[i] + 1 < w->view->shape.d[i]) {
            w->index[i]++;
            w->at += w->view->stride[i];
            return;
        }
        w->at -= w->view->stride[i] * w->index[i];
        w->index[i] = 0;
    }
}

static void gather(walk *w, const char *block, uint8_t *dst, size_t n)
{
    const size_t bytes = w->view->stored->bytes;

    for (size_t i = 0; i < n; i++, advance(w))
        memcpy(dst + i * bytes, block + (size_t)w->at * bytes, bytes);
}

static bool read_pieces(const fyi_view *v, const char *block, char *dst)
{
    const int64_t n = fy_shape_numel(&v->shape);
    walk w = { .view = v, .at = v->offset };
    uint8_t piece[PIECE * 8];

    for (int64_t done = 0; done < n; done += PIECE) {
        const size_t m = (size_t)FYI_MIN(n - done, PIECE);

        gather(&w, block, piece, m);
        if (v->is_swapped)
            swap(piece, v->stored->bytes, m);
        if (!v->stored->widen(dst + (size_t)done * fy_dtype_bytes(v->stored->dtype), piece, m))
            return false;
    }
    return true;
}

fy_status fyi_view_read(const fyi_view *v, const void *block, void *dst, const char *owner,
                        const char *name)
{
    const size_t n = (size_t)fy_shape_numel(&v->shape);
    const char *first = (const char *)block + (size_t)v->offset * v->stored->bytes;
    bool fits;

    if (n == 0)
        return FY_OK;
    if (is_packed(v) && !v->is_swapped)
        fits = v->stored->widen(dst, first, n);
    else
        fits = read_pieces(v, block, dst);
    if (fits)
        return FY_OK;
    return fyi_fail(FY_EDTYPE,
                    "'%s': tensor '%.200s' holds a %s above 2^63 - 1, which no type of Ferry's has",
                    owner, name, v->stored->name);
}
