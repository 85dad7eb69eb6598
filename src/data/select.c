/* select.c: some samples of a dataset: by group, by class with new labels, by number, or a limited count.
 *
 * Stratified picking shuffles, lines the classes up one after the other and takes every (n /
 * limit)-th in Bresenham's manner: the count is exact and every class is within one of its
 * proportion. */
#include "data/data.h"

#include <stdlib.h>
#include <string.h>

/* ---- order ----------------------------------------------------------------------------------- */

static int compare_i64(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

void fyi_sort_i64(int64_t *v, int64_t n)
{
    qsort(v, (size_t)n, sizeof *v, compare_i64);
}

/* Stable counting sort by label. */
static fy_status group_by_class(const fy_dataset *d, int64_t *pos, int64_t n)
{
    int64_t *begin = fyi_calloc((size_t)d->n_classes + 1, sizeof *begin);
    int64_t *copy = fyi_calloc((size_t)n, sizeof *copy);
    fy_status st = FY_OK;

    if (begin == NULL || copy == NULL) {
        st = fyi_enomem((size_t)n * sizeof *copy, "sorting samples by class");
        goto done;
    }
    memcpy(copy, pos, (size_t)n * sizeof *copy);
    for (int64_t i = 0; i < n; i++)
        begin[d->label[copy[i]] + 1]++;
    for (int c = 0; c < d->n_classes; c++)
        begin[c + 1] += begin[c];
    for (int64_t i = 0; i < n; i++)
        pos[begin[d->label[copy[i]]]++] = copy[i];
done:
    fyi_free(copy);
    fyi_free(begin);
    return st;
}

fy_status fyi_shuffle_samples(const fy_dataset *d, int64_t *pos, int64_t n, bool by_class,
                              uint64_t seed, const char *stream)
{
    fy_rng r = fy_rng_named(seed, stream);

    fy_rng_shuffle(&r, pos, (size_t)n);
    return by_class ? group_by_class(d, pos, n) : FY_OK;
}

/* ---- choosing -------------------------------------------------------------------------------- */

fy_select_opts fy_select_defaults(void)
{
    return (fy_select_opts){ .pick = FY_PICK_RANDOM };
}

/* pos[0..n-1] becomes pos[0..limit-1], in d's order. */
static fy_status limit_samples(const fy_dataset *d, const fy_select_opts *o, int64_t *pos, int64_t n)
{
    int64_t carry = 0, kept = 0;

    if (o->pick != FY_PICK_FIRST)
        FYI_FORWARD(
            fyi_shuffle_samples(d, pos, n, o->pick == FY_PICK_STRATIFIED, o->seed, "data.select"));
    for (int64_t i = 0; o->pick == FY_PICK_STRATIFIED && i < n; i++) {
        carry += o->limit;
        if (carry >= n) {
            carry -= n;
            pos[kept++] = pos[i];
        }
    }
    fyi_sort_i64(pos, o->limit);
    return FY_OK;
}

static fy_status check_opts(const fy_dataset *d, const fy_select_opts *o)
{
    if (o->classes != NULL || o->pick == FY_PICK_STRATIFIED)
        FYI_FORWARD(fyi_dataset_need_labels(d, "choosing samples by class"));
    if ((unsigned)o->pick > FY_PICK_STRATIFIED || o->limit < 0 ||
        (o->classes != NULL && o->n_classes < 1))
        return fyi_fail(FY_EINVAL,
                        "dataset '%s': cannot choose %lld samples of %d classes by way "
                        "%d",
                        d->name, (long long)o->limit, o->n_classes, (int)o->pick);
    for (int k = 0; o->classes != NULL && k < o->n_classes; k++) {
        if (o->classes[k] < 0 || o->classes[k] >= d->n_classes)
            return fyi_fail(FY_EINVAL, "dataset '%s': class %d was asked for, there are 0 .. %d",
                            d->name, o->classes[k], d->n_classes - 1);
        if (o->relabel != NULL && (o->relabel[k] < 0 || o->relabel[k] >= d->n_classes))
            return fyi_fail(FY_EINVAL,
                            "dataset '%s': class %d cannot be relabelled %d; labels are "
                            "0 .. %d",
                            d->name, o->classes[k], o->relabel[k], d->n_classes - 1);
        for (int j = 0; j < k; j++)
            if (o->classes[j] == o->classes[k])
                return fyi_fail(FY_EINVAL, "dataset '%s': class %d is listed twice", d->name,
                                o->classes[k]);
    }
    return FY_OK;
}

/* What is kept and under which label. */
typedef struct choice {
    bool *group;        /* [d's groups], is it kept?; NULL: all are */
    int32_t *label;     /* [d's classes], new label or -1 */
    const char **names; /* [n_classes], of the new labels */
    int n_classes;
    fyi_buf how;
    fyi_arena arena;
} choice;

static fy_status choose_classes(const fy_dataset *d, const fy_select_opts *o, choice *c)
{
    c->label = fyi_arena_alloc(&c->arena, (size_t)d->n_classes * sizeof *c->label);
    c->names = fyi_arena_alloc(&c->arena, (size_t)d->n_classes * sizeof *c->names);
    if (c->label == NULL || c->names == NULL)
        return fyi_enomem((size_t)d->n_classes * sizeof *c->names, "choosing classes");
    for (int k = 0; k < d->n_classes; k++)
        c->label[k] = -1;
    fyi_buf_puts(&c->how, "; classes");
    for (int k = 0; k < o->n_classes; k++) {
        const int old = o->classes[k], new = o->relabel != NULL ? o->relabel[k] : k;
        const char *before = c->names[new];

        c->label[old] = new;
        c->names[new] = fyi_arena_printf(&c->arena, "%s%s%s", before != NULL ? before : "",
                                         before != NULL ? "/" : "", d->class_names[old]);
        if (c->names[new] == NULL)
            return fyi_enomem(16, "a class name");
        c->n_classes = FYI_MAX(c->n_classes, new + 1);
        fyi_buf_printf(&c->how, " %s->%d", d->class_names[old], new);
    }
    for (int k = 0; k < c->n_classes; k++)
        if (c->names[k] == NULL)
            return fyi_fail(FY_EINVAL,
                            "dataset '%s': no class is relabelled %d, but one is %d; "
                            "labels must be 0 .. %d without gaps",
                            d->name, k, c->n_classes - 1, c->n_classes - 1);
    return FY_OK;
}

static void describe_groups(const char *what, const char *const *names, int n, fyi_buf *how)
{
    for (int k = 0; k < n; k++)
        fyi_buf_printf(how, "%s %s", k == 0 ? what : ",", names[k]);
}

static fy_status choose_groups(const fy_dataset *d, const fy_select_opts *o, choice *c)
{
    if (o->n_groups == 0 && o->n_not_groups == 0)
        return FY_OK;
    FYI_FORWARD(fyi_groups_kept(d, o, &c->group));
    describe_groups("; groups", o->groups, o->n_groups, &c->how);
    describe_groups("; not groups", o->not_groups, o->n_not_groups, &c->how);
    return FY_OK;
}

static bool is_kept(const fy_dataset *d, const fy_select_opts *o, const choice *c, int64_t i)
{
    return (c->group == NULL || c->group[d->group[i]]) &&
           (o->classes == NULL || c->label[d->label[i]] >= 0);
}

/* The samples kept by group and class, then by limit. *n counts them. */
static fy_status choose_samples(const fy_dataset *d, const fy_select_opts *o, choice *c,
                                int64_t *pos, int64_t *n)
{
    static const char *const ways[] = { "the first", "at random", "stratified" };

    *n = 0;
    for (int64_t i = 0; i < d->n; i++)
        if (is_kept(d, o, c, i))
            pos[(*n)++] = i;
    if (o->limit > *n)
        return fyi_fail(FY_EINVAL,
                        "dataset '%s': %lld samples were asked for, only %lld fit the "
                        "choice",
                        d->name, (long long)o->limit, (long long)*n);
    if (o->limit == 0 || o->limit == *n)
        return FY_OK;
    FYI_FORWARD(limit_samples(d, o, pos, *n));
    *n = o->limit;
    fyi_buf_printf(&c->how, "; %lld %s", (long long)o->limit, ways[o->pick]);
    if (o->pick != FY_PICK_FIRST)
        fyi_buf_printf(&c->how, " by seed %llu", (unsigned long long)o->seed);
    return FY_OK;
}

/* The picked samples under their new labels. */
static fy_status relabel(fy_dataset *picked, const choice *c, fy_dataset **out)
{
    fyi_dataset_spec spec = fyi_dataset_spec_of(picked);
    int32_t *label = fyi_calloc((size_t)picked->n, sizeof *label);
    fy_status st;

    if (label == NULL)
        return fyi_enomem((size_t)picked->n * sizeof *label, "new labels");
    for (int64_t i = 0; i < picked->n; i++)
        label[i] = c->label[picked->label[i]];
    spec.label = label;
    spec.n_classes = c->n_classes;
    spec.class_names = c->names;
    st = fyi_dataset_new(&spec, out);
    fyi_free(label);
    return st;
}

fy_status fy_dataset_select(const fy_dataset *d, const fy_select_opts *o, fy_dataset **out)
{
    fy_dataset *picked = NULL;
    choice c = { 0 };
    int64_t *pos = NULL, n;
    fy_status st = FY_OK;

    *out = NULL;
    FYI_FORWARD(check_opts(d, o));
    FY_TRY(choose_groups(d, o, &c));
    if (o->classes != NULL)
        FY_TRY(choose_classes(d, o, &c));
    pos = fyi_calloc((size_t)d->n, sizeof *pos);
    if (pos == NULL) {
        st = fyi_enomem((size_t)d->n * sizeof *pos, "choosing samples");
        goto done;
    }
    fyi_buf_puts(&c.how, "");
    FY_TRY(choose_samples(d, o, &c, pos, &n));
    if (c.how.failed) {
        st = fyi_enomem(256, "a dataset's text");
        goto done;
    }
    FY_TRY(fyi_dataset_pick(d, pos, n, c.how.p != NULL ? c.how.p : "", &picked));
    if (o->classes != NULL) {
        FY_TRY(relabel(picked, &c, out));
    } else {
        *out = picked;
        picked = NULL;
    }
done:
    fy_dataset_free(picked);
    fyi_free(pos);
    fyi_free(c.group);
    fyi_buf_release(&c.how);
    fyi_arena_release(&c.arena);
    return st;
}

fy_status fy_dataset_subset(const fy_dataset *d, const int64_t *index, int64_t n, fy_dataset **out)
{
    *out = NULL;
    for (int64_t i = 0; i < n; i++)
        if (index[i] < 0 || index[i] >= d->n)
            return fyi_fail(FY_EINVAL,
                            "dataset '%s': sample %lld was asked for, there are 0 .. %lld", d->name,
                            (long long)index[i], (long long)(d->n - 1));
    return fyi_dataset_pick(d, index, n, "; a subset", out);
}

fy_status fy_dataset_unlabel(const fy_dataset *d, fy_dataset **out)
{
    fyi_dataset_spec spec = fyi_dataset_spec_of(d);

    spec.label = NULL;
    spec.class_names = NULL;
    spec.n_classes = 0;
    return fyi_dataset_new(&spec, out);
}
