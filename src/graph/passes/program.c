/* program.c: segments, and copies of programs that have an order. */
#include "graph/passes/passes.h"

#include <string.h>

fy_status fyi_segment_root(fyi_segment *s, fyi_id value)
{
    FYI_FORWARD(fyi_grow(&s->roots, &s->cap_roots, s->n_roots + 1, sizeof *s->roots));
    s->roots[s->n_roots++] = value;
    return FY_OK;
}

fy_status fyi_segment_update(fyi_segment *s, int32_t node)
{
    FYI_FORWARD(fyi_grow(&s->updates, &s->cap_updates, s->n_updates + 1, sizeof *s->updates));
    s->updates[s->n_updates++] = node;
    return FY_OK;
}

fy_status fyi_program_clone(const fyi_program *p, fyi_program *out)
{
    *out = (fyi_program){ 0 };
    FYI_FORWARD(fyi_graph_clone(p->g, &out->g));
    FYI_FORWARD(fyi_grow(&out->order, &out->cap_order, p->n_order, sizeof *out->order));
    out->shown = fyi_calloc(p->n_shown, sizeof *out->shown);
    if (!out->shown)
        return fyi_enomem(p->n_shown * sizeof *out->shown, "a program's copy");
    for (size_t i = 0; i < p->n_order; i++)
        out->order[i] = p->order[i];
    memcpy(out->shown, p->shown, p->n_shown * sizeof *out->shown);
    out->n_order = p->n_order;
    out->n_shown = p->n_shown;
    return FY_OK;
}

void fyi_program_release(fyi_program *p)
{
    for (size_t i = 0; i < p->n_segments; i++) {
        fyi_free(p->segments[i].roots);
        fyi_free(p->segments[i].updates);
    }
    fyi_free(p->segments);
    fyi_free(p->shown);
    fyi_free(p->order);
    fy_graph_free(p->g);
    memset(p, 0, sizeof *p);
}
