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
    if (!p->name) {
        fy_param_free(p);
        return fyi_enomem(strlen(name), name);
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

static fy_status allocate(fy_param *p)
{
    const size_t bytes = fyi_shape_bytes(&p->shape, FY_F32);
    return (p->data = fyi_alloc_block(bytes)) ? FY_OK : fyi_enomem(bytes, p->name);
}

static void draw(fy_param *p)
{
    if (p->draw)
        p->draw(p->draw_arg, p->data, fy_shape_numel(&p->shape));
}

/* Plans may point into data that is there: it stays where it is. */
void fyi_param_restart(fy_param *p, fyi_draw_fn draw_fn, const void *arg)
{
    p->draw = draw_fn;
    p->draw_arg = arg;
    p->holder = NULL;
    p->version++;
    if (!p->data)
        return;
    memset(p->data, 0, fyi_shape_bytes(&p->shape, FY_F32));
    draw(p);
}

fy_status fyi_param_begin(fy_param *p)
{
    if (p->data)
        return FY_OK;
    FYI_FORWARD(allocate(p));
    draw(p);
    return FY_OK;
}

fy_status fyi_param_settle(fy_param *p)
{
    FYI_FORWARD(fyi_param_begin(p));
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
    if (!p->data)
        FYI_FORWARD(allocate(p));
    p->holder = NULL; /* whatever a plan held is replaced */
    memcpy(p->data, src, (size_t)n * sizeof *src);
    p->version++;
    return FY_OK;
}
