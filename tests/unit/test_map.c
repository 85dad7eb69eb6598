/* Guards loading from files that call things otherwise, or have larger ones: by rules, by order and shape, by leading
 * parts; that all of it is listed; and that a rule of which nothing comes is refused. */
#include "support/support.h"

#include <ferry/weights.h>

#include <jansson.h>
#include <string.h>

typedef struct tensor {
    const char *name;
    fy_shape shape;
} tensor;

/* Numbers that tell tensors and places apart. */
static void write_file(const char *path, const tensor *t, const char *prefix)
{
    static float v[4096];
    char name[160];
    fy_weights_file *f;

    check_ok(fy_weights_create(path, &f));
    for (int i = 0; t[i].name != NULL; i++) {
        for (int64_t k = 0; k < fy_shape_numel(&t[i].shape); k++)
            v[k] = (float)(1000 * (i + 1) + k);
        (void)snprintf(name, sizeof name, "%s%s", prefix, t[i].name);
        check_ok(fy_weights_add(f, name, FY_F32, &t[i].shape, v));
    }
    check_ok(fy_weights_commit(f));
}

/* fc1 [6, 8], fc2 [6, 6], fc3 [2, 6], each with a bias. */
static fy_model *open_critic(void)
{
    fy_model_opts o = fy_model_defaults();
    fy_model *m;

    o.input = FY_SHAPE(8);
    o.hidden = 6;
    o.n_classes = 2;
    check_ok(fy_model_open("critic", "net", &o, &m));
    return m;
}

/* clang-format off */
#define LAYER(name, out, in) { name ".weight", { 2, { out, in } } }, { name ".bias", { 1, { out } } }
#define END { NULL, { 0 } }
static const tensor own[] = { LAYER("fc1", 6, 8), LAYER("fc2", 6, 6), LAYER("fc3", 2, 6), END };
static const tensor others[] = { LAYER("enc.0", 6, 8), LAYER("enc.1", 6, 6), LAYER("top", 2, 6), END };
static const tensor deep[] = { LAYER("fc1", 6, 8), LAYER("fc2", 6, 6), LAYER("fc2b", 6, 6), LAYER("fc3", 2, 6), END };
static const tensor wide[] = { LAYER("fc1", 9, 8), LAYER("fc2", 7, 9), LAYER("fc3", 2, 7), END };
static const tensor wide_head[] = { LAYER("fc1", 9, 8), LAYER("fc2", 7, 9), LAYER("fc3", 5, 7), END };
static const tensor narrow[] = { LAYER("fc1", 6, 8), LAYER("fc2", 5, 6), LAYER("fc3", 2, 6), END };
static const tensor flat[] = { { "fc1.weight", { 3, { 6, 8, 1 } } }, { "fc1.bias", { 1, { 6 } } }, LAYER("fc2", 6, 6),
                               LAYER("fc3", 2, 6), END };
static const tensor renamed[] = { { "a.kernel", { 2, { 6, 8 } } }, { "a.beta", { 1, { 6 } } }, LAYER("b", 6, 6),
                                  LAYER("c", 4, 6), END };
static const tensor no_bias[] = { { "enc.weight", { 2, { 6, 8 } } }, LAYER("fc2", 6, 6), LAYER("fc3", 2, 6), END };
static const tensor two_alike[] = { LAYER("a", 6, 8), LAYER("b", 6, 6), LAYER("b2", 6, 6), LAYER("c", 2, 6), END };

static const struct map_row {
    const char *name;
    const tensor *file;
    const char *map, *prefix;
    bool slice;
    int count[FY_FIT_KINDS];
    const char *ours, *theirs; /* a parameter and the tensor that it gets */
} rows[] = {
    { "nothing to do", own, NULL, "", false, { [FY_FIT_LOADED] = 6 }, "fc2.weight", "fc2.weight" },
    { "stars", others, "enc.0.* -> fc1.*; enc.1.*->fc2.*\n top.* = fc3.*", "", false, { [FY_FIT_MAPPED] = 6 },
      "fc2.weight", "enc.1.weight" },
    { "a star in the middle", others, "enc.0.* -> fc1.*; enc.1.* -> fc2.*; top.w*t -> fc3.w*t; top.bias -> fc3.bias", "",
      false, { [FY_FIT_MAPPED] = 6 }, "fc3.weight", "top.weight" },
    { "one name", own, "fc3.bias -> fc3.bias", "", false, { [FY_FIT_LOADED] = 6 }, "fc3.bias", "fc3.bias" },
    { "the first decides", deep, "fc2b.* -> fc2.*; * -> *", "", false,
      { [FY_FIT_LOADED] = 4, [FY_FIT_MAPPED] = 2, [FY_FIT_UNEXPECTED] = 2 }, "fc2.bias", "fc2b.bias" },
    { "a part that the file lacks", no_bias, "enc.* -> fc1.*", "", false, { [FY_FIT_LOADED] = 4, [FY_FIT_MAPPED] = 1,
      [FY_FIT_MISSING] = 1 }, "fc1.weight", "enc.weight" },
    { "one tensor for two", deep, "fc2b.* -> fc2.*; fc3.bias -> fc3.bias", "", false,
      { [FY_FIT_LOADED] = 4, [FY_FIT_MAPPED] = 2, [FY_FIT_UNEXPECTED] = 2 }, "fc2.weight", "fc2b.weight" },
    { "behind a prefix", others, "enc.0.* -> fc1.*; enc.1.* -> fc2.*; top.* -> fc3.*", "module.", false,
      { [FY_FIT_MAPPED] = 6 }, "fc1.bias", "module.enc.0.bias" },
    { "by order and shape", others, "auto", "", false, { [FY_FIT_MAPPED] = 6 }, "fc3.weight", "top.weight" },
    { "behind a prefix that no name tells", others, "auto", "net.", false, { [FY_FIT_MAPPED] = 6 }, "fc1.weight",
      "net.enc.0.weight" },
    { "by a rule, and the rest by order", others, "auto; top.* -> fc3.*", "", false, { [FY_FIT_MAPPED] = 6 }, "fc2.bias",
      "enc.1.bias" },
    { "parts by another program's names, and another head", renamed, "auto", "", false,
      { [FY_FIT_MAPPED] = 4, [FY_FIT_NEW_HEAD] = 2 }, "fc1.bias", "a.beta" },
    { "names before order", own, "auto", "", false, { [FY_FIT_LOADED] = 6 }, "fc1.weight", "fc1.weight" },
    { "no guesses", two_alike, "auto", "", false,
      { [FY_FIT_MAPPED] = 4, [FY_FIT_MISSING] = 2, [FY_FIT_UNEXPECTED] = 4 }, "fc1.weight", "a.weight" },
    { "leading parts", wide, NULL, "", true, { [FY_FIT_LOADED] = 1, [FY_FIT_SLICED] = 5 }, "fc2.weight", "fc2.weight" },
    { "of rows", wide, NULL, "", true, { [FY_FIT_LOADED] = 1, [FY_FIT_SLICED] = 5 }, "fc1.bias", "fc1.bias" },
    { "not of classes", wide_head, NULL, "", true, { [FY_FIT_SLICED] = 4, [FY_FIT_NEW_HEAD] = 2 }, "fc1.weight",
      "fc1.weight" },
    { "mapped and sliced", wide, "fc1.bias -> fc2.bias", "", true,
      { [FY_FIT_LOADED] = 1, [FY_FIT_SLICED] = 5, [FY_FIT_UNEXPECTED] = 1 }, "fc2.bias", "fc1.bias" },
};

static const struct refused_row {
    const char *name;
    const tensor *file;
    const char *map;
    bool slice;
    fy_status status;
    const char *sentence;
} refused[] = {
    { "no rule", own, "fc1", false, FY_EINVAL, "map: 'fc1' is no rule; write 'theirs -> ours'" },
    { "half a rule", own, "-> fc1", false, FY_EINVAL, "map: '-> fc1' is no rule" },
    { "a star on one side", own, "a.* -> fc1.weight", false, FY_EINVAL, "is no rule" },
    { "two stars", own, "*.* -> *.*", false, FY_EINVAL, "is no rule" },
    { "two names", own, "a b -> fc1.weight", false, FY_EINVAL, "is no rule" },
    { "nobody's parameter", own, "fc1.* -> fc4.*", false, FY_EINVAL,
      "map: 'fc1.* -> fc4.*' decides about no parameter of model 'net'; the first is 'fc1.weight'" },
    { "too late", own, "fc1.* -> fc1.*; fc2.* -> fc1.*", false, FY_EINVAL, "'fc2.* -> fc1.*' decides about no parameter" },
    { "nothing in the file", own, "fc9.* -> fc1.*", false, FY_EINVAL, "map: 'fc9.* -> fc1.*': '" },
    { "smaller", narrow, NULL, true, FY_ESHAPE, "differ in shape, the first is 'fc2.weight', [5, 6] in the file" },
    { "another rank", flat, NULL, true, FY_ESHAPE, "1 differ in shape, the first is 'fc1.weight', [6, 8, 1] in the file" },
    { "larger, and nobody asked", wide, NULL, false, FY_ESHAPE, "5 differ in shape" },
};
/* clang-format on */

static fy_fit_opts opts(const char *map, bool slice)
{
    fy_fit_opts o = fy_fit_defaults();

    o.map = map;
    o.slice = slice;
    return o;
}

/* The parameter is the leading part of the tensor. */
static void check_leading(const char *path, fy_model *m, const char *ours, const char *theirs)
{
    static float p[4096], t[4096];
    fy_param *param = fy_model_find(m, ours);
    const fy_shape *s = fy_param_shape(param), *from;
    fy_weights *w;
    int i;

    check_ok(fy_weights_open(path, &w));
    i = fy_weights_find(w, theirs);
    assert_true(i >= 0);
    from = fy_weights_shape(w, i);
    check_ok(fy_weights_read(w, i, FY_F32, t, fy_shape_numel(from)));
    check_ok(fy_param_read(param, p, fy_shape_numel(s)));
    for (int64_t r = 0; r < s->d[0]; r++)
        for (int64_t c = 0; c < (s->rank > 1 ? s->d[1] : 1); c++)
            assert_true(p[r * (s->rank > 1 ? s->d[1] : 1) + c] ==
                        t[r * (s->rank > 1 ? from->d[1] : 1) + c]);
    fy_weights_close(w);
}

static void tensors_go_where_rules_say(void **state)
{
    for (size_t i = 0; i < LEN(rows); i++) {
        const struct map_row *r = &rows[i];
        const char *path = fyt_path(*state, "theirs.safetensors");
        const fy_fit_opts o = opts(r->map, r->slice);
        fy_model *m = open_critic();
        fy_fit *fit;

        write_file(path, r->file, r->prefix);
        check_ok(fy_model_load_partly(m, path, &o, &fit));
        for (int k = 0; k < FY_FIT_KINDS; k++)
            if (fit->count[k] != r->count[k])
                fail_msg("%s: %d %s, not %d\n%s", r->name, fit->count[k],
                         fy_fit_kind_text((fy_fit_kind)k), r->count[k], fit->text);
        check_leading(path, m, r->ours, r->theirs);
        fy_fit_free(fit);
        fy_model_free(m);
    }
}

static void what_cannot_be_meant_is_refused(void **state)
{
    for (size_t i = 0; i < LEN(refused); i++) {
        const struct refused_row *r = &refused[i];
        const char *path = fyt_path(*state, "theirs.safetensors");
        const fy_fit_opts o = opts(r->map, r->slice);
        fy_model *m = open_critic();
        char before[65], after[65];

        write_file(path, r->file, "");
        check_ok(fy_model_hash(m, before));
        check_status(fy_model_load_partly(m, path, &o, NULL), r->status);
        check_sentence(r->sentence);
        check_ok(fy_model_hash(m, after));
        assert_string_equal(before, after);
        fy_model_free(m);
    }
}

static void long_maps_are_refused(void **state)
{
    static char text[70000];
    const char *path = fyt_path(*state, "theirs.safetensors");
    const fy_fit_opts o = opts(text, false);
    fy_model *m = open_critic();

    write_file(path, own, "");
    memset(text, 'a', sizeof text - 1);
    check_status(fy_model_load_partly(m, path, &o, NULL), FY_EINVAL);
    check_sentence("its rules have 69999 bytes, 65536 at most");
    memset(text, 0, sizeof text);
    for (int i = 0; i < 1100; i++)
        strcat(text, "fc1.* -> fc1.*;");
    check_status(fy_model_load_partly(m, path, &o, NULL), FY_EINVAL);
    check_sentence("more than 1024 rules");
    fy_model_free(m);
}

/* ---- the report ------------------------------------------------------------------------------ */

static void what_is_mapped_is_listed(void **state)
{
    const char *path = fyt_path(*state, "theirs.safetensors");
    const fy_fit_opts o = opts("enc.0.* -> fc1.*; auto", false);
    fy_model *m = open_critic();
    fy_fit *fit;
    json_t *root, *mapped;

    write_file(path, others, "");
    check_ok(fy_model_load_partly(m, path, &o, &fit));
    check_contains(fit->text,
                   "  mapped                  6\n"
                   "      enc.0 -> fc1 (2)\n      enc.1 -> fc2 (2)\n      top -> fc3 (2)\n");
    check_contains(fit->summary, "0 tensors loaded, 6 mapped, 0 missing");
    root = json_loads(fit->json, 0, NULL);
    mapped = json_object_get(root, "mapped");
    assert_int_equal(json_array_size(mapped), 6);
    assert_string_equal(json_string_value(json_object_get(json_array_get(mapped, 0), "from")),
                        "enc.0.weight");
    json_decref(root);
    fy_fit_free(fit);
    fy_model_free(m);
}

static void what_is_sliced_is_listed(void **state)
{
    const char *path = fyt_path(*state, "theirs.safetensors");
    const fy_fit_opts o = opts("fc2.bias -> fc1.bias", true);
    fy_model *m = open_critic();
    fy_fit *fit;

    write_file(path, wide, "");
    check_ok(fy_model_load_partly(m, path, &o, &fit));
    check_contains(fit->text,
                   "      fc1.weight: F32 [9, 8] in the file, [6, 8] in the model\n"
                   "      fc1.bias from fc2.bias: F32 [7] in the file, [6] in the model\n");
    check_contains(fit->text, "  sliced                  5\n");
    fy_fit_free(fit);
    fy_model_free(m);
}

/* ---- architectures --------------------------------------------------------------------------- */

static fy_model *open_resnet(const char *family, uint64_t seed)
{
    fy_model_opts o = fy_model_defaults();
    fy_model *m;

    o.input = FY_SHAPE(3, 8, 8);
    o.seed = seed;
    check_ok(fy_model_open(family, "net", &o, &m));
    return m;
}

static void check_same(fy_model *a, const char *in_a, fy_model *b, const char *in_b)
{
    static float x[65536], y[65536];
    const int64_t n = fy_shape_numel(fy_param_shape(fy_model_find(a, in_a)));

    check_ok(fy_param_read(fy_model_find(a, in_a), x, n));
    check_ok(fy_param_read(fy_model_find(b, in_b), y, n));
    assert_memory_equal(x, y, (size_t)n * sizeof *x);
}

/* Every fourth block of 27 for the nine of a shallower one. */
static void a_deep_net_gives_its_blocks_to_a_shallow_one(void **state)
{
    const fy_fit_opts o =
        opts("layer1.4.* = layer1.1.*; layer1.8.* = layer1.2.*; layer2.4.* = layer2.1.*;"
             "layer2.8.* = layer2.2.*; layer3.4.* = layer3.1.*; layer3.8.* = layer3.2.*",
             false);
    const char *path = fyt_path(*state, "deep.safetensors");
    fy_model *teacher = open_resnet("resnet56_cifar", 1), *m = open_resnet("resnet20_cifar", 2);
    fy_fit *fit;

    check_ok(fy_model_save(teacher, path));
    check_ok(fy_model_load_partly(m, path, &o, &fit));
    assert_int_equal(fit->count[FY_FIT_MAPPED], 6 * 10);
    assert_int_equal(fit->count[FY_FIT_LOADED], fy_model_count(m) - 6 * 10);
    assert_int_equal(fit->count[FY_FIT_MISSING], 0);
    check_contains(fit->text, "      layer1.8.conv1 -> layer1.2.conv1 (1)\n");
    check_same(m, "layer1.2.conv1.weight", teacher, "layer1.8.conv1.weight");
    check_same(m, "layer3.0.bn2.running_var", teacher, "layer3.0.bn2.running_var");
    fy_fit_free(fit);
    fy_model_free(m);
    fy_model_free(teacher);
}

static fy_node row_of_layers(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    char name[32];

    for (int64_t i = 0; i < o->hidden; i++) {
        (void)snprintf(name, sizeof name, "%s%d", o->head, (int)i);
        x = fy_layer_linear(l, name, x, 3, true);
    }
    return fy_layer_batch_norm(l, o->activation, x);
}

static fy_model *open_row(const char *layer, const char *norm, uint64_t seed)
{
    const fy_model_opts o = {
        .input = FY_SHAPE(3), .hidden = 12, .head = layer, .activation = norm, .seed = seed
    };
    fy_model *m;

    check_ok(fy_model_new("net", row_of_layers, &o, &m));
    return m;
}

/* Twelve layers alike, which lie sorted by name in the file: 10 comes after 9, not after 1. */
static void numbers_in_names_are_numbers(void **state)
{
    const fy_fit_opts o = opts("auto", false);
    const char *path = fyt_path(*state, "row.safetensors");
    fy_model *a = open_row("block.", "last.bn", 1), *b = open_row("h.", "norm", 2);
    char ours[32], theirs[32];

    check_ok(fy_model_save(a, path));
    check_ok(fy_model_load_partly(b, path, &o, NULL));
    for (int i = 0; i < 12; i++) {
        (void)snprintf(ours, sizeof ours, "h.%d.weight", i);
        (void)snprintf(theirs, sizeof theirs, "block.%d.weight", i);
        check_same(b, ours, a, theirs);
    }
    fy_model_free(a);
    fy_model_free(b);
}

static fy_status look(void *arg)
{
    const fy_fit_opts o = opts("enc.0.* -> fc1.*; auto", true);
    fy_model *m = arg;
    fy_weights *w;
    fy_fit *fit = NULL;
    fy_status st;

    FYI_FORWARD(fy_weights_open("theirs.safetensors", &w));
    st = fy_fit_new(m, w, &o, &fit);
    fy_fit_free(fit);
    fy_weights_close(w);
    return st;
}

static void running_out_of_memory_leaves_nothing(void **state)
{
    fy_model *m = open_critic();

    (void)state;
    write_file("theirs.safetensors", others, "");
    fyt_check_alloc_failures(look, m);
    fy_model_free(m);
}

int main(void)
{
#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)
    const struct CMUnitTest tests[] = {
        IN_DIR(tensors_go_where_rules_say),
        IN_DIR(what_cannot_be_meant_is_refused),
        IN_DIR(long_maps_are_refused),
        IN_DIR(what_is_mapped_is_listed),
        IN_DIR(what_is_sliced_is_listed),
        IN_DIR(a_deep_net_gives_its_blocks_to_a_shallow_one),
        IN_DIR(numbers_in_names_are_numbers),
        cmocka_unit_test(running_out_of_memory_leaves_nothing),
    };
    return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
