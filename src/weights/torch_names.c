/* torch_names.c: all that a PyTorch pickle may ask for by name, and what becomes of it: ordered dictionaries,
 * sizes, storages of each type, tensors and parameters. Nothing is called; a name stands for a few lines here
 * (torch/_utils.py and torch/serialization.py say what PyTorch does). */
#include "weights/torch.h"

#include <string.h>

typedef struct known {
    const char *module, *name;
    fy_status (*call)(const fyi_torch *t, const fyi_value *args,
                      fyi_value *out); /* NULL: not callable */
    const char *stored;                /* of a storage or a dtype, "" for bytes of no type */
} known;

static fy_status bad(const fyi_torch *t, const char *what)
{
    return fyi_fail(FY_EFORMAT, "'%s': its pickle %s; the file is damaged", t->name, what);
}

static const fyi_value *arg_of(const fyi_value *args, size_t i, fyi_kind kind)
{
    return i < args->n && args->items[i]->kind == kind ? args->items[i] : NULL;
}

/* ---- containers ------------------------------------------------------------------------------------------- */

/* OrderedDict(), or with a list of pairs as old versions of Python wrote it. */
static fy_status make_dict(const fyi_torch *t, const fyi_value *args, fyi_value *out)
{
    const fyi_value *list = arg_of(args, 0, FYI_LIST);

    out->kind = FYI_DICT;
    if (args->n == 0)
        return FY_OK;
    if (args->n != 1 || !list)
        return bad(t, "makes a dictionary of something else than pairs");
    out->items = fyi_arena_alloc(t->arena, 2 * list->n * sizeof(*out->items));
    if (!out->items)
        return fyi_enomem(2 * list->n * sizeof(*out->items), "a value of a pickle");
    out->cap = 2 * list->n;
    for (size_t i = 0; i < list->n; i++) {
        const fyi_value *pair = list->items[i];

        if ((pair->kind != FYI_LIST && pair->kind != FYI_TUPLE) || pair->n != 2)
            return bad(t, "makes a dictionary of something else than pairs");
        memcpy(out->items + 2 * i, pair->items, 2 * sizeof(*pair->items));
    }
    out->n = list->n;
    return FY_OK;
}

static fy_status make_size(const fyi_torch *t, const fyi_value *args, fyi_value *out)
{
    const fyi_value *sizes = arg_of(args, 0, FYI_TUPLE);

    if (args->n != 1 || !sizes)
        return bad(t, "makes a size of something else than a tuple");
    *out = *sizes;
    return FY_OK;
}

/* ---- tensors ------------------------------------------------------------------------------------------------ */

static fy_status read_axes(const fyi_torch *t, const fyi_value *sizes, const fyi_value *strides,
                           fyi_view *v)
{
    if (!sizes || !strides || sizes->n != strides->n)
        return bad(t, "has a tensor without as many strides as sizes");
    if (sizes->n > FY_MAX_RANK)
        return fyi_fail(FY_ESHAPE, "'%s': a tensor has %zu axes, Ferry takes at most %d", t->name,
                        sizes->n, FY_MAX_RANK);
    v->shape.rank = (int)sizes->n;
    for (size_t i = 0; i < sizes->n; i++) {
        const fyi_value *size = arg_of(sizes, i, FYI_INT), *stride = arg_of(strides, i, FYI_INT);

        if (!size || !stride || size->i < 0)
            return bad(t, "has a tensor whose sizes are no whole numbers from 0 on");
        v->shape.d[i] = size->i;
        v->stride[i] = stride->i;
    }
    return fy_shape_check(&v->shape, v->stored->dtype);
}

/* (storage, offset, size, stride, ...); `stored` NULL: the storage's own type. */
static fy_status make_strided(const fyi_torch *t, const fyi_value *args, const fyi_stored *stored,
                              fyi_value *out)
{
    const fyi_value *storage = arg_of(args, 0, FYI_STORAGE), *offset = arg_of(args, 1, FYI_INT);
    fyi_strided *s = fyi_arena_alloc(t->arena, sizeof *s);

    if (!s)
        return fyi_enomem(sizeof *s, "a value of a pickle");
    if (!storage || !offset)
        return bad(t, "has a tensor without a storage");
    s->storage = storage;
    s->view.stored = stored ? stored : storage->storage.stored;
    if (!s->view.stored)
        return bad(t, "has a tensor of bytes without a type");
    if (__builtin_add_overflow(offset->i, storage->storage.offset, &s->view.offset))
        return bad(t, "has a tensor far outside of its storage");
    FYI_FORWARD(read_axes(t, arg_of(args, 2, FYI_TUPLE), arg_of(args, 3, FYI_TUPLE), &s->view));
    out->kind = FYI_TENSOR;
    out->tensor = s;
    return FY_OK;
}

static fy_status rebuild_tensor(const fyi_torch *t, const fyi_value *args, fyi_value *out)
{
    return make_strided(t, args, NULL, out);
}

/* (storage, offset, size, stride, requires_grad, hooks, dtype): for types without a storage of their own. */
static fy_status rebuild_tensor_v3(const fyi_torch *t, const fyi_value *args, fyi_value *out)
{
    const fyi_value *dtype = arg_of(args, 6, FYI_GLOBAL);
    const known *k = dtype ? dtype->global : NULL;

    if (!k || !k->stored || k->stored[0] == '\0')
        return bad(t, "has a tensor without a type");
    return make_strided(t, args, fyi_stored_find(k->stored), out);
}

static fy_status rebuild_parameter(const fyi_torch *t, const fyi_value *args, fyi_value *out)
{
    const fyi_value *tensor = arg_of(args, 0, FYI_TENSOR);

    if (!tensor)
        return bad(t, "has a parameter without a tensor");
    *out = *tensor;
    return FY_OK;
}

/* (function, class, its arguments, attributes): a tensor to which somebody gave attributes. */
static fy_status rebuild_from_type(const fyi_torch *t, const fyi_value *args, fyi_value *out)
{
    const fyi_value *function = arg_of(args, 0, FYI_GLOBAL), *inner = arg_of(args, 2, FYI_TUPLE);
    const known *k = function ? function->global : NULL;

    if (!k || !k->call || k->call == rebuild_from_type || !inner)
        return bad(t, "has a tensor that is not made of a storage");
    return k->call(t, inner, out);
}

/* ---- the list -------------------------------------------------------------------------------------------------- */

/* clang-format off */
#define STORAGES(X)                                                     \
    X("Double", "F64") X("Float", "F32") X("Half", "F16")               \
    X("BFloat16", "BF16") X("Long", "I64") X("Int", "I32")              \
    X("Short", "I16") X("Char", "I8") X("Byte", "U8") X("Bool", "BOOL")
#define STORAGE(prefix, type) { "torch", prefix "Storage", NULL, type },
#define CUDA_STORAGE(prefix, type) { "torch.cuda", prefix "Storage", NULL, type },

static const known names[] = {
    { "collections", "OrderedDict", make_dict, NULL },
    { "torch", "Size", make_size, NULL },
    { "torch", "Tensor", NULL, NULL },
    { "torch.nn.parameter", "Parameter", NULL, NULL },
    { "torch._utils", "_rebuild_tensor", rebuild_tensor, NULL },
    { "torch._utils", "_rebuild_tensor_v2", rebuild_tensor, NULL },
    { "torch._utils", "_rebuild_tensor_v3", rebuild_tensor_v3, NULL },
    { "torch._utils", "_rebuild_parameter", rebuild_parameter, NULL },
    { "torch._utils", "_rebuild_parameter_with_state", rebuild_parameter, NULL },
    { "torch._tensor", "_rebuild_from_type_v2", rebuild_from_type, NULL },
    STORAGES(STORAGE)
    STORAGES(CUDA_STORAGE)
    { "torch", "UntypedStorage", NULL, "" },
    { "torch", "_UntypedStorage", NULL, "" },
    { "torch.storage", "UntypedStorage", NULL, "" },
    { "torch.storage", "_UntypedStorage", NULL, "" },
    { "torch", "float64", NULL, "F64" },  { "torch", "float32", NULL, "F32" },
    { "torch", "float16", NULL, "F16" },  { "torch", "bfloat16", NULL, "BF16" },
    { "torch", "int64", NULL, "I64" },    { "torch", "int32", NULL, "I32" },
    { "torch", "int16", NULL, "I16" },    { "torch", "int8", NULL, "I8" },
    { "torch", "uint64", NULL, "U64" },   { "torch", "uint32", NULL, "U32" },
    { "torch", "uint16", NULL, "U16" },   { "torch", "uint8", NULL, "U8" },
    { "torch", "bool", NULL, "BOOL" },
};
/* clang-format on */

static fy_status find(void *arg, const char *module, const char *name, const void **out)
{
    (void)arg;
    for (size_t i = 0; i < FYI_LEN(names) && !*out; i++)
        if (strcmp(names[i].module, module) == 0 && strcmp(names[i].name, name) == 0)
            *out = &names[i];
    return FY_OK;
}

static fy_status call(void *arg, const void *global, const fyi_value *args, fyi_value *out)
{
    const fyi_torch *t = arg;
    const known *k = global;

    if (k->call)
        return k->call(t, args, out);
    return fyi_fail(FY_EFORMAT, "'%s': its pickle calls '%s.%s' as if it were a function", t->name,
                    k->module, k->name);
}

/* ---- storages ------------------------------------------------------------------------------------------------- */

/* The old form's sixth part: None, or (key, offset, size) of a view within the storage that the id names. */
static fy_status note_old(fyi_torch *t, const fyi_value *id, fyi_storage *s)
{
    const fyi_value *view = arg_of(id, 5, FYI_TUPLE),
                    *offset = view ? arg_of(view, 1, FYI_INT) : NULL;

    if (view && (!offset || offset->i < 0))
        return bad(t, "has a view of a storage without an offset");
    s->offset = offset ? offset->i : 0;
    FYI_FORWARD(fyi_grow(&t->seen, &t->cap_seen, t->n_seen + 1, sizeof(*t->seen)));
    t->seen[t->n_seen++] = s;
    return FY_OK;
}

/* ('storage', class, key, device, numel) and in the old form the view. */
static fy_status load(void *arg, const fyi_value *id, fyi_value *out)
{
    fyi_torch *t = arg;
    const fyi_value *kind, *class, *key, *numel;
    const known *k;

    if (id->kind != FYI_TUPLE)
        return bad(t, "refers to something outside by no tuple");
    kind = arg_of(id, 0, FYI_TEXT);
    class = arg_of(id, 1, FYI_GLOBAL);
    key = arg_of(id, 2, FYI_TEXT);
    numel = arg_of(id, 4, FYI_INT);
    k = class ? class->global : NULL;
    if (!kind || !fyi_value_is_text(kind, "storage") || !k || !k->stored || !key || !numel)
        return bad(t, "refers to something outside that is no storage");
    if (numel->i < 0 || strlen(key->text) != key->n)
        return bad(t, "has a storage without a size or a key");
    out->kind = FYI_STORAGE;
    out->storage =
        (fyi_storage){ .key = key->text, .stored = fyi_stored_find(k->stored), .numel = numel->i };
    return t->is_old ? note_old(t, id, &out->storage) : FY_OK;
}

fyi_pickle_hooks fyi_torch_hooks(fyi_torch *t)
{
    return (fyi_pickle_hooks){ .find = find, .call = call, .load = load, .arg = t };
}
