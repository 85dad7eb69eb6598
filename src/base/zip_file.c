/* zip_file.c: writing an archive, whole or not at all, through libzip.
 *
 * Entries are stored, not packed: numbers that somebody learnt do not get smaller, and a reader can then take
 * one without the rest. They are dated 1980-01-01, where zip's calendar begins, so that the same entries give
 * the same bytes. */
#include "base/base.h"

#include <string.h>
#include <zip.h>

#define FIRST_DAY ((0 << 9) | (1 << 5) | 1) /* year - 1980, month, day */

struct fyi_zip_file {
    char *path;
    zip_source_t *bytes; /* of the archive, in memory once it is closed */
    zip_t *zip;
};

static fy_status fail_zip(const fyi_zip_file *z, zip_error_t *e)
{
    if (zip_error_code_zip(e) == ZIP_ER_MEMORY)
        return fyi_enomem(0, z->path);
    return fyi_fail(FY_EIO, "cannot write '%s': %s", z->path, zip_error_strerror(e));
}

static fy_status open_zip(fyi_zip_file *z, const char *path)
{
    zip_error_t error;
    fy_status st = FY_OK;

    z->path = fyi_strdup(path);
    if (!z->path)
        return fyi_enomem(strlen(path), "a path");
    zip_error_init(&error);
    z->bytes = zip_source_buffer_create(NULL, 0, 0, &error);
    if (z->bytes)
        z->zip = zip_open_from_source(z->bytes, ZIP_CREATE | ZIP_TRUNCATE, &error);
    if (z->zip)
        zip_source_keep(z->bytes); /* closing the archive lets go of its source */
    else
        st = fail_zip(z, &error);
    zip_error_fini(&error);
    return st;
}

fy_status fyi_zip_create(const char *path, fyi_zip_file **out)
{
    fyi_zip_file *z = fyi_calloc(1, sizeof *z);
    fy_status st;

    *out = NULL;
    if (!z)
        return fyi_enomem(sizeof *z, path);
    st = open_zip(z, path);
    if (st != FY_OK)
        fyi_zip_abort(z);
    else
        *out = z;
    return st;
}

void fyi_zip_abort(fyi_zip_file *z)
{
    if (!z)
        return;
    if (z->zip)
        zip_discard(z->zip);
    zip_source_free(z->bytes);
    fyi_free(z->path);
    fyi_free(z);
}

fy_status fyi_zip_add(fyi_zip_file *z, const char *name, const void *p, size_t bytes)
{
    zip_source_t *s = zip_source_buffer(z->zip, bytes > 0 ? p : "", bytes, 0);
    zip_int64_t i;

    if (!s)
        return fail_zip(z, zip_get_error(z->zip));
    i = zip_file_add(z->zip, name, s, ZIP_FL_ENC_UTF_8);
    if (i < 0) {
        zip_source_free(s);
        return fail_zip(z, zip_get_error(z->zip));
    }
    if (zip_set_file_compression(z->zip, (zip_uint64_t)i, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_dostime(z->zip, (zip_uint64_t)i, 0, FIRST_DAY, 0) != 0)
        return fail_zip(z, zip_get_error(z->zip));
    return FY_OK;
}

static fy_status copy_out(const fyi_zip_file *z, fyi_outfile *o)
{
    char piece[1 << 14];
    zip_int64_t n;

    if (zip_source_open(z->bytes) != 0)
        return fail_zip(z, zip_source_error(z->bytes));
    while ((n = zip_source_read(z->bytes, piece, sizeof piece)) > 0) {
        const fy_status st = fyi_outfile_write(o, piece, (size_t)n);

        if (st != FY_OK) {
            zip_source_close(z->bytes);
            return st;
        }
    }
    zip_source_close(z->bytes);
    return n == 0 ? FY_OK : fail_zip(z, zip_source_error(z->bytes));
}

static fy_status write_file(const fyi_zip_file *z)
{
    fyi_outfile *o = NULL;
    fy_status st;

    FYI_FORWARD(fyi_outfile_open(z->path, &o));
    st = copy_out(z, o);
    if (st != FY_OK) {
        fyi_outfile_abort(o);
        return st;
    }
    return fyi_outfile_commit(o);
}

fy_status fyi_zip_commit(fyi_zip_file *z)
{
    fy_status st;

    if (zip_close(z->zip) == 0) {
        z->zip = NULL;
        st = write_file(z);
    } else {
        st = fail_zip(z, zip_get_error(z->zip));
    }
    fyi_zip_abort(z);
    return st;
}
