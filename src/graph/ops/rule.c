/* rule.c: the checks that shape rules share. */
#include "graph/ops/rule.h"

fy_status fyi_want_axes(const fyi_op_site *at, int i, const char *role, int rank_min, int rank_max,
                        const char *axes)
{
    const fyi_spec *s = &at->src[i];
    char found[FYI_SPEC_CHARS];
    if (!fyi_dtype_is_float(s->dtype))
        return fyi_fail(FY_EDTYPE, "%s: %s must be floats %s, not %s", at->name, role, axes,
                        fyi_spec_text(s->dtype, &s->shape, found));
    if (s->shape.rank < rank_min || s->shape.rank > rank_max)
        return fyi_fail(FY_ESHAPE, "%s: %s must be %s, not %s", at->name, role, axes,
                        fyi_spec_text(s->dtype, &s->shape, found));
    return FY_OK;
}

fy_status fyi_want_shape(const fyi_op_site *at, int i, const char *role, fy_shape shape)
{
    const fyi_spec *s = &at->src[i];
    char found[FYI_SPEC_CHARS], wanted[FYI_SPEC_CHARS];
    if (fyi_dtype_is_float(s->dtype) && fy_shape_equal(&s->shape, &shape))
        return FY_OK;
    return fyi_fail(
        fyi_dtype_is_float(s->dtype) ? FY_ESHAPE : FY_EDTYPE, "%s: %s must be %s, not %s", at->name,
        role, fyi_spec_text(FY_F32, &shape, wanted), fyi_spec_text(s->dtype, &s->shape, found));
}

fy_status fyi_want_vectors(const fyi_op_site *at, int first, int n, const char *const *roles,
                           int64_t c)
{
    for (int i = 0; i < n; i++)
        FYI_FORWARD(fyi_want_shape(at, first + i, roles[i], FY_SHAPE(c)));
    return FY_OK;
}

fy_status fyi_want_dtype(const fyi_op_site *at, int i, const char *role, fy_dtype dtype)
{
    if (at->src[i].dtype == dtype)
        return FY_OK;
    return fyi_fail(FY_EDTYPE, "%s: %s must be %s, not %s", at->name, role, fy_dtype_name(dtype),
                    fy_dtype_name(at->src[i].dtype));
}
