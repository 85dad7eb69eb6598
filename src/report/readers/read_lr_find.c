/* read_lr_find.c: lr_find.json, a learning-rate range test:
 *   {"stage": "all", "rates": [1e-7, ..], "losses": [2.3, ..], "suggested": 0.01} */
#include "report/report.h"

#include <math.h>

#define FILE_NAME "lr_find.json"
#define MAX_BYTES ((size_t)1 << 20)
#define MAX_POINTS 10000

/* Rates rise and can be drawn by their logarithm. */
static bool read_points(fyi_lr_test *t, const json_t *rates, const json_t *losses, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double x = log10(fyi_json_real(json_array_get(rates, i)));

        if (!(fabs(x) < 100) || (i > 0 && !(x > t->p[i - 1].x)))
            return false;
        t->p[i] = (fyi_point){ x, fyi_json_real(json_array_get(losses, i)) };
    }
    return true;
}

static void read_test(fyi_report *r, const json_t *root)
{
    fyi_lr_test *t = &r->lr_test;
    const json_t *rates = json_object_get(root, "rates"), *losses = json_object_get(root, "losses");
    const size_t n = json_array_size(rates);

    t->stage = fyi_json_text(r, root, "stage");
    t->suggested = fyi_json_number(root, "suggested");
    t->p = n <= MAX_POINTS ? fyi_report_alloc(r, n, sizeof *t->p) : NULL;
    if (t->p != NULL && n > 0 && json_array_size(losses) == n && read_points(t, rates, losses, n))
        t->n = n;
    else
        fyi_report_note(
            r,
            FILE_NAME
            " is left out: it needs rising \"rates\" above 0, at most %d, and as many \"losses\".",
            MAX_POINTS);
}

void fyi_read_lr_find(fyi_report *r)
{
    json_t *root = fyi_report_json(r, FILE_NAME, MAX_BYTES);

    if (root != NULL)
        read_test(r, root);
    json_decref(root);
}
