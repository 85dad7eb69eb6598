/* Guards saving and loading of models: the same values come back, files by others are taken, and a file that
 * does not fit is refused with a sentence and leaves the model as it was. */
#include "support/support.h"

#include <ferry/train.h>

#include <stdlib.h>
#include <string.h>

static fy_model *open_model(const char *family, int64_t n_classes, uint64_t seed)
{
    fy_model_opts o = fy_model_defaults();
    fy_model *m;

    o.n_classes = n_classes;
    o.seed = seed;
    check_ok(fy_model_open(family, "net", &o, &m));
    return m;
}

static void check_hash(fy_model *m, const char *expected)
{
    char hex[65];

    check_ok(fy_model_hash(m, hex));
    assert_string_equal(hex, expected);
}

static void values_come_back(void **state)
{
    const char *path = fyt_path(*state, "m.safetensors");
    fy_model *a = open_model("lenet", 10, UINT64_MAX), *b = open_model("lenet", 10, 2);
    fy_weights *w;
    char hex[65];

    check_ok(fy_model_hash(a, hex));
    check_ok(fy_model_save(a, path));
    check_ok(fy_model_load(b, path));
    check_hash(b, hex);
    check_ok(fy_weights_open(path, &w));
    assert_int_equal(fy_weights_count(w), fy_model_count(a));
    assert_string_equal(fy_weights_meta(w, "ferry.family"), "lenet");
    check_contains(fy_weights_meta(w, "ferry.options"), "\"input\":[1,28,28]");
    check_contains(fy_weights_meta(w, "ferry.options"), "\"n_classes\":10");
    check_contains(fy_weights_meta(w, "ferry.options"), "\"seed\":\"18446744073709551615\"");
    fy_weights_close(w);
    fy_model_free(a);
    fy_model_free(b);
}

static void saving_twice_gives_the_same_bytes(void **state)
{
    fy_model *m = open_model("lenet", 10, 1);
    char *a, *b;
    size_t n_a, n_b;

    check_ok(fy_model_save(m, fyt_path(*state, "a")));
    check_ok(fy_model_save(m, fyt_path(*state, "b")));
    check_ok(fyi_file_read(fyt_path(*state, "a"), SIZE_MAX - 1, &a, &n_a));
    check_ok(fyi_file_read(fyt_path(*state, "b"), SIZE_MAX - 1, &b, &n_b));
    assert_int_equal(n_a, n_b);
    assert_memory_equal(a, b, n_a);
    fyi_free(a);
    fyi_free(b);
    fy_model_free(m);
}

static void a_file_says_what_it_was_saved_from(void **state)
{
    const char *path = fyt_path(*state, "m.safetensors");
    fy_model_opts o;
    fy_model *a, *b;
    fy_weights *w;
    char hex[65];

    check_ok(fy_model_family_defaults("resnet20_cifar", &o));
    o.n_classes = 3;
    o.pool = "l2";
    o.head = "birds";
    o.dropout = 0.25f;
    check_ok(fy_model_open("resnet20_cifar", "a", &o, &a));
    check_ok(fy_model_hash(a, hex));
    check_ok(fy_model_save(a, path));

    check_ok(fy_weights_open(path, &w));
    o = fy_model_defaults();
    o.input = FY_SHAPE(3, 32, 32);
    check_ok(fy_model_open_saved(w, "lenet", "b", &o, &b));
    check_ok(fy_model_load(b, path));
    check_hash(b, hex);
    assert_string_equal(fy_model_family(b), "resnet20_cifar");
    assert_string_equal(fy_model_options(b)->pool, "l2");
    assert_true(fy_model_options(b)->dropout == 0.25f);
    fy_weights_close(w);
    fy_model_free(a);
    fy_model_free(b);
}

/* ---- files by others ------------------------------------------------------------------------------- */

/* How rewrite changes the tensor of the model's first parameter. */
typedef enum change {
    NOTHING,
    LEAVE_OUT,
    OTHER_SHAPE,
    WHOLE_NUMBERS,
    ADD_ANOTHER,
    ADD_COUNTER
} change;

static void add_as(fy_weights_file *f, const char *name, fy_dtype t, const fy_shape *s,
                   const float *v)
{
    const int64_t n = fy_shape_numel(s);
    void *data = fyi_calloc((size_t)n + 1, 8);

    fy_cast(t, data, FY_F32, v, n);
    check_ok(fy_weights_add(f, name, t, s, data));
    fyi_free(data);
}

static void add_first(fy_weights_file *f, const char *name, fy_dtype t, const fy_shape *s,
                      const float *v, change what)
{
    const fy_shape flat = FY_SHAPE(fy_shape_numel(s));

    if (what == ADD_ANOTHER)
        add_as(f, "head.weight", FY_F32, &FY_SHAPE(1), v);
    if (what == ADD_COUNTER)
        add_as(f, "bn1.num_batches_tracked", FY_I64, &FY_SCALAR, v);
    if (what != LEAVE_OUT)
        add_as(f, name, what == WHOLE_NUMBERS ? FY_I32 : t, what == OTHER_SHAPE ? &flat : s, v);
}

/* m's values as another program might write them. */
static void rewrite(fy_model *m, const char *path, fy_dtype t, change what)
{
    fy_weights_file *f;

    check_ok(fy_weights_create(path, &f));
    for (int i = 0; i < fy_model_count(m); i++) {
        fy_param *p = fy_model_param(m, i);
        const int64_t n = fy_shape_numel(fy_param_shape(p));
        float *v = fyi_calloc((size_t)n, sizeof *v);

        check_ok(fy_param_read(p, v, n));
        if (i == 0)
            add_first(f, fy_model_param_name(m, i), t, fy_param_shape(p), v, what);
        else
            add_as(f, fy_model_param_name(m, i), t, fy_param_shape(p), v);
        fyi_free(v);
    }
    check_ok(fy_weights_commit(f));
}

static const struct load_row {
    const char *name, *why;
    fy_dtype dtype;
    change change;
    fy_status status;
    const char *sentence;
} rows[] = {
    { "f64", "", FY_F64, NOTHING, FY_OK, "" },
    { "bf16", "half the bytes, rounded once", FY_BF16, NOTHING, FY_OK, "" },
    { "counter", "torchvision's batch norms count", FY_F32, ADD_COUNTER, FY_OK, "" },
    { "missing", "", FY_F32, LEAVE_OUT, FY_ESHAPE,
      "lacks 1 of the model's tensors, the first is '" },
    { "unexpected", "", FY_F32, ADD_ANOTHER, FY_ESHAPE,
      "1 that the model does not know, the first is 'head" },
    { "shape", "", FY_F32, OTHER_SHAPE, FY_ESHAPE, "1 differ in shape, the first is '" },
    { "whole numbers", "", FY_F32, WHOLE_NUMBERS, FY_ESHAPE, "1 are not floating-point numbers" },
};

static void a_file_is_loaded_whole_or_not_at_all(void **state)
{
    for (size_t i = 0; i < LEN(rows); i++) {
        const struct load_row *row = &rows[i];
        const char *path = fyt_path(*state, "other.safetensors");
        fy_model *from = open_model("lenet", 10, 1), *to = open_model("lenet", 10, 2);
        char before[65], after[65];

        rewrite(from, path, row->dtype, row->change);
        check_ok(fy_model_hash(to, before));
        check_status(fy_model_load(to, path), row->status);
        check_ok(fy_model_hash(to, after));
        assert_int_equal(strcmp(before, after) == 0, row->status != FY_OK);
        if (row->status != FY_OK) {
            check_sentence("other.safetensors' does not fit model 'net' (lenet)");
            check_sentence(row->sentence);
        } else if (row->dtype != FY_BF16) {
            check_ok(fy_model_hash(from, before));
            assert_string_equal(after, before);
        }
        fy_model_free(from);
        fy_model_free(to);
    }
}

static void another_family_or_width_says_what_to_do(void **state)
{
    const char *path = fyt_path(*state, "m.safetensors");
    fy_model *m = open_model("lenet", 10, 1), *wide = open_model("lenet", 31, 1),
             *linear = open_model("linear", 10, 1);

    check_ok(fy_model_save(m, path));
    check_status(fy_model_load(wide, path), FY_ESHAPE);
    check_sentence("give the model the options it was saved with");
    check_status(fy_model_load(linear, path), FY_ESHAPE);
    check_sentence("open a model of the file's family");
    fy_model_free(m);
    fy_model_free(wide);
    fy_model_free(linear);
}

/* ---- out of memory -------------------------------------------------------------------------------------- */

typedef struct scene {
    fy_model *m;
    const char *path;
} scene;

static fy_status save_and_load(void *arg)
{
    const scene *s = arg;

    FYI_FORWARD(fy_model_save(s->m, s->path));
    return fy_model_load(s->m, s->path);
}

static void running_out_of_memory_leaves_nothing(void **state)
{
    char path[4096];
    scene s = { open_model("linear", 2, 1), path };
    char hex[65];

    check_ok(fy_model_hash(s.m, hex)); /* its values are drawn now and stay */
    (void)snprintf(path, sizeof path, "%s", fyt_path(*state, "m"));
    fyt_check_alloc_failures(save_and_load, &s);
    assert_int_equal(fyt_count_entries(*state), 1);
    fy_model_free(s.m);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

static fy_model *open_noted(const char *path)
{
    fy_model_opts o = fy_model_defaults();
    fy_weights *w;
    fy_model *m;

    o.input = (fy_shape){ 0 };
    check_ok(fy_weights_open(path, &w));
    check_ok(fy_model_open_saved(w, NULL, "noted", &o, &m));
    fy_weights_close(w);
    return m;
}

static void pictures_and_class_names_come_back(void **state)
{
    static const char *const names[] = { "cat", "d\xC3\xB6g", "\"x\"" };
    const fy_pixels p = { 1, 0, 32, 28, { 0.25f }, { 0.5f } };
    const char *path = fyt_path(*state, "m.safetensors");
    fy_model *m = open_model("lenet", 3, 1), *twin, *back;

    check_ok(fy_model_set_pixels(m, &p));
    check_ok(fy_model_set_classes(m, names, 3));
    check_ok(fy_model_clone(m, "twin", &twin));
    check_ok(fy_model_save(twin, path));
    back = open_noted(path);
    assert_true(fy_model_has_pixels(back));
    assert_int_equal(fy_model_pixels(back).crop, 28);
    assert_true(fy_model_pixels(back).deviation[0] == 0.5f);
    assert_int_equal(fy_model_options(back)->input.d[1], 28);
    for (int c = 0; c < 3; c++)
        assert_string_equal(fy_model_class_name(back, c), names[c]);
    assert_null(fy_model_class_name(back, 3));
    fy_model_free(back);
    fy_model_free(twin);
    fy_model_free(m);
}

/* What a family was published with, where nobody said otherwise. */
static void families_say_what_pictures_they_take(void **state)
{
    static const struct {
        const char *family;
        int64_t c, side;
        fy_pixels expected;
    } cases[] = {
        { "resnet18", 3, 224, { 3, 0, 256, 224, { 0.485f }, { 0.229f } } },
        { "mobilenet_v2", 3, 112, { 3, 0, 128, 112, { 0.485f }, { 0.229f } } },
        { "resnet20_cifar", 3, 32, { 3, 32, 0, 0, { 0.485f }, { 0.229f } } },
        { "resnet20_cifar", 1, 28, { 1, 28, 0, 0, { 0.485f }, { 0 } } },
        { "lenet", 1, 28, { 1, 28, 0, 0, { 0 }, { 0 } } },
    };

    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        fy_model_opts o = fy_model_defaults();
        fy_model *m;
        fy_pixels p;

        o.input = FY_SHAPE(cases[i].c, cases[i].side, cases[i].side);
        check_ok(fy_model_open(cases[i].family, "net", &o, &m));
        p = fy_model_pixels(m);
        assert_false(fy_model_has_pixels(m));
        assert_int_equal(p.channels, cases[i].expected.channels);
        assert_int_equal(p.size, cases[i].expected.size);
        assert_int_equal(p.shorter, cases[i].expected.shorter);
        assert_int_equal(p.crop, cases[i].expected.crop);
        assert_true(p.deviation[0] == cases[i].expected.deviation[0]);
        fy_model_free(m);
    }
}

static void notes_that_cannot_be_are_refused(void **state)
{
    static const struct {
        const char *key, *value, *sentence;
    } cases[] = {
        { "ferry.classes", "[\"a\"]", "has 1 names for the 10 classes" },
        { "ferry.classes", "[1,2,3,4,5,6,7,8,9,0]", "entry 0 of its ferry.classes is no text" },
        { "ferry.classes", "[\"a\"", "ferry.classes is no JSON" },
        { "ferry.pixels", "[]", "is not a JSON object" },
        { "ferry.pixels", "{\"size\":0.5}", "is not a JSON object" },
        { "ferry.pixels", "{\"size\":99999}", "sides of 0 to 4096" },
        { "ferry.pixels", "{\"size\":32,\"shorter\":40}", "two ways to resize" },
        { "ferry.pixels", "{\"mean\":[0],\"deviation\":[-1]}", "a deviation is above 0" },
        { "ferry.pixels", "{\"mean\":[0,0,0,0,0]}", "is not a JSON object" },
    };

    for (size_t i = 0; i < LEN(cases); i++) {
        const char *path = fyt_path(*state, "m.safetensors");
        const fy_model_opts o = fy_model_defaults();
        const float zero = 0;
        fy_weights_file *f;
        fy_weights *w;
        fy_model *m;

        check_ok(fy_weights_create(path, &f));
        check_ok(fy_weights_add(f, "x", FY_F32, &FY_SHAPE(1), &zero));
        check_ok(fy_weights_add_meta(f, cases[i].key, cases[i].value));
        check_ok(fy_weights_commit(f));
        check_ok(fy_weights_open(path, &w));
        check_status(fy_model_open_saved(w, "lenet", "net", &o, &m), FY_EFORMAT);
        check_sentence(cases[i].sentence);
        assert_null(m);
        fy_weights_close(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(values_come_back),
        IN_DIR(a_file_says_what_it_was_saved_from),
        IN_DIR(saving_twice_gives_the_same_bytes),
        IN_DIR(a_file_is_loaded_whole_or_not_at_all),
        IN_DIR(pictures_and_class_names_come_back),
        IN_DIR(notes_that_cannot_be_are_refused),
        cmocka_unit_test(families_say_what_pictures_they_take),
        IN_DIR(another_family_or_width_says_what_to_do),
        IN_DIR(running_out_of_memory_leaves_nothing),
    };
    return cmocka_run_group_tests_name("model_file", tests, NULL, NULL);
}
