/* webp.c: WebP through libwebp, lossy and lossless; what is transparent shows white.
 *
 *   "RIFF", length (little-endian), "WEBP", then chunks: type, length, content, filled up to even
 * Animations are refused: which of their pictures is the sample? */
#include "data/picture.h"

#include <string.h>

#include <webp/decode.h>

static bool is_webp(const uint8_t *p, size_t n)
{
    return n >= 12 && memcmp(p, "RIFF", 4) == 0 && memcmp(p + 8, "WEBP", 4) == 0;
}

/* ---- the structure --------------------------------------------------------------------------- */

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static fy_status check(const fyi_encoded *e)
{
    if ((uint64_t)le32(e->p + 4) + 8 > e->n)
        return fyi_fail(FY_EFORMAT,
                        "'%s': its WebP header promises %llu bytes, the file has %zu; it was cut "
                        "off",
                        e->name, (unsigned long long)le32(e->p + 4) + 8, e->n);
    return FY_OK;
}

static int read_orientation(const fyi_encoded *e)
{
    for (size_t at = 12; e->n - at >= 8;) {
        const size_t n = le32(e->p + at + 4), left = e->n - at - 8;
        const uint8_t *p = e->p + at + 8;

        if (n > left)
            break;
        if (memcmp(e->p + at, "EXIF", 4) == 0)
            /* Some programs leave JPEG's heading in. */
            return n >= 6 && memcmp(p, "Exif\0", 6) == 0 ? fyi_exif_orientation(p + 6, n - 6)
                                                         : fyi_exif_orientation(p, n);
        at += FYI_MIN(8 + n + n % 2, e->n - at);
    }
    return 1;
}

/* ---- the header ------------------------------------------------------------------------------ */

/* libwebp's statuses that a file can bring about. */
static fy_status fail(const fyi_encoded *e, VP8StatusCode code)
{
    static const char *const why[] = { [VP8_STATUS_BITSTREAM_ERROR] = "its data makes no sense",
                                       [VP8_STATUS_UNSUPPORTED_FEATURE] = "an unknown feature",
                                       [VP8_STATUS_SUSPENDED] = "it was cut off",
                                       [VP8_STATUS_NOT_ENOUGH_DATA] = "it was cut off" };

    if (code == VP8_STATUS_OUT_OF_MEMORY)
        return fyi_enomem(e->n, e->name);
    return fyi_fail(FY_EFORMAT, "'%s': its WebP data is damaged (%s)", e->name,
                    (size_t)code < FYI_LEN(why) && why[code] != NULL ? why[code] : "unreadable");
}

static fy_status read_features(const fyi_encoded *e, int64_t max_pixels, WebPBitstreamFeatures *f)
{
    const VP8StatusCode code = WebPGetFeatures(e->p, e->n, f);

    if (code != VP8_STATUS_OK)
        return fail(e, code);
    if (f->has_animation)
        return fyi_fail(FY_EFORMAT, "'%s' is an animated WebP; save the picture that is meant",
                        e->name);
    return fyi_picture_check_size(e, "WebP", f->height, f->width, max_pixels);
}

static fy_status probe(const fyi_encoded *e, int64_t max_pixels, fyi_picture_info *out)
{
    WebPBitstreamFeatures f;

    FYI_FORWARD(read_features(e, max_pixels, &f));
    *out = (fyi_picture_info){ f.height, f.width, 3, read_orientation(e) };
    return FY_OK;
}

/* ---- pixels ---------------------------------------------------------------------------------- */

static fy_status decode_into(const fyi_encoded *e, const WebPBitstreamFeatures *f, fyi_picture *out)
{
    WebPDecoderConfig config;
    const int c = f->has_alpha ? 4 : 3;
    VP8StatusCode code;

    if (!WebPInitDecoderConfig(&config))
        return fyi_fail(FY_EDEVICE, "the installed libwebp is older than this program needs");
    config.output.colorspace = f->has_alpha ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = out->p;
    config.output.u.RGBA.stride = f->width * c;
    config.output.u.RGBA.size = (size_t)f->width * (size_t)f->height * (size_t)c;
    code = WebPDecode(e->p, e->n, &config);
    WebPFreeDecBuffer(&config.output);
    return code == VP8_STATUS_OK ? FY_OK : fail(e, code);
}

static fy_status decode(const fyi_encoded *e, const fyi_decode_opts *o,
                        const fyi_picture_info *info, fyi_picture *out)
{
    WebPBitstreamFeatures f;

    (void)info;
    FYI_FORWARD(read_features(e, o->max_pixels, &f));
    FYI_FORWARD(fyi_picture_new(out, f.height, f.width, f.has_alpha ? 4 : 3));
    FYI_FORWARD(decode_into(e, &f, out));
    if (out->c == 4) {
        out->c = 3;
        fyi_picture_over_white(out->p, out->h * out->w, 3, out->p);
    }
    return FY_OK;
}

static const char *version(char room[64])
{
    const int v = WebPGetDecoderVersion();

    (void)snprintf(room, 64, "libwebp %d.%d.%d", v >> 16 & 255, v >> 8 & 255, v & 255);
    return room;
}

const fyi_codec fyi_codec_webp = { "WebP", version, is_webp, probe, check, decode };
