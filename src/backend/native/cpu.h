/* cpu.h: what this processor can do, asked at run time; and where the fast files exist at all. */
#ifndef FYI_CPU_H
#define FYI_CPU_H

#include <stdbool.h>

/* Files named *_avx512.c and *_avx2.c are compiled on x86-64 only. */
#if defined(__x86_64__)
#define FYI_X86_64 1
#else
#define FYI_X86_64 0
#endif

/* AVX-512 F, BW, DQ and VL, as every *_avx512.c assumes. */
bool fyi_cpu_has_avx512(void);
/* AVX2 and FMA. */
bool fyi_cpu_has_avx2(void);

#endif
