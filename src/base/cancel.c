/* cancel.c: the flag that this thread's long calls look at between their pieces.
 *
 * Per thread, like the error record: work that knows no run, a prediction or a clustering, still stops for the
 * one that it is done for. */
#include "base/base.h"

static _Thread_local const volatile sig_atomic_t *asked;

const volatile sig_atomic_t *fy_cancel_set(const volatile sig_atomic_t *flag)
{
    const volatile sig_atomic_t *before = asked;

    asked = flag;
    return before;
}

bool fyi_is_asked_to_stop(void)
{
    return asked != NULL && *asked != 0;
}

fy_status fyi_stop_if_asked(const char *what)
{
    return fyi_is_asked_to_stop() ? fyi_fail(FY_ECANCELED, "stopped while %s", what) : FY_OK;
}
