/* csv.c: text files with a record a line, and their fields. A line's end may be CR LF. */
#include "data/data.h"

#include <string.h>

char *fyi_csv_field(char *p, char separator, char **rest)
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

char fyi_csv_separator(const char *line)
{
    return strchr(line, '\t') != NULL ? '\t' : strchr(line, ',') != NULL ? ',' : ' ';
}

static fy_status take_lines(char *text, fyi_line_fn fn, void *ctx)
{
    size_t number = 0;

    for (char *line = text, *next; line != NULL; line = next) {
        size_t n;

        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        number++;
        for (n = strlen(line); n > 0 && strchr(" \r", line[n - 1]) != NULL; n--)
            line[n - 1] = '\0';
        if (*line != '\0')
            FYI_FORWARD(fn(ctx, line, number));
    }
    return FY_OK;
}

fy_status fyi_each_line(const char *path, const char *file, size_t bytes, fyi_arena *arena,
                        fyi_line_fn fn, void *ctx)
{
    const size_t mark = bytes >= 3 && memcmp(file, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    char *text = fyi_arena_dup(arena, file + mark, bytes - mark + 1);

    if (text == NULL)
        return fyi_enomem(bytes, path);
    if (strlen(text) != bytes - mark)
        return fyi_fail(FY_EFORMAT, "'%s' is no text file: it holds a NUL", path);
    return take_lines(text, fn, ctx);
}
