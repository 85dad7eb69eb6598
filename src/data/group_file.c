/* group_file.c: who or what samples come from, out of a file beside their values: a text with a line for each sample, or an
 * array of whole numbers.
 *
 *   texts     the different ones in byte order, which is how names are ordered everywhere
 *   numbers   the same of their digits, with zeros in front where it takes them: 2 before 10 */
#include "data/data.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BYTES ((size_t)256 << 20)
#define MAX_NAME 80

/* ---- lines ----------------------------------------------------------------------------------- */

static fy_status check_line(const char *path, const char *line, int64_t i)
{
    if (*line == '\0')
        return fyi_fail(FY_EFORMAT, "'%s': line %lld is empty; each line names a sample's group",
                        path, (long long)i + 1);
    if (strlen(line) > MAX_NAME)
        return fyi_fail(FY_EFORMAT, "'%s': line %lld has %zu letters; a group's name has %d at most",
                        path, (long long)i + 1, strlen(line), MAX_NAME);
    return FY_OK;
}

static int64_t count_lines(const char *text)
{
    int64_t n = 0;

    for (; *text != '\0'; text++)
        n += *text == '\n' || text[1] == '\0';
    return n;
}

/* The lines of text, which is changed; names [n]. */
static fy_status split_lines(const char *path, char *text, const char **names, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const size_t length = strcspn(text, "\n");
        const bool is_last = text[length] == '\0';

        text[length] = '\0';
        text[strcspn(text, "\r")] = '\0';
        FYI_FORWARD(check_line(path, text, i));
        names[i] = text;
        text += length + !is_last;
    }
    return FY_OK;
}

fy_status fyi_group_lines_parse(const char *path, const char *file, size_t bytes, fyi_arena *arena,
                                const char *const **names, int64_t *n)
{
    char *text = fyi_arena_alloc(arena, bytes + 1);
    const char **v;

    if (text == NULL)
        return fyi_enomem(bytes, path);
    memcpy(text, file, bytes);
    text[bytes] = '\0';
    if (strlen(text) != bytes)
        return fyi_fail(FY_EFORMAT, "'%s' is no text file of groups: it holds a NUL", path);
    *n = count_lines(text);
    v = fyi_arena_alloc(arena, (size_t)FYI_MAX(*n, 1) * sizeof *v);
    if (v == NULL)
        return fyi_enomem((size_t)*n * sizeof *v, path);
    *names = v;
    return split_lines(path, text, v, *n);
}

static fy_status read_lines(const char *path, fyi_arena *arena, const char *const **names,
                            int64_t *n)
{
    char *file;
    size_t bytes;
    fy_status st;

    FYI_FORWARD(fyi_file_read(path, MAX_BYTES, &file, &bytes));
    st = fyi_group_lines_parse(path, file, bytes, arena, names, n);
    fyi_free(file);
    return st;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static int digits_of(int64_t v)
{
    int n = 1;

    for (; v > 9; v /= 10)
        n++;
    return n;
}

static fy_status check_numbers(const char *path, const int64_t *v, int64_t n, int *digits)
{
    *digits = 1;
    for (int64_t i = 0; i < n; i++) {
        if (v[i] < 0)
            return fyi_fail(FY_EFORMAT, "'%s': sample %lld has the group %lld; groups are 0 or more",
                            path, (long long)i, (long long)v[i]);
        *digits = FYI_MAX(*digits, digits_of(v[i]));
    }
    return FY_OK;
}

static fy_status name_numbers(const char *path, const int64_t *v, int64_t n, fyi_arena *arena,
                              const char *const **names)
{
    const char **out = fyi_arena_alloc(arena, (size_t)FYI_MAX(n, 1) * sizeof *out);
    int digits;

    if (out == NULL)
        return fyi_enomem((size_t)n * sizeof *out, path);
    *names = out;
    FYI_FORWARD(check_numbers(path, v, n, &digits));
    for (int64_t i = 0; i < n; i++) {
        out[i] = fyi_arena_printf(arena, "%0*" PRId64, digits, v[i]);
        if (out[i] == NULL)
            return fyi_enomem((size_t)digits, path);
    }
    return FY_OK;
}

static fy_status name_array(const char *path, const fy_tensor *t, fyi_arena *arena,
                            const char *const **names, int64_t *n)
{
    const fy_shape *s = fy_tensor_shape(t);
    const fy_dtype type = fy_tensor_dtype(t);
    int64_t *v;

    if (s->rank != 1 || (type != FY_U8 && type != FY_I32 && type != FY_I64))
        return fyi_fail(FY_EFORMAT, "'%s' holds %s of %d axes; groups are whole numbers [n]", path,
                        fy_dtype_name(type), s->rank);
    *n = s->d[0];
    v = fyi_arena_alloc(arena, (size_t)FYI_MAX(*n, 1) * sizeof *v);
    if (v == NULL)
        return fyi_enomem((size_t)*n * sizeof *v, path);
    fy_cast(FY_I64, v, type, fy_tensor_const_data(t), *n);
    return name_numbers(path, v, *n, arena, names);
}

static fy_status read_numbers(const char *path, fyi_arena *arena, const char *const **names,
                              int64_t *n)
{
    fy_tensor *t;
    fy_status st;

    FYI_FORWARD(fyi_array_read(path, &t));
    st = name_array(path, t, arena, names, n);
    fy_tensor_free(t);
    return st;
}

/* ---- groups ---------------------------------------------------------------------------------- */

/* The different names in order, at the front of `sorted`. */
static int collect(const char *const *names, int64_t n, const char **sorted)
{
    int kept = 0;

    memcpy(sorted, names, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, fyi_compare_texts);
    for (int64_t i = 0; i < n; i++)
        if (kept == 0 || strcmp(sorted[kept - 1], sorted[i]) != 0)
            sorted[kept++] = sorted[i];
    return kept;
}

static fy_status number_groups(const fy_dataset *d, const char *const *names, fyi_arena *arena,
                               fy_dataset **out)
{
    const size_t n = (size_t)d->n;
    const char **sorted = fyi_arena_alloc(arena, n * sizeof *sorted);
    int32_t *group = fyi_arena_alloc(arena, n * sizeof *group);
    int n_groups;

    if (sorted == NULL || group == NULL)
        return fyi_enomem(n * sizeof *sorted, d->name);
    n_groups = collect(names, d->n, sorted);
    for (size_t i = 0; i < n; i++) {
        const char **at =
            bsearch(&names[i], sorted, (size_t)n_groups, sizeof *sorted, fyi_compare_texts);

        group[i] = (int32_t)(at - sorted);
    }
    return fy_dataset_with_groups(d, group, n_groups, sorted, out);
}

static bool is_array(const char *path)
{
    const char *dot = strrchr(path, '.');

    return dot != NULL && (strcmp(dot, ".npy") == 0 || strncmp(dot, ".npz#", 5) == 0);
}

fy_status fy_dataset_group_file(const fy_dataset *d, const char *path, fy_dataset **out)
{
    const char *const *names = NULL;
    fyi_arena arena = { 0 };
    int64_t n = 0;
    fy_status st;

    *out = NULL;
    FY_TRY(is_array(path) ? read_numbers(path, &arena, &names, &n)
                          : read_lines(path, &arena, &names, &n));
    if (n != d->n)
        FY_TRY(
            fyi_fail(FY_EFORMAT,
                     "'%s' names the groups of %lld samples, dataset '%s' has %lld; give one for "
                     "each, in the same order",
                     path, (long long)n, d->name, (long long)d->n));
    FY_TRY(number_groups(d, names, &arena, out));
done:
    fyi_arena_release(&arena);
    return st;
}
