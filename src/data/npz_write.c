/* npz_write.c: tensors as NumPy's archive of arrays, stored and not packed, as numpy.savez writes it. */
#include "data/data.h"

#include <string.h>

/* Freed only after the commit: the archive lends what it is given. */
static fy_status add_arrays(fyi_zip_file *z, const fyi_array *arrays, size_t n, fyi_buf *files)
{
    char name[1024];

    for (size_t i = 0; i < n; i++) {
        const fyi_array *a = &arrays[i];

        if (snprintf(name, sizeof name, "%s.npy", a->name) >= (int)sizeof name)
            return fyi_fail(FY_EINVAL, "the array's name '%.60s...' is too long for an npz file",
                            a->name);
        FYI_FORWARD(fyi_npy_format(a->name, a->dtype, &a->shape, a->data, &files[i]));
        FYI_FORWARD(fyi_zip_add(z, name, files[i].p, files[i].len));
    }
    return FY_OK;
}

static fy_status write_archive(const char *path, const fyi_array *arrays, size_t n, fyi_buf *files)
{
    fyi_zip_file *z;
    fy_status st;

    FYI_FORWARD(fyi_zip_create(path, &z));
    st = add_arrays(z, arrays, n, files);
    if (st == FY_OK)
        return fyi_zip_commit(z);
    fyi_zip_abort(z);
    return fyi_wrap(st, "while writing '%s'", path);
}

fy_status fyi_npz_write(const char *path, const fyi_array *arrays, size_t n)
{
    fyi_buf *files;
    fy_status st;

    if (n == 0)
        return fyi_fail(FY_EINVAL, "writing '%s': an npz file needs at least one array", path);
    files = fyi_calloc(n, sizeof *files);
    if (!files)
        return fyi_enomem(n * sizeof *files, path);
    st = write_archive(path, arrays, n, files);
    for (size_t i = 0; i < n; i++)
        fyi_buf_release(&files[i]);
    fyi_free(files);
    return st;
}

fy_status fy_npz_write(const char *path, int n, const char *const names[],
                       const fy_tensor *const arrays[])
{
    fyi_array *a = fyi_calloc((size_t)FYI_MAX(n, 0), sizeof *a);
    fy_status st;

    if (!a)
        return fyi_enomem((size_t)n * sizeof *a, path);
    for (int i = 0; i < n; i++)
        a[i] = (fyi_array){ names[i], fy_tensor_dtype(arrays[i]), *fy_tensor_shape(arrays[i]),
                            fy_tensor_const_data(arrays[i]) };
    st = fyi_npz_write(path, a, (size_t)FYI_MAX(n, 0));
    fyi_free(a);
    return st;
}
