/* outline.c: a model's layers and blocks as they are before any edit: what edits are held against. */
#include "graph/graph.h"
#include "nn/edit.h"
#include "nn/nn.h"

#include <string.h>

void fyi_outline_release(fyi_outline *o)
{
    fyi_free(o->rows);
    fyi_arena_release(&o->texts);
    *o = (fyi_outline){ 0 };
}

fyi_outline_row *fyi_outline_find(const fyi_outline *o, const char *name)
{
    for (size_t i = 0; i < o->n; i++)
        if (strcmp(o->rows[i].name, name) == 0)
            return &o->rows[i];
    return NULL;
}

fy_status fyi_outline_add(fyi_outline *o, const fyi_outline_row *row)
{
    const char *name = fyi_arena_printf(&o->texts, "%s", row->name);
    if (!name)
        return fyi_enomem(strlen(row->name), "a model's outline");
    FYI_FORWARD(fyi_grow(&o->rows, &o->cap, o->n + 1, sizeof *o->rows));
    o->rows[o->n] = *row;
    o->rows[o->n++].name = name;
    return FY_OK;
}

/* Does a node behind the block read what it computes, besides what it gives? */
static bool is_leaky(const fyi_outline_row *row, const fy_graph *g)
{
    for (size_t k = 1; k < g->n_nodes; k++) {
        const fyi_node *n = &g->nodes[k];
        for (int i = 0; n->dst >= row->last && i < n->n_src; i++)
            if (n->src[i] >= row->first && n->src[i] < row->last && n->src[i] != row->out &&
                !(fyi_def(g, n->src[i])->op->flags & FYI_OP_SOURCE))
                return true;
    }
    return false;
}

void fyi_outline_finish(fyi_outline *o, const fy_graph *g)
{
    for (size_t i = 0; i < o->n; i++)
        o->rows[i].is_leaky = o->rows[i].is_block && is_leaky(&o->rows[i], g);
}

/* ---- edits against it ------------------------------------------------------------------------ */

#define fail_edit(model, e, fmt, ...) \
    fyi_fail(FY_EINVAL, "model '%s': edit '%s': " fmt, model, (e)->text, __VA_ARGS__)

/* "layer3.0." and "conv2_after" of what is inserted there; "conv2_after" is a prefix of nothing then. */
static bool is_in_use(const fyi_outline *o, const fyi_edit *e)
{
    const char *dot = strrchr(e->target, '.');
    const size_t front = dot ? (size_t)(dot - e->target) + 1 : 0, n = strlen(e->as);
    for (size_t i = 0; i < o->n; i++) {
        const char *name = o->rows[i].name;
        if (strncmp(name, e->target, front) == 0 && strncmp(name + front, e->as, n) == 0 &&
            (name[front + n] == '\0' || name[front + n] == '.'))
            return true;
    }
    return false;
}

static fy_status check_one(const fyi_outline *o, const char *model, const fyi_edit *e)
{
    const fyi_outline_row *row = fyi_outline_find(o, e->target);
    const bool is_change = e->kind == FYI_EDIT_DROP || e->kind == FYI_EDIT_REPLACE;
    if (e->as && is_in_use(o, e))
        return fail_edit(model, e, "the model has a layer of the name '%s' already; choose another",
                         e->as);
    if (row && is_change && row->is_head)
        return fail_edit(model, e,
                         "'%s' is the head; 'head linear N', 'head mlp HIDDEN N' and 'head none' "
                         "change it",
                         e->target);
    if (row && is_change && row->is_leaky)
        return fail_edit(
            model, e, "other layers read what '%s' computes inside; it cannot be taken out whole",
            e->target);
    return FY_OK;
}

fy_status fyi_outline_check(const fyi_outline *o, const char *model, const fyi_edits *e)
{
    for (size_t i = 0; i < e->n; i++)
        FYI_FORWARD(check_one(o, model, &e->v[i]));
    return FY_OK;
}

static fy_status fail_unmet(const fyi_outline *o, const char *model, const fyi_edit *e)
{
    const char **names = fyi_calloc(o->n + 1, sizeof *names), *near;
    fy_status st;
    if (!names)
        return fyi_enomem(o->n * sizeof *names, model);
    for (size_t i = 0; i < o->n; i++)
        names[i] = o->rows[i].name;
    near = fyi_nearest(e->target, names);
    if (e->kind == FYI_EDIT_HEAD)
        st = fail_edit(model, e, "%s",
                       "the model has no head, a last layer of as many outputs as classes");
    else if (fyi_outline_find(o, e->target))
        st = fail_edit(model, e, "another edit takes '%s' out", e->target);
    else
        st = fail_edit(model, e, "there is no layer '%s'%s%s%s", e->target,
                       near ? "; did you mean '" : "; 'ferry inspect' lists them", near ? near : "",
                       near ? "'?" : "");
    fyi_free((void *)names);
    return st;
}

fy_status fyi_outline_check_met(const fyi_outline *o, const char *model, const fyi_edits *e)
{
    for (size_t i = 0; i < e->n; i++)
        if (!e->v[i].is_met)
            return fail_unmet(o, model, &e->v[i]);
    return FY_OK;
}
