/* data_path.c: data named by one word on the command line.
 *
 *   digits:noisy, digits:noisy:500       drawn by the program
 *   mnist/train-images-idx3-ubyte.gz     an idx file; labels are looked for beside it, under
 *                                        the same name with "labels" and "idx1" in it */
#include "cli/cli.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static fy_status put(fy_recipe *r, const char *side, const char *key, const char *value)
{
    char full[64];

    (void)snprintf(full, sizeof full, "%s.%s", side, key);
    return fy_recipe_put(r, full, value);
}

static fy_status put_digits(fy_recipe *r, const char *side, const char *spec)
{
    const size_t len = strcspn(spec, ":");
    char style[64];
    fy_digit_style found;

    (void)snprintf(style, sizeof style, "%.*s", (int)FYI_MIN(len, sizeof style - 1), spec);
    FYI_FORWARD(fy_digit_style_find(style, &found));
    FYI_FORWARD(put(r, side, "format", "digits"));
    FYI_FORWARD(put(r, side, "style", style));
    return spec[len] == ':' ? put(r, side, "n", spec + len + 1) : FY_OK;
}

/* Replaces the last `from` in text's file name by `to` of the same length. */
static bool swap_word(char *text, const char *from, const char *to)
{
    char *slash = strrchr(text, '/'), *last = NULL;

    for (char *at = slash != NULL ? slash : text; (at = strstr(at, from)) != NULL; at++)
        last = at;
    if (last != NULL)
        memcpy(last, to, strlen(to));
    return last != NULL;
}

/* False when there is no such file. */
static bool find_labels(const char *images, char labels[PATH_MAX])
{
    (void)snprintf(labels, PATH_MAX, "%s", images);
    if (!swap_word(labels, "images", "labels"))
        return false;
    if (!swap_word(labels, "idx3", "idx1"))
        (void)swap_word(labels, "idx4", "idx1");
    return fyi_path_exists(labels);
}

static fy_status put_files(fy_recipe *r, const char *side, const char *path, const char *labels)
{
    char images[PATH_MAX], beside[PATH_MAX];

    if (realpath(path, images) == NULL)
        return fyi_fail(FY_EIO, "there is no file '%s'; give an idx file of images or digits:STYLE",
                        path);
    FYI_FORWARD(put(r, side, "format", "idx"));
    FYI_FORWARD(put(r, side, "images", images));
    if (labels != NULL && realpath(labels, beside) == NULL)
        return fyi_fail(FY_EIO, "there is no labels' file '%s'", labels);
    if (labels == NULL && !find_labels(images, beside))
        return FY_OK;
    return put(r, side, "labels", beside);
}

fy_status fyi_put_data_path(fy_recipe *r, const char *side, const char *path, const char *labels)
{
    if (strncmp(path, "digits:", 7) == 0)
        return put_digits(r, side, path + 7);
    return put_files(r, side, path, labels);
}

fy_status fyi_open_data_path(const fyi_args *a, const char *path, const char *labels,
                             fy_dataset **out)
{
    static const char text[] = "method: adda\ntarget: {format: digits}\n";
    fy_recipe *r = NULL;
    fy_status st;

    *out = NULL;
    FYI_FORWARD(fy_recipe_parse("data", text, sizeof text - 1, &r));
    FY_TRY(fyi_put_data_path(r, "source", path, labels));
    FY_TRY(fyi_apply_settings(a, r, "source."));
    FY_TRY(fy_recipe_open_side(r, "source", out));
done:
    fy_recipe_free(r);
    return st;
}
