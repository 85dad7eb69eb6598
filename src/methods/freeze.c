/* freeze.c: parameters that never move, and what is computed once because of it. */
#include "freeze.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- globs ------------------------------------------------------------------------------------------------ */

char *freeze_from(const char *moves, const char *freeze)
{
    const char *word = freeze ? freeze + strspn(freeze, " ") : "";
    const size_t bytes = strlen(moves) + 2 * strlen(word) + 3;
    char *rest = malloc(bytes);
    if (!rest)
        return NULL;
    size_t at = (size_t)snprintf(rest, bytes, "%s", moves);
    for (size_t n; *word; word += n, word += strspn(word, " ")) {
        n = strcspn(word, " ");
        at += (size_t)snprintf(rest + at, bytes - at, " !%.*s", (int)n, word);
    }
    return rest;
}

static bool matches_any(const fy_model *m, const char *glob)
{
    for (int i = 0; i < fy_model_count(m); i++)
        if (fy_glob(glob, fy_model_param_name(m, i)))
            return true;
    return false;
}

/* One word, cut off where it ends. */
static fy_status check_word(const fy_model *m, const char *word, const char *method)
{
    const char *family = fy_model_family(m);
    if (*word == '\0' || matches_any(m, word))
        return FY_OK;
    return fy_error(FY_EINVAL,
                    "%s: freeze names '%s', which matches no parameter of '%s'; the first is '%s', "
                    "'ferry inspect --model %s' lists them",
                    method, word, family, fy_model_param_name(m, 0), family);
}

fy_status freeze_check(const fy_model *m, const char *freeze, const char *method)
{
    const size_t bytes = strlen(freeze ? freeze : "") + 1;
    char *words = malloc(bytes);
    fy_status st = FY_OK;
    if (!words)
        return fy_error(FY_ENOMEM, "no memory for the names of what is frozen");
    memcpy(words, freeze ? freeze : "", bytes);
    for (char *word = words, *end; st == FY_OK && word < words + bytes; word = end + 1) {
        end = word + strcspn(word, " ");
        *end = '\0';
        st = check_word(m, word, method);
    }
    free(words);
    return st;
}

/* ---- what they leave -------------------------------------------------------------------------------------- */

static bool leaves(const fy_model *m, const char *moves, bool statistics)
{
    for (int i = 0; i < fy_model_count(m); i++)
        if (fy_model_param_is_buffer(m, i) == statistics &&
            fy_glob(moves, fy_model_param_name(m, i)))
            return true;
    return false;
}

bool freeze_leaves_any(const fy_model *m, const char *moves)
{
    return matches_any(m, moves);
}

bool freeze_leaves_values(const fy_model *m, const char *moves)
{
    return leaves(m, moves, false);
}

bool freeze_leaves_statistics(const fy_model *m, const char *moves)
{
    return leaves(m, moves, true);
}

/* ---- looking ---------------------------------------------------------------------------------------------- */

fy_status freeze_predictor(const freeze_look *l, fy_model *const *chain, int n, int64_t batch,
                           fy_predictor **out)
{
    const fy_moving_opts o = {
        .batch = batch, .moves = l->moves, .of_first = true, .features = fy_run_features(l->run)
    };
    return fy_predictor_new_moving(l->dev, chain, n, &o, out);
}
