/* zip.c: archives read entry by entry, through libzip.
 *
 * What an archive says of itself is not believed: an entry whose name leads elsewhere, two entries of one name
 * or over the same bytes, and an entry that unpacks to far more than it takes in the file are refused when the
 * archive is opened. Deflate reaches 1032 to 1 at the most, numbers that somebody learnt not even 2 to 1. */
#include "base/base.h"

#include <string.h>
#include <zip.h>

#define FREE_BYTES \
    ((uint64_t)64 << 20) /* an entry up to this size may be packed as tightly as it likes */
#define MAX_RATIO 100u

typedef struct source {
    const fyi_infile *file;
    uint64_t at;
    zip_error_t error;
} source;

struct fyi_zip {
    const fyi_infile *file;
    zip_t *zip;
    source source;
};

/* ---- our files as libzip's sources ---------------------------------------------------------------- */

static zip_int64_t read_source(source *s, void *dst, zip_uint64_t bytes)
{
    const uint64_t n = FYI_MIN(bytes, fyi_infile_bytes(s->file) - s->at);

    if (fyi_infile_read(s->file, s->at, dst, (size_t)n) != FY_OK) {
        zip_error_set(&s->error, ZIP_ER_READ, 0);
        return -1;
    }
    s->at += n;
    return (zip_int64_t)n;
}

static zip_int64_t seek_source(source *s, void *args, zip_uint64_t bytes)
{
    const zip_int64_t at =
        zip_source_seek_compute_offset(s->at, fyi_infile_bytes(s->file), args, bytes, &s->error);

    if (at < 0)
        return -1;
    s->at = (uint64_t)at;
    return 0;
}

static zip_int64_t stat_source(const source *s, zip_stat_t *stat)
{
    zip_stat_init(stat);
    stat->size = fyi_infile_bytes(s->file);
    stat->valid = ZIP_STAT_SIZE;
    return sizeof *stat;
}

static zip_int64_t serve(void *arg, void *data, zip_uint64_t bytes, zip_source_cmd_t command)
{
    source *s = arg;

    switch (command) {
    case ZIP_SOURCE_OPEN: s->at = 0; return 0;
    case ZIP_SOURCE_READ: return read_source(s, data, bytes);
    case ZIP_SOURCE_SEEK: return seek_source(s, data, bytes);
    case ZIP_SOURCE_TELL: return (zip_int64_t)s->at;
    case ZIP_SOURCE_STAT: return stat_source(s, data);
    case ZIP_SOURCE_ERROR: return zip_error_to_data(&s->error, data, bytes);
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE: return 0;
    case ZIP_SOURCE_SUPPORTS: return ZIP_SOURCE_SUPPORTS_SEEKABLE;
    default: zip_error_set(&s->error, ZIP_ER_OPNOTSUPP, 0); return -1;
    }
}

/* ---- judging an archive ----------------------------------------------------------------------------- */

/* libzip's memory is the C library's own; that it ran out of it is said like any other time. */
static fy_status fail_zip(const fyi_infile *f, const char *entry, zip_error_t *e)
{
    if (zip_error_code_zip(e) == ZIP_ER_MEMORY)
        return fyi_enomem(0, fyi_infile_name(f));
    if (!entry)
        return fyi_fail(FY_EFORMAT, "'%s' is not a valid zip archive: %s", fyi_infile_name(f),
                        zip_error_strerror(e));
    return fyi_fail(FY_EFORMAT, "'%s': its entry '%.200s' cannot be read: %s", fyi_infile_name(f),
                    entry, zip_error_strerror(e));
}

static fy_status check_method(const fyi_zip *z, const zip_stat_t *s)
{
    if (s->encryption_method != ZIP_EM_NONE)
        return fyi_fail(FY_EFORMAT,
                        "'%s': its entry '%.200s' is encrypted, which Ferry does not read",
                        fyi_infile_name(z->file), s->name);
    if (s->comp_method != ZIP_CM_STORE && s->comp_method != ZIP_CM_DEFLATE)
        return fyi_fail(FY_EFORMAT,
                        "'%s': its entry '%.200s' is packed by method %d; Ferry reads stored and "
                        "deflated entries",
                        fyi_infile_name(z->file), s->name, s->comp_method);
    return FY_OK;
}

static fy_status check_size(const fyi_zip *z, const zip_stat_t *s)
{
    const bool is_stored = s->comp_method == ZIP_CM_STORE;

    if (is_stored ? s->size == s->comp_size
                  : s->size <= FREE_BYTES || s->size / MAX_RATIO <= s->comp_size)
        return FY_OK;
    return fyi_fail(
        FY_EFORMAT,
        "'%s': its entry '%.200s' takes %llu bytes and claims to hold %llu, as zip bombs "
        "do; if it is honest, save it without compression",
        fyi_infile_name(z->file), s->name, (unsigned long long)s->comp_size,
        (unsigned long long)s->size);
}

static fy_status check_entry(const fyi_zip *z, int i, uint64_t *packed)
{
    const uint64_t all = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD |
                         ZIP_STAT_ENCRYPTION_METHOD;
    zip_stat_t s;

    if (zip_stat_index(z->zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW, &s) != 0)
        return fail_zip(z->file, NULL, zip_get_error(z->zip));
    if ((s.valid & all) != all)
        return fyi_fail(FY_EFORMAT, "'%s': its entry %d has no name or no size",
                        fyi_infile_name(z->file), i);
    if (fyi_path_leads_out(s.name))
        return fyi_fail(FY_EFORMAT,
                        "'%s': its entry '%.200s' leads out of the archive; it was made to do harm",
                        fyi_infile_name(z->file), s.name);
    if (zip_name_locate(z->zip, s.name, ZIP_FL_ENC_RAW) != i)
        return fyi_fail(FY_EFORMAT, "'%s' has two entries '%.200s'", fyi_infile_name(z->file),
                        s.name);
    FYI_FORWARD(check_method(z, &s));
    FYI_FORWARD(check_size(z, &s));
    if (__builtin_add_overflow(*packed, s.comp_size, packed) || *packed > fyi_infile_bytes(z->file))
        return fyi_fail(FY_EFORMAT,
                        "'%s': its entries claim more bytes than the file has; they overlap, or "
                        "the file was cut off",
                        fyi_infile_name(z->file));
    return FY_OK;
}

static fy_status check_entries(const fyi_zip *z)
{
    const zip_int64_t n = zip_get_num_entries(z->zip, 0);
    uint64_t packed = 0;

    if (n > INT32_MAX)
        return fyi_fail(FY_EFORMAT, "'%s' has %lld entries, Ferry reads up to %d",
                        fyi_infile_name(z->file), (long long)n, INT32_MAX);
    for (int i = 0; i < (int)n; i++)
        FYI_FORWARD(check_entry(z, i, &packed));
    return FY_OK;
}

/* ---- the reader ---------------------------------------------------------------------------------------- */

bool fyi_zip_is(const fyi_infile *f)
{
    char mark[4];

    return fyi_infile_bytes(f) >= sizeof mark &&
           fyi_infile_read(f, 0, mark, sizeof mark) == FY_OK &&
           (memcmp(mark, "PK\3\4", 4) == 0 || memcmp(mark, "PK\5\6", 4) == 0);
}

static fy_status open_zip(fyi_zip *z)
{
    zip_error_t error;
    zip_source_t *s;
    fy_status st = FY_OK;

    zip_error_init(&error);
    s = zip_source_function_create(serve, &z->source, &error);
    z->zip = s ? zip_open_from_source(s, ZIP_RDONLY, &error) : NULL;
    if (!z->zip) {
        zip_source_free(s);
        st = fail_zip(z->file, NULL, &error);
    }
    zip_error_fini(&error);
    return st == FY_OK ? check_entries(z) : st;
}

fy_status fyi_zip_open(const fyi_infile *f, fyi_zip **out)
{
    fyi_zip *z = fyi_calloc(1, sizeof *z);
    fy_status st;

    *out = NULL;
    if (!z)
        return fyi_enomem(sizeof *z, fyi_infile_name(f));
    z->file = z->source.file = f;
    zip_error_init(&z->source.error);
    st = open_zip(z);
    if (st != FY_OK)
        fyi_zip_close(z);
    else
        *out = z;
    return st;
}

void fyi_zip_close(fyi_zip *z)
{
    if (!z)
        return;
    if (z->zip)
        zip_discard(z->zip);
    zip_error_fini(&z->source.error);
    fyi_free(z);
}

int fyi_zip_count(const fyi_zip *z)
{
    return (int)zip_get_num_entries(z->zip, 0);
}

const char *fyi_zip_name(const fyi_zip *z, int i)
{
    return zip_get_name(z->zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
}

uint64_t fyi_zip_bytes(const fyi_zip *z, int i)
{
    zip_stat_t s;

    return zip_stat_index(z->zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW, &s) == 0 ? s.size : 0;
}

int fyi_zip_find(const fyi_zip *z, const char *name)
{
    return (int)zip_name_locate(z->zip, name, ZIP_FL_ENC_RAW);
}

/* libzip reads less than was asked for when it pleases. The checksum is looked at when the end is met. */
static fy_status read_entry(const fyi_zip *z, int i, zip_file_t *e, char *dst, size_t bytes)
{
    const bool is_whole = bytes == fyi_zip_bytes(z, i);
    zip_int64_t n = 1;
    char after;

    while (bytes > 0 && (n = zip_fread(e, dst, bytes)) > 0) {
        dst += n;
        bytes -= (size_t)n;
    }
    if (n >= 0 && bytes == 0 && is_whole)
        n = zip_fread(e, &after, 1);
    if (n < 0)
        return fail_zip(z->file, fyi_zip_name(z, i), zip_file_get_error(e));
    if (bytes == 0)
        return FY_OK;
    return fyi_fail(FY_EFORMAT, "'%s': its entry '%.200s' ends %zu bytes too early",
                    fyi_infile_name(z->file), fyi_zip_name(z, i), bytes);
}

fy_status fyi_zip_read(const fyi_zip *z, int i, void *dst, size_t bytes)
{
    zip_file_t *e = zip_fopen_index(z->zip, (zip_uint64_t)i, 0);
    fy_status st;

    if (!e)
        return fail_zip(z->file, fyi_zip_name(z, i), zip_get_error(z->zip));
    st = read_entry(z, i, e, dst, bytes);
    zip_fclose(e);
    return st;
}

fy_status fyi_zip_take(const fyi_zip *z, int i, void **out, size_t *bytes)
{
    const uint64_t n = fyi_zip_bytes(z, i);
    char *p = n < SIZE_MAX ? fyi_alloc((size_t)n + 1) : NULL;
    fy_status st;

    *out = NULL;
    *bytes = 0;
    if (!p)
        return fyi_enomem((size_t)n, fyi_zip_name(z, i));
    st = fyi_zip_read(z, i, p, (size_t)n);
    if (st != FY_OK) {
        fyi_free(p);
        return st;
    }
    p[n] = '\0';
    *out = p;
    *bytes = (size_t)n;
    return FY_OK;
}
