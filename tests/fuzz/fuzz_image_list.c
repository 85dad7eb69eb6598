/* fuzz_image_list.c: any bytes as a list of pictures. Whatever is accepted has paths, and labels that
 * become numbers of classes or leave a sentence. */
#include "data/picture.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_labels(fyi_album *a)
{
    int32_t *label;

    if (fyi_album_number(a, "fuzz", &label) != FY_OK) {
        if (fy_last_error()[0] == '\0')
            abort();
        return;
    }
    for (size_t i = 0; label != NULL && i < a->n; i++)
        if (label[i] < 0 || label[i] >= a->n_classes)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    fyi_album album;

    memcpy(text, data, size);
    text[size] = '\0';
    if (fyi_list_parse(&(fyi_list_of){ "dir/fuzz", &fyi_pictures, NULL }, text, size, &album) ==
        FY_OK)
        check_labels(&album);
    else if (fy_last_error()[0] == '\0')
        abort();
    for (size_t i = 0; i < album.n; i++)
        if (album.v[i].path[0] == '\0' || album.v[i].name[0] == '\0')
            abort();
    fyi_album_release(&album);
    free(text);
    return 0;
}
