/* stopper.h: a run's progress and cancel flag that stop it at a place of one's choice. */
#ifndef FYT_STOPPER_H
#define FYT_STOPPER_H

#include "support/support.h"

#include <ferry/train.h>

#include <signal.h>

typedef struct fyt_stopper {
    volatile sig_atomic_t flag; /* the run's cancel */
    const char *stage;          /* NULL: never stops */
    int64_t at;                 /* the first step of the stage after which it stops */
    bool sees_all; /* progress is shown at most every tenth of a second: who takes longer sees every step, of
                    * this stage */
} fyt_stopper;

/* A fy_progress_fn; arg is the stopper. */
void fyt_stop_there(void *arg, const fy_progress *p);

#endif
