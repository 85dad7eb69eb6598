/* each.c: the checks that element-wise operators and losses share. */
#include "graph/ops/each.h"
#include "graph/ops/rule.h"

fy_status fyi_infer_each(const fyi_op_site *at, fyi_spec *dst)
{
    (void)dst; /* like source 0 */
    FYI_FORWARD(fyi_want_axes(at, 0, "source 0", 0, FY_MAX_RANK, "of any shape"));
    for (int i = 1; i < at->n_src; i++) {
        const fyi_spec *first = &at->src[0], *s = &at->src[i];
        char wanted[FYI_SPEC_CHARS], found[FYI_SPEC_CHARS];
        if (s->dtype == first->dtype && fy_shape_equal(&s->shape, &first->shape))
            continue;
        return fyi_fail(s->dtype == first->dtype ? FY_ESHAPE : FY_EDTYPE,
                        "%s: source %d must be %s like source 0, not %s", at->name, i,
                        fyi_spec_text(first->dtype, &first->shape, wanted),
                        fyi_spec_text(s->dtype, &s->shape, found));
    }
    return FY_OK;
}

fy_status fyi_want_labels(const fyi_op_site *at, int i, int64_t n)
{
    const fyi_spec *s = &at->src[i];
    const fy_shape shape = FY_SHAPE(n);
    char wanted[FYI_SPEC_CHARS], found[FYI_SPEC_CHARS];
    if (s->dtype == FY_I32 && fy_shape_equal(&s->shape, &shape))
        return FY_OK;
    return fyi_fail(s->dtype == FY_I32 ? FY_ESHAPE : FY_EDTYPE,
                    "%s: labels must be %s, one class number per row of the logits, not %s",
                    at->name, fyi_spec_text(FY_I32, &shape, wanted),
                    fyi_spec_text(s->dtype, &s->shape, found));
}

/* The size of the axis that lies `back` axes before the last; 1 where there is none. */
static int64_t size_from_last(const fy_shape *s, int back)
{
    return back < s->rank ? s->d[s->rank - 1 - back] : 1;
}

bool fyi_broadcast_shape(const fy_shape *a, const fy_shape *b, fy_shape *out, int *axis)
{
    *out = (fy_shape){ .rank = FYI_MAX(a->rank, b->rank) };
    for (int back = 0; back < out->rank; back++) {
        const int64_t x = size_from_last(a, back), y = size_from_last(b, back);
        if (x != y && x != 1 && y != 1) {
            *axis = back;
            return false;
        }
        out->d[out->rank - 1 - back] = x == 1 ? y : x;
    }
    return true;
}
