/* flac.c: what the STREAMINFO block of a FLAC file says (RFC 9639, section 8.2): rate, channels, length, and the MD5 of
 * the samples, by which every change of them is found once they are decoded. */
#include "data/sound.h"

#define INFO_AT 8
#define INFO_BYTES 34

static bool is_zero(const uint8_t *p, size_t n)
{
    size_t i = 0;

    while (i < n && p[i] == 0)
        i++;
    return i == n;
}

static fy_status check(const fyi_encoded *e, fyi_sound_info *out)
{
    const uint8_t *p = e->p + INFO_AT;

    if (e->n < INFO_AT + INFO_BYTES)
        return fyi_fail(FY_EFORMAT, "'%s' ends inside its FLAC header; fetch it again", e->name);
    if ((e->p[4] & 0x7f) != 0 || e->p[5] != 0 || e->p[6] != 0 || e->p[7] != INFO_BYTES)
        return fyi_fail(FY_EFORMAT, "'%s': its FLAC header does not begin with STREAMINFO", e->name);
    out->rate_hz = (int64_t)p[10] << 12 | (int64_t)p[11] << 4 | p[12] >> 4;
    out->channels = (p[12] >> 1 & 7) + 1;
    out->bits = (p[12] & 1) << 4 | p[13] >> 4;
    out->bits++;
    out->frames = (int64_t)(p[13] & 15) << 32 | (int64_t)p[14] << 24 | (int64_t)p[15] << 16 |
                  (int64_t)p[16] << 8 | p[17];
    out->md5 = is_zero(p + 18, 16) ? NULL : p + 18;
    if (out->frames == 0)
        return fyi_fail(FY_EFORMAT,
                        "'%s': its FLAC header does not say how long it is, or that it is empty; "
                        "encode it again",
                        e->name);
    return fyi_sound_check_info(e, out);
}

const fyi_sound_format fyi_sound_flac = { "FLAC", "fLaC", check };
