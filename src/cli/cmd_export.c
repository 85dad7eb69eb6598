/* cmd_export.c: ferry export. */
#include "cli/cli.h"

#include <errno.h>
#include <stdlib.h>

static const fyi_option options[] = {
    { "--out", "FILE", "the recipe that is written" },
    { "--trial", "N", "another than the best" },
    { "--compare", "SEEDS",
      "instead: it and the recipe as it stands, to be compared on so many new seeds" },
    { "--name", "NAME", "the recipe's, where a server has several studies" },
    FYI_OPTION_HELP,
    { NULL, NULL, NULL },
};

/* -1 when it is not given. */
static fy_status read_number(const fyi_args *a, const char *option, int64_t least, int64_t *out)
{
    const char *text = fyi_args_value(a, option);
    char *end;

    *out = -1;
    if (text == NULL)
        return FY_OK;
    errno = 0;
    *out = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || *out < least || *out > INT32_MAX)
        return fyi_fail(FY_EINVAL, "%s is '%.40s', expected a whole number, %lld or more", option,
                        text, (long long)least);
    return FY_OK;
}

/* n_seeds -1: to be run, else to be compared. */
static fy_status write_recipe(const fyi_args *a, const fy_study *s, int64_t trial, int64_t n_seeds)
{
    const fy_study_table *t = fy_study_result(s);
    const char *verb = n_seeds < 0 ? "run" : "compare", *out = fyi_args_value(a, "--out");
    fy_recipe *r;
    fy_status st;

    FYI_FORWARD(n_seeds < 0 ? fy_study_recipe(s, trial, &r)
                            : fy_study_comparison(s, trial, (int)n_seeds, &r));
    st = fy_recipe_write(r, out);
    fy_recipe_free(r);
    if (st == FY_OK)
        printf("%s: trial %lld of %s, to be used with: ferry %s %s\n", out,
               (long long)(trial < 0 ? t->best : trial), t->name, verb, out);
    return st;
}

static int run(const fyi_args *a)
{
    fy_study *s = NULL;
    int64_t trial, n_seeds;
    fy_status st;

    if (a->n_plain != 1 || a->n_settings > 0)
        return fyi_misused(a->verb, "one study is expected, found %d", a->n_plain + a->n_settings);
    if (fyi_args_value(a, "--out") == NULL)
        return fyi_misused(a->verb, "--out FILE is missing: where the recipe goes");
    if (read_number(a, "--trial", 0, &trial) != FY_OK ||
        read_number(a, "--compare", 1, &n_seeds) != FY_OK)
        return fyi_misused(a->verb, "%s", fy_last_error());
    st = fy_study_read(a->plain[0], fyi_args_value(a, "--name"), &s);
    if (st == FY_OK)
        st = write_recipe(a, s, trial, n_seeds);
    fy_study_free(s);
    return st == FY_OK ? FYI_DONE : fyi_failed();
}

const fyi_verb fyi_verb_export = {
    .name = "export",
    .line = "a trial of a search as a recipe of its own",
    .usage = "[options] STUDY --out FILE",
    .help =
        "Writes the recipe of a study's best trial: every key with its value. A run of it opens "
        "the test,\n"
        "which the search did not. STUDY is as in 'ferry best'.\n"
        "\n"
        "Examples:\n"
        "  ferry export runs/search-demo-search --out best.yaml\n"
        "  ferry export tries.db --trial 12 --out twelfth.yaml\n"
        "  ferry export tries.db --compare 10 --out proof.yaml\n"
        "  ferry compare proof.yaml\n"
        "  ferry run best.yaml\n",
    .options = options,
    .run = run,
};
