/* streams.h: what a stage is fed: a batch per stream, and rows of tables and of the feature cache for its samples. */
#ifndef FYI_STREAMS_H
#define FYI_STREAMS_H

#include "train/train.h"

/* A table of the stage or of the feature cache, with room for one batch of its rows. */
typedef struct fyi_gather {
    fy_node node;
    const char *rows;
    char *batch;
    size_t row_bytes;
    int64_t n;
    int64_t view_rows; /* from one view's rows to the next's; 0: they are of all views */
} fyi_gather;

#define FYI_MAX_FED (FY_MAX_STREAMS * FYI_MAX_CUT)
typedef struct fyi_streams {
    const fy_stage *s;
    fyi_cache cache[FY_MAX_STREAMS];
    fyi_gather gathers[FY_MAX_STREAMS][FYI_MAX_CUT + FY_MAX_TABLES];
    int n_gathers[FY_MAX_STREAMS];
} fyi_streams;

/* Checks that loaders and tables fit the graph's inputs, and computes what is frozen into the run's features, with its
 * progress. `in` is zero before; close it also after a failure. */
fy_status fyi_streams_open(fyi_streams *in, const fy_run *r, fy_device *dev, const fy_stage *s);
void fyi_streams_close(fyi_streams *in);
/* The values that are fed instead of computed, for the stage's plan; gives their number. */
int fyi_streams_cut(const fyi_streams *in, fy_node cut[FYI_MAX_FED]);
/* Samples whose values the plan does not read are not decoded from now on. */
void fyi_streams_leave_known(const fyi_streams *in, const fy_plan *plan);
fy_status fyi_streams_seek(const fyi_streams *in, int64_t step);
/* The next batch of every stream. */
fy_status fyi_streams_feed(fyi_streams *in, fy_plan *plan);
/* Seconds that loaders kept the plan waiting. */
double fyi_streams_waited_s(const fyi_streams *in);

#endif
