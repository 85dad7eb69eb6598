/* Guards the promise that a file is the old one or all of the new one: failures of every kind must
 * leave the old bytes, no temporary, and a sentence that helps. */
#include "support/support.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void check_content(const char *path, const char *expected)
{
    char *text;
    size_t bytes;

    check_ok(fyi_file_read(path, 1 << 20, &text, &bytes));
    assert_int_equal(bytes, strlen(expected));
    assert_string_equal(text, expected);
    fyi_free(text);
}

static void written_file_reads_back(void **state)
{
    const char *path = fyt_path(*state, "a.txt");

    check_ok(fyi_file_write(path, "hello", 5));
    check_content(path, "hello");
    check_ok(fyi_file_write(path, "", 0));
    check_content(path, "");
    assert_int_equal(fyt_count_entries(*state), 1);
}

/* Pieces smaller than, equal to and larger than the buffer inside. */
static void pieces_arrive_in_order(void **state)
{
    static const size_t sizes[] = { 1, 65535, 65536, 65537, 3, 200000, 7 };
    const char *path = fyt_path(*state, "pieces");
    char *piece = fyi_alloc(200000), *text;
    size_t at = 0, bytes;
    fyi_outfile *f;

    assert_non_null(piece);
    check_ok(fyi_outfile_open(path, &f));
    for (size_t i = 0; i < LEN(sizes); i++) {
        memset(piece, 'a' + (int)i, sizes[i]);
        check_ok(fyi_outfile_write(f, piece, sizes[i]));
    }
    check_ok(fyi_outfile_commit(f));
    check_ok(fyi_file_read(path, 1 << 20, &text, &bytes));
    for (size_t i = 0; i < LEN(sizes); i++)
        for (size_t k = 0; k < sizes[i]; k++, at++)
            if (text[at] != 'a' + (int)i)
                fail_msg("byte %zu is not of piece %zu", at, i);
    assert_int_equal(at, bytes);
    fyi_free(text);
    fyi_free(piece);
}

static void aborted_file_leaves_the_old_one(void **state)
{
    const char *path = fyt_path(*state, "kept");
    fyi_outfile *f;

    check_ok(fyi_file_write(path, "old", 3));
    check_ok(fyi_outfile_open(path, &f));
    check_ok(fyi_outfile_write(f, "new bytes", 9));
    check_content(path, "old");
    assert_int_equal(fyt_count_entries(*state), 2);
    fyi_outfile_abort(f);
    check_content(path, "old");
    assert_int_equal(fyt_count_entries(*state), 1);
    fyi_outfile_abort(NULL);
}

static void replaced_file_keeps_its_permissions(void **state)
{
    const char *path = fyt_path(*state, "secret");
    struct stat info;

    check_ok(fyi_file_write(path, "1", 1));
    assert_int_equal(chmod(path, 0600), 0);
    check_ok(fyi_file_write(path, "2", 1));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void longest_file_name_can_be_written(void **state)
{
    char name[256];

    memset(name, 'n', 255);
    name[255] = '\0';
    check_ok(fyi_file_write(fyt_path(*state, name), "x", 1));
    assert_int_equal(fyt_count_entries(*state), 1);
}

/* A limit on file size stands in for a full disk: the write fails after some bytes. */
static void set_size_limit(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = FYI_MIN(bytes, limit.rlim_max);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void full_disk_leaves_the_old_file_and_no_temporary(void **state)
{
    const char *path = fyt_path(*state, "model.safetensors");
    char *bytes = fyi_calloc(300000, 1);
    fy_status small, large;

    assert_non_null(bytes);
    check_ok(fyi_file_write(path, "old", 3));
    signal(SIGXFSZ, SIG_IGN);
    set_size_limit(1000);
    small = fyi_file_write(path, bytes, 2000); /* noticed by commit, which empties the buffer */
    large = fyi_file_write(path, bytes, 300000);
    set_size_limit(RLIM_INFINITY);
    fyi_free(bytes);

    check_status(small, FY_EIO);
    check_status(large, FY_EIO);
    check_sentence("model.safetensors");
    check_sentence("free some space");
    check_content(path, "old");
    assert_int_equal(fyt_count_entries(*state), 1);
}

static void file_with_a_failed_write_cannot_be_committed(void **state)
{
    const char *path = fyt_path(*state, "torn");
    char *bytes = fyi_calloc(300000, 1);
    fyi_outfile *f;
    fy_status first, second;

    assert_non_null(bytes);
    check_ok(fyi_outfile_open(path, &f));
    signal(SIGXFSZ, SIG_IGN);
    set_size_limit(1000);
    first = fyi_outfile_write(f, bytes, 300000);
    set_size_limit(RLIM_INFINITY);
    second = fyi_outfile_write(f, "x", 1);
    fyi_free(bytes);
    check_status(first, FY_EIO);
    check_status(second, FY_EIO);
    check_status(fyi_outfile_commit(f), FY_EIO);
    assert_int_equal(fyt_count_entries(*state), 0);
}

/* Nothing is forbidden to root, so the attempt is made as nobody. */
static void unwritable_directory_is_named_with_what_to_do(void **state)
{
    const char *dir = fyt_path(*state, "locked"), *path = fyt_path(*state, "locked/x.json");
    const uid_t me = geteuid();
    fy_status st;

    assert_int_equal(mkdir(dir, 0555), 0);
    assert_int_equal(chmod(*state, 0755), 0);
    if (me == 0 && seteuid(65534) != 0)
        skip();
    st = fyi_file_write(path, "x", 1);
    assert_int_equal(seteuid(me), 0);
    check_status(st, FY_EIO);
    check_sentence("locked/x.json");
    check_sentence("Permission denied");
    check_sentence("check the permissions");
    assert_int_equal(fyt_count_entries(dir), 0);
}

static const struct refusal_case {
    const char *path, *part, *why;
} refusals[] = {
    { "sub", "a directory", "renaming over it would fail after all the work" },
    { "sub/", "no file name", "the user forgot the name" },
    { "missing/x", "No such file", "nobody made the directory" },
    { "file/x", "Not a directory", "a file where a directory should be" },
    { "pipe", "a device or a pipe", "renaming would replace the device itself" },
};

static void paths_that_cannot_be_files_are_refused(void **state)
{
    assert_int_equal(mkdir(fyt_path(*state, "sub"), 0777), 0);
    assert_int_equal(mkfifo(fyt_path(*state, "pipe"), 0666), 0);
    check_ok(fyi_file_write(fyt_path(*state, "file"), "", 0));
    for (size_t i = 0; i < LEN(refusals); i++) {
        fyi_outfile *f = (fyi_outfile *)state;

        check_status(fyi_outfile_open(fyt_path(*state, refusals[i].path), &f), FY_EIO);
        check_sentence(refusals[i].part);
        assert_null(f);
    }
    assert_int_equal(fyt_count_entries(*state), 3);
}

static void reading_refuses_what_is_not_a_file_of_that_size(void **state)
{
    char *text = *state;
    size_t bytes = 1;

    check_status(fyi_file_read(fyt_path(*state, "absent"), 10, &text, &bytes), FY_EIO);
    check_sentence("absent': No such file");
    assert_null(text);
    assert_int_equal(bytes, 0);
    check_status(fyi_file_read(*state, 10, &text, &bytes), FY_EIO);
    check_sentence("a directory");
    assert_int_equal(mkfifo(fyt_path(*state, "pipe"), 0666), 0);
    check_status(fyi_file_read(fyt_path(*state, "pipe"), 10, &text, &bytes), FY_EIO);
    check_ok(fyi_file_write(fyt_path(*state, "eleven"), "01234567890", 11));
    check_status(fyi_file_read(fyt_path(*state, "eleven"), 10, &text, &bytes), FY_EFORMAT);
    check_sentence("has 11 bytes, at most 10");
}

/* sha256sum's figures; the second file is longer than one reading. */
static void files_are_hashed_whole(void **state)
{
    const size_t n = ((size_t)5 << 20) / 2;
    char *zeros = test_calloc(n, 1), hex[65];

    check_ok(fyi_file_write(fyt_path(*state, "empty"), "", 0));
    check_ok(fyi_file_sha256(fyt_path(*state, "empty"), hex));
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check_ok(fyi_file_write(fyt_path(*state, "zeros"), zeros, n));
    check_ok(fyi_file_sha256(fyt_path(*state, "zeros"), hex));
    assert_string_equal(hex, "6de7493c5c90f643357c268fbaaf461c1567e0334e4948023ce17268403aa37a");
    check_status(fyi_file_sha256(*state, hex), FY_EIO);
    check_sentence("a directory");
    check_status(fyi_file_sha256(fyt_path(*state, "absent"), hex), FY_EIO);
    test_free(zeros);
}

static fy_status write_and_read(void *path)
{
    char *text;
    size_t bytes;

    FYI_FORWARD(fyi_file_write(path, "text", 4));
    FYI_FORWARD(fyi_file_read(path, 100, &text, &bytes));
    fyi_free(text);
    return FY_OK;
}

static void running_out_of_memory_leaves_no_temporary(void **state)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/f", (const char *)*state);
    fyt_check_alloc_failures(write_and_read, path);
    assert_int_equal(fyt_count_entries(*state), 1);
}

static void directories_are_made_with_their_parents(void **state)
{
    check_ok(fyi_mkdirs(fyt_path(*state, "runs/a//b/")));
    check_ok(fyi_mkdirs(fyt_path(*state, "runs/a/b")));
    assert_true(fyi_path_exists(fyt_path(*state, "runs/a/b")));
    assert_false(fyi_path_exists(fyt_path(*state, "runs/b")));
    check_ok(fyi_file_write(fyt_path(*state, "runs/file"), "", 0));
    check_status(fyi_mkdirs(fyt_path(*state, "runs/file/x")), FY_EIO);
    check_sentence("a file is in the way");
    check_status(fyi_mkdirs(fyt_path(*state, "runs/file")), FY_EIO);
    check_status(fyi_mkdirs(""), FY_EIO);
}

static const struct join_case {
    const char *dir, *name, *expected;
} joins[] = {
    { "runs", "a", "runs/a" },  { "runs/", "a", "runs/a" }, { "", "a", "a" },
    { "runs", "/abs", "/abs" }, { "/", "a", "/a" },         { ".", "a/b", "./a/b" },
};

static void paths_join_with_one_slash(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(joins); i++) {
        char *path = fyi_path_join(joins[i].dir, joins[i].name);

        assert_string_equal(path, joins[i].expected);
        fyi_free(path);
    }
    fyt_fail_alloc(1, FYT_AND_LATER);
    assert_null(fyi_path_join("a", "b"));
    assert_true(fyt_fail_alloc_off());
}

#define IN_TMPDIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

static void what_the_machine_has_is_known(void **state)
{
    size_t bytes = 0;
    assert_true(fyi_memory_bytes() >= (size_t)1 << 20);
    check_ok(fyi_disk_free(*state, &bytes));
    assert_true(bytes > 0);
    check_status(fyi_disk_free(fyt_path(*state, "nowhere"), &bytes), FY_EIO);
    check_sentence("cannot look at the disk of");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TMPDIR(written_file_reads_back),
        IN_TMPDIR(what_the_machine_has_is_known),
        IN_TMPDIR(pieces_arrive_in_order),
        IN_TMPDIR(aborted_file_leaves_the_old_one),
        IN_TMPDIR(replaced_file_keeps_its_permissions),
        IN_TMPDIR(longest_file_name_can_be_written),
        IN_TMPDIR(full_disk_leaves_the_old_file_and_no_temporary),
        IN_TMPDIR(file_with_a_failed_write_cannot_be_committed),
        IN_TMPDIR(unwritable_directory_is_named_with_what_to_do),
        IN_TMPDIR(paths_that_cannot_be_files_are_refused),
        IN_TMPDIR(reading_refuses_what_is_not_a_file_of_that_size),
        IN_TMPDIR(files_are_hashed_whole),
        IN_TMPDIR(running_out_of_memory_leaves_no_temporary),
        IN_TMPDIR(directories_are_made_with_their_parents),
        cmocka_unit_test(paths_join_with_one_slash),
    };

    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
