/* What the files of a worker share. */
#ifndef FYI_SEARCH_RUN_H
#define FYI_SEARCH_RUN_H

#include "search/search.h"
#include "search/study.h"

struct fy_search {
    fy_search_opts o;
    fy_recipe *recipe; /* with the section */
    fyi_store store;
    fy_lab *lab;
    char dir[FY_RUN_DIR_MAX];
};

/* tidy.c: where a trial's run with that seed is. */
fy_status fyi_search_run_dir(const fy_search *s, int64_t number, uint64_t seed, char *dir,
                             size_t size);
/* The trial that has ended newly loses its models, or, where it is the best, all others that have ended do; so they do for -1. */
void fyi_search_tidy(const fy_search *s, const fy_study_table *t, int64_t newest);

#endif
