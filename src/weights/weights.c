/* weights.c: the front door: which format a file is of, its table, and one tensor at a time. */
#include "weights/weights.h"

#include "data/data.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* ---- telling formats apart ---------------------------------------------------------------------------- */

static bool is_npy(const fy_weights *w)
{
    return fyi_npy_is(w->file);
}

static bool is_torch_zip(const fy_weights *w)
{
    return w->zip && fyi_is_torch_zip(w->zip);
}

static bool is_torch_legacy(const fy_weights *w)
{
    return fyi_is_torch_legacy(w->file);
}

static bool is_npz(const fy_weights *w)
{
    return w->zip != NULL;
}

/* The last row: its reader says best what is wrong with a file of no format at all. */
static bool is_anything(const fy_weights *w)
{
    (void)w;
    return true;
}

static const struct format_row {
    const char *name;
    bool (*is)(const fy_weights *w);
    fy_status (*read)(fy_weights *w);
    bool has_parts;
} formats[] = {
    { "npy", is_npy, fyi_read_npy, false },
    { "PyTorch zip", is_torch_zip, fyi_read_torch_zip, true },
    { "npz", is_npz, fyi_read_npz, false },
    { "PyTorch legacy", is_torch_legacy, fyi_read_torch_legacy, true },
    { "safetensors", is_anything, fyi_read_safetensors, false },
};

static const struct format_row *find_format(const fy_weights *w)
{
    const struct format_row *row = formats;

    while (!row->is(w))
        row++;
    return row;
}

/* ---- the table ------------------------------------------------------------------------------------------ */

static fy_status check_block(const fy_weights *w, const char *name, const fyi_block *b)
{
    const uint64_t there =
        b->entry < 0 ? fyi_infile_bytes(w->file) : fyi_zip_bytes(w->zip, b->entry);

    if (b->at <= there && b->bytes <= there - b->at)
        return FY_OK;
    return fyi_fail(
        FY_EFORMAT,
        "'%s': the numbers of tensor '%.*s' take %llu bytes from byte %llu on, but only "
        "%llu are there; the file is damaged or was cut off",
        w->name, FYI_NAME_CHARS, name, (unsigned long long)b->bytes, (unsigned long long)b->at,
        (unsigned long long)there);
}

/* Reports and safetensors have room for nothing else; the parser's own opinion is what counts. */
static fy_status check_name(const fy_weights *w, const char *name)
{
    json_t *j = json_string(name);
    const bool is_utf8 = j != NULL;

    json_decref(j);
    return is_utf8
               ? FY_OK
               : fyi_fail(FY_EFORMAT, "'%s': the name of tensor %zu is not UTF-8", w->name, w->n);
}

fy_status fyi_weights_put(fy_weights *w, const char *name, const fyi_view *v, const fyi_block *b)
{
    fyi_tensor_row row = { .view = *v, .block = *b };

    FYI_FORWARD(check_name(w, name));
    FYI_FORWARD(fy_shape_check(&v->shape, v->stored->dtype));
    FYI_FORWARD(check_block(w, name, b));
    FYI_FORWARD(fyi_view_check(v, b->bytes / v->stored->bytes, w->name, name));
    if (w->n == INT32_MAX)
        return fyi_fail(FY_EFORMAT, "'%s' has more than %d tensors", w->name, INT32_MAX);
    FYI_FORWARD(fyi_grow(&w->rows, &w->cap, w->n + 1, sizeof *w->rows));
    row.name = fyi_arena_dup(&w->texts, name, strlen(name) + 1);
    if (!row.name)
        return fyi_enomem(strlen(name), "a tensor's name");
    w->rows[w->n++] = row;
    return FY_OK;
}

fy_status fyi_weights_put_meta(fy_weights *w, const char *key, const char *value)
{
    fyi_meta_row row;

    FYI_FORWARD(fyi_grow(&w->meta, &w->cap_meta, w->n_meta + 1, sizeof *w->meta));
    row.key = fyi_arena_dup(&w->texts, key, strlen(key) + 1);
    row.value = fyi_arena_dup(&w->texts, value, strlen(value) + 1);
    if (!row.key || !row.value)
        return fyi_enomem(strlen(value), "metadata");
    w->meta[w->n_meta++] = row;
    return FY_OK;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(fyi_tensor_row *const *)a)->name, (*(fyi_tensor_row *const *)b)->name);
}

static fy_status sort_names(fy_weights *w)
{
    w->by_name = fyi_calloc(w->n, sizeof(*w->by_name));
    if (!w->by_name)
        return fyi_enomem(w->n * sizeof(*w->by_name), "a file's table of tensors");
    for (size_t i = 0; i < w->n; i++)
        w->by_name[i] = &w->rows[i];
    if (w->n > 0)
        qsort(w->by_name, w->n, sizeof(*w->by_name), compare_names);
    for (size_t i = 1; i < w->n; i++)
        if (strcmp(w->by_name[i - 1]->name, w->by_name[i]->name) == 0)
            return fyi_fail(FY_EFORMAT, "'%s' has two tensors '%.*s'", w->name, FYI_NAME_CHARS,
                            w->by_name[i]->name);
    return FY_OK;
}

/* ---- opening --------------------------------------------------------------------------------------------- */

static fy_status read_table(fy_weights *w)
{
    const struct format_row *row;

    if (fyi_zip_is(w->file))
        FYI_FORWARD(fyi_zip_open(w->file, &w->zip));
    row = find_format(w);
    w->format = row->name;
    if (w->part && !row->has_parts)
        return fyi_fail(FY_EINVAL, "'%s' is %s, which has no parts such as '%s'", w->name,
                        row->name, w->part);
    FYI_FORWARD(row->read(w));
    return sort_names(w);
}

/* Takes the file, also on failure. */
static fy_status open_file(fyi_infile *f, const char *part, fy_weights **out)
{
    fy_weights *w = fyi_calloc(1, sizeof *w);
    fy_status st;

    if (!w) {
        fyi_infile_close(f);
        return fyi_enomem(sizeof *w, "a weights file");
    }
    w->file = f;
    w->name = fyi_infile_name(f);
    w->part = part;
    st = read_table(w);
    w->part = NULL; /* the caller's */
    if (st != FY_OK)
        fy_weights_close(w);
    else
        *out = w;
    return st;
}

fy_status fyi_weights_parse(const char *name, const void *file, size_t bytes, fy_weights **out)
{
    fyi_infile *f;

    *out = NULL;
    FYI_FORWARD(fyi_infile_lend(name, file, bytes, &f));
    return open_file(f, NULL, out);
}

fy_status fy_weights_open_part(const char *path, const char *part, fy_weights **out)
{
    fyi_infile *f;

    *out = NULL;
    FYI_FORWARD(fyi_infile_open(path, &f));
    return open_file(f, part, out);
}

fy_status fy_weights_open(const char *path, fy_weights **out)
{
    return fy_weights_open_part(path, NULL, out);
}

void fy_weights_close(fy_weights *w)
{
    if (!w)
        return;
    fyi_free(w->held);
    fyi_arena_release(&w->texts);
    fyi_free(w->meta);
    fyi_free(w->by_name);
    fyi_free(w->rows);
    fyi_zip_close(w->zip);
    fyi_infile_close(w->file);
    fyi_free(w);
}

/* ---- looking ---------------------------------------------------------------------------------------------- */

static const fyi_tensor_row *row_at(const fy_weights *w, int i)
{
    FYI_ASSERT(i >= 0 && (size_t)i < w->n);
    return &w->rows[i];
}

const char *fy_weights_format(const fy_weights *w)
{
    return w->format;
}

int fy_weights_count(const fy_weights *w)
{
    return (int)w->n;
}

const char *fy_weights_name(const fy_weights *w, int i)
{
    return row_at(w, i)->name;
}

fy_dtype fy_weights_dtype(const fy_weights *w, int i)
{
    return row_at(w, i)->view.stored->dtype;
}

const char *fy_weights_stored(const fy_weights *w, int i)
{
    return row_at(w, i)->view.stored->name;
}

const fy_shape *fy_weights_shape(const fy_weights *w, int i)
{
    return &row_at(w, i)->view.shape;
}

int fy_weights_find(const fy_weights *w, const char *name)
{
    size_t lo = 0, hi = w->n;

    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;

        if (strcmp(w->by_name[mid]->name, name) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == w->n || strcmp(w->by_name[lo]->name, name) != 0)
        return -1;
    return (int)(w->by_name[lo] - w->rows);
}

const char *fy_weights_meta(const fy_weights *w, const char *key)
{
    for (size_t i = 0; i < w->n_meta; i++)
        if (strcmp(w->meta[i].key, key) == 0)
            return w->meta[i].value;
    return NULL;
}

int fy_weights_meta_count(const fy_weights *w)
{
    return (int)w->n_meta;
}

const char *fy_weights_meta_key(const fy_weights *w, int i)
{
    FYI_ASSERT(i >= 0 && (size_t)i < w->n_meta);
    return w->meta[i].key;
}

/* ---- fetching --------------------------------------------------------------------------------------------- */

static bool same_block(const fyi_block *a, const fyi_block *b)
{
    return a->entry == b->entry && a->at == b->at && a->bytes == b->bytes;
}

/* An entry is read from its beginning, because its checksum is that of the whole. */
static fy_status take_entry(const fy_weights *w, const fyi_block *b, void **out)
{
    char *all;
    size_t bytes;

    FYI_FORWARD(fyi_zip_take(w->zip, b->entry, out, &bytes));
    all = *out;
    memmove(all, all + b->at, (size_t)b->bytes);
    return FY_OK;
}

static fy_status hold(fy_weights *w, const fyi_block *b)
{
    if (w->held && same_block(&w->held_block, b))
        return FY_OK;
    fyi_free(w->held);
    w->held = NULL;
    if (b->entry < 0)
        FYI_FORWARD(fyi_infile_take(w->file, b->at, b->bytes, &w->held));
    else
        FYI_FORWARD(take_entry(w, b, &w->held));
    w->held_block = *b;
    return FY_OK;
}

static fy_status read_converted(const fy_weights *w, const fyi_tensor_row *row, fy_dtype t,
                                void *dst)
{
    const fy_dtype from = row->view.stored->dtype;
    const size_t bytes = fyi_shape_bytes(&row->view.shape, from);
    void *values = fyi_alloc(bytes);
    fy_status st;

    if (!values)
        return fyi_enomem(bytes, row->name);
    st = fyi_view_read(&row->view, w->held, values, w->name, row->name);
    if (st == FY_OK)
        fy_cast(t, dst, from, values, fy_shape_numel(&row->view.shape));
    fyi_free(values);
    return st;
}

static fy_status read_row(fy_weights *w, const fyi_tensor_row *row, fy_dtype t, void *dst)
{
    FYI_FORWARD(hold(w, &row->block));
    if (t == row->view.stored->dtype)
        return fyi_view_read(&row->view, w->held, dst, w->name, row->name);
    return read_converted(w, row, t, dst);
}

fy_status fyi_weights_read_leading(fy_weights *w, int i, const fy_shape *s, float *dst)
{
    fyi_tensor_row row = *row_at(w, i);

    row.view.shape = *s; /* within the view that was checked */
    return read_row(w, &row, FY_F32, dst);
}

fy_status fy_weights_read(fy_weights *w, int i, fy_dtype t, void *dst, int64_t n)
{
    const fyi_tensor_row *row = row_at(w, i);

    if (fy_shape_numel(&row->view.shape) != n)
        return fyi_fail(FY_ESHAPE, "'%s': tensor '%.*s' has %lld values, not %lld", w->name,
                        FYI_NAME_CHARS, row->name, (long long)fy_shape_numel(&row->view.shape),
                        (long long)n);
    return read_row(w, row, t, dst);
}

fy_status fy_weights_tensor(fy_weights *w, int i, fy_tensor **out)
{
    fy_status st;

    FYI_FORWARD(fy_tensor_new(fy_weights_dtype(w, i), *fy_weights_shape(w, i), out));
    st = fy_weights_read(w, i, fy_weights_dtype(w, i), fy_tensor_data(*out), fy_tensor_numel(*out));
    if (st != FY_OK) {
        fy_tensor_free(*out);
        *out = NULL;
    }
    return st;
}
