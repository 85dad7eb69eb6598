/* damage.c: damaged copies of a file. */
#include "support/damage.h"

#include <stdlib.h>
#include <string.h>

static bool is_refused(const char *name, const void *file, size_t bytes, fyt_read_fn read)
{
    const fy_status st = read(name, file, bytes);

    if (st != FY_OK && fy_last_error()[0] == '\0')
        fail_msg("%s: a failure without a sentence", name);
    return st != FY_OK;
}

void fyt_truncate_everywhere(const char *golden, fyt_read_fn read)
{
    size_t bytes;
    char *file = fyt_golden(golden, &bytes);

    for (size_t n = 0; n < bytes; n++) {
        char *cut = malloc(n > 0 ? n : 1);

        memcpy(cut, file, n);
        if (!is_refused(golden, cut, n, read))
            fail_msg("%s: its first %zu of %zu bytes are accepted", golden, n, bytes);
        free(cut);
    }
    fyi_free(file);
}

size_t fyt_flip_everywhere(const char *golden, fyt_read_fn read)
{
    static const uint8_t masks[] = { 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff };
    size_t bytes, n_refused = 0;
    char *file = fyt_golden(golden, &bytes);

    for (size_t i = 0; i < bytes; i++)
        for (size_t m = 0; m < LEN(masks); m++) {
            file[i] = (char)(file[i] ^ masks[m]);
            n_refused += is_refused(golden, file, bytes, read);
            file[i] = (char)(file[i] ^ masks[m]);
        }
    fyi_free(file);
    return n_refused;
}
