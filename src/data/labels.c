/* labels.c: label texts to numbers 0 .. n-1.
 *
 *   names known            a text's number is its name's place; or, if it is none, its own value
 *   all whole numbers      they are the labels
 *   otherwise              the different texts in byte order, which is how Python sorts them */
#include "data/album.h"

#include <stdlib.h>
#include <string.h>

/* As for tensors: more is a mistake (an index, a regression target). */
#define MAX_CLASSES 1000000
#define MAX_NAMES 65536
#define MAX_NAMES_BYTES ((size_t)16 << 20)

/* ---- names ----------------------------------------------------------------------------------- */

static size_t count_lines(const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++)
        n += *text == '\n' || text[1] == '\0';
    return n;
}

/* One name a line in text, which is changed. Empty lines are no names. */
static fy_status split_names(const char *path, char *text, const char **names, int *n)
{
    *n = 0;
    for (char *line = text, *next; line != NULL; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        line[strcspn(line, "\r")] = '\0';
        if (*n == MAX_NAMES)
            return fyi_fail(FY_EFORMAT, "'%s' names more than %d classes", path, MAX_NAMES);
        if (*line != '\0')
            names[(*n)++] = line;
    }
    return *n > 0 ? FY_OK : fyi_fail(FY_EFORMAT, "'%s' names no class", path);
}

/* `sorted` is scratch for n names. */
static fy_status check_different(const char *path, const char *const *names, const char **sorted,
                                 int n)
{
    memcpy(sorted, names, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, fyi_compare_texts);
    for (int k = 1; k < n; k++)
        if (strcmp(sorted[k - 1], sorted[k]) == 0)
            return fyi_fail(FY_EFORMAT, "'%s' names the class '%.80s' twice", path, sorted[k]);
    return FY_OK;
}

fy_status fyi_class_names_parse(const char *path, const char *file, size_t bytes, fyi_arena *arena,
                                const char *const **names, int *n)
{
    char *text = fyi_arena_alloc(arena, bytes + 1);
    const char **v, **sorted;
    size_t room;

    if (text == NULL)
        return fyi_enomem(bytes, path);
    memcpy(text, file, bytes);
    text[bytes] = '\0';
    if (strlen(text) != bytes)
        return fyi_fail(FY_EFORMAT, "'%s' is no text file of class names: it holds a NUL", path);
    room = count_lines(text) + 1;
    v = fyi_arena_alloc(arena, room * sizeof *v);
    sorted = fyi_arena_alloc(arena, room * sizeof *sorted);
    if (v == NULL || sorted == NULL)
        return fyi_enomem(bytes, path);
    *names = v;
    FYI_FORWARD(split_names(path, text, v, n));
    return check_different(path, v, sorted, *n);
}

fy_status fyi_class_names_read(const char *path, fyi_arena *arena, const char *const **names, int *n)
{
    char *file;
    size_t bytes;
    fy_status st;

    FYI_FORWARD(fyi_file_read(path, MAX_NAMES_BYTES, &file, &bytes));
    st = fyi_class_names_parse(path, file, bytes, arena, names, n);
    fyi_free(file);
    return st;
}

/* The different labels, sorted. */
static fy_status collect_names(fyi_album *a, const char *where)
{
    const char **names = fyi_calloc(a->n, sizeof *names), **kept;
    size_t n = 0;

    if (names == NULL)
        return fyi_enomem(a->n * sizeof *names, where);
    for (size_t i = 0; i < a->n; i++)
        names[i] = a->v[i].label;
    qsort(names, a->n, sizeof *names, fyi_compare_texts);
    for (size_t i = 0; i < a->n; i++)
        if (n == 0 || strcmp(names[n - 1], names[i]) != 0)
            names[n++] = names[i];
    kept = fyi_arena_dup(&a->arena, names, n * sizeof *names);
    fyi_free(names);
    if (kept == NULL)
        return fyi_enomem(n * sizeof *names, where);
    a->class_names = kept;
    a->n_classes = (int)FYI_MIN(n, MAX_CLASSES + 1);
    return FY_OK;
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* -1: no whole number from 0 on, or one too large. */
static int32_t whole_number(const char *text)
{
    int32_t v = 0;

    if (*text == '\0' || strspn(text, "0123456789") != strlen(text) || strlen(text) > 9)
        return -1;
    for (; *text != '\0'; text++)
        v = v * 10 + (*text - '0');
    return v < MAX_CLASSES ? v : -1;
}

static bool are_numbers(const fyi_album *a)
{
    if (a->are_names)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (whole_number(a->v[i].label) < 0)
            return false;
    return true;
}

/* How many shots have a label: none or all. */
static fy_status check_labels(const fyi_album *a, const char *where, bool *has_labels)
{
    const fyi_shot *without = NULL;
    size_t n = 0;

    for (size_t i = 0; i < a->n; i++) {
        n += a->v[i].label != NULL;
        without = a->v[i].label == NULL && without == NULL ? &a->v[i] : without;
    }
    *has_labels = n > 0;
    if (n == 0 || n == a->n)
        return FY_OK;
    return fyi_fail(FY_EFORMAT,
                    "'%s': %zu of %zu samples have a label, the first without is '%s'; label all "
                    "of them or none",
                    where, n, a->n, without->name);
}

/* A name and its place, sorted by name. */
typedef struct entry {
    const char *name;
    int32_t number;
} entry;

static fy_status sort_names(fyi_album *a, const char *where, entry **out)
{
    entry *v = fyi_arena_alloc(&a->arena, (size_t)FYI_MAX(a->n_classes, 1) * sizeof *v);

    *out = v;
    if (v == NULL)
        return fyi_enomem((size_t)a->n_classes * sizeof *v, where);
    for (int k = 0; k < a->n_classes; k++)
        v[k] = (entry){ a->class_names[k], k };
    qsort(v, (size_t)a->n_classes, sizeof *v, fyi_compare_texts); /* the name comes first */
    return FY_OK;
}

static fy_status look_up(fyi_album *a, const char *where, int32_t *label)
{
    entry *sorted;

    FYI_FORWARD(sort_names(a, where, &sorted));
    for (size_t i = 0; i < a->n; i++) {
        const entry *e = bsearch(&a->v[i].label, sorted, (size_t)a->n_classes, sizeof *sorted,
                                 fyi_compare_texts);
        const int32_t v = e != NULL ? e->number : a->are_names ? -1 : whole_number(a->v[i].label);

        if (v < 0 || v >= a->n_classes)
            return fyi_fail(FY_EFORMAT,
                            "'%s': '%s' is labelled '%.80s', which is none of the %d class names",
                            where, a->v[i].name, a->v[i].label, a->n_classes);
        label[i] = v;
    }
    return FY_OK;
}

static void take_numbers(fyi_album *a, int32_t *label)
{
    for (size_t i = 0; i < a->n; i++) {
        label[i] = whole_number(a->v[i].label);
        a->n_classes = FYI_MAX(a->n_classes, label[i] + 1);
    }
}

fy_status fyi_album_number(fyi_album *a, const char *where, int32_t **label)
{
    bool has_labels;

    *label = NULL;
    FYI_FORWARD(check_labels(a, where, &has_labels));
    if (!has_labels)
        return FY_OK;
    *label = fyi_arena_alloc(&a->arena, a->n * sizeof **label);
    if (*label == NULL)
        return fyi_enomem(a->n * sizeof **label, where);
    if (a->class_names == NULL && are_numbers(a)) {
        take_numbers(a, *label);
        return FY_OK;
    }
    if (a->class_names == NULL)
        FYI_FORWARD(collect_names(a, where));
    if (a->n_classes > MAX_CLASSES)
        return fyi_fail(FY_EFORMAT, "'%s' has more than %d different labels", where, MAX_CLASSES);
    return look_up(a, where, *label);
}

fy_status fyi_album_number_by(fyi_album *a, const char *where, const char *classes_path,
                              int32_t **label)
{
    if (a->class_names == NULL && classes_path != NULL)
        FYI_FORWARD(fyi_class_names_read(classes_path, &a->arena, &a->class_names, &a->n_classes));
    return fyi_album_number(a, where, label);
}
