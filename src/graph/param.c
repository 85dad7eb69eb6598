/* param.c: reading and writing parameters in plain order, whoever holds the newest value. */
#include "graph/param.h"

#include <string.h>

fy_status fy_param_new(const char *name, fy_shape s, fy_param **out)
{
    *out = NULL;
    FYI_FORWARD(fy_shape_check(&s, FY_F32));
    fy_param *p = fyi_calloc(1, sizeof *p);
    if (!p)
        return fyi_enomem(sizeof *p, name);
    p->shape = s;
    p->version = 1;
    p->name = fyi_strdup(name);
    p->data = fyi_alloc_block(fyi_shape_bytes(&s, FY_F32));
    if (!p->name || !p->data) {
        fy_param_free(p);
        return fyi_enomem(fyi_shape_bytes(&s, FY_F32), name);
    }
    *out = p;
    return FY_OK;
}

void fy_param_free(fy_param *p)
{
    if (!p)
        return;
    FYI_ASSERT(!p->holder); /* a parameter outlives the plans that move it */
    fyi_free(p->data);
    fyi_free(p->name);
    fyi_free(p);
}

const char *fy_param_name(const fy_param *p)
{
    return p->name;
}
const fy_shape *fy_param_shape(const fy_param *p)
{
    return &p->shape;
}

fy_status fyi_param_settle(fy_param *p)
{
    return p->holder ? fyi_plan_put_back(p->holder, p->holder_slot) : FY_OK;
}

static fy_status check_count(const fy_param *p, int64_t n, const char *what)
{
    if (n == fy_shape_numel(&p->shape))
        return FY_OK;
    return fyi_fail(FY_ESHAPE, "%s parameter '%s': it has %lld elements, %lld were given", what,
                    p->name, (long long)fy_shape_numel(&p->shape), (long long)n);
}

fy_status fy_param_read(fy_param *p, float *dst, int64_t n)
{
    FYI_FORWARD(check_count(p, n, "reading"));
    FYI_FORWARD(fyi_param_settle(p));
    memcpy(dst, p->data, (size_t)n * sizeof *dst);
    return FY_OK;
}

fy_status fy_param_write(fy_param *p, const float *src, int64_t n)
{
    FYI_FORWARD(check_count(p, n, "writing"));
    p->holder = NULL; /* whatever a plan held is replaced */
    memcpy(p->data, src, (size_t)n * sizeof *src);
    p->version++;
    return FY_OK;
}
