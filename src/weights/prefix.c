/* prefix.c: what stands before a model's names in a file: "module." by DataParallel, "backbone." of a larger
 * model, "model." of a trainer.
 *
 * Every ending of a tensor's name that begins after a dot and is a name of the model's says that what stands
 * before it may be the prefix. The one with most tensors of the right shape wins, no prefix at all before any
 * other; two that do equally well (an encoder and its moving average) are for the caller to decide. */
#include "weights/fit.h"

#include <stdlib.h>
#include <string.h>

#define MAX_CANDIDATES 256

typedef struct candidate {
    const char *name; /* of the first tensor that has it */
    size_t chars;
    int n_fit, n_named;
} candidate;

typedef struct named {
    const char *name;
    int i; /* of the model's parameters */
} named;

typedef struct search {
    const fy_model *m;
    const char *const *names;
    const fy_weights *w;
    named *by_name; /* [model's parameters], sorted */
    candidate candidates[MAX_CANDIDATES];
    int n;
} search;

/* ---- the model's names, sorted ------------------------------------------------------------------------------ */

static int compare_params(const void *a, const void *b)
{
    return strcmp(((const named *)a)->name, ((const named *)b)->name);
}

static fy_status sort_params(search *s)
{
    const int n = fy_model_count(s->m);

    s->by_name = fyi_calloc((size_t)n, sizeof *s->by_name);
    if (!s->by_name)
        return fyi_enomem((size_t)n * sizeof *s->by_name, "a model's names");
    for (int i = 0; i < n; i++)
        s->by_name[i] = (named){ s->names[i], i };
    qsort(s->by_name, (size_t)n, sizeof *s->by_name, compare_params);
    return FY_OK;
}

static int find_param(const search *s, const char *name)
{
    int lo = 0, hi = fy_model_count(s->m) - 1;

    while (lo <= hi) {
        const int mid = lo + (hi - lo) / 2;
        const int order = strcmp(s->by_name[mid].name, name);

        if (order == 0)
            return s->by_name[mid].i;
        if (order < 0)
            lo = mid + 1;
        else
            hi = mid - 1;
    }
    return -1;
}

/* ---- candidates ----------------------------------------------------------------------------------------------- */

/* NULL when there are too many already: a file with so many is no file of this model. */
static candidate *find_candidate(search *s, const char *name, size_t chars)
{
    for (int i = 0; i < s->n; i++)
        if (s->candidates[i].chars == chars && memcmp(s->candidates[i].name, name, chars) == 0)
            return &s->candidates[i];
    if (s->n == MAX_CANDIDATES)
        return NULL;
    s->candidates[s->n] = (candidate){ .name = name, .chars = chars };
    return &s->candidates[s->n++];
}

static void count_ending(search *s, int i_file, const char *name, size_t chars)
{
    const int i = find_param(s, name + chars);
    candidate *c = i < 0 ? NULL : find_candidate(s, name, chars);
    const fy_shape *theirs = fy_weights_shape(s->w, i_file), *ours;

    if (!c)
        return;
    ours = fy_param_shape(fy_model_param(s->m, i));
    c->n_named++;
    c->n_fit += fy_shape_equal(ours, theirs) || fyi_is_other_head(s->m, ours, theirs);
}

static void count_tensor(search *s, int i_file)
{
    const char *name = fy_weights_name(s->w, i_file);

    count_ending(s, i_file, name, 0);
    for (const char *dot = strchr(name, '.'); dot; dot = strchr(dot + 1, '.'))
        count_ending(s, i_file, name, (size_t)(dot - name) + 1);
}

/* > 0 if a is better. */
static int compare_candidates(const candidate *a, const candidate *b)
{
    if (a->n_fit != b->n_fit)
        return a->n_fit - b->n_fit;
    if (a->n_named != b->n_named)
        return a->n_named - b->n_named;
    return (a->chars == 0) - (b->chars == 0);
}

static fy_status choose(const search *s, const candidate **best)
{
    const candidate *rival = NULL;

    *best = NULL;
    for (int i = 0; i < s->n; i++) {
        const candidate *c = &s->candidates[i];
        const int order = *best ? compare_candidates(c, *best) : 1;

        if (order > 0) {
            *best = c;
            rival = NULL;
        } else if (order == 0) {
            rival = c;
        }
    }
    if (rival)
        return fyi_fail(FY_EINVAL,
                        "'%s': model '%s' fits under '%.*s' as well as under '%.*s'; say which is "
                        "meant (prefix)",
                        s->w->name, fy_model_name(s->m), (int)FYI_MIN((*best)->chars, 200),
                        (*best)->name, (int)FYI_MIN(rival->chars, 200), rival->name);
    return FY_OK;
}

static fy_status find_prefix(search *s, fyi_arena *texts, const char **prefix)
{
    const candidate *best;
    char *copy;

    FYI_FORWARD(sort_params(s));
    for (int i = 0; i < fy_weights_count(s->w); i++)
        count_tensor(s, i);
    FYI_FORWARD(choose(s, &best));
    copy = fyi_arena_alloc(texts, (best ? best->chars : 0) + 1);
    if (!copy)
        return fyi_enomem(best ? best->chars : 1, "a prefix");
    if (best)
        memcpy(copy, best->name, best->chars);
    *prefix = copy;
    return FY_OK;
}

fy_status fyi_fit_prefix(const fy_model *m, const char *const *names, const fy_weights *w,
                         fyi_arena *texts, const char **prefix)
{
    search s = { .m = m, .names = names, .w = w };
    const fy_status st = find_prefix(&s, texts, prefix);

    fyi_free(s.by_name);
    return st;
}
