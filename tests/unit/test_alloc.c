/* Guards the door to the heap: alignment, counting, zeroing, overflow, and the replaceable
 * allocator on which every out-of-memory test stands. */
#include "support/support.h"

#include <string.h>

static bool is_zero(const void *p, size_t bytes)
{
    const unsigned char *b = p;

    for (size_t i = 0; i < bytes; i++)
        if (b[i])
            return false;
    return true;
}

static void blocks_are_aligned_for_vectors(void **state)
{
    static const size_t sizes[] = { 0, 1, 63, 64, 65, 4096, 100001 };

    (void)state;
    for (size_t i = 0; i < LEN(sizes); i++) {
        char *p = fyi_alloc(sizes[i]);

        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 64, 0);
        memset(p, 0xff, sizes[i]);
        fyi_free(p);
    }
    fyi_free(NULL);
}

static void calls_are_counted(void **state)
{
    const uint64_t before = fy_alloc_count();

    (void)state;
    fyi_free(fyi_alloc(10));
    fyi_free(fyi_calloc(3, 4));
    fyi_free(fyi_strdup("text"));
    assert_int_equal(fy_alloc_count() - before, 3);
}

static void calloc_zeroes_and_checks_the_product(void **state)
{
    char *p = fyi_alloc(1000);

    (void)state;
    assert_non_null(p);
    memset(p, 0xff, 1000);
    fyi_free(p);
    p = fyi_calloc(10, 100);
    assert_true(is_zero(p, 1000));
    fyi_free(p);
    assert_null(fyi_calloc(SIZE_MAX / 2, 3));
    assert_null(fyi_alloc(SIZE_MAX));
}

static void realloc_keeps_the_smaller_part(void **state)
{
    char *p = fyi_realloc(NULL, 0, 4);

    (void)state;
    assert_non_null(p);
    memcpy(p, "abcd", 4);
    p = fyi_realloc(p, 4, 1000);
    assert_non_null(p);
    assert_memory_equal(p, "abcd", 4);
    p = fyi_realloc(p, 1000, 2);
    assert_non_null(p);
    assert_memory_equal(p, "ab", 2);
    fyi_free(p);
}

static void failed_realloc_leaves_the_old_block(void **state)
{
    char *p, *q;

    (void)state;
    fyt_fail_alloc(2, FYT_AND_LATER);
    p = fyi_strdup("kept");
    q = fyi_realloc(p, 5, 500);
    assert_null(q);
    assert_string_equal(p, "kept");
    fyi_free(p);
    assert_true(fyt_fail_alloc_off());
    assert_int_equal(fyt_live_allocs(), 0);
}

static void large_blocks_are_zero_and_on_huge_pages(void **state)
{
    static const size_t sizes[] = { 0, 100, ((size_t)2 << 20) - 1, (size_t)2 << 20,
                                    (size_t)5 << 20 };

    (void)state;
    for (size_t i = 0; i < LEN(sizes); i++) {
        const size_t align = sizes[i] >= (size_t)2 << 20 ? (size_t)2 << 20 : 64;
        char *p = fyi_alloc_block(sizes[i]);

        assert_non_null(p);
        assert_int_equal((uintptr_t)p % align, 0);
        assert_true(is_zero(p, sizes[i]));
        fyi_free(p);
    }
}

static void multiplication_overflow_is_seen(void **state)
{
    size_t product;

    (void)state;
    assert_false(fyi_mul_overflows(SIZE_MAX / 3, 3, &product));
    assert_int_equal(product, SIZE_MAX / 3 * 3);
    assert_true(fyi_mul_overflows(SIZE_MAX / 3 + 1, 3, &product));
    assert_false(fyi_mul_overflows(0, SIZE_MAX, &product));
}

/* Growing keeps what is there, and a failure leaves the array usable. */
static void arrays_grow_and_survive_failure(void **state)
{
    int64_t *v = NULL;
    size_t cap = 0;

    (void)state;
    for (size_t i = 0; i < 1000; i++) {
        check_ok(fyi_grow(&v, &cap, i + 1, sizeof(*v)));
        v[i] = (int64_t)i;
    }
    check_status(fyi_grow(&v, &cap, SIZE_MAX / 4, sizeof(*v)), FY_ENOMEM);
    for (int64_t i = 0; i < 1000; i++)
        assert_int_equal(v[i], i);
    assert_in_range(cap, 1000, 2000);
    fyi_free(v);
}

static void buffers_append_print_and_end_in_nul(void **state)
{
    fyi_buf b = { 0 };

    (void)state;
    fyi_buf_append(&b, "", 0);
    assert_string_equal(b.p, "");
    fyi_buf_puts(&b, "x");
    for (int i = 0; i < 100; i++)
        fyi_buf_printf(&b, "%02d,", i);
    assert_int_equal(b.len, 301);
    assert_int_equal(strlen(b.p), 301);
    assert_memory_equal(b.p, "x00,01,02", 9);
    assert_false(b.failed);
    fyi_buf_release(&b);
    assert_null(b.p);
}

static void failed_buffer_ignores_what_follows(void **state)
{
    fyi_buf b = { 0 };

    (void)state;
    fyt_fail_alloc(2, FYT_ONCE);
    fyi_buf_puts(&b, "1234567");
    fyi_buf_puts(&b, "this needs more room");
    fyi_buf_puts(&b, "!");
    fyi_buf_printf(&b, "%d", 5);
    assert_true(b.failed);
    assert_string_equal(b.p, "1234567");
    fyi_buf_release(&b);
    assert_true(fyt_fail_alloc_off());
    assert_int_equal(fyt_live_allocs(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_aligned_for_vectors),
        cmocka_unit_test(calls_are_counted),
        cmocka_unit_test(calloc_zeroes_and_checks_the_product),
        cmocka_unit_test(realloc_keeps_the_smaller_part),
        cmocka_unit_test(failed_realloc_leaves_the_old_block),
        cmocka_unit_test(large_blocks_are_zero_and_on_huge_pages),
        cmocka_unit_test(multiplication_overflow_is_seen),
        cmocka_unit_test(arrays_grow_and_survive_failure),
        cmocka_unit_test(buffers_append_print_and_end_in_nul),
        cmocka_unit_test(failed_buffer_ignores_what_follows),
    };

    return cmocka_run_group_tests_name("alloc", tests, NULL, NULL);
}
