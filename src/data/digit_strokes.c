/* digit_strokes.c: the ten digits as strokes through a few points, two hands for each.
 *
 * Curves are Catmull-Rom splines through the points (Catmull and Rom 1974): p(t) between b and c is
 * (2b + (c-a)t + (2a-5b+4c-d)t^2 + (3b-a-3c+d)t^3) / 2, with end points doubled. */
#include "data/digits.h"

#define PIECES 5 /* straight pieces per span of a curve */
#define MAX_POINTS 10

typedef enum stroke_kind { LINE, CURVE, RING } stroke_kind;

typedef struct stroke {
    int digit;
    unsigned forms; /* bit f: part of form f */
    stroke_kind kind;
    int n;
    fyi_point p[MAX_POINTS];
} stroke;

/* clang-format off */
static const stroke strokes[] = {
    { 0, 3, RING,  8, { {0,-1}, {-.42,-.72}, {-.58,0}, {-.42,.72}, {0,1}, {.42,.72}, {.58,0},
                        {.42,-.72} } },

    { 1, 1, LINE,  2, { {.05,-1}, {.05,1} } },
    { 1, 2, LINE,  3, { {-.32,-.62}, {.08,-1}, {.08,1} } },

    { 2, 1, CURVE, 7, { {-.52,-.58}, {-.3,-.92}, {.1,-1}, {.48,-.68}, {.38,-.18}, {-.05,.38},
                        {-.56,.96} } },
    { 2, 1, LINE,  2, { {-.56,.96}, {.58,.96} } },
    { 2, 2, CURVE, 10, { {-.5,-.6}, {-.2,-.95}, {.25,-.92}, {.44,-.5}, {.2,.05}, {-.28,.68},
                         {-.5,.98}, {-.1,.74}, {.25,.92}, {.6,.84} } },

    { 3, 1, CURVE, 5, { {-.48,-.78}, {-.05,-1}, {.42,-.72}, {.34,-.26}, {-.1,-.06} } },
    { 3, 1, CURVE, 5, { {-.1,-.06}, {.4,.1}, {.52,.55}, {.1,1}, {-.52,.76} } },
    { 3, 2, LINE,  3, { {-.48,-.96}, {.46,-.96}, {-.08,-.18} } },
    { 3, 2, CURVE, 5, { {-.08,-.18}, {.38,-.04}, {.52,.45}, {.1,1}, {-.52,.78} } },

    { 4, 1, LINE,  3, { {-.42,-.92}, {-.5,.12}, {.56,.12} } },
    { 4, 1, LINE,  2, { {.3,-.86}, {.24,1} } },
    { 4, 2, LINE,  3, { {.22,-1}, {-.58,.34}, {.6,.34} } },
    { 4, 2, LINE,  2, { {.22,-1}, {.22,1} } },

    { 5, 3, LINE,  3, { {.5,-.96}, {-.36,-.96}, {-.42,-.12} } },
    { 5, 1, CURVE, 6, { {-.42,-.12}, {.0,-.3}, {.44,-.02}, {.5,.52}, {.08,.98}, {-.5,.8} } },
    { 5, 2, CURVE, 5, { {-.42,-.12}, {.3,-.14}, {.52,.4}, {.2,.92}, {-.52,.92} } },

    { 6, 1, CURVE, 9, { {.4,-.92}, {-.08,-.66}, {-.44,-.02}, {-.44,.62}, {0,1}, {.44,.72}, {.36,.2},
                        {-.04,.04}, {-.44,.4} } },
    { 6, 2, CURVE, 4, { {.16,-1}, {-.3,-.4}, {-.5,.3}, {-.4,.7} } },
    { 6, 2, RING,  6, { {-.46,.4}, {-.3,.86}, {.12,1}, {.48,.6}, {.3,.12}, {-.16,.08} } },

    { 7, 3, LINE,  3, { {-.54,-.94}, {.52,-.94}, {-.12,1} } },
    { 7, 2, LINE,  2, { {-.26,.04}, {.44,.04} } },

    { 8, 1, RING,  6, { {0,-1}, {-.38,-.76}, {-.34,-.28}, {0,-.06}, {.34,-.28}, {.38,-.76} } },
    { 8, 1, RING,  6, { {0,-.06}, {-.42,.22}, {-.46,.74}, {0,1}, {.46,.74}, {.42,.22} } },
    { 8, 2, RING,  10, { {.1,-1}, {-.36,-.78}, {-.28,-.32}, {.18,.04}, {.44,.5}, {.08,.98},
                         {-.42,.64}, {-.18,.1}, {.3,-.34}, {.42,-.76} } },

    { 9, 1, RING,  6, { {.42,-.46}, {.24,-.9}, {-.16,-.96}, {-.46,-.54}, {-.28,-.1}, {.2,-.08} } },
    { 9, 1, LINE,  2, { {.44,-.62}, {.38,1} } },
    { 9, 2, CURVE, 10, { {.42,-.74}, {0,-1}, {-.42,-.76}, {-.36,-.24}, {.06,-.08}, {.42,-.46},
                         {.44,-.74}, {.46,-.1}, {.3,.66}, {-.2,1} } },
};
/* clang-format on */

static fyi_point spline(const fyi_point *a, const fyi_point *b, const fyi_point *c,
                        const fyi_point *d, double t)
{
    const double u = t * t, v = u * t;
    const double wa = 2 * u - t - v, wb = 2 - 5 * u + 3 * v, wc = t + 4 * u - 3 * v, wd = v - u;

    return (fyi_point){ 0.5 * (wa * a->x + wb * b->x + wc * c->x + wd * d->x),
                        0.5 * (wa * a->y + wb * b->y + wc * c->y + wd * d->y) };
}

/* The k-th point, wrapped around in a ring, held at the ends of a curve. */
static const fyi_point *at(const stroke *s, const fyi_point *p, int k)
{
    return s->kind == RING ? &p[(k + s->n) % s->n] : &p[FYI_MAX(0, FYI_MIN(k, s->n - 1))];
}

static int add_stroke(const stroke *s, const fyi_point *p, fyi_segment *out)
{
    const int n_spans = s->kind == RING ? s->n : s->n - 1;
    const int n_pieces = s->kind == LINE ? 1 : PIECES;
    int n = 0;

    for (int k = 0; k < n_spans; k++) {
        fyi_point from = *at(s, p, k);

        for (int t = 1; t <= n_pieces; t++) {
            const fyi_point to = s->kind == LINE
                                     ? *at(s, p, k + 1)
                                     : spline(at(s, p, k - 1), at(s, p, k), at(s, p, k + 1),
                                              at(s, p, k + 2), (double)t / PIECES);
            out[n++] = (fyi_segment){ from, to };
            from = to;
        }
    }
    return n;
}

static double draw(fy_rng *r, double limit)
{
    return limit * (2.0 * (double)fy_rng_uniform(r) - 1.0);
}

int fyi_digit_strokes(int digit, double wobble, fy_rng *r, fyi_segment *out)
{
    const unsigned form = 1u << fy_rng_below(r, 2);
    fyi_point p[MAX_POINTS] = { { 0, 0 } };
    int n = 0;

    for (size_t i = 0; i < FYI_LEN(strokes); i++) {
        const stroke *s = &strokes[i];

        if (s->digit != digit || (s->forms & form) == 0)
            continue;
        for (int k = 0; k < s->n; k++) {
            p[k].x = s->p[k].x + draw(r, wobble);
            p[k].y = s->p[k].y + draw(r, wobble);
        }
        FYI_ASSERT(n + s->n * PIECES <= FYI_DIGIT_SEGMENTS);
        n += add_stroke(s, p, out + n);
    }
    return n;
}
