/* trial.c: one recipe in one directory, whatever is there already: a run that is done is taken as it is, one that was
 * stopped goes on, and else one begins. */
#include "search/search.h"

#include <string.h>

static fy_status has_file(const char *dir, const char *name, bool *out)
{
    char *path = fyi_path_join(dir, name);

    if (path == NULL)
        return fyi_enomem(strlen(dir), "a trial's path");
    *out = fyi_path_exists(path);
    fyi_free(path);
    return FY_OK;
}

fy_status fyi_trial_run(fy_lab *l, fy_recipe *r, const fy_recipe_run_opts *o, fyi_trial *out)
{
    fy_recipe_run_opts in = *o;
    fy_status st;

    *out = (fyi_trial){ 0 };
    FYI_FORWARD(has_file(o->run_dir, "recipe.yaml", &in.resume));
    FYI_FORWARD(has_file(o->run_dir, "result.json", &out->was_done));
    st = fy_lab_run(l, r, &in, &out->result);
    out->has_failed = st == FY_ENAN || st == FY_ENOMEM;
    out->error = out->has_failed ? fy_last_error() : NULL;
    return out->has_failed ? FY_OK : st;
}
