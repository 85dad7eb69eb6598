/* What the files that deal with sounds share: decoding, resampling, and spectra.
 *
 *   encoded   the bytes of a WAV, FLAC or Ogg file
 *   sound     decoded and mixed to one channel: samples of -1 .. 1 at a rate */
#ifndef FYI_SOUND_H
#define FYI_SOUND_H

#include "data/album.h"

extern const fyi_media fyi_sounds;

/* What is read of sounds: higher rates, more channels and longer files are mistakes or attacks. */
#define FYI_MIN_RATE_HZ 2000
#define FYI_MAX_RATE_HZ 384000
#define FYI_MAX_SOUND_CHANNELS 32
#define FYI_MAX_SOUND_FRAMES ((int64_t)1 << 28)

/* What a header says of a sound, held against the file's size. */
typedef struct fyi_sound_info {
    int64_t frames; /* samples of each channel; 0: the header does not say */
    int64_t rate_hz;
    int channels, bits;
    const uint8_t *md5; /* [16], of the samples as the file has them; NULL: none */
} fyi_sound_info;

typedef struct fyi_sound {
    float *v; /* [n]; fyi_free */
    int64_t n, rate_hz;
} fyi_sound;
void fyi_sound_release(fyi_sound *s);

/* What a container's own structure is: found by the first bytes, and followed to its end. FY_EFORMAT names the file. */
typedef struct fyi_sound_format {
    const char *name, *begin; /* "WAV"; its first four bytes */
    fy_status (*check)(const fyi_encoded *e, fyi_sound_info *out);
} fyi_sound_format;
extern const fyi_sound_format fyi_sound_wav, fyi_sound_flac, fyi_sound_ogg;
/* For formats: FY_EFORMAT unless rate, channels and length are such as are read. */
fy_status fyi_sound_check_info(const fyi_encoded *e, const fyi_sound_info *i);

/* The structure alone. Ogg's rate and channels are its decoder's to say: 0. */
fy_status fyi_sound_check(const fyi_encoded *e, fyi_sound_info *out);
/* The rate, for which the decoder is opened. */
fy_status fyi_sound_rate(const fyi_encoded *e, int64_t *rate_hz);
/* All of the file is decoded and checked; kept is its first keep_s seconds (0: all) and no more than max_frames, 0:
 * FYI_MAX_SOUND_FRAMES, beyond which it is refused. */
fy_status fyi_sound_decode(const fyi_encoded *e, double keep_s, int64_t max_frames, fyi_sound *out);
/* In place, by libsamplerate's band-limited interpolation; values stay within -1 .. 1. `name` is for sentences. */
fy_status fyi_sound_resample(const char *name, int64_t rate_hz, fyi_sound *s);

/* sounds.c: as fyi_album_open, of sounds. Labels may be in the names: o->names. */
fy_status fyi_sounds_open(fyi_album *a, const char *path, const fy_sound_opts *o, fy_dataset **out);

/* ---- mel.c ----------------------------------------------------------------------------------- */

/* Triangles over the bins of a spectrum: band m is the sum of weight[first_weight[m] + k] * power[first[m] + k]. */
typedef struct fyi_mel {
    int64_t n;
    const int64_t *first, *count, *at; /* [n]: the first bin, how many, where their weights begin */
    const float *weight;
} fyi_mel;
/* o has all its values; in the arena. */
fy_status fyi_mel_new(const fy_spectrogram_opts *o, int64_t rate_hz, fyi_arena *arena, fyi_mel *out);

#endif
