/* csv.h: a table of texts, taken apart. */
#ifndef FYI_CSV_H
#define FYI_CSV_H

#include "data/data.h"

typedef struct fyi_csv_row {
    size_t at;   /* of its first cell in `text` */
    size_t line; /* in the file, from 1 */
} fyi_csv_row;

/* Rows of as many cells; cells lie one after the other, each with a NUL. */
typedef struct fyi_csv {
    const char *path; /* for sentences; the caller's */
    char *text;
    fyi_csv_row *rows;
    size_t n_rows, cap;
    int64_t n_columns;
    char separator;
} fyi_csv;

/* Release it, always. `separator` 0: tab, semicolon or comma, the first of them that the first line has. */
fy_status fyi_csv_split(const char *path, const char *file, size_t n, char separator, fyi_csv *out);
void fyi_csv_release(fyi_csv *t);
static inline const char *fyi_csv_cell(const fyi_csv *t, size_t row)
{
    return t->text + t->rows[row].at;
}

/* fy_csv_open from a file's bytes. */
fy_status fyi_csv_parse(const char *path, const char *file, size_t n, const char *name,
                        const fy_csv_opts *o, fy_dataset **out);

#endif
