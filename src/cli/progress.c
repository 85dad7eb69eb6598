/* progress.c: a bar on a terminal, plain lines in a pipe, both on stderr.
 *
 *   bar     adapt [========>      ] 2480/4000  62%  0:31 left  critic.loss 0.66
 *   lines   adapt: step 2480 of 4000, 62%, 0:31 left, critic.loss 0.66
 *
 * The bar is redrawn at most ten times a second and never wider than the terminal. Lines come
 * every tenth of a stage and, in slow stages, every five seconds at first and more rarely later.
 * Warnings are put above the bar. */
#include "cli/cli.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define REDRAW_S 0.1
#define LINE_S 5.0
#define BAR_CHARS 24

static struct progress {
    pthread_mutex_t lock; /* warnings come from any thread */
    bool is_quiet, is_terminal, is_drawn;
    char stage[64];
    int64_t first_step; /* the stage's, here: a resumed one does not begin at 0 */
    double first_s;     /* p->seconds at that step */
    double shown_s;     /* when something was last shown */
    double shown_frac;  /* and how far the stage was */
} state = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void clear_bar(void)
{
    if (state.is_drawn)
        fputs("\r\033[K", stderr);
    state.is_drawn = false;
}

static void show_log(void *arg, fy_log_level level, const char *line)
{
    (void)arg;
    if (level < FY_LOG_NOTE && fyi_debug_level() == 0)
        return;
    pthread_mutex_lock(&state.lock);
    clear_bar();
    fprintf(stderr, "%s%s\n", level == FY_LOG_WARN ? "ferry: warning: " : "ferry: ", line);
    pthread_mutex_unlock(&state.lock);
}

void fyi_progress_begin(bool is_quiet)
{
    const char *term = getenv("TERM");

    state.is_quiet = is_quiet;
    state.is_terminal = isatty(STDERR_FILENO) && term != NULL && strcmp(term, "dumb") != 0;
    state.stage[0] = '\0';
    fy_log_set(is_quiet ? NULL : show_log, NULL);
}

void fyi_progress_end(void)
{
    pthread_mutex_lock(&state.lock);
    clear_bar();
    fflush(stderr);
    pthread_mutex_unlock(&state.lock);
    fy_log_set(NULL, NULL);
}

/* ---- texts ----------------------------------------------------------------------------------- */

static size_t terminal_width(void)
{
    struct winsize size;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20)
        return size.ws_col;
    return 80;
}

/* "0:31 left", "1:02:07 left", "" when nothing is known yet. */
static void put_left(const fy_progress *p, char *text, size_t size)
{
    const double steps = (double)(p->step - state.first_step), spent = p->seconds - state.first_s;
    const double left = steps > 0 ? spent / steps * (double)(p->steps - p->step) : -1;
    const long s = left < 359999 ? (long)(left + 0.5) : 359999;

    if (left < 0)
        text[0] = '\0';
    else if (s >= 3600)
        (void)snprintf(text, size, "%ld:%02ld:%02ld left", s / 3600, s / 60 % 60, s % 60);
    else
        (void)snprintf(text, size, "%ld:%02ld left", s / 60, s % 60);
}

static double frac_of(const fy_progress *p)
{
    return p->steps > 0 ? FYI_MIN(1.0, (double)p->step / (double)p->steps) : 1;
}

/* In whole numbers, so that 58 of 100 are not 57 %. */
static int percent_of(const fy_progress *p)
{
    return p->steps > 0 ? (int)(100 * FYI_MIN(p->step, p->steps) / p->steps) : 100;
}

static void draw_bar(const fy_progress *p, const char *left)
{
    const size_t width = FYI_MIN(terminal_width(), (size_t)400);
    const int filled = (int)(frac_of(p) * BAR_CHARS);
    char bar[BAR_CHARS + 1], line[512];

    for (int i = 0; i < BAR_CHARS; i++)
        bar[i] = i < filled ? '=' : i == filled ? '>' : ' ';
    bar[BAR_CHARS] = '\0';
    (void)snprintf(line, sizeof line, "%s [%s] %lld/%lld  %d%%  %s  %s", p->stage, bar,
                   (long long)p->step, (long long)p->steps, percent_of(p), left,
                   p->text != NULL ? p->text : "");
    /* One column stays free: some terminals wrap as soon as the last one is filled. */
    if (strlen(line) >= width)
        line[width - 1] = '\0';
    fprintf(stderr, "\r\033[K%s", line);
    state.is_drawn = true;
    if (p->step >= p->steps) {
        fputs("\n", stderr);
        state.is_drawn = false;
    }
    fflush(stderr);
}

static void print_line(const fy_progress *p, const char *left)
{
    fprintf(stderr, "%s: step %lld of %lld, %d%%%s%s%s%s\n", p->stage, (long long)p->step,
            (long long)p->steps, percent_of(p), *left ? ", " : "", left,
            p->text != NULL && *p->text ? ", " : "", p->text != NULL ? p->text : "");
    fflush(stderr);
}

/* ---- when ------------------------------------------------------------------------------------ */

static void begin_stage(const fy_progress *p)
{
    (void)snprintf(state.stage, sizeof state.stage, "%s", p->stage);
    state.first_step = p->step;
    state.first_s = p->seconds;
    state.shown_s = fyi_now_s();
    state.shown_frac = frac_of(p);
}

static bool is_due(const fy_progress *p, double now)
{
    if (p->step >= p->steps)
        return true;
    if (state.is_terminal)
        return now - state.shown_s >= REDRAW_S;
    return frac_of(p) - state.shown_frac >= 0.1 ||
           now - state.shown_s >= LINE_S + 0.02 * (p->seconds - state.first_s);
}

void fyi_progress_show(void *arg, const fy_progress *p)
{
    const double now = fyi_now_s();
    char left[32];

    (void)arg;
    if (state.is_quiet)
        return;
    pthread_mutex_lock(&state.lock);
    if (strncmp(state.stage, p->stage, sizeof state.stage - 1) != 0)
        begin_stage(p);
    if (is_due(p, now)) {
        put_left(p, left, sizeof left);
        if (state.is_terminal)
            draw_bar(p, left);
        else
            print_line(p, left);
        state.shown_s = now;
        state.shown_frac = frac_of(p);
    }
    pthread_mutex_unlock(&state.lock);
}
