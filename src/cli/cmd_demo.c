/* cmd_demo.c: ferry demo: recipes/demo.yaml, which the build puts into the program. */
#include "cli/cli.h"

#include "demo_recipe.h"

static const fyi_option options[] = {
    { "--print", NULL, "print the recipe instead of running it" },
    FYI_OPTIONS_RUN,
};

static int run(const fyi_args *a)
{
    fy_recipe *r = NULL;
    int code;
    fy_status st;

    if (a->n_plain > 0)
        return fyi_misused(a->verb, "nothing is expected but key=value, found '%s'", a->plain[0]);
    if (fyi_args_has(a, "--print"))
        return printf("%s", fyi_demo_recipe), FYI_DONE;
    st = fy_recipe_parse("demo.yaml", fyi_demo_recipe, sizeof fyi_demo_recipe - 1, &r);
    if (st == FY_OK)
        st = fyi_apply_settings(a, r, "");
    code = st == FY_OK ? fyi_run_recipe(a, r) : fyi_recipe_failed(a, st);
    fy_recipe_free(r);
    return code;
}

const fyi_verb fyi_verb_demo = {
    .name = "demo",
    .line = "see an adaptation in a minute, no data needed",
    .usage = "[options] [key=value ...]",
    .help = "Draws digits in two styles, teaches a model the labelled first style, and adapts it "
            "to the\n"
            "second without seeing one of its labels. Then shows four numbers: the source model on "
            "the\n"
            "target, the last step, the model chosen without labels, and the best by labels.\n"
            "\n"
            "Examples:\n"
            "  ferry demo\n"
            "  ferry demo seed=1 target.style=noisy\n"
            "  ferry demo --print > mine.yaml        # a recipe to begin with\n",
    .options = options,
    .run = run,
};
