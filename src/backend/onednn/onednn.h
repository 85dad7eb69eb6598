/* onednn.h: what the kernels of this folder share. A kernel is one function that describes its
 * node as a primitive descriptor; proposing, creating, running and destroying are the same for
 * all.
 *
 * The function runs twice: first with layouts left to the library, which writes what it chose
 * into the site, then with the site as the compiler settled it. */
#ifndef FYI_ONEDNN_H
#define FYI_ONEDNN_H

#include "backend/onednn/api.h"
#include "graph/ops/attr.h"

#define FYI_MAX_BOUND 12

typedef enum fyi_from { FYI_FROM_SRC, FYI_FROM_DST } fyi_from;

/* One argument of the primitive and where its memory comes from at each run. */
typedef struct fyi_bound {
    int arg; /* DNNL_ARG_... */
    fyi_from from;
    int i;
} fyi_bound;

typedef struct fyi_maker {
    dnnl_engine_t engine;
    fyi_site *site;
    bool is_final;                 /* layouts are settled */
    fyi_md mds[FYI_MAX_BOUND + 8]; /* owned */
    int n_mds;
    dnnl_post_ops_t post_ops; /* part of attr */
    dnnl_primitive_attr_t attr;
    dnnl_primitive_desc_t hint; /* the forward pass's, where one is asked for */
    dnnl_primitive_desc_t pd;   /* the function's result */
    fyi_bound bound[FYI_MAX_BOUND];
    int n_bound;
    int copied_src; /* copied into dst[0] before the primitive runs; -1 for none */
} fyi_maker;

/* Fills pd and bound; false if the library has no primitive for the node. */
typedef bool (*fyi_make_fn)(fyi_maker *m);

bool fyi_onednn_propose(fy_device *dev, fyi_site *site, fyi_make_fn make);
fy_status fyi_onednn_create(fy_device *dev, const fyi_site *site, fyi_make_fn make, void **state);
fy_status fyi_onednn_run(const fyi_launch *l);
void fyi_onednn_destroy(void *state);

/* Defines fyi_onednn_<op> from the function make_<op> before it. */
#define FYI_ONEDNN_KERNEL(op_name)                                                        \
    static bool propose_##op_name(fy_device *dev, fyi_site *site)                         \
    {                                                                                     \
        return fyi_onednn_propose(dev, site, make_##op_name);                             \
    }                                                                                     \
    static fy_status create_##op_name(fy_device *dev, const fyi_site *site, void **state) \
    {                                                                                     \
        return fyi_onednn_create(dev, site, make_##op_name, state);                       \
    }                                                                                     \
    const fyi_kernel fyi_onednn_##op_name = { .name = "onednn",                           \
                                              .op = &fyi_op_##op_name,                    \
                                              .by_threads = true,                         \
                                              .any_float = true,                          \
                                              .propose = propose_##op_name,               \
                                              .create = create_##op_name,                 \
                                              .run = fyi_onednn_run,                      \
                                              .destroy = fyi_onednn_destroy }

/* While proposing: d, a factor or a result of products, is stored as the plan's precision says; or in f32,
 * which is how sums of products over a batch come. */
void fyi_store_product(const fyi_maker *m, fyi_desc *d);
void fyi_store_sum(const fyi_maker *m, fyi_desc *d);

/* ---- describing, for make functions ---------------------------------------------------------- */

/* The library's choice while proposing, d's layout once settled. */
fyi_md fyi_md_free_choice(fyi_maker *m, const fyi_desc *d);
/* d's layout, also while proposing. */
fyi_md fyi_md_kept(fyi_maker *m, const fyi_desc *d);
/* Sets d's layout to plain, and describes that. */
fyi_md fyi_md_plain(fyi_maker *m, fyi_desc *d);
/* Takes over a descriptor that the maker frees; NULL passes through. */
fyi_md fyi_md_own(fyi_maker *m, fyi_md md);
/* Writes into d how `md` (lent by the primitive descriptor) lies; false if that is no fyi_layout
 * of d's type and shape. */
bool fyi_adopt(fyi_desc *d, fyi_md md);
/* fyi_adopt of what the finished m->pd chose. */
bool fyi_adopt_query(const fyi_maker *m, fyi_desc *d, dnnl_query_t what);
/* True if m->pd stands for a fast implementation; drops it otherwise. Asked for a layout that
 * none of its fast ones takes, the library falls back to loops that are a thousand times slower. */
bool fyi_keep_if_fast(fyi_maker *m);
void fyi_bind(fyi_maker *m, int arg, fyi_from from, int i);
/* Hands over the operations collected in m->post_ops, and empties them. */
bool fyi_set_post_ops(fyi_maker *m);
bool fyi_reset_post_ops(fyi_maker *m);

/* ---- layout.c -------------------------------------------------------------------------------- */

/* NULL if the library cannot describe it. The caller frees. */
fyi_md fyi_md_of(const fyi_desc *d);
bool fyi_md_to_layout(fyi_md md, const fyi_desc *d, fyi_layout *out);
/* Weights [oc, ic/groups, kh, kw] as the library sees them: [groups, oc/groups, ic/groups, kh,
 * kw]. */
fyi_md fyi_md_grouped_any(const fyi_desc *d, int64_t groups);
fyi_md fyi_md_of_grouped(const fyi_desc *d, int64_t groups);
bool fyi_md_to_layout_grouped(fyi_md md, const fyi_desc *d, int64_t groups, fyi_layout *out);

#endif
