/* foreign.c: files by others, one or more of each format, and the readers that they are given to. Files of idx and
 * CIFAR, whose every byte is a value behind the first few, are damaged in their own tests. */
#include "support/damage.h"

#include "data/picture.h"
#include "data/sound.h"
#include "weights/weights.h"

static fy_status read_weights(const char *name, const void *file, size_t bytes)
{
    fy_weights *w;
    fy_status st = FY_OK;

    FYI_FORWARD(fyi_weights_parse(name, file, bytes, &w));
    for (int i = 0; i < fy_weights_count(w) && st == FY_OK; i++) {
        fy_tensor *t;

        st = fy_weights_tensor(w, i, &t);
        fy_tensor_free(t);
    }
    fy_weights_close(w);
    return st;
}

static fy_status read_array(const char *name, const void *file, size_t bytes)
{
    fy_tensor *t;
    const fy_status st = fyi_npy_parse(name, file, bytes, &t);

    fy_tensor_free(t);
    return st;
}

/* The last bytes of a picture may be missing without loss of a pixel (checksums, EXIF, padding): the structure's
 * check sees those. */
static fy_status read_picture(const char *name, const void *file, size_t bytes)
{
    const fyi_encoded e = { name, file, bytes };
    fyi_picture_info info;
    fyi_picture p;

    FYI_FORWARD(fyi_picture_decode(&e, &(fyi_decode_opts){ .max_pixels = 1 << 16 }, &p));
    if (p.h < 1 || p.w < 1 || p.h * p.w > 1 << 16)
        fail_msg("%s: a picture of %lld x %lld pixels", name, (long long)p.h, (long long)p.w);
    fyi_picture_release(&p);
    return fyi_picture_check(&e, &info);
}

static fy_status read_sound(const char *name, const void *file, size_t bytes)
{
    const fyi_encoded e = { name, file, bytes };
    fyi_sound s;

    FYI_FORWARD(fyi_sound_decode(&e, 0, 1 << 16, &s));
    for (int64_t i = 0; i < s.n; i++)
        if (!(s.v[i] >= -1 && s.v[i] <= 1))
            fail_msg("%s: sample %lld is %g", name, (long long)i, (double)s.v[i]);
    fyi_sound_release(&s);
    return FY_OK;
}

static fy_status read_tar(const char *name, const void *file, size_t bytes)
{
    fyi_album album = { 0 };
    fyi_infile *f = NULL;
    fyi_tar *tar = NULL;
    fy_status st;

    FY_TRY(fyi_infile_lend(name, file, bytes, &f));
    FY_TRY(fyi_tar_open(f, &tar));
    FY_TRY(fyi_tar_gather(tar, name, &(fyi_scan_opts){ .media = &fyi_pictures }, &album));
    for (size_t i = 0; i < album.n; i++)
        if (album.v[i].bytes < 0 || album.v[i].at + (uint64_t)album.v[i].bytes > bytes)
            fail_msg("%s: sample %zu lies outside of the file", name, i);
done:
    fyi_tar_close(tar);
    fyi_infile_close(f);
    fyi_album_release(&album);
    return st;
}

/* clang-format off */
#define ALL { { 0, SIZE_MAX } }
const fyt_foreign fyt_foreigns[] = {
    { "python.safetensors", read_weights, 0, { { 0, 9 } } },     /* the header's length, its bracket */
    { "npy/f4.npy", read_weights, 0, { { 0, 7 }, { 8, 10 } } },  /* magic, version, the header's length */
    { "npy/u1.npy", read_array, 0, { { 0, 7 }, { 8, 10 } } },
    { "npy/packed.npz", read_weights, 0, { { 0, 4 } } },         /* magic; each entry has a checksum */
    { "torch/nested.pth", read_weights, 0, { { 0, 4 } } },
    { "torch/later.pth", read_weights, 0, { { 0, 4 } } },
    { "torch/parts.pth", read_weights, 0, { { 0, 4 } } },
    { "torch/nested_legacy.pth", read_weights, 0, { { 4, 14 } } },  /* PyTorch's magic number */
    { "torch/evil.pth", read_weights, 0, ALL },                  /* whatever is changed in it: not run, not read */
    { "images/rgb420.jpg", read_picture, 0, { { 0, 2 } } },
    { "images/progressive.jpg", read_picture, 0, { { 0, 2 } } },
    { "images/turned6.jpg", read_picture, 0, { { 0, 2 } } },
    { "images/cmyk_adobe.jpg", read_picture, 0, { { 0, 2 } } },
    { "images/rgb8.png", read_picture, 0, ALL },                 /* each chunk has a checksum */
    { "images/palette8_trns.png", read_picture, 0, ALL },
    { "images/rgba8_interlaced.png", read_picture, 0, ALL },
    { "images/late_exif.png", read_picture, 0, ALL },
    { "images/lossy.webp", read_picture, 0, { { 0, 4 }, { 8, 12 } } },
    { "images/lossless_alpha.webp", read_picture, 0, { { 0, 4 }, { 8, 12 } } },
    { "images/exif.webp", read_picture, 0, { { 0, 4 }, { 8, 12 } } },
    { "sound/pcm8.wav", read_sound, 0, { { 0, 20 }, { 32, 40 } } },  /* the header, but for rates, and laws of 8 bits */
    { "sound/float.wav", read_sound, 0, { { 0, 16 } } },
    { "sound/pcm24.wav", read_sound, 0, { { 0, 16 } } },
    { "sound/pcm16.flac", read_sound, 0, { { 0, 4 }, { 26, 42 } } },  /* the samples' MD5 */
    { "sound/vorbis.ogg", read_sound, 0, ALL },                       /* each page has a checksum */
    { "tar/ustar.tar", read_tar, 512, { { 0, 148 }, { 156, 512 } } },  /* a header's sum; one block of zeros ends it */
    { "tar/gnu.tar", read_tar, 512, { { 0, 148 }, { 156, 512 } } },
    { "tar/pax.tar", read_tar, 512, { { 0, 148 }, { 156, 512 } } },
};
/* clang-format on */
const size_t fyt_n_foreigns = FYI_LEN(fyt_foreigns);
