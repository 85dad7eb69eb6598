/* torch_legacy.c: PyTorch's files before 1.6 (and later ones saved the old way): five pickles in a row, then the
 * storages.
 *
 *   0x1950a86a20f9469cfc6c | 1001 | {"little_endian": ...} | the object | [keys]
 *   for each key, in that order: i64 number of numbers, the numbers
 *
 * Numbers are little-endian on every machine: the writer turned them round (THPStorage_writeFileRaw). What the
 * third pickle says is the writing machine's own order, and of no interest. */
#include "weights/torch.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t magic[10] = { 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19 };
#define PROTOCOL 1001

/* A storage and where its numbers lie. */
typedef struct place_row {
    const char *key;
    uint64_t at, bytes;
} place_row;

typedef struct reader {
    fy_weights *w;
    fyi_arena arena;
    fyi_torch torch;
    fyi_pickle_hooks hooks;
    uint64_t at;
    place_row *rows; /* [n], sorted by key once they are all there */
    size_t n;
} reader;

/* A pickle; but 0x80 0x02 also begins a safetensors file whose header has 640 bytes, or as many and some more. */
bool fyi_is_torch_legacy(const fyi_infile *f)
{
    uint8_t front[9] = { 0 };
    const size_t n = (size_t)FYI_MIN(fyi_infile_bytes(f), sizeof front);

    return n >= 2 && fyi_infile_read(f, 0, front, n) == FY_OK && front[0] == 0x80 &&
           front[1] <= 5 && !(front[8] == '{' && memcmp(front + 4, "\0\0\0\0", 4) == 0);
}

/* ---- the pickles ------------------------------------------------------------------------------------------- */

static fy_status next_pickle(reader *r, fyi_value **out)
{
    return fyi_pickle_read(r->w->file, &r->at, r->at + FYI_PICKLE_LIMIT, &r->hooks, &r->arena, out);
}

static fy_status read_front(reader *r)
{
    fyi_value *v;

    FYI_FORWARD(next_pickle(r, &v));
    if (v->kind != FYI_LONG || v->n != sizeof magic || memcmp(v->text, magic, sizeof magic) != 0)
        return fyi_fail(FY_EFORMAT,
                        "'%s' is a pickle, but not one by torch.save; save the weights with "
                        "torch.save, or as safetensors or .npz",
                        r->w->name);
    FYI_FORWARD(next_pickle(r, &v));
    if (v->kind != FYI_INT || v->i != PROTOCOL)
        return fyi_fail(FY_EFORMAT, "'%s' is of another version than 1001 of PyTorch's old format",
                        r->w->name);
    return next_pickle(r, &v); /* the writing machine */
}

/* ---- the storages --------------------------------------------------------------------------------------------- */

static int compare_seen(const void *a, const void *b)
{
    return strcmp((*(const fyi_storage *const *)a)->key, (*(const fyi_storage *const *)b)->key);
}

static int compare_rows(const void *a, const void *b)
{
    return strcmp(((const place_row *)a)->key, ((const place_row *)b)->key);
}

/* What the object said of a storage: without that nobody knows how long it is. */
static const fyi_storage *find_seen(const reader *r, const char *key)
{
    const fyi_storage wanted = { .key = key }, *p = &wanted;
    const fyi_storage *const *found =
        r->torch.n_seen > 0
            ? bsearch(&p, r->torch.seen, r->torch.n_seen, sizeof(*r->torch.seen), compare_seen)
            : NULL;

    return found ? *found : NULL;
}

static fy_status read_count(const reader *r, uint64_t *n)
{
    uint8_t count[8];

    FYI_FORWARD(fyi_infile_read(r->w->file, r->at, count, sizeof count));
    *n = 0;
    for (int i = 7; i >= 0; i--)
        *n = *n << 8 | count[i];
    return FY_OK;
}

/* The file says how many numbers a storage has, the object of what type they are. */
static fy_status measure(reader *r, const fyi_storage *s, place_row *row)
{
    const uint64_t unit = s->stored ? s->stored->bytes : 1;
    uint64_t n, left;

    FYI_FORWARD(read_count(r, &n));
    left = fyi_infile_bytes(r->w->file) - r->at - 8;
    if (n != (uint64_t)s->numel || n > left / unit)
        return fyi_fail(
            FY_EFORMAT,
            "'%s': its storage '%.40s' should have %lld numbers; it says %llu, and %llu "
            "bytes follow; the file is damaged or was cut off",
            r->w->name, s->key, (long long)s->numel, (unsigned long long)n,
            (unsigned long long)left);
    *row = (place_row){ s->key, r->at + 8, n * unit };
    r->at = row->at + row->bytes;
    return FY_OK;
}

static fy_status measure_next(reader *r, const fyi_value *key)
{
    const fyi_storage *s = key->kind == FYI_TEXT ? find_seen(r, key->text) : NULL;

    if (!s)
        return fyi_fail(FY_EFORMAT, "'%s' has a storage that no tensor is of; the file is damaged",
                        r->w->name);
    return measure(r, s, &r->rows[r->n++]);
}

static fy_status measure_all(reader *r, const fyi_value *keys)
{
    if (keys->kind != FYI_LIST)
        return fyi_fail(FY_EFORMAT, "'%s' has no list of its storages; the file is damaged",
                        r->w->name);
    r->rows = fyi_calloc(keys->n, sizeof *r->rows);
    if (!r->rows)
        return fyi_enomem(keys->n * sizeof *r->rows, "a file's storages");
    if (r->torch.n_seen > 0)
        qsort(r->torch.seen, r->torch.n_seen, sizeof(*r->torch.seen), compare_seen);
    for (size_t i = 0; i < keys->n; i++)
        FYI_FORWARD(measure_next(r, keys->items[i]));
    if (r->n > 0)
        qsort(r->rows, r->n, sizeof *r->rows, compare_rows);
    if (r->at == fyi_infile_bytes(r->w->file))
        return FY_OK;
    return fyi_fail(FY_EFORMAT, "'%s' goes on for %llu bytes after its last storage", r->w->name,
                    (unsigned long long)(fyi_infile_bytes(r->w->file) - r->at));
}

static fy_status place(void *arg, const fyi_storage *s, fyi_block *b)
{
    const reader *r = arg;
    const place_row wanted = { .key = s->key },
                    *row = r->n > 0 ? bsearch(&wanted, r->rows, r->n, sizeof *row, compare_rows)
                                    : NULL;

    if (!row)
        return fyi_fail(FY_EFORMAT, "'%s' lacks the storage '%.40s'; the file is damaged",
                        r->w->name, s->key);
    *b = (fyi_block){ -1, row->at, row->bytes };
    return FY_OK;
}

static fy_status read_file(reader *r)
{
    fyi_value *root, *keys;

    FYI_FORWARD(read_front(r));
    FYI_FORWARD(next_pickle(r, &root));
    FYI_FORWARD(next_pickle(r, &keys));
    FYI_FORWARD(measure_all(r, keys));
    return fyi_torch_put(r->w, root, false, place, r);
}

fy_status fyi_read_torch_legacy(fy_weights *w)
{
    reader r = { .w = w };
    fy_status st;

    r.torch = (fyi_torch){ .name = w->name, .arena = &r.arena, .is_old = true };
    r.hooks = fyi_torch_hooks(&r.torch);
    st = read_file(&r);
    fyi_free(r.rows);
    fyi_free(r.torch.seen);
    fyi_arena_release(&r.arena);
    return st;
}
