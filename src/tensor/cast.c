/* cast.c: every data type from every other, each value rounded once.
 *
 * Integers saturate; fractions are cut toward zero on the way to an integer; NaN becomes 0 there.
 * To bf16 each value rounds to nearest even directly, not by way of a rounded float. The pointers
 * may have any alignment, as in a mapped file. */
#include "tensor/tensor.h"

#include <math.h>
#include <string.h>

/* ---- one value ------------------------------------------------------------------------------- */

/* 2^63 is a double, 2^63 - 1 is not: the upper bound is excluded. */
static int64_t saturate_f64(double v, double low, double above, int64_t min, int64_t max)
{
    if (v >= above)
        return max;
    if (v >= low)
        return (int64_t)v;
    return v < low ? min : 0; /* neither: NaN */
}

static int64_t i64_from_f64(double v)
{
    return saturate_f64(v, -0x1p63, 0x1p63, INT64_MIN, INT64_MAX);
}

static int32_t i32_from_f64(double v)
{
    return (int32_t)saturate_f64(v, -0x1p31, 0x1p31, INT32_MIN, INT32_MAX);
}

static uint8_t u8_from_f64(double v)
{
    return (uint8_t)saturate_f64(v, 0, 256, 0, UINT8_MAX);
}

static int64_t i64_from_i64(int64_t v)
{
    return v;
}

static int32_t i32_from_i64(int64_t v)
{
    return (int32_t)FYI_MAX(INT32_MIN, FYI_MIN(v, INT32_MAX));
}

static uint8_t u8_from_i64(int64_t v)
{
    return (uint8_t)FYI_MAX(0, FYI_MIN(v, UINT8_MAX));
}

/* Rounding twice can be wrong: 1 + 2^-8 + 2^-40 would become 1 + 2^-8 as a float and then, a
 * tie, 1. A float "rounded to odd" (toward zero, last bit set if anything was lost) remembers the
 * rest. */
static uint16_t bf16_from_f64(double v)
{
    union {
        float f;
        uint32_t u;
    } c = { .f = (float)v };

    if ((double)c.f != v && !isnan(v)) {
        if (fabs((double)c.f) > fabs(v))
            c.u--;
        c.u |= 1u;
    }
    return fyi_f32_to_bf16(c.f);
}

/* The same for the bits that a double has no room for. */
static uint16_t bf16_from_i64(int64_t v)
{
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    double scale = v < 0 ? -1.0 : 1.0;

    if (u >> 53) {
        u = u >> 11 | ((u & 0x7ffu) != 0);
        scale *= 2048.0;
    }
    return bf16_from_f64((double)u * scale);
}

/* ---- one pair of types ----------------------------------------------------------------------- */

/* How a type lies in memory, and as which C value it is read. */
#define STORED_F32 float
#define STORED_F64 double
#define STORED_BF16 uint16_t
#define STORED_I32 int32_t
#define STORED_I64 int64_t
#define STORED_U8 uint8_t

#define READ_F32(s) (s)
#define READ_F64(s) (s)
#define READ_BF16(s) fyi_bf16_to_f32(s)
#define READ_I32(s) (s)
#define READ_I64(s) (s)
#define READ_U8(s) ((int32_t)(s))

#define BY_KIND(v, from_float, from_int) \
    _Generic((v), float                  \
             : from_float, double        \
             : from_float, int32_t       \
             : from_int, int64_t         \
             : from_int)(v)

#define TO_F32(v) ((float)(v))
#define TO_F64(v) ((double)(v))
#define TO_BF16(v) \
    _Generic((v), float : fyi_f32_to_bf16, double : bf16_from_f64, default : bf16_from_i64)(v)
#define TO_I32(v) BY_KIND(v, i32_from_f64, i32_from_i64)
#define TO_I64(v) BY_KIND(v, i64_from_f64, i64_from_i64)
#define TO_U8(v) BY_KIND(v, u8_from_f64, u8_from_i64)

/* memcpy is how C reads a value of any alignment; compilers turn it into a plain load. */
#define DEFINE_CAST(to, from)                                        \
    static void from##_to_##to(char *dst, const char *src, size_t n) \
    {                                                                \
        for (size_t i = 0; i < n; i++) {                             \
            STORED_##from s;                                         \
            STORED_##to d;                                           \
                                                                     \
            memcpy(&s, src + i * sizeof(s), sizeof(s));              \
            d = TO_##to(READ_##from(s));                             \
            memcpy(dst + i * sizeof(d), &d, sizeof(d));              \
        }                                                            \
    }

#define DEFINE_CASTS(to)  \
    DEFINE_CAST(to, F32)  \
    DEFINE_CAST(to, F64)  \
    DEFINE_CAST(to, BF16) \
    DEFINE_CAST(to, I32)  \
    DEFINE_CAST(to, I64)  \
    DEFINE_CAST(to, U8)

/* clang-format off */
DEFINE_CASTS(F32)
DEFINE_CASTS(F64)
DEFINE_CASTS(BF16)
DEFINE_CASTS(I32)
DEFINE_CASTS(I64)
DEFINE_CASTS(U8)

#define ROW(to)                                                            \
    [FY_##to] = { [FY_F32] = F32_to_##to, [FY_F64] = F64_to_##to,          \
                  [FY_BF16] = BF16_to_##to, [FY_I32] = I32_to_##to,        \
                  [FY_I64] = I64_to_##to, [FY_U8] = U8_to_##to }
/* clang-format on */

typedef void (*cast_fn)(char *dst, const char *src, size_t n);

static const cast_fn casts[][6] = { ROW(F32), ROW(F64), ROW(BF16), ROW(I32), ROW(I64), ROW(U8) };

void fy_cast(fy_dtype to, void *dst, fy_dtype from, const void *src, int64_t n)
{
    FYI_ASSERT(fy_dtype_bytes(to) > 0 && fy_dtype_bytes(from) > 0);
    if (n <= 0)
        return;
    /* Equal types keep every bit, a NaN's payload too, and the ranges may overlap. */
    if (to == from)
        memmove(dst, src, (size_t)n * fy_dtype_bytes(to));
    else
        casts[to][from](dst, src, (size_t)n);
}
