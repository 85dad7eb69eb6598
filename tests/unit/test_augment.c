/* Guards the keys of an augmentation: which transforms they turn on, in which order, and what is said of
 * keys that would not be used. */
#include "support/support.h"

#include <ferry/ferry.h>

#include <string.h>

static const struct row {
    const char *name, *settings[4];
    const char *text; /* of what is done; NULL: it is refused */
    const char *part; /* of the sentence */
} rows[] = {
    { "nothing is the default", { NULL }, "nothing", NULL },
    { "CIFAR's recipe", { "crop=padded", "flip=0.5" }, "crop pad 4; flip prob 0.5", NULL },
    { "ImageNet's recipe",
      { "crop=resized", "crop_size=224", "flip=0.5" },
      "resized_crop height 224, width 224, scale_min 0.08, scale_max 1, ratio_min 0.75, ratio_max "
      "1.333; flip prob 0.5",
      NULL },
    { "a warp with a constant outside",
      { "rotate_deg=10", "zoom_frac=0.1", "fill=constant", "fill_value=0.5" },
      "warp rotate_deg 10, zoom_frac 0.1, fill_value 0.5",
      NULL },
    { "colours, in the list's order and not the command line's",
      { "grey=0.1", "hue=0.2", "rand_ops=2" },
      "rand_augment ops 2, magnitude 9, bins 31; colour_jitter hue 0.2; grey prob 0.1",
      NULL },
    { "noise and erasing",
      { "noise=0.1", "erase=0.25", "erase_with=noise", "erase_most=0.2" },
      "noise deviation 0.1; erase prob 0.25, scale_min 0.02, scale_max 0.2, ratio_min 0.3, "
      "ratio_max "
      "3.3",
      NULL },
    { "mixing alone", { "mixup=0.2", "cutmix=1" }, "mixup alpha 0.2; cutmix alpha 1", NULL },
    { "an unknown key",
      { "flipp=1" },
      NULL,
      "unknown key 'augment.flipp'; did you mean 'augment.flip'?" },
    { "an amount out of range",
      { "flip=2" },
      NULL,
      "'augment.flip' is '2', expected a number from 0 to 1" },
    { "a strength of nothing", { "rand_magnitude=9" }, NULL, "needs augment.rand_ops!=0" },
    { "a margin of no crop", { "crop=resized", "crop_pad=4" }, NULL, "needs augment.crop=padded" },
    { "an outside that nothing shows",
      { "fill=nearest", "flip=1" },
      NULL,
      "'augment.fill' would not be used" },
    { "no assignment", { "flip" }, NULL, "augment.flip" },
};

static void keys_become_transforms(void **state)
{
    const struct row *row = *state;
    fy_augment a;
    char text[400];
    int n = 0;
    fy_status st;

    while (n < 4 && row->settings[n] != NULL)
        n++;
    st = fy_recipe_augment(row->settings, n, &a);
    if (row->text != NULL) {
        check_ok(st);
        assert_string_equal(fy_augment_text(&a, text, sizeof text), row->text);
        return;
    }
    check_status(st, FY_EINVAL);
    check_sentence(row->part);
    assert_true(fy_augment_is_none(&a));
}

static void fills_follow_what_they_are_for(void **state)
{
    fy_augment a;

    (void)state;
    check_ok(fy_recipe_augment((const char *const[]){ "crop=padded", "rotate_deg=5" }, 2, &a));
    assert_int_equal(a.list[0].crop.fill, FY_FILL_CONSTANT);
    assert_int_equal(a.list[1].warp.fill, FY_FILL_NEAREST);
    check_ok(fy_recipe_augment(
        (const char *const[]){ "crop=padded", "rotate_deg=5", "fill=nearest" }, 3, &a));
    assert_int_equal(a.list[0].crop.fill, FY_FILL_NEAREST);
    check_ok(fy_recipe_augment(
        (const char *const[]){ "crop=padded", "rotate_deg=5", "fill=constant" }, 3, &a));
    assert_int_equal(a.list[1].warp.fill, FY_FILL_CONSTANT);
}

static void every_key_has_help_and_a_default(void **state)
{
    fy_recipe_key k;
    int n = 0;

    (void)state;
    for (; fy_recipe_augment_known(n, &k); n++) {
        assert_int_equal(strncmp(k.key, "augment.", 8), 0);
        assert_true(strlen(k.help) > 10 && strlen(k.type) > 0 && strlen(k.standard) > 0);
    }
    assert_true(n > 20);
    assert_false(fy_recipe_augment_known(-1, &k));
}

/* An augmentation of all keys at once goes through a loader, which takes no memory for it after it is open. */
static void everything_at_once_runs(void **state)
{
    static const char *const all[] = { "crop=resized",     "crop_size=20",   "flip=0.5",
                                       "rotate_deg=10",    "rand_ops=2",     "brightness=0.4",
                                       "contrast=0.4",     "saturation=0.4", "hue=0.1",
                                       "grey=0.1",         "noise=0.01",     "erase=0.5",
                                       "erase_with=noise", "mixup=0.2",      "cutmix=1" };
    fy_digits_opts digits = fy_digits_defaults(FY_DIGITS_TEXTURED);
    fy_loader_opts o = fy_loader_defaults();
    uint64_t before;
    fy_augment a;
    fy_dataset *d;
    fy_loader *l;
    fy_batch b;

    (void)state;
    digits.n = 40;
    o.batch = 8;
    o.augment = &a;
    check_ok(fy_recipe_augment(all, LEN(all), &a));
    check_ok(fy_digits_open(&digits, &d));
    check_ok(fy_loader_open(d, &o, &l));
    before = fy_alloc_count();
    assert_true(fy_shape_equal(fy_loader_shape(l), &FY_SHAPE(3, 20, 20)));
    for (int step = 0; step < 12; step++) {
        check_ok(fy_loader_next(l, &b));
        for (int i = 0; i < 8 * 1200; i++)
            assert_true(b.x[i] > -6 && b.x[i] < 7);
    }
    assert_int_equal(fy_alloc_count(), before);
    fy_loader_close(l);
    fy_dataset_free(d);
}

static fy_status read_keys(void *arg)
{
    fy_augment a;

    (void)arg;
    return fy_recipe_augment((const char *const[]){ "crop=padded", "flip=0.5" }, 2, &a);
}

static void lack_of_memory_leaves_nothing_behind(void **state)
{
    (void)state;
    fyt_check_alloc_failures(read_keys, NULL);
}

int main(void)
{
    struct CMUnitTest tests[LEN(rows) + 4] = {
        cmocka_unit_test(fills_follow_what_they_are_for),
        cmocka_unit_test(every_key_has_help_and_a_default),
        cmocka_unit_test(everything_at_once_runs),
        cmocka_unit_test(lack_of_memory_leaves_nothing_behind),
    };
    size_t n = 4;

    for (size_t i = 0; i < LEN(rows); i++)
        tests[n++] = (struct CMUnitTest){ rows[i].name, keys_become_transforms, NULL, NULL,
                                          (void *)(uintptr_t)&rows[i] };
    return _cmocka_run_group_tests("augment", tests, n, NULL, NULL);
}
