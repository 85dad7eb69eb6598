/* shared.c: samples that two datasets have in common, by their numbers in one source, by the bytes of their files, or by their values. */
#include "data/data.h"

#include <stdlib.h>
#include <string.h>

#define LEAST_SAMPLES 512         /* whose values are compared, spread evenly */
#define MOST_VALUES (128LL << 20) /* with more samples than that: what is read in about a second */
#define MOST_DECODED (16LL << 20) /* where every sample is a file to be decoded */
#define LEAST_SHARE 0.01          /* of b; tables have rows that are equal by chance */

/* Sorted numbers that stand for samples. */
typedef struct marks {
    uint64_t *v; /* fyi_free */
    int64_t n;
} marks;

static int compare_marks(const void *x, const void *y)
{
    const uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;

    return (a > b) - (a < b);
}

static fy_status begin_marks(int64_t n, marks *m)
{
    *m = (marks){ fyi_calloc((size_t)n, sizeof *m->v), n };
    return m->v != NULL || n == 0 ? FY_OK
                                  : fyi_enomem((size_t)n * sizeof *m->v, "comparing datasets");
}

static void sort_marks(marks *m)
{
    qsort(m->v, (size_t)m->n, sizeof *m->v, compare_marks);
}

static fy_status mark_numbers(const fy_dataset *d, marks *m)
{
    FYI_FORWARD(begin_marks(d->n, m));
    for (int64_t i = 0; i < d->n; i++)
        m->v[i] = (uint64_t)fyi_dataset_source_number(d, i);
    sort_marks(m);
    return FY_OK;
}

static fy_status mark_files(const fy_dataset *d, marks *m)
{
    FYI_FORWARD(begin_marks(d->n, m));
    for (int64_t i = 0; i < d->n; i++)
        m->v[i] = d->source->marks[fyi_dataset_source_number(d, i)];
    sort_marks(m);
    return FY_OK;
}

static fy_status mark_values(const fy_dataset *d, marks *m)
{
    const int64_t numel = fy_shape_numel(fy_dataset_shape(d));
    const int64_t values = d->source->is_slow ? MOST_DECODED : MOST_VALUES;
    const int64_t most = FYI_MAX(LEAST_SAMPLES, values / FYI_MAX(numel, 1));
    float *x = fyi_calloc((size_t)numel + d->source->n_scratch, sizeof *x);
    fy_status st;

    if (x == NULL)
        return fyi_enomem((size_t)numel * sizeof *x, "reading a sample");
    FY_TRY(begin_marks(FYI_MIN(most, d->n), m));
    for (int64_t k = 0; k < m->n; k++) {
        FY_TRY(fyi_dataset_get(d, k * d->n / m->n, x, NULL, x + numel));
        m->v[k] = fyi_hash64(x, (size_t)numel * sizeof *x, 0);
    }
    sort_marks(m);
done:
    fyi_free(x);
    return st;
}

static int64_t count_in(const marks *a, const marks *b)
{
    int64_t n = 0;

    for (int64_t i = 0, k = 0; k < b->n; k++) {
        while (i < a->n && a->v[i] < b->v[k])
            i++;
        n += i < a->n && a->v[i] == b->v[k];
    }
    return n;
}

static fy_status count_by(fy_status (*mark)(const fy_dataset *d, marks *m), const fy_dataset *a,
                          const fy_dataset *b, fyi_shared *out)
{
    marks v = { 0 }, w = { 0 };
    fy_status st;

    FY_TRY(mark(a, &v));
    FY_TRY(mark(b, &w));
    out->n = w.n;
    out->n_shared = count_in(&v, &w);
done:
    fyi_free(w.v);
    fyi_free(v.v);
    return st;
}

static bool is_known(const fy_dataset *a, const fy_dataset *b, fyi_shared_by by)
{
    if (by == FYI_BY_NUMBER)
        return strcmp(fy_dataset_hash(a), fy_dataset_hash(b)) == 0;
    return by == FYI_BY_VALUE || (a->source->marks != NULL && b->source->marks != NULL);
}

fy_status fyi_count_shared(const fy_dataset *a, const fy_dataset *b, fyi_shared *out)
{
    static fy_status (*const mark[])(const fy_dataset *, marks *) = {
        [FYI_BY_NUMBER] = mark_numbers, [FYI_BY_FILE] = mark_files, [FYI_BY_VALUE] = mark_values
    };

    *out = (fyi_shared){ 0 };
    for (fyi_shared_by by = FYI_BY_NUMBER; by <= FYI_BY_VALUE && out->n_shared == 0; by++) {
        out->by = by;
        if (is_known(a, b, by))
            FYI_FORWARD(count_by(mark[by], a, b, out));
    }
    if (out->by == FYI_BY_VALUE && (double)out->n_shared < LEAST_SHARE * (double)out->n)
        out->n_shared = 0;
    return FY_OK;
}
