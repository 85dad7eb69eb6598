/* report.h: what a run or an evaluation left in a directory, made readable. */
#ifndef FERRY_REPORT_H
#define FERRY_REPORT_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes run_dir/report.html, one file that needs nothing else, from what a run left there, and from eval.json
 * (fy_evaluation_write), compare.json (fy_comparison_run), search.json (fy_search_run) and fuse.json (fy_fuse) where there are. FY_EIO if there is none of
 * them, nor a run's result. */
FY_API FY_NODISCARD fy_status fy_report_write(const char *run_dir);
/* One page over all runs that are done in and below the directories, at most 2,000: a table with their figures and the settings
 * in which they differ, and their curves. Links lead to the runs' reports from where the page is. FY_EIO if there is none. */
FY_API FY_NODISCARD fy_status fy_report_runs(const char *const *dirs, size_t n, const char *path);

#ifdef __cplusplus
}
#endif
#endif
