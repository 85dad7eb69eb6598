/* fused_file.c: a model of several modalities in a folder: a file for each encoder, one for the fusion, and fused.json, which says
 * what belongs together:
 *
 *   {"modalities": ["image", "sound"]}     image.safetensors, sound.safetensors, fusion.safetensors */
#include "train/fused.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define FILE_NAME "fused.json"
#define FUSION "fusion"
#define MAX_BYTES ((size_t)1 << 16)

/* ---- names ---------------------------------------------------------------------------------------------- */

static bool is_file_name(const char *s)
{
    static const char fits[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const size_t n = strlen(s);
    return n > 0 && n < FYI_FUSED_NAME && strspn(s, fits) == n && *s != '.' && *s != '-' &&
           strcmp(s, FUSION) != 0 && strcmp(s, "checkpoint") != 0;
}

static fy_status check_name(const char *name)
{
    if (is_file_name(name))
        return FY_OK;
    return fyi_fail(
        FY_EINVAL,
        "a modality is called '%.80s'; expected up to %d letters, digits, '.', '_' and '-', "
        "neither '.' nor '-' first, and neither '" FUSION "' nor 'checkpoint'",
        name, FYI_FUSED_NAME - 1);
}

static fy_status take_name(const char *path, const json_t *item, fyi_fused_names *out)
{
    const char *name = json_string_value(item);
    if (!name || !is_file_name(name))
        return fyi_fail(FY_EFORMAT, "'%s': modality %d has no name that is a file's name", path,
                        out->n + 1);
    for (int m = 0; m < out->n; m++)
        if (strcmp(out->v[m], name) == 0)
            return fyi_fail(FY_EFORMAT, "'%s': two modalities are called '%s'", path, name);
    (void)snprintf(out->v[out->n++], FYI_FUSED_NAME, "%s", name);
    return FY_OK;
}

static fy_status take_names(const char *path, const json_t *list, fyi_fused_names *out)
{
    const size_t n = json_array_size(list);
    if (n < 1 || n > FY_MAX_MODALITIES)
        return fyi_fail(FY_EFORMAT,
                        "'%s' is not what ferry writes: expected 'modalities', a list of "
                        "1 to %d names",
                        path, FY_MAX_MODALITIES);
    for (size_t i = 0; i < n; i++)
        FYI_FORWARD(take_name(path, json_array_get(list, i), out));
    return FY_OK;
}

fy_status fyi_fused_names_parse(const char *path, const char *text, size_t bytes,
                                fyi_fused_names *out)
{
    json_error_t error;
    json_t *root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    out->n = 0;
    if (!root)
        return fyi_fail(FY_EFORMAT, "'%s', line %d: %s", path, error.line, error.text);
    const fy_status st = take_names(path, json_object_get(root, "modalities"), out);
    json_decref(root);
    return st;
}

fy_status fyi_fused_names_read(const char *path, fyi_fused_names *out)
{
    char *text;
    size_t bytes;
    FYI_FORWARD(fyi_file_read(path, MAX_BYTES, &text, &bytes));
    const fy_status st = fyi_fused_names_parse(path, text, bytes, out);
    fyi_free(text);
    return st;
}

/* ---- saving --------------------------------------------------------------------------------------------- */

static fy_status write_names(const fy_fused *f, fy_run *r)
{
    json_t *list = json_array(), *root = json_pack("{s:o}", "modalities", list);
    for (int m = 0; m < f->n; m++)
        (void)json_array_append_new(list, json_string(fy_fused_name(f, m)));
    char *text = root ? json_dumps(root, 0) : NULL;
    const fy_status st =
        text ? fy_run_write(r, FILE_NAME, text, strlen(text)) : fyi_enomem(256, FILE_NAME);
    free(text);
    json_decref(root);
    return st;
}

fy_status fy_fused_save(fy_fused *f, fy_run *r)
{
    for (int m = 0; m < f->n; m++)
        FYI_FORWARD(check_name(fy_fused_name(f, m)));
    for (int m = 0; m < f->n; m++)
        FYI_FORWARD(fy_run_save_model(r, fy_fused_name(f, m), f->encoders[m]));
    FYI_FORWARD(fy_run_save_model(r, FUSION, f->fusion));
    return write_names(f, r);
}

fy_status fy_fused_restore(fy_fused *f, fy_run *r)
{
    for (int m = 0; m < f->n; m++)
        FYI_FORWARD(fy_run_load_model(r, fy_fused_name(f, m), f->encoders[m]));
    return fy_run_load_model(r, FUSION, f->fusion);
}

/* ---- loading -------------------------------------------------------------------------------------------- */

static fy_status open_model(const char *path, const char *name, fy_model **out)
{
    const fy_model_opts as_saved = { .input = { .rank = 0 } };
    fy_weights *w = NULL;
    fy_status st;
    FY_TRY(fy_weights_open(path, &w));
    FY_TRY(fy_model_open_saved(w, NULL, name, &as_saved, out));
    FY_TRY(fy_model_load(*out, path));
done:
    fy_weights_close(w);
    return st;
}

static fy_status open_named(const char *dir, const char *name, fy_model **out)
{
    fyi_buf path = { 0 };
    fyi_buf_printf(&path, "%s/%s.safetensors", dir, name);
    const fy_status st =
        path.failed ? fyi_enomem(strlen(dir), "a model's path") : open_model(path.p, name, out);
    fyi_buf_release(&path);
    return st;
}

static fy_status read_names(const char *dir, fyi_fused_names *names)
{
    char *path = fyi_path_join(dir, FILE_NAME);
    if (!path)
        return fyi_enomem(strlen(dir), "a model's path");
    const fy_status st = fyi_fused_names_read(path, names);
    fyi_free(path);
    return st;
}

fy_status fy_fused_load(fy_device *dev, const char *dir, int64_t batch, fy_fused **out)
{
    fy_model *encoders[FY_MAX_MODALITIES] = { 0 }, *fusion = NULL;
    fyi_fused_names names;
    fy_status st;
    *out = NULL;
    FYI_FORWARD(read_names(dir, &names));
    for (int m = 0; m < names.n; m++)
        FY_TRY(open_named(dir, names.v[m], &encoders[m]));
    FY_TRY(open_named(dir, FUSION, &fusion));
    FY_TRY(fy_fused_new(dev, encoders, fusion, names.n, batch, out));
    (*out)->is_owner = true;
    return FY_OK;
done:
    for (int m = 0; m < FY_MAX_MODALITIES; m++)
        fy_model_free(encoders[m]);
    fy_model_free(fusion);
    return st;
}
