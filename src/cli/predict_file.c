/* predict_file.c: predictions as a file, row by row.
 *
 *   .csv    name,class_1,p_1,class_2,p_2,..      quoted as in RFC 4180
 *   .jsonl  {"index": 0, "name": "a/1.jpg", "top": [{"class": "dog", "p": 0.98}, ..]}
 * A sample without a name goes by its number, a class by its own. */
#include "cli/cli.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct fyi_guess_file {
    fyi_outfile *file; /* NULL: stdout */
    const char *const *class_names;
    void (*put)(const fyi_guess_file *f, const fyi_guessed *row, fyi_buf *b);
};

/* ---- rows ------------------------------------------------------------------------------------ */

static const char *class_name(const fyi_guess_file *f, int c, char number[16])
{
    if (f->class_names != NULL)
        return f->class_names[c];
    (void)snprintf(number, 16, "%d", c);
    return number;
}

static void put_field(fyi_buf *b, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fyi_buf_puts(b, text);
        return;
    }
    fyi_buf_puts(b, "\"");
    for (; *text != '\0'; text++) {
        fyi_buf_append(b, text, 1);
        if (*text == '"')
            fyi_buf_puts(b, "\"");
    }
    fyi_buf_puts(b, "\"");
}

static void put_csv(const fyi_guess_file *f, const fyi_guessed *row, fyi_buf *b)
{
    char number[24];

    (void)snprintf(number, sizeof number, "%lld", (long long)row->index);
    put_field(b, row->name != NULL ? row->name : number);
    for (int i = 0; i < row->n; i++) {
        fyi_buf_puts(b, ",");
        put_field(b, class_name(f, row->classes[i], number));
        fyi_buf_printf(b, ",%.6f", row->p[i]);
    }
    fyi_buf_puts(b, "\n");
}

/* null for a name that is no UTF-8. */
static json_t *text_of(const char *s)
{
    json_t *text = s != NULL ? json_string(s) : NULL;

    return text != NULL ? text : json_null();
}

static void put_json(const fyi_guess_file *f, const fyi_guessed *row, fyi_buf *b)
{
    json_t *list = json_array(), *root;
    char number[24], *text;

    for (int i = 0; i < row->n; i++)
        (void)json_array_append_new(list, json_pack("{s:o, s:f}", "class",
                                                    text_of(class_name(f, row->classes[i], number)),
                                                    "p", row->p[i]));
    root = json_pack("{s:I, s:o, s:o}", "index", (json_int_t)row->index, "name", text_of(row->name),
                     "top", list);
    text = root != NULL ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
    if (text != NULL)
        fyi_buf_printf(b, "%s\n", text);
    else
        b->failed = true;
    free(text);
    json_decref(root);
}

/* ---- the file -------------------------------------------------------------------------------- */

static fy_status write_text(fyi_guess_file *f, fyi_buf *b)
{
    fy_status st = FY_OK;

    if (b->failed)
        st = fyi_enomem(b->len, "a row");
    else if (f->file != NULL)
        st = fyi_outfile_write(f->file, b->p, b->len);
    else if (fwrite(b->p, 1, b->len, stdout) != b->len)
        st = fyi_fail_errno("write", "standard output", errno);
    fyi_buf_release(b);
    return st;
}

static fy_status put_heading(fyi_guess_file *f, int top)
{
    fyi_buf b = { 0 };

    if (f->put != put_csv)
        return FY_OK;
    fyi_buf_puts(&b, "name");
    for (int i = 1; i <= top; i++)
        fyi_buf_printf(&b, ",class_%d,p_%d", i, i);
    fyi_buf_puts(&b, "\n");
    return write_text(f, &b);
}

fy_status fyi_guess_file_open(const char *path, const char *const *class_names, int top,
                              fyi_guess_file **out)
{
    const bool is_json = path != NULL && fy_glob("*.jsonl", path);
    fyi_guess_file *f;
    fy_status st = FY_OK;

    *out = NULL;
    if (path != NULL && !is_json && !fy_glob("*.csv", path))
        return fyi_fail(FY_EINVAL, "--out takes a file that ends in .csv or .jsonl, not '%s'", path);
    f = fyi_calloc(1, sizeof *f);
    if (f == NULL)
        return fyi_enomem(sizeof *f, "a file");
    f->class_names = class_names;
    f->put = is_json ? put_json : put_csv;
    if (path != NULL)
        st = fyi_outfile_open(path, &f->file);
    if (st == FY_OK)
        st = put_heading(f, top);
    if (st != FY_OK) {
        fyi_guess_file_abort(f);
        return st;
    }
    *out = f;
    return FY_OK;
}

fy_status fyi_guess_file_add(fyi_guess_file *f, const fyi_guessed *row)
{
    fyi_buf b = { 0 };

    f->put(f, row, &b);
    return write_text(f, &b);
}

fy_status fyi_guess_file_commit(fyi_guess_file *f)
{
    const fy_status st = f->file != NULL ? fyi_outfile_commit(f->file) : FY_OK;

    fyi_free(f);
    return st;
}

void fyi_guess_file_abort(fyi_guess_file *f)
{
    if (f == NULL)
        return;
    fyi_outfile_abort(f->file);
    fyi_free(f);
}
