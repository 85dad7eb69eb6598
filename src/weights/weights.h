/* weights.h: what the readers, the writer and the front door of weights files share.
 *
 *   +-- fy_weights ------------------+
 *   | tensor "conv1.weight"  view    |---> block: a stretch of the file, or of one entry of a zip archive
 *   | tensor "conv1.bias"    view    |---> block
 *   +--------------------------------+
 *
 * A reader fills in the table; nothing but the table is in memory until somebody asks for a tensor. */
#ifndef FYI_WEIGHTS_H
#define FYI_WEIGHTS_H

#include "tensor/tensor.h"

#include <ferry/weights.h>

#define FYI_WEIGHTS_HEADER_LIMIT 100000000u /* safetensors' own */
#define FYI_WEIGHTS_META "__metadata__"

/* A file by Ferry begins its header with this text, 64 digits and a quote. The digits are the SHA-256 of
 * the whole file in which they themselves are zeros: no byte can change unseen. */
#define FYI_WEIGHTS_SEAL "{\"" FYI_WEIGHTS_META "\":{\"ferry.sha256\":\""
#define FYI_WEIGHTS_SEAL_DIGITS 64u

#define FYI_NAME_CHARS 200 /* of a tensor's name in a sentence */

typedef struct fyi_block {
    int entry;   /* of the archive; -1: the file itself */
    uint64_t at; /* from there on */
    uint64_t bytes;
} fyi_block;

typedef struct fyi_tensor_row {
    const char *name;
    fyi_view view;
    fyi_block block;
} fyi_tensor_row;

typedef struct fyi_meta_row {
    const char *key, *value;
} fyi_meta_row;

struct fy_weights {
    const char *name; /* the file's, for sentences */
    const char *format;
    fyi_infile *file;
    fyi_zip *zip;     /* NULL: no archive */
    const char *part; /* which dictionary of tensors was asked for, NULL: none in particular */
    fyi_tensor_row *rows;
    size_t n, cap;
    fyi_tensor_row **by_name; /* [n] */
    fyi_meta_row *meta;
    size_t n_meta, cap_meta;
    fyi_arena texts;
    fyi_block held_block; /* the newest block, kept: neighbours often share one */
    void *held;
};

/* ---- weights.c: for readers ------------------------------------------------------------------------------ */

/* Adds a tensor whose view lies in the block, which lies in the file. The name is copied. */
fy_status fyi_weights_put(fy_weights *w, const char *name, const fyi_view *v, const fyi_block *b);
fy_status fyi_weights_put_meta(fy_weights *w, const char *key, const char *value); /* copied */

/* Tensor i, or of a larger one the leading part of shape s, as F32; s has its rank. */
fy_status fyi_weights_read_leading(fy_weights *w, int i, const fy_shape *s, float *dst);

/* A file in memory, which must outlive the result; `name` is for sentences. */
fy_status fyi_weights_parse(const char *name, const void *file, size_t bytes, fy_weights **out);

/* ---- readers: each fills in a new table for w->file, and w->zip if there is one ---------------------------- */

fy_status fyi_read_safetensors(fy_weights *w); /* safetensors.c */
fy_status fyi_read_npy(fy_weights *w);         /* numpy.c */
fy_status fyi_read_npz(fy_weights *w);
/* torch_zip.c */
bool fyi_is_torch_zip(const fyi_zip *z);
fy_status fyi_read_torch_zip(fy_weights *w);
/* torch_legacy.c */
bool fyi_is_torch_legacy(const fyi_infile *f);
fy_status fyi_read_torch_legacy(fy_weights *w);

#endif
