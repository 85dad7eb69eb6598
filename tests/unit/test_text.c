/* Guards the patterns that choose parameters ("freeze layer1.*") and the "did you mean" of unknown
 * keys. */
#include "support/support.h"

static const struct glob_case {
    const char *globs, *name;
    bool expected;
    const char *why;
} globs[] = {
    { "fc.*", "fc.weight", true, "the common case" },
    { "fc.*", "fc", false, "the dot is asked for" },
    { "fc.*", "xfc.weight", false, "anchored at the front" },
    { "fc", "fc.weight", false, "anchored at the end" },
    { "*", "", true, "a star may match nothing" },
    { "*.bias", "layer1.0.bn1.bias", true, "a star runs over dots" },
    { "layer?.0.*", "layer3.0.conv1.weight", true, "one character" },
    { "layer?.0.*", "layer.0.conv1.weight", false, "not none" },
    { "*ab*ab", "abcabab", true, "the last star has to try again" },
    { "a*b*c", "a-b-b-c-b", false, "nothing after the last c" },
    { "conv1.* bn1.*", "bn1.weight", true, "the second of a list" },
    { "  conv1.*   bn1.*  ", "bn1.weight", true, "any number of spaces" },
    { "conv1.* bn1.*", "conv1.* bn1.*", true, "the name may hold what a pattern would" },
    { "", "", false, "no pattern matches nothing" },
    { NULL, "fc", false, "no list" },
    { "   ", "", false, "only spaces" },
    { "a**b", "ab", true, "stars in a row" },
    { "[ab]", "a", false, "no other wildcards" },
    { "* !fc.*", "fc.weight", false, "taken out" },
    { "* !fc.*", "conv1.weight", true, "others are not" },
    { "* !layer?.* layer4.*", "layer4.0.bn1.bias", true, "the last that matches decides" },
    { "!fc.*", "conv1.weight", false, "there is nothing to take out of" },
    { "* !", "fc.weight", true, "nothing is taken out" },
};

static void globs_match_whole_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(globs); i++)
        if (fy_glob(globs[i].globs, globs[i].name) != globs[i].expected)
            fail_msg("'%s' against '%s': %s", globs[i].globs ? globs[i].globs : "NULL",
                     globs[i].name, globs[i].why);
}

static const char *const keys[] = { "seed", "epochs", "learning_rate", "weight_decay", "lr", NULL };

static const struct nearest_case {
    const char *word, *expected, *why;
} nearests[] = {
    { "epoch", "epochs", "a missing letter" },
    { "sead", "seed", "a wrong letter" },
    { "lerning_rat", "learning_rate", "two mistakes in a long word" },
    { "wieght_decay", "weight_decay", "letters swapped" },
    { "seed", "seed", "itself" },
    { "banana", NULL, "nothing like it" },
    { "", NULL, "empty" },
    { "a_word_longer_than_any_key_that_a_person_would_type_into_a_recipe_by_hand", NULL,
      "too long" },
};

static void nearest_guesses_only_when_near(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(nearests); i++) {
        const char *found = fyi_nearest(nearests[i].word, keys);

        if (!nearests[i].expected)
            assert_null(found);
        else
            assert_string_equal(found ? found : "(none)", nearests[i].expected);
    }
}

/* Three bytes a character: cuts fall before it, in it and behind it. */
static const struct copy_case {
    size_t bytes;
    const char *text, *expected;
} copies[] = {
    { 8, "abcdefg", "abcdefg" },
    { 7, "abcdefg", "abc..." },
    { 4, "abcdefg", "..." },
    { 10, "\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5", "\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5" },
    { 9, "\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5", "\xE6\x97\xA5..." },
    { 8, "\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5", "\xE6\x97\xA5..." },
    { 7, "\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5", "\xE6\x97\xA5..." },
    { 6, "\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5", "..." },
};

static void cut_texts_end_in_whole_characters(void **state)
{
    static const int whole[] = { 0, 0, 0, 3, 3, 3, 6, 6 };
    char to[16];

    (void)state;
    for (size_t i = 0; i < LEN(copies); i++) {
        fy_text_copy(to, copies[i].bytes, copies[i].text);
        assert_string_equal(to, copies[i].expected);
    }
    for (int i = 0; i < (int)LEN(whole); i++)
        assert_int_equal(fyi_whole_chars("\xE6\x97\xA5\xE6\x97\xA5", i), whole[i]);
}

static void clock_does_not_go_back(void **state)
{
    double last = fyi_now_s();

    (void)state;
    for (int i = 0; i < 1000; i++) {
        const double now = fyi_now_s();

        assert_true(now >= last);
        last = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(globs_match_whole_names),
        cmocka_unit_test(nearest_guesses_only_when_near),
        cmocka_unit_test(cut_texts_end_in_whole_characters),
        cmocka_unit_test(clock_does_not_go_back),
    };

    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
