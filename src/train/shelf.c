/* shelf.c: models that a light run has saved, in memory until somebody wants them as files.
 *
 * What is there of a model that was saved is a copy, and which version of each parameter it has: what has not changed since the run
 * came to know the model is as it began, and in no checkpoint. */
#include "graph/param.h"
#include "train/train.h"

#include <string.h>

#define SHARE_OF_MEMORY 8

/* ---- one model -------------------------------------------------------------------------------------------- */

static size_t bytes_of(const fy_model *m)
{
    size_t bytes = 0;
    for (int i = 0; i < fy_model_count(m); i++)
        bytes += (size_t)fy_shape_numel(fy_param_shape(fy_model_param(m, i))) * sizeof(float);
    return bytes;
}

static uint64_t *versions_of(const fy_model *m)
{
    uint64_t *v = fyi_calloc((size_t)fy_model_count(m) + 1, sizeof *v);
    for (int i = 0; v && i < fy_model_count(m); i++)
        v[i] = fy_model_param(m, i)->version;
    return v;
}

static fy_status copy_param(fy_param *to, fy_param *from)
{
    FYI_FORWARD(fyi_param_settle(from));
    return fy_param_write(to, from->data, fy_shape_numel(&from->shape));
}

/* ---- models that the run knows ---------------------------------------------------------------------------- */

fy_status fyi_known_add(fy_run *r, fy_model *m, fyi_known **out)
{
    FYI_FORWARD(fyi_grow(&r->models, &r->cap_models, r->n_models + 1, sizeof *r->models));
    for (size_t i = 0; i < r->n_models; i++)
        if (strcmp(fy_model_name(r->models[i].m), fy_model_name(m)) == 0)
            return fyi_fail(FY_EINVAL, "run: two models are named '%s'", fy_model_name(m));
    fyi_known *k = &r->models[r->n_models];
    *k = (fyi_known){ .m = m, .begun = versions_of(m) };
    if (!k->begun)
        return fyi_enomem((size_t)fy_model_count(m) * sizeof *k->begun, "a run");
    r->n_models++;
    *out = k;
    return FY_OK;
}

void fyi_known_forget(fy_run *r)
{
    for (size_t i = 0; i < r->n_models; i++)
        fyi_free(r->models[i].begun);
    for (fyi_shelved *s = r->shelf; s; s = s->next)
        s->of = NULL;
    r->n_models = 0;
}

fyi_known *fyi_known_of(const fy_run *r, const fy_model *m)
{
    for (size_t i = 0; i < r->n_models; i++)
        if (r->models[i].m == m)
            return &r->models[i];
    return NULL;
}

/* ---- the shelf -------------------------------------------------------------------------------------------- */

fyi_shelved *fyi_shelf_find(const fy_run *r, const char *name)
{
    for (fyi_shelved *s = r->shelf; s; s = s->next)
        if (strcmp(s->name, name) == 0)
            return s;
    return NULL;
}

static void free_shelved(fyi_shelved *s)
{
    fy_model_free(s->copy);
    fyi_free(s->version);
    fyi_free(s->name);
    fyi_free(s);
}

void fyi_shelf_drop(fy_run *r, const char *name)
{
    for (fyi_shelved **at = &r->shelf, *s; (s = *at); at = &s->next)
        if (strcmp(s->name, name) == 0) {
            *at = s->next;
            free_shelved(s);
            return;
        }
}

void fyi_shelf_clear(fy_run *r)
{
    while (r->shelf)
        fyi_shelf_drop(r, r->shelf->name);
}

/* In a checkpoint, names stand in lines. */
static bool is_fit(const char *name)
{
    return strlen(name) < FYI_SHELF_NAME && !strpbrk(name, "\t\n");
}

static bool has_room(const fy_run *r, const fy_model *m)
{
    size_t bytes = bytes_of(m);
    for (const fyi_shelved *s = r->shelf; s; s = s->next)
        bytes += bytes_of(s->copy);
    return bytes <= fyi_memory_bytes() / SHARE_OF_MEMORY;
}

fy_status fyi_shelf_add(fy_run *r, const char *name, const fyi_known *of, fyi_shelved **out)
{
    fyi_shelved *s = fyi_calloc(1, sizeof *s);
    fy_status st;
    if (!s)
        return fyi_enomem(sizeof *s, "a run");
    s->of = of->m;
    s->name = fyi_strdup(name);
    s->version = versions_of(of->m);
    st = s->name && s->version ? fy_model_clone(of->m, fy_model_name(of->m), &s->copy)
                               : fyi_enomem(strlen(name), "a run");
    if (st != FY_OK) {
        free_shelved(s);
        return st;
    }
    s->next = r->shelf;
    r->shelf = s;
    *out = s;
    return FY_OK;
}

/* What is older in the copy. */
static fy_status renew(fyi_shelved *s)
{
    for (int i = 0; i < fy_model_count(s->copy); i++) {
        fy_param *from = fy_model_param(s->of, i);
        if (s->version[i] == from->version)
            continue;
        FYI_FORWARD(copy_param(fy_model_param(s->copy, i), from));
        s->version[i] = from->version;
    }
    return FY_OK;
}

fy_status fyi_shelf_put(fy_run *r, const char *name, fy_model *m, bool *is_there)
{
    const fyi_known *of = r->is_light ? fyi_known_of(r, m) : NULL;
    fyi_shelved *s = fyi_shelf_find(r, name);
    *is_there = false;
    if (s && s->of != m) {
        fyi_shelf_drop(r, name);
        s = NULL;
    }
    if (!of || !is_fit(name) || (!s && !has_room(r, m)))
        return FY_OK;
    *is_there = true;
    return s ? renew(s) : fyi_shelf_add(r, name, of, &s);
}

/* Values that were as they began are so again. */
fy_status fyi_shelf_take(const fy_run *r, fyi_shelved *s, fy_model *m)
{
    fyi_known *of = s->of == m ? fyi_known_of(r, m) : NULL;
    if (!of)
        return fy_model_copy(m, s->copy);
    for (int i = 0; i < fy_model_count(m); i++) {
        fy_param *to = fy_model_param(m, i);
        const bool is_as_begun = s->version[i] == of->begun[i];
        if (s->version[i] == to->version)
            continue;
        FYI_FORWARD(copy_param(to, fy_model_param(s->copy, i)));
        s->version[i] = to->version;
        if (is_as_begun)
            of->begun[i] = to->version;
    }
    return FY_OK;
}
