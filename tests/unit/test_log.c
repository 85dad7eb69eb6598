/* Guards the log: whole lines, one at a time, from any thread, and no deadlock if the receiver
 * itself logs.
 *
 * labels: threads */
#include "support/support.h"

#include <pthread.h>
#include <string.h>

/* Written without a lock: the log promises one call at a time, and ThreadSanitizer checks it. */
typedef struct notes {
    int n_lines;
    fy_log_level level;
    char last[4096];
    char all[4096];
} notes;

static void note(void *arg, fy_log_level level, const char *line)
{
    notes *n = arg;

    n->n_lines++;
    n->level = level;
    snprintf(n->last, sizeof(n->last), "%s", line);
    if (strlen(n->all) + strlen(line) + 2 < sizeof(n->all))
        strcat(strcat(n->all, line), "|");
}

static void lines_reach_the_receiver(void **state)
{
    notes n = { 0 };

    (void)state;
    fyi_info("nobody listens yet");
    fy_log_set(note, &n);
    fyi_info("step %d of %d", 3, 10);
    assert_int_equal(n.n_lines, 1);
    assert_int_equal(n.level, FY_LOG_INFO);
    assert_string_equal(n.last, "step 3 of 10");
    fyi_warn("careful");
    assert_int_equal(n.level, FY_LOG_WARN);
    fy_log_set(NULL, NULL);
    fyi_warn("nobody listens any more");
    assert_int_equal(n.n_lines, 2);
}

static const struct line_case {
    const char *text, *expected;
} texts[] = {
    { "one", "one|" },
    { "one\n", "one|" },
    { "one\ntwo", "one|two|" },
    { "one\n\ntwo\n", "one||two|" },
    { "", "|" },
    { "\n", "|" },
};

static void newlines_separate_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(texts); i++) {
        notes n = { 0 };

        fy_log_set(note, &n);
        fyi_info("%s", texts[i].text);
        fy_log_set(NULL, NULL);
        assert_string_equal(n.all, texts[i].expected);
    }
}

static void very_long_lines_are_cut(void **state)
{
    char text[5000];
    notes n = { 0 };

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    fy_log_set(note, &n);
    fyi_info("%s", text);
    fy_log_set(NULL, NULL);
    assert_int_equal(n.n_lines, 1);
    assert_int_equal(strlen(n.last), 2047);
}

static void log_again(void *arg, fy_log_level level, const char *line)
{
    note(arg, level, line);
    fyi_info("heard: %s", line);
}

static void receiver_that_logs_does_not_wait_for_itself(void **state)
{
    notes n = { 0 };

    (void)state;
    fy_log_set(log_again, &n);
    fyi_info("once");
    fyi_info("twice");
    fy_log_set(NULL, NULL);
    assert_string_equal(n.all, "once|twice|");
}

static void *chatter(void *arg)
{
    (void)arg;
    for (int i = 0; i < 500; i++)
        fyi_info("line %d", i);
    return NULL;
}

static void threads_take_turns(void **state)
{
    pthread_t threads[4];
    notes n = { 0 };

    (void)state;
    fy_log_set(note, &n);
    for (size_t i = 0; i < LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, chatter, NULL), 0);
    for (size_t i = 0; i < LEN(threads); i++)
        pthread_join(threads[i], NULL);
    fy_log_set(NULL, NULL);
    assert_int_equal(n.n_lines, 4 * 500);
}

static void debug_level_is_a_small_number(void **state)
{
    (void)state;
    assert_in_range(fyi_debug_level(), 0, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_reach_the_receiver),
        cmocka_unit_test(newlines_separate_lines),
        cmocka_unit_test(very_long_lines_are_cut),
        cmocka_unit_test(receiver_that_logs_does_not_wait_for_itself),
        cmocka_unit_test(threads_take_turns),
        cmocka_unit_test(debug_level_is_a_small_number),
    };

    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
