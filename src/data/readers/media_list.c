/* media_list.c: a text file with one picture or sound a line, and its label.
 *
 *   dog/1.jpg,dog        commas: CSV, where "a field" in quotes may hold commas (RFC 4180)
 *   dog/1.jpg<TAB>3      tabs
 *   dog/1.jpg 3          a space: what follows the last one is the label
 *   dog/1.jpg            no label
 * The first line tells which it is. A heading (a first field without such a file's ending) is left
 * out. A line's end may be CR LF, and the file may begin with UTF-8's byte order mark. */
#include "data/album.h"

#include <string.h>

#define MAX_FILE_BYTES ((size_t)1 << 30)

typedef struct list {
    const fyi_media *media;
    const char *path;
    const char *folder; /* where its files are, with a slash; "": in its own */
    char separator;
    size_t line; /* counted from 1 */
    fyi_album album;
} list;

/* ---- fields ---------------------------------------------------------------------------------- */

/* At the last space, unless all of the line is a path. */
static char *split_at_space(const fyi_media *m, char *line)
{
    char *space = strrchr(line, ' ');

    if (space == NULL || fyi_media_has_ending(m, line))
        return NULL;
    for (char *end = space; end >= line && *end == ' '; end--)
        *end = '\0';
    return space + 1;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static fy_status add(list *l, const char *name, const char *label)
{
    const char *path =
        name[0] == '/' ? name : fyi_arena_printf(&l->album.arena, "%s%s", l->folder, name);

    if (path == NULL)
        return fyi_enomem(strlen(name), l->path);
    return fyi_album_add(&l->album,
                         &(fyi_shot){ .path = path,
                                      .name = name,
                                      .bytes = -1,
                                      .label = label != NULL && *label != '\0' ? label : NULL });
}

/* A fyi_line_fn. */
static fy_status take_line(void *ctx, char *line, size_t number)
{
    list *l = ctx;
    char *name = line, *label, *rest = NULL;

    l->line = number;
    if (l->album.n == 0 && l->separator == '\0')
        l->separator = fyi_csv_separator(line);
    if (l->separator == ' ') {
        label = split_at_space(l->media, line);
    } else {
        name = fyi_csv_field(line, l->separator, &rest);
        label = rest != NULL ? fyi_csv_field(rest, l->separator, &rest) : NULL;
    }
    if (rest != NULL)
        return fyi_fail(FY_EFORMAT, "'%s', line %zu: more than a path and a label", l->path,
                        l->line);
    if (l->line == 1 && !fyi_media_has_ending(l->media, name))
        return FY_OK;
    if (*name == '\0')
        return fyi_fail(FY_EFORMAT, "'%s', line %zu: there is no path", l->path, l->line);
    return add(l, name, label);
}

const char *fyi_list_folder(const char *path, const char *folder, fyi_arena *arena)
{
    const char *own = fyi_base_name(path), *end = "";

    if (folder == NULL || *folder == '\0')
        return fyi_arena_printf(arena, "%.*s", (int)(own - path), path);
    if (folder[strlen(folder) - 1] != '/')
        end = "/";
    return *folder == '/'
               ? fyi_arena_printf(arena, "%s%s", folder, end)
               : fyi_arena_printf(arena, "%.*s%s%s", (int)(own - path), path, folder, end);
}

fy_status fyi_list_parse(const fyi_list_of *of, const char *file, size_t n, fyi_album *out)
{
    list l = { .media = of->media, .path = of->path };
    fy_status st;

    l.folder = fyi_list_folder(of->path, of->folder, &l.album.arena);
    st = l.folder != NULL ? fyi_each_line(of->path, file, n, &l.album.arena, take_line, &l)
                          : fyi_enomem(strlen(of->path), of->path);
    *out = l.album;
    return st;
}

fy_status fyi_list_scan(const fyi_list_of *of, fyi_album *album)
{
    char *file;
    size_t n;
    fy_status st;

    FYI_FORWARD(fyi_file_read(of->path, MAX_FILE_BYTES, &file, &n));
    st = fyi_list_parse(of, file, n, album);
    fyi_free(file);
    return st;
}
