/* lr_find.h: the learning-rate range test (Smith 2017, section 3.3). Public functions only. */
#ifndef FERRY_METHODS_LR_FIND_H
#define FERRY_METHODS_LR_FIND_H

#include <ferry/methods.h>

/* Moves the stage's parameters over the stage's first batches while the rate rises from 1e-7 of a step to 10, until
 * the loss, smoothed, is four times its smallest; gives the rate at which the loss fell fastest, or NaN when it never
 * fell, and writes lr_find-<stage>.json: {"stage", "rates", "losses" (smoothed), "suggested"}. The first watch is the
 * loss, and every name ending in ".lr" among the plan's scalars is set. The parameters have other values afterwards:
 * keep a copy. The stage's name has at most 32 bytes. FY_ECANCELED when the run was asked to stop. */
fy_status lr_find(fy_run *r, fy_device *dev, const fy_stage *s, double *suggested);

#endif
