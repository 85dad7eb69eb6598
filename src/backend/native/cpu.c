/* cpu.c: asks the processor, and through it the operating system, once per question; the answers
 * are
 * cached by the compiler's runtime. */
#include "backend/native/cpu.h"

#if FYI_X86_64

bool fyi_cpu_has_avx512(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           fyi_cpu_has_avx2();
}

bool fyi_cpu_has_avx2(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

#else

bool fyi_cpu_has_avx512(void)
{
    return false;
}

bool fyi_cpu_has_avx2(void)
{
    return false;
}

#endif
