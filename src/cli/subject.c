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

/* The file's word, held against --model's. */
static fy_status find_family(const fyi_subject *s, int i, const fy_weights *w, const char **out)
{
    const char *path = fyi_args_nth(s->args, "--weights", i);
    const char *own = fy_weights_meta(w, "ferry.family"),
               *given = fyi_args_nth(s->args, "--model", i);
    fy_model_opts o;

    *out = own != NULL ? own : given;
    if (*out == NULL)
        return fyi_fail(FY_EINVAL, "'%s' does not say which family it is of; add --model FAMILY",
                        path);
    if (given != NULL)
        FYI_FORWARD(fy_model_family_defaults(given, &o));
    if (given != NULL && strcmp(*out, given) != 0)
        return fyi_fail(
            FY_EINVAL, "'%s' was saved from a model of the family '%s', not '%s'; leave --model out",
            path, own, given);
    return FY_OK;
}

/* The classes of a file that does not say how many it has: the rows of its last layer. */
static fy_status count_classes(const fy_model *m, const fy_weights *w, int64_t *n)
{
    const fy_fit_opts all = fy_fit_defaults();
    fy_fit *fit;

    FYI_FORWARD(fy_fit_new(m, w, &all, &fit));
    for (int i = 0; i < fit->n_lines; i++)
        if (fit->lines[i].kind == FY_FIT_NEW_HEAD)
            *n = fit->lines[i].in_file.d[0];
    fy_fit_free(fit);
    return FY_OK;
}

/* What the file and the family say. Only the chain's last model has classes; `input` NULL: as the file says. */
static fy_status find_opts(const fyi_subject *s, int i, const fy_weights *w, const fy_shape *input,
                           fy_model_opts *o)
{
    const bool is_last = fyi_args_nth(s->args, "--weights", i + 1) == NULL;
    const char *family;
    fy_model *m;
    fy_status st;

    FYI_FORWARD(find_family(s, i, w, &family));
    FYI_FORWARD(fy_model_family_defaults(family, o));
    if (!is_last)
        o->n_classes = 0;
    if (input != NULL)
        o->input = *input;
    if (fy_weights_meta(w, "ferry.options") != NULL || !is_last)
        return FY_OK;
    FYI_FORWARD(fy_model_open(family, "probe", o, &m));
    st = count_classes(m, w, &o->n_classes);
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
    if (input == NULL && fy_weights_meta(w, "ferry.options") != NULL)
        o.input.rank = 0;
    return fy_model_open_saved(w, family, name, &o, out);
}

/* All of the model must be there. */
static fy_status load_whole(fyi_subject *s, int i, fy_weights *w, fy_fit **fit)
{
    fy_fit_opts how = fy_fit_strict();
    fy_status st;

    how.allow_unexpected = true;
    st = fy_model_load_from(s->chain[i], w, &how, fit);
    return st != FY_ESHAPE
               ? st
               : fyi_fail(st, "%s; 'ferry inspect --model %s --weights %s' lists them all",
                          fy_last_error(), fy_model_family(s->chain[i]),
                          fyi_args_nth(s->args, "--weights", i));
}

/* What else is in the file is told. */
static fy_status load(fyi_subject *s, int i, fy_weights *w)
{
    fy_fit *fit;

    FYI_FORWARD(load_whole(s, i, w, &fit));
    s->formats[i] = fy_weights_format(w);
    (void)snprintf(s->prefixes[i], sizeof s->prefixes[i], "%s", fit->prefix);
    for (int k = 0; k < fit->n_lines; k++)
        if (fit->lines[k].kind == FY_FIT_UNEXPECTED) {
            fyi_warn("'%s' has %d tensors that a model of the family '%s' does not know; they are "
                     "not used. The "
                     "first is '%s'",
                     fit->file, fit->count[FY_FIT_UNEXPECTED], fit->family, fit->lines[k].name);
            break;
        }
    fy_fit_free(fit);
    return FY_OK;
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
    const char *path;

    FYI_FORWARD(add_model(s, 0, first));
    for (int i = 1; (path = fyi_args_nth(s->args, "--weights", i)) != NULL; i++) {
        fy_weights *w;
        fy_status st;

        if (i == FYI_MAX_CHAIN)
            return fyi_fail(FY_EINVAL, "a chain has at most %d models", FYI_MAX_CHAIN);
        FYI_FORWARD(fy_weights_open(path, &w));
        st = add_model(s, i, w);
        fy_weights_close(w);
        FYI_FORWARD(st);
    }
    return FY_OK;
}

/* ---- how the data are prepared --------------------------------------------------------------- */

static bool any_set(const fyi_args *a, const char *const *keys)
{
    for (; *keys != NULL; keys++)
        if (fyi_args_sets(a, *keys))
            return true;
    return false;
}

static fy_status put_whole(fy_recipe *r, const char *key, int64_t v)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%lld", (long long)v);
    return fy_recipe_put(r, key, text);
}

static fy_status put_list(fy_recipe *r, const char *key, const float *v, int64_t n)
{
    fyi_buf b = { 0 };
    fy_status st;

    fyi_buf_printf(&b, "%s=[", key);
    for (int64_t i = 0; i < n; i++) {
        fyi_buf_puts(&b, i > 0 ? ", " : "");
        fyi_buf_float(&b, v[i]);
    }
    fyi_buf_puts(&b, "]");
    st = b.failed ? fyi_enomem(b.len, key) : fy_recipe_set(r, b.p);
    fyi_buf_release(&b);
    return st;
}

/* Arrays are resized whole; pictures can also be cut from the centre. */
static fy_status put_size(fy_recipe *r, const fy_pixels *p)
{
    const bool can_cut = fy_recipe_get(r, SIDE "crop") != NULL;

    if (!can_cut)
        return put_whole(r, SIDE "size", p->size > 0 ? p->size : p->crop);
    FYI_FORWARD(put_whole(r, SIDE "size", p->size));
    FYI_FORWARD(put_whole(r, SIDE "shorter", p->shorter));
    return put_whole(r, SIDE "crop", p->crop);
}

static fy_status put_values(fy_recipe *r, const fy_pixels *p)
{
    const int64_t n = FYI_MAX(p->channels, 1);

    if (!(p->deviation[0] > 0))
        return FY_OK;
    FYI_FORWARD(fy_recipe_put(r, SIDE "range", "normal"));
    FYI_FORWARD(put_list(r, SIDE "mean", p->mean, n));
    return put_list(r, SIDE "deviation", p->deviation, n);
}

/* Each of the three ways to change a picture is the command line's or the model's, whole. */
static fy_status put_pixels(fyi_subject *s, const fy_pixels *p)
{
    static const char *const size[] = { "size", "shorter", "crop", "pad", NULL };
    static const char *const values[] = { "range", "mean", "deviation", NULL };
    static const char *const channels[] = { "channels", NULL };
    const bool own_size = any_set(s->args, size), own_values = any_set(s->args, values);

    if (!any_set(s->args, channels))
        FYI_FORWARD(put_whole(s->recipe, SIDE "channels", p->channels));
    if (!own_size)
        FYI_FORWARD(put_size(s->recipe, p));
    if (!own_values)
        FYI_FORWARD(put_values(s->recipe, p));
    s->pixels = *p;
    s->has_own_values = own_values;
    if (own_size || own_values || any_set(s->args, channels))
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

static fy_status put_settings(fyi_subject *s)
{
    fyi_args part = *s->args;

    for (int i = 0; i < s->args->n_settings; i++) {
        part.settings = s->args->settings + i;
        part.n_settings = 1;
        FYI_FORWARD(fyi_apply_settings(&part, s->recipe, is_run_key(part.settings[0]) ? "" : SIDE));
    }
    return FY_OK;
}

/* Folders, columns and files beside are no classes then, and no broken picture is one too many. */
static fy_status put_unlabelled(fyi_subject *s)
{
    if (fy_recipe_get(s->recipe, SIDE "labels") != NULL)
        return fy_recipe_put(s->recipe, SIDE "labels", "");
    if (fy_recipe_get(s->recipe, SIDE "max_broken") == NULL)
        return FY_OK;
    if (!fyi_args_sets(s->args, "labelled"))
        FYI_FORWARD(fy_recipe_put(s->recipe, SIDE "labelled", "false"));
    return fyi_args_sets(s->args, "max_broken")
               ? FY_OK
               : fy_recipe_put(s->recipe, SIDE "max_broken", "1000000000");
}

static fy_status open_data(fyi_subject *s, const fy_weights *first, const char *path)
{
    fy_model *probe;
    fy_pixels p;

    FYI_FORWARD(open_model(s, 0, first, NULL, &probe));
    p = fy_model_pixels(probe);
    s->pixels_by = fy_model_has_pixels(probe) ? "the weights' own word" : "the model's family";
    fy_model_free(probe);
    FYI_FORWARD(fyi_data_recipe(path, fyi_args_value(s->args, "--labels"), &s->recipe));
    FYI_FORWARD(put_pixels(s, &p));
    if (s->is_unlabelled)
        FYI_FORWARD(put_unlabelled(s));
    FYI_FORWARD(put_settings(s));
    FYI_FORWARD(fy_recipe_check(s->recipe));
    return fy_recipe_open_side(s->recipe, "source", &s->data);
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

static fy_status name_classes(fyi_subject *s)
{
    const fy_model *last = s->chain[s->n_models - 1];
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

static fy_status open_device(fyi_subject *s)
{
    const char *precision = fy_recipe_get(s->recipe, "precision");

    fy_threads_set(atoi(fy_recipe_get(s->recipe, "threads")));
    FYI_FORWARD(fy_device_open(fy_recipe_get(s->recipe, "device"), &s->dev));
    return fy_device_set_precision(s->dev, strcmp(precision, "bf16") == 0 ? FY_BF16 : FY_F32);
}

static int64_t batch_of(const fy_dataset *d)
{
    const int64_t most = BATCH_VALUES / fy_shape_numel(fy_dataset_shape(d));

    return FYI_MAX(FYI_MIN(FYI_MIN(most, MOST_BATCH), fy_dataset_count(d)), 1);
}

fy_status fyi_subject_open(fyi_subject *s, const fyi_args *a, const char *path)
{
    fy_weights *first = NULL;
    fy_status st;

    s->args = a;
    FYI_FORWARD(fy_weights_open(fyi_args_nth(a, "--weights", 0), &first));
    FY_TRY(open_data(s, first, path));
    FY_TRY(fyi_subject_describe(s));
    FY_TRY(open_device(s));
    FY_TRY(add_models(s, first));
    FY_TRY(name_classes(s));
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
    fy_dataset_free(s->data);
    fy_recipe_free(s->recipe);
    fy_device_close(s->dev);
    fyi_buf_release(&s->preparation);
    fyi_arena_release(&s->arena);
}
