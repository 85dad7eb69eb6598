/* dtype.c: the data types' sizes and names. */
#include "tensor/tensor.h"

static const struct dtype_row {
    size_t bytes;
    const char *name;
    bool is_float;
} rows[] = {
    [FY_F32] = { 4, "f32", true },  [FY_F64] = { 8, "f64", true },  [FY_BF16] = { 2, "bf16", true },
    [FY_I32] = { 4, "i32", false }, [FY_I64] = { 8, "i64", false }, [FY_U8] = { 1, "u8", false },
};

/* The public list and this table cannot drift apart. */
#define COUNT(name, n_bytes, text) +1
_Static_assert(FYI_LEN(rows) == 0 FY_DTYPE_MAP(COUNT), "one row per data type");

static const struct dtype_row *find_row(fy_dtype t)
{
    static const struct dtype_row unknown = { 0, "?", false };

    return (size_t)t < FYI_LEN(rows) ? &rows[t] : &unknown;
}

size_t fy_dtype_bytes(fy_dtype t)
{
    return find_row(t)->bytes;
}

const char *fy_dtype_name(fy_dtype t)
{
    return find_row(t)->name;
}

bool fyi_dtype_is_float(fy_dtype t)
{
    return find_row(t)->is_float;
}
