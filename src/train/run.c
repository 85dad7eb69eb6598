/* run.c: one execution and its directory: metrics.jsonl grows a line at a time, a checkpoint replaces the one
 * before. On resume, metrics.jsonl is cut back to what the checkpoint had seen. */
#include "train/json.h"
#include "train/train.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

fy_run_opts fy_run_defaults(void)
{
    return (fy_run_opts){ .checkpoint_s = 60 };
}

void fy_run_close(fy_run *r)
{
    if (!r)
        return;
    if (r->metrics)
        (void)fclose(r->metrics); /* every line was flushed and checked when it was written */
    for (size_t i = 0; i < r->n_kept; i++)
        fyi_free(r->kept[i].name);
    for (size_t i = 0; i < r->n_past; i++)
        fyi_free(r->past[i]);
    fyi_free(r->kept);
    fyi_free(r->past);
    fyi_shelf_clear(r);
    fyi_known_forget(r);
    fyi_free(r->models);
    fy_features_close(r->own_features);
    fy_weights_close(r->restored);
    if (r->lock >= 0)
        (void)close(r->lock);
    fyi_free(r->dir);
    fyi_free(r->checkpoint_path);
    fyi_free(r->metrics_path);
    fyi_free(r);
}

static fy_status cut_metrics(fy_run *r, int64_t bytes)
{
    if (ftruncate(fileno(r->metrics), bytes) != 0 || fseek(r->metrics, 0, SEEK_END) != 0)
        return fyi_fail(FY_EIO, "cannot cut '%s' back to its checkpoint: %s", r->metrics_path,
                        strerror(errno));
    return FY_OK;
}

static fy_status open_metrics(fy_run *r, int64_t keep_bytes)
{
    r->metrics = fopen(r->metrics_path, keep_bytes > 0 ? "r+" : "w");
    if (!r->metrics)
        return fyi_fail(FY_EIO, "cannot open '%s': %s", r->metrics_path, strerror(errno));
    if (keep_bytes > 0 && (fseek(r->metrics, 0, SEEK_END) != 0 || ftell(r->metrics) < keep_bytes))
        return fyi_fail(FY_EFORMAT, "'%s' is shorter than its checkpoint says; start the run afresh",
                        r->metrics_path);
    return keep_bytes > 0 ? cut_metrics(r, keep_bytes) : FY_OK;
}

/* False where another has it; *lock: to be closed, or -1. File systems without locks are taken at their word. */
static bool try_lock(const char *dir, int *lock)
{
    *lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *lock < 0 || flock(*lock, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

bool fyi_run_is_going_on(const char *dir)
{
    int lock;
    const bool is_free = try_lock(dir, &lock);
    if (lock >= 0)
        (void)close(lock);
    return !is_free;
}

/* Until the run is closed, or its process ends. */
static fy_status lock_dir(fy_run *r)
{
    if (!try_lock(r->dir, &r->lock))
        return fyi_fail(FY_EINVAL,
                        "a run is going on in '%s'; wait for its end or choose another directory",
                        r->dir);
    return FY_OK;
}

static fy_status open_dir(fy_run *r)
{
    int64_t metrics_bytes = 0;
    r->dir = fyi_strdup(r->opts.dir);
    r->checkpoint_path = fyi_path_join(r->opts.dir, "checkpoint.safetensors");
    r->metrics_path = fyi_path_join(r->opts.dir, "metrics.jsonl");
    if (!r->dir || !r->checkpoint_path || !r->metrics_path)
        return fyi_enomem(strlen(r->opts.dir), "a run");
    FYI_FORWARD(fyi_mkdirs(r->dir));
    FYI_FORWARD(lock_dir(r));
    if (r->opts.resume && fyi_path_exists(r->checkpoint_path)) {
        FYI_FORWARD(fy_weights_open(r->checkpoint_path, &r->restored));
        FYI_FORWARD(fyi_checkpoint_restore_run(r, &metrics_bytes));
    } else if (unlink(r->checkpoint_path) != 0 &&
               errno != ENOENT) /* of an earlier run in this directory */
        return fyi_fail(FY_EIO, "cannot remove the old '%s': %s", r->checkpoint_path,
                        strerror(errno));
    fyi_drop_temporaries(r->dir);
    return open_metrics(r, metrics_bytes);
}

fy_status fy_run_open(const fy_run_opts *o, fy_run **out)
{
    *out = NULL;
    fy_run *r = fyi_calloc(1, sizeof *r);
    if (!r)
        return fyi_enomem(sizeof *r, "a run");
    r->opts = *o;
    r->is_light = o->light;
    r->lock = -1;
    r->last_save_s = fyi_now_s();
    fy_status st = o->features ? FY_OK : fy_features_open(NULL, &r->own_features);
    r->features = o->features ? o->features : r->own_features;
    if (st == FY_OK && o->dir)
        st = open_dir(r);
    if (st != FY_OK) {
        fy_run_close(r);
        return st;
    }
    *out = r;
    return FY_OK;
}

/* ---- one within another ----------------------------------------------------------------------------------- */

fy_status fy_run_open_within(fy_run *r, const char *name, fy_run **out)
{
    fy_run_opts o = r->opts;
    char *dir;
    *out = NULL;
    if (!r->dir)
        return fyi_fail(FY_EINVAL, "run: '%s' is to be within a run that has no directory", name);
    dir = fyi_path_join(r->dir, name);
    if (!dir)
        return fyi_enomem(strlen(name), "a run");
    o.dir = dir;
    o.features = r->features;
    o.metrics = NULL;
    const fy_status st = fy_run_open(&o, out);
    if (st == FY_OK)
        (*out)->outer = r;
    fyi_free(dir);
    return st;
}

static fy_status copy_lines(FILE *from, const fy_run *r)
{
    char text[4096];
    size_t n;
    while ((n = fread(text, 1, sizeof text, from)) > 0)
        if (fwrite(text, 1, n, r->metrics) != n)
            break;
    if (ferror(from) || ferror(r->metrics) || fflush(r->metrics) != 0)
        return fyi_fail(FY_EIO, "cannot write '%s': %s", r->metrics_path, strerror(errno));
    return FY_OK;
}

fy_status fy_run_take_metrics(fy_run *r, const fy_run *inner)
{
    FILE *from = fopen(inner->metrics_path, "r");
    if (!from)
        return fyi_fail(FY_EIO, "cannot read '%s': %s", inner->metrics_path, strerror(errno));
    const fy_status st = copy_lines(from, r);
    (void)fclose(from);
    return st;
}

const char *fyi_run_saved(const fy_run *r, char text[FYI_SAVED_CHARS])
{
    if (!r->dir)
        return "nothing was saved, the run has no directory";
    if (!fyi_path_exists(r->checkpoint_path))
        return "there is no checkpoint yet";
    (void)snprintf(text, FYI_SAVED_CHARS, "the newest checkpoint, from before, is '%s'",
                   r->checkpoint_path);
    return text;
}

fy_features *fy_run_features(const fy_run *r)
{
    return r->features;
}

const char *fy_run_dir(const fy_run *r)
{
    return r->dir;
}

bool fy_run_is_light(const fy_run *r)
{
    return r->is_light;
}

fy_status fy_run_keep(fy_run *r, fy_model *m)
{
    fyi_known *k;
    FYI_FORWARD(fyi_known_add(r, m, &k));
    return fyi_checkpoint_restore_model(r, k);
}

fy_status fy_run_keep_data(fy_run *r, const char *name, void *data, size_t bytes, bool *restored)
{
    bool found = false;
    for (size_t i = 0; i < r->n_kept; i++)
        if (strcmp(r->kept[i].name, name) == 0)
            return fyi_fail(FY_EINVAL, "run: two pieces of its data are named '%s'", name);
    FYI_FORWARD(fyi_grow(&r->kept, &r->cap_kept, r->n_kept + 1, sizeof *r->kept));
    fyi_kept *k = &r->kept[r->n_kept];
    *k = (fyi_kept){ .name = fyi_strdup(name), .data = data, .bytes = bytes };
    if (!k->name)
        return fyi_enomem(strlen(name), "a run");
    r->n_kept++;
    FYI_FORWARD(fyi_checkpoint_restore_data(r, k, &found));
    if (restored)
        *restored = found;
    return FY_OK;
}

void fy_run_forget(fy_run *r)
{
    for (size_t i = 0; i < r->n_kept; i++)
        fyi_free(r->kept[i].name);
    r->n_kept = 0;
    fyi_known_forget(r);
}

/* ---- breaking off an evaluation ------------------------------------------------------------------------ */

fy_status fyi_before_take(fy_run *r, fyi_before *b)
{
    size_t bytes = 0;
    *b = (fyi_before){ .metrics_bytes = r->metrics ? ftell(r->metrics) : 0 };
    for (size_t i = 0; i < r->n_kept; i++)
        bytes += r->kept[i].bytes;
    b->kept = fyi_alloc(bytes);
    if (!b->kept)
        return fyi_enomem(bytes, "a run");
    bytes = 0;
    for (size_t i = 0; i < r->n_kept; i++) {
        memcpy(b->kept + bytes, r->kept[i].data, r->kept[i].bytes);
        bytes += r->kept[i].bytes;
    }
    return FY_OK;
}

fy_status fyi_before_restore(fy_run *r, const fyi_before *b)
{
    const char *from = b->kept;
    for (size_t i = 0; i < r->n_kept; i++) {
        memcpy(r->kept[i].data, from, r->kept[i].bytes);
        from += r->kept[i].bytes;
    }
    return r->metrics ? cut_metrics(r, b->metrics_bytes) : FY_OK;
}

void fyi_before_release(fyi_before *b)
{
    fyi_free(b->kept);
}

/* ---- what happens between stages -------------------------------------------------------------------------- */

bool fy_run_is_past(const fy_run *r, const char *stage)
{
    for (size_t i = 0; i < r->n_past; i++)
        if (strcmp(r->past[i], stage) == 0)
            return true;
    return false;
}

fy_status fy_run_checkpoint(fy_run *r)
{
    const fyi_position between = { 0 };
    return fyi_checkpoint_save(r, &between);
}

/* Takes `value`. */
static fy_status put_figure(json_t *line, const char *stage, const char *name, json_t *value)
{
    if (json_object_get(line, name)) {
        json_decref(value);
        return fyi_fail(FY_EINVAL, "metrics of stage '%s': two figures are named '%s'", stage, name);
    }
    if (json_object_set_new(line, name, value) != 0)
        return fyi_fail(FY_EINVAL,
                        "metrics of stage '%s': a name is no UTF-8 text, or memory has run out",
                        stage);
    return FY_OK;
}

static fy_status make_line(const char *stage, int64_t step, int n, const char *const *names,
                           const double *values, json_t *line)
{
    FYI_FORWARD(put_figure(line, stage, "stage", json_string(stage)));
    FYI_FORWARD(put_figure(line, stage, "step", json_integer(step)));
    for (int i = 0; i < n; i++)
        FYI_FORWARD(put_figure(line, stage, names[i], fyi_json_of(values[i])));
    return FY_OK;
}

static fy_status write_line(const fy_run *r, const json_t *line)
{
    char *text = json_dumps(line, JSON_REAL_PRECISION(9));
    char saved[FYI_SAVED_CHARS];
    fy_status st = FY_OK;
    if (!text)
        return fyi_enomem(0, "a line of metrics");
    if (fprintf(r->metrics, "%s\n", text) < 0 || fflush(r->metrics) != 0) {
        const char *why = strerror(errno);
        st = fyi_fail(FY_EIO, "cannot write '%s': %s; %s", r->metrics_path, why,
                      fyi_run_saved(r, saved));
    }
    free(text);
    return st;
}

fy_status fy_run_metrics(fy_run *r, const char *stage, int64_t step, int n,
                         const char *const *names, const double *values)
{
    if (r && r->opts.metrics)
        FYI_FORWARD(r->opts.metrics(r->opts.metrics_arg, stage, step, n, names, values));
    if (!r || !r->metrics)
        return FY_OK;
    json_t *line = json_object();
    if (!line)
        return fyi_enomem(0, "a line of metrics");
    fy_status st = make_line(stage, step, n, names, values, line);
    if (st == FY_OK)
        st = write_line(r, line);
    json_decref(line);
    return st;
}
