/* media_folder.c: a folder of pictures or sounds, as torchvision's ImageFolder reads it.
 *
 *   root/<class>/.../x.jpg   the folders in root are the classes, in byte order; of sounds also 9 before 10
 *   root/x.jpg               without folders there are no classes, and no labels
 *   root/classes.txt         if there is one: the classes in another order, one a line
 * Within a class samples are in the order of their folders' paths, then of their names. Links are
 * followed, but not in circles. Names that begin with a dot are not for us. */
#include "data/album.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_DEPTH 64

/* A folder and those above it. */
typedef struct level {
    const struct level *up;
    int depth;
    dev_t device;
    ino_t number;
} level;

typedef struct scan {
    const fyi_scan_opts *o;
    fyi_album *album;
    size_t root_chars;    /* of the root's path, with its slash */
    const char **folders; /* [n_folders], names of the folders in the root */
    size_t n_folders, cap_folders;
    size_t n_unread;    /* files of other kinds */
    const char *unread; /* the first */
} scan;

/* ---- one folder ------------------------------------------------------------------------------ */

static bool is_of_other_kind(const fyi_media *m, const char *name)
{
    const fyi_media other = { .endings = m->others };

    return fyi_media_has_ending(&other, name);
}

/* 'd', 'f', or 0 for what is neither or leads nowhere. */
static char kind_of(const char *path, const struct dirent *entry)
{
    struct stat info;

    if (entry->d_type == DT_REG || entry->d_type == DT_DIR)
        return entry->d_type == DT_REG ? 'f' : 'd';
    if (stat(path, &info) != 0)
        return 0;
    return S_ISDIR(info.st_mode) ? 'd' : S_ISREG(info.st_mode) ? 'f' : (char)0;
}

static fy_status add_file(scan *s, const char *path, const char *label)
{
    if (fyi_media_has_ending(s->o->media, path))
        return fyi_album_add(
            s->album,
            &(fyi_shot){ .path = path, .name = path + s->root_chars, .bytes = -1, .label = label });
    if (is_of_other_kind(s->o->media, path) && s->n_unread++ == 0)
        s->unread = path;
    return FY_OK;
}

static fy_status enter(const char *path, const level *up, level *here)
{
    struct stat info;

    if (stat(path, &info) != 0)
        return fyi_fail(FY_EIO, "cannot read the folder '%s': %s", path, strerror(errno));
    *here = (level){ up, up != NULL ? up->depth + 1 : 0, info.st_dev, info.st_ino };
    if (here->depth > MAX_DEPTH)
        return fyi_fail(FY_EIO, "'%s' lies more than %d folders deep", path, MAX_DEPTH);
    return FY_OK;
}

static bool is_circle(const level *here)
{
    for (const level *l = here->up; l != NULL; l = l->up)
        if (l->device == here->device && l->number == here->number)
            return true;
    return false;
}

static fy_status walk(scan *s, const char *path, const char *label, const level *up);

/* In the root, folders are only named, unless all of it is one class or none. */
static fy_status take_entry(scan *s, const char *dir, const struct dirent *entry, const char *label,
                            const level *here)
{
    const char *path = fyi_arena_printf(&s->album->arena, "%s/%s", dir, entry->d_name);
    char kind;

    if (path == NULL)
        return fyi_enomem(strlen(dir), dir);
    kind = kind_of(path, entry);
    if (kind == 'f')
        return add_file(s, path, label);
    if (kind != 'd')
        return FY_OK;
    if (here->depth > 0)
        return walk(s, path, label, here);
    FYI_FORWARD(fyi_grow(&s->folders, &s->cap_folders, s->n_folders + 1, sizeof *s->folders));
    s->folders[s->n_folders++] = path + s->root_chars;
    return FY_OK;
}

static fy_status walk(scan *s, const char *path, const char *label, const level *up)
{
    const struct dirent *entry;
    fy_status st = FY_OK;
    level here = { 0 };
    DIR *dir;

    FYI_FORWARD(enter(path, up, &here));
    if (is_circle(&here))
        return FY_OK;
    dir = opendir(path);
    if (dir == NULL)
        return fyi_fail(FY_EIO, "cannot read the folder '%s': %s", path, strerror(errno));
    while (st == FY_OK && (entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.')
            st = take_entry(s, path, entry, label, &here);
    closedir(dir);
    return st;
}

/* ---- order ----------------------------------------------------------------------------------- */

static size_t folder_chars(const char *name)
{
    const char *slash = strrchr(name, '/');

    return slash != NULL ? (size_t)(slash - name) : 0;
}

/* By the folder's path, then by the name: what Python's sorted(os.walk(...)) gives. */
static int compare_shots(const void *a, const void *b)
{
    const char *x = ((const fyi_shot *)a)->name, *y = ((const fyi_shot *)b)->name;
    const size_t n = folder_chars(x), m = folder_chars(y);
    const int order = memcmp(x, y, FYI_MIN(n, m));

    if (order != 0 || n != m)
        return order != 0 ? order : n < m ? -1 : 1;
    return strcmp(x + n, y + n);
}

static void sort_shots(fyi_album *a, size_t from)
{
    if (a->n > from)
        qsort(a->v + from, a->n - from, sizeof *a->v, compare_shots);
}

/* Without leading zeros a longer number is a larger one. */
static int compare_numbers(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    const size_t n = strlen(x + strspn(x, "0")), m = strlen(y + strspn(y, "0"));

    if (n != m)
        return n < m ? -1 : 1;
    return strcmp(x + strlen(x) - n, y + strlen(y) - m);
}

static bool are_numbers(const scan *s)
{
    for (size_t i = 0; i < s->n_folders; i++)
        if (strspn(s->folders[i], "0123456789") != strlen(s->folders[i]))
            return false;
    return true;
}

static void sort_folders(scan *s)
{
    if (s->n_folders == 0)
        return;
    qsort(s->folders, s->n_folders, sizeof *s->folders, fyi_compare_texts);
    if (s->o->media->counts_folders && are_numbers(s))
        qsort(s->folders, s->n_folders, sizeof *s->folders, compare_numbers);
}

/* ---- classes --------------------------------------------------------------------------------- */

static bool is_listed(const fyi_album *a, const char *name)
{
    for (int k = 0; k < a->n_classes; k++)
        if (strcmp(a->class_names[k], name) == 0)
            return true;
    return false;
}

/* From a file, or all folders: one without pictures is a class too. */
static fy_status find_classes(scan *s, const char *root)
{
    fyi_album *a = s->album;
    const char *beside = fyi_arena_printf(&a->arena, "%s/classes.txt", root);
    const char *path = s->o->classes_path != NULL ? s->o->classes_path : beside;

    if (beside == NULL)
        return fyi_enomem(strlen(root), root);
    a->are_names = true;
    if (s->o->classes_path == NULL && !fyi_path_exists(beside)) {
        a->class_names = fyi_arena_dup(&a->arena, s->folders, s->n_folders * sizeof *s->folders);
        a->n_classes = (int)FYI_MIN(s->n_folders, 1000000);
        return a->class_names != NULL ? FY_OK : fyi_enomem(s->n_folders, root);
    }
    FYI_FORWARD(fyi_class_names_read(path, &a->arena, &a->class_names, &a->n_classes));
    for (size_t i = 0; i < s->n_folders; i++)
        if (!is_listed(a, s->folders[i]))
            return fyi_fail(FY_EFORMAT,
                            "'%s' holds the folder '%s', which is none of the %d classes in '%s'",
                            root, s->folders[i], a->n_classes, path);
    return FY_OK;
}

static fy_status walk_folders(scan *s, const char *root, bool are_classes)
{
    level top;

    FYI_FORWARD(enter(root, NULL, &top));
    for (size_t i = 0; i < s->n_folders; i++) {
        const size_t from = s->album->n;
        const char *path = fyi_arena_printf(&s->album->arena, "%s/%s", root, s->folders[i]);

        if (path == NULL)
            return fyi_enomem(strlen(root), root);
        FYI_FORWARD(walk(s, path, are_classes ? s->folders[i] : NULL, &top));
        sort_shots(s->album, from);
    }
    return FY_OK;
}

/* The root holds folders: they are the classes, and files beside them belong to none. */
static fy_status read_classes(scan *s, const char *root)
{
    if (s->album->n > 0)
        fyi_warn("'%s': %zu %s beside the folders belong to no class and are left out, "
                 "the first is '%s'",
                 root, s->album->n, s->o->media->many, s->album->v[0].name);
    s->album->n = 0;
    FYI_FORWARD(find_classes(s, root));
    return walk_folders(s, root, true);
}

static bool is_one_file(const fyi_media *m, const char *path)
{
    struct stat info;

    return fyi_media_has_ending(m, path) && stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

static fy_status read_root(scan *s, const char *root)
{
    if (is_one_file(s->o->media, root)) {
        s->root_chars = (size_t)(fyi_base_name(root) - root);
        return add_file(s, root, NULL);
    }
    FYI_FORWARD(walk(s, root, NULL, NULL));
    sort_folders(s);
    if (s->n_folders > 0 && !s->o->is_unlabelled)
        return read_classes(s, root);
    FYI_FORWARD(walk_folders(s, root, false));
    sort_shots(s->album, 0);
    return FY_OK;
}

static void warn_of_unread(const scan *s, const char *root)
{
    if (s->n_unread > 0)
        fyi_warn("'%s': %zu %s are not %s and are left out, the first is '%s'; convert them", root,
                 s->n_unread, s->o->media->many, s->o->media->kinds, s->unread + s->root_chars);
}

/* Without slashes at the end. */
static fy_status copy_root(scan *s, const char *path, const char **out)
{
    size_t n = strlen(path);

    while (n > 1 && path[n - 1] == '/')
        n--;
    s->root_chars = n + 1;
    *out = fyi_arena_printf(&s->album->arena, "%.*s", (int)n, path);
    return *out != NULL ? FY_OK : fyi_enomem(n, path);
}

fy_status fyi_folder_scan(const char *path, const fyi_scan_opts *o, fyi_album *album,
                          const char **root)
{
    scan s = { .o = o, .album = album };
    fy_status st;

    FY_TRY(copy_root(&s, path, root));
    FY_TRY(read_root(&s, *root));
    warn_of_unread(&s, *root);
done:
    fyi_free(s.folders);
    return st;
}
