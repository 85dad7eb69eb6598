/* summary.c: a model's layers as a table, read off the graph of its evaluation mode for one sample. */
#include "graph/ops/attr.h"
#include "graph/work.h"
#include "nn/nn.h"

#include <string.h>

typedef struct table {
    fy_summary shown; /* first: what a caller holds */
    const fy_model *m;
    const fy_graph *g;
    fyi_arena texts;
    fy_layer_line *lines;
    size_t n, cap;
    bool *counted; /* [n_params] */
} table;

/* ---- arithmetic ------------------------------------------------------------------------------ */

static int64_t numel(const fy_graph *g, fyi_id v)
{
    return fy_shape_numel(&g->values[v].spec.shape);
}

/* What an element of the destination takes besides multiply-adds. Operators that are not listed take one operation. */
typedef struct cost {
    const fyi_op *op;
    int64_t others;
    bool is_pool; /* times the window's area */
} cost;

static const cost costs[] = {
    { &fyi_op_conv2d, 0, false },    { &fyi_op_linear, 0, false },
    { &fyi_op_matmul, 0, false },    { &fyi_op_batch_norm_infer, 2, false },
    { &fyi_op_max_pool2d, 1, true }, { &fyi_op_avg_pool2d, 1, true },
    { &fyi_op_concat, 0, false },    { &fyi_op_slice, 0, false },
    { &fyi_op_pad, 0, false },       { &fyi_op_transpose, 0, false },
    { &fyi_op_broadcast, 0, false },
};

static cost cost_of(const fyi_op *op)
{
    for (size_t i = 0; i < FYI_LEN(costs); i++)
        if (costs[i].op == op)
            return costs[i];
    return (cost){ .op = op, .others = op->flags & FYI_OP_VIEW ? 0 : 1 };
}

static int64_t window_area(const fyi_node *n)
{
    const fy_pool_opts *o = &((const fyi_pool_attr *)n->attr)->o;
    return o->kernel[0] * o->kernel[1];
}

static void add_cost(const fy_graph *g, const fyi_node *n, fy_layer_line *line)
{
    const cost c = cost_of(n->op);
    const int64_t macs = (int64_t)fyi_node_macs(g, n);
    line->macs += macs;
    line->flops += 2 * macs + numel(g, n->dst) * c.others * (c.is_pool ? window_area(n) : 1);
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* The model's parameter that value v is; -1 if it is none. */
static int param_of(const table *t, fyi_id v)
{
    const fyi_node *n = fyi_def(t->g, v);
    for (size_t i = 0; n->op == &fyi_op_use && i < t->m->n_params; i++)
        if (t->m->params[i].param == ((const fyi_use_attr *)n->attr)->param)
            return (int)i;
    return -1;
}

static void count_params(table *t, const fyi_node *n, fy_layer_line *line)
{
    for (int i = 0; i < n->n_src; i++) {
        const int p = param_of(t, n->src[i]);
        if (p < 0 || t->counted[p])
            continue;
        t->counted[p] = true;
        *(t->m->params[p].is_buffer ? &line->n_buffers : &line->n_values) += numel(t->g, n->src[i]);
    }
}

/* "fc" of a node that reads "fc.bias", NULL of others. */
static const char *layer_of(table *t, const fyi_node *n)
{
    for (int i = 0; i < n->n_src; i++) {
        const int p = param_of(t, n->src[i]);
        const char *name = p < 0 ? NULL : t->m->params[p].name,
                   *leaf = name ? strrchr(name, '.') : NULL;
        if (leaf)
            return fyi_arena_printf(&t->texts, "%.*s", (int)(leaf - name), name);
    }
    return NULL;
}

/* What the value is called, without the model's name. */
static const char *name_of(const table *t, const fyi_node *n)
{
    const char *name = t->g->values[n->dst].name;
    const size_t model = strlen(t->m->name);
    const bool is_own = name && strncmp(name, t->m->name, model) == 0 && name[model] == '.';
    return is_own ? name + model + 1 : "";
}

/* A bias belongs to the line of its convolution. */
static fy_layer_line *line_for(table *t, const fyi_node *n)
{
    const char *layer = layer_of(t, n);
    fy_layer_line *last = t->n ? &t->lines[t->n - 1] : NULL;
    if (layer && last && strcmp(last->name, layer) == 0)
        return last;
    if (fyi_grow(&t->lines, &t->cap, t->n + 1, sizeof *t->lines) != FY_OK)
        return NULL;
    last = &t->lines[t->n++];
    *last =
        (fy_layer_line){ .kind = n->op == &fyi_op_batch_norm_infer ? "batch_norm" : n->op->name };
    last->name = fyi_arena_printf(&t->texts, "%s", layer ? layer : name_of(t, n));
    return last->name ? last : NULL;
}

static bool is_shown(const table *t, const fyi_node *n)
{
    return !(n->op->flags & FYI_OP_SOURCE) && (!(n->op->flags & FYI_OP_VIEW) || *name_of(t, n));
}

static fy_status add_node(table *t, const fyi_node *n)
{
    fy_layer_line *line = line_for(t, n);
    if (!line)
        return fyi_enomem(sizeof *line, t->m->name);
    line->output = fyi_sample_of(t->g->values[n->dst].spec.shape);
    count_params(t, n, line);
    add_cost(t->g, n, line);
    return FY_OK;
}

static void add_up(table *t)
{
    fy_layer_line *total = &t->shown.total;
    *total = (fy_layer_line){ .name = "total", .kind = "" };
    for (size_t i = 0; i < t->n; i++) {
        total->n_values += t->lines[i].n_values;
        total->n_buffers += t->lines[i].n_buffers;
        total->macs += t->lines[i].macs;
        total->flops += t->lines[i].flops;
    }
    total->output = t->m->output;
    t->shown.input = t->m->opts.input;
    t->shown.lines = t->lines;
    t->shown.n_lines = (int)t->n;
}

/* The model in evaluation mode on one sample. */
static fy_status fill(table *t, fy_graph *g, fy_model *m)
{
    const fy_node x = fy_input(g, "x", FY_F32, fy_shape_batch(1, &m->opts.input));
    (void)fy_model_apply(g, m, x, FY_EVAL);
    FYI_FORWARD(fy_graph_status(g));
    t->counted = fyi_arena_alloc(&t->texts, FYI_MAX(m->n_params, (size_t)1) * sizeof *t->counted);
    if (!t->counted)
        return fyi_enomem(m->n_params, m->name);
    for (size_t k = 1; k < g->n_nodes; k++)
        if (is_shown(t, &g->nodes[k]))
            FYI_FORWARD(add_node(t, &g->nodes[k]));
    add_up(t);
    return FY_OK;
}

fy_status fy_model_summary(fy_model *m, fy_summary **out)
{
    fy_graph *g;
    *out = NULL;
    FYI_FORWARD(fy_graph_new(&g));
    table *t = fyi_calloc(1, sizeof *t);
    fy_status st = FY_ENOMEM;
    if (t) {
        t->m = m;
        t->g = g;
        st = fill(t, g, m);
    } else {
        (void)fyi_enomem(sizeof *t, m->name);
    }
    fy_graph_free(g);
    if (st == FY_OK)
        *out = &t->shown;
    else if (t)
        fy_summary_free(&t->shown);
    return st;
}

void fy_summary_free(fy_summary *s)
{
    if (!s)
        return;
    table *t = (table *)s;
    fyi_free(t->lines);
    fyi_arena_release(&t->texts);
    fyi_free(t);
}
