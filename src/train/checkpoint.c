/* checkpoint.c: everything a killed run needs to continue to the same bytes, in one checksummed safetensors
 * file that is replaced whole: parameters, optimiser state, what methods asked to keep, and where the stage,
 * its loaders and metrics.jsonl stand.
 *
 * A light run's has the models that were saved, too, and of a parameter that is as it began an empty tensor. */
#include "graph/param.h"
#include "tensor/tensor.h"
#include "train/train.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct key {
    fyi_buf b;
} key;

/* "model/encoder/fc1.weight"; NULL when out of memory. Release with fyi_buf_release(&k->b). */
static const char *make_key(key *k, const char *kind, const char *owner, const char *name)
{
    k->b.len = 0;
    fyi_buf_printf(&k->b, "%s/%s%s%s", kind, owner ? owner : "", owner ? "/" : "", name);
    return k->b.failed ? NULL : k->b.p;
}

/* ---- saving ------------------------------------------------------------------------------------------------ */

static fy_status add_tensor(fy_weights_file *f, const char *name, const fy_shape *s,
                            const float *data)
{
    return name ? fy_weights_add(f, name, FY_F32, s, data) : fyi_enomem(64, "a checkpoint");
}

static fy_status check_param(const fy_run *r, const fy_param *p, const float *v, int64_t n)
{
    const int64_t bad = fyi_first_not_finite(v, n);
    char saved[FYI_SAVED_CHARS];
    if (bad == n)
        return FY_OK;
    return fyi_fail(FY_ENAN, "parameter '%s' is %g, and such a model is not saved; %s",
                    fy_param_name(p), (double)v[bad], fyi_run_saved(r, saved));
}

static fy_status save_param(const fy_run *r, fy_weights_file *f, fy_param *p, const char *name)
{
    const int64_t n = fy_shape_numel(fy_param_shape(p));
    FYI_FORWARD(fyi_param_settle(p));
    FYI_FORWARD(check_param(r, p, p->data, n));
    return add_tensor(f, name, fy_param_shape(p), p->data);
}

static fy_status save_nothing(fy_weights_file *f, const char *name)
{
    const fy_shape none = FY_SHAPE(0);
    return add_tensor(f, name, &none, NULL);
}

static fy_status save_model(const fy_run *r, fy_weights_file *f, const fyi_known *of, key *k)
{
    for (int i = 0; i < fy_model_count(of->m); i++) {
        fy_param *p = fy_model_param(of->m, i);
        const char *name = make_key(k, "model", fy_model_name(of->m), fy_model_param_name(of->m, i));
        FYI_FORWARD(r->is_light && p->version == of->begun[i] ? save_nothing(f, name)
                                                              : save_param(r, f, p, name));
    }
    return FY_OK;
}

static fy_status save_shelved(const fy_run *r, fy_weights_file *f, const fyi_shelved *s, key *k)
{
    const fyi_known *of = fyi_known_of(r, s->of);
    for (int i = 0; of && i < fy_model_count(s->copy); i++) {
        const char *name = make_key(k, "saved", s->name, fy_model_param_name(s->copy, i));
        FYI_FORWARD(s->version[i] == of->begun[i]
                        ? save_nothing(f, name)
                        : save_param(r, f, fy_model_param(s->copy, i), name));
    }
    return FY_OK;
}

/* "best\tmodel\nlast\tmodel\n": what was saved, and which model it is. */
static fy_status save_shelf(const fy_run *r, fy_weights_file *f, key *k)
{
    fyi_buf b = { 0 };
    fy_status st = FY_OK;
    for (const fyi_shelved *s = r->shelf; s && st == FY_OK; s = s->next) {
        fyi_buf_printf(&b, "%s\t%s\n", s->name, fy_model_name(s->copy));
        st = save_shelved(r, f, s, k);
    }
    if (st == FY_OK)
        st = b.failed ? fyi_enomem(b.cap, "a checkpoint")
                      : fy_weights_add_meta(f, "ferry.saved", b.p ? b.p : "");
    fyi_buf_release(&b);
    return st;
}

static fy_status save_states(fy_weights_file *f, fy_plan *plan, key *k)
{
    for (int i = 0; i < fy_plan_state_count(plan); i++) {
        const fy_shape *s = fy_plan_state_shape(plan, i);
        const int64_t n = fy_shape_numel(s);
        float *v = fyi_calloc((size_t)n, sizeof *v);
        if (!v)
            return fyi_enomem((size_t)n * sizeof *v, "a checkpoint");
        fy_status st = fy_plan_state_read(plan, i, v, n);
        if (st == FY_OK)
            st = add_tensor(f, make_key(k, "state", NULL, fy_plan_state_name(plan, i)), s, v);
        fyi_free(v);
        FYI_FORWARD(st);
    }
    return FY_OK;
}

static fy_status add_bytes(fy_weights_file *f, key *k, const char *name, const void *p, size_t bytes)
{
    const fy_shape s = FY_SHAPE((int64_t)bytes);
    const char *full = make_key(k, "data", NULL, name);
    return full ? fy_weights_add(f, full, FY_U8, &s, p) : fyi_enomem(64, "a checkpoint");
}

static fy_status add_number(fy_weights_file *f, const char *name, long long value)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", value);
    return fy_weights_add_meta(f, name, text);
}

/* Run-time scalars are kept until set again, so a resumed stage has to find them as they were. */
static fy_status save_scalars(fy_weights_file *f, const fy_plan *plan, key *k)
{
    const fy_shape scalar = FY_SCALAR;
    for (int i = 0; i < fy_plan_scalar_count(plan); i++) {
        const char *name = fy_plan_scalar_name(plan, i);
        float value;
        FYI_FORWARD(fy_plan_get(plan, name, &value));
        FYI_FORWARD(add_tensor(f, make_key(k, "scalar", NULL, name), &scalar, &value));
    }
    return FY_OK;
}

static fy_status save_position(fy_weights_file *f, const fyi_position *at, key *k)
{
    FYI_FORWARD(fy_weights_add_meta(f, "ferry.stage", at->stage));
    FYI_FORWARD(add_number(f, "ferry.step", at->step));
    FYI_FORWARD(add_number(f, "ferry.unseen", at->is_unseen));
    FYI_FORWARD(add_number(f, "ferry.plan_steps", (long long)fy_plan_steps(at->plan)));
    FYI_FORWARD(add_number(f, "ferry.n_summed", at->n_summed));
    FYI_FORWARD(add_bytes(f, k, "stage.sums", at->sums, (size_t)at->n_sums * sizeof *at->sums));
    FYI_FORWARD(save_scalars(f, at->plan, k));
    return save_states(f, at->plan, k);
}

static fy_status save_past(const fy_run *r, fy_weights_file *f)
{
    fyi_buf b = { 0 };
    for (size_t i = 0; i < r->n_past; i++)
        fyi_buf_printf(&b, "%s%s", i ? "\n" : "", r->past[i]);
    const fy_status st = b.failed ? fyi_enomem(b.cap, "a checkpoint")
                                  : fy_weights_add_meta(f, "ferry.past", b.p ? b.p : "");
    fyi_buf_release(&b);
    return st;
}

static fy_status save_all(fy_run *r, const fyi_position *at, fy_weights_file *f, key *k)
{
    for (size_t i = 0; i < r->n_models; i++)
        FYI_FORWARD(save_model(r, f, &r->models[i], k));
    if (r->is_light)
        FYI_FORWARD(save_shelf(r, f, k));
    for (size_t i = 0; i < r->n_kept; i++)
        FYI_FORWARD(add_bytes(f, k, r->kept[i].name, r->kept[i].data, r->kept[i].bytes));
    if (at->stage)
        FYI_FORWARD(save_position(f, at, k));
    const long bytes = ftell(r->metrics);
    if (bytes < 0 || fsync(fileno(r->metrics)) != 0) /* on disk before a checkpoint counts on it */
        return fyi_fail(FY_EIO, "cannot write '%s': %s", r->metrics_path, strerror(errno));
    FYI_FORWARD(add_number(f, "ferry.metrics_bytes", bytes));
    return save_past(r, f);
}

fy_status fyi_checkpoint_save(fy_run *r, const fyi_position *at)
{
    if (!r->dir)
        return FY_OK;
    if (at->plan)
        FYI_FORWARD(fyi_check_finite(r, at));
    fy_weights_file *f;
    key k = { 0 };
    FYI_FORWARD(fy_weights_create(r->checkpoint_path, &f));
    fy_status st = save_all(r, at, f, &k);
    fyi_buf_release(&k.b);
    if (st == FY_OK)
        st = fy_weights_commit(f);
    else
        fy_weights_abort(f);
    r->last_save_s = fyi_now_s();
    return st == FY_OK ? FY_OK : fyi_wrap(st, "saving a checkpoint in '%s'", r->dir);
}

/* ---- restoring ----------------------------------------------------------------------------------------------- */

static fy_status number_of(const fy_weights *w, const char *name, long long *value)
{
    const char *text = fy_weights_meta(w, name);
    char *end = NULL;
    errno = 0;
    *value = text ? strtoll(text, &end, 10) : 0;
    if (!text || errno || *end || end == text || *value < 0)
        return fyi_fail(FY_EFORMAT,
                        "checkpoint: its '%s' is missing or no number; start the run afresh", name);
    return FY_OK;
}

/* Reads the tensor named `name`, which has type t and n elements. */
static fy_status read_tensor(fy_weights *w, const char *name, fy_dtype t, int64_t n, void *dst)
{
    const int i = name ? fy_weights_find(w, name) : -1;
    if (i < 0)
        return fyi_fail(FY_EFORMAT, "checkpoint: it has no '%s'; was the recipe changed since?",
                        name ? name : "?");
    if (fy_weights_dtype(w, i) != t || fy_shape_numel(fy_weights_shape(w, i)) != n)
        return fyi_fail(FY_EFORMAT,
                        "checkpoint: '%s' has another size than this run expects; was the recipe "
                        "changed since?",
                        name);
    return fy_weights_read(w, i, t, dst, n);
}

/* n numbers in memory of their own; fyi_free. */
static fy_status take_floats(fy_weights *w, const char *name, int64_t n, float **out)
{
    *out = fyi_calloc((size_t)n, sizeof **out);
    if (!*out)
        return fyi_enomem((size_t)n * sizeof **out, "a checkpoint");
    const fy_status st = read_tensor(w, name, FY_F32, n, *out);
    if (st != FY_OK) {
        fyi_free(*out);
        *out = NULL;
    }
    return st;
}

static bool is_as_begun(const fy_run *r, const char *name)
{
    const int i = r->is_light && name ? fy_weights_find(r->restored, name) : -1;
    return i >= 0 && fy_shape_numel(fy_weights_shape(r->restored, i)) == 0;
}

static fy_status restore_param(const fy_run *r, const char *name, fy_param *p)
{
    const int64_t n = fy_shape_numel(fy_param_shape(p));
    float *values;
    FYI_FORWARD(take_floats(r->restored, name, n, &values));
    const fy_status st = fy_param_write(p, values, n);
    fyi_free(values);
    return st;
}

/* Before the model's own values change: the copy's begin as they do. */
static fy_status restore_shelved(fy_run *r, const char *saved, const fyi_known *of, key *k)
{
    fyi_shelved *s;
    FYI_FORWARD(fyi_shelf_add(r, saved, of, &s));
    for (int i = 0; i < fy_model_count(s->copy); i++) {
        const char *name = make_key(k, "saved", saved, fy_model_param_name(s->copy, i));
        if (is_as_begun(r, name))
            continue;
        FYI_FORWARD(restore_param(r, name, fy_model_param(s->copy, i)));
        s->version[i] = 0;
    }
    return FY_OK;
}

/* The models that were saved of this one. */
static fy_status restore_shelf(fy_run *r, const fyi_known *of, key *k)
{
    const char *line = r->is_light ? fy_weights_meta(r->restored, "ferry.saved") : NULL;
    const size_t length = strlen(fy_model_name(of->m));
    fy_status st = FY_OK;
    while (line && *line && st == FY_OK) {
        const size_t n = strcspn(line, "\t");
        const char *model = line + n + (line[n] != '\0'), *end = model + strcspn(model, "\n");
        char saved[FYI_SHELF_NAME];
        (void)snprintf(saved, sizeof saved, "%.*s", (int)n, line);
        if ((size_t)(end - model) == length && strncmp(model, fy_model_name(of->m), length) == 0)
            st = restore_shelved(r, saved, of, k);
        line = end + (*end == '\n');
    }
    return st;
}

static fy_status restore_model(fy_run *r, const fyi_known *of, key *k)
{
    FYI_FORWARD(restore_shelf(r, of, k));
    for (int i = 0; i < fy_model_count(of->m); i++) {
        const char *name = make_key(k, "model", fy_model_name(of->m), fy_model_param_name(of->m, i));
        if (!is_as_begun(r, name))
            FYI_FORWARD(restore_param(r, name, fy_model_param(of->m, i)));
    }
    return FY_OK;
}

fy_status fyi_checkpoint_restore_model(fy_run *r, const fyi_known *of)
{
    key k = { 0 };
    if (!r->restored)
        return FY_OK;
    const fy_status st = restore_model(r, of, &k);
    fyi_buf_release(&k.b);
    return st;
}

fy_status fyi_checkpoint_restore_data(fy_run *r, const fyi_kept *kept, bool *restored)
{
    key k = { 0 };
    *restored = false;
    if (!r->restored)
        return FY_OK;
    const fy_status st = read_tensor(r->restored, make_key(&k, "data", NULL, kept->name), FY_U8,
                                     (int64_t)kept->bytes, kept->data);
    fyi_buf_release(&k.b);
    *restored = st == FY_OK;
    return st;
}

static fy_status add_past(fy_run *r, const char *name, size_t len)
{
    FYI_FORWARD(fyi_grow(&r->past, &r->cap_past, r->n_past + 1, sizeof *r->past));
    char *copy = fyi_alloc(len + 1);
    if (!copy)
        return fyi_enomem(len, "a run");
    memcpy(copy, name, len);
    copy[len] = '\0';
    r->past[r->n_past++] = copy;
    return FY_OK;
}

fy_status fyi_checkpoint_restore_run(fy_run *r, int64_t *metrics_bytes)
{
    long long bytes;
    FYI_FORWARD(number_of(r->restored, "ferry.metrics_bytes", &bytes));
    *metrics_bytes = bytes;
    r->is_light = r->is_light || fy_weights_meta(r->restored, "ferry.saved");
    const char *past = fy_weights_meta(r->restored, "ferry.past");
    while (past && *past) {
        const size_t len = strcspn(past, "\n");
        FYI_FORWARD(add_past(r, past, len));
        past += len + (past[len] == '\n');
    }
    return FY_OK;
}

static fy_status restore_states(fy_weights *w, fy_plan *plan, key *k)
{
    for (int i = 0; i < fy_plan_state_count(plan); i++) {
        const int64_t n = fy_shape_numel(fy_plan_state_shape(plan, i));
        float *values;
        FYI_FORWARD(
            take_floats(w, make_key(k, "state", NULL, fy_plan_state_name(plan, i)), n, &values));
        const fy_status st = fy_plan_state_write(plan, i, values, n);
        fyi_free(values);
        FYI_FORWARD(st);
    }
    return FY_OK;
}

static fy_status restore_scalars(fy_weights *w, fy_plan *plan, key *k)
{
    for (int i = 0; i < fy_plan_scalar_count(plan); i++) {
        const char *name = fy_plan_scalar_name(plan, i);
        float value;
        FYI_FORWARD(read_tensor(w, make_key(k, "scalar", NULL, name), FY_F32, 1, &value));
        FYI_FORWARD(fy_plan_set(plan, name, value));
    }
    return FY_OK;
}

static fy_status enter(fy_weights *w, fyi_position *at, key *k)
{
    long long step, unseen, plan_steps, n_summed;
    FYI_FORWARD(number_of(w, "ferry.step", &step));
    FYI_FORWARD(number_of(w, "ferry.unseen", &unseen));
    FYI_FORWARD(number_of(w, "ferry.plan_steps", &plan_steps));
    FYI_FORWARD(number_of(w, "ferry.n_summed", &n_summed));
    const size_t bytes = (size_t)at->n_sums * sizeof *at->sums;
    FYI_FORWARD(
        read_tensor(w, make_key(k, "data", NULL, "stage.sums"), FY_U8, (int64_t)bytes, at->sums));
    at->step = step;
    at->is_unseen = unseen != 0;
    at->n_summed = n_summed;
    fy_plan_set_steps(at->plan, (uint64_t)plan_steps);
    FYI_FORWARD(restore_scalars(w, at->plan, k));
    return restore_states(w, at->plan, k);
}

bool fyi_checkpoint_is_in(const fy_run *r, const char *stage)
{
    const char *then = r->restored ? fy_weights_meta(r->restored, "ferry.stage") : NULL;
    return then && strcmp(then, stage) == 0;
}

fy_status fyi_checkpoint_enter(fy_run *r, fyi_position *at)
{
    if (!fyi_checkpoint_is_in(r, at->stage))
        return FY_OK;
    key k = { 0 };
    const fy_status st = enter(r->restored, at, &k);
    fyi_buf_release(&k.b);
    return st;
}
