/* model_file.c: a model's values as a safetensors file, and back.
 *
 * The file holds every parameter and buffer under its own name ("conv1.weight") as F32, and in the metadata
 * ferry.family, ferry.options, a JSON object of what fy_model_open was given, and where they were set ferry.pixels
 * and ferry.classes (notes.c). Loading takes files by others too, in any format and as much of them as the caller
 * allows (fit.c). Everything is checked and read before the first value is written, so that a failure leaves the
 * model as it was. */
#include "weights/fit.h"
#include "weights/notes.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* ---- saving --------------------------------------------------------------------------------------- */

static json_t *sizes_of(const fy_shape *s)
{
    json_t *list = json_array();

    for (int i = 0; list && i < s->rank; i++) {
        if (json_array_append_new(list, json_integer(s->d[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* The seed is a text: JSON's whole numbers end at 2^63. Free with free(); NULL when out of memory. */
static char *options_text(const fy_model_opts *o)
{
    char seed[24];
    json_t *root;
    char *text;

    (void)snprintf(seed, sizeof seed, "%llu", (unsigned long long)o->seed);
    root = json_pack("{s:o, s:I, s:I, s:f, s:f, s:s?, s:s?, s:s?, s:s, s:s*}", "input",
                     sizes_of(&o->input), "n_classes", (json_int_t)o->n_classes, "hidden",
                     (json_int_t)o->hidden, "width", (double)o->width, "dropout",
                     (double)o->dropout, "activation", o->activation, "pool", o->pool, "head",
                     o->head, "seed", seed, "edits", o->edits);
    text = root ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(root);
    return text;
}

static fy_status add_meta(const fy_model *m, fy_weights_file *f)
{
    char *options = options_text(fy_model_options(m));
    fy_status st;

    if (!options)
        return fyi_enomem(sizeof(fy_model_opts), "a model's options");
    st = fy_weights_add_meta(f, "ferry.family", fy_model_family(m));
    if (st == FY_OK)
        st = fy_weights_add_meta(f, "ferry.options", options);
    free(options);
    return st == FY_OK ? fyi_notes_add(m, f) : st;
}

static int64_t largest_param(const fy_model *m)
{
    int64_t n = 1;

    for (int i = 0; i < fy_model_count(m); i++)
        n = FYI_MAX(n, fy_shape_numel(fy_param_shape(fy_model_param(m, i))));
    return n;
}

static fy_status add_params(fy_model *m, fy_weights_file *f)
{
    float *values = fyi_calloc((size_t)largest_param(m), sizeof *values);
    fy_status st = FY_OK;

    if (!values)
        return fyi_enomem((size_t)largest_param(m) * sizeof *values, "saving a model");
    for (int i = 0; i < fy_model_count(m) && st == FY_OK; i++) {
        fy_param *p = fy_model_param(m, i);

        st = fy_param_read(p, values, fy_shape_numel(fy_param_shape(p)));
        if (st == FY_OK)
            st = fy_weights_add(f, fy_model_param_name(m, i), FY_F32, fy_param_shape(p), values);
    }
    fyi_free(values);
    return st;
}

fy_status fy_model_save(fy_model *m, const char *path)
{
    fy_weights_file *f = NULL;
    fy_status st;

    FYI_FORWARD(fy_weights_create(path, &f));
    FY_TRY(add_meta(m, f));
    FY_TRY(add_params(m, f));
    return fy_weights_commit(f);
done:
    fy_weights_abort(f);
    return st;
}

/* ---- loading ---------------------------------------------------------------------------------------------- */

static fy_status refuse(const fy_model *m, const fy_weights *w, const fy_fit *fit)
{
    fyi_buf b = { 0 };
    fy_status st;

    fyi_fit_complain(&b, m, w, fit);
    st = b.failed ? fyi_enomem(b.len, "a sentence")
                  : fyi_fail(FY_ESHAPE, "'%s' does not fit model '%s' (%s)%s", w->name,
                             fy_model_name(m), fy_model_family(m), b.p);
    fyi_buf_release(&b);
    return st;
}

/* All values that are to be loaded, one after the other: a file that fails half-way changes nothing. */
static int64_t count_values(const fy_fit *fit)
{
    int64_t n = 0;

    for (int i = 0; i < fit->n_lines; i++)
        if (fyi_is_taken(fit->lines[i].kind))
            n += fy_shape_numel(&fit->lines[i].in_model);
    return n;
}

static fy_status read_values(fy_weights *w, const fy_fit *fit, float *values)
{
    for (int i = 0; i < fit->n_lines; i++) {
        const fy_fit_line *line = &fit->lines[i];
        const int64_t n = fy_shape_numel(&line->in_model);

        if (!fyi_is_taken(line->kind))
            continue;
        FYI_FORWARD(fyi_weights_read_leading(w, line->i_file, &line->in_model, values));
        values += n;
    }
    return FY_OK;
}

static fy_status write_values(fy_model *m, const fy_fit *fit, const float *values)
{
    for (int i = 0; i < fit->n_lines; i++) {
        const fy_fit_line *line = &fit->lines[i];
        const int64_t n = fy_shape_numel(&line->in_model);

        if (!fyi_is_taken(line->kind))
            continue;
        FYI_FORWARD(fy_param_write(fy_model_param(m, line->i_model), values, n));
        values += n;
    }
    return FY_OK;
}

static fy_status load(fy_model *m, fy_weights *w, const fy_fit *fit)
{
    const size_t n = (size_t)count_values(fit);
    float *values;
    fy_status st;

    if (!fit->is_allowed)
        return refuse(m, w, fit);
    values = fyi_calloc(n, sizeof *values);
    if (!values)
        return fyi_enomem(n * sizeof *values, "loading a model");
    st = read_values(w, fit, values);
    if (st == FY_OK)
        st = write_values(m, fit, values);
    fyi_free(values);
    return st;
}

/* What a strict load did goes without saying. */
static void tell(const fy_fit *fit)
{
    if (fit->count[FY_FIT_MISSING] + fit->count[FY_FIT_UNEXPECTED] > 0)
        fyi_warn("'%s': %s", fit->file, fit->summary);
    else if (fit->count[FY_FIT_LOADED] < fit->n_lines - fit->count[FY_FIT_IGNORED] ||
             fit->prefix[0] != '\0')
        fyi_info("'%s': %s", fit->file, fit->summary);
}

fy_status fy_model_load_from(fy_model *m, fy_weights *w, const fy_fit_opts *o, fy_fit **report)
{
    fy_fit *fit = NULL;
    fy_status st;

    if (report)
        *report = NULL;
    FYI_FORWARD(fy_fit_new(m, w, o, &fit));
    st = load(m, w, fit);
    if (st == FY_OK)
        tell(fit);
    if ((st == FY_OK || st == FY_ESHAPE) && report)
        *report = fit;
    else
        fy_fit_free(fit);
    return st;
}

fy_status fy_model_load_partly(fy_model *m, const char *path, const fy_fit_opts *o, fy_fit **report)
{
    const fy_fit_opts defaults = fy_fit_defaults();
    fy_weights *w = NULL;
    fy_status st;

    if (report)
        *report = NULL;
    if (!o)
        o = &defaults;
    FYI_FORWARD(fy_weights_open_part(path, o->part, &w));
    st = fy_model_load_from(m, w, o, report);
    fy_weights_close(w);
    return st;
}

fy_status fy_model_load(fy_model *m, const char *path)
{
    const fy_fit_opts strict = fy_fit_strict();

    return fy_model_load_partly(m, path, &strict, NULL);
}
