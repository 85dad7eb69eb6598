/* loop.h: the inside of an opened stage, for stage.c, which evaluates, records and saves between its steps. */
#ifndef FYI_LOOP_H
#define FYI_LOOP_H

#include "train/streams.h"

struct fy_loop {
    fy_run *run;
    fy_stage s;
    fy_plan *plan;
    fyi_streams in;
    fyi_position at; /* its sums are stage.c's */
    double newest[FY_MAX_WATCHES];
    double start_s, drawn_s;
    const volatile sig_atomic_t *asked_before; /* who could stop this thread before */
};

/* fy_loop_open without the first batch: the loaders stand anywhere. */
fy_status fyi_loop_open(fy_run *r, fy_device *dev, const fy_stage *s, fy_loop **out);
/* Shows where the loop is; not more often than ten times a second, unless it must be seen. */
void fyi_loop_draw(fy_loop *l, bool must_be_seen);
/* FY_ECANCELED: "stopped in stage 'adapt' <where>; resume from ...". */
fy_status fyi_loop_say_stopped(const fy_loop *l, const char *where);

#endif
