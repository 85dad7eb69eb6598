/* auto_words.c: trying several methods in words: which one is next, and what became of those that are no candidates. */
#include "methods/carry/auto.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define KEPT "kept the source model"

/* ---- before a try -------------------------------------------------------------------------------------------- */

/* Of this many at most; what could not be run does not count. */
static int64_t count_planned(const trying *t)
{
    const int64_t left = t->n_plan - (t->kept->n - t->kept->n_run), trials = t->tries->trials;
    return trials > 0 && trials < left ? trials : left;
}

void trying_say_next(const trying *t, double spent_s)
{
    const double left_s = 60 * t->tries->minutes - spent_s;
    char budget[64] = "";
    if (t->tries->minutes > 0)
        (void)snprintf(budget, sizeof budget, "; %.0f s of the budget are left",
                       left_s > 0 ? left_s : 0);
    fy_log_write(FY_LOG_NOTE, "auto: %s, %lld of %lld%s", t->plan[t->kept->n],
                 (long long)t->kept->n_run + 1, (long long)count_planned(t), budget);
}

/* ---- after them ---------------------------------------------------------------------------------------------- */

static void add(fy_choice *to, const char *fmt, ...) FY_PRINTF(2, 3);
static void add(fy_choice *to, const char *fmt, ...)
{
    const size_t at = strlen(to->reason);
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(to->reason + at, sizeof to->reason - at, fmt, args);
    va_end(args);
}

/* "; no step of dann, mcd passed the gates" */
static void add_names(const trying *t, bool has_run, const char *begin, const char *end,
                      fy_choice *to)
{
    bool any = false;
    for (int i = 0; i < t->kept->n; i++) {
        const fy_adapt_try *of = &t->kept->tries[i];
        if (of->reason[0] == '\0' || of->has_run != has_run)
            continue;
        add(to, "%s%s", any ? ", " : begin, t->plan[i]);
        any = true;
    }
    if (any)
        add(to, "%s", end);
}

static void add_not_tried(const trying *t, double spent_s, fy_choice *to)
{
    const int n = t->n_plan - (int)t->kept->n;
    const double minutes = t->tries->minutes;
    if (n == 0)
        return;
    add(to, "; %d %s not tried: ", n, n == 1 ? "method was" : "methods were");
    if (t->tries->trials > 0 && t->kept->n_run >= t->tries->trials)
        add(to, "auto.trials=%lld", (long long)t->tries->trials);
    else if (spent_s >= 60 * minutes)
        add(to, "the budget of %g minutes was spent", minutes);
    else
        add(to, "what was left of the budget of %g minutes is less than one of them took", minutes);
}

void trying_explain(const trying *t, double spent_s, fy_choice *choice)
{
    const bool is_alone = t->n == 1; /* of the contest: then these are the reason */
    if (is_alone)
        (void)snprintf(choice->reason, sizeof choice->reason, KEPT);
    add_names(t, true, is_alone ? ": no step of " : "; no step of ", " passed the gates", choice);
    add_names(t, false, "; ", " could not be run", choice);
    add_not_tried(t, spent_s, choice);
}
