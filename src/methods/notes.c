/* notes.c: class names and pictures, which are saved with a model, so that whoever opens its file can do alike. */
#include "notes.h"

#include <stdlib.h>

fy_status notes_set_classes(fy_model *m, const fy_dataset *d)
{
    const int k = fy_dataset_classes(d);
    const char **names = calloc((size_t)k + 1, sizeof *names);
    if (!names)
        return fy_error(FY_ENOMEM, "no memory for %d class names", k);
    for (int c = 0; c < k; c++)
        names[c] = fy_dataset_class_name(d, c);
    const fy_status st = fy_model_set_classes(m, names, k);
    free(names);
    return st;
}

fy_status notes_set_pixels(fy_model *m, const fy_pixels *pixels)
{
    return pixels ? fy_model_set_pixels(m, pixels) : FY_OK;
}
