/* objective.c: who learns from what. Kept in the graph until a plan compiles it. */
#include "graph/graph.h"
#include "graph/param.h"

#include <string.h>

static fyi_objective *objective_of(fy_graph *g, fy_objective o)
{
    FYI_ASSERT(o.id >= 0 && (size_t)o.id <= g->n_objectives);
    return o.id ? &g->objectives[o.id - 1] : NULL;
}

/* Adds the scalar input "<objective>.lr" or "<objective>.<group>.lr". */
static fy_status add_group(fy_graph *g, fyi_objective *o, const char *group)
{
    FYI_FORWARD(fyi_grow((void *)&o->groups, &o->cap_groups, o->n_groups + 1, sizeof *o->groups));
    FYI_FORWARD(fyi_grow(&o->lr, &o->cap_lr, o->n_groups + 1, sizeof *o->lr));
    const char *name = group ? fyi_arena_printf(&g->arena, "%s.%s.lr", o->name, group)
                             : fyi_arena_printf(&g->arena, "%s.lr", o->name);
    if (!name)
        return fyi_enomem(strlen(o->name), "a learning rate's name");
    const fy_node lr = fyi_scalar_input(g, name, o->optim.lr);
    FYI_FORWARD(fy_graph_status(g));
    o->groups[o->n_groups] = name;
    o->lr[o->n_groups++] = lr.id;
    return FY_OK;
}

static fy_status add_objective(fy_graph *g, const char *name, fy_node loss, const fy_optim *optim)
{
    if (loss.id <= 0 || fy_shape_numel(&g->values[loss.id].spec.shape) != 1) {
        char spec[FYI_SPEC_CHARS];
        return fyi_fail(FY_ESHAPE, "objective '%s': its loss has to be a scalar, this one is %s",
                        name,
                        loss.id > 0 ? fyi_spec_text(g->values[loss.id].spec.dtype,
                                                    &g->values[loss.id].spec.shape, spec)
                                    : "no node");
    }
    for (size_t i = 0; i < g->n_objectives; i++)
        if (strcmp(g->objectives[i].name, name) == 0)
            return fyi_fail(FY_EINVAL, "objective '%s' was added twice; give each its own name",
                            name);
    FYI_FORWARD(
        fyi_grow(&g->objectives, &g->cap_objectives, g->n_objectives + 1, sizeof *g->objectives));
    fyi_objective *o = &g->objectives[g->n_objectives];
    *o = (fyi_objective){ .loss = loss.id, .optim = *optim };
    o->name = fyi_arena_printf(&g->arena, "%s", name);
    if (!o->name)
        return fyi_enomem(strlen(name), "an objective's name");
    g->n_objectives++;
    return add_group(g, o, NULL);
}

fy_objective fy_objective_add(fy_graph *g, const char *name, fy_node loss, const fy_optim *optim)
{
    if (g->status != FY_OK)
        return (fy_objective){ 0 };
    const fy_status st = add_objective(g, name, loss, optim);
    if (st != FY_OK) {
        fy_graph_fail(g, st);
        return (fy_objective){ 0 };
    }
    return (fy_objective){ (int32_t)g->n_objectives };
}

/* The index of "<objective>.<group>.lr", made if it is new. */
static fy_status group_index(fy_graph *g, fyi_objective *o, const char *group, int32_t *index)
{
    const size_t skip = strlen(o->name) + 1;
    *index = 0;
    if (!group)
        return FY_OK;
    for (size_t i = 1; i < o->n_groups; i++)
        if (strncmp(o->groups[i] + skip, group, strlen(group)) == 0 &&
            strcmp(o->groups[i] + skip + strlen(group), ".lr") == 0) {
            *index = (int32_t)i;
            return FY_OK;
        }
    *index = (int32_t)o->n_groups;
    return add_group(g, o, group);
}

bool fyi_objective_names(const fyi_objective *o, const fy_param *p)
{
    for (size_t i = 0; i < o->n_moves; i++)
        if (o->moves[i].param == p)
            return true;
    return false;
}

bool fyi_is_moved(const fy_graph *g, const fy_param *p)
{
    for (size_t k = 0; k < g->n_objectives; k++)
        if (fyi_objective_names(&g->objectives[k], p))
            return true;
    return false;
}

static fy_status add_move(fy_graph *g, fyi_objective *o, fy_param *p, const char *group)
{
    if (fyi_objective_names(o, p))
        return fyi_fail(FY_EINVAL, "objective '%s' was given parameter '%s' twice", o->name,
                        p->name);
    int32_t index;
    FYI_FORWARD(group_index(g, o, group, &index));
    FYI_FORWARD(fyi_grow(&o->moves, &o->cap_moves, o->n_moves + 1, sizeof *o->moves));
    o->moves[o->n_moves++] = (fyi_move){ .param = p, .group = index };
    return FY_OK;
}

static fy_status set_decay(fyi_objective *o, double decay)
{
    if (!(decay >= 0 && decay < 1))
        return fyi_fail(
            FY_EINVAL,
            "objective '%s': the decay of its averages is %g; expected 0 (none) to below 1",
            o->name, decay);
    o->decay = decay;
    return FY_OK;
}

void fy_objective_average(fy_graph *g, fy_objective o, double decay)
{
    if (g->status == FY_OK && o.id)
        fy_graph_fail(g, set_decay(objective_of(g, o), decay));
}

void fy_objective_moves(fy_graph *g, fy_objective o, fy_param *p, const char *group)
{
    if (g->status == FY_OK && o.id)
        fy_graph_fail(g, add_move(g, objective_of(g, o), p, group));
}
