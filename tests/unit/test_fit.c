/* Guards loading a part of a file: what is loaded, missing, unexpected, of another shape, and under which prefix;
 * that a failure leaves the model as it was; and that the report says the same in words and in JSON. */
#include "support/support.h"

#include <ferry/weights.h>

#include <jansson.h>
#include <string.h>

/* fc1 [6, 8], fc2 [6, 6], fc3 [classes, 6], each with a bias. */
static fy_model *open_model(int64_t n_classes, uint64_t seed)
{
    fy_model_opts o = fy_model_defaults();
    fy_model *m;

    o.input = FY_SHAPE(8);
    o.hidden = 6;
    o.n_classes = n_classes;
    o.seed = seed;
    check_ok(fy_model_open("critic", "net", &o, &m));
    return m;
}

/* How a file differs from the model's own. */
typedef struct change {
    const char *prefix, *second; /* before all names; a second copy of all under another prefix */
    const char *drop;            /* globs of names that are left out */
    const char *extra;           /* one more tensor */
    const char *whole;           /* globs of names that are written as I64 */
    int64_t n_classes;           /* 0: 2, the model's */
} change;

static void add_params(fy_weights_file *f, fy_model *m, const change *c, const char *prefix)
{
    float values[64];
    int64_t whole[64] = { 0 };
    char name[128];

    for (int i = 0; i < fy_model_count(m); i++) {
        const fy_shape *s = fy_param_shape(fy_model_param(m, i));
        const bool is_whole = fy_glob(c->whole, fy_model_param_name(m, i));

        if (fy_glob(c->drop, fy_model_param_name(m, i)))
            continue;
        (void)snprintf(name, sizeof name, "%s%s", prefix, fy_model_param_name(m, i));
        check_ok(fy_param_read(fy_model_param(m, i), values, fy_shape_numel(s)));
        check_ok(fy_weights_add(f, name, is_whole ? FY_I64 : FY_F32, s,
                                is_whole ? (const void *)whole : values));
    }
}

static void write_file(const char *path, const change *c)
{
    fy_model *m = open_model(c->n_classes ? c->n_classes : 2, 1);
    const float one = 1;
    fy_weights_file *f;

    check_ok(fy_weights_create(path, &f));
    add_params(f, m, c, c->prefix ? c->prefix : "");
    if (c->second)
        add_params(f, m, c, c->second);
    if (c->extra)
        check_ok(fy_weights_add(f, c->extra, FY_F32, &FY_SHAPE(1), &one));
    check_ok(fy_weights_commit(f));
    fy_model_free(m);
}

static const struct fit_row {
    const char *name, *why;
    change change;
    fy_fit_opts opts; /* beside all three permissions */
    const char *prefix;
    int count[FY_FIT_KINDS];
    fy_status partly, strict;
    const char *sentence; /* of the failure, the partial one's first */
} rows[] = {
    { "the same", "", { 0 }, { 0 }, "", { [FY_FIT_LOADED] = 6 }, FY_OK, FY_OK, "" },
    { "DataParallel",
      "",
      { .prefix = "module." },
      { 0 },
      "module.",
      { [FY_FIT_LOADED] = 6 },
      FY_OK,
      FY_OK,
      "" },
    { "two prefixes",
      "a trainer's in DataParallel's",
      { .prefix = "module.backbone.", .extra = "module.projector.weight" },
      { 0 },
      "module.backbone.",
      { [FY_FIT_LOADED] = 6, [FY_FIT_UNEXPECTED] = 1 },
      FY_OK,
      FY_ESHAPE,
      "1 that the model does not know, the first is 'module.projector.weight'" },
    { "prefix by option",
      "",
      { .prefix = "a.", .second = "b." },
      { .prefix = "b." },
      "b.",
      { [FY_FIT_LOADED] = 6, [FY_FIT_UNEXPECTED] = 6 },
      FY_OK,
      FY_EINVAL,
      "under 'a.' as well as under 'b.'" },
    { "plain before prefixed",
      "a moving average beside the weights",
      { .prefix = "", .second = "ema." },
      { 0 },
      "",
      { [FY_FIT_LOADED] = 6, [FY_FIT_UNEXPECTED] = 6 },
      FY_OK,
      FY_ESHAPE,
      "6 that the model does not know" },
    { "missing",
      "",
      { .drop = "fc3.*" },
      { 0 },
      "",
      { [FY_FIT_LOADED] = 4, [FY_FIT_MISSING] = 2 },
      FY_OK,
      FY_ESHAPE,
      "lacks 2 of the model's tensors, the first is 'fc3.weight'" },
    { "new head",
      "other classes",
      { .n_classes = 5 },
      { 0 },
      "",
      { [FY_FIT_LOADED] = 4, [FY_FIT_NEW_HEAD] = 2 },
      FY_OK,
      FY_ESHAPE,
      "2 differ in shape, the first is 'fc3.weight', [5, 6] in the file and [2, 6] in the model" },
    { "new head under a prefix",
      "a head of another size also speaks for the prefix",
      { .prefix = "module.", .n_classes = 5, .drop = "fc1.* fc2.weight" },
      { 0 },
      "module.",
      { [FY_FIT_LOADED] = 1, [FY_FIT_NEW_HEAD] = 2, [FY_FIT_MISSING] = 3 },
      FY_OK,
      FY_ESHAPE,
      "lacks 3" },
    { "skipped",
      "",
      { 0 },
      { .skip = "fc2.* fc3.bias" },
      "",
      { [FY_FIT_LOADED] = 3, [FY_FIT_SKIPPED] = 3 },
      FY_OK,
      FY_OK,
      "" },
    { "counter",
      "batch norms count in PyTorch",
      { .extra = "bn.num_batches_tracked" },
      { 0 },
      "",
      { [FY_FIT_LOADED] = 6, [FY_FIT_IGNORED] = 1 },
      FY_OK,
      FY_OK,
      "" },
    { "whole numbers",
      "",
      { .whole = "fc1.bias" },
      { 0 },
      "",
      { [FY_FIT_LOADED] = 5, [FY_FIT_WRONG_DTYPE] = 1 },
      FY_ESHAPE,
      FY_ESHAPE,
      "1 are not floating-point numbers, the first is 'fc1.bias', I64" },
    { "nothing",
      "the wrong file is no partial fit",
      { .drop = "*", .extra = "embedding.weight" },
      { 0 },
      "",
      { [FY_FIT_MISSING] = 6, [FY_FIT_UNEXPECTED] = 1 },
      FY_ESHAPE,
      FY_ESHAPE,
      "nothing of it fits" },
};

static fy_fit_opts options_of(const struct fit_row *row)
{
    fy_fit_opts o = fy_fit_defaults();

    o.prefix = row->opts.prefix;
    o.skip = row->opts.skip;
    return o;
}

static void check_fit(const struct fit_row *row, const char *path, const fy_model *m)
{
    const fy_fit_opts o = options_of(row);
    fy_weights *w;
    fy_fit *fit;
    int n = 0;

    check_ok(fy_weights_open(path, &w));
    check_ok(fy_fit_new(m, w, &o, &fit));
    assert_string_equal(fit->prefix, row->prefix);
    for (int k = 0; k < FY_FIT_KINDS; k++) {
        if (fit->count[k] != row->count[k])
            fail_msg("%d %s, not %d\n%s", fit->count[k], fy_fit_kind_text((fy_fit_kind)k),
                     row->count[k], fit->text);
        n += fit->count[k];
    }
    assert_int_equal(n, fit->n_lines);
    assert_int_equal(fit->is_allowed, row->partly == FY_OK);
    fy_fit_free(fit);
    fy_weights_close(w);
}

/* What is loaded is the file's, everything else as it was. */
static void check_values(const fy_fit *fit, fy_model *m, fy_weights *w)
{
    fy_model *before = open_model(2, 2);
    float got[64], expected[64];

    for (int i = 0; i < fit->n_lines; i++) {
        const fy_fit_line *line = &fit->lines[i];
        const int64_t n = fy_shape_numel(&line->in_model);

        if (line->i_model < 0)
            continue;
        check_ok(fy_param_read(fy_model_param(m, line->i_model), got, n));
        if (line->kind == FY_FIT_LOADED)
            check_ok(fy_weights_read(w, line->i_file, FY_F32, expected, n));
        else
            check_ok(fy_param_read(fy_model_param(before, line->i_model), expected, n));
        assert_memory_equal(got, expected, (size_t)n * sizeof *got);
    }
    fy_model_free(before);
}

static void check_partly(const struct fit_row *row, const char *path)
{
    const fy_fit_opts o = options_of(row);
    fy_model *m = open_model(2, 2);
    char before[65], after[65];
    fy_weights *w;
    fy_fit *fit;

    check_ok(fy_model_hash(m, before));
    check_fit(row, path, m);
    check_ok(fy_weights_open(path, &w));
    check_status(fy_model_load_from(m, w, &o, &fit), row->partly);
    if (row->partly == FY_OK) {
        check_values(fit, m, w);
    } else {
        check_sentence(row->sentence);
        assert_false(fit->is_allowed);
        check_ok(fy_model_hash(m, after));
        assert_string_equal(before, after);
    }
    fy_fit_free(fit);
    fy_weights_close(w);
    fy_model_free(m);
}

static void a_fit_is_judged(void **state)
{
    void *dir = NULL;
    fy_model *m = open_model(2, 2);
    const struct fit_row *row = *state;
    const char *path;

    assert_int_equal(fyt_tmpdir_setup(&dir), 0);
    path = fyt_path(dir, "file.safetensors");
    write_file(path, &row->change);
    check_partly(row, path);
    check_status(fy_model_load(m, path), row->strict);
    if (row->strict != FY_OK)
        check_sentence(row->sentence);
    fy_model_free(m);
    assert_int_equal(fyt_tmpdir_teardown(&dir), 0);
}

/* ---- the report --------------------------------------------------------------------------------------------- */

static void the_report_says_it_twice(void **state)
{
    const change c = { .prefix = "module.", .n_classes = 5, .extra = "module.x", .drop = "fc1.bias" };
    const char *path = fyt_path(*state, "file.safetensors");
    fy_model *m = open_model(2, 2);
    fy_fit *fit;
    json_t *root, *head;

    write_file(path, &c);
    check_ok(fy_model_load_partly(m, path, NULL, &fit));
    check_contains(fit->text, "file.safetensors (safetensors) for net (critic)");
    check_contains(fit->text, "fc3.weight: F32 [5, 6] in the file, [2, 6] in the model");
    check_contains(fit->text, "module.x: F32 [1] in the file");
    check_contains(fit->text, "fc1.bias: [6] in the model");
    check_contains(fit->text, "'module.' was taken off the file's names");
    assert_string_equal(fit->summary,
                        "3 tensors loaded, 2 new head, 1 missing (the first is 'fc1.bias'), 0 "
                        "wrong shape, 1 unexpected (the first is 'module.x'); 'module.' was taken "
                        "off the file's names");
    root = json_loads(fit->json, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    assert_string_equal(json_string_value(json_object_get(root, "prefix")), "module.");
    assert_true(json_is_true(json_object_get(root, "allowed")));
    assert_string_equal(json_string_value(json_object_get(root, "summary")), fit->summary);
    assert_int_equal(json_integer_value(json_object_get(root, "loaded")), 3);
    head = json_array_get(json_object_get(root, "new_head"), 0);
    assert_string_equal(json_string_value(json_object_get(head, "name")), "fc3.weight");
    assert_int_equal(json_integer_value(json_array_get(json_object_get(head, "file"), 0)), 5);
    assert_int_equal(json_array_size(json_object_get(root, "missing")), 1);
    assert_int_equal(json_array_size(json_object_get(root, "wrong_shape")), 0);
    json_decref(root);
    fy_fit_free(fit);
    fy_model_free(m);
}

/* What was not as it should be is not only counted: somebody is told. */
static void keep_warning(void *arg, fy_log_level level, const char *line)
{
    if (level == FY_LOG_WARN)
        (void)snprintf(arg, 512, "%s", line);
}

static void a_partial_load_is_told(void **state)
{
    const change whole = { .prefix = "module.", .n_classes = 5 }, part = { .drop = "fc1.bias" };
    const char *path = fyt_path(*state, "file.safetensors");
    fy_model *m = open_model(2, 2);
    char line[512] = "";

    fy_log_set(keep_warning, line);
    write_file(path, &whole);
    check_ok(fy_model_load_partly(m, path, NULL, NULL));
    assert_string_equal(line, "");
    write_file(path, &part);
    check_ok(fy_model_load_partly(m, path, NULL, NULL));
    check_contains(line,
                   "file.safetensors': 5 tensors loaded, 1 missing (the first is 'fc1.bias')");
    fy_log_set(NULL, NULL);
    fy_model_free(m);
}

static fy_model *open_linear(void)
{
    fy_model_opts o = fy_model_defaults();
    fy_model *m;

    o.n_classes = 3;
    check_ok(fy_model_open("linear", "net", &o, &m));
    return m;
}

static const struct part_row {
    const char *name, *part, *prefix;
    fy_status st;
    int best; /* class whose bias is 1 */
    const char *sentence;
} part_rows[] = {
    { "the usual part", NULL, NULL, FY_OK, 0, NULL },
    { "another part, two prefixes", "ema", NULL, FY_EINVAL, 0,
      "under 'student.' as well as under 'teacher.'" },
    { "another part and prefix", "ema", "teacher.", FY_OK, 2, NULL },
    { "no such part", "emma", NULL, FY_EINVAL, 0,
      "has no part 'emma'; at the top it has 'epoch' 'state_dict' 'ema'" },
    { "no such prefix", "ema", "head.", FY_ESHAPE, 0, "nothing of it fits" },
};

static void a_part_of_a_checkpoint_is_loaded(void **state)
{
    const struct part_row *row = *state;
    fy_fit_opts o = fy_fit_defaults();
    fy_model *m = open_linear();
    float bias[3];

    o.part = row->part;
    o.prefix = row->prefix;
    check_status(fy_model_load_partly(m, fyt_golden_path("torch/parts.pth"), &o, NULL), row->st);
    if (row->sentence != NULL)
        check_sentence(row->sentence);
    check_ok(fy_param_read(fy_model_find(m, "fc.bias"), bias, 3));
    for (int c = 0; c < 3 && row->st == FY_OK; c++)
        assert_true(bias[c] == (float)(c == row->best));
    fy_model_free(m);
}

static void another_width_is_never_allowed(void **state)
{
    const change c = { .n_classes = 2 };
    const char *path = fyt_path(*state, "file.safetensors");
    fy_model_opts o = fy_model_defaults();
    fy_model *m;

    o.input = FY_SHAPE(8);
    o.hidden = 7;
    o.n_classes = 2;
    check_ok(fy_model_open("critic", "net", &o, &m));
    write_file(path, &c);
    check_status(fy_model_load_partly(m, path, NULL, NULL), FY_ESHAPE);
    check_sentence("differ in shape, the first is 'fc1.weight', [6, 8] in the file and [7, 8]");
    fy_model_free(m);
}

/* ---- other formats ---------------------------------------------------------------------------------------------- */

static void a_model_goes_through_an_npz(void **state)
{
    const char *path = fyt_path(*state, "m.npz");
    fy_model *a = open_model(2, 1), *b = open_model(2, 2);
    char hex_a[65], hex_b[65];

    check_ok(fy_model_save(a, path));
    check_ok(fy_model_load(b, path));
    check_ok(fy_model_hash(a, hex_a));
    check_ok(fy_model_hash(b, hex_b));
    assert_string_equal(hex_a, hex_b);
    fy_model_free(b);
    fy_model_free(a);
}

/* The last array's checksum is wrong, which shows only when all others have been read. */
static void a_file_that_fails_half_way_changes_nothing(void **state)
{
    const char *path = fyt_path(*state, "m.npz");
    fy_model *a = open_model(2, 1), *b = open_model(2, 2);
    char before[65], after[65], *file, *last;
    size_t bytes;

    check_ok(fy_model_save(a, path));
    check_ok(fyi_file_read(path, 1u << 20, &file, &bytes));
    last = memmem(file, bytes, "PK\1\2", 4);
    assert_non_null(last);
    last[-1] = (char)(last[-1] ^ 1);
    check_ok(fyi_file_write(path, file, bytes));
    fyi_free(file);
    check_ok(fy_model_hash(b, before));
    check_status(fy_model_load(b, path), FY_EFORMAT);
    check_sentence("cannot be read");
    check_ok(fy_model_hash(b, after));
    assert_string_equal(before, after);
    fy_model_free(b);
    fy_model_free(a);
}

/* ---- out of memory -------------------------------------------------------------------------------------------- */

typedef struct scene {
    fy_model *m;
    char path[4096];
} scene;

static fy_status load_partly(void *arg)
{
    const scene *s = arg;
    fy_fit *fit;
    const fy_status st = fy_model_load_partly(s->m, s->path, NULL, &fit);

    fy_fit_free(fit);
    return st;
}

static void running_out_of_memory_leaves_nothing(void **state)
{
    const change c = { .prefix = "module.", .n_classes = 5 };
    scene s = { .m = open_model(2, 2) };
    char hex[65];

    check_ok(fy_model_hash(s.m, hex)); /* its values are drawn now and stay */
    (void)snprintf(s.path, sizeof s.path, "%s", fyt_path(*state, "m"));
    write_file(s.path, &c);
    fyt_check_alloc_failures(load_partly, &s);
    fy_model_free(s.m);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

int main(void)
{
    const struct CMUnitTest fixed[] = {
        IN_DIR(the_report_says_it_twice),
        IN_DIR(a_partial_load_is_told),
        IN_DIR(another_width_is_never_allowed),
        IN_DIR(a_model_goes_through_an_npz),
        IN_DIR(a_file_that_fails_half_way_changes_nothing),
        IN_DIR(running_out_of_memory_leaves_nothing),
    };
    struct CMUnitTest tests[LEN(fixed) + LEN(rows) + LEN(part_rows)];
    size_t n = LEN(fixed);

    memcpy(tests, fixed, sizeof fixed);
    for (size_t i = 0; i < LEN(rows); i++)
        tests[n++] = (struct CMUnitTest){ rows[i].name, a_fit_is_judged, NULL, NULL,
                                          (void *)(uintptr_t)&rows[i] };
    for (size_t i = 0; i < LEN(part_rows); i++)
        tests[n++] = (struct CMUnitTest){ part_rows[i].name, a_part_of_a_checkpoint_is_loaded, NULL,
                                          NULL, (void *)(uintptr_t)&part_rows[i] };
    return cmocka_run_group_tests_name("fit", tests, NULL, NULL);
}
