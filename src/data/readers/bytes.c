/* bytes.c: a file in memory, read forward, with gzip undone on the way (RFC 1952).
 *
 * Several gzip members in a row count as one, as gunzip has it. Anything else after the last member
 * is refused, and so is a file that ends inside one: a reader never sees half of a broken file as
 * whole. */
#include "data/data.h"

#include <limits.h>
#include <zlib.h>

struct fyi_bytes {
    const char *name;
    const uint8_t *p;
    size_t n, at; /* plain files: at is the next byte */
    bool packed, ended;
    z_stream z;
};

static voidpf zalloc(voidpf arg, uInt items, uInt size)
{
    (void)arg;
    return fyi_calloc(items, size);
}

static void zfree(voidpf arg, voidpf p)
{
    (void)arg;
    fyi_free(p);
}

static bool looks_packed(const uint8_t *p, size_t n)
{
    return n >= 2 && p[0] == 0x1f && p[1] == 0x8b;
}

fy_status fyi_bytes_open(const char *name, const void *data, size_t n, fyi_bytes **out)
{
    fyi_bytes *b = fyi_calloc(1, sizeof *b);

    *out = NULL;
    if (b == NULL)
        return fyi_enomem(sizeof *b, "reading a file");
    b->name = name;
    b->p = data;
    b->n = n;
    b->packed = looks_packed(data, n);
    b->z.zalloc = zalloc;
    b->z.zfree = zfree;
    /* 16 + 15: a gzip wrapper, not zlib's, and the largest window. */
    if (b->packed && inflateInit2(&b->z, 16 + 15) != Z_OK) {
        fyi_free(b);
        return fyi_enomem(1u << 15, "undoing gzip");
    }
    *out = b;
    return FY_OK;
}

void fyi_bytes_close(fyi_bytes *b)
{
    if (b == NULL)
        return;
    if (b->packed)
        (void)inflateEnd(&b->z);
    fyi_free(b);
}

bool fyi_bytes_is_packed(const fyi_bytes *b)
{
    return b->packed;
}

/* Deflate cannot make more than 1,032 bytes of one (zlib's technical note), plus what it still
 * holds. */
uint64_t fyi_bytes_bound(const fyi_bytes *b)
{
    const uint64_t left = b->n - b->at + b->z.avail_in;

    return b->packed ? left * 1032u + (1u << 16) : left;
}

static fy_status read_plain(fyi_bytes *b, uint8_t *dst, size_t n, size_t *got)
{
    *got = FYI_MIN(n, b->n - b->at);
    for (size_t i = 0; i < *got; i++)
        dst[i] = b->p[b->at + i];
    b->at += *got;
    return FY_OK;
}

/* zlib counts in unsigned int: larger inputs are handed over in pieces. */
static void refill(fyi_bytes *b)
{
    const size_t piece = FYI_MIN(b->n - b->at, (size_t)UINT_MAX / 2);

    if (b->z.avail_in > 0)
        return;
    b->z.next_in = (Bytef *)(uintptr_t)(b->p + b->at);
    b->z.avail_in = (uInt)piece;
    b->at += piece;
}

static fy_status next_member(fyi_bytes *b)
{
    const size_t left = b->n - b->at + b->z.avail_in;

    if (left == 0) {
        b->ended = true;
        return FY_OK;
    }
    if (!looks_packed(b->p + (b->n - left), left))
        return fyi_fail(FY_EFORMAT,
                        "'%s': %zu bytes follow the end of the gzip data; the file is "
                        "damaged or two files were joined",
                        b->name, left);
    return inflateReset(&b->z) == Z_OK ? FY_OK : fyi_fail(FY_EFORMAT, "'%s': gzip failed", b->name);
}

static fy_status gzip_broken(const fyi_bytes *b, int rc)
{
    if (rc == Z_MEM_ERROR)
        return fyi_enomem(1u << 15, "undoing gzip");
    if (rc == Z_BUF_ERROR)
        return fyi_fail(FY_EFORMAT,
                        "'%s' ends inside its gzip data (%zu bytes); it was cut off, "
                        "fetch it again",
                        b->name, b->n);
    return fyi_fail(FY_EFORMAT, "'%s': gzip data is damaged near byte %zu (%s)", b->name,
                    b->n - (b->n - b->at + b->z.avail_in), b->z.msg != NULL ? b->z.msg : "checksum");
}

static fy_status read_packed(fyi_bytes *b, uint8_t *dst, size_t n, size_t *got)
{
    *got = 0;
    while (*got < n && !b->ended) {
        const size_t room = FYI_MIN(n - *got, (size_t)UINT_MAX / 2);
        int rc;

        refill(b);
        b->z.next_out = dst + *got;
        b->z.avail_out = (uInt)room;
        rc = inflate(&b->z, Z_NO_FLUSH);
        *got += room - b->z.avail_out;
        if (rc == Z_STREAM_END)
            FYI_FORWARD(next_member(b));
        else if (rc != Z_OK)
            return gzip_broken(b, rc);
    }
    return FY_OK;
}

fy_status fyi_bytes_read(fyi_bytes *b, void *dst, size_t n, size_t *got)
{
    return b->packed ? read_packed(b, dst, n, got) : read_plain(b, dst, n, got);
}
