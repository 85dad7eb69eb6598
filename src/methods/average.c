/* average.c: a model that holds the averages of another's values. */
#include "average.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NAME 512

/* What "<objective>/<model>.<param>.ema" is the average of; NULL for state of another kind. */
static fy_param *param_of(const char *state, const char *objective, const fy_model *m)
{
    char before[MAX_NAME], name[MAX_NAME];
    const int n = snprintf(before, sizeof before, "%s/%s.", objective, fy_model_name(m));
    const size_t len = strlen(state), skip = n < MAX_NAME ? (size_t)n : len;
    if (len < skip + 4 || strncmp(state, before, skip) != 0 || strcmp(state + len - 4, ".ema") != 0)
        return NULL;
    snprintf(name, sizeof name, "%.*s", (int)(len - skip - 4), state + skip);
    return fy_model_find(m, name);
}

static fy_status take(fy_plan *plan, int i, fy_param *to)
{
    const int64_t n = fy_shape_numel(fy_param_shape(to));
    float *v = malloc((size_t)(n + 1) * sizeof *v);
    if (!v)
        return fy_error(FY_ENOMEM, "no memory for the average of '%s'", fy_param_name(to));
    fy_status st = fy_plan_state_read(plan, i, v, n);
    if (st == FY_OK)
        st = fy_param_write(to, v, n);
    free(v);
    return st;
}

fy_status average_take(fy_plan *plan, const char *objective, fy_model *to)
{
    fy_status st = FY_OK;
    for (int i = 0; st == FY_OK && i < fy_plan_state_count(plan); i++) {
        fy_param *p = param_of(fy_plan_state_name(plan, i), objective, to);
        st = p ? take(plan, i, p) : FY_OK;
    }
    return st;
}
