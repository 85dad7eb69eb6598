/* cmd_compare.c: ferry compare. */
#include "cli/cli.h"

static const fyi_option options[] = {
    { "--out", "DIR", "the comparison's directory; by default RUNS/<name>-compare" },
    { "--runs", "RUNS", "where comparisons without --out go; by default runs" },
    { "--resume", NULL, "go on with the comparison in DIR; without a recipe, with its own" },
    FYI_OPTION_JSON,
    FYI_OPTION_QUIET,
    FYI_OPTION_HELP,
    { NULL, NULL, NULL },
};

/* The recipe named, or the one of the comparison that goes on. */
static fy_status read_recipe(const fyi_args *a, fy_recipe **out)
{
    const char *dir = fyi_args_value(a, "--out");
    char path[FY_RUN_DIR_MAX + 16];

    if (a->n_plain == 1)
        return fy_recipe_read(a->plain[0], out);
    (void)snprintf(path, sizeof path, "%s/recipe.yaml", dir);
    if (!fyi_path_exists(path))
        return fyi_fail(FY_EIO, "'%s' holds no comparison to resume: there is no recipe.yaml in it",
                        dir);
    return fy_recipe_read(path, out);
}

static fy_status report_run(void *arg, const char *run_dir)
{
    (void)arg;
    return fy_report_write(run_dir);
}

static fy_comparison_opts opts_of(const fyi_args *a)
{
    fy_comparison_opts o = fy_comparison_defaults();
    const char *runs = fyi_args_value(a, "--runs");

    o.dir = fyi_args_value(a, "--out");
    if (runs != NULL)
        o.runs_dir = runs;
    o.resume = fyi_args_has(a, "--resume");
    o.after_run = report_run;
    o.progress = fyi_progress_show;
    o.cancel = fyi_interrupt_flag();
    return o;
}

static int run_failed(const fyi_args *a, fy_status st, const char *dir)
{
    (void)fyi_failed();
    if (st == FY_ECANCELED)
        fprintf(stderr, "resume with: ferry compare --resume --out %s\n", dir);
    else
        fprintf(stderr, "when that is mended, go on with: ferry compare --resume --out %s\n", dir);
    if (fyi_args_has(a, "--json"))
        fyi_print_failure_json(st, dir);
    return FYI_FAILED;
}

static int run_opened(const fyi_args *a, fy_comparison *c)
{
    const fy_comparison_table *t = fy_comparison_result(c);
    fy_status st;

    fyi_interrupt_begin();
    fyi_progress_begin(fyi_args_has(a, "--quiet"));
    st = fy_comparison_run(c);
    if (st == FY_OK)
        st = fy_report_write(t->dir);
    fyi_progress_end();
    if (st != FY_OK)
        return run_failed(a, st, t->dir);
    if (fyi_args_has(a, "--json"))
        return fyi_print_json_file(t->dir, "compare.json");
    fyi_show_comparison(t);
    return FYI_DONE;
}

static int compare(const fyi_args *a, fy_recipe *r)
{
    const fy_comparison_opts o = opts_of(a);
    fy_comparison *c = NULL;
    int code;
    const fy_status st = fy_comparison_open(r, &o, &c);

    if (st != FY_OK)
        return fyi_recipe_failed(a, st);
    code = run_opened(a, c);
    fy_comparison_close(c);
    return code;
}

static int run(const fyi_args *a)
{
    fy_recipe *r = NULL;
    int code;
    fy_status st;

    if (a->n_plain > 1 || (a->n_plain == 0 && !fyi_args_has(a, "--resume")))
        return fyi_misused(a->verb, "one recipe is expected, found %d", a->n_plain);
    if (a->n_plain == 0 && !fyi_args_has(a, "--out"))
        return fyi_misused(a->verb, "--resume needs a recipe, or the directory with --out");
    st = read_recipe(a, &r);
    if (st == FY_OK)
        st = fyi_apply_settings(a, r, "");
    code = st == FY_OK ? compare(a, r) : fyi_recipe_failed(a, st);
    fy_recipe_free(r);
    return code;
}

const fyi_verb fyi_verb_compare = {
    .name = "compare",
    .line = "run several settings of a recipe on the same seeds, and test the differences",
    .usage = "[options] RECIPE.yaml [key=value ...]",
    .help = "Runs every arm of a recipe's section `compare` with every seed, and says which arms "
            "differ\n"
            "from the baseline by more than luck:\n"
            "\n"
            "  compare:\n"
            "    baseline: plain\n"
            "    seeds: 5\n"
            "    arms:\n"
            "      plain: []\n"
            "      slow: [adda.critic_lr=1e-5]\n"
            "      other: [recipe=other.yaml]\n"
            "\n"
            "Differences are taken seed by seed; their interval and p are Student's, with "
            "Wilcoxon's p\n"
            "beside it, and Holm's correction over the arms decides. 'ferry help recipe' lists the "
            "keys.\n"
            "\n"
            "With `shifts` it is a protocol: every method on every shift of the data, with every "
            "seed. A\n"
            "baseline is then not needed, and `first` is run once for each shift and seed, before "
            "its arms,\n"
            "which name its directory as {first}: the source model that all of them begin with.\n"
            "\n"
            "  compare:\n"
            "    seeds: 3\n"
            "    first: [method=adabn, adapt.source_weights=, adapt.classifier_weights=]\n"
            "    shifts:\n"
            "      clean-inverted: []\n"
            "      clean-noisy: [target.style=noisy, target_eval.style=noisy]\n"
            "    arms:\n"
            "      coral: [method=coral]\n"
            "      shot: [method=shot]\n"
            "\n"
            "A run of an adaptation whose target has labels to judge by is a cell, held against "
            "its source\n"
            "model: by choice, last step, oracle and every validator by itself it is said how much "
            "was gained\n"
            "and how often there was harm, a cell that ends more than a point below its source "
            "model. A cell\n"
            "whose run failed handed nothing back, and counts as harm.\n"
            "\n"
            "The directory holds a run for every arm and seed, results.jsonl, compare.json and "
            "report.html.\n"
            "Ctrl-C stops and saves; --resume skips what is done, and takes more arms and seeds.\n"
            "\n"
            "Examples:\n"
            "  ferry compare recipes/compare-demo.yaml\n"
            "  ferry compare recipes/compare-demo.yaml compare.seeds=10 --out longer\n"
            "  ferry compare --resume --out longer\n"
            "  ferry compare --json --quiet recipes/compare-demo.yaml | tail -1\n"
            "  ferry compare recipes/protocol-drawn.yaml --json\n",
    .options = options,
    .run = run,
};
