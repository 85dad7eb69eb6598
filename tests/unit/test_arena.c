/* Guards the bump allocator behind graphs: items must not overlap, must start as zeros, and must
 * all go at once. */
#include "support/support.h"

#include <string.h>

static void items_are_aligned_zero_and_apart(void **state)
{
    static const size_t sizes[] = { 1, 0, 16, 17, 4000, 9000, 3, 2000000, 5 };
    unsigned char *items[LEN(sizes)];
    fyi_arena a = { 0 };

    (void)state;
    for (size_t i = 0; i < LEN(sizes); i++) {
        items[i] = fyi_arena_alloc(&a, sizes[i]);
        assert_non_null(items[i]);
        assert_int_equal((uintptr_t)items[i] % 16, 0);
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(items[i][k], 0);
        memset(items[i], (int)i + 1, sizes[i]);
    }
    for (size_t i = 0; i < LEN(sizes); i++)
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(items[i][k], i + 1);
    fyi_arena_release(&a);
}

static void small_items_need_few_allocations(void **state)
{
    const uint64_t before = fy_alloc_count();
    fyi_arena a = { 0 };

    (void)state;
    for (int i = 0; i < 20000; i++)
        assert_non_null(fyi_arena_alloc(&a, 40));
    assert_in_range(fy_alloc_count() - before, 1, 12);
    fyi_arena_release(&a);
}

static void text_and_bytes_are_copied(void **state)
{
    fyi_arena a = { 0 };
    char source[] = "conv1";
    char *copy = fyi_arena_dup(&a, source, sizeof(source));
    char *text = fyi_arena_printf(&a, "%s.%d.weight", source, 12);

    (void)state;
    source[0] = 'X';
    assert_string_equal(copy, "conv1");
    assert_string_equal(text, "conv1.12.weight");
    fyi_arena_release(&a);
}

static void released_arena_is_ready_again(void **state)
{
    fyi_arena a = { 0 };

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_non_null(fyi_arena_alloc(&a, 10000));
        fyi_arena_release(&a);
        assert_null(a.blocks);
    }
    fyi_arena_release(&a);
}

static void impossible_sizes_are_refused(void **state)
{
    fyi_arena a = { 0 };

    (void)state;
    assert_null(fyi_arena_alloc(&a, SIZE_MAX));
    assert_null(fyi_arena_alloc(&a, SIZE_MAX - 8));
    assert_non_null(fyi_arena_alloc(&a, 8));
    fyi_arena_release(&a);
}

static fy_status fill(void *arg)
{
    fyi_arena a = { 0 };
    fy_status st = FY_OK;

    (void)arg;
    for (int i = 0; i < 30 && st == FY_OK; i++)
        if (!fyi_arena_alloc(&a, 3000) || !fyi_arena_printf(&a, "%d", i))
            st = fyi_enomem(3000, "an item");
    fyi_arena_release(&a);
    return st;
}

static void running_out_of_memory_leaves_nothing(void **state)
{
    (void)state;
    fyt_check_alloc_failures(fill, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_aligned_zero_and_apart),
        cmocka_unit_test(small_items_need_few_allocations),
        cmocka_unit_test(text_and_bytes_are_copied),
        cmocka_unit_test(released_arena_is_ready_again),
        cmocka_unit_test(impossible_sizes_are_refused),
        cmocka_unit_test(running_out_of_memory_leaves_nothing),
    };

    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
