/* cells.h: what compare.json says of adaptations held against their source models. */
#ifndef FYI_REPORT_CELLS_H
#define FYI_REPORT_CELLS_H

#include "report/html.h"

#include <ferry/choose.h>

#define FYI_MAX_CHOOSERS (4 + FY_MAX_VALIDATORS)

/* The first of fy_choosers. */
enum {
    FYI_BY_SOURCE_ONLY,
    FYI_BY_CHOSEN,
    FYI_BY_LAST,
    FYI_BY_ORACLE,
    FYI_BY_FIRST_VALIDATOR,
    FYI_BY_NUMBERS = FYI_BY_FIRST_VALIDATOR
};

/* What one who chooses came to, over some cells; NaN: unknown. */
typedef struct fyi_choosing {
    double n, failed; /* cells that ended, and that did not */
    double harm_rate, collapse_rate, kept_rate, accuracy, gain, oracle_gap;
} fyi_choosing;

/* Of all cells, or of a method's or a shift's: one for each of fy_choosers. */
typedef struct fyi_choosings {
    const char *name;
    fyi_choosing v[FYI_MAX_CHOOSERS];
} fyi_choosings;

typedef struct fyi_cell_row {
    const char *shift, *arm, *seed,
        *dir;                 /* dir: of its run; "" if missing, or if it leads elsewhere */
    const char *error;        /* "": it ended */
    double v[FYI_BY_NUMBERS]; /* source only, chosen, last, oracle; NaN: unknown */
} fyi_cell_row;

typedef struct fyi_cells {
    fyi_cell_row *v;
    size_t n, n_failed; /* n 0: there are none */
    fyi_choosings all, *methods, *shifts;
    size_t n_methods, n_shifts;
    double oracle_gain;
} fyi_cells;

#endif
