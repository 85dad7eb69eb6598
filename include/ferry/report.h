/* report.h: a run's directory made readable. */
#ifndef FERRY_REPORT_H
#define FERRY_REPORT_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes run_dir/report.html, one file that needs nothing else, from what the run left there. */
FY_API FY_NODISCARD fy_status fy_report_write(const char *run_dir);

#ifdef __cplusplus
}
#endif
#endif
