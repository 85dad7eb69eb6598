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
    int dir_chars; /* of path, with the slash */
    char separator;
    size_t line; /* counted from 1 */
    fyi_album album;
} list;

/* ---- fields ---------------------------------------------------------------------------------- */

/* The field at p, which is changed: quotes are undone. Gives the rest behind the separator, or
 * NULL at the line's end. */
static char *take_field(char *p, char separator, char **rest)
{
    char *to = p, *from = p + 1;

    if (separator != ',' || *p != '"') {
        *rest = strchr(p, separator);
        if (*rest != NULL)
            *(*rest)++ = '\0';
        return p;
    }
    for (; *from != '\0' && (*from != '"' || from[1] == '"'); from++) {
        from += *from == '"';
        *to++ = *from;
    }
    *rest = *from == '"' && from[1] == separator ? from + 2 : NULL;
    *to = '\0';
    return p;
}

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

static char find_separator(const char *line)
{
    return strchr(line, '\t') != NULL ? '\t' : strchr(line, ',') != NULL ? ',' : ' ';
}

/* ---- lines ----------------------------------------------------------------------------------- */

static fy_status add(list *l, const char *name, const char *label)
{
    const char *path =
        name[0] == '/' ? name
                       : fyi_arena_printf(&l->album.arena, "%.*s%s", l->dir_chars, l->path, name);

    if (path == NULL)
        return fyi_enomem(strlen(name), l->path);
    return fyi_album_add(&l->album,
                         &(fyi_shot){ .path = path,
                                      .name = name,
                                      .bytes = -1,
                                      .label = label != NULL && *label != '\0' ? label : NULL });
}

static fy_status take_line(list *l, char *line)
{
    char *name = line, *label, *rest = NULL;

    if (l->album.n == 0 && l->separator == '\0')
        l->separator = find_separator(line);
    if (l->separator == ' ') {
        label = split_at_space(l->media, line);
    } else {
        name = take_field(line, l->separator, &rest);
        label = rest != NULL ? take_field(rest, l->separator, &rest) : NULL;
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

static fy_status take_lines(list *l, char *text)
{
    for (char *line = text, *next; line != NULL; line = next) {
        size_t n;

        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        l->line++;
        for (n = strlen(line); n > 0 && strchr(" \r", line[n - 1]) != NULL; n--)
            line[n - 1] = '\0';
        if (*line != '\0')
            FYI_FORWARD(take_line(l, line));
    }
    return FY_OK;
}

static fy_status parse(list *l, const char *file, size_t n)
{
    const size_t mark = n >= 3 && memcmp(file, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    char *text = fyi_arena_dup(&l->album.arena, file + mark, n - mark + 1);

    if (text == NULL)
        return fyi_enomem(n, l->path);
    if (strlen(text) != n - mark)
        return fyi_fail(FY_EFORMAT, "'%s' is no text file: it holds a NUL", l->path);
    return take_lines(l, text);
}

fy_status fyi_list_parse(const char *path, const fyi_media *m, const char *file, size_t n,
                         fyi_album *out)
{
    list l = { .media = m, .path = path, .dir_chars = (int)(fyi_base_name(path) - path) };
    const fy_status st = parse(&l, file, n);

    *out = l.album;
    return st;
}

fy_status fyi_list_scan(const char *path, const fyi_media *m, fyi_album *album)
{
    char *file;
    size_t n;
    fy_status st;

    FYI_FORWARD(fyi_file_read(path, MAX_FILE_BYTES, &file, &n));
    st = fyi_list_parse(path, m, file, n, album);
    fyi_free(file);
    return st;
}
