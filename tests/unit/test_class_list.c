/* Guards lists of classes: mini-ImageNet's images/ beside train.csv, and folders of classes beside lists of their names, give datasets
 * whose classes are those of the list and in its order, without a picture in common; names that lead out of the folder, or that are there
 * twice, are sentences. */
#include "data/picture.h"
#include "support/support.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A grey picture of 2x2, all of one value. */
static void put_picture(const char *dir, const char *name, uint8_t grey)
{
    const uint8_t pixels[] = { grey, grey, grey, grey };
    fyi_buf png = { 0 };
    char path[512];

    assert_true(fyi_png_put(&png, pixels, 1, 2, 2));
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    check_ok(fyi_file_write(path, png.p, png.len));
    fyi_buf_release(&png);
}

static void put_text(const char *dir, const char *name, const char *text)
{
    char path[512];

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    check_ok(fyi_file_write(path, text, strlen(text)));
}

static const char *make_folder(const char *dir, const char *name)
{
    const char *path = fyt_path(dir, name);

    assert_int_equal(mkdir(path, 0777), 0);
    return path;
}

static void classes_are_those_of_the_list(void **state)
{
    static const char *const classes[] = { "n01", "n02", "n03" };
    fy_picture_opts o = fy_picture_defaults();
    fy_dataset *train, *test;
    int32_t label;
    float x[4];

    (void)make_folder(*state, "all");
    for (int c = 0; c < 3; c++) {
        const char *folder = make_folder(fyt_path(*state, "all"), classes[c]);

        put_picture(folder, "0.png", (uint8_t)(51 * c));
        put_picture(folder, "1.png", (uint8_t)(51 * c));
    }
    put_text(*state, "train.txt", "n03 third, the last\nn01\n");
    put_text(*state, "test.txt", "n02\r\n");
    o.folder = "all";
    check_ok(fy_image_classes_open(fyt_path(*state, "train.txt"), &o, &train));
    check_ok(fy_image_classes_open(fyt_path(*state, "test.txt"), &o, &test));
    assert_int_equal(fy_dataset_count(train), 4);
    assert_int_equal(fy_dataset_classes(train), 2);
    assert_string_equal(fy_dataset_class_name(train, 0), "n03");
    assert_string_equal(fy_dataset_sample_name(train, 3), "n01/1.png");
    check_ok(fy_dataset_get(train, 0, x, 4, &label));
    assert_int_equal(label, 0);
    assert_true(x[0] > 0.39f && x[0] < 0.41f);
    assert_int_equal(fy_dataset_count(test), 2);
    assert_string_equal(fy_dataset_class_name(test, 0), "n02");
    for (int64_t i = 0; i < 4; i++)
        for (int64_t k = 0; k < 2; k++)
            assert_string_not_equal(fy_dataset_sample_name(train, i),
                                    fy_dataset_sample_name(test, k));
    fy_dataset_free(test);
    fy_dataset_free(train);
}

/* filename,label beside images/. */
static void a_list_names_pictures_of_a_folder(void **state)
{
    fy_picture_opts o = fy_picture_defaults();
    fy_dataset *d;
    int32_t label;

    (void)make_folder(*state, "images");
    put_picture(fyt_path(*state, "images"), "n0100000001.jpg.png", 0);
    put_picture(fyt_path(*state, "images"), "n0200000001.png", 255);
    put_text(*state, "train.csv", "filename,label\nn0200000001.png,n02\nn0100000001.jpg.png,n01\n");
    check_status(fy_image_list_open(fyt_path(*state, "train.csv"), &o, &d), FY_EFORMAT);
    o.folder = "images";
    check_ok(fy_image_list_open(fyt_path(*state, "train.csv"), &o, &d));
    assert_int_equal(fy_dataset_count(d), 2);
    check_ok(fy_dataset_label(d, 0, &label));
    assert_string_equal(fy_dataset_class_name(d, label), "n02");
    fy_dataset_free(d);
}

static void mistakes_are_sentences(void **state)
{
    static const struct {
        const char *text, *sentence;
    } cases[] = {
        { "../up\n", "line 1: '../up' is no folder's name" },
        { "a\n.hidden\n", "line 2: '.hidden' is no folder's name" },
        { "a/b\n", "'a/b' is no folder's name" },
        { "a\nb\na\n", "names the class 'a' twice" },
        { "\n\n", "names no class; expected one a line" },
    };
    fy_dataset *d;

    for (size_t i = 0; i < LEN(cases); i++) {
        put_text(*state, "list.txt", cases[i].text);
        check_status(fy_image_classes_open(fyt_path(*state, "list.txt"), NULL, &d), FY_EFORMAT);
        check_sentence(cases[i].sentence);
    }
    put_text(*state, "list.txt", "nowhere\n");
    check_status(fy_image_classes_open(fyt_path(*state, "list.txt"), NULL, &d), FY_EIO);
    check_sentence("while reading the class 'nowhere'");
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(classes_are_those_of_the_list),
        IN_DIR(a_list_names_pictures_of_a_folder),
        IN_DIR(mistakes_are_sentences),
    };
    return cmocka_run_group_tests_name("class_list", tests, NULL, NULL);
}
