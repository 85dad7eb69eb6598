/* run.c: a recipe executed, and the list of keys that recipes may have. */
#include "recipe/recipe.h"

#include <string.h>

fy_recipe_run_opts fy_recipe_run_defaults(void)
{
    return (fy_recipe_run_opts){ .runs_dir = "runs" };
}

static fy_run_opts run_opts(const fyi_settings *s, const fy_recipe_run_opts *o, const char *dir)
{
    fy_run_opts run = fy_run_defaults();

    run.dir = dir;
    run.resume = o->resume;
    run.checkpoint_s = s->run.checkpoint_s;
    run.profile = s->run.profile;
    run.progress = o->progress;
    run.progress_arg = o->progress_arg;
    run.cancel = o->cancel;
    run.metrics = o->metrics;
    run.metrics_arg = o->metrics_arg;
    run.light = o->keeps != NULL;
    return run;
}

/* One execution, from an open device and open data on. */
typedef struct running {
    const fyi_settings *s;
    const fyi_opened *in;
    const fy_recipe_run_opts *o;
    fy_recipe_result *result;
    double begin_s;
} running;

/* result.json goes last: where it is, all is. */
static fy_status write_all(const running *r, fy_run *run, const fyi_buf *figures)
{
    bool keeps = true;

    if (r->o->keeps != NULL)
        FYI_FORWARD(r->o->keeps(r->o->keeps_arg, figures->p, figures->len, &keeps));
    if (keeps)
        FYI_FORWARD(fy_run_write_models(run));
    return fy_run_write(run, "result.json", figures->p, figures->len);
}

static fy_status conclude(const running *r, fy_run *run)
{
    fyi_buf figures = { 0 };
    fy_status st;

    if (r->s->method->kind->score != NULL)
        r->s->method->kind->score(&r->in->data, r->result);
    r->result->seconds = fyi_now_s() - r->begin_s;
    FYI_FORWARD(fyi_rundir_result(r->s, &r->in->data, r->result, &figures));
    st = write_all(r, run, &figures);
    fyi_buf_release(&figures);
    return st;
}

static fy_status run_method(const running *r, const fy_run_opts *o)
{
    fyi_method_site at = { .device = r->in->device,
                           .settings = r->s,
                           .data = &r->in->data,
                           .seed = r->s->run.seed.value,
                           .workers = (int)r->s->run.workers };
    fy_status st;

    FYI_FORWARD(fy_run_open(o, &at.run));
    st = r->s->method->run(&at, r->s->options, r->result);
    if (st == FY_OK)
        st = conclude(r, at.run);
    fy_run_close(at.run);
    return st;
}

/* A new run leaves nothing in a directory that holds another's result. */
static fy_status prepare_dir(const fyi_settings *s, const fyi_recipe_data *d, fy_device *dev,
                             const fy_recipe_run_opts *o, fy_recipe_result *result,
                             bool *is_finished)
{
    FYI_FORWARD(fyi_rundir_make(s, o, result->run_dir, sizeof result->run_dir));
    const bool goes_on = o->resume && !fyi_place_is_unused(result->run_dir);

    if (goes_on)
        FYI_FORWARD(fyi_rundir_check(s, d, result->run_dir));
    FYI_FORWARD(fyi_rundir_finished(s, result->run_dir, result, is_finished));
    return goes_on ? FY_OK : fyi_rundir_write(s, d, dev, result->run_dir);
}

/* Device and data are open: what can be wrong with them has not left a directory behind. */
fy_status fyi_recipe_run_opened(const fyi_settings *s, const fyi_opened *in,
                                const fy_recipe_run_opts *o, fy_recipe_result *result)
{
    const running r = { s, in, o, result, fyi_now_s() };
    bool is_finished = false;
    fy_run_opts run;

    result->kind = s->method->kind->id;
    FYI_FORWARD(prepare_dir(s, &in->data, in->device, o, result, &is_finished));
    if (is_finished)
        return FY_OK;
    if (s->waiting != NULL)
        fyi_note("keys that are of no use to this run of the method '%s' wait for another: %s",
                 s->method->name, s->waiting);
    run = run_opts(s, o, result->run_dir);
    run.features = in->features;
    return run_method(&r, &run);
}

static fy_status open_side(const fyi_settings *s, int i, fy_dataset **out)
{
    fyi_recipe_data d = { 0 };
    fy_status st;

    FY_TRY(fyi_side_needs_another(s, i) ? fyi_recipe_data_open(s, &d)
                                        : fyi_recipe_side_open(s, i, &d.side[i]));
    if (!fyi_side_needs_another(s, i))
        FY_TRY(fyi_data_standardise(s, &d));
    *out = d.side[i];
    d.side[i] = NULL;
done:
    fyi_recipe_data_close(&d);
    return st;
}

fy_status fy_recipe_open_side(fy_recipe *r, const char *side, fy_dataset **out)
{
    *out = NULL;
    FYI_FORWARD(fy_recipe_check(r));
    for (int i = 0; i < FYI_SIDES; i++)
        if (strcmp(side, fyi_side_names[i]) == 0 && r->settings.sections[1 + i].is_open)
            return open_side(&r->settings, i, out);
    return fyi_fail(FY_EINVAL, "recipe %s has no data side '%s'", r->entries.path, side);
}

/* ---- the list of keys ------------------------------------------------------------------------ */

#define OPTIONS_ROOM 8192 /* bytes, for any method's options */

/* Calls through a room on the stack: listing keys needs no recipe. */
typedef union options_room {
    max_align_t align;
    char bytes[OPTIONS_ROOM];
} options_room;

static int count_keys(const fyi_key *keys)
{
    int n = 0;

    while (keys[n].key != NULL)
        n++;
    return n;
}

bool fyi_key_give(const char *section, const fyi_key *keys, const void *base, int *i,
                  fy_recipe_key *out)
{
    static _Thread_local char key[FYI_RECIPE_MAX_KEY], type[256], needs[320];
    const int n = count_keys(keys);
    fyi_buf text = { 0 };

    if (*i >= n) {
        *i -= n;
        return false;
    }
    (void)snprintf(key, sizeof key, "%s%s%s", section, *section ? "." : "", keys[*i].key);
    fyi_key_expected(&keys[*i], type, sizeof type);
    fyi_key_text(&keys[*i], base, &text);
    if (keys[*i].needs != NULL)
        fyi_needs_text(keys[*i].needs, needs, sizeof needs);
    *out = (fy_recipe_key){ .key = key,
                            .type = type,
                            .needs = keys[*i].needs != NULL ? needs : NULL,
                            .help = keys[*i].help };
    if (!(keys[*i].flags & FYI_KEY_REQUIRED) && text.p != NULL)
        (void)snprintf(out->standard, sizeof out->standard, "%s", text.p);
    fyi_buf_release(&text);
    return true;
}

static bool has_section(const fyi_method *m, const fyi_method_section *section)
{
    for (int k = 0; k < FYI_METHOD_SECTIONS && m->sections[k].name != NULL; k++)
        if (m->sections[k].keys == section->keys && strcmp(m->sections[k].name, section->name) == 0)
            return true;
    return false;
}

/* Methods of one kind share tables. */
static bool is_given(const fyi_method *const *end, const fyi_method_section *section)
{
    for (const fyi_method *const *m = fyi_methods; m != end; m++)
        if ((*m)->kind == (*end)->kind && has_section(*m, section))
            return true;
    return false;
}

static bool give_method(const fyi_method *const *at, int *i, fy_recipe_key *out)
{
    const fyi_method *m = *at;
    options_room room;

    FYI_ASSERT(m->bytes <= sizeof room);
    m->defaults(&room);
    for (int k = 0; k < FYI_METHOD_SECTIONS && m->sections[k].name != NULL; k++)
        if (!is_given(at, &m->sections[k]) && fyi_key_give(m->sections[k].name, m->sections[k].keys,
                                                           room.bytes + m->sections[k].at, i, out))
            return true;
    return false;
}

/* Of the sections that make a recipe more than one run. */
static bool give_many(int *i, fy_recipe_key *out)
{
    const fyi_arm arm = { 0 };
    fyi_compare_settings compare;
    fyi_search_settings search;

    fyi_compare_defaults(&compare);
    fyi_search_defaults(&search);
    return fyi_key_give("compare", fyi_compare_keys, &compare, i, out) ||
           fyi_key_give("compare", fyi_arm_keys, &arm, i, out) ||
           fyi_key_give("search", fyi_search_keys, &search, i, out) ||
           fyi_key_give("search", fyi_knob_keys, &arm, i, out);
}

bool fy_recipe_known(int i, fy_recipe_key *out)
{
    fyi_run_settings run;
    fyi_side side;

    if (i < 0)
        return false;
    fyi_run_settings_defaults(&run, "", NULL);
    fyi_side_defaults(&side);
    if (fyi_key_give("", fyi_run_keys, &run, &i, out) ||
        fyi_key_give("<side>", fyi_side_keys, &side, &i, out))
        return true;
    for (size_t m = 0; fyi_methods[m] != NULL; m++)
        if (give_method(&fyi_methods[m], &i, out))
            return true;
    return give_many(&i, out);
}
