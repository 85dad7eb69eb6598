/* What a backend fills in: layouts, kernels, the device. The graph calls only through these structs and
 * never includes a backend. */
#ifndef FYI_KERNEL_H
#define FYI_KERNEL_H

#include "graph/graph.h"

/* ---- layouts ------------------------------------------------------------------------------------- */

#define FYI_MAX_INNER 4

/* How a value's elements lie in memory: dense, the axes in `outer` order from slowest to fastest, then
 * the inner blocks from outermost to innermost. Sizes are padded up to a multiple of the product of their
 * blocks, and the padding holds zeros.
 *   plain [n,c,h,w]     outer 0 1 2 3
 *   channels last       outer 0 2 3 1
 *   nChw16c             outer 0 1 2 3, inner (1,16)
 *   OIhw16i16o          outer 0 1 2 3, inner (1,16) (0,16) */
typedef struct fyi_layout {
    uint8_t rank;
    uint8_t n_inner;
    uint8_t outer[FY_MAX_RANK];
    uint8_t inner_axis[FYI_MAX_INNER];
    uint8_t inner_size[FYI_MAX_INNER];
} fyi_layout;

fyi_layout fyi_layout_plain(int rank);
/* Rank 4 with `block` channels innermost: nChw16c for 16. */
fyi_layout fyi_layout_channel_block(int rank, int block);
bool fyi_layout_equal(const fyi_layout *a, const fyi_layout *b);
bool fyi_layout_is_plain(const fyi_layout *l);
/* Size of each axis rounded up to its blocks. */
fy_shape fyi_layout_padded(const fyi_layout *l, const fy_shape *s);
/* Elements, padding included. */
int64_t fyi_layout_numel(const fyi_layout *l, const fy_shape *s);
/* Where the element at logical index `at` lies. Slow: for reference loops and reorders. */
int64_t fyi_layout_offset(const fyi_layout *l, const fy_shape *s, const int64_t *at);
/* "nChw16c" style text: "abcd", "aBcd16b" */
const char *fyi_layout_text(const fyi_layout *l, char buf[32]);

/* A value as a kernel meets it. */
typedef struct fyi_desc {
    fy_dtype dtype; /* as stored: the ref device keeps floats as f64 */
    fy_shape shape;
    fyi_layout layout;
} fyi_desc;

bool fyi_desc_equal(const fyi_desc *a, const fyi_desc *b);
fyi_desc fyi_desc_plain(fy_dtype t, const fy_shape *s);
/* Bytes of storage, padding included. */
size_t fyi_desc_bytes(const fyi_desc *d);

/* ---- kernels --------------------------------------------------------------------------------------- */

/* A node offered to a kernel. The compiler fills it with how the sources lie now and with plain
 * destinations; propose() may ask for other layouts and for other floating types: how a value is stored is
 * nobody's business but that of the kernels that write and read it. */
typedef struct fyi_site {
    const fyi_op *op;
    const void *attr;
    const char *name;
    fy_dtype precision; /* FY_BF16: matrix products and convolutions may take and give bf16 */
    int n_src, n_dst;
    fyi_desc *src; /* layouts in: current; out: wanted. A reorder is inserted where they differ */
    fyi_desc *dst; /* layouts out: produced */
    size_t scratch_bytes; /* out: memory during run(), from the plan's block, 64-byte aligned */
    bool inplace; /* out: dst[0] may be src[0]'s memory (set by default for FYI_OP_INPLACE) */
} fyi_site;

/* One run. Pointers may change from step to step for fed inputs. */
typedef struct fyi_launch {
    fy_device *dev;
    const fyi_site *site;
    void *state; /* what create() made, NULL without create() */
    void *const *src;
    void *const *dst;
    void *scratch;
    uint64_t seed, step; /* for random operators */
} fyi_launch;

typedef struct fyi_kernel {
    const char *name; /* "onednn", "native-winograd", "ref"; no other for the same operator has it */
    const fyi_op *op;
    bool by_threads; /* the same results for the same number of compute threads only */
    bool any_float;  /* meets sources stored as bf16; others are offered dev->float_store */
    /* True if it takes the node as described after its changes to the site. May be called more than once. */
    bool (*propose)(fy_device *dev, fyi_site *site);
    fy_status (*create)(fy_device *dev, const fyi_site *site, void **state); /* optional */
    fy_status (*run)(const fyi_launch *l);
    void (*destroy)(void *state); /* optional */
} fyi_kernel;

/* ---- devices ------------------------------------------------------------------------------------------ */

typedef struct fyi_kernel_times fyi_kernel_times; /* backend/timing.c */

struct fy_device {
    const char *name;
    char text[160];
    char basis[160]; /* of it, what results may depend on whatever the kernel: all but the threads */
    const fyi_kernel *const *kernels; /* best first, NULL-terminated */
    fy_dtype float_store;             /* FY_F32, or FY_F64 on the ref device */
    fy_dtype precision;               /* fy_device_set_precision */
    fyi_kernel_times *times;          /* NULL: kernels are chosen by the order of their list */
    size_t memory;                    /* fy_device_set_memory */
    bool has_bf16;                    /* instructions that multiply bf16 */
    bool flushes; /* denormal numbers count as zero during a step (base/denormal.c) */
    void *ctx;    /* the kernels' library's own: engine and stream */
    void (*close)(fy_device *dev);
};

/* The first kernel that takes the node; NULL if none. `site` is left as that kernel wants it. Where no fast one
 * takes it at site->precision, it is offered at f32. */
const fyi_kernel *fyi_kernel_find(fy_device *dev, fyi_site *site);
/* True if a kernel other than "ref" takes a node of g: what the fusion pass asks before it fuses. */
bool fyi_kernel_is_fast(fy_device *dev, fy_dtype precision, const fy_graph *g, const fyi_node *n);
/* How a device keeps a value of the graph before any kernel asked for more. */
fyi_desc fyi_desc_stored(const fy_device *dev, const fyi_spec *s);

#endif
