/* A compiled plan: launches in order, buffers with their places, and the parameters it shares. */
#ifndef FYI_PLAN_H
#define FYI_PLAN_H

#include "graph/kernel.h"
#include "graph/ops/attr.h"
#include "graph/param.h"
#include "graph/passes/recompute.h"

typedef enum fyi_store {
    FYI_STORE_BLOCK, /* in the one planned block; memory is reused after the last reader */
    FYI_STORE_OWN, /* its own for the plan's life: parameters in device layout, state, folded values */
    FYI_STORE_LENT, /* somebody else's: a fed batch, a parameter's plain data */
} fyi_store;

typedef struct fyi_buffer {
    fyi_store store;
    size_t bytes;
    void *ptr;
    int32_t first, last; /* launches that define it and read it last */
    int32_t same_as;     /* the buffer whose memory it takes over, -1 if none */
    size_t offset;       /* in the block */
} fyi_buffer;

/* A value in one layout. A value can have several: the one it was produced in, and reordered copies. */
typedef struct fyi_variant {
    fyi_desc desc;
    int32_t buffer;
    int32_t next; /* -1 ends the list */
} fyi_variant;

/* One kernel of the step. */
typedef struct fyi_run {
    const fyi_kernel *kernel;
    fyi_site site;
    int32_t node; /* that it runs, 0 for a reorder */
    void *state;
    int32_t *src_buffer, *dst_buffer; /* [n_src], [n_dst] */
    void **src, **dst;                /* the same as pointers */
    int32_t scratch;                  /* buffer, -1 if none */
    bool once; /* depends on frozen parameters only: runs when one of them was written */
    double seconds;
} fyi_run;

/* A layout change outside the step: a parameter pulled in or put back. */
typedef struct fyi_mover {
    const fyi_kernel *kernel;
    fyi_site site;
    fyi_desc desc[2]; /* from, to */
    void *state;
    void *scratch;
} fyi_mover;

/* A parameter as this plan sees it. */
typedef struct fyi_slot {
    fy_param *param;
    fyi_id use;
    bool moved;
    bool direct;      /* works on the parameter's own data */
    uint64_t version; /* of the value it holds */
    int32_t buffer;
    fyi_mover in, out;
} fyi_slot;

typedef struct fyi_input {
    fyi_id value;
    const char *name;
    const void *fed;
    bool own; /* copied at the start of a step: scalars, and floats on a device that stores f64 */
    int32_t buffer;
} fyi_input;

typedef struct fyi_plan_state {
    fyi_id value;
    const char *name;
} fyi_plan_state;

struct fy_plan {
    fyi_program program;
    fy_device *dev;
    fyi_arena arena;
    fy_dtype precision; /* FY_F32, or FY_BF16 where kernels may store so */
    uint64_t seed, steps;
    bool ran;          /* at least once, so that outputs hold something */
    bool settled_once; /* the `once` launches are up to date with the frozen parameters */
    bool is_measured;  /* fy_plan_measure */

    int32_t *variant_of; /* [n_values] first variant, -1 undecided */
    bool *fixed;         /* [n_values] depends on frozen parameters and constants only */
    bool *is_output;     /* [n_values] */
    size_t n_values;

    fyi_variant *variants;
    size_t n_variants, cap_variants;
    fyi_buffer *buffers;
    size_t n_buffers, cap_buffers;
    fyi_run *runs;
    size_t n_runs, cap_runs;
    fyi_slot *slots;
    size_t n_slots, cap_slots;
    fyi_input *inputs;
    size_t n_inputs, cap_inputs;
    fyi_plan_state *states;
    size_t n_states, cap_states;

    void *block;
    fy_plan_info info;
};

/* What a plan is made from. */
typedef struct fyi_plan_of {
    const fy_graph *g;
    fy_device *dev;
    const fy_plan_opts *o;
} fyi_plan_of;
/* plan.c: all but the memory. `dropping` NULL: everything is kept; else it says what is not, and its program, that of a
 * plan of the same `of` which keeps everything, is where compiling begins. */
fy_status fyi_plan_compile(const fyi_plan_of *of, const fyi_course *dropping, fy_plan **out);
/* place.c: kernels and layouts for the nodes in execution order. */
fy_status fyi_plan_place(fy_plan *p);
/* lifetime.c: an offset for every buffer, and then memory: fyi_plan_take_memory (graph/frozen.h). */
fy_status fyi_plan_lay_out(fy_plan *p);
/* The buffer whose memory b uses after in-place merging. */
int32_t fyi_buffer_root(const fy_plan *p, int32_t b);

/* measure.c: by fy_plan_measure or by the dial. */
bool fyi_plan_is_measured(const fy_plan *p);

/* mover.c */
fy_status fyi_mover_init(fyi_mover *m, fy_device *dev, const fyi_desc *from, const fyi_desc *to);
fy_status fyi_mover_run(const fyi_mover *m, fy_device *dev, const void *from, void *to);
void fyi_mover_release(fyi_mover *m);
/* debug.c: each looks at the dial itself. */
void fyi_debug_plan(const fy_plan *p);
void fyi_debug_times(const fy_plan *p);
void fyi_debug_graph(const fyi_program *p, const char *pass);
/* FY_ENAN if the run has just left a value that is not finite. Asked at level 4 only. */
fy_status fyi_debug_values(const fy_plan *p, const fyi_run *r);

/* The three in one, for what happens outside steps. */
fy_status fyi_convert(fy_device *dev, const fyi_desc *from, const void *src, const fyi_desc *to,
                      void *dst);

#endif
