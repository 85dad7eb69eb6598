/* sources.c: the nodes without sources. Their values come from outside (input, use), from an
 * earlier step (state), or from the graph itself (fill, constant); the plan places them, so none
 * has a kernel. */
#include "graph/ops/attr.h"
#include "graph/param.h"

#include <string.h>

/* ---- input: fed before each step ------------------------------------------------------------- */

static fy_status infer_input(const fyi_op_site *at, fyi_spec *dst)
{
    dst[0] = ((const fyi_input_attr *)at->attr)->spec;
    return FY_OK;
}

const fyi_op fyi_op_input = { .name = "input",
                              .n_dst = 1,
                              .attr_bytes = sizeof(fyi_input_attr),
                              .flags = FYI_OP_SOURCE,
                              .infer = infer_input };

fy_node fy_input(fy_graph *g, const char *name, fy_dtype t, fy_shape s)
{
    const fyi_input_attr attr = { .spec = { .dtype = t, .shape = s } };
    if (g->status == FY_OK && fy_graph_find(g, name).id)
        return fyi_graph_mistake(g, fyi_fail(FY_EINVAL,
                                             "input '%s': the graph has this name already; "
                                             "give each input its own",
                                             name));
    return fy_name(g, fyi_apply(g, &fyi_op_input, &attr, 0, NULL), name);
}

/* ---- use: a parameter's value ---------------------------------------------------------------- */

static fy_status infer_use(const fyi_op_site *at, fyi_spec *dst)
{
    const fyi_use_attr *a = at->attr;
    dst[0] = (fyi_spec){ .dtype = FY_F32, .shape = a->param->shape };
    return FY_OK;
}

const fyi_op fyi_op_use = { .name = "use",
                            .n_dst = 1,
                            .attr_bytes = sizeof(fyi_use_attr),
                            .flags = FYI_OP_SOURCE,
                            .infer = infer_use };

fy_node fy_use(fy_graph *g, fy_param *p)
{
    const fyi_use_attr attr = { .param = p };
    if (!p)
        return fyi_graph_mistake(g, fyi_fail(FY_EINVAL, "use: no parameter was given"));
    for (size_t k = 1; k < g->n_nodes; k++) {
        const fyi_node *n = &g->nodes[k];
        if (n->op == &fyi_op_use && ((const fyi_use_attr *)n->attr)->param == p)
            return fyi_n(n->dst);
    }
    return fyi_apply(g, &fyi_op_use, &attr, 0, NULL);
}

/* ---- state: optimiser memory, zero at first -------------------------------------------------- */

static fy_status infer_state(const fyi_op_site *at, fyi_spec *dst)
{
    dst[0] = (fyi_spec){ .dtype = FY_F32, .shape = ((const fyi_state_attr *)at->attr)->shape };
    return FY_OK;
}

static bool own_state(fyi_arena *arena, void *attr)
{
    fyi_state_attr *a = attr;
    a->name = fyi_arena_dup(arena, a->name, strlen(a->name) + 1);
    return a->name != NULL;
}

const fyi_op fyi_op_state = { .name = "state",
                              .n_dst = 1,
                              .attr_bytes = sizeof(fyi_state_attr),
                              .flags = FYI_OP_SOURCE,
                              .infer = infer_state,
                              .own_attr = own_state };

/* ---- fill and constant: known when the graph is built ---------------------------------------- */

static fy_status infer_fill(const fyi_op_site *at, fyi_spec *dst)
{
    dst[0] = (fyi_spec){ .dtype = FY_F32, .shape = ((const fyi_fill_attr *)at->attr)->shape };
    return FY_OK;
}

const fyi_op fyi_op_fill = { .name = "fill",
                             .n_dst = 1,
                             .attr_bytes = sizeof(fyi_fill_attr),
                             .flags = FYI_OP_SOURCE,
                             .infer = infer_fill,
                             .onnx = "ConstantOfShape" };

fy_node fy_fill(fy_graph *g, fy_shape s, float value)
{
    const fyi_fill_attr attr = { .shape = s, .value = value };
    return fyi_apply(g, &fyi_op_fill, &attr, 0, NULL);
}

static fy_status infer_constant(const fyi_op_site *at, fyi_spec *dst)
{
    dst[0] = ((const fyi_constant_attr *)at->attr)->spec;
    return FY_OK;
}

static bool own_constant(fyi_arena *arena, void *attr)
{
    fyi_constant_attr *a = attr;
    a->data = fyi_arena_dup(arena, a->data, fyi_shape_bytes(&a->spec.shape, a->spec.dtype));
    return a->data != NULL;
}

const fyi_op fyi_op_constant = { .name = "constant",
                                 .n_dst = 1,
                                 .attr_bytes = sizeof(fyi_constant_attr),
                                 .flags = FYI_OP_SOURCE,
                                 .infer = infer_constant,
                                 .own_attr = own_constant,
                                 .onnx = "Constant" };

fy_node fy_constant(fy_graph *g, fy_dtype t, fy_shape s, const void *data)
{
    fyi_constant_attr attr = { .spec = { .dtype = t, .shape = s }, .data = data };
    const fy_status st = fy_shape_check(&s, t); /* before its bytes are counted and copied */
    if (st != FY_OK)
        return fyi_graph_mistake(g, fyi_wrap(st, "while making a constant"));
    if (!own_constant(&g->arena, &attr))
        return fyi_graph_mistake(g, fyi_enomem(fyi_shape_bytes(&s, t), "a constant"));
    return fyi_apply(g, &fyi_op_constant, &attr, 0, NULL);
}
