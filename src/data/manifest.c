/* manifest.c: which samples a dataset has, as a JSON file that finds them again.
 *
 *   {"dataset": "<sha256 of the source>", "name": "mnist-train", "n": 3, "indices": [5, 0, 41]}
 * Numbers are the source's, so a manifest holds however the dataset was come by. */
#include "data/data.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT ((size_t)1 << 30)

/* ---- writing --------------------------------------------------------------------------------- */

/* Names may hold anything; jansson knows how to quote it. */
static void put_quoted(fyi_buf *b, const char *s)
{
    json_t *j = json_string(s);
    char *text = j != NULL ? json_dumps(j, JSON_ENCODE_ANY) : NULL;

    if (text != NULL)
        fyi_buf_puts(b, text);
    else
        fyi_buf_puts(b, "\"\""); /* not UTF-8: the hash is what counts */
    free(text);
    json_decref(j);
}

fy_status fy_manifest_write(const fy_dataset *d, const char *path)
{
    fyi_buf b = { 0 };
    fy_status st;

    fyi_buf_printf(&b, "{\"dataset\": \"%s\", \"name\": ", fy_dataset_hash(d));
    put_quoted(&b, d->name);
    fyi_buf_printf(&b, ", \"n\": %lld, \"indices\": [", (long long)d->n);
    for (int64_t i = 0; i < d->n; i++)
        fyi_buf_printf(&b, "%s%lld",
                       i == 0        ? ""
                       : i % 16 == 0 ? ",\n"
                                     : ", ",
                       (long long)fyi_dataset_source_number(d, i));
    fyi_buf_puts(&b, "]}\n");
    st = b.failed ? fyi_enomem((size_t)d->n * 8, "writing a manifest")
                  : fyi_file_write(path, b.p, b.len);
    fyi_buf_release(&b);
    return st;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Where in d a source number stands. */
typedef struct place {
    int64_t number, pos;
} place;

static int compare_places(const void *a, const void *b)
{
    const place *x = a, *y = b;

    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return (x->pos > y->pos) - (x->pos < y->pos);
}

/* The first place of `number`, or -1. */
static int64_t find(const place *places, int64_t n, int64_t number)
{
    int64_t lo = 0, hi = n;

    while (lo < hi) {
        const int64_t mid = lo + (hi - lo) / 2;

        if (places[mid].number < number)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < n && places[lo].number == number ? places[lo].pos : -1;
}

static fy_status check_header(const char *path, const fy_dataset *d, const json_t *root,
                              const json_t **list)
{
    const json_t *hash = json_object_get(root, "dataset"), *n = json_object_get(root, "n");

    *list = json_object_get(root, "indices");
    if (!json_is_string(hash) || !json_is_integer(n) || !json_is_array(*list))
        return fyi_fail(FY_EFORMAT,
                        "manifest '%s' lacks \"dataset\" (a string), \"n\" (a number) or "
                        "\"indices\" (a list)",
                        path);
    if (strcmp(json_string_value(hash), fy_dataset_hash(d)) != 0)
        return fyi_fail(FY_EFORMAT,
                        "manifest '%s' is of dataset %.12s..., but '%s' is %.12s...; its "
                        "sample numbers would mean other samples",
                        path, json_string_value(hash), d->name, fy_dataset_hash(d));
    if (json_integer_value(n) < 1 || (uint64_t)json_integer_value(n) != json_array_size(*list))
        return fyi_fail(FY_EFORMAT, "manifest '%s' says it lists %lld samples but lists %zu", path,
                        (long long)json_integer_value(n), json_array_size(*list));
    return FY_OK;
}

static fy_status find_samples(const char *path, const fy_dataset *d, const json_t *list,
                              place *places, int64_t *pos)
{
    for (int64_t i = 0; i < d->n; i++)
        places[i] = (place){ fyi_dataset_source_number(d, i), i };
    qsort(places, (size_t)d->n, sizeof *places, compare_places);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *j = json_array_get(list, i);

        if (!json_is_integer(j))
            return fyi_fail(FY_EFORMAT, "manifest '%s': entry %zu is not a whole number", path, i);
        pos[i] = find(places, d->n, json_integer_value(j));
        if (pos[i] < 0)
            return fyi_fail(FY_EFORMAT,
                            "manifest '%s' lists sample %lld, which dataset '%s' does not "
                            "have",
                            path, (long long)json_integer_value(j), d->name);
    }
    return FY_OK;
}

static fy_status apply(const char *path, const fy_dataset *d, const json_t *root, fy_dataset **out)
{
    const json_t *list;
    place *places = NULL;
    int64_t *pos = NULL;
    fy_status st;

    FYI_FORWARD(check_header(path, d, root, &list));
    places = fyi_calloc((size_t)d->n, sizeof *places);
    pos = fyi_calloc(json_array_size(list), sizeof *pos);
    if (places == NULL || pos == NULL) {
        st = fyi_enomem((size_t)d->n * sizeof *places, "reading a manifest");
        goto done;
    }
    FY_TRY(find_samples(path, d, list, places, pos));
    st = fyi_dataset_pick(d, pos, (int64_t)json_array_size(list), "; by manifest", out);
done:
    fyi_free(pos);
    fyi_free(places);
    return st;
}

fy_status fyi_manifest_parse(const fy_dataset *d, const char *path, const char *file, size_t n,
                             fy_dataset **out)
{
    json_error_t e;
    json_t *root = json_loadb(file, n, JSON_REJECT_DUPLICATES, &e);
    fy_status st;

    *out = NULL;
    if (json_is_object(root))
        st = apply(path, d, root, out);
    else
        st = fyi_fail(FY_EFORMAT, "manifest '%s' is not a JSON object (line %d: %s)", path,
                      root == NULL ? e.line : 1, root == NULL ? e.text : "another type");
    json_decref(root);
    return st;
}

fy_status fy_manifest_read(const fy_dataset *d, const char *path, fy_dataset **out)
{
    char *file;
    size_t n;
    fy_status st;

    *out = NULL;
    FYI_FORWARD(fyi_file_read(path, FILE_LIMIT, &file, &n));
    st = fyi_manifest_parse(d, path, file, n, out);
    fyi_free(file);
    return st;
}
