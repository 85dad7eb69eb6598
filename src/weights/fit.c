/* fit.c: a file's tensors against a model's parameters: what is loaded, what stays, what is wrong. */
#include "weights/fit.h"
#include "nn/edit.h"
#include "weights/map.h"

#include <string.h>

/* A report and the memory behind it. */
typedef struct report {
    fy_fit fit; /* first: a fy_fit is freed by its address */
    fyi_arena memory;
    fy_fit_line *lines; /* fit.lines */
    size_t cap;
    bool *is_used; /* [file's tensors] */
    fyi_map map;
    const char **names; /* [model's parameters]: what the file calls them, without the prefix */
    int *i_file;        /* [model's parameters] */
} report;

fy_fit_opts fy_fit_defaults(void)
{
    return (fy_fit_opts){
        .allow_missing = true, .allow_unexpected = true, .new_head = true, .new_layers = true
    };
}

fy_fit_opts fy_fit_strict(void)
{
    return (fy_fit_opts){ 0 };
}

const char *fy_fit_kind_text(fy_fit_kind k)
{
    static const char *const texts[] = {
#define KIND_TEXT(id, key, text) text,
        FY_FIT_MAP(KIND_TEXT)
#undef KIND_TEXT
    };

    return (size_t)k < FYI_LEN(texts) ? texts[k] : "?";
}

bool fyi_is_other_head(const fy_model *m, const fy_shape *in_model, const fy_shape *in_file)
{
    const int64_t n_classes = fy_model_options(m)->n_classes;
    fy_shape widened = *in_file;

    if (n_classes == 0 || in_model->rank == 0 || in_file->rank == 0 || in_model->d[0] != n_classes)
        return false;
    widened.d[0] = n_classes;
    return in_file->d[0] != n_classes && fy_shape_equal(&widened, in_model);
}

bool fyi_is_taken(fy_fit_kind k)
{
    return k == FY_FIT_LOADED || k == FY_FIT_MAPPED || k == FY_FIT_SLICED;
}

int fyi_count_taken(const fy_fit *fit)
{
    return fit->count[FY_FIT_LOADED] + fit->count[FY_FIT_MAPPED] + fit->count[FY_FIT_SLICED];
}

/* ---- lines ----------------------------------------------------------------------------------------------- */

static fy_status add_line(report *r, const fy_fit_line *line)
{
    FYI_FORWARD(fyi_grow(&r->lines, &r->cap, (size_t)r->fit.n_lines + 1, sizeof *r->lines));
    r->lines[r->fit.n_lines++] = *line;
    r->fit.lines = r->lines;
    r->fit.count[line->kind]++;
    return FY_OK;
}

/* Of a layer that an edit made, which the file's model did not have. */
static bool is_new(const report *r, const fy_model *m, const fy_fit_opts *o, int i)
{
    const char *edit = fy_model_param_edit(m, i);

    return o->new_layers && edit && !fyi_edits_have(r->fit.edits, edit);
}

/* Is it under another name in the file? */
static bool has_other_name(const report *r, const fy_fit_line *line)
{
    const size_t n = strlen(r->fit.prefix);

    return strncmp(line->from, r->fit.prefix, n) != 0 || strcmp(line->from + n, line->name) != 0;
}

static bool is_larger(const fy_shape *in_file, const fy_shape *in_model)
{
    for (int i = 0; i < in_model->rank; i++)
        if (in_file->rank != in_model->rank || in_file->d[i] < in_model->d[i])
            return false;
    return true;
}

/* Of the last layer, for other classes and another width: its rows are no channels of which some could be taken. */
static bool is_wider_head(const fy_model *m, const fy_fit_line *line)
{
    const char *last = fy_model_param_name(m, fy_model_count(m) - 1), *dot = strrchr(last, '.');
    const int64_t n_classes = fy_model_options(m)->n_classes;

    return n_classes > 0 && dot != NULL &&
           strncmp(line->name, last, (size_t)(dot - last) + 1) == 0 && line->in_file.rank > 0 &&
           line->in_model.d[0] == n_classes && line->in_file.d[0] != n_classes;
}

static fy_fit_kind judge(const report *r, const fy_model *m, const fy_weights *w,
                         const fy_fit_opts *o, const fy_fit_line *line)
{
    if (fy_glob(o->skip, line->name))
        return FY_FIT_SKIPPED;
    if (is_new(r, m, o, line->i_model))
        return FY_FIT_NEW_LAYER;
    if (line->i_file < 0)
        return FY_FIT_MISSING;
    if (!fyi_dtype_is_float(fy_weights_dtype(w, line->i_file)))
        return FY_FIT_WRONG_DTYPE;
    if (fy_shape_equal(&line->in_file, &line->in_model))
        return has_other_name(r, line) ? FY_FIT_MAPPED : FY_FIT_LOADED;
    if (fyi_is_other_head(m, &line->in_model, &line->in_file) ||
        (o->slice && is_wider_head(m, line)))
        return o->new_head ? FY_FIT_NEW_HEAD : FY_FIT_WRONG_SHAPE;
    return o->slice && is_larger(&line->in_file, &line->in_model) ? FY_FIT_SLICED
                                                                  : FY_FIT_WRONG_SHAPE;
}

static fy_status look_at_param(report *r, const fy_model *m, const fy_weights *w,
                               const fy_fit_opts *o, int i)
{
    fy_fit_line line = { .i_model = i,
                         .i_file = r->i_file[i],
                         .in_model = *fy_param_shape(fy_model_param(m, i)) };

    line.name = fyi_arena_printf(&r->memory, "%s", fy_model_param_name(m, i));
    if (!line.name)
        return fyi_enomem(strlen(fy_model_param_name(m, i)), "a tensor's name");
    if (line.i_file >= 0) {
        const char *from = fy_weights_name(w, line.i_file);

        r->is_used[line.i_file] = true;
        line.in_file = *fy_weights_shape(w, line.i_file);
        line.stored = fy_weights_stored(w, line.i_file);
        if (!(line.from = fyi_arena_dup(&r->memory, from, strlen(from) + 1)))
            return fyi_enomem(strlen(from), "a tensor's name");
    }
    line.kind = judge(r, m, w, o, &line);
    return add_line(r, &line);
}

bool fyi_is_batch_count(const char *name)
{
    static const char end[] = "num_batches_tracked";
    const size_t n = strlen(name), m = sizeof end - 1;

    return n >= m && strcmp(name + n - m, end) == 0 && (n == m || name[n - m - 1] == '.');
}

static fy_status look_at_tensor(report *r, const fy_weights *w, int i)
{
    const char *name = fy_weights_name(w, i);
    fy_fit_line line = { .i_file = i,
                         .i_model = -1,
                         .in_file = *fy_weights_shape(w, i),
                         .stored = fy_weights_stored(w, i),
                         .kind = fyi_is_batch_count(name) ? FY_FIT_IGNORED : FY_FIT_UNEXPECTED };

    line.from = line.name = fyi_arena_dup(&r->memory, name, strlen(name) + 1);
    return line.name ? add_line(r, &line) : fyi_enomem(strlen(name), "a tensor's name");
}

/* ---- partners -------------------------------------------------------------------------------------------- */

static fy_status name_params(report *r, const fy_model *m)
{
    const size_t n = (size_t)FYI_MAX(fy_model_count(m), 1);

    r->names = fyi_arena_alloc(&r->memory, n * sizeof *r->names);
    r->i_file = fyi_arena_alloc(&r->memory, n * sizeof *r->i_file);
    if (!r->names || !r->i_file)
        return fyi_enomem(n * sizeof *r->names, "a report");
    for (int i = 0; i < fy_model_count(m); i++)
        if (!(r->names[i] = fyi_map_name(&r->map, fy_model_param_name(m, i), &r->memory)))
            return fyi_enomem(strlen(fy_model_param_name(m, i)), "a tensor's name");
    return FY_OK;
}

static fy_status find_param(report *r, const fy_model *m, const fy_weights *w, int i)
{
    fyi_map_rule *rule = fyi_map_rule_of(&r->map, fy_model_param_name(m, i));
    fyi_buf theirs = { 0 };

    fyi_buf_printf(&theirs, "%s%s", r->fit.prefix, r->names[i]);
    if (theirs.failed)
        return fyi_enomem(theirs.cap, "a tensor's name");
    r->i_file[i] = fy_weights_find(w, theirs.p);
    fyi_buf_release(&theirs);
    if (rule) {
        rule->n_meant++;
        rule->n_found += r->i_file[i] >= 0;
    }
    return FY_OK;
}

/* By name, by rules, and then by order and shape. */
static fy_status find_partners(report *r, const fy_model *m, const fy_weights *w)
{
    for (int i = 0; i < fy_model_count(m); i++)
        FYI_FORWARD(find_param(r, m, w, i));
    FYI_FORWARD(fyi_map_check(&r->map, m, w));
    return r->map.is_auto ? fyi_map_pair(m, w, r->i_file) : FY_OK;
}

static fy_status compare(report *r, const fy_model *m, const fy_weights *w, const fy_fit_opts *o)
{
    FYI_FORWARD(find_partners(r, m, w));
    for (int i = 0; i < fy_model_count(m); i++)
        FYI_FORWARD(look_at_param(r, m, w, o, i));
    for (int i = 0; i < fy_weights_count(w); i++)
        if (!r->is_used[i])
            FYI_FORWARD(look_at_tensor(r, w, i));
    return FY_OK;
}

/* A file of which nothing is wanted is no partial fit but the wrong file. */
static bool is_allowed(const fy_fit *f, const fy_fit_opts *o)
{
    const int *n = f->count;

    return n[FY_FIT_WRONG_SHAPE] + n[FY_FIT_WRONG_DTYPE] == 0 &&
           (o->allow_missing || n[FY_FIT_MISSING] == 0) &&
           (o->allow_unexpected || n[FY_FIT_UNEXPECTED] == 0) &&
           (fyi_count_taken(f) > 0 ||
            n[FY_FIT_MISSING] + n[FY_FIT_NEW_HEAD] + n[FY_FIT_NEW_LAYER] == 0);
}

/* ---- the report -------------------------------------------------------------------------------------------- */

static fy_status copy_texts(report *r, const fy_model *m, const fy_weights *w, const char *prefix)
{
    fy_fit *f = &r->fit;

    f->file = fyi_arena_printf(&r->memory, "%s", w->name);
    f->model = fyi_arena_printf(&r->memory, "%s", fy_model_name(m));
    f->family = fyi_arena_printf(&r->memory, "%s", fy_model_family(m));
    f->format = w->format;
    if (!f->file || !f->model || !f->family)
        return fyi_enomem(strlen(w->name), "a report");
    if (!prefix)
        return fyi_fit_prefix(m, r->names, w, &r->memory, &f->prefix);
    f->prefix = fyi_arena_printf(&r->memory, "%s", prefix);
    return f->prefix ? FY_OK : fyi_enomem(strlen(prefix), "a report");
}

static fy_status fill(report *r, const fy_model *m, const fy_weights *w, const fy_fit_opts *o)
{
    r->is_used = fyi_calloc((size_t)fy_weights_count(w), sizeof *r->is_used);
    if (!r->is_used)
        return fyi_enomem((size_t)fy_weights_count(w), "a report");
    FYI_FORWARD(fyi_map_read(o->map, &r->memory, &r->map));
    FYI_FORWARD(name_params(r, m));
    FYI_FORWARD(copy_texts(r, m, w, o->prefix));
    FYI_FORWARD(fyi_saved_edits(w, &r->memory, &r->fit.edits));
    r->fit.is_edited_alike =
        !r->fit.edits ||
        (fy_model_options(m)->edits && strcmp(fy_model_options(m)->edits, r->fit.edits) == 0);
    FYI_FORWARD(compare(r, m, w, o));
    r->fit.is_allowed = is_allowed(&r->fit, o);
    return fyi_fit_describe(&r->fit, &r->memory);
}

fy_status fy_fit_new(const fy_model *m, const fy_weights *w, const fy_fit_opts *o, fy_fit **out)
{
    report *r = fyi_calloc(1, sizeof *r);
    fy_status st;

    *out = NULL;
    if (!r)
        return fyi_enomem(sizeof *r, "a report");
    st = fill(r, m, w, o);
    fyi_free(r->is_used);
    r->is_used = NULL;
    if (st != FY_OK)
        fy_fit_free(&r->fit);
    else
        *out = &r->fit;
    return st;
}

void fy_fit_free(fy_fit *f)
{
    report *r = (report *)f;

    if (!r)
        return;
    fyi_free(r->lines);
    fyi_arena_release(&r->memory);
    fyi_free(r);
}
