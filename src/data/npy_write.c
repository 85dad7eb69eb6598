/* npy_write.c: a tensor as a NumPy array file, byte for byte what numpy.save writes (1.23 and later). */
#include "data/data.h"

#include <string.h>

#define ALIGN 64u
#define GROWTH_DIGITS 21 /* room that NumPy leaves for a longer first axis */

static const char *code_of(fy_dtype t)
{
    static const char *const codes[] = {
        [FY_F32] = "<f4", [FY_F64] = "<f8", [FY_I32] = "<i4", [FY_I64] = "<i8", [FY_U8] = "|u1",
    };

    return (size_t)t < FYI_LEN(codes) ? codes[t] : NULL;
}

static void put_shape(fyi_buf *b, const fy_shape *s)
{
    fyi_buf_puts(b, "(");
    for (int i = 0; i < s->rank; i++)
        fyi_buf_printf(b, "%s%lld", i == 0 ? "" : ", ", (long long)s->d[i]);
    fyi_buf_puts(b, s->rank == 1 ? ",)" : ")");
}

static void put_dictionary(fyi_buf *b, const char *code, const fy_shape *s)
{
    fyi_buf_printf(b, "{'descr': '%s', 'fortran_order': False, 'shape': ", code);
    put_shape(b, s);
    fyi_buf_puts(b, ", }");
    if (s->rank > 0)
        fyi_buf_printf(b, "%*s", GROWTH_DIGITS - snprintf(NULL, 0, "%lld", (long long)s->d[0]), "");
}

/* Rank 6 and 19 digits an axis stay far below version 1's 65,535 bytes. */
fy_status fyi_npy_format(const char *name, fy_dtype t, const fy_shape *s, const void *data,
                         fyi_buf *out)
{
    const char *code = code_of(t);
    const size_t start = out->len;
    size_t length;

    if (!code)
        return fyi_fail(FY_EDTYPE, "writing '%s': NumPy has no %s; convert it to f32 first", name,
                        fy_dtype_name(t));
    fyi_buf_append(out, "\x93NUMPY\1\0\0\0", 10);
    put_dictionary(out, code, s);
    while (!out->failed && (out->len - start + 1) % ALIGN != 0)
        fyi_buf_puts(out, " ");
    fyi_buf_puts(out, "\n");
    length = out->len - start - 10;
    fyi_buf_append(out, data, fyi_shape_bytes(s, t));
    if (out->failed)
        return fyi_enomem(fyi_shape_bytes(s, t), name);
    out->p[start + 8] = (char)(unsigned char)(length & 0xff);
    out->p[start + 9] = (char)(unsigned char)(length >> 8);
    return FY_OK;
}

fy_status fy_npy_write(const char *path, const fy_tensor *t)
{
    fyi_buf b = { 0 };
    fy_status st =
        fyi_npy_format(path, fy_tensor_dtype(t), fy_tensor_shape(t), fy_tensor_const_data(t), &b);

    if (st == FY_OK)
        st = fyi_file_write(path, b.p, b.len);
    fyi_buf_release(&b);
    return st;
}
