/* numbers.c: see numbers.h. */
#include "support/numbers.h"

#include "support/support.h"

#include <math.h>
#include <string.h>

static uint32_t seed_of(const char *name)
{
    uint32_t h = 2166136261u;
    for (; *name; name++)
        h = (h ^ (uint8_t)*name) * 16777619u;
    return h;
}

/* In [-1, 1), 24 bits. */
static double number(uint32_t seed, int64_t i)
{
    uint32_t x = (uint32_t)i * 0x9E3779B9u + seed;
    x = (x ^ (x >> 16)) * 0x7FEB352Du;
    x = (x ^ (x >> 15)) * 0x846CA68Bu;
    x ^= x >> 16;
    return (double)(x >> 8) / 0x1p23 - 1;
}

typedef struct line {
    double scale, shift;
} line;

/* He's variance for weights; statistics and scales around where training puts them. */
static line line_of(const char *name, const fy_shape *s)
{
    const char *leaf = strrchr(name, '.') + 1;
    if (s->rank > 1)
        return (line){ sqrt(6 / ((double)fy_shape_numel(s) / (double)s->d[0])), 0 };
    if (strcmp(leaf, "weight") == 0)
        return (line){ 0.2, 1 };
    if (strcmp(leaf, "running_var") == 0)
        return (line){ 0.3, 1 };
    return (line){ 0.1, 0 };
}

static float *scaled(const char *name, int64_t n, line l)
{
    float *v = fyi_calloc((size_t)n, sizeof *v);
    const uint32_t seed = seed_of(name);
    assert_non_null(v);
    for (int64_t i = 0; i < n; i++)
        v[i] = (float)(l.shift + l.scale * number(seed, i));
    return v;
}

void fyt_fill_model(fy_model *m)
{
    for (int i = 0; i < fy_model_count(m); i++) {
        fy_param *p = fy_model_param(m, i);
        const char *name = fy_model_param_name(m, i);
        const int64_t n = fy_shape_numel(fy_param_shape(p));
        float *v = scaled(name, n, line_of(name, fy_param_shape(p)));
        check_ok(fy_param_write(p, v, n));
        fyi_free(v);
    }
}

float *fyt_numbers(const char *name, int64_t n)
{
    return scaled(name, n, (line){ 1, 0 });
}
