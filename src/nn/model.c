/* model.c: a family's function run once to learn the parameters, then once per application. */
#include "nn/nn.h"

#include <string.h>

void fy_model_free(fy_model *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->n_params; i++)
        fy_param_free(m->params[i].param);
    fyi_free(m->params);
    fyi_free(m->name);
    fyi_arena_release(&m->arena);
    fyi_free(m);
}

static fy_node build(fy_layers l, fy_model *m, fy_node x)
{
    fy_graph *g = l.g;
    l.m = m;
    l.first = g->n_values;
    l.x = x;
    l.style = m->family.style ? m->family.style : &fyi_style_torch;
    const fy_node y = m->family.build(&l, &m->opts, x);
    fyi_layers_end(&l);
    return fy_graph_status(g) == FY_OK ? y : FY_NO_NODE;
}

fy_shape fyi_sample_of(fy_shape batched)
{
    fy_shape s = { .rank = FYI_MAX(batched.rank - 1, 0) };
    for (int i = 0; i < s.rank; i++)
        s.d[i] = batched.d[i + 1];
    return s;
}

static fy_status explain(fy_status st, const fy_model *m, const fyi_outline *outline)
{
    if (m->edits.n == 0)
        return fyi_wrap(st, "while building model '%s'", m->name);
    return fyi_wrap(st, "while building model '%s' with '%.500s'%s%s%s", m->name, m->edits.text,
                    outline->failed[0] ? ", in '" : "", outline->failed,
                    outline->failed[0] ? "'" : "");
}

/* Builds the model once on a graph that is thrown away. */
static fy_status learn(fy_model *m, fyi_outline *outline, bool is_sketch)
{
    if (m->opts.input.rank < 1 || m->opts.input.rank >= FY_MAX_RANK)
        return fyi_fail(FY_ESHAPE, "model '%s': its input has rank %d, expected 1 to %d", m->name,
                        m->opts.input.rank, FY_MAX_RANK - 1);
    fy_graph *g;
    FYI_FORWARD(fy_graph_new(&g));
    const fy_layers how = {
        .g = g, .mode = FY_TRAIN, .learning = true, .outline = outline, .is_sketch = is_sketch
    };
    const fy_node x = fy_input(g, "x", FY_F32, fy_shape_batch(2, &m->opts.input));
    m->output = fyi_sample_of(fy_node_shape(g, build(how, m, x)));
    fy_status st = fy_graph_status(g);
    if (st != FY_OK)
        st = explain(st, m, outline);
    else if (is_sketch)
        fyi_outline_finish(outline, g);
    fy_graph_free(g);
    return st;
}

/* The texts of the options, copied. */
static fy_status own_texts(fy_model *m)
{
    const char **texts[] = { &m->opts.activation, &m->opts.pool, &m->opts.head, &m->opts.edits };
    for (size_t i = 0; i < FYI_LEN(texts); i++) {
        const char *given = *texts[i];
        if (given && !(*texts[i] = fyi_arena_printf(&m->arena, "%s", given)))
            return fyi_enomem(strlen(given), m->name);
    }
    return FY_OK;
}

/* ---- edits ------------------------------------------------------------------------------------------- */

/* The options say how many classes there are, and the edits in one way what is changed. */
static fy_status settle_edits(fy_model *m)
{
    FYI_FORWARD(fyi_edits_read(m->name, m->opts.edits, &m->arena, &m->edits));
    m->opts.edits = m->edits.text;
    if (m->edits.n_classes >= 0)
        m->opts.n_classes = m->edits.n_classes;
    for (size_t i = 0; i < m->edits.n && m->opts.n_classes == 0; i++)
        if (m->edits.v[i].kind == FYI_EDIT_HEAD)
            return fyi_fail(
                FY_EINVAL, "model '%s': edit '%s': the model has no classes; say how many, '%s 10'",
                m->name, m->edits.v[i].text, m->edits.v[i].text);
    return FY_OK;
}

/* As it would be without edits. */
static fy_status sketch(const fy_model *m, fyi_outline *outline)
{
    fy_model *plain = fyi_calloc(1, sizeof *plain);
    if (!plain)
        return fyi_enomem(sizeof *plain, m->name);
    plain->family = m->family;
    plain->opts = m->opts;
    plain->opts.edits = NULL;
    plain->name = fyi_strdup(m->name);
    const fy_status st =
        plain->name ? learn(plain, outline, true) : fyi_enomem(strlen(m->name), m->name);
    outline->output = plain->output;
    fy_model_free(plain);
    return st;
}

static fy_status check_output(const fy_model *m, const fyi_outline *outline)
{
    char is[FYI_SPEC_CHARS], was[FYI_SPEC_CHARS];
    if (m->opts.n_classes == 0 || fy_shape_equal(&m->output, &outline->output))
        return FY_OK;
    return fyi_fail(FY_ESHAPE,
                    "model '%s' with '%.500s' gives %s, and its %lld classes need %s; 'head linear "
                    "N' makes a last layer of N classes",
                    m->name, m->edits.text, fy_shape_text(&m->output, is, sizeof is),
                    (long long)m->opts.n_classes, fy_shape_text(&outline->output, was, sizeof was));
}

static fy_status learn_edited(fy_model *m, fyi_outline *outline)
{
    FYI_FORWARD(sketch(m, outline));
    FYI_FORWARD(fyi_outline_check(outline, m->name, &m->edits));
    FYI_FORWARD(learn(m, outline, false));
    FYI_FORWARD(fyi_outline_check_met(outline, m->name, &m->edits));
    return check_output(m, outline);
}

static fy_status learn_any(fy_model *m)
{
    fyi_outline outline = { 0 };
    const fy_status st = m->edits.n > 0 ? learn_edited(m, &outline) : learn(m, NULL, false);
    fyi_outline_release(&outline);
    return st;
}

/* ---- opening ----------------------------------------------------------------------------------------- */

static fy_status fill_model(fy_model *m, const char *name, const fy_model_opts *o)
{
    if (!(m->name = fyi_strdup(name)))
        return fyi_enomem(strlen(name), name);
    m->opts = *o;
    FYI_FORWARD(own_texts(m));
    FYI_FORWARD(settle_edits(m));
    FYI_FORWARD(fyi_family_settle(&m->family, name, &m->opts));
    return learn_any(m);
}

static fy_status open_as(const fyi_family *f, const char *name, const fy_model_opts *o,
                         fy_model **out)
{
    *out = NULL;
    fy_model *m = fyi_calloc(1, sizeof *m);
    if (!m)
        return fyi_enomem(sizeof *m, name);
    m->family = *f;
    const fy_status st = fill_model(m, name, o);
    if (st != FY_OK) {
        fy_model_free(m);
        return st;
    }
    *out = m;
    return FY_OK;
}

/* The model as its seed makes it. */
static fy_status open_initialised(const fyi_family *f, const char *name, const fy_model_opts *o,
                                  fy_model **out)
{
    FYI_FORWARD(open_as(f, name, o, out));
    return fy_model_init(*out, o->seed);
}

fy_status fy_model_open(const char *family, const char *name, const fy_model_opts *o, fy_model **out)
{
    const fyi_family *f = fyi_family_find(family);
    *out = NULL;
    return f ? open_initialised(f, name, o, out) : fyi_family_unknown(family);
}

fy_status fy_model_new(const char *name, fy_build_fn build_fn, const fy_model_opts *o,
                       fy_model **out)
{
    const fyi_family custom = { .name = "custom",
                                .build = build_fn,
                                .takes = FYI_TAKES_WIDTH | FYI_TAKES_POOL };
    return open_initialised(&custom, name, o, out);
}

fy_status fy_model_clone(fy_model *m, const char *name, fy_model **out)
{
    FYI_FORWARD(open_as(&m->family, name, &m->opts, out));
    fy_status st = fy_model_copy(*out, m);
    if (st == FY_OK)
        st = fyi_model_copy_notes(*out, m, true);
    if (st != FY_OK) {
        fy_model_free(*out);
        *out = NULL;
    }
    return st;
}

/* The edits of m and `more`; NULL when out of memory. */
static const char *join_edits(const fy_model *m, const char *more, fyi_arena *arena)
{
    const char *old = m->opts.edits;
    return fyi_arena_printf(arena, "%s%s%s", old ? old : "", old ? "; " : "", more ? more : "");
}

/* Is a parameter of a layer that the edits in `fresh` let be? One that is inserted again has another name. */
static bool stays(const fyi_model_param *now, const fyi_model_param *then, const fyi_edits *fresh)
{
    static const char insertion[] = "insert ";
    if (!now->edit || !then->edit)
        return now->edit == then->edit;
    return strcmp(now->edit, then->edit) == 0 &&
           (strncmp(now->edit, insertion, sizeof insertion - 1) == 0 ||
            !fyi_edits_have(fresh->text, now->edit));
}

/* Values of what stays, and the notes that still hold. */
static fy_status take_over(fy_model *to, fy_model *from, const fyi_edits *fresh)
{
    bool is_same_head = to->opts.n_classes == from->opts.n_classes;
    for (size_t i = 0; i < to->n_params; i++) {
        const fyi_model_param *now = &to->params[i], *then = fyi_model_param_of(from, now->name);
        if (!then || !stays(now, then, fresh) ||
            !fy_shape_equal(&now->param->shape, &then->param->shape))
            continue;
        FYI_FORWARD(fyi_param_settle(then->param));
        FYI_FORWARD(
            fy_param_write(now->param, then->param->data, fy_shape_numel(&then->param->shape)));
    }
    for (size_t i = 0; i < fresh->n; i++)
        is_same_head = is_same_head && fresh->v[i].kind != FYI_EDIT_HEAD;
    return fyi_model_copy_notes(to, from, is_same_head);
}

static fy_status edit_into(fy_model *m, const char *name, const char *edits, fyi_arena *arena,
                           fy_model **out)
{
    fy_model_opts o = m->opts;
    fyi_edits fresh;
    FYI_FORWARD(fyi_edits_read(m->name, edits, arena, &fresh));
    if (!(o.edits = join_edits(m, edits, arena)))
        return fyi_enomem(strlen(edits), m->name);
    FYI_FORWARD(open_initialised(&m->family, name, &o, out));
    return take_over(*out, m, &fresh);
}

fy_status fy_model_edit(fy_model *m, const char *name, const char *edits, fy_model **out)
{
    fyi_arena arena = { 0 };
    *out = NULL;
    const fy_status st = edit_into(m, name, edits, &arena, out);
    fyi_arena_release(&arena);
    if (st != FY_OK) {
        fy_model_free(*out);
        *out = NULL;
    }
    return st;
}

fy_node fy_model_apply(fy_graph *g, fy_model *m, fy_node x, fy_mode mode)
{
    return fy_graph_status(g) == FY_OK ? build((fy_layers){ .g = g, .mode = mode }, m, x)
                                       : FY_NO_NODE;
}

fy_node fy_model_apply_moving(fy_graph *g, fy_model *m, fy_node x, const char *moves)
{
    return fy_graph_status(g) == FY_OK
               ? build((fy_layers){ .g = g, .mode = FY_TRAIN, .moves = moves }, m, x)
               : FY_NO_NODE;
}

fy_node fy_model_apply_fixed(fy_graph *g, fy_model *m, fy_node x)
{
    const fy_layers how = { .g = g, .mode = FY_TRAIN, .moves = "", .is_fixed = true };
    return fy_graph_status(g) == FY_OK ? build(how, m, x) : FY_NO_NODE;
}

/* ---- values ------------------------------------------------------------------------------------------- */

static void draw(const void *arg, float *v, int64_t n)
{
    const fyi_model_param *p = arg;
    const fy_rng r = fy_rng_named(p->seed, fy_param_name(p->param));
    fyi_init_fill(p->init, p->fans, &r, v, n);
}

fy_status fy_model_init(fy_model *m, uint64_t seed)
{
    for (size_t i = 0; i < m->n_params; i++) {
        m->params[i].seed = seed;
        fyi_param_restart(m->params[i].param, draw, &m->params[i]);
    }
    return FY_OK;
}

fy_status fy_model_copy(fy_model *to, fy_model *from)
{
    return fy_model_copy_some(to, from, "*");
}

fy_status fy_model_copy_some(fy_model *to, fy_model *from, const char *globs)
{
    for (size_t i = 0; i < to->n_params; i++) {
        fy_param *dst = to->params[i].param, *src = fy_model_find(from, to->params[i].name);
        if (!fy_glob(globs, to->params[i].name))
            continue;
        if (!src)
            return fyi_fail(FY_EINVAL, "copying model '%s' into '%s': it has no '%s'", from->name,
                            to->name, to->params[i].name);
        FYI_FORWARD(fyi_param_settle(src));
        FYI_FORWARD(fy_param_write(dst, src->data, fy_shape_numel(&src->shape)));
    }
    return FY_OK;
}

fy_status fy_model_hash(fy_model *m, char hex[65])
{
    fyi_sha256 h;
    fyi_sha256_init(&h);
    for (size_t i = 0; i < m->n_params; i++) {
        fy_param *p = m->params[i].param;
        FYI_FORWARD(fyi_param_settle(p));
        fyi_sha256_update(&h, m->params[i].name, strlen(m->params[i].name) + 1);
        fyi_sha256_update(&h, p->shape.d, (size_t)p->shape.rank * sizeof p->shape.d[0]);
        fyi_sha256_update(&h, p->data, fyi_shape_bytes(&p->shape, FY_F32));
    }
    fyi_sha256_hex(&h, hex);
    return FY_OK;
}

/* ---- looking at a model --------------------------------------------------------------------------------- */

const char *fy_model_name(const fy_model *m)
{
    return m->name;
}
const char *fy_model_family(const fy_model *m)
{
    return m->family.name;
}
const fy_model_opts *fy_model_options(const fy_model *m)
{
    return &m->opts;
}
const fy_shape *fy_model_output(const fy_model *m)
{
    return &m->output;
}
int fy_model_count(const fy_model *m)
{
    return (int)m->n_params;
}
const char *fy_model_param_name(const fy_model *m, int i)
{
    return m->params[i].name;
}
fy_param *fy_model_param(const fy_model *m, int i)
{
    return m->params[i].param;
}
bool fy_model_param_is_buffer(const fy_model *m, int i)
{
    return m->params[i].is_buffer;
}

const char *fy_model_param_edit(const fy_model *m, int i)
{
    return m->params[i].edit;
}

fyi_model_param *fyi_model_param_of(const fy_model *m, const char *name)
{
    for (size_t i = 0; i < m->n_params; i++)
        if (strcmp(m->params[i].name, name) == 0)
            return &m->params[i];
    return NULL;
}

fy_param *fy_model_find(const fy_model *m, const char *param_name)
{
    const fyi_model_param *p = fyi_model_param_of(m, param_name);
    return p ? p->param : NULL;
}

void fy_objective_moves_model(fy_graph *g, fy_objective o, fy_model *m, const char *globs,
                              const char *group)
{
    bool any = false;
    for (size_t i = 0; i < m->n_params; i++)
        if (fy_glob(globs, m->params[i].name)) {
            fy_objective_moves(g, o, m->params[i].param, group);
            any = true;
        }
    if (!any)
        fy_graph_fail(g, fyi_fail(FY_EINVAL,
                                  "no parameter of model '%s' matches '%s'; the first is '%s'",
                                  m->name, globs, m->n_params ? m->params[0].name : "none at all"));
}
