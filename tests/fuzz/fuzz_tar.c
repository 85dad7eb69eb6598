/* fuzz_tar.c: any bytes as a tar file of pictures. Whatever is accepted lies inside the file; the scan
 * ends. */
#include "data/picture.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_shot(const fyi_shot *s, const uint8_t *data, size_t size)
{
    uint64_t end;

    if (s->bytes < 0 || __builtin_add_overflow(s->at, (uint64_t)s->bytes, &end) || end > size)
        abort();
    for (uint64_t i = s->at; i < end; i++)
        (void)((const volatile uint8_t *)data)[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fyi_album album = { 0 };
    int32_t *label;
    fyi_infile *file;
    fyi_tar *tar;

    if (fyi_infile_lend("fuzz", data, size, &file) != FY_OK)
        abort();
    if (fyi_tar_open(file, &tar) != FY_OK) {
        if (tar != NULL || fy_last_error()[0] == '\0')
            abort();
    } else if (fyi_tar_gather(tar, "fuzz", &(fyi_scan_opts){ .media = &fyi_pictures }, &album) ==
               FY_OK) {
        for (size_t i = 0; i < album.n; i++)
            check_shot(&album.v[i], data, size);
        (void)!fyi_album_number(&album, "fuzz", &label);
    } else if (fy_last_error()[0] == '\0') {
        abort();
    }
    fyi_tar_close(tar);
    fyi_infile_close(file);
    fyi_album_release(&album);
    return 0;
}
