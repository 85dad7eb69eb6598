/* runs.h: many runs on one page: each is read as for its own report, and the page shows what they have in common and where they
 * differ. */
#ifndef FYI_REPORT_RUNS_H
#define FYI_REPORT_RUNS_H

#include "report/report.h"

#define FYI_MAX_RUNS 2000
#define FYI_MAX_RUN_FIGURES 12
#define FYI_MAX_RUN_SETTINGS 16

typedef struct fyi_one_run {
    fyi_report report; /* its files, as far as the page looks at them */
    char *dir;
    char *link;        /* its report, from where the page is; NULL: it has none */
    json_t *result;    /* NULL: it cannot be read */
    fy_recipe *recipe; /* NULL: it cannot be read */
} fyi_one_run;

typedef struct fyi_runs {
    fyi_report page; /* the arena and the notes of the page itself */
    fyi_one_run *v;
    size_t n, cap;
    const char *figures[FYI_MAX_RUN_FIGURES]; /* paths of result.json's numbers, the most common first */
    size_t n_figures;
    const char *settings[FYI_MAX_RUN_SETTINGS]; /* keys that are not the same in all runs */
    size_t n_settings;
} fyi_runs;

/* All runs in and below the directories, by their names. */
fy_status fyi_runs_find(fyi_runs *runs, const char *const *dirs, size_t n, const char *page);
void fyi_runs_release(fyi_runs *runs);
/* What the columns are. */
fy_status fyi_runs_compare(fyi_runs *runs);
/* NaN where the run has no such number. */
double fyi_run_figure(const fyi_one_run *run, const char *path);
/* As the recipe has it; "" where it does not. */
const char *fyi_run_setting(const fyi_one_run *run, const char *key);

/* Pieces of the page. */
void fyi_show_runs_table(fyi_runs *runs, fyi_buf *b);
void fyi_show_runs_curves(fyi_runs *runs, fyi_buf *b);
void fyi_show_runs_script(fyi_buf *b);

#endif
