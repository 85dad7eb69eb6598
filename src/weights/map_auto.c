/* map_auto.c: partners for what no name finds: the k-th layer of a kind in the model is the k-th in the file.
 *
 * A layer is what shares a name up to the last dot. Two are alike when they have the same parts (a weight, a bias, a
 * mean, a variance, by any of their usual names) of the same shapes. Only where model and file have as many of a kind
 * are they paired: nothing is guessed. */
#include "weights/fit.h"
#include "weights/map.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_PARTS = 8, MOST_TENSORS = 65536 };

typedef struct part {
    const char *role;
    fy_shape shape;
    int i; /* of the model's parameters or the file's tensors */
} part;

typedef struct layer {
    const char *name; /* of its first part; `stem` bytes of it are the layer's */
    size_t stem;
    part part[MOST_PARTS];
    int n; /* more than MOST_PARTS: it is left alone */
} layer;

typedef struct layers {
    layer *v;
    int n;
} layers;

/* ---- parts ----------------------------------------------------------------------------------- */

static size_t stem_of(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot != NULL ? (size_t)(dot - name) : 0;
}

/* By torchvision's name where it is a usual one of another program. */
static const char *role_of(const char *name)
{
    static const char *const usual[][2] = {
        { "gamma", "weight" },
        { "kernel", "weight" },
        { "w", "weight" },
        { "beta", "bias" },
        { "b", "bias" },
        { "moving_mean", "running_mean" },
        { "mean", "running_mean" },
        { "moving_variance", "running_var" },
        { "moving_var", "running_var" },
        { "variance", "running_var" },
        { "var", "running_var" },
    };
    const char *leaf = strrchr(name, '.') != NULL ? strrchr(name, '.') + 1 : name;

    for (size_t i = 0; i < FYI_LEN(usual); i++)
        if (strcmp(usual[i][0], leaf) == 0)
            return usual[i][1];
    return leaf;
}

static void add_part(layers *l, const char *name, const fy_shape *shape, int i)
{
    layer *last = l->n > 0 ? &l->v[l->n - 1] : NULL;
    const size_t stem = stem_of(name);

    if (last == NULL || last->stem != stem || strncmp(last->name, name, stem) != 0) {
        last = &l->v[l->n++];
        *last = (layer){ .name = name, .stem = stem };
    }
    if (last->n < MOST_PARTS)
        last->part[last->n] = (part){ role_of(name), *shape, i };
    last->n++;
}

/* ---- both sides ------------------------------------------------------------------------------ */

static void list_params(const fy_model *m, const int *i_file, layers *l)
{
    for (int i = 0; i < fy_model_count(m); i++)
        if (i_file[i] < 0)
            add_part(l, fy_model_param_name(m, i), fy_param_shape(fy_model_param(m, i)), i);
}

static bool is_used(const fy_model *m, const int *i_file, int i)
{
    for (int k = 0; k < fy_model_count(m); k++)
        if (i_file[k] == i)
            return true;
    return false;
}

/* "layer2.9" before "layer2.10". */
static int compare_natural(const char *a, size_t n_a, const char *b, size_t n_b)
{
    size_t i = 0, k = 0;

    while (i < n_a && k < n_b) {
        const size_t d = strspn(a + i, "0123456789"), e = strspn(b + k, "0123456789");

        if (d > 0 && e > 0 && d != e)
            return d < e ? -1 : 1;
        if (a[i] != b[k])
            return (unsigned char)a[i] < (unsigned char)b[k] ? -1 : 1;
        i++;
        k++;
    }
    return (i < n_a) - (k < n_b);
}

/* Safetensors lie sorted by size and name; others as the program that wrote them went through its layers. */
static bool is_sorted_by_name(const fy_weights *w)
{
    return strcmp(w->format, "safetensors") == 0;
}

static int compare_names(const void *a, const void *b)
{
    const fyi_tensor_row *const *x = a, *const *y = b;
    const char *p = (*x)->name, *q = (*y)->name;
    const int order = compare_natural(p, stem_of(p), q, stem_of(q));

    return order != 0 ? order : strcmp(p, q);
}

/* rows [n of the file]: in the order in which layers follow each other. */
static void list_tensors(const fy_model *m, const fy_weights *w, const int *i_file,
                         const fyi_tensor_row **rows, layers *l)
{
    for (size_t i = 0; i < w->n; i++)
        rows[i] = &w->rows[i];
    if (is_sorted_by_name(w))
        qsort(rows, w->n, sizeof *rows, compare_names);
    for (size_t k = 0; k < w->n; k++) {
        const int i = (int)(rows[k] - w->rows);

        if (!fyi_is_batch_count(rows[k]->name) && !is_used(m, i_file, i))
            add_part(l, rows[k]->name, &rows[k]->view.shape, i);
    }
}

/* ---- pairs ----------------------------------------------------------------------------------- */

static const part *find_part(const layer *l, const char *role)
{
    for (int i = 0; i < l->n; i++)
        if (strcmp(l->part[i].role, role) == 0)
            return &l->part[i];
    return NULL;
}

/* of_head: shapes may be those of a head for other classes. */
static bool are_alike(const fy_model *m, const layer *ours, const layer *theirs, bool of_head)
{
    if (ours->n != theirs->n || ours->n > MOST_PARTS)
        return false;
    for (int i = 0; i < ours->n; i++) {
        const part *p = &ours->part[i], *q = find_part(theirs, p->role);

        if (q == NULL || (!fy_shape_equal(&p->shape, &q->shape) &&
                          !(of_head && fyi_is_other_head(m, &p->shape, &q->shape))))
            return false;
    }
    return true;
}

/* How many of `all` are as l; those before place `at` are counted in *before. */
static int count_alike(const fy_model *m, const layers *all, const layer *l, int at, int *before)
{
    int n = 0;

    *before = 0;
    for (int i = 0; i < all->n; i++)
        if (are_alike(m, l, &all->v[i], false)) {
            *before += i < at;
            n++;
        }
    return n;
}

static const layer *nth_alike(const fy_model *m, const layers *all, const layer *l, int nth)
{
    for (int i = 0; i < all->n; i++)
        if (are_alike(m, l, &all->v[i], false) && nth-- == 0)
            return &all->v[i];
    return NULL;
}

/* The only layer that could be the head for other classes, and is like none of the model's; NULL: none or several. */
static const layer *find_head(const fy_model *m, const layers *ours, const layers *theirs,
                              const layer *l)
{
    const layer *found = NULL;
    int n = 0, before;

    for (int i = 0; i < theirs->n; i++)
        if (are_alike(m, l, &theirs->v[i], true) &&
            count_alike(m, ours, &theirs->v[i], 0, &before) == 0) {
            found = &theirs->v[i];
            n++;
        }
    return n == 1 ? found : NULL;
}

static void pair_layer(const layers *ours, const layers *theirs, int at, const fy_model *m,
                       int *i_file)
{
    const layer *l = &ours->v[at], *partner = NULL;
    int rank, none;
    const int n_ours = count_alike(m, ours, l, at, &rank),
              n_theirs = count_alike(m, theirs, l, 0, &none);

    if (n_ours == n_theirs)
        partner = nth_alike(m, theirs, l, rank);
    else if (n_ours == 1 && n_theirs == 0)
        partner = find_head(m, ours, theirs, l);
    for (int i = 0; partner != NULL && i < l->n; i++)
        i_file[l->part[i].i] = find_part(partner, l->part[i].role)->i;
}

static fy_status pair(const fy_model *m, const fy_weights *w, int *i_file, layers *ours,
                      layers *theirs)
{
    const fyi_tensor_row **rows = fyi_calloc(w->n + 1, sizeof *rows);

    ours->v = fyi_calloc((size_t)fy_model_count(m) + 1, sizeof *ours->v);
    theirs->v = fyi_calloc(w->n + 1, sizeof *theirs->v);
    if (rows != NULL && ours->v != NULL && theirs->v != NULL) {
        list_params(m, i_file, ours);
        list_tensors(m, w, i_file, rows, theirs);
        for (int i = 0; i < ours->n; i++)
            pair_layer(ours, theirs, i, m, i_file);
    }
    fyi_free((void *)rows);
    return rows != NULL && ours->v != NULL && theirs->v != NULL
               ? FY_OK
               : fyi_enomem(w->n * sizeof *theirs->v, "a map");
}

fy_status fyi_map_pair(const fy_model *m, const fy_weights *w, int *i_file)
{
    layers ours = { 0 }, theirs = { 0 };
    fy_status st;

    if (w->n > MOST_TENSORS)
        return fyi_fail(FY_EINVAL, "map: '%s' has %zu tensors; 'auto' pairs %d at most", w->name,
                        w->n, MOST_TENSORS);
    st = pair(m, w, i_file, &ours, &theirs);
    fyi_free(ours.v);
    fyi_free(theirs.v);
    return st;
}
