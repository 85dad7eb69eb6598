/* csv_split.c: a CSV file as rows of cells (RFC 4180).
 *
 *   1.5,"a, ""b""",dog     quotes hold separators, line ends, and quotes twice
 * Lines end with LF, CR LF or CR, empty ones are left out, spaces around a cell without quotes too. The file may begin
 * with UTF-8's byte order mark. A cell takes no more room than in the file, so all of them fit in a copy of it. */
#include "data/readers/csv.h"

#include <string.h>

#define MAX_CELL_BYTES 65536

typedef struct reader {
    fyi_csv *t;
    const char *p, *end;
    char *to; /* where the next byte goes */
    size_t line;
} reader;

static fy_status fail(const reader *r, const char *what)
{
    return fyi_fail(FY_EFORMAT, "'%s', line %zu: %s", r->t->path, r->line, what);
}

static bool is_line_end(const reader *r)
{
    return r->p == r->end || *r->p == '\n' || *r->p == '\r';
}

static void skip_line_end(reader *r)
{
    if (r->p < r->end && *r->p == '\r')
        r->p++;
    if (r->p < r->end && *r->p == '\n')
        r->p++;
    r->line++;
}

/* ---- cells ----------------------------------------------------------------------------------- */

static fy_status take_quoted(reader *r)
{
    const reader begin = *r;

    for (r->p++; r->p < r->end && (*r->p != '"' || (r->p + 1 < r->end && r->p[1] == '"')); r->p++) {
        r->p += *r->p == '"';
        r->line += *r->p == '\n';
        *r->to++ = *r->p;
    }
    if (r->p == r->end)
        return fail(&begin, "a quote begins here and does not end");
    r->p++;
    if (!is_line_end(r) && *r->p != r->t->separator)
        return fail(r, "something follows a quote's end; a quote within quotes is written twice");
    return FY_OK;
}

static void take_plain(reader *r)
{
    char *begin = r->to;

    while (!is_line_end(r) && *r->p != r->t->separator)
        *r->to++ = *r->p++;
    while (r->to > begin && r->to[-1] == ' ')
        r->to--;
}

static fy_status take_cell(reader *r)
{
    const char *begin = r->to;

    while (r->p < r->end && *r->p == ' ')
        r->p++;
    if (r->p < r->end && *r->p == '"')
        FYI_FORWARD(take_quoted(r));
    else
        take_plain(r);
    if (r->to - begin > MAX_CELL_BYTES)
        return fail(r, "a cell is longer than 65536 bytes; is a quote missing?");
    *r->to++ = '\0';
    return FY_OK;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static fy_status take_row(reader *r)
{
    fyi_csv *t = r->t;
    int64_t n = 0;

    FYI_FORWARD(fyi_grow(&t->rows, &t->cap, t->n_rows + 1, sizeof *t->rows));
    t->rows[t->n_rows] = (fyi_csv_row){ (size_t)(r->to - t->text), r->line };
    for (bool is_more = true; is_more; n++) {
        FYI_FORWARD(take_cell(r));
        is_more = !is_line_end(r);
        r->p += is_more;
    }
    if (t->n_rows > 0 && n != t->n_columns)
        return fyi_fail(FY_EFORMAT, "'%s', line %zu: %lld cells, but line %zu has %lld", t->path,
                        t->rows[t->n_rows].line, (long long)n, t->rows[0].line,
                        (long long)t->n_columns);
    t->n_columns = n;
    t->n_rows++;
    skip_line_end(r);
    return FY_OK;
}

static char find_separator(const char *p, const char *end)
{
    static const char known[] = "\t;,";
    bool is_quoted = false;
    size_t best = sizeof known - 2;

    for (; p < end && (is_quoted || (*p != '\n' && *p != '\r')); p++) {
        const char *at = is_quoted ? NULL : strchr(known, *p);

        is_quoted = is_quoted != (*p == '"');
        if (at != NULL)
            best = FYI_MIN(best, (size_t)(at - known));
    }
    return known[best];
}

static fy_status take_rows(reader *r)
{
    while (r->p < r->end)
        if (is_line_end(r))
            skip_line_end(r);
        else
            FYI_FORWARD(take_row(r));
    return r->t->n_rows > 0
               ? FY_OK
               : fyi_fail(FY_EFORMAT, "'%s' has no line with anything in it", r->t->path);
}

fy_status fyi_csv_split(const char *path, const char *file, size_t n, char separator, fyi_csv *out)
{
    const size_t mark = n >= 3 && memcmp(file, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    reader r = { .t = out, .p = file + mark, .end = file + n, .line = 1 };

    *out = (fyi_csv){ .path = path };
    if (n > 0 && memchr(file, '\0', n) != NULL)
        return fyi_fail(FY_EFORMAT, "'%s' is no text file: it holds a NUL", path);
    out->separator = separator != '\0' ? separator : find_separator(r.p, r.end);
    out->text = r.to = fyi_alloc(n + 1);
    if (out->text == NULL)
        return fyi_enomem(n, path);
    return take_rows(&r);
}

void fyi_csv_release(fyi_csv *t)
{
    fyi_free(t->text);
    fyi_free(t->rows);
    *t = (fyi_csv){ 0 };
}
