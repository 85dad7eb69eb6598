/* wav.c: the structure of a RIFF WAVE file: sizes are followed, and what its `fmt ` chunk says is held against them.
 * Decoding is libsndfile's, which takes damaged files for whole. Read are PCM of 8, 16, 24 and 32 bits, float of 32 and
 * 64, A-law and mu-law. */
#include "data/sound.h"

#include <string.h>

enum { TAG_PCM = 1, TAG_FLOAT = 3, TAG_A_LAW = 6, TAG_MU_LAW = 7, TAG_EXTENSIBLE = 0xfffe };

typedef struct chunk {
    const uint8_t *p; /* the content */
    uint64_t at, n;
    char name[5];
} chunk;

/* A walk over the chunks of one file. */
typedef struct walk {
    const fyi_encoded *e;
    uint64_t at, end;
    bool has_format, has_data;
    int64_t frame_bytes;
} walk;

static uint32_t le16(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8;
}

static uint32_t le32(const uint8_t *p)
{
    return le16(p) | le16(p + 2) << 16;
}

/* ---- fmt ------------------------------------------------------------------------------------- */

static bool is_read(uint32_t tag, uint32_t bits)
{
    static const struct {
        uint32_t tag, bits;
    } table[] = { { TAG_PCM, 8 },    { TAG_PCM, 16 },   { TAG_PCM, 24 },  { TAG_PCM, 32 },
                  { TAG_FLOAT, 32 }, { TAG_FLOAT, 64 }, { TAG_A_LAW, 8 }, { TAG_MU_LAW, 8 } };

    for (size_t i = 0; i < FYI_LEN(table); i++)
        if (table[i].tag == tag && table[i].bits == bits)
            return true;
    return false;
}

static fy_status take_format(walk *w, const chunk *c, fyi_sound_info *out)
{
    const uint32_t shown = c->n >= 16 ? le16(c->p) : 0;
    const uint32_t tag = shown == TAG_EXTENSIBLE && c->n >= 40 ? le16(c->p + 24) : shown;
    uint32_t frame_bytes;

    if (c->n < 16)
        return fyi_fail(FY_EFORMAT, "'%s': its fmt chunk has %llu bytes, at least 16 are expected",
                        w->e->name, (unsigned long long)c->n);
    if (w->has_format)
        return fyi_fail(FY_EFORMAT, "'%s' has two fmt chunks", w->e->name);
    out->channels = (int)le16(c->p + 2);
    out->rate_hz = le32(c->p + 4);
    frame_bytes = le16(c->p + 12);
    out->bits = (int)le16(c->p + 14);
    if (!is_read(tag, (uint32_t)out->bits))
        return fyi_fail(FY_EFORMAT,
                        "'%s' is a WAV of type %u with %d bits; read are PCM (1) of 8, 16, 24 and "
                        "32 bits, float (3) of 32 and 64, A-law (6) and mu-law (7); convert it",
                        w->e->name, tag, out->bits);
    FYI_FORWARD(fyi_sound_check_info(w->e, out));
    if ((int64_t)frame_bytes != (int64_t)out->channels * out->bits / 8)
        return fyi_fail(FY_EFORMAT,
                        "'%s': its header says %u bytes for all channels of a sample, %d channels "
                        "of %d bits are %d",
                        w->e->name, frame_bytes, out->channels, out->bits,
                        out->channels * out->bits / 8);
    w->has_format = true;
    w->frame_bytes = frame_bytes;
    return FY_OK;
}

/* ---- data ------------------------------------------------------------------------------------ */

static fy_status take_data(walk *w, const chunk *c, fyi_sound_info *out)
{
    if (!w->has_format)
        return fyi_fail(FY_EFORMAT, "'%s': its data chunk stands before its fmt chunk", w->e->name);
    if (w->has_data)
        return fyi_fail(FY_EFORMAT, "'%s' has two data chunks", w->e->name);
    if ((int64_t)c->n % w->frame_bytes != 0)
        return fyi_fail(FY_EFORMAT,
                        "'%s': its %llu bytes of samples are no multiple of the %lld that all "
                        "channels of one have",
                        w->e->name, (unsigned long long)c->n, (long long)w->frame_bytes);
    w->has_data = true;
    out->frames = (int64_t)c->n / w->frame_bytes;
    if (out->frames < 2)
        return fyi_fail(FY_EFORMAT, "'%s' holds %lld samples, which is no sound", w->e->name,
                        (long long)out->frames);
    return FY_OK;
}

/* ---- chunks ---------------------------------------------------------------------------------- */

static fy_status next_chunk(walk *w, chunk *c)
{
    const uint8_t *p = w->e->p + w->at;

    if (w->end - w->at < 8)
        return fyi_fail(FY_EFORMAT, "'%s' ends in the middle of a chunk's header, at byte %llu",
                        w->e->name, (unsigned long long)w->end);
    c->at = w->at + 8;
    c->n = le32(p + 4);
    c->p = p + 8;
    for (int i = 0; i < 4; i++)
        c->name[i] = (char)(p[i] >= 0x20 && p[i] < 0x7f ? p[i] : '?');
    c->name[4] = '\0';
    if (c->n > w->end - c->at)
        return fyi_fail(
            FY_EFORMAT,
            "'%s': its chunk '%s' says %llu bytes, %llu are left; it was cut off or its "
            "sizes were never written, convert it or fetch it again",
            w->e->name, c->name, (unsigned long long)c->n, (unsigned long long)(w->end - c->at));
    /* Chunks begin at even places; the last one's padding may be missing. */
    w->at = FYI_MIN(c->at + c->n + c->n % 2, w->end);
    return FY_OK;
}

static fy_status check_riff(const fyi_encoded *e, walk *w)
{
    const uint64_t says = e->n >= 12 ? le32(e->p + 4) + (uint64_t)8 : 0;

    *w = (walk){ .e = e, .at = 12, .end = says };
    if (e->n < 12)
        return fyi_fail(FY_EFORMAT, "'%s' has %zu bytes, too few for a WAV file", e->name, e->n);
    if (memcmp(e->p + 8, "WAVE", 4) != 0)
        return fyi_fail(FY_EFORMAT, "'%s' is a RIFF file, but no WAV", e->name);
    if (says > e->n || says < 12)
        return fyi_fail(FY_EFORMAT,
                        "'%s': its header says %llu bytes, the file has %zu; it was cut off or its "
                        "sizes were never written, convert it or fetch it again",
                        e->name, (unsigned long long)says, e->n);
    return FY_OK;
}

static fy_status check(const fyi_encoded *e, fyi_sound_info *out)
{
    walk w;
    chunk c;

    FYI_FORWARD(check_riff(e, &w));
    while (w.at < w.end) {
        FYI_FORWARD(next_chunk(&w, &c));
        if (memcmp(c.name, "fmt ", 4) == 0)
            FYI_FORWARD(take_format(&w, &c, out));
        else if (memcmp(c.name, "data", 4) == 0)
            FYI_FORWARD(take_data(&w, &c, out));
    }
    if (!w.has_format || !w.has_data)
        return fyi_fail(FY_EFORMAT, "'%s' is a WAV file without %s", e->name,
                        w.has_format ? "samples: it has no data chunk" : "a fmt chunk");
    return FY_OK;
}

const fyi_sound_format fyi_sound_wav = { "WAV", "RIFF", check };
