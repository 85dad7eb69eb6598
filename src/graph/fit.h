/* A plan within a limit of memory. */
#ifndef FYI_FIT_H
#define FYI_FIT_H

#include "graph/plan.h"

/* Replaces *p, compiled from `of` with all values kept, by a plan of at most of->o->memory bytes, and logs what that
 * takes. Does nothing where *p is one. FY_ENOMEM if there is none; *p is then the smallest that was found. */
fy_status fyi_plan_fit(const fyi_plan_of *of, fy_plan **p);
/* "memory: 1.9 GiB without, 0.9 GiB with 34 of 152 values computed twice (+21 % of the work)" */
#define FYI_FIT_CHARS 160
void fyi_fit_text(const fy_plan_info *info, char text[FYI_FIT_CHARS]);

#endif
