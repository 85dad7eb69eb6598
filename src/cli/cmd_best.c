/* cmd_best.c: ferry best. */
#include "cli/cli.h"

#include "search/study.h"

static const fyi_option options[] = {
    { "--name", "NAME", "the recipe's, where a server has several studies" },
    FYI_OPTION_JSON,
    FYI_OPTION_HELP,
    { NULL, NULL, NULL },
};

static int print_json(const fy_study_table *t)
{
    char *text;

    if (fyi_study_json(t, &text) != FY_OK)
        return fyi_failed();
    printf("%s\n", text);
    fyi_free(text);
    return FYI_DONE;
}

static int show(const fyi_args *a, const fy_study_table *t)
{
    if (fyi_args_has(a, "--json"))
        return print_json(t);
    fyi_show_study(t);
    return FYI_DONE;
}

static int run(const fyi_args *a)
{
    fy_study *s = NULL;
    int code;

    if (a->n_plain != 1 || a->n_settings > 0)
        return fyi_misused(a->verb, "one study is expected, found %d", a->n_plain + a->n_settings);
    if (fy_study_read(a->plain[0], fyi_args_value(a, "--name"), &s) != FY_OK)
        return fyi_failed();
    code = show(a, fy_study_result(s));
    fy_study_free(s);
    return code;
}

const fyi_verb fyi_verb_best = {
    .name = "best",
    .line = "what a search has found so far",
    .usage = "[options] STUDY",
    .help = "Prints the best trials of a study, and how much each key matters. STUDY is a study's "
            "file, a\n"
            "search's directory, or postgresql://... The search may be going on.\n"
            "\n"
            "Examples:\n"
            "  ferry best runs/search-demo-search\n"
            "  ferry best --json tries.db | tail -1\n",
    .options = options,
    .run = run,
};
