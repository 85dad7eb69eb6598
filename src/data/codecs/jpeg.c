/* jpeg.c: JPEG through libjpeg: grey, YCbCr or RGB, CMYK and YCCK; baseline and progressive.
 *
 *   marker segments: 0xff, type, length (big-endian, itself included), content
 * Four-colour files with Adobe's marker hold inverted ink, others do not; RGB = (255 - K) (1 - ink).
 * libjpeg warns of data that it had to invent, and goes on: here those warnings are failures. It
 * leaves by longjmp; all that it works on is in one struct, so that nothing is lost. */
#include "data/picture.h"

#include <setjmp.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

/* A scan of a progressive file costs as much as a picture and a few bytes of the file. */
#define MAX_SCANS 200

/* Huffman codes have at least one bit for each 8x8 block of some scan. */
#define MAX_PIXELS_PER_BYTE 512

typedef struct reader {
    struct jpeg_decompress_struct z;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf back;
    const fyi_encoded *e;
    char text[JMSG_LENGTH_MAX];
    int code;                 /* libjpeg's, of the failure */
    const fyi_decode_opts *o; /* of a decode */
    const fyi_picture_info *info;
    fyi_picture *out;
} reader;

/* ---- failures -------------------------------------------------------------------------------- */

static const int invented_data[] = { JWRN_BOGUS_PROGRESSION, JWRN_HIT_MARKER, JWRN_HUFF_BAD_CODE,
                                     JWRN_ARITH_BAD_CODE,    JWRN_JPEG_EOF,   JWRN_MUST_RESYNC,
                                     JWRN_NOT_SEQUENTIAL };

static void jump(j_common_ptr z)
{
    reader *r = z->client_data;

    r->code = z->err->msg_code;
    z->err->format_message(z, r->text);
    longjmp(r->back, 1);
}

static void on_message(j_common_ptr z, int level)
{
    for (size_t i = 0; level < 0 && i < FYI_LEN(invented_data); i++)
        if (z->err->msg_code == invented_data[i])
            jump(z);
}

static void on_progress(j_common_ptr z)
{
    reader *r = z->client_data;

    if (r->z.input_scan_number <= MAX_SCANS)
        return;
    r->code = 0;
    (void)snprintf(r->text, sizeof r->text, "more than %d scans", MAX_SCANS);
    longjmp(r->back, 1);
}

static fy_status fail(const reader *r)
{
    if (r->code == JERR_OUT_OF_MEMORY)
        return fyi_enomem(r->e->n, r->e->name);
    if (r->code == JWRN_JPEG_EOF || r->code == JERR_INPUT_EMPTY || r->code == JERR_INPUT_EOF)
        return fyi_fail(FY_EFORMAT, "'%s' ends inside its JPEG data (%zu bytes); it was cut off",
                        r->e->name, r->e->n);
    return fyi_fail(FY_EFORMAT, "'%s': its JPEG data is damaged (%s)", r->e->name, r->text);
}

/* ---- the header ------------------------------------------------------------------------------ */

static void init_reader(reader *r, const fyi_encoded *e)
{
    *r = (reader){ .e = e };
    r->z.err = jpeg_std_error(&r->errors);
    r->errors.error_exit = jump;
    r->errors.emit_message = on_message;
    r->z.client_data = r;
    r->progress.progress_monitor = on_progress;
}

static bool read_header(reader *r)
{
    if (setjmp(r->back) != 0)
        return false;
    jpeg_create_decompress(&r->z);
    r->z.progress = &r->progress;
    jpeg_mem_src(&r->z, r->e->p, r->e->n);
    jpeg_save_markers(&r->z, JPEG_APP0 + 1, 0xffff);
    (void)jpeg_read_header(&r->z, TRUE);
    return true;
}

static int read_orientation(const reader *r)
{
    static const char head[] = "Exif\0"; /* and the NUL that ends it */

    for (jpeg_saved_marker_ptr m = r->z.marker_list; m != NULL; m = m->next)
        if (m->data_length >= sizeof head && memcmp(m->data, head, sizeof head) == 0)
            return fyi_exif_orientation(m->data + sizeof head, m->data_length - sizeof head);
    return 1;
}

static fy_status check_header(const reader *r, int64_t max_pixels)
{
    const int64_t h = r->z.image_height, w = r->z.image_width;
    const int c = r->z.num_components;

    FYI_FORWARD(fyi_picture_check_size(r->e, "JPEG", h, w, max_pixels));
    if (c != 1 && c != 3 && c != 4)
        return fyi_fail(FY_EFORMAT, "'%s': a JPEG of %d components; read are 1, 3 and 4",
                        r->e->name, c);
    if (!r->z.arith_code && (uint64_t)(h * w) / MAX_PIXELS_PER_BYTE > r->e->n)
        return fyi_fail(FY_EFORMAT,
                        "'%s': its JPEG header says %lldx%lld pixels, which %zu bytes cannot hold; "
                        "the file was cut off or its header is damaged",
                        r->e->name, (long long)w, (long long)h, r->e->n);
    return FY_OK;
}

static fy_status open_file(reader *r, const fyi_encoded *e, int64_t max_pixels)
{
    init_reader(r, e);
    if (!read_header(r))
        return fail(r);
    return check_header(r, max_pixels);
}

static bool is_jpeg(const uint8_t *p, size_t n)
{
    return n >= 3 && p[0] == 0xff && p[1] == 0xd8 && p[2] == 0xff;
}

static fy_status probe(const fyi_encoded *e, int64_t max_pixels, fyi_picture_info *out)
{
    reader r;
    const fy_status st = open_file(&r, e, max_pixels);

    if (st == FY_OK)
        *out = (fyi_picture_info){ r.z.image_height, r.z.image_width,
                                   r.z.num_components == 1 ? 1 : 3, read_orientation(&r) };
    jpeg_destroy_decompress(&r.z);
    return st;
}

/* ---- the structure --------------------------------------------------------------------------- */

/* The next 0xff that begins a marker: neither 0xff00, which is a pixel's, nor a restart. */
static size_t skip_scan(const uint8_t *p, size_t n, size_t at)
{
    while (at + 1 < n) {
        const uint8_t *found = memchr(p + at, 0xff, n - 1 - at);

        if (found == NULL)
            return n;
        at = (size_t)(found - p);
        if (p[at + 1] != 0 && p[at + 1] != 0xff && (p[at + 1] < 0xd0 || p[at + 1] > 0xd7))
            return at;
        at += p[at + 1] == 0xff ? 1 : 2;
    }
    return n;
}

/* Is there an end-of-image marker where markers are looked for? */
static fy_status check(const fyi_encoded *e)
{
    size_t at = 2;

    while ((at = skip_scan(e->p, e->n, at)) + 4 <= e->n) {
        const uint8_t type = e->p[at + 1];

        if (type == 0xd9)
            return FY_OK;
        /* 0x01 stands alone, like the restarts; all others say their length. */
        at += type == 0x01 ? 2 : 2 + ((size_t)e->p[at + 2] << 8 | e->p[at + 3]);
    }
    if (at + 2 <= e->n && e->p[at + 1] == 0xd9)
        return FY_OK;
    return fyi_fail(FY_EFORMAT, "'%s' ends inside its JPEG data (%zu bytes); it was cut off",
                    e->name, e->n);
}

/* ---- pixels ---------------------------------------------------------------------------------- */

static bool is_large(const reader *r, int64_t h, int64_t w, int denominator)
{
    return r->info->h / denominator >= 2 * h && r->info->w / denominator >= 2 * w;
}

/* 1, 2, 4 or 8: how much smaller the picture may be decoded. */
static unsigned choose_scale(const reader *r)
{
    unsigned d = 8;

    if (r->o->h == 0 || r->o->w == 0)
        return 1;
    while (d > 1 && !is_large(r, r->o->h, r->o->w, (int)d))
        d /= 2;
    return d;
}

/* In place; what Pillow makes of CMYK. p [n, 4] -> [n, 3] */
static void ink_to_rgb(uint8_t *p, int64_t n, bool is_inverted)
{
    const uint8_t *src = p;

    for (int64_t i = 0; i < n; i++, src += 4, p += 3) {
        const unsigned flip = is_inverted ? 255 : 0, white = 255 - (src[3] ^ flip);

        for (int k = 0; k < 3; k++) {
            const unsigned v = (src[k] ^ flip) * white + 128;

            p[k] = (uint8_t)(white - (((v >> 8) + v) >> 8));
        }
    }
}

static bool begin_pixels(reader *r)
{
    static const J_COLOR_SPACE spaces[] = { [1] = JCS_GRAYSCALE, [3] = JCS_RGB, [4] = JCS_CMYK };

    if (setjmp(r->back) != 0)
        return false;
    r->z.out_color_space = spaces[r->z.num_components];
    r->z.scale_num = 1;
    r->z.scale_denom = choose_scale(r);
    jpeg_calc_output_dimensions(&r->z);
    return true;
}

static bool read_pixels(reader *r)
{
    const size_t row = (size_t)r->z.output_width * (size_t)r->z.output_components;

    if (setjmp(r->back) != 0)
        return false;
    (void)jpeg_start_decompress(&r->z);
    while (r->z.output_scanline < r->z.output_height) {
        JSAMPROW p = r->out->p + r->z.output_scanline * row;

        (void)jpeg_read_scanlines(&r->z, &p, 1);
    }
    (void)jpeg_finish_decompress(&r->z);
    return true;
}

static fy_status decode_pixels(reader *r)
{
    const bool is_inverted = r->z.saw_Adobe_marker;
    fyi_picture *p = r->out;

    if (!begin_pixels(r))
        return fail(r);
    FYI_FORWARD(fyi_picture_new(p, r->z.output_height, r->z.output_width, r->z.output_components));
    p->end_y = (float)r->z.image_height / (float)r->z.scale_denom;
    p->end_x = (float)r->z.image_width / (float)r->z.scale_denom;
    if (!read_pixels(r))
        return fail(r);
    if (p->c == 4) {
        ink_to_rgb(p->p, p->h * p->w, is_inverted);
        p->c = 3;
    }
    return FY_OK;
}

static fy_status decode(const fyi_encoded *e, const fyi_decode_opts *o,
                        const fyi_picture_info *info, fyi_picture *out)
{
    reader r;
    fy_status st = open_file(&r, e, o->max_pixels);

    r.o = o;
    r.info = info;
    r.out = out;
    if (st == FY_OK)
        st = decode_pixels(&r);
    jpeg_destroy_decompress(&r.z);
    return st;
}

#ifdef LIBJPEG_TURBO_VERSION
#define TEXT(x) #x
#define TEXT_OF(x) TEXT(x)
#define VERSION "libjpeg-turbo " TEXT_OF(LIBJPEG_TURBO_VERSION)
#else
#define VERSION "libjpeg"
#endif

static const char *version(char room[64])
{
    (void)snprintf(room, 64, "%s (API %d)", VERSION, JPEG_LIB_VERSION);
    return room;
}

const fyi_codec fyi_codec_jpeg = { "JPEG", version, is_jpeg, probe, check, decode };
