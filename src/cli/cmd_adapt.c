/* cmd_adapt.c: ferry adapt: a recipe made from two data paths. */
#include "cli/cli.h"

#include "recipe/recipe.h"

#include <ferry/adapt.h>

#include <string.h>

#define MOST_METHODS 40

static const fyi_option options[] = {
    { "--source", "PATH", "labelled data: a folder of pictures, an idx file, digits:STYLE ..." },
    { "--source-test", "PATH", "labelled data for testing; by default a tenth of the source" },
    { "--target", "PATH", "data to adapt to; its labels, if any, only go into the report" },
    { "--target-eval", "PATH", "target data to score; by default the target itself" },
    { "--weights", "FILE",
      "a trained source model: its encoder, then its classifier, or one file with both" },
    { "--model", "FAMILY",
      "the encoder's family; by default what --weights says, or the method's own" },
    FYI_OPTIONS_PART,
    { "--method", "NAME",
      "'ferry help methods' lists them; by default auto, which tries several and chooses" },
    FYI_OPTIONS_RUN,
};

static fy_status put_option(const fyi_args *a, const char *option, const char *key, fy_recipe *r)
{
    const char *value = fyi_args_value(a, option);

    return value != NULL ? fy_recipe_put(r, key, value) : FY_OK;
}

static fy_status put_sides(const fyi_args *a, fy_recipe *r)
{
    static const struct {
        const char *option, *side;
    } sides[] = { { "--source", "source" },
                  { "--source-test", "source_test" },
                  { "--target", "target" },
                  { "--target-eval", "target_eval" } };

    for (size_t i = 0; i < FYI_LEN(sides); i++) {
        const char *path = fyi_args_value(a, sides[i].option);

        if (path != NULL)
            FYI_FORWARD(fyi_put_data_path(r, sides[i].side, path, NULL));
    }
    return FY_OK;
}

static fy_status put_in(fy_recipe *r, const char *section, const char *key, const char *value)
{
    char full[96];

    (void)snprintf(full, sizeof full, "%s.%s", section, key);
    return fy_recipe_put(r, full, value);
}

/* What the file says about its model, before the command line says otherwise. */
static fy_status put_saved(const fyi_saved *saved, const char *family_key, fy_recipe *r)
{
    return *saved->family ? put_in(r, "model", family_key, saved->family) : FY_OK;
}

/* Of an encoder with a file of its own: a last layer is one of features. */
static fy_status put_width(const fyi_saved *encoder, bool is_alone, fy_recipe *r)
{
    const int64_t n = encoder->hidden > 0 ? encoder->hidden : is_alone ? encoder->n_classes : 0;
    char width[24];

    if (n <= 0)
        return FY_OK;
    (void)snprintf(width, sizeof width, "%lld", (long long)n);
    return put_in(r, "model", "features", width);
}

/* An encoder alone would need its classifier trained. */
static fy_status check_whole(const fyi_args *a, const char *path, const fyi_saved *saved)
{
    if (saved->n_classes != 0 || fyi_args_nth(a, "--weights", 1) != NULL)
        return FY_OK;
    return fyi_fail(FY_EINVAL,
                    "'%s' holds an encoder without a classifier; name the classifier's file in "
                    "another --weights",
                    path);
}

static fy_status check_first(const fyi_args *a, const char *path, const fyi_saved *saved)
{
    FYI_FORWARD(check_whole(a, path, saved));
    return fyi_saved_check(path, saved->family, fyi_args_value(a, "--model"));
}

static fy_status check_second(const char *path, const fyi_saved *saved)
{
    if (saved->n_classes != 0)
        return FY_OK;
    return fyi_fail(FY_EINVAL,
                    "the second file of --weights, '%s', is an encoder; give the encoder first, "
                    "and its classifier after it",
                    path);
}

/* ---- the method ------------------------------------------------------------------------------ */

static bool adapts(const char *method)
{
    const fyi_method *m = fyi_method_find(method);

    return m != NULL && m->kind->id == FY_KIND_ADAPT;
}

/* A recipe may have others, too. NULL at the end. */
static void list_methods(const char *names[MOST_METHODS])
{
    size_t n = 0;

    for (int i = 0; fy_recipe_method(i) != NULL && n + 1 < MOST_METHODS; i++)
        if (adapts(fy_recipe_method(i)))
            names[n++] = fy_recipe_method(i);
    names[n] = NULL;
}

/* Another verb's. */
static fy_status fail_other(const fyi_method *m)
{
    return fyi_fail(FY_EINVAL, "ferry adapt has no method '%s'; see 'ferry %s'", m->name,
                    m->kind->id != FY_KIND_HDNET ? m->kind->name : "help recipe");
}

static fy_status fail_unknown(const char *name)
{
    const char *names[MOST_METHODS], *near;
    fyi_buf list = { 0 };
    fy_status st;

    list_methods(names);
    near = fyi_nearest(name, names);
    if (near != NULL)
        return fyi_fail(FY_EINVAL, "ferry adapt has no method '%.80s'; did you mean '%s'?", name,
                        near);
    for (size_t i = 0; names[i] != NULL; i++)
        fyi_buf_printf(&list, "%s%s", i > 0 ? ", " : "", names[i]);
    st = fyi_fail(FY_EINVAL, "ferry adapt has no method '%.80s'; there are %s", name,
                  list.failed ? "those of 'ferry help methods'" : list.p);
    fyi_buf_release(&list);
    return st;
}

/* What follows `begin` in the last setting that begins so; NULL: none does. */
static const char *setting(const fyi_args *a, const char *begin)
{
    const char *value = NULL;

    for (int i = 0; i < a->n_settings; i++)
        if (strncmp(a->settings[i], begin, strlen(begin)) == 0)
            value = a->settings[i] + strlen(begin);
    return value;
}

/* A setting wins over the option, as everywhere. */
static const char *method_of(const fyi_args *a)
{
    const char *set = setting(a, "method="), *given = fyi_args_value(a, "--method");

    return set != NULL ? set : given != NULL ? given : "auto";
}

static bool has_what_it_needs(const fyi_args *a, const char *method)
{
    return fyi_args_has(a, "--source") || setting(a, "source.") != NULL ||
           strcmp(method, "auto") == 0 || fy_adapt_method_spares_source(method);
}

static fy_status check_method(const fyi_args *a)
{
    const char *name = method_of(a);

    if (!adapts(name))
        return fyi_method_find(name) != NULL ? fail_other(fyi_method_find(name))
                                             : fail_unknown(name);
    if (has_what_it_needs(a, name))
        return FY_OK;
    return fyi_fail(FY_EINVAL,
                    "%s learns from the source's samples: give --source, or take shot, adabn, tent "
                    "or auto",
                    name);
}

/* ---- the recipe ------------------------------------------------------------------------------ */

/* That has the method's keys for weights: all but ADDA share one. */
static const char *section_of(const fyi_args *a)
{
    return strcmp(method_of(a), "adda") == 0 ? "adda" : "adapt";
}

static fy_status put_weights(const fyi_args *a, fy_recipe *r)
{
    static const struct {
        const char *key, *family_key;
    } parts[] = { { "source_weights", "encoder" }, { "classifier_weights", "classifier" } };
    fyi_weights_arg file;
    fyi_saved saved;
    char key[96];

    if (fyi_args_nth(a, "--weights", FYI_LEN(parts)) != NULL)
        return fyi_fail(FY_EINVAL, "--weights is given at most %zu times: encoder, then classifier",
                        FYI_LEN(parts));
    for (int i = 0;; i++) {
        FYI_FORWARD(fyi_weights_arg_at(a, i, &file));
        if (file.path == NULL)
            return FY_OK;
        FYI_FORWARD(fyi_saved_read(&file, &saved));
        FYI_FORWARD(i == 0 ? check_first(a, file.path, &saved) : check_second(file.path, &saved));
        if (i == 0)
            FYI_FORWARD(put_width(&saved, fyi_args_nth(a, "--weights", 1) != NULL, r));
        FYI_FORWARD(put_saved(&saved, parts[i].family_key, r));
        (void)snprintf(key, sizeof key, "%s.%s", section_of(a), parts[i].key);
        FYI_FORWARD(fyi_weights_arg_put(&file, r, key));
    }
}

/* Pictures are what the usual encoder is for. */
static fy_status put_encoder(const fyi_args *a, fy_recipe *r)
{
    const char *format = fy_recipe_get(r, "target.format");
    const bool is_said = fyi_args_has(a, "--model") || fyi_args_has(a, "--weights") ||
                         fyi_args_sets(a, "model.encoder") ||
                         fyi_args_sets(a, "adapt.source_weights");

    return is_said || format == NULL || !fy_glob("csv vectors", format)
               ? FY_OK
               : fy_recipe_put(r, "model.encoder", "mlp");
}

static fy_status make_recipe(const fyi_args *a, fy_recipe **out)
{
    static const char text[] = "name: adapt\nmethod: auto\n";
    fy_status st;

    FYI_FORWARD(check_method(a));
    FYI_FORWARD(fy_recipe_parse("adapt", text, sizeof text - 1, out));
    FY_TRY(put_option(a, "--method", "method", *out));
    FY_TRY(put_weights(a, *out));
    FY_TRY(put_option(a, "--model", "model.encoder", *out));
    FY_TRY(put_sides(a, *out));
    FY_TRY(fyi_apply_settings(a, *out, ""));
    FY_TRY(put_encoder(a, *out));
done:
    return st;
}

static int run(const fyi_args *a)
{
    fy_recipe *r = NULL;
    int code;
    fy_status st;

    if (a->n_plain > 0)
        return fyi_misused(a->verb, "'%s' is neither an option nor key=value", a->plain[0]);
    if (!fyi_args_has(a, "--target") ||
        (!fyi_args_has(a, "--source") && !fyi_args_has(a, "--weights")))
        return fyi_misused(a->verb,
                           "both --source and --target are needed; --weights stand for "
                           "the source where the method does without: adabn, tent, shot, auto");
    st = make_recipe(a, &r);
    code = st == FY_OK ? fyi_run_recipe(a, r) : fyi_recipe_failed(a, st);
    fy_recipe_free(r);
    return code;
}

const fyi_verb fyi_verb_adapt = {
    .name = "adapt",
    .line = "carry a model from labelled data to unlabelled data",
    .usage = "[--source PATH] --target PATH [--weights FILE] [options] [key=value ...]",
    .help =
        "Trains a model on the source and adapts it to the target without the target's labels. "
        "Labels\n"
        "are found beside an images' file by its name (train-images-idx3-ubyte.gz and\n"
        "train-labels-idx1-ubyte.gz). key=value sets any key of 'ferry help recipe'. The "
        "recipe made\n"
        "this way is in the run's directory, to be changed and run again.\n"
        "\n"
        "--weights begins with a trained source model and leaves its training out. adabn, tent and "
        "shot then do\n"
        "without the source's data; the other methods compare the two domains.\n"
        "\n"
        "Several methods are tried from one source model, and what most label-free votes are for "
        "is "
        "handed back,\n"
        "or the source model; auto.methods, auto.trials and auto.minutes say how many. --method "
        "NAME "
        "takes one.\n"
        "\n"
        "Examples:\n"
        "  ferry adapt --source digits:clean --target digits:noisy\n"
        "  ferry adapt --source mnist/train-images-idx3-ubyte.gz \\\n"
        "      --target usps/usps-train-images-idx3-ubyte.gz target.size=28 --method shot "
        "adapt.epochs=5\n"
        "  ferry adapt --target digits:noisy --method shot \\\n"
        "      --weights runs/adapt-0/source.safetensors --weights "
        "runs/adapt-0/classifier.safetensors\n",
    .options = options,
    .run = run,
};
