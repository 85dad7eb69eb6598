/* tell.c: work of a method between its stages, shown and stopped as a stage is. */
#include "train/train.h"

#include <string.h>

#define DRAW_S 0.1 /* between two looks at the progress */

fy_status fyi_run_say_stopped(const fy_run *r, const char *stage, const char *where)
{
    while (r->outer) /* which is what can be resumed */
        r = r->outer;
    return fyi_fail(FY_ECANCELED, "stopped in stage '%s' %s; %s%s", stage, where,
                    r->dir ? "resume from " : "nothing was saved, the run has no directory",
                    r->dir ? r->dir : "");
}

static bool is_asked_to_stop(const fy_run *r)
{
    return fyi_is_asked_to_stop() || (r->opts.cancel && *r->opts.cancel);
}

/* Another work, or the same once more. */
static void begin(fyi_work *w, const char *stage, bool is_over)
{
    if (strncmp(w->stage, stage, sizeof w->stage - 1) == 0 && (is_over || !w->is_over))
        return;
    *w = (fyi_work){ .begin_s = fyi_now_s() };
    (void)snprintf(w->stage, sizeof w->stage, "%s", stage);
}

fy_status fy_run_tell(fy_run *r, const char *stage, int64_t step, int64_t steps, const char *text)
{
    const double now = fyi_now_s();
    fyi_work *w = &r->work;
    begin(w, stage, step >= steps);
    if (is_asked_to_stop(r))
        return fyi_run_say_stopped(r, stage, "before its end");
    if (!r->opts.progress || w->is_over || (step < steps && now - w->drawn_s < DRAW_S))
        return FY_OK;
    w->drawn_s = now;
    w->is_over = step >= steps;
    const fy_progress p = {
        .stage = w->stage, .step = step, .steps = steps, .seconds = now - w->begin_s, .text = text
    };
    r->opts.progress(r->opts.progress_arg, &p);
    return FY_OK;
}
