/* rundir.c: a run's directory: its name, what stands in it before training begins, and the result.
 *
 *   recipe.yaml        resolved; running it again is the same run
 *   data.json          each side: what it is, its hash, and what was odd about it
 *   data/<side>.json   the samples of each side by their number in the source
 *   data/standard-<side>.json   means and deviations, where it was standardised by its own
 *   versions.json      the program, its libraries and the machine
 *   result.json        the figures, when the method is done */
#include "recipe/recipe.h"

#include "data/data.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <yaml.h>

/* ---- its place ------------------------------------------------------------------------------- */

fy_status fyi_rundir_make(const fyi_settings *s, const fy_recipe_run_opts *o, char *dir, size_t size)
{
    char stem[160];

    (void)snprintf(stem, sizeof stem, "%s-%llu", s->run.name, (unsigned long long)s->run.seed.value);
    return fyi_place_make(&(fyi_place){ .what = "run",
                                        .stem = stem,
                                        .parent = o->runs_dir,
                                        .dir = o->run_dir,
                                        .go_on = "ferry run --resume",
                                        .may_be_refused = true,
                                        .resume = o->resume },
                          dir, size);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

/* Takes root, which may be NULL; `name` is for sentences. */
static fy_status json_text(json_t *root, const char *name, fyi_buf *out)
{
    char *text = root != NULL ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;

    json_decref(root);
    if (text == NULL)
        return fyi_enomem(0, name);
    fyi_buf_printf(out, "%s\n", text);
    free(text);
    return out->failed ? fyi_enomem(out->len, name) : FY_OK;
}

fy_status fyi_json_write(json_t *root, const char *dir, const char *name)
{
    char path[FY_RUN_DIR_MAX + 64];
    fyi_buf out = { 0 };
    fy_status st;

    FY_TRY(json_text(root, name, &out));
    FY_TRY(fyi_place_path(dir, name, path, sizeof path));
    FY_TRY(fyi_file_write(path, out.p, out.len));
done:
    fyi_buf_release(&out);
    return st;
}

#define MAX_JSON_BYTES ((size_t)64 << 20) /* of a file in the directory */
#define MAX_BROKEN 1000                   /* that are named one by one */

/* What was left out, so that the run says what it has not seen. */
static json_t *broken_json(const fy_dataset *d)
{
    json_t *list = json_array();

    for (int64_t k = 0; list != NULL && k < FYI_MIN(fy_dataset_n_broken(d), MAX_BROKEN); k++)
        (void)json_array_append_new(list, json_string(fy_dataset_broken(d, k)));
    return list;
}

/* Means and deviations that values, a spectrogram's too, were brought to 0 and 1 by, so that others can be prepared alike. */
static void put_scaling(const fy_dataset *d, json_t *root)
{
    const fyi_scaling *s = &d->source->scaling;
    json_t *mean = json_array(), *deviation = json_array();

    for (int c = 0; s->range != FY_RANGE_KEEP && c < (int)FYI_MIN(fy_dataset_shape(d)->d[0], 4);
         c++) {
        (void)json_array_append_new(mean, json_real((double)fyi_scaling_mean(s, c)));
        (void)json_array_append_new(deviation, json_real((double)fyi_scaling_deviation(s, c)));
    }
    if (json_array_size(mean) > 0)
        (void)json_object_set(root, "mean", mean);
    if (json_array_size(deviation) > 0)
        (void)json_object_set(root, "deviation", deviation);
    json_decref(deviation);
    json_decref(mean);
}

static json_t *side_json(const fy_dataset *d)
{
    json_t *root = json_pack("{s:s, s:I, s:i, s:b, s:s, s:s}", "text", fy_dataset_text(d), "count",
                             (json_int_t)fy_dataset_count(d), "classes", fy_dataset_classes(d),
                             "labelled", fy_dataset_has_labels(d), "source_sha256",
                             fy_dataset_hash(d), "view_sha256", fy_dataset_view_hash(d));

    if (root != NULL && fy_dataset_n_broken(d) > 0) {
        (void)json_object_set_new(root, "broken", json_integer(fy_dataset_n_broken(d)));
        (void)json_object_set_new(root, "left_out", broken_json(d));
    }
    if (root != NULL)
        put_scaling(d, root);
    return root;
}

static json_t *files_json(const fyi_files *f)
{
    json_t *root = json_object();

    for (int i = 0; i < f->n && root != NULL; i++)
        (void)json_object_set_new(
            root, f->v[i].key,
            json_pack("{s:s, s:s}", "path", f->v[i].path, "sha256", f->v[i].sha256));
    return root;
}

static json_t *data_json(const fyi_recipe_data *d)
{
    json_t *root = json_object(), *warnings = json_array();
    char name[FYI_DATA_NAME];
    const fy_dataset *side;

    for (int i = 0; root != NULL && (side = fyi_data_nth(d, i, name)) != NULL; i++)
        (void)json_object_set_new(root, name, side_json(side));
    for (int w = 0; w < d->odd.n && warnings != NULL; w++)
        (void)json_array_append_new(warnings, json_string(d->odd.text[w]));
    if (root != NULL) {
        (void)json_object_set_new(root, "files", files_json(&d->files));
        (void)json_object_set_new(root, "warnings", warnings);
    }
    return root;
}

static json_t *versions_json(const fy_device *dev)
{
    struct utsname host = { 0 };

    (void)uname(&host);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "ferry", fy_version(),
                     "compiler", __VERSION__, "device", fy_device_text(dev), "system", host.sysname,
                     "machine", host.machine, "jansson", JANSSON_VERSION, "libyaml",
                     yaml_get_version_string(), "pictures", fy_picture_libraries(), "sounds",
                     fy_sound_libraries());
}

/* ---- before the run -------------------------------------------------------------------------- */

static fy_status write_recipe(const fyi_settings *s, const char *dir)
{
    char path[FY_RUN_DIR_MAX + 64];
    fyi_buf text = { 0 };
    fy_status st;

    FYI_FORWARD(fyi_place_path(dir, "recipe.yaml", path, sizeof path));
    fyi_recipe_yaml(s, &text);
    st = text.failed ? fyi_enomem(text.len, "a recipe's text")
                     : fyi_file_write(path, text.p, text.len);
    fyi_buf_release(&text);
    return st;
}

static fy_status write_manifests(const fyi_recipe_data *d, const char *dir)
{
    char path[FY_RUN_DIR_MAX + 256], side[FYI_DATA_NAME], name[FYI_DATA_NAME + 16];
    const fy_dataset *of;

    FYI_FORWARD(fyi_place_path(dir, "data", path, sizeof path));
    FYI_FORWARD(fyi_mkdirs(path));
    fyi_drop_temporaries(path);
    for (int i = 0; (of = fyi_data_nth(d, i, side)) != NULL; i++) {
        (void)snprintf(name, sizeof name, "data/%s.json", side);
        FYI_FORWARD(fyi_place_path(dir, name, path, sizeof path));
        FYI_FORWARD(fy_manifest_write(of, path));
    }
    return FY_OK;
}

static fy_status write_standards(const fyi_recipe_data *d, const char *dir)
{
    char path[FY_RUN_DIR_MAX + 64], name[64];

    for (int i = 0; i < FYI_SIDES; i++) {
        if (d->standard[i] == NULL)
            continue;
        (void)snprintf(name, sizeof name, "data/standard-%s.json", fyi_side_names[i]);
        FYI_FORWARD(fyi_place_path(dir, name, path, sizeof path));
        FYI_FORWARD(fy_standard_write(d->standard[i], path));
    }
    return FY_OK;
}

/* recipe.yaml goes last: it is what makes a directory a run that can be resumed. */
fy_status fyi_rundir_write(const fyi_settings *s, const fyi_recipe_data *d, const fy_device *dev,
                           const char *dir)
{
    FYI_FORWARD(write_manifests(d, dir));
    FYI_FORWARD(write_standards(d, dir));
    FYI_FORWARD(fyi_json_write(data_json(d), dir, "data.json"));
    FYI_FORWARD(fyi_json_write(versions_json(dev), dir, "versions.json"));
    return write_recipe(s, dir);
}

/* ---- resuming -------------------------------------------------------------------------------- */

/* A key of the i-th section in two recipes. */
static bool is_equal(const fyi_key *k, const fyi_settings *now, const fyi_settings *then, int i,
                     fyi_buf text[2])
{
    const fyi_section *a = &now->sections[i], *b = &then->sections[i];

    if (!a->is_open || !b->is_open)
        return a->is_open == b->is_open;
    if ((k->flags & FYI_KEY_MACHINE) ||
        (!fyi_key_applies(now, a, k) && !fyi_key_applies(then, b, k)))
        return true;
    fyi_key_text(k, a->base, &text[0]);
    fyi_key_text(k, b->base, &text[1]);
    return text[0].len == text[1].len && memcmp(text[0].p, text[1].p, text[0].len) == 0;
}

static fy_status compare_key(const fyi_key *k, const fyi_settings *now, const fyi_settings *then,
                             int i, const char *dir)
{
    const char *section = now->sections[i].name;
    fyi_buf text[2] = { { 0 }, { 0 } };
    fy_status st = FY_OK;

    if (!is_equal(k, now, then, i, text))
        st = fyi_fail(
            FY_EINVAL,
            "the run in '%s' began with %s%s%s %s, the recipe now says %s; resume it as it was "
            "(--resume alone) or begin another",
            dir, section, *section ? "." : "", k->key, text[1].p ? text[1].p : "otherwise",
            text[0].p ? text[0].p : "otherwise");
    fyi_buf_release(&text[0]);
    fyi_buf_release(&text[1]);
    return st;
}

static fy_status compare_settings(const fyi_settings *now, const fyi_settings *then, const char *dir)
{
    if (now->method != then->method)
        return fyi_fail(FY_EINVAL,
                        "the run in '%s' began with the method '%s', the recipe now says '%s'", dir,
                        then->method->name, now->method->name);
    for (int i = 0; i < now->n_sections; i++)
        for (const fyi_key *k = now->sections[i].keys; k->key != NULL; k++)
            FYI_FORWARD(compare_key(k, now, then, i, dir));
    return FY_OK;
}

fy_status fyi_rundir_check_recipe(const fyi_settings *s, const char *dir)
{
    char path[FY_RUN_DIR_MAX + 64];
    fy_recipe *then = NULL;
    fy_status st;

    FYI_FORWARD(fyi_place_path(dir, "recipe.yaml", path, sizeof path));
    FYI_FORWARD(fy_recipe_read(path, &then));
    FY_TRY(fy_recipe_check(then));
    FY_TRY(compare_settings(s, &then->settings, dir));
done:
    fy_recipe_free(then);
    return st;
}

static fy_status check_files(const fyi_files *f, const json_t *then, const char *dir)
{
    for (int i = 0; i < f->n; i++) {
        const char *hash =
            json_string_value(json_object_get(json_object_get(then, f->v[i].key), "sha256"));

        if (hash == NULL || strcmp(hash, f->v[i].sha256) != 0)
            return fyi_fail(
                FY_EINVAL,
                "cannot resume '%s': '%s' is not the file that it was when the run began; "
                "bring the old one back or begin another run",
                dir, f->v[i].path);
    }
    return FY_OK;
}

fy_status fyi_rundir_parse_data(const fyi_recipe_data *d, const char *dir, const char *text,
                                size_t n)
{
    json_error_t error;
    json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
    char name[FYI_DATA_NAME];
    const fy_dataset *of;
    fy_status st = FY_OK;

    if (root == NULL)
        return fyi_fail(FY_EFORMAT, "cannot resume '%s': its data.json is damaged: %s", dir,
                        error.text);
    for (int i = 0; st == FY_OK && (of = fyi_data_nth(d, i, name)) != NULL; i++) {
        const char *then =
            json_string_value(json_object_get(json_object_get(root, name), "view_sha256"));

        if (then == NULL || strcmp(then, fy_dataset_view_hash(of)) != 0)
            st = fyi_fail(
                FY_EINVAL,
                "cannot resume '%s': the data of '%s' is not what it was when the run "
                "began: its files or its recipe.yaml were changed; bring them back or begin "
                "another run",
                dir, name);
    }
    if (st == FY_OK)
        st = check_files(&d->files, json_object_get(root, "files"), dir);
    json_decref(root);
    return st;
}

static fy_status check_data(const fyi_recipe_data *d, const char *dir)
{
    char path[FY_RUN_DIR_MAX + 64], *text;
    size_t n;
    fy_status st;

    FYI_FORWARD(fyi_place_path(dir, "data.json", path, sizeof path));
    FYI_FORWARD(fyi_file_read(path, MAX_JSON_BYTES, &text, &n));
    st = fyi_rundir_parse_data(d, dir, text, n);
    fyi_free(text);
    return st;
}

fy_status fyi_rundir_check(const fyi_settings *s, const fyi_recipe_data *d, const char *dir)
{
    FYI_FORWARD(fyi_rundir_check_recipe(s, dir));
    return check_data(d, dir);
}

/* ---- after it -------------------------------------------------------------------------------- */

/* Not every reader of JSON keeps whole numbers from 2^53 on (RFC 7493, section 2.2): those are texts. */
json_t *fyi_json_seed(uint64_t seed)
{
    char text[24];

    if (seed < (uint64_t)1 << 53)
        return json_integer((json_int_t)seed);
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
    return json_string(text);
}

fy_status fyi_rundir_result(const fyi_settings *s, const fyi_recipe_data *d,
                            const fy_recipe_result *r, fyi_buf *out)
{
    char recipe[65];
    json_t *root;

    FYI_FORWARD(fyi_recipe_sha256(s, recipe));
    root = json_pack("{s:s, s:s, s:s, s:s, s:o, s:s}", "recipe", s->run.name, "recipe_sha256",
                     recipe, "method", s->method->name, "kind", s->method->kind->name, "seed",
                     fyi_json_seed(s->run.seed.value), "run_dir", r->run_dir);
    if (root != NULL) {
        s->method->kind->put(d, r, root);
        (void)json_object_set_new(root, "seconds", fyi_json_of(r->seconds));
    }
    return json_text(root, "result.json", out);
}

/* ---- a run that is done already -------------------------------------------------------------- */

double fyi_json_at(const json_t *root, const char *key)
{
    const json_t *v = json_object_get(root, key);

    return json_is_number(v) ? json_number_value(v) : NAN;
}

static fy_status check_origin(const fyi_settings *s, const json_t *root, const char *path)
{
    const char *then = json_string_value(json_object_get(root, "recipe_sha256"));
    char now[65];

    FYI_FORWARD(fyi_recipe_sha256(s, now));
    if (then != NULL && strcmp(then, now) == 0)
        return FY_OK;
    return fyi_fail(
        FY_EINVAL,
        "'%s' is the result of another recipe (its recipe_sha256 is %.12s, this recipe's "
        "%.12s); choose another directory or move the file away",
        path, then != NULL ? then : "missing", now);
}

fy_status fyi_rundir_parse_result(const fyi_settings *s, const char *path, const char *text,
                                  size_t n, fy_recipe_result *r)
{
    json_error_t error;
    json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
    fy_status st;

    if (root == NULL)
        return fyi_fail(FY_EFORMAT, "'%s' is damaged: %s; remove it to have it written again", path,
                        error.text);
    st = check_origin(s, root, path);
    if (st == FY_OK) {
        r->seconds = fyi_json_at(root, "seconds");
        s->method->kind->take(root, r);
    }
    json_decref(root);
    return st;
}

fy_status fyi_rundir_finished(const fyi_settings *s, const char *dir, fy_recipe_result *r,
                              bool *is_finished)
{
    char path[FY_RUN_DIR_MAX + 64], *text;
    size_t n;
    fy_status st;

    FYI_FORWARD(fyi_place_path(dir, "result.json", path, sizeof path));
    *is_finished = fyi_path_exists(path);
    if (!*is_finished)
        return FY_OK;
    FYI_FORWARD(fyi_file_read(path, MAX_JSON_BYTES, &text, &n));
    st = fyi_rundir_parse_result(s, path, text, n, r);
    fyi_free(text);
    return st;
}
