/* cmd_run.c: ferry run. */
#include "cli/cli.h"

static const fyi_option options[] = {
    { "--resume", "DIR", "continue the run in DIR; its own recipe is used" },
    FYI_OPTIONS_RUN,
};

/* The recipe named, or the one of the run that is resumed. */
static fy_status read_recipe(const fyi_args *a, fy_recipe **out)
{
    const char *dir = fyi_args_value(a, "--resume");
    char path[FY_RUN_DIR_MAX + 16];

    if (a->n_plain == 1)
        return fy_recipe_read(a->plain[0], out);
    (void)snprintf(path, sizeof path, "%s/recipe.yaml", dir);
    if (!fyi_path_exists(path))
        return fyi_fail(FY_EIO, "'%s' holds no run to resume: there is no recipe.yaml in it", dir);
    return fy_recipe_read(path, out);
}

static int run(const fyi_args *a)
{
    fy_recipe *r = NULL;
    int code;
    fy_status st;

    if (a->n_plain > 1 || (a->n_plain == 0 && !fyi_args_has(a, "--resume")))
        return fyi_misused(a->verb, "one recipe is expected, found %d", a->n_plain);
    if (fyi_args_has(a, "--resume") && fyi_args_has(a, "--out"))
        return fyi_misused(a->verb, "--resume goes on in its own directory; leave --out away");
    st = read_recipe(a, &r);
    if (st == FY_OK)
        st = fyi_apply_settings(a, r, "");
    code = st == FY_OK ? fyi_run_recipe(a, r) : fyi_recipe_failed(a, st);
    fy_recipe_free(r);
    return code;
}

const fyi_verb fyi_verb_run = {
    .name = "run",
    .line = "run a recipe",
    .usage = "[options] RECIPE.yaml [key=value ...]",
    .help =
        "Runs a recipe: a YAML file that names data, model, method and their settings. key=value\n"
        "replaces a key of the recipe; 'ferry help recipe' lists all keys. The run's directory "
        "holds\n"
        "the resolved recipe, checkpoints, metrics, models and report.html.\n"
        "\n"
        "Ctrl-C finishes the step, or breaks off an evaluation, and saves; --resume goes on to the "
        "same\n"
        "result as if nothing had happened.\n"
        "\n"
        "Examples:\n"
        "  ferry run recipes/adda-mnist-usps.yaml\n"
        "  ferry run recipes/adda-mnist-usps.yaml seed=3 adda.critic_lr=1e-4 data_root=/data\n"
        "  ferry run --resume runs/adda-mnist-usps-3\n"
        "  ferry run --json --quiet recipes/demo.yaml | tail -1\n",
    .options = options,
    .run = run,
};
