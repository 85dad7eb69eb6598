/* group.c: who or what samples come from: speakers, subjects, devices.
 *
 * Samples of one group resemble each other in ways that say nothing about new groups, so that parts of a dataset that
 * judge and parts that teach should not have one in common. Names are what groups are known by. */
#include "data/data.h"

#include <stdlib.h>
#include <string.h>

int fy_dataset_groups(const fy_dataset *d)
{
    return d->n_groups;
}

int32_t fy_dataset_group(const fy_dataset *d, int64_t i)
{
    return d->group != NULL && i >= 0 && i < d->n ? d->group[i] : -1;
}

const char *fy_dataset_group_name(const fy_dataset *d, int g)
{
    return g >= 0 && g < d->n_groups ? d->group_names[g] : NULL;
}

fy_status fy_dataset_with_groups(const fy_dataset *d, const int32_t *group, int n_groups,
                                 const char *const *names, fy_dataset **out)
{
    fyi_dataset_spec spec = fyi_dataset_spec_of(d);

    *out = NULL;
    for (int64_t i = 0; i < d->n; i++)
        if (group[i] < 0 || group[i] >= n_groups)
            return fyi_fail(
                FY_EINVAL, "dataset '%s': sample %lld is said to be of group %d, there are 0 .. %d",
                d->name, (long long)i, (int)group[i], n_groups - 1);
    spec.group = group;
    spec.n_groups = n_groups;
    spec.group_names = names;
    return fyi_dataset_new(&spec, out);
}

/* FY_EINVAL, with what they might have meant, for a name that no group has. */
static fy_status find_group(const fy_dataset *d, const char *name, int *out)
{
    const char *near;

    for (*out = 0; *out < d->n_groups; ++*out)
        if (strcmp(d->group_names[*out], name) == 0)
            return FY_OK;
    if (d->group == NULL)
        return fyi_fail(FY_EINVAL,
                        "dataset '%s': the group '%.80s' was named, but nothing is known "
                        "of its samples' groups",
                        d->name, name);
    near = fyi_nearest(name, d->group_names);
    return fyi_fail(FY_EINVAL,
                    "dataset '%s' has no group '%.80s'%s%.80s%s; the first of its %d is '%.80s'",
                    d->name, name, near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                    near != NULL ? "'?" : "", d->n_groups, d->group_names[0]);
}

static fy_status mark_groups(const fy_dataset *d, const char *const *names, int n, bool mark,
                             bool *marks)
{
    for (int k = 0; k < n; k++) {
        int g;

        FYI_FORWARD(find_group(d, names[k], &g));
        marks[g] = mark;
    }
    return FY_OK;
}

fy_status fyi_groups_kept(const fy_dataset *d, const fy_select_opts *o, bool **out)
{
    bool *kept = fyi_calloc((size_t)d->n_groups + 1, sizeof *kept);
    fy_status st;

    *out = NULL;
    if (kept == NULL)
        return fyi_enomem((size_t)d->n_groups, "choosing groups");
    memset(kept, o->n_groups == 0, (size_t)d->n_groups);
    FY_TRY(mark_groups(d, o->groups, o->n_groups, true, kept));
    FY_TRY(mark_groups(d, o->not_groups, o->n_not_groups, false, kept));
    *out = kept;
    return FY_OK;
done:
    fyi_free(kept);
    return st;
}

/* Names of the groups that have samples, in byte order; fyi_free. NULL when out of memory. */
static const char **names_there(const fy_dataset *d, int *n)
{
    const char **names = fyi_calloc((size_t)d->n_groups + 1, sizeof *names);

    *n = 0;
    if (names == NULL)
        return NULL;
    for (int64_t i = 0; i < d->n; i++)
        names[d->group[i]] = d->group_names[d->group[i]];
    for (int g = 0; g < d->n_groups; g++)
        if (names[g] != NULL)
            names[(*n)++] = names[g];
    qsort(names, (size_t)*n, sizeof *names, fyi_compare_texts);
    return names;
}

/* The first name that two sorted lists have; NULL if there is none. */
static const char *find_common(const char **a, int n_a, const char **b, int n_b)
{
    while (n_a > 0 && n_b > 0) {
        const int order = strcmp(*a, *b);

        if (order == 0)
            return *a;
        if (order < 0)
            a++, n_a--;
        else
            b++, n_b--;
    }
    return NULL;
}

fy_status fy_dataset_share_group(const fy_dataset *a, const fy_dataset *b, const char **name)
{
    const char **in_a, **in_b;
    int n_a, n_b;
    fy_status st = FY_OK;

    *name = NULL;
    if (a->group == NULL || b->group == NULL ||
        strcmp(fyi_source_groups_of(a->source), fyi_source_groups_of(b->source)) != 0)
        return FY_OK;
    in_a = names_there(a, &n_a);
    in_b = names_there(b, &n_b);
    if (in_a != NULL && in_b != NULL)
        *name = find_common(in_a, n_a, in_b, n_b);
    else
        st = fyi_enomem((size_t)(a->n_groups + b->n_groups) * sizeof *in_a, "comparing groups");
    fyi_free(in_b);
    fyi_free(in_a);
    return st;
}
