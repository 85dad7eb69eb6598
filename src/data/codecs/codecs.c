/* codecs.c: which codec reads a file, and what all of them share. */
#include "data/picture.h"

#include <string.h>

static const fyi_codec *const codecs[] = { &fyi_codec_jpeg, &fyi_codec_png, &fyi_codec_webp };

/* What else may stand in a picture's place, so that the sentence can say so. */
static const struct {
    const char *begin, *what;
} others[] = {
    { "GIF8", "a GIF" },
    { "BM", "a BMP" },
    { "II*", "a TIFF" },
    { "MM", "a TIFF" },
    { "<!", "an HTML page" },
    { "<html", "an HTML page" },
    { "version https://git-lfs", "a Git LFS pointer; fetch the file itself with 'git lfs pull'" },
};

const char *fy_picture_libraries(void)
{
    static _Thread_local char text[200];
    size_t used = 0;
    char room[64];

    for (size_t i = 0; i < FYI_LEN(codecs) && used < sizeof text; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? ", " : "",
                                 codecs[i]->version(room));
    return text;
}

/* ---- finding --------------------------------------------------------------------------------- */

static fy_status fail_unknown(const fyi_encoded *e)
{
    if (e->n == 0)
        return fyi_fail(FY_EFORMAT, "'%s' is empty", e->name);
    for (size_t i = 0; i < FYI_LEN(others); i++)
        if (e->n >= strlen(others[i].begin) &&
            memcmp(e->p, others[i].begin, strlen(others[i].begin)) == 0)
            return fyi_fail(FY_EFORMAT, "'%s' is no JPEG, PNG or WebP but %s", e->name,
                            others[i].what);
    return fyi_fail(FY_EFORMAT, "'%s' is no JPEG, PNG or WebP: it begins with 0x%02x%02x%02x%02x",
                    e->name, e->p[0], e->n > 1 ? e->p[1] : 0, e->n > 2 ? e->p[2] : 0,
                    e->n > 3 ? e->p[3] : 0);
}

static fy_status find_codec(const fyi_encoded *e, const fyi_codec **out)
{
    for (size_t i = 0; i < FYI_LEN(codecs); i++)
        if (codecs[i]->is(e->p, e->n)) {
            *out = codecs[i];
            return FY_OK;
        }
    return fyi_not_ok(fail_unknown(e));
}

/* ---- reading --------------------------------------------------------------------------------- */

fy_status fyi_picture_check_size(const fyi_encoded *e, const char *kind, int64_t h, int64_t w,
                                 int64_t max_pixels)
{
    const int64_t limit = max_pixels > 0 ? max_pixels : FYI_MAX_PIXELS;

    if (h < 1 || w < 1 || h > FYI_MAX_SIDE || w > FYI_MAX_SIDE || h * w > limit)
        return fyi_fail(FY_EFORMAT,
                        "'%s': its %s header says %lldx%lld pixels; read are 1 to %d a side and at "
                        "most %lld in all",
                        e->name, kind, (long long)w, (long long)h, FYI_MAX_SIDE, (long long)limit);
    return FY_OK;
}

/* Sides are turned here, once for all codecs. */
static fy_status probe(const fyi_codec *codec, const fyi_encoded *e, int64_t max_pixels,
                       fyi_picture_info *out)
{
    *out = (fyi_picture_info){ 0 };
    FYI_FORWARD(codec->probe(e, max_pixels, out));
    if (out->orientation >= 5) {
        const int64_t h = out->h;

        out->h = out->w;
        out->w = h;
    }
    return FY_OK;
}

fy_status fyi_picture_probe(const fyi_encoded *e, int64_t max_pixels, fyi_picture_info *out)
{
    const fyi_codec *codec;

    FYI_FORWARD(find_codec(e, &codec));
    return probe(codec, e, max_pixels, out);
}

fy_status fyi_picture_check(const fyi_encoded *e, fyi_picture_info *out)
{
    const fyi_codec *codec;

    FYI_FORWARD(find_codec(e, &codec));
    FYI_FORWARD(probe(codec, e, 0, out));
    return codec->check(e);
}

fy_status fyi_picture_decode(const fyi_encoded *e, const fyi_decode_opts *o, fyi_picture *out)
{
    const fyi_codec *codec;
    fyi_picture_info info;
    fy_status st;

    *out = (fyi_picture){ 0 };
    FYI_FORWARD(find_codec(e, &codec));
    FYI_FORWARD(probe(codec, e, o->max_pixels, &info));
    FY_TRY(codec->decode(e, o, &info, out));
    FY_TRY(fyi_picture_turn(out, info.orientation));
done:
    if (st != FY_OK)
        fyi_picture_release(out);
    return st;
}

/* ---- pixels ---------------------------------------------------------------------------------- */

fy_status fyi_picture_new(fyi_picture *out, int64_t h, int64_t w, int c)
{
    const size_t bytes = (size_t)(h * w * c);

    *out = (fyi_picture){ .h = h, .w = w, .c = c, .end_y = (float)h, .end_x = (float)w };
    out->p = fyi_alloc(bytes);
    return out->p != NULL ? FY_OK : fyi_enomem(bytes, "a picture");
}

void fyi_picture_release(fyi_picture *p)
{
    fyi_free(p->p);
    *p = (fyi_picture){ 0 };
}

void fyi_picture_over_white(const uint8_t *src, int64_t n, int c, uint8_t *dst)
{
    for (int64_t i = 0; i < n; i++, src += c + 1, dst += c) {
        const unsigned a = src[c];

        for (int k = 0; k < c; k++)
            dst[k] = (uint8_t)((src[k] * a + 255 * (255 - a) + 127) / 255);
    }
}

static void to_grey(const uint8_t *src, int64_t n, uint8_t *dst)
{
    for (int64_t i = 0; i < n; i++, src += 3)
        dst[i] = (uint8_t)((19595u * src[0] + 38470u * src[1] + 7471u * src[2] + 32768u) >> 16);
}

static void to_rgb(const uint8_t *src, int64_t n, uint8_t *dst)
{
    for (int64_t i = 0; i < n; i++, dst += 3)
        dst[0] = dst[1] = dst[2] = src[i];
}

fy_status fyi_picture_set_channels(fyi_picture *p, int c)
{
    fyi_picture made;

    if (p->c == c)
        return FY_OK;
    FYI_FORWARD(fyi_picture_new(&made, p->h, p->w, c));
    made.end_y = p->end_y;
    made.end_x = p->end_x;
    (c == 1 ? to_grey : to_rgb)(p->p, p->h * p->w, made.p);
    fyi_picture_release(p);
    *p = made;
    return FY_OK;
}
