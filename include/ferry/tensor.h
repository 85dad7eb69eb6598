/* tensor.h: data types, shapes, and counted tensors in plain (row-major) order on the host.
 *
 * Logical order is always [n, c, h, w] for images, [n, c, t] for sound, [n, k] for vectors,
 * whatever layout a device stores inside a plan. */
#ifndef FERRY_TENSOR_H
#define FERRY_TENSOR_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FY_MAX_RANK 6
#define FY_MAX_MODALITIES 8 /* parts of a sample */

/* name, bytes, safetensors' name */
/* clang-format off */
#define FY_DTYPE_MAP(X) \
    X(F32,  4, "F32")   \
    X(F64,  8, "F64")   \
    X(BF16, 2, "BF16")  \
    X(I32,  4, "I32")   \
    X(I64,  8, "I64")   \
    X(U8,   1, "U8")
/* clang-format on */

typedef enum fy_dtype {
#define FY_DTYPE_ENUM(name, bytes, text) FY_##name,
    FY_DTYPE_MAP(FY_DTYPE_ENUM)
#undef FY_DTYPE_ENUM
} fy_dtype;

FY_API size_t fy_dtype_bytes(fy_dtype t);
/* "f32" */
FY_API const char *fy_dtype_name(fy_dtype t);

/* Rank 0 is a scalar. Sizes may be 0. */
typedef struct fy_shape {
    int rank;
    int64_t d[FY_MAX_RANK];
} fy_shape;

#define FYI_NARGS_(a, b, c, d, e, f, n, ...) n
#define FYI_NARGS(...) FYI_NARGS_(__VA_ARGS__, 6, 5, 4, 3, 2, 1, 0)
/* FY_SHAPE(64, 1, 28, 28) */
#ifdef __cplusplus
#define FY_SHAPE(...) (fy_shape{ FYI_NARGS(__VA_ARGS__), { __VA_ARGS__ } })
#define FY_SCALAR (fy_shape{ 0, { 0 } })
#else
#define FY_SHAPE(...) ((fy_shape){ FYI_NARGS(__VA_ARGS__), { __VA_ARGS__ } })
#define FY_SCALAR ((fy_shape){ 0, { 0 } })
#endif

/* Product of the sizes; 1 for a scalar. The shape must be valid (fy_shape_check). */
FY_API int64_t fy_shape_numel(const fy_shape *s);
FY_API bool fy_shape_equal(const fy_shape *a, const fy_shape *b);
/* Of n such samples: [n, sample...]. A sample of FY_MAX_RANK axes gives a shape that fy_shape_check refuses. */
FY_API fy_shape fy_shape_batch(int64_t n, const fy_shape *sample);
/* FY_ESHAPE if the rank or a size is out of range or the byte count would overflow. */
FY_API FY_NODISCARD fy_status fy_shape_check(const fy_shape *s, fy_dtype t);
/* Writes "[64, 1, 28, 28]"; always terminates; returns buf. */
FY_API const char *fy_shape_text(const fy_shape *s, char *buf, size_t bytes);

/* A counted handle on storage. Views share the storage and keep it alive. Not thread safe to free
 * and use at once; different handles on one storage may live in different threads. */
typedef struct fy_tensor fy_tensor;

/* Zero-filled, 64-byte aligned. */
FY_API FY_NODISCARD fy_status fy_tensor_new(fy_dtype t, fy_shape s, fy_tensor **out);
/* Rows [begin, begin + n) of the first axis, sharing storage. */
FY_API FY_NODISCARD fy_status fy_tensor_view(fy_tensor *t, int64_t begin, int64_t n,
                                             fy_tensor **out);
/* Same storage under another shape of as many elements. */
FY_API FY_NODISCARD fy_status fy_tensor_reshape(fy_tensor *t, fy_shape s, fy_tensor **out);
FY_API FY_NODISCARD fy_status fy_tensor_copy(const fy_tensor *t, fy_tensor **out);
/* Accepts NULL. */
FY_API void fy_tensor_free(fy_tensor *t);

FY_API fy_dtype fy_tensor_dtype(const fy_tensor *t);
FY_API const fy_shape *fy_tensor_shape(const fy_tensor *t);
FY_API int64_t fy_tensor_numel(const fy_tensor *t);
FY_API void *fy_tensor_data(fy_tensor *t);
FY_API const void *fy_tensor_const_data(const fy_tensor *t);

/* Converts n elements from one type to another; bf16 rounds to nearest even; integers saturate. */
FY_API void fy_cast(fy_dtype to, void *dst, fy_dtype from, const void *src, int64_t n);

#ifdef __cplusplus
}
#endif
#endif
