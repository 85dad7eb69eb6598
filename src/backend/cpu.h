/* cpu.h: what this processor can do, asked at run time; and where the fast files exist at all. */
#ifndef FYI_CPU_H
#define FYI_CPU_H

#include "base/base.h"

/* Files named *_avx512.c and *_avx2.c are compiled on x86-64 only. */
#if defined(__x86_64__)
#define FYI_X86_64 1
#else
#define FYI_X86_64 0
#endif

/* The environment's FY_CPU, "x86-64", "avx2" or "avx512", is the most that these answers admit. FY_EINVAL for another
 * word, which would otherwise go unnoticed. */
fy_status fyi_cpu_check(void);

/* Instructions that multiply bf16, besides AVX-512. */
bool fyi_cpu_has_bf16(void);
/* AVX-512 F, BW, DQ and VL, as every *_avx512.c assumes. */
bool fyi_cpu_has_avx512(void);
/* AVX2 and FMA. */
bool fyi_cpu_has_avx2(void);

/* "AVX-512 with bf16" */
const char *fyi_cpu_instructions(void);
/* The maker's name for the processor, "" where it cannot be asked. */
const char *fyi_cpu_model(void);

#endif
