/* cmd_search.c: ferry search. */
#include "cli/cli.h"

#include "recipe/recipe.h"

#include <string.h>

static const fyi_option options[] = {
    { "--out", "DIR",
      "the search's directory; by default RUNS/<name>-search, or beside the study's file" },
    { "--runs", "RUNS", "where searches without --out go; by default runs" },
    FYI_OPTION_JSON,
    FYI_OPTION_QUIET,
    FYI_OPTION_HELP,
    { NULL, NULL, NULL },
};

/* "trials=20" is "search.trials=20", unless a recipe has a key of that name at its top. */
static bool is_of_search(const char *setting)
{
    const size_t len = strcspn(setting, "=");

    return fyi_key_find(fyi_search_keys, setting, len) != NULL &&
           fyi_key_find(fyi_run_keys, setting, len) == NULL;
}

static fy_status apply(const fyi_args *a, fy_recipe *r)
{
    for (int i = 0; i < a->n_settings; i++) {
        fyi_buf text = { 0 };
        fy_status st;

        fyi_buf_printf(&text, "%s%s", is_of_search(a->settings[i]) ? "search." : "", a->settings[i]);
        st = text.failed ? fyi_enomem(text.len, "a setting") : fy_recipe_set(r, text.p);
        fyi_buf_release(&text);
        FYI_FORWARD(st);
    }
    return FY_OK;
}

static fy_search_opts opts_of(const fyi_args *a)
{
    fy_search_opts o = fy_search_defaults();
    const char *runs = fyi_args_value(a, "--runs");

    o.dir = fyi_args_value(a, "--out");
    if (runs != NULL)
        o.runs_dir = runs;
    o.progress = fyi_progress_show;
    o.cancel = fyi_interrupt_flag();
    return o;
}

static int run_failed(const fyi_args *a, fy_status st, const char *dir)
{
    (void)fyi_failed();
    fprintf(stderr, "%sthe same command goes on with the search\n",
            st == FY_ECANCELED ? "" : "when that is mended, ");
    if (fyi_args_has(a, "--json"))
        fyi_print_failure_json(st, dir);
    return FYI_FAILED;
}

static int show(const fyi_args *a, fy_search *s)
{
    fy_study *study;

    if (fyi_args_has(a, "--json"))
        return fyi_print_json_file(fy_search_dir(s), "search.json");
    if (fy_search_study(s, &study) != FY_OK)
        return fyi_failed();
    fyi_show_study(fy_study_result(study));
    fy_study_free(study);
    printf("Report: %s/report.html\n", fy_search_dir(s));
    return FYI_DONE;
}

static int run_opened(const fyi_args *a, fy_search *s)
{
    fy_status st;

    fyi_interrupt_begin();
    fyi_progress_begin(fyi_args_has(a, "--quiet"));
    st = fy_search_run(s);
    if (st == FY_OK)
        st = fy_report_write(fy_search_dir(s));
    fyi_progress_end();
    return st == FY_OK ? show(a, s) : run_failed(a, st, fy_search_dir(s));
}

static int search(const fyi_args *a, fy_recipe *r)
{
    const fy_search_opts o = opts_of(a);
    fy_search *s = NULL;
    int code;

    const fy_status st = fy_search_open(r, &o, &s);
    if (st != FY_OK)
        return fyi_recipe_failed(a, st);
    code = run_opened(a, s);
    fy_search_close(s);
    return code;
}

static int run(const fyi_args *a)
{
    fy_recipe *r = NULL;
    int code;
    fy_status st;

    if (a->n_plain != 1)
        return fyi_misused(a->verb, "one recipe is expected, found %d", a->n_plain);
    st = fy_recipe_read(a->plain[0], &r);
    if (st == FY_OK)
        st = apply(a, r);
    code = st == FY_OK ? search(a, r) : fyi_recipe_failed(a, st);
    fy_recipe_free(r);
    return code;
}

const fyi_verb fyi_verb_search = {
    .name = "search",
    .line = "try settings of a recipe out, and find the best by validation samples",
    .usage = "[options] RECIPE.yaml [key=value ...]",
    .help =
        "Tries values for the keys in a recipe's section `search`, and keeps what it found in a "
        "study:\n"
        "\n"
        "  search:\n"
        "    trials: 50\n"
        "    space:\n"
        "      finetune.lr: log 1e-4 1e-1\n"
        "      finetune.batch: [16, 32, 64]\n"
        "      model.dropout: lin 0 0.5\n"
        "\n"
        "No trial opens a test or the labels of a target. Keys of the section need no front on the "
        "command\n"
        "line: sampler=random is search.sampler=random. 'ferry help recipe' lists them.\n"
        "Any number of processes may run the same command at once and share its study; with "
        "study=postgresql://...\n"
        "they may be on several machines. Ctrl-C stops and saves; the same command goes on, also "
        "after a kill.\n"
        "\n"
        "Examples:\n"
        "  ferry search recipes/search-demo.yaml\n"
        "  ferry search recipes/search-demo.yaml sampler=sobol trials=20 study=tries.db\n"
        "  ferry best tries.db\n"
        "  ferry export tries.db --out best.yaml\n",
    .options = options,
    .run = run,
};
