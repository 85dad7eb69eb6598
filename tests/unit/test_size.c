/* Guards sizes in bytes as people write them: what is read, what is refused, and that what is written reads back. */
#include "support/support.h"

static const struct size_case {
    const char *text;
    int64_t bytes; /* -1: refused */
    const char *why;
} sizes[] = {
    { "0", 0, "none" },
    { "65536", 65536, "plain bytes" },
    { "512 bytes", 512, "said in full" },
    { "1B", 1, "the smallest unit" },
    { "800MB", 800000000, "a million" },
    { "800 MiB", 838860800, "a space" },
    { "1.5GiB", 1610612736, "a fraction" },
    { "1.5gib", 1610612736, "in any case" },
    { "2TB", 2000000000000, "more than 32 bits" },
    { "0.0001KB", 0, "less than a byte" },
    { "", -1, "nothing" },
    { "GiB", -1, "a unit alone" },
    { "-1", -1, "below zero" },
    { "1.5", 1, "rounded down" },
    { "1.5.2GiB", -1, "two points" },
    { ".5GiB", -1, "no digit before the point" },
    { "1e9", -1, "an exponent is no unit" },
    { "0x10", -1, "hexadecimal" },
    { "3 apples", -1, "no unit" },
    { "3  GiB", -1, "two spaces" },
    { "1GiB ", -1, "something after it" },
    { "9000000000GB", -1, "more than a file or a memory can have" },
    { "99999999999999999999999999999999999999999999", -1, "far more" },
};

static void sizes_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(sizes); i++) {
        int64_t bytes = -1;
        const bool is_read = fyi_size_read(sizes[i].text, &bytes);
        if (is_read != (sizes[i].bytes >= 0) || (is_read && bytes != sizes[i].bytes))
            fail_msg("'%s' gives %d, %lld: %s", sizes[i].text, is_read, (long long)bytes,
                     sizes[i].why);
    }
}

static const struct text_case {
    int64_t bytes;
    const char *exact, *rounded;
} texts[] = {
    { 0, "0", "0 bytes" },
    { 1000, "1KB", "1000 bytes" },
    { 1536, "1536", "1.5 KiB" },
    { 1610612736, "1536MiB", "1.5 GiB" },
    { 800000000, "800MB", "762.9 MiB" },
    { 1073741825, "1073741825", "1.0 GiB" },
    { 2199023255552, "2TiB", "2.0 TiB" },
};

static void sizes_are_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(texts); i++) {
        char rounded[FYI_SIZE_CHARS];
        int64_t back = -1;
        fyi_buf exact = { 0 };
        fyi_size_put(&exact, texts[i].bytes);
        assert_string_equal(exact.p, texts[i].exact);
        assert_true(fyi_size_read(exact.p, &back));
        assert_int_equal(back, texts[i].bytes);
        assert_string_equal(fyi_size_text((uint64_t)texts[i].bytes, rounded), texts[i].rounded);
        fyi_buf_release(&exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_read),
        cmocka_unit_test(sizes_are_written),
    };
    return cmocka_run_group_tests_name("size", tests, NULL, NULL);
}
