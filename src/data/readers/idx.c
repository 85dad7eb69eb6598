/* idx.c: MNIST's array files (LeCun, Cortes, Burges), plain or gzip.
 *
 *   byte 0, 1: zero; 2: type, 0x08 = u8; 3: rank; then rank sizes, big-endian u32; then the values.
 *   images: 0x00000803 [n, h, w] or 0x00000804 [n, c, h, w]; labels: 0x00000801 [n].
 * Pixels stay u8 in memory and become value / 255 when a sample is read. */
#include "data/data.h"

#include <string.h>

#define FILE_LIMIT ((size_t)16 << 30)

/* ---- the file -------------------------------------------------------------------------------- */

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Reads exactly n bytes of the header. */
static fy_status read_header(const char *name, fyi_bytes *b, fyi_sha256 *sum, uint8_t *dst, size_t n)
{
    size_t got;

    FYI_FORWARD(fyi_bytes_read(b, dst, n, &got));
    if (got < n)
        return fyi_fail(FY_EFORMAT, "'%s' ends inside its idx header; it is empty or was cut off",
                        name);
    fyi_sha256_update(sum, dst, n);
    return FY_OK;
}

static fy_status check_magic(const char *name, uint32_t magic, fyi_idx_kind kind)
{
    const bool is_labels = magic == 0x801, is_images = magic == 0x803 || magic == 0x804;

    if (kind == FYI_IDX_IMAGES ? is_images : is_labels)
        return FY_OK;
    if (is_labels || is_images)
        return fyi_fail(FY_EFORMAT,
                        "'%s' holds %s (magic 0x%x) but was given as %s; were images and "
                        "labels swapped?",
                        name, is_labels ? "labels" : "images", (unsigned)magic,
                        kind == FYI_IDX_IMAGES ? "images" : "labels");
    if (magic >> 16 == 0 && (magic >> 8 & 0xff) != 8)
        return fyi_fail(FY_EFORMAT, "'%s' is an idx file of type 0x%02x; only u8 (0x08) is read",
                        name, (unsigned)(magic >> 8 & 0xff));
    return fyi_fail(FY_EFORMAT, "'%s' is not an idx file of %s: it begins with 0x%08x, expected %s",
                    name, kind == FYI_IDX_IMAGES ? "images" : "labels", (unsigned)magic,
                    kind == FYI_IDX_IMAGES ? "0x00000803 or 0x00000804" : "0x00000801");
}

/* The product of the sizes, held against what the file can still give before any memory is
 * taken. */
static fy_status count_bytes(const char *name, const fyi_bytes *b, fyi_idx *a)
{
    const uint64_t bound = fyi_bytes_bound(b);
    char text[96];
    const fy_shape s = { .rank = a->rank, .d = { a->d[0], a->d[1], a->d[2], a->d[3] } };

    a->bytes = 1;
    for (int i = 0; i < a->rank; i++) {
        if (a->d[i] == 0)
            return fyi_fail(FY_EFORMAT, "'%s' holds no values: its header says %s", name,
                            fy_shape_text(&s, text, sizeof text));
        if (fyi_mul_overflows(a->bytes, (size_t)a->d[i], &a->bytes) || a->bytes > bound)
            return fyi_fail(FY_EFORMAT,
                            "'%s': its header says %s, but at most %llu bytes follow; "
                            "the file was cut off or its header is damaged",
                            name, fy_shape_text(&s, text, sizeof text), (unsigned long long)bound);
    }
    return FY_OK;
}

static fy_status read_values(const char *name, fyi_bytes *b, fyi_sha256 *sum, fyi_idx *a)
{
    uint8_t extra;
    size_t got;

    a->data = fyi_alloc(a->bytes);
    if (a->data == NULL)
        return fyi_enomem(a->bytes, name);
    FYI_FORWARD(fyi_bytes_read(b, a->data, a->bytes, &got));
    if (got < a->bytes)
        return fyi_fail(FY_EFORMAT, "'%s': its header promises %zu values, only %zu follow", name,
                        a->bytes, got);
    FYI_FORWARD(fyi_bytes_read(b, &extra, 1, &got));
    if (got > 0)
        return fyi_fail(FY_EFORMAT,
                        "'%s': more bytes follow the %zu values that its header "
                        "promises",
                        name, a->bytes);
    fyi_sha256_update(sum, a->data, a->bytes);
    return FY_OK;
}

static fy_status parse(const char *name, fyi_bytes *b, fyi_idx_kind kind, fyi_sha256 *sum,
                       fyi_idx *a)
{
    uint8_t head[4];

    FYI_FORWARD(read_header(name, b, sum, head, 4));
    FYI_FORWARD(check_magic(name, be32(head), kind));
    a->rank = head[3];
    for (int i = 0; i < a->rank; i++) {
        FYI_FORWARD(read_header(name, b, sum, head, 4));
        a->d[i] = be32(head);
    }
    FYI_FORWARD(count_bytes(name, b, a));
    return read_values(name, b, sum, a);
}

fy_status fyi_idx_parse(const char *name, const void *file, size_t n, fyi_idx_kind kind,
                        fyi_sha256 *sum, fyi_idx *out)
{
    fyi_bytes *b = NULL;
    fy_status st;

    *out = (fyi_idx){ 0 };
    FYI_FORWARD(fyi_bytes_open(name, file, n, &b));
    st = parse(name, b, kind, sum, out);
    fyi_bytes_close(b);
    if (st != FY_OK) {
        fyi_free(out->data);
        *out = (fyi_idx){ 0 };
    }
    return st;
}

/* ---- the dataset ----------------------------------------------------------------------------- */

/* Takes a's data. */
static fy_status new_source(fyi_idx *a, fyi_sha256 *sum, fyi_source **out)
{
    const int last = a->rank - 1;
    uint8_t *pixels = a->data;

    a->data = NULL;
    return fyi_pixels_source_new(pixels, a->d[0],
                                 FY_SHAPE(a->rank == 4 ? a->d[1] : 1, a->d[last - 1], a->d[last]),
                                 sum, out);
}

static fy_status read_file(const char *path, fyi_idx_kind kind, fyi_sha256 *sum, fyi_idx *out)
{
    char *file;
    size_t n;
    fy_status st;

    *out = (fyi_idx){ 0 };
    FYI_FORWARD(fyi_file_read(path, FILE_LIMIT, &file, &n));
    st = fyi_idx_parse(path, file, n, kind, sum, out);
    fyi_free(file);
    return st;
}

/* label [n]; the count of classes is the largest label plus one. */
static int32_t *widen_labels(const fyi_idx *a, int *n_classes)
{
    int32_t *label = fyi_calloc(a->bytes, sizeof *label);

    *n_classes = 0;
    for (size_t i = 0; label != NULL && i < a->bytes; i++) {
        label[i] = a->data[i];
        *n_classes = FYI_MAX(*n_classes, label[i] + 1);
    }
    return label;
}

/* One for each of n images. */
static fy_status read_labels(const char *path, const char *images_path, int64_t n, fyi_sha256 *sum,
                             int32_t **label, int *n_classes)
{
    fyi_idx labels = { 0 };
    fy_status st;

    FY_TRY(read_file(path, FYI_IDX_LABELS, sum, &labels));
    if (labels.d[0] != n)
        FY_TRY(fyi_fail(FY_EFORMAT,
                        "'%s' holds %lld labels but '%s' holds %lld images; they are "
                        "not of one set",
                        path, (long long)labels.d[0], images_path, (long long)n));
    *label = widen_labels(&labels, n_classes);
    if (*label == NULL)
        st = fyi_enomem(labels.bytes * sizeof **label, path);
done:
    fyi_free(labels.data);
    return st;
}

static fy_status open_raw(const char *images_path, const char *labels_path, const char *name,
                          fy_dataset **out)
{
    fyi_idx images = { 0 };
    fyi_source *source = NULL;
    int32_t *label = NULL;
    int n_classes = 0;
    fyi_sha256 sum;
    fy_status st;

    fyi_sha256_init(&sum);
    FY_TRY(read_file(images_path, FYI_IDX_IMAGES, &sum, &images));
    if (labels_path != NULL)
        FY_TRY(read_labels(labels_path, images_path, images.d[0], &sum, &label, &n_classes));
    FY_TRY(new_source(&images, &sum, &source));
    st = fyi_dataset_new(&(fyi_dataset_spec){ .source = source,
                                              .n = source->n,
                                              .label = label,
                                              .n_classes = n_classes,
                                              .name = name,
                                              .how = "" },
                         out);
done:
    fyi_source_drop(source);
    fyi_free(label);
    fyi_free(images.data);
    return st;
}

fy_status fy_idx_open(const char *images_path, const char *labels_path, const char *name,
                      const fy_image_opts *o, fy_dataset **out)
{
    fy_dataset *raw;

    *out = NULL;
    FYI_FORWARD(
        open_raw(images_path, labels_path, name != NULL ? name : fyi_base_name(images_path), &raw));
    return fyi_dataset_prepared(raw, o, out);
}
