/* Guards the loop over the compute threads: every index exactly once, in ranges that depend on
 * nothing but the sizes, so that sums come out the same on every run.
 *
 * labels: threads */
#include "support/support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define MAX_N 1000

typedef struct visits {
    atomic_int count[MAX_N];
    atomic_int n_ranges;
    int64_t end_of[MAX_N]; /* where the range that begins here ends */
} visits;

static void visit(void *ctx, int64_t begin, int64_t end)
{
    visits *v = ctx;

    atomic_fetch_add(&v->n_ranges, 1);
    v->end_of[begin] = end;
    for (int64_t i = begin; i < end; i++)
        atomic_fetch_add(&v->count[i], 1);
}

static const struct range_case {
    int64_t n, grain;
    int threads, n_ranges;
    const char *why;
} ranges[] = {
    { 0, 1, 4, 0, "nothing to do" },
    { 1, 1, 4, 1, "fewer items than threads" },
    { 3, 1, 4, 3, "one each" },
    { 1000, 1, 4, 4, "divides" },
    { 1000, 1, 3, 3, "does not divide" },
    { 1000, 1, 16, 16, "more threads than cores" },
    { 1000, 400, 4, 2, "the grain leaves two parts" },
    { 1000, 501, 4, 1, "the grain leaves one" },
    { 1000, 5000, 4, 1, "a grain above n" },
    { 1000, 0, 2, 2, "a grain of 0 counts as 1" },
    { 1000, 1, 1, 1, "one thread" },
};

static void check_ranges(const struct range_case *c, visits *v)
{
    memset(v, 0, sizeof(*v));
    fyi_set_threads(c->threads);
    fyi_parallel(c->n, c->grain, visit, v);
    assert_int_equal(v->n_ranges, c->n_ranges);
    for (int64_t i = 0; i < c->n; i++)
        assert_int_equal(v->count[i], 1);
    for (int64_t i = 0; i < c->n && c->n_ranges > 1; i = v->end_of[i])
        assert_true(v->end_of[i] - i >= FYI_MIN(c->grain, c->n / c->n_ranges));
}

static void every_index_is_visited_once(void **state)
{
    static visits v, again;

    (void)state;
    for (size_t i = 0; i < LEN(ranges); i++) {
        check_ranges(&ranges[i], &v);
        check_ranges(&ranges[i], &again);
        assert_memory_equal(v.end_of, again.end_of, sizeof(v.end_of));
    }
    fyi_set_threads(0);
}

static void note_ends(void *ctx, int64_t begin, int64_t end)
{
    int64_t *total = ctx;

    assert_true(begin >= 0 && begin < end);
    __atomic_fetch_add(total, end - begin, __ATOMIC_RELAXED);
}

static void counts_near_the_largest_do_not_overflow(void **state)
{
    int64_t total = 0;

    (void)state;
    fyi_set_threads(7);
    fyi_parallel(INT64_MAX, 1, note_ends, &total);
    fyi_set_threads(0);
    assert_int_equal(total, INT64_MAX);
}

static void count_nested(void *ctx, int64_t begin, int64_t end)
{
    (void)begin;
    (void)end;
    atomic_fetch_add((atomic_int *)ctx, 1);
}

static void nest_and_count(void *ctx, int64_t begin, int64_t end)
{
    for (int64_t i = begin; i < end; i++)
        fyi_parallel(MAX_N, 1, count_nested, ctx);
}

static void loops_inside_loops_do_not_multiply_threads(void **state)
{
    atomic_int n_calls = 0;

    (void)state;
    fyi_set_threads(4);
    fyi_parallel(4, 1, nest_and_count, &n_calls);
    fyi_set_threads(0);
    assert_int_equal(n_calls, 4);
}

static void *loop_elsewhere(void *arg)
{
    for (int i = 0; i < 20; i++)
        fyi_parallel(MAX_N, 1, count_nested, arg);
    return NULL;
}

static void several_callers_may_loop_at_once(void **state)
{
    atomic_int n_calls = 0;
    pthread_t threads[3];

    (void)state;
    fyi_set_threads(2);
    for (size_t i = 0; i < LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, loop_elsewhere, &n_calls), 0);
    for (size_t i = 0; i < LEN(threads); i++)
        pthread_join(threads[i], NULL);
    fyi_set_threads(0);
    assert_int_equal(n_calls, 3 * 20 * 2);
}

static void thread_count_can_be_set_and_reset(void **state)
{
    const int all = fyi_threads();

    (void)state;
    assert_true(all >= 1);
    fyi_set_threads(3);
    assert_int_equal(fyi_threads(), 3);
    fyi_set_threads(0);
    assert_int_equal(fyi_threads(), all);
    fyi_set_threads(INT32_MAX);
    assert_in_range(fyi_threads(), 1, 1024);
    fyi_set_threads(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_index_is_visited_once),
        cmocka_unit_test(counts_near_the_largest_do_not_overflow),
        cmocka_unit_test(loops_inside_loops_do_not_multiply_threads),
        cmocka_unit_test(several_callers_may_loop_at_once),
        cmocka_unit_test(thread_count_can_be_set_and_reset),
    };

    return cmocka_run_group_tests_name("parallel", tests, NULL, NULL);
}
