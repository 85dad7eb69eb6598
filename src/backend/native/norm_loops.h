/* norm_loops.h: the loops of norm.h for one stored type. Included once for each, with LOOPS, STORED, GET and PUT
 * defined; several pixels are in flight at a time, since a sum of one would wait for itself. */
#define AHEAD 4  /* pixels side by side */
#define SHORT 64 /* pixels per partial sum, for its precision */

#define NAME_(what, loops) what##_##loops
#define NAME__(what, loops) NAME_(what, loops)
#define NAME(what) NAME__(what, LOOPS)

INLINE vec NAME(add_up)(const vec s[AHEAD])
{
    return add(add(s[0], s[1]), add(s[2], s[3]));
}

static void NAME(moments)(const void *x, int64_t hw, float *mean, float *m2)
{
    const STORED *p = x;
    vec total = zero(), squares = zero();
    for (int64_t at = 0; at < hw; at += SHORT) {
        const int64_t end = at + SHORT < hw ? at + SHORT : hw;
        vec s[AHEAD] = { zero(), zero(), zero(), zero() };
        int64_t i = at;
        for (; i + AHEAD <= end; i += AHEAD)
            EACH (k, AHEAD)
                s[k] = add(s[k], GET(p + (i + k) * 16));
        for (; i < end; i++)
            s[0] = add(s[0], GET(p + i * 16));
        total = add(total, NAME(add_up)(s));
    }
    const vec m = _mm512_div_ps(total, splat((float)hw));
    for (int64_t at = 0; at < hw; at += SHORT) {
        const int64_t end = at + SHORT < hw ? at + SHORT : hw;
        vec s[AHEAD] = { zero(), zero(), zero(), zero() };
        int64_t i = at;
        for (; i + AHEAD <= end; i += AHEAD)
            EACH (k, AHEAD) {
                const vec d = sub(GET(p + (i + k) * 16), m);
                s[k] = fma3(d, d, s[k]);
            }
        for (; i < end; i++) {
            const vec d = sub(GET(p + i * 16), m);
            s[0] = fma3(d, d, s[0]);
        }
        squares = add(squares, NAME(add_up)(s));
    }
    store(mean, m);
    store(m2, squares);
}

/* NaN comes through: max and min return their second operand where one is NaN. */
static void NAME(apply)(const void *x, const void *other, void *dst, int64_t hw,
                        const fyi_norm_line *l, float lo, float hi)
{
    const STORED *p = x, *o = other;
    STORED *to = dst;
    const vec m = load(l->mean), slope = load(l->slope), shift = load(l->shift);
    const vec low = splat(lo), high = splat(hi);
    for (int64_t i = 0; i < hw; i++) {
        vec y = fma3(slope, sub(GET(p + i * 16), m), shift);
        if (o)
            y = add(y, GET(o + i * 16));
        PUT(to + i * 16, vmin(high, vmax(low, y)));
    }
}

INLINE vec NAME(passing)(const fyi_norm_gate *g, int64_t i, vec low, vec high)
{
    const vec d = GET((const STORED *)g->diff + i * 16);
    if (!g->dst)
        return d;
    const vec y = GET((const STORED *)g->dst + i * 16);
    const __mmask16 open = _mm512_cmp_ps_mask(y, low, _CMP_GT_OQ);
    return keep(_mm512_mask_cmp_ps_mask(open, y, high, _CMP_LT_OQ), d);
}

INLINE void NAME(sum_pixel)(const fyi_norm_gate *g, const STORED *x, STORED *passed, int64_t i,
                            vec mean, vec low, vec high, vec *sum, vec *dot)
{
    const vec d = NAME(passing)(g, i, low, high);
    if (passed)
        PUT(passed + i * 16, d);
    *sum = add(*sum, d);
    *dot = fma3(d, sub(GET(x + i * 16), mean), *dot);
}

static void NAME(sums)(const fyi_norm_gate *g, const void *x, void *passed, int64_t hw,
                       const float *mean, float *sum, float *dot)
{
    const STORED *p = x;
    STORED *to = passed;
    const vec m = load(mean), low = splat(g->lo), high = splat(g->hi);
    vec total = zero(), product = zero();
    for (int64_t at = 0; at < hw; at += SHORT) {
        const int64_t end = at + SHORT < hw ? at + SHORT : hw;
        vec s[2] = { zero(), zero() }, t[2] = { zero(), zero() };
        for (int64_t i = at; i + 2 <= end; i += 2)
            EACH (k, 2)
                NAME(sum_pixel)(g, p, to, i + k, m, low, high, &s[k], &t[k]);
        if ((end - at) % 2)
            NAME(sum_pixel)(g, p, to, end - 1, m, low, high, &s[0], &t[0]);
        total = add(total, add(s[0], s[1]));
        product = add(product, add(t[0], t[1]));
    }
    store(sum, total);
    store(dot, product);
}

static void NAME(pass)(const fyi_norm_gate *g, void *passed, int64_t hw)
{
    STORED *to = passed;
    const vec low = splat(g->lo), high = splat(g->hi);
    for (int64_t i = 0; i < hw; i++)
        PUT(to + i * 16, NAME(passing)(g, i, low, high));
}

/* A line's factors in registers. */
typedef struct NAME(line) {
    vec mean, factor, slope, shift;
} NAME(line);

INLINE NAME(line) NAME(line_of)(const fyi_norm_line *l)
{
    return (NAME(line)){ load(l->mean), load(l->factor), load(l->slope), load(l->shift) };
}

INLINE void NAME(put_diff)(const NAME(line) * l, const STORED *x, STORED *diff_src, int64_t i, vec d)
{
    const vec through = fma3(l->slope, sub(GET(x + i * 16), l->mean), l->shift);
    PUT(diff_src + i * 16, fma3(l->factor, d, through));
}

static void NAME(backward)(const fyi_norm_gate *g, const void *x, void *diff_src, int64_t hw,
                           const fyi_norm_line *line)
{
    const NAME(line) l = NAME(line_of)(line);
    const vec low = splat(g->lo), high = splat(g->hi);
    for (int64_t i = 0; i < hw; i++)
        NAME(put_diff)(&l, x, diff_src, i, NAME(passing)(g, i, low, high));
}

/* What lies in no window: the last of an odd number of columns, and of rows. */
static void NAME(put_rest)(const fyi_max_pool *p, const NAME(line) * l, const STORED *x, STORED *to)
{
    for (int64_t y = 0; y < 2 * p->oh && 2 * p->ow < p->w; y++)
        NAME(put_diff)(l, x, to, (y + 1) * p->w - 1, zero());
    for (int64_t i = 2 * p->oh * p->w; i < p->h * p->w; i++)
        NAME(put_diff)(l, x, to, i, zero());
}

static void NAME(backward_2x2)(const fyi_norm_gate *g, const fyi_max_pool *p, const uint8_t *index,
                               const void *x, void *diff_src, const fyi_norm_line *line)
{
    const NAME(line) l = NAME(line_of)(line);
    const vec low = splat(g->lo), high = splat(g->hi);
    for (int64_t oy = 0; oy < p->oh; oy++)
        for (int64_t ox = 0; ox < p->ow; ox++) {
            const int64_t o = oy * p->ow + ox, first = 2 * oy * p->w + 2 * ox;
            const __m128i which = _mm_loadu_si128((const __m128i *)(index + o * 16));
            const vec d = NAME(passing)(g, o, low, high);
            EACH (k, 4)
                NAME(put_diff)
            (&l, x, diff_src, first + k / 2 * p->w + k % 2,
             keep(_mm_cmpeq_epi8_mask(which, _mm_set1_epi8((char)k)), d));
        }
    NAME(put_rest)(p, &l, x, diff_src);
}

const fyi_norm_loops LOOPS = { NAME(moments), NAME(apply),    NAME(sums),
                               NAME(pass),    NAME(backward), NAME(backward_2x2) };

#undef AHEAD
#undef SHORT
#undef NAME
#undef NAME_
#undef NAME__
#undef LOOPS
#undef STORED
#undef GET
#undef PUT
