/* Guards CSV files as vectors: what is taken for a heading, a number, a label, a group and a key; sentences with line and
 * column; real tables. */
#include "data/readers/csv.h"
#include "support/support.h"

#include <math.h>
#include <string.h>

static fy_status parse(const char *text, const fy_csv_opts *o, fy_dataset **out)
{
    const size_t n = strlen(text);
    char *exact = fyi_alloc(n + (n == 0)); /* so that AddressSanitizer sees a read past the end */
    fy_status st;

    memcpy(exact, text, n);
    st = fyi_csv_parse("dir/t.csv", exact, n, NULL, o, out);
    fyi_free(exact);
    return st;
}

/* ---- what is read ---------------------------------------------------------------------------- */

#define COLUMNS_OF(...)   \
    (const char *const[]) \
    {                     \
        __VA_ARGS__       \
    }

/* clang-format off */
static const struct row {
    const char *name, *text;
    fy_csv_opts o;
    int64_t n, columns;
    float first[3], last[3]; /* of the first sample and the last */
    const char *labels;      /* class names, of each sample; NULL: none */
} rows[] = {
    { "numbers and a label", "1,2,0\n3,4.5,1\n", { 0 }, 2, 2, { 1, 2 }, { 3, 4.5f }, "0 1" },
    { "a heading", "a,b,y\n1,2,dog\n3,4,cat\n", { 0 }, 2, 2, { 1, 2 }, { 3, 4 }, "dog cat" },
    { "CR LF and a byte order mark", "\xef\xbb\xbf" "a,y\r\n1,0\r\n2,1\r\n", { 0 }, 2, 1, { 1 }, { 2 }, "0 1" },
    { "CR alone", "1,0\r2,1", { 0 }, 2, 1, { 1 }, { 2 }, "0 1" },
    { "empty lines", "\n\n1,0\n\n2,1\n\n", { 0 }, 2, 1, { 1 }, { 2 }, "0 1" },
    { "quotes", "\"a, \"\"b\"\"\",y\n\"1\",\"x, y\"\n2,\"z\n\"\n", { 0 }, 2, 1, { 1 }, { 2 }, "x, y z\n" },
    { "spaces", " 1 ,  2, a b \n3,4,c\n", { 0 }, 2, 2, { 1, 2 }, { 3, 4 }, "a b c" },
    { "tabs", "1\t2,5\ta\n3\t4,0\tb\n", { 0 }, 2, 1, { 1 }, { 3 }, "a b" },
    { "semicolons", "1;2;a\n3;4;b\n", { 0 }, 2, 2, { 1, 2 }, { 3, 4 }, "a b" },
    { "a separator of one's own", "1|2|a\n3|4|b\n", { .separator = '|' }, 2, 2, { 1, 2 }, { 3, 4 }, "a b" },
    { "numbers of every form", "-1e-3,+2.5E2,.5,0\n1.,0,7,1\n", { 0 }, 2, 3, { -1e-3f, 250, 0.5f }, { 1, 0, 7 }, "0 1" },
    { "counted columns", "0,1,2,3,0\n5,6,7,8,1\n", { 0 }, 1, 4, { 5, 6, 7 }, { 5, 6, 7 }, "1" },
    { "columns counted from 1", "1,2,3,4,class\n5,6,7,8,1\n", { 0 }, 1, 4, { 5, 6, 7 }, { 5, 6, 7 }, "1" },
    { "few counted columns are numbers", "0,1,0\n5,6,1\n", { 0 }, 2, 2, { 0, 1 }, { 5, 6 }, "0 1" },
    { "no heading, though it looks like one", "x,1\n2,0\n", { .header = FY_HEADER_NO, .values = COLUMNS_OF("2"), .n_values = 1, .label = "1" }, 2, 1, { 1 }, { 0 }, "x 2" },
    { "a heading of numbers", "7,8\n1,0\n2,1\n", { .header = FY_HEADER_YES }, 2, 1, { 1 }, { 2 }, "0 1" },
    { "a label by its heading", "y,a\n1,5\n0,6\n", { .label = "y" }, 2, 1, { 5 }, { 6 }, "1 0" },
    { "a label by its place", "1,5\n0,6\n", { .label = "1" }, 2, 1, { 5 }, { 6 }, "1 0" },
    { "a label from the end", "1,5,9\n0,6,9\n", { .label = "-3" }, 2, 2, { 5, 9 }, { 6, 9 }, "1 0" },
    { "a heading before a place", "2,1\n5,1\n6,0\n", { .header = FY_HEADER_YES, .label = "1" }, 2, 1, { 5 }, { 6 }, "1 0" },
    { "no labels", "1,2\n3,4\n", { .label = "" }, 2, 2, { 1, 2 }, { 3, 4 }, NULL },
    { "texts are left out", "name,a,city,y\nbob,1,x,0\neve,2,y,1\n", { 0 }, 2, 1, { 1 }, { 2 }, "0 1" },
    { "values by name, in that order", "a,b,c,y\n1,2,3,0\n4,5,6,1\n", { .values = COLUMNS_OF("c", "a"), .n_values = 2 }, 2, 2, { 3, 1 }, { 6, 4 }, "0 1" },
    { "missing values are zero", "1,,0\nNA,nan,1\n", { .missing = FY_MISSING_ZERO }, 2, 2, { 1, 0 }, { 0, 0 }, "0 1" },
    { "missing values are NaN", "1,?,0\nnull,2,1\n", { .missing = FY_MISSING_NAN }, 2, 2, { 1, NAN }, { NAN, 2 }, "0 1" },
    { "labels that are whole numbers written otherwise", "1,1.0\n2,2.0\n", { 0 }, 2, 1, { 1 }, { 2 }, "1.0 2.0" },
    { "labels below 0", "1,-1\n2,1\n", { 0 }, 2, 1, { 1 }, { 2 }, "-1 1" },
};
/* clang-format on */

static void check_sample(const fy_dataset *d, int64_t i, const float *expected)
{
    const int64_t n = fy_shape_numel(fy_dataset_shape(d));
    float x[8];

    check_ok(fy_dataset_get(d, i, x, n, NULL));
    check_close(x, expected, FYI_MIN(n, 3), 0, 0);
}

static void check_labels(const fy_dataset *d, const char *labels)
{
    fyi_buf text = { 0 };

    assert_int_equal(fy_dataset_has_labels(d), labels != NULL);
    for (int64_t i = 0; labels != NULL && i < fy_dataset_count(d); i++) {
        int32_t y;

        check_ok(fy_dataset_label(d, i, &y));
        fyi_buf_printf(&text, "%s%s", i > 0 ? " " : "", fy_dataset_class_name(d, y));
    }
    if (labels != NULL)
        assert_string_equal(text.p, labels);
    fyi_buf_release(&text);
}

static void tables_are_read(void **state)
{
    const struct row *row = *state;
    fy_dataset *d;

    check_ok(parse(row->text, &row->o, &d));
    assert_int_equal(fy_dataset_count(d), row->n);
    assert_int_equal(fy_dataset_shape(d)->rank, 1);
    assert_int_equal(fy_dataset_shape(d)->d[0], row->columns);
    assert_string_equal(fy_dataset_name(d), "t.csv");
    check_sample(d, 0, row->first);
    check_sample(d, row->n - 1, row->last);
    check_labels(d, row->labels);
    fy_dataset_free(d);
}

static void groups_and_keys_are_columns(void **state)
{
    static const char text[] = "who,id,a,y\ntheo,s1,1,0\ngeorge,s2,2,1\ntheo,s3,3,1\n";
    const fy_csv_opts o = { .group = "who", .key = "id" };
    fy_dataset *d, *part;

    (void)state;
    check_ok(parse(text, &o, &d));
    assert_int_equal(fy_dataset_shape(d)->d[0], 1);
    assert_int_equal(fy_dataset_groups(d), 2);
    assert_string_equal(fy_dataset_group_name(d, fy_dataset_group(d, 0)), "theo");
    assert_string_equal(fy_dataset_group_name(d, fy_dataset_group(d, 1)), "george");
    assert_string_equal(fy_dataset_sample_name(d, 2), "s3");
    check_ok(fy_dataset_select(d, &(fy_select_opts){ .groups = COLUMNS_OF("theo"), .n_groups = 1 },
                               &part));
    assert_int_equal(fy_dataset_count(part), 2);
    assert_string_equal(fy_dataset_sample_name(part, 1), "s3");
    fy_dataset_free(part);
    fy_dataset_free(d);
}

/* Other columns of a file are the same source and another view of it. */
static void hashes_tell_columns_apart(void **state)
{
    static const char text[] = "a,b,y\n1,1,0\n2,2,1\n";
    fy_dataset *a, *b, *all;

    (void)state;
    check_ok(parse(text, &(fy_csv_opts){ .values = COLUMNS_OF("a"), .n_values = 1 }, &a));
    check_ok(parse(text, &(fy_csv_opts){ .values = COLUMNS_OF("b"), .n_values = 1 }, &b));
    check_ok(parse(text, NULL, &all));
    assert_string_equal(fy_dataset_hash(a), fy_dataset_hash(b));
    assert_string_equal(fy_dataset_hash(a), fy_dataset_hash(all));
    assert_string_not_equal(fy_dataset_view_hash(a), fy_dataset_view_hash(b));
    assert_string_not_equal(fy_dataset_view_hash(a), fy_dataset_view_hash(all));
    fy_dataset_free(all);
    fy_dataset_free(b);
    fy_dataset_free(a);
}

/* ---- what is refused ------------------------------------------------------------------------- */

/* clang-format off */
static const struct refusal {
    const char *name, *text;
    fy_csv_opts o;
    fy_status st;
    const char *part;
} refusals[] = {
    { "nothing", "", { 0 }, FY_EFORMAT, "no line with anything in it" },
    { "empty lines alone", "\n\r\n\n", { 0 }, FY_EFORMAT, "no line with anything in it" },
    { "a heading alone", "a,y\n", { .header = FY_HEADER_YES }, FY_EFORMAT, "a heading and nothing else" },
    { "a ragged line", "1,2,0\n\n3,1\n", { 0 }, FY_EFORMAT, "line 3: 2 cells, but line 1 has 3" },
    { "a longer line", "1,0\n2,1,\n", { 0 }, FY_EFORMAT, "line 2: 3 cells" },
    { "a quote that does not end", "1,0\n2,\"x\n3,1\n", { 0 }, FY_EFORMAT, "line 2: a quote begins here" },
    { "text after a quote", "\"1\"2,0\n", { 0 }, FY_EFORMAT, "line 1: something follows" },
    { "a mistake in the first line", "1x,2,0\n3,4,1\n", { 0 }, FY_EFORMAT, "line 1: '1x' is no number, and other cells are" },
    { "a missing value", "a,b,y\n1,2,0\n3,,1\n", { 0 }, FY_EFORMAT, "line 3, column 2 ('b'): '' is no value" },
    { "an empty column", "1,,0\n2,,1\n", { 0 }, FY_EFORMAT, "line 1, column 2: '' is no value" },
    { "NaN", "1,0\nNaN,1\n", { 0 }, FY_EFORMAT, "line 2, column 1: 'NaN' is no value" },
    { "a text among numbers", "a,y\n1,0\n\nx1,1\n", { 0 }, FY_EFORMAT, "line 4, column 1 ('a'): 'x1' is no number" },
    { "infinity", "1,0\n-inf,1\n", { .missing = FY_MISSING_ZERO }, FY_EFORMAT, "line 2, column 1: '-inf' is not finite" },
    { "a number too large", "1,0\n1e39,1\n", { 0 }, FY_EFORMAT, "'1e39' is not finite in 32 bits" },
    { "hexadecimal", "1,0\n0x10,1\n", { 0 }, FY_EFORMAT, "'0x10' is no number" },
    { "decimal commas", "1,5;0\n2,5;1\n", { 0 }, FY_EFORMAT, "no column of numbers" },
    { "texts alone", "dog,a\ncat,b\n", { 0 }, FY_EFORMAT, "no column of numbers" },
    { "labels that are amounts", "1,2.5\n2,3.5\n", { 0 }, FY_EFORMAT, "line 1, column 2: '2.5' is no class" },
    { "a label that is missing", "a,y\n1,\n2,x\n", { 0 }, FY_EFORMAT, "line 2, column 2 ('y'): '' is no label" },
    { "a group that is missing", "g,a,y\nx,1,0\n,2,1\n", { .group = "g" }, FY_EFORMAT, "line 3, column 1 ('g'): '' is no group" },
    { "a key that is missing", "k,a,y\nx,1,0\n,2,1\n", { .key = "k" }, FY_EFORMAT, "line 3: there is no key" },
    { "a key twice", "k,a,y\nx,1,0\nz,2,1\nx,3,1\n", { .key = "k" }, FY_EFORMAT, "lines 2 and 4 have the same key 'x'" },
    { "no such column", "speaker,a,y\nx,1,0\n", { .group = "speakr" }, FY_EINVAL, "no column 'speakr'; did you mean 'speaker'?" },
    { "no such place", "1,2,0\n", { .label = "4" }, FY_EINVAL, "no column '4'; columns go by their headings, of which there are none, or by their places, 1 to 3" },
    { "a heading twice", "a,a,y\n1,2,0\n", { .values = COLUMNS_OF("a"), .n_values = 1 }, FY_EINVAL, "2 columns are headed 'a'" },
    { "a value twice", "a,b,y\n1,2,0\n", { .values = COLUMNS_OF("a", "1"), .n_values = 2 }, FY_EINVAL, "or twice" },
    { "a value that is the label", "a,y\n1,0\n", { .values = COLUMNS_OF("y"), .n_values = 1 }, FY_EINVAL, "as something else" },
};
/* clang-format on */

static void mistakes_have_lines_and_columns(void **state)
{
    const struct refusal *row = *state;
    fy_dataset *d;

    check_status(parse(row->text, &row->o, &d), row->st);
    check_sentence(row->part);
    check_sentence("t.csv");
    assert_null(d);
}

static void a_huge_cell_is_refused(void **state)
{
    fyi_buf text = { 0 };
    fy_dataset *d;

    (void)state;
    for (int i = 0; i < 7000; i++)
        fyi_buf_puts(&text, "0123456789");
    fyi_buf_puts(&text, ",1\n");
    check_status(parse(text.p, NULL, &d), FY_EFORMAT);
    check_sentence("line 1: a cell is longer than 65536 bytes");
    fyi_buf_release(&text);
    check_status(fyi_csv_parse("t.csv", "1,\0,2", 5, NULL, NULL, &d), FY_EFORMAT);
    check_sentence("holds a NUL");
}

/* ---- files ----------------------------------------------------------------------------------- */

static void classes_may_be_listed(void **state)
{
    const char *path = fyt_path(*state, "t.csv"), *classes = fyt_path(*state, "classes.txt");
    fy_dataset *d;
    int32_t y;

    check_ok(fyi_file_write(path, "1,dog\n2,cat\n", 12));
    check_ok(fyi_file_write(classes, "dog\nelephant\ncat\n", 17));
    check_ok(fy_csv_open(path, "pets", &(fy_csv_opts){ .classes_path = classes }, &d));
    assert_int_equal(fy_dataset_classes(d), 3);
    check_ok(fy_dataset_label(d, 1, &y));
    assert_int_equal(y, 2);
    fy_dataset_free(d);
    check_ok(fyi_file_write(path, "1,dog\n2,cow\n", 12));
    check_status(fy_csv_open(path, "pets", &(fy_csv_opts){ .classes_path = classes }, &d),
                 FY_EFORMAT);
    check_sentence("labelled 'cow', which is none of the 3");
}

static const struct view {
    const char *file;
    int64_t columns;
    float first;
} views[] = { { "mfeat/mfeat-fac.csv", 216, 98 },      { "mfeat/mfeat-fou.csv", 76, 0.065882f },
              { "mfeat/mfeat-kar.csv", 64, -10.297f }, { "mfeat/mfeat-mor.csv", 6, 1 },
              { "mfeat/mfeat-pix.csv", 240, 0 },       { "mfeat/mfeat-zer.csv", 47, 0.011033f } };

static void real_tables_are_read(void **state)
{
    const struct view *view = *state;
    const char *path = fyt_data_path(view->file);
    int64_t counts[10];
    float x[240];
    fy_dataset *d;

    if (path == NULL)
        skip();
    check_ok(fy_csv_open(path, NULL, NULL, &d));
    assert_int_equal(fy_dataset_count(d), 2000);
    assert_int_equal(fy_dataset_shape(d)->d[0], view->columns);
    check_ok(fy_dataset_class_counts(d, counts, 10));
    for (int c = 0; c < 10; c++)
        assert_int_equal(counts[c], 200);
    check_ok(fy_dataset_get(d, 0, x, view->columns, NULL));
    check_close(x, &view->first, 1, 1e-4, 0);
    fy_dataset_free(d);
}

static fy_status read_and_free(void *arg)
{
    const fy_csv_opts o = { .group = "g", .key = "k" };
    fy_dataset *d;
    const fy_status st = fyi_csv_parse("t.csv", arg, strlen(arg), NULL, &o, &d);

    fy_dataset_free(d);
    return st;
}

static void lack_of_memory_leaves_nothing_behind(void **state)
{
    char text[] = "g,k,t,a,y\nx,1,u,1,dog\ny,2,v,3,cat\n";

    (void)state;
    fyt_check_alloc_failures(read_and_free, text);
}

int main(void)
{
    struct CMUnitTest tests[128] = {
        cmocka_unit_test(groups_and_keys_are_columns),
        cmocka_unit_test(hashes_tell_columns_apart),
        cmocka_unit_test(a_huge_cell_is_refused),
        cmocka_unit_test_setup_teardown(classes_may_be_listed, fyt_tmpdir_setup,
                                        fyt_tmpdir_teardown),
        cmocka_unit_test(lack_of_memory_leaves_nothing_behind),
    };
    size_t n = 5;

    for (size_t i = 0; i < LEN(rows); i++)
        tests[n++] = (struct CMUnitTest){ rows[i].name, tables_are_read, NULL, NULL,
                                          (void *)(uintptr_t)&rows[i] };
    for (size_t i = 0; i < LEN(refusals); i++)
        tests[n++] = (struct CMUnitTest){ refusals[i].name, mistakes_have_lines_and_columns, NULL,
                                          NULL, (void *)(uintptr_t)&refusals[i] };
    for (size_t i = 0; i < LEN(views); i++)
        tests[n++] = (struct CMUnitTest){ views[i].file, real_tables_are_read, NULL, NULL,
                                          (void *)(uintptr_t)&views[i] };
    return _cmocka_run_group_tests("csv", tests, n, NULL, NULL);
}
