/* lifetime.c: memory. A buffer lives from the run that writes it to the run that reads it last; buffers
 * whose lives do not meet share an offset in one block. Largest first, lowest fitting offset: close to the
 * best for networks, whose big buffers nest. */
#include "graph/frozen.h"
#include "graph/plan.h"

#include <stdlib.h>
#include <string.h>

#define ALIGN 64

int32_t fyi_buffer_root(const fy_plan *p, int32_t b)
{
    while (p->buffers[b].same_as >= 0)
        b = p->buffers[b].same_as;
    return b;
}

static void touch(fy_plan *p, int32_t b, int32_t at)
{
    fyi_buffer *x = &p->buffers[b];
    if (x->first < 0)
        x->first = at;
    x->last = FYI_MAX(x->last, at);
}

static void mark_lives(fy_plan *p)
{
    for (size_t i = 0; i < p->n_runs; i++) {
        const fyi_run *r = &p->runs[i];
        for (int k = 0; k < r->site.n_src; k++)
            touch(p, r->src_buffer[k], (int32_t)i);
        for (int k = 0; k < r->site.n_dst; k++)
            touch(p, r->dst_buffer[k], (int32_t)i);
        if (r->scratch >= 0)
            touch(p, r->scratch, (int32_t)i);
    }
    for (size_t v = 1; v < p->n_values; v++)
        for (int32_t k = p->is_output[v] ? p->variant_of[v] : -1; k >= 0; k = p->variants[k].next)
            touch(p, p->variants[k].buffer, (int32_t)p->n_runs); /* read after the step */
}

/* A run whose first source dies there may write over it. */
static void merge_in_place(fy_plan *p, int32_t at)
{
    const fyi_run *r = &p->runs[at];
    if (!r->site.inplace || r->once || r->site.n_src < 1)
        return;
    const int32_t from = fyi_buffer_root(p, r->src_buffer[0]), to = r->dst_buffer[0];
    fyi_buffer *a = &p->buffers[from], *b = &p->buffers[to];
    for (int k = 1; k < r->site.n_src; k++)
        if (fyi_buffer_root(p, r->src_buffer[k]) == from)
            return;
    if (a->store != FYI_STORE_BLOCK || b->store != FYI_STORE_BLOCK || a->last != at ||
        a->bytes != b->bytes || from == to)
        return;
    b->same_as = from;
    a->last = b->last;
}

static int by_size(const void *x, const void *y)
{
    const fyi_buffer *a = *(fyi_buffer *const *)x, *b = *(fyi_buffer *const *)y;
    if (a->bytes != b->bytes)
        return a->bytes < b->bytes ? 1 : -1;
    return a->first != b->first ? (a->first > b->first ? 1 : -1) : (a > b) - (a < b);
}

static size_t rounded(size_t bytes)
{
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

static bool meet(const fyi_buffer *a, const fyi_buffer *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* The lowest offset where b fits beside the ones already placed and alive with it. placed[] is sorted by
 * offset. */
static size_t find_offset(fyi_buffer *const *placed, size_t n, const fyi_buffer *b)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        if (!meet(placed[i], b))
            continue;
        if (at + rounded(b->bytes) <= placed[i]->offset)
            break;
        at = FYI_MAX(at, placed[i]->offset + rounded(placed[i]->bytes));
    }
    return at;
}

static void insert_by_offset(fyi_buffer **placed, size_t n, fyi_buffer *b)
{
    size_t i = n;
    for (; i > 0 && placed[i - 1]->offset > b->offset; i--)
        placed[i] = placed[i - 1];
    placed[i] = b;
}

/* Offsets for the block's buffers; the block's size in info. */
static fy_status place_in_block(fy_plan *p)
{
    fyi_buffer **todo = fyi_calloc(2 * FYI_MAX(p->n_buffers, (size_t)1), sizeof *todo);
    if (!todo)
        return fyi_enomem(p->n_buffers * sizeof *todo, "the memory plan");
    fyi_buffer **placed = todo + p->n_buffers;
    size_t n = 0;
    for (size_t i = 0; i < p->n_buffers; i++) {
        fyi_buffer *b = &p->buffers[i];
        if (b->store == FYI_STORE_BLOCK && b->same_as < 0 && b->first >= 0)
            todo[n++] = b;
        if (b->store == FYI_STORE_BLOCK)
            p->info.unplanned_bytes += rounded(b->bytes);
    }
    qsort(todo, n, sizeof *todo, by_size);
    for (size_t i = 0; i < n; i++) {
        todo[i]->offset = find_offset(placed, i, todo[i]);
        insert_by_offset(placed, i, todo[i]);
        const size_t end = todo[i]->offset + rounded(todo[i]->bytes);
        p->info.activation_bytes = FYI_MAX(p->info.activation_bytes, end);
    }
    fyi_free(todo);
    return FY_OK;
}

/* What is not in the block: the plan's own buffers, and the parameters where their models keep them. */
static void count_the_rest(fy_plan *p)
{
    fy_plan_info *info = &p->info;
    for (size_t i = 0; i < p->n_buffers; i++)
        if (p->buffers[i].store == FYI_STORE_OWN)
            info->persistent_bytes += rounded(p->buffers[i].bytes);
    info->total_bytes = info->activation_bytes + info->persistent_bytes;
    for (size_t i = 0; i < p->n_slots; i++)
        info->total_bytes += fyi_shape_bytes(&p->slots[i].param->shape, FY_F32);
    info->unlimited_bytes = info->total_bytes;
    for (size_t i = 0; i < p->n_runs; i++) {
        const fyi_run *r = &p->runs[i];
        info->scratch_bytes = FYI_MAX(info->scratch_bytes, r->site.scratch_bytes);
        info->n_kernels += !r->once;
        info->n_values += !r->once && r->node;
    }
}

fy_status fyi_plan_lay_out(fy_plan *p)
{
    mark_lives(p);
    for (size_t i = 0; i < p->n_runs; i++)
        merge_in_place(p, (int32_t)i);
    FYI_FORWARD(place_in_block(p));
    count_the_rest(p);
    return FY_OK;
}

fy_status fyi_plan_take_memory(fy_plan *p)
{
    p->block = fyi_alloc_block(FYI_MAX(p->info.activation_bytes, (size_t)ALIGN));
    if (!p->block)
        return fyi_enomem(p->info.activation_bytes, "a plan's activations");
    for (size_t i = 0; i < p->n_buffers; i++) {
        fyi_buffer *b = &p->buffers[i];
        if (b->store != FYI_STORE_OWN)
            continue;
        if (!(b->ptr = fyi_alloc_block(rounded(FYI_MAX(b->bytes, (size_t)1)))))
            return fyi_enomem(b->bytes, "a plan's parameters");
    }
    for (size_t i = 0; i < p->n_buffers; i++)
        if (p->buffers[i].store == FYI_STORE_BLOCK)
            p->buffers[i].ptr = (char *)p->block + p->buffers[fyi_buffer_root(p, (int32_t)i)].offset;
    return FY_OK;
}
