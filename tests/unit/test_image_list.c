/* Guards lists of pictures: the lines of every dialect, labels as names and as numbers, and paths with
 * braces and stars. */
#include "support/support.h"

#include "data/picture.h"

#include <string.h>

#define MAX_LINES 4

static const struct list_row {
    const char *name, *text;
    size_t n;
    const char *paths[MAX_LINES], *labels[MAX_LINES];
} list_rows[] = {
    { "commas", "a.jpg,3\nb/c.png,4\n", 2, { "d/a.jpg", "d/b/c.png" }, { "3", "4" } },
    { "a heading", "path,label\na.jpg,dog", 1, { "d/a.jpg" }, { "dog" } },
    { "quotes",
      "\"a,1.jpg\",\"say \"\"x\"\"\"\r\nb.jpg,y\r\n",
      2,
      { "d/a,1.jpg", "d/b.jpg" },
      { "say \"x\"", "y" } },
    { "tabs", "a b.jpg\t1\nc.jpg\t0\n", 2, { "d/a b.jpg", "d/c.jpg" }, { "1", "0" } },
    { "a space", "a b.jpg 1\nc.jpg  10\n\n", 2, { "d/a b.jpg", "d/c.jpg" }, { "1", "10" } },
    { "no labels", "a b.jpg\n/x/c.PNG\n", 2, { "d/a b.jpg", "/x/c.PNG" }, { NULL, NULL } },
    { "an empty label", "a.jpg,\nb.jpg,1\n", 2, { "d/a.jpg", "d/b.jpg" }, { NULL, "1" } },
    { "a byte order mark",
      "\xef\xbb\xbf"
      "a.jpg,1",
      1,
      { "d/a.jpg" },
      { "1" } },
    { "nothing", "", 0, { NULL }, { NULL } },
    { "a heading alone", "file", 0, { NULL }, { NULL } },
};

static void lines_are_paths_and_labels(void **state)
{
    const struct list_row *row = *state;
    fyi_album a;

    check_ok(fyi_list_parse(&(fyi_list_of){ "d/list.txt", &fyi_pictures, NULL }, row->text,
                            strlen(row->text), &a));
    assert_int_equal(a.n, row->n);
    for (size_t i = 0; i < row->n; i++) {
        assert_string_equal(a.v[i].path, row->paths[i]);
        assert_true((a.v[i].label == NULL) == (row->labels[i] == NULL));
        if (row->labels[i] != NULL)
            assert_string_equal(a.v[i].label, row->labels[i]);
    }
    fyi_album_release(&a);
}

static const struct refusal {
    const char *name, *text;
    size_t n;
    const char *part;
} refusals[] = {
    { "three fields", "a.jpg,1,2\n", 10, "line 1: more than a path and a label" },
    { "no path", "a.jpg,1\n,2\n", 11, "line 2: there is no path" },
    { "a NUL", "a.jpg\0,2\n", 9, "holds a NUL" },
};

static void damaged_lines_are_refused(void **state)
{
    const struct refusal *row = *state;
    fyi_album a;

    check_status(
        fyi_list_parse(&(fyi_list_of){ "list.txt", &fyi_pictures, NULL }, row->text, row->n, &a),
        FY_EFORMAT);
    check_sentence(row->part);
    fyi_album_release(&a);
}

/* ---- labels ---------------------------------------------------------------------------------- */

static const struct label_row {
    const char *name, *texts[MAX_LINES];
    const char *names[MAX_LINES]; /* known before */
    bool are_names;
    int32_t labels[MAX_LINES];
    int n_classes;
    const char *part; /* of a refusal */
} label_rows[] = {
    { "numbers", { "2", "0", "10" }, { NULL }, false, { 2, 0, 10 }, 11, NULL },
    { "names", { "b", "a", "b" }, { NULL }, false, { 1, 0, 1 }, 2, NULL },
    { "a number is a name", { "10", "9", "x" }, { NULL }, false, { 0, 1, 2 }, 3, NULL },
    { "numbers as names", { "10", "9", "9" }, { NULL }, true, { 0, 1, 1 }, 2, NULL },
    { "known names", { "b", "a", "b" }, { "b", "c", "a" }, false, { 0, 2, 0 }, 3, NULL },
    { "numbers of known names", { "1", "0", "2" }, { "b", "c", "a" }, false, { 1, 0, 2 }, 3, NULL },
    { "an unknown name", { "b", "d", "a" }, { "b", "a" }, false, { 0 }, 0, "'d'" },
    { "too large a number", { "0", "1", "2" }, { "b", "a" }, false, { 0 }, 0, "'2'" },
    { "a folder unknown", { "0", "b", "a" }, { "b", "a" }, true, { 0 }, 0, "'0'" },
    { "one is missing", { "0", NULL, "1" }, { NULL }, false, { 0 }, 0, "2 of 3 samples" },
};

static void texts_become_numbers(void **state)
{
    const struct label_row *row = *state;
    fyi_album a = { .are_names = row->are_names };
    int32_t *label;

    for (int i = 0; i < 3; i++)
        check_ok(fyi_album_add(&a, &(fyi_shot){ .name = "x", .label = row->texts[i] }));
    while (a.n_classes < MAX_LINES && row->names[a.n_classes] != NULL)
        a.n_classes++;
    a.class_names = a.n_classes > 0 ? row->names : NULL;
    if (row->part == NULL) {
        check_ok(fyi_album_number(&a, "somewhere", &label));
        assert_memory_equal(label, row->labels, 3 * sizeof *label);
        assert_int_equal(a.n_classes, row->n_classes);
    } else {
        check_status(fyi_album_number(&a, "somewhere", &label), FY_EFORMAT);
        check_sentence(row->part);
    }
    fyi_album_release(&a);
}

/* ---- paths ----------------------------------------------------------------------------------- */

static const struct path_row {
    const char *pattern;
    size_t n;
    const char *first, *last;
} path_rows[] = {
    { "a.tar", 1, "a.tar", "a.tar" },   { "a-{000..009}.tar", 10, "a-000.tar", "a-009.tar" },
    { "a-{8..11}", 4, "a-8", "a-11" },  { "{x,y}/{1..2}.{p,}", 8, "x/1.p", "y/2." },
    { "{one}", 1, "one", "one" },       { "open{1..2", 1, "open{1..2", "open{1..2" },
    { "{1...2}", 1, "1...2", "1...2" }, { "{1..b}", 1, "1..b", "1..b" },
};

static void braces_are_expanded(void **state)
{
    const struct path_row *row = *state;
    fyi_arena arena = { 0 };
    fyi_paths p;

    check_ok(fyi_paths_expand(row->pattern, &arena, &p));
    assert_int_equal(p.n, row->n);
    assert_string_equal(p.v[0], row->first);
    assert_string_equal(p.v[p.n - 1], row->last);
    fyi_free(p.v);
    fyi_arena_release(&arena);
}

static void too_many_paths_are_refused(void **state)
{
    static const char *const patterns[] = { "{0..999999999}", "{1..999}{1..999}", "{2..1}" };
    fyi_arena arena = { 0 };
    fyi_paths p;

    (void)state;
    for (size_t i = 0; i < LEN(patterns); i++) {
        check_status(fyi_paths_expand(patterns[i], &arena, &p), FY_EINVAL);
        fyi_free(p.v);
    }
    fyi_arena_release(&arena);
}

static void stars_find_files_in_byte_order(void **state)
{
    fyi_arena arena = { 0 };
    fyi_paths p;

    check_ok(fyi_file_write(fyt_path(*state, "b1"), "", 0));
    check_ok(fyi_file_write(fyt_path(*state, "B2"), "", 0));
    check_ok(fyi_file_write(fyt_path(*state, "a[1]*"), "", 0));
    check_ok(fyi_paths_expand(fyt_path(*state, "?[12]"), &arena, &p));
    assert_int_equal(p.n, 2);
    assert_string_equal(fyi_base_name(p.v[0]), "B2");
    fyi_free(p.v);
    check_ok(fyi_paths_expand(fyt_path(*state, "a[1]*"), &arena, &p)); /* a file of that name */
    assert_int_equal(p.n, 1);
    fyi_free(p.v);
    check_status(fyi_paths_expand(fyt_path(*state, "c*"), &arena, &p), FY_EIO);
    fyi_free(p.v);
    fyi_arena_release(&arena);
}

/* ---- a whole list ---------------------------------------------------------------------------- */

static void a_list_is_a_dataset(void **state)
{
    static const char text[] = "x/a.png,dog\nmissing.png,cat\nx/a.png,cat\n";
    size_t n;
    char *png = fyt_golden("images/rgb8.png", &n);
    fy_dataset *d;
    int32_t label;

    check_ok(fyi_mkdirs(fyt_path(*state, "x")));
    check_ok(fyi_file_write(fyt_path(*state, "x/a.png"), png, n));
    check_ok(fyi_file_write(fyt_path(*state, "list.csv"), text, strlen(text)));
    check_ok(fy_image_list_open(fyt_path(*state, "list.csv"), NULL, &d));
    assert_int_equal(fy_dataset_count(d), 2);
    assert_int_equal(fy_dataset_classes(d), 2);
    assert_string_equal(fy_dataset_class_name(d, 0), "cat");
    check_ok(fy_dataset_label(d, 0, &label));
    assert_int_equal(label, 1);
    check_contains(fy_dataset_broken(d, 0), "missing.png");
    assert_string_equal(fy_dataset_sample_name(d, 1), "x/a.png");
    fy_dataset_free(d);
    fyi_free(png);
}

#define ADD(rows, test, label)                                       \
    for (size_t i = 0; i < LEN(rows); i++)                           \
        tests[n++] = (struct CMUnitTest)                             \
        {                                                            \
            label, test, NULL, NULL, (void *)(uintptr_t) & (rows)[i] \
        }

int main(void)
{
    struct CMUnitTest tests[64] = {
        cmocka_unit_test(too_many_paths_are_refused),
        cmocka_unit_test_setup_teardown(stars_find_files_in_byte_order, fyt_tmpdir_setup,
                                        fyt_tmpdir_teardown),
        cmocka_unit_test_setup_teardown(a_list_is_a_dataset, fyt_tmpdir_setup, fyt_tmpdir_teardown),
    };
    size_t n = 3;

    ADD(list_rows, lines_are_paths_and_labels, list_rows[i].name);
    ADD(refusals, damaged_lines_are_refused, refusals[i].name);
    ADD(label_rows, texts_become_numbers, label_rows[i].name);
    ADD(path_rows, braces_are_expanded, path_rows[i].pattern);
    return _cmocka_run_group_tests("image_list", tests, n, NULL, NULL);
}
