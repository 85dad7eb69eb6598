/* eval.h: what eval.json says, and the sections that draw it: of a page of its own, or of a run's. */
#ifndef FYI_REPORT_EVAL_H
#define FYI_REPORT_EVAL_H

#include "report/html.h"

typedef struct fyi_eval_class {
    const char *name;
    int64_t support, predicted;   /* -1: unknown */
    double precision, recall, f1; /* NaN: unknown */
} fyi_eval_class;

typedef struct fyi_eval_bin {
    double from, to;
    int64_t n;
    double confidence, accuracy; /* NaN if n is 0 */
} fyi_eval_bin;

typedef struct fyi_eval_mistake {
    const char *name; /* "" if it has none */
    int64_t origin;
    int label, predicted;  /* classes, within 0 .. n_classes - 1 */
    double p, p_label;     /* NaN: unknown */
    const uint8_t *pixels; /* [c, h, w]; NULL: none */
} fyi_eval_mistake;

typedef struct fyi_eval {
    bool is_there;
    double accuracy, top5, balanced, macro_precision, macro_recall, macro_f1, matched;
    double nll, brier, ece, confidence;
    int64_t count, broken; /* -1: unknown */
    int n_classes;
    fyi_eval_class *classes; /* [n_classes] */
    int64_t *confusion;      /* [n_classes, n_classes], rows are labels; NULL: none */
    size_t n_bins;
    fyi_eval_bin *bins;
    int64_t c, h, w; /* of a picture */
    size_t n_mistakes;
    fyi_eval_mistake *mistakes;
    size_t n_about;
    struct {
        const char *name, *value;
    } * about;
} fyi_eval;

/* The fact of that name; "" if there is none. */
const char *fyi_eval_about(const fyi_eval *e, const char *name);
/* What class c is most often taken for instead, and how often; -1 if never. */
int fyi_eval_confused(const fyi_eval *e, int c, int64_t *times);

#endif
