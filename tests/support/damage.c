/* damage.c: damaged copies of a file. */
#include "support/damage.h"

#include <stdlib.h>
#include <string.h>

/* An exact block; freed by the caller. */
static char *exact_copy(const char *file, size_t bytes)
{
    char *copy = malloc(bytes > 0 ? bytes : 1);

    memcpy(copy, file, bytes);
    return copy;
}

static bool is_refused(const fyt_foreign *f, const void *file, size_t bytes)
{
    const fy_status st = f->read(f->name, file, bytes);

    if (st != FY_OK && strstr(fy_last_error(), f->name) == NULL)
        fail_msg("%s: %s without a sentence that names the file: \"%s\"", f->name,
                 fy_status_name(st), fy_last_error());
    return st != FY_OK;
}

void fyt_truncate(const fyt_foreign *f, size_t most)
{
    size_t bytes;
    char *file = fyt_golden(f->name, &bytes);

    for (size_t n = 0; n < bytes; n += 1 + bytes / most) {
        char *cut = exact_copy(file, n);

        if (!is_refused(f, cut, n) && n + f->spare < bytes)
            fail_msg("%s: its first %zu of %zu bytes are accepted", f->name, n, bytes);
        free(cut);
    }
    fyi_free(file);
}

static bool is_sure(const fyt_foreign *f, size_t i)
{
    for (size_t k = 0; k < LEN(f->sure); k++)
        if (i >= f->sure[k][0] && i < f->sure[k][1])
            return true;
    return false;
}

void fyt_flip(const fyt_foreign *f, const uint8_t *masks, size_t n, size_t most)
{
    size_t bytes;
    char *file = fyt_golden(f->name, &bytes), *copy = exact_copy(file, bytes);
    const size_t n_each = FYI_MAX(FYI_MIN(most / bytes, n), 1);

    for (size_t i = 0; i < bytes; i++)
        for (size_t m = 0; m < n_each; m++) {
            copy[i] = (char)(file[i] ^ masks[(i * n_each + m) % n]);
            if (!is_refused(f, copy, bytes) && is_sure(f, i))
                fail_msg("%s: byte %zu may be %02x instead of %02x", f->name, i, (uint8_t)copy[i],
                         (uint8_t)file[i]);
            copy[i] = file[i];
        }
    free(copy);
    fyi_free(file);
}
