/* safetensors.c: reading named tensors and string metadata.
 *
 *   u64 length (little-endian) | header, JSON of `length` bytes | data
 *   header: {"__metadata__": {"key": "text"},
 *            "conv1.weight": {"dtype": "F32", "shape": [20, 1, 5, 5], "data_offsets": [0, 2000]}, ...}
 *
 * Offsets count from the data's first byte; sorted, they must cover the data without hole or overlap. No
 * length is believed before it is held against the bytes that are there. docs/formats.md has the rules. */
#include "train/safetensors.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "safetensors data is little-endian and would have to be swapped here"
#endif

#define FILE_LIMIT ((size_t)1 << 44)
#define NAME_CHARS 200 /* of a tensor's name in a sentence */

typedef struct entry {
    const char *name; /* the header's */
    fy_dtype dtype;
    fy_shape shape;
    size_t begin, end; /* in the data */
    const void *data;  /* aligned for dtype */
} entry;

struct fy_weights {
    char *name; /* the file's, for sentences */
    char *file; /* its bytes, NULL when lent */
    json_t *root;
    const json_t *meta; /* NULL: none */
    entry *entries;     /* [n], in the order of the data */
    entry **by_name;    /* [n], sorted */
    int n;
    bool is_sealed;
    fyi_arena copies; /* of tensors that lie unaligned in the file */
};

/* ---- data types -------------------------------------------------------------------------------- */

/* All that the format knows; Ferry reads those with a type. */
/* clang-format off */
static const struct dtype_row {
    const char *name;
    int dtype; /* -1: none of ours */
} dtype_rows[] = {
#define DTYPE_ROW(id, bytes, text) { text, FY_##id },
    FY_DTYPE_MAP(DTYPE_ROW)
#undef DTYPE_ROW
    { "BOOL", -1 },     { "F4", -1 },       { "F6_E2M3", -1 },     { "F6_E3M2", -1 },
    { "I8", -1 },       { "I16", -1 },      { "U16", -1 },         { "U32", -1 },
    { "U64", -1 },      { "F16", -1 },      { "C64", -1 },         { "F8_E5M2", -1 },
    { "F8_E4M3", -1 },  { "F8_E8M0", -1 },  { "F8_E5M2FNUZ", -1 }, { "F8_E4M3FNUZ", -1 },
};
/* clang-format on */

static fy_status bad(const fy_weights *w, const char *tensor, const char *what)
{
    return fyi_fail(FY_EFORMAT, "'%s' is not a valid safetensors file: tensor '%.*s' %s", w->name,
                    NAME_CHARS, tensor, what);
}

static fy_status read_dtype(const fy_weights *w, const json_t *v, entry *e)
{
    const char *text = json_string_value(v);

    for (size_t i = 0; text && i < FYI_LEN(dtype_rows); i++) {
        if (strcmp(text, dtype_rows[i].name) != 0)
            continue;
        if (dtype_rows[i].dtype < 0)
            return fyi_fail(FY_EDTYPE,
                            "'%s': tensor '%.*s' is %s, which Ferry does not read (it reads "
                            "F32, F64, BF16, I32, I64 and U8); save it as F32",
                            w->name, NAME_CHARS, e->name, text);
        e->dtype = (fy_dtype)dtype_rows[i].dtype;
        return FY_OK;
    }
    return bad(w, e->name, "has no \"dtype\" that the format knows");
}

/* ---- one tensor's row of the header --------------------------------------------------------------- */

static fy_status read_shape(const fy_weights *w, const json_t *v, entry *e)
{
    const size_t rank = json_array_size(v); /* 0 when v is no list */

    if (!json_is_array(v))
        return bad(w, e->name, "has no list \"shape\"");
    if (rank > FY_MAX_RANK)
        return fyi_fail(FY_ESHAPE, "'%s': tensor '%.*s' has %zu axes, Ferry takes at most %d",
                        w->name, NAME_CHARS, e->name, rank, FY_MAX_RANK);
    e->shape.rank = (int)rank;
    for (size_t i = 0; i < rank; i++) {
        const json_t *size = json_array_get(v, i);

        if (!json_is_integer(size) || json_integer_value(size) < 0)
            return bad(w, e->name, "has a size that is no whole number from 0 on");
        e->shape.d[i] = json_integer_value(size);
    }
    if (fy_shape_check(&e->shape, e->dtype) != FY_OK)
        return bad(w, e->name, "is larger than the address space");
    return FY_OK;
}

static fy_status read_offsets(const fy_weights *w, const json_t *v, size_t data_bytes, entry *e)
{
    const json_t *b = json_array_get(v, 0), *n = json_array_get(v, 1);
    char text[FYI_SPEC_CHARS];

    if (json_array_size(v) != 2 || !json_is_integer(b) || !json_is_integer(n))
        return bad(w, e->name, "has no pair of whole numbers \"data_offsets\"");
    if (json_integer_value(b) < 0 || json_integer_value(n) < json_integer_value(b) ||
        (uint64_t)json_integer_value(n) > data_bytes)
        return fyi_fail(FY_EFORMAT,
                        "'%s': tensor '%.*s' claims bytes %lld to %lld, but %zu bytes of data "
                        "are there; the file is damaged or was cut off",
                        w->name, NAME_CHARS, e->name, (long long)json_integer_value(b),
                        (long long)json_integer_value(n), data_bytes);
    e->begin = (size_t)json_integer_value(b);
    e->end = (size_t)json_integer_value(n);
    if (e->end - e->begin != fyi_shape_bytes(&e->shape, e->dtype))
        return fyi_fail(FY_EFORMAT, "'%s': tensor '%.*s' is %s, which is %zu bytes, but has %zu",
                        w->name, NAME_CHARS, e->name, fyi_spec_text(e->dtype, &e->shape, text),
                        fyi_shape_bytes(&e->shape, e->dtype), e->end - e->begin);
    return FY_OK;
}

static fy_status read_entry(const fy_weights *w, const json_t *v, size_t data_bytes, entry *e)
{
    if (!json_is_object(v) || json_object_size(v) != 3)
        return bad(w, e->name,
                   "is not described by exactly \"dtype\", \"shape\" and \"data_offsets\"");
    FYI_FORWARD(read_dtype(w, json_object_get(v, "dtype"), e));
    FYI_FORWARD(read_shape(w, json_object_get(v, "shape"), e));
    return read_offsets(w, json_object_get(v, "data_offsets"), data_bytes, e);
}

/* ---- the table of tensors ----------------------------------------------------------------------------- */

/* Empty tensors stand before the one that begins at the same byte. */
static int compare_places(const void *a, const void *b)
{
    const entry *x = a, *y = b;

    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    return strcmp(x->name, y->name);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(entry *const *)a)->name, (*(entry *const *)b)->name);
}

static fy_status check_cover(const fy_weights *w, size_t data_bytes)
{
    size_t covered = 0;

    for (int i = 0; i < w->n; i++) {
        const entry *e = &w->entries[i];

        if (e->begin < covered)
            return bad(w, e->name, "overlaps another");
        if (e->begin > covered)
            return bad(w, e->name, "leaves a hole before it that belongs to no tensor");
        covered = e->end;
    }
    if (covered == data_bytes)
        return FY_OK;
    return fyi_fail(FY_EFORMAT,
                    "'%s' is not a valid safetensors file: its last %zu bytes belong to no "
                    "tensor",
                    w->name, data_bytes - covered);
}

static fy_status read_entries(fy_weights *w, size_t data_bytes)
{
    const size_t n = json_object_size(w->root) - (w->meta ? 1 : 0);
    const char *key;
    json_t *v;

    w->entries = fyi_calloc(n, sizeof *w->entries);
    w->by_name = fyi_calloc(n, sizeof *w->by_name);
    if (!w->entries || !w->by_name)
        return fyi_enomem(n * sizeof *w->entries, "a file's table of tensors");
    json_object_foreach(w->root, key, v)
    {
        if (v == w->meta)
            continue;
        w->entries[w->n].name = key;
        FYI_FORWARD(read_entry(w, v, data_bytes, &w->entries[w->n]));
        w->n++;
    }
    qsort(w->entries, n, sizeof *w->entries, compare_places);
    for (int i = 0; i < w->n; i++)
        w->by_name[i] = &w->entries[i];
    qsort(w->by_name, n, sizeof *w->by_name, compare_names);
    return check_cover(w, data_bytes);
}

/* The format asks for no alignment within the file; C does. */
static fy_status place_data(fy_weights *w, const char *data)
{
    for (int i = 0; i < w->n; i++) {
        entry *e = &w->entries[i];

        e->data = data + e->begin;
        if ((uintptr_t)e->data % fy_dtype_bytes(e->dtype) == 0)
            continue;
        e->data = fyi_arena_dup(&w->copies, data + e->begin, e->end - e->begin);
        if (!e->data)
            return fyi_enomem(e->end - e->begin, e->name);
    }
    return FY_OK;
}

/* ---- the header ------------------------------------------------------------------------------------------ */

static fy_status find_header(const fy_weights *w, const uint8_t *file, size_t bytes, size_t *length)
{
    uint64_t claimed = 0;

    if (bytes < 8)
        return fyi_fail(FY_EFORMAT,
                        "'%s' is not a safetensors file: it has %zu bytes, less than the "
                        "header's length takes",
                        w->name, bytes);
    for (int i = 7; i >= 0; i--)
        claimed = claimed << 8 | file[i];
    if (claimed > FYI_WEIGHTS_HEADER_LIMIT)
        return fyi_fail(FY_EFORMAT,
                        "'%s' is not a safetensors file: its first 8 bytes promise a header of "
                        "%llu bytes, the format allows %u",
                        w->name, (unsigned long long)claimed, FYI_WEIGHTS_HEADER_LIMIT);
    if (claimed > bytes - 8)
        return fyi_fail(FY_EFORMAT,
                        "'%s' ends inside its header: %llu bytes are promised, %zu follow; the "
                        "file was cut off",
                        w->name, (unsigned long long)claimed, bytes - 8);
    if (claimed == 0 || file[8] != '{')
        return fyi_fail(FY_EFORMAT,
                        "'%s' is not a safetensors file: its header does not begin with '{'",
                        w->name);
    *length = (size_t)claimed;
    return FY_OK;
}

/* Ahead of the JSON: "damaged" says more than whatever a flipped bit looks like to a parser. */
static fy_status check_seal(fy_weights *w, const char *file, size_t bytes, size_t length)
{
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
    const size_t seal = sizeof FYI_WEIGHTS_SEAL - 1, digits = 8 + seal;
    fyi_sha256 sum;
    char hex[65];

    _Static_assert(sizeof zeros - 1 == FYI_WEIGHTS_SEAL_DIGITS, "a zero for each digit");
    if (length <= seal + FYI_WEIGHTS_SEAL_DIGITS || memcmp(file + 8, FYI_WEIGHTS_SEAL, seal) != 0)
        return FY_OK;
    fyi_sha256_init(&sum);
    fyi_sha256_update(&sum, file, digits);
    fyi_sha256_update(&sum, zeros, FYI_WEIGHTS_SEAL_DIGITS);
    fyi_sha256_update(&sum, file + digits + FYI_WEIGHTS_SEAL_DIGITS,
                      bytes - digits - FYI_WEIGHTS_SEAL_DIGITS);
    fyi_sha256_hex(&sum, hex);
    if (memcmp(hex, file + digits, FYI_WEIGHTS_SEAL_DIGITS) != 0)
        return fyi_fail(FY_EFORMAT,
                        "'%s' is damaged: its bytes do not have the SHA-256 that it carries; "
                        "fetch or write it again",
                        w->name);
    w->is_sealed = true;
    return FY_OK;
}

static fy_status parse_json(fy_weights *w, const char *header, size_t length)
{
    json_error_t e;

    w->root = json_loadb(header, length, JSON_REJECT_DUPLICATES, &e);
    if (!w->root && json_error_code(&e) == json_error_out_of_memory)
        return fyi_enomem(length, "a file's header");
    if (!w->root)
        return fyi_fail(FY_EFORMAT,
                        "'%s' is not a valid safetensors file: its header is not JSON (byte "
                        "%d: %s)",
                        w->name, e.position, e.text);
    return FY_OK;
}

/* A key of Ferry's own without the seal: somebody changed the one, or broke the other. */
static fy_status check_meta(fy_weights *w)
{
    const char *key;
    json_t *v, *meta = json_object_get(w->root, FYI_WEIGHTS_META);

    if (!meta)
        return FY_OK;
    if (!json_is_object(meta))
        return fyi_fail(FY_EFORMAT,
                        "'%s' is not a valid safetensors file: " FYI_WEIGHTS_META " is not an "
                        "object",
                        w->name);
    w->meta = meta;
    json_object_foreach(meta, key, v)
    {
        if (!json_is_string(v))
            return fyi_fail(FY_EFORMAT,
                            "'%s' is not a valid safetensors file: its metadata '%.*s' is not "
                            "a text",
                            w->name, NAME_CHARS, key);
        if (!w->is_sealed && strncmp(key, "ferry.", 6) == 0)
            return fyi_fail(
                FY_EFORMAT,
                "'%s' is damaged or was changed: it has '%.*s' but not the "
                "SHA-256 that Ferry writes first; leave the ferry.* metadata out of files "
                "made elsewhere",
                w->name, NAME_CHARS, key);
    }
    return FY_OK;
}

static fy_status parse(fy_weights *w, const char *file, size_t bytes)
{
    size_t length = 0;

    FYI_FORWARD(find_header(w, (const uint8_t *)file, bytes, &length));
    FYI_FORWARD(check_seal(w, file, bytes, length));
    FYI_FORWARD(parse_json(w, file + 8, length));
    FYI_FORWARD(check_meta(w));
    FYI_FORWARD(read_entries(w, bytes - 8 - length));
    return place_data(w, file + 8 + length);
}

/* ---- the reader ------------------------------------------------------------------------------------------- */

fy_status fyi_weights_parse(const char *name, const void *file, size_t bytes, fy_weights **out)
{
    fy_weights *w;
    fy_status st;

    *out = NULL;
    w = fyi_calloc(1, sizeof *w);
    if (!w)
        return fyi_enomem(sizeof *w, name);
    w->name = fyi_strdup(name);
    st = w->name ? parse(w, file, bytes) : fyi_enomem(strlen(name), "a file's name");
    if (st != FY_OK) {
        fy_weights_close(w);
        return st;
    }
    *out = w;
    return FY_OK;
}

fy_status fy_weights_open(const char *path, fy_weights **out)
{
    char *file;
    size_t bytes;
    fy_status st;

    *out = NULL;
    FYI_FORWARD(fyi_file_read(path, FILE_LIMIT, &file, &bytes));
    st = fyi_weights_parse(path, file, bytes, out);
    if (st == FY_OK)
        (*out)->file = file;
    else
        fyi_free(file);
    return st;
}

void fy_weights_close(fy_weights *w)
{
    if (!w)
        return;
    fyi_arena_release(&w->copies);
    fyi_free(w->by_name);
    fyi_free(w->entries);
    json_decref(w->root);
    fyi_free(w->file);
    fyi_free(w->name);
    fyi_free(w);
}

int fy_weights_count(const fy_weights *w)
{
    return w->n;
}

static const entry *entry_at(const fy_weights *w, int i)
{
    FYI_ASSERT(i >= 0 && i < w->n);
    return &w->entries[i];
}

const char *fy_weights_name(const fy_weights *w, int i)
{
    return entry_at(w, i)->name;
}

fy_dtype fy_weights_dtype(const fy_weights *w, int i)
{
    return entry_at(w, i)->dtype;
}

const fy_shape *fy_weights_shape(const fy_weights *w, int i)
{
    return &entry_at(w, i)->shape;
}

const void *fy_weights_data(const fy_weights *w, int i)
{
    return entry_at(w, i)->data;
}

int fy_weights_find(const fy_weights *w, const char *name)
{
    int lo = 0, hi = w->n;

    while (lo < hi) {
        const int mid = lo + (hi - lo) / 2;

        if (strcmp(w->by_name[mid]->name, name) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == w->n || strcmp(w->by_name[lo]->name, name) != 0)
        return -1;
    return (int)(w->by_name[lo] - w->entries);
}

const char *fy_weights_meta(const fy_weights *w, const char *key)
{
    return json_string_value(json_object_get(w->meta, key));
}
