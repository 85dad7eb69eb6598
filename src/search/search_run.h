/* What the two files of a worker share. */
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

#endif
