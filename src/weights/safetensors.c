/* safetensors.c: reading the table of named tensors and string metadata.
 *
 *   u64 length (little-endian) | header, JSON of `length` bytes | data
 *   header: {"__metadata__": {"key": "text"},
 *            "conv1.weight": {"dtype": "F32", "shape": [20, 1, 5, 5], "data_offsets": [0, 2000]}, ...}
 *
 * Offsets count from the data's first byte; sorted, they must cover the data without hole or overlap. No
 * length is believed before it is held against the bytes that are there. docs/formats.md has the rules. */
#include "weights/weights.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* One tensor of the header. */
typedef struct entry {
    const char *name; /* the JSON's */
    fyi_view view;
    uint64_t begin, end; /* in the data */
} entry;

typedef struct header {
    fy_weights *w;
    json_t *root;
    const json_t *meta; /* NULL: none */
    entry *entries;
    size_t n;
    uint64_t data, data_bytes; /* where the data lies */
    bool is_sealed;
} header;

/* ---- data types -------------------------------------------------------------------------------- */

/* What the format knows besides the types that Ferry reads. */
static const char *const unread_types[] = {
    "F4",      "F6_E2M3", "F6_E3M2",     "F8_E5M2",     "F8_E4M3",
    "F8_E8M0", "C64",     "F8_E5M2FNUZ", "F8_E4M3FNUZ",
};

static fy_status bad(const header *h, const char *tensor, const char *what)
{
    return fyi_fail(FY_EFORMAT, "'%s' is not a valid safetensors file: tensor '%.*s' %s",
                    h->w->name, FYI_NAME_CHARS, tensor, what);
}

static fy_status read_dtype(const header *h, const json_t *v, entry *e)
{
    const char *text = json_string_value(v);

    e->view.stored = text ? fyi_stored_find(text) : NULL;
    if (e->view.stored)
        return FY_OK;
    for (size_t i = 0; text && i < FYI_LEN(unread_types); i++)
        if (strcmp(text, unread_types[i]) == 0)
            return fyi_fail(
                FY_EDTYPE,
                "'%s': tensor '%.*s' is %s, which Ferry does not read (it reads " FYI_STORED_NAMES
                "); save it as F32",
                h->w->name, FYI_NAME_CHARS, e->name, text);
    return bad(h, e->name, "has no \"dtype\" that the format knows");
}

/* ---- one tensor's row of the header --------------------------------------------------------------- */

static fy_status read_shape(const header *h, const json_t *v, entry *e)
{
    const size_t rank = json_array_size(v); /* 0 when v is no list */

    if (!json_is_array(v))
        return bad(h, e->name, "has no list \"shape\"");
    if (rank > FY_MAX_RANK)
        return fyi_fail(FY_ESHAPE, "'%s': tensor '%.*s' has %zu axes, Ferry takes at most %d",
                        h->w->name, FYI_NAME_CHARS, e->name, rank, FY_MAX_RANK);
    e->view.shape.rank = (int)rank;
    for (size_t i = 0; i < rank; i++) {
        const json_t *size = json_array_get(v, i);

        if (!json_is_integer(size) || json_integer_value(size) < 0)
            return bad(h, e->name, "has a size that is no whole number from 0 on");
        e->view.shape.d[i] = json_integer_value(size);
    }
    if (fy_shape_check(&e->view.shape, e->view.stored->dtype) != FY_OK)
        return bad(h, e->name, "is larger than the address space");
    return FY_OK;
}

static fy_status check_span(const header *h, const entry *e)
{
    const uint64_t bytes = (uint64_t)fy_shape_numel(&e->view.shape) * e->view.stored->bytes;
    char text[FYI_SPEC_CHARS];

    if (e->end - e->begin == bytes)
        return FY_OK;
    return fyi_fail(FY_EFORMAT, "'%s': tensor '%.*s' is %s %s, which is %llu bytes, but has %llu",
                    h->w->name, FYI_NAME_CHARS, e->name, e->view.stored->name,
                    fy_shape_text(&e->view.shape, text, sizeof text), (unsigned long long)bytes,
                    (unsigned long long)(e->end - e->begin));
}

static fy_status read_offsets(const header *h, const json_t *v, entry *e)
{
    const json_t *b = json_array_get(v, 0), *n = json_array_get(v, 1);

    if (json_array_size(v) != 2 || !json_is_integer(b) || !json_is_integer(n))
        return bad(h, e->name, "has no pair of whole numbers \"data_offsets\"");
    if (json_integer_value(b) < 0 || json_integer_value(n) < json_integer_value(b) ||
        (uint64_t)json_integer_value(n) > h->data_bytes)
        return fyi_fail(FY_EFORMAT,
                        "'%s': tensor '%.*s' claims bytes %lld to %lld, but %llu bytes of data "
                        "are there; the file is damaged or was cut off",
                        h->w->name, FYI_NAME_CHARS, e->name, (long long)json_integer_value(b),
                        (long long)json_integer_value(n), (unsigned long long)h->data_bytes);
    e->begin = (uint64_t)json_integer_value(b);
    e->end = (uint64_t)json_integer_value(n);
    return check_span(h, e);
}

static fy_status read_entry(const header *h, const json_t *v, entry *e)
{
    if (!json_is_object(v) || json_object_size(v) != 3)
        return bad(h, e->name,
                   "is not described by exactly \"dtype\", \"shape\" and \"data_offsets\"");
    FYI_FORWARD(read_dtype(h, json_object_get(v, "dtype"), e));
    FYI_FORWARD(read_shape(h, json_object_get(v, "shape"), e));
    fyi_view_pack(&e->view, false);
    return read_offsets(h, json_object_get(v, "data_offsets"), e);
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

static fy_status check_cover(const header *h)
{
    uint64_t covered = 0;

    for (size_t i = 0; i < h->n; i++) {
        const entry *e = &h->entries[i];

        if (e->begin < covered)
            return bad(h, e->name, "overlaps another");
        if (e->begin > covered)
            return bad(h, e->name, "leaves a hole before it that belongs to no tensor");
        covered = e->end;
    }
    if (covered == h->data_bytes)
        return FY_OK;
    return fyi_fail(FY_EFORMAT,
                    "'%s' is not a valid safetensors file: its last %llu bytes belong to no "
                    "tensor",
                    h->w->name, (unsigned long long)(h->data_bytes - covered));
}

static fy_status put_entries(const header *h)
{
    for (size_t i = 0; i < h->n; i++) {
        const entry *e = &h->entries[i];
        const fyi_block b = { -1, h->data + e->begin, e->end - e->begin };

        FYI_FORWARD(fyi_weights_put(h->w, e->name, &e->view, &b));
    }
    return FY_OK;
}

static fy_status read_entries(header *h)
{
    const size_t n = json_object_size(h->root) - (h->meta ? 1 : 0);
    const char *key;
    json_t *v;

    h->entries = fyi_calloc(n, sizeof *h->entries);
    if (!h->entries)
        return fyi_enomem(n * sizeof *h->entries, "a file's table of tensors");
    json_object_foreach(h->root, key, v)
    {
        if (v == h->meta)
            continue;
        h->entries[h->n].name = key;
        FYI_FORWARD(read_entry(h, v, &h->entries[h->n]));
        h->n++;
    }
    qsort(h->entries, n, sizeof *h->entries, compare_places);
    FYI_FORWARD(check_cover(h));
    return put_entries(h);
}

/* ---- the header ------------------------------------------------------------------------------------------ */

/* This reader also has the last word on files that begin like no format. */
static fy_status check_length(const fy_weights *w, uint64_t claimed, char first)
{
    const uint64_t bytes = fyi_infile_bytes(w->file);

    if (claimed > FYI_WEIGHTS_HEADER_LIMIT)
        return fyi_fail(FY_EFORMAT,
                        "'%s' is no weights file: it begins neither as PyTorch's or NumPy's do nor "
                        "as safetensors, whose header is at most %u bytes long (here the first 8 "
                        "bytes would promise %llu)",
                        w->name, FYI_WEIGHTS_HEADER_LIMIT, (unsigned long long)claimed);
    if (claimed > bytes - 8)
        return fyi_fail(FY_EFORMAT,
                        "'%s' ends inside its header: %llu bytes are promised, %llu follow; the "
                        "file was cut off",
                        w->name, (unsigned long long)claimed, (unsigned long long)(bytes - 8));
    if (claimed == 0 || first != '{')
        return fyi_fail(FY_EFORMAT,
                        "'%s' is not a safetensors file: its header does not begin with '{'",
                        w->name);
    return FY_OK;
}

static fy_status find_header(const fy_weights *w, size_t *length)
{
    const uint64_t bytes = fyi_infile_bytes(w->file);
    uint8_t front[9] = { 0 };
    uint64_t claimed = 0;

    if (bytes < 8)
        return fyi_fail(FY_EFORMAT,
                        "'%s' is no weights file: it has %llu bytes, less than the length of "
                        "safetensors' header takes",
                        w->name, (unsigned long long)bytes);
    FYI_FORWARD(fyi_infile_read(w->file, 0, front, (size_t)FYI_MIN(bytes, sizeof front)));
    for (int i = 7; i >= 0; i--)
        claimed = claimed << 8 | front[i];
    *length = (size_t)claimed;
    return check_length(w, claimed, (char)front[8]);
}

static fy_status hash_rest(const fyi_infile *f, uint64_t at, fyi_sha256 *sum)
{
    const uint64_t end = fyi_infile_bytes(f);
    char piece[1 << 14];

    while (at < end) {
        const size_t n = (size_t)FYI_MIN(end - at, sizeof piece);

        FYI_FORWARD(fyi_infile_read(f, at, piece, n));
        fyi_sha256_update(sum, piece, n);
        at += n;
    }
    return FY_OK;
}

/* Ahead of the JSON: "damaged" says more than whatever a flipped bit looks like to a parser. */
static fy_status check_seal(header *h, size_t length)
{
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
    const size_t seal = sizeof FYI_WEIGHTS_SEAL - 1, digits = 8 + seal;
    char front[8 + sizeof FYI_WEIGHTS_SEAL - 1 + FYI_WEIGHTS_SEAL_DIGITS], hex[65];
    fyi_sha256 sum;

    _Static_assert(sizeof zeros - 1 == FYI_WEIGHTS_SEAL_DIGITS, "a zero for each digit");
    if (length <= seal + FYI_WEIGHTS_SEAL_DIGITS)
        return FY_OK;
    FYI_FORWARD(fyi_infile_read(h->w->file, 0, front, sizeof front));
    if (memcmp(front + 8, FYI_WEIGHTS_SEAL, seal) != 0)
        return FY_OK;
    fyi_sha256_init(&sum);
    fyi_sha256_update(&sum, front, digits);
    fyi_sha256_update(&sum, zeros, FYI_WEIGHTS_SEAL_DIGITS);
    FYI_FORWARD(hash_rest(h->w->file, sizeof front, &sum));
    fyi_sha256_hex(&sum, hex);
    if (memcmp(hex, front + digits, FYI_WEIGHTS_SEAL_DIGITS) != 0)
        return fyi_fail(FY_EFORMAT,
                        "'%s' is damaged: its bytes do not have the SHA-256 that it carries; "
                        "fetch or write it again",
                        h->w->name);
    h->is_sealed = true;
    return FY_OK;
}

static fy_status parse_json(header *h, const char *text, size_t length)
{
    json_error_t e;

    h->root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &e);
    if (!h->root && json_error_code(&e) == json_error_out_of_memory)
        return fyi_enomem(length, "a file's header");
    if (!h->root)
        return fyi_fail(FY_EFORMAT,
                        "'%s' is not a valid safetensors file: its header is not JSON (byte "
                        "%d: %s)",
                        h->w->name, e.position, e.text);
    return FY_OK;
}

static fy_status load_json(header *h, size_t length)
{
    void *text;
    fy_status st;

    FYI_FORWARD(fyi_infile_take(h->w->file, 8, length, &text));
    st = parse_json(h, text, length);
    fyi_free(text);
    return st;
}

/* A key of Ferry's own without the seal: somebody changed the one, or broke the other. */
static fy_status check_meta_row(const header *h, const char *key, const json_t *v)
{
    if (!json_is_string(v))
        return fyi_fail(FY_EFORMAT,
                        "'%s' is not a valid safetensors file: its metadata '%.*s' is not a text",
                        h->w->name, FYI_NAME_CHARS, key);
    if (!h->is_sealed && strncmp(key, "ferry.", 6) == 0)
        return fyi_fail(
            FY_EFORMAT,
            "'%s' is damaged or was changed: it has '%.*s' but not the SHA-256 that "
            "Ferry writes first; leave the ferry.* metadata out of files made elsewhere",
            h->w->name, FYI_NAME_CHARS, key);
    return FY_OK;
}

static fy_status read_meta(header *h)
{
    const char *key;
    json_t *v, *meta = json_object_get(h->root, FYI_WEIGHTS_META);

    if (!meta)
        return FY_OK;
    if (!json_is_object(meta))
        return fyi_fail(FY_EFORMAT,
                        "'%s' is not a valid safetensors file: " FYI_WEIGHTS_META " is not an "
                        "object",
                        h->w->name);
    h->meta = meta;
    json_object_foreach(meta, key, v)
    {
        FYI_FORWARD(check_meta_row(h, key, v));
        FYI_FORWARD(fyi_weights_put_meta(h->w, key, json_string_value(v)));
    }
    return FY_OK;
}

static fy_status read_header(header *h)
{
    size_t length = 0;

    FYI_FORWARD(find_header(h->w, &length));
    h->data = 8 + length;
    h->data_bytes = fyi_infile_bytes(h->w->file) - h->data;
    FYI_FORWARD(check_seal(h, length));
    FYI_FORWARD(load_json(h, length));
    FYI_FORWARD(read_meta(h));
    return read_entries(h);
}

fy_status fyi_read_safetensors(fy_weights *w)
{
    header h = { .w = w };
    const fy_status st = read_header(&h);

    fyi_free(h.entries);
    json_decref(h.root);
    return st;
}
