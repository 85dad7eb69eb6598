/* ogg.c: the pages of an Ogg file (RFC 3533, section 6): each has a checksum, and the last says that it is. The streams
 * in them, Vorbis, Opus or FLAC, are their decoders'. */
#include "data/sound.h"

#include <string.h>

#define PAGE_HEADER 27
#define CRC_AT 22
#define LAST_PAGE 4 /* of the flags */

typedef struct page {
    const uint8_t *p;
    size_t n; /* with its header */
} page;

/* x^32 + x^26 + .. + 1, the highest bit first; the page's own field counts as zero. */
static uint32_t crc_of(const page *g)
{
    static const uint32_t polynomial = 0x04c11db7;
    uint32_t crc = 0;

    for (size_t i = 0; i < g->n; i++) {
        crc ^= (uint32_t)(i >= CRC_AT && i < CRC_AT + 4 ? 0 : g->p[i]) << 24;
        for (int bit = 0; bit < 8; bit++)
            crc = crc << 1 ^ (crc >> 31 ? polynomial : 0);
    }
    return crc;
}

static fy_status find_page(const fyi_encoded *e, size_t at, page *g)
{
    const size_t left = e->n - at;
    const uint8_t *p = e->p + at;
    size_t n = PAGE_HEADER;

    if (left < PAGE_HEADER || memcmp(p, "OggS", 4) != 0 || p[4] != 0)
        return fyi_fail(FY_EFORMAT, "'%s': there is no whole Ogg page at byte %zu; fetch it again",
                        e->name, at);
    n += p[26];
    for (size_t i = 0; i < p[26] && PAGE_HEADER + i < left; i++)
        n += p[PAGE_HEADER + i];
    if (n > left)
        return fyi_fail(FY_EFORMAT, "'%s' ends inside the Ogg page at byte %zu; fetch it again",
                        e->name, at);
    *g = (page){ p, n };
    return FY_OK;
}

static fy_status check(const fyi_encoded *e, fyi_sound_info *out)
{
    bool is_last = false;
    page g;

    (void)out;
    for (size_t at = 0; at < e->n; at += g.n) {
        const uint8_t *sum;

        FYI_FORWARD(find_page(e, at, &g));
        sum = g.p + CRC_AT;
        if (crc_of(&g) !=
            (sum[0] | (uint32_t)sum[1] << 8 | (uint32_t)sum[2] << 16 | (uint32_t)sum[3] << 24))
            return fyi_fail(FY_EFORMAT, "'%s': the Ogg page at byte %zu is damaged; fetch it again",
                            e->name, at);
        is_last = (g.p[5] & LAST_PAGE) != 0;
    }
    return is_last ? FY_OK
                   : fyi_fail(FY_EFORMAT, "'%s' has no last Ogg page: it was cut off", e->name);
}

const fyi_sound_format fyi_sound_ogg = { "Ogg", "OggS", check };
