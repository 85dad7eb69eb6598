/* cells.h: what compare.json says of adaptations held against their source models. */
#ifndef FYI_REPORT_CELLS_H
#define FYI_REPORT_CELLS_H

#include "report/html.h"

#include <ferry/choose.h>

#define FYI_MAX_CHOOSERS (4 + FY_MAX_VALIDATORS)

/* What one who chooses came to, over some cells; NaN: unknown. */
typedef struct fyi_choosing {
    double harm_rate, collapse_rate, accuracy, gain, oracle_gap;
} fyi_choosing;

/* Of all cells, or of a method's: one for each of fy_choosers. */
typedef struct fyi_choosings {
    const char *name;
    fyi_choosing v[FYI_MAX_CHOOSERS];
} fyi_choosings;

typedef struct fyi_cell_row {
    const char *shift, *arm, *seed,
        *dir;    /* dir: of its run; "" if missing, or if it leads elsewhere */
    double v[4]; /* source only, chosen, last, oracle */
} fyi_cell_row;

typedef struct fyi_cells {
    fyi_cell_row *v;
    size_t n; /* 0: there are none */
    fyi_choosings all, *methods;
    size_t n_methods, n_shifts;
    double oracle_gain;
} fyi_cells;

#endif
