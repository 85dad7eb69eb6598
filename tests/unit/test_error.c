/* Guards the error record: what users read when something fails must be whole, right, and their own
 * thread's. */
#include "support/support.h"

#include <pthread.h>
#include <string.h>

static void statuses_have_names_and_texts(void **state)
{
    (void)state;
    assert_string_equal(fy_status_name(FY_OK), "FY_OK");
    assert_string_equal(fy_status_name(FY_ESHAPE), "FY_ESHAPE");
    assert_string_equal(fy_status_text(FY_ESHAPE), "shapes do not fit");
    assert_string_equal(fy_status_name(FY_EEND), "FY_EEND");
    assert_string_equal(fy_status_text(FY_EEND), "no more data");
    assert_string_equal(fy_status_name((fy_status)999), "FY_?");
    assert_string_equal(fy_status_name((fy_status)-1), "FY_?");
}

static void version_is_three_numbers(void **state)
{
    int major, minor, patch;

    (void)state;
    assert_int_equal(sscanf(fy_version(), "%d.%d.%d", &major, &minor, &patch), 3);
    assert_int_equal(major, FY_VERSION_MAJOR);
    assert_int_equal(patch, FY_VERSION_PATCH);
}

static void fail_returns_the_status_and_keeps_the_sentence(void **state)
{
    (void)state;
    assert_int_equal(fyi_fail(FY_EIO, "cannot read '%s': %d bytes", "x.gz", 7), FY_EIO);
    assert_string_equal(fy_last_error(), "cannot read 'x.gz': 7 bytes");
}

static void fail_may_quote_the_sentence_before(void **state)
{
    (void)state;
    (void)fyi_fail(FY_EIO, "first");
    (void)fyi_fail(FY_EFORMAT, "second after %s", fy_last_error());
    assert_string_equal(fy_last_error(), "second after first");
}

static void wrap_puts_context_in_front(void **state)
{
    (void)state;
    (void)fyi_fail(FY_EFORMAT, "no header");
    assert_int_equal(fyi_wrap(FY_EFORMAT, "while loading layer '%s'", "fc"), FY_EFORMAT);
    assert_string_equal(fy_last_error(), "while loading layer 'fc': no header");
}

static void long_sentence_is_cut_at_a_character(void **state)
{
    char text[3001] = "";

    (void)state;
    for (int i = 0; i < 1000; i++)
        memcpy(text + (ptrdiff_t)3 * i, "\xe2\x82\xac", 4); /* a euro sign has three bytes */
    (void)fyi_fail(FY_EIO, "%s", text);

    const char *said = fy_last_error();
    const size_t len = strlen(said);
    assert_in_range(len, 1000, 1023);
    assert_string_equal(said + len - 3, "...");
    assert_int_equal((len - 3) % 3, 0);
}

static void wrapping_again_and_again_stays_in_bounds(void **state)
{
    (void)state;
    (void)fyi_fail(FY_EIO, "the bottom");
    for (int i = 0; i < 500; i++)
        (void)fyi_wrap(FY_EIO, "while in the layer of number %d", i);
    assert_in_range(strlen(fy_last_error()), 900, 1023);
    check_sentence("while in the layer of number 499: while in the layer of number 498");
}

static void enomem_says_how_much_for_what(void **state)
{
    (void)state;
    assert_int_equal(fyi_enomem(300, "a name"), FY_ENOMEM);
    assert_string_equal(fy_last_error(), "out of memory: no 300 bytes for a name");
    (void)fyi_enomem((size_t)3 << 20, "the cache");
    assert_string_equal(fy_last_error(), "out of memory: no 3.0 MiB for the cache");
}

static void *fail_elsewhere(void *arg)
{
    (void)fyi_fail(FY_EIO, "another thread's trouble");
    snprintf(arg, 64, "%s", fy_last_error());
    return NULL;
}

static void threads_do_not_see_each_others_failures(void **state)
{
    char said[64] = "";
    pthread_t thread;

    (void)state;
    (void)fyi_fail(FY_EINVAL, "mine");
    assert_int_equal(pthread_create(&thread, NULL, fail_elsewhere, said), 0);
    pthread_join(thread, NULL);
    assert_string_equal(fy_last_error(), "mine");

    /* Handed over on join; a '%' in it is text, not a format. */
    assert_int_equal(fyi_fail_as(FY_EIO, "100%s of it"), FY_EIO);
    assert_string_equal(fy_last_error(), "100%s of it");
    assert_string_equal(said, "another thread's trouble");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_have_names_and_texts),
        cmocka_unit_test(version_is_three_numbers),
        cmocka_unit_test(fail_returns_the_status_and_keeps_the_sentence),
        cmocka_unit_test(fail_may_quote_the_sentence_before),
        cmocka_unit_test(wrap_puts_context_in_front),
        cmocka_unit_test(long_sentence_is_cut_at_a_character),
        cmocka_unit_test(wrapping_again_and_again_stays_in_bounds),
        cmocka_unit_test(enomem_says_how_much_for_what),
        cmocka_unit_test(threads_do_not_see_each_others_failures),
    };

    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
