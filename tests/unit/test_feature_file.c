/* Guards the files of the feature cache among processes: what several need at a time one computes; one that is killed
 * keeps nobody waiting, and what it has left is removed. */
#include "support/support.h"

#include "train/feature_file.h"

#include <ferry/ferry.h>

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COUNT = 1000, BYTES = COUNT * sizeof(float) };

static const char *const key = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static void fill(float *rows, float from)
{
    for (int i = 0; i < COUNT; i++)
        rows[i] = from + (float)i;
}

/* Looks, computes if nobody has; *was_found: somebody had. */
static fy_status work(const char *dir, float from, int pause_ms, bool *was_found)
{
    fyi_feature_file f;
    fy_status st = fyi_feature_file_find(&f, dir, key, BYTES);
    if (st == FY_OK && !f.is_found)
        st = fyi_feature_file_lock(&f);
    *was_found = f.is_found;
    if (st == FY_OK && !f.is_found)
        st = fyi_feature_file_begin(&f);
    if (st == FY_OK && !f.is_found) {
        fill(f.rows, from);
        usleep((useconds_t)pause_ms * 1000);
        st = fyi_feature_file_commit(&f);
    }
    if (st == FY_OK && f.rows[COUNT - 1] != f.rows[0] + COUNT - 1)
        st = FY_EFORMAT;
    fyi_feature_file_release(&f);
    return st;
}

static void processes_compute_once(void **state)
{
    enum { N = 4 };
    const char *dir = *state;
    pid_t child[N];
    int n_found = 0;
    for (int i = 0; i < N; i++)
        if ((child[i] = fork()) == 0) {
            bool found;
            const fy_status st = work(dir, (float)i, 150, &found);
            _exit(st != FY_OK ? 9 : found);
        }
    for (int i = 0; i < N; i++) {
        int how = 0;
        assert_int_equal(waitpid(child[i], &how, 0), child[i]);
        assert_true(WIFEXITED(how) && WEXITSTATUS(how) <= 1);
        n_found += WEXITSTATUS(how);
    }
    assert_int_equal(n_found, N - 1);
    assert_int_equal(fyt_count_entries(dir), 1); /* neither locks nor temporaries */
    assert_int_equal(fyi_feature_files_bytes(dir), BYTES + 64);
}

/* Computes until it is killed. */
static void hang(const char *dir, int ready)
{
    fyi_feature_file f;
    if (fyi_feature_file_find(&f, dir, key, BYTES) != FY_OK || f.is_found ||
        fyi_feature_file_lock(&f) != FY_OK || fyi_feature_file_begin(&f) != FY_OK)
        _exit(9);
    fill(f.rows, 7);
    if (write(ready, "", 1) != 1)
        _exit(9);
    for (;;)
        pause();
}

static pid_t start_hanging(const char *dir)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0)
        hang(dir, ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(close(ready[0]), 0);
    assert_int_equal(close(ready[1]), 0);
    return child;
}

static void one_that_is_killed_leaves_nothing(void **state)
{
    const char *dir = *state;
    const pid_t child = start_hanging(dir);
    bool found = true;
    assert_int_equal(fyt_count_entries(dir), 2); /* its lock and what it writes */
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    check_ok(work(dir, 0, 0, &found));
    assert_false(found);
    assert_int_equal(fyt_count_entries(dir), 1);
    check_ok(work(dir, 0, 0, &found));
    assert_true(found);
}

/* Whoever waits for another hears that it is to stop. */
static void waiting_can_be_stopped(void **state)
{
    const char *dir = *state;
    const pid_t child = start_hanging(dir);
    const volatile sig_atomic_t flag = 1;
    const volatile sig_atomic_t *before = fy_cancel_set(&flag);
    bool found;
    const fy_status st = work(dir, 0, 0, &found);
    (void)fy_cancel_set(before);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(st, FY_ECANCELED);
    check_sentence("waiting for another process's feature cache");
}

static void what_is_broken_off_is_removed(void **state)
{
    fyi_feature_file f;
    check_ok(fyi_feature_file_find(&f, *state, key, BYTES));
    check_ok(fyi_feature_file_lock(&f));
    check_ok(fyi_feature_file_begin(&f));
    fyi_feature_file_release(&f);
    assert_int_equal(fyt_count_entries(*state), 0);
}

int main(void)
{
#define IN_TMPDIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)
    const struct CMUnitTest tests[] = {
        IN_TMPDIR(processes_compute_once),
        IN_TMPDIR(one_that_is_killed_leaves_nothing),
        IN_TMPDIR(waiting_can_be_stopped),
        IN_TMPDIR(what_is_broken_off_is_removed),
    };
    return cmocka_run_group_tests_name("feature_file", tests, NULL, NULL);
}
