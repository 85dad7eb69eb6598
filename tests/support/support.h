/* support.h: what all tests share: comparing numbers, failing allocations, temporary directories,
 * and finding the real data sets. */
#ifndef FYT_SUPPORT_H
#define FYT_SUPPORT_H

/* cmocka asks for these before its own header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"

#define LEN(a) FYI_LEN(a)

/* ---- numbers -----------------------------------------------------------------------------------
 */

/* Fails unless |actual - expected| <= atol + rtol * |expected| for all n values; NaN equals only
 * NaN. Prints how many differ, and the worst index with both values. */
#define check_close(actual, expected, n, rtol, atol) \
    fyt_check_close((actual), (expected), (n), (rtol), (atol), __FILE__, __LINE__)
#define check_close_f64(actual, expected, n, rtol, atol) \
    fyt_check_close_f64((actual), (expected), (n), (rtol), (atol), __FILE__, __LINE__)
void fyt_check_close(const float *actual, const float *expected, int64_t n, double rtol,
                     double atol, const char *file, int line);
void fyt_check_close_f64(const double *actual, const double *expected, int64_t n, double rtol,
                         double atol, const char *file, int line);

/* ---- statuses ----------------------------------------------------------------------------------
 */

/* Fails with the sentence of the failure unless `expr` is FY_OK. */
#define check_ok(expr) fyt_check_status((expr), FY_OK, #expr, __FILE__, __LINE__)
#define check_status(expr, expected) fyt_check_status((expr), (expected), #expr, __FILE__, __LINE__)
void fyt_check_status(fy_status actual, fy_status expected, const char *expr, const char *file,
                      int line);
/* Fails unless the last failure's sentence contains `part`. */
#define check_sentence(part) fyt_check_contains(fy_last_error(), (part), __FILE__, __LINE__)
#define check_contains(text, part) fyt_check_contains((text), (part), __FILE__, __LINE__)
void fyt_check_contains(const char *text, const char *part, const char *file, int line);

/* ---- memory ------------------------------------------------------------------------------------
 */

/* Lets the n-th allocation from now fail (1 is the next one), and all later ones too with
 * FYT_AND_LATER. fyt_fail_alloc_off ends it and says whether an allocation has failed. */
enum fyt_fail { FYT_ONCE, FYT_AND_LATER };
void fyt_fail_alloc(uint64_t n, enum fyt_fail how);
bool fyt_fail_alloc_off(void);
/* Blocks not freed yet since the last fyt_fail_alloc. */
int64_t fyt_live_allocs(void);

/* Runs `attempt` with the allocation 1, 2, 3... failing, once alone and once with all later ones,
 * until it succeeds without a failure. Each failed attempt must return FY_ENOMEM with a sentence
 * and leave nothing allocated. `attempt` frees what it made. */
void fyt_check_alloc_failures(fy_status (*attempt)(void *arg), void *arg);

/* ---- files -------------------------------------------------------------------------------------
 */

/* cmocka fixtures: *state is the path of a new empty directory; the other removes it with all in
 * it. */
int fyt_tmpdir_setup(void **state);
int fyt_tmpdir_teardown(void **state);
/* dir/name in a static buffer, overwritten by the fourth call after. */
const char *fyt_path(const char *dir, const char *name);
/* Files and directories in `dir`, hidden ones included. */
int fyt_count_entries(const char *dir);

/* Fails with the file's name unless both hold the same bytes. */
#define check_same_file(a, b) fyt_check_same_file((a), (b), __FILE__, __LINE__)
/* The same for a file of this name in each of two directories. */
#define check_same_in(a, b, name) \
    fyt_check_same_file(fyt_path((a), (name)), fyt_path((b), (name)), __FILE__, __LINE__)
void fyt_check_same_file(const char *a, const char *b, const char *file, int line);

/* The repository's path/name, in one of fyt_path's buffers. */
const char *fyt_source_path(const char *name);
/* That of tests/golden/name. */
const char *fyt_golden_path(const char *name);
/* tests/golden/name, whole; free with fyi_free. */
char *fyt_golden(const char *name, size_t *bytes);

/* $FERRY_DATA/name if it exists, else NULL after a line that says so: the test then calls skip().
 */
const char *fyt_data_path(const char *name);

#endif
