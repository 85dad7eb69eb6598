/* media_classes.c: a text file that names some of a folder's classes, one a line, as mini-ImageNet, tiered-ImageNet and other sets with
 * disjoint classes for training, validation and test are handed around:
 *
 *   n01440764 tench, Tinca tinca      what follows the first space, comma or tab is for people
 *   n01440764                         folder/n01440764/.../x.jpg are its samples
 * Classes are in the order of the list, samples of a class in that of a folder's. */
#include "data/album.h"

#include <stdlib.h>
#include <string.h>

#define MAX_FILE_BYTES ((size_t)1 << 26)
#define MAX_CLASSES 65536

typedef struct list {
    const char *path;
    fyi_arena *arena;
    const char **names;
    size_t n, cap;
} list;

/* ---- names ----------------------------------------------------------------------------------- */

/* One that leads out of the folder, or to what is not for us. */
static bool is_folder_name(const char *name)
{
    return *name != '\0' && *name != '.' && strchr(name, '/') == NULL;
}

/* A fyi_line_fn. */
static fy_status take_line(void *ctx, char *line, size_t number)
{
    list *l = ctx;

    line[strcspn(line, " ,\t")] = '\0';
    if (!is_folder_name(line))
        return fyi_fail(FY_EFORMAT, "'%s', line %zu: '%.80s' is no folder's name", l->path, number,
                        line);
    if (l->n == MAX_CLASSES)
        return fyi_fail(FY_EFORMAT, "'%s', line %zu: more than %d classes", l->path, number,
                        MAX_CLASSES);
    FYI_FORWARD(fyi_grow(&l->names, &l->cap, l->n + 1, sizeof *l->names));
    l->names[l->n++] = line;
    return FY_OK;
}

static fy_status check_twice(const list *l)
{
    const char **sorted = fyi_calloc(l->n + 1, sizeof *sorted), *twice = NULL;

    if (sorted == NULL)
        return fyi_enomem(l->n * sizeof *sorted, l->path);
    for (size_t i = 0; i < l->n; i++)
        sorted[i] = l->names[i];
    qsort(sorted, l->n, sizeof *sorted, fyi_compare_texts);
    for (size_t i = 1; i < l->n && twice == NULL; i++)
        twice = strcmp(sorted[i - 1], sorted[i]) == 0 ? sorted[i] : NULL;
    fyi_free(sorted);
    return twice == NULL
               ? FY_OK
               : fyi_fail(FY_EFORMAT, "'%s' names the class '%.80s' twice", l->path, twice);
}

/* What the caller gets of it. */
static fy_status hand_over(const list *l, const char *const **names, int *n_names)
{
    if (l->n == 0)
        return fyi_fail(FY_EFORMAT, "'%s' names no class; expected one a line", l->path);
    FYI_FORWARD(check_twice(l));
    *names = fyi_arena_dup(l->arena, l->names, l->n * sizeof *l->names);
    *n_names = (int)l->n;
    return *names != NULL ? FY_OK : fyi_enomem(l->n * sizeof *l->names, l->path);
}

fy_status fyi_classes_parse(const char *path, const char *file, size_t n, fyi_arena *arena,
                            const char *const **names, int *n_names)
{
    list l = { .path = path, .arena = arena };
    fy_status st = fyi_each_line(path, file, n, arena, take_line, &l);

    *names = NULL;
    *n_names = 0;
    if (st == FY_OK)
        st = hand_over(&l, names, n_names);
    fyi_free(l.names);
    return st;
}

/* ---- samples --------------------------------------------------------------------------------- */

/* A sample of a class's own album; texts move to the whole's. */
static fy_status add(fyi_album *album, const fyi_shot *shot, const char *class_name)
{
    fyi_shot copy = *shot;

    copy.path = fyi_arena_printf(&album->arena, "%s", shot->path);
    copy.name = fyi_arena_printf(&album->arena, "%s/%s", class_name, shot->name);
    copy.label = class_name;
    return copy.path != NULL && copy.name != NULL ? fyi_album_add(album, &copy)
                                                  : fyi_enomem(strlen(shot->path), class_name);
}

static fy_status add_class(const fyi_list_of *of, const char *folder, const char *class_name,
                           fyi_album *album)
{
    const fyi_scan_opts how = { .media = of->media, .is_unlabelled = true };
    const char *root, *path = fyi_arena_printf(&album->arena, "%s%s", folder, class_name);
    fyi_album own = { 0 };
    fy_status st;

    if (path == NULL)
        return fyi_enomem(strlen(folder), class_name);
    FY_TRY(fyi_folder_scan(path, &how, &own, &root));
    for (size_t i = 0; i < own.n; i++)
        FY_TRY(add(album, &own.v[i], class_name));
done:
    fyi_album_release(&own);
    return st == FY_OK ? FY_OK
                       : fyi_wrap(st, "while reading the class '%s' of '%s'", class_name, of->path);
}

fy_status fyi_classes_scan(const fyi_list_of *of, fyi_album *album)
{
    const char *folder = fyi_list_folder(of->path, of->folder, &album->arena);
    char *file;
    size_t n;
    fy_status st;

    if (folder == NULL)
        return fyi_enomem(strlen(of->path), of->path);
    FYI_FORWARD(fyi_file_read(of->path, MAX_FILE_BYTES, &file, &n));
    st = fyi_classes_parse(of->path, file, n, &album->arena, &album->class_names, &album->n_classes);
    fyi_free(file);
    album->are_names = true;
    for (int c = 0; st == FY_OK && c < album->n_classes; c++)
        st = add_class(of, folder, album->class_names[c], album);
    return st;
}
