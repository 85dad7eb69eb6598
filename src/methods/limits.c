/* limits.c: options that are numbers: what they are called, and what they may be. */
#include "limits.h"

fy_status limits_check(const char *method, const limit *l, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(l[i].value >= l[i].least && l[i].value <= l[i].most))
            return fy_error(FY_EINVAL, "%s: %s is %g; expected %g to %g", method, l[i].name,
                            l[i].value, l[i].least, l[i].most);
    return FY_OK;
}
