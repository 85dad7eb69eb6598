/* edit_text.c: edits read from their text, and the text as it is saved: one way to say each. */
#include "nn/edit.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 16384, MOST_EDITS = 256, MOST_WORDS = 12, MOST_NUMBERS = 3, NAME_CHARS = 100 };

typedef struct reader {
    const char *model;
    const char *said; /* the edit that is read */
    fyi_arena *arena;
    fyi_edits *out;
    const char *word[MOST_WORDS];
    int n_words, at; /* the next word */
} reader;

#define fail_edit(r, fmt, ...)                                                                  \
    fyi_fail(FY_EINVAL, "model '%s': edit '%.*s': " fmt, (r)->model, NAME_CHARS * 2, (r)->said, \
             __VA_ARGS__)

static const char *next_word(reader *r)
{
    return r->at < r->n_words ? r->word[r->at++] : NULL;
}

static bool takes(reader *r, const char *word)
{
    const bool is = r->at < r->n_words && strcmp(r->word[r->at], word) == 0;
    r->at += is;
    return is;
}

/* ---- names ----------------------------------------------------------------------------------- */

static bool is_name(const char *text, const char *more)
{
    static const char usual[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    size_t n = 0;
    for (; text[n]; n++)
        if (!strchr(usual, text[n]) && !strchr(more, text[n]))
            return false;
    return n > 0 && n <= NAME_CHARS;
}

static fy_status read_target(reader *r, fyi_edit *e)
{
    e->target = next_word(r);
    if (!e->target)
        return fail_edit(r, "%s", "the name of a layer or block is missing");
    return is_name(e->target, ".-")
               ? FY_OK
               : fail_edit(r, "'%.*s' is no layer's name", NAME_CHARS, e->target);
}

/* "layer3.0." of "layer3.0.conv2" */
static int front_of(const char *target)
{
    const char *dot = strrchr(target, '.');
    return dot ? (int)(dot - target) + 1 : 0;
}

static bool is_taken(const fyi_edits *all, const char *target, const char *as)
{
    const int n = front_of(target);
    for (size_t i = 0; i < all->n; i++) {
        const fyi_edit *e = &all->v[i];
        if (e->as && strcmp(e->as, as) == 0 && front_of(e->target) == n &&
            strncmp(e->target, target, (size_t)n) == 0)
            return true;
    }
    return false;
}

/* "conv2_after", and if there is one, "conv2_after2". */
static fy_status choose_name(reader *r, fyi_edit *e)
{
    const char *leaf = e->target + front_of(e->target),
               *side = e->kind == FYI_EDIT_BEFORE ? "before" : "after";
    e->as = fyi_arena_printf(r->arena, "%s_%s", leaf, side);
    for (int i = 2; e->as && is_taken(r->out, e->target, e->as); i++)
        e->as = fyi_arena_printf(r->arena, "%s_%s%d", leaf, side, i);
    return e->as ? FY_OK : fyi_enomem(strlen(leaf), r->model);
}

static fy_status read_new_name(reader *r, fyi_edit *e)
{
    if (!takes(r, "as"))
        return choose_name(r, e);
    e->as = next_word(r);
    if (!e->as || !is_name(e->as, ""))
        return fail_edit(r, "%s", "after 'as' comes a name of letters, digits and '_'");
    return is_taken(r->out, e->target, e->as)
               ? fail_edit(r, "an edit before it inserts a layer of that name, '%s'", e->as)
               : FY_OK;
}

/* ---- layers ---------------------------------------------------------------------------------- */

typedef struct form {
    const char *word, *usage;
    void (*set)(fyi_layer *to, const double *v, int n);
    fyi_layer layer;   /* what no number says */
    int least, most_n; /* numbers */
    double most[MOST_NUMBERS];
    bool may_be_identity;
} form;

static void set_conv(fyi_layer *to, const double *v, int n)
{
    to->oc = (int64_t)v[0];
    to->k = (int64_t)v[1];
    to->conv = fy_conv_defaults();
    to->conv.pad[0] = to->conv.pad[1] = (to->k - 1) / 2;
    to->conv.stride[0] = to->conv.stride[1] = n > 2 ? (int64_t)v[2] : 0;
}

static void set_width(fyi_layer *to, const double *v, int n)
{
    to->oc = n > 0 ? (int64_t)v[0] : 0;
}

static void set_mlp(fyi_layer *to, const double *v, int n)
{
    to->k = (int64_t)v[0];
    set_width(to, v + 1, n - 1);
}

static void set_share(fyi_layer *to, const double *v, int n)
{
    (void)n;
    to->p = (float)v[0];
}

static void set_nothing(fyi_layer *to, const double *v, int n)
{
    (void)to;
    (void)v;
    (void)n;
}

enum { MOST_CHANNELS = 65536, MOST_WINDOW = 63, MOST_FEATURES = 1048576 };

/* clang-format off */
static const form layers[] = {
    { "conv", "conv OUT K [STRIDE] [identity]", set_conv, { .kind = FYI_LAYER_CONV, .bias = true }, 2, 3,
      { MOST_CHANNELS, MOST_WINDOW, MOST_WINDOW }, true },
    { "linear", "linear OUT [identity]", set_width, { .kind = FYI_LAYER_LINEAR, .bias = true }, 1, 1, { MOST_FEATURES },
      true },
    { "batch_norm", "batch_norm", set_nothing, { .kind = FYI_LAYER_NORM }, 0, 0, { 0 }, false },
    { "relu", "relu", set_nothing, { .kind = FYI_LAYER_ACTIVATION, .activation = "relu" }, 0, 0, { 0 }, false },
    { "leaky_relu", "leaky_relu", set_nothing, { .kind = FYI_LAYER_ACTIVATION, .activation = "leaky_relu" }, 0, 0, { 0 },
      false },
    { "dropout", "dropout P", set_share, { .kind = FYI_LAYER_DROPOUT }, 1, 1, { 1 }, false },
    { "none", "none", set_nothing, { .kind = FYI_LAYER_NONE }, 0, 0, { 0 }, false },
};

static const form heads[] = {
    { "linear", "head linear [N]", set_width, { .kind = FYI_LAYER_LINEAR, .bias = true }, 0, 1, { MOST_FEATURES }, false },
    { "mlp", "head mlp HIDDEN [N]", set_mlp, { .kind = FYI_LAYER_MLP, .bias = true }, 1, 2,
      { MOST_FEATURES, MOST_FEATURES }, false },
    { "none", "head none", set_nothing, { .kind = FYI_LAYER_NONE }, 0, 0, { 0 }, false },
};
/* clang-format on */

/* Whole, from 1 to `most`; a share is below 1. */
static bool read_number(const char *text, double most, double *out)
{
    const bool is_share = most == 1;
    char *end;
    if (strlen(text) > 16 || strspn(text, is_share ? ".0123456789" : "0123456789") != strlen(text))
        return false;
    *out = strtod(text, &end);
    return end > text && *end == '\0' && (is_share ? *out < 1 : *out >= 1 && *out <= most);
}

static bool is_number(const char *text)
{
    return text[0] == '.' || text[0] == '-' || (text[0] >= '0' && text[0] <= '9');
}

static fy_status read_numbers(reader *r, const form *f, double *v, int *n)
{
    *n = 0;
    while (r->at < r->n_words && is_number(r->word[r->at]) && *n < f->most_n) {
        const double most = f->most[*n];
        const char *text = next_word(r);
        if (read_number(text, most, &v[*n])) {
            ++*n;
            continue;
        }
        return most == 1 ? fail_edit(r, "'%s' is no number from 0 to below 1", text)
                         : fail_edit(r, "'%s' is no whole number from 1 to %.0f", text, most);
    }
    return *n < f->least ? fail_edit(r, "a number is missing; write '%s'", f->usage) : FY_OK;
}

static fy_status read_form(reader *r, const form *f, fyi_layer *to)
{
    double v[MOST_NUMBERS] = { 0 };
    int n;
    FYI_FORWARD(read_numbers(r, f, v, &n));
    *to = f->layer;
    f->set(to, v, n);
    if (f->may_be_identity && takes(r, "identity"))
        to->is_identity = true;
    if (to->is_identity && to->kind == FYI_LAYER_CONV && (to->k % 2 == 0 || to->conv.stride[0] > 1))
        return fail_edit(r, "%s", "an identity has a window of an odd size and stride 1");
    return FY_OK;
}

static fy_status fail_form(const reader *r, const form *forms, size_t n, const char *word)
{
    const char *names[FYI_LEN(layers) + 1] = { NULL };
    fyi_buf list = { 0 };
    fy_status st;
    for (size_t i = 0; i < n; i++) {
        names[i] = forms[i].word;
        fyi_buf_printf(&list, "%s'%s'", i ? ", " : "", forms[i].usage);
    }
    const char *near = word ? fyi_nearest(word, names) : NULL;
    st = list.failed ? fyi_enomem(list.cap, r->model)
                     : fail_edit(r, "%s%.*s%s%s%s%s; there are %s",
                                 word ? "'" : "a layer is missing", NAME_CHARS, word ? word : "",
                                 word ? "' is none" : "", near ? "; did you mean '" : "",
                                 near ? near : "", near ? "'?" : "", list.p);
    fyi_buf_release(&list);
    return st;
}

static fy_status read_layer(reader *r, const form *forms, size_t n, fyi_layer *to)
{
    const char *word = next_word(r);
    for (size_t i = 0; word && i < n; i++)
        if (strcmp(forms[i].word, word) == 0)
            return read_form(r, &forms[i], to);
    return fail_form(r, forms, n, word);
}

/* ---- edits ----------------------------------------------------------------------------------- */

/* The words from `first` on, the last one cut off `cut` times, after `front`. */
static fy_status put_text(reader *r, const char *front, int first, int cut, fyi_edit *e)
{
    e->text = fyi_arena_printf(r->arena, "%s", front);
    for (int i = first; e->text && i < r->n_words - cut; i++)
        e->text = fyi_arena_printf(r->arena, "%s%s%s", e->text, *e->text ? " " : "", r->word[i]);
    return e->text ? FY_OK : fyi_enomem(strlen(r->said), r->model);
}

static fy_status read_drop(reader *r, fyi_edit *e)
{
    e->kind = FYI_EDIT_DROP;
    e->layer = (fyi_layer){ .kind = FYI_LAYER_NONE };
    FYI_FORWARD(read_target(r, e));
    return put_text(r, "", 0, 0, e);
}

static fy_status read_replace(reader *r, fyi_edit *e)
{
    e->kind = FYI_EDIT_REPLACE;
    FYI_FORWARD(read_target(r, e));
    FYI_FORWARD(read_layer(r, layers, FYI_LEN(layers), &e->layer));
    return put_text(r, "", 0, 0, e);
}

static fy_status read_insert(reader *r, fyi_edit *e)
{
    const bool is_before = takes(r, "before");
    if (!is_before && !takes(r, "after"))
        return fail_edit(r, "%s", "write 'insert before NAME LAYER' or 'insert after NAME LAYER'");
    e->kind = is_before ? FYI_EDIT_BEFORE : FYI_EDIT_AFTER;
    FYI_FORWARD(read_target(r, e));
    FYI_FORWARD(read_new_name(r, e));
    const int first = r->at;
    FYI_FORWARD(read_layer(r, layers, FYI_LEN(layers), &e->layer));
    const char *front = fyi_arena_printf(r->arena, "insert %s %s as %s",
                                         is_before ? "before" : "after", e->target, e->as);
    return front ? put_text(r, front, first, 0, e) : fyi_enomem(strlen(r->said), r->model);
}

/* How many classes is said by the options, so that the same edits do for any. */
static fy_status read_head(reader *r, fyi_edit *e)
{
    e->kind = FYI_EDIT_HEAD;
    e->target = "";
    FYI_FORWARD(read_layer(r, heads, FYI_LEN(heads), &e->layer));
    e->layer.is_head = true;
    if (e->layer.kind == FYI_LAYER_NONE || e->layer.oc > 0)
        r->out->n_classes = e->layer.oc;
    return put_text(r, "", 0, e->layer.oc > 0, e);
}

static const struct verb {
    const char *word;
    fy_status (*read)(reader *r, fyi_edit *e);
} verbs[] = {
    { "drop", read_drop },
    { "replace", read_replace },
    { "insert", read_insert },
    { "head", read_head },
};

static bool is_insertion(const fyi_edit *e)
{
    return e->kind == FYI_EDIT_BEFORE || e->kind == FYI_EDIT_AFTER;
}

/* A layer becomes one thing: what was said of it earlier does not hold any more. */
static void forget_earlier(fyi_edits *all, const fyi_edit *e)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++)
        if (is_insertion(e) || is_insertion(&all->v[i]) || strcmp(all->v[i].target, e->target) != 0)
            all->v[n++] = all->v[i];
    all->n = n;
}

static fy_status add_edit(reader *r)
{
    static const char *const words[] = { "drop", "replace", "insert", "head", NULL };
    const char *word = next_word(r), *near;
    fyi_edit e = { 0 };
    size_t i = 0;
    while (i < FYI_LEN(verbs) && strcmp(verbs[i].word, word) != 0)
        i++;
    near = i == FYI_LEN(verbs) ? fyi_nearest(word, words) : NULL;
    if (i == FYI_LEN(verbs))
        return fail_edit(r, "it begins with none of drop, replace, insert and head%s%s%s",
                         near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    FYI_FORWARD(verbs[i].read(r, &e));
    if (r->at < r->n_words)
        return fail_edit(r, "'%.*s' is too much", NAME_CHARS, r->word[r->at]);
    forget_earlier(r->out, &e);
    if (e.kind != FYI_EDIT_HEAD || e.layer.kind != FYI_LAYER_NONE)
        r->out->v[r->out->n++] = e;
    return FY_OK;
}

/* ---- the list -------------------------------------------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* One edit's words, each ended by a NUL; `text` is changed. */
static fy_status split(reader *r, char *text)
{
    r->n_words = r->at = 0;
    while (*text) {
        while (is_space(*text))
            *text++ = '\0';
        if (!*text)
            break;
        if (r->n_words == MOST_WORDS)
            return fail_edit(r, "it has more than %d words", MOST_WORDS);
        r->word[r->n_words++] = text;
        while (*text && !is_space(*text))
            text++;
    }
    return FY_OK;
}

static fy_status read_one(reader *r, const char *text, size_t n)
{
    for (; n > 0 && is_space(*text); n--)
        text++;
    r->said = fyi_arena_printf(r->arena, "%.*s", (int)n, text);
    char *copy = fyi_arena_printf(r->arena, "%.*s", (int)n, text);
    if (!r->said || !copy)
        return fyi_enomem(n, r->model);
    FYI_FORWARD(split(r, copy));
    return r->n_words > 0 ? add_edit(r) : FY_OK;
}

static fy_status put_all(reader *r)
{
    fyi_edits *all = r->out;
    fyi_buf b = { 0 };
    for (size_t i = 0; i < all->n; i++)
        fyi_buf_printf(&b, "%s%s", i ? "; " : "", all->v[i].text);
    all->text = all->n > 0 && !b.failed ? fyi_arena_dup(r->arena, b.p, b.len + 1) : NULL;
    fyi_buf_release(&b);
    return all->n == 0 || all->text ? FY_OK : fyi_enomem(b.cap, r->model);
}

fy_status fyi_edits_read(const char *model, const char *text, fyi_arena *arena, fyi_edits *out)
{
    reader r = { .model = model, .arena = arena, .out = out };
    *out = (fyi_edits){ .n_classes = -1 };
    if (!text || !*text)
        return FY_OK;
    if (strlen(text) > MOST_BYTES)
        return fyi_fail(FY_EINVAL, "model '%s': its edits have %zu bytes, %d at most", model,
                        strlen(text), MOST_BYTES);
    if (!(out->v = fyi_arena_alloc(arena, (MOST_EDITS + 1) * sizeof *out->v)))
        return fyi_enomem(MOST_EDITS * sizeof *out->v, model);
    for (;;) {
        const size_t n = strcspn(text, ";\n");
        FYI_FORWARD(read_one(&r, text, n));
        if (out->n > MOST_EDITS)
            return fyi_fail(FY_EINVAL, "model '%s': more than %d edits", model, MOST_EDITS);
        if (!text[n])
            return put_all(&r);
        text += n + 1;
    }
}

bool fyi_edits_have(const char *list, const char *one)
{
    const size_t n = strlen(one);
    while (list && *list) {
        const size_t len = strcspn(list, ";");
        if (len == n && memcmp(list, one, n) == 0)
            return true;
        list += len;
        list += strspn(list, "; ");
    }
    return false;
}
