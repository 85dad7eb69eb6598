/* infile.c: a file, or bytes in memory, read in pieces wherever they lie.
 *
 * Readers of large files look at a table first and fetch what is asked for later. The file stays open: one
 * that is replaced meanwhile (renamed over) is read on as it was; one that is cut meanwhile is an error, which
 * a mapping of it could not say. */
#include "base/base.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define FILE_LIMIT ((size_t)1 << 46)

struct fyi_infile {
    char *name;
    int fd; /* -1: in memory */
    const char *p;
    uint64_t bytes;
};

static fy_status make(const char *name, fyi_infile **out)
{
    fyi_infile *f = fyi_calloc(1, sizeof *f);

    *out = NULL;
    if (!f)
        return fyi_enomem(sizeof *f, name);
    f->fd = -1;
    f->name = fyi_strdup(name);
    if (!f->name) {
        fyi_free(f);
        return fyi_enomem(strlen(name), "a file's name");
    }
    *out = f;
    return FY_OK;
}

fy_status fyi_infile_open(const char *path, fyi_infile **out)
{
    size_t bytes;
    fy_status st;

    FYI_FORWARD(make(path, out));
    st = fyi_open_readable(path, FILE_LIMIT, &(*out)->fd, &bytes);
    if (st != FY_OK) {
        (*out)->fd = -1;
        fyi_infile_close(*out);
        *out = NULL;
        return st;
    }
    (*out)->bytes = bytes;
    return FY_OK;
}

fy_status fyi_infile_lend(const char *name, const void *p, size_t bytes, fyi_infile **out)
{
    FYI_FORWARD(make(name, out));
    (*out)->p = p;
    (*out)->bytes = bytes;
    return FY_OK;
}

void fyi_infile_close(fyi_infile *f)
{
    if (!f)
        return;
    if (f->fd >= 0)
        close(f->fd);
    fyi_free(f->name);
    fyi_free(f);
}

const char *fyi_infile_name(const fyi_infile *f)
{
    return f->name;
}

uint64_t fyi_infile_bytes(const fyi_infile *f)
{
    return f->bytes;
}

/* Returns false only for an error of the system; a file that ends before leaves *bytes to be read. */
static bool read_file(const fyi_infile *f, uint64_t at, char *dst, size_t *bytes)
{
    while (*bytes > 0) {
        const ssize_t n = pread(f->fd, dst, *bytes, (off_t)at);

        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0) {
            dst += n;
            at += (uint64_t)n;
            *bytes -= (size_t)n;
        }
    }
    return true;
}

static fy_status check_there(const fyi_infile *f, uint64_t at, uint64_t bytes)
{
    if (at <= f->bytes && bytes <= f->bytes - at)
        return FY_OK;
    return fyi_fail(FY_EFORMAT,
                    "'%s' ends too early: %llu bytes are expected from byte %llu on, the file has "
                    "%llu; it is damaged or was cut off",
                    f->name, (unsigned long long)bytes, (unsigned long long)at,
                    (unsigned long long)f->bytes);
}

fy_status fyi_infile_read(const fyi_infile *f, uint64_t at, void *dst, size_t bytes)
{
    size_t missing = bytes;

    FYI_FORWARD(check_there(f, at, bytes));
    if (f->fd < 0) {
        if (bytes > 0)
            memcpy(dst, f->p + at, bytes);
        return FY_OK;
    }
    if (!read_file(f, at, dst, &missing))
        return fyi_fail_errno("read", f->name, errno);
    if (missing > 0)
        return fyi_fail(FY_EIO, "'%s' was cut while it was being read", f->name);
    return FY_OK;
}

fy_status fyi_infile_take(const fyi_infile *f, uint64_t at, uint64_t bytes, void **out)
{
    fy_status st;

    *out = NULL;
    FYI_FORWARD(check_there(f, at, bytes));
    *out = fyi_alloc((size_t)bytes);
    if (!*out)
        return fyi_enomem((size_t)bytes, f->name);
    st = fyi_infile_read(f, at, *out, (size_t)bytes);
    if (st != FY_OK) {
        fyi_free(*out);
        *out = NULL;
    }
    return st;
}

fy_status fyi_file_read_part(const char *path, uint64_t at, size_t bytes, char **out)
{
    fyi_infile *f;
    void *p = NULL;
    fy_status st;

    *out = NULL;
    FYI_FORWARD(fyi_infile_open(path, &f));
    st = fyi_infile_take(f, at, bytes, &p);
    fyi_infile_close(f);
    *out = p;
    return st;
}

#define HASHED_BYTES ((uint64_t)1 << 20)

static fy_status hash_all(const fyi_infile *f, char hex[65])
{
    const uint64_t all = fyi_infile_bytes(f);
    char *part = fyi_alloc((size_t)HASHED_BYTES);
    fy_status st = FY_OK;
    fyi_sha256 sum;

    if (!part)
        return fyi_enomem((size_t)HASHED_BYTES, f->name);
    fyi_sha256_init(&sum);
    for (uint64_t at = 0; st == FY_OK && at < all; at += HASHED_BYTES) {
        const size_t n = (size_t)FYI_MIN(HASHED_BYTES, all - at);

        st = fyi_infile_read(f, at, part, n);
        fyi_sha256_update(&sum, part, st == FY_OK ? n : 0);
    }
    fyi_sha256_hex(&sum, hex);
    fyi_free(part);
    return st;
}

fy_status fyi_file_sha256(const char *path, char hex[65])
{
    fyi_infile *f;
    fy_status st;

    FYI_FORWARD(fyi_infile_open(path, &f));
    st = hash_all(f, hex);
    fyi_infile_close(f);
    return st;
}
