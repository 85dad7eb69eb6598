/* log.c: one replaceable receiver of lines, and the FY_DEBUG dial. */
#include "base/base.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define LINE_CHARS 2048

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static fy_log_fn receiver; /* guarded by lock, like its argument */
static void *receiver_arg;

/* A receiver that calls a function that logs must not wait for itself: the inner line is dropped.
 */
static _Thread_local bool is_inside;

void fy_log_set(fy_log_fn fn, void *arg)
{
    pthread_mutex_lock(&lock);
    receiver = fn;
    receiver_arg = arg;
    pthread_mutex_unlock(&lock);
}

/* Receivers are promised whole lines without the newline. Writes into `text`. */
static void deliver_lines(fy_log_level level, char *text)
{
    char *line = text, *end;

    while ((end = strchr(line, '\n')) != NULL) {
        *end = '\0';
        receiver(receiver_arg, level, line);
        line = end + 1;
    }
    if (*line || line == text)
        receiver(receiver_arg, level, line);
}

void fy_log_write(fy_log_level level, const char *fmt, ...)
{
    char text[LINE_CHARS];
    va_list args;

    if (is_inside)
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);

    pthread_mutex_lock(&lock);
    is_inside = true;
    if (receiver)
        deliver_lines(level, text);
    is_inside = false;
    pthread_mutex_unlock(&lock);
}

/* ---- the dial ---------------------------------------------------------------------------------- */

static atomic_int debug_level = -1; /* until somebody asks */

static int read_debug_level(void)
{
    const char *text = getenv("FY_DEBUG");
    const long n = text ? strtol(text, NULL, 10) : 0;

    return (int)FYI_MAX(0, FYI_MIN(n, 9));
}

int fyi_debug_level(void)
{
    int level = atomic_load(&debug_level);

    if (level < 0) {
        level = read_debug_level();
        atomic_store(&debug_level, level);
    }
    return level;
}

void fyi_debug_set(int level)
{
    atomic_store(&debug_level, level);
}

void fyi_debug_text(const char *text)
{
    while (*text) {
        const size_t n = strcspn(text, "\n");

        fy_log_write(FY_LOG_DEBUG, "%.*s", (int)FYI_MIN(n, (size_t)LINE_CHARS), text);
        text += n + (text[n] == '\n');
    }
}
