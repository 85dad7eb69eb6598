/* Guards labs: what stays open from one run to the next changes no byte of a run, whatever ran before it, and is not
 * opened again; and the list of methods, of which a recipe can name every one.
 *
 * timeout: 120 */
#include "support/support.h"

#include <ferry/recipe.h>

#include <stdio.h>
#include <string.h>

enum { N = 40, SIZE = 12, CLASSES = 4 };

/* ---- data and recipes ------------------------------------------------------------------------ */

static void put_u32(FILE *f, uint32_t v)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        fputc((int)(v >> shift & 0xff), f);
}

/* MNIST's format: squares of the brightness that the class has, with noise. */
static void write_idx(const char *dir)
{
    char *images = fyi_path_join(dir, "images"), *labels = fyi_path_join(dir, "labels");
    FILE *x = fopen(images, "wb"), *y = fopen(labels, "wb");
    fy_rng r = fy_rng_named(3, "squares");

    assert_true(x && y);
    put_u32(x, 0x803);
    put_u32(x, N);
    put_u32(x, SIZE);
    put_u32(x, SIZE);
    put_u32(y, 0x801);
    put_u32(y, N);
    for (int i = 0; i < N; i++) {
        fputc(i % CLASSES, y);
        for (int k = 0; k < SIZE * SIZE; k++)
            fputc(i % CLASSES * 60 + (int)(20 * fy_rng_uniform(&r)), x);
    }
    assert_int_equal(fclose(x) | fclose(y), 0);
    fyi_free(labels);
    fyi_free(images);
}

static fy_recipe *recipe_of(const char *dir, const char *const *changes)
{
    char text[1024];
    fy_recipe *r;

    (void)snprintf(text, sizeof text,
                   "method: finetune\n"
                   "data_root: \"%s\"\n"
                   "kernel_times: \"\"\n"
                   "train: {format: idx, images: images, labels: labels}\n"
                   "val: {format: idx, images: images, labels: labels}\n"
                   "model: {family: linear}\n"
                   "finetune: {train: all, epochs: 1, batch: 8}\n",
                   dir);
    check_ok(fy_recipe_parse("lab.yaml", text, strlen(text), &r));
    for (; changes && *changes; changes++)
        check_ok(fy_recipe_set(r, *changes));
    return r;
}

/* NULL: alone. */
static void run_in(fy_lab *l, const char *dir, const char *out, const char *const *changes,
                   fy_recipe_result *result)
{
    fy_recipe *r = recipe_of(dir, changes);
    char *run_dir = fyi_path_join(dir, out);
    fy_recipe_run_opts o = fy_recipe_run_defaults();

    o.run_dir = run_dir;
    check_ok(l ? fy_lab_run(l, r, &o, result) : fy_recipe_run(r, &o, result));
    assert_string_equal(result->run_dir, run_dir);
    fyi_free(run_dir);
    fy_recipe_free(r);
}

/* Runs that want the same data, other data, another device, and the first again. */
static const struct trial {
    const char *lab, *alone;
    const char *changes[4];
} trials[] = {
    { "lab0", "alone0", { NULL } },
    { "lab1", "alone1", { "finetune.lr=0.1", "seed=7" } },
    { "lab2", "alone2", { "train.classes=[0, 1, 2]", "val.classes=[0, 1, 2]" } },
    { "lab3", "alone3", { "device=ref", "train.limit=32" } },
    { "lab4", "alone4", { "finetune.optim=adam" } },
};

static void check_same_run(const char *dir, const struct trial *t)
{
    static const char *const files[] = { "best.safetensors", "last.safetensors", "metrics.jsonl",
                                         "eval.json", "data.json" };
    char *a = fyi_path_join(dir, t->lab), *b = fyi_path_join(dir, t->alone);

    for (size_t i = 0; i < LEN(files); i++) {
        char *fa = fyi_path_join(a, files[i]), *fb = fyi_path_join(b, files[i]), *ta, *tb;
        size_t na, nb;

        check_ok(fyi_file_read(fa, 1 << 20, &ta, &na));
        check_ok(fyi_file_read(fb, 1 << 20, &tb, &nb));
        if (na != nb || memcmp(ta, tb, na) != 0)
            fail_msg("%s of %s is not that of the run alone", files[i], t->lab);
        fyi_free(tb);
        fyi_free(ta);
        fyi_free(fb);
        fyi_free(fa);
    }
    fyi_free(b);
    fyi_free(a);
}

/* ---- labs ------------------------------------------------------------------------------------ */

static void what_ran_before_changes_nothing(void **state)
{
    fy_recipe_result in_lab, alone;
    fy_lab *l;

    write_idx(*state);
    check_ok(fy_lab_open(&l));
    for (size_t i = 0; i < LEN(trials); i++) {
        run_in(l, *state, trials[i].lab, trials[i].changes, &in_lab);
        run_in(NULL, *state, trials[i].alone, trials[i].changes, &alone);
        assert_int_equal(in_lab.kind, FY_KIND_FINETUNE);
        assert_true(in_lab.report.finetune.val_accuracy == alone.report.finetune.val_accuracy);
        check_same_run(*state, &trials[i]);
    }
    fy_lab_close(l);
}

static void open_data_is_not_read_again(void **state)
{
    const char *const changes[] = { "finetune.lr=0.5", "seed=9", NULL };
    char *images = fyi_path_join(*state, "images");
    fy_recipe_result result;
    fy_recipe *r;
    fy_lab *l;

    write_idx(*state);
    check_ok(fy_lab_open(&l));
    run_in(l, *state, "first", NULL, &result);
    assert_int_equal(remove(images), 0);
    run_in(l, *state, "second", changes, &result);
    r = recipe_of(*state, NULL);
    check_ok(fy_recipe_set(r, "train.limit=30"));
    assert_int_not_equal(fy_lab_run(l, r, NULL, &result), FY_OK);
    fy_recipe_free(r);
    fy_lab_close(l);
    fy_lab_close(NULL);
    fyi_free(images);
}

#define ADAPT                                                   \
    "method: adda\nkernel_times: \"\"\n"                        \
    "source: {format: digits, n: 60, size: 28}\n"               \
    "target: {format: digits, style: noisy, n: 60, size: 28}\n" \
    "adda: {source_epochs: 1, source_batch: 16, steps: 3, batch: 16, evaluations: 1}\n"

/* The judge is new for every run: what it was shown before would be counted again. */
static void each_run_has_a_judge_of_its_own(void **state)
{
    fy_recipe_result r[2];
    fy_lab *l;

    check_ok(fy_lab_open(&l));
    for (int i = 0; i < 2; i++) {
        char name[] = { 'a', (char)('0' + i), '\0' };
        char *dir = fyi_path_join(*state, name);
        fy_recipe_run_opts o = fy_recipe_run_defaults();
        fy_recipe *recipe;

        o.run_dir = dir;
        check_ok(fy_recipe_parse("lab.yaml", ADAPT, strlen(ADAPT), &recipe));
        check_ok(fy_recipe_put(recipe, "adda.target_lr", i == 0 ? "0.01" : "0.0001"));
        check_ok(fy_lab_run(l, recipe, &o, &r[i]));
        fy_recipe_free(recipe);
        fyi_free(dir);
        assert_int_equal(r[i].kind, FY_KIND_ADAPT);
        assert_true(r[i].report.adapt.has_labels);
    }
    assert_true(r[0].report.adapt.plain.source_only == r[1].report.adapt.plain.source_only);
    fy_lab_close(l);
}

/* ---- methods --------------------------------------------------------------------------------- */

static void a_recipe_can_name_every_method(void **state)
{
    fy_recipe_key key = { 0 };
    int i = 0, n = 0;

    (void)state;
    while (fy_recipe_known(i++, &key) && strcmp(key.key, "method") != 0)
        ;
    assert_string_equal(key.key, "method");
    for (const char *name; (name = fy_recipe_method(n)) != NULL; n++)
        check_contains(key.type, name);
    assert_true(n >= 2);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(what_ran_before_changes_nothing),
        IN_DIR(open_data_is_not_read_again),
        IN_DIR(each_run_has_a_judge_of_its_own),
        cmocka_unit_test(a_recipe_can_name_every_method),
    };
    return cmocka_run_group_tests_name("lab", tests, NULL, NULL);
}
