/* fusion.c: a sample's parts taken out of a batch, and put where they are missing. */
#include "nn/fusions/fusion.h"

static fy_status check(fy_layers *l, const fy_shape *s)
{
    char text[FYI_SPEC_CHARS];
    if (s->rank == 3 && s->d[1] >= 1 && s->d[1] <= FY_MAX_MODALITIES && s->d[2] >= 2)
        return FY_OK;
    return fyi_fail(FY_ESHAPE,
                    "model '%s' fuses 1 to %d modalities, [n, modalities, features + 1], and its "
                    "input is %s",
                    l->m->name, FY_MAX_MODALITIES, fy_shape_text(s, text, sizeof text));
}

fyi_parts fyi_parts_of(fy_layers *l, fy_node x)
{
    fy_graph *g = l->g;
    const fy_shape s = fy_node_shape(g, x);
    fyi_parts p = { 0 };
    if (fy_graph_status(g) != FY_OK)
        return p;
    const fy_status st = check(l, &s);
    fy_graph_fail(g, st);
    if (st != FY_OK)
        return p;
    p = (fyi_parts){ .n = (int)s.d[1], .rows = s.d[0], .width = s.d[2] - 1 };
    for (int m = 0; m < p.n; m++) {
        const fy_node part = fy_reshape(g, fy_slice(g, x, 1, m, 1), FY_SHAPE(s.d[0], s.d[2]));
        p.there[m] = fy_slice(g, part, 1, p.width, 1);
        p.z[m] = fy_slice(g, part, 1, 0, p.width);
    }
    return p;
}

fy_node fyi_or_neutral(fy_graph *g, fy_node value, fy_node there, float neutral)
{
    value = fy_mul(g, value, there);
    return neutral == 0 ? value : fy_add(g, value, fy_affine(g, there, -neutral, neutral));
}

fy_node fyi_part_linear(fy_layers *l, const char *name, const fyi_parts *p, int m, int64_t width)
{
    char full[64];
    (void)snprintf(full, sizeof full, "%s.%d", name, m);
    return fy_layer_linear(l, full, p->z[m], width, true);
}

fy_node fy_parts_together(fy_graph *g, const fy_node *z, const fy_node *there, int n)
{
    fy_node part[FY_MAX_MODALITIES];
    for (int m = 0; m < n; m++) {
        const fy_shape s = fy_node_shape(g, z[m]);
        const fy_node is = there && there[m].id ? there[m] : fy_fill(g, FY_SHAPE(s.d[0], 1), 1);
        part[m] = fy_reshape(g, fy_concat2(g, 1, z[m], is), FY_SHAPE(s.d[0], 1, s.d[1] + 1));
    }
    return fy_concat(g, 1, part, n);
}
