/* subject_text.c: what a verb works on, for people: data, models, preparation. */
#include "cli/cli.h"

#include <string.h>

static bool is_nothing(const char *value)
{
    return value == NULL || *value == '\0' || strcmp(value, "0") == 0;
}

fy_status fyi_subject_describe(fyi_subject *s)
{
    static const char *const keys[] = { "channels", "size",  "shorter", "crop",
                                        "pad",      "range", "mean",    "deviation" };
    fyi_buf *out = &s->preparation;

    for (size_t i = 0; i < FYI_LEN(keys); i++) {
        char key[32];
        const char *value;

        (void)snprintf(key, sizeof key, "source.%s", keys[i]);
        value = fy_recipe_get(s->recipe, key);
        if (!is_nothing(value))
            fyi_buf_printf(out, "%s%s=%s", out->len > 0 ? " " : "", keys[i], value);
    }
    return out->failed ? fyi_enomem(out->len, "a text") : FY_OK;
}

static void print_fused(const fyi_subject *s)
{
    fyi_buf parts = { 0 }, models = { 0 };

    fyi_fused_parts_text(s, &parts);
    fyi_fused_models_text(s, &models);
    printf("data      %s: %lld samples\nmodel     %s\nprepared  as in %s\n",
           parts.p != NULL ? parts.p : "", (long long)fy_parts_count(s->parts),
           models.p != NULL ? models.p : "", s->dir);
    fyi_buf_release(&models);
    fyi_buf_release(&parts);
}

static void print_chain(const fyi_subject *s, const char *path)
{
    const char *text = strchr(fy_dataset_text(s->data), ':'); /* behind the side's name */

    printf("data      %s%s\n", path, text != NULL ? text : "");
    for (int i = 0; i < s->n_models; i++) {
        printf("model     %s from %s (%s", fy_model_family(s->chain[i]), s->files[i].path,
               s->formats[i]);
        if (s->files[i].part != NULL)
            printf("; its part '%s'", s->files[i].part);
        if (s->prefixes[i][0] != '\0')
            printf("; '%s' is taken off its names", s->prefixes[i]);
        printf(")\n");
    }
    printf("prepared  %s, by %s\n", s->preparation.p != NULL ? s->preparation.p : "not at all",
           s->pixels_by);
}

void fyi_subject_print(const fyi_subject *s, const char *path)
{
    if (s->fused != NULL)
        print_fused(s);
    else
        print_chain(s, path);
    printf("precision %s\n\n", fy_device_precision(s->dev) == FY_BF16 ? "bf16" : "f32");
}
