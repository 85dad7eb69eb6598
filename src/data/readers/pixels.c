/* pixels.c: pixels in memory as a source: u8 [n, c, h, w] becomes value / 255 when it is read. */
#include "data/data.h"

#include <string.h>

typedef struct pixels_source {
    fyi_source base;
    uint8_t *pixels; /* [n, c, h, w] */
} pixels_source;

static fy_status get(const fyi_source *s, int64_t i, float *x, float *scratch)
{
    const int64_t n = fy_shape_numel(&s->shape);
    const uint8_t *p = ((const pixels_source *)s)->pixels + i * n;

    (void)scratch;
    for (int64_t k = 0; k < n; k++)
        x[k] = (float)p[k] / 255.0f;
    return FY_OK;
}

static void close_source(fyi_source *s)
{
    fyi_free(((pixels_source *)s)->pixels);
    fyi_free(s);
}

static const fyi_source_ops ops = { .get = get, .close = close_source };

fy_status fyi_pixels_source_new(uint8_t *pixels, int64_t n, fy_shape shape, fyi_sha256 *sum,
                                fyi_source **out)
{
    pixels_source *s = fyi_calloc(1, sizeof *s);

    *out = NULL;
    if (s == NULL) {
        fyi_free(pixels);
        return fyi_enomem(sizeof *s, "a dataset");
    }
    fyi_source_init(&s->base, &ops, n, shape);
    fyi_sha256_hex(sum, s->base.hash);
    memcpy(s->base.key, s->base.hash, sizeof s->base.key);
    s->pixels = pixels;
    *out = &s->base;
    return FY_OK;
}
