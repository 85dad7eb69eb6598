/* share.c: what frozen layers give, in a folder that all runs of a search or a comparison share, with those of other processes too. */
#include "search/search.h"

fy_status fyi_share_features(fy_recipe *r, const char *dir)
{
    char path[FY_RUN_DIR_MAX + 16];
    const char *given = r->settings.run.feature_dir;

    if (given != NULL && *given != '\0')
        return FY_OK;
    FYI_FORWARD(fyi_place_path(dir, "features", path, sizeof path));
    FYI_FORWARD(fy_recipe_put(r, "feature_dir", path));
    return fy_recipe_check(r);
}
