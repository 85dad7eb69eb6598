/* sound.c: WAV, FLAC and Ogg to samples, by libsndfile from bytes that are already in memory and whose structure was
 * followed. A file that has less, or other samples than it says is refused. Channels are averaged. */
#include "data/sound.h"

#include <math.h>
#include <nettle/md5.h>
#include <pthread.h>
#include <sndfile.h>
#include <string.h>

#define BLOCK_VALUES 8192 /* decoded at once */
#define MOST_VALUE 8.0f   /* a float file beyond it counts in something else than -1 .. 1 */

static const char *const endings[] = { ".wav", ".flac", ".ogg", ".oga", ".opus", NULL };
static const char *const others[] = { ".mp3", ".m4a", ".aac", ".aif", ".aiff", ".au",
                                      ".wma", ".sph", ".amr", ".mp4", NULL };
const fyi_media fyi_sounds = { .one = "sound",
                               .many = "sounds",
                               .kinds = "WAV, FLAC or Ogg",
                               .endings = endings,
                               .others = others,
                               .counts_folders = true };

static const fyi_sound_format *const formats[] = { &fyi_sound_wav, &fyi_sound_flac, &fyi_sound_ogg };

void fyi_sound_release(fyi_sound *s)
{
    fyi_free(s->v);
    *s = (fyi_sound){ 0 };
}

/* ---- the structure --------------------------------------------------------------------------- */

fy_status fyi_sound_check_info(const fyi_encoded *e, const fyi_sound_info *i)
{
    if (i->channels < 1 || i->channels > FYI_MAX_SOUND_CHANNELS)
        return fyi_fail(FY_EFORMAT, "'%s' says it has %d channels; read are 1 to %d", e->name,
                        i->channels, FYI_MAX_SOUND_CHANNELS);
    if (i->rate_hz < FYI_MIN_RATE_HZ || i->rate_hz > FYI_MAX_RATE_HZ)
        return fyi_fail(FY_EFORMAT, "'%s' says it has %lld samples a second; read are %d to %d",
                        e->name, (long long)i->rate_hz, FYI_MIN_RATE_HZ, FYI_MAX_RATE_HZ);
    return FY_OK;
}

/* The first bytes, as far as they can be shown. */
static fy_status fail_unknown(const fyi_encoded *e)
{
    char begin[17] = "";

    if (e->n == 0)
        return fyi_fail(FY_EFORMAT, "'%s' is empty", e->name);
    for (size_t i = 0; i < sizeof begin - 1 && i < e->n; i++)
        begin[i] = (char)(e->p[i] >= 0x20 && e->p[i] < 0x7f ? e->p[i] : '.');
    return fyi_fail(FY_EFORMAT, "'%s' is no WAV, FLAC or Ogg file: it begins with \"%s\"", e->name,
                    begin);
}

fy_status fyi_sound_check(const fyi_encoded *e, fyi_sound_info *out)
{
    *out = (fyi_sound_info){ 0 };
    for (size_t i = 0; i < FYI_LEN(formats); i++)
        if (e->n >= 4 && memcmp(e->p, formats[i]->begin, 4) == 0)
            return formats[i]->check(e, out);
    return fyi_not_ok(fail_unknown(e));
}

/* ---- libsndfile ------------------------------------------------------------------------------ */

/* Bytes in memory as a file that can be read. */
typedef struct memory {
    const fyi_encoded *e;
    sf_count_t at;
} memory;

static sf_count_t length(void *arg)
{
    return (sf_count_t)((memory *)arg)->e->n;
}

static sf_count_t go_to(sf_count_t by, int from, void *arg)
{
    memory *m = arg;
    const sf_count_t n = length(m), base = from == SEEK_SET ? 0 : from == SEEK_CUR ? m->at : n;

    if (by < -base || by > n - base)
        return -1;
    m->at = base + by;
    return m->at;
}

static sf_count_t read_bytes(void *p, sf_count_t n, void *arg)
{
    memory *m = arg;
    const sf_count_t got = FYI_MIN(n, length(m) - m->at);

    if (got <= 0)
        return 0;
    memcpy(p, m->e->p + m->at, (size_t)got);
    m->at += got;
    return got;
}

static sf_count_t write_bytes(const void *p, sf_count_t n, void *arg)
{
    (void)p;
    (void)n;
    (void)arg;
    return 0;
}

static sf_count_t tell(void *arg)
{
    return ((memory *)arg)->at;
}

/* One file being decoded. */
typedef struct decoding {
    const fyi_encoded *e;
    memory bytes;
    SNDFILE *file;
    fyi_sound_info info;
    int64_t done; /* frames */
    struct md5_ctx md5;
    union {
        float f[BLOCK_VALUES];
        int32_t i[BLOCK_VALUES];
    } block; /* [frames, channels] */
} decoding;

/* Both have to say the same: what was checked is what is decoded. */
static fy_status compare_info(decoding *d, const SF_INFO *found)
{
    fyi_sound_info *i = &d->info;

    if (i->rate_hz == 0) {
        i->rate_hz = found->samplerate;
        i->channels = found->channels;
        i->frames = found->frames;
        FYI_FORWARD(fyi_sound_check_info(d->e, i));
    }
    if (found->samplerate != i->rate_hz || found->channels != i->channels ||
        found->frames != i->frames)
        return fyi_fail(FY_EFORMAT,
                        "'%s': its header says %lld samples of %d channels, %lld a second; the "
                        "decoder finds %lld, %d and %d",
                        d->e->name, (long long)i->frames, i->channels, (long long)i->rate_hz,
                        (long long)found->frames, found->channels, found->samplerate);
    if (i->frames < 2)
        return fyi_fail(FY_EFORMAT, "'%s' holds %lld samples, which is no sound", d->e->name,
                        (long long)i->frames);
    return FY_OK;
}

/* Why a file could not be opened is a global of libsndfile's. */
static fy_status open_file(decoding *d, SF_INFO *found)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    SF_VIRTUAL_IO io = { length, go_to, read_bytes, write_bytes, tell };
    fy_status st = FY_OK;

    (void)pthread_mutex_lock(&lock);
    d->file = sf_open_virtual(&io, SFM_READ, found, &d->bytes);
    if (d->file == NULL)
        st = fyi_fail(FY_EFORMAT, "'%s' cannot be decoded: %s", d->e->name, sf_strerror(NULL));
    (void)pthread_mutex_unlock(&lock);
    return st;
}

static void close_decoder(decoding *d)
{
    if (d->file != NULL)
        (void)sf_close(d->file);
}

static fy_status open_decoder(decoding *d, const fyi_encoded *e)
{
    SF_INFO found = { 0 };
    fy_status st;

    d->e = e;
    d->bytes = (memory){ e, 0 };
    d->file = NULL;
    d->done = 0;
    md5_init(&d->md5);
    FYI_FORWARD(fyi_sound_check(e, &d->info));
    FYI_FORWARD(open_file(d, &found));
    st = compare_info(d, &found);
    if (st != FY_OK)
        close_decoder(d);
    return st;
}

fy_status fyi_sound_rate(const fyi_encoded *e, int64_t *rate_hz)
{
    decoding *d = fyi_alloc(sizeof *d);
    fy_status st;

    if (d == NULL)
        return fyi_enomem(sizeof *d, e->name);
    FY_TRY(open_decoder(d, e));
    *rate_hz = d->info.rate_hz;
    close_decoder(d);
done:
    fyi_free(d);
    return st;
}

/* ---- samples --------------------------------------------------------------------------------- */

/* n values as FLAC's MD5 has them: little-endian, as few bytes as their bits need. */
static void add_to_md5(decoding *d, int64_t n)
{
    const int bytes = (d->info.bits + 7) / 8, shift = 32 - d->info.bits;
    uint8_t out[4 * 256];
    size_t used = 0;

    for (int64_t i = 0; i < n; i++) {
        const uint32_t v = (uint32_t)(d->block.i[i] >> shift);

        for (int k = 0; k < bytes; k++)
            out[used++] = (uint8_t)(v >> (8 * k));
        if (used > sizeof out - 4 || i + 1 == n) {
            md5_update(&d->md5, used, out);
            used = 0;
        }
    }
}

/* As whole numbers where they have a sum. */
static sf_count_t read_frames(decoding *d, sf_count_t n)
{
    const bool has_sum = d->info.md5 != NULL;
    const sf_count_t got =
        has_sum ? sf_readf_int(d->file, d->block.i, n) : sf_readf_float(d->file, d->block.f, n);

    if (!has_sum || got <= 0)
        return got;
    add_to_md5(d, got * d->info.channels);
    for (int64_t i = 0; i < got * d->info.channels; i++)
        d->block.f[i] = (float)d->block.i[i] * 0x1p-31f;
    return got;
}

static fy_status check_value(const decoding *d, int64_t i)
{
    const float v = d->block.f[i];
    const int64_t at = d->done + i / d->info.channels;

    if (!isfinite(v))
        return fyi_fail(FY_EFORMAT, "'%s': its sample %lld is not finite", d->e->name,
                        (long long)at);
    if (v > MOST_VALUE || v < -MOST_VALUE)
        return fyi_fail(FY_EFORMAT,
                        "'%s': its sample %lld is %g, but those of a float file are -1 to 1; "
                        "convert it",
                        d->e->name, (long long)at, (double)v);
    return FY_OK;
}

/* The mean of each frame's channels into v, unless that is NULL. */
static fy_status mix(const decoding *d, sf_count_t n, float *v, int64_t n_kept)
{
    const int c = d->info.channels;

    for (int64_t i = 0; i < n * c; i++)
        FYI_FORWARD(check_value(d, i));
    for (int64_t i = 0; i < n_kept; i++) {
        double sum = 0;

        for (int k = 0; k < c; k++)
            sum += (double)d->block.f[i * c + k];
        v[i] = (float)FYI_MAX(FYI_MIN(sum / c, 1), -1);
    }
    return FY_OK;
}

static fy_status check_sum(decoding *d)
{
    uint8_t sum[MD5_DIGEST_SIZE];

    if (d->info.md5 == NULL)
        return FY_OK;
    md5_digest(&d->md5, sizeof sum, sum);
    return memcmp(sum, d->info.md5, sizeof sum) == 0
               ? FY_OK
               : fyi_fail(FY_EFORMAT,
                          "'%s': its samples are not those that its MD5 is of; it is "
                          "damaged, fetch it again",
                          d->e->name);
}

static fy_status read_all(decoding *d, int64_t keep, fyi_sound *out)
{
    const sf_count_t most = BLOCK_VALUES / d->info.channels;
    size_t cap = 0;

    while (d->done < d->info.frames) {
        const sf_count_t got = read_frames(d, FYI_MIN(most, d->info.frames - d->done));
        const int64_t kept = FYI_MAX(FYI_MIN(got, keep - d->done), 0);

        if (got <= 0)
            return fyi_fail(
                FY_EFORMAT, "'%s' ends after %lld of its %lld samples; it is damaged or was cut off",
                d->e->name, (long long)d->done, (long long)d->info.frames);
        FYI_FORWARD(fyi_grow(&out->v, &cap, (size_t)(out->n + kept), sizeof *out->v));
        FYI_FORWARD(mix(d, got, out->v + out->n, kept));
        out->n += kept;
        d->done += got;
    }
    return check_sum(d);
}

static fy_status check_frames(const decoding *d, int64_t max_frames)
{
    if (d->info.frames <= max_frames)
        return FY_OK;
    return fyi_fail(FY_EFORMAT, "'%s' has %lld samples, at most %lld are read; cut it into pieces",
                    d->e->name, (long long)d->info.frames, (long long)max_frames);
}

fy_status fyi_sound_decode(const fyi_encoded *e, double keep_s, int64_t max_frames, fyi_sound *out)
{
    decoding *d = fyi_alloc(sizeof *d);
    int64_t keep;
    fy_status st;

    *out = (fyi_sound){ 0 };
    if (d == NULL)
        return fyi_enomem(sizeof *d, e->name);
    FY_TRY(open_decoder(d, e));
    keep = keep_s > 0 ? (int64_t)ceil(keep_s * (double)d->info.rate_hz) : d->info.frames;
    out->rate_hz = d->info.rate_hz;
    st = check_frames(d, max_frames > 0 ? max_frames : FYI_MAX_SOUND_FRAMES);
    if (st == FY_OK)
        st = read_all(d, keep, out);
    close_decoder(d);
done:
    if (st != FY_OK)
        fyi_sound_release(out);
    fyi_free(d);
    return st;
}
