/* fit_text.c: a fit in words, in JSON, and as a complaint. */
#include "weights/fit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NAMED 8 /* tensors of a kind that the text names */

/* ---- for people --------------------------------------------------------------------------------------------- */

/* What is not as it should be is named, the rest is counted. */
static bool is_named(fy_fit_kind k)
{
    return k != FY_FIT_LOADED && k != FY_FIT_IGNORED;
}

/* Is more to be told of the name in the file than that a prefix was taken off? */
static bool has_other_name(const fy_fit *f, const fy_fit_line *line)
{
    const size_t n = strlen(f->prefix);

    return line->from && line->i_model >= 0 &&
           (strncmp(line->from, f->prefix, n) != 0 || strcmp(line->from + n, line->name) != 0);
}

static void put_line(fyi_buf *b, const fy_fit *f, const fy_fit_line *line)
{
    char theirs[FYI_SPEC_CHARS], ours[FYI_SPEC_CHARS];

    fyi_buf_printf(b, "      %.*s", FYI_NAME_CHARS, line->name);
    if (has_other_name(f, line))
        fyi_buf_printf(b, " from %.*s", FYI_NAME_CHARS, line->from);
    fy_shape_text(&line->in_file, theirs, sizeof theirs);
    fy_shape_text(&line->in_model, ours, sizeof ours);
    if (line->i_file >= 0)
        fyi_buf_printf(b, ": %s %s in the file", line->stored, theirs);
    if (line->i_model >= 0)
        fyi_buf_printf(b, "%s%s in the model", line->i_file >= 0 ? ", " : ": ", ours);
    fyi_buf_puts(b, "\n");
}

static int stem_of(const char *name)
{
    const char *dot = strrchr(name, '.');

    return (int)(dot ? dot - name : 0);
}

static bool is_same_layer(const char *a, const char *b)
{
    return stem_of(a) == stem_of(b) && strncmp(a, b, (size_t)stem_of(a)) == 0;
}

/* A line for each layer: "layer1.8.conv1 -> layer1.2.conv1 (1)". */
static void put_mapped(fyi_buf *b, const fy_fit *f)
{
    for (int i = 0, n; i < f->n_lines; i += n) {
        const fy_fit_line *line = &f->lines[i];

        n = 1;
        if (line->kind != FY_FIT_MAPPED)
            continue;
        while (i + n < f->n_lines && f->lines[i + n].kind == FY_FIT_MAPPED &&
               is_same_layer(line[n].name, line->name) && is_same_layer(line[n].from, line->from))
            n++;
        fyi_buf_printf(b, "      %.*s -> %.*s (%d)\n", FYI_MIN(stem_of(line->from), FYI_NAME_CHARS),
                       line->from, FYI_MIN(stem_of(line->name), FYI_NAME_CHARS), line->name, n);
    }
}

static void put_kind(fyi_buf *b, const fy_fit *f, fy_fit_kind k)
{
    const int most = k == FY_FIT_SLICED ? f->n_lines : MAX_NAMED;
    int n = 0;

    if (f->count[k] == 0 && k != FY_FIT_LOADED)
        return;
    fyi_buf_printf(b, "  %-18s %6d\n", fy_fit_kind_text(k), f->count[k]);
    if (k == FY_FIT_MAPPED) {
        put_mapped(b, f);
        return;
    }
    for (int i = 0; is_named(k) && i < f->n_lines && n <= most; i++)
        if (f->lines[i].kind == k && n++ < most)
            put_line(b, f, &f->lines[i]);
    if (f->count[k] > most && is_named(k))
        fyi_buf_printf(b, "      and %d more\n", f->count[k] - most);
}

static void put_text(fyi_buf *b, const fy_fit *f)
{
    fyi_buf_printf(b, "%s (%s) for %s (%s)\n", f->file, f->format, f->model, f->family);
    for (int k = 0; k < FY_FIT_KINDS; k++)
        put_kind(b, f, (fy_fit_kind)k);
    if (f->prefix[0] != '\0')
        fyi_buf_printf(b, "  '%s' was taken off the file's names\n", f->prefix);
    if (!f->is_edited_alike)
        fyi_buf_printf(b, "  the file's model was changed: %.1000s\n", f->edits);
}

static const fy_fit_line *first_of(const fy_fit *f, fy_fit_kind k)
{
    for (int i = 0; i < f->n_lines; i++)
        if (f->lines[i].kind == k)
            return &f->lines[i];
    return NULL;
}

/* ---- in one line -------------------------------------------------------------------------------------------- */

/* Kinds that a reader looks for are there with a 0 too. */
static bool is_expected(fy_fit_kind k)
{
    return k == FY_FIT_MISSING || k == FY_FIT_UNEXPECTED || k == FY_FIT_WRONG_SHAPE;
}

static void put_count(fyi_buf *b, const fy_fit *f, fy_fit_kind k)
{
    if (f->count[k] == 0 && !is_expected(k))
        return;
    fyi_buf_printf(b, ", %d %s", f->count[k], fy_fit_kind_text(k));
    if (f->count[k] > 0 && is_expected(k))
        fyi_buf_printf(b, " (the first is '%.*s')", FYI_NAME_CHARS, first_of(f, k)->name);
}

static void put_summary(fyi_buf *b, const fy_fit *f)
{
    fyi_buf_printf(b, "%d tensors loaded", f->count[FY_FIT_LOADED]);
    for (int k = FY_FIT_LOADED + 1; k < FY_FIT_KINDS; k++)
        put_count(b, f, (fy_fit_kind)k);
    if (f->prefix[0] != '\0')
        fyi_buf_printf(b, "; '%.*s' was taken off the file's names", FYI_NAME_CHARS, f->prefix);
    if (!f->is_edited_alike)
        fyi_buf_printf(b, "; the file's model was changed: '%.*s'", FYI_NAME_CHARS, f->edits);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

static json_t *sizes_of(const fy_shape *s)
{
    json_t *list = json_array();

    for (int i = 0; list && i < s->rank; i++)
        if (json_array_append_new(list, json_integer(s->d[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

/* jansson lets NULL run through: every function fails on it and frees what it was to keep. */
static json_t *line_object(const fy_fit *f, const fy_fit_line *line)
{
    json_t *o = json_pack("{s:s, s:s*}", "name", line->name, "from",
                          has_other_name(f, line) ? line->from : NULL);

    if (o && line->i_file >= 0 &&
        (json_object_set_new(o, "stored", json_string(line->stored)) != 0 ||
         json_object_set_new(o, "file", sizes_of(&line->in_file)) != 0)) {
        json_decref(o);
        return NULL;
    }
    if (o && line->i_model >= 0 && json_object_set_new(o, "model", sizes_of(&line->in_model)) != 0) {
        json_decref(o);
        return NULL;
    }
    return o;
}

static json_t *list_kind(const fy_fit *f, fy_fit_kind k)
{
    json_t *list = json_array();

    for (int i = 0; list && i < f->n_lines; i++)
        if (f->lines[i].kind == k && json_array_append_new(list, line_object(f, &f->lines[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static bool add_kinds(json_t *root, const fy_fit *f)
{
    static const char *const keys[] = {
#define KIND_KEY(id, key, text) key,
        FY_FIT_MAP(KIND_KEY)
#undef KIND_KEY
    };

    for (int k = 0; k < FY_FIT_KINDS; k++) {
        json_t *v =
            is_named((fy_fit_kind)k) ? list_kind(f, (fy_fit_kind)k) : json_integer(f->count[k]);

        if (json_object_set_new(root, keys[k], v) != 0)
            return false;
    }
    return true;
}

/* A path need not be UTF-8, a text of JSON must; names of tensors are, or no reader would have taken them. */
static json_t *path_text(const char *path)
{
    json_t *text = json_string(path);

    return text ? text : json_string("(a name that is not UTF-8)");
}

/* Free with free(); NULL when out of memory. */
static char *make_json(const fy_fit *f, const char *summary)
{
    json_t *root = json_pack("{s:o, s:s, s:s, s:s, s:s, s:b, s:s}", "file", path_text(f->file),
                             "format", f->format, "model", f->model, "family", f->family, "prefix",
                             f->prefix, "allowed", f->is_allowed, "summary", summary);
    char *text = root && add_kinds(root, f) ? json_dumps(root, JSON_COMPACT) : NULL;

    json_decref(root);
    return text;
}

/* The arena's copy of what `put` says; NULL when out of memory. */
static const char *make_text(const fy_fit *fit, void (*put)(fyi_buf *b, const fy_fit *f),
                             fyi_arena *texts)
{
    fyi_buf b = { 0 };
    const char *text;

    put(&b, fit);
    text = b.failed ? NULL : fyi_arena_dup(texts, b.p, b.len + 1);
    fyi_buf_release(&b);
    return text;
}

fy_status fyi_fit_describe(fy_fit *fit, fyi_arena *texts)
{
    char *json = NULL;

    fit->text = make_text(fit, put_text, texts);
    fit->summary = make_text(fit, put_summary, texts);
    if (fit->summary)
        json = make_json(fit, fit->summary);
    if (json)
        fit->json = fyi_arena_dup(texts, json, strlen(json) + 1);
    free(json);
    return fit->text && fit->json ? FY_OK : fyi_enomem(0, "a report");
}

/* ---- complaints ------------------------------------------------------------------------------------------------- */

static void put_absent(fyi_buf *b, const fy_fit *f)
{
    if (f->count[FY_FIT_MISSING] > 0)
        fyi_buf_printf(b, "; the file lacks %d of the model's tensors, the first is '%s'",
                       f->count[FY_FIT_MISSING], first_of(f, FY_FIT_MISSING)->name);
    if (f->count[FY_FIT_UNEXPECTED] > 0)
        fyi_buf_printf(b, "; it has %d that the model does not know, the first is '%.*s'",
                       f->count[FY_FIT_UNEXPECTED], FYI_NAME_CHARS,
                       first_of(f, FY_FIT_UNEXPECTED)->name);
}

static void put_unfit(fyi_buf *b, const fy_fit *f)
{
    const fy_fit_line *shape = first_of(f, FY_FIT_WRONG_SHAPE),
                      *dtype = first_of(f, FY_FIT_WRONG_DTYPE);
    char theirs[FYI_SPEC_CHARS], ours[FYI_SPEC_CHARS];

    if (shape)
        fyi_buf_printf(
            b, "; %d differ in shape, the first is '%s', %s in the file and %s in the model",
            f->count[FY_FIT_WRONG_SHAPE], shape->name,
            fy_shape_text(&shape->in_file, theirs, sizeof theirs),
            fy_shape_text(&shape->in_model, ours, sizeof ours));
    if (dtype)
        fyi_buf_printf(b, "; %d are not floating-point numbers, the first is '%s', %s",
                       f->count[FY_FIT_WRONG_DTYPE], dtype->name, dtype->stored);
}

/* What a user can do about it, by what is wrong. */
static const char *advise(const fy_model *m, const fy_weights *w, const fy_fit *f)
{
    const char *family = fy_weights_meta(w, "ferry.family");

    if (family && strcmp(family, fy_model_family(m)) != 0)
        return "open a model of the file's family (its metadata 'ferry.family')";
    if (!f->is_edited_alike)
        return "the file's model was changed; give this one the same edits, those in its metadata "
               "'ferry.options'";
    if (f->count[FY_FIT_WRONG_SHAPE] > 0)
        return "give the model the options it was saved with (input shape, classes, hidden width)";
    if (f->count[FY_FIT_MISSING] + f->count[FY_FIT_UNEXPECTED] > 0)
        return "check that the file belongs to this family; names are torchvision's";
    return "save these tensors as F32";
}

void fyi_fit_complain(fyi_buf *b, const fy_model *m, const fy_weights *w, const fy_fit *fit)
{
    put_absent(b, fit);
    put_unfit(b, fit);
    if (fyi_count_taken(fit) == 0)
        fyi_buf_puts(b, "; nothing of it fits");
    fyi_buf_printf(b, "; %s", advise(m, w, fit));
}
