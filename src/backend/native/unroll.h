/* unroll.h: loops over registers, which have to disappear, or the registers become memory. Included by *_avx512.c and
 * *_avx2.c only. */
#ifndef FYI_UNROLL_H
#define FYI_UNROLL_H

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 64")
#endif
#define EACH_BY(i, n, step) UNROLL for (int i = 0; i < (n); i += (step))
#define EACH(i, n) EACH_BY (i, n, 1)
#define INLINE static inline __attribute__((always_inline))

#endif
