/* model_file.c: a model's values as a safetensors file, and back.
 *
 * The file holds every parameter and buffer under its own name ("conv1.weight") as F32, and in the metadata
 * ferry.family and ferry.options, a JSON object of what fy_model_open was given. Loading takes files by
 * others too: F32, F64 and BF16 under torchvision's names. Everything is checked before the first value is
 * written, so that a model is loaded whole or left as it was. */
#include "tensor/tensor.h"

#include <ferry/train.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* ---- saving --------------------------------------------------------------------------------------- */

static json_t *sizes_of(const fy_shape *s)
{
    json_t *list = json_array();

    for (int i = 0; list && i < s->rank; i++) {
        if (json_array_append_new(list, json_integer(s->d[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* The seed is a text: JSON's whole numbers end at 2^63. Free with free(); NULL when out of memory. */
static char *options_text(const fy_model_opts *o)
{
    char seed[24];
    json_t *root;
    char *text;

    (void)snprintf(seed, sizeof seed, "%llu", (unsigned long long)o->seed);
    root = json_pack("{s:o, s:I, s:I, s:f, s:s?, s:s}", "input", sizes_of(&o->input), "n_classes",
                     (json_int_t)o->n_classes, "hidden", (json_int_t)o->hidden, "dropout",
                     (double)o->dropout, "activation", o->activation, "seed", seed);
    text = root ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(root);
    return text;
}

static fy_status add_meta(const fy_model *m, fy_weights_file *f)
{
    char *options = options_text(fy_model_options(m));
    fy_status st;

    if (!options)
        return fyi_enomem(sizeof(fy_model_opts), "a model's options");
    st = fy_weights_add_meta(f, "ferry.family", fy_model_family(m));
    if (st == FY_OK)
        st = fy_weights_add_meta(f, "ferry.options", options);
    free(options);
    return st;
}

static int64_t largest_param(const fy_model *m)
{
    int64_t n = 1;

    for (int i = 0; i < fy_model_count(m); i++)
        n = FYI_MAX(n, fy_shape_numel(fy_param_shape(fy_model_param(m, i))));
    return n;
}

static fy_status add_params(fy_model *m, fy_weights_file *f)
{
    float *values = fyi_calloc((size_t)largest_param(m), sizeof *values);
    fy_status st = FY_OK;

    if (!values)
        return fyi_enomem((size_t)largest_param(m) * sizeof *values, "saving a model");
    for (int i = 0; i < fy_model_count(m) && st == FY_OK; i++) {
        fy_param *p = fy_model_param(m, i);

        st = fy_param_read(p, values, fy_shape_numel(fy_param_shape(p)));
        if (st == FY_OK)
            st = fy_weights_add(f, fy_model_param_name(m, i), FY_F32, fy_param_shape(p), values);
    }
    fyi_free(values);
    return st;
}

fy_status fy_model_save(fy_model *m, const char *path)
{
    fy_weights_file *f = NULL;
    fy_status st;

    FYI_FORWARD(fy_weights_create(path, &f));
    FY_TRY(add_meta(m, f));
    FY_TRY(add_params(m, f));
    return fy_weights_commit(f);
done:
    fy_weights_abort(f);
    return st;
}

/* ---- holding a file against a model --------------------------------------------------------------------- */

/* What does not fit: how many of each kind and the first. */
typedef struct misfit {
    int n_missing, n_extra, n_shape, n_dtype;
    const char *missing, *extra;
    int shape, dtype; /* index into the model's parameters */
} misfit;

static bool ends_with(const char *s, const char *end)
{
    const size_t n = strlen(s), m = strlen(end);

    return n >= m && strcmp(s + n - m, end) == 0;
}

static void look_at_param(const fy_model *m, const fy_weights *w, int i, misfit *bad)
{
    const int at = fy_weights_find(w, fy_model_param_name(m, i));

    if (at < 0) {
        if (bad->n_missing++ == 0)
            bad->missing = fy_model_param_name(m, i);
    } else if (!fy_shape_equal(fy_weights_shape(w, at), fy_param_shape(fy_model_param(m, i)))) {
        if (bad->n_shape++ == 0)
            bad->shape = i;
    } else if (!fyi_dtype_is_float(fy_weights_dtype(w, at))) {
        if (bad->n_dtype++ == 0)
            bad->dtype = i;
    }
}

/* torchvision's files count the batches that a batch norm has seen; Ferry does not need to know. */
static void look_at_tensor(const fy_model *m, const fy_weights *w, int at, misfit *bad)
{
    const char *name = fy_weights_name(w, at);

    if (fy_model_find(m, name) || ends_with(name, ".num_batches_tracked"))
        return;
    if (bad->n_extra++ == 0)
        bad->extra = name;
}

static misfit compare(const fy_model *m, const fy_weights *w)
{
    misfit bad = { 0 };

    for (int i = 0; i < fy_model_count(m); i++)
        look_at_param(m, w, i, &bad);
    for (int at = 0; at < fy_weights_count(w); at++)
        look_at_tensor(m, w, at, &bad);
    return bad;
}

static void put_missing(fyi_buf *b, const misfit *bad)
{
    if (bad->n_missing > 0)
        fyi_buf_printf(b, "; the file lacks %d of the model's tensors, the first is '%s'",
                       bad->n_missing, bad->missing);
    if (bad->n_extra > 0)
        fyi_buf_printf(b, "; it has %d that the model does not know, the first is '%.200s'",
                       bad->n_extra, bad->extra);
}

static void put_unfit(fyi_buf *b, const fy_model *m, const fy_weights *w, const misfit *bad)
{
    char theirs[FYI_SPEC_CHARS], ours[FYI_SPEC_CHARS];
    const char *name;

    if (bad->n_shape > 0) {
        name = fy_model_param_name(m, bad->shape);
        fyi_buf_printf(
            b, "; %d differ in shape, the first is '%s', %s in the file and %s in the model",
            bad->n_shape, name,
            fy_shape_text(fy_weights_shape(w, fy_weights_find(w, name)), theirs, sizeof theirs),
            fy_shape_text(fy_param_shape(fy_model_param(m, bad->shape)), ours, sizeof ours));
    }
    if (bad->n_dtype > 0) {
        name = fy_model_param_name(m, bad->dtype);
        fyi_buf_printf(b, "; %d are not floating-point numbers, the first is '%s', %s", bad->n_dtype,
                       name, fy_dtype_name(fy_weights_dtype(w, fy_weights_find(w, name))));
    }
}

/* What a user can do about it, by what is wrong. */
static const char *advise(const fy_model *m, const fy_weights *w, const misfit *bad)
{
    const char *family = fy_weights_meta(w, "ferry.family");

    if (family && strcmp(family, fy_model_family(m)) != 0)
        return "open a model of the file's family (its metadata 'ferry.family')";
    if (bad->n_shape > 0)
        return "give the model the options it was saved with (input shape, classes, hidden width)";
    if (bad->n_missing > 0 || bad->n_extra > 0)
        return "check that the file belongs to this family; names are torchvision's";
    return "save these tensors as F32";
}

static fy_status check_fit(const fy_model *m, const fy_weights *w, const char *path)
{
    const misfit bad = compare(m, w);
    fyi_buf b = { 0 };
    fy_status st;

    if (bad.n_missing + bad.n_extra + bad.n_shape + bad.n_dtype == 0)
        return FY_OK;
    put_missing(&b, &bad);
    put_unfit(&b, m, w, &bad);
    st = b.failed ? fyi_enomem(b.len, "a sentence")
                  : fyi_fail(FY_ESHAPE, "'%s' does not fit model '%s' (%s)%s; %s", path,
                             fy_model_name(m), fy_model_family(m), b.p, advise(m, w, &bad));
    fyi_buf_release(&b);
    return st;
}

/* ---- loading ---------------------------------------------------------------------------------------------- */

static fy_status load(fy_model *m, const fy_weights *w, const char *path)
{
    fy_status st = FY_OK;
    float *values;

    FYI_FORWARD(check_fit(m, w, path));
    values = fyi_calloc((size_t)largest_param(m), sizeof *values);
    if (!values)
        return fyi_enomem((size_t)largest_param(m) * sizeof *values, "loading a model");
    /* Nothing below can fail: names and shapes are checked, and memory is here. */
    for (int i = 0; i < fy_model_count(m) && st == FY_OK; i++) {
        const int at = fy_weights_find(w, fy_model_param_name(m, i));
        const int64_t n = fy_shape_numel(fy_weights_shape(w, at));

        fy_cast(FY_F32, values, fy_weights_dtype(w, at), fy_weights_data(w, at), n);
        st = fy_param_write(fy_model_param(m, i), values, n);
    }
    fyi_free(values);
    return st;
}

fy_status fy_model_load(fy_model *m, const char *path)
{
    fy_weights *w = NULL;
    fy_status st;

    FYI_FORWARD(fy_weights_open(path, &w));
    st = load(m, w, path);
    fy_weights_close(w);
    return st;
}
