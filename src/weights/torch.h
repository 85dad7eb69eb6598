/* torch.h: what the two readers of PyTorch's files share. */
#ifndef FYI_TORCH_H
#define FYI_TORCH_H

#include "weights/pickle.h"
#include "weights/weights.h"

#define FYI_PICKLE_LIMIT ((uint64_t)64 << 20) /* bytes; a network's takes some thousands */

/* torch_names.c: the names that a pickle may ask for. `arg` is the state below. */
typedef struct fyi_torch {
    const char *name; /* the file's */
    fyi_arena *arena;
    bool is_old; /* the form before 1.6: storages may be views, and all that are met are noted */
    const fyi_storage **seen; /* [n_seen]; fyi_free */
    size_t n_seen, cap_seen;
} fyi_torch;
fyi_pickle_hooks fyi_torch_hooks(fyi_torch *t);

/* torch_dict.c: finds the dictionary of tensors and puts them into w's table. `place` says where a storage's
 * numbers lie; b->bytes must be those of all its numbers. */
typedef fy_status (*fyi_place_fn)(void *arg, const fyi_storage *s, fyi_block *b);
fy_status fyi_torch_put(fy_weights *w, const fyi_value *root, bool is_swapped, fyi_place_fn place,
                        void *arg);

#endif
