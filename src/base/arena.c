/* arena.c: a bump allocator whose blocks are freed as one.
 *
 *   newest block:  [header][item|gap][item|gap] used ...... cap
 *   older blocks:  [header][full]  ->  [header][full]  ->  NULL
 *
 * Under AddressSanitizer the gaps and the free space are poisoned, so that a write past an item
 * stops there and not three items later. */
#include "base/base.h"

#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif

#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#define GAP_BYTES 16u
#define POISON(p, bytes) ASAN_POISON_MEMORY_REGION(p, bytes)
#define UNPOISON(p, bytes) ASAN_UNPOISON_MEMORY_REGION(p, bytes)
#else
#define GAP_BYTES 0u
#define POISON(p, bytes) ((void)(p), (void)(bytes))
#define UNPOISON(p, bytes) ((void)(p), (void)(bytes))
#endif

#define ALIGN_BYTES 16u
#define FIRST_BLOCK_BYTES ((size_t)8 << 10)
#define LAST_BLOCK_BYTES ((size_t)1 << 20)

struct fyi_arena_block {
    struct fyi_arena_block *older;
    size_t cap;
    _Alignas(ALIGN_BYTES) char bytes[];
};

/* Blocks double, so that a small graph stays small and a large one makes few calls. */
static bool add_block(fyi_arena *a, size_t item_bytes)
{
    const size_t doubled = FYI_MIN(FYI_MAX(a->cap * 2, FIRST_BLOCK_BYTES), LAST_BLOCK_BYTES);
    const size_t cap = FYI_MAX(doubled, item_bytes);
    struct fyi_arena_block *b = fyi_alloc(sizeof(*b) + cap);

    if (!b)
        return false;
    b->older = a->blocks;
    b->cap = cap;
    POISON(b->bytes, cap);
    a->blocks = b;
    a->used = 0;
    a->cap = cap;
    return true;
}

void *fyi_arena_alloc(fyi_arena *a, size_t bytes)
{
    size_t item_bytes;
    char *p;

    if (bytes > PTRDIFF_MAX / 2)
        return NULL;
    item_bytes = (FYI_MAX(bytes, 1) + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES + GAP_BYTES;
    if (item_bytes > a->cap - a->used && !add_block(a, item_bytes))
        return NULL;
    p = a->blocks->bytes + a->used;
    a->used += item_bytes;
    UNPOISON(p, bytes);
    return memset(p, 0, bytes);
}

void *fyi_arena_dup(fyi_arena *a, const void *p, size_t bytes)
{
    void *copy = fyi_arena_alloc(a, bytes);

    if (copy && bytes > 0)
        memcpy(copy, p, bytes);
    return copy;
}

char *fyi_arena_printf(fyi_arena *a, const char *fmt, ...)
{
    va_list args;
    char *text;
    int n;

    va_start(args, fmt);
    n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0 || !(text = fyi_arena_alloc(a, (size_t)n + 1)))
        return NULL;
    va_start(args, fmt);
    vsnprintf(text, (size_t)n + 1, fmt, args);
    va_end(args);
    return text;
}

void fyi_arena_release(fyi_arena *a)
{
    struct fyi_arena_block *b = a->blocks;

    while (b) {
        struct fyi_arena_block *older = b->older;

        UNPOISON(b->bytes, b->cap);
        fyi_free(b);
        b = older;
    }
    *a = (fyi_arena){ 0 };
}
