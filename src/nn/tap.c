/* tap.c: what a layer computes, by its name, in one application of a model. */
#include "nn/nn.h"

#include <string.h>

/* "conv1" of the value "student.conv1"; NULL: it is not of this model. */
static const char *name_in(const fy_model *m, const char *name)
{
    const size_t model = strlen(m->name);
    return name && strncmp(name, m->name, model) == 0 && name[model] == '.' ? name + model + 1
                                                                            : NULL;
}

/* The last value up to y that bears the layer's name, or whose name goes on from there after `end`. */
static fyi_id last_named(const fy_graph *g, const fy_model *m, fy_node y, const char *layer,
                         char end)
{
    const size_t n = strlen(layer);
    for (fyi_id v = y.id; v > 0; v--) {
        const char *name = name_in(m, g->values[v].name);
        if (name && strncmp(name, layer, n) == 0 && name[n] == end)
            return v;
    }
    return 0;
}

/* An earlier application has values of its own, further up. A scope's value may be known by what it ends in:
 * "layer3" by "layer3.1". */
fy_node fy_model_tap(const fy_graph *g, const fy_model *m, fy_node y, const char *layer)
{
    const fyi_id exact = last_named(g, m, y, layer, '\0');
    return fyi_n(exact ? exact : last_named(g, m, y, layer, '.'));
}

/* ---- one that has to be there ---------------------------------------------------------------------------- */

typedef struct names {
    fyi_arena arena;
    const char **v; /* NULL-terminated */
    size_t n, cap;
} names;

static fy_status add_name(names *to, const char *name, size_t len)
{
    FYI_FORWARD(fyi_grow(&to->v, &to->cap, to->n + 2, sizeof *to->v));
    to->v[to->n] = fyi_arena_printf(&to->arena, "%.*s", (int)len, name);
    if (!to->v[to->n])
        return fyi_enomem(len, "a layer's name");
    to->v[++to->n] = NULL;
    return FY_OK;
}

/* "layer1", "layer1.0" and "layer1.0.conv1" of the last: each can be tapped. */
static fy_status add_fronts(names *to, const char *name)
{
    for (size_t len = strcspn(name, "."); name[len]; len += 1 + strcspn(name + len + 1, "."))
        FYI_FORWARD(add_name(to, name, len));
    return add_name(to, name, strlen(name));
}

static fy_status list_names(const fy_graph *g, const fy_model *m, fy_node y, names *to)
{
    for (fyi_id v = 1; v <= y.id; v++) {
        const char *name = name_in(m, g->values[v].name);
        if (name && !fy_model_find(m, name))
            FYI_FORWARD(add_fronts(to, name));
    }
    return FY_OK;
}

static fy_status fail_unknown(const fy_graph *g, const fy_model *m, fy_node y, const char *layer)
{
    names all = { 0 };
    const char *near, *family = fy_model_family(m);
    fy_status st;
    FY_TRY(list_names(g, m, y, &all));
    near = all.n ? fyi_nearest(layer, all.v) : NULL;
    st = fyi_fail(FY_EINVAL, "'%s' has no layer '%s'; %s%s%s%s%s%s", m->name, layer,
                  near ? "did you mean '" : "", near ? near : "", near ? "'? " : "",
                  family ? "'ferry inspect --model " : "fy_model_summary", family ? family : "",
                  family ? "' lists them" : " lists them");
done:
    fyi_arena_release(&all.arena);
    fyi_free((void *)all.v);
    return st;
}

fy_status fy_model_find_tap(const fy_graph *g, const fy_model *m, fy_node y, const char *layer,
                            fy_node *out)
{
    *out = fy_model_tap(g, m, y, layer);
    return out->id ? FY_OK : fail_unknown(g, m, y, layer);
}
