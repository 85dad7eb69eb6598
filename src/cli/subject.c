/* subject.c: what ferry eval and ferry predict work on: a chain of models from files, and data prepared as the first
 * of them wants it.
 *
 *   file -> family, options, classes -> pictures it takes -> data in that form -> model of that input -> its values
 * What the command line says goes before what the file says, and that before how the family was published. */
#include "cli/cli.h"

#include "data/data.h"

#include <stdlib.h>
#include <string.h>

#define MOST_BATCH 256
#define BATCH_VALUES ((int64_t)5 << 20) /* of one batch's samples: 32 of 3x224x224 */
#define SIDE "source."

/* ---- models ---------------------------------------------------------------------------------- */

static fy_status find_family(const fyi_subject *s, int i, const fy_weights *w, const char **out)
{
    return fyi_saved_family(s->files[i].path, w, fyi_args_nth(s->args, "--model", i), out);
}

/* The classes of a file that does not say how many it has: the rows of its last layer. */
static fy_status count_classes(const fyi_weights_arg *file, const fy_model *m, const fy_weights *w,
                               int64_t *n)
{
    fy_fit_opts all = fy_fit_defaults();
    fy_fit *fit;

    all.prefix = file->prefix;
    FYI_FORWARD(fy_fit_new(m, w, &all, &fit));
    for (int i = 0; i < fit->n_lines; i++)
        if (fit->lines[i].kind == FY_FIT_NEW_HEAD)
            *n = fit->lines[i].in_file.d[0];
    fy_fit_free(fit);
    return FY_OK;
}

/* What the file and the family say. Only the chain's last model has classes. */
static fy_status find_opts(const fyi_subject *s, int i, const fy_weights *w, const fy_shape *input,
                           fy_model_opts *o)
{
    const bool is_last = i + 1 == s->n_files;
    const char *family;
    fy_model *m;
    fy_status st;

    FYI_FORWARD(find_family(s, i, w, &family));
    FYI_FORWARD(fy_model_family_defaults(family, o));
    if (!is_last)
        o->n_classes = 0;
    o->input = *input;
    if (fy_weights_meta(w, "ferry.options") != NULL || !is_last)
        return FY_OK;
    FYI_FORWARD(fy_model_open(family, "probe", o, &m));
    st = count_classes(&s->files[i], m, w, &o->n_classes);
    fy_model_free(m);
    return st;
}

static fy_status open_model(fyi_subject *s, int i, const fy_weights *w, const fy_shape *input,
                            fy_model **out)
{
    fy_model_opts o;
    const char *family;
    char name[32];

    (void)snprintf(name, sizeof name, "model%d", i + 1);
    FYI_FORWARD(find_family(s, i, w, &family));
    FYI_FORWARD(find_opts(s, i, w, input, &o));
    return fy_model_open_saved(w, family, name, &o, out);
}

/* All of the model must be there. */
static fy_status load_whole(fyi_subject *s, int i, fy_weights *w, fy_fit **fit)
{
    fy_fit_opts how = fy_fit_strict();
    fy_status st;

    how.allow_unexpected = true;
    how.prefix = s->files[i].prefix;
    st = fy_model_load_from(s->chain[i], w, &how, fit);
    return st != FY_ESHAPE
               ? st
               : fyi_fail(st, "%s; 'ferry inspect --model %s --weights %s' lists them all",
                          fy_last_error(), fy_model_family(s->chain[i]), s->files[i].path);
}

static fy_status load(fyi_subject *s, int i, fy_weights *w)
{
    fy_fit *fit;
    const fy_status st = load_whole(s, i, w, &fit);

    if (st == FY_OK) {
        s->formats[i] = fy_weights_format(w);
        (void)snprintf(s->prefixes[i], sizeof s->prefixes[i], "%s", fit->prefix);
    }
    fy_fit_free(fit);
    return st;
}

/* Model i reads what the one before it gives. */
static fy_status add_model(fyi_subject *s, int i, fy_weights *w)
{
    const fy_shape *input = i == 0 ? fy_dataset_shape(s->data) : fy_model_output(s->chain[i - 1]);

    FYI_FORWARD(open_model(s, i, w, input, &s->chain[i]));
    s->n_models++;
    return load(s, i, w);
}

static fy_status add_models(fyi_subject *s, fy_weights *first)
{
    FYI_FORWARD(add_model(s, 0, first));
    for (int i = 1; i < s->n_files; i++) {
        fy_weights *w;
        fy_status st;

        FYI_FORWARD(fyi_weights_arg_open(&s->files[i], &w));
        st = add_model(s, i, w);
        fy_weights_close(w);
        FYI_FORWARD(st);
    }
    return FY_OK;
}

/* ---- how the data are prepared --------------------------------------------------------------- */

static fy_status put_pixels(fyi_subject *s, const fy_pixels *p)
{
    fyi_look look = { .recipe = s->recipe, .side = SIDE, .args = s->args, .prefix = "" };

    FYI_FORWARD(fyi_look_put(&look, p));
    s->pixels = *p;
    s->has_own_values = look.has_own_values;
    if (look.has_own)
        s->pixels_by = "the command line before the model";
    return FY_OK;
}

/* Keys of the run rather than of its data, which the command line has without "source." as well. */
static bool is_run_key(const char *setting)
{
    static const char *const keys[] = { "precision=", "device=", "threads=", "seed=" };

    for (size_t i = 0; i < FYI_LEN(keys); i++)
        if (strncmp(setting, keys[i], strlen(keys[i])) == 0)
            return true;
    return false;
}

/* Those of the run, or of the data. */
static fy_status put_settings(fyi_subject *s, bool of_run, const char *prefix)
{
    fyi_args part = *s->args;

    for (int i = 0; i < s->args->n_settings; i++) {
        part.settings = s->args->settings + i;
        part.n_settings = 1;
        if (is_run_key(part.settings[0]) == of_run)
            FYI_FORWARD(fyi_apply_settings(&part, s->recipe, prefix));
    }
    return FY_OK;
}

fy_status fyi_apply_run_settings(fyi_subject *s)
{
    return put_settings(s, true, "");
}

/* Folders, columns and files beside are no classes then, and no broken picture is one too many. */
static fy_status put_unlabelled(fyi_subject *s)
{
    if (fy_recipe_get(s->recipe, SIDE "labels") != NULL)
        return fy_recipe_put(s->recipe, SIDE "labels", "");
    if (fy_recipe_get(s->recipe, SIDE "labelled") != NULL && !fyi_args_sets(s->args, "labelled"))
        FYI_FORWARD(fy_recipe_put(s->recipe, SIDE "labelled", "false"));
    return fy_recipe_get(s->recipe, SIDE "max_broken") == NULL ||
                   fyi_args_sets(s->args, "max_broken")
               ? FY_OK
               : fy_recipe_put(s->recipe, SIDE "max_broken", "1000000000");
}

static fy_status open_data(fyi_subject *s, const fy_weights *first, const char *path)
{
    const char *family;
    fy_pixels p;

    FYI_FORWARD(find_family(s, 0, first, &family));
    FYI_FORWARD(fyi_saved_pixels(first, family, &p, &s->pixels_by));
    FYI_FORWARD(fyi_data_recipe(path, fyi_args_value(s->args, "--labels"), &s->recipe));
    FYI_FORWARD(put_pixels(s, &p));
    if (s->is_unlabelled)
        FYI_FORWARD(put_unlabelled(s));
    FYI_FORWARD(put_settings(s, true, ""));
    FYI_FORWARD(put_settings(s, false, SIDE));
    FYI_FORWARD(fy_recipe_check(s->recipe));
    FYI_FORWARD(fy_recipe_open_side(s->recipe, "source", &s->opened));
    s->data = s->opened;
    return FY_OK;
}

/* ---- classes --------------------------------------------------------------------------------- */

static fy_status read_class_file(fyi_subject *s, const char *path)
{
    const char *const *names;
    int n;

    FYI_FORWARD(fyi_class_names_read(path, &s->arena, &names, &n));
    if (n != s->k)
        return fyi_fail(FY_EINVAL, "'%s' has %d names for the model's %d classes", path, n, s->k);
    s->class_names = (const char **)(uintptr_t)names;
    return FY_OK;
}

fy_status fyi_subject_name_classes(fyi_subject *s, const fy_model *last)
{
    const char *path = fyi_args_value(s->args, "--classes");
    const fy_shape *shape = fy_model_output(last);

    if (shape->rank != 1 || shape->d[0] < 2 || shape->d[0] > FY_MAX_SCORED ||
        fy_model_options(last)->n_classes == 0)
        return fyi_fail(
            FY_ESHAPE,
            "the last model gives %lld numbers per sample that are no scores of classes; add the "
            "classifier with another --weights",
            (long long)fy_shape_numel(shape));
    s->k = (int)shape->d[0];
    if (path != NULL)
        return read_class_file(s, path);
    if (fy_model_class_name(last, 0) == NULL)
        return FY_OK;
    s->class_names = fyi_arena_alloc(&s->arena, (size_t)s->k * sizeof *s->class_names);
    if (s->class_names == NULL)
        return fyi_enomem((size_t)s->k * sizeof *s->class_names, "class names");
    for (int c = 0; c < s->k; c++)
        s->class_names[c] = fy_model_class_name(last, c);
    return FY_OK;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static int64_t batch_of(const fy_dataset *d)
{
    const int64_t most = BATCH_VALUES / fy_shape_numel(fy_dataset_shape(d));

    return FYI_MAX(FYI_MIN(FYI_MIN(most, MOST_BATCH), fy_dataset_count(d)), 1);
}

static fy_status find_files(fyi_subject *s)
{
    fyi_weights_arg file;

    for (int i = 0;; i++) {
        FYI_FORWARD(fyi_weights_arg_at(s->args, i, &file));
        if (file.path == NULL)
            return FY_OK;
        if (i == FYI_MAX_CHAIN)
            return fyi_fail(FY_EINVAL, "a chain has at most %d models", FYI_MAX_CHAIN);
        s->files[s->n_files++] = file;
    }
}

fy_status fyi_subject_open(fyi_subject *s, const fyi_args *a, const char *path)
{
    fy_weights *first = NULL;
    fy_status st;

    s->args = a;
    FYI_FORWARD(find_files(s));
    FYI_FORWARD(fyi_weights_arg_open(&s->files[0], &first));
    FY_TRY(open_data(s, first, path));
    FY_TRY(fyi_subject_describe(s));
    FY_TRY(fy_recipe_open_device(s->recipe, &s->dev));
    FY_TRY(add_models(s, first));
    FY_TRY(fyi_subject_name_classes(s, s->chain[s->n_models - 1]));
    s->batch = batch_of(s->data);
    FY_TRY(fy_predictor_new(s->dev, s->chain, s->n_models, s->batch, &s->predictor));
done:
    fy_weights_close(first);
    return st;
}

void fyi_subject_close(fyi_subject *s)
{
    fy_predictor_free(s->predictor);
    for (int i = 0; i < s->n_models; i++)
        fy_model_free(s->chain[i]);
    fyi_fused_close(s);
    fy_dataset_free(s->opened);
    fy_recipe_free(s->recipe);
    fy_device_close(s->dev);
    fyi_buf_release(&s->preparation);
    fyi_arena_release(&s->arena);
}
