/* tar.c: the members of a tar file, one after the other: where each lies and what it is called.
 *
 *   header of 512 bytes, then the content filled up to 512, ...; two headers of zeros end the file
 *   ustar (POSIX.1-1988): name and prefix; pax (2001): "path" and "size" in a member of type x before;
 *   GNU: a long name in a member of type L before, sizes from 8 GiB on as big-endian numbers
 * Every size is held against the file's. Nothing is unpacked; a name that would lead out of a directory if it were is
 * refused all the same: such an archive was made to do harm. */
#include "data/data.h"

#include <string.h>

#define BLOCK 512
#define MAX_EXTRA ((uint64_t)1 << 20) /* bytes of a pax header or a long name */

/* Where the fields stand in a header. */
enum { NAME = 0, SIZE = 124, SUM = 148, TYPE = 156, MAGIC = 257, PREFIX = 345 };
enum { NAME_CHARS = 100, SIZE_CHARS = 12, SUM_CHARS = 8, PREFIX_CHARS = 155 };

struct fyi_tar {
    const fyi_infile *file;
    const char *name; /* the file's */
    uint64_t n, at;   /* all bytes; the next header */
    fyi_buf member;   /* the name of the member that comes next, or of this one */
    bool has_name, has_size;
    uint64_t size; /* from a pax header */
};

/* ---- fields ---------------------------------------------------------------------------------- */

static fy_status fail_cut(const fyi_tar *t)
{
    return fyi_fail(FY_EFORMAT,
                    "'%s' ends before the archive in it does (%llu bytes); it was cut off", t->name,
                    (unsigned long long)t->n);
}

/* Octal digits, or a big-endian number behind a byte of 0x80. False if it is neither. */
static bool read_number(const uint8_t *p, size_t n, uint64_t *out)
{
    size_t i = 0;

    *out = 0;
    if (p[0] == 0x80) {
        for (i = 1; i < n; i++) {
            if (*out >> 55 != 0)
                return false;
            *out = *out << 8 | p[i];
        }
        return true;
    }
    while (i < n && p[i] == ' ')
        i++;
    for (; i < n && p[i] >= '0' && p[i] <= '7'; i++)
        *out = *out << 3 | (uint64_t)(p[i] - '0');
    return i == n || p[i] == ' ' || p[i] == '\0';
}

/* Some old programs added up signed bytes. */
static bool is_sum_right(const uint8_t *h)
{
    uint64_t said;
    uint32_t sum = SUM_CHARS * ' ';
    int32_t signed_sum = SUM_CHARS * ' ';

    for (int i = 0; i < BLOCK; i++)
        if (i < SUM || i >= SUM + SUM_CHARS) {
            sum += h[i];
            signed_sum += (int8_t)h[i];
        }
    return read_number(h + SUM, SUM_CHARS, &said) &&
           (said == sum || (signed_sum >= 0 && said == (uint32_t)signed_sum));
}

static bool is_zero(const uint8_t *h)
{
    for (int i = 0; i < BLOCK; i++)
        if (h[i] != 0)
            return false;
    return true;
}

static size_t text_chars(const uint8_t *p, size_t max)
{
    const uint8_t *end = memchr(p, 0, max);

    return end != NULL ? (size_t)(end - p) : max;
}

/* ---- names ----------------------------------------------------------------------------------- */

/* Names are printed: what would steer a terminal must not get through. */
static void set_name(fyi_tar *t, const void *p, size_t n)
{
    t->member.len = 0;
    fyi_buf_append(&t->member, p, n);
    for (size_t i = 0; !t->member.failed && i < t->member.len; i++)
        if ((unsigned char)t->member.p[i] < ' ' || t->member.p[i] == 0x7f)
            t->member.p[i] = '?';
}

static void read_plain_name(fyi_tar *t, const uint8_t *h)
{
    const size_t n = text_chars(h + NAME, NAME_CHARS);
    const size_t m = text_chars(h + PREFIX, PREFIX_CHARS);
    char name[NAME_CHARS + PREFIX_CHARS + 1];
    size_t used = 0;

    /* "ustar" and NUL; GNU's has spaces there, and other things in the prefix's place. */
    if (m > 0 && memcmp(h + MAGIC, "ustar", 6) == 0) {
        memcpy(name, h + PREFIX, m);
        name[m] = '/';
        used = m + 1;
    }
    memcpy(name + used, h + NAME, n);
    set_name(t, name, used + n);
}

/* "18 path=some/name\n", one after the other. */
static fy_status take_records(fyi_tar *t, const char *p, size_t n)
{
    while (n > 0) {
        size_t chars = 0, digits = 0;
        const char *key, *end;

        for (; digits < n && digits < 8 && p[digits] >= '0' && p[digits] <= '9'; digits++)
            chars = chars * 10 + (size_t)(p[digits] - '0');
        if (digits == 0 || chars > n || chars < digits + 3 || p[digits] != ' ' ||
            p[chars - 1] != '\n')
            return fyi_fail(FY_EFORMAT, "'%s': the pax header before byte %llu is damaged", t->name,
                            (unsigned long long)t->at);
        key = p + digits + 1;
        end = p + chars - 1;
        if ((size_t)(end - key) > 5 && memcmp(key, "path=", 5) == 0) {
            set_name(t, key + 5, (size_t)(end - key) - 5);
            t->has_name = true;
        } else if ((size_t)(end - key) > 5 && memcmp(key, "size=", 5) == 0) {
            t->has_size = true;
            t->size = 0;
            for (key += 5; key < end && *key >= '0' && *key <= '9' && t->size < UINT64_MAX / 16;
                 key++)
                t->size = t->size * 10 + (uint64_t)(*key - '0');
        }
        p += chars;
        n -= chars;
    }
    return FY_OK;
}

/* A member that says something about the next one. */
static fy_status take_extra(fyi_tar *t, char type, uint64_t at, uint64_t bytes)
{
    void *p;
    fy_status st = FY_OK;

    if (type == 'g' || type == 'K')
        return FY_OK;
    if (bytes > MAX_EXTRA)
        return fyi_fail(FY_EFORMAT, "'%s': a name or header of %llu bytes is too long", t->name,
                        (unsigned long long)bytes);
    FYI_FORWARD(fyi_infile_take(t->file, at, bytes, &p));
    if (type == 'x')
        st = take_records(t, p, (size_t)bytes);
    if (type == 'L') {
        set_name(t, p, text_chars(p, (size_t)bytes));
        t->has_name = true;
    }
    fyi_free(p);
    return st;
}

static fy_status check_name(const fyi_tar *t, const char *name)
{
    if (*name == '\0' || !fyi_path_leads_out(name))
        return FY_OK;
    return fyi_fail(FY_EFORMAT,
                    "'%s': its member '%.200s' leads out of the archive; it was made to do harm",
                    t->name, name);
}

/* ---- members --------------------------------------------------------------------------------- */

/* FY_EEND at the mark that ends the archive. */
static fy_status read_header(fyi_tar *t, uint8_t *h)
{
    if (t->n - t->at < BLOCK)
        return fail_cut(t);
    FYI_FORWARD(fyi_infile_read(t->file, t->at, h, BLOCK));
    if (is_zero(h))
        return fyi_fail(FY_EEND, "'%s' has no more members", t->name);
    if (!is_sum_right(h))
        return fyi_fail(FY_EFORMAT, "'%s': %s at byte %llu", t->name,
                        t->at == 0 ? "it is no tar file; there is no header"
                                   : "the archive is damaged; there is no header",
                        (unsigned long long)t->at);
    return FY_OK;
}

/* Where the content lies, held against the file. */
static fy_status place_member(fyi_tar *t, const uint8_t *h, fyi_tar_member *m)
{
    uint64_t bytes;

    if (!read_number(h + SIZE, SIZE_CHARS, &bytes))
        return fyi_fail(FY_EFORMAT, "'%s': the size in the header at byte %llu is damaged", t->name,
                        (unsigned long long)t->at);
    /* A pax size is the next plain member's, not that of another header. */
    if (t->has_size && strchr("xgLK", h[TYPE]) == NULL)
        bytes = t->size;
    m->at = t->at + BLOCK;
    m->bytes = bytes;
    if (bytes > t->n - m->at)
        return fail_cut(t);
    t->at = m->at + FYI_MIN((bytes + BLOCK - 1) / BLOCK * BLOCK, t->n - m->at);
    return FY_OK;
}

static bool is_extra(char type)
{
    return type == 'x' || type == 'g' || type == 'L' || type == 'K';
}

fy_status fyi_tar_next(fyi_tar *t, fyi_tar_member *m)
{
    uint8_t h[BLOCK];

    *m = (fyi_tar_member){ 0 };
    t->has_name = t->has_size = false;
    for (;;) {
        char type;

        FYI_FORWARD(read_header(t, h));
        type = (char)h[TYPE];
        FYI_FORWARD(place_member(t, h, m));
        if (!is_extra(type)) {
            if (!t->has_name)
                read_plain_name(t, h);
            m->is_file = (type == '0' || type == '\0' || type == '7') && t->member.len > 0 &&
                         t->member.p[t->member.len - 1] != '/';
            break;
        }
        FYI_FORWARD(take_extra(t, type, m->at, m->bytes));
    }
    m->name = t->member.p != NULL ? t->member.p : "";
    return t->member.failed ? fyi_enomem(256, t->name) : check_name(t, m->name);
}

fy_status fyi_tar_read(const fyi_tar *t, const fyi_tar_member *m, size_t max_bytes, fyi_buf *out)
{
    void *p;

    if (m->bytes > max_bytes)
        return fyi_fail(FY_EFORMAT, "'%s': '%s' has %llu bytes, at most %zu were expected", t->name,
                        m->name, (unsigned long long)m->bytes, max_bytes);
    FYI_FORWARD(fyi_infile_take(t->file, m->at, m->bytes, &p));
    out->len = 0;
    fyi_buf_append(out, p, (size_t)m->bytes);
    fyi_free(p);
    return out->failed ? fyi_enomem((size_t)m->bytes, m->name) : FY_OK;
}

/* ---- opening --------------------------------------------------------------------------------- */

/* An archive that is packed as a whole has no place that could be gone to. */
static fy_status check_packing(const fyi_tar *t)
{
    static const struct {
        const char *magic, *kind, *undo;
    } packings[] = { { "\x1f\x8b", "gzip", "gunzip" },
                     { "\x28\xb5\x2f\xfd", "zstd", "unzstd" },
                     { "\xfd"
                       "7zXZ",
                       "xz", "unxz" },
                     { "BZh", "bzip2", "bunzip2" } };
    uint8_t head[8] = { 0 };

    FYI_FORWARD(fyi_infile_read(t->file, 0, head, (size_t)FYI_MIN(t->n, sizeof head)));
    for (size_t i = 0; i < FYI_LEN(packings); i++)
        if (memcmp(head, packings[i].magic, strlen(packings[i].magic)) == 0)
            return fyi_fail(FY_EFORMAT,
                            "'%s' is packed with %s, and pictures are read from where they lie; "
                            "unpack it with %s (pictures hardly get smaller)",
                            t->name, packings[i].kind, packings[i].undo);
    return t->n > 0 ? FY_OK : fyi_fail(FY_EFORMAT, "'%s' is empty", t->name);
}

fy_status fyi_tar_open(const fyi_infile *file, fyi_tar **out)
{
    fyi_tar *t = fyi_calloc(1, sizeof *t);
    fy_status st;

    *out = NULL;
    if (t == NULL)
        return fyi_enomem(sizeof *t, fyi_infile_name(file));
    *t = (fyi_tar){ .file = file, .name = fyi_infile_name(file), .n = fyi_infile_bytes(file) };
    st = check_packing(t);
    if (st == FY_OK)
        *out = t;
    else
        fyi_tar_close(t);
    return st;
}

void fyi_tar_close(fyi_tar *t)
{
    if (t == NULL)
        return;
    fyi_buf_release(&t->member);
    fyi_free(t);
}
