/* inspect_model.c: ferry inspect --model: a family's layers, and how a weights file fits it. */
#include "cli/cli.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* ---- options --------------------------------------------------------------------------------- */

static fy_status read_shape(const char *text, fy_shape *out)
{
    *out = (fy_shape){ 0 };
    for (const char *rest = text;; rest++) {
        char *end;
        const long long d = strtoll(rest, &end, 10);

        if (end == rest || d < 1 || d > 1000000 || out->rank == 3 || (*end != 'x' && *end != '\0'))
            return fyi_fail(FY_EINVAL, "'%s' is no shape; write it like 1x28x28 or 512", text);
        out->d[out->rank++] = d;
        rest = end;
        if (*rest == '\0')
            return FY_OK;
    }
}

static fy_status read_number(const char *option, const char *text, double most, double *out)
{
    char *end;

    *out = strtod(text, &end);
    if (end == text || *end != '\0' || !(*out >= 0 && *out <= most))
        return fyi_fail(FY_EINVAL, "%s takes a number from 0 to %g, not '%s'", option, most, text);
    return FY_OK;
}

static fy_status read_classes(const char *text, int64_t *out)
{
    double n;

    FYI_FORWARD(read_number("--classes", text, 1e6, &n));
    *out = (int64_t)n;
    if ((double)*out != n)
        return fyi_fail(FY_EINVAL, "--classes takes a whole number, not '%s'", text);
    return FY_OK;
}

/* What the command line says goes before what the file says. */
static fy_status read_options(const fyi_args *a, fy_model_opts *o)
{
    const char *input = fyi_args_value(a, "--input"), *classes = fyi_args_value(a, "--classes"),
               *width = fyi_args_value(a, "--width"), *pool = fyi_args_value(a, "--pool");
    double factor;

    if (input != NULL)
        FYI_FORWARD(read_shape(input, &o->input));
    if (classes != NULL)
        FYI_FORWARD(read_classes(classes, &o->n_classes));
    if (width != NULL) {
        FYI_FORWARD(read_number("--width", width, 64, &factor));
        o->width = (float)factor;
    }
    if (pool != NULL)
        o->pool = pool;
    return FY_OK;
}

/* The file's edits, then the command line's. */
static fy_status open_edited(const fyi_args *a, const char *family, fy_model_opts *o, fy_model **out)
{
    fyi_buf edits = { 0 };
    fy_status st = fyi_args_join(a, "--edit", o->edits, &edits);

    o->edits = edits.p;
    if (st == FY_OK)
        st = read_options(a, o);
    if (st == FY_OK)
        st = fy_model_open(family, family, o, out);
    fyi_buf_release(&edits);
    return st;
}

/* The published options, then those that the file was saved with, then the command line's. */
static fy_status open_model(const fyi_args *a, const char *family, const fy_weights *w,
                            fy_model **out)
{
    fy_model_opts o;
    fy_model *saved = NULL;
    fy_status st;

    FYI_FORWARD(fy_model_family_defaults(family, &o));
    if (w != NULL && fy_weights_meta(w, "ferry.options") != NULL) {
        FYI_FORWARD(fy_model_open_saved(w, family, family, &o, &saved));
        o = *fy_model_options(saved);
    }
    st = open_edited(a, family, &o, out);
    fy_model_free(saved);
    return st;
}

/* ---- text ------------------------------------------------------------------------------------ */

static void print_line(const fy_layer_line *line)
{
    char shape[96];

    fy_shape_text(&line->output, shape, sizeof shape);
    printf("  %-44s %-20s %-18s %12lld %15lld\n", line->name, line->kind, shape,
           (long long)line->n_values, (long long)line->macs);
}

static void print_text(const fy_model *m, const fy_summary *s, const fy_fit *fit)
{
    const char *text = fy_model_family_text(fy_model_family(m));
    char from[96], to[96];

    fy_shape_text(&s->input, from, sizeof from);
    fy_shape_text(fy_model_output(m), to, sizeof to);
    printf("%s: %s\nfrom %s to %s\n", fy_model_family(m), text, from, to);
    if (fy_model_options(m)->edits != NULL)
        printf("changed: %s\n", fy_model_options(m)->edits);
    printf("\n");
    printf("  %-44s %-20s %-18s %12s %15s\n", "layer", "operator", "output", "parameters",
           "multiply-adds");
    for (int i = 0; i < s->n_lines; i++)
        print_line(&s->lines[i]);
    printf("\n%lld parameters, %lld running statistics\n%.3f G multiply-adds and %.3f GFLOP for a "
           "sample in evaluation mode\n",
           (long long)s->total.n_values, (long long)s->total.n_buffers, (double)s->total.macs / 1e9,
           (double)s->total.flops / 1e9);
    if (fit != NULL)
        printf("\n%s", fit->text);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *sizes_of(const fy_shape *s)
{
    json_t *list = json_array();

    for (int i = 0; i < s->rank; i++)
        (void)json_array_append_new(list, json_integer(s->d[i]));
    return list;
}

static json_t *line_object(const fy_layer_line *line)
{
    return json_pack("{s:s, s:s, s:o, s:I, s:I, s:I, s:I}", "name", line->name, "operator",
                     line->kind, "output", sizes_of(&line->output), "parameters",
                     (json_int_t)line->n_values, "buffers", (json_int_t)line->n_buffers,
                     "multiply_adds", (json_int_t)line->macs, "flops", (json_int_t)line->flops);
}

static int print_json(const fy_model *m, const fy_summary *s, const fy_fit *fit)
{
    json_t *layers = json_array();
    json_t *root =
        json_pack("{s:s, s:s*, s:o, s:o, s:I, s:I, s:I, s:I, s:O}", "family", fy_model_family(m),
                  "edits", fy_model_options(m)->edits, "input", sizes_of(&s->input), "output",
                  sizes_of(fy_model_output(m)), "parameters", (json_int_t)s->total.n_values,
                  "buffers", (json_int_t)s->total.n_buffers, "multiply_adds",
                  (json_int_t)s->total.macs, "flops", (json_int_t)s->total.flops, "layers", layers);

    for (int i = 0; i < s->n_lines; i++)
        (void)json_array_append_new(layers, line_object(&s->lines[i]));
    json_decref(layers);
    if (fit != NULL)
        (void)json_object_set_new(root, "weights", json_loads(fit->json, 0, NULL));
    return fyi_print_json(root);
}

/* ---- both ------------------------------------------------------------------------------------ */

static int show(const fyi_args *a, fy_model *m, const fy_fit *fit)
{
    fy_summary *s;
    int code = FYI_DONE;

    if (fy_model_summary(m, &s) != FY_OK)
        return fyi_failed();
    if (fyi_args_has(a, "--json"))
        code = print_json(m, s, fit);
    else
        print_text(m, s, fit);
    fy_summary_free(s);
    return code;
}

/* Rules are about a file. */
static fy_status read_map(const fyi_args *a, const fyi_weights_arg *file, fyi_buf *map)
{
    const bool has_slice = fyi_args_has(a, "--slice");

    if (file->path == NULL && (has_slice || fyi_args_has(a, "--map")))
        return fyi_fail(FY_EINVAL, "%s is about a file; add --weights FILE",
                        has_slice ? "--slice" : "--map");
    return fyi_args_join(a, "--map", NULL, map);
}

int fyi_inspect_model(const fyi_args *a, const char *family)
{
    fyi_weights_arg file;
    fy_weights *w = NULL;
    fy_model *m = NULL;
    fy_fit *fit = NULL;
    fy_fit_opts all = fy_fit_defaults();
    fyi_buf map = { 0 };
    fy_status st = FY_OK;
    int code;

    FY_TRY(fyi_weights_arg_at(a, 0, &file));
    FY_TRY(read_map(a, &file, &map));
    all.prefix = file.prefix;
    all.map = map.p;
    all.slice = fyi_args_has(a, "--slice");
    if (file.path != NULL)
        FY_TRY(fyi_weights_arg_open(&file, &w));
    FY_TRY(open_model(a, family, w, &m));
    if (w != NULL)
        FY_TRY(fy_fit_new(m, w, &all, &fit));
done:
    code = st == FY_OK ? show(a, m, fit) : fyi_failed();
    fy_fit_free(fit);
    fy_model_free(m);
    fy_weights_close(w);
    fyi_buf_release(&map);
    return code;
}
