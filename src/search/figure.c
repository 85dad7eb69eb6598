/* figure.c: one number of a run's result.json, by its dotted path. */
#include "search/search.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#define MAX_BYTES ((size_t)64 << 20)
#define MAX_FIGURES 256
#define MAX_DEPTH 8

/* Paths of the numbers in an object, and in the objects in it. */
typedef struct figures {
    fyi_arena arena;
    const char *v[MAX_FIGURES + 1]; /* NULL after the last */
    int n;
} figures;

static void list_figures(figures *f, const json_t *object, const char *front, int depth)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)object, key, value)
    {
        const char *path = fyi_arena_printf(&f->arena, "%s%s%s", front, *front ? "." : "", key);

        if (path == NULL || f->n == MAX_FIGURES)
            return;
        if (json_is_number(value) || json_is_null(value))
            f->v[f->n++] = path;
        else if (json_is_object(value) && depth < MAX_DEPTH)
            list_figures(f, value, path, depth + 1);
    }
}

static fy_status fail_missing(const json_t *root, const char *name, const char *path)
{
    figures f = { 0 };
    const char *near;
    fy_status st;

    list_figures(&f, root, "", 0);
    near = fyi_nearest(path, f.v);
    if (near == NULL && f.n > 0)
        near = f.v[0];
    st = fyi_fail(FY_EINVAL,
                  "'%s' has no number '%.100s'%s%.100s%s; set compare.metric to one that it has",
                  name, path, near ? ", but for one '" : "", near ? near : "", near ? "'" : "");
    fyi_arena_release(&f.arena);
    return st;
}

/* NULL if the path leads nowhere. */
static const json_t *walk(const json_t *at, const char *path)
{
    while (at != NULL && *path != '\0') {
        const size_t len = strcspn(path, ".");
        char key[128];

        (void)snprintf(key, sizeof key, "%.*s", (int)len, path);
        at = json_object_get(at, key);
        path += len + (path[len] == '.');
    }
    return at;
}

fy_status fyi_figure_parse(const char *name, const char *text, size_t n, const char *path,
                           double *value)
{
    json_error_t error;
    json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
    const json_t *at;
    fy_status st = FY_OK;

    *value = NAN;
    if (root == NULL)
        return fyi_fail(FY_EFORMAT, "'%s' is damaged: %s; remove it to have it written again", name,
                        error.text);
    at = walk(root, path);
    if (json_is_number(at))
        *value = json_number_value(at);
    else if (!json_is_null(at))
        st = fail_missing(root, name, path);
    json_decref(root);
    return st;
}

fy_status fyi_run_json(const char *run_dir, const char *name, json_t **out)
{
    char *file = fyi_path_join(run_dir, name), *text = NULL;
    json_error_t error;
    size_t n;
    fy_status st;

    *out = NULL;
    if (file == NULL)
        return fyi_enomem(strlen(run_dir), "a run's path");
    FY_TRY(fyi_file_read(file, MAX_BYTES, &text, &n));
    *out = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
    if (*out == NULL)
        st = fyi_fail(FY_EFORMAT, "'%s' is damaged: %s; remove its run to have it run again", file,
                      error.text);
done:
    fyi_free(text);
    fyi_free(file);
    return st;
}

fy_status fyi_figure_read(const char *run_dir, const char *path, double *value)
{
    char *file = fyi_path_join(run_dir, "result.json"), *text = NULL;
    size_t n;
    fy_status st;

    if (file == NULL)
        return fyi_enomem(strlen(run_dir), "a result's path");
    FY_TRY(fyi_file_read(file, MAX_BYTES, &text, &n));
    st = fyi_figure_parse(file, text, n, path, value);
done:
    fyi_free(text);
    fyi_free(file);
    return st;
}

int fyi_figure_decimals(double most)
{
    return most < 10 ? 4 : most < 1000 ? 2 : 0;
}
