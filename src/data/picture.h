/* What the files that deal with encoded pictures share: decoding and resizing.
 *
 *   encoded   the bytes of a JPEG, PNG or WebP file
 *   picture   decoded and upright: rows of bytes, grey or RGB, as a person would see it
 *   album     of pictures: it becomes the source of a dataset, which decodes a picture when it is asked for */
#ifndef FYI_PICTURE_H
#define FYI_PICTURE_H

#include "data/album.h"

typedef struct fyi_picture {
    int64_t h, w;
    int c; /* 1: grey, 3: RGB */
    /* Where the full picture ends, in pixels of this one: h and w, or up to a pixel less after
     * scaled decoding, whose last row and column stand for fewer pixels. */
    float end_y, end_x;
    uint8_t *p; /* [h, w, c]; fyi_free */
} fyi_picture;
/* Takes memory for the pixels, which are not set. */
fy_status fyi_picture_new(fyi_picture *out, int64_t h, int64_t w, int c);
void fyi_picture_release(fyi_picture *p);
/* RGB to grey: L = (19595 R + 38470 G + 7471 B + 32768) >> 16, as Pillow has it; or grey to RGB.
 * c is 1 or 3; nothing happens if p has it already. */
fy_status fyi_picture_set_channels(fyi_picture *p, int c);

/* ---- codecs ---------------------------------------------------------------------------------- */

/* A larger picture is refused: 128 Mi pixels take 384 MiB. */
#define FYI_MAX_PIXELS ((int64_t)1 << 27)
#define FYI_MAX_SIDE 65535

/* What the header says; h and w are those of the upright picture. */
typedef struct fyi_picture_info {
    int64_t h, w;
    int c;
    int orientation; /* EXIF's, 1 .. 8: how the stored rows stand to the upright ones */
} fyi_picture_info;

typedef struct fyi_decode_opts {
    int64_t h, w; /* the picture will be resized to this: a JPEG may be decoded smaller, but at
                         * no less than twice the size; 0: full size */
    int64_t max_pixels; /* 0: FYI_MAX_PIXELS */
} fyi_decode_opts;

typedef struct fyi_codec {
    const char *name;
    /* "libpng 1.6.39", into room; returns it. */
    const char *(*version)(char room[64]);
    bool (*is)(const uint8_t *p, size_t n);
    /* Reads the header, with all its sizes held against the file's. */
    fy_status (*probe)(const fyi_encoded *e, int64_t max_pixels, fyi_picture_info *out);
    /* Follows the file's structure to its end without decoding pixels. */
    fy_status (*check)(const fyi_encoded *e);
    /* `info` is what probe gave. The rows come as they are stored, before they are turned. */
    fy_status (*decode)(const fyi_encoded *e, const fyi_decode_opts *o,
                        const fyi_picture_info *info, fyi_picture *out);
} fyi_codec;
extern const fyi_codec fyi_codec_jpeg, fyi_codec_png, fyi_codec_webp;

/* The codec is found by the first bytes, whatever the file's name ends in. FY_EFORMAT says what is
 * wrong with the file. */
fy_status fyi_picture_probe(const fyi_encoded *e, int64_t max_pixels, fyi_picture_info *out);
/* The header and the structure: finds files that were cut off, and for PNG every changed byte. */
fy_status fyi_picture_check(const fyi_encoded *e, fyi_picture_info *out);
fy_status fyi_picture_decode(const fyi_encoded *e, const fyi_decode_opts *o, fyi_picture *out);
/* 1 .. 8 from EXIF data, which begins with "II" or "MM"; 1 if it says nothing that can be read. */
int fyi_exif_orientation(const uint8_t *p, size_t n);
/* In place; p's memory may be replaced. */
fy_status fyi_picture_turn(fyi_picture *p, int orientation);

/* png_write.c: appends a PNG file of pixels [planes, h, w]; planes is 1 or 3. False without memory. */
bool fyi_png_put(fyi_buf *png, const uint8_t *pixels, int64_t planes, int64_t h, int64_t w);

/* For codecs: FY_EFORMAT unless h and w are at least 1 and not beyond the limits. */
fy_status fyi_picture_check_size(const fyi_encoded *e, const char *kind, int64_t h, int64_t w,
                                 int64_t max_pixels);
/* For codecs: src over white. src [n, c + 1], the last value is the coverage; dst [n, c] may be
 * src. */
void fyi_picture_over_white(const uint8_t *src, int64_t n, int c, uint8_t *dst);

/* ---- resizing: resize.c ---------------------------------------------------------------------- */

/* Triangle weights of output k of a resize: source pixel t weighs 1 - |t + 1/2 - centre| / reach at
 * centre = begin + (k + 1/2) step, reach = max(step, 1); they sum to 1. weight has room for
 * fyi_resize_taps(step) values. Returns their count and the first pixel. */
int64_t fyi_resize_weights(int64_t n_src, double begin, double step, int64_t k, double *weight,
                           int64_t *first);
/* The most pixels that an output can be made of. */
int64_t fyi_resize_taps(double step);

/* Outputs from .. to - 1 of the n that [begin, end) of a source's axis, in pixels, is resized to. */
typedef struct fyi_resize_axis {
    float begin, end;
    int64_t n, from, to;
} fyi_resize_axis;
/* The part of src in the box of y and x, resized with antialiased bilinear weights: Pillow's
 * resize(size, BILINEAR, box) in its fixed-point arithmetic, first along rows, then along columns.
 * dst [y.to - y.from, x.to - x.from, c]. */
fy_status fyi_picture_resize(const fyi_picture *src, const fyi_resize_axis *y,
                             const fyi_resize_axis *x, uint8_t *dst);

/* ---- albums of pictures: picture_source.c, pictures.c ----------------------------------------- */

extern const fyi_media fyi_pictures;
/* Checks and hashes the shots and makes the dataset, named o->name or as the end of `path`. Class
 * names come from the album, or from o->classes_path, or from the labels. Takes what the album holds; the album is to be
 * released all the same. */
fy_status fyi_album_open(fyi_album *a, const char *path, const fy_picture_opts *o, fy_dataset **out);

/* What a picture of h x w becomes before it is cut: h and w, changed in place. */
void fyi_picture_fit(const fy_picture_opts *o, int64_t *h, int64_t *w);
/* The size of what fyi_picture_fit gives, cut. */
fy_shape fyi_picture_shape(const fy_picture_opts *o, int64_t h, int64_t w, int c);
/* Decodes e to dst, u8 [shape.d[1], shape.d[2], shape.d[0]]. FY_ESHAPE if it comes out otherwise. */
fy_status fyi_picture_read(const fyi_encoded *e, const fy_picture_opts *o, const fy_shape *shape,
                           uint8_t *dst);

#endif
