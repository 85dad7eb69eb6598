/* torch_dict.c: from what a pickle held to a table of tensors.
 *
 * A checkpoint is a dictionary of tensors, or holds one under a name that everybody uses ("state_dict"), beside
 * numbers and texts that become metadata. Dictionaries within it give dotted names, as in "encoder.conv1.weight". */
#include "weights/torch.h"

#include <string.h>

#define MAX_DEPTH 16
#define MAX_VISITS 4000000 /* a value that refers to itself is no tree */
#define MAX_META 64
#define META_CHARS 4096

typedef struct harvest {
    fy_weights *w;
    fyi_place_fn place;
    void *arg;
    bool is_swapped;
    fyi_buf name; /* of what is being looked at */
    int n_visits;
} harvest;

/* ---- choosing a part ----------------------------------------------------------------------------------------- */

static const char *const usual_parts[] = {
    "state_dict", "model_state_dict", "model_state", "model", "network", "net", "module", "params",
};

static const fyi_value *usual_part(const fyi_value *v)
{
    for (size_t i = 0; i < FYI_LEN(usual_parts); i++) {
        const fyi_value *part = fyi_value_get(v, usual_parts[i]);

        if (part && part->kind == FYI_DICT && part->n > 0)
            return part;
    }
    return NULL;
}

/* "ema.weights" may be the key itself, or "weights" in "ema". */
static const fyi_value *named_part(const fyi_value *v, const char *path, int depth)
{
    for (size_t i = 0; v->kind == FYI_DICT && i < v->n && depth < MAX_DEPTH; i++) {
        const fyi_value *key = v->items[2 * i], *found = v->items[2 * i + 1];

        if (key->kind != FYI_TEXT || key->n == 0 || strncmp(path, key->text, key->n) != 0)
            continue;
        if (path[key->n] == '.')
            found = named_part(found, path + key->n + 1, depth + 1);
        else if (path[key->n] != '\0')
            found = NULL;
        if (found)
            return found;
    }
    return NULL;
}

static fy_status refuse_part(const harvest *h, const fyi_value *root)
{
    fyi_buf b = { 0 };
    fy_status st;

    for (size_t i = 0; root->kind == FYI_DICT && i < root->n && i < 12; i++)
        if (root->items[2 * i]->kind == FYI_TEXT)
            fyi_buf_printf(&b, " '%.40s'", root->items[2 * i]->text);
    st = fyi_fail(FY_EINVAL, "'%s' has no part '%s'; at the top it has%s", h->w->name, h->w->part,
                  b.p ? b.p : " nothing with a name");
    fyi_buf_release(&b);
    return st;
}

/* ---- metadata -------------------------------------------------------------------------------------------------- */

static bool format_value(const fyi_value *v, fyi_buf *text)
{
    switch (v->kind) {
    case FYI_BOOL: fyi_buf_puts(text, v->i ? "true" : "false"); return true;
    case FYI_INT: fyi_buf_printf(text, "%lld", (long long)v->i); return true;
    case FYI_FLOAT: fyi_buf_printf(text, "%.9g", v->f); return true;
    case FYI_TEXT:
        fyi_buf_append(text, v->text, v->n);
        return v->n <= META_CHARS && strlen(v->text) == v->n;
    default: return false;
    }
}

static fy_status put_meta(harvest *h, const fyi_value *key, const fyi_value *v)
{
    fyi_buf text = { 0 };
    fy_status st = FY_OK;

    if (key->kind == FYI_TEXT && format_value(v, &text))
        st = text.failed ? fyi_enomem(v->n, "metadata")
                         : fyi_weights_put_meta(h->w, key->text, text.p ? text.p : "");
    fyi_buf_release(&text);
    return st;
}

static fy_status put_all_meta(harvest *h, const fyi_value *root)
{
    for (size_t i = 0; root->kind == FYI_DICT && i < root->n && h->w->n_meta < MAX_META; i++)
        FYI_FORWARD(put_meta(h, root->items[2 * i], root->items[2 * i + 1]));
    return FY_OK;
}

/* ---- tensors ----------------------------------------------------------------------------------------------------- */

static fy_status put_tensor(harvest *h, const fyi_value *v)
{
    const char *name = h->name.len > 0 ? h->name.p : "tensor";
    fyi_view view = v->tensor->view;
    fyi_block b;
    fy_status st;

    if (strlen(name) < h->name.len)
        return fyi_fail(FY_EFORMAT, "'%s': the name of a tensor has a NUL in it", h->w->name);
    view.is_swapped = h->is_swapped && view.stored->bytes > 1;
    st = h->place(h->arg, &v->tensor->storage->storage, &b);
    if (st == FY_OK)
        return fyi_weights_put(h->w, name, &view, &b);
    return fyi_wrap(st, "while looking for tensor '%.*s'", FYI_NAME_CHARS, name);
}

static fy_status visit(harvest *h, const fyi_value *v, int depth);

static bool put_key(fyi_buf *name, const fyi_value *key)
{
    if (name->len > 0)
        fyi_buf_puts(name, ".");
    if (key->kind == FYI_TEXT)
        fyi_buf_append(name, key->text, key->n);
    else if (key->kind == FYI_INT)
        fyi_buf_printf(name, "%lld", (long long)key->i);
    else
        return false;
    return true;
}

static fy_status visit_under(harvest *h, const fyi_value *key, const fyi_value *v, int depth)
{
    const size_t len = h->name.len;
    fy_status st = FY_OK;

    if (put_key(&h->name, key))
        st = h->name.failed ? fyi_enomem(len, "a tensor's name") : visit(h, v, depth + 1);
    h->name.len = len;
    if (h->name.p)
        h->name.p[len] = '\0';
    return st;
}

static fy_status visit_items(harvest *h, const fyi_value *v, int depth)
{
    for (size_t i = 0; i < v->n; i++) {
        const fyi_value number = { .kind = FYI_INT, .i = (int64_t)i };

        if (v->kind == FYI_DICT)
            FYI_FORWARD(visit_under(h, v->items[2 * i], v->items[2 * i + 1], depth));
        else
            FYI_FORWARD(visit_under(h, &number, v->items[i], depth));
    }
    return FY_OK;
}

static fy_status visit(harvest *h, const fyi_value *v, int depth)
{
    if (v->kind == FYI_TENSOR)
        return put_tensor(h, v);
    if (v->kind != FYI_DICT && v->kind != FYI_LIST && v->kind != FYI_TUPLE)
        return FY_OK;
    if (depth > MAX_DEPTH || h->n_visits++ > MAX_VISITS)
        return fyi_fail(FY_EFORMAT, "'%s': its dictionaries are nested beyond all measure",
                        h->w->name);
    return visit_items(h, v, depth);
}

static fy_status harvest_part(harvest *h, const fyi_value *root)
{
    const fyi_value *part = h->w->part ? named_part(root, h->w->part, 0) : usual_part(root);

    if (!part && h->w->part)
        return refuse_part(h, root);
    FYI_FORWARD(visit(h, part ? part : root, 0));
    if (h->w->n == 0)
        return fyi_fail(FY_EFORMAT, "'%s' is a file of PyTorch's without a tensor in it",
                        h->w->name);
    return put_all_meta(h, root);
}

fy_status fyi_torch_put(fy_weights *w, const fyi_value *root, bool is_swapped, fyi_place_fn place,
                        void *arg)
{
    harvest h = { .w = w, .place = place, .arg = arg, .is_swapped = is_swapped };
    const fy_status st = harvest_part(&h, root);

    fyi_buf_release(&h.name);
    return st;
}
