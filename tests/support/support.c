/* support.c: see support.h. */
#include "support/support.h"

#include <dirent.h>
#include <ftw.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- numbers -----------------------------------------------------------------------------------
 */

typedef struct worst {
    int64_t n_bad, index;
    double excess, actual, expected;
} worst;

/* How far a pair is past its tolerance; infinite where no tolerance could help. */
static double excess_of(double actual, double expected, double rtol, double atol)
{
    if (isnan(actual) && isnan(expected))
        return 0;
    if (actual == expected) /* equal infinities too */
        return 0;
    if (!isfinite(actual) || !isfinite(expected))
        return (double)INFINITY;
    return fmax(0, fabs(actual - expected) - atol - rtol * fabs(expected));
}

static void look_at(worst *w, int64_t i, double actual, double expected, double excess)
{
    if (excess <= 0)
        return;
    w->n_bad++;
    if (w->n_bad > 1 && excess <= w->excess)
        return;
    w->index = i;
    w->excess = excess;
    w->actual = actual;
    w->expected = expected;
}

static void report(const worst *w, int64_t n, double rtol, double atol, const char *file, int line)
{
    if (w->n_bad == 0)
        return;
    print_error("%lld of %lld values differ; the worst, [%lld]: actual %.9g, expected %.9g, "
                "difference %.3g (rtol %g, atol %g)\n",
                (long long)w->n_bad, (long long)n, (long long)w->index, w->actual, w->expected,
                w->actual - w->expected, rtol, atol);
    _fail(file, line);
}

void fyt_check_close(const float *actual, const float *expected, int64_t n, double rtol,
                     double atol, const char *file, int line)
{
    worst w = { 0 };

    for (int64_t i = 0; i < n; i++) {
        const double a = (double)actual[i], e = (double)expected[i];

        look_at(&w, i, a, e, excess_of(a, e, rtol, atol));
    }
    report(&w, n, rtol, atol, file, line);
}

void fyt_check_close_f64(const double *actual, const double *expected, int64_t n, double rtol,
                         double atol, const char *file, int line)
{
    worst w = { 0 };

    for (int64_t i = 0; i < n; i++)
        look_at(&w, i, actual[i], expected[i], excess_of(actual[i], expected[i], rtol, atol));
    report(&w, n, rtol, atol, file, line);
}

/* ---- statuses ----------------------------------------------------------------------------------
 */

void fyt_check_status(fy_status actual, fy_status expected, const char *expr, const char *file,
                      int line)
{
    if (actual == expected)
        return;
    print_error("%s gave %s, expected %s; the sentence: \"%s\"\n", expr, fy_status_name(actual),
                fy_status_name(expected), fy_last_error());
    _fail(file, line);
}

void fyt_check_contains(const char *text, const char *part, const char *file, int line)
{
    if (strstr(text, part))
        return;
    print_error("\"%s\"\n  does not contain \"%s\"\n", text, part);
    _fail(file, line);
}

/* ---- memory ------------------------------------------------------------------------------------
 */

static struct {
    uint64_t fail_at;
    enum fyt_fail how;
    atomic_uint_fast64_t n_calls;
    atomic_int_fast64_t n_live;
    atomic_bool has_failed;
} failing;

static void *failing_alloc(void *arg, size_t bytes, size_t align)
{
    const uint64_t i = atomic_fetch_add(&failing.n_calls, 1) + 1;
    void *p = NULL;

    (void)arg;
    if (i == failing.fail_at || (i > failing.fail_at && failing.how == FYT_AND_LATER)) {
        atomic_store(&failing.has_failed, true);
        return NULL;
    }
    if (posix_memalign(&p, align, bytes) != 0)
        return NULL;
    atomic_fetch_add(&failing.n_live, 1);
    return p;
}

static void failing_free(void *arg, void *p)
{
    (void)arg;
    atomic_fetch_sub(&failing.n_live, 1);
    free(p);
}

void fyt_fail_alloc(uint64_t n, enum fyt_fail how)
{
    static const fy_allocator allocator = { failing_alloc, failing_free, NULL };

    failing.fail_at = n;
    failing.how = how;
    atomic_store(&failing.n_calls, 0);
    atomic_store(&failing.n_live, 0);
    atomic_store(&failing.has_failed, false);
    fy_allocator_set(&allocator);
}

bool fyt_fail_alloc_off(void)
{
    fy_allocator_set(NULL);
    return atomic_load(&failing.has_failed);
}

int64_t fyt_live_allocs(void)
{
    return atomic_load(&failing.n_live);
}

/* Whether the attempt got through without meeting the n-th allocation. */
static bool attempt_survives(fy_status (*attempt)(void *), void *arg, uint64_t n, enum fyt_fail how)
{
    fy_status st;
    bool has_failed;

    fyt_fail_alloc(n, how);
    st = attempt(arg);
    has_failed = fyt_fail_alloc_off();
    if (fyt_live_allocs() != 0)
        fail_msg("allocation %llu failing leaves %lld blocks behind", (unsigned long long)n,
                 (long long)fyt_live_allocs());
    if (!has_failed) {
        check_ok(st);
        return true;
    }
    if (st != FY_ENOMEM || !strstr(fy_last_error(), "memory"))
        fail_msg("allocation %llu failing gives %s, \"%s\"", (unsigned long long)n,
                 fy_status_name(st), fy_last_error());
    return false;
}

void fyt_check_alloc_failures(fy_status (*attempt)(void *arg), void *arg)
{
    for (int how = FYT_ONCE; how <= FYT_AND_LATER; how++)
        for (uint64_t n = 1; !attempt_survives(attempt, arg, n, (enum fyt_fail)how); n++)
            if (n == 100000)
                fail_msg("still failing after 100000 allocations");
}

/* ---- files -------------------------------------------------------------------------------------
 */

int fyt_tmpdir_setup(void **state)
{
    const char *root = getenv("TMPDIR");
    char *path = NULL;

    if (asprintf(&path, "%s/ferry-test-XXXXXX", root ? root : "/tmp") < 0)
        return -1;
    *state = mkdtemp(path);
    return *state ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

/* A test may have taken the write permission away from directories inside. */
static int allow_entry(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)at;
    return kind == FTW_D || kind == FTW_DNR ? chmod(path, 0700) : 0;
}

int fyt_tmpdir_teardown(void **state)
{
    char *path = *state;

    (void)nftw(path, allow_entry, 16, FTW_PHYS);
    (void)nftw(path, remove_entry, 16, FTW_PHYS | FTW_DEPTH);
    free(path);
    return 0;
}

const char *fyt_path(const char *dir, const char *name)
{
    static char paths[4][4096];
    static unsigned i_next;
    char *path = paths[i_next++ % 4];

    if (snprintf(path, sizeof(paths[0]), "%s/%s", dir, name) >= (int)sizeof(paths[0]))
        fail_msg("the path %s/%s is too long", dir, name);
    return path;
}

int fyt_count_entries(const char *dir)
{
    DIR *d = opendir(dir);
    const struct dirent *entry;
    int n = 0;

    if (!d)
        fail_msg("cannot list %s", dir);
    while ((entry = readdir(d)) != NULL)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(d);
    return n;
}

void fyt_check_same_file(const char *a, const char *b, const char *file, int line)
{
    char *x, *y;
    size_t n, m;
    bool is_same;

    check_ok(fyi_file_read(a, (size_t)1 << 28, &x, &n));
    check_ok(fyi_file_read(b, (size_t)1 << 28, &y, &m));
    is_same = n == m && memcmp(x, y, n) == 0;
    fyi_free(y);
    fyi_free(x);
    if (is_same)
        return;
    print_error("%s (%zu bytes) and %s (%zu bytes) differ\n", a, n, b, m);
    _fail(file, line);
}

const char *fyt_source_path(const char *name)
{
    const char *source = getenv("FERRY_SOURCE");

    return fyt_path(source != NULL ? source : ".", name);
}

const char *fyt_golden_path(const char *name)
{
    char of_golden[1024];

    if (snprintf(of_golden, sizeof of_golden, "tests/golden/%s", name) >= (int)sizeof of_golden)
        fail_msg("the name %s is too long", name);
    return fyt_source_path(of_golden);
}

char *fyt_golden(const char *name, size_t *bytes)
{
    char *p;

    check_ok(fyi_file_read(fyt_golden_path(name), (size_t)1 << 24, &p, bytes));
    return p;
}

const char *fyt_data_path(const char *name)
{
    const char *root = getenv("FERRY_DATA");
    const char *path;

    if (!root || !*root) {
        print_message("skipped: FERRY_DATA is not set, so there is no %s\n", name);
        return NULL;
    }
    path = fyt_path(root, name);
    if (fyi_path_exists(path))
        return path;
    print_message("skipped: %s does not exist\n", path);
    return NULL;
}
