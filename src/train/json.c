/* json.c: a number as JSON has it. */
#include "train/json.h"

#include <jansson.h>
#include <math.h>

json_t *fyi_json_of(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}
