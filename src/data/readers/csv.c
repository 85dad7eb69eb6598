/* csv.c: a CSV file as a dataset of vectors: a line is a sample, columns are its values, its label, group and key.
 *
 *   open -> cells -> heading? -> columns' parts -> values; texts of labels and groups to numbers
 * A column holds numbers if its first cell that is not missing is one: a text further down is then a mistake with a
 * line and a column, not a column that silently goes. */
#include "data/readers/csv.h"

#include "data/picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_FILE_BYTES ((size_t)1 << 30)

/* ---- cells ----------------------------------------------------------------------------------- */

typedef enum kind { MISSING, NUMBER, TEXT } kind;

static bool is_among(const char *cell, const char *const *words)
{
    while (*words != NULL && strcasecmp(cell, *words) != 0)
        words++;
    return *words != NULL;
}

/* Not hexadecimal, which strtod would take, and nothing around it. */
static bool read_number(const char *cell, double *out)
{
    char *end;

    if (*cell == '\0' || strspn(cell, "+-.0123456789eE") != strlen(cell))
        return false;
    *out = strtod(cell, &end);
    return *end == '\0';
}

static kind kind_of(const char *cell)
{
    static const char *const missing[] = { "", "NA", "N/A", "NaN", "null", "none", "?", NULL };
    static const char *const infinite[] = { "inf",       "+inf",      "-inf", "infinity",
                                            "+infinity", "-infinity", NULL };
    double v;

    return is_among(cell, missing)                             ? MISSING
           : read_number(cell, &v) || is_among(cell, infinite) ? NUMBER
                                                               : TEXT;
}

static const char *next_cell(const char *cell)
{
    return cell + strlen(cell) + 1;
}

/* ---- the table ------------------------------------------------------------------------------- */

typedef struct table {
    fyi_csv csv;
    const fy_csv_opts *o;
    fyi_arena arena;
    kind *kinds;                 /* [columns] */
    const char **headings;       /* [columns], and NULL; NULL: there is no heading */
    size_t first;                /* row with a sample */
    int64_t n;                   /* samples */
    int64_t label, group, key;   /* columns; -1: none */
    int64_t *place, n_values;    /* [columns]: which of a sample's values it is, or -1 */
    int64_t n_texts, first_text; /* columns that were left out */
    float *values;               /* [n, n_values] */
    fyi_album labels, groups;
    const char **keys; /* [n]; NULL: none */
} table;

static void release(table *t)
{
    fyi_album_release(&t->groups);
    fyi_album_release(&t->labels);
    fyi_free(t->values);
    fyi_arena_release(&t->arena);
    fyi_csv_release(&t->csv);
}

/* "3 ('area')" */
static const char *column_text(const table *t, int64_t c, char text[96])
{
    if (t->headings != NULL)
        (void)snprintf(text, 96, "%lld ('%.60s')", (long long)c + 1, t->headings[c]);
    else
        (void)snprintf(text, 96, "%lld", (long long)c + 1);
    return text;
}

static fy_status fail_cell(const table *t, size_t row, int64_t c, const char *cell, const char *what)
{
    char column[96];

    return fyi_fail(FY_EFORMAT, "'%s', line %zu, column %s: '%.40s' %s", t->csv.path,
                    t->csv.rows[row].line, column_text(t, c, column), cell, what);
}

/* ---- heading --------------------------------------------------------------------------------- */

/* Of each column's first cell from row `from` on that is not missing; a column of nothing else may be numbers. */
static void find_kinds(table *t, size_t from)
{
    for (int64_t c = 0; c < t->csv.n_columns; c++)
        t->kinds[c] = MISSING;
    for (size_t r = from; r < t->csv.n_rows; r++) {
        const char *cell = fyi_csv_cell(&t->csv, r);
        int64_t n_open = 0;

        for (int64_t c = 0; c < t->csv.n_columns; c++, cell = next_cell(cell)) {
            if (t->kinds[c] == MISSING)
                t->kinds[c] = kind_of(cell);
            n_open += t->kinds[c] == MISSING;
        }
        if (n_open == 0)
            return;
    }
}

/* 0, 1, 2, ... or 1, 2, 3, ... over all columns but the last: what programs write that were given no headings. */
static bool counts_columns(const table *t)
{
    const char *cell = fyi_csv_cell(&t->csv, 0);
    const long begin = strcmp(cell, "1") == 0;
    char number[32];

    for (int64_t c = 0; c + 1 < t->csv.n_columns; c++, cell = next_cell(cell)) {
        (void)snprintf(number, sizeof number, "%lld", (long long)begin + (long long)c);
        if (strcmp(cell, number) != 0)
            return false;
    }
    return t->csv.n_columns > 4;
}

/* Texts over columns of numbers are a heading, unless there are numbers beside them: then one of both is a mistake. */
static fy_status look_for_heading(const table *t, bool *found)
{
    const char *cell = fyi_csv_cell(&t->csv, 0), *text = NULL;
    int64_t n_numbers = 0;

    *found = t->o->header == FY_HEADER_YES;
    if (t->o->header != FY_HEADER_DETECT || t->csv.n_rows < 2)
        return FY_OK;
    for (int64_t c = 0; c < t->csv.n_columns; c++, cell = next_cell(cell)) {
        const kind k = t->kinds[c] == NUMBER ? kind_of(cell) : MISSING;

        text = k == TEXT && text == NULL ? cell : text;
        n_numbers += k == NUMBER;
    }
    *found = counts_columns(t) || (text != NULL && n_numbers == 0);
    if (!*found && text != NULL)
        return fyi_fail(
            FY_EFORMAT,
            "'%s', line %zu: '%.40s' is no number, and other cells are; say whether this "
            "is a heading (header: yes or no)",
            t->csv.path, t->csv.rows[0].line, text);
    return FY_OK;
}

static fy_status take_heading(table *t)
{
    const char *cell = fyi_csv_cell(&t->csv, 0);

    t->first = 1;
    if (t->csv.n_rows < 2)
        return fyi_fail(FY_EFORMAT, "'%s' has a heading and nothing else", t->csv.path);
    t->headings = fyi_arena_alloc(&t->arena, ((size_t)t->csv.n_columns + 1) * sizeof *t->headings);
    if (t->headings == NULL)
        return fyi_enomem((size_t)t->csv.n_columns, t->csv.path);
    for (int64_t c = 0; c < t->csv.n_columns; c++, cell = next_cell(cell))
        t->headings[c] = cell;
    return FY_OK;
}

static fy_status find_heading(table *t)
{
    bool is_heading;

    t->kinds = fyi_arena_alloc(&t->arena, (size_t)t->csv.n_columns * sizeof *t->kinds);
    t->place = fyi_arena_alloc(&t->arena, (size_t)t->csv.n_columns * sizeof *t->place);
    if (t->kinds == NULL || t->place == NULL)
        return fyi_enomem((size_t)t->csv.n_columns * sizeof *t->place, t->csv.path);
    find_kinds(t, 1);
    FYI_FORWARD(look_for_heading(t, &is_heading));
    if (is_heading)
        FYI_FORWARD(take_heading(t));
    else
        find_kinds(t, 0);
    t->n = (int64_t)(t->csv.n_rows - t->first);
    return FY_OK;
}

/* ---- columns --------------------------------------------------------------------------------- */

static int64_t count_headings(const table *t, const char *name, int64_t *at)
{
    int64_t n = 0;

    for (int64_t c = 0; t->headings != NULL && c < t->csv.n_columns; c++)
        if (strcmp(t->headings[c], name) == 0) {
            n++;
            *at = c;
        }
    return n;
}

/* 3: the third; -1: the last. */
static bool read_position(const table *t, const char *name, int64_t *at)
{
    const int64_t n = t->csv.n_columns;
    char *end;
    const long v = strtol(name, &end, 10);

    if (end == name || *end != '\0' || v == 0 || v > n || v < -n)
        return false;
    *at = v > 0 ? v - 1 : n + v;
    return true;
}

static fy_status find_column(const table *t, const char *name, int64_t *out)
{
    static const char *const none[] = { NULL };
    const int64_t n = count_headings(t, name, out);
    const char *near;

    if (n == 1 || (n == 0 && read_position(t, name, out)))
        return FY_OK;
    if (n > 1)
        return fyi_fail(
            FY_EINVAL,
            "'%s': %lld columns are headed '%.80s'; name the one by its place, from 1, or "
            "from the end by -1",
            t->csv.path, (long long)n, name);
    near = fyi_nearest(name, t->headings != NULL ? t->headings : none);
    return fyi_fail(
        FY_EINVAL,
        "'%s' has no column '%.80s'%s%.80s%s; columns go by their headings%s, or by their "
        "places, 1 to %lld",
        t->csv.path, name, near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
        near != NULL ? "'?" : "", t->headings != NULL ? "" : ", of which there are none",
        (long long)t->csv.n_columns);
}

static fy_status find_special(const table *t, const char *name, int64_t *out)
{
    *out = -1;
    return name != NULL && *name != '\0' ? find_column(t, name, out) : FY_OK;
}

static bool is_special(const table *t, int64_t c)
{
    return c == t->label || c == t->group || c == t->key;
}

static fy_status take_named_values(table *t)
{
    for (int k = 0; k < t->o->n_values; k++) {
        int64_t c;

        FYI_FORWARD(find_column(t, t->o->values[k], &c));
        if (is_special(t, c) || t->place[c] >= 0)
            return fyi_fail(
                FY_EINVAL,
                "'%s': the column '%.80s' is named as a value and as something else, or "
                "twice",
                t->csv.path, t->o->values[k]);
        t->place[c] = t->n_values++;
    }
    return FY_OK;
}

static void take_other_values(table *t)
{
    for (int64_t c = 0; c < t->csv.n_columns; c++)
        if (is_special(t, c))
            continue;
        else if (t->kinds[c] != TEXT)
            t->place[c] = t->n_values++;
        else if (t->n_texts++ == 0)
            t->first_text = c;
}

static fy_status find_columns(table *t)
{
    const fy_csv_opts *o = t->o;

    for (int64_t c = 0; c < t->csv.n_columns; c++)
        t->place[c] = -1;
    FYI_FORWARD(find_special(t, o->label != NULL ? o->label : "-1", &t->label));
    FYI_FORWARD(find_special(t, o->group, &t->group));
    FYI_FORWARD(find_special(t, o->key, &t->key));
    if (o->n_values > 0)
        FYI_FORWARD(take_named_values(t));
    else
        take_other_values(t);
    return t->n_values > 0 ? FY_OK
                           : fyi_fail(FY_EFORMAT,
                                      "'%s' has no column of numbers besides labels, groups and "
                                      "keys; cells are separated by '%c', numbers written 1.5",
                                      t->csv.path, t->csv.separator);
}

/* ---- values ---------------------------------------------------------------------------------- */

static fy_status take_value(const table *t, size_t row, int64_t c, const char *cell, float *out)
{
    double v = 0;

    if (kind_of(cell) == MISSING) {
        *out = t->o->missing == FY_MISSING_NAN ? NAN : 0;
        return t->o->missing != FY_MISSING_ERROR
                   ? FY_OK
                   : fail_cell(t, row, c, cell,
                               "is no value; say what stands for missing ones (missing: mean or "
                               "zero), or leave the column out");
    }
    if (kind_of(cell) == TEXT)
        return fail_cell(t, row, c, cell, "is no number, as the column's first is");
    *out = read_number(cell, &v) ? (float)v : INFINITY;
    return isfinite(*out) ? FY_OK : fail_cell(t, row, c, cell, "is not finite in 32 bits");
}

/* Numbers are classes only if they are whole. */
static fy_status take_label(table *t, size_t row, const char *cell)
{
    double v;

    if (*cell == '\0')
        return fail_cell(t, row, t->label, cell, "is no label");
    if (read_number(cell, &v) && v != floor(v))
        return fail_cell(t, row, t->label, cell,
                         "is no class; name the labels' column (label_column), or say that there "
                         "is none: label_column=\"\", "
                         "within the shell's quotes");
    return fyi_album_add(&t->labels, &(fyi_shot){ .name = "a line", .label = cell });
}

static fy_status take_group(table *t, size_t row, const char *cell)
{
    if (*cell == '\0')
        return fail_cell(t, row, t->group, cell, "is no group");
    return fyi_album_add(&t->groups, &(fyi_shot){ .name = "a line", .label = cell });
}

static fy_status take_cells(table *t, size_t row)
{
    const char *cell = fyi_csv_cell(&t->csv, row);
    const int64_t i = (int64_t)(row - t->first);

    for (int64_t c = 0; c < t->csv.n_columns; c++, cell = next_cell(cell)) {
        if (t->place[c] >= 0)
            FYI_FORWARD(take_value(t, row, c, cell, t->values + i * t->n_values + t->place[c]));
        if (c == t->label && !t->o->is_unlabelled)
            FYI_FORWARD(take_label(t, row, cell));
        if (c == t->group)
            FYI_FORWARD(take_group(t, row, cell));
        if (c == t->key)
            t->keys[i] = cell;
    }
    return FY_OK;
}

static fy_status take_rows(table *t)
{
    t->values = fyi_calloc((size_t)t->n * (size_t)t->n_values, sizeof *t->values);
    t->keys = t->key >= 0 ? fyi_arena_alloc(&t->arena, (size_t)t->n * sizeof *t->keys) : NULL;
    if (t->values == NULL || (t->key >= 0 && t->keys == NULL))
        return fyi_enomem((size_t)t->n * (size_t)t->n_values * sizeof *t->values, t->csv.path);
    for (size_t row = t->first; row < t->csv.n_rows; row++)
        FYI_FORWARD(take_cells(t, row));
    return FY_OK;
}

/* ---- keys ------------------------------------------------------------------------------------ */

typedef struct named {
    const char *key;
    size_t line;
} named;

static int compare_named(const void *a, const void *b)
{
    const named *x = a, *y = b;
    const int order = strcmp(x->key, y->key);

    return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

/* A key is there to find one sample by. */
static fy_status check_keys(const table *t)
{
    named *v = t->keys != NULL ? fyi_calloc((size_t)t->n, sizeof *v) : NULL;
    fy_status st = FY_OK;

    if (t->keys == NULL)
        return FY_OK;
    if (v == NULL)
        return fyi_enomem((size_t)t->n * sizeof *v, t->csv.path);
    for (int64_t i = 0; i < t->n; i++)
        v[i] = (named){ t->keys[i], t->csv.rows[t->first + (size_t)i].line };
    qsort(v, (size_t)t->n, sizeof *v, compare_named);
    for (int64_t i = 0; st == FY_OK && i < t->n; i++)
        if (v[i].key[0] == '\0')
            st = fyi_fail(FY_EFORMAT, "'%s', line %zu: there is no key", t->csv.path, v[i].line);
        else if (i > 0 && strcmp(v[i - 1].key, v[i].key) == 0)
            st = fyi_fail(FY_EFORMAT, "'%s', lines %zu and %zu have the same key '%.80s'",
                          t->csv.path, v[i - 1].line, v[i].line, v[i].key);
    fyi_free(v);
    return st;
}

/* ---- the source ------------------------------------------------------------------------------ */

typedef struct csv_source {
    fyi_source base;
    float *values; /* [n, columns] */
    const char *const *keys;
    fyi_arena arena;
} csv_source;

static fy_status get(const fyi_source *s, int64_t i, float *x, float *scratch)
{
    const int64_t n = s->shape.d[0];

    (void)scratch;
    memcpy(x, ((const csv_source *)s)->values + i * n, (size_t)n * sizeof *x);
    return FY_OK;
}

static const char *name_of(const fyi_source *s, int64_t i)
{
    const csv_source *c = (const csv_source *)s;

    return c->keys != NULL ? c->keys[i] : NULL;
}

static void close_source(fyi_source *s)
{
    csv_source *c = (csv_source *)s;

    fyi_arena_release(&c->arena);
    fyi_free(c->values);
    fyi_free(c);
}

static const fyi_source_ops ops = {
    .get = get, .close = close_source, .name = name_of, .key = name_of
};

static const char *const *copy_keys(csv_source *s, const table *t)
{
    const char **keys = fyi_arena_alloc(&s->arena, (size_t)t->n * sizeof *keys);

    for (int64_t i = 0; keys != NULL && i < t->n; i++) {
        keys[i] = fyi_arena_printf(&s->arena, "%s", t->keys[i]);
        if (keys[i] == NULL)
            return NULL;
    }
    return keys;
}

/* Of the file's bytes, and of which columns of it were taken. */
static void set_hashes(fyi_source *s, const table *t, const char *file, size_t n)
{
    fyi_sha256 sum;
    char line[64];

    fyi_sha256_init(&sum);
    fyi_sha256_update(&sum, file, n);
    fyi_sha256_hex(&sum, s->hash);
    fyi_sha256_init(&sum);
    fyi_sha256_update(&sum, s->hash, 64);
    for (int64_t c = 0; c < t->csv.n_columns; c++) {
        (void)snprintf(line, sizeof line, "csv %lld %zu %d\n", (long long)t->place[c], t->first,
                       (int)t->o->missing);
        fyi_sha256_update(&sum, line, strlen(line));
    }
    fyi_sha256_hex(&sum, s->key);
}

/* Takes t's values. */
static fy_status new_source(table *t, const char *file, size_t n, fyi_source **out)
{
    csv_source *s = fyi_calloc(1, sizeof *s);

    if (s == NULL)
        return fyi_enomem(sizeof *s, t->csv.path);
    fyi_source_init(&s->base, &ops, t->n, FY_SHAPE(t->n_values));
    s->values = t->values;
    t->values = NULL;
    if (t->keys != NULL && (s->keys = copy_keys(s, t)) == NULL) {
        fyi_source_drop(&s->base);
        return fyi_enomem((size_t)t->n * sizeof *s->keys, t->csv.path);
    }
    set_hashes(&s->base, t, file, n);
    *out = &s->base;
    return FY_OK;
}

/* ---- the dataset ----------------------------------------------------------------------------- */

static fy_status name_classes(table *t)
{
    if (t->o->classes_path == NULL || *t->o->classes_path == '\0')
        return FY_OK;
    return fyi_class_names_read(t->o->classes_path, &t->labels.arena, &t->labels.class_names,
                                &t->labels.n_classes);
}

static fy_status new_dataset(table *t, const char *file, size_t n, const char *name,
                             fy_dataset **out)
{
    fyi_dataset_spec spec = { .n = t->n, .name = name != NULL ? name : fyi_base_name(t->csv.path) };
    char how[192] = "", column[96];
    int32_t *label, *group;
    fy_status st;

    FYI_FORWARD(name_classes(t));
    FYI_FORWARD(fyi_album_number(&t->labels, t->csv.path, &label));
    t->groups.are_names = true;
    FYI_FORWARD(fyi_album_number(&t->groups, t->csv.path, &group));
    if (t->n_texts > 0)
        (void)snprintf(how, sizeof how, "; %lld columns of texts left out, the first is %s",
                       (long long)t->n_texts, column_text(t, t->first_text, column));
    FYI_FORWARD(new_source(t, file, n, &spec.source));
    spec.label = label;
    spec.n_classes = t->labels.n_classes;
    spec.class_names = t->labels.class_names;
    spec.group = group;
    spec.n_groups = t->groups.n_classes;
    spec.group_names = t->groups.class_names;
    spec.how = how;
    st = fyi_dataset_new(&spec, out);
    fyi_source_drop(spec.source);
    return st;
}

fy_csv_opts fy_csv_defaults(void)
{
    return (fy_csv_opts){ .header = FY_HEADER_DETECT };
}

fy_status fyi_csv_parse(const char *path, const char *file, size_t n, const char *name,
                        const fy_csv_opts *o, fy_dataset **out)
{
    const fy_csv_opts defaults = fy_csv_defaults();
    table t = { .o = o != NULL ? o : &defaults };
    fy_status st;

    *out = NULL;
    FY_TRY(fyi_csv_split(path, file, n, t.o->separator, &t.csv));
    FY_TRY(find_heading(&t));
    FY_TRY(find_columns(&t));
    FY_TRY(take_rows(&t));
    FY_TRY(check_keys(&t));
    FY_TRY(new_dataset(&t, file, n, name, out));
done:
    release(&t);
    return st;
}

fy_status fy_csv_open(const char *path, const char *name, const fy_csv_opts *o, fy_dataset **out)
{
    char *file;
    size_t n;
    fy_status st;

    *out = NULL;
    FYI_FORWARD(fyi_file_read(path, MAX_FILE_BYTES, &file, &n));
    st = fyi_csv_parse(path, file, n, name, o, out);
    fyi_free(file);
    return st;
}
