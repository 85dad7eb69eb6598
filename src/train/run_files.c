/* run_files.c: what a run leaves in its directory besides metrics and checkpoints. */
#include "train/train.h"

#include <string.h>
#include <unistd.h>

fy_status fy_run_write(fy_run *r, const char *name, const void *p, size_t bytes)
{
    if (!r->dir)
        return FY_OK;
    char *path = fyi_path_join(r->dir, name);
    if (!path)
        return fyi_enomem(strlen(name), "a run's file");
    const fy_status st = fyi_file_write(path, p, bytes);
    fyi_free(path);
    return st;
}

/* "<dir>/<name>.safetensors"; release with fyi_buf_release. */
static fy_status model_path(const fy_run *r, const char *name, fyi_buf *path)
{
    if (!r->dir)
        return fyi_fail(FY_EINVAL, "run: '%s' cannot be kept, the run has no directory", name);
    fyi_buf_printf(path, "%s/%s.safetensors", r->dir, name);
    return path->failed ? fyi_enomem(strlen(name), "a model's path") : FY_OK;
}

static fy_status write_model(const fy_run *r, const char *name, fy_model *m)
{
    fyi_buf path = { 0 };
    fy_status st = model_path(r, name, &path);
    if (st == FY_OK)
        st = fy_model_save(m, path.p);
    fyi_buf_release(&path);
    return st;
}

fy_status fy_run_save_model(fy_run *r, const char *name, fy_model *m)
{
    bool is_there;
    FYI_FORWARD(fyi_shelf_put(r, name, m, &is_there));
    return is_there ? FY_OK : write_model(r, name, m);
}

fy_status fy_run_write_models(fy_run *r)
{
    for (const fyi_shelved *s = r->shelf; s; s = s->next)
        FYI_FORWARD(write_model(r, s->name, s->copy));
    return FY_OK;
}

static fy_status read_model(const fy_run *r, const char *name, fy_model *m)
{
    fyi_buf path = { 0 };
    fy_status st = model_path(r, name, &path);
    if (st == FY_OK)
        st = fy_model_load(m, path.p);
    fyi_buf_release(&path);
    return st;
}

fy_status fy_run_load_model(fy_run *r, const char *name, fy_model *m)
{
    fyi_shelved *s = fyi_shelf_find(r, name);
    return s ? fyi_shelf_take(r, s, m) : read_model(r, name, m);
}

void fy_run_drop_model(fy_run *r, const char *name)
{
    fyi_buf path = { 0 };
    fyi_shelf_drop(r, name);
    if (model_path(r, name, &path) == FY_OK)
        (void)unlink(path.p); /* one that is not there is dropped already */
    fyi_buf_release(&path);
}
