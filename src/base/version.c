/* version.c: the version as text, from the numbers in the public header. */
#include "base/base.h"

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

const char *fy_version(void)
{
    return TEXT(FY_VERSION_MAJOR) "." TEXT(FY_VERSION_MINOR) "." TEXT(FY_VERSION_PATCH);
}
