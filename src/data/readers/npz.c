/* npz.c: NumPy's archives of arrays: a zip with one .npy file per array. */
#include "data/data.h"

#include <string.h>

typedef struct front {
    const fyi_zip *zip;
    int i;
} front;

static fy_status read_front(void *arg, void *dst, size_t bytes)
{
    const front *f = arg;

    return fyi_zip_read(f->zip, f->i, dst, bytes);
}

fy_status fyi_npz_look(const fyi_zip *z, int i, size_t *chars, fyi_npy *out)
{
    const char *name = fyi_zip_name(z, i);
    front f = { z, i };

    *chars = strlen(name);
    if (*chars > 4 && strcmp(name + *chars - 4, ".npy") == 0)
        *chars -= 4;
    return fyi_npy_look(name, fyi_zip_bytes(z, i), read_front, &f, out);
}

static fy_status read_entry(const fyi_zip *z, int i, fy_tensor **out)
{
    size_t chars, bytes;
    fyi_npy what;
    void *file;
    fy_status st;

    FYI_FORWARD(fyi_npz_look(z, i, &chars, &what));
    FYI_FORWARD(fyi_zip_take(z, i, &file, &bytes));
    st = fyi_npy_tensor(fyi_zip_name(z, i), &what.view, (char *)file + what.data, out);
    fyi_free(file);
    return st;
}

static fy_status refuse_name(const char *path, const fyi_zip *z, const char *name)
{
    return fyi_fail(FY_EINVAL, "'%s' has no array '%s'; it has %d, the first is '%.200s'", path,
                    name, fyi_zip_count(z), fyi_zip_count(z) > 0 ? fyi_zip_name(z, 0) : "");
}

static fy_status read_named(const char *path, const fyi_zip *z, const char *name, fy_tensor **out)
{
    fyi_buf entry = { 0 };
    fy_status st;
    int i;

    fyi_buf_printf(&entry, "%s.npy", name);
    if (entry.failed)
        return fyi_enomem(strlen(name), "an array's name");
    i = fyi_zip_find(z, entry.p);
    fyi_buf_release(&entry);
    if (i < 0)
        return refuse_name(path, z, name);
    st = read_entry(z, i, out);
    return st == FY_OK ? FY_OK : fyi_wrap(st, "while reading '%s'", path);
}

fy_status fy_npz_read(const char *path, const char *name, fy_tensor **out)
{
    fyi_infile *f = NULL;
    fyi_zip *z = NULL;
    fy_status st;

    *out = NULL;
    FY_TRY(fyi_infile_open(path, &f));
    FY_TRY(fyi_zip_open(f, &z));
    FY_TRY(read_named(path, z, name, out));
done:
    fyi_zip_close(z);
    fyi_infile_close(f);
    return st;
}
