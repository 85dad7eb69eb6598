/* weights_file.c: writing a safetensors file, or NumPy's .npz, whole or not at all.
 *
 * The same tensors and metadata give the same bytes, in whatever order they were added: tensors stand by
 * falling size of their elements and then by name, which also aligns each of them; metadata stands by
 * key; the header is filled up with spaces until the data begins at a multiple of 64. The file carries the
 * SHA-256 of itself (see weights.h) and Ferry's version. */
#include "weights/weights.h"

#include "data/data.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define DATA_ALIGN 64u

typedef struct item {
    char *name;
    fy_dtype dtype;
    fy_shape shape;
    void *data;
} item;

typedef struct pair {
    char *key, *value;
} pair;

struct fy_weights_file {
    char *path;
    item *items;
    size_t n_items, items_cap;
    pair *pairs;
    size_t n_pairs, pairs_cap;
    fyi_arena texts;
};

fy_status fy_weights_create(const char *path, fy_weights_file **out)
{
    fy_weights_file *f;

    *out = NULL;
    f = fyi_calloc(1, sizeof *f);
    if (!f)
        return fyi_enomem(sizeof *f, path);
    f->path = fyi_strdup(path);
    if (!f->path) {
        fyi_free(f);
        return fyi_enomem(strlen(path), "a path");
    }
    *out = f;
    return FY_OK;
}

void fy_weights_abort(fy_weights_file *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->n_items; i++)
        fyi_free(f->items[i].data);
    fyi_free(f->items);
    fyi_free(f->pairs);
    fyi_arena_release(&f->texts);
    fyi_free(f->path);
    fyi_free(f);
}

/* ---- adding ------------------------------------------------------------------------------------- */

/* JSON holds UTF-8 only; the parser's own opinion is what counts. */
static fy_status check_utf8(const fy_weights_file *f, const char *text, const char *what)
{
    json_t *j = json_string(text);
    const bool is_utf8 = j != NULL;

    json_decref(j);
    return is_utf8 ? FY_OK : fyi_fail(FY_EINVAL, "writing '%s': %s is not UTF-8", f->path, what);
}

static fy_status check_tensor_name(const fy_weights_file *f, const char *name)
{
    FYI_FORWARD(check_utf8(f, name, "a tensor's name"));
    if (strcmp(name, FYI_WEIGHTS_META) == 0)
        return fyi_fail(FY_EINVAL, "writing '%s': no tensor may be called " FYI_WEIGHTS_META,
                        f->path);
    for (size_t i = 0; i < f->n_items; i++)
        if (strcmp(f->items[i].name, name) == 0)
            return fyi_fail(FY_EINVAL, "writing '%s': tensor '%s' was added twice", f->path, name);
    return FY_OK;
}

static char *copy_text(fy_weights_file *f, const char *text)
{
    return fyi_arena_dup(&f->texts, text, strlen(text) + 1);
}

fy_status fy_weights_add(fy_weights_file *f, const char *name, fy_dtype t, const fy_shape *s,
                         const void *data)
{
    item it = { .dtype = t, .shape = *s };
    size_t bytes;

    FYI_FORWARD(check_tensor_name(f, name));
    FYI_FORWARD(fy_shape_check(s, t));
    FYI_FORWARD(fyi_grow(&f->items, &f->items_cap, f->n_items + 1, sizeof *f->items));
    bytes = fyi_shape_bytes(s, t);
    it.name = copy_text(f, name);
    it.data = fyi_alloc(bytes);
    if (!it.name || !it.data) {
        fyi_free(it.data);
        return fyi_enomem(bytes, name);
    }
    if (bytes > 0)
        memcpy(it.data, data, bytes);
    f->items[f->n_items++] = it;
    return FY_OK;
}

fy_status fy_weights_add_meta(fy_weights_file *f, const char *key, const char *value)
{
    pair p;

    FYI_FORWARD(check_utf8(f, key, "a key of the metadata"));
    FYI_FORWARD(check_utf8(f, value, key));
    if (strcmp(key, "ferry.sha256") == 0 || strcmp(key, "ferry.version") == 0)
        return fyi_fail(FY_EINVAL, "writing '%s': the metadata '%s' is the writer's own", f->path,
                        key);
    for (size_t i = 0; i < f->n_pairs; i++)
        if (strcmp(f->pairs[i].key, key) == 0)
            return fyi_fail(FY_EINVAL, "writing '%s': the metadata '%s' was added twice", f->path,
                            key);
    FYI_FORWARD(fyi_grow(&f->pairs, &f->pairs_cap, f->n_pairs + 1, sizeof *f->pairs));
    p.key = copy_text(f, key);
    p.value = copy_text(f, value);
    if (!p.key || !p.value)
        return fyi_enomem(strlen(value), "metadata");
    f->pairs[f->n_pairs++] = p;
    return FY_OK;
}

/* ---- the header ------------------------------------------------------------------------------------ */

static int compare_items(const void *a, const void *b)
{
    const item *x = a, *y = b;
    const size_t x_bytes = fy_dtype_bytes(x->dtype), y_bytes = fy_dtype_bytes(y->dtype);

    if (x_bytes != y_bytes)
        return x_bytes > y_bytes ? -1 : 1;
    return strcmp(x->name, y->name);
}

static int compare_pairs(const void *a, const void *b)
{
    return strcmp(((const pair *)a)->key, ((const pair *)b)->key);
}

static int compare_item_names(const void *a, const void *b)
{
    return strcmp(((const item *)a)->name, ((const item *)b)->name);
}

static void sort(fy_weights_file *f)
{
    if (f->n_items > 0)
        qsort(f->items, f->n_items, sizeof *f->items, compare_items);
    if (f->n_pairs > 0)
        qsort(f->pairs, f->n_pairs, sizeof *f->pairs, compare_pairs);
}

static void put_quoted(fyi_buf *b, const char *s)
{
    fyi_buf_puts(b, "\"");
    for (; *s; s++) {
        if ((unsigned char)*s < 0x20)
            fyi_buf_printf(b, "\\u%04x", (unsigned)*s);
        else if (*s == '"' || *s == '\\')
            fyi_buf_printf(b, "\\%c", *s);
        else
            fyi_buf_append(b, s, 1);
    }
    fyi_buf_puts(b, "\"");
}

static void put_meta(fyi_buf *b, const fy_weights_file *f)
{
    fyi_buf_printf(b, FYI_WEIGHTS_SEAL "%064d\",\"ferry.version\":\"%s\"", 0, fy_version());
    for (size_t i = 0; i < f->n_pairs; i++) {
        fyi_buf_puts(b, ",");
        put_quoted(b, f->pairs[i].key);
        fyi_buf_puts(b, ":");
        put_quoted(b, f->pairs[i].value);
    }
    fyi_buf_puts(b, "}");
}

static void put_item(fyi_buf *b, const item *it, size_t begin, size_t end)
{
    static const char *const names[] = {
#define DTYPE_NAME(id, bytes, text) [FY_##id] = text,
        FY_DTYPE_MAP(DTYPE_NAME)
#undef DTYPE_NAME
    };

    fyi_buf_puts(b, ",");
    put_quoted(b, it->name);
    fyi_buf_printf(b, ":{\"dtype\":\"%s\",\"shape\":[", names[it->dtype]);
    for (int i = 0; i < it->shape.rank; i++)
        fyi_buf_printf(b, "%s%lld", i == 0 ? "" : ",", (long long)it->shape.d[i]);
    fyi_buf_printf(b, "],\"data_offsets\":[%zu,%zu]}", begin, end);
}

/* The length's 8 bytes and the header, with zeros where the hash will be. */
static fy_status make_head(const fy_weights_file *f, fyi_buf *b)
{
    size_t end = 0, length;

    fyi_buf_append(b, "\0\0\0\0\0\0\0", 8);
    put_meta(b, f);
    for (size_t i = 0; i < f->n_items; i++) {
        const size_t begin = end;

        if (__builtin_add_overflow(end, fyi_shape_bytes(&f->items[i].shape, f->items[i].dtype),
                                   &end))
            return fyi_fail(FY_EINVAL, "writing '%s': the tensors exceed the address space",
                            f->path);
        put_item(b, &f->items[i], begin, end);
    }
    fyi_buf_puts(b, "}");
    while (!b->failed && b->len % DATA_ALIGN != 0)
        fyi_buf_puts(b, " ");
    if (b->failed)
        return fyi_enomem(b->len, "a file's header");
    length = b->len - 8;
    if (length > FYI_WEIGHTS_HEADER_LIMIT)
        return fyi_fail(FY_EINVAL,
                        "writing '%s': names and metadata take %zu bytes, the format allows %u",
                        f->path, length, FYI_WEIGHTS_HEADER_LIMIT);
    for (int i = 0; i < 8; i++)
        b->p[i] = (char)(unsigned char)(length >> (8 * i) & 0xff);
    return FY_OK;
}

static void seal(const fy_weights_file *f, fyi_buf *b)
{
    fyi_sha256 sum;
    char hex[65];

    fyi_sha256_init(&sum);
    fyi_sha256_update(&sum, b->p, b->len);
    for (size_t i = 0; i < f->n_items; i++)
        fyi_sha256_update(&sum, f->items[i].data,
                          fyi_shape_bytes(&f->items[i].shape, f->items[i].dtype));
    fyi_sha256_hex(&sum, hex);
    memcpy(b->p + 8 + sizeof FYI_WEIGHTS_SEAL - 1, hex, FYI_WEIGHTS_SEAL_DIGITS);
}

/* ---- committing --------------------------------------------------------------------------------------- */

static fy_status write_items(const fy_weights_file *f, const fyi_buf *head, fyi_outfile *o)
{
    FYI_FORWARD(fyi_outfile_write(o, head->p, head->len));
    for (size_t i = 0; i < f->n_items; i++)
        FYI_FORWARD(fyi_outfile_write(o, f->items[i].data,
                                      fyi_shape_bytes(&f->items[i].shape, f->items[i].dtype)));
    return FY_OK;
}

static fy_status write_file(const fy_weights_file *f, const fyi_buf *head)
{
    fyi_outfile *o = NULL;
    fy_status st;

    FYI_FORWARD(fyi_outfile_open(f->path, &o));
    st = write_items(f, head, o);
    if (st != FY_OK) {
        fyi_outfile_abort(o);
        return st;
    }
    return fyi_outfile_commit(o);
}

static fy_status commit_safetensors(fy_weights_file *f)
{
    fyi_buf head = { 0 };
    fy_status st;

    sort(f);
    FY_TRY(make_head(f, &head));
    seal(f, &head);
    st = write_file(f, &head);
done:
    fyi_buf_release(&head);
    return st;
}

/* In the order of names, as the other format has it among tensors of one type. */
static fy_status commit_npz(fy_weights_file *f)
{
    fyi_array *arrays = fyi_calloc(f->n_items, sizeof *arrays);
    fy_status st;

    if (!arrays)
        return fyi_enomem(f->n_items * sizeof *arrays, f->path);
    if (f->n_items > 0)
        qsort(f->items, f->n_items, sizeof *f->items, compare_item_names);
    for (size_t i = 0; i < f->n_items; i++)
        arrays[i] =
            (fyi_array){ f->items[i].name, f->items[i].dtype, f->items[i].shape, f->items[i].data };
    st = fyi_npz_write(f->path, arrays, f->n_items);
    fyi_free(arrays);
    return st;
}

static bool is_npz(const char *path)
{
    const size_t n = strlen(path);

    return n >= 4 && strcmp(path + n - 4, ".npz") == 0;
}

fy_status fy_weights_commit(fy_weights_file *f)
{
    const fy_status st = is_npz(f->path) ? commit_npz(f) : commit_safetensors(f);

    fy_weights_abort(f);
    return st;
}
