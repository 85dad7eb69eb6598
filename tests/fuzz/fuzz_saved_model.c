/* fuzz_saved_model.c: any texts as what a weights file says about its model: four lines, ferry.family, ferry.options,
 * ferry.pixels and ferry.classes; an empty one is not there. The file has a single number, so that nothing it says of
 * its model's size can be true beyond the smallest. */
#include "weights/weights.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static fy_weights *open_file(void)
{
    static const char header[] =
        "{\"fc.weight\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
    static char file[8 + sizeof header - 1 + 4];
    fy_weights *w;

    file[0] = (char)(sizeof header - 1);
    memcpy(file + 8, header, sizeof header - 1);
    if (fyi_weights_parse("fuzz", file, sizeof file, &w) != FY_OK)
        abort();
    return w;
}

/* text is changed: each line ends in a NUL. */
static void put_lines(fy_weights *w, char *text)
{
    static const char *const keys[] = { "ferry.family", "ferry.options", "ferry.pixels",
                                        "ferry.classes" };

    for (size_t i = 0; i < FYI_LEN(keys) && text != NULL; i++) {
        char *next = strchr(text, '\n');

        if (next != NULL)
            *next++ = '\0';
        if (*text != '\0' && fyi_weights_put_meta(w, keys[i], text) != FY_OK)
            abort();
        text = next;
    }
}

/* What was opened can be applied, with all its edits, in either mode. */
static void check_application(fy_model *m, fy_mode mode)
{
    const fy_shape batch = fy_shape_batch(2, &fy_model_options(m)->input);
    fy_graph *g;

    if (fy_graph_new(&g) != FY_OK)
        abort();
    if (fy_model_apply(g, m, fy_input(g, "x", FY_F32, batch), mode).id == 0 ||
        fy_graph_status(g) != FY_OK)
        abort();
    fy_graph_free(g);
}

static void check_model(fy_model *m)
{
    const fy_model_opts *o = fy_model_options(m);

    check_application(m, FY_EVAL);
    check_application(m, FY_TRAIN);
    for (int64_t c = 0; fy_model_class_name(m, 0) != NULL && c < o->n_classes; c++)
        if (fy_model_class_name(m, (int)c) == NULL)
            abort();
    (void)fy_model_pixels(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const fy_model_opts o = fy_model_defaults();
    char *text = malloc(size + 1);
    fy_weights *w = open_file();
    fy_model *m;

    memcpy(text, data, size);
    text[size] = '\0';
    put_lines(w, text);
    if (fy_model_open_saved(w, "linear", "fuzz", &o, &m) == FY_OK)
        check_model(m);
    else if (m != NULL || fy_last_error()[0] == '\0')
        abort();
    fy_model_free(m);
    fy_weights_close(w);
    free(text);
    return 0;
}
