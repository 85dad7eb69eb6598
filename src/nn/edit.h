/* edit.h: changes to a model's layers by name: how they are said, and how they are made while layers are added. */
#ifndef FYI_EDIT_H
#define FYI_EDIT_H

#include "base/base.h"

#include <ferry/nn.h>

typedef enum fyi_layer_kind {
    FYI_LAYER_CONV,
    FYI_LAYER_LINEAR,
    FYI_LAYER_NORM,
    FYI_LAYER_ACTIVATION,
    FYI_LAYER_DROPOUT,
    FYI_LAYER_MLP, /* a linear layer of k outputs, ReLU, a linear layer of oc */
    FYI_LAYER_NONE,
} fyi_layer_kind;

/* One layer, as its caller or an edit wants it. */
typedef struct fyi_layer {
    fyi_layer_kind kind;
    int64_t oc, k;     /* outputs; the window, or an MLP's hidden outputs */
    fy_conv_opts conv; /* stride 0 in an edit: that of the convolution it replaces, or 1 */
    bool is_row;       /* the window is 1 x k */
    bool bias, is_identity;
    bool is_head;           /* the model's last */
    float p;                /* of dropout */
    const char *activation; /* as in fy_layer_activation */
} fyi_layer;

typedef enum fyi_edit_kind {
    FYI_EDIT_DROP,
    FYI_EDIT_REPLACE,
    FYI_EDIT_BEFORE,
    FYI_EDIT_AFTER,
    FYI_EDIT_HEAD,
} fyi_edit_kind;

typedef struct fyi_edit {
    fyi_edit_kind kind;
    const char *target; /* full name; "" of a head */
    const char *as;     /* what is inserted is called, beside its target; NULL: nothing is */
    fyi_layer layer;
    const char *text; /* as it is saved */
    bool is_met;      /* the layer was there */
} fyi_edit;

typedef struct fyi_edits {
    fyi_edit *v; /* in an arena, like all texts */
    size_t n;
    const char *text;  /* of all, "; " between them; NULL: none */
    int64_t n_classes; /* what a head says; -1: nothing */
} fyi_edits;

/* edit_text.c: FY_EINVAL for what is no edit. `text` may be NULL. Of edits that say what becomes of one layer the last
 * one holds. */
fy_status fyi_edits_read(const char *model, const char *text, fyi_arena *arena, fyi_edits *out);
/* Is `one` among the edits of a list as it is saved? */
bool fyi_edits_have(const char *list, const char *one);

/* ---- outline.c: a model's layers and blocks before they are changed -------------------------------------- */

typedef struct fyi_outline_row {
    const char *name;
    bool is_block, is_head;
    int64_t in;               /* a layer's channels or features; 0: any */
    int32_t first, last, out; /* a block's values, and the one it gives */
    bool is_leaky;            /* what else a block computes is read behind it */
} fyi_outline_row;

typedef struct fyi_outline {
    fyi_arena texts;
    fyi_outline_row *rows;
    size_t n, cap;
    fy_shape output;  /* of one sample */
    char failed[160]; /* the block in which building the edited model failed; "" outside of any */
} fyi_outline;

void fyi_outline_release(fyi_outline *o);
fyi_outline_row *fyi_outline_find(const fyi_outline *o, const char *name);
fy_status fyi_outline_add(fyi_outline *o, const fyi_outline_row *row); /* the name is copied */
/* All is built: which blocks are leaky. */
void fyi_outline_finish(fyi_outline *o, const fy_graph *g);
/* Before the edited model is built: do names clash, can blocks be taken out, is the head left to "head"? */
fy_status fyi_outline_check(const fyi_outline *o, const char *model, const fyi_edits *e);
/* After it was: was every layer there? */
fy_status fyi_outline_check_met(const fyi_outline *o, const char *model, const fyi_edits *e);

/* ---- edit.c: while layers are added ---------------------------------------------------------------------- */

/* x with all layers inserted before or after `name`, a layer or a block of the open scope. */
fy_node fyi_edit_insert(fy_layers *l, fyi_edit_kind where, const char *name, fy_node x);
/* What becomes of `name` instead; NULL: it stays. */
const fyi_edit *fyi_edit_of(fy_layers *l, const char *name, bool is_head);
/* The layer that e puts in the place of `was`, which is NULL for a block. */
fy_node fyi_edit_put(fy_layers *l, const fyi_edit *e, const char *name, fy_node x,
                     const fyi_layer *was);
/* FYI_LAYER_MLP */
fy_node fyi_edit_mlp(fy_layers *l, const char *name, fy_node x, const fyi_layer *layer);
/* A layer that stays: in the outline, or held against it. */
void fyi_edit_note(fy_layers *l, const char *name, fy_node x, const fyi_layer *layer);
/* The block `name` is about to be entered: what of it is taken out or put before it is remembered for when it is left. */
void fyi_edit_enter(fy_layers *l, const char *name);
/* It was left: what it gives. x is already named. */
fy_node fyi_edit_leave(fy_layers *l, const char *name, fy_node x);

#endif
