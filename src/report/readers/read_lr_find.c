/* read_lr_find.c: lr_find-<stage>.json, the learning-rate range test before a stage, for every stage that has one:
 *   {"stage": "all", "rates": [1e-7, ..], "losses": [2.3, ..], "suggested": 0.01} */
#include "report/report.h"

#include <math.h>

#define MAX_BYTES ((size_t)1 << 20)
#define MAX_POINTS 10000
#define MAX_TESTS 32

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

static bool read_test(fyi_report *r, const json_t *root, fyi_lr_test *t)
{
    const json_t *rates = json_object_get(root, "rates"), *losses = json_object_get(root, "losses");
    const size_t n = json_array_size(rates);

    t->suggested = fyi_json_number(root, "suggested");
    t->p = n <= MAX_POINTS ? fyi_report_alloc(r, n, sizeof *t->p) : NULL;
    t->n = n;
    return t->p != NULL && n > 0 && json_array_size(losses) == n && read_points(t, rates, losses, n);
}

static void read_file(fyi_report *r, const char *file, const char *stage)
{
    json_t *root = fyi_report_json(r, file, MAX_BYTES);
    fyi_lr_test *t = &r->lr_tests[r->n_lr_tests];

    t->stage = stage;
    if (root != NULL && read_test(r, root, t))
        r->n_lr_tests++;
    else if (root != NULL)
        fyi_report_note(
            r, "%s is left out: it needs rising \"rates\" above 0, at most %d, and as many \"losses\".",
            file, MAX_POINTS);
    json_decref(root);
}

void fyi_read_lr_find(fyi_report *r)
{
    char file[FYI_STAGE_FILE];

    r->lr_tests = fyi_report_alloc(r, MAX_TESTS, sizeof *r->lr_tests);
    for (size_t i = 0; i < r->n_series && !r->no_memory && r->n_lr_tests < MAX_TESTS; i++)
        if (fyi_report_stage_file(r, i, "lr_find", file))
            read_file(r, file, r->series[i].stage);
}
