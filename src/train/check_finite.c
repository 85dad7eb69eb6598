/* check_finite.c: training ends where its values end to be numbers, with a sentence that names the first and says
 * what is left. */
#include "graph/find_nan.h"
#include "train/train.h"

fy_status fyi_not_finite(const fy_run *r, const fyi_position *at, const char *kind,
                         const char *name, double value)
{
    char saved[FYI_SAVED_CHARS];
    return fyi_fail(
        FY_ENAN,
        "stage '%s', after step %lld: %s%s'%s' is %g; %s. Begin again with a smaller learning "
        "rate: it usually helps",
        at->stage, (long long)at->step, kind, *kind ? " " : "", name, value,
        fyi_run_saved(r, saved));
}

fy_status fyi_check_finite(const fy_run *r, const fyi_position *at)
{
    fyi_culprit found;
    FYI_FORWARD(fyi_plan_find_not_finite(at->plan, &found));
    return found.kind ? fyi_not_finite(r, at, found.kind, found.name, (double)found.value) : FY_OK;
}
