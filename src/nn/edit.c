/* edit.c: edits at work while a family adds its layers, which knows nothing of them.
 *
 *   a layer that is replaced   another one is added on its input
 *   a block that is taken out  is added with constants for parameters, so that the family goes its way; on leaving, its
 *                              nodes go, and what it read from before it stands for what it gives
 *   a layer before a block     is added on the newest value; on leaving, the block's nodes read it instead
 * What is inserted or put in place is itself added as a layer, and edits find it by its name. */
#include "graph/graph.h"
#include "nn/nn.h"

#include <string.h>

/* ---- names ----------------------------------------------------------------------------------- */

/* Is `target` the layer or block `name` of the open scope? */
static bool is_here(const fy_layers *l, const char *name, const char *target)
{
    const size_t n = strlen(l->scope);
    return strncmp(target, l->scope, n) == 0 && strcmp(target + n, name) == 0;
}

/* "conv1.after" beside "conv1.conv" */
static const char *beside(fy_layers *l, const char *name, const char *as)
{
    const char *dot = strrchr(name, '.');
    const char *text =
        fyi_arena_printf(&l->g->arena, "%.*s%s", dot ? (int)(dot - name) + 1 : 0, name, as);
    if (!text)
        fy_graph_fail(l->g, fyi_enomem(strlen(name), l->m->name));
    return text;
}

const fyi_edit *fyi_edit_of(fy_layers *l, const char *name, bool is_head)
{
    const fyi_edits *all = &l->m->edits;
    for (size_t i = 0; i < all->n && l->n_gone == 0; i++) {
        fyi_edit *e = &all->v[i];
        const bool is_meant = e->kind == FYI_EDIT_HEAD
                                  ? is_head
                                  : (e->kind == FYI_EDIT_DROP || e->kind == FYI_EDIT_REPLACE) &&
                                        is_here(l, name, e->target);
        if (is_meant && l->learning)
            e->is_met = true;
        if (is_meant)
            return e;
    }
    return NULL;
}

/* ---- layers ---------------------------------------------------------------------------------- */

/* "fc.0" and "fc.2", as torchvision counts. */
static fy_node add_numbered(fy_layers *l, const char *name, int i, fy_node x, int64_t oc)
{
    const char *numbered = fyi_arena_printf(&l->g->arena, "%s.%d", name, i);
    return numbered ? fy_layer_linear(l, numbered, x, oc, true)
                    : fyi_graph_mistake(l->g, fyi_enomem(strlen(name), l->m->name));
}

fy_node fyi_edit_mlp(fy_layers *l, const char *name, fy_node x, const fyi_layer *layer)
{
    x = fy_relu(l->g, add_numbered(l, name, 0, x, layer->k));
    return add_numbered(l, name, 2, x, layer->oc);
}

/* A window of the same size is padded as that of `was`; another one is, unless that had a border left out. */
static int64_t pad_of(const fyi_layer *y, const fyi_layer *was, int axis)
{
    const int64_t pad = was->conv.pad[axis];
    if (y->k == was->k)
        return pad;
    return was->k > 1 && pad == 0 ? 0 : (y->k - 1) / 2;
}

/* What the edit leaves open is as in the layer it replaces. */
static fyi_layer settle(const fyi_layer *wanted, const fyi_layer *was)
{
    const bool is_alike = was && was->kind == wanted->kind;
    fyi_layer y = *wanted;
    for (int i = 0; i < 2 && y.kind == FYI_LAYER_CONV; i++) {
        if (y.conv.stride[i] == 0)
            y.conv.stride[i] = is_alike ? was->conv.stride[i] : 1;
        if (is_alike)
            y.conv.pad[i] = pad_of(&y, was, i);
    }
    if (is_alike)
        y.bias = was->bias;
    if (y.is_head && was)
        y.oc = was->oc;
    return y;
}

fy_node fyi_edit_put(fy_layers *l, const fyi_edit *e, const char *name, fy_node x,
                     const fyi_layer *was)
{
    const fyi_edit *outer = l->edit;
    const fyi_layer layer = settle(&e->layer, was);
    l->edit = e;
    x = fyi_layer_build(l, name, x, &layer);
    l->edit = outer;
    return x;
}

fy_node fyi_edit_insert(fy_layers *l, fyi_edit_kind where, const char *name, fy_node x)
{
    const fyi_edits *all = &l->m->edits;
    for (size_t i = 0; i < all->n && l->n_gone == 0; i++) {
        fyi_edit *e = &all->v[i];
        if (e->kind != where || !is_here(l, name, e->target))
            continue;
        const fyi_edit *outer = l->edit;
        const fyi_layer layer = settle(&e->layer, NULL);
        const char *as = beside(l, name, e->as);
        if (l->learning)
            e->is_met = true;
        l->edit = e;
        x = as ? fyi_layer_add(l, as, x, &layer) : FY_NO_NODE;
        l->edit = outer;
    }
    return x;
}

/* ---- what stays ------------------------------------------------------------------------------ */

static fyi_outline_row *find_row(const fy_layers *l, const char *name)
{
    for (size_t i = 0; i < l->outline->n; i++)
        if (is_here(l, name, l->outline->rows[i].name))
            return &l->outline->rows[i];
    return NULL;
}

static fy_status add_row(fy_layers *l, const char *name, fyi_outline_row row)
{
    fyi_buf full = { 0 };
    fyi_buf_printf(&full, "%s%s", l->scope, name);
    row.name = full.p;
    const fy_status st =
        full.failed ? fyi_enomem(full.cap, name) : fyi_outline_add(l->outline, &row);
    fyi_buf_release(&full);
    return st;
}

/* The nearest layer or block above x, without the model's name. */
static const char *giver_of(const fy_layers *l, fy_node x)
{
    const size_t model = strlen(l->m->name);
    for (fyi_id v = x.id; v > 0 && (size_t)v >= l->first;) {
        const char *name = l->g->values[v].name;
        const fyi_node *n = fyi_def(l->g, v);
        if (name && strncmp(name, l->m->name, model) == 0 && name[model] == '.' &&
            strcmp(name + model + 1, "features") != 0)
            return name + model + 1;
        if (n->n_src == 0)
            break;
        v = n->src[0];
    }
    return "the input";
}

static fy_status compare(const fy_layers *l, const char *name, fy_node x, int64_t in,
                         const fyi_outline_row *row)
{
    if (!row || row->is_block || row->in == in || fy_graph_status(l->g) != FY_OK)
        return FY_OK;
    return fyi_fail(FY_ESHAPE,
                    "model '%s': '%s' gives %lld channels or features, and '%s%s' expects %lld; "
                    "replace it as well, or make the layers before it fit",
                    l->m->name, giver_of(l, x), (long long)in, l->scope, name, (long long)row->in);
}

void fyi_edit_note(fy_layers *l, const char *name, fy_node x, const fyi_layer *layer)
{
    const fy_shape s = fy_node_shape(l->g, x);
    const int64_t in = s.rank > 1 ? s.d[1] : 0;
    if (!l->outline || l->edit || l->n_gone > 0)
        return;
    fy_graph_fail(l->g,
                  l->is_sketch
                      ? add_row(l, name, (fyi_outline_row){ .in = in, .is_head = layer->is_head })
                      : compare(l, name, x, in, find_row(l, name)));
}

/* ---- blocks ---------------------------------------------------------------------------------- */

/* What was computed last before a block, which it most likely reads. */
static fy_node newest(const fy_layers *l)
{
    for (size_t k = l->g->n_nodes - 1; k > 0 && (size_t)l->g->nodes[k].dst >= l->first; k--)
        if (!(l->g->nodes[k].op->flags & FYI_OP_SOURCE))
            return fyi_n(l->g->nodes[k].dst);
    return l->x;
}

/* What the family's function calls v: what stands in its place in blocks that are open is not known to it. */
static fyi_id known_as(const fy_layers *l, fyi_id v)
{
    for (int i = l->n_scopes - 1; i >= 0; i--)
        if (l->block[i].after.id && l->block[i].after.id == v)
            return l->block[i].before.id;
    return v;
}

static void put_before(fy_layers *l, const char *name, fyi_open_block *b)
{
    const fy_node x = newest(l), y = fyi_edit_insert(l, FYI_EDIT_BEFORE, name, x);
    const fy_shape was = fy_node_shape(l->g, x), is = fy_node_shape(l->g, y);
    char from[FYI_SPEC_CHARS], to[FYI_SPEC_CHARS];
    if (y.id == x.id || fy_graph_status(l->g) != FY_OK)
        return;
    b->before = fyi_n(known_as(l, x.id));
    b->after = y;
    if (!fy_shape_equal(&was, &is))
        fy_graph_fail(l->g, fyi_fail(FY_ESHAPE,
                                     "model '%s': '%s' gives %s, and the block '%s%s' reads %s; a "
                                     "layer before a block keeps the shape",
                                     l->m->name, giver_of(l, y), fy_shape_text(&is, to, sizeof to),
                                     l->scope, name, fy_shape_text(&was, from, sizeof from)));
}

void fyi_edit_enter(fy_layers *l, const char *name)
{
    fyi_open_block *b = &l->block[l->n_scopes];
    *b = (fyi_open_block){ 0 };
    if (l->m->edits.n > 0 && fy_graph_status(l->g) == FY_OK) {
        put_before(l, name, b);
        b->edit = fyi_edit_of(l, name, false);
    }
    l->n_gone += b->edit != NULL;
    b->n_nodes = l->g->n_nodes;
    b->n_values = l->g->n_values;
}

/* Is v of before the block, and no parameter? */
static bool is_from_before(const fy_layers *l, const fyi_open_block *b, fyi_id v)
{
    const fyi_op *op = fyi_def(l->g, v)->op;
    return (size_t)v < b->n_values && (!(op->flags & FYI_OP_SOURCE) || v == l->x.id);
}

/* The one value from before it that a block reads; 0 if there are several or none. */
static fyi_id input_of(const fy_layers *l, const fyi_open_block *b)
{
    fyi_id found = 0;
    for (size_t k = b->n_nodes; k < l->g->n_nodes; k++)
        for (int i = 0; i < l->g->nodes[k].n_src; i++) {
            fyi_id v = l->g->nodes[k].src[i];
            if (b->after.id && v == b->after.id) /* a block within it has it already */
                v = b->before.id;
            if (!is_from_before(l, b, v) || v == found)
                continue;
            if (found)
                return 0;
            found = v;
        }
    return found;
}

static fy_node fail_input(fy_layers *l, const char *name, const char *what)
{
    return fyi_graph_mistake(l->g, fyi_fail(FY_EINVAL, "model '%s': the block '%s%s' %s",
                                            l->m->name, l->scope, name, what));
}

/* The nodes read another value instead. */
static void redirect(fy_layers *l, const fyi_open_block *b)
{
    for (size_t k = b->n_nodes; k < l->g->n_nodes; k++) {
        fyi_node *n = &l->g->nodes[k];
        fyi_id *src =
            fyi_arena_dup(&l->g->arena, n->src, (size_t)FYI_MAX(n->n_src, 1) * sizeof *src);
        if (!src) {
            fy_graph_fail(l->g, fyi_enomem((size_t)n->n_src * sizeof *src, l->m->name));
            return;
        }
        for (int i = 0; i < n->n_src; i++)
            src[i] = src[i] == b->before.id ? b->after.id : src[i];
        n->src = src;
    }
}

/* Its nodes read constants and nobody reads them: they go. */
static fy_node take_out(fy_layers *l, const char *name, fy_node x, const fyi_open_block *b)
{
    const bool is_empty = l->g->n_nodes == b->n_nodes;
    const fyi_id in = is_empty ? x.id : input_of(l, b);
    if (!in)
        return fail_input(l, name,
                          "reads more than one value from before it; a block that is taken "
                          "out reads one");
    l->g->n_nodes = b->n_nodes;
    l->g->n_values = b->n_values;
    x = fyi_n(in);
    if (b->after.id && in == b->before.id)
        x = b->after;
    return b->edit->kind == FYI_EDIT_DROP ? x : fyi_edit_put(l, b->edit, name, x, NULL);
}

static fy_node put_in(fy_layers *l, const char *name, fy_node x, const fyi_open_block *b)
{
    if (x.id == b->before.id)
        return b->after;
    if (input_of(l, b) != b->before.id)
        return fail_input(l, name,
                          "does not read what was computed last before it, or more than "
                          "that; insert after the layer that it reads");
    redirect(l, b);
    return x;
}

/* The innermost block with a mistake in it, for the sentence. */
static void note_failure(fy_layers *l, const char *name)
{
    if (l->outline && !l->outline->failed[0] && fy_graph_status(l->g) != FY_OK)
        (void)snprintf(l->outline->failed, sizeof l->outline->failed, "%s%s", l->scope, name);
}

fy_node fyi_edit_leave(fy_layers *l, const char *name, fy_node x)
{
    const fyi_open_block b = l->block[l->n_scopes];
    l->n_gone -= b.edit != NULL;
    note_failure(l, name);
    if (fy_graph_status(l->g) != FY_OK || l->n_gone > 0)
        return x;
    if (l->is_sketch)
        fy_graph_fail(l->g, add_row(l, name,
                                    (fyi_outline_row){ .is_block = true,
                                                       .first = (fyi_id)b.n_values,
                                                       .last = (fyi_id)l->g->n_values,
                                                       .out = x.id }));
    if (b.edit)
        x = take_out(l, name, x, &b);
    else if (b.after.id)
        x = put_in(l, name, x, &b);
    return l->m->edits.n > 0 ? fyi_edit_insert(l, FYI_EDIT_AFTER, name, x) : x;
}
