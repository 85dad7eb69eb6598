/* alloc.c: the one door to heap memory.
 *
 * The allocator behind it can be replaced (fy_allocator_set) and its calls are counted, so that
 * tests can fail the n-th call and can prove that a step allocates nothing. */
#include "base/base.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

#define LINE_BYTES 64u               /* a cache line, and the widest vector load */
#define HUGE_BYTES ((size_t)2 << 20) /* a huge page of x86-64 and of most arm64 kernels */

/* Not aligned_alloc: that asks for whole multiples of the alignment, and the padding would hide a
 * write past the end from AddressSanitizer. */
static void *libc_alloc(void *arg, size_t bytes, size_t align)
{
    void *p = NULL;

    (void)arg;
    return posix_memalign(&p, align, bytes) == 0 ? p : NULL;
}

static void libc_free(void *arg, void *p)
{
    (void)arg;
    free(p);
}

static const fy_allocator libc_allocator = { libc_alloc, libc_free, NULL };
static fy_allocator allocator = { libc_alloc, libc_free, NULL };
static _Atomic uint64_t n_calls;

void fy_allocator_set(const fy_allocator *a)
{
    allocator = a ? *a : libc_allocator;
}

uint64_t fy_alloc_count(void)
{
    return atomic_load_explicit(&n_calls, memory_order_relaxed);
}

static void *alloc_aligned(size_t bytes, size_t align)
{
    atomic_fetch_add_explicit(&n_calls, 1, memory_order_relaxed);
    /* Above this, pointer differences inside the block would overflow. */
    if (bytes > PTRDIFF_MAX)
        return NULL;
    return allocator.alloc(allocator.arg, bytes ? bytes : 1, align);
}

void *fyi_alloc(size_t bytes)
{
    return alloc_aligned(bytes, LINE_BYTES);
}

void *fyi_calloc(size_t n, size_t size)
{
    size_t bytes;
    void *p;

    if (fyi_mul_overflows(n, size, &bytes))
        return NULL;
    p = fyi_alloc(bytes);
    return p ? memset(p, 0, bytes) : NULL;
}

void *fyi_realloc(void *p, size_t old_bytes, size_t new_bytes)
{
    void *q = fyi_alloc(new_bytes);

    if (!q)
        return NULL;
    if (p)
        memcpy(q, p, FYI_MIN(old_bytes, new_bytes));
    fyi_free(p);
    return q;
}

char *fyi_strdup(const char *s)
{
    const size_t bytes = strlen(s) + 1;
    char *copy = fyi_alloc(bytes);

    return copy ? memcpy(copy, s, bytes) : NULL;
}

void fyi_free(void *p)
{
    if (p)
        allocator.free(allocator.arg, p);
}

/* Huge pages must be asked for before the first touch, which is why this function also zeroes. */
void *fyi_alloc_block(size_t bytes)
{
    const bool is_large = bytes >= HUGE_BYTES;
    void *p = alloc_aligned(bytes, is_large ? HUGE_BYTES : LINE_BYTES);

    if (!p)
        return NULL;
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (is_large)
        (void)madvise(p, bytes, MADV_HUGEPAGE); /* a wish: slower without, never wrong */
#endif
    return memset(p, 0, bytes);
}

bool fyi_mul_overflows(size_t a, size_t b, size_t *product)
{
    return __builtin_mul_overflow(a, b, product);
}
