/* cmd_report.c: ferry report. */
#include "cli/cli.h"

#define PAGE "runs.html"

static const fyi_option options[] = {
    { "--out", "FILE", "the page of several runs; by default " PAGE },
    FYI_OPTION_HELP,
    { NULL, NULL, NULL },
};

static int said(fy_status st, const char *dir, const char *page)
{
    if (st != FY_OK)
        return fyi_failed();
    printf("Report: %s%s%s\n", dir, *dir != '\0' ? "/" : "", page);
    return FYI_DONE;
}

/* One directory that has a page of its own: a run, a comparison, a search. */
static bool is_one(const fyi_args *a)
{
    static const char *const files[] = { "result.json", "eval.json", "compare.json", "search.json" };
    bool is = false;

    for (size_t i = 0; a->n_plain == 1 && !fyi_args_has(a, "--out") && i < FYI_LEN(files); i++) {
        char path[FY_RUN_DIR_MAX + 16];

        (void)snprintf(path, sizeof path, "%s/%s", a->plain[0], files[i]);
        is = is || fyi_path_exists(path);
    }
    return is;
}

static int run(const fyi_args *a)
{
    const char *out = fyi_args_value(a, "--out");

    if (a->n_plain == 0 || a->n_settings > 0)
        return fyi_misused(a->verb, "the directories of runs are expected, found %d",
                           a->n_plain - a->n_settings);
    if (is_one(a))
        return said(fy_report_write(a->plain[0]), a->plain[0], "report.html");
    out = out != NULL ? out : PAGE;
    return said(fy_report_runs(a->plain, (size_t)a->n_plain, out), "", out);
}

const fyi_verb fyi_verb_report = {
    .name = "report",
    .line = "a page over many runs: a table to sort and filter, and their curves",
    .usage = "[options] DIR...",
    .help = "Writes one HTML file over all runs that are done in and below the directories: what "
            "each is, its\n"
            "figures, the settings in which they differ, and their curves side by side. The table "
            "sorts by its\n"
            "columns and is filtered by words and by keys: \"adda seed=3 test_accuracy>0.8\".\n"
            "Of one directory of a run, a comparison or a search it writes report.html there "
            "again.\n"
            "\n"
            "Examples:\n"
            "  ferry report runs/\n"
            "  ferry report runs/kd-mnist-compare runs/search-demo-search --out all.html\n"
            "  ferry report runs/demo-0\n",
    .options = options,
    .run = run,
};
