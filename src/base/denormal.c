/* denormal.c: numbers too small for a normal exponent count as zero during a step.
 *
 * Gradients of a model that has become sure lie below 1e-38, and a processor takes some hundred cycles for each
 * operation that meets such a number. The mode belongs to a thread, so the compute threads are set one by one;
 * afterwards they have the caller's again. A thread that is started in between has its starter's. */
#include "base/base.h"

#if defined(__SSE2__)

#include <xmmintrin.h>

#define FLUSH 0x8040u /* results (bit 15, FTZ) and operands (bit 6, DAZ) */

static fyi_fp_mode get_mode(void)
{
    return _mm_getcsr();
}

static void set_mode(fyi_fp_mode mode)
{
    _mm_setcsr((unsigned)mode);
}

#elif defined(__aarch64__)

#define FLUSH (1u << 24) /* FPCR.FZ */

static fyi_fp_mode get_mode(void)
{
    fyi_fp_mode mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
}

static void set_mode(fyi_fp_mode mode)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(mode));
}

#else

#define FLUSH 0u

static fyi_fp_mode get_mode(void)
{
    return 0;
}

static void set_mode(fyi_fp_mode mode)
{
    (void)mode;
}

#endif

static void set_own(void *mode)
{
    set_mode(*(const fyi_fp_mode *)mode);
}

fyi_fp_mode fyi_flush_denormals(void)
{
    const fyi_fp_mode before = get_mode();
    fyi_fp_mode flushing = before | FLUSH;
    fyi_each_thread(set_own, &flushing);
    return before;
}

void fyi_restore_denormals(fyi_fp_mode before)
{
    fyi_each_thread(set_own, &before);
}
