/* read_origin.c: what it takes to do the run again: recipe.yaml, versions.json, and the data.
 *
 *   data.json        {"source": {"text": .., "count": 2000, "source_sha256": ..}, .., "warnings": [..]}
 *   data/<side>.json a manifest, {"dataset": sha256, "name": .., "n": 2000, ..}, also beside data.json
 * A side that data.json names needs no manifest here. */
#include "report/report.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define MAX_RECIPE_BYTES ((size_t)1 << 20)
#define MAX_VERSIONS_BYTES ((size_t)1 << 20)
#define MAX_DATA_BYTES ((size_t)1 << 20)
#define MAX_MANIFEST_BYTES ((size_t)256 << 20)
#define MAX_FACTS 64
#define MAX_NAME 200

static void add_fact(fyi_report *r, fyi_facts *to, const char *name, const char *value,
                     const char *text, int64_t n)
{
    if (to->n == MAX_FACTS)
        return;
    if (fyi_grow(&to->v, &to->cap, to->n + 1, sizeof *to->v) != FY_OK)
        r->no_memory = true;
    else
        to->v[to->n++] = (fyi_fact){ fyi_report_dup(r, name), fyi_report_dup(r, value),
                                     fyi_report_dup(r, text), n };
}

static void read_recipe(fyi_report *r)
{
    size_t n;
    char *text = fyi_report_text(r, "recipe.yaml", MAX_RECIPE_BYTES, &n);

    if (text != NULL)
        r->recipe = fyi_report_dup(r, text);
    fyi_free(text);
}

static void read_versions(fyi_report *r)
{
    json_t *root = fyi_report_json(r, "versions.json", MAX_VERSIONS_BYTES), *value;
    const char *name;

    json_object_foreach(root, name, value)
    {
        char *text =
            json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

        add_fact(r, &r->versions, name,
                 text != NULL            ? text
                 : json_is_string(value) ? json_string_value(value)
                                         : "",
                 "", -1);
        free(text);
    }
    json_decref(root);
}

/* ---- data ------------------------------------------------------------------------------------ */

static void read_data(fyi_report *r)
{
    json_t *root = fyi_report_json(r, "data.json", MAX_DATA_BYTES), *side;
    const json_t *odd = json_object_get(root, "warnings");
    const char *name;

    json_object_foreach(root, name, side)
    {
        const char *hash = json_string_value(json_object_get(side, "source_sha256"));
        const char *text = json_string_value(json_object_get(side, "text"));

        if (hash != NULL)
            add_fact(r, &r->data, name, hash, text != NULL ? text : "",
                     fyi_json_whole(side, "count"));
    }
    json_object_foreach(json_object_get(root, "files"), name, side)
    {
        const char *hash = json_string_value(json_object_get(side, "sha256"));
        const char *path = json_string_value(json_object_get(side, "path"));

        if (hash != NULL)
            add_fact(r, &r->data, name, hash, path != NULL ? path : "", -1);
    }
    for (size_t i = 0; i < json_array_size(odd); i++)
        if (json_is_string(json_array_get(odd, i)))
            add_fact(r, &r->warnings, "", "", json_string_value(json_array_get(odd, i)), -1);
    json_decref(root);
}

/* ---- manifests ------------------------------------------------------------------------------- */

/* Files that are something else. */
static const char others[] = "result.json critic.json features.json samples.json versions.json "
                             "data.json eval.json weights.json lr_find-*.json kernels-*.json";

static bool may_be_manifest(const char *name)
{
    const size_t n = strlen(name);

    return n >= 6 && n <= MAX_NAME && name[0] != '.' && strcmp(name + n - 5, ".json") == 0 &&
           !fy_glob(others, name);
}

/* The names in rising order, for a directory has none of its own; how many. */
static size_t list_manifests(fyi_report *r, const char *path, const char *names[MAX_FACTS])
{
    DIR *d = opendir(path);
    size_t n = 0;

    for (struct dirent *e; d != NULL && n < MAX_FACTS && (e = readdir(d)) != NULL;)
        if (may_be_manifest(e->d_name))
            names[n++] = fyi_report_dup(r, e->d_name);
    if (d != NULL)
        closedir(d);
    qsort(names, n, sizeof *names, fyi_compare_texts);
    return n;
}

static bool is_known(const fyi_facts *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->v[i].name, name) == 0)
            return true;
    return false;
}

static void read_manifest(fyi_report *r, const char *file, const char *name)
{
    char side[MAX_NAME + 1];
    const char *hash;
    json_t *root;

    snprintf(side, sizeof side, "%.*s", (int)FYI_MIN(strlen(name) - 5, MAX_NAME), name);
    if (is_known(&r->data, side))
        return;
    root = fyi_report_json(r, file, MAX_MANIFEST_BYTES);
    hash = json_string_value(json_object_get(root, "dataset"));
    if (hash != NULL && fyi_json_whole(root, "n") >= 0)
        add_fact(r, &r->data, side, hash, "", fyi_json_whole(root, "n"));
    json_decref(root);
}

static void read_manifests(fyi_report *r, const char *folder)
{
    const char *names[MAX_FACTS];
    char *path = fyi_path_join(r->dir, folder);
    size_t n;

    if (path == NULL) {
        r->no_memory = true;
        return;
    }
    n = list_manifests(r, path, names);
    for (size_t i = 0; i < n && !r->no_memory; i++) {
        char file[MAX_NAME + 16];

        snprintf(file, sizeof file, "%s%s%s", folder, folder[0] != '\0' ? "/" : "", names[i]);
        read_manifest(r, file, names[i]);
    }
    fyi_free(path);
}

void fyi_read_origin(fyi_report *r)
{
    read_recipe(r);
    read_versions(r);
    read_data(r);
    read_manifests(r, "");
    read_manifests(r, "data");
}
