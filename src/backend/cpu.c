/* cpu.c: asks the processor, and through it the operating system; the compiler's runtime keeps the answers. */
#include "backend/cpu.h"

#include <stdlib.h>
#include <string.h>

#if FYI_X86_64

#include <cpuid.h>

static const char *const levels[] = { "x86-64", "avx2", "avx512", "avx512-bf16" };

static size_t level_of(const char *name)
{
    size_t i = 0;
    while (i < FYI_LEN(levels) && strcmp(levels[i], name) != 0)
        i++;
    return i;
}

fy_status fyi_cpu_check(void)
{
    const char *most = getenv("FY_CPU");
    if (most && level_of(most) == FYI_LEN(levels))
        return fyi_fail(
            FY_EINVAL,
            "FY_CPU is '%s'; expected x86-64, avx2, avx512 or avx512-bf16, or leave it unset", most);
    return FY_OK;
}

static bool is_allowed(const char *level)
{
    const char *most = getenv("FY_CPU");
    return !most || level_of(level) <= level_of(most);
}

bool fyi_cpu_has_bf16(void)
{
    __builtin_cpu_init();
    return is_allowed("avx512-bf16") && __builtin_cpu_supports("avx512bf16") && fyi_cpu_has_avx512();
}

bool fyi_cpu_has_avx512(void)
{
    __builtin_cpu_init();
    return is_allowed("avx512") && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && fyi_cpu_has_avx2();
}

bool fyi_cpu_has_avx2(void)
{
    __builtin_cpu_init();
    return is_allowed("avx2") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

const char *fyi_cpu_instructions(void)
{
    return fyi_cpu_has_bf16()     ? "AVX-512 with bf16"
           : fyi_cpu_has_avx512() ? "AVX-512"
           : fyi_cpu_has_avx2()   ? "AVX2"
                                  : "SSE2";
}

const char *fyi_cpu_model(void)
{
    static _Thread_local char name[49];
    unsigned part[4];
    for (unsigned i = 0; i < 3; i++) {
        if (!__get_cpuid(0x80000002u + i, &part[0], &part[1], &part[2], &part[3]))
            return "";
        memcpy(name + 16 * i, part, 16);
    }
    return name;
}

#else

fy_status fyi_cpu_check(void)
{
    return FY_OK;
}

bool fyi_cpu_has_bf16(void)
{
    return false;
}

bool fyi_cpu_has_avx512(void)
{
    return false;
}

bool fyi_cpu_has_avx2(void)
{
    return false;
}

const char *fyi_cpu_instructions(void)
{
#if defined(__aarch64__)
    return "ARM64";
#else
    return "portable C";
#endif
}

const char *fyi_cpu_model(void)
{
    return "";
}

#endif
