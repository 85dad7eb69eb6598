/* Guards the archive reader against what archives can say to do harm, and the writer's promise that the same
 * entries give the same bytes. tests/golden/make_zip.py made the files. */
#include "support/support.h"

#include <string.h>

static const char text[] = "Whatever is written here is read back.\n";

static const char *golden(const char *name)
{
    return fyt_path(fyt_golden_path("zip"), name);
}

/* Opens an archive; on FY_OK both are to be closed. */
static fy_status open_zip(const char *path, fyi_infile **f, fyi_zip **z)
{
    fy_status st;

    FYI_FORWARD(fyi_infile_open(path, f));
    st = fyi_zip_open(*f, z);
    if (st != FY_OK)
        fyi_infile_close(*f);
    return st;
}

static void entries_are_found_and_read(void **state)
{
    static const char *const files[] = { "whole.zip", "stored.zip" };
    size_t bytes;
    fyi_infile *f;
    fyi_zip *z;
    void *p;

    (void)state;
    for (size_t i = 0; i < LEN(files); i++) {
        check_ok(open_zip(golden(files[i]), &f, &z));
        assert_true(fyi_zip_is(f));
        check_ok(fyi_zip_take(z, fyi_zip_find(z, "a"), &p, &bytes));
        assert_int_equal(bytes, 8 * (sizeof text - 1));
        assert_memory_equal(p, text, sizeof text - 1);
        fyi_free(p);
        assert_int_equal(fyi_zip_bytes(z, fyi_zip_find(z, "dir/b")), 0);
        assert_int_equal(fyi_zip_find(z, "dir"), -1);
        fyi_zip_close(z);
        fyi_infile_close(f);
    }
}

static const struct harm_row {
    const char *file, *sentence;
} harm_rows[] = {
    { "up.zip", "'data/../../a' leads out of the archive" },
    { "up_by_backslash.zip", "leads out of the archive" },
    { "absolute.zip", "'/etc/a' leads out of the archive" },
    { "twice.zip", "two entries 'a'" },
    { "bzip2.zip", "packed by method 12" },
    { "bomb.zip", "as zip bombs do" },
    { "encrypted.zip", "encrypted" },
    { "overlapping.zip", "claim more bytes than the file has" },
};

static void harm_is_refused_by_name(void **state)
{
    const struct harm_row *row = *state;
    fyi_infile *f;
    fyi_zip *z;

    check_status(open_zip(golden(row->file), &f, &z), FY_EFORMAT);
    check_sentence(row->file);
    check_sentence(row->sentence);
    assert_null(z);
}

static void a_wrong_checksum_is_found(void **state)
{
    char got[8 * (sizeof text - 1)];
    fyi_infile *f;
    fyi_zip *z;

    (void)state;
    check_ok(open_zip(golden("broken_sum.zip"), &f, &z));
    check_ok(fyi_zip_read(z, 0, got, 10)); /* a part says nothing about the whole */
    check_status(fyi_zip_read(z, 0, got, sizeof got), FY_EFORMAT);
    check_sentence("its entry 'a' cannot be read");
    fyi_zip_close(z);
    fyi_infile_close(f);
}

static void write_sample(const char *path)
{
    fyi_zip_file *z;

    check_ok(fyi_zip_create(path, &z));
    check_ok(fyi_zip_add(z, "b/one", text, sizeof text - 1));
    check_ok(fyi_zip_add(z, "a", NULL, 0));
    check_ok(fyi_zip_commit(z));
}

static void the_same_entries_give_the_same_bytes(void **state)
{
    const char *first = fyt_path(*state, "first.zip"), *second = fyt_path(*state, "second.zip");
    size_t n, m, bytes;
    char *x, *y;
    fyi_infile *f;
    fyi_zip *z;
    void *p;

    write_sample(first);
    write_sample(second);
    check_ok(fyi_file_read(first, 1u << 20, &x, &n));
    check_ok(fyi_file_read(second, 1u << 20, &y, &m));
    assert_int_equal(n, m);
    assert_memory_equal(x, y, n);
    fyi_free(y);
    fyi_free(x);
    check_ok(open_zip(first, &f, &z));
    assert_int_equal(fyi_zip_count(z), 2);
    assert_string_equal(fyi_zip_name(z, 0), "b/one");
    check_ok(fyi_zip_take(z, 0, &p, &bytes));
    assert_int_equal(bytes, sizeof text - 1);
    assert_memory_equal(p, text, bytes);
    fyi_free(p);
    fyi_zip_close(z);
    fyi_infile_close(f);
}

static void a_failed_commit_leaves_nothing(void **state)
{
    fyi_zip_file *z;

    check_ok(fyi_zip_create(fyt_path(*state, "missing/a.zip"), &z));
    check_ok(fyi_zip_add(z, "a", text, 3));
    check_status(fyi_zip_commit(z), FY_EIO);
    assert_int_equal(fyt_count_entries(*state), 0);
    fyi_zip_abort(NULL);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

int main(void)
{
    const struct CMUnitTest fixed[] = {
        cmocka_unit_test(entries_are_found_and_read),
        cmocka_unit_test(a_wrong_checksum_is_found),
        IN_DIR(the_same_entries_give_the_same_bytes),
        IN_DIR(a_failed_commit_leaves_nothing),
    };
    struct CMUnitTest tests[LEN(fixed) + LEN(harm_rows)];

    memcpy(tests, fixed, sizeof fixed);
    for (size_t i = 0; i < LEN(harm_rows); i++)
        tests[LEN(fixed) + i] = (struct CMUnitTest){ harm_rows[i].file, harm_is_refused_by_name,
                                                     NULL, NULL, (void *)(uintptr_t)&harm_rows[i] };
    return cmocka_run_group_tests_name("zip", tests, NULL, NULL);
}
