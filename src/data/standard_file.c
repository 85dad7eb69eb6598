/* standard_file.c: means and deviations as a JSON file.
 *
 *   {"mean": [133.15, ...], "deviation": [42.5, ...]}
 * Numbers are written with 17 digits: they read back as they were. */
#include "data/data.h"

#include <jansson.h>

#define FILE_LIMIT ((size_t)1 << 28)

static const struct list {
    const char *key;
    double (*get)(const fy_standard *s, int64_t c);
} lists[] = { { "mean", fy_standard_mean }, { "deviation", fy_standard_deviation } };

fy_status fy_standard_write(const fy_standard *s, const char *path)
{
    fyi_buf b = { 0 };
    fy_status st;

    for (size_t k = 0; k < FYI_LEN(lists); k++) {
        fyi_buf_printf(&b, "%s\"%s\": [", k == 0 ? "{" : "],\n ", lists[k].key);
        for (int64_t c = 0; c < fy_standard_count(s); c++)
            fyi_buf_printf(&b, "%s%.17g", c > 0 ? ", " : "", lists[k].get(s, c));
    }
    fyi_buf_puts(&b, "]}\n");
    st = b.failed ? fyi_enomem(b.len, path) : fyi_file_write(path, b.p, b.len);
    fyi_buf_release(&b);
    return st;
}

static fy_status take_numbers(const char *path, const char *key, const json_t *list, double *v)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!json_is_number(json_array_get(list, i)))
            return fyi_fail(FY_EFORMAT, "'%s': entry %zu of \"%s\" is no number", path, i, key);
        v[i] = json_number_value(json_array_get(list, i));
    }
    return FY_OK;
}

static fy_status take_lists(const char *path, const json_t *root, fy_standard **out)
{
    const json_t *mean = json_object_get(root, lists[0].key);
    const json_t *deviation = json_object_get(root, lists[1].key);
    const size_t n = json_array_size(mean);
    double *v;
    fy_status st;

    if (n < 1 || n != json_array_size(deviation))
        return fyi_fail(FY_EFORMAT,
                        "'%s' holds no means and deviations: a JSON object with \"mean\" and "
                        "\"deviation\", two lists of as many numbers, is expected",
                        path);
    v = fyi_calloc(2 * n, sizeof *v);
    if (v == NULL)
        return fyi_enomem(2 * n * sizeof *v, path);
    FY_TRY(take_numbers(path, lists[0].key, mean, v));
    FY_TRY(take_numbers(path, lists[1].key, deviation, v + n));
    st = fy_standard_new((int64_t)n, v, v + n, out);
    if (st != FY_OK)
        st = fyi_wrap(st, "while reading '%s'", path);
done:
    fyi_free(v);
    return st;
}

fy_status fyi_standard_parse(const char *path, const char *file, size_t n, fy_standard **out)
{
    json_error_t e;
    json_t *root = json_loadb(file, n, JSON_REJECT_DUPLICATES, &e);
    fy_status st;

    *out = NULL;
    if (root != NULL)
        st = take_lists(path, root, out);
    else
        st = fyi_fail(FY_EFORMAT, "'%s' is no JSON (line %d: %s)", path, e.line, e.text);
    json_decref(root);
    return st;
}

fy_status fy_standard_read(const char *path, fy_standard **out)
{
    char *file;
    size_t n;
    fy_status st;

    *out = NULL;
    FYI_FORWARD(fyi_file_read(path, FILE_LIMIT, &file, &n));
    st = fyi_standard_parse(path, file, n, out);
    fyi_free(file);
    return st;
}
