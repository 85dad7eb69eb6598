/* tensor.c: handles on counted storage.
 *
 *   fy_tensor --> storage (count, bytes) <-- fy_tensor, a view of some rows
 *
 * The storage goes with its last handle. The count is atomic, so that handles on one storage may be
 * made and freed in different threads. */
#include "tensor/tensor.h"

#include <stdatomic.h>
#include <string.h>

typedef struct storage {
    atomic_int n_handles;
    void *bytes;
} storage;

struct fy_tensor {
    storage *store;
    char *data; /* inside the storage */
    fy_dtype dtype;
    fy_shape shape;
};

static void hold(storage *s)
{
    atomic_fetch_add_explicit(&s->n_handles, 1, memory_order_relaxed);
}

static void drop(storage *s)
{
    /* Whoever frees must see every write that others made before they let go. */
    if (atomic_fetch_sub_explicit(&s->n_handles, 1, memory_order_acq_rel) > 1)
        return;
    fyi_free(s->bytes);
    fyi_free(s);
}

static storage *new_storage(size_t bytes)
{
    storage *s = fyi_alloc(sizeof(*s));

    if (!s)
        return NULL;
    atomic_init(&s->n_handles, 1);
    s->bytes = fyi_alloc_block(bytes);
    if (!s->bytes) {
        fyi_free(s);
        return NULL;
    }
    return s;
}

/* A handle that takes over one count of `s`. */
static fy_tensor *new_handle(storage *s, char *data, fy_dtype t, const fy_shape *shape)
{
    fy_tensor *handle = fyi_alloc(sizeof(*handle));

    if (handle)
        *handle = (fy_tensor){ .store = s, .data = data, .dtype = t, .shape = *shape };
    return handle;
}

fy_status fy_tensor_new(fy_dtype t, fy_shape s, fy_tensor **out)
{
    char text[FYI_SPEC_CHARS];
    storage *store;
    size_t bytes;

    *out = NULL;
    FYI_FORWARD(fy_shape_check(&s, t));
    bytes = fyi_shape_bytes(&s, t);
    store = new_storage(bytes);
    if (!store)
        return fyi_enomem(bytes, fyi_spec_text(t, &s, text));
    *out = new_handle(store, store->bytes, t, &s);
    if (!*out) {
        drop(store);
        return fyi_enomem(sizeof(**out), "a tensor");
    }
    return FY_OK;
}

/* Another handle on t's storage. */
static fy_status share(fy_tensor *t, char *data, const fy_shape *shape, fy_tensor **out)
{
    *out = new_handle(t->store, data, t->dtype, shape);
    if (!*out)
        return fyi_enomem(sizeof(**out), "a view of a tensor");
    hold(t->store);
    return FY_OK;
}

fy_status fy_tensor_view(fy_tensor *t, int64_t begin, int64_t n, fy_tensor **out)
{
    fy_shape row = t->shape, shape = t->shape;
    char text[FYI_SPEC_CHARS];

    *out = NULL;
    if (t->shape.rank == 0)
        return fyi_fail(FY_ESHAPE, "a scalar has no rows to view");
    if (begin < 0 || n < 0 || begin > t->shape.d[0] || n > t->shape.d[0] - begin)
        return fyi_fail(FY_ESHAPE, "no %lld rows from row %lld on in %s", (long long)n,
                        (long long)begin, fyi_spec_text(t->dtype, &t->shape, text));
    row.d[0] = 1;
    shape.d[0] = n;
    return share(t, t->data + (size_t)begin * fyi_shape_bytes(&row, t->dtype), &shape, out);
}

fy_status fy_tensor_reshape(fy_tensor *t, fy_shape s, fy_tensor **out)
{
    char from[FYI_SPEC_CHARS], to[FYI_SPEC_CHARS];

    *out = NULL;
    FYI_FORWARD(fy_shape_check(&s, t->dtype));
    if (fy_shape_numel(&s) != fy_shape_numel(&t->shape))
        return fyi_fail(FY_ESHAPE, "%s has %lld elements, %s would have %lld",
                        fyi_spec_text(t->dtype, &t->shape, from), (long long)fy_tensor_numel(t),
                        fyi_spec_text(t->dtype, &s, to), (long long)fy_shape_numel(&s));
    return share(t, t->data, &s, out);
}

fy_status fy_tensor_copy(const fy_tensor *t, fy_tensor **out)
{
    FYI_FORWARD(fy_tensor_new(t->dtype, t->shape, out));
    memcpy((*out)->data, t->data, fyi_shape_bytes(&t->shape, t->dtype));
    return FY_OK;
}

void fy_tensor_free(fy_tensor *t)
{
    if (!t)
        return;
    drop(t->store);
    fyi_free(t);
}

fy_dtype fy_tensor_dtype(const fy_tensor *t)
{
    return t->dtype;
}

const fy_shape *fy_tensor_shape(const fy_tensor *t)
{
    return &t->shape;
}

int64_t fy_tensor_numel(const fy_tensor *t)
{
    return fy_shape_numel(&t->shape);
}

void *fy_tensor_data(fy_tensor *t)
{
    return t->data;
}

const void *fy_tensor_const_data(const fy_tensor *t)
{
    return t->data;
}
