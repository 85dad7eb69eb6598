/* samples.c: which samples the runs of a shift and a seed have, so that a cell can be repeated elsewhere: of every data side its hashes and
 * the numbers of its samples in the source. They are those of the first run that did not fail; every run has its own in its directory as well. */
#include "search/search.h"

#include <jansson.h>
#include <string.h>

/* A side of data.json, and its manifest data/<side>.json. */
static fy_status add_side(const char *run, const char *side, json_t *facts, json_t *to)
{
    char name[FYI_DATA_NAME + 16];
    json_t *manifest;

    (void)snprintf(name, sizeof name, "data/%s.json", side);
    FYI_FORWARD(fyi_run_json(run, name, &manifest));
    (void)json_object_set(facts, "indices", json_object_get(manifest, "indices"));
    (void)json_object_set(to, side, facts);
    json_decref(manifest);
    return FY_OK;
}

/* What else is in data.json has no hash of what is seen. */
static fy_status list_sides(const char *run, json_t *data, json_t *to)
{
    const char *side;
    json_t *facts;

    json_object_foreach(data, side, facts) if (json_object_get(facts, "view_sha256") != NULL)
        FYI_FORWARD(add_side(run, side, facts, to));
    return FY_OK;
}

static fy_status write_file(const fy_comparison *c, const char *run, const char *file)
{
    json_t *data = NULL, *root = json_object();
    char dir[FY_RUN_DIR_MAX];
    fy_status st;

    if (root == NULL)
        FY_TRY(fyi_enomem(strlen(run), "a comparison's samples"));
    FY_TRY(fyi_place_path(c->dir, run, dir, sizeof dir));
    FY_TRY(fyi_run_json(dir, "data.json", &data));
    FY_TRY(list_sides(dir, data, root));
    st = fyi_json_write(root, c->dir, file);
    root = NULL;
done:
    json_decref(root);
    json_decref(data);
    return st;
}

fy_status fyi_samples_write(const fy_comparison *c, int row, int i)
{
    const fy_arm_row *of = &c->report.rows[row];
    char file[FYI_MAX_ARM_NAME + 64], path[FY_RUN_DIR_MAX + 64];

    if (of->shift == NULL || of->runs[i].error != NULL)
        return FY_OK;
    (void)snprintf(file, sizeof file, "samples/%s-%llu.json", of->shift,
                   (unsigned long long)of->runs[i].seed);
    FYI_FORWARD(fyi_place_path(c->dir, file, path, sizeof path));
    if (fyi_path_exists(path))
        return FY_OK;
    FYI_FORWARD(fyi_mkdirs_for(path));
    return write_file(c, of->runs[i].dir, file);
}
