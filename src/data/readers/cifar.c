/* cifar.c: CIFAR-10 and CIFAR-100 in their binary form (Krizhevsky 2009), plain or gzip.
 *
 *   CIFAR-10:  records of 3073 bytes: label 0 .. 9, then 32x32 red, green, blue
 *   CIFAR-100: records of 3074 bytes: coarse label 0 .. 19, fine label 0 .. 99, then the same
 * Class names are read from the files that come with the data, where they lie beside it. */
#include "data/data.h"

#include <string.h>

#define PIXELS 3072
#define FILE_LIMIT ((size_t)1 << 30)
#define BUFFER_RECORDS 256

static const struct kind {
    const char *name, *names_file;
    size_t record, label_at;
    int n_classes;
} kinds[] = {
    [FY_CIFAR10] = { "CIFAR-10", "batches.meta.txt", 1 + PIXELS, 0, 10 },
    [FY_CIFAR100_FINE] = { "CIFAR-100", "fine_label_names.txt", 2 + PIXELS, 1, 100 },
    [FY_CIFAR100_COARSE] = { "CIFAR-100", "coarse_label_names.txt", 2 + PIXELS, 0, 20 },
};

/* ---- records --------------------------------------------------------------------------------- */

static fy_status take_record(const struct kind *k, const char *name, const uint8_t *record,
                             fyi_cifar *c)
{
    const int label = record[k->label_at];

    if (label >= k->n_classes)
        return fyi_fail(FY_EFORMAT,
                        "'%s': image %lld is labelled %d, expected 0 .. %d; it is no %s file", name,
                        (long long)c->n, label, k->n_classes - 1, k->name);
    FYI_FORWARD(fyi_grow(&c->label, &c->label_cap, (size_t)c->n + 1, sizeof *c->label));
    FYI_FORWARD(fyi_grow(&c->pixels, &c->pixels_cap, ((size_t)c->n + 1) * PIXELS, 1));
    c->label[c->n] = label;
    memcpy(c->pixels + c->n * PIXELS, record + k->record - PIXELS, PIXELS);
    c->n++;
    return FY_OK;
}

static fy_status fail_size(const struct kind *k, const char *name, size_t bytes)
{
    const struct kind *other =
        &kinds[k->record == kinds[FY_CIFAR10].record ? FY_CIFAR100_FINE : FY_CIFAR10];

    if (bytes == 0)
        return fyi_fail(FY_EFORMAT, "'%s' is empty", name);
    return fyi_fail(FY_EFORMAT,
                    "'%s' has %zu bytes, which is no multiple of the %zu that an image of %s "
                    "takes; %s",
                    name, bytes, k->record, k->name,
                    bytes % other->record == 0 && other->record == kinds[FY_CIFAR10].record
                        ? "it looks like CIFAR-10"
                    : bytes % other->record == 0 ? "it looks like CIFAR-100"
                                                 : "it was cut off or is another file");
}

/* Reads records until the file ends. */
static fy_status read_records(const struct kind *k, const char *name, fyi_bytes *b, uint8_t *room,
                              fyi_sha256 *sum, fyi_cifar *c)
{
    size_t total = 0, got;

    do {
        FYI_FORWARD(fyi_bytes_read(b, room, BUFFER_RECORDS * k->record, &got));
        fyi_sha256_update(sum, room, got);
        total += got;
        if (total > FILE_LIMIT)
            return fyi_fail(FY_EFORMAT, "'%s' holds more than %zu bytes; it is no %s file", name,
                            FILE_LIMIT, k->name);
        for (size_t at = 0; at + k->record <= got; at += k->record)
            FYI_FORWARD(take_record(k, name, room + at, c));
    } while (got == BUFFER_RECORDS * k->record);
    return total > 0 && total % k->record == 0 ? FY_OK : fail_size(k, name, total);
}

fy_status fyi_cifar_parse(const char *name, const void *file, size_t n, fy_cifar_kind kind,
                          fyi_sha256 *sum, fyi_cifar *c)
{
    const struct kind *k = &kinds[kind];
    uint8_t *room = NULL;
    fyi_bytes *b = NULL;
    fy_status st;

    FY_TRY(fyi_bytes_open(name, file, n, &b));
    room = fyi_alloc(BUFFER_RECORDS * k->record);
    FY_TRY(room != NULL ? read_records(k, name, b, room, sum, c)
                        : fyi_enomem(BUFFER_RECORDS * k->record, name));
done:
    fyi_free(room);
    fyi_bytes_close(b);
    return st;
}

void fyi_cifar_release(fyi_cifar *c)
{
    fyi_free(c->pixels);
    fyi_free(c->label);
    *c = (fyi_cifar){ 0 };
}

/* ---- the dataset ----------------------------------------------------------------------------- */

static fy_status read_file(const char *path, fy_cifar_kind kind, fyi_sha256 *sum, fyi_cifar *c)
{
    char *file;
    size_t n;
    fy_status st;

    FYI_FORWARD(fyi_file_read(path, FILE_LIMIT, &file, &n));
    st = fyi_cifar_parse(path, file, n, kind, sum, c);
    fyi_free(file);
    return st;
}

/* NULL if they do not lie there, or are of another data set. */
static fy_status read_names(const struct kind *k, const char *beside, fyi_arena *arena,
                            const char *const **names)
{
    const int dir = (int)(fyi_base_name(beside) - beside);
    const char *path = fyi_arena_printf(arena, "%.*s%s", dir, beside, k->names_file);
    int n;

    *names = NULL;
    if (path == NULL)
        return fyi_enomem(strlen(beside), beside);
    if (!fyi_path_exists(path))
        return FY_OK;
    FYI_FORWARD(fyi_class_names_read(path, arena, names, &n));
    if (n != k->n_classes)
        *names = NULL;
    return FY_OK;
}

/* Takes c's pixels. */
static fy_status make_dataset(const struct kind *k, fyi_cifar *c, const char *name,
                              const char *const *names, fyi_sha256 *sum, fy_dataset **out)
{
    uint8_t *pixels = c->pixels;
    fyi_source *source;
    fy_status st;

    c->pixels = NULL;
    FYI_FORWARD(fyi_pixels_source_new(pixels, c->n, FY_SHAPE(3, 32, 32), sum, &source));
    st = fyi_dataset_new(&(fyi_dataset_spec){ .source = source,
                                              .n = c->n,
                                              .label = c->label,
                                              .n_classes = k->n_classes,
                                              .class_names = names,
                                              .name = name,
                                              .how = "" },
                         out);
    fyi_source_drop(source);
    return st;
}

static fy_status open_raw(const char *pattern, fy_cifar_kind kind, const char *name,
                          fy_dataset **out)
{
    const char *const *names;
    fyi_arena arena = { 0 };
    fyi_paths files = { 0 };
    fyi_cifar c = { 0 };
    fyi_sha256 sum;
    fy_status st;

    fyi_sha256_init(&sum);
    FY_TRY(fyi_paths_expand(pattern, &arena, &files));
    for (size_t i = 0; i < files.n; i++)
        FY_TRY(read_file(files.v[i], kind, &sum, &c));
    FY_TRY(read_names(&kinds[kind], files.v[0], &arena, &names));
    FY_TRY(make_dataset(&kinds[kind], &c, name != NULL ? name : fyi_base_name(pattern), names, &sum,
                        out));
done:
    fyi_cifar_release(&c);
    fyi_free(files.v);
    fyi_arena_release(&arena);
    return st;
}

fy_status fy_cifar_open(const char *pattern, fy_cifar_kind kind, const char *name,
                        const fy_image_opts *o, fy_dataset **out)
{
    fy_dataset *raw = NULL;

    *out = NULL;
    if ((unsigned)kind > FY_CIFAR100_COARSE)
        return fyi_fail(FY_EINVAL, "'%s': %d is no kind of CIFAR", pattern, (int)kind);
    FYI_FORWARD(open_raw(pattern, kind, name, &raw));
    return fyi_dataset_prepared(raw, o, out);
}
