/* pickle.h: a pickle read by a stack machine that builds values and calls nothing.
 *
 * Protocols 2 to 5, the part of them that plain data needs. A pickle asks for functions by name ("global") and has
 * them called; here both go to the caller's hooks, which know a short list and refuse the rest. */
#ifndef FYI_PICKLE_H
#define FYI_PICKLE_H

#include "tensor/tensor.h"

typedef enum fyi_kind {
    FYI_NONE,
    FYI_BOOL,
    FYI_INT,
    FYI_LONG, /* an integer of more than 64 bits, as its bytes */
    FYI_FLOAT,
    FYI_TEXT,
    FYI_LIST,
    FYI_TUPLE,
    FYI_DICT,
    FYI_GLOBAL,
    FYI_STORAGE,
    FYI_TENSOR,
} fyi_kind;

typedef struct fyi_value fyi_value;

/* Of the hooks' making: where numbers lie, and which of them a tensor is. */
typedef struct fyi_storage {
    const char *key;
    const fyi_stored *stored; /* NULL: bytes of no type */
    int64_t numel;            /* numbers, or bytes */
    int64_t offset;           /* of a view of another storage, in numbers */
} fyi_storage;

typedef struct fyi_strided {
    const fyi_value *storage;
    fyi_view view;
} fyi_strided;

struct fyi_value {
    fyi_kind kind;
    size_t n; /* bytes of a text, items of a list or tuple, pairs of a dictionary */
    union {
        int64_t i; /* FYI_INT, FYI_BOOL */
        double f;
        const char *text; /* [n], and a NUL */
        struct {
            fyi_value **items; /* [n], of a dictionary [2 n]: key, value, key, value */
            size_t cap;
        };
        const void *global; /* the hooks' */
        fyi_storage storage;
        fyi_strided *tensor;
    };
};

typedef struct fyi_pickle_hooks {
    /* *out stays NULL for a name that is not known: the machine refuses it. */
    fy_status (*find)(void *arg, const char *module, const char *name, const void **out);
    fy_status (*call)(void *arg, const void *global, const fyi_value *args, fyi_value *out);
    fy_status (*load)(void *arg, const fyi_value *id, fyi_value *out); /* a persistent id */
    void *arg;
} fyi_pickle_hooks;

/* Reads one pickle from byte *at of f, of at most `end`, and moves *at behind it. Values live in `arena`. */
fy_status fyi_pickle_read(const fyi_infile *f, uint64_t *at, uint64_t end,
                          const fyi_pickle_hooks *hooks, fyi_arena *arena, fyi_value **out);

/* The newest value under a text, NULL if there is none or d is no dictionary. */
const fyi_value *fyi_value_get(const fyi_value *d, const char *key);
bool fyi_value_is_text(const fyi_value *v, const char *text);

#endif
