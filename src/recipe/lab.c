/* lab.c: what runs of a recipe have in common stays open between them: the device, the features of frozen layers, and
 * the data. */
#include "recipe/recipe.h"

#include <string.h>

struct fy_lab {
    char device_is[65], data_is[65]; /* hashes of the settings they were opened by; "": not open */
    fyi_opened open;
};

/* ---- the device ------------------------------------------------------------------------------ */

static bool is_given(const char *text)
{
    return text != NULL && *text != '\0';
}

static fy_status set_device(const fyi_run_settings *s, fy_device *dev)
{
    FYI_FORWARD(fy_device_set_precision(dev, strcmp(s->precision, "bf16") == 0 ? FY_BF16 : FY_F32));
    fy_device_set_memory(dev, (size_t)s->memory);
    if (is_given(s->kernel_times))
        FYI_FORWARD(fy_device_set_kernel_times(dev, s->kernel_times));
    return FY_OK;
}

fy_status fy_recipe_open_device(fy_recipe *r, fy_device **out)
{
    const fyi_run_settings *s = &r->settings.run;
    fy_status st;

    *out = NULL;
    FYI_FORWARD(fy_recipe_check(r));
    fy_threads_set((int)s->threads);
    FYI_FORWARD(fy_device_open(s->device, out));
    st = set_device(s, *out);
    if (st != FY_OK) {
        fy_device_close(*out);
        *out = NULL;
    }
    return st;
}

static fy_status open_features(const fyi_run_settings *s, fy_features **out)
{
    fy_features_opts o = fy_features_defaults();

    if (is_given(s->feature_dir))
        o.dir = s->feature_dir;
    o.limit = (size_t)s->feature_limit;
    return fy_features_open(&o, out);
}

static void close_device(fy_lab *l)
{
    fy_features_close(l->open.features);
    l->open.features = NULL;
    fy_device_close(l->open.device);
    l->open.device = NULL;
    l->device_is[0] = '\0';
}

static fy_status take_device(fy_lab *l, fy_recipe *r)
{
    char wanted[65];

    FYI_FORWARD(fyi_recipe_device_sha256(&r->settings, wanted));
    if (strcmp(l->device_is, wanted) == 0)
        return FY_OK;
    close_device(l);
    FYI_FORWARD(fy_recipe_open_device(r, &l->open.device));
    FYI_FORWARD(open_features(&r->settings.run, &l->open.features));
    memcpy(l->device_is, wanted, sizeof wanted);
    return FY_OK;
}

/* ---- the data -------------------------------------------------------------------------------- */

static void close_data(fy_lab *l)
{
    fyi_recipe_data_close(&l->open.data);
    l->data_is[0] = '\0';
}

static fy_status take_data(fy_lab *l, fy_recipe *r)
{
    char wanted[65];

    FYI_FORWARD(fyi_recipe_data_sha256(&r->settings, wanted));
    if (strcmp(l->data_is, wanted) == 0)
        return FY_OK;
    close_data(l);
    FYI_FORWARD(fyi_recipe_data_open(&r->settings, &l->open.data));
    memcpy(l->data_is, wanted, sizeof wanted);
    return FY_OK;
}

/* ---- the lab --------------------------------------------------------------------------------- */

fy_status fy_lab_open(fy_lab **out)
{
    *out = fyi_calloc(1, sizeof **out);
    return *out != NULL ? FY_OK : fyi_enomem(sizeof **out, "a lab");
}

void fy_lab_close(fy_lab *l)
{
    if (l == NULL)
        return;
    close_data(l);
    close_device(l);
    fyi_free(l);
}

static fy_status run(fy_lab *l, fy_recipe *r, const fy_recipe_run_opts *o, fy_recipe_result *result)
{
    fyi_files files;

    FYI_FORWARD(fyi_files_read(&r->settings, o->resume, &files));
    FYI_FORWARD(take_device(l, r));
    FYI_FORWARD(take_data(l, r));
    FYI_FORWARD(fyi_recipe_data_begin(&r->settings, &files, &l->open.data));
    return fyi_recipe_run_opened(&r->settings, &l->open, o, result);
}

fy_status fy_lab_run(fy_lab *l, fy_recipe *r, const fy_recipe_run_opts *o, fy_recipe_result *result)
{
    const fy_recipe_run_opts defaults = fy_recipe_run_defaults();
    const volatile sig_atomic_t *before;
    fy_status st;

    *result = (fy_recipe_result){ 0 };
    if (o == NULL)
        o = &defaults;
    FYI_FORWARD(fy_recipe_check(r));
    if (fyi_compares(&r->settings))
        return fyi_fail(
            FY_EINVAL,
            "recipe %s compares %d arms, and a run is of one; 'ferry compare' runs them "
            "all",
            r->entries.path, r->settings.n_arms);
    if (fyi_searches(&r->settings))
        return fyi_fail(FY_EINVAL,
                        "recipe %s searches %d key%s, and a run has one value of each; 'ferry "
                        "search' tries them",
                        r->entries.path, r->settings.n_knobs, r->settings.n_knobs == 1 ? "" : "s");
    if (o->resume && o->run_dir == NULL)
        return fyi_fail(FY_EINVAL, "resuming needs the run's directory");
    before = fy_cancel_set(o->cancel);
    st = run(l, r, o, result);
    (void)fy_cancel_set(before);
    return st;
}

fy_status fy_recipe_run(fy_recipe *r, const fy_recipe_run_opts *o, fy_recipe_result *result)
{
    fy_lab *l;
    fy_status st;

    *result = (fy_recipe_result){ 0 };
    FYI_FORWARD(fy_lab_open(&l));
    st = fy_lab_run(l, r, o, result);
    fy_lab_close(l);
    return st;
}
