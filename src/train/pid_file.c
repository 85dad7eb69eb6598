/* pid_file.c: samples or counts of three variables from text files. */
#include "data/data.h"
#include "train/pid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE_BYTES ((size_t)1 << 30)
#define MOST_FIELDS 4

typedef struct row {
    const char *field[MOST_FIELDS];
} row;

typedef struct sheet {
    const char *path;
    bool is_strict; /* all lines have the same three or four fields; else two, and any more are left out */
    bool has_heading;
    char separator;
    int n_fields;
    row *rows; /* fyi_free */
    size_t n, cap;
    fyi_arena *arena;
} sheet;

/* ---- lines --------------------------------------------------------------------------------------------- */

static bool is_word(const char *a, const char *b)
{
    return a != NULL && strcmp(a, b) == 0;
}

static bool is_count(const char *text, double *v)
{
    char *end;

    *v = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*v) && *v >= 0;
}

/* Of a first line. */
static bool is_heading(const sheet *s, const row *r, int n)
{
    double v;

    if (s->has_heading)
        return true;
    if (!s->is_strict)
        return is_word(r->field[0], "name") || is_word(r->field[0], "path");
    if (n == 4)
        return !is_count(r->field[3], &v);
    return is_word(r->field[0], "x1") && is_word(r->field[1], "x2") && is_word(r->field[2], "y");
}

static fy_status check_fields(const sheet *s, int n, size_t number)
{
    if (!s->is_strict && n < 2)
        return fyi_fail(FY_EFORMAT,
                        "'%s', line %zu: a name and a value are expected, as in "
                        "name,class",
                        s->path, number);
    if (s->is_strict && (n < 3 || n > MOST_FIELDS))
        return fyi_fail(FY_EFORMAT,
                        "'%s', line %zu: %d fields; x1,x2,y or x1,x2,y,count are expected", s->path,
                        number, n);
    if (s->is_strict && s->n_fields != 0 && n != s->n_fields)
        return fyi_fail(FY_EFORMAT, "'%s', line %zu: %d fields, the lines before have %d", s->path,
                        number, n, s->n_fields);
    return FY_OK;
}

static fy_status check_row(const sheet *s, const row *r, size_t number)
{
    double v;

    for (int i = 0; i < s->n_fields && i < MOST_FIELDS; i++)
        if (*r->field[i] == '\0')
            return fyi_fail(FY_EFORMAT, "'%s', line %zu: field %d is empty", s->path, number, i + 1);
    if (s->n_fields == 4 && !is_count(r->field[3], &v))
        return fyi_fail(FY_EFORMAT,
                        "'%s', line %zu: '%.40s' is no count; a number of 0 or more is expected",
                        s->path, number, r->field[3]);
    return FY_OK;
}

/* A fyi_line_fn. */
static fy_status take_line(void *ctx, char *line, size_t number)
{
    sheet *s = ctx;
    const bool is_first = s->separator == '\0';
    row r = { { NULL } };
    int n = 0;

    if (is_first)
        s->separator = fyi_csv_separator(line) == '\t' ? '\t' : ',';
    for (char *rest = line; rest != NULL; n++) {
        char *field = fyi_csv_field(rest, s->separator, &rest);

        if (n < MOST_FIELDS)
            r.field[n] = field;
    }
    FYI_FORWARD(check_fields(s, n, number));
    if (is_first && is_heading(s, &r, n))
        return FY_OK;
    s->n_fields = s->is_strict ? n : 2;
    FYI_FORWARD(check_row(s, &r, number));
    FYI_FORWARD(fyi_grow(&s->rows, &s->cap, s->n + 1, sizeof *s->rows));
    s->rows[s->n++] = r;
    return FY_OK;
}

static fy_status parse_sheet(sheet *s, const char *file, size_t bytes)
{
    FYI_FORWARD(fyi_each_line(s->path, file, bytes, s->arena, take_line, s));
    if (s->n == 0)
        return fyi_fail(FY_EFORMAT, "'%s' has no line with a sample", s->path);
    return s->n <= INT32_MAX
               ? FY_OK
               : fyi_fail(FY_EFORMAT, "'%s' has %zu lines, more than can be told apart", s->path,
                          s->n);
}

static fy_status read_sheet(sheet *s)
{
    char *file;
    size_t bytes;
    fy_status st;

    FYI_FORWARD(fyi_file_read(s->path, MAX_FILE_BYTES, &file, &bytes));
    st = parse_sheet(s, file, bytes);
    fyi_free(file);
    return st;
}

/* ---- texts to numbers ------------------------------------------------------------------------------------- */

typedef struct word {
    const char *text;
    size_t row;
} word;

static int compare_words(const void *a, const void *b)
{
    return strcmp(((const word *)a)->text, ((const word *)b)->text);
}

/* words [s->n], a field of all rows in byte order. */
static void sort_field(const sheet *s, int field, word *words)
{
    for (size_t i = 0; i < s->n; i++)
        words[i] = (word){ s->rows[i].field[field], i };
    qsort(words, s->n, sizeof *words, compare_words);
}

static int number_words(const word *words, size_t n, int32_t *v)
{
    int32_t number = 0;

    for (size_t i = 0; i < n; i++) {
        number += i > 0 && strcmp(words[i].text, words[i - 1].text) != 0;
        v[words[i].row] = number;
    }
    return number + 1;
}

static fy_status number_field(const sheet *s, int field, int variable, fyi_pid_file *out)
{
    word *words = fyi_calloc(s->n, sizeof *words);

    out->v[variable] = fyi_arena_alloc(&out->arena, s->n * sizeof(int32_t));
    if (words == NULL || out->v[variable] == NULL) {
        fyi_free(words);
        return fyi_enomem(s->n * sizeof *words, s->path);
    }
    sort_field(s, field, words);
    out->n_values[variable] = number_words(words, s->n, out->v[variable]);
    fyi_free(words);
    return FY_OK;
}

static fy_status take_sheet(const sheet *s, fyi_pid_file *out)
{
    out->n = (int64_t)s->n;
    for (int i = 0; i < 3; i++)
        FYI_FORWARD(number_field(s, i, i, out));
    if (s->n_fields < 4)
        return FY_OK;
    out->count = fyi_arena_alloc(&out->arena, s->n * sizeof *out->count);
    if (out->count == NULL)
        return fyi_enomem(s->n * sizeof *out->count, s->path);
    for (size_t i = 0; i < s->n; i++)
        (void)is_count(s->rows[i].field[3], &out->count[i]);
    return FY_OK;
}

void fyi_pid_file_release(fyi_pid_file *f)
{
    fyi_arena_release(&f->arena);
    *f = (fyi_pid_file){ 0 };
}

fy_status fyi_pid_file_parse(const char *path, const char *file, size_t bytes, bool has_heading,
                             fyi_pid_file *out)
{
    sheet s = { .path = path, .is_strict = true, .has_heading = has_heading, .arena = &out->arena };
    fy_status st = parse_sheet(&s, file, bytes);

    if (st == FY_OK)
        st = take_sheet(&s, out);
    fyi_free(s.rows);
    return st;
}

fy_status fyi_pid_file_read(const char *path, bool has_heading, fyi_pid_file *out)
{
    char *file;
    size_t bytes;
    fy_status st;

    FYI_FORWARD(fyi_file_read(path, MAX_FILE_BYTES, &file, &bytes));
    st = fyi_pid_file_parse(path, file, bytes, has_heading, out);
    fyi_free(file);
    return st;
}

/* ---- three files by name ---------------------------------------------------------------------------------------- */

static fy_status check_names(const sheet *s, const word *names)
{
    for (size_t i = 1; i < s->n; i++)
        if (strcmp(names[i].text, names[i - 1].text) == 0)
            return fyi_fail(FY_EFORMAT, "'%s' has a value for '%.80s' twice", s->path,
                            names[i].text);
    return FY_OK;
}

/* The name that one of two sorted lists has and the other lacks. */
static fy_status compare_names(const sheet *a, const word *names_a, const sheet *b,
                               const word *names_b)
{
    const size_t n = FYI_MIN(a->n, b->n);
    size_t i = 0;

    while (i < n && strcmp(names_a[i].text, names_b[i].text) == 0)
        i++;
    if (i == a->n && i == b->n)
        return FY_OK;
    if (i == b->n || (i < a->n && strcmp(names_a[i].text, names_b[i].text) < 0))
        return fyi_fail(FY_EFORMAT, "'%s' has no value for '%.80s', which is in '%s'", b->path,
                        names_a[i].text, a->path);
    return fyi_fail(FY_EFORMAT, "'%s' has no value for '%.80s', which is in '%s'", a->path,
                    names_b[i].text, b->path);
}

static fy_status sort_names(const sheet *s, word **names)
{
    *names = fyi_calloc(s->n, sizeof **names);
    if (*names == NULL)
        return fyi_enomem(s->n * sizeof **names, s->path);
    sort_field(s, 0, *names);
    return check_names(s, *names);
}

/* Values of all three files in the order of the names. */
static fy_status join(const sheet s[3], fyi_pid_file *out)
{
    word *names[3] = { NULL };
    int32_t *v;
    fy_status st = FY_OK;

    for (int i = 0; i < 3; i++) {
        FY_TRY(sort_names(&s[i], &names[i]));
        FY_TRY(compare_names(&s[0], names[0], &s[i], names[i]));
        FY_TRY(number_field(&s[i], 1, i, out));
        v = fyi_arena_alloc(&out->arena, s[i].n * sizeof *v);
        if (v == NULL) {
            st = fyi_enomem(s[i].n * sizeof *v, s[i].path);
            goto done;
        }
        for (size_t k = 0; k < s[i].n; k++)
            v[k] = out->v[i][names[i][k].row];
        out->v[i] = v;
    }
    out->n = (int64_t)s[0].n;
done:
    for (int i = 0; i < 3; i++)
        fyi_free(names[i]);
    return st;
}

fy_status fyi_pid_files_read(const char *const paths[3], fyi_pid_file *out)
{
    sheet s[3] = { { 0 } };
    fy_status st = FY_OK;

    for (int i = 0; i < 3 && st == FY_OK; i++) {
        s[i] = (sheet){ .path = paths[i], .arena = &out->arena };
        st = read_sheet(&s[i]);
    }
    if (st == FY_OK)
        st = join(s, out);
    for (int i = 0; i < 3; i++)
        fyi_free(s[i].rows);
    return st;
}

/* ---- decomposing --------------------------------------------------------------------------------------------------- */

static fy_status decompose_counts(const fyi_pid_file *f, const fy_pid_opts *o, fy_pid_bits *out)
{
    const size_t n1 = (size_t)f->n_values[0], n2 = (size_t)f->n_values[1];
    const size_t ny = (size_t)f->n_values[2];
    fy_pid_opts counted = *o;
    double *p;
    fy_status st;

    FYI_FORWARD(fyi_pid_check_sizes(f->n_values[0], f->n_values[1], f->n_values[2]));
    p = fyi_calloc(ny * n1 * n2, sizeof *p);
    if (p == NULL)
        return fyi_enomem(ny * n1 * n2 * sizeof *p, "a table of counts");
    for (int64_t i = 0; i < f->n; i++)
        p[((size_t)f->v[2][i] * n1 + (size_t)f->v[0][i]) * n2 + (size_t)f->v[1][i]] += f->count[i];
    counted.are_counts = true;
    st = fy_pid(p, f->n_values[0], f->n_values[1], f->n_values[2], &counted, out);
    fyi_free(p);
    return st;
}

fy_status fyi_pid_of_file(const fyi_pid_file *f, const fy_pid_opts *o, fy_pid_bits *out,
                          fy_pid_bits *chance)
{
    const fy_pid_samples s = { f->v[0],        f->v[1],        f->v[2],       f->n,
                               f->n_values[0], f->n_values[1], f->n_values[2] };

    return f->count != NULL ? decompose_counts(f, o, out) : fy_pid_of_samples(&s, o, out, chance);
}
