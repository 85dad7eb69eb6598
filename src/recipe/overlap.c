/* overlap.c: one picture in two domains. Two lists of one folder, or two folders with links to the same files, are easily made so, and
 * a target that the source has seen is none. Samples of one name are looked at value by value: other sets call their pictures alike,
 * too. */
#include "recipe/hdnet.h"

#include <stdlib.h>
#include <string.h>

#define MOST_LOOKS 1000 /* names in common that are looked at */

typedef struct named {
    const char *name;
    int64_t at;
} named;

static int by_name(const void *a, const void *b)
{
    return strcmp(((const named *)a)->name, ((const named *)b)->name);
}

/* Samples that have names, in the order of these; fyi_free. NULL when out of memory. */
static named *list_names(const fy_dataset *d, int64_t *n)
{
    named *v = fyi_calloc((size_t)fy_dataset_count(d) + 1, sizeof *v);

    *n = 0;
    for (int64_t i = 0; v != NULL && i < fy_dataset_count(d); i++) {
        const char *name = fy_dataset_sample_name(d, i);

        if (name != NULL)
            v[(*n)++] = (named){ name, i };
    }
    if (v != NULL)
        qsort(v, (size_t)*n, sizeof *v, by_name);
    return v;
}

/* Two datasets whose samples have one shape, and room for one of each. */
typedef struct pair {
    const fy_dataset *a, *b;
    int64_t n;
    float *x;
} pair;

static fy_status is_same(const pair *p, int64_t i, int64_t k, bool *same)
{
    FYI_FORWARD(fy_dataset_get(p->a, i, p->x, p->n, NULL));
    FYI_FORWARD(fy_dataset_get(p->b, k, p->x + p->n, p->n, NULL));
    *same = memcmp(p->x, p->x + p->n, (size_t)p->n * sizeof *p->x) == 0;
    return FY_OK;
}

/* *found is the name of the first that both have; NULL: none. */
static fy_status compare(const pair *p, const named *v, int64_t n_v, const named *w, int64_t n_w,
                         const char **found)
{
    int64_t i = 0, k = 0;
    int looks = 0;

    while (i < n_v && k < n_w && looks < MOST_LOOKS && *found == NULL) {
        const int order = strcmp(v[i].name, w[k].name);
        bool same = false;

        if (order == 0) {
            FYI_FORWARD(is_same(p, v[i].at, w[k].at, &same));
            looks++;
        }
        *found = same ? v[i].name : NULL;
        i += order <= 0;
        k += order >= 0;
    }
    return FY_OK;
}

static fy_status find_same(pair *p, const char **found)
{
    int64_t n_v, n_w;
    named *v = list_names(p->a, &n_v), *w = list_names(p->b, &n_w);
    fy_status st = fyi_enomem((size_t)p->n * sizeof *p->x, "comparing two domains");

    p->x = fyi_calloc(2 * (size_t)p->n, sizeof *p->x);
    if (v != NULL && w != NULL && p->x != NULL)
        st = compare(p, v, n_v, w, n_w, found);
    fyi_free(p->x);
    fyi_free(w);
    fyi_free(v);
    return st;
}

fy_status fyi_overlap_find(const fy_dataset *a, const fy_dataset *b, const char **found)
{
    pair p = { .a = a, .b = b, .n = fy_shape_numel(fy_dataset_shape(a)) };

    *found = NULL;
    return fy_shape_equal(fy_dataset_shape(a), fy_dataset_shape(b)) ? find_same(&p, found) : FY_OK;
}
